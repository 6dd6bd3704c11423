package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"reperform/app"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// homePage is the first page, for whoever looks. Parts that a role does not
// have are nil.
type homePage struct {
	f *ui.Frame
	// Lead says in a sentence what the page is about.
	Lead string
	// Choices are the engagements that can be looked at instead.
	Choices []choice
	// Mine is what waits for the person.
	Mine *homeMine
	// Program are the numbers of the service organization.
	Program *homeNumbers
	// Exams are the examinations of a person of the firm.
	Exams []homeExam
	// Sign are documents that wait for a signature.
	Sign     *homeSign
	Requests *homeRequests
	Changes  []happening
	// Open are the registers that a guest may read.
	Open []homeRegister
	// Steps are shown instead while nothing is recorded yet.
	Steps []homeStep
	Today string
}

// homeNumbers are the numbers of one side about one engagement.
type homeNumbers struct {
	ID, Title, Period string
	Cards             []homeCard
	Ring              chart.Ring
	Heat              chart.HTML
	HeatCount         string
	Unrated           homeLink
	Attention         []behindRow
	All               homeLink
	Timeline          chart.HTML
	Streams           string
	Objectives        []homeObjective
	Evidence          chart.HTML
	EvidenceNote      string
	Score             int
	Makeup            []homeComponent
	Forecast          string
	Matrix            string
	// Waits says that the trend is still being worked out.
	Waits bool
}

// homeLink is a number that leads to as many rows.
type homeLink struct {
	N          int
	Text, Href string
}

// homeCard is a number at the top.
type homeCard struct {
	Label string
	Main  homeLink
	Of    string
	Sub   homeLink
	// Delta is how it changed, Good or Bad for the program or neither.
	Delta     string
	Good, Bad bool
	Spark     chart.HTML
}

type homeObjective struct {
	Code, Title, Href string
	Controls          int
	Mix               chart.HTML
	Words             string
	Percent           int
}

type homeComponent struct {
	Label, Rule string
	Done, Of    int
	Points      int
	Weight      int
	Meter       chart.HTML
	Missing     homeLink
}

// homeExam is one examination as the people of the firm see it.
type homeExam struct {
	*homeNumbers
	Ledger string
}

type homeRequests struct {
	Waiting, Late homeLink
	Lines         []behindRow
}

type homeRegister struct {
	Text, Href, Icon string
	Count            int
}

type homeStep struct {
	Title, Text, Href, Link string
	Done                    bool
}

// registerHome adds the addresses of the home page.
func (s *Site) registerHome() {
	s.add("GET /{$}", (*request).home)
	for _, at := range []string{"", "/x/{ledger}"} {
		s.add("GET "+at+"/behind/{number}", (*request).behind)
	}
}

// home shows the first page. Its body is kept for the person as long as no
// ledger grows that they may read, and the day is the same.
func (r *request) home() error {
	if to := r.landing(r.actor); to != "/" {
		// Who reads nothing of the organization has no home page.
		return r.redirect(r.site.base + to)
	}
	k, err := r.homeKey()
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		// Who only manages the people of an examination has their page.
		if files := r.site.app.PeopleLedgers(r.Context(), r.actor); len(files) > 0 {
			return r.redirect(r.url("/x/%s/people", url.PathEscape(files[0])))
		}
	}
	if err != nil {
		return err
	}
	body, actions, ok := r.site.homes.get(k)
	if !ok || r.past.On() {
		p, err := r.homePage()
		if err != nil {
			return err
		}
		if body, err = rendered(r, homeBody(p)); err != nil {
			return err
		}
		if actions, err = rendered(r, homeActions(p)); err != nil {
			return err
		}
		if !r.past.On() && (p.Program == nil || !p.Program.Waits) {
			r.site.homes.put(k, body, actions)
		}
	}
	f, err := r.frame("Home", nil)
	if err != nil {
		return err
	}
	return r.write(http.StatusOK, ui.Page(f, templ.Raw(actions), templ.Raw(body)))
}

func rendered(r *request, c templ.Component) (string, error) {
	var b strings.Builder
	if err := c.Render(r.Context(), &b); err != nil {
		return "", fmt.Errorf("rendering the page: %w", err)
	}
	return b.String(), nil
}

// homePage gathers the page for the roles of the person.
func (r *request) homePage() (*homePage, error) {
	p := &homePage{f: &ui.Frame{Asset: r.asset, Base: r.site.base}}
	sides, roles, err := r.site.app.Standing(r.Context(), r.actor)
	if err != nil {
		return nil, err
	}
	today, err := r.matrixDay()
	if err != nil {
		return nil, err
	}
	p.Today = dateText(string(today))
	switch {
	case slices.Contains(sides, soc1.SideAuditFirm):
		err = r.firmHome(p, today)
	case slices.Contains(sides, soc1.SideGuest):
		err = r.guestHome(p)
	case r.partly():
		err = r.partlyHome(p, today)
	default:
		err = r.organizationHome(p, roles, today)
	}
	return p, err
}

