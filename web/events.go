package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/events"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// eventsPage is what happened, as a report sees it.
type eventsPage struct {
	f *ui.Frame
	// Reports, States and Natures narrow the list.
	Reports, States, Natures []choice
	Rows                     []eventRow
	// Others are those that the report does not ask about.
	Others []eventRow
	// Title names the report, Sums are the numbers above the list.
	Title string
	Sums  []string
	Asked *askedWords
	// Letter are sentences for the letter of representation, LetterHref leads to it.
	Letter     []string
	LetterHref string
	// New and Register are links; New is empty where the person reports nothing here.
	New, Register string
}

// eventRow is one event.
type eventRow struct {
	*events.Line
	Href, When, Place string
	State             ui.Status
	Effects           []eventMark
	Undone            []events.Matter
}

// eventMark is what an assessment says of one side of the report.
type eventMark struct {
	Text string
	Yes  bool
}

// askedWords is who confirmed up to when.
type askedWords struct {
	Wanted, Through string
	Lagging         int
	Rows            []askedWord
	// Confirm is where the person's own word goes, empty where it is not asked for;
	// Own is the day that it would cover.
	Confirm, Engagement string
	Own                 soc1.Date
	// Problem is why it was refused, Day and Remark what was typed.
	Problem, Day, Remark string
	On                   bool
}

type askedWord struct {
	Who           ui.Person
	Why, Through  string
	Late, Nothing bool
}

var eventStates = map[events.State]ui.Status{
	events.Unassessed: {Text: "To assess", Class: "warn", Icon: "circle-alert"}, events.Outdated: {Text: "Changed since assessed", Class: "warn", Icon: "rotate-ccw"},
	events.Open: {Text: "To take up", Class: "warn", Icon: "circle-dot"}, events.Settled: {Text: "Settled", Class: "ok", Icon: "circle-check"},
	events.NotAsked: {Text: "Not of this report", Icon: "circle-dashed"},
}

// withheldEvents is what whoever reads a part of the ledger is told.
const withheldEvents = withheld("What happened is asked of the whole of the records, and you read a part of them. Ask an administrator for a role that reads all.")

// listEvents shows what happened.
func (r *request) listEvents() error { return r.eventsAgain(http.StatusOK, r.URL.Query(), nil) }

func (r *request) eventsAgain(status int, q url.Values, refused *askedWords) error {
	if r.partly() {
		return withheldEvents
	}
	reg, err := r.site.app.Events(r.Context(), r.actor, app.EventOptions{Engagement: q.Get("engagement"), AsOf: r.asOf})
	var none *app.FieldError
	if errors.As(err, &none) && q.Get("engagement") == "" {
		return r.eventsOfNoReport()
	}
	if err != nil {
		return err
	}
	state, nature := q.Get("state"), q.Get("nature")
	if state != "" && !slices.ContainsFunc(events.States, func(s events.State) bool { return s.Key() == state }) {
		return badRequest("state", fmt.Errorf("%q is no state of an event", clipped(state, 40)))
	}
	if nature != "" && !slices.Contains(soc1.EventNature("").Values(), nature) {
		return badRequest("nature", fmt.Errorf("%q is no nature of an event", clipped(nature, 40)))
	}
	p := &eventsPage{Title: reg.Engagement.Value.Title, Register: r.url("/r/event"), New: r.reportEvent(), Letter: reg.Disclosure()}
	if reg.Letter != nil {
		p.LetterHref = r.recordURL("representation_letter", reg.Letter.ID)
	}
	p.narrow(r, reg, q.Get("engagement"), state, nature)
	for i := range reg.Lines {
		if l := &reg.Lines[i]; (state == "" || l.State.Key() == state) && (nature == "" || string(l.Value.Nature) == nature) {
			if l.State == events.NotAsked && state == "" {
				p.Others = append(p.Others, r.eventRow(reg, l))
				continue
			}
			p.Rows = append(p.Rows, r.eventRow(reg, l))
		}
	}
	p.Sums = append(p.Sums, count(len(reg.Lines), "event"))
	for _, s := range events.States {
		if n := reg.Count(s); n > 0 {
			p.Sums = append(p.Sums, fmt.Sprintf("%d %s", n, lowerFirst(s.Label())))
		}
	}
	p.Asked = r.askedWords(reg, refused)
	if p.f, err = r.frame("Events", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/events")
	if refused != nil {
		p.f.Self = p.f.Here + "?" + q.Encode()
	}
	return r.write(status, ui.Page(p.f, noActions(), eventsBody(p)))
}

// reportEvent is the form by which the person reports something, with their own name in
// it; empty where they report nothing.
func (r *request) reportEvent() string {
	if r.newHref("event") == "" {
		return ""
	}
	return r.url("/r/event/new?owner=%s", url.QueryEscape(r.actor))
}

// eventsOfNoReport is the page before a report is planned: what happened can be
// recorded, and nobody asks about it yet.
func (r *request) eventsOfNoReport() error {
	p := &eventsPage{Register: r.url("/r/event"), New: r.reportEvent()}
	var err error
	if p.f, err = r.frame("Events", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/events")
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), eventsOfNoReport(p)))
}

