package report

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"reperform/report/wording"
	"reperform/soc1"
)

// part collects the blocks of a section.
type part struct{ blocks []Block }

func (p *part) add(b ...Block) { p.blocks = append(p.blocks, b...) }

func (p *part) heading(level int, text string) {
	p.add(Block{Kind: KindHeading, Level: level, Text: runs(text)})
}

func (p *part) paragraph(text string) { p.add(Block{Kind: KindParagraph, Text: runs(text)}) }

func (p *part) box(tone, title string, text ...string) {
	b := Block{Kind: KindBox, Tone: tone, Title: title}
	for _, t := range text {
		b.Paras = append(b.Paras, paras(t)...)
	}
	p.add(b)
}

// table adds a table unless it has no rows.
func (p *part) table(caption string, columns []Column, rows []Row) {
	if len(rows) == 0 {
		return
	}
	t := &Table{Caption: caption, Columns: columns, Rows: rows}
	p.add(Block{Kind: KindTable, Table: t})
}

// texts adds the parts of a block of the wording.
func (p *part) texts(f wording.Filled) {
	for _, t := range f.Texts {
		if t.Kind == wording.Paragraph {
			p.paragraph(t.Items[0])
			continue
		}
		style := map[wording.Kind]string{wording.Bullets: "bullet", wording.Lettered: "letter"}[t.Kind]
		b := Block{Kind: KindList, Style: style}
		for _, item := range t.Items {
			b.Items = append(b.Items, Item{Text: runs(item)})
		}
		p.add(b)
	}
}

func runs(text string) []Run { return []Run{{Text: text}} }

// paras makes a paragraph of every line that is not empty.
// An empty text gives an empty list, not none: the template counts on a list.
func paras(text string) []Para {
	out := []Para{}
	for line := range strings.SplitSeq(text, "\n") {
		if s := strings.TrimSpace(line); s != "" {
			out = append(out, Para{Text: runs(s)})
		}
	}
	return out
}

func role(role, text string) []Para {
	out := paras(text)
	for i := range out {
		out[i].Role = role
	}
	return out
}

func cell(text string) Cell { return Cell{Paras: paras(text)} }

func strong(text string) Cell { return Cell{Paras: role("strong", text)} }

func row(cells ...Cell) Row { return Row{Cells: cells} }

func columns(spec ...string) []Column {
	var out []Column
	for _, s := range spec {
		head, width, _ := strings.Cut(s, "|")
		width, align, _ := strings.Cut(width, "|")
		n, err := strconv.Atoi(width)
		if err != nil {
			panic("report: a column's width is a number: " + s)
		}
		out = append(out, Column{Head: head, Width: n, Align: align})
	}
	return out
}

// sentence closes a text with a stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// number writes a whole number with separators of thousands.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// rate writes k of n in percent, rounded half up to two places; a rate that is
// not zero is never printed as zero, and one below 100% never as 100%.
func rate(k, n int64) string {
	if n <= 0 || k < 0 {
		return "n/a"
	}
	hundredths := (k*20000 + n) / (2 * n)
	switch {
	case k > 0 && hundredths == 0:
		return "less than 0.01%"
	case k < n && hundredths == 10000:
		return "more than 99.99%"
	}
	return soc1.BasisPoints(hundredths).Percent()
}

// natural compares codes as people order them: PAY-2 before PAY-10.
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := leadingDigits(a), leadingDigits(b)
		if da > 0 && db > 0 {
			x, y := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func leadingDigits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// clean makes every text of the model printable: control characters become
// blanks, and the marks that reverse the direction of the text around them,
// with which a sentence can be made to read as another, become U+FFFD.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			clean(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.String:
		v.SetString(printable(v.String()))
	}
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return unicode.ReplacementChar
		case unicode.IsControl(r), r == 0x2028, r == 0x2029:
			return ' '
		}
		return r
	}, s)
}
