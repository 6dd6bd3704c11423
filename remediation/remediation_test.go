package remediation

import (
	"slices"
	"testing"

	"reperform/gap"
	"reperform/record"
	"reperform/soc1"
)

func typed[T any](kind, id string, pos int64, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Ledger: "org", Kind: kind, ID: id, Pos: pos}, Value: v}
}

func rule(t *testing.T, id string) *gap.Rule {
	t.Helper()
	r, ok := gap.RuleOf(id)
	if !ok {
		t.Fatalf("there is no rule %s", id)
	}
	return r
}

// world is a plan that answers one finding and one exception.
func world(t *testing.T) *Facts {
	ctl := rule(t, "CTL-08")
	return &Facts{Today: "2026-11-27",
		Plans: []record.Typed[soc1.Remediation]{typed("remediation", "reports", 1, soc1.Remediation{Title: "Reports", Owner: "ann", Due: "2026-11-30",
			Findings: []soc1.AnsweredFinding{{Rule: "CTL-08", Kind: "control", Record: "c1", Field: "information_used"}}, Exceptions: []string{"x1"},
			Steps: []soc1.RemediationStep{{Text: "One"}, {Text: "Two"}}})},
		Exceptions: []record.Typed[soc1.Exception]{typed("exception", "x1", 1, soc1.Exception{Test: "t1", Status: soc1.Confirmed})},
		Tests:      []record.Typed[soc1.TestOfControl]{typed("test_of_control", "t1", 1, soc1.TestOfControl{Control: "c1", Engagement: "e", PerformedOn: "2026-05-01"})},
		Controls:   []record.Typed[soc1.Control]{typed("control", "c1", 1, soc1.Control{Objectives: []string{"o1"}})},
		Found: map[string]*gap.Result{"": {Ran: []*gap.Rule{ctl}, Findings: []gap.Finding{
			{Rule: ctl, Severity: gap.High, Subject: soc1.Ref{Kind: "control", ID: "c1"}, Field: "information_used", Objectives: []string{"o1"}, Text: "No report."}}}}}
}

func (f *Facts) one(t *testing.T) *Plan {
	t.Helper()
	return &Of(f).Plans[0]
}

// Stages follow from steps, days and what still stands; none is typed.
func TestStages(t *testing.T) {
	f := world(t)
	step := func(what string, want Stage) {
		t.Helper()
		if got := f.one(t).Stage; got != want {
			t.Errorf("%s: %s, expected %s", what, got.Label(), want.Label())
		}
	}
	v := &f.Plans[0].Value
	step("a plan alone", Planned)
	v.Begin = "2026-11-28"
	step("a plan that begins tomorrow", Planned)
	v.Begin = "2026-11-27"
	step("a plan that begins today", InProgress)
	v.Begin = ""
	v.Steps[0].DoneOn = "2026-11-28"
	step("a step done tomorrow", Planned)
	v.Steps[0].DoneOn = "2026-11-20"
	step("a step done", InProgress)
	v.Steps[1].DoneOn = "2026-11-21"
	step("every step done", ForRetest)
	v.Steps[1].DoneOn = ""
	f.silence()
	step("the rule is silent, the exception stands", InProgress)
	f.retested()
	step("everything is settled", ForRetest)
	if p := f.one(t); !p.Ready() || p.Severity != gap.High || !slices.Equal(p.Objectives, []string{"o1"}) {
		t.Errorf("everything is settled: ready %t, %s, %v", p.Ready(), p.Severity, p.Objectives)
	}
}

func (f *Facts) silence() { f.Found[""].Findings = nil }

func (f *Facts) retested() {
	f.Tests = append(f.Tests, typed("test_of_control", "t2", 2, soc1.TestOfControl{Control: "c1", Engagement: "e", PerformedOn: "2026-08-01"}))
	f.Conclusion = append(f.Conclusion, typed("conclusion", "k", 2, soc1.Conclusion{Engagement: "e", Subject: soc1.OnControl, SubjectID: "c1", Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, On: "2026-08-05"}))
}

