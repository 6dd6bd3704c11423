package record

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Item is one record of a List. Its decoded value stays with it: the same
// revision is the same Item in every List that holds it.
type Item struct {
	Record
	value atomic.Pointer[any]
	// heading is made when first asked for.
	heading atomic.Pointer[Heading]
	// seq numbers the items of a shelf, for sets of them.
	seq int32
}

// Live tells whether the record is neither retired nor redacted.
func (it *Item) Live() bool { return !it.Retired && !it.Redacted }

// Heading names the record, see HeadingOf.
func (it *Item) Heading() Heading {
	if h := it.heading.Load(); h != nil {
		return *h
	}
	h := HeadingOf(it.Record)
	it.heading.Store(&h)
	return h
}

// Value decodes an item's body, once for each revision. What it returns is
// shared: it must not be changed, but slices in it may be appended to.
func Value[T any](it *Item) (T, error) {
	if p := it.value.Load(); p != nil {
		if v, ok := (*p).(T); ok {
			return v, nil
		}
	}
	v, err := Decode[T](it.Record)
	if err != nil {
		return v, err
	}
	clip(reflect.ValueOf(&v).Elem())
	kept := any(v)
	it.value.Store(&kept)
	return v, nil
}

// clip takes the spare room from every slice, so that appending to a shared
// value copies it.
func clip(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clip(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				clip(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.CanSet() && v.Cap() > v.Len() {
			v.Set(v.Slice3(0, v.Len(), v.Len()))
		}
		if e := v.Type().Elem().Kind(); e == reflect.Struct || e == reflect.Pointer || e == reflect.Slice {
			for i := range v.Len() {
				clip(v.Index(i))
			}
		}
	}
}

// List is the records of a kind at one position, by id, retired and redacted
// ones included. It never changes: a change gives another List, which shares
// all but a few hundred pointers with this one.
type List struct {
	chunks []*chunk
	n      int
	live   int
	stamp  int64
	shelf  *shelf

	once sync.Once
	flat []Record
}

// chunk is a run of items by id.
type chunk struct {
	items []*Item
	live  int
}

// chunkSize is how many items a chunk is cut to; one holds up to twice as many.
const chunkSize = 256

func newChunk(items []*Item) *chunk {
	c := &chunk{items: items}
	for _, it := range items {
		if it.Live() {
			c.live++
		}
	}
	return c
}

// cut makes chunks of items in order.
func cut(items []*Item, to []*chunk) []*chunk {
	for len(items) > 2*chunkSize {
		to = append(to, newChunk(items[:chunkSize:chunkSize]))
		items = items[chunkSize:]
	}
	if len(items) > 0 {
		to = append(to, newChunk(items))
	}
	return to
}

// newList makes a list of items in order of id.
func newList(items []*Item, s *shelf) *List {
	s.number(items)
	return listOf(cut(items, nil), s)
}

// stamps numbers the lists of the process.
var stamps atomic.Int64

func listOf(chunks []*chunk, s *shelf) *List {
	l := &List{chunks: chunks, shelf: s, stamp: stamps.Add(1)}
	for _, c := range chunks {
		l.n += len(c.items)
		l.live += c.live
	}
	return l
}

// ListOf makes a list of records that come from nowhere else, in order of id.
func ListOf(records []Record) *List {
	items := make([]*Item, len(records))
	for i, r := range records {
		items[i] = &Item{Record: r}
	}
	return newList(items, newShelf())
}

// Stamp is a number that no other list of the process has.
func (l *List) Stamp() int64 { return l.stamp }

// Len is the number of records, retired and redacted ones included.
func (l *List) Len() int { return l.n }

// Live is the number of records that are neither retired nor redacted.
func (l *List) Live() int { return l.live }

// find gives the chunk that an id belongs to; -1 in an empty list.
func (l *List) find(id string) int {
	i, found := slices.BinarySearchFunc(l.chunks, id, func(c *chunk, id string) int { return strings.Compare(c.items[0].ID, id) })
	if found || i == 0 {
		return min(i, len(l.chunks)-1)
	}
	return i - 1
}

func byID(it *Item, id string) int { return strings.Compare(it.ID, id) }

// Get finds a record; nil when there is none.
func (l *List) Get(id string) *Item {
	c := l.find(id)
	if c < 0 {
		return nil
	}
	items := l.chunks[c].items
	if i, ok := slices.BinarySearchFunc(items, id, byID); ok {
		return items[i]
	}
	return nil
}

// After calls yield for the records whose id is greater than the one given, in
// order, until it returns false.
func (l *List) After(id string, yield func(*Item) bool) {
	c := l.find(id)
	if c < 0 {
		return
	}
	i, found := slices.BinarySearchFunc(l.chunks[c].items, id, byID)
	if found {
		i++
	}
	for ; c < len(l.chunks); c++ {
		for _, it := range l.chunks[c].items[i:] {
			if !yield(it) {
				return
			}
		}
		i = 0
	}
}

// All calls yield for every record in order, until it returns false.
func (l *List) All(yield func(*Item) bool) {
	for _, c := range l.chunks {
		for _, it := range c.items {
			if !yield(it) {
				return
			}
		}
	}
}

// records is the list as one slice, made when first wanted.
func (l *List) records() []Record {
	l.once.Do(func() {
		if l.n == 0 {
			return
		}
		l.flat = make([]Record, 0, l.n)
		l.All(func(it *Item) bool {
			l.flat = append(l.flat, it.Record)
			return true
		})
	})
	return l.flat
}

// with gives the list with items added or replaced. They are in order of id,
// each id once.
func (l *List) with(changes []*Item) *List {
	if len(changes) == 0 {
		return l
	}
	if len(l.chunks) == 0 {
		return newList(changes, l.shelf)
	}
	l.shelf.number(changes)
	chunks := make([]*chunk, 0, len(l.chunks)+1+len(changes)/chunkSize)
	for i, c := range l.chunks {
		n := len(changes)
		if i+1 < len(l.chunks) {
			n, _ = slices.BinarySearchFunc(changes, l.chunks[i+1].items[0].ID, byID)
		}
		if n == 0 {
			chunks = append(chunks, c)
			continue
		}
		chunks = cut(merge(c.items, changes[:n]), chunks)
		changes = changes[n:]
	}
	return listOf(chunks, l.shelf)
}

// merge joins two runs by id; of equals the second counts.
func merge(a, b []*Item) []*Item {
	out := make([]*Item, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].ID, b[0].ID); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, b[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// Changes lists which items an earlier list had and this one has not, and the
// other way round. Chunks that both share cost nothing.
func (l *List) Changes(earlier *List) (gone, come []*Item) {
	if l == earlier {
		return nil, nil
	}
	only := func(a, b *List) []*Item {
		shared := make(map[*chunk]bool, len(b.chunks))
		for _, c := range b.chunks {
			shared[c] = true
		}
		var out []*Item
		for _, c := range a.chunks {
			if !shared[c] {
				out = append(out, c.items...)
			}
		}
		return out
	}
	old, now := only(earlier, l), only(l, earlier)
	in := make(map[*Item]bool, len(old))
	for _, it := range old {
		in[it] = true
	}
	for _, it := range now {
		if in[it] {
			delete(in, it)
			continue
		}
		come = append(come, it)
	}
	for _, it := range old {
		if in[it] {
			gone = append(gone, it)
		}
	}
	return gone, come
}

// Fields opens an item's body as one message a field.
func (it *Item) Fields() (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if it.Redacted {
		return m, nil
	}
	if err := json.Unmarshal(it.Body, &m); err != nil {
		return nil, fmt.Errorf("%s %s revision %d: %w", it.Kind, it.ID, it.Revision, err)
	}
	return m, nil
}
