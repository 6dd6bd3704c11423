package sampling

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func mustEvaluate(t *testing.T, in EvalInput) Evaluation {
	t.Helper()
	e, err := Evaluate(in)
	if err != nil {
		t.Fatalf("%+v: %v", in, err)
	}
	return e
}

func TestLimitAnchors(t *testing.T) {
	for _, c := range []struct {
		confidence string
		n, k       int64
		want       string
	}{
		{"95", 25, 0, "11.3%"}, {"95", 25, 1, "17.7%"}, {"95", 25, 2, "23.2%"},
		{"95", 60, 0, "4.9%"}, {"95", 100, 2, "6.2%"},
		{"90", 25, 0, "8.8%"}, {"90", 60, 1, "6.4%"}, {"90", 100, 2, "5.3%"},
		{"95", 7, 7, "100.0%"},
	} {
		e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: MustPercent(c.confidence), N: c.n, K: c.k})
		if e.PercentCeil() != c.want {
			t.Errorf("%d of %d at %s%%: prints %s, want %s", c.k, c.n, c.confidence, e.PercentCeil(), c.want)
		}
	}
}

func TestEveryItemDeviates(t *testing.T) {
	e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: MustPercent("95"), N: 3, K: 3})
	if e.Upper != "1.000000000000" || e.Exceeds(MustPercent("100")) || !e.Exceeds(MustPercent("99.999")) {
		t.Errorf("3 of 3: upper %s, want exactly 1", e.Upper)
	}
	if e.Observed.String() != "100%" {
		t.Errorf("3 of 3: observed %s", e.Observed)
	}
}

// A Poisson limit for no deviations is −ln(risk)/n; its digits are known.
func TestPoissonLimit(t *testing.T) {
	e := mustEvaluate(t, EvalInput{Model: Poisson, Confidence: MustPercent("95"), N: 1, K: 0})
	if got, want := e.UpperDecimal(20), "2.99573227355399099344"; got != want {
		t.Errorf("-ln 0.05 = %s, got %s", want, got)
	}
	if !e.Exceeds(MustPercent("100")) {
		t.Error("a Poisson limit of 2.99 must exceed 100%")
	}
	e = mustEvaluate(t, EvalInput{Model: Poisson, Confidence: MustPercent("90"), N: 100, K: 0})
	if e.Upper != "0.023025850930" || e.PercentCeil() != "2.4%" {
		t.Errorf("-ln 0.1/100: upper %s, prints %s", e.Upper, e.PercentCeil())
	}
}

func TestHypergeometricLimitAgainstDefinition(t *testing.T) {
	for _, confidence := range []string{"80", "90", "95"} {
		risk := riskOf(MustPercent(confidence))
		for _, N := range []int64{1, 2, 20, 37} {
			for n := int64(1); n <= N; n++ {
				for k := int64(0); k <= n; k++ {
					var most int64
					for K := int64(0); K <= N; K++ {
						if naiveHyper(N, K, n, k).Cmp(risk) > 0 {
							most = K
						}
					}
					e := mustEvaluate(t, EvalInput{Model: Hypergeometric, Confidence: MustPercent(confidence), N: n, K: k, Population: N})
					want := big.NewRat(most, N)
					rate, err := RateOf(want)
					if err != nil {
						t.Fatal(err)
					}
					if e.Upper != want.FloatString(12) || e.Exceeds(rate) || most > 0 && !e.Exceeds(mustRate(t, most*1000-1, N*1000)) {
						t.Fatalf("%s%%: %d of %d out of %d: upper %s, the definition gives %s", confidence, k, n, N, e.Upper, want)
					}
				}
			}
		}
	}
}

func mustRate(t *testing.T, num, den int64) Rate {
	t.Helper()
	r, err := NewRate(num, den)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Exceeds must agree with the sign computed in rationals, also next to the limit.
func TestExceedsAgainstRationals(t *testing.T) {
	for _, n := range []int64{1, 2, 7, 25} {
		for k := int64(0); k < n; k++ {
			e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: MustPercent("90"), N: n, K: k})
			upper, _ := new(big.Rat).SetString(e.Upper)
			for _, delta := range []int64{-1, 0, 1} {
				rate := new(big.Rat).Add(upper, big.NewRat(delta, 1_000_000_000_000))
				tolerable, err := RateOf(rate)
				if err != nil {
					continue
				}
				want := naiveBinomial(n, k, rate).Cmp(riskOf(e.Confidence)) > 0
				if e.Exceeds(tolerable) != want {
					t.Errorf("%d of %d: limit %s exceeds %s = %v, rationals say %v", k, n, e.Upper, tolerable, !want, want)
				}
				if delta != 0 && want != (delta < 0) {
					t.Errorf("%d of %d: upper %s is not within one unit of its last place", k, n, e.Upper)
				}
			}
		}
	}
}

func TestLargeEvaluationsEnd(t *testing.T) {
	for _, in := range []EvalInput{
		{Model: Binomial, N: 100_000, K: 30_000},
		{Model: Poisson, N: 100_000, K: 30_000},
		{Model: Hypergeometric, N: 5_000, K: 1_000, Population: 1_000_000_000},
	} {
		in.Confidence = MustPercent("95")
		e := mustEvaluate(t, in)
		if !e.Exceeds(e.Observed) {
			t.Errorf("%+v: upper %s lies below the observed rate %s", in, e.Upper, e.Observed)
		}
	}
}

func TestImpossibleEvaluations(t *testing.T) {
	for _, c := range []struct {
		in   EvalInput
		want string
	}{
		{EvalInput{Model: "beta", N: 1}, "model"},
		{EvalInput{Model: Binomial, N: 0}, "n: 0 items"},
		{EvalInput{Model: Binomial, N: MaxItems + 1}, "is a census"},
		{EvalInput{Model: Binomial, N: 5, K: 6}, "k: 6 deviations do not fit 5 items"},
		{EvalInput{Model: Binomial, N: 5, K: -1}, "k: -1"},
		{EvalInput{Model: Hypergeometric, N: 5}, "population"},
		{EvalInput{Model: Hypergeometric, N: 5, Population: 4}, "n: 5 items were looked at, the population has only 4"},
	} {
		c.in.Confidence = MustPercent("95")
		if _, err := Evaluate(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error with %q", c.in, err, c.want)
		}
	}
}

func TestEvaluationAsJSON(t *testing.T) {
	e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: MustPercent("95"), N: 60, K: 1})
	got, err := json.Marshal(e)
	want := `{"model":"binomial","confidence":"95%","n":60,"k":1,"population":0,"observed":"1/60","upper":"0.076639994935"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

// A stored evaluation decides like the one that was computed.
func TestEvaluationReadBack(t *testing.T) {
	e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: MustPercent("95"), N: 60, K: 1})
	stored, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back Evaluation
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	if back.PercentCeil() != "7.7%" || back.Exceeds(MustPercent("8")) || !back.Exceeds(MustPercent("7")) {
		t.Errorf("read back: prints %s, want 7.7%%", back.PercentCeil())
	}
}
