package repotest

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestEveryPackageHasAComment wants one package comment in each package: what
// it promises and where its limits are.
func TestEveryPackageHasAComment(t *testing.T) {
	docs := map[string]string{}
	packages := map[string]bool{}
	for _, f := range files(t, ".go") {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, read(t, f), parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		dir := path.Dir(f)
		packages[dir] = true
		if parsed.Doc == nil || generated(read(t, f)) {
			continue
		}
		text := parsed.Doc.Text()
		if text == "" {
			continue
		}
		if docs[dir] != "" {
			t.Errorf("%s: the package has a comment already in %s; a reader looks for one", f, docs[dir])
		}
		docs[dir] = f
		begin := "Package " + parsed.Name.Name + " "
		if parsed.Name.Name == "main" {
			begin = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(text, begin) {
			t.Errorf("%s: the package comment begins with %q, not %q", f, strings.SplitN(text, "\n", 2)[0], begin)
		}
		if n := len(strings.Fields(text)); n < 15 {
			t.Errorf("%s: the package comment has %d words; say what the package promises and what it does not do", f, n)
		}
	}
	for dir := range packages {
		if docs[dir] == "" {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

// TestGoFilesAreFormatted is gofmt without the program.
func TestGoFilesAreFormatted(t *testing.T) {
	for _, f := range files(t, ".go") {
		b := read(t, f)
		want, err := format.Source(b)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%s is not formatted; run gofmt -w %s", f, f)
		}
	}
}

// maxLines is where a hand-written file is too long to be about one thing.
const maxLines = 700

// TestFilesAreAboutOneThing reports long files and fails on very long ones.
func TestFilesAreAboutOneThing(t *testing.T) {
	for _, f := range files(t, ".go") {
		b := read(t, f)
		if generated(b) {
			continue
		}
		switch n := bytes.Count(b, []byte("\n")); {
		case n > maxLines:
			t.Errorf("%s has %d lines, more than %d: split it by subject", f, n, maxLines)
		case n > 500:
			t.Logf("%s has %d lines; have a look whether it is about one thing", f, n)
		}
	}
}

// forbidden is what a reader of the product must never meet. The words are cut
// in two here so that this file does not contain them.
var forbidden = []struct {
	re  *regexp.Regexp
	why string
}{
	{regexp.MustCompile(`/wo` + `rk/`), "a path of somebody's machine"},
	{regexp.MustCompile(`/ro` + `ot/`), "a path of somebody's machine"},
	{regexp.MustCompile(`/home/[a-z]+/`), "a path of somebody's machine"},
	{regexp.MustCompile(`registry\.npm` + `js`), "the address of a package registry"},
	{regexp.MustCompile(`proxy\.golang` + `\.org`), "the address of a package registry"},
	{regexp.MustCompile(`\bhelp` + `er-\d`), "talk of how the program was made"},
	{regexp.MustCompile(`(?i)\bissue` + ` #?\d`), "talk of how the program was made"},
	{regexp.MustCompile(`\bTO` + `DO\b`), "unfinished work: finish it or leave it out"},
	{regexp.MustCompile(`\bFIX` + `ME\b`), "unfinished work: finish it or leave it out"},
	{regexp.MustCompile(`\bX` + `XX\b`), "unfinished work: finish it or leave it out"},
	{regexp.MustCompile(`(?i)coming` + ` soon`), "a promise; write what is there"},
	{regexp.MustCompile(`(?i)lorem` + ` ipsum`), "filler text"},
	{regexp.MustCompile(`(?i)\blanguage` + ` model\b`), "talk of how the program was made"},
	{regexp.MustCompile(`(?i)this` + ` session\b`), "talk of how the program was made"},
}

// TestNoForbiddenWords reads every text file of ours.
func TestNoForbiddenWords(t *testing.T) {
	for _, f := range files(t, "") {
		if path.Base(f) == "go.sum" || f == "THIRD_PARTY.md" {
			continue
		}
		b := read(t, f)
		if !isText(b) {
			continue
		}
		for _, w := range forbidden {
			if at := w.re.FindIndex(b); at != nil {
				line := 1 + bytes.Count(b[:at[0]], []byte("\n"))
				t.Errorf("%s:%d: %q is %s", f, line, b[at[0]:at[1]], w.why)
			}
		}
	}
}

// skipsFor names the tests that may be skipped for another reason than missing
// data. It should stay short.
var skipsFor = map[string]string{
	"app/disk_linux_test.go": "only root may mount a disk that is small enough to fill",
	"app/disk_other_test.go": "such disks are mounted on Linux only",
}

// TestOnlyMissingDataSkips allows a test to be skipped for one reason: data that
// is not part of the repository is not there. A fuzz test may pass over an input
// that says nothing.
func TestOnlyMissingDataSkips(t *testing.T) {
	skips := regexp.MustCompile(`\bt[b]?\.Skip(f|Now)?\(`)
	for _, f := range files(t, "_test.go") {
		b := read(t, f)
		if !skips.Match(b) || skipsFor[f] != "" || bytes.Contains(b, []byte("REPERFORM_SHARED")) || bytes.Contains(b, []byte("\nfunc Fuzz")) {
			continue
		}
		t.Errorf("%s skips a test for another reason than that REPERFORM_SHARED has no data: let it fail, or make it not need what is missing", f)
	}
}

// TestMakeTargetsExist holds the documents to the targets that there are.
func TestMakeTargetsExist(t *testing.T) {
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(string(read(t, "Makefile")), -1) {
		targets[m[1]] = true
	}
	call := regexp.MustCompile("(?m)(?:^    |`)make ([a-z]+)")
	for _, doc := range files(t, ".md") {
		if doc == "THIRD_PARTY.md" {
			continue
		}
		for _, m := range call.FindAllStringSubmatch(string(read(t, doc)), -1) {
			if !targets[m[1]] {
				t.Errorf("%s says make %s, and the Makefile has no such target", doc, m[1])
			}
		}
	}
}
