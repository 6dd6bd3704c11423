package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reperform/app"
	"reperform/calendar"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// occurrenceKey names an occurrence of a control.
type occurrenceKey struct {
	control  string
	from, to soc1.Date
}

// performancesBy finds what was signed for each occurrence.
func performancesBy(d *matrixData) map[occurrenceKey]*record.Typed[soc1.Performance] {
	all := d.o.Performances()
	out := make(map[occurrenceKey]*record.Typed[soc1.Performance], len(all))
	for i := range all {
		v := &all[i].Value
		out[occurrenceKey{v.Control, v.From, v.To}] = &all[i]
	}
	return out
}

// occurrencesPage lists occurrences of one control.
type occurrencesPage struct {
	f         *ui.Frame
	Code      string
	Statement string
	Control   string
	Facts     []string
	Rows      []occurrenceRow
	// Whole leads to all of the period, Back to the calendar.
	Whole, Back string
	Narrowed    string
	Sum         string
	Asked       []asked
	Ask         string
	Uncounted   string
	Later       int
	// Done says what was done just now.
	Done string
}

// occurrenceRow is one time that the control is expected to operate.
type occurrenceRow struct {
	Anchor, Text string
	From, To     soc1.Date
	State        ui.Status
	By           string
	Evidence     []ui.Link
	Signed       *signedView
	// Perform, File and Ask lead to what can be done about it.
	Perform, File, Ask string
	Why                string
}

// signedView is a performance as pages show it.
type signedView struct {
	ID, Record     string
	Revision       int64
	Outcome        ui.Status
	Status         ui.Status
	Performer      ui.Person
	For            string
	On, Late       string
	Checklist      []soc1.ChecklistAnswer
	Exceptions     string
	Reason         string
	Note           string
	Evidence       []ui.Link
	Reviewed       string
	Remark         string
	Reconciliation *reconciledView
	MayReview      bool
	Plan           ui.Link
	// Refused is what was wrong with a review, Typed the remark.
	Refused, Typed string
	Action         string
	From, To       string
}

// reconciledView are two balances and what makes them differ.
type reconciledView struct {
	First, Second, Difference string
	FirstName, SecondName     string
	Unexplained               string
	Items                     []reconciledItem
	Ages                      []agedView
	AsOf, Today               string
	// Now says that the ages of today are shown too.
	Now bool
}

type reconciledItem struct {
	What, Amount, Since, Cleared string
	Carried                      bool
}

type agedView struct{ Label, Count, Sum, Gross, NowCount, NowSum string }

var outcomePills = map[soc1.PerformanceOutcome]ui.Status{
	soc1.PerformedClean: {Class: "ok", Icon: "circle-check"}, soc1.PerformedExcept: {Class: "warn", Icon: "triangle-alert"}, soc1.NotPerformed: {Class: "bad", Icon: "x"}}

var performedPills = map[soc1.PerformanceStatus]ui.Status{
	soc1.PerformanceSigned: {Class: "info", Icon: "clock"}, soc1.PerformanceAccepted: {Class: "ok", Icon: "badge-check"}, soc1.PerformanceReturned: {Class: "warn", Icon: "undo-2"}, soc1.PerformanceComplete: {Class: "ok", Icon: "circle-check"}}

var statePills = map[calendar.State]ui.Status{calendar.Missing: {Class: "bad", Icon: "x"}, calendar.Late: {Class: "warn", Icon: "circle-alert"}, calendar.NotYetDue: {Icon: "circle-dashed"}, calendar.Present: {Class: "ok", Icon: "circle-check"}}

func worded(s ui.Status, text string) ui.Status {
	s.Text = text
	return s
}

// occurrences shows those of one control, all or of some days.
func (r *request) occurrences() error {
	return r.occurrencesPage(http.StatusOK, r.URL.Query(), "", "")
}

