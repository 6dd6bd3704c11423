package ledger

import (
	"strings"

	"github.com/tidwall/btree"
)

// Snapshot is the index of one ledger's heads at a size. It never changes, so
// a decision may read it for as long as it likes; the committer then checks
// the guards the decision returns.
type Snapshot struct {
	Ledger string
	Size   int64
	// Redacted counts the documents that this process has seen redacted since it
	// opened the ledger: what was read before it grew may hold what is gone.
	Redacted int64
	heads    *btree.Map[string, *RecordHead]
	sets     map[string]int64
}

// RecordHead is the latest recorded revision of a record.
type RecordHead struct {
	Rev       int64
	Pos       int64
	Slot      int
	Effective string
}

// indexDegree is half of how many records a node of the index holds. Each
// batch copies a node for each record it touches.
const indexDegree = 16

// headKey joins kind and id with a byte that neither may hold.
func headKey(kind, id string) string { return kind + "\x00" + id }

// Head returns the latest recorded revision of a record.
func (s *Snapshot) Head(kind, id string) (RecordHead, bool) {
	h, ok := s.heads.Get(headKey(kind, id))
	if !ok {
		return RecordHead{}, false
	}
	return *h, true
}

// Kind calls yield for each record of the kind by id, until it returns false.
func (s *Snapshot) Kind(kind string, yield func(id string, h RecordHead) bool) {
	prefix := headKey(kind, "")
	s.heads.Ascend(prefix, func(k string, h *RecordHead) bool {
		id, ok := strings.CutPrefix(k, prefix)
		return ok && yield(id, *h)
	})
}

// Kinds calls yield for each kind that has ever had a record.
func (s *Snapshot) Kinds(yield func(kind string)) {
	for k := range s.sets {
		yield(k)
	}
}

// Version is what a Guard compares: of a record its revision, 0 when it does
// not exist; of a kind (id empty) one more than the position of its last
// change, 0 when it never changed.
func (s *Snapshot) Version(kind, id string) int64 {
	if id == "" {
		return s.sets[kind]
	}
	h, _ := s.Head(kind, id)
	return h.Rev
}

// index is the committer's own mutable copy; each snapshot is a copy on write.
// A head is never changed, only replaced: the nodes of the tree, which are what
// is copied, hold no more than its address.
type index struct {
	size     int64
	redacted int64
	heads    *btree.Map[string, *RecordHead]
	sets     map[string]int64
	// slab is room for the heads that load adds, made by the hundred.
	slab []RecordHead
}

func newIndex() *index {
	return &index{heads: btree.NewMap[string, *RecordHead](indexDegree), sets: map[string]int64{}}
}

func headOf(r *Revision) RecordHead {
	return RecordHead{Rev: r.Rev, Pos: r.Pos, Slot: r.Slot, Effective: r.Effective}
}

// apply adds a revision recorded after all others, given its record's key.
func (x *index) apply(key string, r *Revision) {
	h := headOf(r)
	if old, ok := x.heads.Set(key, &h); ok && old.Rev > r.Rev {
		x.heads.Set(key, old)
	}
	if x.sets[r.Kind] < r.Pos+1 {
		x.sets[r.Kind] = r.Pos + 1
	}
}

// load is apply for the latest revisions in order of kind and id.
func (x *index) load(r *Revision) {
	if len(x.slab) == 0 {
		x.slab = make([]RecordHead, 128)
	}
	h := &x.slab[0]
	x.slab = x.slab[1:]
	*h = headOf(r)
	x.heads.Load(headKey(r.Kind, r.ID), h)
	x.sets[r.Kind] = max(x.sets[r.Kind], r.Pos+1)
}

func (x *index) snapshot(ledger string) *Snapshot {
	sets := make(map[string]int64, len(x.sets))
	for k, v := range x.sets {
		sets[k] = v
	}
	return &Snapshot{Ledger: ledger, Size: x.size, Redacted: x.redacted, heads: x.heads.Copy(), sets: sets}
}
