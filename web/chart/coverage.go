package chart

import "strings"

// Stretch is a part of a bar, in days from the first day drawn, which is 0; both
// days included.
type Stretch struct {
	From, To int
	Tone     Tone
	// Hollow draws the outline alone: what is not there.
	Hollow bool
}

// CoverageRow is one bar of a coverage picture.
type CoverageRow struct {
	Label string
	// Note stands behind the bar.
	Note string
	// Cells are its row of the table, behind the label.
	Cells     []string
	Stretches []Stretch
}

// Coverage is a picture of years over months, with a period as a band across them:
// which part of each year lies within the period, and what is left.
type Coverage struct {
	ID, Title string
	// Days is the number of days drawn.
	Days  int
	Ticks []Tick
	// From and To are the period's first and last day, Label names it.
	From, To int
	Label    string
	Rows     []CoverageRow
	// Columns head the table: the first the labels, the others the cells.
	Columns []string
	// Width is that of the drawing, 760 when zero.
	Width int
}

// SVG draws the picture.
func (c Coverage) SVG() HTML {
	width := c.Width
	if width <= 0 {
		width = 760
	}
	const left, right, top, row = 148, 150, 46, 26
	height := top + row*len(c.Rows) + 6
	days := max(c.Days, 1)
	at := func(day int) tenths { return tenths(left*10 + (width-left-right)*10*min(max(day, 0), days)/days) }
	var p page
	p.open("coverage", c.ID, c.Title, c.words(), width, height)
	from, to := at(c.From), at(c.To+1)
	p.put(`<rect x="`, from, `" y="22" width="`, max(to-from, 10), `" height="`, height-22, `" class="cov-band"/><text x="`, from+40, `" y="36" class="cov-p">`, text(short(c.Label, 48)), `</text>`)
	for _, k := range c.Ticks {
		if k.Day < 0 || k.Day > days {
			continue
		}
		x := at(k.Day)
		p.put(`<line x1="`, x, `" x2="`, x, `" y1="`, map[bool]int{true: 16, false: 22}[k.Label != ""], `" y2="`, height, `" class="tl-grid"/>`)
		if k.Label != "" {
			p.put(`<text x="`, x+30, `" y="12" class="tl-m">`, text(short(k.Label, 8)), `</text>`)
		}
	}
	for i, r := range c.Rows {
		y := top + row*i
		p.put(`<text x="0" y="`, y+14, `" class="tl-l">`, text(short(r.Label, 23)), `</text>`)
		for _, s := range r.Stretches {
			if s.To < s.From || s.To < 0 || s.From >= days {
				continue
			}
			x, wide := at(s.From), max(at(s.To+1)-at(s.From), 20)
			if s.Hollow {
				p.put(`<rect x="`, x+5, `" y="`, y+4, `" width="`, max(wide-10, 10), `" height="12" rx="2" class="cov-gap" stroke="`, s.Tone.paint(), `"/>`)
				continue
			}
			p.put(`<rect x="`, x, `" y="`, y+3, `" width="`, wide, `" height="14" rx="2" fill="`, s.Tone.paint(), `"/>`)
		}
		p.put(`<text x="`, width-right+8, `" y="`, y+14, `" class="tl-n">`, text(short(r.Note, 26)), `</text>`)
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// words says the picture in words.
func (c Coverage) words() string {
	out := []string{c.Label}
	for _, r := range c.Rows {
		s := short(r.Label, maxLabel)
		for i, cell := range r.Cells {
			if i+1 < len(c.Columns) && cell != "" {
				s += ", " + strings.ToLower(short(c.Columns[i+1], maxLabel)) + " " + short(cell, maxLabel)
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// Table is the picture as a table.
func (c Coverage) Table() HTML {
	var rows [][]string
	for _, r := range c.Rows {
		rows = append(rows, append([]string{r.Label}, r.Cells...))
	}
	return table(c.Title, c.Columns, rows, nil)
}

// Figure is the drawing with its table: a screen too narrow for the one shows the
// other.
func (c Coverage) Figure() HTML { return figure(c.SVG(), c.Table()) }
