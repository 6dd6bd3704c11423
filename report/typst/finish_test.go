package typst

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

func TestFinishKeepsTheDocument(t *testing.T) {
	raw := mustCompile(t, sampleFiles)
	done, err := Finish(raw, sampleMeta)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) >= len(raw) {
		t.Errorf("finished file has %d bytes, the raw one %d; want it smaller", len(done), len(raw))
	}
	for _, args := range [][]string{
		{"pdftotext", "-layout", "FILE", "-"},
		{"pdfinfo", "-struct-text", "FILE"},
		{"pdfinfo", "-dests", "FILE"},
		{"pdfinfo", "-url", "FILE"},
		{"pdffonts", "FILE"},
	} {
		before := poppler(t, raw, args[0], append([]string(nil), args[1:]...)...)
		after := poppler(t, done, args[0], append([]string(nil), args[1:]...)...)
		if args[1] == "-struct-text" {
			// The order of attributes within one element means nothing, and
			// figures have gained a box.
			before, after = sortedLines(before), sortedLines(boxLine.ReplaceAllString(after, ""))
		}
		if before != after {
			t.Errorf("%v differs at: %s", args, firstDifference(before, after))
		}
	}
	if err := api.Validate(bytes.NewReader(done), model.NewDefaultConfiguration()); err != nil {
		t.Errorf("pdfcpu finds the finished file invalid: %v", err)
	}
}

var boxLine = regexp.MustCompile(`(?m)^ */BBox .*\n`)

func sortedLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// firstDifference shows the first lines that differ.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %q became %q", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("the end: %d lines became %d", len(x), len(y))
}

// Pictures of the pages before and after must be the same, dot for dot.
func TestFinishKeepsTheLook(t *testing.T) {
	raw := mustCompile(t, sampleFiles)
	done, err := Finish(raw, sampleMeta)
	if err != nil {
		t.Fatal(err)
	}
	render := func(pdf []byte) string { return poppler(t, pdf, "pdftoppm", "-r", "50", "FILE") }
	if before, after := render(raw), render(done); before != after || before == "" {
		t.Error("the pages look different after Finish")
	}
}

func TestFinishTwice(t *testing.T) {
	once, err := Finish(mustCompile(t, sampleFiles), sampleMeta)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Finish(once, sampleMeta)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := poppler(t, once, "pdfinfo", "-struct-text", "FILE"), poppler(t, twice, "pdfinfo", "-struct-text", "FILE"); a != b {
		t.Errorf("finishing a finished file changes its tags at %s", firstDifference(a, b))
	}
	if i := poppler(t, twice, "pdfinfo", "FILE"); !strings.Contains(i, sampleMeta.Title) {
		t.Errorf("the title is lost:\n%s", i)
	}
}

func TestMetaIsOptional(t *testing.T) {
	raw := mustCompile(t, sampleFiles)
	done, err := Finish(raw, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	info := poppler(t, done, "pdfinfo", "FILE")
	for _, want := range []string{"Sample", "The author"} {
		if !strings.Contains(info, want) {
			t.Errorf("the document's own %q is lost:\n%s", want, info)
		}
	}
	for _, forbidden := range []string{"CreationDate", "ModDate"} {
		if bytes.Contains(done, []byte(forbidden)) {
			t.Errorf("the file has a %s that nobody gave", forbidden)
		}
	}
	again, err := Finish(raw, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(done, again) {
		t.Error("without an ID two files of one document differ")
	}
}

// Each part of Meta must be in the bytes.
func TestMetaIsBound(t *testing.T) {
	raw := mustCompile(t, map[string]string{"main.typ": "x"})
	seen := map[string]string{}
	for name, change := range map[string]func(*Meta){
		"as is":   func(*Meta) {},
		"title":   func(m *Meta) { m.Title += "." },
		"author":  func(m *Meta) { m.Author += "." },
		"subject": func(m *Meta) { m.Subject += "." },
		"created": func(m *Meta) { m.Created = m.Created.Add(time.Second) },
		"id":      func(m *Meta) { m.ID[15]++ },
	} {
		meta := sampleMeta
		change(&meta)
		done, err := Finish(raw, meta)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(done)]; ok {
			t.Errorf("the files for %q and %q are the same", name, other)
		}
		seen[string(done)] = name
	}
	// A date is a moment: the zone of the machine that asks does not matter.
	east := sampleMeta
	east.Created = east.Created.In(time.FixedZone("east", 9*3600))
	done, err := Finish(raw, east)
	if err != nil {
		t.Fatal(err)
	}
	if seen[string(done)] != "as is" {
		t.Error("the same moment in another zone gives other bytes")
	}
}

func TestFinishRefusesOtherFiles(t *testing.T) {
	raw := mustCompile(t, map[string]string{"main.typ": "x"})
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("hello"), "cut off": raw[:len(raw)/2]} {
		if _, err := Finish(b, Meta{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWOFFIsUnpackedFaithfully(t *testing.T) {
	fonts, err := Fonts()
	if err != nil {
		t.Fatal(err)
	}
	if len(fonts) != 9 {
		t.Fatalf("%d fonts, want 9", len(fonts))
	}
	for i, f := range fonts {
		// Each table is bound by the checksum in the directory (OpenType, "Table
		// Directory"), "head" without its own third word.
		for k := range int(binary.BigEndian.Uint16(f[4:])) {
			e := f[12+16*k:]
			tag, want := string(e[:4]), binary.BigEndian.Uint32(e[4:])
			offset, size := binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])
			var sum uint32
			for at := offset; at < offset+size; at += 4 {
				if tag != "head" || at != offset+8 {
					sum += binary.BigEndian.Uint32(f[at:])
				}
			}
			if sum != want {
				t.Errorf("font %d, table %q has checksum %#x, want %#x", i, tag, sum, want)
			}
		}
	}
}

func FuzzUnpackWOFF(f *testing.F) {
	font, err := fontFiles.ReadFile("vendored/fonts/IBMPlexMono-Regular.woff")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(font[:2000])
	f.Add([]byte("wOFF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := unpackWOFF(b)
		if err == nil && len(out) > maxFontSize+4*len(b) {
			t.Errorf("%d bytes became %d", len(b), len(out))
		}
	})
}

func TestBrokenFontsAreRefused(t *testing.T) {
	font, err := fontFiles.ReadFile("vendored/fonts/IBMPlexMono-Regular.woff")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("hello world"), "header only": font[:44], "cut off": font[:len(font)/2],
		"damaged": append(append(append([]byte(nil), font[:30000]...), make([]byte, 100)...), font[30100:]...),
	} {
		if _, err := Open(t.Context(), Options{Fonts: [][]byte{b}}); err == nil || !strings.Contains(err.Error(), "font 1") {
			t.Errorf("%s: got %v, want an error that names font 1", name, err)
		}
	}
}