// organizationHome is the page of somebody of the service organization.
func (r *request) organizationHome(p *homePage, roles []soc1.Role, today soc1.Date) error {
	d, err := r.matrixOf(r.URL.Query().Get("engagement"))
	if err != nil {
		return err
	}
	standing, err := r.standingIn(today)
	if err != nil {
		return err
	}
	has := func(list ...soc1.Role) bool {
		return slices.ContainsFunc(list, func(x soc1.Role) bool {
			return slices.Contains(roles, x) || slices.ContainsFunc(standing, func(d soc1.Deputy) bool {
				return slices.ContainsFunc(d.Scope, func(s soc1.DeputyScope) bool { return s.Role() == x })
			})
		})
	}
	manages := has(soc1.Administrator, soc1.ComplianceManager)
	if len(d.o.Controls) == 0 {
		p.Lead = "Nothing is in scope yet. Three steps make the first numbers."
		return r.firstSteps(p, d, has(soc1.ComplianceManager))
	}
	r.homeChoices(p, d)
	if !r.past.On() {
		if p.Mine, err = r.homeMine(d, standing, today); err != nil {
			return err
		}
	}
	switch {
	case manages:
		p.Lead = "Where the program stands, and what it needs."
	case has(soc1.Executive):
		p.Lead = "How ready the organization is, and what waits for your signature."
	case has(soc1.ControlOwner):
		p.Lead = "What waits for you, and the controls that are yours."
		return nil
	default:
		p.Lead = "Where the program stands."
	}
	if p.Program, err = r.homeNumbers(d, "p"); err != nil {
		return err
	}
	if manages || has(soc1.Executive) {
		if p.Sign, err = r.homeSign(d); err != nil {
			return err
		}
	}
	if manages && !r.past.On() {
		if err := r.homeRequests(p, today); err != nil {
			return err
		}
	}
	if !manages {
		// What somebody only reads has no list of work to do on it.
		if !has(soc1.Executive) {
			p.Program.Forecast, p.Program.Makeup, p.Mine = "", nil, nil
		}
	}
	if !r.past.On() {
		return r.homeChanges(p, app.OrganizationLedger)
	}
	return nil
}

// firmHome is the page of somebody of the audit firm: the examinations that
// they work on.
func (r *request) firmHome(p *homePage, today soc1.Date) error {
	p.Lead = "The examinations that you work on, from the auditor’s files."
	files := slices.DeleteFunc(r.site.app.Ledgers(r.Context(), r.actor), func(l string) bool { return l == app.OrganizationLedger })
	for _, l := range files {
		x := r.in(l)
		d, err := x.matrixOf("")
		if err != nil {
			return err
		}
		n, err := x.homeNumbers(d, "x"+fmt.Sprint(len(p.Exams)))
		if err != nil {
			return err
		}
		x.examinationCards(n, d)
		n.Makeup, n.Forecast = nil, ""
		p.Exams = append(p.Exams, homeExam{n, l})
	}
	if len(p.Exams) == 0 {
		p.Lead = "You are not on the team of an examination here. What management lets you read is in the registers."
	}
	if r.past.On() {
		return nil
	}
	waiting, err := r.site.app.Waiting(r.Context(), r.actor)
	if err != nil {
		return err
	}
	p.Mine = &homeMine{}
	for _, w := range waiting {
		p.Mine.add(r.waitingItem(w), today)
	}
	return r.homeChanges(p, files...)
}

// in is the same request about another ledger.
func (r *request) in(ledger string) *request {
	x := *r
	x.ledger, x.view, x.names = ledger, nil, nil
	return &x
}

// guestHome lists what a guest may read, and nothing that is made of it.
func (r *request) guestHome(p *homePage) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	p.Lead = "What the organization lets you read."
	icons := map[string]string{}
	for _, g := range navigated {
		for _, x := range g.places {
			icons[x.kind] = x.icon
		}
	}
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			return err
		}
		if !v.Shows(name) || k.Home == record.Examination {
			continue
		}
		list, err := v.Rows(r.Context(), name)
		if err != nil {
			return err
		}
		if n := list.Live(); n > 0 {
			icon := icons[name]
			if icon == "" {
				icon = "layers"
			}
			p.Open = append(p.Open, homeRegister{Text: k.Plural, Href: r.url("/r/%s", name), Icon: icon, Count: n})
		}
	}
	return nil
}

