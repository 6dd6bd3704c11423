package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Problem is one thing that does not hold, and where.
type Problem struct {
	// Table is what is damaged: ledger, entry, document, revision, tile or checkpoint.
	Table string `json:"table"`
	// Where names the row, Field the part of it when one is to blame.
	Where string `json:"where"`
	Field string `json:"field,omitempty"`
	What  string `json:"what"`
}

func (p Problem) String() string {
	at := p.Table + " " + p.Where
	if p.Field != "" {
		at += ", " + p.Field
	}
	return at + ": " + p.What
}

// Report is the result of verifying one ledger.
type Report struct {
	Ledger    string    `json:"ledger"`
	Origin    string    `json:"origin"`
	Entries   int64     `json:"entries"`
	Documents int64     `json:"documents"`
	Redacted  int64     `json:"redacted"`
	Revisions int64     `json:"revisions"`
	Tiles     int64     `json:"tiles"`
	Root      string    `json:"root"`
	Problems  []Problem `json:"problems"`
}

// Err is nil when everything holds.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return fmt.Errorf("ledger %s: %d problems, the first: %s", r.Ledger, len(r.Problems), r.Problems[0])
}

// maxProblems bounds a report: damage tends to come in swathes.
const maxProblems = 100

// VerifyOptions widens what Verify checks against.
type VerifyOptions struct {
	// Checkpoint is a signed note that left the machine earlier; the ledger
	// must contain the tree it speaks of.
	Checkpoint []byte
	// Key is the verifier key to trust; empty trusts the one in the first
	// entry, which proves consistency but not who signed.
	Key string
	// Visit, when set, is called for each entry and its documents, so that
	// a caller can check what the ledger does not interpret in the same pass.
	Visit func(pos int64, e Entry, documents []Document)
	// SkipIndex leaves out the index of revisions and the tiles, for stores
	// that have none.
	SkipIndex bool
}

// Verify reads a whole ledger and recomputes everything in it: the order and
// form of the entries, every leaf, tile and root, every signature, every
// commitment, and the index of revisions. It returns an error only when it
// could not read; what does not hold stands in the report.
func Verify(ctx context.Context, s Store, name string, opt VerifyOptions) (*Report, error) {
	heads, err := s.Heads(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if h.Ledger == name {
			v := &verifier{ctx: ctx, store: s, opt: opt, head: h, edge: &edge{}, rep: &Report{Ledger: name, Problems: []Problem{}},
				missing: map[DocumentRef]bool{}, index: map[string]*Revision{}, heads: map[string]*Revision{}}
			return v.run()
		}
	}
	return nil, fmt.Errorf("ledger %q: %w", name, ErrNoLedger)
}

type verifier struct {
	ctx   context.Context
	store Store
	opt   VerifyOptions
	head  Head
	rep   *Report
	edge  *edge

	key      string
	lastTime time.Time
	command  Entry
	// missing documents await a redaction that names them.
	missing map[DocumentRef]bool
	// index is what the table of revisions must hold, by kind, id and rev.
	index map[string]*Revision
	heads map[string]*Revision

	external    *Checkpoint
	checkpoints int64
	lastSigned  int64
}

func (v *verifier) problem(table, field, what string, where string, args ...any) {
	if len(v.rep.Problems) < maxProblems {
		v.rep.Problems = append(v.rep.Problems, Problem{Table: table, Where: fmt.Sprintf(where, args...), Field: field, What: what})
	}
}

func (v *verifier) run() (*Report, error) {
	next := int64(0)
	// One more than the head says: an entry beyond it is a problem too.
	err := v.store.Entries(v.ctx, v.head.Ledger, 0, v.head.Size+1, func(r Row) error {
		if r.Pos != next {
			v.problem("entry", "pos", fmt.Sprintf("positions %d to %d are missing", next, r.Pos-1), "%d", next)
			next = r.Pos
		}
		v.row(r)
		next++
		return nil
	})
	if err != nil {
		return nil, err
	}
	if next != v.head.Size {
		v.problem("ledger", "size", fmt.Sprintf("says %d entries, %d are there", v.head.Size, next), "%s", v.head.Ledger)
	}
	if v.command.Parts > 0 && v.command.Part != v.command.Parts {
		v.problem("entry", "parts", "the last command is incomplete", "%d", next-1)
	}
	v.rep.Entries = v.edge.size
	v.rep.Root = v.edge.root().String()
	v.closing()
	if !v.opt.SkipIndex {
		if err := v.revisions(); err != nil {
			return nil, err
		}
		if err := v.tail(); err != nil {
			return nil, err
		}
	}
	return v.rep, nil
}

