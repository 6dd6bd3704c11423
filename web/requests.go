package web

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// asked is a request as a page shows it.
type asked struct {
	Anchor, ID      string
	Title           string
	HTML            string
	To, By          ui.Person
	On, Due         string
	Late            bool
	Status          ui.Status
	Answer, Remark  string
	AnsweredBy      string
	Evidence        []ui.Link
	MayAnswer       bool
	MayAccept       bool
	MayReturn       bool
	MayWithdraw     bool
	AnswerAt, EndAt string
	Record          string
	EvidenceOptions []option
	// UploadTo is where files for the answer are sent; empty for who adds none.
	UploadTo         string
	answered, closed bool
}

// askForm asks a person for something about the record that is shown.
type askForm struct {
	// Link opens the form; People are whom it offers, empty while it is closed.
	Link   string
	Open   bool
	People []option
	Today  string
}

// asking adds to a talk what was asked about its record, and the form to ask.
func (r *request) asking(t *talk) error {
	list, err := r.site.app.Requests(r.Context(), r.actor, t.Subject)
	if err != nil {
		return err
	}
	for _, l := range list.Lines {
		a, err := r.askedOf(l)
		if err != nil {
			return err
		}
		t.Asked = append(t.Asked, a)
	}
	// Those that wait stand first.
	slices.SortStableFunc(t.Asked, func(a, b asked) int { return boolInt(a.closed) - boolInt(b.closed) })
	if !list.MayAsk {
		return nil
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return err
	}
	t.Ask = &askForm{Link: t.Action + "?ask=1#ask", Today: string(today)}
	return nil
}

// openAsk fills the form to ask.
func (r *request) openAsk(t *talk) error {
	people, err := r.site.app.Askable(r.Context(), r.actor, t.Subject)
	if err != nil {
		return err
	}
	t.Ask.Open = true
	owner := r.ownerOf(t.Subject)
	to := t.Draft.Form.Get("to")
	for _, p := range people {
		text := p.Name
		if p.Title != "" {
			text += ", " + p.Title
		}
		t.Ask.People = append(t.Ask.People, option{p.ID, text, to == p.ID || to == "" && p.ID == owner})
	}
	slices.SortFunc(t.Ask.People, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	return nil
}

// ownerOf is the owner whom a record names, to be proposed as who is asked.
func (r *request) ownerOf(ref soc1.Ref) string {
	v, err := r.records()
	if err != nil {
		return ""
	}
	x, err := v.Get(r.Context(), ref.Kind, ref.ID)
	if err != nil {
		return ""
	}
	return text(fieldsOf(x)["owner"])
}

func (r *request) askedOf(l app.RequestLine) (asked, error) {
	q := l.Request
	a := asked{Anchor: "request-" + l.ID, ID: l.ID, Title: q.Title, HTML: r.prose(q.Text, nil), To: r.headings().person(q.To), By: r.headings().person(q.By),
		On: dateText(string(q.On)), Answer: r.prose(q.Answer, nil), Remark: q.Remark, MayAnswer: l.MayAnswer && !r.past.On(),
		Record: r.site.base + pathOf(soc1.Ref{Kind: "request", ID: l.ID})}
	a.AnswerAt, a.EndAt = a.Record+"/answer", a.Record+"/close"
	if q.Due != "" {
		today, err := r.site.app.Today(r.Context())
		if err != nil {
			return a, err
		}
		a.Due, a.Late = dateText(string(q.Due)), q.Waits() && q.Due < today
	}
	if q.AnsweredBy != "" {
		a.AnsweredBy = r.headings().person(q.AnsweredBy).Name + ", " + dateText(string(q.AnsweredOn))
	}
	for _, e := range q.Evidence {
		a.Evidence = append(a.Evidence, r.link("evidence", e))
	}
	a.answered = q.Status == soc1.RequestAnswered
	a.closed = q.Status == soc1.RequestAccepted || q.Status == soc1.RequestWithdrawn
	if l.MayClose && !r.past.On() {
		a.MayAccept, a.MayReturn, a.MayWithdraw = a.answered && q.AnsweredBy != r.actor, a.answered, !a.closed
	}
	a.Status = ui.Status{Text: q.Status.Label()}
	switch {
	case a.Late:
		a.Status = ui.Status{Text: "Overdue", Class: "bad", Icon: "circle-alert"}
	case q.Status == soc1.RequestAccepted:
		a.Status.Class, a.Status.Icon = "ok", "circle-check"
	case q.Status == soc1.RequestReturned:
		a.Status.Class, a.Status.Icon = "warn", "undo-2"
	case a.answered:
		a.Status.Class, a.Status.Icon = "info", "circle-dot"
	default:
		a.Status.Icon = "circle-dashed"
	}
	if a.MayAnswer {
		if r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "evidence", "") == nil {
			a.UploadTo = r.site.base + "/evidence/files"
		}
		a.EvidenceOptions = r.evidenceOn(q.Controls)
	}
	return a, nil
}

