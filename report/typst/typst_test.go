package typst

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var shared = sync.OnceValues(func() (*Engine, error) { return Open(context.Background(), Options{}) })

// engine returns the engine that all tests share.
func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func compile(t testing.TB, files map[string]string) ([]byte, error) {
	t.Helper()
	job := Job{Main: "main.typ", Files: map[string][]byte{}}
	for name, content := range files {
		job.Files[name] = []byte(content)
	}
	return engine(t).Compile(t.Context(), job)
}

func mustCompile(t testing.TB, files map[string]string) []byte {
	t.Helper()
	pdf, err := compile(t, files)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// text extracts a PDF's text in reading order, with all white space made one
// space.
func text(t testing.TB, pdf []byte) string {
	t.Helper()
	return strings.Join(strings.Fields(poppler(t, pdf, "pdftotext", "-enc", "UTF-8", "FILE", "-")), " ")
}

func poppler(t testing.TB, pdf []byte, tool string, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = name
		}
	}
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s (Debian package poppler-utils): %v\n%s", tool, err, stderr.Bytes())
	}
	return string(out)
}

const sample = `
#set document(title: "Sample", author: "The author")
#set page(paper: "us-letter", height: 60mm)
#set text(font: "IBM Plex Serif", lang: "en", region: "US", size: 10pt)
#show heading: set text(font: "IBM Plex Sans SmBld")
#outline(depth: 2)
= First heading
Some *bold* and _italic_ text with a hash: #text(font: "IBM Plex Mono")[9f86d081].
== Second heading
#figure(image("chart.svg", alt: "Two bars, the second twice as high"), caption: [A chart])
#show figure: set block(breakable: true)
#figure(kind: table, caption: [Numbers], table(columns: 2,
  table.header([Number], [Square]),
  ..range(1, 21).map(n => ([#n], [#(n * n)])).flatten()))
`

