package repotest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readKind reads a file of the new kind with nothing but the registry.
const readKind = `package main

import (
	"fmt"
	"os"

	"reperform/ascode"
	"reperform/record"
)

func main() {
	items, err := ascode.Read(record.Kinds, os.Args[1:])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, it := range items {
		k, err := record.Kinds.Kind(it.Kind)
		if err != nil {
			panic(err)
		}
		refs, err := k.References(it.Body)
		if err != nil {
			panic(err)
		}
		fmt.Println(k.Plural, it.ID, it.Effective, len(k.Fields), len(refs), string(it.Body))
	}
}
`

// TestNewKindPageWorks lays the files of docs/NEW-KIND.md over the source,
// compiles them, and reads the page's record with them.
func TestNewKindPageWorks(t *testing.T) {
	const doc = "docs/NEW-KIND.md"
	blocks := map[string]string{}
	for _, f := range fences(doc, read(t, doc)) {
		blocks[f.info] = strings.Join(f.body, "\n") + "\n"
	}
	dir := t.TempDir()
	replace := map[string]string{}
	lay := func(rel, body string) {
		t.Helper()
		p := filepath.Join(dir, strings.ReplaceAll(rel, "/", "_"))
		if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root(t), rel)] = p
	}
	lay("soc1/incident.go", blocks["go kind=soc1/incident.go"])
	kinds := string(read(t, "record/kinds.go"))
	anchor := strings.Index(kinds, "soc1.Policy]")
	if anchor < 0 {
		t.Fatal("record/kinds.go does not register soc1.Policy; choose another neighbor for the example")
	}
	end := anchor + strings.Index(kinds[anchor:], "\n") + 1
	lay("record/kinds.go", kinds[:end]+blocks["go line=record/kinds.go after=soc1.Policy"]+kinds[end:])
	lay("internal/newkind/main.go", readKind)
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(at, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(body string) string {
		file := filepath.Join(dir, "incident.yaml")
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "run", "-overlay", at, "./internal/newkind", file)
		cmd.Dir = root(t)
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	good := blocks["yaml kind=incident.yaml"]
	if out := run(good); !strings.HasPrefix(out, "Incidents inc-1 2025-04-02 5 0 {") {
		t.Errorf("the record of the page is not read:\n%s", out)
	}
	if out := run(strings.Replace(good, "title:", "titel:", 1)); !strings.Contains(out, "titel") {
		t.Errorf("a misspelled field is not named:\n%s", out)
	}
}