func (r *request) occurrencesPage(status int, q url.Values, refused, typed string) error {
	d, err := r.matrixOf(q.Get("engagement"))
	if err != nil {
		return err
	}
	id := r.PathValue("control")
	line, ok := d.o.Control(id)
	if !ok {
		return errNowhere
	}
	k := line.Control
	from, to := soc1.Date(q.Get("from")), soc1.Date(q.Get("to"))
	for name, day := range map[string]soc1.Date{"from": from, "to": to} {
		if day != "" && !day.Valid() {
			return badRequest(name, fmt.Errorf("%q is not a date; write it as 2025-01-31", clipped(string(day), 40)))
		}
	}
	here := r.url("/calendar/of/%s", url.PathEscape(id))
	p := &occurrencesPage{Code: k.Code, Statement: line.Statement, Control: r.url("/r/control/%s", url.PathEscape(id)), Back: r.url("/calendar"), Whole: here}
	if e := d.o.Engagement.ID; e != "" {
		p.Back = r.url("/calendar?engagement=%s", url.QueryEscape(e))
		p.Whole = r.url("/calendar/of/%s?engagement=%s", url.PathEscape(id), url.QueryEscape(e))
	}
	p.Facts = r.rhythmFacts(d, line)
	signed := performancesBy(d)
	present, open := 0, 0
	allowed := r.allowed(d, line, signed)
	for _, x := range d.o.Expectations(id) {
		if from != "" && x.To < from || to != "" && x.To > to {
			continue
		}
		row := occurrenceRow{Anchor: "o-" + string(x.To), Text: spanText(x.From, x.To), From: x.From, To: x.To, State: worded(statePills[calendar.State(x.State)], calendar.State(x.State).Label())}
		if x.By != x.To {
			row.By = "by " + dateText(string(x.By))
		}
		for _, ref := range x.Evidence {
			row.Evidence = append(row.Evidence, ui.Link{Text: r.optionText("evidence", ref.ID), Href: r.recordURL("evidence", ref.ID)})
		}
		if s := signed[occurrenceKey{id, x.From, x.To}]; s != nil {
			if row.Signed, err = r.signedView(s, d); err != nil {
				return err
			}
			row.Signed.Refused, row.Signed.Typed = refused, typed
			// A performance that is over says more than that something covers it.
			if n := s.Value.DaysLate(); n > 0 && len(x.Evidence) > 0 {
				row.Signed.Late = count(n, "day") + " late"
			}
		}
		if len(x.Evidence) > 0 {
			present++
		} else if x.Due {
			open++
		}
		if !r.past.On() && len(x.Evidence) == 0 && x.From <= d.o.Question.Today {
			if x.Here {
				if row.Why = allowed.why; allowed.may && performs(row.Signed) {
					row.Perform = r.performURL(id, x.Occurrence)
				}
			} else if allowed.files {
				row.File = r.addEvidence(&k, id, x.Occurrence, d.o.Question.Today)
			}
			if allowed.asks {
				row.Ask = p.Control + "?ask=1#ask"
			}
		}
		p.Rows = append(p.Rows, row)
	}
	if !line.Evidence.Counted {
		p.Uncounted = "Its frequency predicts no occurrence. " + capitalized(count(line.Evidence.Items, "record")) + " of evidence concern the period."
	}
	p.Sum = fmt.Sprintf("%s: %d present, %d %s", count(len(p.Rows), "occurrence"), present, open, strings.ToLower(calendar.State(d.o.Late()).Label()))
	if from != "" || to != "" {
		p.Narrowed = spanText(max(from, d.o.Period.From), minDate(to, d.o.Period.To))
	}
	if list, err := r.site.app.Requests(r.Context(), r.actor, soc1.Ref{Ledger: app.OrganizationLedger, Kind: "control", ID: id}); err == nil {
		for _, l := range list.Lines {
			if l.Request.Waits() || l.Request.Status == soc1.RequestAnswered {
				a, err := r.askedOf(l)
				if err != nil {
					return err
				}
				p.Asked = append(p.Asked, a)
			}
		}
	}
	if p.f, err = r.frame(k.Code+": occurrences", []ui.Link{{Text: "Evidence calendar", Href: strings.TrimPrefix(p.Back, r.site.base)}}); err != nil {
		return err
	}
	p.f.Here = "/calendar"
	return r.write(status, ui.Page(p.f, noActions(), occurrencesBody(p)))
}

func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func minDate(a, b soc1.Date) soc1.Date {
	if a == "" || b < a {
		return b
	}
	return a
}

// performs tells whether an occurrence can be signed by what was signed before.
func performs(s *signedView) bool {
	return s == nil || s.Status.Text == soc1.PerformanceReturned.Label() || s.Outcome.Text == soc1.NotPerformed.Label()
}

// rhythmFacts say in a line each what the occurrences follow from.
func (r *request) rhythmFacts(d *matrixData, line *overview.ControlLine) []string {
	k := line.Control
	out := []string{k.Frequency.Label()}
	if k.DueBusinessDays > 0 {
		out = append(out, fmt.Sprintf("due by the %s business day after each period", ordinal(k.DueBusinessDays)))
	}
	if _, name := d.o.Business(&line.Control); name != "" {
		out = append(out, "by the business calendar "+r.optionText("business_calendar", name))
	} else {
		out = append(out, "by the organization’s business days")
	}
	if k.PerformedHere {
		who := k.Performer
		if who == "" {
			who = k.Owner
		}
		s := "performed here by " + r.headings().person(who).Name
		if k.Reviewer != "" {
			s += ", reviewed by " + r.headings().person(k.Reviewer).Name
		}
		out = append(out, s)
	} else if line.Owner.Name != "" {
		out = append(out, "owned by "+line.Owner.Name)
	}
	return out
}

// ordinal writes 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	end := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		end = "st"
	case n%10 == 2:
		end = "nd"
	case n%10 == 3:
		end = "rd"
	}
	return fmt.Sprint(n) + end
}

// offered is what a page offers about occurrences of a control that lack evidence.
type offered struct {
	may, files, asks bool
	why              string
}

