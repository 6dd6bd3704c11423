package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/planning"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// planPage is the plan of an examination.
type planPage struct {
	f      *ui.Frame
	At     string
	Title  string
	Sum    string
	Steps  []planStep
	Groups []planGroup
	Team   []planMember
	// Take says that proposals can be taken over, Open counts those that can.
	Take bool
	Open int
	// Approve says that the person can approve now, WhyNot why they cannot; Digest is what
	// they would approve.
	Approve bool
	// Approved says that an approval holds already.
	Approved    bool
	NeedsRemark bool
	WhyNot      string
	Digest      string
	Approvals   []planApproval
	Prior       string
	// Problem is why a form was refused, Of which one; Remark and Chosen what was typed.
	Problem, Of string
	Remark      string
	Chosen      []string
}

type planStep struct {
	planning.Step
	State ui.Status
	Href  string
	Do    string
}

type planGroup struct {
	Code, Title string
	Rows        []planRow
}

// planRow is a proposal, or a planned test that none answers to, or why there is neither.
type planRow struct {
	Key, ID              string
	Control, ControlHref string
	Statement            string
	Method, Size, Window string
	Risk                 string
	High                 bool
	Test, TestHref       string
	State                ui.Status
	Differs              []planning.Difference
	Reasons              []planning.Reason
	Procedures           []soc1.Procedure
	Attributes           []soc1.Attribute
	Problem, Note        string
	// Changed is what is otherwise of the control than last year.
	Changed []planning.Difference
	Prior   bool
	// Takes says that the row can be taken over.
	Takes, On bool
}

type planMember struct {
	Who      ui.Person
	Roles    string
	Word     ui.Status
	On, Note string
}

type planApproval struct {
	Who    ui.Person
	On     string
	Holds  bool
	Since  []ui.Link
	Remark string
}

// registerPlanning adds the pages of the plan, which lies in the auditor's file alone.
func (s *Site) registerPlanning() {
	at := "/x/{ledger}/planning"
	s.add("GET "+at, (*request).planning)
	s.add("POST "+at+"/take", (*request).takePlan)
	s.add("POST "+at+"/approve", (*request).approvePlan)
	s.add("GET "+at+"/acceptance", (*request).planAcceptance)
	s.add("POST "+at+"/acceptance", (*request).planAccept)
	s.add("GET "+at+"/independence", (*request).independence)
	s.add("POST "+at+"/independence", (*request).confirmIndependence)
	s.add("GET "+at+"/method", (*request).method)
	s.add("POST "+at+"/method", (*request).importMethod)
	s.add("GET "+at+"/method/file", (*request).exportMethod)
}

func (r *request) planningURL(more string) string { return r.url("%s/planning%s", r.at(), more) }

// planningParts are what the pages of planning load beside what every page does.
var planningParts = []string{"planning.css"}

// planning shows the plan.
func (r *request) planning() error { return r.planAgain(http.StatusOK, &planPage{}) }

func (r *request) thePlan() (*app.Planning, error) {
	if r.partly() {
		return nil, withheld("The plan follows from more than you read. Ask whoever manages the people of this file.")
	}
	return r.site.app.ExaminationPlan(r.Context(), r.actor, r.ledger, r.asOf)
}

