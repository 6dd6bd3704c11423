package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
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
	// Rand is the source of salts and command ids; nil is the system's.
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
}

// Draft is a new revision that a command asks for.
type Draft struct {
	Kind, ID string
	// Revision is the new revision's number: one more than the one it replaces.
	Revision int64
	// Effective is a calendar date or empty.
	Effective string
	Document  []byte
}

// Guard is the version of a record, or of a whole kind when ID is empty, that
// a decision relied on; see Snapshot.Version.
type Guard struct {
	Kind, ID string
	Version  int64
}

// Command is a decision that has been made and waits for acceptance.
type Command struct {
	Ledger  string
	Actor   string
	Action  string
	Reason  string
	Drafts  []Draft
	Guards  []Guard
	Redacts []DocumentRef
}

// Receipt says where a command was recorded. It is handed out only after the
// store has made the command durable.
type Receipt struct {
	Ledger  string
	Command string
	Time    time.Time
	// First and Last are the positions of the command's entries.
	First, Last int64
	// Size of the ledger after the append that holds them.
	Size int64
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
	return nil
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
	if st != nil && st.edge.size == h.Size {
		return nil
	}
	if st != nil {
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
	q := RevisionQuery{Ledger: h.Ledger, Select: SelectHeads}
	err = l.store.Revisions(ctx, q, func(r Revision) error {
		st.index.apply(r)
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
	return nil
}

// ends reads the first and the last entry.
func (l *Log) ends(ctx context.Context, h Head) (first, last Entry, err error) {
	read := func(pos int64) (e Entry, err error) {
		found := false
		err = l.store.Entries(ctx, h.Ledger, pos, pos+1, func(r Row) error {
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
	lastTime := st.lastTime
	err := l.store.Entries(ctx, st.name, st.edge.size, h.Size, func(r Row) error {
		e, err := ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s: entry %d: %w", st.name, r.Pos, err)
		}
		next.add(r.Leaf, nil)
		for i, c := range e.Changes {
			st.index.apply(Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: r.Pos, Slot: i + 1, Effective: c.Effective})
		}
		lastTime, err = time.Parse(TimeFormat, e.Time)
		return err
	})
	if err != nil {
		return err
	}
	st.edge, st.lastTime, st.index.size = next, lastTime, h.Size
	l.publish(st, h.Checkpoint)
	return nil
}

func (l *Log) publish(st *ledgerState, checkpoint []byte) {
	st.snapshot.Store(st.index.snapshot(st.name))
	st.checkpoint.Store(&checkpoint)
}

// prepared is a command as far as it can be made ready without knowing the
// state it will meet: commitments and salts are computed by the caller's
// goroutine, not by the one committer.
type prepared struct {
	cmd    Command
	id     string
	reason *Document
	// commitment to the reason, or empty.
	reasonCommitment string
	changes          []Change
	documents        []Document
	genesis          *Genesis
	signer           note.Signer
}

func (l *Log) prepare(c Command) (*prepared, error) {
	if c.Actor == "" || c.Action == "" {
		return nil, errors.New("a command needs an actor and an action")
	}
	if len(c.Drafts) == 0 && len(c.Redacts) == 0 {
		return nil, fmt.Errorf("%s changes nothing", c.Action)
	}
	p := &prepared{cmd: c}
	random := make([]byte, 16+SaltSize*(1+len(c.Drafts)))
	if _, err := io.ReadFull(l.opt.Rand, random); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	p.id = hex.EncodeToString(random[:16])
	salts := random[16:]
	salt := func(i int) []byte { return salts[i*SaltSize : (i+1)*SaltSize : (i+1)*SaltSize] }
	if c.Reason != "" {
		p.reason = &Document{Slot: 0, Salt: salt(0), Bytes: []byte(c.Reason)}
		p.reasonCommitment = Commit(p.reason.Salt, p.reason.Bytes)
	}
	for i, d := range c.Drafts {
		if !validIdentifier(d.Kind) || !validIdentifier(d.ID) {
			return nil, fmt.Errorf("kind %q and id %q must be non-empty, at most 200 bytes and without control characters", d.Kind, d.ID)
		}
		if d.Document == nil {
			return nil, fmt.Errorf("%s %s: the document is missing", d.Kind, d.ID)
		}
		s := salt(i + 1)
		p.documents = append(p.documents, Document{Salt: s, Bytes: d.Document})
		p.changes = append(p.changes, Change{Kind: d.Kind, ID: d.ID, Revision: d.Revision, Effective: d.Effective, Commitment: Commit(s, d.Document)})
	}
	return p, nil
}

func validIdentifier(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// rows cuts the command into entries from the position on.
func (p *prepared) rows(at time.Time, pos int64) ([]Row, error) {
	head := Entry{
		Version: EntryVersion, Ledger: p.cmd.Ledger, Command: p.id,
		Time:  at.UTC().Format(TimeFormat),
		Actor: p.cmd.Actor, Action: p.cmd.Action, Reason: p.reasonCommitment,
		Redacts: p.cmd.Redacts, Genesis: p.genesis,
	}
	whole := head
	whole.Changes = p.changes
	b, err := json.Marshal(&whole)
	if err != nil {
		return nil, err
	}
	if len(b) <= MaxEntry {
		return []Row{p.row(b, pos, p.reason, p.documents)}, nil
	}
	parts, err := p.split(head)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(parts))
	done := 0
	for i, e := range parts {
		e.Part, e.Parts = i+1, len(parts)
		if b, err = json.Marshal(&e); err != nil {
			return nil, err
		}
		if len(b) > MaxEntry {
			return nil, fmt.Errorf("%s: one change does not fit an entry of %d bytes", p.cmd.Action, MaxEntry)
		}
		var reason *Document
		if i == 0 {
			reason = p.reason
		}
		rows = append(rows, p.row(b, pos+int64(i), reason, p.documents[done:done+len(e.Changes)]))
		done += len(e.Changes)
	}
	return rows, nil
}

// split distributes changes and redactions over entries that stay clear of the
// limit. The reason and the genesis stand in the first.
func (p *prepared) split(head Entry) ([]Entry, error) {
	const room = MaxEntry - 4096
	var parts []Entry
	cur, used := head, 0
	cur.Redacts = nil
	next := func() {
		parts = append(parts, cur)
		cur, used = head, 0
		cur.Redacts, cur.Reason, cur.Genesis = nil, "", nil
	}
	for _, c := range p.changes {
		b, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		if used > 0 && used+len(b)+1 > room {
			next()
		}
		cur.Changes = append(cur.Changes, c)
		used += len(b) + 1
	}
	for _, r := range p.cmd.Redacts {
		const width = 48
		if used > 0 && used+width > room {
			next()
		}
		cur.Redacts = append(cur.Redacts, r)
		used += width
	}
	return append(parts, cur), nil
}

func (p *prepared) row(b []byte, pos int64, reason *Document, docs []Document) Row {
	r := Row{Pos: pos, Bytes: b, Leaf: leafHash(b)}
	if reason != nil {
		r.Documents = append(r.Documents, *reason)
	}
	for i, d := range docs {
		d.Slot = i + 1
		r.Documents = append(r.Documents, d)
	}
	return r
}
