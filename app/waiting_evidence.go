package app

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// EvidenceWanted is the evidence that a control lacks next.
type EvidenceWanted struct {
	overview.Wanted
	// Owed of Expected occurrences that are due lack evidence.
	Owed     int `json:"owed"`
	Expected int `json:"expected"`
	// Owner says that the person owns the control; otherwise they perform it, or
	// stand in for its owner.
	Owner bool `json:"owner"`
}

// evidence waits for the owners and performers of controls, from a week before
// it is due: by the one definition of overview, which pages and matrix read too.
func (w *waiter) evidence(*record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || !w.may(identity.Read, "control") || !w.may(identity.Read, "evidence") {
		return nil, nil
	}
	due, err := w.app.evidenceDue(w.ctx, w.today)
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for i := range due.Lines {
		l := &due.Lines[i]
		of, mine := w.mine(l.Control.Owner, []string{l.Ref.ID})
		if !mine && l.Control.Performer == w.actor {
			mine = w.actor != ""
		}
		// What is performed here is a task, see tasks.
		if !mine || l.Wanted.Here || !l.Wanted.Asked(w.today) {
			continue
		}
		x := WaitingItem{For: WaitsEvidence, Ref: l.Ref, Due: l.Wanted.Due, Overdue: l.Wanted.State.Owed(), StandingIn: of,
			Evidence: &EvidenceWanted{Wanted: l.Wanted, Owed: l.Coverage.Overdue(), Expected: l.Coverage.Expected, Owner: l.Control.Owner == w.actor}}
		x.Ref.Revision = 0
		if l.Wanted.Due == "" {
			x.Since = l.Wanted.For.From
		}
		x.What = x.Evidence.words(l.Control.Code)
		out = append(out, x)
	}
	return out, nil
}

// words ask for the evidence of a control.
func (e *EvidenceWanted) words(code string) string {
	days := fmt.Sprintf("from %s to %s", e.For.From, e.For.To)
	if e.For.From == e.For.To {
		days = "on " + string(e.For.From)
	}
	s := fmt.Sprintf("Provide evidence that control %s operated %s", code, days)
	if e.Owed > 1 {
		s += fmt.Sprintf("; it is the oldest of %d occurrences without", e.Owed)
	}
	return s + "."
}

// dueKinds are the kinds that evidence which is due follows from.
var dueKinds = []string{"organization", "business_calendar", "location", "engagement", "control_objective", "control", "evidence", "performance"}

// dueEvidence keeps which evidence is due until a record changes that it rests
// on, or the day does.
type dueEvidence struct {
	mu       sync.Mutex
	today    soc1.Date
	lists    []*record.List
	versions record.Versions
	due      *overview.Due
	// tasks are the occurrences that are performed here and not signed.
	tasks []task
	wide  record.Versions
}

// evidenceDue is which evidence of management's is due on a day.
func (a *App) evidenceDue(ctx context.Context, today soc1.Date) (*overview.Due, error) {
	due, _, err := a.dueNow(ctx, today)
	return due, err
}

// dueNow is that, with the tasks of what is performed here.
func (a *App) dueNow(ctx context.Context, today soc1.Date) (*overview.Due, []task, error) {
	v, err := a.present(ctx, OrganizationLedger, "")
	if err != nil {
		return nil, nil, err
	}
	var lists []*record.List
	for _, kind := range dueKinds {
		l, err := v.Rows(ctx, kind)
		if err != nil {
			return nil, nil, err
		}
		lists = append(lists, l)
	}
	k := &a.due
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.due != nil && k.today == today && slices.Equal(k.lists, lists) {
		return k.due, k.tasks, nil
	}
	r := overview.Records{By: soc1.ByManagement, Ledger: OrganizationLedger}
	l := listing{ctx: ctx, view: v}
	r.Organization = listed[soc1.Organization](&l, "organization")
	r.Calendars = listed[soc1.BusinessCalendar](&l, "business_calendar")
	r.Locations = listed[soc1.Location](&l, "location")
	r.Performances = listed[soc1.Performance](&l, "performance")
	r.Engagements = listed[soc1.Engagement](&l, "engagement")
	r.Objectives = listed[soc1.ControlObjective](&l, "control_objective")
	r.Controls = listed[soc1.Control](&l, "control")
	r.Evidence = listed[soc1.Evidence](&l, "evidence")
	if l.err != nil {
		return nil, nil, l.err
	}
	q := overview.Ask(r.Engagements, today)
	e, _ := record.Find(r.Engagements, q.Engagement)
	days := q.Days(e.Value)
	if r.Versions, err = k.versions.Of(ctx, v, "control", days.From, days.To); err != nil {
		return nil, nil, err
	}
	due, err := r.Due(q)
	if err != nil {
		return nil, nil, err
	}
	tasks, err := k.tasksOf(ctx, v, &r, q, days, today)
	if err != nil {
		return nil, nil, err
	}
	k.today, k.lists, k.due, k.tasks = today, lists, due, tasks
	return due, k.tasks, nil
}

// forget lets go of what was read.
func (k *dueEvidence) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lists, k.due, k.tasks, k.versions, k.wide = nil, nil, nil, record.Versions{}, record.Versions{}
}

// listing reads lists from a view and keeps the first error.
type listing struct {
	ctx  context.Context
	view *record.View
	err  error
}

func listed[T any](l *listing, kind string) []record.Typed[T] {
	if l.err != nil {
		return nil
	}
	var out []record.Typed[T]
	out, l.err = record.All[T](l.ctx, l.view, kind)
	return out
}
