package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reperform/app"
	"reperform/readiness"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// readinessPage says how far the program stands from its examination.
type readinessPage struct {
	f *ui.Frame
	a *readiness.Assessment
	// Title is the engagement's, When the days that it speaks of.
	Title, When string
	Numbers     *homeNumbers
	Objectives  []readyObjective
	Matters     []readyMatter
	Said        []saidOfReadiness
	// PDF is the report as a file; Assess leads to a new assessment by a person.
	PDF, Assess, Gaps string
}

// readyObjective is an objective in the table.
type readyObjective struct {
	readiness.Objective
	Href     string
	Standing ui.Status
	Evidence chart.HTML
}

// readyMatter is a matter that could modify the opinion.
type readyMatter struct {
	readiness.Matter
	Anchor, Href string
	Lines        []readyLine
}

type readyLine struct {
	readiness.Line
	Severity ui.Status
	Record   behindRow
	Fix      string
	// Plan leads to the plan that answers it, or to a new one.
	Plan ui.Link
}

// saidOfReadiness is what a person holds of the program.
type saidOfReadiness struct {
	Heading, Href, When, Firm string
	Who                       ui.Person
	Rating                    ui.Status
	Summary                   string
	Objectives                []saidOfObjective
}

type saidOfObjective struct {
	Code, Href string
	Rating     ui.Status
	Text       string
}

var (
	standings = map[readiness.Standing]ui.Status{
		readiness.Ready:  {Text: readiness.Ready.Label(), Class: "ok", Icon: "circle-check"},
		readiness.Open:   {Text: readiness.Open.Label(), Class: "info", Icon: "info"},
		readiness.AtRisk: {Text: readiness.AtRisk.Label(), Class: "bad", Icon: "circle-alert"},
	}
	ratings = map[soc1.ReadinessRating]ui.Status{
		soc1.RatedReady:    {Text: soc1.RatedReady.Label(), Class: "ok", Icon: "circle-check"},
		soc1.RatedRemarks:  {Text: soc1.RatedRemarks.Label(), Class: "warn", Icon: "triangle-alert"},
		soc1.RatedNotReady: {Text: soc1.RatedNotReady.Label(), Class: "bad", Icon: "circle-alert"},
		"":                 {Text: "Not rated yet", Class: "mute", Icon: "info"},
	}
)

// readiness shows the page, as of the point that the address names.
func (r *request) readiness() error {
	if r.partly() {
		return withheld("Readiness is made of more than you read. Ask an administrator for a role that reads it.")
	}
	d, err := r.matrixOf(r.URL.Query().Get("engagement"))
	if err != nil {
		return err
	}
	found, err := r.site.app.Gaps(r.Context(), r.actor, app.GapOptions{Engagement: d.o.Engagement.ID, AsOf: r.asOf, Today: d.o.Question.Today, Draft: true})
	if err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	said, err := record.All[soc1.ReadinessAssessment](r.Context(), v, "readiness_assessment")
	if err != nil {
		return err
	}
	a := readiness.Of(d.o, found, said)
	p := &readinessPage{a: a, Title: "The program", When: dateText(string(a.Period.From)) + " – " + dateText(string(a.Period.To)), Gaps: r.url("/gaps"), PDF: r.url("/readiness.pdf")}
	if e := a.Engagement; e.ID != "" {
		p.Title, p.Gaps, p.PDF = record.HeadingOf(e.Record).String(), r.url("/gaps?engagement=%s", url.QueryEscape(e.ID)), r.url("/readiness.pdf?engagement=%s", url.QueryEscape(e.ID))
	}
	counted := *d.o
	for i := range a.Score.Components {
		if c := a.Score.Components[i]; c.Key == "rules" {
			counted.Rules = &c
		}
	}
	p.Numbers = &homeNumbers{Score: a.Score.Score, Makeup: makeup(r, d, &counted)}
	for _, o := range a.Objectives {
		p.Objectives = append(p.Objectives, readyObjective{Objective: o, Href: r.toMatrix(d, "objective", o.Ref.ID), Standing: standings[o.Standing],
			Evidence: chart.Meter{N: o.Covered, Of: o.Expected, Tone: chart.Info, Width: 64}.SVG()})
	}
	plans, err := r.plansNow()
	if err != nil {
		return err
	}
	for i, m := range a.Matters {
		x := r.readyMatter(m, i)
		for n := range x.Lines {
			l := &x.Lines[n]
			if l.Rule == "" {
				l.Plan = plans.ofControl(l.Subject.ID, a.Engagement.ID)
				continue
			}
			l.Plan = plans.link(soc1.AnsweredFinding{Rule: l.Rule, Kind: l.Subject.Kind, Record: l.Subject.ID, Field: l.Field}, l.Settle, a.Engagement.ID)
		}
		p.Matters = append(p.Matters, x)
	}
	for _, s := range a.Said {
		p.Said = append(p.Said, r.saidOf(a, s))
	}
	if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "readiness_assessment", "") == nil {
		p.Assess = r.url("/r/readiness_assessment/new?engagement=%s&owner=%s&from=%s", url.QueryEscape(a.Engagement.ID), url.QueryEscape(r.actor), a.Today)
	}
	if p.f, err = r.frame("Readiness", nil); err != nil {
		return err
	}
	return r.write(http.StatusOK, ui.Page(p.f, readinessActions(p), readinessBody(p)))
}

