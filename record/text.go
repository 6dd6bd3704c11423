package record

import (
	"encoding/json"
	"fmt"

	"reperform/soc1"
)

// TextProblems lists the texts of a body that no person may write
// (soc1.TextProblem) or that are too long (soc1.LengthProblem). A text that stood in the previous body may stay, so that a
// record from before this rule can still be changed elsewhere, and values of
// data are kept as the data has them.
func (k *Kind) TextProblems(body, previous json.RawMessage) []soc1.Problem {
	if !suspect(body) && len(body) <= soc1.LineLimit {
		return nil
	}
	var v map[string]any
	if json.Unmarshal(body, &v) != nil {
		return nil // Whoever stores it meets the error.
	}
	t := &textFinder{}
	t.fields(k.Fields, v, "")
	if len(t.problems) == 0 || len(previous) == 0 {
		return t.problems
	}
	var before map[string]any
	if json.Unmarshal(previous, &before) != nil {
		return t.problems
	}
	old := &textFinder{}
	old.fields(k.Fields, before, "")
	stood := map[string]bool{}
	for _, s := range old.found {
		stood[s] = true
	}
	var out []soc1.Problem
	for i, p := range t.problems {
		if !stood[t.found[i]] {
			out = append(out, p)
		}
	}
	return out
}

// textFinder collects problems, and beside each the text that has it.
type textFinder struct {
	problems []soc1.Problem
	found    []string
}

func (t *textFinder) fields(fields []Field, v map[string]any, prefix string) {
	for i := range fields {
		if f := &fields[i]; !f.Data {
			t.value(f, v[f.Name], prefix+f.Name)
		}
	}
}

func (t *textFinder) value(f *Field, v any, path string) {
	switch x := v.(type) {
	case string:
		for _, p := range []*soc1.Problem{soc1.TextProblem(path, x), soc1.LengthProblem(path, f.Label, x, f.Multiline)} {
			if p != nil {
				t.problems, t.found = append(t.problems, *p), append(t.found, x)
			}
		}
	case []any:
		for i, e := range x {
			t.value(f, e, fmt.Sprintf("%s[%d]", path, i))
		}
	case map[string]any:
		if f.Type == Object {
			t.fields(f.Fields, x, path+".")
			return
		}
		for name, e := range x {
			t.value(f, name, path)
			t.value(f, e, path+"."+name)
		}
	}
}

// suspect tells whether JSON may hold a text that TextProblem refuses. Most
// bodies hold none, and then need not be opened.
func suspect(b []byte) bool {
	for i := 0; i < len(b); i++ {
		next := func(n int) byte {
			if i+n < len(b) {
				return b[i+n]
			}
			return 0
		}
		switch b[i] {
		case '\\':
			switch next(1) {
			case 'u', 'b', 'f', 'r':
				return true
			}
			i++
		case 0x7f:
			return true
		case 0xc2: // U+0080 to U+00BF in UTF-8
			if next(1) < 0xa0 {
				return true
			}
		case 0xe2: // U+2000 to U+2FFF
			if c, d := next(1), next(2); c == 0x80 && d >= 0xaa && d <= 0xae || c == 0x81 && d >= 0xa6 && d <= 0xa9 {
				return true
			}
		}
	}
	return false
}
