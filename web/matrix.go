package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// matrixPage is the risk-control matrix as it is shown.
type matrixPage struct {
	f      *ui.Frame
	Data   *matrixData
	Query  matrixQuery
	At     string
	Chips  []matrixChip
	KeyOn  bool
	KeyURL string
	Tabs   []choice
	// Others are the engagements and sides that can be chosen instead.
	Others []choice
	Here   string
	Groups []matrixGroup
	// Shown of Total controls match.
	Shown, Total int
	// More is the address with more rows; Next asks for these alone.
	More, Next string
	Left       int
	Cross      *matrixCross
	Detail     *matrixDetail
	Rights     matrixRights
	Views      *savedViews
	New        string
	XLSX, CSV  string
	Print      string
	// Stamp says as of when, for paper.
	Stamp  string
	Filter []string
	Period string
	// Auditor says that the statuses are those of the service auditor.
	Auditor bool
	openAt  string
	person  string
	ledger  string
}

// matrixGroup is an objective with those of its controls that are shown.
type matrixGroup struct {
	ID, Code, Title string
	Count           int
	Mix             chart.HTML
	MixText         string
	Closed          bool
	Toggle          string
	Rows            []int
	// Continued says that its head stands on the rows before.
	Continued bool
}

// matrixRow is a control as rows show it; nothing in it depends on who asks.
type matrixRow struct {
	ID, Code    string
	Title, Rest string
	Statement   string
	Key         bool
	Risk        string
	RiskMore    int
	RiskAll     string
	Level       overview.Level
	Frequency   string
	// Held are frequency, nature and type as they are recorded, with a space between.
	Held         string
	Owner        ui.Person
	Evidence     chart.HTML
	EvidenceText string
	EvidenceLong string
	EvidenceNone bool
	Status       ui.Status
	Why          string
	Tested       string
	TestedLong   string
	Revision     int64
}

func newMatrixRow(o *overview.Overview, c *overview.ControlLine) matrixRow {
	row := matrixRow{ID: c.Ref.ID, Code: c.Control.Code, Title: c.Title, Statement: c.Statement, Key: c.Control.Key, Level: c.Rating.Level(),
		Status: statusOf(c.Status), Why: c.Why, Revision: c.Ref.Revision, Owner: ui.Person{ID: c.Owner.Ref.ID, Name: c.Owner.Name}}
	if c.Statement != c.Title {
		row.Rest = c.Statement
	}
	var all []string
	for _, n := range c.Risks {
		x := &o.Risks[n]
		all = append(all, x.Risk.Code+" "+x.Risk.Text)
	}
	if len(c.Risks) > 0 {
		// The risk whose rating is shown is the one that is named.
		worst := c.Risks[0]
		for _, n := range c.Risks {
			if o.Risks[n].Rating().Score() > o.Risks[worst].Rating().Score() {
				worst = n
			}
		}
		row.Risk, row.RiskMore, row.RiskAll = o.Risks[worst].Risk.Text, len(c.Risks)-1, strings.Join(all, "\n")
	}
	words := []string{c.Control.Frequency.Label(), c.Control.Nature.Label()}
	row.Frequency = strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " · ")
	row.Held = strings.Join([]string{string(c.Control.Frequency), string(c.Control.Nature), string(c.Control.Type)}, " ")
	e := c.Evidence
	if e.Counted {
		row.EvidenceText = fmt.Sprintf("%d/%d", e.Covered, e.Expected)
		row.EvidenceLong = fmt.Sprintf("%d of %d occurrences due have evidence", e.Covered, e.Expected)
		row.Evidence = chart.Meter{N: e.Covered, Of: e.Expected}.SVG()
	} else {
		row.EvidenceNone = e.Items == 0
		row.EvidenceText, row.EvidenceLong = count(e.Items, "item"), "Its frequency predicts no number of occurrences"
	}
	if c.LastTested != "" {
		row.TestedLong = dateText(string(c.LastTested))
		row.Tested = strings.TrimSuffix(row.TestedLong, fmt.Sprintf(" %d", o.Question.Today.Year()))
	}
	return row
}

