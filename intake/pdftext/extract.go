package pdftext

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"unicode"

	"github.com/ledongthuc/pdf"
)

// extract takes the text out of a PDF. What the parser makes of a hostile file, a panic
// among it, is told as ErrUnread.
func extract(b []byte) (out Text, err error) {
	defer func() {
		if recover() != nil {
			out, err = Text{}, ErrUnread
		}
	}()
	switch {
	case len(b) > MostBytes:
		return out, ErrTooLarge
	case !looksLikePDF(b):
		return out, ErrNotPDF
	}
	r, err := pdf.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if errors.Is(err, pdf.ErrInvalidPassword) || bytes.Contains(b, []byte("/Encrypt")) {
			return out, ErrEncrypted
		}
		return out, ErrUnread
	}
	out.Of = r.NumPage()
	size, letters := 0, 0
	for n := 1; n <= out.Of; n++ {
		if n > MostPages || size > mostText {
			out.Cut = true
			break
		}
		text := pageText(r.Page(n), mostText-size)
		size += len(text)
		for _, c := range text {
			if unicode.IsLetter(c) {
				letters++
			}
		}
		out.Pages = append(out.Pages, Page{n, text})
	}
	switch {
	case out.Of == 0:
		return Text{}, ErrUnread
	case letters < 40:
		return Text{}, ErrNoText
	}
	return out, nil
}

// pageText is the text of a page in lines; a page that cannot be read has none, and the
// others keep theirs.
func pageText(p pdf.Page, most int) (text string) {
	w := &writer{most: most}
	defer func() {
		if recover() != nil {
			text = tidy(w.b.String())
		}
	}()
	if p.V.IsNull() {
		return ""
	}
	w.ctm = unit
	w.run(p.V.Key("Contents"), p.Resources(), 0)
	return tidy(w.b.String())
}

func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\u00ad':
			return -1
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
	s = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl").Replace(s)
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		lines = append(lines, strings.Join(strings.Fields(l), " "))
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// matrix is a transformation of PDF: a b c d e f.
type matrix [6]float64

var unit = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) mul(n matrix) matrix {
	return matrix{m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5]}
}

// deepest is how far forms within forms are followed.
const deepest = 6

// writer puts what a page shows into lines: text at another height is another line, and a
// gap within a line is a space.
type writer struct {
	b    strings.Builder
	most int

	ctm      matrix
	stack    []matrix
	tm, line matrix
	font     *font
	size     float64
	leading  float64

	shown  bool
	x, y   float64
	height float64
}

func (w *writer) run(stream, resources pdf.Value, depth int) {
	fonts := map[string]*font{}
	pdf.Interpret(stream, func(stk *pdf.Stack, op string) {
		n := stk.Len()
		args := make([]pdf.Value, n)
		for i := n - 1; i >= 0; i-- {
			args[i] = stk.Pop()
		}
		if w.b.Len() > w.most {
			panic("more text than is taken")
		}
		num := func(i int) float64 {
			if i < len(args) {
				return args[i].Float64()
			}
			return 0
		}
		switch op {
		case "q":
			w.stack = append(w.stack, w.ctm)
		case "Q":
			if k := len(w.stack); k > 0 {
				w.ctm, w.stack = w.stack[k-1], w.stack[:k-1]
			}
		case "cm":
			w.ctm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}.mul(w.ctm)
		case "BT":
			w.tm, w.line = unit, unit
		case "Tf":
			if len(args) != 2 {
				return
			}
			name := args[0].Name()
			if fonts[name] == nil {
				fonts[name] = newFont(resources.Key("Font").Key(name))
			}
			w.font, w.size = fonts[name], num(1)
		case "TL":
			w.leading = num(0)
		case "Tm":
			w.tm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}
			w.line = w.tm
		case "TD":
			w.leading = -num(1)
			w.move(num(0), num(1))
		case "Td":
			w.move(num(0), num(1))
		case "T*":
			w.move(0, -w.leading)
		case "'":
			w.move(0, -w.leading)
			w.show(args, 0)
		case "\"":
			w.move(0, -w.leading)
			w.show(args, 2)
		case "Tj":
			w.show(args, 0)
		case "TJ":
			if len(args) != 1 {
				return
			}
			for i := 0; i < args[0].Len(); i++ {
				x := args[0].Index(i)
				if x.Kind() == pdf.String {
					w.text(x.RawString())
					continue
				}
				w.tm = matrix{1, 0, 0, 1, -x.Float64() / 1000 * w.size, 0}.mul(w.tm)
			}
		case "Do":
			if len(args) != 1 || depth >= deepest {
				return
			}
			x := resources.Key("XObject").Key(args[0].Name())
			if x.Key("Subtype").Name() != "Form" {
				return
			}
			ctm, stack := w.ctm, w.stack
			if m := x.Key("Matrix"); m.Len() == 6 {
				w.ctm = matrix{m.Index(0).Float64(), m.Index(1).Float64(), m.Index(2).Float64(), m.Index(3).Float64(), m.Index(4).Float64(), m.Index(5).Float64()}.mul(w.ctm)
			}
			within := x.Key("Resources")
			if within.IsNull() {
				within = resources
			}
			w.run(x, within, depth+1)
			w.ctm, w.stack = ctm, stack
		}
	})
}

