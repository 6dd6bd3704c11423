package typst

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// figureBoxes reads the BBox of all figures of a finished file, by their
// alternative text. A figure without a box has nil.
func figureBoxes(t *testing.T, pdf []byte) map[string][]float64 {
	t.Helper()
	doc, err := readPDF(pdf)
	if err != nil {
		t.Fatal(err)
	}
	boxes := map[string][]float64{}
	for _, entry := range doc.Table {
		d, ok := entry.Object.(types.Dict)
		if !ok || d["S"] != types.Name("Figure") {
			continue
		}
		alt := textOf(d, "Alt")
		boxes[alt] = nil
		attributes, _ := d["A"].(types.Array)
		for _, a := range attributes {
			if a, ok := a.(types.Dict); ok {
				if b, ok := floats(a["BBox"], 4); ok {
					boxes[alt] = b
				}
			}
		}
	}
	return boxes
}

func TestFiguresAreBounded(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 4, 2))
	picture.Set(1, 1, color.RGBA{R: 255, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	// Everything is placed from the page's top left corner; PDF counts from the
	// bottom left.
	const template = `#set page(width: 400pt, height: 300pt, margin: 0pt)
#set text(font: "IBM Plex Sans")
#place(dx: 10pt, dy: 20pt, image("a.svg", width: 100pt, alt: "graphic"))
#place(dx: 200pt, dy: 50pt, image("a.png", width: 80pt, alt: "picture"))
#place(dx: 30pt, dy: 150pt, rotate(90deg, reflow: true, image("a.png", width: 80pt, alt: "rotated")))
#place(dx: 200pt, dy: 150pt, image("text.svg", width: 60pt, alt: "words"))
`
	pdf := mustCompile(t, map[string]string{
		"main.typ": template,
		"a.svg":    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect x="0" y="0" width="200" height="100"/><circle cx="0" cy="0" r="500"/></svg>`,
		"text.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><text x="5" y="20" font-family="IBM Plex Sans" font-size="12">Words</text></svg>`,
		"a.png":    b.String(),
	})
	done, err := Finish(pdf, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	got := figureBoxes(t, done)
	for alt, want := range map[string][]float64{
		"graphic": {10, 230, 110, 280},
		"picture": {200, 210, 280, 250},
		"rotated": {30, 70, 70, 150},
	} {
		if !near(got[alt], want) {
			t.Errorf("figure %q is bounded by %v, want %v", alt, got[alt], want)
		}
	}
	// The words lie somewhere within their image.
	if w := got["words"]; len(w) != 4 || w[0] < 199.9 || w[1] < 119.9 || w[2] > 260.1 || w[3] > 150.1 {
		t.Errorf("figure \"words\" is bounded by %v, want a box within [200 120 260 150]", w)
	}
}

func near(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.05 {
			return false
		}
	}
	return true
}

func TestMarkedExtents(t *testing.T) {
	objects := map[string]box{"/x0": {0, 0, 1, 1}}
	for _, c := range []struct {
		name, content string
		want          map[int]box
	}{
		{"a path", "/Span <</MCID 3>> BDC 1 2 m 5 9 l S EMC", map[int]box{3: {1, 2, 5, 9}}},
		{"a matrix", "/P <</MCID 0>>BDC q 2 0 0 2 10 10 cm 0 0 1 1 re f Q EMC", map[int]box{0: {10, 10, 12, 12}}},
		{"matrices compose", "/P <</MCID 0>>BDC 2 0 0 2 0 0 cm 1 0 0 1 5 5 cm /x0 Do EMC", map[int]box{0: {10, 10, 12, 12}}},
		{"a clip", "/P <</MCID 0>>BDC q 0 0 4 4 re W n 2 2 9 9 re f Q EMC", map[int]box{0: {2, 2, 4, 4}}},
		{"a clip ends with Q", "/P <</MCID 0>>BDC q 0 0 4 4 re W n Q 2 2 9 9 re f EMC", map[int]box{0: {2, 2, 11, 11}}},
		{"text counts for its clip", "/P <</MCID 0>>BDC q 1 1 4 4 re W n BT (a) Tj ET Q EMC", map[int]box{0: {1, 1, 5, 5}}},
		{"text without clip", "/P <</MCID 0>>BDC BT (a) Tj ET EMC", map[int]box{}},
		{"nested marks", "/P <</MCID 7>>BDC /Span <</ActualText (/MCID 9 (x\\)))>> BDC 0 0 1 1 re f EMC EMC 5 5 1 1 re f", map[int]box{7: {0, 0, 1, 1}}},
		{"artifacts", "/Artifact BMC 0 0 1 1 re f EMC", map[int]box{}},
		{"broken", "EMC Q Q (unended /P <</MCID", map[int]box{}},
		{"odd operands", "/P <</MCID 0>>BDC 1 m 1 2 3 re cm Do f EMC", map[int]box{}},
	} {
		if got := markedExtents([]byte(c.content), objects); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzMarkedExtents(f *testing.F) {
	f.Add([]byte("/P <</MCID 7>>BDC q 1 0 0 1 2 3 cm 0 0 4 4 re W n 2 2 9 9 re f Q EMC"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for id, b := range markedExtents(content, nil) {
			if !b.finite() {
				t.Errorf("mark %d has extent %v (content %s)", id, b, base64.StdEncoding.EncodeToString(content))
			}
		}
	})
}
