package record

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"reperform/soc1"
)

// Names tells how records are called in the cells of a table, and which record
// somebody means who writes such a name. It sees what its views show.
type Names struct {
	ctx   context.Context
	views []*View
	kinds map[string]*kindNames
}

type kindNames struct {
	lists []*List
	// ids are the records by what they are called, folded.
	ids map[string][]string
}

// NewNames makes names from views; where two hold a record of one id, the first
// counts.
func NewNames(ctx context.Context, views ...*View) *Names {
	return &Names{ctx: ctx, views: views, kinds: map[string]*kindNames{}}
}

// longestName is the longest heading by which a record is called in a cell.
const longestName = 100

// called are the words for a record, the best first.
func called(it *Item) []string {
	var out []string
	h := HeadingOf(it.Record)
	for _, s := range []string{h.Code, h.Text} {
		if s != "" && len(s) <= longestName {
			out = append(out, s)
		}
	}
	return out
}

func (n *Names) of(kind string) (*kindNames, error) {
	if k, ok := n.kinds[kind]; ok {
		return k, nil
	}
	k := &kindNames{ids: map[string][]string{}}
	for _, v := range n.views {
		l, err := v.Rows(n.ctx, kind)
		if err != nil {
			return nil, err
		}
		k.lists = append(k.lists, l)
		l.All(func(it *Item) bool {
			if it.Live() {
				for _, s := range called(it) {
					f := Fold(s)
					if !slices.Contains(k.ids[f], it.ID) {
						k.ids[f] = append(k.ids[f], it.ID)
					}
				}
			}
			return true
		})
	}
	n.kinds[kind] = k
	return k, nil
}

func (k *kindNames) get(id string) *Item {
	for _, l := range k.lists {
		if it := l.Get(id); it != nil {
			return it
		}
	}
	return nil
}

// Label is a short name of a record that leads back to it and to no other; its
// id where there is none.
func (n *Names) Label(kind, id string) string {
	k, err := n.of(kind)
	if err != nil {
		return id
	}
	it := k.get(id)
	if it == nil || !it.Live() {
		return id
	}
	for _, s := range called(it) {
		if strings.ContainsAny(s, ";\n\r") || strings.TrimSpace(s) != s || s[0] == '[' || s[0] == '{' {
			continue
		}
		if got, err := n.ID(kind, s); err == nil && got == id {
			return s
		}
	}
	return id
}

// ID is the record that a name or an id means. A name of several records, or of
// none, is an error that says so.
func (n *Names) ID(kind, text string) (string, error) {
	k, err := n.of(kind)
	if err != nil {
		return "", err
	}
	if k.get(text) != nil {
		return text, nil
	}
	ids := k.ids[Fold(text)]
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		title := strings.ReplaceAll(kind, "_", " ")
		if spec, err := Kinds.Kind(kind); err == nil {
			title = strings.ToLower(spec.Title)
			if spec.Decision && CheckID(text) == nil {
				// What a command makes may come later.
				return text, nil
			}
		}
		return "", fmt.Errorf("there is no %s %q; write its id, its code or its whole name", title, clip80(text))
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return "", fmt.Errorf("%q names %d records; write the id of one: %s", clip80(text), len(ids), strings.Join(ids[:min(len(ids), 5)], ", "))
}

func clip80(s string) string {
	r := []rune(s)
	if len(r) <= 80 {
		return s
	}
	return string(r[:79]) + "…"
}

// Cell writes the value of a field as the text of one cell. ParseCell reads it
// back to the same value: members of a list stand behind each other with
// semicolons, texts on lines of their own, and what has no such form as JSON.
func Cell(f *Field, raw json.RawMessage, names *Names) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		if f.Type == Boolean && !f.List {
			return "No"
		}
		return ""
	}
	if !f.List && f.Ref == "" {
		switch f.Type {
		case Text, Date, Instant:
			var s string
			_ = json.Unmarshal(raw, &s)
			return s
		case Boolean:
			if string(raw) == "true" {
				return "Yes"
			}
			return "No"
		case Integer:
			return string(raw)
		}
	}
	if s, ok := simpleCell(f, raw, names); ok {
		if v, err := ParseCell(f, s, names); err == nil {
			if b, err := json.Marshal(v); err == nil && SameBody(b, raw) {
				return s
			}
		}
	}
	var b bytes.Buffer
	if string(raw) == `""` || string(raw) == "[]" || string(raw) == "{}" || json.Compact(&b, raw) != nil {
		return ""
	}
	if s := text(raw); !f.List && f.Type != Object && f.Type != Map {
		return s
	}
	return b.String()
}

