package readiness

import (
	"slices"

	"reperform/gap"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// Standing is how far an objective is.
type Standing int

// The standings of an objective, the worst last.
const (
	// Ready: its controls are tested and effective, no evidence is owed, and no
	// rule finds anything critical or high about it.
	Ready Standing = iota
	// Open: something is still to be done, and nothing speaks against it.
	Open
	// AtRisk: a rule finds something critical about it, a control of it has an
	// exception or is not effective, or it has no control.
	AtRisk
)

// Label is the word a person reads.
func (s Standing) Label() string { return [...]string{"Ready", "Open work", "At risk"}[s] }

// Objective is where one objective stands.
type Objective struct {
	Ref         soc1.Ref
	Code, Title string
	Standing    Standing
	// Why says in a few words what the standing rests on; empty where it is ready.
	Why []string
	// Effective of Controls are tested and effective; Exceptions have an exception
	// that stands.
	Controls, Effective, Exceptions int
	// Covered of Expected occurrences before today have evidence.
	Covered, Expected int
	// Found are the open findings that bear on it by name, by severity as
	// gap.Severities lists them; those about the report as a whole are not among them.
	Found [3]int
}

// Assessment is everything that is said of a program's readiness.
type Assessment struct {
	// Today is the day of the question, Engagement the report in question; its ID is
	// empty while none is planned.
	Today      soc1.Date
	Engagement record.Typed[soc1.Engagement]
	Period     struct{ From, To soc1.Date }
	// By is whose tests count.
	By         soc1.Party
	Score      overview.Readiness
	Objectives []Objective
	Matters    []Matter
	// Found are the open findings by severity; Accepted those that somebody accepted.
	Found    [3]int
	Accepted int
	// Rules is how many rules were run.
	Rules int
	// Said are what people say who assessed the program for this engagement, the
	// latest first.
	Said []record.Typed[soc1.ReadinessAssessment]
}

// Of puts together what an overview counts and what the rules find for the same
// question. said are all readiness assessments; those of other engagements are left
// out.
func Of(o *overview.Overview, found *gap.Result, said []record.Typed[soc1.ReadinessAssessment]) *Assessment {
	counted := *o
	rules := found.Component()
	counted.Rules = &rules
	a := &Assessment{Today: o.Question.Today, Engagement: o.Engagement, By: o.By, Score: counted.Readiness(), Rules: len(found.Ran)}
	a.Period.From, a.Period.To = o.Period.From, o.Period.To
	bearing := map[string][3]int{}
	for i := range found.Findings {
		f := &found.Findings[i]
		if f.Accepted != nil {
			a.Accepted++
			continue
		}
		at := slices.Index(gap.Severities, f.Severity)
		a.Found[at]++
		for _, id := range f.Objectives {
			n := bearing[id]
			n[at]++
			bearing[id] = n
		}
	}
	for i := range o.Objectives {
		if l := &o.Objectives[i]; !l.EntityLevel() {
			a.Objectives = append(a.Objectives, objective(o, l, bearing[l.Ref.ID]))
		}
	}
	a.Matters = matters(o, found)
	for _, s := range said {
		if o.Engagement.ID == "" || s.Value.Engagement == o.Engagement.ID {
			a.Said = append(a.Said, s)
		}
	}
	slices.SortStableFunc(a.Said, func(x, y record.Typed[soc1.ReadinessAssessment]) int {
		return compareDays(lastDay(y.Value), lastDay(x.Value))
	})
	return a
}

func lastDay(a soc1.ReadinessAssessment) soc1.Date {
	for _, d := range []soc1.Date{a.FinishedOn, a.To, a.From} {
		if d != "" {
			return d
		}
	}
	return ""
}

func compareDays(a, b soc1.Date) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func objective(o *overview.Overview, l *overview.ObjectiveLine, found [3]int) Objective {
	x := Objective{Ref: l.Ref, Code: l.Objective.Code, Title: l.Objective.Title, Found: found, Controls: len(l.Controls)}
	for _, i := range l.Controls {
		c := &o.Controls[i]
		x.Covered += c.Evidence.Covered
		x.Expected += c.Evidence.Expected
		switch c.Status {
		case overview.Effective:
			x.Effective++
		case overview.Exception:
			x.Exceptions++
		}
	}
	x.weigh()
	return x
}

// weigh says where the objective stands and why.
func (x *Objective) weigh() {
	owed, untested := x.Expected-x.Covered, x.Controls-x.Effective-x.Exceptions
	for _, w := range []struct {
		n         int
		one, many string
		to        Standing
	}{
		{x.Found[0], "critical finding", "critical findings", AtRisk},
		{x.Exceptions, "control with an exception", "controls with an exception", AtRisk},
		{x.Found[1], "high finding", "high findings", Open},
		{owed, "occurrence without evidence", "occurrences without evidence", Open},
		{untested, "control not tested", "controls not tested", Open},
	} {
		if w.n > 0 {
			x.Standing = max(x.Standing, w.to)
			x.Why = append(x.Why, counted(w.n, w.one, w.many))
		}
	}
	if x.Controls == 0 {
		x.Standing, x.Why = AtRisk, append([]string{"no control"}, x.Why...)
	}
}

// Count is the number of objectives of a standing.
func (a *Assessment) Count(s Standing) int {
	n := 0
	for i := range a.Objectives {
		if a.Objectives[i].Standing == s {
			n++
		}
	}
	return n
}
