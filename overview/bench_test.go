package overview_test

import (
	"fmt"
	"testing"

	"reperform/overview"
	"reperform/soc1"
)

// large is 500 controls of all frequencies and 20,000 evidence records.
func large() *overview.Records {
	r := small()
	r.Controls, r.Objectives, r.Risks = nil, nil, nil
	for i := range 12 {
		id := fmt.Sprintf("co-%d", i)
		r.Objectives = append(r.Objectives, rec("control_objective", id, soc1.ControlObjective{Code: id}))
		for n := range 5 {
			r.Risks = append(r.Risks, rec("risk", fmt.Sprintf("r-%d-%d", i, n), soc1.Risk{Code: fmt.Sprint(i, n), Objectives: []string{id}, Likelihood: 1 + n, Impact: 1 + i%5}))
		}
	}
	frequencies := []soc1.Frequency{soc1.Annual, soc1.SemiAnnual, soc1.Quarterly, soc1.Monthly, soc1.Weekly, soc1.Daily, soc1.AsNeeded}
	for i := range 500 {
		r.Controls = append(r.Controls, control(fmt.Sprintf("c-%03d", i), frequencies[i%7], func(k *soc1.Control) {
			k.Objectives, k.Risks = []string{fmt.Sprintf("co-%d", i%12)}, []string{fmt.Sprintf("r-%d-%d", i%12, i%5)}
		}))
		id := fmt.Sprintf("t-%03d", i)
		r.Tests = append(r.Tests, test(id, func(x *soc1.TestOfControl) { x.Control, x.PerformedOn = fmt.Sprintf("c-%03d", i), "2025-06-20" }))
		for n := range 10 {
			r.Results = append(r.Results, rec("result", fmt.Sprint(id, n), soc1.Result{Test: id, ItemKey: fmt.Sprint(n), Outcome: soc1.Pass, TestedOn: "2025-06-01"}))
		}
	}
	for i := range 20000 {
		from := soc1.Date("2025-01-01").AddDays(i * 7 % 365)
		r.Evidence = append(r.Evidence, evidence(fmt.Sprintf("e-%05d", i), from, from.AddDays(i%31), "", fmt.Sprintf("c-%03d", i%500)))
	}
	return r
}

func BenchmarkOverview(b *testing.B) {
	r := large()
	var o *overview.Overview
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if o, err = r.Make(overview.Question{Engagement: "e", Today: "2025-11-20"}); err != nil {
			b.Fatal(err)
		}
	}
	if len(o.Controls) != 500 {
		b.Fatal("the records are not in scope")
	}
}

func BenchmarkFigures(b *testing.B) {
	o, err := large().Make(overview.Question{Engagement: "e", Today: "2025-11-20"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if o.Figures().Tested.Of != 500 || len(o.Attention()) == 0 {
			b.Fatal("nothing counted")
		}
	}
}