func (r *request) planAgain(status int, p *planPage) error {
	w, err := r.thePlan()
	if err != nil {
		return err
	}
	p.At, p.Title, p.Digest = r.at()+"/planning", w.Engagement.Value.Title, w.Digest
	p.Take = w.MayPlan && !r.past.On()
	p.WhyNot, p.NeedsRemark = w.WhyNot, w.NeedsRemark
	p.Approve = (w.WhyNot == "" || w.NeedsRemark) && !r.past.On()
	p.Approved = w.Approved() != nil
	p.steps(r, w)
	for i := range w.Groups {
		g := &w.Groups[i]
		x := planGroup{Code: g.Objective.Value.Code, Title: g.Objective.Value.Title}
		if x.Title == "" {
			x.Title = "Controls at the level of the entity"
		}
		for j := range g.Lines {
			x.Rows = append(x.Rows, r.planRows(p, &g.Lines[j])...)
		}
		p.Groups = append(p.Groups, x)
	}
	for _, m := range w.Team {
		p.Team = append(p.Team, r.planMember(m))
	}
	for _, a := range w.Approvals {
		x := planApproval{Who: r.headings().person(a.Value.By), On: dateText(string(a.Value.At.Date())), Holds: a.Holds, Remark: a.Value.Remark}
		for _, ref := range a.Since {
			x.Since = append(x.Since, ui.Link{Text: ref.ID, Href: r.recordURL(ref.Kind, ref.ID)})
		}
		p.Approvals = append(p.Approvals, x)
	}
	if w.Prior != nil {
		p.Prior = w.Prior.Engagement.Value.Title
	}
	p.Sum = w.Step("plan").Text
	if p.f, err = r.frame("Planning", nil); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = p.At, planningParts
	if status != http.StatusOK {
		p.f.Self = p.At
	}
	return r.write(status, ui.Page(p.f, noActions(), planBody(p)))
}

var planStates = map[planning.StepState]ui.Status{
	planning.Missing: {Text: "Not done", Icon: "circle-dashed"}, planning.Underway: {Text: "Under way", Class: "info", Icon: "circle-dot"},
	planning.Attention: {Text: "Look at it", Class: "warn", Icon: "circle-alert"}, planning.Done: {Text: "Done", Class: "ok", Icon: "circle-check"},
}

// steps are the steps with where each is done.
func (p *planPage) steps(r *request, w *app.Planning) {
	engagement := url.QueryEscape(w.Engagement.ID)
	for _, s := range w.Steps {
		x := planStep{Step: s, State: planStates[s.State]}
		edit := func(kind string, id string) {
			switch {
			case !w.MayPlan || r.past.On():
				if id != "" {
					x.Href, x.Do = r.recordURL(kind, id), "Read"
				}
			case id != "":
				x.Href, x.Do = r.url("%s/r/%s/%s/edit", r.at(), kind, url.PathEscape(id)), "Change"
			default:
				x.Href, x.Do = r.url("%s/r/%s/new?engagement=%s", r.at(), kind, engagement), "Write"
			}
		}
		switch s.Key {
		case "acceptance":
			x.Href, x.Do = r.planningURL("/acceptance"), "Read"
			if w.MayAccept && !r.past.On() && w.Acceptance == nil {
				x.Do = "Decide"
			}
			if !w.MayAccept && w.Acceptance == nil {
				x.Href = ""
			}
		case "team":
			if w.MayConfirm && !r.past.On() {
				x.Href, x.Do = r.planningURL("/independence"), "Give your word"
				if slices.ContainsFunc(w.Team, func(m planning.Member) bool { return m.Person.ID == r.actor && m.Word != nil }) {
					x.Do = "Your word"
				}
			}
		case "materiality":
			id := ""
			if w.Materiality != nil {
				id = w.Materiality.ID
			}
			edit("materiality", id)
		case "timetable":
			id := ""
			if w.Timetable != nil {
				id = w.Timetable.ID
			}
			edit("timetable", id)
		case "method":
			x.Href, x.Do = r.planningURL("/method"), "Open"
		case "plan":
			x.Href, x.Do = "#plan-tests", "Go to the tests"
		case "approval":
			x.Href, x.Do = "#plan-approval", "Go to the approval"
		}
		p.Steps = append(p.Steps, x)
	}
}

func (r *request) planMember(m planning.Member) planMember {
	out := planMember{Who: r.headings().person(m.Person.ID), Word: ui.Status{Text: "Not given", Icon: "circle-dashed"}}
	var roles []string
	for _, x := range m.Person.Value.Roles {
		roles = append(roles, lowerFirst(x.Label()))
	}
	out.Roles = strings.Join(roles, ", ")
	if m.Word == nil {
		return out
	}
	out.On = dateText(string(m.Word.Value.On))
	out.Word = ui.Status{Text: "Independent", Class: "ok", Icon: "circle-check"}
	if m.Word.Value.Independent != soc1.Yes {
		out.Word = ui.Status{Text: "Not independent", Class: "bad", Icon: "circle-alert"}
	}
	if n := len(m.Word.Value.Threats); n > 0 {
		out.Note = count(n, "threat") + " told"
	}
	return out
}

