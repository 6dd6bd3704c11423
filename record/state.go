package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"reperform/ledger"
	"reperform/soc1"
)

// State keeps the current records of one ledger in memory and follows the
// ledger as it grows. It answers what a View answers that is known now: with an
// empty date the latest recorded revision of each record, with a date those in
// force on it. Views of the past, on the clock of what was known, read the
// store.
//
// A kind is loaded when it is first asked for and then kept, so that the memory
// is that of the kinds in use. A change costs its own reading and a copy of a
// few hundred pointers, however many records the kind has.
//
// What is redacted disappears from the State with the entry that redacts it.
// A view taken before keeps what it has read, as long as somebody holds it.
type State struct {
	store     ledger.Store
	ledger    string
	effective soc1.Date

	mu  sync.Mutex
	now *frame

	shelfMu sync.Mutex
	shelf   map[string]*shelf
}

// frame is the state at one size of the ledger.
type frame struct {
	state *State
	size  int64

	mu    sync.Mutex
	slots map[string]*slot
}

// slot is one kind in a frame, loaded or not. Frames between which a kind did
// not change share it.
type slot struct {
	state *State
	kind  string
	// known is the size at which an unloaded slot is read from the store; it
	// belongs to no later frame in which the kind has changed.
	known int64

	// started says that somebody has asked for the list, or for one that it
	// follows from.
	started atomic.Bool

	mu   sync.Mutex
	list *List
	// base and delta are how the list follows from an earlier one, until it does.
	base  *slot
	delta []*Item
}

// tailLimit is how many entries a State reads on; when it is further behind, it
// starts anew and loads what is asked for.
const tailLimit = 20000

// deltaLimit is how many changed records of a kind are read one by one; beyond
// it the kind is loaded anew.
const deltaLimit = 2000

// NewState makes a state of the ledger at a size, with nothing loaded. The date
// is that of AsOf.
func NewState(s ledger.Store, name string, size int64, effective soc1.Date) *State {
	st := &State{store: s, ledger: name, effective: effective, shelf: map[string]*shelf{}}
	st.now = &frame{state: st, size: size, slots: map[string]*slot{}}
	return st
}

// View is the ledger as this state knows it, which it first brings to the size
// given if it is behind. The view stands at that size or a later one: its AsOf
// says where.
func (s *State) View(ctx context.Context, size int64) (*View, error) {
	f, err := s.advance(ctx, size)
	if err != nil {
		return nil, err
	}
	return &View{store: s.store, ledger: s.ledger, asOf: AsOf{Known: f.size, Effective: s.effective}, lists: map[string]*List{}, frame: f}, nil
}

