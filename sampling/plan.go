package sampling

import (
	"fmt"
	"math/big"
)

// Limits of what is planned, evaluated and drawn. A person looks at the items, so
// a plan beyond MaxPlan says that a census is wanted, not a larger sample.
const (
	MaxPlan       = 10_000            // items of a plan
	MaxItems      = 100_000           // items of an evaluation
	MaxDraw       = 1_000_000         // items of a draw
	MaxPopulation = 1_000_000_000_000 // items of a population
)

// PlanInput asks for the size of an attribute sample.
type PlanInput struct {
	Model      Model `json:"model"`
	Confidence Rate  `json:"confidence"` // 1 minus the risk of overreliance; above 0, below 1
	Tolerable  Rate  `json:"tolerable"`  // the deviation rate that can still be lived with
	Expected   Rate  `json:"expected"`   // the deviation rate that is expected; below Tolerable
	Population int64 `json:"population"` // items in the population; 0 is unknown or large
}

// PlanResult is a plan: look at N items; with at most AllowedDeviations among
// them the upper limit does not pass the tolerable rate.
type PlanResult struct {
	N                 int64 `json:"n"`
	AllowedDeviations int64 `json:"allowed_deviations"`
}

// Plan is the smallest sample that meets the input.
//
// Binomial: the smallest n above k = ⌈e·n⌉ with P(X ≤ k; n, T) < α, where α is
// 1 − confidence; an exact tie does not meet it. Hypergeometric: K = ⌈T·N⌉
// deviations in the population and P(X ≤ k; N, K, n) ≤ α. Poisson: the expected
// number x = e·n is not rounded, and 1 − P(1+x, n·T) < α with P the regularized
// lower incomplete gamma function. These are the rules behind the tables A-1,
// A-2 and C-1 of the AICPA audit guide "Audit Sampling".
//
// It fails, naming the field, when the input cannot be met by any sample, by a
// sample no larger than the population, or by one of at most MaxPlan items.
func Plan(in PlanInput) (PlanResult, error) {
	if err := in.check(); err != nil {
		return PlanResult{}, err
	}
	n, err := smallest(in.largest(), in.couldMeet)
	if err != nil {
		return PlanResult{}, err
	}
	if n == 0 {
		return PlanResult{}, in.tooLarge()
	}
	if err := in.fits(n); err != nil {
		return PlanResult{}, err
	}
	return PlanResult{N: n, AllowedDeviations: in.allowed(n)}, nil
}

func (in PlanInput) check() error {
	if _, err := ParseModel(string(in.Model)); err != nil {
		return err
	}
	if err := checkConfidence(in.Confidence); err != nil {
		return err
	}
	if in.Tolerable.IsZero() || in.Tolerable.Cmp(whole) == 0 {
		return fmt.Errorf("tolerable: %s cannot be planned for; give a rate above 0%% and below 100%%", in.Tolerable)
	}
	if in.Expected.Cmp(in.Tolerable) >= 0 {
		return fmt.Errorf("expected: %s is not below the tolerable rate %s, so no sample could support the control; lower the expected rate, raise the tolerable rate, or do not rely on the control", in.Expected, in.Tolerable)
	}
	if err := checkPopulation(in.Model, in.Population); err != nil {
		return err
	}
	if in.Model == Hypergeometric {
		deviating, expected := ceilOf(in.Tolerable.Rat(), in.Population), ceilOf(in.Expected.Rat(), in.Population)
		if expected >= deviating {
			return fmt.Errorf("population: of %d items the tolerable rate %s and the expected rate %s both stand for %d, so even looking at every item could not tell them apart; expect 0%% or test every item", in.Population, in.Tolerable, in.Expected, deviating)
		}
	}
	return nil
}

func (in PlanInput) risk() *big.Rat { return riskOf(in.Confidence) }

// couldMeet tells whether the tail with the expected deviations of few items but
// the size of many meets the risk. With few = many it is the condition of the
// plan; with few < many it is a bound: a tail grows with the deviations and
// falls with the items, so when this one does not meet the risk, no size from
// few to many does.
func (in PlanInput) couldMeet(few, many int64) (bool, error) {
	if in.Model != Poisson {
		return in.meets(many, ceilOf(in.Expected.Rat(), few)), nil
	}
	// Whole shapes on either side are far cheaper and usually settle it.
	expected := times(in.Expected.Rat(), few)
	if !in.meets(many, floorOf(in.Expected.Rat(), few)) {
		return false, nil
	}
	if in.meets(many, ceilOf(in.Expected.Rat(), few)) {
		return true, nil
	}
	shape := expected.Add(expected, one)
	c, err := compareGamma(shape, times(in.Tolerable.Rat(), many), in.risk())
	return c < 0, err
}

