package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"reperform/english"
)

// Keys hands out the key that signs a ledger's checkpoints.
type Keys interface {
	// Signer returns the signer of the ledger and its verifier key.
	Signer(ledger string) (note.Signer, string, error)
	// Create makes the key of a new ledger. The name is what notes carry.
	Create(ledger, name string) (note.Signer, string, error)
}

// Options are what a Log takes from its surroundings.
type Options struct {
	// Keys signs; a Log without it can read but not commit.
	Keys Keys
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Rand is the source of salts and command ids; nil is the system's. It is
	// read by one goroutine at a time.
	Rand io.Reader
	// MaxBatch bounds the commands in one append; 0 is 512.
	MaxBatch int
}

// Log is the one place of a process that appends to the ledgers of a store.
// Commit may be called from any number of goroutines: commands that arrive
// while an append runs go into the next one together.
type Log struct {
	store Store
	opt   Options

	queue chan *request
	done  chan struct{}
	wg    sync.WaitGroup

	mu      sync.RWMutex
	ledgers map[string]*ledgerState
	closed  bool

	newsMu sync.Mutex
	news   chan struct{}
}

// ledgerState is what the committer keeps of one ledger. Only the committer
// (and Open, before it runs) touches anything but the snapshot.
type ledgerState struct {
	name     string
	genesis  Genesis
	signer   note.Signer
	edge     *edge
	index    *index
	lastTime time.Time
	snapshot atomic.Pointer[Snapshot]
	// checkpoint is the latest signed note.
	checkpoint atomic.Pointer[[]byte]
	// frozen is the edge under it, for proofs: an edge that was published is
	// only ever cloned, never added to.
	frozen atomic.Pointer[edge]
}

// ErrNoLedger says that a ledger of the name does not exist.
var ErrNoLedger = errors.New("no such ledger")

// ErrClosed says that the log no longer accepts commands.
var ErrClosed = errors.New("the ledger is closed")

var ledgerName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

// ValidName reports whether a ledger may have the name: 1 to 100 lower-case
// letters, digits, dots, dashes and underscores, not starting with a mark.
func ValidName(name string) bool { return ledgerName.MatchString(name) }

// Open reads the heads of all ledgers of the store and starts the committer.
func Open(ctx context.Context, s Store, opt Options) (*Log, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	} else {
		opt.Rand = &lockedReader{r: opt.Rand}
	}
	if opt.MaxBatch == 0 {
		opt.MaxBatch = 512
	}
	l := &Log{store: s, opt: opt, queue: make(chan *request, 4096), done: make(chan struct{}), ledgers: map[string]*ledgerState{}}
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	l.wg.Add(1)
	go l.run()
	return l, nil
}

// lockedReader lets many callers of Commit share a source that is not made for it.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, b)
}

// Close waits for the commands in flight and stops the committer. It does not
// close the store.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.done)
	l.wg.Wait()
	l.announce()
	return nil
}

// Changed gives a channel that is closed when a snapshot of any ledger changes,
// a ledger appears, or the log is closed. Take it before looking at the
// snapshots: then no change falls between.
func (l *Log) Changed() <-chan struct{} {
	l.newsMu.Lock()
	defer l.newsMu.Unlock()
	if l.news == nil {
		l.news = make(chan struct{})
	}
	return l.news
}

// announce wakes everybody who waits for a change. With nobody waiting it is a
// look at a pointer.
func (l *Log) announce() {
	l.newsMu.Lock()
	defer l.newsMu.Unlock()
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
}

// Closed tells whether the log no longer accepts commands.
func (l *Log) Closed() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.closed
}

// Store is what the log reads and appends to.
func (l *Log) Store() Store { return l.store }

// Ledgers lists the names of the ledgers known to this process.
func (l *Log) Ledgers() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	names := make([]string, 0, len(l.ledgers))
	for n := range l.ledgers {
		names = append(names, n)
	}
	return names
}

// Snapshot returns the current heads of a ledger.
func (l *Log) Snapshot(ledger string) (*Snapshot, error) {
	st, err := l.state(ledger)
	if err != nil {
		return nil, err
	}
	return st.snapshot.Load(), nil
}

// Genesis returns what the ledger's first entry says of it.
func (l *Log) Genesis(ledger string) (Genesis, error) {
	st, err := l.state(ledger)
	if err != nil {
		return Genesis{}, err
	}
	return st.genesis, nil
}

// Checkpoint returns the latest signed note of the ledger.
func (l *Log) Checkpoint(ledger string) ([]byte, error) {
	st, err := l.state(ledger)
	if err != nil {
		return nil, err
	}
	return *st.checkpoint.Load(), nil
}

func (l *Log) state(ledger string) (*ledgerState, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	st, ok := l.ledgers[ledger]
	if !ok {
		return nil, fmt.Errorf("ledger %q: %w", ledger, ErrNoLedger)
	}
	return st, nil
}