const chart = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><rect x="0" y="15" width="20" height="15"/><rect x="30" y="0" width="20" height="30"/></svg>`

var sampleFiles = map[string]string{"main.typ": sample, "chart.svg": chart}

var sampleMeta = Meta{
	Title: "The (whole) title – é", Author: "A & B", Subject: "Testing",
	Created: time.Date(2026, 3, 31, 12, 30, 0, 0, time.UTC), ID: [16]byte{1, 2, 3, 0xFE},
}

func TestDocument(t *testing.T) {
	pdf, err := Finish(mustCompile(t, sampleFiles), sampleMeta)
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"/StructTreeRoot", "/MarkInfo <</Marked true>>", "/Lang (en-US)", "/DisplayDocTitle true"} {
		if !bytes.Contains(pdf, []byte(mark)) {
			t.Errorf("the catalog lacks %s", mark)
		}
	}
	got := text(t, pdf)
	for _, want := range []string{"First heading", "Some bold and italic text with a hash: 9f86d081.", "Figure 1: A chart", "Table 1: Numbers", "19 361 20 400"} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q:\n%s", want, got)
		}
	}
	// The table's header is repeated on screen and tagged once.
	if n := strings.Count(got, "Number Square"); n < 2 {
		t.Errorf("the table's header is shown %d times, want it on every page of the table:\n%s", n, got)
	}
	tree := poppler(t, pdf, "pdfinfo", "-struct-text", "FILE")
	if n := strings.Count(tree, "THead"); n != 1 {
		t.Errorf("%d table headers are tagged, want 1:\n%s", n, tree)
	}
	for _, want := range []string{"H1", "H2", "TOC", "Figure", "Caption"} {
		if !strings.Contains(tree, want) {
			t.Errorf("nothing is tagged %s:\n%s", want, tree)
		}
	}
	info := poppler(t, pdf, "pdfinfo", "-isodates", "FILE")
	for _, want := range []string{sampleMeta.Title, "A & B", "Testing", "2026-03-31T12:30:00Z"} {
		if !strings.Contains(info, want) {
			t.Errorf("the file's information lacks %q:\n%s", want, info)
		}
	}
}

func TestSameBytesEverywhere(t *testing.T) {
	build := func(e *Engine) []byte {
		t.Helper()
		job := Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(sample), "chart.svg": []byte(chart)}}
		pdf, err := e.Compile(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		done, err := Finish(pdf, sampleMeta)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	other, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	first := build(engine(t))
	for name, again := range map[string][]byte{"the same engine": build(engine(t)), "another engine": build(other)} {
		if !bytes.Equal(first, again) {
			t.Errorf("%s gives other bytes: %d against %d", name, len(again), len(first))
		}
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for _, c := range []struct {
		name, source, file, message string
		line                        int
	}{
		{"syntax", "= Title\n\n#foo(", "main.typ", "unclosed delimiter", 3},
		{"unknown name", "#nothing", "main.typ", "unknown variable: nothing", 1},
		{"in an included file", "#import \"lib.typ\": f\n#f()", "lib.typ", "cannot access fields on type integer", 2},
		{"missing file", "#image(\"none.png\")", "main.typ", "access denied", 1},
		{"outside, absolute", "#read(\"/etc/passwd\")", "main.typ", "access denied", 1},
		{"outside, upwards", "#read(\"../../etc/passwd\")", "main.typ", "", 1},
		{"a package", "#import \"@preview/cetz:0.3.0\": *", "main.typ", "package not found", 1},
		{"broken data", "#json(\"broken.json\")", "", "failed to parse JSON", 0},
		{"endless recursion", "#let f(x) = f(x + 1)\n#f(1)", "main.typ", "maximum function call depth exceeded", 0},
		{"endless loop", "#{ let i = 0; while i >= 0 { i += 1 } }", "main.typ", "loop seems to be infinite", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, map[string]string{"main.typ": c.source, "lib.typ": "#let f() = {\n (1).x }", "broken.json": "{"})
			var wrong *CompileError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a *CompileError", err)
			}
			d := wrong.Diagnostics[0]
			if !strings.Contains(d.Message, c.message) || c.file != "" && d.File != c.file || c.line != 0 && d.Line != c.line {
				t.Errorf("got %q (file %q, line %d), want %q in %s, line %d", d, d.File, d.Line, c.message, c.file, c.line)
			}
		})
	}
}

func TestFontsAreThere(t *testing.T) {
	var source strings.Builder
	styles := []string{
		`font: "` + Serif + `"`, `font: "` + Serif + `", style: "italic"`, `font: "` + Serif + `", weight: "bold"`, `font: "` + Serif + `", weight: "bold", style: "italic"`,
		`font: "` + Sans + `"`, `font: "` + Sans + `", style: "italic"`, `font: "` + SansSemibold + `"`, `font: "` + Sans + `", weight: "bold"`,
		`font: "` + Mono + `"`,
	}
	for _, s := range styles {
		source.WriteString("#text(fallback: false, " + s + ")[Hamburgefonts ✓ § ® – “x” 012]\n\n")
	}
	job := Job{
		Main:  "main.typ",
		Files: map[string][]byte{"main.typ": []byte(source.String())},
	}
	pdf, err := engine(t).Compile(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	list := poppler(t, pdf, "pdffonts", "FILE")
	for _, name := range []string{
		"IBMPlexSerif-Regular", "IBMPlexSerif-Italic", "IBMPlexSerif-Bold", "IBMPlexSerif-BoldItalic",
		"IBMPlexSans", "IBMPlexSans-Italic", "IBMPlexSans-SmBld", "IBMPlexSans-Bold", "IBMPlexMono",
	} {
		if !strings.Contains(list, "+"+name+" ") {
			t.Errorf("%s was not used:\n%s", name, list)
		}
	}
}

// The clock stands still, and a template that asks gets the same answer for ever.
func TestTheDateIsFixed(t *testing.T) {
	pdf := mustCompile(t, map[string]string{"main.typ": "#datetime.today().display()"})
	if got := text(t, pdf); got != "1970-01-01" {
		t.Errorf("today is %q, want 1970-01-01", got)
	}
	if !bytes.Contains(pdf, []byte("(D:19700101000000Z)")) {
		t.Error("the raw document's date is not the clock's")
	}
}

func TestFontsCanBeAdded(t *testing.T) {
	packed, err := fontFiles.ReadFile("vendored/fonts/IBMPlexMono-Regular.woff")
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := openFont(packed)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), Options{Fonts: [][]byte{packed, unpacked}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	if n := len(e.fonts); n != 11 {
		t.Errorf("%d fonts, want the 9 vendored and 2 more", n)
	}
	if _, err := e.Compile(t.Context(), Job{Main: "a.typ", Files: map[string][]byte{"a.typ": []byte("x")}}); err != nil {
		t.Error(err)
	}
}
