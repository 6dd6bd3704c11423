package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// Happening is one command as those are told who watch.
type Happening struct {
	Ledger string
	// First and Last are the positions of its entries.
	First, Last int64
	Time        string
	Actor       string
	Action      string
	Changes     []Happened
	// Redacts says that documents were removed: what was read before may show
	// what is no longer there.
	Redacts bool
}

// Happened is a new revision of a record.
type Happened struct {
	Kind, ID string
	Revision int64
	// Retired says that the record is no longer in use from this revision on.
	Retired bool
	// About is the record that a comment is about, with its ledger and without a
	// revision; zero for every other kind. A comment never comes to be about
	// another record.
	About soc1.Ref
	// Owner is whom a request asks; empty of other records, and where the
	// document was redacted.
	Owner string
}

// Watcher gives what happens in all ledgers, in order within each, without a gap
// from where it began. It is not filtered by what somebody may read: whoever
// passes a happening on asks Reader first. It is used by one goroutine.
type Watcher struct {
	app *App
	ctx context.Context
	at  map[string]int64
	// pending were fetched and not given out yet.
	pending []*Happening
}

// Watch begins to watch from positions: for each ledger the size up to which
// everything was heard, as Happening.Last+1 and Watcher.At give it. A ledger
// that is not among them is told from its first entry, because it came to be
// since; with nil, all begin with the present. Nothing is lost however slowly
// Next is called: what is no longer at hand is read from the ledger. The
// watcher ends with the context.
func (a *App) Watch(ctx context.Context, from map[string]int64) *Watcher {
	w := &Watcher{app: a, ctx: ctx, at: map[string]int64{}}
	for name, size := range a.sizes() {
		pos, ok := from[name]
		switch {
		case from == nil:
			w.at[name] = size
		case ok:
			// Beyond the end stands only who watched a ledger that was since
			// replaced by a backup.
			w.at[name] = min(max(pos, 0), size)
		}
	}
	a.feed.join(a)
	context.AfterFunc(ctx, a.feed.leave)
	return w
}

// At is, for each ledger, the size up to which everything was given out.
func (w *Watcher) At() map[string]int64 {
	out := make(map[string]int64, len(w.at))
	for name, pos := range w.at {
		out[name] = pos
	}
	for _, h := range w.pending {
		out[h.Ledger] = min(out[h.Ledger], h.First)
	}
	return out
}

// Next waits for the next happening. It ends with the error of the context, or
// with one when the workspace is closed. What it returns is shared with other
// watchers and must not be changed.
func (w *Watcher) Next() (*Happening, error) {
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		if len(w.pending) > 0 {
			h := w.pending[0]
			w.pending = w.pending[1:]
			return h, nil
		}
		// The channel first: what is appended after the look closes it.
		changed := w.app.log.Changed()
		if err := w.look(); err != nil {
			return nil, err
		}
		if len(w.pending) > 0 {
			continue
		}
		if w.app.log.Closed() {
			return nil, ledger.ErrClosed
		}
		select {
		case <-changed:
		case <-w.ctx.Done():
		}
	}
}

// look fetches what the watcher has not given out yet.
func (w *Watcher) look() error {
	names := w.app.log.Ledgers()
	slices.Sort(names)
	for _, name := range names {
		snap, err := w.app.log.Snapshot(name)
		if err != nil {
			return err
		}
		if w.at[name] >= snap.Size {
			continue
		}
		hs, to, err := w.app.feed.since(w.ctx, w.app, name, w.at[name], snap.Size)
		if err != nil {
			return err
		}
		w.pending = append(w.pending, hs...)
		w.at[name] = to
	}
	return nil
}

// feed reads each new command once for all who watch, and keeps the latest.
type feed struct {
	mu     sync.Mutex
	recent map[string]*latest

	pollMu   sync.Mutex
	watchers int
	stopPoll chan struct{}
}

// latest is what happened last of one ledger, from a position on.
type latest struct {
	mu       sync.Mutex
	from, to int64
	list     []*Happening
}

// keepRecent is how many happenings of a ledger are kept for the slower.
const keepRecent = 2048

// catchUp is how many entries are read at once for somebody who is far behind.
const catchUp = 1024

