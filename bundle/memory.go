package bundle

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/ledger"
)

// memory is a read-only ledger.Store over what a bundle holds, so that views,
// report and verification read a bundle exactly as they read a workspace. It
// knows every revision of a ledger, because it holds every entry; a question
// whose answer needs a document that was neither included nor redacted is an
// error, never a shorter answer.
type memory struct {
	heads     map[string]ledger.Head
	rows      map[string][]ledger.Row
	revisions map[string][]ledger.Revision
	redacted  map[string]map[ledger.DocumentRef]bool
	// gone are the redacted documents that somebody asked for, by ledger.
	gone map[string]map[ledger.DocumentRef]bool
}

func newMemory() *memory {
	return &memory{heads: map[string]ledger.Head{}, rows: map[string][]ledger.Row{}, revisions: map[string][]ledger.Revision{}, redacted: map[string]map[ledger.DocumentRef]bool{},
		gone: map[string]map[ledger.DocumentRef]bool{}}
}

// missingError says that a bundle lacks what was asked for.
type missingError struct {
	ledger string
	ledger.Revision
}

func (e missingError) Error() string {
	return fmt.Sprintf("the bundle lacks %s %s, revision %d (document %d of entry %d of ledger %s), which the report reads", e.Kind, e.ID, e.Rev, e.Slot, e.Pos, e.ledger)
}

// add takes all entries of a ledger; the last row carries the checkpoint.
func (m *memory) add(name string, size int64, checkpoint []byte, rows []ledger.Row) error {
	m.heads[name] = ledger.Head{Ledger: name, Size: size, Checkpoint: checkpoint}
	if n := len(rows); n > 0 && rows[n-1].Pos == size-1 {
		rows[n-1].Checkpoint = checkpoint
	}
	m.rows[name] = rows
	latest := map[[2]string]int{}
	var revs []ledger.Revision
	redacted := map[ledger.DocumentRef]bool{}
	for _, r := range rows {
		if r.Bytes == nil {
			continue
		}
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s: entry %d: %w", name, r.Pos, err)
		}
		for _, d := range e.Redacts {
			redacted[d] = true
		}
		docs := map[int][]byte{}
		for _, d := range r.Documents {
			docs[d.Slot] = d.Bytes
		}
		for i, c := range e.Changes {
			k := [2]string{c.Kind, c.ID}
			if j, ok := latest[k]; ok {
				revs[j].NextPos = r.Pos
			}
			latest[k] = len(revs)
			revs = append(revs, ledger.Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: r.Pos, Slot: i + 1, NextPos: -1, Effective: c.Effective, Document: docs[i+1]})
		}
	}
	slices.SortFunc(revs, func(a, b ledger.Revision) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID), cmp.Compare(a.Rev, b.Rev))
	})
	m.revisions[name], m.redacted[name], m.gone[name] = revs, redacted, map[ledger.DocumentRef]bool{}
	return nil
}

// span is the first and the last position at which a record was recorded; both
// are -1 when it never was.
func (m *memory) span(name, kind, id string) (first, last int64) {
	all := m.revisions[name]
	i := seek(all, kind, id)
	first, last = -1, -1
	for ; i < len(all) && all[i].Kind == kind && all[i].ID == id; i++ {
		if first < 0 || all[i].Pos < first {
			first = all[i].Pos
		}
		last = max(last, all[i].Pos)
	}
	return first, last
}

// begins checks that a ledger begins with the tree of an older state.
func (m *memory) begins(name string, older ledger.Checkpoint) error {
	rows := m.rows[name]
	if older.Size > int64(len(rows)) {
		return fmt.Errorf("ledger %s has %d entries here, the state named has %d", name, len(rows), older.Size)
	}
	var t ledger.Tree
	for _, r := range rows[:older.Size] {
		t.Add(r.Leaf)
	}
	if t.Root() != older.Root {
		return fmt.Errorf("at %d entries the root of ledger %s is %s, the state named has %s: the ledger was rewritten", older.Size, name, t.Root(), older.Root)
	}
	return nil
}

