package sampling

import (
	"math/big"
	"strings"
	"testing"
)

func TestPlanAnchors(t *testing.T) {
	cases := []struct {
		confidence, tolerable, expected string
		n, k                            int64
	}{
		{"95", "5", "0", 59, 0}, {"95", "5", "1", 93, 1}, {"95", "5", "2", 181, 4},
		{"95", "10", "0", 29, 0}, {"95", "10", "1", 46, 1}, {"95", "10", "3", 61, 2}, {"95", "10", "5", 116, 6},
		{"95", "7", "2", 88, 2},
		{"90", "5", "0", 45, 0}, {"90", "5", "1", 77, 1}, {"90", "5", "2", 132, 3},
		{"90", "10", "0", 22, 0}, {"90", "10", "1", 38, 1}, {"90", "10", "3", 52, 2}, {"90", "10", "5", 78, 4},
		// IEEE arithmetic makes 0.035·400 a little more than 14 and plans 423.
		{"90", "5", "3.5", 400, 14},
	}
	for _, c := range cases {
		got, err := Plan(PlanInput{Model: Binomial, Confidence: MustPercent(c.confidence), Tolerable: MustPercent(c.tolerable), Expected: MustPercent(c.expected)})
		if want := (PlanResult{c.n, c.k}); err != nil || got != want {
			t.Errorf("confidence %s%%, tolerable %s%%, expected %s%%: got %+v, %v; want %+v", c.confidence, c.tolerable, c.expected, got, err, want)
		}
	}
}

func TestFinitePopulationPlans(t *testing.T) {
	populations := []int64{4, 12, 24, 52, 100, 250, 1000}
	for plan, sizes := range map[[2]string][]int64{
		{"90", "10"}: {4, 8, 13, 16, 20, 21, 22},
		{"95", "10"}: {4, 9, 15, 20, 25, 27, 29},
		{"95", "5"}:  {4, 12, 19, 33, 45, 51, 57},
	} {
		for i, population := range populations {
			got, err := Plan(PlanInput{Model: Hypergeometric, Confidence: MustPercent(plan[0]), Tolerable: MustPercent(plan[1]), Population: population})
			if want := (PlanResult{sizes[i], 0}); err != nil || got != want {
				t.Errorf("%s/%s of %d items: got %+v, %v; want %+v", plan[0], plan[1], population, got, err, want)
			}
		}
	}
}

// An exact tie between the tail and the risk separates the strict rule of the
// binomial plan from the rule of the hypergeometric one.
func TestTies(t *testing.T) {
	half, quarter := MustPercent("50"), MustPercent("75") // 0.5² is the risk of 75%
	got, err := Plan(PlanInput{Model: Binomial, Confidence: quarter, Tolerable: half})
	if err != nil || got.N != 3 {
		t.Errorf("binomial tie at n=2: got n=%d, %v; a tie does not meet a strict rule, want 3", got.N, err)
	}
	// One deviating item of 20: 19 items miss it with probability 1/20 exactly.
	got, err = Plan(PlanInput{Model: Hypergeometric, Confidence: MustPercent("95"), Tolerable: MustPercent("5"), Population: 20})
	if err != nil || got.N != 19 {
		t.Errorf("hypergeometric tie at n=19: got n=%d, %v; a tie meets the rule, want 19", got.N, err)
	}
	e, err := Evaluate(EvalInput{Model: Binomial, Confidence: quarter, N: 2, K: 0})
	if err != nil || e.Exceeds(half) || e.Upper != "0.500000000000" || e.PercentCeil() != "50.0%" {
		t.Errorf("limit exactly at 50%%: upper %s, prints %s, exceeds 50%% = %v, %v; a limit at the rate does not exceed it", e.Upper, e.PercentCeil(), e.Exceeds(half), err)
	}
}

