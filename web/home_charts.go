package web

import (
	"fmt"
	"net/url"

	"reperform/overview"
	"reperform/soc1"
	"reperform/web/chart"
)

// homeObjective is an objective with the mix of its controls.
func (r *request) homeObjective(d *matrixData, i int) homeObjective {
	x := &d.o.Objectives[i]
	out := homeObjective{Code: x.Objective.Code, Title: x.Objective.Title, Controls: x.Mix.Total(), Percent: x.Mix.Percent(overview.Effective)}
	if x.EntityLevel() {
		out.Code, out.Title = "EL", "Entity-level controls"
	}
	if out.Controls > 0 {
		out.Href = r.toMatrix(d, "objective", orNone(x.Ref.ID))
	}
	out.Mix, out.Words = mixOf(&x.Mix)
	return out
}

// riskHeat draws the residual risks.
func (r *request) riskHeat(n *homeNumbers, d *matrixData) {
	h := d.o.Residual()
	heat := chart.Heat{Caption: "Residual risks by likelihood and impact", One: "risk", Many: "risks", Across: "Impact", Up: "Likelihood", Columns: impacts[:]}
	for l := 5; l >= 1; l-- {
		heat.Rows = append(heat.Rows, likelihoods[l-1])
		var row []chart.HeatCell
		for i := 1; i <= 5; i++ {
			c := chart.HeatCell{Count: h.Cells[l-1][i-1].Count, Level: int(overview.Rating{Likelihood: l, Impact: i}.Level())}
			if c.Count > 0 {
				c.Href = r.behindURL(d, fmt.Sprintf("risks.%d.%d", l, i))
			}
			row = append(row, c)
		}
		heat.Cells = append(heat.Cells, row)
	}
	n.Heat, n.HeatCount = heat.Table(), count(h.Rated(), "residual risk")
	if u := len(h.Unrated); u > 0 {
		n.Unrated = homeLink{N: u, Text: fmt.Sprintf("%d not rated", u), Href: r.behindURL(d, "risks.unrated")}
	}
}

// makeup is what readiness is made of.
func makeup(r *request, d *matrixData, o *overview.Overview) []homeComponent {
	var out []homeComponent
	for _, c := range o.Readiness().Components {
		x := homeComponent{Label: c.Label, Rule: c.Rule, Done: c.Done, Of: c.Of, Points: c.Points, Weight: c.Weight, Meter: chart.Meter{N: c.Done, Of: c.Of, Tone: chart.Info, Width: 88}.SVG()}
		if m := len(c.Missing); m > 0 {
			x.Missing = homeLink{N: m, Text: count(m, "record") + " to look at", Href: r.behindURL(d, "readiness."+c.Key+".missing")}
		}
		out = append(out, x)
	}
	return out
}

// homeTimeline draws the workstreams.
func (r *request) homeTimeline(d *matrixData, id string) (chart.HTML, string) {
	o := d.o
	work := o.Timeline()
	first, last := o.Period.From, o.Period.To
	for _, w := range work {
		if w.From != "" {
			first, last = min(first, w.From), max(last, w.To)
		}
	}
	if !first.Valid() || !last.Valid() {
		return "", ""
	}
	if gap := last.DaysUntil(o.Question.Today); gap > 0 && gap < 92 {
		last = o.Question.Today
	}
	first = soc1.NewDate(first.Year(), first.Month(), 1)
	t := chart.Timeline{ID: id + "-timeline", Title: "Timeline of the engagement", Days: first.DaysUntil(last) + 1, Today: first.DaysUntil(o.Question.Today), TodayLabel: dateText(string(o.Question.Today))}
	every := 1 + t.Days/400
	for m, i := first, 0; m != "" && m <= last; m, i = m.AddMonths(1), i+1 {
		if i%every == 0 {
			t.Ticks = append(t.Ticks, chart.Tick{Day: first.DaysUntil(m), Label: monthShort(m)})
		}
	}
	tones := map[string]chart.Tone{"period": chart.Info, "walkthroughs": chart.Info, "testing": chart.Info, "exceptions": chart.Bad, "report": chart.Acc}
	links := map[string]string{"testing": r.toMatrix(d), "exceptions": r.behindURL(d, "exceptions")}
	if e := o.Engagement.ID; e != "" {
		links["period"] = r.url("/r/engagement/%s", url.PathEscape(e))
	}
	for _, w := range work {
		x := chart.Work{Label: w.Label, From: 0, To: -1, Done: w.Done, Of: w.Of, Tone: tones[w.Key], Note: w.Note, Href: links[w.Key]}
		if w.From != "" {
			x.From, x.To = first.DaysUntil(w.From), first.DaysUntil(w.To)
			x.Dates = dateText(string(w.From)) + " to " + dateText(string(w.To))
		}
		if w.Of > 0 && w.Done == w.Of {
			x.Tone = chart.OK
		}
		t.Work = append(t.Work, x)
	}
	return t.Figure(), count(len(work), "workstream")
}

