package remediation

import (
	"fmt"

	"reperform/gap"
	"reperform/record"
	"reperform/soc1"
)

// Facts are what plans are judged by, as of one day.
type Facts struct {
	Today      soc1.Date
	Plans      []record.Typed[soc1.Remediation]
	Closings   []record.Typed[soc1.RemediationClosing]
	Exceptions []record.Typed[soc1.Exception]
	Deviations []record.Typed[soc1.Deviation]
	Tests      []record.Typed[soc1.TestOfControl]
	Conclusion []record.Typed[soc1.Conclusion]
	Controls   []record.Typed[soc1.Control]
	// Performances are those of controls.
	Performances []record.Typed[soc1.Performance]
	// Found is what the rules find about each engagement that plans name; the empty
	// id is the engagement in question, which holds for plans that name none.
	Found map[string]*gap.Result
}

// Standing is how something that a plan answers stands today.
type Standing int

// The ways. What a rule says is not known where the rule was not run: it reads the
// draft or the files, which are looked at when the plan is closed, or another ledger.
const (
	Stands Standing = iota
	Unknown
	Silent
	Retested
	Dismissed
	Performed
)

// Settled tells whether nothing is left of it.
func (s Standing) Settled() bool { return s >= Silent }

// Matter is one thing that a plan answers.
type Matter struct {
	// Key names it as a closing does.
	Key string
	// Rule is the rule that found it; nil where a test did.
	Rule     *gap.Rule
	Severity gap.Severity
	// Subject is the record that it is about, Field the field of it.
	Subject soc1.Ref
	Field   string
	// Objectives are those that it bears on; empty means all.
	Objectives []string
	Standing   Standing
	// Text says how it stands, in a sentence.
	Text string
	// Test is the later test that settled it; its ID is empty without one.
	Test soc1.Ref
}

func (f *Facts) found(engagement string) *gap.Result {
	if r, ok := f.Found[engagement]; ok {
		return r
	}
	return f.Found[""]
}

// matters are what a plan answers, in the order of its record.
func (f *Facts) matters(p *soc1.Remediation) []Matter {
	var out []Matter
	found := f.found(p.Engagement)
	for _, x := range p.Findings {
		out = append(out, f.ofRule(x, found))
	}
	for _, id := range p.Exceptions {
		out = append(out, f.ofException(id))
	}
	for _, id := range p.Deviations {
		m := Matter{Key: "deviation/" + id, Severity: gap.High, Subject: soc1.Ref{Kind: "deviation", ID: id}, Text: "No later test of the control is concluded effective."}
		if d, ok := record.Find(f.Deviations, id); ok {
			m.Subject, m.Objectives = d.Ref(), f.objectives(d.Value.Control)
			f.retest(&m, d.Value.Control, d.Value.Test)
		}
		out = append(out, m)
	}
	for _, id := range p.Performances {
		out = append(out, f.ofPerformance(id))
	}
	return out
}

// ofPerformance stands until the control was performed for a later occurrence without
// exception, and that was signed off.
func (f *Facts) ofPerformance(id string) Matter {
	m := Matter{Key: "performance/" + id, Severity: gap.Medium, Subject: soc1.Ref{Kind: "performance", ID: id}, Text: "The control was not performed since without exception."}
	x, ok := record.Find(f.Performances, id)
	if !ok {
		return m
	}
	m.Subject, m.Objectives = x.Ref(), f.objectives(x.Value.Control)
	for _, y := range f.Performances {
		if v := y.Value; v.Control == x.Value.Control && v.To > x.Value.To && v.Outcome == soc1.PerformedClean && v.SignedOffOn() != "" && v.SignedOffOn() <= f.Today {
			m.Standing, m.Text = Performed, fmt.Sprintf("It was performed for %s to %s without exception and signed off on %s.", v.From, v.To, v.SignedOffOn())
			return m
		}
	}
	return m
}

func (f *Facts) ofRule(x soc1.AnsweredFinding, found *gap.Result) Matter {
	m := Matter{Key: x.Key(), Severity: gap.Medium, Subject: soc1.Ref{Kind: x.Kind, ID: x.Record}, Field: x.Field, Standing: Unknown, Text: x.Rule + " cannot be asked here."}
	rule, ok := gap.RuleOf(x.Rule)
	if !ok || found == nil {
		return m
	}
	m.Rule, m.Severity = rule, rule.Severity
	if x.Kind == "control" {
		m.Objectives = f.objectives(x.Record)
	}
	for i := range found.Findings {
		y := &found.Findings[i]
		if y.Rule == rule && y.Subject.Kind == x.Kind && y.Subject.ID == x.Record && y.Field == x.Field {
			m.Standing, m.Severity, m.Subject, m.Objectives, m.Text = Stands, y.Severity, y.Subject, y.Objectives, y.Text
			return m
		}
	}
	for _, r := range found.Ran {
		if r == rule {
			m.Standing, m.Text = Silent, fmt.Sprintf("%s has fallen silent about it.", rule.ID)
			return m
		}
	}
	switch {
	case rule.Given != gap.RecordsAlone:
		m.Text = rule.ID + " is asked when the plan is closed."
	case rule.Whose == gap.AuditorFile:
		m.Text = rule.ID + " reads the auditor’s file and cannot be asked here."
	}
	return m
}

func (f *Facts) ofException(id string) Matter {
	m := Matter{Key: "exception/" + id, Severity: gap.High, Subject: soc1.Ref{Kind: "exception", ID: id}, Text: "There is no such exception."}
	x, ok := record.Find(f.Exceptions, id)
	if !ok {
		return m
	}
	m.Subject = x.Ref()
	if x.Value.Status == soc1.Dismissed {
		m.Standing, m.Text = Dismissed, "The exception was dismissed."
	} else {
		m.Text = "No later test of the control is concluded effective."
	}
	t, ok := record.Find(f.Tests, x.Value.Test)
	if !ok {
		return m
	}
	m.Objectives = f.objectives(t.Value.Control)
	if m.Standing != Dismissed {
		f.retest(&m, t.Value.Control, t.ID)
	}
	return m
}

// retest looks for a later test of the control, free of exceptions that stand, after
// which the control was concluded to operate effectively.
func (f *Facts) retest(m *Matter, control, failed string) {
	before, ok := record.Find(f.Tests, failed)
	if !ok || before.Value.PerformedOn == "" {
		return
	}
	for _, t := range f.Tests {
		on := t.Value.PerformedOn
		if t.ID == failed || t.Value.Control != control || on == "" || on <= before.Value.PerformedOn || on > f.Today || f.failed(t.ID) {
			continue
		}
		for _, c := range f.Conclusion {
			v := c.Value
			if v.Subject == soc1.OnControl && v.SubjectID == control && v.Limb == soc1.ConcludeOperating && v.Engagement == t.Value.Engagement && v.Outcome == soc1.Effective && v.On >= on && v.On <= f.Today {
				m.Standing, m.Test = Retested, t.Ref()
				m.Text = fmt.Sprintf("Tested again on %s, and concluded effective on %s.", on, v.On)
				return
			}
		}
	}
}

// failed tells whether a test has an exception that was not dismissed.
func (f *Facts) failed(test string) bool {
	for _, x := range f.Exceptions {
		if x.Value.Test == test && x.Value.Status != soc1.Dismissed {
			return true
		}
	}
	return false
}

func (f *Facts) objectives(control string) []string {
	c, _ := record.Find(f.Controls, control)
	return c.Value.Objectives
}
