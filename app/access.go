package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// latest is the newest state of a ledger, unfiltered: for decisions.
func (a *App) latest(name string) (*record.View, error) {
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	return record.NewView(a.store, name, record.AsOf{Known: snap.Size}), nil
}

// principal resolves who the actor is with respect to a ledger. Roles count
// only in the ledger that records them, with one exception: the audit firm's
// people, recorded in an examination's ledger, are known to the organization's.
// What the actor has as somebody's deputy comes beside, because it depends on
// the day.
func (a *App) principal(ctx context.Context, actor, name string) (identity.Principal, []standIn, error) {
	stamp := a.stampOf()
	if p, ok := a.people.get(stamp, actorIn{actor, name}); ok {
		return p.Principal, p.standIns, nil
	}
	p, err := a.readPrincipal(ctx, actor, name)
	if err != nil {
		return p, nil, err
	}
	known := knownPrincipal{Principal: p}
	if name == OrganizationLedger && p.Side == string(soc1.SideServiceOrganization) {
		v, err := a.latest(OrganizationLedger)
		if err != nil {
			return p, nil, err
		}
		if known.standIns, err = a.standIns(ctx, v, actor); err != nil {
			return p, nil, err
		}
	}
	a.people.put(stamp, actorIn{actor, name}, known)
	return p, known.standIns, nil
}

// principalToday is the principal with what a deputy has today, with respect to a record about some controls.
func (a *App) principalToday(ctx context.Context, actor, name string, controls []string) (identity.Principal, error) {
	p, deputies, err := a.principal(ctx, actor, name)
	if err != nil || len(deputies) == 0 {
		return p, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return p, err
	}
	return standingIn(p, deputies, today, controls), nil
}

func (a *App) readPrincipal(ctx context.Context, actor, name string) (identity.Principal, error) {
	p := identity.Principal{ID: actor}
	ledgers := []string{name}
	for _, l := range a.log.Ledgers() {
		if l != name {
			ledgers = append(ledgers, l)
		}
	}
	for _, l := range ledgers {
		v, err := a.latest(l)
		if errors.Is(err, ledger.ErrNoLedger) {
			continue
		}
		if err != nil {
			return p, err
		}
		person, err := record.One[soc1.Person](ctx, v, "person", actor)
		if errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, err
		}
		if person.Retired {
			continue
		}
		p.Side, p.Represents = string(person.Value.Side), person.Value.Represents
		if l == name && l != OrganizationLedger {
			if own, err := a.ownFirst(ctx, name, actor); err != nil || own {
				// Nobody stands on both sides: to the examination, somebody who is
				// also one of the organization's people is one of these.
				p.Side = string(soc1.SideServiceOrganization)
				return p, err
			}
		}
		foreign := l != name && (name != OrganizationLedger)
		if foreign {
			return p, nil
		}
		for _, r := range person.Value.Roles {
			p.Roles = append(p.Roles, identity.Role(r))
		}
		p.Custom, err = a.customRoles(ctx, person.Value.CustomRoles)
		return p, err
	}
	return p, nil
}

// ownFirst tells whether somebody recorded in an examination was one of the
// organization's own people before. Who was the firm's first stays so: or one
// record by management would shut the auditor out of the file.
func (a *App) ownFirst(ctx context.Context, examination, id string) (bool, error) {
	own, err := a.ownPerson(ctx, id)
	if err != nil || !own {
		return false, err
	}
	here, err := a.firstRecorded(ctx, examination, id)
	if err != nil {
		return false, err
	}
	there, err := a.firstRecorded(ctx, OrganizationLedger, id)
	return !here.Before(there), err
}

// firstRecorded is when a person's first revision was recorded in a ledger.
func (a *App) firstRecorded(ctx context.Context, name, id string) (time.Time, error) {
	v, err := a.latest(name)
	if err != nil {
		return time.Time{}, err
	}
	revisions, err := v.History(ctx, "person", id)
	if err != nil {
		return time.Time{}, err
	}
	var at time.Time
	err = a.store.Entries(ctx, name, revisions[0].Pos, revisions[0].Pos+1, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return err
		}
		at, err = time.Parse(ledger.TimeFormat, e.Time)
		return err
	})
	return at, err
}

