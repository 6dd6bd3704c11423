package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/calendar"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// calendarQuery is what an address asks of the evidence calendar.
type calendarQuery struct {
	engagement, owner, objective, state, words string
	zoom                                       calendar.Zoom
	rows                                       int
}

// calendarRows is how many rows a page has at first, by the width of its columns.
var calendarRows = map[calendar.Zoom]int{calendar.Quarters: 100, calendar.Months: 100, calendar.Weeks: 60}

func readCalendarQuery(v url.Values) (calendarQuery, error) {
	q := calendarQuery{engagement: v.Get("engagement"), owner: v.Get("owner"), objective: v.Get("objective"), state: v.Get("state"), words: strings.TrimSpace(v.Get("q")), zoom: calendar.Months}
	if z := v.Get("zoom"); z != "" {
		if q.zoom = calendar.Zoom(z); !q.zoom.Known() {
			return q, badRequest("zoom", fmt.Errorf("%q is no width of a column: quarter, month and week are", clipped(z, 40)))
		}
	}
	if q.state != "" && !slices.Contains(calendar.States, calendar.State(q.state)) {
		return q, badRequest("state", fmt.Errorf("%q is no state of an occurrence", clipped(q.state, 40)))
	}
	q.rows = calendarRows[q.zoom]
	switch s := v.Get("rows"); {
	case s == "all":
		q.rows = mostMatrixRows
	case s != "":
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, badRequest("rows", fmt.Errorf("%q is not a number of rows", clipped(s, 20)))
		}
		q.rows = min(n, mostMatrixRows)
	}
	return q, nil
}

// values is the query as part of an address, with a change.
func (q calendarQuery) values(set func(*calendarQuery)) string {
	q.rows = 0
	if set != nil {
		set(&q)
	}
	v := url.Values{}
	for name, x := range map[string]string{"engagement": q.engagement, "owner": q.owner, "objective": q.objective, "state": q.state, "q": q.words} {
		if x != "" {
			v.Set(name, x)
		}
	}
	if q.zoom != calendar.Months {
		v.Set("zoom", string(q.zoom))
	}
	if q.rows > 0 {
		v.Set("rows", strconv.Itoa(q.rows))
	}
	return v.Encode()
}

// calendarPage is the evidence calendar as it is shown.
type calendarPage struct {
	f      *ui.Frame
	Query  calendarQuery
	Grid   *calendar.Grid
	Zooms  []choice
	Heads  []calendarHead
	Years  []calendarYear
	Groups []calendarGroup
	Totals []calendarCell
	// Sum are all occurrences shown, in words.
	Sum                        string
	Owners, Objectives, States []choice
	Others                     []choice
	Here                       string
	Shown, Total               int
	More                       string
	Left                       int
	CSV, XLSX, Measures        string
	Clear                      string
	Filtered                   bool
	Period, Stamp              string
}

// calendarHead is the head of a column.
type calendarHead struct{ Text, Title string }

// calendarYear is a year above its columns.
type calendarYear struct {
	Text string
	N    int
}

type calendarGroup struct {
	ID, Code, Title string
	// Rows are rows as they are sent, see calendarRowText.
	Rows []string
}

// calendarRow is a control.
type calendarRow struct {
	ID, Code, Title, Frequency string
	Href                       string
	Owner                      ui.Person
	Here                       bool
	Cells                      []calendarCell
	Sum                        calendarCell
	// Uncounted says that the frequency predicts no occurrence.
	Uncounted bool
	Items     string
}

// calendarCell is a cell in words and by sign.
type calendarCell struct {
	Class, Sign, Text, Name, Href string
	// When is the column in short, where there is no head above.
	When string
}

// cellSigns are the signs of the states, so that no state is told by colour alone.
var cellSigns = map[calendar.State][2]string{calendar.Missing: {"bad", "✕"}, calendar.Late: {"warn", "!"}, calendar.NotYetDue: {"wait", "○"}, calendar.Present: {"ok", "✓"}, calendar.NotOperating: {"off", "–"}}

