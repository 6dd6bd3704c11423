package chart

// StripCell is one field of a strip: a month of something.
type StripCell struct {
	// Text stands in the field, where there is something to say.
	Text string
	// Words say the field aloud.
	Words string
	// Level is its colour: 0 nothing to see, 1 good to 4 bad.
	Level int
	Href  string
}

// StripRow is one line of a strip.
type StripRow struct {
	Label, Title string
	Href         string
	Cells        []StripCell
}

// Strip is a table of things over months, coloured: a real table, and its own
// alternative.
type Strip struct {
	// Caption says what is shown; it is read and not seen.
	Caption string
	// Corner heads the column of labels.
	Corner  string
	Columns []string
	Rows    []StripRow
}

// Table writes the strip.
func (s Strip) Table() HTML {
	var p page
	p.put(`<table class="strip"><caption class="vh">`, text(s.Caption), `</caption><thead><tr><th scope="col"><span class="vh">`, text(s.Corner), `</span></th>`)
	for _, c := range s.Columns {
		p.put(`<th scope="col">`, text(c), `</th>`)
	}
	p.put(`</tr></thead><tbody>`)
	for _, r := range s.Rows {
		p.put(`<tr><th scope="row" title="`, text(r.Title), `">`)
		p.linked(r.Href, "", func() { p.put(text(r.Label), `<span class="vh"> `, text(r.Title), `</span>`) })
		p.put(`</th>`)
		for x := range s.Columns {
			var c StripCell
			if x < len(r.Cells) {
				c = r.Cells[x]
			}
			p.put(`<td class="strip-`, min(max(c.Level, 0), 4), `" title="`, text(c.Words), `">`)
			if _, ok := reference(c.Href); ok {
				p.linked(c.Href, c.Words, func() { p.put(text(c.Text)) })
			} else {
				p.put(`<span class="vh">`, text(c.Words), `</span>`)
			}
			p.put(`</td>`)
		}
		p.put(`</tr>`)
	}
	p.put(`</tbody></table>`)
	return HTML(p.String())
}