// text is a JSON string without its quotes; anything else as it is written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func simpleCell(f *Field, raw json.RawMessage, names *Names) (string, bool) {
	if !f.List {
		switch {
		case f.Type == Map:
			return mapCell(raw)
		case f.Type == Object:
			return "", false
		}
		return memberCell(f, text(raw), names), true
	}
	if f.Type == Object || f.Type == Map {
		return "", false
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return "", false
	}
	sep := "; "
	if f.Type == Text && f.Ref == "" {
		sep = "\n"
	}
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = memberCell(f, text(x), names)
	}
	return strings.Join(out, sep), true
}

func memberCell(f *Field, s string, names *Names) string {
	switch {
	case f.Ref != "":
		return names.Label(f.Ref, s)
	case f.Type == Enum:
		label := f.ValueLabel(s)
		if v, ok := f.enumerated(label); ok && v == s && !strings.ContainsAny(label, ";\n") {
			return label
		}
	}
	return s
}

// mapCell writes one line for each name: "TSC: CC6.1, CC6.2".
func mapCell(raw json.RawMessage) (string, bool) {
	var m map[string][]string
	if json.Unmarshal(raw, &m) != nil {
		return "", false
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var lines []string
	for _, k := range keys {
		lines = append(lines, k+": "+strings.Join(m[k], ", "))
	}
	return strings.Join(lines, "\n"), true
}

// ParseCell reads the text of a cell as the value of a field, as encoding/json
// would give it; nil is an empty cell. The error says what is wrong with the
// text and what to write instead.
func ParseCell(f *Field, s string, names *Names) (any, error) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		return nil, nil
	}
	if structured := f.List || f.Type == Object || f.Type == Map; structured && (trimmed[0] == '[' || trimmed[0] == '{') {
		if v, ok := jsonCell(f, trimmed); ok {
			return v, nil
		}
	}
	switch {
	case f.Type == Object:
		return nil, fmt.Errorf("this field has parts of its own; leave the column out and change it in the form, or write it as the export does")
	case f.Type == Map:
		return parseMap(trimmed)
	case !f.List && f.Type == Text && f.Ref == "":
		return s, nil
	case !f.List:
		return f.parseMember(trimmed, names)
	}
	sep := ";"
	if f.Type == Text && f.Ref == "" {
		sep = "\n"
	}
	var out []any
	for part := range strings.SplitSeq(trimmed, sep) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		v, err := f.parseMember(part, names)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func jsonCell(f *Field, s string) (any, bool) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	_, isList := v.([]any)
	return v, isList == f.List
}

// enumerated is the value that a word stands for.
func (f *Field) enumerated(word string) (string, bool) {
	if slices.Contains(f.Values, word) {
		return word, true
	}
	found, n := "", 0
	for i, l := range f.ValueLabels {
		if Fold(l) == Fold(word) {
			found, n = f.Values[i], n+1
		}
	}
	return found, n == 1
}

var booleans = map[string]bool{"yes": true, "true": true, "1": true, "y": true, "x": true, "no": false, "false": false, "0": false, "n": false}

func (f *Field) parseMember(s string, names *Names) (any, error) {
	switch {
	case f.Ref != "":
		return names.ID(f.Ref, s)
	case f.Type == Enum:
		if v, ok := f.enumerated(s); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%q is not one of the values of this field, which are %s", clip80(s), strings.Join(f.ValueLabels, "; "))
	case f.Type == Boolean:
		if v, ok := booleans[strings.ToLower(s)]; ok {
			return v, nil
		}
		return nil, fmt.Errorf("%q is neither yes nor no", clip80(s))
	case f.Type == Integer:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number; write digits only", clip80(s))
		}
		return n, nil
	case f.Type == Date:
		d, err := soc1.ParseDate(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a date; write it as 2025-06-30, or make the cell a date", clip80(s))
		}
		return string(d), nil
	}
	return s, nil
}

func parseMap(s string) (any, error) {
	out := map[string]any{}
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, rest, ok := strings.Cut(line, ":")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			return nil, fmt.Errorf("the line %q has no name before a colon; write for example TSC: CC6.1, CC6.2", clip80(line))
		}
		var list []any
		for part := range strings.SplitSeq(rest, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		if list != nil {
			out[key] = list
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}
