package record

import (
	"encoding/json"
	"slices"
	"strings"
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
