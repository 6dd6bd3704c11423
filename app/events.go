package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/events"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// EventOptions say which report asks what happened.
type EventOptions struct {
	// Engagement is the report; empty is the one that is under way or ended last.
	Engagement string
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
}

// Events is what happened, as a report sees it. It is refused to whoever does not read
// all of the organization's ledger: a part of it would say that less happened.
func (a *App) Events(ctx context.Context, actor string, opt EventOptions) (*events.Register, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	if opt.AsOf.Effective != "" && opt.AsOf.Effective < today {
		today = opt.AsOf.Effective
	}
	return registerOf(ctx, v, opt.Engagement, today)
}

// registerOf makes the register of a view.
func registerOf(ctx context.Context, v *record.View, engagement string, today soc1.Date) (*events.Register, error) {
	engagements, err := record.All[soc1.Engagement](ctx, v, "engagement")
	if err != nil {
		return nil, err
	}
	id, err := engagementOf(engagements, OrganizationLedger, engagement, today)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(engagements, func(e record.Typed[soc1.Engagement]) bool { return e.ID == id })
	if at < 0 {
		return nil, &FieldError{"engagement", "What happened is asked for a report, and none is planned. Record an engagement first.", "reperform kinds engagement"}
	}
	f := &events.Facts{Engagement: engagements[at], Today: today, Exists: func(ref soc1.Ref) bool {
		x, err := v.Get(ctx, ref.Kind, ref.ID)
		return err == nil && !x.Retired
	}}
	var errs [7]error
	f.Events, errs[0] = record.All[soc1.Event](ctx, v, "event")
	f.Assessments, errs[1] = record.All[soc1.EventAssessment](ctx, v, "event_assessment")
	f.Confirmations, errs[2] = record.All[soc1.EventConfirmation](ctx, v, "event_confirmation")
	f.Letters, errs[3] = record.All[soc1.RepresentationLetter](ctx, v, "representation_letter")
	f.Controls, errs[4] = record.All[soc1.Control](ctx, v, "control")
	f.Objectives, errs[5] = record.All[soc1.ControlObjective](ctx, v, "control_objective")
	f.People, errs[6] = record.All[soc1.Person](ctx, v, "person")
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	// What was decided later than the day in question had not been decided on it.
	f.Assessments = slices.DeleteFunc(f.Assessments, func(x record.Typed[soc1.EventAssessment]) bool { return x.Value.AssessedOn > today })
	f.Confirmations = slices.DeleteFunc(f.Confirmations, func(x record.Typed[soc1.EventConfirmation]) bool { return x.Value.On > today })
	return events.Of(f), nil
}

// MayAssessEvents tells whether the actor may assess events; the error says who may.
func (a *App) MayAssessEvents(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.EventAssess, identity.Resource{Ledger: OrganizationLedger, Kind: "event_assessment"})
}

// EventAssessing is what somebody holds an event to mean for a report.
type EventAssessing struct {
	Event string
	// Engagement is the report; empty is the one that is under way or ended last.
	Engagement string
	// Seen is the revision of the event that the actor looked at; 0 does not care.
	// Where it is another by now, nothing is recorded.
	Seen int64

	Description, Controls, Representations, Subsequent soc1.EventEffect
}

