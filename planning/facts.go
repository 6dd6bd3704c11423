package planning

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Facts are the records that a plan follows from.
type Facts struct {
	// Engagement, Objectives, Controls and Risks are the organization's, as they are now.
	Engagement record.Typed[soc1.Engagement]
	Objectives []record.Typed[soc1.ControlObjective]
	Controls   []record.Typed[soc1.Control]
	Risks      []record.Typed[soc1.Risk]
	// Versions are the versions of controls in force in the period, in order of effect.
	Versions []record.Version
	// The rest lies in the examination's ledger.
	Tests         []record.Typed[soc1.TestOfControl]
	Attributes    []record.Typed[soc1.Attribute]
	Populations   []record.Typed[soc1.Population]
	Acceptances   []record.Typed[soc1.Acceptance]
	Confirmations []record.Typed[soc1.IndependenceConfirmation]
	Materialities []record.Typed[soc1.Materiality]
	Timetables    []record.Typed[soc1.Timetable]
	Profiles      []record.Typed[soc1.MethodProfile]
	Approvals     []record.Typed[soc1.PlanApproval]
	Team          []record.Typed[soc1.Person]
	// Prior is last year's examination; nil where the actor reads none.
	Prior *Prior
	// RecordedBy tells who recorded an entry of the examination's ledger.
	RecordedBy func(pos int64) (string, error)
}

// Prior is an earlier examination of the same organization.
type Prior struct {
	Ledger     string
	Engagement record.Typed[soc1.Engagement]
	Tests      []record.Typed[soc1.TestOfControl]
	Attributes []record.Typed[soc1.Attribute]
	// Controls are the organization's as they were at the end of its period.
	Controls []record.Typed[soc1.Control]
}

// latest is the record recorded last of those that are of the engagement.
func latest[T any](list []record.Typed[T], engagement string, of func(T) string) *record.Typed[T] {
	var out *record.Typed[T]
	for i := range list {
		if x := &list[i]; (of == nil || of(x.Value) == engagement) && (out == nil || record.Later(*x, *out) > 0) {
			out = x
		}
	}
	return out
}

// objectives are those of the engagement in the order of the report.
func (f *Facts) objectives() []record.Typed[soc1.ControlObjective] {
	chosen := f.Engagement.Value.Objectives
	var out []record.Typed[soc1.ControlObjective]
	for _, o := range f.Objectives {
		if !o.Value.Omitted() && (len(chosen) == 0 || slices.Contains(chosen, o.ID)) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b record.Typed[soc1.ControlObjective]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// attributesOf are the attributes of a test in the order of its grid.
func attributesOf(all []record.Typed[soc1.Attribute], t record.Typed[soc1.TestOfControl]) []record.Typed[soc1.Attribute] {
	var out []record.Typed[soc1.Attribute]
	for _, a := range all {
		if len(t.Value.Attributes) == 0 && a.Value.Test == t.ID || slices.Contains(t.Value.Attributes, a.ID) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b record.Typed[soc1.Attribute]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code))
	})
	return out
}
