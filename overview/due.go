package overview

import (
	"cmp"
	"fmt"
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Due says which evidence is expected of the controls in scope, and which is
// there: the one definition behind lists, matrix, inbox and mail. It follows
// from Organization, Engagements, Objectives, Controls, Versions and Evidence
// alone and is a pure function of them and of today's date.
type Due struct {
	Question Question
	// Period are the days asked about.
	Period evaluation.Window
	// Lines are the controls in scope, in the order of the report.
	Lines []DueLine

	cover *coverer
	place map[string]int
}

// DueLine is a control with what is expected of it.
type DueLine struct {
	Ref      soc1.Ref
	Control  soc1.Control
	Coverage Coverage
	Wanted   Wanted
}

// Wanted is the evidence that a control lacks next.
type Wanted struct {
	// For is the oldest occurrence that lacks evidence, or else the next one to
	// come. Where the frequency predicts none, it is the whole of the days on
	// which the control is in operation within the period.
	For Occurrence `json:"for"`
	// Due is the day from which the evidence is wanted, the day after For ends; of a
	// control that has business days after its period, the last of these days.
	// Empty where nothing is dated: the frequency predicts no number, or nothing
	// is left to come.
	Due soc1.Date `json:"due,omitempty"`
	// State is Late or Missing where evidence is owed, NotYetDue where it falls
	// due later or is wanted without a date, and Present where nothing is wanted.
	State State `json:"state"`
	// Here says that For is performed here, and so is a task and no evidence to file.
	Here bool `json:"performed_here,omitempty"`
}

// Wants reports whether anything is wanted at all.
func (w Wanted) Wants() bool { return w.State != Present }

// Notice is how many days before it is due evidence begins to be asked for.
const Notice = 7

// Asked reports whether people are asked for it on a day: it is owed, falls due
// within a week, or is wanted without a date.
func (w Wanted) Asked(today soc1.Date) bool {
	return w.Wants() && (w.Due == "" || w.Due <= today.AddDays(Notice))
}

// Due answers what evidence is due from the records. It fails when the
// engagement does not exist and when the day is no date.
func (r *Records) Due(q Question) (*Due, error) {
	e, err := r.engagement(q)
	if err != nil {
		return nil, err
	}
	d := &Due{Question: q, Period: q.Days(e.Value)}
	_, controls := r.scope(e.Value)
	d.cover = r.expect(d.Period, q.Today, controls)
	d.Lines = make([]DueLine, len(controls))
	d.place = make(map[string]int, len(controls))
	for at, c := range controls {
		l := &d.Lines[at]
		l.Ref, l.Control, l.Coverage = c.x.Ref(), c.x.Value, d.cover.of(at, c.x.Value)
		l.Wanted = d.cover.wanted(l.Control, l.Coverage)
		d.place[c.x.ID] = at
	}
	return d, nil
}

// Line finds the line of a control.
func (d *Due) Line(id string) (*DueLine, bool) {
	at, ok := d.place[id]
	if !ok {
		return nil, false
	}
	return &d.Lines[at], true
}

// Expectations are the occurrences of a control in the period, due or not, each
// with its evidence; none where its frequency predicts no number.
func (d *Due) Expectations(id string) []Expectation {
	at, ok := d.place[id]
	if !ok {
		return nil
	}
	return d.cover.expectations(at)
}

// wanted is what a control lacks next.
func (c *coverer) wanted(k soc1.Control, cov Coverage) Wanted {
	switch {
	case cov.Overdue() > 0:
		return Wanted{For: cov.Oldest, Due: wantedFrom(cov.Oldest, cov.OldestBy), State: c.state(true, false), Here: cov.OldestHere}
	case cov.Next.To != "":
		return Wanted{For: cov.Next, Due: wantedFrom(cov.Next, cov.NextBy), State: NotYetDue, Here: cov.NextHere}
	case cov.Counted || cov.Items > 0:
		return Wanted{State: Present}
	}
	days := evaluation.Window{From: latest(k.InOperationFrom, c.period.From), To: earliest(k.InOperationTo, c.period.To)}
	if days.From > days.To || days.From > c.today {
		return Wanted{State: Present}
	}
	return Wanted{For: days, State: NotYetDue}
}

// wantedFrom is the day from which evidence of an occurrence is wanted.
func wantedFrom(x Occurrence, by soc1.Date) soc1.Date {
	if by > x.To {
		return by
	}
	return x.To.AddDays(1)
}

// engagement finds the report in question.
func (r *Records) engagement(q Question) (record.Typed[soc1.Engagement], error) {
	var none record.Typed[soc1.Engagement]
	if !q.Today.Valid() {
		return none, fmt.Errorf("%q is not the date of today: write it as 2025-01-31", q.Today)
	}
	if q.Engagement == "" {
		return none, nil
	}
	e, ok := record.Find(r.Engagements, q.Engagement)
	if !ok {
		return none, fmt.Errorf("there is no engagement %q: record it, or ask about all", q.Engagement)
	}
	return e, nil
}

// Of lists the lines of controls that a person owns or performs, the most urgent
// first.
func (d *Due) Of(person string) []*DueLine {
	var out []*DueLine
	for i := range d.Lines {
		if l := &d.Lines[i]; person != "" && (l.Control.Owner == person || l.Control.Performer == person) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b *DueLine) int { return cmp.Compare(undatedLast(a.Wanted.Due), undatedLast(b.Wanted.Due)) })
	return out
}