// planRows are the rows of one control.
func (r *request) planRows(p *planPage, l *planning.Line) []planRow {
	base := planRow{Control: l.Control.Value.Code, ControlHref: r.url("/r/control/%s", url.PathEscape(l.Control.ID)), Statement: l.Control.Value.Statement(), Risk: l.Risk.Label(), High: l.Risk == soc1.HighRisk}
	var out []planRow
	for i := range l.Proposals {
		x := base
		x.proposal(&l.Proposals[i])
		if t := l.Proposals[i].Planned; t != nil {
			x.Test, x.TestHref = t.Value.Code, r.recordURL("test_of_control", t.ID)
			x.Differs = l.Proposals[i].Differs
			x.State = ui.Status{Text: "As proposed", Class: "ok", Icon: "circle-check"}
			if len(x.Differs) > 0 {
				x.State = ui.Status{Text: "Differs", Class: "info", Icon: "circle-dot"}
			}
			if slices.ContainsFunc(x.Differs, func(d planning.Difference) bool { return d.Less }) {
				x.State = ui.Status{Text: "Tests less", Class: "warn", Icon: "circle-alert"}
			}
		} else {
			x.State = ui.Status{Text: "Proposed", Icon: "circle-dashed"}
			x.Takes = p.Take && x.Problem == ""
			x.On = slices.Contains(p.Chosen, x.Key)
			if x.Takes {
				p.Open++
			}
		}
		out = append(out, x)
	}
	for _, t := range l.Others {
		x := base
		x.Test, x.TestHref, x.ID = t.Value.Code, r.recordURL("test_of_control", t.ID), t.ID
		x.Method, x.Note = t.Value.Method.Label(), "Planned beside what is proposed."
		x.State = ui.Status{Text: "Planned", Class: "info", Icon: "circle-dot"}
		out = append(out, x)
	}
	for i := range l.Earlier {
		e := &l.Earlier[i]
		x := base
		x.proposal(&e.Again)
		x.Prior, x.Changed, x.Differs = true, e.Changed, e.Differs
		x.State = ui.Status{Text: "Last year", Icon: "history"}
		x.Takes = p.Take && x.Problem == ""
		x.On = slices.Contains(p.Chosen, x.Key)
		out = append(out, x)
	}
	if len(out) == 0 {
		base.Note, base.State = l.Note, ui.Status{Text: "No test", Icon: "circle-dashed"}
		base.ID = l.Control.ID
		out = append(out, base)
	}
	return out
}

func (x *planRow) proposal(p *planning.Proposal) {
	t := p.Test
	x.Key, x.ID, x.Method, x.Problem = p.Key, p.Key, t.Method.Label(), p.Problem
	x.Reasons, x.Procedures, x.Attributes = p.Reasons, t.Procedures, p.Attributes
	if t.Method == soc1.SampleMethod && t.SamplePlan.N > 0 {
		x.Size = fmt.Sprint(t.SamplePlan.N)
	}
	if t.Method == soc1.ObservationOnly {
		x.Size = "1"
	}
	from := dateText(string(t.WindowFrom))
	if t.WindowFrom.Year() == t.WindowTo.Year() {
		from = strings.TrimSuffix(from, fmt.Sprintf(" %d", t.WindowTo.Year()))
	}
	x.Window = from + " to " + dateText(string(t.WindowTo))
}

// takePlan records the proposals chosen, or all of them.
func (r *request) takePlan() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	keys := v["key"]
	if v.Get("all") != "" {
		keys = nil
		w, err := r.thePlan()
		if err != nil {
			return err
		}
		for _, l := range w.Lines() {
			for _, x := range l.Proposals {
				if x.Planned == nil && x.Problem == "" {
					keys = append(keys, x.Key)
				}
			}
		}
	}
	_, err = r.site.app.TakePlan(r.Context(), r.actor, r.ledger, keys)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.planAgain(http.StatusUnprocessableEntity, &planPage{Problem: wrong.Text, Of: "take", Chosen: keys})
	case err != nil:
		return err
	}
	return r.redirect(r.planningURL("#plan-tests"))
}