// load brings every ledger of the store up to date with it.
func (l *Log) load(ctx context.Context) error {
	heads, err := l.store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledgers: %w", err)
	}
	for _, h := range heads {
		if err := l.loadOne(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) loadOne(ctx context.Context, h Head) error {
	l.mu.RLock()
	st := l.ledgers[h.Ledger]
	l.mu.RUnlock()
	switch {
	case st != nil && st.edge.size == h.Size:
		return nil
	case st != nil && st.edge.size > h.Size:
		return fmt.Errorf("ledger %s had %s and now has %d: the store was replaced by an older one; restart and compare with a checkpoint that left the machine", h.Ledger, english.Count(st.edge.size, "entry"), h.Size)
	case st != nil:
		return l.tail(ctx, st, h)
	}
	st = &ledgerState{name: h.Ledger, index: newIndex()}
	var err error
	if st.edge, err = loadEdge(ctx, l.store, h.Ledger, h.Size); err != nil {
		return err
	}
	first, last, err := l.ends(ctx, h)
	if err != nil {
		return err
	}
	if first.Genesis == nil {
		return fmt.Errorf("ledger %s: its first entry does not say what the ledger is; run `reperform ledger verify`", h.Ledger)
	}
	st.genesis = *first.Genesis
	if st.lastTime, err = time.Parse(TimeFormat, last.Time); err != nil {
		return fmt.Errorf("ledger %s: entry %d: %w", h.Ledger, h.Size-1, err)
	}
	if err := checkHead(h, st.genesis, st.edge); err != nil {
		return err
	}
	// Not SelectHeads: another process may have appended since the head was read.
	q := RevisionQuery{Ledger: h.Ledger, Select: SelectKnown, Known: h.Size}
	err = l.store.Revisions(ctx, q, func(r Revision) error {
		st.index.load(&r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger %s: reading the index: %w", h.Ledger, err)
	}
	st.index.size = h.Size
	if l.opt.Keys != nil {
		signer, key, err := l.opt.Keys.Signer(h.Ledger)
		if err != nil {
			return err
		}
		if key != st.genesis.Key {
			return fmt.Errorf("ledger %s: the signing key here is not the one its first entry names; restore the right key from your backup", h.Ledger)
		}
		st.signer = signer
	}
	l.publish(st, h.Checkpoint)
	l.mu.Lock()
	l.ledgers[h.Ledger] = st
	l.mu.Unlock()
	l.announce()
	return nil
}

// checkHead compares the tree with the checkpoint signed over it, so that a
// damaged tree is never signed again.
func checkHead(h Head, g Genesis, e *edge) error {
	c, err := parseStoredCheckpoint(h.Checkpoint, g.Key)
	if err == nil && (c.Origin != g.Origin || c.Size != h.Size || c.Root != e.root()) {
		err = errors.New("it is not of the stored entries")
	}
	if err != nil {
		return fmt.Errorf("ledger %s: the checkpoint at size %d: %w; run `reperform ledger verify`", h.Ledger, h.Size, err)
	}
	return nil
}

// ends reads the first and the last entry.
func (l *Log) ends(ctx context.Context, h Head) (first, last Entry, err error) {
	read := func(pos int64) (e Entry, err error) {
		found := false
		err = leaves(ctx, l.store, h.Ledger, pos, pos+1, func(r Row) error {
			found = true
			var perr error
			e, perr = ParseEntry(r.Bytes)
			return perr
		})
		if err == nil && !found {
			err = errors.New("is missing")
		}
		if err != nil {
			err = fmt.Errorf("ledger %s: entry %d: %w", h.Ledger, pos, err)
		}
		return e, err
	}
	if first, err = read(0); err != nil {
		return first, last, err
	}
	last, err = read(h.Size - 1)
	return first, last, err
}

// tail reads what other processes have appended since.
func (l *Log) tail(ctx context.Context, st *ledgerState, h Head) error {
	next := st.edge.clone()
	lastTime, redacted := st.lastTime, int64(0)
	err := leaves(ctx, l.store, st.name, st.edge.size, h.Size, func(r Row) error {
		e, err := ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s: entry %d: %w", st.name, r.Pos, err)
		}
		next.add(r.Leaf, nil)
		for i, c := range e.Changes {
			st.index.apply(headKey(c.Kind, c.ID), &Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: r.Pos, Slot: i + 1, Effective: c.Effective})
		}
		redacted += int64(len(e.Redacts))
		lastTime, err = time.Parse(TimeFormat, e.Time)
		return err
	})
	if err == nil {
		err = checkHead(h, st.genesis, next)
	}
	if err != nil {
		return err
	}
	st.edge, st.lastTime, st.index.size = next, lastTime, h.Size
	st.index.redacted += redacted
	l.publish(st, h.Checkpoint)
	l.announce()
	return nil
}

func (l *Log) publish(st *ledgerState, checkpoint []byte) {
	st.snapshot.Store(st.index.snapshot(st.name))
	st.checkpoint.Store(&checkpoint)
	st.frozen.Store(st.edge)
}
