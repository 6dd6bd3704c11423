package ascode

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"reperform/record"
	"reperform/soc1/library"
)

// TestLibraryRoundTrip: every record of the embedded library, written and read
// again, is the same record, and writing it again gives the same bytes.
func TestLibraryRoundTrip(t *testing.T) {
	n := 0
	for _, s := range library.Services() {
		rs, err := library.Records(s.Code, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			body, err := json.Marshal(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, r.Kind, r.ID, body)
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d records were tried", n)
	}
}

func roundTrip(t *testing.T, kindName, id string, body json.RawMessage) {
	t.Helper()
	kind, err := record.Kinds.Kind(kindName)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Write(kind, "", []record.Record{{Kind: kindName, ID: id, Effective: "2025-01-01", Body: body}})
	if err != nil {
		t.Fatal(err)
	}
	items, ps := parseLoosely(string(text))
	if len(items) != 1 {
		t.Fatalf("%s %s: not read again: %v\n%s\nfrom %s", kindName, id, ps, text, body)
	}
	it := items[0]
	if it.Kind != kindName || it.ID != id || it.Effective != "2025-01-01" || !record.SameBody(it.Body, body) {
		t.Fatalf("%s %s: read as %s %s %s\n%s\nwas\n%s\nfile:\n%s", kindName, id, it.Kind, it.ID, it.Effective, it.Body, body, text)
	}
	again, err := Write(kind, "", []record.Record{{Kind: kindName, ID: id, Effective: "2025-01-01", Body: it.Body}})
	if err != nil || string(again) != string(text) {
		t.Fatalf("%s %s: written again it differs (%v):\n%s\n%s", kindName, id, err, text, again)
	}
}

// parseLoosely reads items without asking whether their values make sense: a
// random record rarely does.
func parseLoosely(text string) ([]*Item, Problems) {
	nodes, ps := yamlDocuments("r.yaml", []byte(text))
	var items []*Item
	for _, n := range nodes {
		p := &parser{reg: record.Kinds, file: "r.yaml"}
		p.item(n)
		ps = append(ps, p.problems...)
		if p.item_ != nil && p.item_.Body != nil {
			items = append(items, p.item_)
		}
	}
	return items, ps
}

// TestRandomRoundTrip does the same with random values in every field of every
// kind: texts that YAML is fond of misreading among them.
func TestRandomRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range record.Kinds.Names() {
		kind, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		// Decisions are written by commands, never by files.
		if kind.Decision {
			continue
		}
		for i := range 60 {
			raw, err := json.Marshal(randomBody(rng, kind.Fields))
			if err != nil {
				t.Fatal(err)
			}
			v := kind.New()
			if err := json.Unmarshal(raw, v); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, raw)
			}
			// What the struct writes is what the ledger holds.
			body, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, name, fmt.Sprintf("id-%d", i), body)
		}
	}
}

var awkward = []string{
	"", " ", "x", "yes", "no", "null", "~", "true", "1", "1.0", "0x1F", "1e3", "2025-01-01", "2025-01-01T00:00:00Z", "- a", "a: b", "#c", "a #c", "'q'", `"q"`, "&a", "*a", "!t", "%d", "@a", "`a`",
	"line\nline", "trailing \n", "\n\nfirst", " indented\n  more", "tab\there", "ünïcödé – “quoted”", "😀", "\\n", "a\\", "{a}", "[a]", "a, b", "<<", "=", "?", "? a", "|", ">", "---", "...", "\u00a0", "\u2028", "end:", "  two  spaces  ", "\r\n", "\x01", "\ufeff", "…",
}

func randomBody(rng *rand.Rand, fields []record.Field) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if !f.Required && rng.IntN(3) == 0 {
			continue
		}
		if !f.List {
			out[f.Name] = randomValue(rng, f)
			continue
		}
		list := []any{}
		n := rng.IntN(4)
		if f.Required {
			n++
		}
		for range n {
			list = append(list, randomValue(rng, f))
		}
		out[f.Name] = list
	}
	return out
}

func randomValue(rng *rand.Rand, f record.Field) any {
	word := func() string { return awkward[rng.IntN(len(awkward))] }
	switch f.Type {
	case record.Object:
		return randomBody(rng, f.Fields)
	case record.Map:
		return map[string]any{word(): []string{word(), word()}, "b": []string{}}
	case record.Integer:
		return rng.IntN(100)
	case record.Boolean:
		return rng.IntN(2) == 0
	case record.Enum:
		return f.Values[rng.IntN(len(f.Values))]
	case record.Date:
		return fmt.Sprintf("20%02d-%02d-%02d", rng.IntN(100), 1+rng.IntN(12), 1+rng.IntN(28))
	case record.Instant:
		return fmt.Sprintf("20%02d-01-01T10:00:00Z", rng.IntN(100))
	}
	return word()
}

// FuzzParse: whatever the bytes, reading them neither panics nor gives an item
// together with silence about what was wrong, and what it gives can be written
// and read again.
func FuzzParse(f *testing.F) {
	f.Add("a.yaml", []byte("kind: risk\nid: r\ncode: R\ntext: x\n"))
	f.Add("a.json", []byte(`{"kind":"risk","id":"r","code":"R","text":"x","objectives":["a"]}`))
	f.Add("a.yaml", []byte("a: &a [*a]\n---\n- kind: control\n  id: c\n"))
	f.Add("a.yaml", []byte("kind: walkthrough\nid: w\nsteps: &s\n  - {nature: inquiry, text: x}\n"))
	f.Fuzz(func(t *testing.T, file string, b []byte) {
		if len(b) > 1<<16 {
			t.Skip()
		}
		items, ps := Parse(record.Kinds, file, b)
		_ = append(ps, duplicates(items)...).Error()
		if len(ps) > 0 {
			return
		}
		for _, it := range items {
			if it.Kind == "" || it.ID == "" || it.Value == nil || !json.Valid(it.Body) {
				t.Fatalf("an item without kind, id or value: %+v", it)
			}
			kind, err := record.Kinds.Kind(it.Kind)
			if err != nil {
				t.Fatal(err)
			}
			text, err := Write(kind, it.Ledger, []record.Record{{Kind: it.Kind, ID: it.ID, Effective: it.Effective, Retired: it.Retired, Body: it.Body}})
			if err != nil {
				t.Fatal(err)
			}
			again, ps := Parse(record.Kinds, "again.yaml", text)
			if len(again) != 1 || !record.SameBody(again[0].Body, it.Body) {
				t.Fatalf("not read again: %v\n%s", ps, text)
			}
		}
	})
}
