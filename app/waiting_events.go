package app

import (
	"errors"
	"fmt"

	"reperform/events"
	"reperform/identity"
	"reperform/record"
)

// happenings wait for whoever assesses them, and, once a period is over or a report
// is dated, for the word of everybody asked that they know of nothing else.
func (w *waiter) happenings(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger}) != nil {
		return nil, nil
	}
	reg, err := registerOf(w.ctx, v, "", w.today)
	if err != nil {
		var none *FieldError
		if errors.As(err, &none) {
			return nil, nil
		}
		return nil, err
	}
	var out []WaitingItem
	if w.may(identity.EventAssess, "event_assessment") {
		for i := range reg.Lines {
			l := &reg.Lines[i]
			x := WaitingItem{For: WaitsAssessment, Ref: w.ref(l.Record), Since: l.Value.Known()}
			switch l.State {
			case events.Unassessed:
				x.What = fmt.Sprintf("Assess %q: what it means for the report.", l.Value.Title)
			case events.Outdated:
				x.What = fmt.Sprintf("Assess %q again: it was changed since.", l.Value.Title)
			default:
				continue
			}
			out = append(out, x)
		}
	}
	for _, word := range reg.Lagging() {
		if word.Person.ID != w.actor || w.app.MayConfirmEvents(w.ctx, w.actor) != nil {
			continue
		}
		out = append(out, WaitingItem{For: WaitsWord, Ref: w.ref(reg.Engagement.Record), Since: reg.Wanted().AddDays(1),
			What: fmt.Sprintf("Confirm that you know of nothing else that happened up to %s.", reg.Wanted())})
	}
	return out, nil
}
