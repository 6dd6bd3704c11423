package ledgertest

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

// Model is one ledger as the contract understands it: everything ever
// appended, in slices that are searched from end to end.
type Model struct {
	Name      string
	Rows      []ledger.Row
	Revisions []ledger.Revision
	rng       *rand.Rand
}

// NewModel is an empty ledger whose history the seed decides.
func NewModel(name string, seed uint64) *Model {
	return &Model{Name: name, rng: rand.New(rand.NewPCG(seed, 1))}
}

// kinds whose records carry an effective date, and one whose do not.
var kinds = []string{"control", "controlx", "risk", "decision"}

// Batch makes up the next append of up to n rows without recording it.
func (m *Model) Batch(n int) ledger.Batch {
	b := ledger.Batch{Ledger: m.Name, From: int64(len(m.Rows))}
	rev := map[string]int64{}
	for _, r := range m.Revisions {
		rev[r.Kind+"\x00"+r.ID] = r.Rev
	}
	for i := range 1 + m.rng.IntN(n) {
		pos := b.From + int64(i)
		row := ledger.Row{Pos: pos, Bytes: fmt.Appendf(nil, `{"ledger":%q,"pos":%d,"x":%d}`, m.Name, pos, m.rng.Uint64())}
		row.Leaf = tlog.RecordHash(row.Bytes)
		if m.rng.IntN(2) == 0 {
			row.Documents = append(row.Documents, m.document(0))
		}
		for slot := 1; slot <= m.rng.IntN(4); slot++ {
			k := kinds[m.rng.IntN(len(kinds))]
			id := fmt.Sprintf("r%02d", m.rng.IntN(25))
			effective := ""
			if k != "decision" {
				effective = fmt.Sprintf("20%02d-%02d-01", 24+m.rng.IntN(3), 1+m.rng.IntN(12))
			}
			key := k + "\x00" + id
			rev[key]++
			d := m.document(slot)
			row.Documents = append(row.Documents, d)
			b.Revisions = append(b.Revisions, ledger.Revision{Kind: k, ID: id, Rev: rev[key], Pos: pos, Slot: slot, NextPos: -1, Effective: effective})
		}
		b.Rows = append(b.Rows, row)
	}
	last := &b.Rows[len(b.Rows)-1]
	last.Checkpoint = fmt.Appendf(nil, "note over %d", last.Pos+1)
	return b
}

func (m *Model) document(slot int) ledger.Document {
	d := ledger.Document{Slot: slot, Salt: make([]byte, ledger.SaltSize), Bytes: make([]byte, m.rng.IntN(60))}
	for i := range d.Salt {
		d.Salt[i] = byte(m.rng.Uint32())
	}
	for i := range d.Bytes {
		d.Bytes[i] = byte(m.rng.Uint32())
	}
	return d
}

// Apply records what a store has accepted.
func (m *Model) Apply(b ledger.Batch) {
	m.Rows = append(m.Rows, b.Rows...)
	for _, r := range b.Revisions {
		for i := range m.Revisions {
			if o := &m.Revisions[i]; o.Kind == r.Kind && o.ID == r.ID && o.NextPos == -1 {
				o.NextPos = r.Pos
			}
		}
		m.Revisions = append(m.Revisions, r)
	}
	for _, ref := range b.Redacts {
		row := &m.Rows[ref.Pos]
		row.Documents = slices.DeleteFunc(slices.Clone(row.Documents), func(d ledger.Document) bool { return d.Slot == ref.Slot })
	}
}

// Head is what Heads must say.
func (m *Model) Head() ledger.Head {
	last := m.Rows[len(m.Rows)-1]
	return ledger.Head{Ledger: m.Name, Size: int64(len(m.Rows)), Checkpoint: last.Checkpoint}
}

// Select answers a query by the definition of its selection, word for word.
func (m *Model) Select(q ledger.RevisionQuery) []ledger.Revision {
	var out []ledger.Revision
	for _, r := range m.Revisions {
		if q.Kind != "" && r.Kind != q.Kind || q.ID != "" && r.ID != q.ID || q.After != "" && r.ID <= q.After || !m.selected(q, r) {
			continue
		}
		if q.Documents {
			for _, d := range m.Rows[r.Pos].Documents {
				if d.Slot == r.Slot {
					r.Document = d.Bytes
				}
			}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b ledger.Revision) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Rev, b.Rev))
	})
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out
}

func (m *Model) selected(q ledger.RevisionQuery, r ledger.Revision) bool {
	known := func(r ledger.Revision) bool { return r.Pos < q.Known }
	better := func(than func(o ledger.Revision) bool) bool {
		return slices.ContainsFunc(m.Revisions, func(o ledger.Revision) bool {
			return o.Kind == r.Kind && o.ID == r.ID && than(o)
		})
	}
	switch q.Select {
	case ledger.SelectAll:
		return true
	case ledger.SelectHeads:
		return !better(func(o ledger.Revision) bool { return o.Rev > r.Rev })
	case ledger.SelectKnown:
		return known(r) && !better(func(o ledger.Revision) bool { return known(o) && o.Rev > r.Rev })
	case ledger.SelectKnownAll:
		return known(r)
	case ledger.SelectInForce:
		inForce := func(r ledger.Revision) bool { return known(r) && r.Effective <= q.Effective }
		return inForce(r) && !better(func(o ledger.Revision) bool {
			return inForce(o) && (o.Effective > r.Effective || o.Effective == r.Effective && o.Rev > r.Rev)
		})
	}
	return false
}

// equalRow compares all of two rows.
func equalRow(a, b ledger.Row) bool {
	return a.Pos == b.Pos && a.Leaf == b.Leaf && bytes.Equal(a.Bytes, b.Bytes) && bytes.Equal(a.Checkpoint, b.Checkpoint) &&
		slices.EqualFunc(a.Documents, b.Documents, func(x, y ledger.Document) bool {
			return x.Slot == y.Slot && bytes.Equal(x.Salt, y.Salt) && bytes.Equal(x.Bytes, y.Bytes)
		})
}

// equalRevision compares all of two revisions; a redacted document is nil and
// differs from an empty one.
func equalRevision(a, b ledger.Revision) bool {
	da, db := a.Document, b.Document
	a.Document, b.Document = nil, nil
	return fmt.Sprint(a) == fmt.Sprint(b) && bytes.Equal(da, db) && (da == nil) == (db == nil)
}