// cellOf shows a cell of a control or of a sum.
func cellOf(c calendar.Cell, who, when, href string) calendarCell {
	if c.State == calendar.Nothing {
		return calendarCell{Name: "none expected"}
	}
	sign := cellSigns[c.State]
	out := calendarCell{Class: "cal-" + sign[0], Sign: sign[1], Href: href}
	words := strings.ToLower(c.State.Label())
	if c.State != calendar.NotOperating {
		switch {
		case c.All() > 1:
			out.Text = fmt.Sprintf("%d/%d", c.Done(), c.All())
			words = fmt.Sprintf("%d of %d present", c.Done(), c.All())
			if n := c.Open(); n > 0 {
				words += fmt.Sprintf(", %d %s", n, strings.ToLower(c.State.Label()))
			}
			if n := c.Coming - c.Ahead; n > 0 {
				words += fmt.Sprintf(", %d not yet due", n)
			}
		case c.Ahead == 1:
			words = "present, before it is due"
		}
	} else {
		out.Href = ""
	}
	out.Name = strings.TrimPrefix(who+", ", ", ") + when + ": " + words
	return out
}

// columnText names a column.
func columnText(z calendar.Zoom, c calendar.Column) (text, title string) {
	title = spanText(c.From, c.To)
	switch z {
	case calendar.Months:
		return monthShort(c.From), title
	case calendar.Weeks:
		return c.Label, c.Label + ", " + title
	}
	text, _, _ = strings.Cut(c.Label, " ")
	return text, c.Label + ", " + title
}

// gridOf is the calendar of a matrix, made once for each zoom.
func (d *matrixData) gridOf(z calendar.Zoom) *calendar.Grid {
	if g, ok := d.grids.Load(z); ok {
		return g.(*calendar.Grid)
	}
	g := calendar.Of(d.o, z)
	d.grids.Store(z, g)
	return g
}

// measuresOf are the measures of its months, made once.
func (d *matrixData) measuresOf() []calendar.Measure {
	d.measured.Do(func() { d.measures = calendar.Measures(d.o) })
	return d.measures
}

// calendarMatch tells which controls a calendar shows; but leaves one filter out, to
// count its choices.
func (d *matrixData) calendarMatch(q calendarQuery, g *calendar.Grid, but string) []bool {
	m := matrixQuery{Words: q.words, Sets: map[string][]string{}}
	if q.owner != "" && but != "owner" {
		m.Sets["owner"] = []string{q.owner}
	}
	if q.objective != "" && but != "objective" {
		m.Sets["objective"] = []string{q.objective}
	}
	out := d.matches(m, "")
	if q.state != "" && but != "state" {
		for at := range out {
			out[at] = out[at] && g.Has(at, []calendar.State{calendar.State(q.state)})
		}
	}
	return out
}

func (r *request) calendarURL(q calendarQuery, set func(*calendarQuery)) string {
	if s := q.values(set); s != "" {
		return r.url("/calendar?%s", s)
	}
	return r.url("/calendar")
}

// calendar shows the evidence calendar.
func (r *request) calendar() error {
	q, err := readCalendarQuery(r.URL.Query())
	if err != nil {
		return err
	}
	d, err := r.matrixOf(q.engagement)
	if err != nil {
		return err
	}
	g := d.gridOf(q.zoom)
	p := &calendarPage{Query: q, Grid: g, Total: len(d.rows)}
	match := d.calendarMatch(q, g, "")
	r.calendarHeads(p, g)
	if err := r.calendarGroups(p, d, match); err != nil {
		return err
	}
	r.calendarBar(p, d)
	var crumbs []ui.Link
	if e := d.o.Engagement; e.ID != "" {
		crumbs = append(crumbs, ui.Link{Text: record.HeadingOf(e.Record).String(), Href: "/r/engagement/" + url.PathEscape(e.ID)})
	}
	if p.f, err = r.frame("Evidence calendar", crumbs); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = "/calendar", []string{"calendar.js"}
	return r.write(http.StatusOK, ui.Page(p.f, calendarActions(p), calendarBody(p)))
}

