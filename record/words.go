package record

import (
	"encoding/json"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"
)

// Words finds the live records of a kind by the beginnings of words in them. It
// is made for one List and follows others of the same kind by what differs.
type Words struct {
	kind *Kind

	mu   sync.RWMutex
	list *List
	// docs are numbered; the number of a record that is gone is free.
	docs  []*Item
	num   map[*Item]int32
	gone  int
	parts [3]dict
}

// The parts of a record that words are looked for in.
const (
	inKey   = iota // id and code, whole and in words
	inTitle        // name and title
	inText         // every other text
)

// dict finds the records that hold a word.
type dict struct {
	words []string
	posts [][]int32
	// fresh are words that came since the last rebuild.
	fresh map[string][]int32
}

// Bounds on what one record and one question may cost.
const (
	maxWordsOfRecord = 400
	maxWordBytes     = 64
	maxQueryRunes    = 200
	maxQueryWords    = 8
)

// NewWords makes an index of nothing.
func NewWords(kind *Kind) *Words { return &Words{kind: kind} }

// Hit is a record found.
type Hit struct {
	*Item
	// Rank is 0 where the question is the record's id or code, 1 where it begins
	// one, 2 where all words stand in id, code or title, else 3.
	Rank int
}

// Find lists at most limit records of the list in which every word of the
// question begins a word, the best first, then by id.
func (w *Words) Find(l *List, question string, limit int) []Hit {
	whole, words := Question(question)
	if whole == "" || limit <= 0 {
		return nil
	}
	w.follow(l)
	w.mu.RLock()
	defer w.mu.RUnlock()
	var out []Hit
	taken := newBits(len(w.docs))
	take := func(found set, rank int) bool {
		from := len(out)
		found.each(func(i int) bool {
			if w.docs[i] != nil && !taken.has(i) {
				taken.add(i)
				out = append(out, Hit{w.docs[i], rank})
			}
			return len(out) < limit
		})
		slices.SortFunc(out[from:], func(a, b Hit) int { return strings.Compare(a.ID, b.ID) })
		return len(out) >= limit
	}
	exact := newBits(len(w.docs))
	w.parts[inKey].word(whole, exact)
	if take(exact, 0) {
		return out
	}
	begins := newBits(len(w.docs))
	w.parts[inKey].prefix(whole, begins)
	if take(begins, 1) || len(words) == 0 {
		return out
	}
	for rank, parts := range [][]int{2: {inKey, inTitle}, 3: {inKey, inTitle, inText}} {
		if parts == nil {
			continue
		}
		var all set
		for _, word := range words {
			one := newBits(len(w.docs))
			for _, p := range parts {
				w.parts[p].prefix(word, one)
			}
			if all == nil {
				all = one
			} else {
				all.and(one)
			}
		}
		if take(all, rank) {
			break
		}
	}
	return out
}

// Question is how a question is understood: as a whole, and in words.
func Question(s string) (whole string, words []string) {
	n := 0
	for i := range s {
		if n++; n > maxQueryRunes {
			s = s[:i]
			break
		}
	}
	whole = strings.TrimSpace(Fold(s))
	words = split(whole, nil)
	return whole, words[:min(len(words), maxQueryWords)]
}

// split cuts a folded text into words of letters and digits.
func split(folded string, to []string) []string {
	for _, f := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(f) > maxWordBytes {
			f = strings.ToValidUTF8(f[:maxWordBytes], "")
		}
		to = append(to, f)
	}
	return to
}

