package planning

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// typed is a record for a test.
func typed[T any](t *testing.T, kind, id string, rev int64, v T) record.Typed[T] {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return record.Typed[T]{Record: record.Record{Kind: kind, ID: id, Revision: rev, Body: b}, Value: v}
}

// facts are those of an engagement with some controls, each in force all the year.
func facts(t *testing.T, controls map[string]soc1.Control) *Facts {
	t.Helper()
	f := &Facts{Engagement: typed(t, "engagement", "e", 1, soc1.Engagement{Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31"}),
		Objectives: []record.Typed[soc1.ControlObjective]{typed(t, "control_objective", "o", 1, soc1.ControlObjective{Code: "O-1", Title: "Objective"})},
		Risks:      []record.Typed[soc1.Risk]{typed(t, "risk", "low", 1, soc1.Risk{Code: "R-1", Likelihood: 2, Impact: 2, Objectives: []string{"o"}})}}
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range controls {
			if !yield(id) {
				return
			}
		}
	}) {
		k := controls[id]
		k.Objectives = []string{"o"}
		x := typed(t, "control", id, 1, k)
		f.Controls = append(f.Controls, x)
		f.Versions = append(f.Versions, record.Version{Record: x.Record, From: "2024-01-01"})
	}
	return f
}

func planOf(t *testing.T, f *Facts) *Plan {
	t.Helper()
	p, err := Of(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Lines() {
		for _, x := range l.Proposals {
			if x.Test.InquiryOnly() {
				t.Errorf("%s is proposed by inquiry alone", x.Key)
			}
			if x.Problem != "" {
				continue
			}
			for _, problem := range x.Test.Validate() {
				t.Errorf("%s: %v", x.Key, problem)
			}
			for _, a := range x.Attributes {
				a.Test = "t"
				for _, problem := range a.Validate() {
					t.Errorf("%s: %v", x.Key, problem)
				}
			}
		}
	}
	return p
}

func (p *Plan) must(t *testing.T, key string) *Proposal {
	t.Helper()
	x := p.Find(key)
	if x == nil {
		t.Fatalf("nothing is proposed under %s", key)
	}
	return x
}

func daily() soc1.Control {
	return soc1.Control{Code: "C-1", Text: "The team compares the totals each day.", Nature: soc1.Manual, Type: soc1.Detective, Frequency: soc1.Daily}
}

// TestMethodFollowsTheControl: by nature, by how often and at which risk it operates, and
// by what the library has ready.
func TestMethodFollowsTheControl(t *testing.T) {
	rule, high := daily(), daily()
	rule.Nature, rule.Frequency = soc1.Automated, soc1.AutomatedContinuous
	high.Risks = []string{"fraud"}
	f := facts(t, map[string]soc1.Control{"low": daily(), "rule": rule, "high": high})
	f.Risks = append(f.Risks, typed(t, "risk", "fraud", 1, soc1.Risk{Code: "R-2", Likelihood: 1, Impact: 1, Fraud: true}))
	p := planOf(t, f)
	for key, n := range map[string]int{"low": 20, "high": 40} {
		if x := p.must(t, key); x.Test.Method != soc1.SampleMethod || x.Test.SamplePlan.N != n {
			t.Errorf("%s: %s of %d, expected %d", key, x.Test.Method, x.Test.SamplePlan.N, n)
		}
	}
	x := p.must(t, "rule")
	if x.Test.Method != soc1.ObservationOnly || !slices.ContainsFunc(x.Reasons, func(r Reason) bool { return strings.HasPrefix(r.Text, "On condition") }) {
		t.Errorf("automated: %+v", x)
	}
}

// TestCensusWhereTheLibraryIsReady: every item, for a control that reads as the library's,
// and a sample of what only a person can look at. A control that was written anew is not
// taken for the library's because of its code.
func TestCensusWhereTheLibraryIsReady(t *testing.T) {
	for _, s := range library.Services() {
		for _, o := range s.Objectives {
			for _, c := range o.Controls {
				k := soc1.Control{Code: c.Code, Text: c.Text, Nature: soc1.ControlNature(c.Nature), Type: soc1.ControlType(c.Type), Frequency: soc1.Frequency(c.Frequency)}
				p := planOf(t, facts(t, map[string]soc1.Control{"k": k}))
				sql := slices.ContainsFunc(c.Attributes, func(a library.Attribute) bool { return !a.Manual() })
				if is := p.must(t, "k").Test.Method == soc1.Census; is != (c.Extract != nil && sql) {
					t.Errorf("%s: a census is proposed: %v", c.Code, is)
				}
				k.Text = "Somebody does something else once a day."
				if planOf(t, facts(t, map[string]soc1.Control{"k": k})).must(t, "k").Test.Method == soc1.Census {
					t.Errorf("%s: a census by the library for a control of its own", c.Code)
				}
			}
		}
	}
}

// TestWindows: interim and roll-forward cover the period without a gap, each version its
// own days, and what changed hands only is one version.
func TestWindows(t *testing.T) {
	f := facts(t, map[string]soc1.Control{"k": daily()})
	f.Timetables = []record.Typed[soc1.Timetable]{typed(t, "timetable", "x", 1, soc1.Timetable{Engagement: "e", InterimTo: "2025-09-30", Milestones: []soc1.Milestone{{Title: "Report", On: "2026-02-01"}}})}
	p := planOf(t, f)
	a, b := p.must(t, "k.interim").Test, p.must(t, "k.rollforward").Test
	if a.WindowFrom != "2025-01-01" || a.WindowTo != "2025-09-30" || b.WindowFrom != "2025-10-01" || b.WindowTo != "2025-12-31" || a.SamplePlan.N != 20 || b.SamplePlan.N != 6 {
		t.Errorf("interim %+v, roll-forward %+v", a, b)
	}

	f = facts(t, map[string]soc1.Control{"k": daily()})
	owned, other := daily(), daily()
	owned.Owner, other.Text = "ann", "The program compares the totals each day."
	f.Versions = []record.Version{{Record: typed(t, "control", "k", 1, daily()).Record, From: "2024-01-01", Until: "2025-02-28"},
		{Record: typed(t, "control", "k", 2, owned).Record, From: "2025-03-01", Until: "2025-06-15"}, {Record: typed(t, "control", "k", 3, other).Record, From: "2025-06-16"}}
	p = planOf(t, f)
	a, b = p.must(t, "k.v1").Test, p.must(t, "k.v2").Test
	if a.WindowFrom != "2025-01-01" || a.WindowTo != "2025-06-15" || a.ControlRevision != 2 || b.WindowFrom != "2025-06-16" || b.WindowTo != "2025-12-31" || b.ControlRevision != 3 {
		t.Errorf("first version %+v, second %+v", a, b)
	}
}

// TestWhatIsPlannedStandsBeside: with what it has less, and an approval that does not hold
// for another plan.
func TestWhatIsPlannedStandsBeside(t *testing.T) {
	f := facts(t, map[string]soc1.Control{"k": daily()})
	test := soc1.TestOfControl{Code: "T-1", By: soc1.ByAuditor, Engagement: "e", Control: "k", Method: soc1.SampleMethod, Procedures: []soc1.Procedure{{Nature: soc1.Inquiry, Text: "Asked."}},
		SamplePlan: soc1.SamplePlan{Model: soc1.FrequencyTable, FrequencyTable: "x", N: 5}}
	f.Tests = []record.Typed[soc1.TestOfControl]{typed(t, "test_of_control", "t", 1, test)}
	f.RecordedBy = func(int64) (string, error) { return "mei", nil }
	p := planOf(t, f)
	x := p.must(t, "k")
	var less []string
	for _, d := range x.Differs {
		if d.Less {
			less = append(less, d.What)
		}
	}
	if x.Planned == nil || !slices.Equal(less, []string{"Items", "Attributes", "Procedures"}) {
		t.Errorf("less in %v", less)
	}
	if !slices.Equal(p.Planners, []string{"mei"}) {
		t.Errorf("planned by %v", p.Planners)
	}
	digest, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	f.Approvals = []record.Typed[soc1.PlanApproval]{typed(t, "plan_approval", "a", 1, soc1.PlanApproval{Engagement: "e", By: "carla", SHA256: digest})}
	test.PerformedBy, test.Population = "mei", "pop"
	f.Tests[0].Value = test
	if planOf(t, f).Approved() == nil {
		t.Error("carrying the plan out reopened it")
	}
	test.SamplePlan.N = 6
	f.Tests[0].Value = test
	if planOf(t, f).Approved() != nil {
		t.Error("another size left the approval as it was")
	}
}
