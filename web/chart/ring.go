package chart

import (
	"strconv"
	"strings"
)

// Segment is one part of a ring or a bar.
type Segment struct {
	Label string
	// Count is the number that the table prints.
	Count int
	// Percent is the share drawn and printed.
	Percent int
	Tone    Tone
	// Href is an address of this site to go to; empty links nowhere.
	Href string
}

// parts says segments in words.
func parts(segments []Segment) string {
	var out []string
	for _, s := range segments {
		out = append(out, short(s.Label, maxLabel)+" "+strconv.Itoa(s.Count)+" ("+strconv.Itoa(s.Percent)+"%)")
	}
	return strings.Join(out, ", ")
}

// segmentTable is the table of a ring or a bar.
func segmentTable(title string, segments []Segment) HTML {
	var rows [][]string
	var links []string
	for _, s := range segments {
		rows = append(rows, []string{s.Label, strconv.Itoa(s.Count), strconv.Itoa(s.Percent) + "%"})
		links = append(links, s.Href)
	}
	return table(title, []string{"Status", "Number", "Share"}, rows, links)
}

// Ring is a ring of shares with one of them in its middle.
type Ring struct {
	// ID begins the ids of title and description; it is unique on the page.
	ID    string
	Title string
	// Segments in order, clockwise from the top. Their percentages add up to
	// 100, or the ring stays open.
	Segments []Segment
	// Focus is the place of the segment whose percentage stands in the middle,
	// so that drawing and text are one number; -1 for none.
	Focus int
	// Caption stands below it.
	Caption string
}

// ringGap is the space between segments, in hundredths of a percent of the way
// around.
const ringGap = 90

// SVG draws the ring. It is one picture and holds no links; Legend has them.
func (r Ring) SVG() HTML {
	const size, stroke = 148, 15
	radius := tenths((size - stroke) * 10 / 2)
	var p page
	p.open("ring", r.ID, r.Title, parts(r.Segments), size, size)
	// The path is measured in hundredths of a percent: no circumference, no
	// rounding.
	circle := func(attributes ...any) {
		p.put(`<circle cx="`, size/2, `" cy="`, size/2, `" r="`, radius, `" fill="none" stroke-width="`, stroke, `"`)
		p.put(attributes...)
	}
	circle(` stroke="var(--c-track)"/>`)
	shown := 0
	for _, s := range r.Segments {
		if s.Percent > 0 {
			shown++
		}
	}
	at := 0
	for _, s := range r.Segments {
		if s.Percent <= 0 || at+s.Percent > 100 {
			continue
		}
		length, offset := s.Percent*100, at*100
		if shown > 1 {
			length, offset = length-ringGap, offset+ringGap/2
		}
		circle(` stroke="`, s.Tone.paint(), `" pathLength="10000" stroke-dasharray="`, length, ` `, 10000-length, `" stroke-dashoffset="`, -offset,
			`" transform="rotate(-90 `, size/2, ` `, size/2, `)"><title>`, text(s.Label), `: `, s.Count, ` (`, s.Percent, `%)</title></circle>`)
		at += s.Percent
	}
	if r.Focus >= 0 && r.Focus < len(r.Segments) {
		p.put(`<text x="`, size/2, `" y="`, size/2+4, `" text-anchor="middle" class="ring-big">`, r.Segments[r.Focus].Percent, `%</text>`)
		p.put(`<text x="`, size/2, `" y="`, size/2+23, `" text-anchor="middle" class="ring-small">`, text(short(r.Caption, 18)), `</text>`)
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// Legend lists the segments with their numbers, as the ring shows them.
func (r Ring) Legend() HTML {
	var p page
	p.put(`<ul class="leg">`)
	for _, s := range r.Segments {
		p.put(`<li>`)
		p.linked(s.Href, "", func() {
			p.put(`<i class="tone-`, s.Tone.class(), `" aria-hidden="true"></i><span>`, text(s.Label), `</span><b class="num">`, s.Count, `</b>`)
		})
		p.put(`</li>`)
	}
	p.put(`</ul>`)
	return HTML(p.String())
}

// Table is the ring as a table.
func (r Ring) Table() HTML { return segmentTable(r.Title, r.Segments) }

// StackedBar is a thin bar of shares: the mix of an objective.
type StackedBar struct {
	ID string
	// Title says what it shows; without one the bar is decoration and the
	// page says the numbers beside it.
	Title    string
	Segments []Segment
	// Width is that of the drawing, 120 when zero.
	Width int
}

// SVG draws the bar. A share above zero is never less than three units wide.
func (b StackedBar) SVG() HTML {
	width := b.Width
	if width <= 0 {
		width = 120
	}
	const height, gap = 8, 2
	var p page
	p.open("mix", b.ID, b.Title, parts(b.Segments), width, height)
	if widths, any := b.widths(width, gap); !any {
		p.put(`<rect width="`, width, `" height="`, height, `" rx="2.5" fill="var(--c-track)"/>`)
	} else {
		at := tenths(0)
		for i, s := range b.Segments {
			if widths[i] == 0 {
				continue
			}
			p.put(`<rect x="`, at, `" width="`, widths[i], `" height="`, height, `" rx="2.5" fill="`, s.Tone.paint(), `"><title>`, text(s.Label), `: `, s.Count, `</title></rect>`)
			at += widths[i] + gap*10
		}
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// widths shares the room between the gaps, in tenths of a unit.
func (b StackedBar) widths(width, gap int) (out []tenths, any bool) {
	out = make([]tenths, len(b.Segments))
	shown, sum := 0, 0
	for _, s := range b.Segments {
		if s.Percent > 0 {
			shown++
			sum += s.Percent
		}
	}
	if shown == 0 {
		return out, false
	}
	const least = 30
	room := width*10 - (shown-1)*gap*10 - shown*least
	if room < 0 {
		room = 0
	}
	for i, s := range b.Segments {
		if s.Percent > 0 {
			out[i] = tenths(least + room*s.Percent/sum)
		}
	}
	return out, true
}

// Table is the bar as a table.
func (b StackedBar) Table() HTML { return segmentTable(b.Title, b.Segments) }
