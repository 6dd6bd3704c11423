package overview

import (
	"slices"

	"reperform/soc1"
)

// TestLine is one test of the side, as far as it has come.
type TestLine struct {
	Ref soc1.Ref
	// Control is the place of the control tested.
	Control int
	// Looked says that something was found out: the test was performed, run, or
	// has results. A sample alone is drawn, not looked at.
	Looked bool
}

// Tests lists the tests of the controls in scope, in the order of the controls.
func (o *Overview) Tests() []TestLine {
	var out []TestLine
	for at := range o.testing.by {
		for _, ref := range o.testing.by[at].tests {
			out = append(out, TestLine{Ref: ref, Control: at, Looked: o.testing.looked[testKey{ref.Ledger, ref.ID}]})
		}
	}
	return out
}

// Unconcluded are the controls of objectives on which the conclusion that the
// report asks for is not entered, and the objectives likewise. Of a control that
// is tested by showing that it had no occasion to operate, design is asked.
func (o *Overview) Unconcluded() (controls, objectives []soc1.Ref) {
	type1 := o.Engagement.Value.Type == soc1.Type1
	for at := range o.Controls {
		line := &o.Controls[at]
		s := &o.testing.by[at]
		if line.Control.EntityLevel() || len(s.unfavorable) > 0 {
			continue
		}
		done := s.operating
		if type1 || s.idle && len(s.tests) > 0 {
			done = s.design
		}
		if !done {
			controls = append(controls, line.Ref)
		}
	}
	limb := soc1.ConcludeOperating
	if type1 {
		limb = soc1.ConcludeDesign
	}
	for i := range o.Objectives {
		line := &o.Objectives[i]
		if line.EntityLevel() {
			continue
		}
		if !slices.ContainsFunc(o.records.Conclusions, func(c typedConclusion) bool {
			return c.Ledger == o.records.Ledger && c.Value.Subject == soc1.OnObjective && c.Value.SubjectID == line.Ref.ID && c.Value.Limb == limb &&
				(o.Question.Engagement == "" || c.Value.Engagement == o.Question.Engagement) && c.Value.On <= o.Question.Today
		}) {
			objectives = append(objectives, line.Ref)
		}
	}
	return controls, objectives
}
