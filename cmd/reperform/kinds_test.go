package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/ascode"
	"reperform/record"
)

// kinds runs the command in a folder without a workspace.
func kinds(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append([]string{"kinds"}, args...), strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("kinds %v: exit code %d, %s", args, code, errs.String())
	}
	return out.String()
}

// TestExamplesAreRead reads the example of every register as apply reads a file.
func TestExamplesAreRead(t *testing.T) {
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Decision {
			var out, errs bytes.Buffer
			if code := run([]string{"kinds", name, "--example"}, strings.NewReader(""), &out, &errs); code != exitInput || !strings.Contains(errs.String(), "is a decision") {
				t.Errorf("%s is a decision and --example says %q with code %d", name, errs.String(), code)
			}
			continue
		}
		text := kinds(t, name, "--example")
		items, problems := ascode.Parse(record.Kinds, name+".yaml", []byte(text))
		if len(problems) > 0 || len(items) != 1 {
			t.Errorf("%s: %d records, %v\n%s", name, len(items), problems, text)
		}
	}
}

// TestKindsAreDescribed finds every field of every kind in what is printed.
func TestKindsAreDescribed(t *testing.T) {
	all := kinds(t)
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(all, "\n"+name+" ") && !strings.HasPrefix(all, name+" ") {
			t.Errorf("%s is not listed", name)
		}
		text, data := kinds(t, name), kinds(t, name, "--json")
		for _, f := range k.Fields {
			if !strings.Contains(text, "\n  "+f.Name+" ") || !strings.Contains(data, `"name":"`+f.Name+`"`) {
				t.Errorf("%s: the field %s is not described", name, f.Name)
			}
		}
	}
}

// TestKindsPageIsCurrent holds docs/KINDS.md to the registry.
func TestKindsPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "KINDS.md"))
	if err != nil {
		t.Fatal(err)
	}
	if kinds(t, "--markdown") != string(page) {
		t.Error("docs/KINDS.md is not what the registry says; run: go generate ./cmd/reperform")
	}
}
