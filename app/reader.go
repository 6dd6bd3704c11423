package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
)

// Reader is what an actor may read of one ledger: all of it, or some kinds. It
// holds as long as no record of a person or of a role changes; ask again for each
// answer.
type Reader struct {
	whole, attends bool
	kinds          map[string]bool
	// talks are the kinds on whose records comments are read, where comments as
	// such are not; own says that of requests those are read that are the actor's.
	talks map[string]bool
	own   bool
	// failed says that attempts at courses are read that failed.
	failed bool
	actor  string
	label  string
	// ledger is the one read.
	ledger string
	stamp  string
}

// Whole tells whether the actor reads everything in the ledger.
func (r *Reader) Whole() bool { return r.whole }

// Kind tells whether the actor reads records of the kind.
func (r *Reader) Kind(kind string) bool { return r.whole || r.kinds[kind] }

// Tells tells whether the actor may hear of a new revision: it is of a kind that
// the actor reads, a comment on a record of such a kind, or a request to the
// actor.
func (r *Reader) Tells(x Happened) bool {
	return r.Kind(x.Kind) || x.Kind == "comment" && x.About.Ledger == r.ledger && r.talks[x.About.Kind] || x.Kind == "request" && r.own && x.Owner == r.actor
}

// Talks tells whether the actor reads comments on records of the kind, which are
// kept in the ledger.
func (r *Reader) Talks(kind string) bool { return r.Kind("comment") || r.talks[kind] }

// Attends tells whether the actor is shown to others when looking at records of
// the kind, and is shown who they are. Both go together: nobody watches unseen.
func (r *Reader) Attends(kind string) bool { return r.attends && r.Kind(kind) }

// Label names what may be read: whoever has the same label reads the same, so
// that what is shown to one may be shown to the other.
func (r *Reader) Label() string { return r.label }

// Stamp names the state of everything from which it follows what somebody may do:
// while it is the same, so is that.
func (r *Reader) Stamp() string { return r.stamp }

// Reader says what the actor may read of a ledger. Who may read nothing of it is
// refused, in the same words whether the ledger exists or not.
func (a *App) Reader(ctx context.Context, actor, name string) (*Reader, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	return a.reader(ctx, actor, name)
}

func (a *App) reader(ctx context.Context, actor, name string) (*Reader, error) {
	// What somebody reads as a deputy ends with a day.
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	stamp := a.stampOf() + string(today)
	if r, ok := a.readers.get(stamp, actorIn{actor, name}); ok {
		return r, nil
	}
	r := &Reader{stamp: stamp, ledger: name}
	err = a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: name})
	switch {
	case err == nil:
		r.whole, r.label = true, "whole"
	default:
		var denied *identity.DeniedError
		if !errors.As(err, &denied) {
			return nil, err
		}
		r.kinds = map[string]bool{}
		for _, kind := range record.Kinds.Names() {
			if a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: name, Kind: kind}) == nil {
				r.kinds[kind] = true
			}
		}
		if len(r.kinds) == 0 {
			return nil, err
		}
		names := make([]string, 0, len(r.kinds))
		for k := range r.kinds {
			names = append(names, k)
		}
		slices.Sort(names)
		r.label = strings.Join(names, ",")
		a.partly(ctx, r, actor, name)
	}
	if r.failed = a.authorize(ctx, actor, identity.CourseKeep, identity.Resource{Ledger: name, Kind: "course_key"}) == nil; r.failed {
		r.label += ";failed attempts"
	}
	r.attends = a.authorize(ctx, actor, identity.Attend, identity.Resource{Ledger: name}) == nil
	a.readers.put(stamp, actorIn{actor, name}, r)
	return r, nil
}

// partly finds out which records are read of kinds that are not read as such:
// comments on what the actor reads, and requests to the actor.
func (a *App) partly(ctx context.Context, r *Reader, actor, name string) {
	r.talks, r.actor = map[string]bool{}, actor
	if !r.kinds["comment"] {
		for _, kind := range record.Kinds.Names() {
			if r.kinds[kind] && a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: name, Kind: "comment", About: kind}) == nil {
				r.talks[kind] = true
			}
		}
	}
	if len(r.talks) > 0 {
		r.label += ";comments on " + strings.Join(slices.Sorted(maps.Keys(r.talks)), ",")
	}
	if !r.kinds["request"] && a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: name, Kind: "request", Owner: actor}) == nil {
		r.own = true
		r.label += ";requests to " + actor
	}
}

// hides tells whether a record of a kind that the actor reads is kept from them all the
// same: that somebody failed a quiz is read by who keeps courses, and its person learns it
// from the course. Figures leave it out alike, see trainingOf.
func (r *Reader) hides(x record.Record) bool { return !r.failed && failedAttempt(x) }

// failedAttempt tells whether a record is an attempt at a course that failed.
func failedAttempt(x record.Record) bool {
	if x.Kind != "course_completion" || x.Redacted {
		return false
	}
	var v struct{ Passed bool }
	return json.Unmarshal(x.Body, &v) != nil || !v.Passed
}

// wholly refuses who does not read all of a ledger: a figure, a proof or a
// verification made of some kinds would be of something else.
func (a *App) wholly(ctx context.Context, actor, name string) error {
	return a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: name})
}

// trim leaves of an entry what the actor may read: the changes of readable
// kinds. whole tells that this is everything; where it is not, the reason must
// be left out as well, because it speaks of the rest too. shown is false when
// nothing is left. The first entry of a ledger is shown to every reader of it.
func (r *Reader) trim(e ledger.Entry) (left ledger.Entry, shown, whole bool) {
	if r.whole {
		return e, true, true
	}
	left, changes := e, make([]ledger.Change, 0, len(e.Changes))
	for _, c := range e.Changes {
		if r.kinds[c.Kind] {
			changes = append(changes, c)
		}
	}
	// Of a command in several parts, the other parts are not looked at.
	whole = len(changes) == len(e.Changes) && len(e.Redacts) == 0 && e.Parts == 0
	left.Changes, left.Redacts = changes, nil
	if !whole {
		left.Reason = ""
	}
	return left, len(changes) > 0 || e.Genesis != nil, whole
}
