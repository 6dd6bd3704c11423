package chart

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HTML is markup made by this package: everything foreign in it is escaped.
type HTML string

// Tone is a colour by what it means; the style sheet decides which it is.
type Tone string

// The tones.
const (
	OK   Tone = "ok"
	Warn Tone = "warn"
	Bad  Tone = "bad"
	Info Tone = "info"
	Mute Tone = "mute"
	Acc  Tone = "acc"
)

// paint is the presentation attribute value of a tone; one that does not exist
// is muted, so that no caller's text gets into an attribute.
func (t Tone) paint() string { return "var(--c-" + t.class() + ")" }

// class is the tone as class names spell it.
func (t Tone) class() string {
	switch t {
	case OK, Warn, Bad, Info, Acc:
		return string(t)
	}
	return string(Mute)
}

// What is longer is cut with an ellipsis, in drawings and in tables alike: a
// label, a description in words, an id; all in characters.
const (
	maxLabel = 300
	maxWords = 3000
	maxID    = 80
)

// text escapes a label for markup. Control characters and the marks that turn
// the direction of what follows are left out: inside a drawing there is no
// isolation that would hold them.
func text(s string) string { return words(s, maxLabel) }

// words escapes a text up to a number of characters.
func words(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			r = ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C, r == utf8.RuneError:
			continue
		}
		if n == limit {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return html.EscapeString(b.String())
}

// short cuts a label to a number of characters, for places that have no room.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}

// reference escapes an address of this site. Anything else, a scheme or another
// host, is refused and links nowhere.
func reference(href string) (string, bool) {
	local := strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") && !strings.HasPrefix(href, `/\`) ||
		strings.HasPrefix(href, "#") || strings.HasPrefix(href, "?")
	if !local || strings.ContainsFunc(href, unicode.IsControl) {
		return "", false
	}
	return html.EscapeString(href), true
}

// name makes an id of the caller's: letters, digits, dashes and underscores.
func name(id string) string {
	if len(id) > maxID {
		id = id[:maxID]
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, id)
}

// page collects markup.
type page struct{ strings.Builder }

// put writes markup of this package's own and numbers; foreign text goes
// through text or reference first.
func (p *page) put(parts ...any) {
	for _, x := range parts {
		switch x := x.(type) {
		case string:
			p.WriteString(x)
		case int:
			p.WriteString(strconv.Itoa(x))
		case tenths:
			p.WriteString(x.String())
		}
	}
}

// tenths is a length in tenths of a unit.
type tenths int

// String is the length as an attribute has it: "12" or "12.5".
func (t tenths) String() string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	s := sign + strconv.Itoa(int(t/10))
	if t%10 != 0 {
		s += "." + strconv.Itoa(int(t%10))
	}
	return s
}

// open begins a drawing that is one picture: one that speaks, with a title and
// a description under ids made of the caller's, or one that is decoration when
// it has no title.
func (p *page) open(class, id, title, desc string, width, height int) {
	p.begin(class, "img", id, title, desc, width, height)
}

// begin is open for a drawing of another role: one with links in it is a group,
// since what stands inside a picture is not reachable.
func (p *page) begin(class, role, id, title, desc string, width, height int) {
	p.put(`<svg class="`, class, `" viewBox="0 0 `, width, ` `, height, `" width="`, width, `" height="`, height, `"`)
	if title == "" {
		p.put(` aria-hidden="true" focusable="false">`)
		return
	}
	id = name(id)
	p.put(` role="`, role, `" aria-labelledby="`, id, `-t"`)
	if desc != "" {
		p.put(` aria-describedby="`, id, `-d"`)
	}
	p.put(`><title id="`, id, `-t">`, text(title), `</title>`)
	if desc != "" {
		p.put(`<desc id="`, id, `-d">`, words(desc, maxWords), `</desc>`)
	}
}

// table writes a plain table: the first cell of each row is its heading.
func table(caption string, columns []string, rows [][]string, links []string) HTML {
	var p page
	p.put(`<table class="chart-table"><caption>`, text(caption), `</caption><thead><tr>`)
	for _, c := range columns {
		p.put(`<th scope="col">`, text(c), `</th>`)
	}
	p.put(`</tr></thead><tbody>`)
	for i, row := range rows {
		p.put(`<tr>`)
		for n, cell := range row {
			switch href, ok := "", false; {
			case n > 0:
				p.put(`<td>`, text(cell), `</td>`)
			default:
				if i < len(links) {
					href, ok = reference(links[i])
				}
				p.put(`<th scope="row">`)
				if ok {
					p.put(`<a href="`, href, `">`, text(cell), `</a>`)
				} else {
					p.put(text(cell))
				}
				p.put(`</th>`)
			}
		}
		p.put(`</tr>`)
	}
	p.put(`</tbody></table>`)
	return HTML(p.String())
}

// figure joins a wide drawing and its table; the style sheet shows one.
func figure(drawing, table HTML) HTML {
	return `<figure class="chart-figure"><div class="chart-wide">` + drawing + `</div><div class="chart-narrow">` + table + `</div></figure>`
}

// linked wraps markup in a link of this site, when there is one.
func (p *page) linked(href, label string, inner func()) {
	to, ok := reference(href)
	if ok {
		p.put(`<a href="`, to, `"`)
		if label != "" {
			p.put(` aria-label="`, text(label), `"`)
		}
		p.put(`>`)
	}
	inner()
	if ok {
		p.put(`</a>`)
	}
}

// plural writes a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
