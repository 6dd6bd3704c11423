package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// risksPage is where the risks of a report stand: two heat maps, and every risk by
// the objective that it threatens.
type risksPage struct {
	f                  *ui.Frame
	A                  *app.RiskAssessment
	Inherent, Residual chart.HTML
	// Alarms are the risks on which somebody has to act.
	Alarms []riskRow
	Groups []riskGroup
	// Cell says which field of a heat map is chosen, empty where none is; All leads
	// back to all risks.
	Cell, All string
	Sessions  []riskSessionRow
	// Open is where a session is opened; empty where the person may open none.
	Open    string
	People  []choice
	Problem string
	Typed   url.Values
	Since   string
}

// riskGroup are the risks of an objective.
type riskGroup struct {
	ID, Code, Title, Href string
	Rows                  []riskRow
}

// riskRow is a risk as it is shown.
type riskRow struct {
	app.RiskStanding
	Href string
	// By are the controls that answer it.
	By []ui.Link
	// Moved says how the rating moved since the day of comparison, in words; Path is
	// the way of its score through time.
	Moved  ui.Status
	Path   string
	Status ui.Status
}

type riskSessionRow struct {
	ID, Title, Href, When, Due string
	Phase                      ui.Status
	Scored                     string
}

// ratingText is a rating in short: the score with both halves.
func ratingText(r overview.Rating) string {
	if !r.Rated() {
		return "Not rated"
	}
	return fmt.Sprintf("%d × %d", r.Likelihood, r.Impact)
}

var phaseStatus = map[soc1.RiskPhase]ui.Status{
	soc1.RiskBlind:     {Text: "Scoring blind", Class: "info", Icon: "lock"},
	soc1.RiskTogether:  {Text: "Agreeing together", Class: "warn", Icon: "users"},
	soc1.RiskClosed:    {Text: "Closed", Class: "ok", Icon: "check"},
	soc1.RiskWithdrawn: {Text: "Withdrawn", Icon: "x"},
}

func (r *request) risks() error { return r.risksWith(http.StatusOK, "", url.Values{}) }

func (r *request) risksWith(status int, problem string, typed url.Values) error {
	q := r.URL.Query()
	opt := app.RiskOptions{Engagement: q.Get("engagement"), AsOf: r.asOf}
	if s := q.Get("since"); s != "" {
		d, err := soc1.ParseDate(s)
		if err != nil {
			return badRequest("since", err)
		}
		opt.Since = d
	}
	x, err := r.site.app.Risks(r.Context(), r.actor, opt)
	if err != nil {
		return err
	}
	p := &risksPage{A: x, Problem: problem, Typed: typed, Since: string(x.Since), All: r.url("/risks")}
	h, g := x.Overview.Inherent(), x.Overview.Residual()
	p.Inherent, p.Residual = r.heatOf(&h, "inherent", "Inherent risks by likelihood and impact"), r.heatOf(&g, "residual", "Residual risks by likelihood and impact")
	p.rows(r, q.Get("cell"))
	for _, s := range x.Sessions {
		p.Sessions = append(p.Sessions, r.riskSessionRow(s))
	}
	if !r.past.On() && r.site.app.MayLeadRisks(r.Context(), r.actor) == nil {
		p.Open = r.site.base + "/risks/sessions"
		if p.People, err = r.scorers(typed["participant"]); err != nil {
			return err
		}
	}
	if p.f, err = r.frame("Risk assessment", nil); err != nil {
		return err
	}
	p.f.Here = "/risks"
	return r.write(status, ui.Page(p.f, noActions(), risksBody(p)))
}

// heatOf draws a heat map whose fields lead to their risks.
func (r *request) heatOf(h *overview.HeatMap, which, caption string) chart.HTML {
	heat := chart.Heat{Caption: caption, One: "risk", Many: "risks", Across: "Impact", Up: "Likelihood", Columns: impacts[:]}
	for l := 5; l >= 1; l-- {
		heat.Rows = append(heat.Rows, likelihoods[l-1])
		var row []chart.HeatCell
		for i := 1; i <= 5; i++ {
			c := chart.HeatCell{Count: h.Cells[l-1][i-1].Count, Level: int(overview.Rating{Likelihood: l, Impact: i}.Level())}
			if c.Count > 0 {
				c.Href = r.url("/risks?cell=%s.%d.%d#list", which, l, i)
			}
			row = append(row, c)
		}
		heat.Cells = append(heat.Cells, row)
	}
	return heat.Table()
}