func (r *request) readyMatter(m readiness.Matter, i int) readyMatter {
	x := readyMatter{Matter: m, Anchor: fmt.Sprintf("matter-%d", i)}
	if m.Objective.ID != "" {
		x.Href = r.recordURL(m.Objective.Kind, m.Objective.ID)
	}
	for _, l := range m.Lines {
		y := readyLine{Line: l, Severity: gravity[l.Severity], Record: r.behindRef(l.Subject)}
		_, y.Fix = r.putRight(l.Subject, l.Field, y.Record.Href)
		x.Lines = append(x.Lines, y)
	}
	return x
}

func (r *request) saidOf(a *readiness.Assessment, s record.Typed[soc1.ReadinessAssessment]) saidOfReadiness {
	v := s.Value
	x := saidOfReadiness{Heading: v.Title, Href: r.recordURL("readiness_assessment", s.ID), Firm: v.Firm, Who: r.headings().person(v.Owner), Rating: ratings[v.Overall], Summary: v.Summary, When: "not finished"}
	if v.FinishedOn != "" {
		x.When = dateText(string(v.FinishedOn))
	}
	for _, o := range v.Objectives {
		y := saidOfObjective{Code: o.Objective, Href: r.recordURL("control_objective", o.Objective), Rating: ratings[o.Rating], Text: strings.TrimSpace(o.Remarks + " " + o.Recommendation)}
		for i := range a.Objectives {
			if a.Objectives[i].Ref.ID == o.Objective {
				y.Code = a.Objectives[i].Code
			}
		}
		x.Objectives = append(x.Objectives, y)
	}
	return x
}

// readinessPDF is the same as a file, for management alone.
func (r *request) readinessPDF() error {
	if r.partly() {
		return withheld("Readiness is made of more than you read. Ask an administrator for a role that reads it.")
	}
	opt := app.GapOptions{Engagement: r.URL.Query().Get("engagement"), AsOf: r.asOf}
	pdf, err := r.site.app.ReadinessReport(r.Context(), r.actor, opt)
	if err != nil {
		return err
	}
	name := "readiness"
	if id := app.IDFrom(opt.Engagement); id != "" {
		name += "-" + id
	}
	day, err := r.matrixDay()
	if err != nil {
		return err
	}
	return r.attachment(name+"-"+string(day)+".pdf", "application/pdf", pdf)
}

// graveOf is how many matters are grave.
func graveOf(a *readiness.Assessment) int {
	n := 0
	for i := range a.Matters {
		n += boolInt(a.Matters[i].Grave)
	}
	return n
}
