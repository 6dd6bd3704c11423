package web

import (
	"cmp"
	"encoding/json"
	"fmt"
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

// homeMine is what waits for a person, in the order in which it is due.
type homeMine struct {
	// StandingIn says for whom the person stands in, and until when.
	StandingIn []homeStandIn
	Late, Week []homeItem
	Later      []homeItem
	// Controls are the person's own, with what they leave.
	Controls []homeControl
	// All is the matrix of them.
	All homeLink
}

// Count is how many things wait.
func (m *homeMine) Count() int { return len(m.Late) + len(m.Week) + len(m.Later) }

type homeStandIn struct {
	Person ui.Person
	Until  string
	What   string
}

// homeItem is one thing to do, with the one click that begins it.
type homeItem struct {
	Icon, Text, Detail string
	Href               string
	Action, ActionHref string
	Due                string
	Late               bool
	// For is whose work it is when the person stands in.
	For string

	due soc1.Date
}

type homeControl struct {
	Code, Title, Href string
	Evidence          chart.HTML
	EvidenceText      string
	Due               string
	Late              bool
	Status            ui.Status
	Add               string
}

// soon is how many days ahead something counts as due this week.
const soon = 7

func (m *homeMine) add(x homeItem, today soc1.Date) {
	if x.due != "" {
		x.Due = dateText(string(x.due))
	}
	switch {
	case x.Late:
		m.Late = append(m.Late, x)
	case x.due != "" && x.due <= today.AddDays(soon):
		m.Week = append(m.Week, x)
	default:
		m.Later = append(m.Later, x)
	}
}

// standingIn are the deputies' records by which the person stands in today.
func (r *request) standingIn(today soc1.Date) ([]soc1.Deputy, error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Deputy](r.Context(), v, "deputy")
	if err != nil {
		return nil, err
	}
	var out []soc1.Deputy
	for _, d := range all {
		if d.Value.Deputy == r.actor && d.Value.On(today) {
			out = append(out, d.Value)
		}
	}
	return out, nil
}

// homeMine gathers what waits for the person, as app derives it from records.
func (r *request) homeMine(d *matrixData, standing []soc1.Deputy, today soc1.Date) (*homeMine, error) {
	m := &homeMine{}
	may := r.mayFile()
	for _, c := range d.o.Work(r.actor).Controls {
		if c.Line.Control.Owner == r.actor {
			x := r.homeControl(d, c)
			if !may {
				x.Add = ""
			}
			m.Controls = append(m.Controls, x)
		}
	}
	for _, s := range standing {
		words := make([]string, 0, len(s.Scope))
		for _, x := range s.Scope {
			words = append(words, lowerFirst(x.Label()))
		}
		m.StandingIn = append(m.StandingIn, homeStandIn{Person: r.headings().person(s.Person), Until: dateText(string(s.Until)), What: strings.Join(words, ", ")})
	}
	waiting, err := r.site.app.Waiting(r.Context(), r.actor)
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		x := r.waitingItem(w)
		if w.For == app.WaitsEvidence && !may {
			x.Action, x.ActionHref = "Open", x.Href
		}
		m.add(x, today)
	}
	if n := len(m.Controls); n > 0 {
		m.All = homeLink{N: n, Text: count(n, "control"), Href: r.toMatrix(d, "owner", r.actor)}
	}
	return m, nil
}

// mayFile asks app by trying, without recording, whether the person may file
// evidence, so that the page offers nothing that will be refused.
func (r *request) mayFile() bool {
	try := app.RecordChange{Kind: "evidence", ID: "new-evidence-to-try", Revision: -1, Value: soc1.Evidence{Title: "To try"}}
	b, err := r.site.app.PutRecords(r.Context(), r.actor, []app.RecordChange{try}, "", true)
	return err == nil && b.Bad() == 0
}

// evidenceDetail says how much is missing, or for when it is wanted.
func evidenceDetail(e *app.EvidenceWanted) string {
	switch {
	case e.Due == "":
		return "None is filed for the period yet"
	case e.Owed > 0:
		return fmt.Sprintf("%s of %d missing, the oldest for %s", count(e.Owed, "occurrence"), e.Expected, spanText(e.For.From, e.For.To))
	}
	return "For " + spanText(e.For.From, e.For.To)
}

// addEvidence is the form for a new piece of evidence of a control, with what is
// known of it. Days of a daily control are filed together, to the end of their
// month. Without days, the form asks for them.
func (r *request) addEvidence(c *soc1.Control, id string, days overview.Occurrence, today soc1.Date) string {
	v := url.Values{"controls": {id}}
	if from, to := days.From, days.To; from != "" {
		if c.Frequency == soc1.Daily {
			end := soc1.NewDate(from.Year(), from.Month(), 1).AddMonths(1).AddDays(-1)
			to = max(to, min(end, today.AddDays(-1)))
		}
		v.Set("period_from", string(from))
		v.Set("period_to", string(to))
		v.Set("title", c.Code+", "+spanText(from, to))
	}
	return r.url("/r/evidence/new?%s", v.Encode())
}

