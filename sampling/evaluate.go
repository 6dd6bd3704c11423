package sampling

import (
	"fmt"
	"math/big"
	"strings"

	"reperform/english"
)

// upperPlaces is the number of decimal places of Evaluation.Upper.
const upperPlaces = 12

// EvalInput is what a sample has shown.
type EvalInput struct {
	Model      Model `json:"model"`
	Confidence Rate  `json:"confidence"` // above 0, below 1
	N          int64 `json:"n"`          // items looked at, at least 1
	K          int64 `json:"k"`          // deviations among them
	Population int64 `json:"population"` // items in the population; 0 is unknown or large
}

// Evaluation is a sample's deviation rate and the upper limit of the
// population's rate at the given confidence. It says nothing about whether a
// control was effective.
type Evaluation struct {
	EvalInput
	// Observed is the exact rate K/N of the sample.
	Observed Rate `json:"observed"`
	// Upper is the upper limit as a fraction with 12 decimal places, correctly
	// rounded (half up). Only a Poisson limit can be above 1.
	Upper string `json:"upper"`

	known limit // nil in an evaluation that was read back
}

// Evaluate computes the upper limit of the deviation rate.
//
// Binomial: the rate p with P(X ≤ k; n, p) = 1 − confidence, which is the
// Clopper and Pearson limit; 1 when every item deviates. Poisson: the mean with
// that tail, divided by n. Hypergeometric: the largest number K of deviating
// items for which P(X ≤ k; N, K, n) is still above 1 − confidence, divided by N.
//
// It fails, naming the field, when the counts do not fit together.
func Evaluate(in EvalInput) (Evaluation, error) {
	if err := in.check(); err != nil {
		return Evaluation{}, err
	}
	observed, err := NewRate(in.K, in.N)
	if err != nil {
		return Evaluation{}, err
	}
	e := Evaluation{EvalInput: in, Observed: observed, known: in.limit()}
	e.Upper = decimal(e.known, upperPlaces)
	return e, nil
}

func (in EvalInput) check() error {
	if _, err := ParseModel(string(in.Model)); err != nil {
		return err
	}
	if err := checkConfidence(in.Confidence); err != nil {
		return err
	}
	if err := checkPopulation(in.Model, in.Population); err != nil {
		return err
	}
	switch {
	case in.N < 1:
		return fmt.Errorf("n: %s cannot be evaluated; give the number of items looked at, at least 1", english.Count(in.N, "item"))
	case in.N > MaxItems:
		return fmt.Errorf("n: %d items are more than %d; a sample of this size is a census, report its actual rate", in.N, MaxItems)
	case in.K < 0 || in.K > in.N:
		return fmt.Errorf("k: %s not fit %s; give a number from 0 to %d", english.Count(in.K, "deviation")+english.Choose(in.K, " does", " do"), english.Count(in.N, "item"), in.N)
	case in.Population > 0 && in.N > in.Population:
		return fmt.Errorf("n: %s looked at, the population has only %d; correct one of them", english.Count(in.N, "item")+english.Choose(in.N, " was", " were"), in.Population)
	}
	return nil
}

// Exceeds decides exactly whether the upper limit lies above the tolerable rate.
// A limit equal to it does not exceed it.
func (e Evaluation) Exceeds(tolerable Rate) bool {
	return e.upper().compareTo(tolerable.Rat()) > 0
}

// UpperDecimal is the upper limit as a fraction, correctly rounded half up to
// the given number of decimal places (0 to 60).
func (e Evaluation) UpperDecimal(places int) string {
	return decimal(e.upper(), min(max(places, 0), 60))
}

// PercentCeil is the upper limit in percent, rounded up to one tenth, as the
// published tables print it: "11.3%".
func (e Evaluation) PercentCeil() string {
	tenths := lastReached(e.upper(), 1000, false) + 1
	return fmt.Sprintf("%d.%d%%", tenths/10, tenths%10)
}