func (w *writer) move(x, y float64) {
	w.line = matrix{1, 0, 0, 1, x, y}.mul(w.line)
	w.tm = w.line
}

func (w *writer) show(args []pdf.Value, at int) {
	if at < len(args) {
		w.text(args[at].RawString())
	}
}

// text shows a string where the text stands, and moves on by its width.
func (w *writer) text(raw string) {
	if w.font == nil || raw == "" {
		return
	}
	s := w.font.Encoder().Decode(raw)
	at := w.tm.mul(w.ctm)
	height := math.Abs(w.size) * math.Hypot(at[2], at[3])
	if w.shown {
		switch dy := math.Abs(at[5] - w.y); {
		case dy > 1.9*max(height, w.height):
			w.b.WriteString("\n\n")
		case dy > 0.5*max(height, w.height):
			w.b.WriteByte('\n')
		case at[4]-w.x > 0.2*height || at[4] < w.x-2*height:
			w.b.WriteByte(' ')
		}
	}
	w.b.WriteString(s)
	w.tm = matrix{1, 0, 0, 1, w.font.width(raw) * w.size, 0}.mul(w.tm)
	end := w.tm.mul(w.ctm)
	w.x, w.y, w.height, w.shown = end[4], at[5], height, true
}

// font is a font with the widths of its letters, in thousandths of its size.
type font struct {
	pdf.Font
	composite bool
	byDefault float64
	widths    map[int]float64
}

// mostWidths is how many widths are taken of one font.
const mostWidths = 70_000

func newFont(v pdf.Value) *font {
	f := &font{Font: pdf.Font{V: v}, composite: v.Key("Subtype").Name() == "Type0", byDefault: 500, widths: map[int]float64{}}
	if !f.composite {
		first := f.FirstChar()
		for i, w := range f.Widths() {
			f.widths[first+i] = w
		}
		return f
	}
	// ISO 32000-1, 9.7.4.3: W holds runs "first [w …]" and "first last w".
	d := v.Key("DescendantFonts").Index(0)
	f.byDefault = 1000
	if dw := d.Key("DW"); !dw.IsNull() {
		f.byDefault = dw.Float64()
	}
	w := d.Key("W")
	for i := 0; i+1 < w.Len() && len(f.widths) < mostWidths; {
		first, second := int(w.Index(i).Int64()), w.Index(i+1)
		if second.Kind() == pdf.Array {
			for j := 0; j < second.Len(); j++ {
				f.widths[first+j] = second.Index(j).Float64()
			}
			i += 2
			continue
		}
		last, width := int(second.Int64()), w.Index(i+2).Float64()
		for c := first; c <= last && len(f.widths) < mostWidths; c++ {
			f.widths[c] = width
		}
		i += 3
	}
	return f
}

// width of a string as it stands in the file, in sizes of the font. The codes of a
// composite font have two bytes.
func (f *font) width(raw string) float64 {
	sum := 0.0
	add := func(code int) {
		w, ok := f.widths[code]
		if !ok {
			w = f.byDefault
		}
		sum += w / 1000
	}
	if f.composite {
		for i := 0; i+1 < len(raw); i += 2 {
			add(int(raw[i])<<8 | int(raw[i+1]))
		}
		return sum
	}
	for i := 0; i < len(raw); i++ {
		add(int(raw[i]))
	}
	return sum
}
