package chart

import "strconv"

// Point is one value of a line with the word that names it, such as a month.
type Point struct {
	Label string
	Value int
}

// Spark is a small line beside a number, with its area. It is decoration
// unless it has a title.
type Spark struct {
	ID, Title string
	Points    []Point
	Tone      Tone
}

// scale gives the smallest and the largest value; where all are equal the line
// lies in the middle.
func scale(points []Point) (low, high int) {
	low, high = points[0].Value, points[0].Value
	for _, p := range points {
		low, high = min(low, p.Value), max(high, p.Value)
	}
	if low == high {
		return low - 1, high + 1
	}
	return low, high
}

// place puts values on a canvas, the first at the left edge and the last at the
// right; one alone becomes a level line.
func place(points []Point, left, top, width, height, low, high int) (xs, ys []tenths) {
	if len(points) == 1 {
		points = []Point{points[0], points[0]}
	}
	for i, p := range points {
		xs = append(xs, tenths(left*10+width*10*i/(len(points)-1)))
		ys = append(ys, tenths(top*10+int(int64(height)*10*int64(high-p.Value)/int64(high-low))))
	}
	return xs, ys
}

func (p *page) points(xs, ys []tenths) {
	for i := range xs {
		if i > 0 {
			p.put(" ")
		}
		p.put(xs[i], ",", ys[i])
	}
}

// SVG draws the line.
func (s Spark) SVG() HTML {
	const width, height = 84, 26
	var p page
	p.open("spark", s.ID, s.Title, span(s.Points), width, height)
	if len(s.Points) > 0 {
		low, high := scale(s.Points)
		xs, ys := place(s.Points, 1, 3, width-2, height-8, low, high)
		p.put(`<polygon points="`, xs[0], `,`, height, ` `)
		p.points(xs, ys)
		p.put(` `, xs[len(xs)-1], `,`, height, `" fill="`, s.Tone.paint(), `" fill-opacity=".13"/><polyline points="`)
		p.points(xs, ys)
		p.put(`" fill="none" stroke="`, s.Tone.paint(), `" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>`)
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// span says a line in words: its first and its last value.
func span(points []Point) string {
	if len(points) == 0 {
		return "No values."
	}
	first, last := points[0], points[len(points)-1]
	return "From " + strconv.Itoa(first.Value) + " (" + first.Label + ") to " + strconv.Itoa(last.Value) + " (" + last.Label + ")."
}

// Table is the line as a table.
func (s Spark) Table() HTML { return pointTable(s.Title, "Value", s.Points) }

func pointTable(title, unit string, points []Point) HTML {
	var rows [][]string
	for _, p := range points {
		rows = append(rows, []string{p.Label, strconv.Itoa(p.Value)})
	}
	return table(title, []string{"When", unit}, rows, nil)
}

// Line is a line with axes.
type Line struct {
	ID, Title string
	// Unit names the values in the table.
	Unit   string
	Points []Point
	Tone   Tone
	// Width and Height of the drawing; 560 by 180 when zero.
	Width, Height int
}

// SVG draws the line from zero or the smallest value, whichever is lower.
func (l Line) SVG() HTML {
	width, height := l.Width, l.Height
	if width <= 0 || height <= 0 {
		width, height = 560, 180
	}
	const left, right, top, bottom = 40, 16, 10, 24
	var p page
	p.open("line", l.ID, l.Title, span(l.Points), width, height)
	if len(l.Points) > 0 {
		low, high := scale(l.Points)
		low = min(low, 0)
		high = ceiling(high)
		const steps = 4
		for i := range steps + 1 {
			y := tenths(top*10 + (height-top-bottom)*10*i/steps)
			value := high - (high-low)*i/steps
			p.put(`<line x1="`, left, `" x2="`, width-right, `" y1="`, y, `" y2="`, y, `" class="tl-grid"/><text x="`, left-8, `" y="`, y+40, `" text-anchor="end" class="tl-n">`, value, `</text>`)
		}
		xs, ys := place(l.Points, left, top, width-left-right, height-top-bottom, low, high)
		every := max(1, (len(l.Points)*56+width-left-right-1)/(width-left-right))
		for i, pt := range l.Points {
			if (len(l.Points)-1-i)%every == 0 {
				p.put(`<text x="`, xs[i], `" y="`, height-6, `" text-anchor="middle" class="tl-n">`, text(short(pt.Label, 9)), `</text>`)
			}
		}
		p.put(`<polyline points="`)
		p.points(xs, ys)
		p.put(`" fill="none" stroke="`, l.Tone.paint(), `" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>`)
		for i, pt := range l.Points {
			p.put(`<circle cx="`, xs[i], `" cy="`, ys[i], `" r="3" fill="`, l.Tone.paint(), `"><title>`, text(pt.Label), `: `, pt.Value, `</title></circle>`)
		}
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// ceiling is the end of a scale from zero that holds n: four steps of a round
// number.
func ceiling(n int) int {
	steps := []int{1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 30, 40, 50, 75}
	for ten := 1; ten <= 1<<50; ten *= 10 {
		for _, s := range steps {
			if 4*s*ten >= n {
				return 4 * s * ten
			}
		}
	}
	return n
}

// Table is the line as a table.
func (l Line) Table() HTML {
	unit := l.Unit
	if unit == "" {
		unit = "Value"
	}
	return pointTable(l.Title, unit, l.Points)
}

// Figure is the drawing with its table: a screen too narrow for the one shows
// the other.
func (l Line) Figure() HTML { return figure(l.SVG(), l.Table()) }