// PoissonFactor is the confidence factor for k deviations: the Poisson mean
// whose tail P(X ≤ k) equals 1 − confidence, as a decimal correctly rounded half
// up to the given number of places (0 to 60).
func PoissonFactor(confidence Rate, k int64, places int) (string, error) {
	if err := checkConfidence(confidence); err != nil {
		return "", err
	}
	if k < 0 || k > MaxItems {
		return "", fmt.Errorf("k: %d deviations; give a number from 0 to %d", k, MaxItems)
	}
	factor := poissonLimit{n: 1, k: k, risk: riskOf(confidence)}
	return decimal(factor, min(max(places, 0), 60)), nil
}

func (e Evaluation) upper() limit {
	if e.known == nil {
		return e.EvalInput.limit()
	}
	return e.known
}

func riskOf(confidence Rate) *big.Rat { return new(big.Rat).Sub(one, confidence.Rat()) }

// limit is an upper limit known only by exact comparison: compareTo is the sign
// of limit − rate. Everything that is printed or decided is derived from it.
type limit interface {
	compareTo(rate *big.Rat) int
}

func (in EvalInput) limit() limit {
	risk := riskOf(in.Confidence)
	switch in.Model {
	case Hypergeometric:
		// P(X ≤ k) falls as K grows, is 1 at K = k, and 0 beyond N−n+k.
		deviating := bisect(in.K, in.Population-in.N+in.K, func(K int64) bool {
			next := hyperTail{N: in.Population, K: K + 1, n: in.N, k: in.K}
			return K == in.Population-in.N+in.K || compare(next, risk) <= 0
		})
		return exactLimit{big.NewRat(deviating, in.Population)}
	case Poisson:
		return poissonLimit{n: in.N, k: in.K, risk: risk}
	default:
		if in.K == in.N {
			return exactLimit{one}
		}
		return binomialLimit{n: in.N, k: in.K, risk: risk, choose: new(big.Int).Binomial(in.N, in.K)}
	}
}

type exactLimit struct{ value *big.Rat }

func (l exactLimit) compareTo(rate *big.Rat) int { return l.value.Cmp(rate) }

type binomialLimit struct {
	n, k   int64
	risk   *big.Rat
	choose *big.Int
}

// The tail falls as the rate grows, so it is above the risk exactly below the
// limit.
func (l binomialLimit) compareTo(rate *big.Rat) int {
	if rate.Cmp(one) >= 0 {
		return -1
	}
	return compare(binomialTail{n: l.n, k: l.k, p: rate, choose: l.choose}, l.risk)
}

type poissonLimit struct {
	n, k int64
	risk *big.Rat
}

func (l poissonLimit) compareTo(rate *big.Rat) int {
	return compare(poissonTail{k: l.k, mean: times(rate, l.n)}, l.risk)
}

// lastReached is the largest whole m with limit ≥ m/scale, or with limit >
// m/scale when reaching it exactly does not count; −1 when there is none.
func lastReached(l limit, scale int64, equal bool) int64 {
	m := lastReachedBig(l, big.NewInt(scale), equal)
	return m.Int64()
}

func lastReachedBig(l limit, scale *big.Int, equal bool) *big.Int {
	reached := func(m *big.Int) bool {
		c := l.compareTo(new(big.Rat).SetFrac(m, scale))
		return c > 0 || equal && c == 0
	}
	step := big.NewInt(1)
	low := big.NewInt(-1) // reached, by convention
	high := new(big.Int).Set(scale)
	for reached(high) {
		low.Set(high)
		high.Add(high, high)
	}
	for {
		gap := new(big.Int).Sub(high, low)
		if gap.Cmp(step) == 0 {
			return low
		}
		middle := gap.Add(gap.Rsh(gap, 1), low)
		if reached(middle) {
			low = middle
		} else {
			high = middle
		}
	}
}

// decimal writes a limit rounded half up to a number of places. It is decided by
// comparisons with the half steps between the printed values, so the last digit
// is right whatever the limit.
func decimal(l limit, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	halves := lastReachedBig(l, new(big.Int).Add(scale, scale), true)
	digits := halves.Add(halves, big.NewInt(1))
	digits.Rsh(digits, 1)
	text := digits.String()
	if places == 0 {
		return text
	}
	if len(text) <= places {
		text = strings.Repeat("0", places-len(text)+1) + text
	}
	return text[:len(text)-places] + "." + text[len(text)-places:]
}
