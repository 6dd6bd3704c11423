package app

import (
	"context"
	"errors"
	"fmt"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// reach is which records of a kind a person reads.
type reach int

const (
	nothing reach = iota
	// concerning: those about the subservice organization that a guest speaks for.
	concerning
	// owned: those that are the person's own, such as requests addressed to them.
	owned
	everything
)

// reachOf asks the policies which records of a kind the actor may read. The
// policies are asked about the set, three times at most, and never row by row.
// The error is the refusal where nothing may be read.
func (a *App) reachOf(ctx context.Context, actor, ledger, kind string) (reach, string, error) {
	refusal := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: ledger, Kind: kind})
	if refusal == nil {
		return everything, "", nil
	}
	var denied *identity.DeniedError
	if !errors.As(refusal, &denied) || denied.Hidden {
		return nothing, "", refusal
	}
	p, _, err := a.principal(ctx, actor, ledger)
	if err != nil {
		return nothing, "", err
	}
	if p.Represents != "" && a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: ledger, Kind: kind, Concerns: p.Represents}) == nil {
		return concerning, p.Represents, nil
	}
	if a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: ledger, Kind: kind, Owner: actor}) == nil {
		return owned, actor, nil
	}
	return nothing, "", refusal
}

// within reports whether a record is among those that a reach covers.
func (r reach) within(whose, kind string, x record.Record) bool {
	switch r {
	case everything:
		return true
	case concerning:
		return concerns(kind, x.ID, x.Body) == whose
	case owned:
		return ownerOf(kind, x.Body) == whose
	}
	return false
}

// Records lists the records of one kind that the actor may read, by id, without
// those retired or redacted. Unlike View it serves those, too, who read some
// kinds of a ledger only, as guests do.
func (a *App) Records(ctx context.Context, actor, ledger, kind string, asOf record.AsOf) ([]record.Record, error) {
	if _, err := record.Kinds.Kind(kind); err != nil {
		return nil, err
	}
	r, whose, err := a.reachOf(ctx, actor, ledger, kind)
	if err != nil {
		return nil, err
	}
	v, err := a.at(ledger, asOf)
	if err != nil {
		return nil, err
	}
	hides, err := a.hiding(ctx, actor, ledger, kind)
	if err != nil {
		return nil, err
	}
	all, err := v.List(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := make([]record.Record, 0, len(all))
	for _, x := range all {
		if r.within(whose, kind, x) && !hides(x) {
			out = append(out, x)
		}
	}
	return out, nil
}

// Record reads one record that the actor may read. What may not be read and
// what does not exist look the same to who reads some records of the kind.
func (a *App) Record(ctx context.Context, actor, ledger, kind, id string, asOf record.AsOf) (record.Record, error) {
	if _, err := record.Kinds.Kind(kind); err != nil {
		return record.Record{}, err
	}
	r, whose, err := a.reachOf(ctx, actor, ledger, kind)
	if err != nil {
		return record.Record{}, err
	}
	v, err := a.at(ledger, asOf)
	if err != nil {
		return record.Record{}, err
	}
	x, err := v.Get(ctx, kind, id)
	if err != nil {
		return x, err
	}
	hides, err := a.hiding(ctx, actor, ledger, kind)
	if err == nil && (!r.within(whose, kind, x) || hides(x)) {
		return record.Record{}, fmt.Errorf("%s %s: %w", kind, id, record.ErrNotFound)
	}
	return x, err
}

// hiding is what a reader of a kind does not read of it. Who reads some records of a
// kind is asked about no other.
func (a *App) hiding(ctx context.Context, actor, ledger, kind string) (func(record.Record) bool, error) {
	if kind != "course_completion" {
		return func(record.Record) bool { return false }, nil
	}
	r, err := a.reader(ctx, actor, ledger)
	if err != nil {
		return nil, err
	}
	return r.hides, nil
}

// at is the view of a ledger at a point, for callers who have asked whether the
// actor may read.
func (a *App) at(name string, asOf record.AsOf) (*record.View, error) {
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	if asOf.Known == 0 {
		asOf.Known = snap.Size
	}
	if asOf.Known < 0 || asOf.Known > snap.Size {
		return nil, &KnownError{name, snap.Size}
	}
	return record.NewView(a.store, name, asOf), nil
}

// PersonName is how a person is called and what they are, and nothing else.
type PersonName struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Title string    `json:"title,omitempty"`
	Side  soc1.Side `json:"side"`
	// Left says that the person is not there any more.
	Left bool `json:"left,omitempty"`
}

// Names lists how the people of a ledger are called, those included who have
// left, because records still name them.
func (a *App) Names(ctx context.Context, actor, ledger string) ([]PersonName, error) {
	if err := a.admit(ctx, actor, identity.PersonNames, identity.Resource{Ledger: ledger, Kind: "person"}); err != nil {
		return nil, err
	}
	v, err := a.latest(ledger)
	if err != nil {
		return nil, err
	}
	all, err := v.All(ctx, "person")
	if err != nil {
		return nil, err
	}
	out := make([]PersonName, 0, len(all))
	for _, r := range all {
		if r.Redacted {
			continue
		}
		p, err := record.Decode[soc1.Person](r)
		if err != nil {
			return nil, err
		}
		out = append(out, PersonName{ID: r.ID, Name: p.Name, Title: p.Title, Side: p.Side, Left: r.Retired})
	}
	return out, nil
}
