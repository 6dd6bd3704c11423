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
	"reperform/gap"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// gapsPage lists what the rules find, the heaviest first.
type gapsPage struct {
	f *ui.Frame
	// At is the page's own address without its query.
	At string
	// Scope says of what and as of when.
	Scope string
	// Severities and Groups narrow the list.
	Severities, Groups []choice
	Rows               []gapRow
	// Nothing says that no finding is left because nothing is there to be found.
	Nothing bool
	// Accept is where an acceptance is sent; empty where nothing can be accepted.
	Accept string
	// Until is the day offered for an acceptance, Last the latest possible.
	Today, Until, Last soc1.Date
	Engagement         string
	// Open are the numbers of open findings by severity, Trend how they moved; Waits
	// says that this is still being worked out.
	Open  []string
	Trend chart.HTML
	Waits bool
	// Deep is the page with the rules on the draft and on the files, Exports the
	// same list as files.
	Deep    string
	Exports []ui.Link
	// Refused is an acceptance that could not be recorded, with what was typed.
	Refused *refusedGap
}

// refusedGap is an acceptance that somebody has to correct.
type refusedGap struct {
	app.GapAccepting
	// UntilText is the day as it was sent.
	UntilText string
	// Field is reason or until; empty where it concerns the whole.
	Field, Text string
}

// about tells whether the acceptance is about a finding.
func (g *refusedGap) about(x *gapRow) bool {
	return g != nil && g.Rule == x.Rule.ID && g.Subject.Kind == x.Subject.Kind && g.Subject.ID == x.Subject.ID && g.GapAccepting.Field == x.FieldName
}

// wrong is what is wrong with a field of the form of a finding.
func (p *gapsPage) wrong(x *gapRow, field string) string {
	if !p.Refused.about(x) || p.Refused.Field != field {
		return ""
	}
	return p.Refused.Text
}

// reason and until are what the form of a finding shows.
func (p *gapsPage) reason(x *gapRow) string {
	if !p.Refused.about(x) {
		return ""
	}
	return p.Refused.Reason
}

func (p *gapsPage) until(x *gapRow) string {
	if !p.Refused.about(x) {
		return string(p.Until)
	}
	return p.Refused.UntilText
}

// orphan is what was refused and belongs to no finding in the list.
func (p *gapsPage) orphan() string {
	if p.Refused == nil {
		return ""
	}
	for i := range p.Rows {
		if p.Refused.about(&p.Rows[i]) && p.Rows[i].May {
			return ""
		}
	}
	return p.Refused.Text
}

// gapRow is one finding.
type gapRow struct {
	Anchor   string
	Rule     *gap.Rule
	Severity ui.Status
	Record   behindRow
	// Field is the field's label; Fix leads to the place to put it right.
	Field, Fix string
	Text       string
	Sources    []behindRow
	Accepted   string
	// Withdraw is the id of the acceptance, for who may take it back.
	Withdraw string
	// Subject and FieldName say what an acceptance is about.
	Subject   soc1.Ref
	FieldName string
	May       bool
	// Plan leads to the plan that answers it, or to a new one.
	Plan ui.Link
}

var gravity = map[gap.Severity]ui.Status{
	gap.Critical: {Text: "Critical", Class: "bad", Icon: "circle-alert"},
	gap.High:     {Text: "High", Class: "warn", Icon: "triangle-alert"},
	gap.Medium:   {Text: "Medium", Class: "info", Icon: "info"},
}

// gapQuery is what a list of findings is narrowed to.
type gapQuery struct {
	engagement, severity, group string
	// deep asks for the rules on the draft of the report and on the files too.
	deep bool
}

func readGapQuery(q url.Values) (gapQuery, error) {
	g := gapQuery{engagement: q.Get("engagement"), severity: q.Get("severity"), group: q.Get("group"), deep: q.Get("deep") == "1"}
	if g.severity != "" && !slices.Contains(gap.Severities, gap.Severity(g.severity)) {
		return g, badRequest("severity", fmt.Errorf("%q is no severity", clipped(g.severity, 40)))
	}
	if g.group != "" && !slices.ContainsFunc(gap.Groups, func(x struct{ Code, Title string }) bool { return x.Code == g.group }) {
		return g, badRequest("group", fmt.Errorf("%q is no group of rules", clipped(g.group, 40)))
	}
	return g, nil
}

