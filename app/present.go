package app

import (
	"context"
	"sync"

	"reperform/record"
	"reperform/soc1"
)

// states holds the ledgers' present in memory: for each ledger as latest
// recorded, and as of the dates that were asked for last, today among them.
type states struct {
	mu    sync.Mutex
	known map[stateKey]*kept
	clock int64
}

type stateKey struct {
	ledger    string
	effective soc1.Date
}

type kept struct {
	state *record.State
	used  int64
}

// maxDated bounds the states with a date; the one used longest ago goes. A
// state without a date stays as long as the workspace is open.
const maxDated = 6

// of finds or begins the state of a ledger; the size is where a new one begins.
func (s *states) of(a *App, name string, effective soc1.Date, size int64) *record.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := stateKey{name, effective}
	s.clock++
	if x, ok := s.known[k]; ok {
		x.used = s.clock
		return x.state
	}
	if s.known == nil {
		s.known = map[stateKey]*kept{}
	}
	if effective != "" {
		s.makeRoom()
	}
	x := &kept{state: record.NewState(a.store, name, size, effective), used: s.clock}
	s.known[k] = x
	return x.state
}

func (s *states) makeRoom() {
	dated, oldest := 0, stateKey{}
	at := s.clock
	for k, x := range s.known {
		if k.effective == "" {
			continue
		}
		dated++
		if x.used < at {
			oldest, at = k, x.used
		}
	}
	if dated >= maxDated {
		delete(s.known, oldest)
	}
}

// present is a ledger as this process knows it now, from memory.
func (a *App) present(ctx context.Context, name string, effective soc1.Date) (*record.View, error) {
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return nil, err
	}
	return a.states.of(a, name, effective, snap.Size).View(ctx, snap.Size)
}

// renew brings what is kept of a ledger in memory to the present, after a
// redaction: whatever was redacted is let go at once and not with the next
// question. Views that somebody holds keep what they have read.
func (a *App) renew(ctx context.Context, name string) error {
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return err
	}
	for _, s := range a.states.all(name) {
		if _, err := s.View(ctx, snap.Size); err != nil {
			return err
		}
	}
	a.heads.clear()
	a.talk.forget()
	a.searches.forget(name)
	a.due.forget()
	a.mapped.forget()
	a.activity.told.Clear()
	return nil
}

// all lists the states of a ledger.
func (s *states) all(name string) []*record.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*record.State
	for k, x := range s.known {
		if k.ledger == name {
			out = append(out, x.state)
		}
	}
	return out
}

// Warm reads into memory what pages need first, so that nobody waits for it:
// the kinds named of every ledger, or all kinds, and what the activity is found
// by. A server calls it when it starts; without it the first who asks waits.
func (a *App) Warm(ctx context.Context, kinds ...string) error {
	if len(kinds) == 0 {
		kinds = record.Kinds.Names()
	}
	names := a.log.Ledgers()
	for i, name := range names {
		a.progress("reading ledger "+name, int64(i), int64(len(names)))
		v, err := a.present(ctx, name, "")
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := a.searchKind(ctx, v, kind, "warm", 1); err != nil {
				return err
			}
			l, err := v.Rows(ctx, kind)
			if err != nil {
				return err
			}
			l.Prepare()
		}
		if err := a.activity.follow(ctx, a, name); err != nil {
			return err
		}
	}
	return nil
}
