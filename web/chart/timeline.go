package chart

import "strings"

// Work is one bar of a timeline. Days are counted from the timeline's first
// day, which is 0.
type Work struct {
	Label string
	// From and To are its first and its last day; To before From draws no bar.
	From, To int
	// Done of Of is how much of the bar is filled; Of zero fills it whole.
	Done, Of int
	Tone     Tone
	// Note stands beside the bar.
	Note string
	// Dates says the days in words, for the table and the description.
	Dates string
	Href  string
}

// Tick is a mark of the scale, such as the first day of a month.
type Tick struct {
	Day   int
	Label string
}

// Timeline is a chart of workstreams over days, with a line for today.
type Timeline struct {
	ID, Title string
	// Days is the number of days drawn.
	Days  int
	Ticks []Tick
	Work  []Work
	// Today is the day of the line; below 0 or from Days on there is none.
	Today int
	// TodayLabel says the date in words.
	TodayLabel string
	// Width is that of the drawing, 720 when zero.
	Width int
	// Labels is the room for labels at the left, 132 when zero.
	Labels int
	// Column heads the labels in the table, "Workstream" when empty.
	Column string
}

// SVG draws the timeline.
func (t Timeline) SVG() HTML {
	width := t.Width
	if width <= 0 {
		width = 720
	}
	// The room to the right of the last day is for the notes of bars that
	// reach it.
	const right, top, row = 104, 30, 27
	left, letters := 132, 20
	if t.Labels > 0 {
		// A letter of a label is seven units wide on the average.
		left, letters = t.Labels, t.Labels/7
	}
	height := top + row*len(t.Work) + 4
	days := max(t.Days, 1)
	at := func(day int) tenths { return tenths(left*10 + (width-left-right)*10*day/days) }
	var p page
	role, title := "img", t.Title
	for _, w := range t.Work {
		if _, ok := reference(w.Href); ok {
			role = "group"
		}
	}
	if role == "group" && title == "" {
		title = "Timeline" // What holds links is never decoration.
	}
	p.begin("timeline", role, t.ID, title, t.words(), width, height)
	for _, k := range t.Ticks {
		if k.Day < 0 || k.Day > days {
			continue
		}
		x := at(k.Day)
		p.put(`<line x1="`, x, `" x2="`, x, `" y1="20" y2="`, height, `" class="tl-grid"/><text x="`, x+40, `" y="13" class="tl-m">`, text(short(k.Label, 8)), `</text>`)
	}
	for i, w := range t.Work {
		y := top + row*i
		p.linked(w.Href, "", func() {
			p.put(`<text x="0" y="`, y+14, `" class="tl-l">`, text(short(w.Label, letters)), `</text>`)
		})
		from, to := max(w.From, 0), min(w.To+1, days)
		if w.To < w.From || from >= days || to <= 0 {
			p.put(`<text x="`, left+4, `" y="`, y+14, `" class="tl-n">`, text(short(w.Note, 40)), `</text>`)
			continue
		}
		x, wide := at(from), max(at(to)-at(from), 40)
		filled := wide
		if w.Of > 0 {
			filled = tenths(int64(wide) * int64(min(max(w.Done, 0), w.Of)) / int64(w.Of))
			p.put(`<rect x="`, x, `" y="`, y+3, `" width="`, wide, `" height="13" rx="3.5" fill="`, w.Tone.paint(), `" fill-opacity=".22"/>`)
		}
		if filled > 0 {
			p.put(`<rect x="`, x, `" y="`, y+3, `" width="`, max(filled, 40), `" height="13" rx="3.5" fill="`, w.Tone.paint(), `"/>`)
		}
		t.note(&p, w.Note, x, x+wide, y+14, left, width, at)
	}
	if t.Today >= 0 && t.Today < days {
		x := at(t.Today)
		p.put(`<line x1="`, x, `" x2="`, x, `" y1="22" y2="`, height, `" class="tl-now"/><circle cx="`, x, `" cy="22" r="4" class="tl-nowb"><title>Today`)
		if t.TodayLabel != "" {
			p.put(`, `, text(t.TodayLabel))
		}
		p.put(`</title></circle>`)
	}
	p.put(`</svg>`)
	return HTML(p.String())
}

// note sets a bar's note behind it; before it, where the line of today would
// cross the words behind and not those before. Letters are taken as six units
// wide, which is more than most are.
func (t Timeline) note(p *page, note string, from, to tenths, y, left, width int, at func(int) tenths) {
	room := (width*10 - int(to) - 60) / 60
	note = short(note, max(room, 1))
	need := tenths(len([]rune(note))*60 + 60)
	crosses := func(a, b tenths) bool {
		return t.Today >= 0 && t.Today < t.Days && at(t.Today) >= a && at(t.Today) <= b
	}
	if crosses(to+20, to+need) && from-need >= tenths(left*10) && !crosses(from-need, from-20) {
		p.put(`<text x="`, from-60, `" y="`, y, `" text-anchor="end" class="tl-n">`, text(note), `</text>`)
		return
	}
	p.put(`<text x="`, to+60, `" y="`, y, `" class="tl-n">`, text(note), `</text>`)
}

// words says the timeline in words.
func (t Timeline) words() string {
	var out []string
	for _, w := range t.Work {
		s := short(w.Label, maxLabel)
		if w.Dates != "" {
			s += " " + short(w.Dates, maxLabel)
		}
		if w.Note != "" {
			s += ", " + short(w.Note, maxLabel)
		}
		out = append(out, s)
	}
	if t.TodayLabel != "" {
		out = append(out, "Today is "+t.TodayLabel)
	}
	return strings.Join(out, "; ")
}

// Table is the timeline as a table.
func (t Timeline) Table() HTML {
	var rows [][]string
	var links []string
	for _, w := range t.Work {
		dates := w.Dates
		if dates == "" {
			dates = "–"
		}
		rows = append(rows, []string{w.Label, dates, w.Note})
		links = append(links, w.Href)
	}
	column := t.Column
	if column == "" {
		column = "Workstream"
	}
	return table(t.Title, []string{column, "Dates", "State"}, rows, links)
}

// Figure is the drawing with its table: a screen too narrow for the one shows
// the other.
func (t Timeline) Figure() HTML { return figure(t.SVG(), t.Table()) }