// follow brings the index to a list.
func (w *Words) follow(l *List) {
	w.mu.RLock()
	same := w.list == l
	w.mu.RUnlock()
	if same {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list == l {
		return
	}
	if w.list == nil {
		w.rebuild(l)
		return
	}
	gone, come := l.Changes(w.list)
	if len(gone)+len(come) > 2000+l.n/4 || w.gone > 2000+l.n/4 {
		w.rebuild(l)
		return
	}
	for _, it := range gone {
		if i, ok := w.num[it]; ok {
			delete(w.num, it)
			w.docs[i] = nil
			w.gone++
		}
	}
	for _, it := range come {
		w.add(it, func(d *dict, word string, doc int32) {
			if i, ok := slices.BinarySearch(d.words, word); ok {
				d.posts[i] = append(d.posts[i], doc)
				return
			}
			d.fresh[word] = append(d.fresh[word], doc)
		})
	}
	w.list = l
}

func (w *Words) rebuild(l *List) {
	w.list, w.gone = l, 0
	w.docs, w.num = make([]*Item, 0, l.Live()), make(map[*Item]int32, l.Live())
	var all [3]map[string][]int32
	for p := range all {
		all[p] = map[string][]int32{}
		w.parts[p] = dict{fresh: all[p]}
	}
	l.All(func(it *Item) bool {
		w.add(it, func(d *dict, word string, doc int32) { d.fresh[word] = append(d.fresh[word], doc) })
		return true
	})
	for p := range all {
		d := dict{words: make([]string, 0, len(all[p])), fresh: map[string][]int32{}}
		for word := range all[p] {
			d.words = append(d.words, word)
		}
		sort.Strings(d.words)
		d.posts = make([][]int32, len(d.words))
		for i, word := range d.words {
			d.posts[i] = slices.Clip(all[p][word])
		}
		w.parts[p] = d
	}
}

// add numbers a record and gives its words.
func (w *Words) add(it *Item, post func(d *dict, word string, doc int32)) {
	if !it.Live() {
		return
	}
	doc := int32(len(w.docs))
	w.docs = append(w.docs, it)
	w.num[it] = doc
	id := Fold(it.ID)
	words := [3][]string{inKey: split(id, []string{id})}
	if m, err := it.Fields(); err == nil {
		for i := range w.kind.Fields {
			f := &w.kind.Fields[i]
			part := inText
			switch f.Name {
			case "code":
				part = inKey
				var code string
				if json.Unmarshal(m[f.Name], &code) == nil {
					words[part] = append(words[part], strings.TrimSpace(Fold(code)))
				}
			case "name", "title":
				part = inTitle
			}
			words[part] = f.words(m[f.Name], words[part])
		}
	}
	for p := range words {
		seen := map[string]bool{}
		for _, word := range words[p] {
			if word != "" && !seen[word] && len(seen) < maxWordsOfRecord {
				seen[word] = true
				post(&w.parts[p], word, doc)
			}
		}
	}
}

// words are those of a field's texts; references and enumerations have none.
func (f *Field) words(raw json.RawMessage, to []string) []string {
	if len(raw) == 0 || len(to) >= maxWordsOfRecord {
		return to
	}
	switch {
	case f.List && raw[0] == '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return to
		}
		one := *f
		one.List = false
		for _, e := range list {
			to = one.words(e, to)
		}
	case f.Type == Text && f.Ref == "":
		var s string
		if json.Unmarshal(raw, &s) == nil {
			to = split(Fold(s), to)
		}
	case f.Type == Object:
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) != nil {
			return to
		}
		for i := range f.Fields {
			to = f.Fields[i].words(m[f.Fields[i].Name], to)
		}
	}
	return to
}

func (d *dict) word(word string, to set) {
	if i, ok := slices.BinarySearch(d.words, word); ok {
		to.addAll(d.posts[i])
	}
	to.addAll(d.fresh[word])
}

func (d *dict) prefix(prefix string, to set) {
	i, _ := slices.BinarySearch(d.words, prefix)
	for ; i < len(d.words) && strings.HasPrefix(d.words[i], prefix); i++ {
		to.addAll(d.posts[i])
	}
	for word, docs := range d.fresh {
		if strings.HasPrefix(word, prefix) {
			to.addAll(docs)
		}
	}
}

// set is a set of small numbers.
type set []uint64

func newBits(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) count() int {
	n := 0
	for _, x := range s {
		n += bits.OnesCount64(x)
	}
	return n
}

func (s set) addAll(is []int32) {
	for _, i := range is {
		s[i>>6] |= 1 << (i & 63)
	}
}

func (s set) and(o set) {
	for i := range s {
		s[i] &= o[i]
	}
}

func (s set) each(yield func(int) bool) {
	for i, x := range s {
		for ; x != 0; x &= x - 1 {
			if !yield(i*64 + bits.TrailingZeros64(x)) {
				return
			}
		}
	}
}