// evidenceStrip shows by objective and month how much evidence is there. A field
// says how many controls owe some, and leads to these.
func (r *request) evidenceStrip(d *matrixData) (chart.HTML, string) {
	o := d.o
	months, of := o.Months(), o.MonthsOf()
	s := chart.Strip{Caption: "Controls with evidence missing, by objective and month", Corner: "Objective"}
	for _, m := range months {
		s.Columns = append(s.Columns, monthShort(m))
	}
	total, owing := 0, 0
	for at := range o.Controls {
		if c := o.Controls[at].Evidence; c.Overdue() > 0 {
			total += c.Overdue()
			owing++
		}
	}
	for i := range o.Objectives {
		x := &o.Objectives[i]
		row := chart.StripRow{Label: x.Objective.Code, Title: x.Objective.Title, Href: r.toMatrix(d, "objective", orNone(x.Ref.ID))}
		if x.EntityLevel() {
			row.Label, row.Title = "EL", "Entity-level controls"
		}
		expects := false
		for m, month := range months {
			var sum overview.Month
			controls := 0
			for _, at := range x.Controls {
				c := of[at][m]
				sum.Expected += c.Expected
				sum.Covered += c.Covered
				sum.Coming += c.Coming
				controls += boolInt(c.Missing() > 0)
			}
			expects = expects || sum.Expected+sum.Coming > 0
			row.Cells = append(row.Cells, r.stripCell(d, x, month, sum, controls))
		}
		if expects {
			s.Rows = append(s.Rows, row)
		}
	}
	if len(s.Rows) == 0 {
		return "", "No control has a frequency that predicts evidence by month."
	}
	if owing == 0 {
		return s.Table(), "Nothing is missing"
	}
	return s.Table(), fmt.Sprintf("%s missing", count(total, "occurrence"))
}

func (r *request) stripCell(d *matrixData, x *overview.ObjectiveLine, month soc1.Date, sum overview.Month, controls int) chart.StripCell {
	name := monthText(string(month)[:7])
	switch {
	case sum.Expected == 0 && sum.Coming > 0:
		return chart.StripCell{Words: name + ": not due yet"}
	case sum.Expected == 0:
		return chart.StripCell{Words: name + ": nothing expected"}
	case controls == 0:
		return chart.StripCell{Level: 1, Words: fmt.Sprintf("%s: all %d there", name, sum.Expected)}
	}
	c := chart.StripCell{Text: fmt.Sprint(controls), Level: 2, Words: fmt.Sprintf("%s: %d of %d missing, %s", name, sum.Missing(), sum.Expected, count(controls, "control")),
		Href: r.toMatrix(d, "objective", orNone(x.Ref.ID), "overdue", string(month)[:7])}
	switch share := overview.BasisPoints(sum.Missing(), sum.Expected); {
	case share >= 5000:
		c.Level = 4
	case share >= 2000:
		c.Level = 3
	}
	return c
}
