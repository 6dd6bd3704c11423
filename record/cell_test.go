package record_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"reperform/record"
)

// Every field of every record of the example comes back from its cell.
func TestCellsOfTheExample(t *testing.T) {
	names := record.NewNames(t.Context())
	files, err := filepath.Glob("../demo/example/org/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no example files", err)
	}
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := yaml.NewDecoder(strings.NewReader(string(b)))
		for {
			var m map[string]any
			if d.Decode(&m) != nil {
				break
			}
			kind, _ := m["kind"].(string)
			k, err := record.Kinds.Kind(kind)
			if err != nil {
				continue
			}
			for _, f := range k.Fields {
				v, ok := m[f.Name]
				if !ok || f.Ref != "" {
					continue
				}
				raw, err := json.Marshal(v)
				if err != nil || f.Type == record.Date {
					continue
				}
				cell := record.Cell(&f, raw, names)
				back, err := record.ParseCell(&f, cell, names)
				if err != nil {
					t.Errorf("%s.%s: the cell %q: %v", kind, f.Name, cell, err)
					continue
				}
				got, err := json.Marshal(back)
				if err != nil {
					t.Fatal(err)
				}
				if !record.SameBody(got, raw) {
					t.Errorf("%s.%s: %s became the cell %q and came back as %s", kind, f.Name, raw, cell, got)
				}
				n++
			}
		}
	}
	if n < 500 {
		t.Fatalf("only %d values were compared", n)
	}
}

// What is wrong with a cell is said with what to write instead.
func TestCellsThatAreWrong(t *testing.T) {
	names := record.NewNames(t.Context())
	k, err := record.Kinds.Kind("control")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ field, cell, want string }{
		{"frequency", "sometimes", "one of the values"},
		{"key", "perhaps", "neither yes nor no"},
		{"owner", "Nobody at all", "there is no person"},
		{"risks", "a; b", "there is no risk \"a\""},
	} {
		f, ok := k.Field(c.field)
		if !ok {
			t.Fatalf("controls have no field %s", c.field)
		}
		if _, err := record.ParseCell(&f, c.cell, names); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, expected %q", c.field, c.cell, err, c.want)
		}
	}
	date := record.Field{Name: "on", Type: record.Date}
	for _, s := range []string{"6/30/2025", "2025-02-30", "soon"} {
		if _, err := record.ParseCell(&date, s, names); err == nil || !strings.Contains(err.Error(), "2025-06-30") {
			t.Errorf("the date %q: %v", s, err)
		}
	}
	number := record.Field{Name: "n", Type: record.Integer}
	if v, err := record.ParseCell(&number, " 12 ", names); err != nil || v != int64(12) {
		t.Errorf("a number: %v, %v", v, err)
	}
	if _, err := record.ParseCell(&number, "1.5", names); err == nil {
		t.Error("half a number is read")
	}
	// Labels count without case; so do values.
	f, _ := k.Field("frequency")
	for _, s := range []string{"Monthly", "MONTHLY", "monthly"} {
		if v, err := record.ParseCell(&f, s, names); err != nil || v != "monthly" {
			t.Errorf("%s: %v, %v", s, v, err)
		}
	}
}