// addWanted is the form for evidence that waits to be filed.
func (r *request) addWanted(w app.WaitingItem) string {
	days, today := overview.Occurrence{}, soc1.Date("")
	var c soc1.Control
	if w.Due != "" {
		days = w.Evidence.For
	}
	if v, err := r.records(); err == nil {
		if x, err := record.One[soc1.Control](r.Context(), v, "control", w.Ref.ID); err == nil {
			c = x.Value
		}
	}
	if d, err := r.site.app.Today(r.Context()); err == nil {
		today = d
	}
	return r.addEvidence(&c, w.Ref.ID, days, today)
}

func (r *request) homeControl(d *matrixData, c overview.MyControl) homeControl {
	row := newMatrixRow(d.o, c.Line)
	x := homeControl{Code: row.Code, Title: row.Title, Href: r.url("/r/control/%s", url.PathEscape(row.ID)), Evidence: row.Evidence, EvidenceText: row.EvidenceText,
		Status: row.Status, Late: c.Late, Add: r.addEvidence(&c.Line.Control, c.Line.ID(), c.For, d.o.Question.Today)}
	if c.Due != "" {
		x.Due = dateText(string(c.Due))
	}
	return x
}

// spanText says days as people do: a month by its name.
func spanText(from, to soc1.Date) string {
	switch {
	case from == to:
		return dateText(string(from))
	case from.Day() == 1 && to.AddDays(1).Day() == 1 && from.Month() == to.Month() && from.Year() == to.Year():
		return monthText(string(from)[:7])
	}
	return dateText(string(from)) + " to " + dateText(string(to))
}

// waitingItem words something that waits, and says where it is done.
func (r *request) waitingItem(w app.WaitingItem) homeItem {
	in := r.in(w.Ref.Ledger)
	ref := in.behindRef(w.Ref)
	name := strings.TrimSpace(ref.Code + " " + ref.Text)
	if ref.Text == w.Ref.ID && w.Ref.Kind == "request" {
		// Who reads the requests to themselves alone finds no heading of one.
		name = strings.TrimSuffix(w.What, ".")
	}
	x := homeItem{Text: name, Href: ref.Href, due: w.Due, Late: w.Overdue, Action: "Open", ActionHref: ref.Href}
	if w.StandingIn != "" {
		x.For = r.headings().person(w.StandingIn).Name
	}
	if w.Since != "" {
		x.Detail = "since " + dateText(string(w.Since))
	}
	switch w.For {
	case app.WaitsMention:
		in.mention(&x, w)
	case app.WaitsAnswer:
		x.Icon, x.Text, x.Detail = "message-square-text", "Request: "+name, in.requestDetail(w.Ref.ID)
	case app.WaitsClosing:
		x.Icon, x.Text = "check", "Answer to accept or return: "+name
	case app.WaitsPolicy:
		x.Icon, x.Text, x.Detail = "scroll-text", "Review the policy: "+name, ""
		x.Href = in.policyHref(w.Ref.ID)
		x.ActionHref = x.Href
	case app.WaitsPolicyDecision:
		x.Icon, x.Text, x.Action = "scroll-text", w.What, "Decide"
		x.Href = in.policyDecision(w.Ref)
		x.ActionHref = x.Href
	case app.WaitsPolicyWord:
		x.Icon, x.Text, x.Action = "scroll-text", w.What, "Read"
		x.Href = in.url("/policies/campaigns/%s", url.PathEscape(w.Ref.ID))
		x.ActionHref = x.Href
	case app.WaitsSignature:
		x.Icon, x.Text = "pencil", "Read and sign: "+in.documentName(w.Ref)
		if in.maySign(w.Ref.Kind) {
			x.Href = in.url("%s", signPath(w.Ref.Kind, w.Ref.ID))
			x.Action, x.ActionHref = "Read and sign", x.Href
		}
	case app.WaitsException:
		x.Icon, x.Text = "circle-alert", "Exceptions to decide: "+ref.Text
		x.ActionHref = in.url("%s/r/exception?%s", in.at(), url.Values{"f.test": {w.Ref.ID}, "f.status": {string(soc1.Open)}}.Encode())
		x.Href = x.ActionHref
	case app.WaitsScores, app.WaitsReveal:
		x.Icon, x.Text, x.Action = "scale", w.What, "Score"
		if w.For == app.WaitsReveal {
			x.Action = "Open"
		}
		x.Href = in.url("/risks/sessions/%s", url.PathEscape(w.Ref.ID))
		x.ActionHref = x.Href
	case app.WaitsAssessment:
		x.Icon, x.Text, x.Action = "calendar-clock", w.What, "Assess"
		x.Href = in.url("/events/%s", url.PathEscape(w.Ref.ID))
		x.ActionHref = x.Href
	case app.WaitsWord:
		x.Icon, x.Text, x.Action = "calendar-clock", w.What, "Confirm"
		x.Href = in.url("/events#asked")
		x.ActionHref = x.Href
	case app.WaitsSubserviceReport, app.WaitsSubserviceGap:
		x.Icon, x.Text, x.Action = "network", w.What, "Confirm"
		if w.For == app.WaitsSubserviceGap {
			x.Action = "See"
		}
		x.Href = in.subserviceHref(w.Ref.Kind, w.Ref.ID, "")
		x.ActionHref = x.Href
	case app.WaitsCourse:
		x.Icon, x.Text, x.Action = "book-open", w.What, "Take it"
		x.Href = in.url("/training/%s", url.PathEscape(w.Ref.ID))
		x.ActionHref = x.Href
	case app.WaitsLateCourses:
		x.Icon, x.Text, x.Action = "book-open", w.What, "Look"
		x.Href = in.url("/training/%s", url.PathEscape(w.Ref.ID))
		x.ActionHref = x.Href
	case app.WaitsProposals:
		x.Icon, x.Text, x.Action = "waypoints", strings.TrimSuffix(w.What, "."), "Decide"
		x.Href = in.proposalsHref(w.Ref.ID)
		x.ActionHref = x.Href
	case app.WaitsReview:
		x.Icon, x.Text = "eye", "Test to review: "+ref.Text
	case app.WaitsPlan:
		x.Icon, x.Text = "list-checks", "Plan to carry out: "+name
	case app.WaitsRetest:
		x.Icon, x.Text = "flask-conical", "Plan to retest and close: "+name
	case app.WaitsLatePlan:
		x.Icon, x.Text, x.Detail = "triangle-alert", "Plan overdue: "+name, w.What
	case app.WaitsPerform, app.WaitsLook:
		in.performDuty(&x, w)
	case app.WaitsEvidence:
		x.Icon, x.Text, x.Detail = "file-check", "Evidence of "+name, evidenceDetail(w.Evidence)
		x.Action, x.ActionHref = "Add evidence", in.addWanted(w)
	default:
		x.Icon, x.Text = "circle-dot", w.What
	}
	return x
}

