package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/population"
	"reperform/soc1/library"
)

// line is a row of a trial: the values that differ from the columns' examples.
type line struct {
	name   string
	values map[string]*string
}

// TestLibraryAttributesInTheEngine puts every SQL expression of the library to
// the engine that will run it, over a table of the declared columns: the
// example of the columns passes, each attribute's own failing values fail, its
// exempt values are not its concern, and no evidence at all never passes. With
// any one value absent the outcome is still known.
func TestLibraryAttributesInTheEngine(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := population.Open(population.Options{Command: []string{exe, "engine"}, TempDir: t.TempDir(), MemoryLimit: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	census, attributes := 0, 0
	for _, s := range library.Services() {
		var controls []library.Control
		for _, o := range s.Objectives {
			for _, c := range o.Controls {
				if c.Extract != nil {
					controls = append(controls, c)
				}
				for _, a := range c.Attributes {
					if !a.Manual() {
						attributes++
					}
				}
			}
		}
		census += len(controls)
		tryService(t, e, s.Code, controls)
	}
	if census != 210 || attributes < 600 {
		t.Errorf("%d controls with %d attributes can be tested by census", census, attributes)
	}
}

// trialLines are the lines of a control.
func trialLines(t *testing.T, c library.Control) []line {
	t.Helper()
	nothing := map[string]*string{}
	out := []line{{"example", map[string]*string{}}, {"nothing", nothing}}
	for _, col := range c.Extract.Columns {
		nothing[col.Name] = nil
		out = append(out, line{"without " + col.Name, map[string]*string{col.Name: nil}})
	}
	for i, a := range c.Attributes {
		switch {
		case a.Manual() && (a.NotApplicable != "" || a.Fails != nil || a.Exempt != nil):
			t.Errorf("%s %s is for a person and has values too", c.Code, library.Letter(i))
		case a.Manual():
			continue
		case len(a.Fails) == 0 || (a.NotApplicable == "") != (a.Exempt == nil):
			t.Errorf("%s %s has no values that fail, or lacks exempt values, or has them and always applies", c.Code, library.Letter(i))
		}
		out = append(out, line{"fails " + library.Letter(i), a.Fails})
		if a.NotApplicable != "" {
			out = append(out, line{"exempt " + library.Letter(i), a.Exempt})
		}
	}
	return out
}

// tryService evaluates the attributes of all controls of a service type over
// one table, in which each line belongs to one control.
func tryService(t *testing.T, e *population.Engine, service string, controls []library.Control) {
	t.Helper()
	q := population.EvaluateRequest{Zone: "UTC", ExceptionsPath: filepath.Join(t.TempDir(), "exceptions")}
	for _, c := range controls {
		for i, a := range c.Attributes {
			if a.Manual() {
				continue
			}
			q.Attributes = append(q.Attributes, population.Attribute{Code: c.Code + library.Letter(i), Pass: a.Pass, NotApplicable: a.NotApplicable})
			if a.NotApplicable != "" {
				// What is exempt fails this one.
				q.Attributes = append(q.Attributes, population.Attribute{Code: "applies " + c.Code + library.Letter(i), Pass: "coalesce(NOT (" + a.NotApplicable + "), TRUE)"})
			}
		}
	}
	q.Population = trial(t, e, controls).Input()
	m, err := e.Evaluate(context.Background(), q)
	if err != nil {
		t.Errorf("%s: %v", service, err)
		return
	}
	for _, w := range m.Warnings {
		if !strings.Contains(w.Problem, "attribute applies ") {
			t.Errorf("%s: %s", service, w)
		}
	}
	got := outcomes(t, m.ExceptionsPath)
	for _, c := range controls {
		for _, l := range trialLines(t, c) {
			for i, a := range c.Attributes {
				if !a.Manual() {
					compare(t, c, l.name, library.Letter(i), a, got)
				}
			}
		}
	}
}

// compare holds the outcome of one attribute in one line to what the
// library promises.
func compare(t *testing.T, c library.Control, name, code string, a library.Attribute, got map[string]string) {
	t.Helper()
	row := c.Code + " " + name
	outcome, exempt := got[row+"/"+c.Code+code], got[row+"/applies "+c.Code+code] != ""
	want := ""
	switch {
	case name == "fails "+code, name == "nothing" && !exempt:
		want = "fail"
	case name == "exempt "+code && !exempt:
		t.Errorf("%s: attribute %s applies (%s)", row, code, a.NotApplicable)
	case name == "example", name == "exempt "+code, name == "nothing":
	default:
		// The lines of other attributes and those with a value absent may pass
		// or fail, and are known.
		if outcome == "fail" {
			want = outcome
		}
	}
	if outcome != want {
		t.Errorf("%s: the outcome of attribute %s is %q, want %q (%s)", row, code, outcome, want, a.Pass)
	}
}

// trial freezes the lines of controls as one table.
func trial(t *testing.T, e *population.Engine, controls []library.Control) *population.Frozen {
	t.Helper()
	header, columns := []string{"trial_line"}, map[string]library.Column{"trial_line": {Type: "text"}}
	for _, c := range controls {
		var own []string
		for _, col := range c.Extract.Columns {
			own = append(own, col.Name)
			switch other, known := columns[col.Name]; {
			case !known:
				header, columns[col.Name] = append(header, col.Name), col
			case other.Type != col.Type:
				t.Errorf("%s: column %s is %s here and %s in another control", c.Code, col.Name, col.Type, other.Type)
			}
			if col.Meaning == "" {
				t.Errorf("%s: column %s has no meaning", c.Code, col.Name)
			}
		}
		for _, k := range c.Extract.Key {
			if !slices.Contains(own, k) {
				t.Errorf("%s: the key column %s is not declared", c.Code, k)
			}
		}
	}
	var schema population.Schema
	for _, name := range header {
		typ, err := population.ParseType(columns[name].SchemaType())
		if err != nil {
			t.Fatalf("column %s: %v", name, err)
		}
		schema.Columns = append(schema.Columns, population.Column{Name: name, Type: typ})
	}
	rows := [][]string{header}
	for _, c := range controls {
		for _, l := range trialLines(t, c) {
			values := map[string]*string{}
			for _, col := range c.Extract.Columns {
				values[col.Name] = col.Example
			}
			for name, v := range l.values {
				if _, known := values[name]; !known {
					t.Errorf("%s %s: there is no column %s", c.Code, l.name, name)
				}
				values[name] = v
			}
			row := []string{c.Code + " " + l.name}
			for _, name := range header[1:] {
				v := ""
				if values[name] != nil {
					v = *values[name]
				}
				row = append(row, v)
			}
			rows = append(rows, row)
		}
	}
	file := filepath.Join(t.TempDir(), "extract.csv")
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := e.Import(context.Background(), population.ImportRequest{Source: population.Source{Path: file}, Schema: schema, Key: []string{"trial_line"}, Zone: "UTC", Output: filepath.Join(t.TempDir(), "frozen.parquet")})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// outcomes are those that are neither pass nor not applicable, by line and
// attribute.
func outcomes(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for r := bufio.NewScanner(f); r.Scan(); {
		var x population.Exception
		if err := json.Unmarshal(r.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		out[fmt.Sprint(x.Key, "/", x.Attribute)] = string(x.Outcome)
	}
	return out
}