// allowed asks app once for all occurrences of a control: who performs one today
// performs each that is open.
func (r *request) allowed(d *matrixData, line *overview.ControlLine, signed map[occurrenceKey]*record.Typed[soc1.Performance]) offered {
	var out offered
	if r.past.On() {
		return out
	}
	for _, x := range d.o.Expectations(line.ID()) {
		s := signed[occurrenceKey{line.ID(), x.From, x.To}]
		if !x.Here || len(x.Evidence) > 0 || x.From > d.o.Question.Today || s != nil && s.Value.Status != soc1.PerformanceReturned {
			continue
		}
		t, err := r.site.app.Task(r.Context(), r.actor, line.ID(), x.From, x.To)
		if err == nil {
			out.may, out.why = t.MayPerform, t.WhyNotPerform
		}
		break
	}
	out.files = r.mayFile()
	if list, err := r.site.app.Requests(r.Context(), r.actor, soc1.Ref{Ledger: app.OrganizationLedger, Kind: "control", ID: line.ID()}); err == nil {
		out.asks = list.MayAsk
	}
	return out
}

func (r *request) performURL(control string, x overview.Occurrence) string {
	return r.url("/calendar/of/%s/perform?from=%s&to=%s", url.PathEscape(control), x.From, x.To)
}

// signedView shows what was signed for an occurrence.
func (r *request) signedView(s *record.Typed[soc1.Performance], d *matrixData) (*signedView, error) {
	v := s.Value
	out := &signedView{ID: s.ID, Record: r.recordURL("performance", s.ID), Revision: s.Revision, Outcome: worded(outcomePills[v.Outcome], v.Outcome.Label()), Status: worded(performedPills[v.Status], v.Status.Label()),
		Performer: r.headings().person(v.Performer), On: dateText(string(v.PerformedOn)), Checklist: v.Checklist, Exceptions: v.Exceptions, Reason: v.Reason, Note: v.Note, Remark: v.Remark,
		Action: r.url("/calendar/of/%s/review", url.PathEscape(v.Control)), From: string(v.From), To: string(v.To)}
	if v.PerformerFor != "" {
		out.For = r.headings().person(v.PerformerFor).Name
	}
	for _, id := range v.Evidence {
		out.Evidence = append(out.Evidence, ui.Link{Text: r.optionText("evidence", id), Href: r.recordURL("evidence", id)})
	}
	if v.Reviewer != "" {
		out.Reviewed = v.Status.Label() + " by " + r.headings().person(v.Reviewer).Name
		if v.ReviewerFor != "" {
			out.Reviewed += " in the place of " + r.headings().person(v.ReviewerFor).Name
		}
		out.Reviewed += " on " + dateText(string(v.ReviewedOn))
	}
	if !v.Reconciliation.None() {
		today := d.o.Question.Today
		for _, y := range d.o.Performances() {
			if y.Value.Control == v.Control && y.Value.To > v.To && !y.Value.Reconciliation.None() {
				// What became of its items since, the later one says.
				today = ""
			}
		}
		out.Reconciliation = reconciledOf(v, today)
	}
	if v.Status == soc1.PerformanceSigned && !r.past.On() {
		if t, err := r.site.app.Task(r.Context(), r.actor, v.Control, v.From, v.To); err == nil {
			out.MayReview = t.MayReview
		}
	}
	if v.Outcome == soc1.PerformedExcept {
		plans, err := r.plansNow()
		if err != nil {
			return nil, err
		}
		out.Plan = plans.ofPerformance(s.ID, v, d.o.Engagement.ID)
	}
	return out, nil
}

// reconciledOf shows balances with the ages of their items, at the end of the
// occurrence and today.
func reconciledOf(v soc1.Performance, today soc1.Date) *reconciledView {
	rec := v.Reconciliation
	money := func(n int64) string { return soc1.Money{Minor: n, Currency: rec.First.Currency}.String() }
	out := &reconciledView{FirstName: rec.FirstName, SecondName: rec.SecondName, First: rec.First.String(), Second: rec.Second.String(), Difference: money(rec.Difference()), AsOf: dateText(string(v.To)), Today: dateText(string(today)), Now: today != ""}
	if n := rec.Unexplained(v.To); n != 0 {
		out.Unexplained = money(n)
	}
	for _, i := range rec.Items {
		x := reconciledItem{What: i.What, Amount: money(i.Minor), Since: dateText(string(i.Since)), Carried: i.Carried}
		if i.ClearedOn != "" {
			x.Cleared = dateText(string(i.ClearedOn))
		}
		out.Items = append(out.Items, x)
	}
	then, now := rec.Aged(v.To), rec.Aged(today)
	for i, b := range then {
		out.Ages = append(out.Ages, agedView{Label: b.Label(), Count: fmt.Sprint(b.Count), Sum: money(b.Minor), Gross: money(b.Gross), NowCount: fmt.Sprint(now[i].Count), NowSum: money(now[i].Minor)})
	}
	return out
}
