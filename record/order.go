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

// Order is some records of a List by a key, then by id. It never changes: one
// that follows from another after a change shares all but a few runs with it.
type Order struct {
	runs [][]entry
	// starts are the places of the runs' first entries.
	starts []int
	n      int
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

// runSize is how many entries a run is cut to; one holds up to twice as many.
const runSize = 256

// orderOf makes an order of entries that stand in it.
func orderOf(entries []entry) *Order { return joined(runsOf(entries, nil)) }

func runsOf(entries []entry, to [][]entry) [][]entry {
	for len(entries) > 2*runSize {
		to = append(to, entries[:runSize:runSize])
		entries = entries[runSize:]
	}
	if len(entries) > 0 {
		to = append(to, entries)
	}
	return to
}

func joined(runs [][]entry) *Order {
	o := &Order{runs: runs, starts: make([]int, len(runs))}
	for i, run := range runs {
		o.starts[i] = o.n
		o.n += len(run)
	}
	return o
}

// Len is the number of records in the order.
func (o *Order) Len() int { return o.n }

func (o *Order) at(i int) *entry {
	r, first := slices.BinarySearch(o.starts, i)
	if !first {
		r--
	}
	return &o.runs[r][i-o.starts[r]]
}

// At is the i-th record; a list that is shown downwards counts from the end.
func (o *Order) At(i int) *Item { return o.at(i).item }

// Key is the key of the i-th record, for a cursor.
func (o *Order) Key(i int) string { return o.at(i).key }

// Seek is the place of the first record that stands behind the key and id: a
// page that ended with them continues there, whatever was changed between.
func (o *Order) Seek(key, id string) int {
	i, found := o.find(entry{key: key, item: &Item{Record: Record{ID: id}}})
	if found {
		i++
	}
	return i
}

func (o *Order) find(e entry) (at int, found bool) {
	r, first := slices.BinarySearchFunc(o.runs, e, func(run []entry, e entry) int { return run[0].compare(e) })
	switch {
	case first:
		return o.starts[r], true
	case r == 0:
		return 0, false
	}
	i, found := slices.BinarySearchFunc(o.runs[r-1], e, entry.compare)
	return o.starts[r-1] + i, found
}

// All calls yield for every record in order, until it returns false.
func (o *Order) All(yield func(*Item) bool) {
	for _, run := range o.runs {
		for i := range run {
			if !yield(run[i].item) {
				return
			}
		}
	}
}

// shelf keeps, for the lists of one kind in one State, the orders that were
// asked for last. An order of another list of the kind is carried over by what
// changed between the two.
type shelf struct {
	mu     sync.Mutex
	orders map[string]*shelved
	// narrowed are those of some records only. They are many and made quickly,
	// so they never push out an order of all.
	narrowed map[string]*shelved
	tallies  map[string]*tally
	clock    int64
	last     int32
	index    index
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

func (s *shelf) numbers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.last) + 1
}

type shelved struct {
	used int64

	mu    sync.Mutex
	list  *List
	order *Order
}

// maxOrders bounds the orders of all records of a kind that are kept, and
// maxNarrowed those of some; the one used longest ago goes.
const (
	maxOrders   = 24
	maxNarrowed = 48
)

func newShelf() *shelf {
	return &shelf{orders: map[string]*shelved{}, narrowed: map[string]*shelved{}, tallies: map[string]*tally{}}
}

func (s *shelf) get(name string, narrow bool) *shelved {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, most := s.orders, maxOrders
	if narrow {
		kept, most = s.narrowed, maxNarrowed
	}
	s.clock++
	if o, ok := kept[name]; ok {
		o.used = s.clock
		return o
	}
	if len(kept) >= most {
		oldest, at := "", s.clock
		for n, o := range kept {
			if o.used < at {
				oldest, at = n, o.used
			}
		}
		delete(kept, oldest)
	}
	o := &shelved{used: s.clock}
	kept[name] = o
	return o
}

// By is the list in the order of a key. Orders are kept by name: asking again
// costs nothing, and asking after a change costs a copy of the runs concerned.
func (l *List) By(name string, key Key) *Order {
	return l.by(l.shelf.get(name, false), key, func() *Order { return l.sorted(key) })
}

// Narrow says which records of a List are wanted; the zero value wants all.
type Narrow struct {
	// Text holds words that must all occur in a record, wherever in a word,
	// without regard to case and accents.
	Text string
	// Values are what fields must hold, by the field's name: the value itself, or
	// one of a list.
	Values map[string]string
}