// firstSteps teaches how a program begins.
func (r *request) firstSteps(p *homePage, d *matrixData, may bool) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	step := func(kind, title, text string) error {
		list, err := v.Rows(r.Context(), kind)
		if err != nil {
			return err
		}
		k, err := record.Kinds.Kind(kind)
		if err != nil {
			return err
		}
		s := homeStep{Title: title, Text: text, Done: list.Live() > 0, Link: k.Plural, Href: r.url("/r/%s", kind)}
		if may && !s.Done {
			s.Link, s.Href = "New "+lowerFirst(k.Title), r.url("/r/%s/new", kind)
		}
		p.Steps = append(p.Steps, s)
		return nil
	}
	for _, s := range [][3]string{
		{"engagement", "Say which report is to be made", "An engagement has a type, a period or a date, the standards, and the firm that examines. Every number on this page is about one."},
		{"control_objective", "Say what controls are to achieve", "An objective is an outcome that user entities rely on. Start with one for each class of transactions that your service processes."},
		{"control", "Write down the controls", "Who does what, how often, what happens to exceptions, and which evidence remains. Each names its objective and its owner; from then on this page counts."},
	} {
		if err := step(s[0], s[1], s[2]); err != nil {
			return err
		}
	}
	return nil
}

// homeChoices are the engagements to choose from, where there are several.
func (r *request) homeChoices(p *homePage, d *matrixData) {
	if len(d.engagements) < 2 {
		return
	}
	for _, e := range d.engagements {
		p.Choices = append(p.Choices, choice{Text: record.HeadingOf(e.Record).String(), On: e.ID == d.o.Engagement.ID, Href: r.url("/?engagement=%s", url.QueryEscape(e.ID))})
	}
}

// behindURL is the list of the records behind a number.
func (r *request) behindURL(d *matrixData, number string) string {
	if r.at() != "" || d.o.Engagement.ID == "" {
		return r.url("%s/behind/%s", r.at(), number)
	}
	return r.url("/behind/%s?engagement=%s", number, url.QueryEscape(d.o.Engagement.ID))
}

// toMatrix is the matrix of the same numbers, filtered.
func (r *request) toMatrix(d *matrixData, filters ...string) string {
	v := url.Values{}
	if r.at() == "" && d.o.Engagement.ID != "" {
		v.Set("engagement", d.o.Engagement.ID)
	}
	for i := 0; i+1 < len(filters); i += 2 {
		v.Set(filters[i], filters[i+1])
	}
	if len(v) == 0 {
		return r.url("%s/matrix", r.at())
	}
	return r.url("%s/matrix?%s", r.at(), v.Encode())
}

// homeNumbers works out the numbers; id begins the ids of its drawings.
func (r *request) homeNumbers(d *matrixData, id string) (*homeNumbers, error) {
	o, found, err := r.ruled(d)
	if err != nil {
		return nil, err
	}
	n := &homeNumbers{ID: id, Title: "All controls", Period: dateText(string(o.Period.From)) + " – " + dateText(string(o.Period.To)), Matrix: r.toMatrix(d)}
	if e := o.Engagement; e.ID != "" {
		n.Title = record.HeadingOf(e.Record).String()
	}
	f := o.Figures()
	points, ready, err := r.trend(d)
	if err != nil {
		return nil, err
	}
	n.Waits = !ready
	points = append(points, o.Point())
	n.Score = f.Readiness.Score
	r.cards(n, d, f, points)
	if o.Question.Today <= o.Period.To.AddDays(paceDays) {
		n.Forecast = forecastText(overview.Project(points, readyAt, paceDays))
	}
	n.Makeup = makeup(r, d, o)
	percents := o.Mix.Percents()
	n.Ring = chart.Ring{ID: id + "-ring", Title: "Controls by status", Focus: int(overview.Effective), Caption: "effective"}
	tones := [...]chart.Tone{chart.OK, chart.Info, chart.Bad, chart.Mute}
	for i, s := range overview.Statuses {
		seg := chart.Segment{Label: s.Label(), Count: o.Mix.Counts[i], Percent: percents[i], Tone: tones[i]}
		if seg.Count > 0 {
			seg.Href = r.toMatrix(d, "status", s.Slug())
		}
		n.Ring.Segments = append(n.Ring.Segments, seg)
	}
	r.riskHeat(n, d)
	r.foundOnHome(n, found)
	attention := o.Attention()
	for _, a := range attention[:min(len(attention), mostAttention-len(n.Attention))] {
		x := r.attentionRow(a)
		x.Icon = attentionIcon(x.Kind)
		x.Kind = ""
		if a.Urgency == overview.HighException {
			x.Kind = "High"
		}
		n.Attention = append(n.Attention, x)
	}
	n.All = homeLink{N: len(attention), Text: "View all " + thousands(len(attention)), Href: r.behindURL(d, "attention")}
	n.Timeline, n.Streams = r.homeTimeline(d, id)
	for i := range o.Objectives {
		n.Objectives = append(n.Objectives, r.homeObjective(d, i))
	}
	n.Evidence, n.EvidenceNote = r.evidenceStrip(d)
	return n, nil
}