// AssessEvent records what an event means for a report, of the event as it is known
// now, and returns the id of the assessment. Noncompliance, fraud, alleged fraud and
// errors that are not put right are disclosed to the service auditor whatever somebody
// holds of them (AT-C 320, written representations); only what came or became known
// after the period can be a subsequent event.
func (a *App) AssessEvent(ctx context.Context, actor string, x EventAssessing) (string, error) {
	if err := a.admit(ctx, actor, identity.EventAssess, identity.Resource{Ledger: OrganizationLedger, Kind: "event_assessment"}); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("assessed-", "")
	if err != nil {
		return "", err
	}
	value := soc1.EventAssessment{Event: x.Event, AssessedBy: actor, AssessedOn: today}
	value.Description, value.Controls, value.Representations, value.Subsequent = tidyEffect(x.Description), tidyEffect(x.Controls), tidyEffect(x.Representations), tidyEffect(x.Subsequent)
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.EventAssess, kind: "event_assessment", action: "event.assess", reason: assessedWhy(value)}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, kind := range []string{"event", "event_assessment", "engagement", "representation_letter"} {
			tx.guard(kind, "")
		}
		reg, err := registerOf(ctx, tx.view, x.Engagement, today)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(reg.Lines, func(l events.Line) bool { return l.ID == x.Event })
		if at < 0 {
			return fmt.Errorf("event %q: %w", x.Event, record.ErrNotFound)
		}
		l := &reg.Lines[at]
		if err := assessable(l, x, value, today); err != nil {
			return err
		}
		for _, e := range value.Effects() {
			for _, ref := range e.Answered {
				if ref.Ledger != "" && ref.Ledger != OrganizationLedger {
					return &FieldError{e.Field, "Only records of the organization take an event up.", ""}
				}
				if !slices.Contains(events.TakesUp, ref.Kind) {
					return &FieldError{e.Field, fmt.Sprintf("An event is taken up by none of the kind %q. Use one of %s.", ref.Kind, strings.Join(events.TakesUp, ", ")), ""}
				}
				if r, ok, err := tx.Get(ref.Kind, ref.ID); err != nil {
					return err
				} else if !ok || r.Retired {
					return &FieldError{e.Field, fmt.Sprintf("There is no %s %q that takes it up.", words(ref.Kind), ref.ID), ""}
				}
			}
		}
		value.Engagement, value.Revision = reg.Engagement.ID, l.Revision
		return tx.Put("event_assessment", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// assessable refuses what cannot be held of an event.
func assessable(l *events.Line, x EventAssessing, value soc1.EventAssessment, today soc1.Date) error {
	if x.Seen != 0 && x.Seen != l.Revision {
		return &FieldError{"event", "The event was changed while you assessed it. Read it again, and repeat.", ""}
	}
	if !l.Place.Asked() {
		return &FieldError{"event", fmt.Sprintf("It is not of this report: %s.", strings.ToLower(l.Place.Label())), ""}
	}
	for _, e := range value.Effects() {
		if e.Answer != soc1.Yes && e.Answer != soc1.No {
			return &FieldError{e.Field, fmt.Sprintf("Say whether it bears on %s: yes or no.", e.On), ""}
		}
		if e.Why == "" {
			return &FieldError{e.Field, fmt.Sprintf("Say why it bears on %s, or why it does not.", e.On), ""}
		}
	}
	if value.Representations.Answer == soc1.No {
		switch {
		case l.Value.Nature.Disclosed():
			return &FieldError{"representations", "Noncompliance, fraud and allegations of fraud are disclosed to the service auditor whatever comes of them. Answer yes.", ""}
		case l.Value.Uncorrected(today):
			return &FieldError{"representations", "An error that is not put right is disclosed to the service auditor. Answer yes, or record the day on which it was put right.", ""}
		}
	}
	if value.Subsequent.Answer == soc1.Yes && !l.Place.Late() {
		return &FieldError{"subsequent", "It happened and became known in the period, so that it is no subsequent event. Answer no.", ""}
	}
	return nil
}

// tidyEffect is an effect as it is recorded.
func tidyEffect(e soc1.EventEffect) soc1.EventEffect {
	e.Why = strings.TrimSpace(e.Why)
	for i := range e.Answered {
		if e.Answered[i].Ledger == OrganizationLedger {
			e.Answered[i].Ledger = ""
		}
	}
	return e
}

// assessedWhy is what an assessment comes to, as the reason of the entry.
func assessedWhy(a soc1.EventAssessment) string {
	var on []string
	for _, x := range []struct {
		words  string
		effect soc1.EventEffect
	}{{"the description", a.Description}, {"controls", a.Controls}, {"representations", a.Representations}} {
		if x.effect.Answer == soc1.Yes {
			on = append(on, x.words)
		}
	}
	out := "It bears on nothing."
	if len(on) > 0 {
		out = "It bears on " + strings.Join(on, ", ") + "."
	}
	if a.Subsequent.Answer == soc1.Yes {
		out += " It is a subsequent event."
	}
	return out
}

// MayConfirmEvents tells whether the actor may confirm that they know of nothing else.
func (a *App) MayConfirmEvents(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.EventConfirm, identity.Resource{Ledger: OrganizationLedger, Kind: "event_confirmation", Owner: actor})
}

// EventConfirming is somebody's word that they know of nothing else.
type EventConfirming struct {
	// Engagement is the report; empty is the one that is under way or ended last.
	Engagement string
	// Through is the last day that it covers; empty is today.
	Through soc1.Date
	Remark  string
}

// ConfirmEvents records the actor's own word that they know of nothing else than the
// register holds up to a day, and returns the id of the confirmation. A word does not
// reach back behind one that was given.
func (a *App) ConfirmEvents(ctx context.Context, actor string, x EventConfirming) (string, error) {
	own := identity.Resource{Ledger: OrganizationLedger, Kind: "event_confirmation", Owner: actor}
	if err := a.admit(ctx, actor, identity.EventConfirm, own); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	through := cmp.Or(x.Through, today)
	switch {
	case !through.Valid():
		return "", &FieldError{"through", fmt.Sprintf("%q is no day. Write it as 2025-12-31.", string(through)), ""}
	case through > today:
		return "", &FieldError{"through", "Nobody knows today what happens later. Confirm up to today at most.", ""}
	}
	id, err := a.newID("confirmed-", "")
	if err != nil {
		return "", err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.EventConfirm, kind: "event_confirmation", owner: actor, action: "event.confirm",
		reason: "I know of nothing else up to " + string(through) + "."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, kind := range []string{"event", "event_confirmation", "engagement"} {
			tx.guard(kind, "")
		}
		reg, err := registerOf(ctx, tx.view, x.Engagement, today)
		if err != nil {
			return err
		}
		if start := reg.Engagement.Value.Start(); through < start {
			return &FieldError{"through", fmt.Sprintf("The report begins to ask on %s.", start), ""}
		}
		for _, w := range reg.Words {
			if w.Person.ID == actor && w.Through >= through {
				return &FieldError{"through", fmt.Sprintf("You confirmed up to %s already.", w.Through), ""}
			}
		}
		return tx.Put("event_confirmation", id, "", soc1.EventConfirmation{Engagement: reg.Engagement.ID, By: actor, Through: through, On: today, Remark: strings.TrimSpace(x.Remark)})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}
