package readiness_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/gap"
	"reperform/overview"
	"reperform/readiness"
	"reperform/record"
	"reperform/soc1"
)

func rule(t *testing.T, id string) *gap.Rule {
	t.Helper()
	r, ok := gap.RuleOf(id)
	if !ok {
		t.Fatalf("there is no rule %s", id)
	}
	return r
}

func finding(t *testing.T, id, kind, subject string, objectives ...string) gap.Finding {
	r := rule(t, id)
	return gap.Finding{Rule: r, Severity: r.Severity, Subject: soc1.Ref{Kind: kind, ID: subject}, Text: id + " finds it.", Objectives: objectives}
}

func ref(kind, id string) soc1.Ref { return soc1.Ref{Kind: kind, ID: id} }

// program is an overview of three objectives: one in order, one with a control that
// is not tested and evidence owed, one with an exception.
func program() *overview.Overview {
	o, err := (&overview.Records{By: soc1.ByManagement, Ledger: "org"}).Make(overview.Question{From: "2025-01-01", To: "2025-12-31", Today: "2025-11-01"})
	if err != nil {
		panic(err)
	}
	o.Engagement = record.Typed[soc1.Engagement]{Record: record.Record{Kind: "engagement", ID: "e"}, Value: soc1.Engagement{Title: "2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31"}}
	line := func(id string, s overview.Status, expected, covered, objective int) overview.ControlLine {
		return overview.ControlLine{Ref: ref("control", id), Control: soc1.Control{Code: strings.ToUpper(id)}, Status: s, Why: "Because.", Evidence: overview.Coverage{Expected: expected, Covered: covered}, Objectives: []int{objective}}
	}
	o.Objectives = nil
	o.Controls = []overview.ControlLine{line("a", overview.Effective, 10, 10, 0), line("b", overview.NotTested, 10, 8, 1), line("c", overview.Exception, 0, 0, 2)}
	for i, id := range []string{"one", "two", "three"} {
		o.Objectives = append(o.Objectives, overview.ObjectiveLine{Ref: ref("control_objective", id), Objective: soc1.ControlObjective{Code: strings.ToUpper(id), Title: "Objective " + id}, Controls: []int{i}})
	}
	// One without a control, and the group of those at entity level.
	o.Objectives = append(o.Objectives, overview.ObjectiveLine{Ref: ref("control_objective", "four"), Objective: soc1.ControlObjective{Code: "FOUR"}}, overview.ObjectiveLine{Controls: nil})
	return o
}

func TestStandings(t *testing.T) {
	found := &gap.Result{Ran: []*gap.Rule{rule(t, "CTL-05"), rule(t, "SCP-01")}}
	for _, c := range []struct {
		name     string
		findings []gap.Finding
		want     map[string]string
	}{
		{"as it is", nil, map[string]string{"ONE": "Ready", "TWO": "Open work: 2 occurrences without evidence, 1 control not tested", "THREE": "At risk: 1 control with an exception", "FOUR": "At risk: no control"}},
		{"a medium finding leaves it ready", []gap.Finding{finding(t, "CTL-05", "control", "a", "one")}, map[string]string{"ONE": "Ready"}},
		{"a high finding is open work", []gap.Finding{finding(t, "CTL-01", "control", "a", "one")}, map[string]string{"ONE": "Open work: 1 high finding"}},
		{"a critical finding is a risk", []gap.Finding{finding(t, "CTL-03", "control", "a", "one"), finding(t, "CTL-01", "control", "a", "one")}, map[string]string{"ONE": "At risk: 1 critical finding, 1 high finding"}},
		{"what bears on the whole report bears on none by name", []gap.Finding{finding(t, "CTL-03", "control", "z")}, map[string]string{"ONE": "Ready"}},
		{"what is accepted is open no more", []gap.Finding{func() gap.Finding {
			f := finding(t, "CTL-03", "control", "a", "one")
			f.Accepted = &gap.Acceptance{}
			return f
		}()}, map[string]string{"ONE": "Ready"}},
	} {
		found.Findings = c.findings
		a := readiness.Of(program(), found, nil)
		got := map[string]string{}
		for _, o := range a.Objectives {
			got[o.Code] = o.Standing.Label()
			if len(o.Why) > 0 {
				got[o.Code] += ": " + strings.Join(o.Why, ", ")
			}
		}
		for code, want := range c.want {
			if got[code] != want {
				t.Errorf("%s: %s stands %q, expected %q", c.name, code, got[code], want)
			}
		}
		if len(a.Objectives) != 4 || a.Count(readiness.Ready)+a.Count(readiness.Open)+a.Count(readiness.AtRisk) != 4 {
			t.Errorf("%s: %d objectives, and controls at entity level belong to none", c.name, len(a.Objectives))
		}
	}
}

