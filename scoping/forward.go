package scoping

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// Compared are the kinds that are compared from report to report, in the order in which
// that is told: those of a scope, and what hangs on its objectives.
var Compared = []string{"service", "transaction_class", "account", "assertion_relevance", "control_objective", "control", "risk", "cuec", "system", "subservice_organization", "csoc", "location", "legal_entity", "user_entity"}

// Side is what one report speaks of, on a day.
type Side struct {
	Engagement record.Typed[soc1.Engagement]
	// On is the day of which it is told: the report's last, or an earlier one where that
	// is still to come.
	On soc1.Date

	items map[[2]string]record.Record
}

// Len is how many records of a kind the report speaks of.
func (s *Side) Len(kind string) int {
	n := 0
	for k := range s.items {
		if k[0] == kind {
			n++
		}
	}
	return n
}

// ReadSide takes what a report speaks of from a view, which stands on the day.
func ReadSide(ctx context.Context, v *record.View, engagement record.Typed[soc1.Engagement], on soc1.Date) (*Side, error) {
	r, err := Read(ctx, v, "")
	if err != nil {
		return nil, err
	}
	r.Engagement = engagement
	s := Map(r)
	out := &Side{Engagement: engagement, On: on, items: map[[2]string]record.Record{}}
	for _, x := range s.Frozen() {
		if x.Kind != "engagement" {
			out.items[[2]string{x.Kind, x.ID}] = x
		}
	}
	serves := func(objectives []string) bool {
		return slices.ContainsFunc(objectives, func(id string) bool {
			_, ok := out.items[[2]string{"control_objective", id}]
			return ok
		})
	}
	for _, c := range r.Controls {
		if c.Value.EntityLevel() || serves(c.Value.Objectives) {
			out.items[[2]string{"control", c.ID}] = c.Record
		}
	}
	for _, c := range r.CSOCs {
		if _, ok := out.items[[2]string{"subservice_organization", c.Value.SubserviceOrganization}]; ok {
			out.items[[2]string{"csoc", c.ID}] = c.Record
		}
	}
	for _, u := range r.Users {
		if len(engagement.Value.Services) == 0 || len(u.Value.Services) == 0 || uses(u.Value.Services, engagement.Value.Services) {
			out.items[[2]string{"user_entity", u.ID}] = u.Record
		}
	}
	risks, err := record.All[soc1.Risk](ctx, v, "risk")
	if err != nil {
		return nil, err
	}
	for _, x := range risks {
		if serves(x.Value.Objectives) {
			out.items[[2]string{"risk", x.ID}] = x.Record
		}
	}
	cuecs, err := record.All[soc1.CUEC](ctx, v, "cuec")
	if err != nil {
		return nil, err
	}
	for _, x := range cuecs {
		if serves(x.Value.Objectives) {
			out.items[[2]string{"cuec", x.ID}] = x.Record
		}
	}
	return out, nil
}

// Difference is what became of one record from one report to another.
type Difference struct {
	What ChangeKind
	// Ref is the record as the later report sees it, or as the earlier did where it left;
	// Was is its revision as the earlier one saw it, zero for what was added.
	Ref soc1.Ref
	Was int64
	// Name is how the record is called.
	Name string
	// Fields are those that differ, each with both its texts.
	Fields []FieldDifference
}

// Arrangement are the fields of a control that say how it is performed and tested here: who
// does it, by when and by which list. A description tells none of it, so that a change of
// these is no change of the control from report to report. Whose the control is, what it
// says and how often it operates is.
var Arrangement = []string{"performer", "reviewer", "calendar", "due_business_days", "performed_here", "checklist", "balances",
	"population_hint", "expected_attributes", "suggested_test", "order"}

// arrangedApart takes the arrangement of a control out of a difference, and gives it as
// one of its own.
func arrangedApart(d Difference) (rest, arranged Difference) {
	rest, arranged = d, d
	rest.Fields, arranged.Fields, arranged.What = nil, nil, Arranged
	for _, f := range d.Fields {
		if d.Ref.Kind == "control" && slices.Contains(Arrangement, f.Name) {
			arranged.Fields = append(arranged.Fields, f)
		} else {
			rest.Fields = append(rest.Fields, f)
		}
	}
	return rest, arranged
}

// FieldDifference is a field in which a record differs.
type FieldDifference struct {
	// Name is the stored name of the field.
	Name string
	// Before and After are its values as JSON has them; empty where it is not given.
	Before, After json.RawMessage
}

// Compare tells what came, went and changed from one report to another, in the order of
// kinds and by name; after the controls, which of them are performed in another way.
func Compare(before, after *Side) []Difference {
	var out []Difference
	for key, now := range after.items {
		d := Difference{What: Added, Ref: now.Ref(), Name: record.HeadingOf(now).String()}
		if was, ok := before.items[key]; ok {
			if was.Revision == now.Revision {
				continue
			}
			d.What, d.Was, d.Fields = Changed, was.Revision, fieldsOf(was.Body, now.Body)
			rest, arranged := arrangedApart(d)
			if len(arranged.Fields) > 0 {
				out = append(out, arranged)
			}
			if d = rest; len(d.Fields) == 0 {
				continue
			}
		}
		out = append(out, d)
	}
	for key, was := range before.items {
		if _, ok := after.items[key]; !ok {
			out = append(out, Difference{What: Removed, Ref: was.Ref(), Was: was.Revision, Name: record.HeadingOf(was).String()})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int {
		arranged := func(d Difference) int {
			if d.What == Arranged {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(slices.Index(Compared, a.Ref.Kind), slices.Index(Compared, b.Ref.Kind)), arranged(a)-arranged(b), strings.Compare(a.Name, b.Name), strings.Compare(a.Ref.ID, b.Ref.ID))
	})
	return out
}

func fieldsOf(a, b json.RawMessage) []FieldDifference {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return nil
	}
	var out []FieldDifference
	for _, name := range Differing(a, b) {
		out = append(out, FieldDifference{name, x[name], y[name]})
	}
	return out
}

// Between is how many days lie between two reports: 0 where the later begins on the day
// after the earlier ended, negative where they overlap.
func Between(before, after soc1.Engagement) int {
	return before.End().DaysUntil(after.Start()) - 1
}
