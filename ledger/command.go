package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

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

// prepared is a command as far as it can be made ready without knowing the
// state it will meet: commitments, salts, keys and all of the entry but its
// time are computed by the caller's goroutine, not by the one committer.
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
	// changeKeys and guardKeys are the keys of the changes and the guards.
	changeKeys, guardKeys []string
	// whole is the command as one entry, nil when it does not fit; its time,
	// which the committer fills in, stands at timeAt.
	whole  []byte
	timeAt int
}

func (l *Log) prepare(c Command) (*prepared, error) {
	if c.Actor == "" || c.Action == "" {
		return nil, errors.New("a command needs an actor and an action")
	}
	if !validIdentifier(c.Actor) || !validIdentifier(c.Action) {
		return nil, fmt.Errorf("actor %q and action %q must be at most %d bytes of UTF-8 without control characters", c.Actor, c.Action, maxIdentifier)
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
	p.documents = make([]Document, 0, len(c.Drafts))
	p.changes = make([]Change, 0, len(c.Drafts))
	p.changeKeys = make([]string, 0, len(c.Drafts))
	for i, d := range c.Drafts {
		if !validIdentifier(d.Kind) || !validIdentifier(d.ID) {
			return nil, fmt.Errorf("kind %q and id %q must be non-empty, at most %d bytes of UTF-8 and without control characters", d.Kind, d.ID, maxIdentifier)
		}
		if !validDate(d.Effective) {
			return nil, fmt.Errorf("%s %s: the effective date %q is not a calendar date such as 2025-01-31", d.Kind, d.ID, d.Effective)
		}
		if d.Document == nil {
			return nil, fmt.Errorf("%s %s: the document is missing", d.Kind, d.ID)
		}
		s := salt(i + 1)
		p.documents = append(p.documents, Document{Salt: s, Bytes: d.Document})
		p.changes = append(p.changes, Change{Kind: d.Kind, ID: d.ID, Revision: d.Revision, Effective: d.Effective, Commitment: Commit(s, d.Document)})
		p.changeKeys = append(p.changeKeys, headKey(d.Kind, d.ID))
	}
	p.guardKeys = make([]string, len(c.Guards))
	for i, g := range c.Guards {
		p.guardKeys[i] = headKey(g.Kind, g.ID)
	}
	return p, nil
}

// encode writes the entry with a time of the right width in place of its own.
func (p *prepared) encode() error {
	whole := p.head(TimeFormat)
	whole.Redacts, whole.Changes = p.cmd.Redacts, p.changes
	b, err := appendEntry(make([]byte, 0, 384+192*len(p.changes)), &whole)
	if err != nil || len(b) > MaxEntry {
		return err
	}
	// Before the time stand only the name of the ledger and an id in
	// hexadecimal, which cannot hold what is searched for.
	const field = `,"time":"`
	p.whole, p.timeAt = b, bytes.Index(b, []byte(field))+len(field)
	return nil
}

func (p *prepared) head(time string) Entry {
	return Entry{Version: EntryVersion, Ledger: p.cmd.Ledger, Command: p.id, Time: time,
		Actor: p.cmd.Actor, Action: p.cmd.Action, Reason: p.reasonCommitment, Genesis: p.genesis}
}

// maxIdentifier bounds kinds, ids, actors and actions in bytes. Escaped in
// JSON, where a byte takes at most six, they leave an entry room for changes.
const maxIdentifier = 200

// validIdentifier demands UTF-8: JSON would replace anything else, and the
// entry would then name another record than the index.
func validIdentifier(s string) bool {
	if s == "" || len(s) > maxIdentifier || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// validDate accepts no date and the dates that compare as text.
func validDate(s string) bool {
	if s == "" {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// rows cuts the command into entries from the position on.
func (p *prepared) rows(at time.Time, pos int64) ([]Row, error) {
	text := at.UTC().Format(TimeFormat)
	if len(text) != len(TimeFormat) {
		return nil, fmt.Errorf("the time %s does not fit the form %s: set the clock right", text, TimeFormat)
	}
	if p.whole != nil {
		copy(p.whole[p.timeAt:], text)
		return []Row{p.row(p.whole, pos, p.reason, p.documents)}, nil
	}
	head := p.head(text)
	head.Redacts = p.cmd.Redacts
	parts := p.split(head)
	rows := make([]Row, 0, len(parts))
	done := 0
	for i, e := range parts {
		e.Part, e.Parts = i+1, len(parts)
		b, err := appendEntry(nil, &e)
		if err != nil {
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
func (p *prepared) split(head Entry) []Entry {
	// The rest is for the head, whose texts may all need escapes.
	const room = MaxEntry - 8192
	var parts []Entry
	cur, used := head, 0
	cur.Redacts = nil
	next := func() {
		parts = append(parts, cur)
		cur, used = head, 0
		cur.Redacts, cur.Reason, cur.Genesis = nil, "", nil
	}
	for _, c := range p.changes {
		size := len(appendChange(nil, &c)) + 1
		if used > 0 && used+size > room {
			next()
		}
		cur.Changes = append(cur.Changes, c)
		used += size
	}
	for _, r := range p.cmd.Redacts {
		const width = 48
		if used > 0 && used+width > room {
			next()
		}
		cur.Redacts = append(cur.Redacts, r)
		used += width
	}
	return append(parts, cur)
}

func (p *prepared) row(b []byte, pos int64, reason *Document, docs []Document) Row {
	r := Row{Pos: pos, Bytes: b, Leaf: tlog.RecordHash(b), Documents: make([]Document, 0, 1+len(docs))}
	if reason != nil {
		r.Documents = append(r.Documents, *reason)
	}
	for i, d := range docs {
		d.Slot = i + 1
		r.Documents = append(r.Documents, d)
	}
	return r
}
