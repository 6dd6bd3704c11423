package app

import (
	"context"
	"fmt"
	"slices"

	"reperform/evaluation"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// PerformWanted is an occurrence of a control that waits to be performed or reviewed.
type PerformWanted struct {
	Control string              `json:"control"`
	For     overview.Occurrence `json:"for"`
	// By is the last day on which it is in time.
	By soc1.Date `json:"by"`
	// Open is how many occurrences of the control wait, this one included; it is the
	// oldest of them.
	Open int `json:"open"`
	// Returned says why the reviewer returned it, where that is why it waits.
	Returned string `json:"returned,omitempty"`
}

// task is an occurrence that is performed here and neither signed nor covered by
// evidence otherwise. Tasks are worked out and kept nowhere.
type task struct {
	control  record.Typed[soc1.Control]
	x        overview.Expectation
	open     int
	returned string
}

// lookback is how many days before the period of the report an occurrence can have
// ended and still be a task: the last one of a year is performed in the next, when
// another report is under way.
const lookback = 31

// tasksOf are the oldest tasks of each control, the number of them beside.
func (k *dueEvidence) tasksOf(ctx context.Context, v *record.View, r *overview.Records, q overview.Question, days evaluation.Window, today soc1.Date) ([]task, error) {
	if !slices.ContainsFunc(r.Controls, func(k record.Typed[soc1.Control]) bool { return k.Value.PerformedHere }) {
		return nil, nil
	}
	q.From, q.To = days.From.AddDays(-lookback), days.To
	wide := *r
	var err error
	if wide.Versions, err = k.wide.Of(ctx, v, "control", q.From, q.To); err != nil {
		return nil, err
	}
	due, err := wide.Due(q)
	if err != nil {
		return nil, err
	}
	signed := make(map[string]*soc1.Performance, len(r.Performances))
	for i := range r.Performances {
		signed[r.Performances[i].ID] = &r.Performances[i].Value
	}
	var out []task
	for i := range due.Lines {
		l := &due.Lines[i]
		if !l.Control.PerformedHere {
			continue
		}
		var t task
		for _, x := range due.Expectations(l.Ref.ID) {
			if !x.Here || len(x.Evidence) > 0 || !asked(x, today) {
				continue
			}
			p := signed[PerformanceID(l.Ref.ID, x.To)]
			if p != nil && p.From == x.From && p.Status != soc1.PerformanceReturned {
				continue
			}
			if t.open++; t.open > 1 {
				continue
			}
			t.x = x
			if p != nil && p.From == x.From {
				t.returned = p.Remark
			}
		}
		if t.open > 0 {
			if k, ok := record.Find(r.Controls, l.Ref.ID); ok {
				t.control = k
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// asked reports whether an occurrence is asked for: its days are over, or it is due
// within a week.
func asked(x overview.Expectation, today soc1.Date) bool {
	return x.To < today || x.From <= today && x.By <= today.AddDays(overview.Notice)
}

// tasks wait for whoever performs a control, from the end of each occurrence.
func (w *waiter) tasks(*record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || !w.may(identity.Read, "control") || !w.may(identity.Read, "performance") {
		return nil, nil
	}
	_, all, err := w.app.dueNow(w.ctx, w.today)
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for _, t := range all {
		k := t.control.Value
		of, mine := w.mine(performer(k), []string{t.control.ID})
		if !mine {
			continue
		}
		x := WaitingItem{For: WaitsPerform, Ref: w.ref(t.control.Record), Due: t.x.By, Overdue: t.x.Due, Since: t.x.To.AddDays(1), StandingIn: of,
			Perform: &PerformWanted{Control: t.control.ID, For: t.x.Occurrence, By: t.x.By, Open: t.open, Returned: t.returned}}
		if x.Since > w.today {
			x.Since = t.x.From
		}
		x.What = fmt.Sprintf("Perform control %s for %s", k.Code, t.x.Occurrence)
		switch {
		case t.returned != "":
			x.What += " again; it was returned: " + t.returned
		case t.open > 1:
			x.What += fmt.Sprintf("; it is the oldest of %d", t.open)
		}
		x.What += "."
		out = append(out, x)
	}
	return out, nil
}

// reviews of performances wait for the reviewer whom the control names, or else for
// whoever reviews in general.
func (w *waiter) reviews(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || !w.may(identity.Read, "performance") {
		return nil, nil
	}
	all, err := record.All[soc1.Performance](w.ctx, v, "performance")
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for _, p := range all {
		if p.Value.Status != soc1.PerformanceSigned {
			continue
		}
		k, err := record.One[soc1.Control](w.ctx, v, "control", p.Value.Control)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		of, mine := w.mine(k.Value.Reviewer, []string{k.ID})
		if k.Value.Reviewer == "" {
			mine = w.may(identity.PerformanceReview, "performance")
		}
		// Nobody reviews what is their own work.
		own := []string{p.Value.Performer, p.Value.PerformerFor}
		if !mine || k.Value.Segregated && (slices.Contains(own, w.actor) || of != "" && slices.Contains(own, of)) {
			continue
		}
		x := WaitingItem{For: WaitsLook, Ref: w.ref(p.Record), Due: max(p.Value.DueOn, p.Value.PerformedOn.AddDays(overview.Notice)), Since: p.Value.PerformedOn, StandingIn: of,
			What:    fmt.Sprintf("Review the performance of control %s for %s.", k.Value.Code, overview.Occurrence{From: p.Value.From, To: p.Value.To}),
			Perform: &PerformWanted{Control: k.ID, For: overview.Occurrence{From: p.Value.From, To: p.Value.To}, By: p.Value.DueOn}}
		out = append(out, x)
	}
	return out, nil
}