// Holding is By for the records in which every word of a text occurs, wherever
// in a word, without regard to case and accents. An empty text narrows nothing.
func (l *List) Holding(text, name string, key Key) *Order {
	return l.Where(Narrow{Text: text}, name, key)
}

// Where is By for some of the records. The first question of its kind costs a
// look through an index, and the same again after a change as little as By.
func (l *List) Where(n Narrow, name string, key Key) *Order {
	words := strings.Fields(Fold(n.Text))
	if len(words) == 0 && len(n.Values) == 0 {
		return l.By(name, key)
	}
	fields := make([]string, 0, len(n.Values))
	for f := range n.Values {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	full := name + "\x00" + strings.Join(words, " ")
	for _, f := range fields {
		full += "\x00" + f + "=" + n.Values[f]
	}
	narrow := func(it *Item) (string, bool) {
		k, in := key(it)
		return k, in && it.holdsValues(fields, n.Values) && holds(it.folded(words), words)
	}
	return l.by(l.shelf.get(full, true), narrow, func() *Order {
		in, rest := l.shelf.index.find(l, words, fields, n.Values)
		o := l.By(name, key).only(in)
		if len(rest) > 0 {
			o = o.that(func(it *Item) bool { return it.holdsValues(rest, n.Values) })
		}
		return o
	})
}

// folded is Folded where there are words to be looked for.
func (it *Item) folded(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return it.Folded()
}

func (l *List) by(s *shelved, key Key, anew func() *Order) *Order {
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
	out := make([]entry, 0, min(o.n, in.count()))
	for _, run := range o.runs {
		for i := range run {
			if e := &run[i]; in.has(int(e.seq)) {
				out = append(out, *e)
			}
		}
	}
	return orderOf(out)
}

// that is the order of the items that a function takes.
func (o *Order) that(take func(*Item) bool) *Order {
	var out []entry
	for _, run := range o.runs {
		for i := range run {
			if take(run[i].item) {
				out = append(out, run[i])
			}
		}
	}
	return orderOf(out)
}

func (l *List) sorted(key Key) *Order {
	entries := make([]entry, 0, l.n)
	l.All(func(it *Item) bool {
		if k, in := key(it); in {
			entries = append(entries, entryOf(k, it))
		}
		return true
	})
	// Where all keys are alike the list's own order is the answer already.
	if !slices.IsSortedFunc(entries, entry.compare) {
		slices.SortFunc(entries, entry.compare)
	}
	return orderOf(entries)
}

// edit takes an entry out of an order or puts it in.
type edit struct {
	entry
	in bool
}

// with puts in what came and takes out what is gone. Only the runs that are
// concerned are copied.
func (o *Order) with(gone, come []*Item, key Key) *Order {
	var edits []edit
	for _, it := range gone {
		if k, in := key(it); in {
			edits = append(edits, edit{entryOf(k, it), false})
		}
	}
	for _, it := range come {
		if k, in := key(it); in {
			edits = append(edits, edit{entryOf(k, it), true})
		}
	}
	if len(edits) == 0 {
		return o
	}
	// What is gone stands before what came in its place.
	slices.SortStableFunc(edits, func(a, b edit) int { return a.compare(b.entry) })
	if len(o.runs) == 0 {
		return joined(runsOf(edited(nil, edits), nil))
	}
	runs := make([][]entry, 0, len(o.runs)+1+len(edits)/runSize)
	for i, run := range o.runs {
		n := len(edits)
		if i+1 < len(o.runs) {
			n, _ = slices.BinarySearchFunc(edits, o.runs[i+1][0], func(e edit, first entry) int { return e.compare(first) })
		}
		if n == 0 {
			runs = append(runs, run)
			continue
		}
		runs = runsOf(edited(run, edits[:n]), runs)
		edits = edits[n:]
	}
	return joined(runs)
}

// edited is a run with edits made, both in order.
func edited(run []entry, edits []edit) []entry {
	out := make([]entry, 0, len(run)+len(edits))
	for _, e := range edits {
		i, _ := slices.BinarySearchFunc(run, e.entry, entry.compare)
		out = append(out, run[:i]...)
		run = run[i:]
		switch {
		case e.in:
			out = append(out, e.entry)
		case len(run) > 0 && run[0].item == e.item:
			run = run[1:]
		}
	}
	return append(out, run...)
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