// rows lays the risks out by objective, those alone that stand in a field of a heat
// map where one is chosen.
func (p *risksPage) rows(r *request, cell string) {
	keep := func(*app.RiskStanding) bool { return true }
	var which string
	var l, i int
	if n, _ := fmt.Sscanf(strings.ReplaceAll(cell, ".", " "), "%s %d %d", &which, &l, &i); n == 3 && l >= 1 && l <= 5 && i >= 1 && i <= 5 && (which == "inherent" || which == "residual") {
		want := overview.Rating{Likelihood: l, Impact: i}
		keep = func(s *app.RiskStanding) bool {
			return which == "inherent" && s.Inherent == want || which == "residual" && s.Residual == want
		}
		p.Cell = fmt.Sprintf("%s: %s, %s", map[string]string{"inherent": "Before controls", "residual": "With controls"}[which], strings.ToLower(likelihoods[l-1]), strings.ToLower(impacts[i-1]))
	}
	o := p.A.Overview
	placed := map[string]bool{}
	row := func(s app.RiskStanding) riskRow {
		x := riskRow{RiskStanding: s, Href: r.recordURL("risk", s.Ref.ID)}
		for _, at := range s.Controls {
			c := &o.Controls[at]
			x.By = append(x.By, ui.Link{Text: c.Control.Code, Href: r.recordURL("control", c.Ref.ID)})
		}
		for n, pt := range s.Points {
			if n > 0 {
				x.Path += " → "
			}
			score := "–"
			if pt.Rating().Rated() {
				score = fmt.Sprint(pt.Rating().Score())
			}
			x.Path += score
		}
		switch m := s.Moved(); {
		case m > 0:
			x.Moved = ui.Status{Text: fmt.Sprintf("up %d", m), Class: "bad", Icon: "arrow-up"}
		case m < 0:
			x.Moved = ui.Status{Text: fmt.Sprintf("down %d", -m), Class: "ok", Icon: "arrow-down"}
		}
		switch {
		case s.Unmitigated():
			x.Status = ui.Status{Text: "No mitigation", Class: "bad", Icon: "triangle-alert"}
		case s.Alarming():
			x.Status = ui.Status{Text: "Much remains, no response", Class: "warn", Icon: "circle-alert"}
		}
		return x
	}
	add := func(g riskGroup, mine func(*app.RiskStanding) bool) {
		for _, s := range p.A.Standings {
			if mine(&s) && keep(&s) && !placed[s.Ref.ID] {
				placed[s.Ref.ID] = true
				g.Rows = append(g.Rows, row(s))
			}
		}
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	for n := range o.Objectives {
		x := &o.Objectives[n]
		if x.EntityLevel() {
			continue
		}
		add(riskGroup{ID: "o-" + x.Ref.ID, Code: x.Objective.Code, Title: x.Objective.Title, Href: r.recordURL("control_objective", x.Ref.ID)},
			func(s *app.RiskStanding) bool { return slices.Contains(s.Risk.Objectives, x.Ref.ID) })
	}
	add(riskGroup{ID: "o-none", Title: "Of no objective in scope"}, func(*app.RiskStanding) bool { return true })
	for _, s := range p.A.Standings {
		if s.Alarming() {
			p.Alarms = append(p.Alarms, row(s))
		}
	}
	slices.SortStableFunc(p.Alarms, func(x, y riskRow) int {
		return cmp.Or(cmp.Compare(boolInt(y.Unmitigated()), boolInt(x.Unmitigated())), cmp.Compare(y.Rating().Score(), x.Rating().Score()))
	})
}

func (r *request) riskSessionRow(s record.Typed[soc1.RiskSession]) riskSessionRow {
	x := riskSessionRow{ID: s.ID, Title: s.Value.Title, Href: r.url("/risks/sessions/%s", url.PathEscape(s.ID)), When: dateText(string(s.Value.OpenedOn)), Phase: phaseStatus[s.Value.Phase]}
	if s.Value.Phase == soc1.RiskBlind && s.Value.Due != "" {
		x.Due = "due " + dateText(string(s.Value.Due))
	}
	if s.Value.ClosedOn != "" {
		x.Due = dateText(string(s.Value.ClosedOn))
	}
	x.Scored = count(len(s.Value.Participants), "participant") + ", " + count(len(s.Value.Risks), "risk")
	return x
}

// scorers are those who can be invited to score.
func (r *request) scorers(chosen []string) ([]choice, error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	people, err := record.All[soc1.Person](r.Context(), v, "person")
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	var out []choice
	for _, x := range people {
		if x.Value.Side == soc1.SideServiceOrganization && len(x.Value.Roles) > 0 && (x.Value.ActiveTo == "" || x.Value.ActiveTo >= today) {
			text := x.Value.Name
			if x.Value.Title != "" {
				text += ", " + x.Value.Title
			}
			out = append(out, choice{Text: text, Href: x.ID, On: slices.Contains(chosen, x.ID)})
		}
	}
	slices.SortFunc(out, func(x, y choice) int { return cmp.Compare(x.Text, y.Text) })
	return out, nil
}

// refusedHere tells whether an error is shown on the page of the form, and what it
// says; any other is the page of errors.
func refusedHere(err error) (string, bool) {
	var denied *identity.DeniedError
	if err == nil || errors.As(err, &denied) || app.IsInternal(err) {
		return "", false
	}
	var field *app.FieldError
	if errors.As(err, &field) {
		return field.Text, true
	}
	return refusal(err), true
}

func (r *request) openRiskSession() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	o := app.RiskOpening{Title: v.Get("title"), Engagement: v.Get("engagement"), Participants: v["participant"], Due: soc1.Date(v.Get("due"))}
	if o.Due != "" && !o.Due.Valid() {
		return r.risksWith(http.StatusUnprocessableEntity, "The day is not a date.", v)
	}
	id, err := r.site.app.OpenRiskSession(r.Context(), r.actor, o)
	if text, here := refusedHere(err); here {
		return r.risksWith(http.StatusUnprocessableEntity, text, v)
	}
	if err != nil {
		return err
	}
	return r.redirect(r.site.base + "/risks/sessions/" + url.PathEscape(id))
}