// ownPerson tells whether the organization's ledger records the person as one
// of the organization's own.
func (a *App) ownPerson(ctx context.Context, id string) (bool, error) {
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return false, err
	}
	own, err := record.One[soc1.Person](ctx, v, "person", id)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil && !own.Retired && own.Value.Side == soc1.SideServiceOrganization, err
}

// admit is authorize after a look at what other processes have recorded: a role
// given or taken away there counts here.
func (a *App) admit(ctx context.Context, actor string, act identity.Action, r identity.Resource) error {
	if err := a.log.Refresh(ctx); err != nil {
		return err
	}
	return a.authorize(ctx, actor, act, r)
}

// authorize refuses what the actor's roles do not allow.
func (a *App) authorize(ctx context.Context, actor string, act identity.Action, r identity.Resource) error {
	return a.authorizeOn(ctx, actor, act, r, nil)
}

// authorizeOn is authorize for a record that is about some controls, on which
// it depends whether a deputy who was named for some controls covers it.
func (a *App) authorizeOn(ctx context.Context, actor string, act identity.Action, r identity.Resource, controls []string) error {
	if actor == "" {
		return errors.New("nobody is named as actor; give --actor PERSON")
	}
	p, err := a.principalToday(ctx, actor, r.Ledger, controls)
	if err != nil {
		return err
	}
	// Who is known to no ledger at all has most likely mistyped a name.
	if p.Side == "" && r.Ledger == OrganizationLedger {
		return fmt.Errorf("there is no person %q in this workspace; correct --actor, or ask an administrator to record the person", actor)
	}
	r.Class = ClassExamination
	if r.Ledger == OrganizationLedger {
		r.Class = ClassOrganization
	}
	if err := a.auth.Check(p, act, r); err != nil {
		return err
	}
	// To somebody outside, a ledger that does not exist and one behind the
	// wall look the same; to somebody inside, this one is simply missing.
	if _, err := a.log.Genesis(r.Ledger); err != nil {
		return identity.NoSuchLedger(r.Ledger)
	}
	return nil
}

// View is the actor's reading of a ledger as of a point on the two clocks.
// Known 0 is now. It shows the kinds that the actor may read, and of attempts at courses
// those that failed to none but who keeps courses; who may read none
// is refused. What is known now is answered from memory, on any date; what was
// known earlier is read from the store.
func (a *App) View(ctx context.Context, actor, name string, asOf record.AsOf) (*record.View, error) {
	r, err := a.Reader(ctx, actor, name)
	if err != nil {
		return nil, err
	}
	v, err := a.view(ctx, name, asOf)
	if err != nil {
		return nil, err
	}
	if !r.whole {
		v = v.Only(r.Kind)
	}
	if name == OrganizationLedger && !r.failed {
		v = v.Without("course_completion", failedAttempt)
	}
	return v, nil
}

func (a *App) view(ctx context.Context, name string, asOf record.AsOf) (*record.View, error) {
	if asOf.Known == 0 {
		return a.present(ctx, name, asOf.Effective)
	}
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	if asOf.Known < 0 || asOf.Known > snap.Size {
		return nil, &KnownError{name, snap.Size}
	}
	return record.NewView(a.store, name, asOf), nil
}

// Ledgers lists the ledgers that the actor may read.
func (a *App) Ledgers(ctx context.Context, actor string) []string {
	if a.log.Refresh(ctx) != nil {
		return nil
	}
	var out []string
	for _, l := range a.log.Ledgers() {
		if a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: l}) == nil {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

func firstError(ps []soc1.Problem) error {
	if len(ps) == 0 {
		return nil
	}
	return problemError(ps[0])
}

func problemError(p soc1.Problem) error {
	if p.Field == "" {
		return fmt.Errorf("%s %s", p.Message, p.Remedy)
	}
	// A form says it beside the field.
	return &FieldError{Field: p.Field, Text: strings.TrimSpace(p.Message + " " + p.Remedy)}
}
