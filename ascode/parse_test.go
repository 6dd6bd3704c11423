package ascode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/record"
)

// TestProblems reproduces everything that can be wrong in a file of records:
// each row is a file and the whole of what is said about it.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"no kind", "a.yaml", "id: x\n", "a.yaml:1: x: kind: The record does not say of which kind it is. Add `kind:`, for example `kind: control`."},
		{"unknown kind", "a.yaml", "kind: contrl\nid: x\n", "a.yaml:1: contrl x: kind: There is no kind \"contrl\". Did you mean control?"},
		{"no id", "a.yaml", "kind: risk\n", "a.yaml:1: risk: id: \"\" is not an id. Use letters, digits, dots, dashes, underscores, colons and slashes, at most 120, beginning with a letter or digit."},
		{"id with a blank", "a.yaml", "kind: risk\nid: a b\n", "a.yaml:1: risk a b: id: \"a b\" is not an id. Use letters, digits, dots, dashes, underscores, colons and slashes, at most 120, beginning with a letter or digit."},
		{"no such day", "a.yaml", "kind: risk\nid: x\neffective: 2025-02-29\ncode: X\ntext: x\n", "a.yaml:3: risk x: effective: There is no day 2025-02-29 in the calendar. Write the date as year-month-day, for example 2025-01-31."},
		{"no date", "a.yaml", "kind: risk\nid: x\neffective: soon\ncode: X\ntext: x\n", "a.yaml:3: risk x: effective: \"soon\" is not a date. Write the date as year-month-day, for example 2025-01-31."},
		{"retired is a word", "a.yaml", "kind: risk\nid: x\nretired: yes\n", "a.yaml:3: risk x: retired: \"yes\" is neither true nor false. Write true or false."},
		{"unknown field", "a.yaml", "kind: risk\nid: x\ncode: X\ntxt: x\n", "a.yaml:4: risk x: txt: There is no field \"txt\" here. Did you mean text?"},
		{"unknown field, far from all", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nseverity_of_it: 3\n", "a.yaml:5: risk x: severity_of_it: There is no field \"severity_of_it\" here. Use one of code, text, objectives, likelihood, impact, residual_likelihood, residual_impact, fraud, change, owner, response."},
		{"unknown nested field", "a.yaml", "kind: walkthrough\nid: w\ncontrol: c\nperformed_on: 2025-01-01\nsteps:\n  - {nature: inquiry, txt: x}\n", "a.yaml:6: walkthrough w: steps[0].txt: There is no field \"txt\" here. Did you mean text?"},
		{"field twice", "a.yaml", "kind: risk\nid: x\ncode: X\ncode: Y\ntext: x\n", "a.yaml:4: risk x: code: The field is given twice. Remove one."},
		{"text is a list", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: [a]\n", "a.yaml:4: risk x: text: This must be a single value."},
		{"text is a mapping", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: {a: b}\n", "a.yaml:4: risk x: text: This must be a single value."},
		{"list is a value", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nobjectives: o1\n", "a.yaml:5: risk x: objectives: This must be a list. Write each value on a line of its own after a dash."},
		{"list with a gap", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nobjectives:\n  - o1\n  -\n", "a.yaml:7: risk x: objectives[1]: A list holds no empty value. Remove it, or write the value."},
		{"number is a word", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nlikelihood: high\n", "a.yaml:5: risk x: likelihood: \"high\" is not a whole number. Write digits only."},
		{"number is a fraction", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nlikelihood: 1.5\n", "a.yaml:5: risk x: likelihood: \"1.5\" is not a whole number. Write digits only."},
		{"boolean is a word", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: x\nfraud: maybe\n", "a.yaml:5: risk x: fraud: \"maybe\" is neither true nor false. Write true or false."},
		{"enumeration", "a.yaml", "kind: location\nid: x\nname: X\nin_scope: True\n", "a.yaml:4: location x: in_scope: \"True\" is neither true nor false. Write true or false."},
		{"object is a value", "a.yaml", "kind: walkthrough\nid: w\ncontrol: c\nperformed_on: 2025-01-01\nsteps: [looked]\n", "a.yaml:5: walkthrough w: steps[0]: This must be a mapping of fields. Its fields are nature, text."},
		{"tag", "a.yaml", "kind: risk\nid: x\ncode: X\ntext: !!binary aGk=\n", "a.yaml:4: risk x: text: The tag !!binary has no meaning here. Write the value without a tag."},
		{"map is a list", "a.yaml", "kind: control_objective\nid: x\ncode: X\ntitle: T\ntext: x\nframework_ids: [a]\n", "a.yaml:6: control_objective x: framework_ids: This must be a mapping. Write each name on a line of its own, a colon, and a list of texts."},
		{"no mapping", "a.yaml", "- 1\n", "a.yaml:1: A record is a mapping of fields, and this is not one. Begin with `kind:` and `id:`."},
		{"tab", "a.yaml", "kind: risk\n\tid: x\n", "a.yaml:2: This is not valid YAML: found a tab character that violates indentation. Check the indentation and the quotes."},
		{"cut JSON", "a.json", "{\"kind\": \"risk\",\n", "a.json:1: This is not valid JSON: the file ends in the middle of a value. Check the quotes, the commas and the brackets."},
		{"JSON field", "a.json", "{\"kind\": \"risk\",\n \"id\": \"x\",\n \"code\": \"X\", \"text\": \"x\",\n \"likelihood\": \"high\"}", "a.json:4: risk x: likelihood: \"high\" is not a whole number. Write digits only."},
		{"JSON field twice", "a.json", "{\"kind\": \"risk\", \"id\": \"x\",\n \"code\": \"X\",\n \"code\": \"Y\", \"text\": \"x\"}", "a.json:3: risk x: code: The field is given twice. Remove one."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ps := Parse(record.Kinds, c.file, []byte(c.text))
			if got := ps.Error(); got != c.want {
				t.Errorf("said\n  %s\nwant\n  %s", got, c.want)
			}
		})
	}
}

// TestWholeFile: good records beside bad ones do not hide a problem, and
// problems come in the order of their places.
func TestWholeFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.yaml", "kind: risk\nid: r1\ncode: R1\ntext: Fine.\n---\nkind: risk\nid: r2\ncod: R2\ntext: x\n")
	write(t, dir, "a.yaml", "kind: risk\nid: r1\ncode: R1\ntext: The same id.\n")
	write(t, dir, "notes.txt", "not a record")
	_, err := Read(record.Kinds, []string{dir})
	if err == nil {
		t.Fatal("no problem found")
	}
	lines := strings.Split(strings.ReplaceAll(err.Error(), dir+"/", ""), "\n")
	want := []string{
		`b.yaml:2: risk r1: id: The id "r1" is given twice; the first time at a.yaml:1.`,
		`b.yaml:8: risk r2: cod: There is no field "cod" here. Did you mean code?`,
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], want[0]) || lines[1] != want[1] {
		t.Errorf("said\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	// Two versions of a record, two ledgers, and two kinds are no duplicates.
	ok := "kind: risk\nid: r\neffective: 2025-01-01\ncode: R\ntext: x\n---\nkind: risk\nid: r\neffective: 2025-02-01\ncode: R\ntext: x\n---\nkind: location\nid: r\neffective: 2025-01-01\nname: R\n---\nkind: risk\nid: r\nledger: other\neffective: 2025-01-01\ncode: R\ntext: x\n"
	items, ps := Parse(record.Kinds, "ok.yaml", []byte(ok))
	if ps = append(ps, duplicates(items)...); len(ps) > 0 || len(items) != 4 {
		t.Errorf("%d items, problems: %v", len(items), ps)
	}
}

// TestDecisionsAreNotChecked: what a decision lacks is its command's to say.
func TestDecisionsAreNotChecked(t *testing.T) {
	items, ps := Parse(record.Kinds, "d.yaml", []byte("kind: deviation\nid: d\n"))
	if len(items) != 1 || len(ps) != 0 {
		t.Errorf("%d items, problems: %v", len(items), ps)
	}
}

// TestDigitsStayText: what looks like a number or a date in YAML is text where
// the field is text, digit by digit.
func TestDigitsStayText(t *testing.T) {
	items, ps := Parse(record.Kinds, "t.yaml", []byte("kind: risk\nid: r\ncode: 1.10\ntext: 2025-01-01\nowner: 007\n---\nkind: control_objective\nid: o\ncode: 1e3\ntitle: yes\ntext: ~x\nframework_ids: {coso: [1.10, 12], cobit: 3}\n"))
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	want := []string{`{"code":"1.10","text":"2025-01-01","owner":"007"}`, `"framework_ids":{"cobit":["3"],"coso":["1.10","12"]}`}
	for i, w := range want {
		if got := string(items[i].Body); !strings.Contains(got, w) && !record.SameBody([]byte(got), []byte(w)) {
			t.Errorf("item %d: %s, want %s", i, got, w)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestParseInto: files that are no records are read as strictly.
func TestParseInto(t *testing.T) {
	type inner struct {
		Day  string   `json:"day"`
		Keys []string `json:"keys"`
		N    int64    `json:"n"`
		OK   bool     `json:"ok"`
	}
	type spec struct {
		ID    string            `json:"id"`
		Inner inner             `json:"inner"`
		Map   map[string]string `json:"map"`
		Ptr   *inner            `json:"ptr"`
	}
	var got spec
	if err := ParseInto("s.yaml", []byte("id: 007\ninner: {day: 2025-01-31, keys: [1, b], n: 1_000, ok: true}\nmap: {a: 1.50}\nptr:\n"), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "007" || got.Inner.Day != "2025-01-31" || got.Inner.N != 1000 || !got.Inner.OK || got.Map["a"] != "1.50" || got.Ptr != nil || strings.Join(got.Inner.Keys, " ") != "1 b" {
		t.Errorf("read %+v", got)
	}
	for text, want := range map[string]string{
		"idd: x\n":                           `s.yaml:1: idd: There is no field "idd" here. Did you mean id?`,
		"id: x\nid: y\n":                     `s.yaml:2: id: The field is given twice. Remove one.`,
		"inner:\n  keys: a\n":                `s.yaml:2: inner.keys: This must be a list. Write each value on a line of its own after a dash.`,
		"inner: [1]\n":                       `s.yaml:1: inner: This must be a mapping of fields. Its fields are day, keys, n, ok.`,
		"inner: {n: 1.5}\n":                  `s.yaml:1: inner.n: "1.5" is not a whole number. Write digits only.`,
		"inner: {ok: yes}\n":                 `s.yaml:1: inner.ok: "yes" is neither true nor false. Write true or false.`,
		"id: [a]\n":                          `s.yaml:1: id: This must be a single value.`,
		"map: a\n":                           `s.yaml:1: map: This must be a mapping.`,
		"":                                   `s.yaml:1: The file holds 0 documents; one is needed. Write one mapping of fields.`,
		"id: a\n---\nid: b\n":                `s.yaml:1: The file holds 2 documents; one is needed. Write one mapping of fields.`,
		"id: \"a\n":                          `s.yaml:2: This is not valid YAML: found unexpected end of stream. Check the indentation and the quotes.`,
		"id: !!binary aGk=\n":                `s.yaml:1: id: The tag !!binary has no meaning here. Write the value without a tag.`,
		"inner: {n: 99999999999999999999}\n": `s.yaml:1: inner.n: "99999999999999999999" is not a whole number. Write digits only.`,
	} {
		err := ParseInto("s.yaml", []byte(text), &spec{})
		if err == nil || err.Error() != want {
			t.Errorf("%q: said\n  %v\nwant\n  %s", text, err, want)
		}
	}
}

// TestTheExampleIsShortEnough: no text of the example is longer than what is
// recorded.
func TestTheExampleIsShortEnough(t *testing.T) {
	items, err := Read(record.Kinds, []string{"../demo/example/org", "../demo/example/audit"})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		k, err := record.Kinds.Kind(it.Kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range k.TextProblems(it.Body, nil) {
			t.Errorf("%s %s: %s", it.Kind, it.ID, p)
		}
	}
	if len(items) < 100 {
		t.Errorf("%d records were read", len(items))
	}
}
