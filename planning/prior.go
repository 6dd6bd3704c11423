package planning

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// PriorKey is how a test of last year is named among what can be taken over.
const PriorKey = "prior."

// Earlier is a test of last year beside this year's control.
type Earlier struct {
	Test record.Typed[soc1.TestOfControl]
	// Changed is what is otherwise of the control.
	Changed []Difference
	// Differs is what this year's proposal has otherwise than the test.
	Differs []Difference
	// Again is the test as it would be planned this year.
	Again Proposal
}

// earlier sets last year's tests beside a control: those of the same record, or of the
// same code where the record is another.
func (f *Facts) earlier(l *Line) {
	if f.Prior == nil {
		return
	}
	now := l.Control.Value
	for _, t := range f.Prior.Tests {
		then, found := record.Find(f.Prior.Controls, t.Value.Control)
		if t.Value.Control != l.Control.ID && (!found || then.Value.Code != now.Code) {
			continue
		}
		e := Earlier{Test: t}
		if found {
			e.Changed = changed(then.Value, now)
		}
		again := t.Value
		again.By, again.Engagement, again.Control, again.ControlRevision = soc1.ByAuditor, f.Engagement.ID, l.Control.ID, 0
		again.WindowFrom, again.WindowTo = f.Engagement.Value.Start(), f.Engagement.Value.End()
		again.Population, again.Joins, again.Attributes = "", nil, nil
		again.PerformedBy, again.PerformedOn, again.Reviewer, again.ReviewedOn, again.NoOccurrence = "", "", "", "", ""
		e.Again = Proposal{Key: PriorKey + t.ID, Test: again, Reasons: []Reason{{"As tested last year.", f.Prior.Ledger + ", test " + t.Value.Code}}}
		if again.Method == soc1.DidNotOperate {
			e.Again.Problem = "That a control did not operate is shown anew each year."
		}
		for _, a := range attributesOf(f.Prior.Attributes, t) {
			v := a.Value
			v.Test = ""
			e.Again.Attributes = append(e.Again.Attributes, v)
		}
		if len(l.Proposals) > 0 {
			x := l.Proposals[0]
			e.Differs = differences(x.Test, x.asked(), again, len(e.Again.Attributes), again.WindowFrom, again.WindowTo)
		}
		if slices.ContainsFunc(l.Proposals, func(x Proposal) bool { return x.Planned != nil }) || len(l.Others) > 0 {
			e.Again.Problem = "A test of the control is planned already."
		}
		l.Earlier = append(l.Earlier, e)
	}
	slices.SortStableFunc(l.Earlier, func(a, b Earlier) int { return cmp.Compare(a.Test.Value.Code, b.Test.Value.Code) })
}

// changed is what of a control is otherwise than it was, as far as a test would tell;
// Proposed is as it is now, Planned as it was.
func changed(then, now soc1.Control) []Difference {
	var out []Difference
	for _, x := range []struct{ what, now, then string }{
		{"Statement", now.Statement(), then.Statement()}, {"Nature", now.Nature.Label(), then.Nature.Label()}, {"Type", now.Type.Label(), then.Type.Label()},
		{"Frequency", now.Frequency.Label(), then.Frequency.Label()}, {"Precision", now.Precision, then.Precision}, {"Code", now.Code, then.Code},
	} {
		if x.now != x.then {
			out = append(out, Difference{What: x.what, Proposed: x.now, Planned: x.then})
		}
	}
	return out
}

// Find is the proposal of a key, of this year's or of last year's; nil without one.
func (p *Plan) Find(key string) *Proposal {
	for _, l := range p.Lines() {
		for i := range l.Proposals {
			if l.Proposals[i].Key == key {
				return &l.Proposals[i]
			}
		}
		for i := range l.Earlier {
			if l.Earlier[i].Again.Key == key {
				return &l.Earlier[i].Again
			}
		}
	}
	return nil
}