// The score counts the rules that ran: of two, one finds something.
func TestScoreCountsRules(t *testing.T) {
	o := program()
	quiet := &gap.Result{Ran: []*gap.Rule{rule(t, "CTL-01"), rule(t, "SCP-01")}}
	loud := &gap.Result{Ran: quiet.Ran, Findings: []gap.Finding{finding(t, "CTL-01", "control", "a", "one"), finding(t, "CTL-01", "control", "b", "two")}}
	last := func(a *readiness.Assessment) overview.Component {
		return a.Score.Components[len(a.Score.Components)-1]
	}
	if c := last(readiness.Of(o, quiet, nil)); c.Key != "rules" || c.Done != 2 || c.Of != 2 || len(c.Missing) != 0 {
		t.Errorf("without findings: %+v", c)
	}
	a := readiness.Of(o, loud, nil)
	if c := last(a); c.Done != 1 || c.Of != 2 || len(c.Missing) != 2 {
		t.Errorf("one rule of two finds two things: %+v", c)
	}
	if a.Score.Score >= readiness.Of(o, quiet, nil).Score.Score || o.Rules != nil {
		t.Error("the findings do not lower the score, or change the overview that was given")
	}
}

// Matters are gathered by aspect and objective, the grave ones first; what is only
// work and what concerns other objectives is none; acceptance does not hide any.
func TestMatters(t *testing.T) {
	accepted := finding(t, "DEV-01", "deviation", "d", "one")
	accepted.Accepted = &gap.Acceptance{}
	found := &gap.Result{Findings: []gap.Finding{finding(t, "CTL-08", "control", "a", "one"), finding(t, "CTL-05", "control", "a", "one"), finding(t, "TST-04", "test_of_control", "t", "two"),
		finding(t, "TST-04", "test_of_control", "u", "two"), finding(t, "SCP-01", "service", "s"), finding(t, "CTL-03", "control", "x", "elsewhere"), accepted}}
	a := readiness.Of(program(), found, nil)
	var got []string
	for _, m := range a.Matters {
		line := fmt.Sprintf("%s/%s grave %t:", m.Aspect.Label(), m.Code, m.Grave)
		for _, l := range m.Lines {
			if l.Settle == "" || l.Text == "" {
				t.Errorf("%s: a line says not what settles it: %+v", line, l)
			}
			line += " " + l.Rule + l.Subject.ID
			if l.Accepted {
				line += " accepted"
			}
		}
		got = append(got, line)
	}
	severity := rule(t, "SCP-01").Severity == gap.Critical
	want := []string{"Operating effectiveness/ONE grave true: DEV-01d accepted", "Operating effectiveness/THREE grave true: c", "Sufficiency of evidence/TWO grave false: TST-04t TST-04u"}
	scope := fmt.Sprintf("Fairness of the description/ grave %t: SCP-01s", severity)
	if severity {
		want = append([]string{scope}, want...)
	} else {
		want = slices.Insert(want, 2, scope)
	}
	if !slices.Equal(got, want) {
		t.Errorf("matters:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if a.Accepted != 1 || a.Found[0]+a.Found[1]+a.Found[2] != 6 {
		t.Errorf("open %v, accepted %d", a.Found, a.Accepted)
	}
}

type names struct{}

func (names) Person(id string) string    { return "Name of " + id }
func (names) Record(ref soc1.Ref) string { return ref.Kind + " " + ref.ID }

// The document says the same as the page, marks every page as internal, and names no
// assessment of another engagement.
func TestDocument(t *testing.T) {
	found := &gap.Result{Findings: []gap.Finding{finding(t, "TST-04", "test_of_control", "t", "two")}}
	said := []record.Typed[soc1.ReadinessAssessment]{
		{Record: record.Record{ID: "old"}, Value: soc1.ReadinessAssessment{Title: "Of last year", Engagement: "other", Owner: "eve"}},
		{Record: record.Record{ID: "early"}, Value: soc1.ReadinessAssessment{Title: "Early look", Engagement: "e", Owner: "eve", To: "2025-05-01"}},
		{Record: record.Record{ID: "now"}, Value: soc1.ReadinessAssessment{Title: "Dry run", Engagement: "e", Owner: "eve", Firm: "Alder Advisers", FinishedOn: "2025-10-01", Overall: soc1.RatedRemarks, Summary: "Close.",
			Objectives: []soc1.ObjectiveRating{{Objective: "two", Rating: soc1.RatedNotReady, Remarks: "Nobody tests it.", Recommendation: "Test it."}}}}}
	a := readiness.Of(program(), found, said)
	if len(a.Said) != 2 || a.Said[0].ID != "now" || a.Said[1].ID != "early" {
		t.Errorf("assessments: %+v", a.Said)
	}
	text := a.Document(readiness.Cover{Organization: "Alder Payroll Services, Inc.", State: "org with 12 entries"}, names{}).PlainText()
	for _, want := range []string{readiness.Mark, "For management only", "It is no assurance", "Alder Payroll Services, Inc.", "Sufficiency of evidence: TWO Objective two", "test_of_control t", "TST-04 finds it.", "Dry run",
		"By Name of eve, Alder Advisers, finished on October 1, 2025. Overall: ready with remarks.", "Nobody tests it.", "Early look", "not finished yet", "At risk", "Rules without a finding"} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	if strings.Contains(text, "Of last year") {
		t.Error("the document holds an assessment of another engagement")
	}
}
