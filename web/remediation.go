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
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// boardPage is the plans as a board or over time.
type boardPage struct {
	f *ui.Frame
	// Views are board and timeline; Timeline says that the second is shown.
	Views              []choice
	Timeline           bool
	Owners, Objectives []choice
	Columns            []boardColumn
	Unplanned          []unplannedRow
	Drawing            chart.HTML
	// Befores are pairs of plans, the second of which comes before the first.
	Befores [][2]ui.Link
	// Sums are the numbers above the board.
	Sums  []string
	Count int
	// New and Register are links; Close is where a closing is sent. They are empty
	// where the person may not.
	New, Register, Close string
	// Refused is a closing that needs an explanation.
	Refused *refusedClosing
}

type boardColumn struct {
	Stage  remediation.Stage
	Anchor string
	Cards  []boardCard
}

// boardCard is one plan.
type boardCard struct {
	*remediation.Plan
	Anchor, Href string
	Gravity      ui.Status
	Owner        ui.Person
	// Due says by when, or when it was closed; Late how late it is.
	Due, Late string
	After     []ui.Link
	Matters   []boardMatter
	Effort    string
}

type boardMatter struct {
	remediation.Matter
	Name   string
	Record behindRow
	State  ui.Status
}

type unplannedRow struct {
	Rule   *gap.Rule
	Record behindRow
	Text   string
	Plan   ui.Link
}

// refusedClosing is a closing that somebody has to explain.
type refusedClosing struct{ Plan, Explanation, Text string }

var matterStates = map[remediation.Standing]ui.Status{
	remediation.Stands: {Text: "Stands", Class: "warn", Icon: "circle-dot"}, remediation.Unknown: {Text: "Not asked yet", Class: "", Icon: "circle-help"},
	remediation.Silent: {Text: "Silent", Class: "ok", Icon: "circle-check"}, remediation.Retested: {Text: "Retested", Class: "ok", Icon: "circle-check"},
	remediation.Dismissed: {Text: "Dismissed", Class: "ok", Icon: "circle-check"}, remediation.Performed: {Text: "Performed since", Class: "ok", Icon: "circle-check"},
}

// remediation shows the plans.
func (r *request) remediation() error { return r.board(http.StatusOK, r.URL.Query(), nil) }