// approvePlan approves the plan in the person's own name.
func (r *request) approvePlan() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	_, err = r.site.app.ApprovePlan(r.Context(), r.actor, app.PlanApproving{Ledger: r.ledger, Seen: v.Get("seen"), Remark: tidy(v.Get("remark"))})
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.planAgain(http.StatusUnprocessableEntity, &planPage{Problem: wrong.Text, Of: "approve", Remark: v.Get("remark")})
	case err != nil:
		return err
	}
	return r.redirect(r.planningURL("#plan-approval"))
}

// acceptPage is the partner's decision, as it was recorded or as a form.
type acceptPage struct {
	f      *ui.Frame
	Action string
	May    bool
	Was    *record.Typed[soc1.Acceptance]
	Who    ui.Person
	On     string
	Points []acceptPoint
	// Competence, Conclusion and Decision are what was typed.
	Competence, Conclusion, Decision string
	Problem, Field                   string
}

type acceptPoint struct {
	Key, Text, Answer, Why string
	Wrong                  bool
}

func (r *request) planAcceptance() error { return r.acceptAgain(http.StatusOK, nil, nil) }

func (r *request) acceptAgain(status int, x *app.Accepting, wrong *app.FieldError) error {
	w, err := r.thePlan()
	if err != nil {
		return err
	}
	p := &acceptPage{Action: r.planningURL("/acceptance"), May: w.MayAccept && !r.past.On(), Was: w.Acceptance}
	var answers []soc1.PreconditionAnswer
	if w.Acceptance != nil {
		a := w.Acceptance.Value
		p.Who, p.On = r.headings().person(a.By), dateText(string(a.On))
		p.Competence, p.Conclusion, p.Decision, answers = a.Competence, a.Conclusion, string(a.Decision), a.Preconditions
	}
	if x != nil {
		p.Competence, p.Conclusion, p.Decision, answers = x.Competence, x.Conclusion, string(x.Decision), x.Preconditions
	}
	if wrong != nil {
		p.Problem, p.Field = wrong.Text, wrong.Field
	}
	for _, key := range soc1.Precondition("").Values() {
		pt := acceptPoint{Key: key, Text: soc1.Precondition(key).Label()}
		for j, a := range answers {
			if string(a.Point) == key {
				pt.Answer, pt.Why = string(a.Answer), a.Why
				pt.Wrong = strings.HasPrefix(p.Field, fmt.Sprintf("preconditions[%d]", j))
			}
		}
		p.Points = append(p.Points, pt)
	}
	if p.f, err = r.frame("Acceptance", []ui.Link{{Text: "Planning", Href: r.at() + "/planning"}}); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/planning", planningParts
	return r.write(status, ui.Page(p.f, noActions(), acceptBody(p)))
}

// accept records the partner's decision.
func (r *request) planAccept() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	x := app.Accepting{Ledger: r.ledger, Competence: tidy(v.Get("competence")), Conclusion: tidy(v.Get("conclusion")), Decision: soc1.AcceptanceDecision(v.Get("decision"))}
	for _, key := range soc1.Precondition("").Values() {
		x.Preconditions = append(x.Preconditions, soc1.PreconditionAnswer{Point: soc1.Precondition(key), Answer: soc1.Answer(v.Get(key)), Why: tidy(v.Get(key + "_why"))})
	}
	_, err = r.site.app.AcceptEngagement(r.Context(), r.actor, x)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.acceptAgain(http.StatusUnprocessableEntity, &x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.planningURL(""))
}

// wordPage is the form of one's own word on one's independence.
type wordPage struct {
	f              *ui.Frame
	Action         string
	Firm           string
	Independent    string
	Threats        []soc1.IndependenceThreat
	Kinds          []option
	Problem, Field string
	Said           string
}

// threatRows is how many threats a form takes.
const threatRows = 3

func (r *request) independence() error { return r.wordAgain(http.StatusOK, nil, nil) }