func (g gapQuery) values() url.Values {
	v := url.Values{}
	for name, x := range map[string]string{"severity": g.severity, "group": g.group, "engagement": g.engagement} {
		if x != "" {
			v.Set(name, x)
		}
	}
	if g.deep {
		v.Set("deep", "1")
	}
	return v
}

func (g gapQuery) shows(f *gap.Finding) bool {
	return (g.severity == "" || string(f.Severity) == g.severity) && (g.group == "" || f.Rule.Group() == g.group)
}

// found asks the rules.
func (r *request) found(g gapQuery) (*gap.Result, error) {
	return r.site.app.Gaps(r.Context(), r.actor, app.GapOptions{Ledger: r.ledger, Engagement: g.engagement, AsOf: r.asOf, Draft: g.deep, Files: g.deep})
}

// gaps shows what the rules find, as of the point that the address names.
func (r *request) gaps() error { return r.gapsAgain(http.StatusOK, r.URL.Query(), nil) }

// gapsAgain shows the page as an address's query narrows it, with what has to be
// corrected.
func (r *request) gapsAgain(status int, q url.Values, refused *refusedGap) error {
	g, err := readGapQuery(q)
	if err != nil {
		return err
	}
	res, err := r.found(g)
	if err != nil {
		return err
	}
	p := &gapsPage{At: r.at() + "/gaps", Today: res.Question.Today, Until: res.Question.Today.AddMonths(3), Last: res.Question.Today.AddMonths(12), Engagement: res.Question.Engagement, Refused: refused}
	if r.ledger == app.OrganizationLedger && !r.past.On() && r.site.app.MayAcceptGaps(r.Context(), r.actor) == nil {
		p.Accept = r.site.base + "/gaps/accept"
	}
	r.gapChoices(p, res, g)
	plans, err := r.plansNow()
	if err != nil {
		return err
	}
	for i := range res.Findings {
		if f := &res.Findings[i]; g.shows(f) {
			x := r.gapRow(p, f, i)
			x.Plan = plans.link(soc1.AnsweredFinding{Rule: f.Rule.ID, Kind: f.Subject.Kind, Record: f.Subject.ID, Field: f.Field}, f.Rule.Remedy, res.Question.Engagement)
			p.Rows = append(p.Rows, x)
		}
	}
	if len(p.Rows) == 0 {
		if p.Nothing, err = r.nothingBegun(); err != nil {
			return err
		}
	}
	// What is lived with for a while stands after what is open.
	slices.SortStableFunc(p.Rows, func(a, b gapRow) int { return boolInt(a.Accepted != "") - boolInt(b.Accepted != "") })
	for _, s := range gap.Severities {
		p.Open = append(p.Open, fmt.Sprintf("%d %s", res.Count(s), s))
	}
	for _, x := range []struct{ text, ext string }{{"Workbook (XLSX)", "xlsx"}, {"Text (CSV)", "csv"}} {
		p.Exports = append(p.Exports, ui.Link{Text: x.text, Href: r.url("%s.%s?%s", p.At, x.ext, g.values().Encode())})
	}
	if !g.deep && !r.past.On() {
		deep := g
		deep.deep = true
		p.Deep = r.url("%s?%s", p.At, deep.values().Encode())
	}
	if p.Trend, p.Waits, err = r.gapTrend(res); err != nil {
		return err
	}
	p.Scope = "Rules look at the program and at management’s own tests."
	if r.ledger != app.OrganizationLedger {
		p.Scope = "Rules look at the auditor’s file and the program that it examines."
	}
	var crumbs []ui.Link
	if r.at() != "" {
		crumbs = append(crumbs, ui.Link{Text: "Auditor’s file " + r.ledger, Href: r.at() + "/r/examination"})
	}
	if p.f, err = r.frame("Gaps", crumbs); err != nil {
		return err
	}
	p.f.Here = p.At
	if refused != nil {
		// The address is that of the list, so that the page can be opened again.
		p.f.Self = p.At
		if len(q) > 0 {
			p.f.Self += "?" + q.Encode()
		}
	}
	return r.write(status, ui.Page(p.f, noActions(), gapsBody(p)))
}

