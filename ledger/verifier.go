package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/english"
)

// verifier is one pass over a ledger.
type verifier struct {
	ctx   context.Context
	store Store
	opt   VerifyOptions
	name  string
	rep   *Report

	// size is how far the ledger has been read, began where it stood at first.
	size, began int64
	// edge is the tree over the stored bytes. Where a stored leaf differs,
	// other is the tree over the stored leaves from there on: the next
	// checkpoint tells which of the two was changed.
	edge, other *edge
	// suspects are the problems that the next checkpoint will settle.
	suspects []int
	// broken is set once a root has failed, because all later ones will too.
	broken bool

	key      string
	ledger   string
	lastTime string
	command  Entry
	external *Checkpoint
	signed   int64
	lastNote []byte
	notes    noteChecks
	// missing documents await a redaction that names them.
	missing map[DocumentRef]bool
	index   revisionIndex
}

func (v *verifier) problem(table, field, what string, where string, args ...any) {
	if len(v.rep.Problems) < maxProblems {
		v.rep.Problems = append(v.rep.Problems, Problem{Table: table, Where: fmt.Sprintf(where, args...), Field: field, What: what})
	}
}

// head asks the store for the present size.
func (v *verifier) head() (int64, error) {
	heads, err := v.store.Heads(v.ctx)
	if err != nil {
		return 0, err
	}
	for _, h := range heads {
		if h.Ledger == v.name {
			return h.Size, nil
		}
	}
	return 0, fmt.Errorf("ledger %q: %w", v.name, ErrNoLedger)
}

// read goes on to the size.
func (v *verifier) read(to int64) error {
	next := v.size
	row := func(r Row) error {
		if r.Pos != next {
			v.problem("entry", "pos", fmt.Sprintf("positions %d to %d are missing", next, r.Pos-1), "%d", next)
			v.broken = true
		}
		v.row(r)
		next = r.Pos + 1
		return nil
	}
	var err error
	if v.opt.TreeOnly {
		err = leaves(v.ctx, v.store, v.name, v.size, to, row)
	} else {
		err = v.store.Entries(v.ctx, v.name, v.size, to, row)
	}
	if err != nil {
		return err
	}
	switch {
	case next == to:
		v.size = to
		return nil
	case next == 0:
		v.problem("ledger", "n or size", fmt.Sprintf("says %s, none are there", english.Count(to, "entry")), "%s", v.name)
	default:
		// Rows deleted at the end and a size made larger look alike.
		v.problem("ledger", "size", fmt.Sprintf("says %s, the last one there is %d", english.Count(to, "entry"), next-1), "%s", v.name)
		v.problem("entry", "pos", fmt.Sprintf("positions %d to %d are missing", next, to-1), "%d", next)
	}
	v.size, v.broken = to, true
	return nil
}

func (v *verifier) row(r Row) {
	leaf := tlog.RecordHash(r.Bytes)
	if leaf != r.Leaf {
		if v.other == nil {
			v.other = v.edge.clone()
		}
		v.suspects = append(v.suspects, len(v.rep.Problems))
		v.problem("entry", "leaf or bytes", "the stored leaf hash is not that of the stored bytes", "%d", r.Pos)
	}
	v.grow(leaf, r.Leaf)
	e, err := Entry{}, error(nil)
	if !v.opt.TreeOnly || r.Pos == 0 {
		if e, err = ParseEntry(r.Bytes); err != nil {
			v.problem("entry", "bytes", err.Error(), "%d", r.Pos)
		}
	}
	if r.Pos == 0 && err == nil {
		v.first(&e)
	}
	if len(r.Checkpoint) > 0 {
		v.checkpoint(r.Pos, r.Checkpoint)
	}
	if v.external != nil && v.external.Size == r.Pos+1 && v.external.Root != v.edge.root() {
		v.problem("checkpoint", "root", "the checkpoint given speaks of another tree: the ledger was rewritten", "size %d", v.external.Size)
	}
	if err != nil || v.opt.TreeOnly {
		return
	}
	v.entry(r.Pos, &e)
	v.documents(r, &e)
	if v.opt.Visit != nil {
		v.opt.Visit(r.Pos, e, r.Documents)
	}
}