func (s *State) advance(ctx context.Context, size int64) (*frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size <= s.now.size {
		return s.now, nil
	}
	// Work that others wait for is not given up because one of them left.
	ctx = context.WithoutCancel(ctx)
	old := s.now
	next := &frame{state: s, size: size, slots: map[string]*slot{}}
	if size-old.size > tailLimit {
		s.now = next
		return next, nil
	}
	changed, err := s.changed(ctx, old.size, size)
	if err != nil {
		return nil, fmt.Errorf("following ledger %s from entry %d: %w", s.ledger, old.size, err)
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	for kind, sl := range old.slots {
		ids, ok := changed[kind]
		if !ok {
			next.slots[kind] = sl
			continue
		}
		if !sl.started.Load() || len(ids) > deltaLimit {
			// Read at the new size when it is asked for.
			continue
		}
		follow := &slot{state: s, kind: kind, known: size, base: sl}
		follow.started.Store(true)
		if follow.delta, err = s.read(ctx, kind, ids, size); err != nil {
			return nil, err
		}
		if sl.ready() {
			if _, err := follow.get(ctx); err != nil {
				return nil, err
			}
		}
		next.slots[kind] = follow
	}
	s.now = next
	return next, nil
}

// changed lists the ids that entries changed, by kind: by a revision, or by
// redacting one.
func (s *State) changed(ctx context.Context, from, to int64) (map[string]map[string]bool, error) {
	out := map[string]map[string]bool{}
	add := func(c ledger.Change) {
		if out[c.Kind] == nil {
			out[c.Kind] = map[string]bool{}
		}
		out[c.Kind][c.ID] = true
	}
	var redacts []ledger.DocumentRef
	err := Leaves(ctx, s.store, s.ledger, from, to, func(_ int64, e ledger.Entry) error {
		for _, c := range e.Changes {
			add(c)
		}
		redacts = append(redacts, e.Redacts...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range redacts {
		err := Leaves(ctx, s.store, s.ledger, r.Pos, r.Pos+1, func(_ int64, e ledger.Entry) error {
			if r.Slot > 0 && r.Slot <= len(e.Changes) {
				add(e.Changes[r.Slot-1])
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Leaves yields entries without their documents, which is several times
// cheaper where a store can read them so.
func Leaves(ctx context.Context, s ledger.Store, name string, from, to int64, yield func(pos int64, e ledger.Entry) error) error {
	read := s.Entries
	if lr, ok := s.(ledger.LeafReader); ok {
		read = lr.Leaves
	}
	return read(ctx, name, from, to, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s: entry %d: %w", name, r.Pos, err)
		}
		return yield(r.Pos, e)
	})
}

// read reads some records of a kind as of a size, by id. A record that is not
// in force on the state's date is not among them.
func (s *State) read(ctx context.Context, kind string, ids map[string]bool, size int64) ([]*Item, error) {
	v := NewView(s.store, s.ledger, AsOf{Known: size, Effective: s.effective})
	out := make([]*Item, 0, len(ids))
	for id := range ids {
		r, err := v.Get(ctx, kind, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, &Item{Record: r})
	}
	slices.SortFunc(out, func(a, b *Item) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (s *State) shelfOf(kind string) *shelf {
	s.shelfMu.Lock()
	defer s.shelfMu.Unlock()
	sh, ok := s.shelf[kind]
	if !ok {
		sh = newShelf()
		s.shelf[kind] = sh
	}
	return sh
}

// list gives a kind as of the frame.
func (f *frame) list(ctx context.Context, kind string) (*List, error) {
	f.mu.Lock()
	sl, ok := f.slots[kind]
	if !ok {
		sl = &slot{state: f.state, kind: kind, known: f.size}
		f.slots[kind] = sl
	}
	f.mu.Unlock()
	return sl.get(ctx)
}

// peek is list where that needs no reading: one record is not worth loading
// its kind.
func (f *frame) peek(ctx context.Context, kind string) *List {
	f.mu.Lock()
	sl := f.slots[kind]
	f.mu.Unlock()
	if sl == nil || !sl.ready() {
		return nil
	}
	l, err := sl.get(ctx)
	if err != nil {
		return nil
	}
	return l
}

// ready tells whether the slot's list can be had without reading the store.
func (sl *slot) ready() bool {
	if !sl.mu.TryLock() {
		return false // somebody is loading it
	}
	base, list := sl.base, sl.list
	sl.mu.Unlock()
	return list != nil || base != nil && base.ready()
}

// get loads the slot. Everybody who asks meanwhile waits for the one load.
func (sl *slot) get(ctx context.Context) (*List, error) {
	sl.started.Store(true)
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if sl.list != nil {
		return sl.list, nil
	}
	ctx = context.WithoutCancel(ctx)
	if sl.base != nil {
		l, err := sl.base.get(ctx)
		if err != nil {
			return nil, err
		}
		sl.list, sl.base, sl.delta = l.with(sl.delta), nil, nil
		return sl.list, nil
	}
	v := NewView(sl.state.store, sl.state.ledger, AsOf{Known: sl.known, Effective: sl.state.effective})
	items, err := v.items(ctx, v.query(sl.kind, ""))
	if err != nil {
		return nil, err
	}
	sl.list = newList(items, sl.state.shelfOf(sl.kind))
	return sl.list, nil
}