// redactedSince tells whether an entry from the position on removed documents.
func (m *memory) redactedSince(name string, from int64) bool {
	for _, r := range m.rows[name] {
		if r.Pos < from || r.Bytes == nil {
			continue
		}
		if e, err := ledger.ParseEntry(r.Bytes); err == nil && len(e.Redacts) > 0 {
			return true
		}
	}
	return false
}

// seek finds the first revision at or after a kind and id.
func seek(all []ledger.Revision, kind, id string) int {
	i, _ := slices.BinarySearchFunc(all, [2]string{kind, id}, func(r ledger.Revision, k [2]string) int {
		if c := strings.Compare(r.Kind, k[0]); c != 0 || id == "" {
			return cmp.Or(c, 1)
		}
		return cmp.Or(strings.Compare(r.ID, k[1]), 1)
	})
	return i
}

// Heads implements ledger.Store.
func (m *memory) Heads(context.Context) ([]ledger.Head, error) {
	var out []ledger.Head
	for _, h := range m.heads {
		out = append(out, h)
	}
	return out, nil
}

// Append implements ledger.Store: a bundle is never written.
func (m *memory) Append(context.Context, []ledger.Batch) error {
	return fmt.Errorf("a bundle is read-only")
}

// Entries implements ledger.Store.
func (m *memory) Entries(_ context.Context, name string, from, to int64, yield func(ledger.Row) error) error {
	for _, r := range m.rows[name] {
		if r.Pos < from || r.Pos >= to {
			continue
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	return nil
}

// Tile implements ledger.Store: a bundle carries entries, not tiles.
func (m *memory) Tile(context.Context, string, int, int64) ([]byte, error) {
	return nil, ledger.ErrNoTile
}

// Close implements ledger.Store.
func (m *memory) Close() error { return nil }

// Revisions implements ledger.Store.
func (m *memory) Revisions(_ context.Context, q ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	all := m.revisions[q.Ledger]
	given, start := 0, 0
	if q.Kind != "" {
		start = seek(all, q.Kind, q.ID)
	}
	for i := start; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].Kind == all[i].Kind && all[j].ID == all[i].ID {
			j++
		}
		group := all[i:j]
		i = j
		if q.Kind != "" && group[0].Kind != q.Kind || q.ID != "" && q.Kind != "" && group[0].ID != q.ID {
			return nil
		}
		if q.ID != "" && group[0].ID != q.ID || q.After != "" && group[0].ID <= q.After {
			continue
		}
		for _, r := range chosen(group, q) {
			if q.Documents && r.Document == nil {
				at := ledger.DocumentRef{Pos: r.Pos, Slot: r.Slot}
				if !m.redacted[q.Ledger][at] {
					return missingError{q.Ledger, r}
				}
				m.gone[q.Ledger][at] = true
			}
			if !q.Documents {
				r.Document = nil
			}
			if err := yield(r); err != nil {
				return err
			}
			if given++; q.Limit > 0 && given == q.Limit {
				return nil
			}
		}
	}
	return nil
}

// chosen selects from the revisions of one record, oldest first.
func chosen(group []ledger.Revision, q ledger.RevisionQuery) []ledger.Revision {
	switch q.Select {
	case ledger.SelectAll:
		return group
	case ledger.SelectHeads:
		return group[len(group)-1:]
	}
	known := group
	for len(known) > 0 && known[len(known)-1].Pos >= q.Known {
		known = known[:len(known)-1]
	}
	switch {
	case len(known) == 0 || q.Select == ledger.SelectKnownAll:
		return known
	case q.Select == ledger.SelectKnown:
		return known[len(known)-1:]
	}
	best := -1
	for i, r := range known {
		if r.Effective <= q.Effective && (best < 0 || r.Effective >= known[best].Effective) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return known[best : best+1]
}

// recorder passes reads through to a store and remembers which documents of one
// ledger were read: they are what a report cites.
type recorder struct {
	ledger.Store
	name  string
	cites map[ledger.DocumentRef]bool
}

func (r *recorder) Revisions(ctx context.Context, q ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	return r.Store.Revisions(ctx, q, func(x ledger.Revision) error {
		if q.Ledger == r.name && q.Documents {
			r.cites[ledger.DocumentRef{Pos: x.Pos, Slot: x.Slot}] = true
		}
		return yield(x)
	})
}