// The plan is checked against its definition, evaluated without any of the
// search's shortcuts.
func TestPlanIsSmallest(t *testing.T) {
	meets := func(in PlanInput, n int64) bool {
		k := ceilOf(in.Expected.Rat(), n)
		if k >= n {
			return false
		}
		if in.Model == Hypergeometric {
			return naiveHyper(in.Population, ceilOf(in.Tolerable.Rat(), in.Population), n, k).Cmp(in.risk()) <= 0
		}
		return naiveBinomial(n, k, in.Tolerable.Rat()).Cmp(in.risk()) < 0
	}
	for _, model := range []Model{Binomial, Hypergeometric} {
		for _, confidence := range []string{"60", "90", "95"} {
			for _, tolerable := range []string{"10", "12.5", "33", "80"} {
				for _, expected := range []string{"0", "1", "4.75", "9"} {
					in := PlanInput{Model: model, Confidence: MustPercent(confidence), Tolerable: MustPercent(tolerable), Expected: MustPercent(expected)}
					if model == Hypergeometric {
						in.Population = 77
					}
					var want int64
					for n := int64(1); n <= 77 && want == 0; n++ {
						if meets(in, n) {
							want = n
						}
					}
					got, err := Plan(in)
					if want == 0 {
						if err == nil && got.N <= 77 {
							t.Errorf("%+v: planned %d, the definition finds nothing up to 77", in, got.N)
						}
						continue
					}
					if err != nil || got.N != want || got.AllowedDeviations != ceilOf(in.Expected.Rat(), want) {
						t.Errorf("%s %s/%s expecting %s: got %+v, %v; the definition gives %d", model, confidence, tolerable, expected, got, err, want)
					}
				}
			}
		}
	}
}

func naiveBinomial(n, k int64, p *big.Rat) *big.Rat {
	sum, q := new(big.Rat), new(big.Rat).Sub(one, p)
	for i := int64(0); i <= k; i++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(n, i))
		for range i {
			term.Mul(term, p)
		}
		for range n - i {
			term.Mul(term, q)
		}
		sum.Add(sum, term)
	}
	return sum
}

func naiveHyper(N, K, n, k int64) *big.Rat {
	sum := new(big.Int)
	for i := int64(0); i <= min(k, K, n); i++ {
		if n-i <= N-K {
			sum.Add(sum, new(big.Int).Mul(new(big.Int).Binomial(K, i), new(big.Int).Binomial(N-K, n-i)))
		}
	}
	return new(big.Rat).SetFrac(sum, new(big.Int).Binomial(N, n))
}

func TestImpossiblePlans(t *testing.T) {
	good := PlanInput{Model: Binomial, Confidence: MustPercent("95"), Tolerable: MustPercent("5"), Expected: MustPercent("1")}
	cases := []struct {
		name   string
		change func(*PlanInput)
		want   string
	}{
		{"unknown model", func(in *PlanInput) { in.Model = "normal" }, `model "normal" is not known; use binomial`},
		{"confidence 0", func(in *PlanInput) { in.Confidence = Rate{} }, "confidence: 0% cannot be reached"},
		{"confidence 100", func(in *PlanInput) { in.Confidence = MustPercent("100") }, "confidence: 100% cannot be reached"},
		{"tolerable 0", func(in *PlanInput) { in.Tolerable = Rate{} }, "tolerable: 0% cannot be planned"},
		{"tolerable 100", func(in *PlanInput) { in.Tolerable = MustPercent("100") }, "tolerable: 100% cannot be planned"},
		{"expected equal", func(in *PlanInput) { in.Expected = in.Tolerable }, "expected: 5% is not below the tolerable rate 5%"},
		{"negative population", func(in *PlanInput) { in.Population = -1 }, "population: -1 is negative"},
		{"huge population", func(in *PlanInput) { in.Population = MaxPopulation + 1 }, "use the binomial model"},
		{"no population", func(in *PlanInput) { in.Model = Hypergeometric }, "population: the hypergeometric model needs"},
		{"population too small", func(in *PlanInput) { in.Population = 40 }, "population: the binomial plan needs 93 items and the population has 40"},
		{"too few to tell apart", func(in *PlanInput) { in.Model = Hypergeometric; in.Population = 10 }, "population: of 10 items the tolerable rate 5% and the expected rate 1% both stand for 1"},
		{"out of reach", func(in *PlanInput) { in.Expected = MustPercent("4.99") }, "expected: no binomial sample of at most 10000 items"},
	}
	for _, c := range cases {
		in := good
		c.change(&in)
		if _, err := Plan(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestPoissonPlanAllowsWholeDeviations(t *testing.T) {
	in := PlanInput{Model: Poisson, Confidence: MustPercent("95"), Tolerable: MustPercent("5"), Expected: MustPercent("1")}
	got, err := Plan(in)
	if err != nil {
		t.Fatal(err)
	}
	for k := int64(0); k <= got.AllowedDeviations+1; k++ {
		e, err := Evaluate(EvalInput{Model: Poisson, Confidence: in.Confidence, N: got.N, K: k})
		if err != nil {
			t.Fatal(err)
		}
		if exceeds := e.Exceeds(in.Tolerable); exceeds != (k > got.AllowedDeviations) {
			t.Errorf("plan %+v: %d deviations have the limit %s, exceeds %s = %v", got, k, e.Upper, in.Tolerable, exceeds)
		}
	}
}
