package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// behindPage lists the records behind one number of the home page: worked out
// anew from the same records, so that the list is as long as the number says.
type behindPage struct {
	f     *ui.Frame
	Title string
	// What says what is counted.
	What string
	Rows []behindRow
	At   string
	// When heads the column of dates, Noun is what a row is.
	When, Noun string
	// Why heads the column of reasons.
	Why string
	// Left are rows that the page has no room for.
	Left int
}

// mostOwed bounds the occurrences that one page lists; the matrix has the controls
// of all.
const mostOwed = 5000

// overdueRows are the occurrences without evidence, the oldest first.
func (r *request) overdueRows(d *matrixData) (rows []behindRow, left int) {
	type owed struct {
		line *overview.ControlLine
		x    overview.Expectation
	}
	var all []owed
	for i := range d.o.Controls {
		line := &d.o.Controls[i]
		if line.Evidence.Overdue() == 0 {
			continue
		}
		for _, x := range d.o.Expectations(line.ID()) {
			if x.Due && len(x.Evidence) == 0 {
				all = append(all, owed{line, x})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b owed) int { return cmp.Compare(a.x.To, b.x.To) })
	left = max(0, len(all)-mostOwed)
	for _, o := range all[:len(all)-left] {
		rows = append(rows, behindRow{ID: o.line.ID() + "-" + string(o.x.To), Kind: o.line.Control.Frequency.Label(), Code: o.line.Control.Code, Text: spanText(o.x.From, o.x.To),
			Href: r.url("/r/control/%s", url.PathEscape(o.line.ID())), Note: o.line.Title, Who: ui.Person{ID: o.line.Owner.Ref.ID, Name: o.line.Owner.Name}, Since: dateText(string(o.x.To.AddDays(1)))})
	}
	return rows, left
}

// has tells whether any row has something to say in a column.
func (p *behindPage) has(of func(behindRow) string) bool {
	return slices.ContainsFunc(p.Rows, func(x behindRow) bool { return of(x) != "" })
}

func noteOf(x behindRow) string  { return x.Note }
func whoOf(x behindRow) string   { return x.Who.ID }
func sinceOf(x behindRow) string { return x.Since }

// behindRow is one record.
type behindRow struct {
	ID, Kind, Code, Text, Href string
	Note                       string
	Who                        ui.Person
	Icon                       ui.Status
	Since                      string
}

// behind shows the records of a number. The names are those that links of the
// home page use; there are no others.
func (r *request) behind() error {
	if r.ledger == app.OrganizationLedger && r.partly() {
		return withheld("The numbers of the home page are made of more than you read. Ask an administrator for a role that reads it.")
	}
	engagement := r.URL.Query().Get("engagement")
	d, err := r.matrixOf(engagement)
	if err != nil {
		return err
	}
	name := r.PathValue("number")
	p := &behindPage{At: r.at() + "/behind/" + name, When: "When", Noun: "record", Why: "Why"}
	switch {
	case name == "attention":
		p.Title, p.What = "Needs attention", "Everything that needs somebody, worst first; within a rank, what has waited longest."
		p.When, p.Noun = "Since", "thing"
		for i, a := range d.o.Attention() {
			x := r.attentionRow(a)
			x.ID, x.Since = fmt.Sprint(i), strings.TrimPrefix(x.Since, "since ")
			p.Rows = append(p.Rows, x)
		}
	case name == "overdue":
		p.Title, p.What = "Evidence overdue", "Times at which a control was expected to operate, whose period has ended, and for which no evidence is filed. The oldest come first."
		p.When, p.Noun, p.Why = "Since", "occurrence", "Control"
		p.Rows, p.Left = r.overdueRows(d)
	case name == "requests" || name == "requests.late":
		if p.Title, p.What = "Requests waiting for an answer", "Requests of the compliance manager that are open or were returned."; name != "requests" {
			p.Title, p.What = "Requests past their day", "Requests that are open or were returned, and whose day has passed."
		}
		waiting, late, err := r.requestsWaiting(d.o.Question.Today)
		if err != nil {
			return err
		}
		if name != "requests" {
			waiting = late
		}
		for _, q := range waiting {
			x := r.behindRef(q.Ref())
			x.Who, x.Note = r.headings().person(q.Value.To), q.Value.Status.Label()
			p.When, x.Since = "Due", dateText(string(q.Value.Due))
			p.Rows = append(p.Rows, x)
		}
	default:
		o := d.o
		if strings.HasPrefix(name, "readiness.rules.") {
			if o, _, err = r.ruled(d); err != nil {
				return err
			}
		}
		title, what, refs, ok := numberOf(o, name)
		if !ok {
			return errNowhere
		}
		p.Title, p.What = title, what
		for _, ref := range refs {
			p.Rows = append(p.Rows, r.behindRef(ref))
		}
	}
	crumbs := []ui.Link{{Text: "Home", Href: "/"}}
	if r.at() != "" {
		crumbs = append(crumbs, ui.Link{Text: "Auditor’s file " + r.ledger, Href: r.at() + "/r/examination"})
	}
	if p.f, err = r.frame(p.Title, crumbs); err != nil {
		return err
	}
	p.f.Here = "/"
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), behindBody(p)))
}