// narrow makes the choices.
func (p *eventsPage) narrow(r *request, reg *events.Register, engagement, state, nature string) {
	to := func(engagement, state, nature string) string {
		v := url.Values{}
		for name, x := range map[string]string{"engagement": engagement, "state": state, "nature": nature} {
			if x != "" {
				v.Set(name, x)
			}
		}
		return r.url("/events?%s", v.Encode())
	}
	number := func(state, nature string) (n int) {
		for i := range reg.Lines {
			l := &reg.Lines[i]
			n += boolInt((state == "" || l.State.Key() == state) && (nature == "" || string(l.Value.Nature) == nature))
		}
		return n
	}
	if view, err := r.records(); err == nil {
		if all, err := record.All[soc1.Engagement](r.Context(), view, "engagement"); err == nil {
			for _, e := range all {
				p.Reports = append(p.Reports, choice{Text: e.Value.Title, Href: to(e.ID, state, nature), On: e.ID == reg.Engagement.ID, Count: -1})
			}
		}
	}
	p.States = []choice{{Text: "Every state", Href: to(engagement, "", nature), On: state == "", Count: number("", nature)}}
	for _, s := range events.States {
		if n := number(s.Key(), nature); n > 0 || state == s.Key() {
			p.States = append(p.States, choice{Text: s.Label(), Href: to(engagement, s.Key(), nature), On: state == s.Key(), Count: n})
		}
	}
	p.Natures = []choice{{Text: "Everything", Href: to(engagement, state, ""), On: nature == "", Count: number(state, "")}}
	for _, n := range soc1.EventNature("").Values() {
		p.Natures = append(p.Natures, choice{Text: soc1.EventNature(n).Label(), Href: to(engagement, state, n), On: nature == n, Count: number(state, n)})
	}
}

// eventRow is an event in the list.
func (r *request) eventRow(reg *events.Register, l *events.Line) eventRow {
	x := eventRow{Line: l, Href: r.url("/events/%s?engagement=%s", url.PathEscape(l.ID), url.QueryEscape(reg.Engagement.ID)), When: eventWhen(l.Value), Place: l.Place.Label(), State: eventStates[l.State]}
	if l.Assessment != nil {
		for _, e := range l.Assessment.Value.Effects() {
			x.Effects = append(x.Effects, eventMark{e.Label, e.Answer == soc1.Yes})
		}
	}
	for _, m := range l.Matters {
		if !m.Done {
			x.Undone = append(x.Undone, m)
		}
	}
	return x
}

// eventWhen says when something happened.
func eventWhen(e soc1.Event) string {
	out := dateText(string(e.Began))
	switch {
	case e.Lasts:
		out = "since " + out
	case e.Ended != "" && e.Ended != e.Began:
		out += " to " + dateText(string(e.Ended))
	}
	if e.Known() != e.Began {
		out += ", known " + dateText(string(e.Known()))
	}
	return out
}

