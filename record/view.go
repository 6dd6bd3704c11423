package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"reperform/ledger"
	"reperform/soc1"
)

// AsOf is a point on the two clocks.
type AsOf struct {
	// Known is the size of the ledger to look back to; 0 is now.
	Known int64
	// Effective is the date whose values are wanted; empty gives the latest
	// recorded revision of each record whatever its date.
	Effective soc1.Date
}

// ErrNotFound says that no record of the kind and id was in force.
var ErrNotFound = errors.New("no such record")

// View reads one ledger as of a point on the two clocks. It never changes and
// may be used from several goroutines; lists are read once and kept.
type View struct {
	store  ledger.Store
	ledger string
	asOf   AsOf
	// frame answers from memory, when the view came from a State.
	frame *frame
	// only says which kinds the view shows; nil shows all.
	only func(kind string) bool
	// without says which records of some kinds the view does not show.
	without map[string]func(Record) bool

	mu    sync.Mutex
	lists map[string]*List

	goneMu sync.Mutex
	gone   []Record
}

// NewView makes a view. Known must already be the position meant: callers take
// it from a snapshot, so that everything read belongs together.
func NewView(s ledger.Store, name string, asOf AsOf) *View {
	return &View{store: s, ledger: name, asOf: asOf, lists: map[string]*List{}}
}

// Ledger is the name of the ledger the view reads.
func (v *View) Ledger() string { return v.ledger }

// AsOf is the point the view stands at.
func (v *View) AsOf() AsOf { return v.asOf }

// At is the same ledger as known at the same position on another date. It
// reads the store, even where this view answers from memory.
func (v *View) At(effective soc1.Date) *View {
	at := NewView(v.store, v.ledger, AsOf{Known: v.asOf.Known, Effective: effective})
	at.only, at.without = v.only, v.without
	return at
}

// Only is the view with the kinds that may be seen: to whoever reads it, the
// others have no records and never had.
func (v *View) Only(may func(kind string) bool) *View {
	only := may
	if before := v.only; before != nil {
		only = func(kind string) bool { return before(kind) && may(kind) }
	}
	return &View{store: v.store, ledger: v.ledger, asOf: v.asOf, frame: v.frame, only: only, without: v.without, lists: map[string]*List{}}
}

// Without is the view without some records of a kind: to whoever reads it, they are not
// there and never were. The kind is shown all the same.
func (v *View) Without(kind string, hidden func(Record) bool) *View {
	out := v.Only(func(string) bool { return true })
	out.without = maps.Clone(v.without)
	if out.without == nil {
		out.without = map[string]func(Record) bool{}
	}
	if before := v.without[kind]; before != nil {
		own := hidden
		hidden = func(r Record) bool { return before(r) || own(r) }
	}
	out.without[kind] = hidden
	return out
}

// Shows tells whether the view shows records of the kind, if there are any.
func (v *View) Shows(kind string) bool { return v.only == nil || v.only(kind) }

func (v *View) query(kind, id string) ledger.RevisionQuery {
	q := ledger.RevisionQuery{Ledger: v.ledger, Kind: kind, ID: id, Known: v.asOf.Known, Documents: true, Select: ledger.SelectKnown}
	if v.asOf.Effective != "" {
		q.Select, q.Effective = ledger.SelectInForce, string(v.asOf.Effective)
	}
	return q
}

func (v *View) read(ctx context.Context, q ledger.RevisionQuery) ([]Record, error) {
	var out []Record
	if !v.Shows(q.Kind) {
		return nil, nil
	}
	err := v.store.Revisions(ctx, q, func(r ledger.Revision) error {
		rec, err := fromRevision(v.ledger, r)
		if hidden := v.without[q.Kind]; err == nil && hidden != nil && hidden(rec) {
			return nil
		}
		if err == nil {
			out = append(out, rec)
		}
		if err == nil && rec.Redacted && q.Documents {
			v.goneMu.Lock()
			v.gone = append(v.gone, rec)
			v.goneMu.Unlock()
		}
		return err
	})
	return out, err
}

// items is read for a List.
func (v *View) items(ctx context.Context, q ledger.RevisionQuery) ([]*Item, error) {
	var out []*Item
	err := v.store.Revisions(ctx, q, func(r ledger.Revision) error {
		rec, err := fromRevision(v.ledger, r)
		if err == nil {
			// One copy of the name serves all records of the kind.
			rec.Kind = q.Kind
			out = append(out, &Item{Record: rec})
		}
		return err
	})
	return out, err
}

func fromRevision(name string, r ledger.Revision) (Record, error) {
	rec := Record{Ledger: name, Kind: r.Kind, ID: r.ID, Revision: r.Rev, Effective: r.Effective, Pos: r.Pos, Slot: r.Slot}
	if r.Document == nil {
		rec.Redacted = true
		return rec, nil
	}
	d, err := decodeDocument(r.Document)
	if err != nil {
		return rec, fmt.Errorf("%s %s revision %d: %w", r.Kind, r.ID, r.Rev, err)
	}
	rec.Retired, rec.Body = d.Retired, d.Body
	return rec, nil
}