// A retest is a later test of the same control, without an exception, concluded
// effective by then.
func TestRetest(t *testing.T) {
	for name, spoil := range map[string]func(f *Facts){
		"before the first":           func(f *Facts) { f.Tests[1].Value.PerformedOn = "2026-05-01" },
		"of another control":         func(f *Facts) { f.Tests[1].Value.Control = "c2" },
		"not performed":              func(f *Facts) { f.Tests[1].Value.PerformedOn = "" },
		"performed tomorrow":         func(f *Facts) { f.Tests[1].Value.PerformedOn = "2026-11-28" },
		"concluded not effective":    func(f *Facts) { f.Conclusion[0].Value.Outcome = soc1.NotEffective },
		"concluded before":           func(f *Facts) { f.Conclusion[0].Value.On = "2026-07-31" },
		"concluded on its design":    func(f *Facts) { f.Conclusion[0].Value.Limb = soc1.ConcludeDesign },
		"concluded for another year": func(f *Facts) { f.Conclusion[0].Value.Engagement = "other" },
		"with an exception of its own": func(f *Facts) {
			f.Exceptions = append(f.Exceptions, typed("exception", "x2", 3, soc1.Exception{Test: "t2", Status: soc1.Open}))
		},
	} {
		f := world(t)
		f.retested()
		if m := f.one(t).Matters[1]; m.Standing != Retested || m.Test.ID != "t2" {
			t.Fatalf("a retest settles nothing: %+v", m)
		}
		spoil(f)
		if m := f.one(t).Matters[1]; m.Standing != Stands {
			t.Errorf("a test %s settles the exception: %+v", name, m)
		}
	}
}

// A closing holds until a rule that was silent fires again or the plan answers more;
// what was explained may go on standing.
func TestClosedAndAgain(t *testing.T) {
	f := world(t)
	f.silence()
	f.retested()
	c := soc1.RemediationClosing{Plan: "reports", ClosedBy: "dana", ClosedOn: "2026-11-20", Outcomes: []soc1.RemediationOutcome{
		{What: "CTL-08 control/c1 information_used", Settled: soc1.SettledSilent}, {What: "exception/x1", Settled: soc1.SettledRetest, Test: "t2"}}}
	f.Closings = []record.Typed[soc1.RemediationClosing]{typed("remediation_closing", "k", 5, c)}
	if p := f.one(t); p.Stage != Closed || p.Explained() || p.ClosedOn != "2026-11-20" {
		t.Fatalf("closed: %s %+v", p.Stage.Label(), p.Closing)
	}
	f.Today = "2026-11-19"
	if p := f.one(t); p.Stage == Closed {
		t.Error("it is closed on the day before")
	}
	f.Today = "2026-12-02"
	f.Plans[0].Value.Exceptions = []string{"x1", "x9"}
	if p := f.one(t); p.Stage == Closed || len(p.Added) != 1 || p.Reopened() == "" || p.LateDays != 2 {
		t.Errorf("a plan that answers more: %s, %q, late %d", p.Stage.Label(), p.Reopened(), p.LateDays)
	}
	f.Plans[0].Value.Exceptions = []string{"x1"}
	f.Found[""].Findings = world(t).Found[""].Findings
	if p := f.one(t); p.Stage == Closed || p.Reopened() != "CTL-08 fires again. The plan was closed on 2026-11-20, when it was silent." {
		t.Errorf("a rule that fires again: %s, %q", p.Stage.Label(), p.Reopened())
	}
	f.Closings[0].Value.Outcomes[0].Settled = soc1.Standing
	f.Closings[0].Value.Explanation = "The report is replaced in January by another one."
	if p := f.one(t); p.Stage != Closed || !p.Explained() {
		t.Errorf("what was explained: %s, %q", p.Stage.Label(), p.Reopened())
	}
	// A later closing replaces it.
	later := c
	later.ClosedOn, later.Outcomes = "2026-12-01", c.Outcomes[:1]
	f.Closings = append(f.Closings, typed("remediation_closing", "a", 6, later))
	if p := f.one(t); p.Closing.ClosedOn != "2026-12-01" || p.Stage == Closed {
		t.Errorf("the later closing, which names less: %+v", p.Closing)
	}
}

// What a rule says is not taken for silence where the rule was not run.
func TestRuleThatWasNotRun(t *testing.T) {
	f := world(t)
	f.silence()
	f.Found[""].Ran = nil
	if m := f.one(t).Matters[0]; m.Standing != Unknown {
		t.Errorf("a rule that was not run counts as %d", m.Standing)
	}
}

// Critical findings are unplanned until an open plan answers them or their exception.
func TestUnplanned(t *testing.T) {
	f := world(t)
	dev := rule(t, "DEV-02")
	f.Found[""].Findings = append(f.Found[""].Findings, gap.Finding{Rule: dev, Severity: gap.Critical, Subject: soc1.Ref{Kind: "exception", ID: "x1"}}, gap.Finding{Rule: dev, Severity: gap.Critical, Subject: soc1.Ref{Kind: "exception", ID: "x2"}},
		gap.Finding{Rule: dev, Severity: gap.Critical, Subject: soc1.Ref{Kind: "exception", ID: "x3"}, Accepted: &gap.Acceptance{}})
	b := Of(f)
	if len(b.Unplanned) != 1 || b.Unplanned[0].Subject.ID != "x2" {
		t.Errorf("unplanned: %v", b.Unplanned)
	}
	if b.Answers("CTL-08", "control", "c1", "information_used") == nil || b.Answers("CTL-08", "control", "c1", "") != nil {
		t.Error("a finding is answered by its rule, record and field together")
	}
}

