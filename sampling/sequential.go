package sampling

import (
	"fmt"
	"math/big"
)

// Decision is what a stage of a two-stage plan leads to.
type Decision string

const (
	Accept Decision = "accept" // the plan's confidence is reached
	Extend Decision = "extend" // the next stage is drawn
	Fail   Decision = "fail"   // the confidence is not reached and no further item is drawn
)

// Stage is one step of a sequential plan and its decision rule as data. The rule
// is applied to the deviations found in this stage alone.
type Stage struct {
	Items    int64 `json:"items"`     // items drawn for this stage
	AcceptTo int64 `json:"accept_to"` // at most this many deviations: accept
	ExtendTo int64 `json:"extend_to"` // more, but at most this many: extend; equal to AcceptTo in the last stage
	Total    int64 `json:"total"`     // items drawn when this stage is done
}

// Decide applies the stage's rule to the deviations found among its items.
func (s Stage) Decide(deviations int64) Decision {
	switch {
	case deviations <= s.AcceptTo:
		return Accept
	case deviations <= s.ExtendTo:
		return Extend
	}
	return Fail
}

// SequentialPlan is a two-stage plan with stages of equal size.
type SequentialPlan struct {
	Stages []Stage `json:"stages"`
}

// PlanSequential plans two stages of n items each: stop and accept at no
// deviation, extend once at exactly one, accept when the second stage holds
// none. It is the smallest n for which the risk of overreliance,
// F(0) + f(1)·F(0) at the tolerable rate, is below 1 − confidence (strictly).
//
// Only the binomial and the Poisson model are defined for it, and the expected
// rate of the input must be 0: the extension already provides for a deviation.
// A known population must hold both stages.
func PlanSequential(in PlanInput) (SequentialPlan, error) {
	if err := in.check(); err != nil {
		return SequentialPlan{}, err
	}
	if in.Model == Hypergeometric {
		return SequentialPlan{}, fmt.Errorf("model: a two-stage plan is defined for binomial and poisson; choose one of them")
	}
	if !in.Expected.IsZero() {
		return SequentialPlan{}, fmt.Errorf("expected: a two-stage plan provides for one deviation by itself; give 0%% instead of %s", in.Expected)
	}
	meets := func(n int64) bool {
		return compare(twoStageTail{model: in.Model, n: n, rate: in.Tolerable.Rat()}, in.risk()) < 0
	}
	// The risk falls with n: in F(0) + f(1)·F(0) the growth of the second term
	// never outweighs the fall of the first.
	last := int64(MaxPlan)
	if !meets(last) {
		return SequentialPlan{}, in.tooLarge()
	}
	high := int64(1)
	for !meets(high) {
		high = min(2*high, last)
	}
	n := bisect(1, high, meets)
	if in.Population > 0 && 2*n > in.Population {
		return SequentialPlan{}, fmt.Errorf("population: both stages together need %d items and the population has %d; plan a single stage with the hypergeometric model or test every item", 2*n, in.Population)
	}
	return SequentialPlan{Stages: []Stage{
		{Items: n, AcceptTo: 0, ExtendTo: 1, Total: n},
		{Items: n, AcceptTo: 0, ExtendTo: 0, Total: 2 * n},
	}}, nil
}

// twoStageTail is the risk F(0) + f(1)·F(0) of a two-stage plan.
type twoStageTail struct {
	model Model
	n     int64
	rate  *big.Rat
}

func (t twoStageTail) enclose(prec uint) span {
	var none, single span
	if t.model == Poisson {
		mean := times(t.rate, t.n)
		none = poissonTail{k: 0, mean: mean}.enclose(prec)
		single = none.mul(spanRat(prec, mean))
	} else {
		left := spanRat(prec, new(big.Rat).Sub(one, t.rate))
		none = left.pow(t.n)
		single = left.pow(t.n - 1).mul(spanRat(prec, times(t.rate, t.n)))
	}
	return none.add(single.mul(none))
}

// exact computes the binomial risk in rationals. The Poisson risk is a
// polynomial of the transcendental e^−λ with rational coefficients that is not
// constant, so it never ties with a rational and refinement ends.
func (t twoStageTail) exact(risk *big.Rat) int {
	if t.model == Poisson {
		for prec := uint(2 * exactPrecision); ; prec *= 2 {
			if c := t.enclose(prec).cmp(spanRat(prec, risk)); c != 0 {
				return c
			}
		}
	}
	// With rate = a/b and r = b−a: (rⁿ·bⁿ + n·a·r²ⁿ⁻¹) / b²ⁿ against the risk.
	a, b := t.rate.Num(), t.rate.Denom()
	rest := new(big.Int).Sub(b, a)
	power := func(base *big.Int, exponent int64) *big.Int {
		return new(big.Int).Exp(base, big.NewInt(exponent), nil)
	}
	sum := new(big.Int).Mul(power(rest, t.n), power(b, t.n))
	second := new(big.Int).Mul(big.NewInt(t.n), a)
	sum.Add(sum, second.Mul(second, power(rest, 2*t.n-1)))
	sum.Mul(sum, risk.Denom())
	limit := power(b, 2*t.n)
	return sum.Cmp(limit.Mul(limit, risk.Num()))
}