// askedWords are the confirmations, with the form for the person's own.
func (r *request) askedWords(reg *events.Register, refused *askedWords) *askedWords {
	a := refused
	if a == nil {
		a = &askedWords{}
	}
	a.Engagement = reg.Engagement.ID
	if w := reg.Wanted(); w != "" {
		a.Wanted = dateText(string(w))
	}
	if reg.Through != "" {
		a.Through = dateText(string(reg.Through))
	}
	a.Lagging = len(reg.Lagging())
	var mine soc1.Date
	asked := false
	for _, w := range reg.Words {
		x := askedWord{Who: r.headings().person(w.Person.ID), Why: w.Why, Nothing: w.Through == "", Late: reg.Wanted() != "" && w.Through < reg.Wanted()}
		if !x.Nothing {
			x.Through = dateText(string(w.Through))
		}
		a.Rows = append(a.Rows, x)
		if w.Person.ID == r.actor {
			mine, asked = w.Through, true
		}
	}
	a.Own = reg.Wanted()
	if a.Own == "" || a.Own <= mine {
		a.Own = reg.Today
	}
	if asked && mine < a.Own && !r.past.On() && r.site.app.MayConfirmEvents(r.Context(), r.actor) == nil {
		a.Confirm = r.url("/events/confirm")
	}
	if a.Day == "" {
		a.Day = string(a.Own)
	}
	a.On = a.Problem != "" || a.Confirm != "" && reg.Wanted() != "" && mine < reg.Wanted()
	return a
}

// confirmEvents records the person's own word that they know of nothing else.
func (r *request) confirmEvents() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	x := &askedWords{Engagement: v.Get("engagement"), Day: strings.TrimSpace(v.Get("through")), Remark: strings.TrimSpace(v.Get("remark"))}
	through, err := soc1.ParseDate(x.Day)
	if err != nil {
		err = &app.FieldError{Field: "through", Text: fmt.Sprintf("%q is no day. Give the last day that your word covers.", clipped(x.Day, 40))}
	} else {
		_, err = r.site.app.ConfirmEvents(r.Context(), r.actor, app.EventConfirming{Engagement: x.Engagement, Through: through, Remark: x.Remark})
	}
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "through":
		if err := r.site.app.MayConfirmEvents(r.Context(), r.actor); err != nil {
			return err
		}
		x.Problem = wrong.Text
		return r.eventsAgain(http.StatusUnprocessableEntity, url.Values{"engagement": {x.Engagement}}, x)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/events?engagement=%s#asked", url.QueryEscape(x.Engagement)))
}

// eventPage is one event with what it means for a report.
type eventPage struct {
	f    *ui.Frame
	Line *events.Line
	// Report names the report.
	Report string
	State  ui.Status
	When   string
	Facts  []eventFact
	Who    ui.Person
	// Matters are what follows.
	Matters []eventMatter
	// Said is the latest assessment, nil without one.
	Said *saidEvent
	// Assess is where an assessment goes; empty where the person gives none, and
	// then NoForm says why.
	Assess, NoForm string
	Parts          []eventPart
	// Record and Edit lead to the record with its history, and to its form.
	Record, Edit string
	// Problem is why an assessment was refused, At the part that it is about.
	Problem, At string
	// Letter is the sentence for the letter.
	Letter string
}

type eventFact struct {
	Name, Text string
	Links      []ui.Link
}

type eventMatter struct {
	events.Matter
	State ui.Status
	By    []ui.Link
}

// saidEvent is an assessment as it is shown.
type saidEvent struct {
	Who   ui.Person
	On    string
	Parts []saidPart
	Href  string
}

type saidPart struct {
	Name, Why string
	Yes       bool
}

// eventPart is one of the four questions of an assessment.
type eventPart struct {
	Key, Name, Ask, Hint string
	Effect               soc1.EventEffect
	Candidates           []eventCandidate
	Problem              string
}

// eventCandidate is a record that may take an event up.
type eventCandidate struct {
	Value, Kind, Text string
	On                bool
}

// showEvent shows one event.
func (r *request) showEvent() error {
	return r.eventAgain(http.StatusOK, r.PathValue("id"), r.URL.Query().Get("engagement"), nil, nil)
}