// gapChoices are what the list can be narrowed to, with how many findings each
// has.
func (r *request) gapChoices(p *gapsPage, res *gap.Result, g gapQuery) {
	severity, group := g.severity, g.group
	to := func(severity, group string) string {
		x := g
		x.severity, x.group = severity, group
		return r.url("%s?%s", p.At, x.values().Encode())
	}
	count := func(severity, group string) (n int) {
		for i := range res.Findings {
			n += boolInt(res.Findings[i].Accepted == nil && gapQuery{severity: severity, group: group}.shows(&res.Findings[i]))
		}
		return n
	}
	p.Severities = append(p.Severities, choice{Text: "All", Href: to("", group), On: severity == "", Count: count("", group)})
	for _, s := range gap.Severities {
		p.Severities = append(p.Severities, choice{Text: gravity[s].Text, Href: to(string(s), group), On: severity == string(s), Count: count(string(s), group)})
	}
	p.Groups = append(p.Groups, choice{Text: "Every group", Href: to(severity, ""), On: group == "", Count: count(severity, "")})
	for _, g := range gap.Groups {
		if n := count(severity, g.Code); n > 0 || g.Code == group {
			p.Groups = append(p.Groups, choice{Text: g.Title, Href: to(severity, g.Code), On: group == g.Code, Count: n})
		}
	}
}

func (r *request) gapRow(p *gapsPage, f *gap.Finding, i int) gapRow {
	x := gapRow{Anchor: fmt.Sprintf("gap-%d", i), Rule: f.Rule, Severity: gravity[f.Severity], Text: f.Text, Record: r.behindRef(f.Subject), Subject: f.Subject, FieldName: f.Field, May: p.Accept != "" && !f.Rule.Never && f.Accepted == nil}
	for _, s := range f.Sources {
		x.Sources = append(x.Sources, r.behindRef(s))
	}
	x.Field, x.Fix = r.putRight(f.Subject, f.Field, x.Record.Href)
	if a := f.Accepted; a != nil {
		if p.Accept != "" {
			x.Withdraw = a.Ref.ID
		}
		x.Accepted = fmt.Sprintf("Accepted by %s until %s: %s", r.headings().person(a.AcceptedBy).Name, dateText(string(a.ExpiresOn)), a.Reason)
	}
	return x
}

// putRight is what a field of a record is called and where it is put right: in its
// form for who may change it, else on the record's own page.
func (r *request) putRight(ref soc1.Ref, field, page string) (label, href string) {
	k, err := record.Kinds.Kind(ref.Kind)
	if err != nil {
		return "", page
	}
	top, _, _ := strings.Cut(field, ".")
	top, _, _ = strings.Cut(top, "[")
	f, ok := k.Field(top)
	if (ref.Kind == "subservice_report" || ref.Kind == "subservice_organization" && top == "latest_report") && !r.partly() {
		return f.Label, r.subserviceHref(ref.Kind, ref.ID, field)
	}
	if !ok {
		return "", page
	}
	in := r.in(cmp.Or(ref.Ledger, app.OrganizationLedger))
	if k.Decision || r.past.On() || r.site.app.MayPut(r.Context(), r.actor, in.ledger, k.Name, ref.ID) != nil {
		return f.Label, page
	}
	return f.Label, in.url("%s/r/%s/%s/edit?focus=%s", in.at(), url.PathEscape(k.Name), url.PathEscape(ref.ID), url.QueryEscape(top))
}