// mostOffered bounds the evidence that is offered as an answer.
const mostOffered = 200

// evidenceOn is the evidence of some controls, the latest first.
func (r *request) evidenceOn(controls []string) []option {
	if len(controls) == 0 {
		return nil
	}
	v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil || !v.Shows("evidence") {
		return nil
	}
	all, err := record.All[soc1.Evidence](r.Context(), v, "evidence")
	if err != nil {
		return nil
	}
	slices.SortStableFunc(all, func(a, b record.Typed[soc1.Evidence]) int { return int(b.Pos - a.Pos) })
	var out []option
	for _, e := range all {
		if slices.ContainsFunc(e.Value.Controls, func(c string) bool { return slices.Contains(controls, c) }) {
			out = append(out, option{Value: e.ID, Text: e.Value.Title})
		}
		if len(out) == mostOffered {
			break
		}
	}
	return out
}

// ask asks a person for something about the record of the address.
func (r *request) ask() error {
	v, err := r.talking()
	if err != nil {
		return err
	}
	q := app.Asking{Title: strings.TrimSpace(v.Get("title")), Text: tidy(v.Get("text")), To: v.Get("to"), Subject: r.subject()}
	if s := strings.TrimSpace(v.Get("due")); s != "" {
		if q.Due, err = soc1.ParseDate(s); err != nil {
			return badRequest("due", err)
		}
	}
	id, err := r.site.app.Request(r.Context(), r.actor, q)
	if err != nil {
		return r.unsaid(draft{Target: "ask", Text: v.Get("text")}, v, namesNobody(err))
	}
	return r.spoken(v, "request-"+id)
}

// namesNobody turns an error about somebody or something that a form names into
// one about the form: the record itself is there.
func namesNobody(err error) error {
	for _, field := range []string{"to: ", "evidence: ", "controls: "} {
		if strings.HasPrefix(err.Error(), field) && errors.Is(err, record.ErrNotFound) {
			return errors.New(err.Error())
		}
	}
	return err
}

// requested reads a form about a request.
func (r *request) requested() (url.Values, error) {
	r.SetPathValue("kind", "request")
	return r.talking()
}

// answerRequest answers a request, with words, files, evidence or several of them.
func (r *request) answerRequest() error {
	r.SetPathValue("kind", "request")
	if err := r.presentOnly(); err != nil {
		return err
	}
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	evidence := slices.DeleteFunc(v["evidence"], func(s string) bool { return s == "" })
	if err := r.site.app.AnswerRequestWith(r.Context(), r.actor, r.PathValue("id"), tidy(v.Get("answer")), evidence, files); err != nil {
		return r.unsaid(draft{Target: "answer:" + r.PathValue("id"), Text: v.Get("answer")}, v, namesNobody(err))
	}
	return r.spoken(v, "request-"+r.PathValue("id"))
}

// closeRequest accepts an answer, returns it, or withdraws the request.
func (r *request) closeRequest() error {
	v, err := r.requested()
	if err != nil {
		return err
	}
	if err := r.site.app.CloseRequest(r.Context(), r.actor, r.PathValue("id"), soc1.RequestStatus(v.Get("status")), tidy(v.Get("remark"))); err != nil {
		return r.unsaid(draft{Target: "close:" + r.PathValue("id"), Text: v.Get("remark")}, v, err)
	}
	return r.spoken(v, "request-"+r.PathValue("id"))
}
