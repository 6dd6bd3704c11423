package chart

import "strconv"

// Column is one column of a drawing of columns.
type Column struct {
	Label string
	Value int64
	Tone  Tone
	// Tick writes the label below; bars without it are named by the table and on hover.
	Tick bool
	// Gap marks that something is missing here.
	Gap bool
}

// Columns is a drawing of counts beside each other: days, months, or steps of a value.
type Columns struct {
	ID, Title string
	// Unit names the values and Head the labels in the table.
	Unit, Head string
	Bars       []Column
	// Words say what the drawing shows, where the table is not beside it.
	Words string
	// Width and Height of the drawing; 720 by 150 when zero.
	Width, Height int
}

// SVG draws the columns from zero. A gap is a mark below the line, so that it is seen in
// print and without colours.
func (c Columns) SVG() HTML {
	width, height := c.Width, c.Height
	if width <= 0 || height <= 0 {
		width, height = 720, 150
	}
	const left, right, top, bottom = 52, 6, 10, 26
	var p page
	said := c.Words
	if said == "" {
		said = c.words()
	}
	p.open("columns", c.ID, c.Title, said, width, height)
	most := int64(0)
	ticks := false
	for _, b := range c.Bars {
		most, ticks = max(most, b.Value), ticks || b.Tick
	}
	high := ceiling(int(min(most, 1<<52)))
	const steps = 2
	for i := range steps + 1 {
		y := tenths(top*10 + (height-top-bottom)*10*i/steps)
		p.put(`<line x1="`, left, `" x2="`, width-right, `" y1="`, y, `" y2="`, y, `" class="tl-grid"/><text x="`, left-6, `" y="`, y+40, `" text-anchor="end" class="tl-n">`, text(grouped(int64(high-high*i/steps))), `</text>`)
	}
	n := max(len(c.Bars), 1)
	room := (width - left - right) * 10
	every := max(1, (n*52*10+room-1)/room)
	last := tenths(-1000)
	for i, b := range c.Bars {
		from, to := tenths(left*10+room*i/n), tenths(left*10+room*(i+1)/n)
		gap := min((to-from)/5, 40)
		tall := tenths(int64(height-top-bottom) * 10 * min(b.Value, 1<<48) / int64(max(high, 1)))
		if b.Value > 0 {
			tall = max(tall, 10)
		}
		base := tenths((height - bottom) * 10)
		if tall > 0 {
			p.put(`<rect x="`, from+gap/2, `" y="`, base-tall, `" width="`, max(to-from-gap, 8), `" height="`, tall, `" fill="`, b.Tone.paint(), `"><title>`, text(b.Label), `: `, text(grouped(b.Value)), `</title></rect>`)
		}
		if b.Gap {
			p.put(`<rect x="`, from+gap/2, `" y="`, base+10, `" width="`, max(to-from-gap, 10), `" height="5" fill="`, Bad.paint(), `"><title>`, text(b.Label), `: none</title></rect>`)
		}
		if b.Tick || !ticks && i%every == 0 {
			x := (from + to) / 2
			anchor := "middle"
			if ticks {
				x, anchor = from, "start"
			}
			if x-last >= 420 || ticks && x-last >= 300 {
				p.put(`<text x="`, x, `" y="`, height-6, `" text-anchor="`+anchor+`" class="tl-n">`, text(short(b.Label, 9)), `</text>`)
				last = x
			}
		}
	}
	p.put(`<line x1="`, left, `" x2="`, width-right, `" y1="`, height-bottom, `" y2="`, height-bottom, `" class="col-base"/></svg>`)
	return HTML(p.String())
}

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (c Columns) words() string {
	out := ""
	for i, b := range c.Bars {
		if i > 0 {
			out += "; "
		}
		out += short(b.Label, maxLabel) + " " + grouped(b.Value)
	}
	return out
}

// Table is the drawing as a table.
func (c Columns) Table() HTML {
	var rows [][]string
	for _, b := range c.Bars {
		rows = append(rows, []string{b.Label, grouped(b.Value)})
	}
	head, unit := c.Head, c.Unit
	if head == "" {
		head = "When"
	}
	if unit == "" {
		unit = "Rows"
	}
	return table(c.Title, []string{head, unit}, rows, nil)
}

// Figure is the drawing with its table: a screen too narrow for the one shows the other.
func (c Columns) Figure() HTML { return figure(c.SVG(), c.Table()) }
