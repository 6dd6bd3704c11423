package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"reperform/english"
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
func (a *App) principal(ctx context.Context, actor, name string) (identity.Principal, error) {
	stamp := a.stampOf()
	if p, ok := a.people.get(stamp, actor, name); ok {
		return p, nil
	}
	p, err := a.readPrincipal(ctx, actor, name)
	if err == nil {
		a.people.put(stamp, actor, name, p)
	}
	return p, err
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
		p.Side = string(person.Value.Side)
		if l == name && l != OrganizationLedger {
			if own, err := a.ownFirst(ctx, name, actor); err != nil || own {
				// Nobody stands on both sides: to the examination, somebody who is
				// also one of the organization's people is one of these.
				p.Side = string(soc1.SideServiceOrganization)
				return p, err
			}
		}
		foreign := l != name && (name != OrganizationLedger)
		for _, r := range person.Value.Roles {
			if !foreign {
				p.Roles = append(p.Roles, identity.Role(r))
			}
		}
		return p, nil
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
	if actor == "" {
		return errors.New("nobody is named as actor; give --actor PERSON")
	}
	p, err := a.principal(ctx, actor, r.Ledger)
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
// Known 0 is now.
func (a *App) View(ctx context.Context, actor, name string, asOf record.AsOf) (*record.View, error) {
	if err := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: name}); err != nil {
		return nil, err
	}
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	if asOf.Known == 0 {
		asOf.Known = snap.Size
	}
	if asOf.Known < 0 || asOf.Known > snap.Size {
		return nil, fmt.Errorf("ledger %s has %s; --known-at must be a position from 1 to %d or a time", name, english.Count(snap.Size, "entry"), snap.Size)
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
	return fmt.Errorf("%s: %s %s", p.Field, p.Message, p.Remedy)
}
