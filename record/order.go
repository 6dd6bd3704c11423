package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Key says where a record stands in an order, and whether it is in it at all.
// It must depend on the record alone, and the same name must always mean the
// same function.
type Key func(*Item) (key string, in bool)

// Order is some records of a List by a key, then by id. It never changes.
type Order struct {
	entries []entry
}

type entry struct {
	key  string
	item *Item
	seq  int32 // the item's, so that a set of items is asked without a look at it
}

func entryOf(key string, it *Item) entry { return entry{key, it, it.seq} }

func (e entry) compare(o entry) int {
	if c := strings.Compare(e.key, o.key); c != 0 {
		return c
	}
	return strings.Compare(e.item.ID, o.item.ID)
}

// Len is the number of records in the order.
func (o *Order) Len() int { return len(o.entries) }

// At is the i-th record; a list that is shown downwards counts from the end.
func (o *Order) At(i int) *Item { return o.entries[i].item }

// Key is the key of the i-th record, for a cursor.
func (o *Order) Key(i int) string { return o.entries[i].key }

// Seek is the place of the first record that stands behind the key and id: a
// page that ended with them continues there, whatever was changed between.
func (o *Order) Seek(key, id string) int {
	i, found := slices.BinarySearchFunc(o.entries, entry{key: key, item: &Item{Record: Record{ID: id}}}, entry.compare)
	if found {
		i++
	}
	return i
}

// shelf keeps, for the lists of one kind in one State, the orders that were
// asked for last. An order of another list of the kind is carried over by what
// changed between the two.
type shelf struct {
	mu     sync.Mutex
	orders map[string]*shelved
	clock  int64
	last   int32
}

// number gives new items their numbers.
func (s *shelf) number(items []*Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		s.last++
		it.seq = s.last
	}
}

type shelved struct {
	used int64

	mu    sync.Mutex
	list  *List
	order *Order
}

// maxOrders bounds the orders kept of a kind; the one used longest ago goes.
const maxOrders = 24

func newShelf() *shelf { return &shelf{orders: map[string]*shelved{}} }

func (s *shelf) get(name string) *shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	if o, ok := s.orders[name]; ok {
		o.used = s.clock
		return o
	}
	if len(s.orders) >= maxOrders {
		oldest, at := "", s.clock
		for n, o := range s.orders {
			if o.used < at {
				oldest, at = n, o.used
			}
		}
		delete(s.orders, oldest)
	}
	o := &shelved{used: s.clock}
	s.orders[name] = o
	return o
}

// By is the list in the order of a key. Orders are kept by name: asking again
// costs nothing, and asking after a change costs one pass over the pointers.
func (l *List) By(name string, key Key) *Order {
	return l.by(name, key, func() *Order { return l.sorted(key) })
}

// Holding is By for the records in which every word of a text occurs, wherever
// in a word, without regard to case and accents. An empty text narrows nothing.
func (l *List) Holding(text, name string, key Key) *Order {
	words := strings.Fields(Fold(text))
	if len(words) == 0 {
		return l.By(name, key)
	}
	narrow := func(it *Item) (string, bool) {
		k, in := key(it)
		return k, in && holds(it.Folded(), words)
	}
	return l.by(name+"\x00"+strings.Join(words, " "), narrow, func() *Order {
		return l.By(name, key).only(l.holding(words))
	})
}

func (l *List) by(name string, key Key, anew func() *Order) *Order {
	s := l.shelf.get(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.list == l:
	case s.list == nil:
		s.list, s.order = l, anew()
	default:
		gone, come := l.Changes(s.list)
		s.list, s.order = l, s.order.with(gone, come, key)
	}
	return s.order
}

// only is the order without the items that are not in a set.
func (o *Order) only(in set) *Order {
	out := &Order{}
	for i := range o.entries {
		if e := &o.entries[i]; in.has(int(e.seq)) {
			out.entries = append(out.entries, *e)
		}
	}
	return out
}

func (l *List) sorted(key Key) *Order {
	o := &Order{entries: make([]entry, 0, l.n)}
	l.All(func(it *Item) bool {
		if k, in := key(it); in {
			o.entries = append(o.entries, entryOf(k, it))
		}
		return true
	})
	// Where all keys are alike the list's own order is the answer already.
	if !slices.IsSortedFunc(o.entries, entry.compare) {
		slices.SortFunc(o.entries, entry.compare)
	}
	return o
}

// with merges what came into an order and leaves out what is gone.
func (o *Order) with(gone, come []*Item, key Key) *Order {
	added := make([]entry, 0, len(come))
	for _, it := range come {
		if k, in := key(it); in {
			added = append(added, entryOf(k, it))
		}
	}
	if len(added) == 0 && len(gone) == 0 {
		return o
	}
	slices.SortFunc(added, entry.compare)
	// The places of the few that go are found by their keys; the rest is copied
	// in runs.
	drop := make([]int, 0, len(gone))
	for _, it := range gone {
		if k, in := key(it); in {
			if i, ok := slices.BinarySearchFunc(o.entries, entryOf(k, it), entry.compare); ok {
				drop = append(drop, i)
			}
		}
	}
	slices.Sort(drop)
	out := &Order{entries: make([]entry, 0, len(o.entries)+len(added))}
	from := 0
	run := func(to int) {
		for len(drop) > 0 && drop[0] < to {
			out.entries = append(out.entries, o.entries[from:drop[0]]...)
			from, drop = drop[0]+1, drop[1:]
		}
		out.entries = append(out.entries, o.entries[from:to]...)
		from = to
	}
	for _, e := range added {
		i, _ := slices.BinarySearchFunc(o.entries[from:], e, entry.compare)
		run(from + i)
		out.entries = append(out.entries, e)
	}
	run(len(o.entries))
	return out
}

// Live takes the live records in the list's own order, by id.
func Live(it *Item) (string, bool) { return "", it.Live() }

// last sorts behind every text of a field: what is empty stands at the end.
const last = "\U0010FFFF"

// ByField orders the live records by one field of the kind: texts without
// regard to case and accents, numbers by value, enumerations in the order in
// which they are declared, dates in time. Empty values stand at the end.
func (k *Kind) ByField(name string) (Key, error) {
	f, ok := k.Field(name)
	if !ok {
		return nil, fmt.Errorf("%s has no field %q to sort by", k.Name, name)
	}
	return func(it *Item) (string, bool) {
		if !it.Live() {
			return "", false
		}
		m, err := it.Fields()
		if err != nil {
			return last, true
		}
		return f.key(m[name]), true
	}, nil
}

// key turns a value into a text that sorts as the value does.
func (f *Field) key(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
			return last
		}
		raw = list[0]
	}
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return last
	case f.Type == Integer:
		var n int64
		if json.Unmarshal(raw, &n) != nil {
			return last
		}
		// Shifted so that negative numbers come first, and of one width.
		return fmt.Sprintf("%020d", uint64(n)+1<<63)
	case f.Type == Boolean, f.Type == Object, f.Type == Map:
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil || s == "" {
		return last
	}
	if f.Type == Enum {
		if i := slices.Index(f.Values, s); i >= 0 {
			return fmt.Sprintf("%04d", i)
		}
	}
	return Fold(s)
}
