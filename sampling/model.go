package sampling

import "fmt"

// Model names the distribution that a plan or an evaluation rests on.
type Model string

const (
	// Binomial draws from a population so large that its size does not matter.
	Binomial Model = "binomial"
	// Poisson approximates the binomial for small rates; it is also the rule
	// behind the tables of monetary unit sampling.
	Poisson Model = "poisson"
	// Hypergeometric draws without replacement from a population of known size.
	Hypergeometric Model = "hypergeometric"
)

// Models lists the models in the order a person is offered them.
func Models() []Model { return []Model{Binomial, Poisson, Hypergeometric} }

// ParseModel reads a model by its exact name.
func ParseModel(text string) (Model, error) {
	for _, m := range Models() {
		if text == string(m) {
			return m, nil
		}
	}
	return "", fmt.Errorf("model %s is not known; use binomial, poisson or hypergeometric", quoted(text))
}

// String is the name that ParseModel reads.
func (m Model) String() string { return string(m) }

// UnmarshalText is ParseModel, so that a record with another name is refused.
func (m *Model) UnmarshalText(text []byte) error {
	parsed, err := ParseModel(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