// mostAttention bounds the list on the page; the whole is one click away.
const mostAttention = 5

// homeRequests lists what people were asked for and have not answered.
func (r *request) homeRequests(p *homePage, today soc1.Date) error {
	waiting, late, err := r.requestsWaiting(today)
	if err != nil {
		return err
	}
	p.Requests = &homeRequests{Waiting: homeLink{N: len(waiting), Text: thousands(len(waiting)) + " waiting", Href: r.url("/behind/requests")}}
	if len(late) > 0 {
		p.Requests.Late = homeLink{N: len(late), Text: thousands(len(late)) + " past their day", Href: r.url("/behind/requests.late")}
	}
	for _, q := range waiting[:min(len(waiting), 5)] {
		x := r.behindRef(q.Ref())
		x.Kind = ""
		x.Who, x.Note = r.headings().person(q.Value.To), q.Value.Status.Label()
		if q.Value.Due != "" {
			x.Since = "due " + dateText(string(q.Value.Due))
			if q.Value.Due < today {
				x.Note = "Late"
			}
		}
		p.Requests.Lines = append(p.Requests.Lines, x)
	}
	return nil
}

// homeChanges are the last changes in some ledgers.
func (r *request) homeChanges(p *homePage, ledgers ...string) error {
	if len(ledgers) == 0 {
		return nil
	}
	a, err := r.site.app.Activity(r.Context(), r.actor, app.ActivityQuery{Ledgers: ledgers, Limit: 7})
	if err != nil {
		return err
	}
	for _, l := range a.Lines {
		in := r.in(l.Ledger)
		h := in.happening(l)
		if most := 2; len(h.Changes) > most {
			h.Others += len(h.Changes) - most
			h.Changes = h.Changes[:most]
		}
		// Here there is room for what records are called, not for their ids.
		for i := range h.Changes {
			x := in.behindRef(soc1.Ref{Ledger: l.Ledger, Kind: l.Changes[i].Kind, ID: l.Changes[i].ID})
			h.Changes[i].Text = cmp.Or(x.Code, x.Text)
			if x.Text == l.Changes[i].ID {
				h.Changes[i].Text = lowerFirst(x.Kind) + " " + x.Text
			}
		}
		p.Changes = append(p.Changes, h)
	}
	return nil
}

// examinationCards are the numbers at the top for the people of the firm.
func (r *request) examinationCards(n *homeNumbers, d *matrixData) {
	o := d.o
	left, all := 0, o.Tests()
	for _, t := range all {
		left += boolInt(!t.Looked)
	}
	controls, objectives := o.Unconcluded()
	f, of, ofObjectives := o.Figures(), 0, 0
	for i := range o.Controls {
		of += boolInt(!o.Controls[i].Control.EntityLevel())
	}
	for i := range o.Objectives {
		ofObjectives += boolInt(!o.Objectives[i].EntityLevel())
	}
	n.Cards = []homeCard{
		{Label: "Tests with results", Main: homeLink{N: len(all) - left, Text: thousands(len(all) - left), Href: r.behindURL(d, "tests.looked")}, Of: "of " + thousands(len(all)),
			Sub: homeLink{N: left, Text: leftText(left), Href: r.behindURL(d, "tests.left")}},
		{Label: "Exceptions waiting", Main: homeLink{N: f.OpenExceptions.N, Text: thousands(f.OpenExceptions.N), Href: r.behindURL(d, "exceptions")}, Of: "of " + thousands(f.OpenExceptions.Of) + " found",
			Sub: homeLink{N: f.High.N, Text: fmt.Sprintf("%d high", f.High.N), Href: r.behindURL(d, "exceptions.high")}},
		{Label: "Controls without conclusion", Main: homeLink{N: len(controls), Text: thousands(len(controls)), Href: r.behindURL(d, "conclusions.controls")}, Of: "of " + thousands(of)},
		{Label: "Objectives without conclusion", Main: homeLink{N: len(objectives), Text: thousands(len(objectives)), Href: r.behindURL(d, "conclusions.objectives")}, Of: "of " + thousands(ofObjectives)},
	}
}

func leftText(n int) string {
	if n == 0 {
		return "none left"
	}
	return fmt.Sprintf("%d left", n)
}

// monthText is a month as people read it.
func monthText(s string) string {
	d, err := soc1.ParseDate(s + "-01")
	if err != nil {
		return s
	}
	_, name, _ := strings.Cut(dateText(string(d)), " ")
	return name
}

func monthShort(d soc1.Date) string {
	name := monthText(string(d)[:7])
	return name[:min(3, len(name))]
}
