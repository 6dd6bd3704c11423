package app

import (
	"fmt"
	"slices"

	"reperform/english"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
)

// courses wait for everybody who is asked to take one, until they have passed, and
// again before a pass runs out. Who keeps a course is told of those who are overdue.
func (w *waiter) courses(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger}) != nil {
		return nil, nil
	}
	f, err := trainingOf(w.ctx, v, w.today)
	if err != nil || len(f.Courses) == 0 {
		return nil, err
	}
	keeps := slices.ContainsFunc(f.Courses, func(c record.Typed[soc1.Course]) bool { return c.Value.Owner == w.actor })
	if !keeps {
		// Of everybody else nothing is asked.
		f.People = slices.DeleteFunc(f.People, func(p record.Typed[soc1.Person]) bool { return p.ID != w.actor })
	}
	r := training.Of(f)
	var out []WaitingItem
	if w.app.MayTakeCourses(w.ctx, w.actor) == nil {
		for _, l := range r.Of(w.actor) {
			x := WaitingItem{For: WaitsCourse, Ref: w.ref(l.Course.Record), Due: l.Due, Since: l.Assignment.Value.AssignedOn, What: fmt.Sprintf("Take the course %q.", l.Course.Value.Title)}
			switch {
			case l.Soon(w.today):
				x.Due, x.Since = l.Until, l.Until.AddDays(-training.Notice)
				x.What = fmt.Sprintf("Take the course %q again: your pass counts until %s.", l.Course.Value.Title, l.Until)
			case l.State == training.Passed:
				continue
			case l.State == training.Expired:
				x.Since = ""
				x.What = fmt.Sprintf("Take the course %q again.", l.Course.Value.Title)
			}
			out = append(out, x)
		}
	}
	for _, c := range r.Courses {
		if c.Value.Owner != w.actor {
			continue
		}
		if late := (training.Tally{Lines: c.Lines}).Late(); len(late) > 0 {
			out = append(out, WaitingItem{For: WaitsLateCourses, Ref: w.ref(c.Record), Since: late[0].Due,
				What: fmt.Sprintf("%s overdue for the course %q.", english.Are(len(late), "person"), c.Value.Title)})
		}
	}
	return out, nil
}