// numberOf finds the records that a number counts.
func numberOf(o *overview.Overview, name string) (title, what string, refs []soc1.Ref, ok bool) {
	parts := strings.Split(name, ".")
	switch {
	case name == "exceptions":
		return "Open exceptions", "Exceptions of tests of the controls in scope that nobody confirmed or dismissed.", o.Figures().OpenExceptions.Refs, true
	case name == "exceptions.high":
		return "High open exceptions", "Open exceptions of key controls that answer a risk rated high or severe, or none that is rated.", o.Figures().High.Refs, true
	case name == "tests.left" || name == "tests.looked":
		looked := name == "tests.looked"
		for _, t := range o.Tests() {
			if t.Looked == looked {
				refs = append(refs, t.Ref)
			}
		}
		if looked {
			return "Tests with results", "Tests that were performed, run, or have results.", refs, true
		}
		return "Tests without a result", "Tests of which nothing was found out yet: not performed, not run, and without results.", refs, true
	case name == "conclusions.controls":
		refs, _ = o.Unconcluded()
		return "Controls without a conclusion", "Controls of objectives on which the conclusion that the report asks for is not entered.", refs, true
	case name == "conclusions.objectives":
		_, refs = o.Unconcluded()
		return "Objectives without a conclusion", "Control objectives on which the conclusion that the report asks for is not entered.", refs, true
	case name == "risks.unrated":
		h := o.Residual()
		return "Risks without a residual rating", "Risks of which nobody said what remains with the controls in operation.", h.Unrated, true
	case len(parts) == 3 && parts[0] == "risks":
		l, err1 := strconv.Atoi(parts[1])
		n, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil || l < 1 || l > 5 || n < 1 || n > 5 {
			return "", "", nil, false
		}
		h := o.Residual()
		return fmt.Sprintf("Residual risks: %s, %s", strings.ToLower(likelihoods[l-1]), strings.ToLower(impacts[n-1])),
			fmt.Sprintf("Risks whose residual likelihood is %d and whose residual impact is %d.", l, n), h.Cells[l-1][n-1].Refs, true
	case len(parts) == 3 && parts[0] == "readiness" && (parts[2] == "met" || parts[2] == "missing"):
		for _, c := range o.Readiness().Components {
			if c.Key != parts[1] {
				continue
			}
			if parts[2] == "met" {
				return c.Label, c.Rule, c.Met, true
			}
			return c.Label + ": what is missing", c.Rule + " These records do not, or not wholly.", c.Missing, true
		}
	}
	return "", "", nil, false
}

