package overview

import (
	"cmp"
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Question says what the numbers are about.
type Question struct {
	// Engagement is the report in question; empty asks for all objectives and
	// controls, and takes the period from From and To.
	Engagement string
	// From and To are the first and the last day asked about; empty takes the
	// engagement's. For a Type I report, whose period is one day, evidence is
	// counted on the twelve months that end with it unless they are given.
	From, To soc1.Date
	// Today is the day on which the question is asked.
	Today soc1.Date
}

// Ask is the question of somebody who names no engagement: about the one that
// ends last of those that have begun; where none has begun, about the one that
// ends first; and where there is none, about this calendar year.
func Ask(engagements []record.Typed[soc1.Engagement], today soc1.Date) Question {
	q := Question{Today: today}
	var chosen *record.Typed[soc1.Engagement]
	for i := range engagements {
		e := &engagements[i]
		begun := e.Value.Start() <= today
		switch {
		case chosen == nil, begun && chosen.Value.Start() > today:
			chosen = e
		case begun != (chosen.Value.Start() <= today):
		case begun && later(e, chosen), !begun && later(chosen, e):
			chosen = e
		}
	}
	if chosen == nil {
		year := today.Year()
		q.From, q.To = soc1.NewDate(year, 1, 1), soc1.NewDate(year, 12, 31)
		return q
	}
	q.Engagement = chosen.ID
	return q
}

// later reports whether an engagement comes before another in a list of the
// latest first.
func later(a, b *record.Typed[soc1.Engagement]) bool {
	return cmp.Or(-cmp.Compare(a.Value.End(), b.Value.End()), cmp.Compare(a.ID, b.ID)) < 0
}

// Days are the days that the question asks about, of an engagement.
func (q Question) Days(e soc1.Engagement) evaluation.Window {
	w := evaluation.Window{From: cmp.Or(q.From, e.Start()), To: cmp.Or(q.To, e.End())}
	if e.Type == soc1.Type1 && q.From == "" {
		w.From = w.To.AddMonths(-12).AddDays(1)
	}
	return w
}

// scoped is a control in scope: the place of its first objective, and of all.
type scoped struct {
	x     *record.Typed[soc1.Control]
	first int
	all   []int
}

// scope orders the objectives of an engagement and their controls; a control in
// several objectives stands at the first. Controls at entity level come last,
// under an objective without an id.
func (r *Records) scope(e soc1.Engagement) (objectives []ObjectiveLine, controls []scoped) {
	for i := range r.Objectives {
		x := &r.Objectives[i]
		if x.Value.Omitted() || len(e.Objectives) > 0 && !slices.Contains(e.Objectives, x.ID) {
			continue
		}
		objectives = append(objectives, ObjectiveLine{Ref: x.Ref(), Objective: x.Value})
	}
	slices.SortStableFunc(objectives, func(a, b ObjectiveLine) int {
		return cmp.Or(cmp.Compare(a.Objective.Order, b.Objective.Order), cmp.Compare(a.Objective.Code, b.Objective.Code), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	at := make(map[string]int, len(objectives))
	for i := range objectives {
		at[objectives[i].Ref.ID] = i
	}
	entity := len(objectives)
	controls = make([]scoped, 0, len(r.Controls))
	for i := range r.Controls {
		x := &r.Controls[i]
		c := scoped{x: x, first: entity}
		for _, id := range x.Value.Objectives {
			if n, ok := at[id]; ok && !slices.Contains(c.all, n) {
				c.all = append(c.all, n)
				c.first = min(c.first, n)
			}
		}
		if len(c.all) == 0 && !x.Value.EntityLevel() {
			continue
		}
		if c.first == entity {
			if len(objectives) == entity {
				objectives = append(objectives, ObjectiveLine{})
			}
			c.all = []int{entity}
		}
		controls = append(controls, c)
	}
	slices.SortStableFunc(controls, func(a, b scoped) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.x.Value.Order, b.x.Value.Order), cmp.Compare(a.x.Value.Code, b.x.Value.Code), cmp.Compare(a.x.ID, b.x.ID))
	})
	return objectives, controls
}