func (r *request) wordAgain(status int, x *app.Confirming, wrong *app.FieldError) error {
	w, err := r.thePlan()
	if err != nil {
		return err
	}
	p := &wordPage{Action: r.planningURL("/independence")}
	for _, m := range w.Team {
		if m.Person.ID == r.actor && m.Word != nil {
			p.Said = "You gave your word on " + dateText(string(m.Word.Value.On)) + ". A later one replaces it, and it stays on record."
			p.Independent, p.Threats = string(m.Word.Value.Independent), m.Word.Value.Threats
		}
	}
	if x != nil {
		p.Independent, p.Threats = string(x.Independent), x.Threats
	}
	if wrong != nil {
		p.Problem, p.Field = wrong.Text, wrong.Field
	}
	p.Threats = slices.Clone(p.Threats)
	for len(p.Threats) < threatRows {
		p.Threats = append(p.Threats, soc1.IndependenceThreat{})
	}
	for _, k := range soc1.ThreatKind("").Values() {
		p.Kinds = append(p.Kinds, option{Value: k, Text: soc1.ThreatKind(k).Label()})
	}
	if p.f, err = r.frame("Independence", []ui.Link{{Text: "Planning", Href: r.at() + "/planning"}}); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/planning", planningParts
	return r.write(status, ui.Page(p.f, noActions(), wordBody(p)))
}

func (r *request) confirmIndependence() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	x := app.Confirming{Ledger: r.ledger, Independent: soc1.Answer(v.Get("independent"))}
	for i := range 20 {
		t := soc1.IndependenceThreat{Threat: soc1.ThreatKind(v.Get(fmt.Sprintf("threat-%d", i))), Text: tidy(v.Get(fmt.Sprintf("text-%d", i))), Safeguard: tidy(v.Get(fmt.Sprintf("safeguard-%d", i)))}
		if t != (soc1.IndependenceThreat{}) {
			x.Threats = append(x.Threats, t)
		}
	}
	_, err = r.site.app.ConfirmIndependence(r.Context(), r.actor, x)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.wordAgain(http.StatusUnprocessableEntity, &x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.planningURL(""))
}

// methodPage is the firm's method.
type methodPage struct {
	f       *ui.Frame
	Action  string
	Profile *record.Typed[soc1.MethodProfile]
	May     bool
	Edit    string
	Export  string
	New     string
	Problem string
}

func (r *request) method() error { return r.methodAgain(http.StatusOK, "") }

func (r *request) methodAgain(status int, problem string) error {
	w, err := r.thePlan()
	if err != nil {
		return err
	}
	p := &methodPage{Action: r.planningURL("/method"), Profile: w.Profile, May: w.MayPlan && !r.past.On(), Problem: problem}
	if w.Profile != nil {
		p.Export = r.planningURL("/method/file")
		if p.May {
			p.Edit = r.url("%s/r/method_profile/%s/edit", r.at(), url.PathEscape(w.Profile.ID))
		}
	} else if p.May {
		p.New = r.url("%s/r/method_profile/new", r.at())
	}
	if p.f, err = r.frame("Method", []ui.Link{{Text: "Planning", Href: r.at() + "/planning"}}); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/planning", planningParts
	return r.write(status, ui.Page(p.f, noActions(), methodBody(p)))
}

// mostMethodBytes bounds a method's file in the browser.
const mostMethodBytes = 1 << 20

// importMethod takes the firm's method from a file.
func (r *request) importMethod() error {
	r.Body = http.MaxBytesReader(r.w, r.Body, mostMethodBytes+64<<10)
	name, b, v, err := r.uploadedForm()
	if err != nil {
		return r.methodAgain(http.StatusUnprocessableEntity, stopped(err.Error()))
	}
	if err := r.once(v, nil); err != nil {
		return err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return r.methodAgain(http.StatusUnprocessableEntity, "Choose a file with a method.")
	}
	_, err = r.site.app.ImportMethod(r.Context(), r.actor, r.ledger, name, b)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.methodAgain(http.StatusUnprocessableEntity, wrong.Text)
	case err != nil:
		return err
	}
	return r.redirect(r.planningURL("/method"))
}

// exportMethod gives the method as a file.
func (r *request) exportMethod() error {
	b, err := r.site.app.MethodFile(r.Context(), r.actor, r.ledger)
	if err != nil {
		return err
	}
	return r.attachment("method.yaml", "application/yaml", b)
}