// behindRef is a record as a row.
func (r *request) behindRef(ref soc1.Ref) behindRow {
	at := ""
	if ref.Ledger != "" && ref.Ledger != app.OrganizationLedger {
		at = "/x/" + url.PathEscape(ref.Ledger)
	}
	x := behindRow{ID: ref.Kind + "-" + ref.ID, Kind: ref.Kind, Text: ref.ID, Href: r.url("%s/r/%s/%s", at, url.PathEscape(ref.Kind), url.PathEscape(ref.ID))}
	if k, err := record.Kinds.Kind(ref.Kind); err == nil {
		x.Kind = k.Title
	}
	if h, ok := r.headings().heading(ref.Kind, ref.ID); ok {
		x.Code, x.Text = h.Code, cmp.Or(h.Text, ref.ID)
	}
	if ref.Kind == "test_of_control" || ref.Kind == "exception" {
		x.Text = cmp.Or(r.tested(ref), x.Text)
	}
	return x
}

// tested names the control that a test, or the test of an exception, is of: by
// itself a test has a code and no name.
func (r *request) tested(ref soc1.Ref) string {
	v, err := r.records()
	if err != nil {
		return ""
	}
	attribute := ""
	if ref.Kind == "exception" {
		x, err := record.One[soc1.Exception](r.Context(), v, "exception", ref.ID)
		if err != nil {
			return ""
		}
		ref.ID, attribute = x.Value.Test, ", attribute "+x.Value.Attribute
	}
	t, err := record.One[soc1.TestOfControl](r.Context(), v, "test_of_control", ref.ID)
	if err != nil {
		return ""
	}
	h, ok := r.headings().heading("control", t.Value.Control)
	if !ok {
		return t.Value.Code + attribute
	}
	return h.Code + attribute + ": " + clipped(h.Text, 90)
}

// requestsWaiting are requests that the person asked has to answer, and those of
// them whose day has passed, the earliest day first.
func (r *request) requestsWaiting(today soc1.Date) (waiting, late []record.Typed[soc1.Request], err error) {
	v, err := r.records()
	if err != nil {
		return nil, nil, err
	}
	all, err := record.All[soc1.Request](r.Context(), v, "request")
	if err != nil {
		return nil, nil, err
	}
	for _, q := range all {
		if !q.Value.Waits() {
			continue
		}
		waiting = append(waiting, q)
		if q.Value.Due != "" && q.Value.Due < today {
			late = append(late, q)
		}
	}
	for _, l := range [][]record.Typed[soc1.Request]{waiting, late} {
		slices.SortStableFunc(l, func(a, b record.Typed[soc1.Request]) int {
			return cmp.Or(cmp.Compare(cmp.Or(a.Value.Due, "9999-12-31"), cmp.Or(b.Value.Due, "9999-12-31")), cmp.Compare(a.ID, b.ID))
		})
	}
	return waiting, late, nil
}

// attentionRow is something that needs somebody, as a row.
func (r *request) attentionRow(a overview.Attention) behindRow {
	x := behindRow{Kind: urgencyText(a.Urgency), Text: a.Title, Note: a.Detail}
	if len(a.Refs) > 0 {
		x.Href = r.behindRef(a.Refs[0]).Href
	}
	if a.Who != "" {
		x.Who = r.headings().person(a.Who)
	}
	if a.Since != "" {
		x.Since = "since " + dateText(string(a.Since))
	}
	return x
}

// urgencyText is a rank as people read it.
func urgencyText(u overview.Urgency) string {
	return [...]string{"High exception", "Exception", "Not effective", "No response", "Not signed", "Evidence overdue", "Review overdue", "Risk unanswered", "No active owner", "Not described"}[u]
}

var (
	likelihoods = [...]string{"Rare", "Unlikely", "Possible", "Likely", "Almost certain"}
	impacts     = [...]string{"Negligible", "Minor", "Moderate", "Major", "Severe"}
)