func (v *verifier) row(r Row) {
	leaf := tlog.RecordHash(r.Bytes)
	if leaf != r.Leaf {
		v.problem("entry", "leaf", "the stored leaf hash is not that of the stored bytes", "%d", r.Pos)
	}
	v.edge.add(leaf, func(t Tile) {
		if !v.opt.SkipIndex {
			v.tile(t)
		}
	})
	e, err := ParseEntry(r.Bytes)
	if err != nil {
		v.problem("entry", "bytes", err.Error(), "%d", r.Pos)
		return
	}
	v.entry(r.Pos, e)
	v.documents(r, &e)
	if len(r.Checkpoint) > 0 {
		v.checkpoint(r.Pos+1, r.Checkpoint)
	}
	if v.external != nil && v.external.Size == r.Pos+1 && v.external.Root != v.edge.root() {
		v.problem("checkpoint", "root", "the checkpoint given speaks of another tree: the ledger was rewritten", "size %d", v.external.Size)
	}
	if v.opt.Visit != nil {
		v.opt.Visit(r.Pos, e, r.Documents)
	}
}

func (v *verifier) entry(pos int64, e Entry) {
	if e.Ledger != v.head.Ledger {
		v.problem("entry", "bytes", fmt.Sprintf("belongs to ledger %q", e.Ledger), "%d", pos)
	}
	t, _ := time.Parse(TimeFormat, e.Time)
	if t.Before(v.lastTime) {
		v.problem("entry", "bytes", "its time is before that of the entry before", "%d", pos)
	}
	v.lastTime = t
	if (pos == 0) != (e.Genesis != nil) {
		v.problem("entry", "bytes", "only the first entry says what the ledger is, and it must", "%d", pos)
	}
	if pos == 0 && e.Genesis != nil {
		v.genesis(*e.Genesis)
	}
	prev := v.command
	open := prev.Parts > 0 && prev.Part < prev.Parts
	if open && (e.Command != prev.Command || e.Part != prev.Part+1 || e.Parts != prev.Parts) || !open && e.Part > 1 {
		v.problem("entry", "bytes", "the parts of a command are not complete and in order", "%d", pos)
	}
	v.command = Entry{Command: e.Command, Part: e.Part, Parts: e.Parts}
	for i, c := range e.Changes {
		v.rep.Revisions++
		r := &Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: pos, Slot: i + 1, NextPos: -1, Effective: c.Effective}
		k := headKey(c.Kind, c.ID)
		have := int64(0)
		if h := v.heads[k]; h != nil {
			have = h.Rev
			h.NextPos = pos
		}
		if c.Revision != have+1 {
			v.problem("entry", "bytes", fmt.Sprintf("%s %s goes from revision %d to %d", c.Kind, c.ID, have, c.Revision), "%d", pos)
		}
		v.heads[k] = r
		v.index[revisionKey(k, c.Revision)] = r
	}
	for _, d := range e.Redacts {
		if !v.missing[d] {
			v.problem("document", "", "a later entry redacts it, but it is there or never was", "%d/%d", d.Pos, d.Slot)
			continue
		}
		delete(v.missing, d)
		v.rep.Redacted++
	}
}

func revisionKey(k string, rev int64) string { return fmt.Sprintf("%s\x00%d", k, rev) }

func (v *verifier) genesis(g Genesis) {
	v.rep.Origin = g.Origin
	v.key = g.Key
	if v.opt.Key != "" && v.opt.Key != g.Key {
		v.problem("entry", "genesis", "names another key than the one trusted", "0")
	}
	if v.opt.Checkpoint == nil {
		return
	}
	c, err := ParseCheckpoint(v.opt.Checkpoint, v.key)
	switch {
	case err != nil:
		v.problem("checkpoint", "", "the checkpoint given: "+err.Error(), "given")
	case c.Origin != g.Origin:
		v.problem("checkpoint", "origin", fmt.Sprintf("the checkpoint given is of %q, the ledger is %q", c.Origin, g.Origin), "given")
	case c.Size > v.head.Size:
		v.problem("checkpoint", "size", fmt.Sprintf("the checkpoint given speaks of %d entries, the ledger has %d: entries are gone", c.Size, v.head.Size), "given")
	default:
		v.external = &c
	}
}

