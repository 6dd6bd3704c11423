package chart

import "strconv"

// HeatCell is one field of a heat map.
type HeatCell struct {
	Count int
	// Level is its colour: 1 low, 2 moderate, 3 high, 4 severe.
	Level int
	Href  string
}

// Heat is a heat map of risks: a real table, and its own alternative.
type Heat struct {
	// Caption says what is counted; it is read and not shown.
	Caption string
	// Noun is what is counted, for one and for many; "risk" and "risks".
	One, Many string
	// Rows are the headings from the top, Columns those from the left.
	Rows, Columns []string
	// Across and Up name what columns and rows rate: Impact and Likelihood.
	Across, Up string
	// Cells by row and column.
	Cells [][]HeatCell
}

// Table writes the heat map.
func (h Heat) Table() HTML {
	var p page
	one, many := h.One, h.Many
	if one == "" {
		one, many = "risk", "risks"
	}
	p.put(`<table class="heat"><caption class="vh">`, text(h.Caption), `</caption><thead class="vh"><tr><th scope="col">`, text(h.Up), ` by `, text(h.Across), `</th>`)
	for _, c := range h.Columns {
		p.put(`<th scope="col">`, text(c), `</th>`)
	}
	p.put(`</tr></thead><tbody>`)
	for y, row := range h.Rows {
		p.put(`<tr><th scope="row">`, text(row), `</th>`)
		for x := range h.Columns {
			var c HeatCell
			if y < len(h.Cells) && x < len(h.Cells[y]) {
				c = h.Cells[y][x]
			}
			p.put(`<td class="heat-`, min(max(c.Level, 1), 4), `">`)
			if c.Count == 0 {
				p.put(`<span class="vh">0 `, text(many), `</span></td>`)
				continue
			}
			if _, ok := reference(c.Href); ok {
				p.linked(c.Href, plural(c.Count, one, many)+": "+row+", "+h.Columns[x], func() { p.put(c.Count) })
			} else {
				p.put(`<span>`, c.Count, `</span>`)
			}
			p.put(`</td>`)
		}
		p.put(`</tr>`)
	}
	// Columns have their headings above for those who hear the table, and
	// below for those who see it.
	p.put(`</tbody><tfoot aria-hidden="true"><tr><td></td>`)
	for _, c := range h.Columns {
		p.put(`<td>`, text(c), `</td>`)
	}
	p.put(`</tr></tfoot></table>`)
	return HTML(p.String())
}

// Bar is one line of a bar list.
type Bar struct {
	Label string
	// Value is drawn against the largest of the list.
	Value int
	// Note replaces the value as text, where given.
	Note string
	Tone Tone
	Href string
}

// Bars is a list of bars: text with a drawing that is decoration.
type Bars struct {
	// Title names the list and is read.
	Title string
	Bars  []Bar
}

// List writes the bars as a list, which is its own alternative.
func (b Bars) List() HTML {
	largest := 1
	for _, x := range b.Bars {
		largest = max(largest, x.Value)
	}
	var p page
	p.put(`<ul class="bar-list" aria-label="`, text(b.Title), `">`)
	for _, x := range b.Bars {
		p.put(`<li>`)
		p.linked(x.Href, "", func() {
			p.put(`<span class="tr">`, text(x.Label), `</span>`)
			p.meter("", "", "bar-line", 120, x.Value, largest, x.Tone)
			note := x.Note
			if note == "" {
				note = strconv.Itoa(x.Value)
			}
			p.put(`<b class="num">`, text(note), `</b>`)
		})
		p.put(`</li>`)
	}
	p.put(`</ul>`)
	return HTML(p.String())
}

// Meter is how much of a whole is there: evidence of a control, progress.
type Meter struct {
	ID string
	// Title says what it shows; without one it is decoration beside text.
	Title string
	N, Of int
	// Tone is the colour below the whole; the whole is OK.
	Tone Tone
	// Width is that of the drawing, 44 when zero.
	Width int
}

// SVG draws the meter.
func (m Meter) SVG() HTML {
	width := m.Width
	if width <= 0 {
		width = 44
	}
	tone := m.Tone
	if tone == "" {
		tone = Info
	}
	if m.Of > 0 && m.N >= m.Of {
		tone = OK
	}
	var p page
	title := m.Title
	if title != "" {
		title += ": " + strconv.Itoa(m.N) + " of " + strconv.Itoa(m.Of)
	}
	p.meter(m.ID, title, "meter", width, m.N, m.Of, tone)
	return HTML(p.String())
}

// meter draws n of a whole; n above zero is always seen.
func (p *page) meter(id, title, class string, width, n, of int, tone Tone) {
	const height = 5
	p.open(class, id, title, "", width, height)
	p.put(`<rect width="`, width, `" height="`, height, `" rx="2.5" fill="var(--c-track)"/>`)
	if n > 0 && of > 0 {
		filled := max(min(tenths(int64(width)*10*int64(n)/int64(of)), tenths(width*10)), height*10)
		p.put(`<rect width="`, filled, `" height="`, height, `" rx="2.5" fill="`, tone.paint(), `"/>`)
	}
	p.put(`</svg>`)
}

// Table is the meter as a table.
func (m Meter) Table() HTML {
	return table(m.Title, []string{"", "Number", "Of"}, [][]string{{m.Title, strconv.Itoa(m.N), strconv.Itoa(m.Of)}}, nil)
}