// Rows is a kind as a List: from memory where the view came from a State, else
// read once and kept.
func (v *View) Rows(ctx context.Context, kind string) (*List, error) {
	if !v.Shows(kind) {
		return newList(nil, newShelf()), nil
	}
	hidden := v.without[kind]
	if v.frame != nil && hidden == nil {
		return v.frame.list(ctx, kind)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if l, ok := v.lists[kind]; ok {
		return l, nil
	}
	items, err := v.itemsOf(ctx, kind)
	if err != nil {
		return nil, err
	}
	if hidden != nil {
		items = slices.DeleteFunc(items, func(it *Item) bool { return hidden(it.Record) })
	}
	v.lists[kind] = newList(items, newShelf())
	return v.lists[kind], nil
}

// itemsOf are all records of a kind, as a slice of one's own.
func (v *View) itemsOf(ctx context.Context, kind string) ([]*Item, error) {
	if v.frame == nil {
		return v.items(ctx, v.query(kind, ""))
	}
	l, err := v.frame.list(ctx, kind)
	if err != nil {
		return nil, err
	}
	var out []*Item
	l.All(func(it *Item) bool {
		out = append(out, it)
		return true
	})
	return out, nil
}

// All lists the records of a kind by id, retired ones included. The list is
// shared and must not be changed.
func (v *View) All(ctx context.Context, kind string) ([]Record, error) {
	l, err := v.Rows(ctx, kind)
	if err != nil {
		return nil, err
	}
	return l.records(), nil
}

// List lists the records of a kind by id, without those retired or redacted.
func (v *View) List(ctx context.Context, kind string) ([]Record, error) {
	l, err := v.Rows(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := make([]Record, 0, l.Live())
	l.All(func(it *Item) bool {
		if it.Live() {
			out = append(out, it.Record)
		}
		return true
	})
	return out, nil
}

// loaded is Rows where the kind is in memory already; nil elsewhere.
func (v *View) loaded(ctx context.Context, kind string) *List {
	if v.frame == nil || !v.Shows(kind) || v.without[kind] != nil {
		return nil
	}
	return v.frame.peek(ctx, kind)
}

// Page lists at most limit records of a kind whose id is greater than after,
// retired and redacted ones included.
func (v *View) Page(ctx context.Context, kind, after string, limit int) ([]Record, error) {
	l := v.loaded(ctx, kind)
	if v.without[kind] != nil {
		// A page of the store would come short of what is left out.
		var err error
		if l, err = v.Rows(ctx, kind); err != nil {
			return nil, err
		}
	}
	if l == nil {
		q := v.query(kind, "")
		q.After, q.Limit = after, limit
		return v.read(ctx, q)
	}
	var out []Record
	l.After(after, func(it *Item) bool {
		out = append(out, it.Record)
		return limit <= 0 || len(out) < limit
	})
	return out, nil
}

// Get reads one record; ErrNotFound when none was in force.
func (v *View) Get(ctx context.Context, kind, id string) (Record, error) {
	if l := v.loaded(ctx, kind); l != nil && id != "" {
		if it := l.Get(id); it != nil {
			return it.Record, nil
		}
		return Record{}, fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	l, err := v.read(ctx, v.query(kind, id))
	if err != nil {
		return Record{}, err
	}
	if len(l) == 0 {
		return Record{}, fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	return l[0], nil
}

// History lists all revisions of a record known to the view, oldest first.
func (v *View) History(ctx context.Context, kind, id string) ([]Record, error) {
	l, err := v.read(ctx, ledger.RevisionQuery{Ledger: v.ledger, Kind: kind, ID: id, Known: v.asOf.Known, Select: ledger.SelectKnownAll, Documents: true})
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	return l, err
}

// Revisions lists every revision known to the view of every record of a kind:
// by id, the oldest of each first, redacted and retired ones included.
func (v *View) Revisions(ctx context.Context, kind string) ([]Record, error) {
	return v.read(ctx, ledger.RevisionQuery{Ledger: v.ledger, Kind: kind, Known: v.asOf.Known, Select: ledger.SelectKnownAll, Documents: true})
}

// Recorded tells who recorded an entry of the view's ledger, and when, in the
// ledger's own form of times.
func (v *View) Recorded(ctx context.Context, pos int64) (by, at string, err error) {
	err = v.store.Entries(ctx, v.ledger, pos, pos+1, func(r ledger.Row) error {
		e, err := ledger.ParseEntry(r.Bytes)
		if err != nil {
			return fmt.Errorf("ledger %s: entry %d: %w", v.ledger, pos, err)
		}
		by, at = e.Actor, e.Time
		return nil
	})
	return by, at, err
}

// Version is a revision with the dates between which it was in force.
type Version struct {
	Record
	// From is its effective date, Until the last day before the next version
	// in force; empty when none follows.
	From, Until soc1.Date
}

// Versions lists, for each record of the kind, every version in force on at
// least one day from from to to, in order of effect. A later revision with the
// same effective date replaces the earlier: that is a correction, not a version.
func (v *View) Versions(ctx context.Context, kind string, from, to soc1.Date) ([]Version, error) {
	all, err := v.Revisions(ctx, kind)
	if err != nil {
		return nil, err
	}
	var out []Version
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].ID == all[0].ID {
			n++
		}
		out = append(out, within(all[:n], from, to)...)
		all = all[n:]
	}
	return out, nil
}

// within are the versions of one record in force on at least one of the days.
func within(revs []Record, from, to soc1.Date) []Version {
	var out []Version
	for _, ver := range inForce(revs) {
		if ver.From <= to && (ver.Until == "" || ver.Until >= from) {
			out = append(out, ver)
		}
	}
	return out
}

// Versions keeps what View.Versions answered last of a kind, so that asking again
// costs what has changed since. It is for views of one ledger that show the
// present, and not safe for concurrent use.
type Versions struct {
	list     *List
	from, to soc1.Date
	versions []Version
}

// Of answers as v.Versions does.
func (k *Versions) Of(ctx context.Context, v *View, kind string, from, to soc1.Date) ([]Version, error) {
	l, err := v.Rows(ctx, kind)
	if err != nil {
		return nil, err
	}
	if k.list == l && k.from == from && k.to == to {
		return k.versions, nil
	}
	var gone, come []*Item
	if k.list != nil && k.from == from && k.to == to {
		gone, come = l.Changes(k.list)
	}
	if k.list == nil || k.from != from || k.to != to || len(gone)+len(come) > mostChanged {
		all, err := v.Versions(ctx, kind, from, to)
		if err != nil {
			return nil, err
		}
		k.list, k.from, k.to, k.versions = l, from, to, all
		return all, nil
	}
	changed := map[string]bool{}
	for _, it := range append(gone, come...) {
		changed[it.ID] = true
	}
	out := make([]Version, 0, len(k.versions)+len(come))
	for _, x := range k.versions {
		if !changed[x.ID] {
			out = append(out, x)
		}
	}
	for id := range changed {
		revs, err := v.History(ctx, kind, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		out = append(out, within(revs, from, to)...)
	}
	slices.SortStableFunc(out, func(a, b Version) int { return strings.Compare(a.ID, b.ID) })
	k.list, k.versions = l, out
	return out, nil
}

// mostChanged is up to how many changed records are read one by one.
const mostChanged = 50

// inForce orders the revisions of one record by effect.
func inForce(revs []Record) []Version {
	byDate := map[string]Record{}
	var dates []string
	for _, r := range revs {
		if _, ok := byDate[r.Effective]; !ok {
			dates = append(dates, r.Effective)
		}
		byDate[r.Effective] = r
	}
	slices.Sort(dates)
	out := make([]Version, len(dates))
	for i, d := range dates {
		out[i] = Version{Record: byDate[d], From: soc1.Date(d)}
		if i > 0 && d != "" {
			out[i-1].Until = soc1.Date(d).AddDays(-1)
		}
	}
	return out
}

// Typed is a record with its body decoded.
type Typed[T any] struct {
	Record
	Value T
}

// Find is the record of an id in a list.
func Find[T any](list []Typed[T], id string) (Typed[T], bool) {
	i := slices.IndexFunc(list, func(r Typed[T]) bool { return r.ID == id })
	if i < 0 {
		return Typed[T]{}, false
	}
	return list[i], true
}

// Later orders records by when they became known.
func Later[T any](a, b Typed[T]) int {
	return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.ID, b.ID))
}

// All decodes the records of a kind that are neither retired nor redacted. What
// the values refer to is shared with whoever reads the same revision: slices in
// them may be appended to, their elements must not be changed.
func All[T any](ctx context.Context, v *View, kind string) ([]Typed[T], error) {
	l, err := v.Rows(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := make([]Typed[T], 0, l.Live())
	l.All(func(it *Item) bool {
		if !it.Live() {
			return true
		}
		var x T
		if x, err = Value[T](it); err != nil {
			return false
		}
		out = append(out, Typed[T]{Record: it.Record, Value: x})
		return true
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// One reads and decodes one record.
func One[T any](ctx context.Context, v *View, kind, id string) (Typed[T], error) {
	r, err := v.Get(ctx, kind, id)
	if err != nil {
		return Typed[T]{}, err
	}
	x, err := Decode[T](r)
	return Typed[T]{Record: r, Value: x}, err
}