func (v *verifier) documents(r Row, e *Entry) {
	have := map[int]Document{}
	for _, d := range r.Documents {
		v.rep.Documents++
		have[d.Slot] = d
		want, ok := e.Commitment(d.Slot)
		switch {
		case !ok:
			v.problem("document", "slot", "the entry knows nothing of it", "%d/%d", r.Pos, d.Slot)
		case len(d.Salt) != SaltSize:
			v.problem("document", "salt", fmt.Sprintf("has %d bytes, not %d", len(d.Salt), SaltSize), "%d/%d", r.Pos, d.Slot)
		case Commit(d.Salt, d.Bytes) != want:
			v.problem("document", "salt or bytes", "is not the document the entry commits to", "%d/%d", r.Pos, d.Slot)
		}
	}
	for slot := range e.Slots() {
		if _, ok := e.Commitment(slot); !ok {
			continue
		}
		if _, ok := have[slot]; !ok {
			v.missing[DocumentRef{Pos: r.Pos, Slot: slot}] = true
		}
	}
}

func (v *verifier) checkpoint(size int64, signed []byte) {
	v.checkpoints++
	v.lastSigned = size
	c, err := parseStoredCheckpoint(signed, v.key)
	switch {
	case err != nil:
		v.problem("checkpoint", "note", err.Error(), "%d", size)
	case c.Origin != v.rep.Origin:
		v.problem("checkpoint", "note", fmt.Sprintf("is of %q", c.Origin), "%d", size)
	case c.Size != size:
		v.problem("checkpoint", "size", fmt.Sprintf("the note speaks of size %d", c.Size), "%d", size)
	case c.Root != v.edge.root():
		v.problem("checkpoint", "note", "its root is not that of the entries", "%d", size)
	}
}

// closing checks what only the end can tell.
func (v *verifier) closing() {
	for d := range v.missing {
		v.problem("document", "", "is missing, and no later entry redacts it", "%d/%d", d.Pos, d.Slot)
	}
	if v.lastSigned != v.head.Size || len(v.head.Checkpoint) == 0 {
		v.problem("checkpoint", "size", "there is none for the size of the ledger", "%d", v.head.Size)
	}
}

func (v *verifier) tile(want Tile) {
	v.rep.Tiles++
	got, err := v.store.Tile(v.ctx, v.head.Ledger, want.Level, want.Index)
	switch {
	case errors.Is(err, ErrNoTile):
		v.problem("tile", "", "is missing", "%d/%d", want.Level, want.Index)
	case err != nil:
		v.problem("tile", "", err.Error(), "%d/%d", want.Level, want.Index)
	case string(got) != string(want.Data):
		v.problem("tile", "data", "does not hold the hashes of the entries", "%d/%d", want.Level, want.Index)
	}
}

// tail looks for tiles beyond the right edge: they would be served as proofs
// of entries that do not exist.
func (v *verifier) tail() error {
	for level := range len(v.edge.levels) + 1 {
		beyond := v.edge.size >> (tileHeight * (level + 1))
		_, err := v.store.Tile(v.ctx, v.head.Ledger, level, beyond)
		switch {
		case errors.Is(err, ErrNoTile):
		case err != nil:
			return err
		default:
			v.problem("tile", "", "lies beyond the entries", "%d/%d", level, beyond)
		}
	}
	return nil
}

// revisions compares the stored index with the one the entries give.
func (v *verifier) revisions() error {
	err := v.store.Revisions(v.ctx, RevisionQuery{Ledger: v.head.Ledger, Select: SelectAll}, func(r Revision) error {
		k := revisionKey(headKey(r.Kind, r.ID), r.Rev)
		want, ok := v.index[k]
		if !ok {
			v.problem("revision", "", "no entry records it", "%s %s revision %d", r.Kind, r.ID, r.Rev)
			return nil
		}
		delete(v.index, k)
		for _, f := range []struct {
			name      string
			got, want any
		}{{"pos", r.Pos, want.Pos}, {"slot", r.Slot, want.Slot}, {"next_pos", r.NextPos, want.NextPos}, {"effective", r.Effective, want.Effective}} {
			if f.got != f.want {
				v.problem("revision", f.name, fmt.Sprintf("is %v, the entries give %v", f.got, f.want), "%s %s revision %d", r.Kind, r.ID, r.Rev)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range v.index {
		v.problem("revision", "", "is missing from the index", "%s %s revision %d", r.Kind, r.ID, r.Rev)
	}
	return nil
}