func (f *feed) of(name string) *latest {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.recent[name]
	if !ok {
		if f.recent == nil {
			f.recent = map[string]*latest{}
		}
		r = &latest{from: -1}
		f.recent[name] = r
	}
	return r
}

// since gives happenings from a position and the position behind them, which is
// size unless that would be too many at once.
func (f *feed) since(ctx context.Context, a *App, name string, pos, size int64) ([]*Happening, int64, error) {
	r := f.of(name)
	if size-pos > catchUp {
		return happenings(ctx, a.store, name, pos, pos+catchUp, size)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.from < 0 {
		r.from, r.to = pos, pos
	}
	// What everybody needs is read once; the reader's own leaving must not
	// spoil it for the others.
	if r.to < size {
		start := r.to
		if size-start > catchUp {
			start, r.list, r.from = pos, nil, pos
		}
		hs, to, err := happenings(context.WithoutCancel(ctx), a.store, name, start, size, size)
		if err != nil {
			return nil, pos, err
		}
		r.list, r.to = append(r.list, hs...), to
		if over := len(r.list) - keepRecent; over > 0 {
			r.list = slices.Clone(r.list[over:])
			r.from = r.list[0].First
		}
	}
	if pos < r.from {
		return happenings(ctx, a.store, name, pos, r.from, size)
	}
	i, _ := slices.BinarySearchFunc(r.list, pos, func(h *Happening, pos int64) int { return int(h.First - pos) })
	return slices.Clone(r.list[i:]), r.to, nil
}

// happenings reads the commands from a position to another, or to the end of the
// command that stands there, and gives the position behind the last.
func happenings(ctx context.Context, s ledger.Store, name string, pos, to, size int64) ([]*Happening, int64, error) {
	var out []*Happening
	command := ""
	for {
		err := s.Entries(ctx, name, pos, to, func(r ledger.Row) error {
			e, err := ledger.ParseEntry(r.Bytes)
			if err != nil {
				return err
			}
			if e.Command != command || e.Part <= 1 {
				out = append(out, &Happening{Ledger: name, First: r.Pos, Time: e.Time, Actor: e.Actor, Action: e.Action})
			}
			command = e.Command
			h := out[len(out)-1]
			h.Last = r.Pos
			h.Redacts = h.Redacts || len(e.Redacts) > 0
			documents := map[int][]byte{}
			for _, d := range r.Documents {
				documents[d.Slot] = d.Bytes
			}
			for i, c := range e.Changes {
				h.Changes = append(h.Changes, happened(c, documents[i+1], name))
			}
			pos = r.Pos + 1
			// The rest of a command is read with it.
			if r.Pos+1 == to && e.Parts > e.Part {
				to = min(size, to+int64(e.Parts-e.Part))
			}
			return nil
		})
		if err != nil || pos >= to {
			return out, pos, err
		}
	}
}

// happened is one change with what its document says of who may hear of it.
func happened(c ledger.Change, document []byte, name string) Happened {
	out := Happened{Kind: c.Kind, ID: c.ID, Revision: c.Revision, Retired: record.RetiredIn(document)}
	switch c.Kind {
	case "comment":
		var x struct{ Subject soc1.Ref }
		if record.Peek(document, &x) && x.Subject.Kind != "" && x.Subject.ID != "" {
			out.About = within(x.Subject, name)
			out.About.Revision = 0
		}
	case "request":
		var x struct{ To string }
		if record.Peek(document, &x) {
			out.Owner = x.To
		}
	}
	return out
}

// join begins to look for what other processes record, with the first watcher.
func (f *feed) join(a *App) {
	f.pollMu.Lock()
	defer f.pollMu.Unlock()
	f.watchers++
	if f.watchers > 1 {
		return
	}
	every := a.opt.Poll
	if every <= 0 {
		every = time.Second
	}
	stop := make(chan struct{})
	f.stopPoll = stop
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if a.log.Closed() {
					return
				}
				// A failing disk is met by whoever reads next; the next look may
				// succeed.
				_ = a.log.Refresh(context.Background())
			}
		}
	}()
}

func (f *feed) leave() {
	f.pollMu.Lock()
	defer f.pollMu.Unlock()
	if f.watchers--; f.watchers == 0 {
		close(f.stopPoll)
	}
}