// allowed is the largest number of deviations with which n, the smallest size
// that meets the plan, still meets it. For the two models that count items this
// is ⌈e·n⌉: one more deviation would need P(X ≤ ⌈e·n⌉+1; n) to meet the risk, yet
// that is at least P(X ≤ ⌈e·n⌉; n−1), which does not. The Poisson plan's
// fractional expectation may leave room for a whole deviation.
func (in PlanInput) allowed(n int64) int64 {
	if in.Model != Poisson {
		return ceilOf(in.Expected.Rat(), n)
	}
	k := floorOf(in.Expected.Rat(), n)
	for k+1 < n && in.meets(n, k+1) {
		k++
	}
	return k
}

// meets tells whether n items with k deviations meet the plan.
func (in PlanInput) meets(n, k int64) bool {
	switch in.Model {
	case Hypergeometric:
		deviating := ceilOf(in.Tolerable.Rat(), in.Population)
		return compare(hyperTail{N: in.Population, K: deviating, n: n, k: k}, in.risk()) <= 0
	case Poisson:
		return compare(poissonTail{k: k, mean: times(in.Tolerable.Rat(), n)}, in.risk()) < 0
	default:
		return compare(binomialTail{n: n, k: k, p: in.Tolerable.Rat()}, in.risk()) < 0
	}
}

// fits refuses a plan that asks for more items than there are.
func (in PlanInput) fits(n int64) error {
	if in.Population == 0 || n <= in.Population {
		return nil
	}
	return fmt.Errorf("population: the %s plan needs %d items and the population has %d; use the hypergeometric model or test every item", in.Model, n, in.Population)
}

// largest is the last sample size worth trying.
func (in PlanInput) largest() int64 {
	if in.Model == Hypergeometric {
		return min(in.Population, MaxPlan)
	}
	return MaxPlan
}

func (in PlanInput) tooLarge() error {
	return fmt.Errorf("expected: no %s sample of at most %d items shows with %s confidence that the rate is below %s when %s is expected; lower the expected rate, raise the tolerable rate, or test every item",
		in.Model, in.largest(), in.Confidence, in.Tolerable, in.Expected)
}

// whole is the rate of 100%.
var whole = Rate{one}

func checkConfidence(c Rate) error {
	if c.IsZero() || c.Cmp(whole) == 0 {
		return fmt.Errorf("confidence: %s cannot be reached by a sample; give a rate above 0%% and below 100%%, such as 90 or 95", c)
	}
	return nil
}

func checkPopulation(m Model, population int64) error {
	switch {
	case population < 0:
		return fmt.Errorf("population: %d is negative; give the number of items, or 0 when it is large or unknown", population)
	case population > MaxPopulation:
		return fmt.Errorf("population: %d is more than %d; use the binomial model", population, int64(MaxPopulation))
	case population == 0 && m == Hypergeometric:
		return fmt.Errorf("population: the hypergeometric model needs the number of items; give it, or use the binomial model")
	}
	return nil
}

// ceilOf is ⌈r·n⌉.
func ceilOf(r *big.Rat, n int64) int64 {
	product := new(big.Int).Mul(r.Num(), big.NewInt(n))
	product.Add(product, r.Denom())
	product.Sub(product, big.NewInt(1))
	return product.Quo(product, r.Denom()).Int64()
}

// floorOf is ⌊r·n⌋.
func floorOf(r *big.Rat, n int64) int64 {
	product := new(big.Int).Mul(r.Num(), big.NewInt(n))
	return product.Quo(product, r.Denom()).Int64()
}

// bisect is the smallest n from first to last that meets a condition which
// stays true once it is; last must meet it.
func bisect(first, last int64, meets func(int64) bool) int64 {
	for first < last {
		middle := first + (last-first)/2
		if meets(middle) {
			last = middle
		} else {
			first = middle + 1
		}
	}
	return last
}

// smallest is the smallest n from 1 to last with couldMeet(n, n), or 0 when
// there is none. It looks at ranges of doubling length and splits a range only
// when its bound leaves a chance, so sizes far from the answer cost nothing.
func smallest(last int64, couldMeet func(few, many int64) (bool, error)) (int64, error) {
	for few := int64(1); few <= last; few *= 2 {
		n, err := smallestWithin(few, min(2*few-1, last), couldMeet)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

func smallestWithin(few, many int64, couldMeet func(few, many int64) (bool, error)) (int64, error) {
	could, err := couldMeet(few, many)
	if err != nil || !could {
		return 0, err
	}
	if few == many {
		return few, nil
	}
	middle := few + (many-few)/2
	n, err := smallestWithin(few, middle, couldMeet)
	if n > 0 || err != nil {
		return n, err
	}
	return smallestWithin(middle+1, many, couldMeet)
}