func (r *request) board(status int, q url.Values, refused *refusedClosing) error {
	if r.partly() {
		return withheld("How far plans are follows from more than you read. Ask an administrator for a role that reads it.")
	}
	b, err := r.site.app.Remediation(r.Context(), r.actor, app.RemediationOptions{AsOf: r.asOf})
	if err != nil {
		return err
	}
	view, owner, objective := q.Get("view"), q.Get("owner"), q.Get("objective")
	if view != "" && view != "timeline" {
		return badRequest("view", fmt.Errorf("%q is no view of plans", clipped(view, 40)))
	}
	p := &boardPage{Timeline: view == "timeline", Refused: refused, Register: r.url("/r/remediation")}
	to := func(view, owner, objective string) string {
		v := url.Values{}
		for name, x := range map[string]string{"view": view, "owner": owner, "objective": objective} {
			if x != "" {
				v.Set(name, x)
			}
		}
		return r.url("/remediation?%s", v.Encode())
	}
	p.Views = []choice{{Text: "Board", Href: to("", owner, objective), On: !p.Timeline}, {Text: "Timeline", Href: to("timeline", owner, objective), On: p.Timeline}}
	shows := func(x *remediation.Plan, owner, objective string) bool {
		return (owner == "" || x.Value.Owner == owner) && (objective == "" || x.All || slices.Contains(x.Objectives, objective))
	}
	number := func(owner, objective string) (n int) {
		for i := range b.Plans {
			n += boolInt(shows(&b.Plans[i], owner, objective))
		}
		return n
	}
	p.Owners = []choice{{Text: "Everybody", Href: to(view, "", objective), On: owner == "", Count: number("", objective)}}
	p.Objectives = []choice{{Text: "Every objective", Href: to(view, owner, ""), On: objective == "", Count: number(owner, "")}}
	owners, objectives := []string{}, []string{}
	for i := range b.Plans {
		owners = append(owners, b.Plans[i].Value.Owner)
		objectives = append(objectives, b.Plans[i].Objectives...)
	}
	// What the address names stays a choice, so that a narrowed page says so.
	for _, id := range distinct(append(owners, owner)) {
		p.Owners = append(p.Owners, choice{Text: r.headings().person(id).Name, Href: to(view, id, objective), On: owner == id, Count: number(id, objective)})
	}
	for _, id := range distinct(append(objectives, objective)) {
		p.Objectives = append(p.Objectives, choice{Text: r.optionText("control_objective", id), Href: to(view, owner, id), On: objective == id, Count: number(owner, id)})
	}
	sortChoices(p.Owners[1:])
	sortChoices(p.Objectives[1:])
	var shown []*remediation.Plan
	for i := range b.Plans {
		if x := &b.Plans[i]; shows(x, owner, objective) {
			shown = append(shown, x)
		}
	}
	p.Count, p.Sums = len(shown), sumWords(remediation.SumOf(shown))
	if !r.past.On() && r.site.app.MayCloseRemediation(r.Context(), r.actor) == nil {
		p.Close = r.url("/remediation/close")
	}
	plans, err := r.plansNow()
	if err != nil {
		return err
	}
	if plans.may {
		p.New = r.url("/r/remediation/new")
	}
	for _, f := range b.Unplanned {
		x := unplannedRow{Rule: f.Rule, Record: r.behindRef(f.Subject), Text: f.Text}
		x.Plan = plans.link(soc1.AnsweredFinding{Rule: f.Rule.ID, Kind: f.Subject.Kind, Record: f.Subject.ID, Field: f.Field}, f.Rule.Remedy, "")
		p.Unplanned = append(p.Unplanned, x)
	}
	if p.Timeline {
		p.Drawing = r.planTimeline(b.Today, shown)
		for _, x := range shown {
			for _, id := range x.Value.DependsOn {
				p.Befores = append(p.Befores, [2]ui.Link{{Text: x.Value.Title, Href: r.recordURL("remediation", x.ID)}, {Text: r.optionText("remediation", id), Href: r.recordURL("remediation", id)}})
			}
		}
	} else {
		for _, s := range remediation.Stages {
			c := boardColumn{Stage: s, Anchor: "stage-" + strings.ReplaceAll(strings.ToLower(s.Label()), " ", "-")}
			for _, x := range shown {
				if x.Stage == s {
					c.Cards = append(c.Cards, r.boardCard(x))
				}
			}
			p.Columns = append(p.Columns, c)
		}
	}
	if p.f, err = r.frame("Remediation", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/remediation")
	if refused != nil {
		p.f.Self = p.f.Here
		if len(q) > 0 {
			p.f.Self += "?" + q.Encode()
		}
	}
	return r.write(status, ui.Page(p.f, noActions(), boardBody(p)))
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
}

func sortChoices(list []choice) {
	slices.SortFunc(list, func(a, b choice) int { return cmp.Compare(natural(a.Text), natural(b.Text)) })
}

// sumWords are the numbers above the board.
func sumWords(s remediation.Sum) []string {
	out := []string{fmt.Sprintf("%d open", s.Open), fmt.Sprintf("%d overdue", s.Late), fmt.Sprintf("%d closed", s.Closed)}
	if s.Reopened > 0 {
		out = append(out, fmt.Sprintf("%d open again", s.Reopened))
	}
	if s.HoursEstimated+s.HoursActual > 0 {
		out = append(out, fmt.Sprintf("%s of %d estimated", count(int(s.HoursActual), "hour"), s.HoursEstimated))
	}
	if x := costWords(s.CostActual, s.CostEstimated); x != "" {
		out = append(out, x)
	}
	if s.TimedPlans > 0 {
		out = append(out, fmt.Sprintf("closed after %s on average", count(s.ClosedDays/s.TimedPlans, "day")))
	}
	return out
}

func costWords(actual, estimated []soc1.Money) string {
	words := func(list []soc1.Money) string {
		var out []string
		for _, m := range list {
			out = append(out, m.String())
		}
		return strings.Join(out, " and ")
	}
	switch {
	case len(actual)+len(estimated) == 0:
		return ""
	case len(actual) == 0:
		return words(estimated) + " estimated"
	case len(estimated) == 0:
		return words(actual) + " paid"
	}
	return words(actual) + " paid of " + words(estimated) + " estimated"
}

func (r *request) boardCard(x *remediation.Plan) boardCard {
	v := x.Value
	c := boardCard{Plan: x, Anchor: "plan-" + x.ID, Href: r.recordURL("remediation", x.ID), Gravity: gravity[x.Severity], Owner: r.headings().person(v.Owner), Due: "Due " + dateText(string(v.Due))}
	switch {
	case x.Stage == remediation.Closed:
		c.Due = "Closed " + dateText(string(x.ClosedOn))
	case x.LateDays > 0:
		c.Late = count(x.LateDays, "day") + " overdue"
	}
	for _, id := range v.DependsOn {
		c.After = append(c.After, ui.Link{Text: r.optionText("remediation", id), Href: r.recordURL("remediation", id)})
	}
	for _, m := range x.Matters {
		y := boardMatter{Matter: m, Record: r.behindRef(m.Subject), State: matterStates[m.Standing], Name: "Test"}
		if m.Rule != nil {
			y.Name = m.Rule.ID
		}
		c.Matters = append(c.Matters, y)
	}
	var effort []string
	if v.HoursEstimated+v.HoursActual > 0 {
		effort = append(effort, fmt.Sprintf("%d of %s", v.HoursActual, count(int(v.HoursEstimated), "hour")))
	}
	money := func(m soc1.Money) []soc1.Money {
		if m.Currency == "" {
			return nil
		}
		return []soc1.Money{m}
	}
	if s := costWords(money(v.CostActual), money(v.CostEstimated)); s != "" {
		effort = append(effort, s)
	}
	if n := len(v.Evidence); n > 0 {
		effort = append(effort, fmt.Sprintf("%d evidence", n))
	}
	c.Effort = strings.Join(effort, " · ")
	return c
}

// planTimeline draws the plans from their begin to their due day, or to the day on
// which they were closed; what is late reaches today.
func (r *request) planTimeline(today soc1.Date, plans []*remediation.Plan) chart.HTML {
	if len(plans) == 0 {
		return ""
	}
	first, last := today, today
	span := func(x *remediation.Plan) (from, to soc1.Date) {
		from, to = x.Value.Begin, x.Value.Due
		if x.Stage == remediation.Closed {
			to = x.ClosedOn
		} else if x.LateDays > 0 {
			to = today
		}
		if from == "" {
			from = min(to, x.Value.Due)
		}
		return min(from, to), to
	}
	for _, x := range plans {
		from, to := span(x)
		first, last = min(first, from), max(last, to)
	}
	first, last = soc1.NewDate(first.Year(), first.Month(), 1), last.AddDays(7)
	t := chart.Timeline{ID: "plans", Title: "Remediation plans over time", Column: "Plan", Labels: 250, Width: 980, Days: first.DaysUntil(last) + 1, Today: first.DaysUntil(today), TodayLabel: dateText(string(today))}
	every := 1 + t.Days/400
	for m, i := first, 0; m != "" && m <= last; m, i = m.AddMonths(1), i+1 {
		if i%every == 0 {
			t.Ticks = append(t.Ticks, chart.Tick{Day: first.DaysUntil(m), Label: monthShort(m)})
		}
	}
	for _, x := range plans {
		from, to := span(x)
		w := chart.Work{Label: x.Value.Title, From: first.DaysUntil(from), To: first.DaysUntil(to), Done: x.StepsDone, Of: len(x.Value.Steps), Tone: chart.Info, Note: x.Stage.Label(), Href: r.recordURL("remediation", x.ID),
			Dates: dateText(string(from)) + " to " + dateText(string(to))}
		switch {
		case x.Stage == remediation.Closed:
			w.Tone, w.Done, w.Of = chart.OK, 0, 0
		case x.LateDays > 0:
			w.Tone, w.Note = chart.Bad, count(x.LateDays, "day")+" overdue"
		}
		if len(x.Value.DependsOn) > 0 {
			var names []string
			for _, id := range x.Value.DependsOn {
				names = append(names, r.optionText("remediation", id))
			}
			w.Note += ", after " + strings.Join(names, ", ")
		}
		t.Work = append(t.Work, w)
	}
	return t.Figure()
}

// closePlan records that a plan is closed.
func (r *request) closePlan() error {
	if _, err := r.formValues(); err != nil {
		return err
	}
	back := r.local(r.PostForm.Get("back"))
	refused := &refusedClosing{Plan: r.PostForm.Get("plan"), Explanation: strings.TrimSpace(r.PostForm.Get("explanation"))}
	_, err := r.site.app.CloseRemediation(r.Context(), r.actor, refused.Plan, refused.Explanation)
	var wrong *app.FieldError
	switch {
	case errors.Is(err, record.ErrNotFound):
		return errNowhere
	case errors.As(err, &wrong):
		refused.Text = wrong.Text
	case err != nil:
		return err
	default:
		return r.redirect(back)
	}
	var q url.Values
	if u, err := url.Parse(back); err == nil {
		q = u.Query()
	}
	return r.board(http.StatusUnprocessableEntity, q, refused)
}
