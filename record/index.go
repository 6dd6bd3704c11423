package record

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// index finds, among the lists of one shelf, the records in which words occur
// and those whose fields hold a value. Records are only ever added: one that is
// gone is in no list any more, so that nobody finds it. It is made anew when
// many are gone, and at once when one of them was redacted.
//
// Words are looked for in the distinct words of all records, which are fewer and
// shorter than the records: a word that is looked for holds no white space, so
// it occurs in a record when it occurs in one of the record's words.
type index struct {
	mu   sync.RWMutex
	list *List
	gone int

	segments []*segment
	// tail are records that came since; they are looked through one by one.
	tail []tailed
	// facets are the records by the value of a field.
	facets map[string]*facet
}

type tailed struct {
	seq    int32
	folded string
}

// facet is a field whose values are few.
type facet struct {
	posts map[string][]int32
	// wide says that there are too many; it is not kept.
	wide bool
}

const (
	// mostValues bounds the values of a field by which records are kept.
	mostValues = 4096
	// mostTail and mostSegments bound what came since the index was made.
	mostTail     = 2048
	mostSegments = 16
	// longestValue is the longest value that a facet holds; ids and members of
	// enumerations are shorter.
	longestValue = 128
)

// find is the set of records in which all words occur and whose fields hold
// the values. rest are the fields that it cannot tell of.
func (x *index) find(l *List, words, fields []string, values map[string]string) (in set, rest []string) {
	x.follow(l)
	x.mu.RLock()
	defer x.mu.RUnlock()
	n := l.shelf.numbers()
	and := func(one set) {
		if in == nil {
			in = one
		} else {
			in.and(one)
		}
	}
	for _, w := range words {
		one := newBits(n)
		for _, s := range x.segments {
			s.holding(w, one)
		}
		for i := range x.tail {
			if strings.Contains(x.tail[i].folded, w) {
				one.add(int(x.tail[i].seq))
			}
		}
		and(one)
	}
	for _, f := range fields {
		c := x.facets[f]
		if c != nil && c.wide {
			rest = append(rest, f)
			continue
		}
		one := newBits(n)
		if c != nil {
			one.addAll(c.posts[values[f]])
		}
		and(one)
	}
	if in == nil {
		in = newBits(n)
		for i := range in {
			in[i] = ^uint64(0)
		}
	}
	return in, rest
}