func (r *request) eventAgain(status int, id, engagement string, typed *app.EventAssessing, wrong *app.FieldError) error {
	if r.partly() {
		return withheldEvents
	}
	reg, err := r.site.app.Events(r.Context(), r.actor, app.EventOptions{Engagement: engagement, AsOf: r.asOf})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(reg.Lines, func(l events.Line) bool { return l.ID == id })
	if at < 0 {
		return fmt.Errorf("event %q: %w", id, record.ErrNotFound)
	}
	l := &reg.Lines[at]
	p := &eventPage{Line: l, Report: reg.Engagement.Value.Title, State: eventStates[l.State], When: eventWhen(l.Value), Who: r.headings().person(l.Value.Owner), Record: r.recordURL("event", id), Facts: r.eventFacts(l.Value)}
	if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "event", id) == nil {
		p.Edit = r.url("/r/event/%s/edit", url.PathEscape(id))
	}
	for _, m := range l.Matters {
		x := eventMatter{Matter: m, State: ui.Status{Text: "To do", Class: "warn", Icon: "circle-dot"}}
		if m.Done {
			x.State = ui.Status{Text: "Done", Class: "ok", Icon: "circle-check"}
		}
		for _, ref := range m.By {
			x.By = append(x.By, r.refLink(ref))
		}
		p.Matters = append(p.Matters, x)
	}
	values := app.EventAssessing{}
	if a := l.Assessment; a != nil {
		v := a.Value
		values = app.EventAssessing{Description: v.Description, Controls: v.Controls, Representations: v.Representations, Subsequent: v.Subsequent}
		p.Said = &saidEvent{Who: r.headings().person(v.AssessedBy), On: dateText(string(v.AssessedOn)), Href: r.recordURL("event_assessment", a.ID)}
		for _, x := range v.Effects() {
			p.Said.Parts = append(p.Said.Parts, saidPart{x.Label, x.Why, x.Answer == soc1.Yes})
		}
		if v.Representations.Answer == soc1.Yes || v.Subsequent.Answer == soc1.Yes {
			p.Letter = events.Sentence(l.Value, reg.Today)
		}
	}
	if typed != nil {
		values = *typed
	}
	switch may := r.site.app.MayAssessEvents(r.Context(), r.actor); {
	case !l.Place.Asked():
		p.NoForm = "This report does not ask about it: " + lowerFirst(l.Place.Label()) + "."
	case r.past.On():
		p.NoForm = "An earlier state is shown; events are assessed as they are now."
	case may == nil:
		p.Assess = r.url("/events/%s/assess", url.PathEscape(id))
		if p.Parts, err = r.eventParts(l, values); err != nil {
			return err
		}
	}
	if wrong != nil {
		p.Problem, p.At = wrong.Text, wrong.Field
		for i := range p.Parts {
			if p.Parts[i].Key == wrong.Field {
				p.Parts[i].Problem = wrong.Text
			}
		}
	}
	if p.f, err = r.frame(l.Value.Title, []ui.Link{{Text: "Events", Href: r.url("/events?engagement=%s", url.QueryEscape(reg.Engagement.ID))}}); err != nil {
		return err
	}
	p.f.Here = r.url("/events")
	if typed != nil {
		p.f.Self = r.url("/events/%s?engagement=%s", url.PathEscape(id), url.QueryEscape(reg.Engagement.ID))
	}
	return r.write(status, ui.Page(p.f, noActions(), eventBody(p, reg.Engagement.ID)))
}

// refLink leads to a record by its name.
func (r *request) refLink(ref soc1.Ref) ui.Link {
	x := r.behindRef(ref)
	return ui.Link{Text: lowerFirst(x.Kind) + " " + strings.TrimSpace(x.Code+" "+clipped(x.Text, 60)), Href: x.Href}
}

// eventFacts are the facts of an event that are given.
func (r *request) eventFacts(e soc1.Event) []eventFact {
	var out []eventFact
	text := func(name, s string) {
		if s != "" {
			out = append(out, eventFact{Name: name, Text: s})
		}
	}
	links := func(name, kind string, ids []string) {
		f := eventFact{Name: name}
		for _, id := range ids {
			f.Links = append(f.Links, ui.Link{Text: r.optionText(kind, id), Href: r.recordURL(kind, id)})
		}
		if len(ids) > 0 {
			out = append(out, f)
		}
	}
	day := func(name string, d soc1.Date) {
		if d != "" {
			text(name, dateText(string(d)))
		}
	}
	text("Reference", e.Reference)
	if e.Transactions > 0 {
		text("Affected", count(int(e.Transactions), "transaction"))
	}
	if e.Amount.Currency != "" {
		text("Amount affected", e.Amount.String())
	}
	links("Controls", "control", e.Controls)
	links("Systems", "system", e.Systems)
	links("Classes of transactions", "transaction_class", e.TransactionClasses)
	links("User entities affected", "user_entity", e.UserEntities)
	text("Cause", e.Cause)
	text("What was done", e.Response)
	day("Put right on", e.ResolvedOn)
	day("User entities told on", e.ToldOn)
	links("Evidence", "evidence", e.Evidence)
	return out
}