// grow adds a leaf to the tree, and compares the tiles it completes.
func (v *verifier) grow(leaf, stored tlog.Hash) {
	var tiles, others []Tile
	v.edge.add(leaf, func(t Tile) { tiles = append(tiles, t) })
	if v.other != nil {
		v.other.add(stored, func(t Tile) { others = append(others, t) })
	}
	if v.opt.SkipIndex || v.broken {
		return
	}
	for i, want := range tiles {
		v.rep.Tiles++
		got, err := v.store.Tile(v.ctx, v.name, want.Level, want.Index)
		switch {
		case errors.Is(err, ErrNoTile):
			v.problem("tile", "", "is missing", "%d/%d", want.Level, want.Index)
		case err != nil:
			v.problem("tile", "", err.Error(), "%d/%d", want.Level, want.Index)
		case string(got) != string(want.Data) && (others == nil || string(got) != string(others[i].Data)):
			v.problem("tile", "data", "does not hold the hashes of the entries", "%d/%d", want.Level, want.Index)
		}
	}
}

// settle says which of bytes and leaf was changed, once a signed root tells.
func (v *verifier) settle(field string) {
	for _, i := range v.suspects {
		if i < len(v.rep.Problems) && field != "" {
			v.rep.Problems[i].Field = field
		}
	}
	v.suspects, v.other = nil, nil
}

// checkpoint checks the note that stands beside the entry at the position.
func (v *verifier) checkpoint(pos int64, signed []byte) {
	size := pos + 1
	v.signed = size
	c, err := PeekCheckpoint(signed)
	switch {
	case err != nil:
		v.problem("entry", "note", err.Error(), "%d", pos)
		return
	case c.Origin != v.rep.Origin:
		v.problem("entry", "note", fmt.Sprintf("is of %q", c.Origin), "%d", pos)
	case c.Size != size:
		v.problem("entry", "note", fmt.Sprintf("speaks of size %d, not %d", c.Size, size), "%d", pos)
	case c.Root == v.edge.root():
		v.settle("leaf")
	case v.other != nil && c.Root == v.other.root():
		v.edge = v.other
		v.settle("bytes")
	case !v.broken:
		v.problem("entry", "note", "the root it signs is not that of the entries up to here", "%d", pos)
		v.broken = true
		v.settle("")
	}
	v.lastNote = signed
	if !v.opt.TreeOnly {
		v.notes.check(pos, signed, v.key)
	}
}

// first reads what the ledger says it is.
func (v *verifier) first(e *Entry) {
	v.ledger = v.name
	if e.Ledger != v.name {
		v.problem("ledger", "name", fmt.Sprintf("its first entry belongs to ledger %q", e.Ledger), "%s", v.name)
		v.ledger = e.Ledger
	}
	v.key = v.opt.Key
	if e.Genesis == nil {
		v.problem("entry", "bytes", "the first entry does not say what the ledger is", "0")
		return
	}
	g := *e.Genesis
	v.rep.Origin = g.Origin
	if v.key == "" {
		v.key = g.Key
	}
	if v.key != g.Key {
		v.problem("entry", "bytes", "names another key than the one trusted", "0")
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
	default:
		v.external = &c
	}
}

func (v *verifier) entry(pos int64, e *Entry) {
	if e.Ledger != v.ledger && pos > 0 {
		v.problem("entry", "bytes", fmt.Sprintf("belongs to ledger %q", e.Ledger), "%d", pos)
	}
	// The text of a time sorts as the time does.
	if e.Time < v.lastTime {
		v.problem("entry", "bytes", "its time is before that of the entry before", "%d", pos)
	}
	v.lastTime = e.Time
	if pos > 0 && e.Genesis != nil {
		v.problem("entry", "bytes", "only the first entry may say what the ledger is", "%d", pos)
	}
	prev := v.command
	open := prev.Part < prev.Parts
	if open && (e.Command != prev.Command || e.Part != prev.Part+1 || e.Parts != prev.Parts) || !open && e.Part > 1 {
		v.problem("entry", "bytes", "the parts of a command are not complete and in order", "%d", pos)
	}
	v.command = Entry{Command: e.Command, Part: e.Part, Parts: e.Parts}
	for i := range e.Changes {
		c := &e.Changes[i]
		v.rep.Revisions++
		if have := v.index.add(c, pos, i+1); c.Revision != have+1 {
			v.problem("entry", "bytes", fmt.Sprintf("%s %s goes from revision %d to %d", c.Kind, c.ID, have, c.Revision), "%d", pos)
		}
	}
	for _, d := range e.Redacts {
		v.redaction(pos, d)
	}
}

