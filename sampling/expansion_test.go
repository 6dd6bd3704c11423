package sampling

import (
	"strings"
	"testing"
)

func TestPublishedSequentialPlans(t *testing.T) {
	for i, row := range readTable(t, "sequential_planning.csv", 3) {
		got, err := PlanSequential(PlanInput{Model: Model(row["likelihood"]), Confidence: fraction(t, row["conf"]), Tolerable: fraction(t, row["materiality"])})
		if err != nil {
			t.Errorf("row %d: %v", i+2, err)
			continue
		}
		if want := whole64(t, row["n_exact"]); got.Stages[0].Items != want || got.Stages[1].Items != want {
			t.Errorf("row %d (%s): stages %+v, exact value is %d a stage", i+2, row["publication"], got.Stages, want)
		}
	}
}

func TestSequentialRule(t *testing.T) {
	plan, err := PlanSequential(PlanInput{Model: Binomial, Confidence: MustPercent("90"), Tolerable: MustPercent("5")})
	if err != nil {
		t.Fatal(err)
	}
	first, second := plan.Stages[0], plan.Stages[1]
	for _, c := range []struct {
		stage Stage
		found int64
		want  Decision
	}{
		{first, 0, Accept}, {first, 1, Extend}, {first, 2, Fail},
		{second, 0, Accept}, {second, 1, Fail},
	} {
		if got := c.stage.Decide(c.found); got != c.want {
			t.Errorf("stage %+v with %d deviations: %s, want %s", c.stage, c.found, got, c.want)
		}
	}
	if first.Total != 49 || second.Total != 98 {
		t.Errorf("totals %d and %d, want 49 and 98", first.Total, second.Total)
	}
	// With one item at 50%: F(0) + f(1)·F(0) = 1/2 + 1/4, a tie at 25% confidence.
	tie, err := PlanSequential(PlanInput{Model: Binomial, Confidence: MustPercent("25"), Tolerable: MustPercent("50")})
	if err != nil || tie.Stages[0].Items != 2 {
		t.Errorf("tie at one item: %+v, %v; the rule is strict, want 2 items", tie, err)
	}
}

func TestImpossibleSequentialPlans(t *testing.T) {
	good := PlanInput{Model: Binomial, Confidence: MustPercent("90"), Tolerable: MustPercent("5")}
	for _, c := range []struct {
		change func(*PlanInput)
		want   string
	}{
		{func(in *PlanInput) { in.Model = Hypergeometric; in.Population = 100 }, "model: a two-stage plan"},
		{func(in *PlanInput) { in.Expected = MustPercent("1") }, "expected: a two-stage plan"},
		{func(in *PlanInput) { in.Population = 97 }, "both stages together need 98 items"},
		{func(in *PlanInput) { in.Tolerable = MustPercent("0.0001") }, "at most 10000 items"},
	} {
		in := good
		c.change(&in)
		if _, err := PlanSequential(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error with %q", in, err, c.want)
		}
	}
}

func TestExpansionLadder(t *testing.T) {
	in := PlanInput{Model: Binomial, Confidence: MustPercent("90"), Tolerable: MustPercent("5")}
	original, err := Plan(in)
	if err != nil {
		t.Fatal(err)
	}
	for found, total := range []int64{45, 77, 105, 132, 158} {
		got, err := in.Expand(original, int64(found))
		if err != nil {
			t.Fatal(err)
		}
		if got.Total != total || got.Additional != total-45 || got.Needed != (found > 0) {
			t.Errorf("%d found in 45: %+v, want a total of %d", found, got, total)
		}
	}
	if _, err := in.Expand(original, 46); err == nil {
		t.Error("46 deviations in 45 items were accepted")
	}
	if _, err := PlanAllowing(in, -1); err == nil {
		t.Error("a negative number of allowed deviations was accepted")
	}
	small := PlanInput{Model: Hypergeometric, Confidence: MustPercent("90"), Tolerable: MustPercent("5"), Population: 40}
	if _, err := PlanAllowing(small, 2); err == nil || !strings.Contains(err.Error(), "test every item") {
		t.Errorf("2 deviations allowed where 2 are tolerable: %v", err)
	}
}

// The recalled cells of the manual are at least as large as the model's
// smallest size, and allow no deviation more.
func TestFAM450IsConsistent(t *testing.T) {
	for _, p := range FAM450() {
		e := mustEvaluate(t, EvalInput{Model: Binomial, Confidence: p.Confidence, N: p.N, K: p.AllowedDeviations})
		if e.Exceeds(p.Tolerable) {
			t.Errorf("%d/%d at %s: limit %s", p.N, p.AllowedDeviations, p.Tolerable, e.Upper)
		}
		e = mustEvaluate(t, EvalInput{Model: Binomial, Confidence: p.Confidence, N: p.N, K: p.AllowedDeviations + 1})
		if !e.Exceeds(p.Tolerable) {
			t.Errorf("%d/%d at %s: one more deviation would still do, limit %s", p.N, p.AllowedDeviations, p.Tolerable, e.Upper)
		}
	}
}