// eventParts are the four questions with what may take the event up.
func (r *request) eventParts(l *events.Line, v app.EventAssessing) ([]eventPart, error) {
	out := []eventPart{
		{Key: "description", Name: "Description", Ask: "Does the description of the system have to tell of it?", Hint: "A significant change of the period, or something without which a reader would be misled.", Effect: v.Description},
		{Key: "controls", Name: "Controls", Ask: "Did controls fail, lack suitable design, or change?", Hint: "Think of every control that should have prevented or detected it, and of what the person concerned controls beside.", Effect: v.Controls},
		{Key: "representations", Name: "Representations", Ask: "Does management disclose it to the service auditor in its letter?", Hint: "Noncompliance, fraud, alleged fraud and errors that are not put right are, whatever came of them.", Effect: v.Representations},
		{Key: "subsequent", Name: "Subsequent event", Ask: "Is it a subsequent event?", Hint: "It came or became known after the period and would change what a reader makes of the report.", Effect: v.Subsequent},
	}
	if !l.Place.Late() {
		out[3].Hint = "It happened and became known in the period, so that it is none."
		if out[3].Effect.Answer == "" {
			out[3].Effect = soc1.EventEffect{Answer: soc1.No, Why: "It happened and became known in the period."}
		}
	}
	view, err := r.records()
	if err != nil {
		return nil, err
	}
	for i, kinds := range [][]string{{"significant_change", "description_section"}, {"remediation", "exception", "deviation", "test_of_control", "management_response", "control", "significant_change"}} {
		for _, kind := range kinds {
			k, err := record.Kinds.Kind(kind)
			if err != nil {
				return nil, err
			}
			list, err := view.List(r.Context(), kind)
			if err != nil {
				return nil, err
			}
			for _, x := range list {
				value := kind + "/" + x.ID
				on := slices.ContainsFunc(out[i].Effect.Answered, func(ref soc1.Ref) bool { return ref.Kind == kind && ref.ID == x.ID })
				// Of controls, tests and exceptions there are hundreds: those of the controls
				// that the event names are offered.
				if !on && !concernsEvent(kind, x, l.Value) {
					continue
				}
				h := record.HeadingOf(x)
				out[i].Candidates = append(out[i].Candidates, eventCandidate{value, k.Title, strings.TrimSpace(h.Code + " " + clipped(h.Text, 80)), on})
			}
		}
	}
	return out, nil
}

// concernsEvent tells whether a record may take an event up: everything that is about
// the report as a whole, and of what is about a control only what is about one of the
// event's.
func concernsEvent(kind string, x record.Record, e soc1.Event) bool {
	switch kind {
	case "control":
		return slices.Contains(e.Controls, x.ID)
	case "test_of_control":
		t, err := record.Decode[soc1.TestOfControl](x)
		return err == nil && slices.Contains(e.Controls, t.Control)
	}
	return true
}

// assessEvent records what an event means for a report.
func (r *request) assessEvent() error {
	if _, err := r.formValues(); err != nil {
		return err
	}
	seen, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil || seen < 1 {
		return badRequest("revision", errors.New("the form does not say which revision was read; open the event again"))
	}
	x := app.EventAssessing{Event: r.PathValue("id"), Engagement: r.PostForm.Get("engagement"), Seen: seen}
	for key, effect := range map[string]*soc1.EventEffect{"description": &x.Description, "controls": &x.Controls, "representations": &x.Representations, "subsequent": &x.Subsequent} {
		effect.Answer, effect.Why = soc1.Answer(r.PostForm.Get(key)), tidy(r.PostForm.Get(key+"_why"))
		if effect.Answer != soc1.Yes {
			continue
		}
		for _, s := range r.PostForm[key+"_by"] {
			kind, id, _ := strings.Cut(s, "/")
			effect.Answered = append(effect.Answered, soc1.Ref{Kind: kind, ID: id})
		}
	}
	_, err = r.site.app.AssessEvent(r.Context(), r.actor, x)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		if err := r.site.app.MayAssessEvents(r.Context(), r.actor); err != nil {
			return err
		}
		return r.eventAgain(http.StatusUnprocessableEntity, x.Event, x.Engagement, &x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/events/%s?engagement=%s", url.PathEscape(x.Event), url.QueryEscape(x.Engagement)))
}
