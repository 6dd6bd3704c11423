// Package strict is a check for tests: it holds documents to PDF/UA-1 and
// PDF/A-2a, whose violations the typesetter built for node reports as errors
// where ours sets the page without a word. The product never imports it. It
// needs node and the package pinned in tools/strict, which tools/deps.sh
// installs, and where they are missing a test fails and says so. That it finds
// nothing is no certificate: nothing here judges whether a text can be followed.
package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/report/typst"
)

// Standards are what every document is compiled under.
var Standards = []string{"ua-1", "a-2a"}

// Finding is what one standard says of one document.
type Finding struct {
	Document string   `json:"document"`
	Standard string   `json:"standard"`
	Pages    int      `json:"pages"`
	Bytes    int      `json:"bytes"`
	Problems []string `json:"problems"`
}

// Check fails the test for every violation in a document, and when a document
// could not be checked. Every job's main file must be named report.typ.
func Check(t testing.TB, jobs map[string]typst.Job) {
	t.Helper()
	for _, f := range Findings(t, jobs) {
		for _, p := range f.Problems {
			t.Errorf("%s under %s: %s", f.Document, f.Standard, p)
		}
		if len(f.Problems) == 0 && (f.Pages == 0 || f.Bytes == 0) {
			t.Errorf("%s under %s gives %d pages and %d bytes", f.Document, f.Standard, f.Pages, f.Bytes)
		}
	}
}

// Findings compiles each document under every standard. It fails the test at
// once when that cannot be done.
func Findings(t testing.TB, jobs map[string]typst.Job) []Finding {
	t.Helper()
	dir := t.TempDir()
	fonts := filepath.Join(dir, "fonts")
	list, err := typst.Fonts()
	if err != nil {
		t.Fatal(err)
	}
	for i, font := range list {
		write(t, filepath.Join(fonts, fmt.Sprintf("%02d.otf", i)), font)
	}
	args := []string{filepath.Join(tools(t), "check.mjs"), fonts}
	for name, job := range jobs {
		folder := filepath.Join(dir, "documents", name)
		for file, content := range job.Files {
			write(t, filepath.Join(folder, filepath.FromSlash(file)), content)
		}
		args = append(args, folder)
	}
	slices.Sort(args[2:])
	cmd := exec.Command(node(t), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the strict check could not be made: %v\n%s", err, stderr.Bytes())
	}
	var found []Finding
	for _, l := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var f Finding
		if err := json.Unmarshal([]byte(l), &f); err != nil {
			t.Fatalf("the strict check says %q: %v", l, err)
		}
		found = append(found, f)
	}
	if want := len(jobs) * len(Standards); len(found) != want {
		t.Fatalf("the strict check made %d findings where %d were asked for:\n%s", len(found), want, stderr.Bytes())
	}
	return found
}

// node is the program, of a version that can load the package.
func node(t testing.TB) string {
	t.Helper()
	const remedy = "run tools/deps.sh, or install node 18 or newer (Debian packages nodejs and npm) and run `npm ci` in tools/strict"
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("node is not installed: %s", remedy)
	}
	out, err := exec.Command(path, "--version").Output()
	var major int
	if _, serr := fmt.Sscanf(string(out), "v%d.", &major); err != nil || serr != nil || major < 18 {
		t.Fatalf("%s is version %q: %s", path, strings.TrimSpace(string(out)), remedy)
	}
	if _, err := os.Stat(filepath.Join(tools(t), "node_modules", "@myriaddreamin", "typst-ts-node-compiler")); err != nil {
		t.Fatalf("tools/strict has no node_modules: %s", remedy)
	}
	return path
}

// tools is the folder of the check, found from the test's own.
func tools(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "tools", "strict")
		if _, err := os.Stat(filepath.Join(found, "check.mjs")); err == nil {
			return found
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no tools/strict/check.mjs in any folder above the test")
		}
		dir = up
	}
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