// acceptGap records that somebody can live with a finding until a day.
func (r *request) acceptGap() error {
	if _, err := r.formValues(); err != nil {
		return err
	}
	back := r.local(r.PostForm.Get("back"))
	refused := &refusedGap{UntilText: strings.TrimSpace(r.PostForm.Get("until")), GapAccepting: app.GapAccepting{Rule: r.PostForm.Get("rule"), Subject: soc1.Ref{Kind: r.PostForm.Get("kind"), ID: r.PostForm.Get("id")}, Field: r.PostForm.Get("field"),
		Engagement: r.PostForm.Get("engagement"), Reason: strings.TrimSpace(r.PostForm.Get("reason"))}}
	var err error
	if refused.Until, err = soc1.ParseDate(refused.UntilText); err != nil {
		err = &app.FieldError{Field: "until", Text: fmt.Sprintf("%q is no day. Give the last day on which it shall hold.", clipped(refused.UntilText, 40))}
	} else {
		_, err = r.site.app.AcceptGap(r.Context(), r.actor, refused.GapAccepting)
	}
	var wrong *app.FieldError
	if !errors.As(err, &wrong) {
		if err != nil {
			return err
		}
		return r.redirect(back)
	}
	// Who may not accept learns nothing else.
	if err := r.site.app.MayAcceptGaps(r.Context(), r.actor); err != nil {
		return err
	}
	refused.Text = wrong.Text
	if wrong.Field == "reason" || wrong.Field == "until" {
		refused.Field = wrong.Field
	}
	var q url.Values
	if u, err := url.Parse(back); err == nil {
		q = u.Query()
	}
	return r.gapsAgain(http.StatusUnprocessableEntity, q, refused)
}

// withdrawGap takes an acceptance back.
func (r *request) withdrawGap() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	err = r.site.app.WithdrawGap(r.Context(), r.actor, v.Get("id"), strings.TrimSpace(v.Get("reason")))
	if err != nil {
		return err
	}
	return r.redirect(r.local(v.Get("back")))
}

// lasting counts what is shown: what is open, and what is accepted beside it.
func (p *gapsPage) lasting() string {
	accepted := 0
	for i := range p.Rows {
		accepted += boolInt(p.Rows[i].Accepted != "")
	}
	out := count(len(p.Rows)-accepted, "open finding")
	if accepted > 0 {
		out += fmt.Sprintf(", %d accepted", accepted)
	}
	return out
}

// ruled is an overview with what the rules find, for whoever may ask them; for
// others it is as it was.
func (r *request) ruled(d *matrixData) (*overview.Overview, *gap.Result, error) {
	res, err := r.site.app.Gaps(r.Context(), r.actor, app.GapOptions{Ledger: r.ledger, Engagement: d.o.Engagement.ID, AsOf: r.asOf, Today: d.o.Question.Today})
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		return d.o, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	o, c := *d.o, res.Component()
	o.Rules = &c
	return &o, res, nil
}

// foundOnHome puts what the rules find before everything else that needs somebody.
func (r *request) foundOnHome(n *homeNumbers, res *gap.Result) {
	if res == nil {
		return
	}
	critical, high := res.Count(gap.Critical), res.Count(gap.High)
	if critical+high == 0 {
		return
	}
	x := behindRow{ID: "gaps", Text: "What the rules find", Icon: gravity[gap.High], Href: r.url("%s/gaps?severity=high", r.at())}
	x.Icon.Text = ""
	x.Note = fmt.Sprintf("%d critical and %d high findings are open.", critical, high)
	if critical > 0 {
		x.Icon, x.Kind, x.Href = gravity[gap.Critical], "Critical", r.url("%s/gaps?severity=critical", r.at())
	}
	n.Attention = append(n.Attention, x)
}

// chosen names the choice that was made.
func chosen(list []choice) string {
	for _, c := range list {
		if c.On {
			return c.Text
		}
	}
	return ""
}

// nothingBegun says that neither a control nor an objective is recorded.
func (r *request) nothingBegun() (bool, error) {
	v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, r.asOf)
	if err != nil {
		return false, err
	}
	for _, kind := range []string{"control", "control_objective"} {
		list, err := v.List(r.Context(), kind)
		if err != nil || len(list) > 0 {
			return false, err
		}
	}
	return true, nil
}
