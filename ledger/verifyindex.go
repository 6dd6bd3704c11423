package ledger

import (
	"fmt"
	"maps"
	"slices"
)

// revisionIndex is what the table of revisions must hold, by kind and id.
type revisionIndex map[string]map[string]*chain

// chain is the revisions of one record: revision n stands at n-1.
type chain struct {
	links []link
	// seen is how many of them the table has shown, in order.
	seen int
}

type link struct {
	pos       int64
	slot      int
	effective string
}

// absent marks a revision that a damaged entry may have recorded.
const absent = -1

// maxSkip bounds how many revisions a damaged entry can be thought to hide.
const maxSkip = 1000

// add records a change and returns the revision the record had before.
func (x revisionIndex) add(c *Change, pos int64, slot int) int64 {
	kind := x[c.Kind]
	if kind == nil {
		kind = map[string]*chain{}
		x[c.Kind] = kind
	}
	ch := kind[c.ID]
	if ch == nil {
		ch = &chain{}
		kind[c.ID] = ch
	}
	have := int64(len(ch.links))
	if c.Revision <= have || c.Revision > have+maxSkip {
		return have
	}
	for int64(len(ch.links)) < c.Revision-1 {
		ch.links = append(ch.links, link{pos: absent})
	}
	ch.links = append(ch.links, link{pos: pos, slot: slot, effective: c.Effective})
	return have
}

func (v *verifier) indexProblem(field, what, kind, id string, rev int64) {
	v.problem("revision", field, what, "%s %s revision %d", kind, id, rev)
}

// compareIndex compares the stored index with the one the entries give.
func (v *verifier) compareIndex() error {
	type late struct {
		field, what string
		r           Revision
		value       int64
	}
	var doubts []late
	var kind map[string]*chain
	lastKind := ""
	err := v.store.Revisions(v.ctx, RevisionQuery{Ledger: v.name, Select: SelectAll}, func(r Revision) error {
		if kind == nil || r.Kind != lastKind {
			kind, lastKind = v.index[r.Kind], r.Kind
		}
		ch := kind[r.ID]
		if ch == nil || r.Rev < 1 || r.Rev > int64(len(ch.links)) {
			doubts = append(doubts, late{"", "no entry records it", r, r.Pos})
			return nil
		}
		for ch.seen < int(r.Rev)-1 {
			ch.seen++
			v.unseen(r.Kind, r.ID, ch, ch.seen)
		}
		ch.seen = int(r.Rev)
		want := ch.links[r.Rev-1]
		if want.pos == absent {
			return nil
		}
		if r.Pos != want.pos {
			v.indexProblem("pos", fmt.Sprintf("is %d, the entries give %d", r.Pos, want.pos), r.Kind, r.ID, r.Rev)
		}
		if r.Slot != want.slot {
			v.indexProblem("slot", fmt.Sprintf("is %d, the entries give %d", r.Slot, want.slot), r.Kind, r.ID, r.Rev)
		}
		if r.Effective != want.effective {
			v.indexProblem("effective", fmt.Sprintf("is %q, the entries give %q", r.Effective, want.effective), r.Kind, r.ID, r.Rev)
		}
		next := int64(-1)
		if int(r.Rev) < len(ch.links) {
			next = ch.links[r.Rev].pos
			if next == absent {
				return nil
			}
		}
		if r.NextPos != next {
			doubts = append(doubts, late{"next_pos", fmt.Sprintf("is %d, the entries give %d", r.NextPos, next), r, r.NextPos})
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.unseenRest()
	if len(doubts) == 0 {
		return nil
	}
	// What points past the entries read may belong to those appended since.
	now, err := v.head()
	if err != nil {
		return err
	}
	for _, d := range doubts {
		if d.value < v.size || d.value >= now {
			v.indexProblem(d.field, d.what, d.r.Kind, d.r.ID, d.r.Rev)
		}
	}
	return nil
}

// unseenRest reports what the table never showed, in order.
func (v *verifier) unseenRest() {
	for _, k := range slices.Sorted(maps.Keys(v.index)) {
		var short []string
		for id, ch := range v.index[k] {
			if ch.seen < len(ch.links) {
				short = append(short, id)
			}
		}
		slices.Sort(short)
		for _, id := range short {
			for ch := v.index[k][id]; ch.seen < len(ch.links); {
				ch.seen++
				v.unseen(k, id, ch, ch.seen)
			}
		}
	}
}

func (v *verifier) unseen(kind, id string, ch *chain, rev int) {
	if ch.links[rev-1].pos != absent {
		v.indexProblem("", "is missing from the index", kind, id, int64(rev))
	}
}