// statusOf is a control's status as a pill.
func statusOf(s overview.Status) ui.Status {
	out := [...]ui.Status{{Class: "ok", Icon: "circle-check"}, {Class: "info", Icon: "circle-dot"}, {Class: "bad", Icon: "circle-alert"}, {Icon: "circle-dashed"}}[s]
	out.Text = s.Label()
	return out
}

// matrix shows the risk-control matrix, or the part of it that is asked for.
func (r *request) matrix() error {
	q, err := readMatrixQuery(r.URL.Query())
	if err != nil {
		return err
	}
	d, err := r.matrixOf(q.Engagement)
	if err != nil {
		return err
	}
	p := &matrixPage{Data: d, Query: q, At: r.at() + "/matrix", Total: len(d.rows), Auditor: r.ledger != app.OrganizationLedger, person: r.actor, ledger: r.ledger}
	p.Rights = r.matrixRights(d)
	match := d.matches(q, "")
	for _, m := range match {
		p.Shown += boolInt(m)
	}
	p.openAt = r.openPrefix(q)
	switch part := r.Header.Get("X-Part"); {
	case part == "detail" && q.Open != "":
		if p.Detail, err = r.matrixDetail(d, q); err != nil {
			return err
		}
		p.f = r.plainFrame("")
		return r.write(http.StatusOK, matrixAside(p))
	case part == "rows":
		p.f = r.plainFrame("")
		r.matrixGroups(p, match)
		return r.write(http.StatusOK, matrixBodies(p))
	}
	if q.View == "" {
		r.matrixGroups(p, match)
	} else {
		p.Cross = r.cross(d, q, match)
	}
	r.matrixBar(p, match)
	if q.Open != "" {
		if p.Detail, err = r.matrixDetail(d, q); err != nil {
			return err
		}
	}
	p.Stamp, p.Filter = r.matrixStamp(d), d.described(q)
	if p.Views, err = r.matrixViewsOf(p); err != nil {
		return err
	}
	var crumbs []ui.Link
	if e := d.o.Engagement; e.ID != "" {
		crumbs = append(crumbs, ui.Link{Text: record.HeadingOf(e.Record).String(), Href: "/r/engagement/" + url.PathEscape(e.ID)})
	}
	if p.f, err = r.frame("Risk-control matrix", crumbs); err != nil {
		return err
	}
	p.f.Here = "/matrix"
	return r.write(http.StatusOK, ui.Page(p.f, matrixActions(p), matrixBody(p)))
}

// openPrefix is the address that opens a control beside, up to its id.
func (r *request) openPrefix(q matrixQuery) string {
	to := r.matrixURL(q, func(n *matrixQuery) { n.Open, n.Rows = "", q.Rows })
	if strings.Contains(to, "?") {
		return to + "&open="
	}
	return to + "?open="
}

// matrixGroups gathers the rows of the page.
func (r *request) matrixGroups(p *matrixPage, match []bool) {
	d, q := p.Data, p.Query
	only := q.Sets["objective"]
	skip, room, total := q.From, q.Rows, 0
	for n := range d.o.Objectives {
		line := &d.o.Objectives[n]
		id := orNone(line.Ref.ID)
		if len(only) > 0 && !slices.Contains(only, id) {
			continue
		}
		g := matrixGroup{ID: id, Code: line.Objective.Code, Title: line.Objective.Title, Closed: slices.Contains(q.Closed, id)}
		if line.EntityLevel() {
			g.Title = "Entity-level controls"
		}
		var mix overview.Mix
		var rows []int
		for _, at := range line.Controls {
			if match[at] {
				rows = append(rows, at)
				mix.Counts[d.o.Controls[at].Status]++
			}
		}
		if g.Count = len(rows); g.Count == 0 {
			continue
		}
		if g.Closed {
			rows = nil
		}
		total += len(rows)
		cut := min(skip, len(rows))
		skip -= cut
		rows, g.Continued = rows[cut:], cut > 0
		passed := len(rows) == 0 && cut > 0
		g.Rows = rows[:min(room, len(rows))]
		if full := room == 0; full || passed || q.From > 0 && skip > 0 {
			continue
		}
		room -= len(g.Rows)
		g.Mix, g.MixText = mixOf(&mix)
		g.Toggle = r.matrixURL(q, func(n *matrixQuery) { n.Closed, n.Rows = toggled(q.Closed, id), q.Rows })
		p.Groups = append(p.Groups, g)
	}
	end := q.From + q.Rows
	if total <= end {
		return
	}
	p.Left = total - end
	p.More = r.matrixURL(q, func(n *matrixQuery) { n.Rows = end + matrixRows })
	p.Next = r.matrixURL(q, func(n *matrixQuery) { n.From = end })
}