// redaction strikes a document off the missing ones.
func (v *verifier) redaction(pos int64, d DocumentRef) {
	if v.missing[d] {
		delete(v.missing, d)
		v.rep.Redacted++
		return
	}
	// The document was read before it was redacted, if that happened while
	// this pass was under way.
	there, known := false, false
	if pos >= v.began && d.Pos >= 0 && d.Pos < pos {
		err := v.store.Entries(v.ctx, v.name, d.Pos, d.Pos+1, func(r Row) error {
			if e, err := ParseEntry(r.Bytes); err == nil {
				_, known = e.Commitment(d.Slot)
			}
			there = slices.ContainsFunc(r.Documents, func(x Document) bool { return x.Slot == d.Slot })
			return nil
		})
		if err == nil && known && !there {
			v.rep.Redacted++
			return
		}
	}
	v.problem("document", "", fmt.Sprintf("entry %d redacts it, but it is there or never was", pos), "%d/%d", d.Pos, d.Slot)
}

func (v *verifier) documents(r Row, e *Entry) {
	for i := range r.Documents {
		d := &r.Documents[i]
		v.rep.Documents++
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
		if !slices.ContainsFunc(r.Documents, func(d Document) bool { return d.Slot == slot }) {
			v.missing[DocumentRef{Pos: r.Pos, Slot: slot}] = true
		}
	}
}

// finish checks what only the end can tell.
func (v *verifier) finish() error {
	v.rep.Entries = v.edge.size
	v.rep.Root = v.edge.root().String()
	v.settle("")
	if v.opt.TreeOnly && v.lastNote != nil {
		v.notes.check(v.signed-1, v.lastNote, v.key)
	}
	for _, bad := range v.notes.wait() {
		v.problem("entry", "note", bad.err.Error(), "%d", bad.pos)
	}
	if v.external != nil && v.external.Size > v.size {
		v.problem("checkpoint", "size", fmt.Sprintf("the checkpoint given speaks of %s, the ledger has %d: entries are gone", english.Count(v.external.Size, "entry"), v.size), "given")
	}
	if v.opt.Checkpoint != nil && v.key == "" {
		v.problem("checkpoint", "", "the checkpoint given cannot be compared: the ledger does not say whose key signs", "given")
	}
	if v.command.Part < v.command.Parts {
		v.problem("entry", "bytes", "the last command is incomplete", "%d", v.size-1)
	}
	missing := slices.SortedFunc(maps.Keys(v.missing), func(a, b DocumentRef) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Slot, b.Slot))
	})
	for _, d := range missing {
		v.problem("document", "", "is missing, and no later entry redacts it", "%d/%d", d.Pos, d.Slot)
	}
	if v.signed != v.size {
		v.problem("entry", "note", "the last entry has no checkpoint", "%d", v.size-1)
	}
	if err := v.beyond(); err != nil {
		return err
	}
	if v.opt.SkipIndex || v.opt.TreeOnly {
		return nil
	}
	if err := v.compareIndex(); err != nil {
		return err
	}
	if in, ok := v.store.(Inspector); ok {
		return in.Inspect(v.ctx, v.name, func(p Problem) { v.problem(p.Table, p.Field, p.What, "%s", p.Where) })
	}
	return nil
}

// beyond looks for an entry after the last, and for tiles beyond the right
// edge: they would be served as proofs of entries that do not exist.
func (v *verifier) beyond() error {
	found := false
	err := leaves(v.ctx, v.store, v.name, v.size, v.size+1, func(Row) error { found = true; return nil })
	if err != nil {
		return err
	}
	now, err := v.head()
	if err != nil {
		return err
	}
	if found && now == v.size {
		v.problem("ledger", "size", fmt.Sprintf("says %s, but there is one at position %d", english.Count(v.size, "entry"), v.size), "%s", v.name)
	}
	if v.opt.SkipIndex || now != v.size {
		return nil
	}
	for level := range len(v.edge.levels) + 1 {
		at := v.size >> (tileHeight * (level + 1))
		_, err := v.store.Tile(v.ctx, v.name, level, at)
		switch {
		case errors.Is(err, ErrNoTile):
		case err != nil:
			return err
		default:
			v.problem("tile", "", "lies beyond the entries", "%d/%d", level, at)
		}
	}
	return nil
}