// follow brings the index to a list.
func (x *index) follow(l *List) {
	x.mu.RLock()
	same := x.list == l
	x.mu.RUnlock()
	if same {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.list == l {
		return
	}
	if x.list == nil {
		x.rebuild(l)
		return
	}
	gone, come := l.Changes(x.list)
	x.gone += len(gone)
	redacted := slices.ContainsFunc(come, func(it *Item) bool { return it.Redacted })
	if redacted || x.gone > 2000+l.n/4 || len(come) > 2*mostTail {
		x.rebuild(l)
		return
	}
	for _, it := range come {
		x.tail = append(x.tail, tailed{it.seq, it.Folded()})
		x.addFacets(it)
	}
	if len(x.tail) > mostTail {
		x.segments = append(x.segments, newSegment(x.tail))
		x.tail = nil
	}
	x.list = l
	if len(x.segments) > mostSegments {
		x.rebuild(l)
	}
}

func (x *index) rebuild(l *List) {
	x.list, x.gone, x.tail, x.facets = l, 0, nil, map[string]*facet{}
	all := make([]tailed, 0, l.n)
	l.All(func(it *Item) bool {
		all = append(all, tailed{it.seq, it.Folded()})
		x.addFacets(it)
		return true
	})
	x.segments = []*segment{newSegment(all)}
}

func (x *index) addFacets(it *Item) {
	m, err := it.Fields()
	if err != nil {
		return
	}
	for name, raw := range m {
		c := x.facets[name]
		if c == nil {
			c = &facet{posts: map[string][]int32{}}
			x.facets[name] = c
		}
		if c.wide {
			continue
		}
		for _, v := range Values(raw) {
			if len(v) > longestValue || len(c.posts) >= mostValues && c.posts[v] == nil {
				c.wide, c.posts = true, nil
				break
			}
			c.posts[v] = append(c.posts[v], it.seq)
		}
	}
}

// Values are the texts that a field holds, one or each of a list; a boolean that
// is set is "true", and one that is not is nothing.
func Values(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	if raw[0] == '[' {
		var list []string
		if json.Unmarshal(raw, &list) == nil {
			return list
		}
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	if s == "" || s == "null" || s == "false" {
		return nil
	}
	return []string{s}
}

// Has tells whether a field of the record holds a value.
func (it *Item) Has(field, value string) bool {
	m, err := it.Fields()
	return err == nil && slices.Contains(Values(m[field]), value)
}

func (it *Item) holdsValues(fields []string, values map[string]string) bool {
	if len(fields) == 0 {
		return true
	}
	m, err := it.Fields()
	if err != nil {
		return false
	}
	for _, f := range fields {
		if !slices.Contains(Values(m[f]), values[f]) {
			return false
		}
	}
	return true
}

// segment is the distinct words of some records, one behind the other, with the
// records in which each occurs.
type segment struct {
	text string
	ends []int32
	// masks say which letters and digits are in a word, for questions of one.
	masks []uint64
	posts []int32
	// upto is where the records of each word end in posts.
	upto []int32
}

func newSegment(records []tailed) *segment {
	num := map[string]int32{}
	var words []string
	var posts [][]int32
	total := 0
	for _, r := range records {
		for w := range strings.FieldsFuncSeq(r.folded, unicode.IsSpace) {
			n, ok := num[w]
			if !ok {
				n = int32(len(words))
				num[w] = n
				words, posts = append(words, w), append(posts, nil)
			}
			if p := posts[n]; len(p) > 0 && p[len(p)-1] == r.seq {
				continue
			}
			posts[n] = append(posts[n], r.seq)
			total++
		}
	}
	s := &segment{ends: make([]int32, len(words)), masks: make([]uint64, len(words)), upto: make([]int32, len(words)), posts: make([]int32, 0, total)}
	var b strings.Builder
	for i, w := range words {
		b.WriteString(w)
		s.ends[i], s.masks[i] = int32(b.Len()), maskOf(w)
		b.WriteByte('\n')
		s.posts = append(s.posts, posts[i]...)
		s.upto[i] = int32(len(s.posts))
	}
	s.text = b.String()
	return s
}

func bitOf(c byte) (uint64, bool) {
	switch {
	case c >= 'a' && c <= 'z':
		return 1 << (c - 'a'), true
	case c >= '0' && c <= '9':
		return 1 << (26 + c - '0'), true
	}
	return 0, false
}

func maskOf(w string) (m uint64) {
	for i := range len(w) {
		b, _ := bitOf(w[i])
		m |= b
	}
	return m
}

func (s *segment) records(word int) []int32 {
	from := int32(0)
	if word > 0 {
		from = s.upto[word-1]
	}
	return s.posts[from:s.upto[word]]
}

// holding adds the records in one of whose words the text occurs.
func (s *segment) holding(text string, to set) {
	if len(text) == 1 {
		if bit, ok := bitOf(text[0]); ok {
			for i, m := range s.masks {
				if m&bit != 0 {
					to.addAll(s.records(i))
				}
			}
			return
		}
	}
	word := 0
	for at := 0; at < len(s.text); {
		i := strings.Index(s.text[at:], text)
		if i < 0 {
			return
		}
		at += i
		for int(s.ends[word]) <= at {
			word++
		}
		to.addAll(s.records(word))
		at = int(s.ends[word]) + 1
		word++
	}
}

// tally is how many live records of a list hold each value of a field.
type tally struct {
	mu     sync.Mutex
	list   *List
	counts map[string]int
}

// Prepare makes the index by which Where and Tally answer, so that nobody who
// asks waits for it.
func (l *List) Prepare() {
	if l.n > 0 {
		l.shelf.index.follow(l)
	}
}

// Tally counts the live records by each value of a field; of a list, each member
// counts. It is nil where the values are too many or too long to choose among.
// The map is shared and must not be changed.
func (l *List) Tally(field string) map[string]int {
	s := l.shelf
	s.mu.Lock()
	t := s.tallies[field]
	if t == nil {
		t = &tally{}
		s.tallies[field] = t
	}
	s.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.list == l {
		return t.counts
	}
	if t.list != nil && t.counts != nil {
		gone, come := l.Changes(t.list)
		if len(gone)+len(come) < mostTail {
			t.list, t.counts = l, recounted(t.counts, field, gone, come)
			return t.counts
		}
	}
	t.list, t.counts = l, s.index.tally(l, field)
	return t.counts
}

func recounted(counts map[string]int, field string, gone, come []*Item) map[string]int {
	next := make(map[string]int, len(counts)+1)
	for v, n := range counts {
		next[v] = n
	}
	add := func(items []*Item, n int) {
		for _, it := range items {
			if !it.Live() {
				continue
			}
			m, err := it.Fields()
			if err != nil {
				continue
			}
			for _, v := range Values(m[field]) {
				if next[v] += n; next[v] == 0 {
					delete(next, v)
				}
			}
		}
	}
	add(gone, -1)
	add(come, 1)
	if len(next) > mostValues {
		return nil
	}
	return next
}

func (x *index) tally(l *List, field string) map[string]int {
	x.follow(l)
	live := newBits(l.shelf.numbers())
	l.All(func(it *Item) bool {
		if it.Live() {
			live.add(int(it.seq))
		}
		return true
	})
	x.mu.RLock()
	defer x.mu.RUnlock()
	out := map[string]int{}
	c := x.facets[field]
	switch {
	case c == nil:
		return out
	case c.wide:
		return nil
	}
	for v, posts := range c.posts {
		n := 0
		for _, seq := range posts {
			if int(seq) < len(live)*64 && live.has(int(seq)) {
				n++
			}
		}
		if n > 0 {
			out[v] = n
		}
	}
	return out
}