// mixOf draws how the controls of a group stand.
func mixOf(m *overview.Mix) (chart.HTML, string) {
	tones := [...]chart.Tone{chart.OK, chart.Info, chart.Bad, chart.Mute}
	percents := m.Percents()
	var b chart.StackedBar
	var words []string
	for i, s := range overview.Statuses {
		b.Segments = append(b.Segments, chart.Segment{Label: s.Label(), Count: m.Counts[i], Percent: percents[i], Tone: tones[i]})
		if m.Counts[i] > 0 {
			words = append(words, fmt.Sprintf("%d %s", m.Counts[i], strings.ToLower(s.Label())))
		}
	}
	return b.SVG(), strings.Join(words, ", ")
}

// matrixBar makes what stands above the rows.
func (r *request) matrixBar(p *matrixPage, match []bool) {
	d, q := p.Data, p.Query
	p.Chips = r.chips(d, q, match)
	p.KeyOn = slices.Equal(q.Sets["key"], []string{"yes"})
	p.KeyURL = r.matrixURL(q, func(n *matrixQuery) {
		n.Sets["key"] = nil
		if !p.KeyOn {
			n.Sets["key"] = []string{"yes"}
		}
	})
	for _, t := range []choice{{Text: "List"}, {Text: "Assertions", Href: "assertions"}, {Text: "Risks", Href: "risks"}, {Text: "Principles", Href: "principles"}} {
		view := t.Href
		t.On = q.View == view
		t.Href = r.matrixURL(q, func(n *matrixQuery) { n.View, n.Open = view, "" })
		p.Tabs = append(p.Tabs, t)
	}
	files := r.site.app.Ledgers(r.Context(), r.actor)
	for _, e := range d.engagements {
		title := record.HeadingOf(e.Record).String()
		exam := app.ExaminationLedger(e.ID)
		here := e.ID == d.o.Engagement.ID
		if here {
			p.Here = title
		}
		p.Others = append(p.Others, choice{Text: title, On: here && !p.Auditor, Href: r.url("/matrix?engagement=%s", url.QueryEscape(e.ID))})
		if slices.Contains(files, exam) {
			p.Others = append(p.Others, choice{Text: title + ", the auditor’s statuses", On: here && p.Auditor, Href: r.site.base + "/x/" + url.PathEscape(exam) + "/matrix"})
		}
	}
	if p.Rights.Any {
		p.New = r.url("/r/control/new")
	}
	at := r.at() + "/matrix"
	all := q.values(func(n *matrixQuery) { n.Open = "" })
	p.XLSX, p.CSV = r.url("%s.xlsx?%s", at, all), r.url("%s.csv?%s", at, all)
	p.Print = r.matrixURL(q, func(n *matrixQuery) { n.Open, n.Rows, n.Closed = "", mostMatrixRows, nil })
	p.Period = dateText(string(d.o.Period.From)) + " – " + dateText(string(d.o.Period.To))
	if d.o.Engagement.Value.Type == soc1.Type1 {
		p.Period = "as of " + dateText(string(d.o.Period.To))
	}
}

// matrixStamp says in one line whose numbers these are, and as of when.
func (r *request) matrixStamp(d *matrixData) string {
	words := []string{"Management’s statuses"}
	if d.o.By == soc1.ByAuditor {
		words[0] = "The service auditor’s statuses"
	}
	if e := d.o.Engagement; e.ID != "" {
		words = append(words, record.HeadingOf(e.Record).String())
	}
	words = append(words, "period "+dateText(string(d.o.Period.From))+" to "+dateText(string(d.o.Period.To)), "as of "+dateText(string(d.o.Question.Today)))
	if v, err := r.records(); err == nil {
		words = append(words, fmt.Sprintf("ledger %s at entry %d", r.ledger, v.AsOf().Known))
	}
	return strings.Join(words, " · ")
}
