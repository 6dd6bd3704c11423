package record

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold gives a text without case and accents, for comparing what people type:
// "Café" and "CAFE" are alike.
func Fold(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// Folded is all that can be read in a record, its id and the texts of its
// body, folded, with a line for each.
func (it *Item) Folded() string {
	var b strings.Builder
	b.WriteString(it.ID)
	if !it.Redacted {
		var v any
		if json.Unmarshal(it.Body, &v) == nil {
			texts(v, &b)
		}
	}
	return Fold(b.String())
}

func texts(v any, b *strings.Builder) {
	switch x := v.(type) {
	case string:
		b.WriteByte('\n')
		b.WriteString(x)
	case []any:
		for _, e := range x {
			texts(e, b)
		}
	case map[string]any:
		names := make([]string, 0, len(x))
		for n := range x {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			texts(x[n], b)
		}
	}
}

// holds tells whether every word occurs in a folded text.
func holds(folded string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(folded, w) {
			return false
		}
	}
	return true
}

// chunkText is what can be read in the records of a chunk, one behind the other:
// looking through it costs a few milliseconds for a hundred thousand records,
// where going from record to record costs several times that.
type chunkText struct {
	once sync.Once
	all  string
	// ends are where the records' texts end.
	ends []int
}

func (c *chunk) texts() *chunkText {
	t := &c.text
	t.once.Do(func() {
		var b strings.Builder
		for _, it := range c.items {
			b.WriteString(it.Folded())
			t.ends = append(t.ends, b.Len())
			// No word that is looked for holds white space, so none is found across.
			b.WriteByte('\n')
		}
		t.all = b.String()
	})
	return t
}

// holding is the set of items in which every word occurs.
func (l *List) holding(words []string) set {
	l.shelf.mu.Lock()
	out := newBits(int(l.shelf.last) + 1)
	l.shelf.mu.Unlock()
	// The longest word is likely the rarest.
	first := 0
	for i, w := range words {
		if len(w) > len(words[first]) {
			first = i
		}
	}
	for _, c := range l.chunks {
		t := c.texts()
		for at := 0; ; {
			i := strings.Index(t.all[at:], words[first])
			if i < 0 {
				break
			}
			n, _ := slices.BinarySearch(t.ends, at+i+1)
			begin := 0
			if n > 0 {
				begin = t.ends[n-1] + 1
			}
			if len(words) == 1 || holds(t.all[begin:t.ends[n]], words) {
				out.add(int(c.items[n].seq))
			}
			if at = t.ends[n] + 1; at >= len(t.all) {
				break
			}
		}
	}
	return out
}