// A plan waits for those before it, and a circle is named.
func TestDependencies(t *testing.T) {
	f := world(t)
	f.Plans = append(f.Plans, typed("remediation", "after", 2, soc1.Remediation{Title: "After", Owner: "ann", Due: "2026-12-30", Exceptions: []string{"x1"}, DependsOn: []string{"reports"}}))
	f.retested()
	p := &Of(f).Plans[1]
	if !slices.Equal(p.Waits, []string{"reports"}) || p.Ready() {
		t.Errorf("it waits for %v, ready %t", p.Waits, p.Ready())
	}
	on := map[string][]string{"a": {"x", "b"}, "b": {"c"}, "c": {"a"}, "x": nil, "d": {"a"}}
	before := func(id string) []string { return on[id] }
	if c := Circle("a", before); !slices.Equal(c, []string{"a", "b", "c", "a"}) {
		t.Errorf("the circle is %v", c)
	}
	if c := Circle("x", before); c != nil {
		t.Errorf("no circle: %v", c)
	}
}

// Plans add up in whole hours and in each currency by itself.
func TestSum(t *testing.T) {
	a := &Plan{Stage: Closed, ClosedOn: "2026-03-11", Typed: typed("remediation", "a", 1, soc1.Remediation{Begin: "2026-03-01", HoursEstimated: 8, HoursActual: 9, CostActual: soc1.Money{Minor: 500, Currency: "USD"}})}
	b := &Plan{Stage: InProgress, LateDays: 8, Typed: typed("remediation", "b", 1, soc1.Remediation{HoursEstimated: 4, CostActual: soc1.Money{Minor: 250, Currency: "USD"}, CostEstimated: soc1.Money{Minor: 7, Currency: "EUR"}})}
	s := SumOf([]*Plan{a, b})
	if s.Open != 1 || s.Late != 1 || s.Closed != 1 || s.ClosedDays != 10 || s.TimedPlans != 1 || s.HoursEstimated != 12 || s.HoursActual != 9 ||
		!slices.Equal(s.CostActual, []soc1.Money{{Minor: 750, Currency: "USD"}}) || !slices.Equal(s.CostEstimated, []soc1.Money{{Minor: 7, Currency: "EUR"}}) || !b.Escalated() {
		t.Errorf("the sum is %+v", s)
	}
}

// Exceptions of a performance stand until the control was performed later without one,
// and that was signed off.
func TestPerformanceSettles(t *testing.T) {
	p := func(id string, to soc1.Date, outcome soc1.PerformanceOutcome, status soc1.PerformanceStatus) record.Typed[soc1.Performance] {
		return typed("performance", id, 1, soc1.Performance{Control: "c1", From: soc1.NewDate(to.Year(), to.Month(), 1), To: to, Outcome: outcome, Status: status, PerformedOn: to.AddDays(3), ReviewedOn: to.AddDays(5)})
	}
	f := &Facts{Today: "2026-11-27", Controls: []record.Typed[soc1.Control]{typed("control", "c1", 1, soc1.Control{Objectives: []string{"o1"}})},
		Plans: []record.Typed[soc1.Remediation]{typed("remediation", "scan", 1, soc1.Remediation{Title: "Scan all", Owner: "ann", Due: "2026-12-30", Performances: []string{"sep"}})},
		Performances: []record.Typed[soc1.Performance]{p("aug", "2026-08-31", soc1.PerformedClean, soc1.PerformanceAccepted), p("sep", "2026-09-30", soc1.PerformedExcept, soc1.PerformanceAccepted),
			p("oct", "2026-10-31", soc1.PerformedClean, soc1.PerformanceSigned)}}
	if m := f.one(t).Matters; len(m) != 1 || m[0].Key != "performance/sep" || m[0].Standing != Stands || !slices.Equal(m[0].Objectives, []string{"o1"}) {
		t.Errorf("not signed off: %+v", m)
	}
	f.Performances[2] = p("oct", "2026-10-31", soc1.PerformedClean, soc1.PerformanceAccepted)
	if m := f.one(t).Matters[0]; m.Standing != Performed || !m.Standing.Settled() {
		t.Errorf("performed since: %+v", m)
	}
	f.Performances[2].Value.ReviewedOn = "2026-11-28"
	if m := f.one(t).Matters[0]; m.Standing != Stands {
		t.Errorf("signed off tomorrow: %+v", m)
	}
}