// performDuty leads to an occurrence that waits to be performed or reviewed.
func (r *request) performDuty(x *homeItem, w app.WaitingItem) {
	p := w.Perform
	ref := r.behindRef(soc1.Ref{Kind: "control", ID: p.Control})
	name := cmp.Or(ref.Code, ref.Text)
	x.Icon, x.Detail = "clipboard-check", "For "+spanText(p.For.From, p.For.To)
	x.Text, x.Action, x.ActionHref = "Perform "+name, "Perform", r.performURL(p.Control, p.For)
	switch {
	case w.For == app.WaitsLook:
		x.Text, x.Action = "Performance to review: "+name, "Review"
		x.ActionHref = r.url("/calendar/of/%s?from=%s&to=%s", url.PathEscape(p.Control), p.For.To, p.For.To)
	case p.Returned != "":
		x.Detail += "; returned: " + clipped(p.Returned, 140)
	case p.Open > 1:
		x.Detail += fmt.Sprintf(", the oldest of %d", p.Open)
	}
	x.Href = x.ActionHref
}

// mention leads to the record that somebody speaks about.
func (r *request) mention(x *homeItem, w app.WaitingItem) {
	x.Icon, x.Text = "at-sign", w.What
	c, ok, err := r.calling(w.Ref.Ledger, w.Ref.ID)
	if err != nil || !ok {
		return
	}
	on := r.behindRef(c.Comment.Subject)
	x.Text = r.headings().person(c.Comment.By).Name + " mentions you on " + cmp.Or(on.Code, on.Text)
	x.Detail = clipped(c.Comment.Text, 140)
	x.Href = on.Href + "#" + anchorOf(w.Ref.Ledger, w.Ref.ID)
	x.ActionHref = x.Href
}

func (r *request) requestDetail(id string) string {
	all, err := r.site.app.Requests(r.Context(), r.actor, soc1.Ref{Kind: "request", ID: id})
	if err != nil {
		return ""
	}
	at := slices.IndexFunc(all.Lines, func(l app.RequestLine) bool { return l.ID == id })
	if at < 0 {
		return ""
	}
	q := all.Lines[at].Request
	if q.Status == soc1.RequestReturned {
		return "Returned: " + clipped(q.Remark, 140)
	}
	return clipped(q.Text, 140)
}

// given are the fields of a new record that its address names, for a form that
// begins with what is known. Anything else in the address is left alone.
func given(k *record.Kind, v url.Values) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, f := range k.Fields {
		if f.Type == record.Object && f.List {
			// Named as a form names them: findings.0.rule.
			d := decoder{form: v, used: map[string]bool{}, problems: map[string]string{}}
			if x, err := d.members(f, f.Name); err == nil && x != nil {
				if b, err := json.Marshal(x); err == nil {
					out[f.Name] = b
				}
			}
			continue
		}
		values := v[f.Name]
		if len(values) == 0 || f.Type == record.Object || f.Type == record.Map || f.Type == record.Integer || f.Type == record.Boolean {
			continue
		}
		var x any = values[0]
		if f.List {
			x = values
		}
		if b, err := json.Marshal(x); err == nil {
			out[f.Name] = b
		}
	}
	return out
}