func (r *request) calendarHeads(p *calendarPage, g *calendar.Grid) {
	for _, c := range g.Columns {
		text, title := columnText(g.Zoom, c)
		p.Heads = append(p.Heads, calendarHead{text, title})
		year := strconv.Itoa(c.To.Year())
		if n := len(p.Years); n > 0 && p.Years[n-1].Text == year {
			p.Years[n-1].N++
			continue
		}
		p.Years = append(p.Years, calendarYear{year, 1})
	}
}

// calendarGroups gathers the rows of the page, by objective as in the matrix.
func (r *request) calendarGroups(p *calendarPage, d *matrixData, match []bool) error {
	g, q := p.Grid, p.Query
	base := r.url("/calendar/of/")
	if e := d.o.Engagement.ID; e != "" {
		base = r.url("/calendar/of/?engagement=%s", url.QueryEscape(e))
	}
	room := q.rows
	var all []int
	seen := make([]bool, len(match))
	for n := range d.o.Objectives {
		line := &d.o.Objectives[n]
		id := orNone(line.Ref.ID)
		if q.objective != "" && id != q.objective {
			continue
		}
		group := calendarGroup{ID: id, Code: line.Objective.Code, Title: line.Objective.Title}
		if line.EntityLevel() {
			group.Title = "Entity-level controls"
		}
		for _, at := range line.Controls {
			if !match[at] {
				continue
			}
			if !seen[at] {
				seen[at] = true
				all = append(all, at)
			}
			if room == 0 {
				p.Left++
				continue
			}
			room--
			row, err := r.calendarRowText(d, g, at, base)
			if err != nil {
				return err
			}
			group.Rows = append(group.Rows, row)
		}
		if len(group.Rows) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	p.Shown = len(all)
	if p.Left > 0 {
		p.More = r.calendarURL(q, func(n *calendarQuery) { n.rows = q.rows + calendarRows[q.zoom] })
	}
	for i, c := range g.Totals(all) {
		_, title := columnText(g.Zoom, g.Columns[i])
		p.Totals = append(p.Totals, cellOf(c, "all controls shown", title, ""))
	}
	var present, open, coming, total int
	for _, at := range all {
		c := g.Rows[at]
		present, open, coming, total = present+c.Done(), open+c.Open(), coming+c.Coming-c.Ahead, total+c.All()
	}
	p.Sum = fmt.Sprintf("%s: %s present, %s %s, %s not yet due", count(total, "occurrence"), thousands(present), thousands(open), strings.ToLower(calendar.State(d.o.Late()).Label()), thousands(coming))
	return nil
}

// calendarRowKey names a row as it is sent: nothing in it depends on who asks, but the
// addresses in it on the point in time and on the engagement.
type calendarRowKey struct {
	zoom calendar.Zoom
	base string
	at   int
}

// calendarRowText renders the row of a control once.
func (r *request) calendarRowText(d *matrixData, g *calendar.Grid, at int, base string) (string, error) {
	key := calendarRowKey{g.Zoom, base, at}
	if s, ok := d.calendarRows.Load(key); ok {
		return s.(string), nil
	}
	row := r.calendarRow(d, g, at, base)
	var b strings.Builder
	if err := calendarRowView(len(g.Columns), &row).Render(r.Context(), &b); err != nil {
		return "", err
	}
	d.calendarRows.Store(key, b.String())
	return b.String(), nil
}

func (r *request) calendarRow(d *matrixData, g *calendar.Grid, at int, base string) calendarRow {
	c, m := &d.o.Controls[at], &d.rows[at]
	before, after, _ := strings.Cut(base, "?")
	base = before + url.PathEscape(c.ID())
	sep := "?"
	if after != "" {
		base, sep = base+"?"+after, "&"
	}
	row := calendarRow{ID: m.ID, Code: m.Code, Title: m.Title, Frequency: c.Control.Frequency.Label(), Href: base, Owner: m.Owner, Here: c.Control.PerformedHere, Uncounted: !g.Counted[at], Items: m.EvidenceText}
	if row.Uncounted {
		return row
	}
	row.Cells = make([]calendarCell, len(g.Columns))
	for i := range g.Columns {
		x := &g.Columns[i]
		when, title := columnText(g.Zoom, *x)
		row.Cells[i] = cellOf(g.Cells[at][i], m.Code, title, base+sep+"from="+string(x.From)+"&to="+string(x.To))
		row.Cells[i].When = when
	}
	row.Sum = cellOf(g.Rows[at], m.Code, "the whole period", "")
	return row
}

// calendarBar makes what stands above the rows.
func (r *request) calendarBar(p *calendarPage, d *matrixData) {
	q, g := p.Query, p.Grid
	for _, z := range calendar.Zooms {
		p.Zooms = append(p.Zooms, choice{Text: z.Label(), Href: r.calendarURL(q, func(n *calendarQuery) { n.zoom = z }), On: z == q.zoom})
	}
	offer := func(facet, all, on string, values []string, name func(string) string, of func(at int) []string, set func(*calendarQuery, string)) []choice {
		match := d.calendarMatch(q, g, facet)
		counts, total := map[string]int{}, 0
		for at, m := range match {
			if !m {
				continue
			}
			total++
			for _, v := range of(at) {
				counts[v]++
			}
		}
		out := []choice{{Text: all, Href: r.calendarURL(q, func(n *calendarQuery) { set(n, "") }), On: on == "", Count: total}}
		for _, v := range values {
			out = append(out, choice{Text: name(v), Href: r.calendarURL(q, func(n *calendarQuery) { set(n, v) }), On: on == v, Count: counts[v]})
		}
		return out
	}
	known := func(facet, on string) []string {
		if on != "" && !slices.Contains(d.order[facet], on) {
			return append(slices.Clone(d.order[facet]), on)
		}
		return d.order[facet]
	}
	p.Owners = offer("owner", "Everybody", q.owner, known("owner", q.owner), func(v string) string { return d.facetWord("owner", v) }, func(at int) []string { return d.facets["owner"][at] }, func(n *calendarQuery, v string) { n.owner = v })
	p.Objectives = offer("objective", "Every objective", q.objective, known("objective", q.objective), func(v string) string { return d.facetWord("objective", v) }, func(at int) []string { return d.facets["objective"][at] }, func(n *calendarQuery, v string) { n.objective = v })
	var states []string
	for _, s := range calendar.States {
		// Late and missing are one thing before and after the period's end.
		if s == calendar.Late && d.o.Late() != "late" || s == calendar.Missing && d.o.Late() != "missing" {
			if string(s) != q.state {
				continue
			}
		}
		states = append(states, string(s))
	}
	p.States = offer("state", "Every state", q.state, states, func(v string) string { return calendar.State(v).Label() }, func(at int) []string {
		var out []string
		for _, s := range states {
			if g.Has(at, []calendar.State{calendar.State(s)}) {
				out = append(out, s)
			}
		}
		return out
	}, func(n *calendarQuery, v string) { n.state = v })
	for _, e := range d.engagements {
		here := e.ID == d.o.Engagement.ID
		title := record.HeadingOf(e.Record).String()
		if here {
			p.Here = title
		}
		p.Others = append(p.Others, choice{Text: title, On: here, Href: r.calendarURL(q, func(n *calendarQuery) { n.engagement = e.ID })})
	}
	p.Filtered = q.owner != "" || q.objective != "" || q.state != "" || q.words != ""
	p.Clear = r.calendarURL(calendarQuery{engagement: q.engagement, zoom: q.zoom}, nil)
	all := q.values(nil)
	p.CSV, p.XLSX = r.url("/calendar.csv?%s", all), r.url("/calendar.xlsx?%s", all)
	p.Measures = r.url("/calendar/measures?%s", url.Values{"engagement": {d.o.Engagement.ID}}.Encode())
	p.Period = dateText(string(d.o.Period.From)) + " – " + dateText(string(d.o.Period.To))
	p.Stamp = "as of " + dateText(string(d.o.Question.Today))
	if d.o.Engagement.Value.Type == soc1.Type1 {
		p.Stamp += ", on the twelve months before"
	}
}
