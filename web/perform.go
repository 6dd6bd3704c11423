package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// performPage is the form in which a control is performed.
type performPage struct {
	f                       *ui.Frame
	Code, Statement, Period string
	From, To, By            string
	Late                    bool
	Revision                int64
	Checklist               []soc1.ChecklistAnswer
	Balances                *balancesForm
	Outcome                 soc1.PerformanceOutcome
	Exceptions, Reason      string
	Note                    string
	// Returned is why an earlier signature was returned.
	Returned string
	// Refused is what is wrong, Field where.
	Refused, Field string
	Action         string
	UploadTo       string
	Sent           []sentFile
	Me, Says       string
}

// balancesForm are two balances as they are typed.
type balancesForm struct {
	FirstName, SecondName   string
	First, Second, Currency string
	On                      string
	Items                   []typedItem
}

// typedItem is a reconciling item as it is typed.
type typedItem struct {
	What, Amount, Since, Cleared string
	Carried                      bool
}

// blankItems is how many empty rows follow what is known.
const blankItems = 3

// task finds the occurrence that an address names.
func (r *request) task(from, to string) (*app.PerformanceTask, error) {
	t, err := r.site.app.Task(r.Context(), r.actor, r.PathValue("control"), soc1.Date(from), soc1.Date(to))
	var wrong *app.FieldError
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, errNowhere
	case errors.As(err, &wrong):
		return nil, badRequest("to", errors.New(wrong.Text))
	}
	return t, err
}

// performForm shows the form.
func (r *request) performForm() error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	t, err := r.task(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	if err != nil {
		return err
	}
	p := r.performPage(t)
	for _, x := range t.Control.Value.Checklist {
		p.Checklist = append(p.Checklist, soc1.ChecklistAnswer{Text: x})
	}
	if p.Balances != nil {
		for _, i := range t.Carried {
			p.Balances.Items = append(p.Balances.Items, typedItem{What: i.What, Amount: plainAmount(i.Minor, p.Balances.Currency), Since: string(i.Since), Carried: true})
		}
		p.Balances.Items = append(p.Balances.Items, make([]typedItem, blankItems)...)
	}
	return r.showPerform(http.StatusOK, t, p)
}

// performPage is the form of an occurrence, without answers.
func (r *request) performPage(t *app.PerformanceTask) *performPage {
	k := t.Control.Value
	p := &performPage{Code: k.Code, Statement: k.Statement(), Period: spanText(t.From, t.To), From: string(t.From), To: string(t.To), By: dateText(string(t.By)), Late: t.Due, Revision: t.Control.Revision,
		Action: r.url("/calendar/of/%s/perform", url.PathEscape(t.Control.ID)), Me: r.me().Name}
	if x := t.Performance.Value; x.Status == soc1.PerformanceReturned {
		p.Returned = x.Remark
	}
	p.Says = "Your name, the day and revision " + fmt.Sprint(t.Control.Revision) + " of the control are recorded with it, and it counts as evidence."
	if t.PerformFor != "" {
		p.Says += " You sign in your own name, in the place of " + r.headings().person(t.PerformFor).Name + "."
	}
	if k.Reviewer != "" {
		p.Says += " Then " + r.headings().person(k.Reviewer).Name + " reviews it."
	}
	if r.mayFile() {
		p.UploadTo = r.uploadTo()
	}
	if len(k.Balances) == 2 {
		p.Balances = &balancesForm{FirstName: k.Balances[0], SecondName: k.Balances[1], On: dateText(string(t.To)), Currency: r.currency()}
	}
	return p
}

// currency is the organization's own.
func (r *request) currency() string {
	v, err := r.records()
	if err != nil {
		return ""
	}
	all, err := record.All[soc1.Organization](r.Context(), v, "organization")
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].Value.Currency
}

func (r *request) showPerform(status int, t *app.PerformanceTask, p *performPage) error {
	if !t.MayPerform {
		p.Refused = t.WhyNotPerform
		if status == http.StatusOK {
			status = http.StatusForbidden
		}
	}
	var err error
	if p.f, err = r.frame("Perform "+p.Code, []ui.Link{{Text: "Evidence calendar", Href: "/calendar"}, {Text: p.Code, Href: "/calendar/of/" + url.PathEscape(t.Control.ID)}}); err != nil {
		return err
	}
	p.f.Here = "/calendar"
	return r.write(status, ui.Page(p.f, noActions(), performBody(p)))
}

// perform signs what the form says.
func (r *request) perform() error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	t, err := r.task(v.Get("from"), v.Get("to"))
	if err != nil {
		return err
	}
	p := r.performPage(t)
	p.Outcome, p.Exceptions, p.Reason, p.Note = soc1.PerformanceOutcome(v.Get("outcome")), v.Get("exceptions"), v.Get("reason"), v.Get("note")
	revision, _ := strconv.ParseInt(v.Get("revision"), 10, 64)
	do := app.Performing{Control: t.Control.ID, From: t.From, To: t.To, Revision: revision, Outcome: p.Outcome, Exceptions: p.Exceptions, Reason: p.Reason, Note: p.Note, Files: files}
	for i := 0; ; i++ {
		n := strconv.Itoa(i)
		if !v.Has("item." + n) {
			break
		}
		a := soc1.ChecklistAnswer{Text: v.Get("item." + n), Answer: soc1.StepAnswer(v.Get("answer." + n)), Remark: v.Get("remark." + n)}
		p.Checklist, do.Checklist = append(p.Checklist, a), append(do.Checklist, a)
	}
	wrong := &app.FieldError{}
	var bad error
	if p.Balances != nil {
		do.Reconciliation, bad = readBalances(v, p.Balances, t)
		if do.Outcome == soc1.NotPerformed {
			do.Reconciliation, bad = soc1.Reconciliation{}, nil
		}
	}
	switch {
	case v.Get("more") != "":
		p.Sent = r.sentAgain(files)
		p.Balances.Items = append(p.Balances.Items, make([]typedItem, blankItems)...)
		return r.showPerform(http.StatusOK, t, p)
	case bad == nil:
		_, bad = r.site.app.Perform(r.Context(), r.actor, do)
	}
	if bad == nil {
		return r.redirect(r.url("/calendar/of/%s?from=%s&to=%s", url.PathEscape(t.Control.ID), t.To, t.To))
	}
	if !errors.As(bad, &wrong) {
		return bad
	}
	p.Refused, p.Field, p.Sent = wrong.Text, wrong.Field, r.sentAgain(files)
	return r.showPerform(http.StatusUnprocessableEntity, t, p)
}

// readBalances reads what was typed; the form keeps it as it was.
func readBalances(v url.Values, b *balancesForm, t *app.PerformanceTask) (soc1.Reconciliation, error) {
	b.First, b.Second, b.Currency = v.Get("first"), v.Get("second"), strings.ToUpper(strings.TrimSpace(v.Get("currency")))
	out := soc1.Reconciliation{FirstName: b.FirstName, SecondName: b.SecondName}
	var first error
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	amount := func(field, name, s string) int64 {
		n, err := parseAmount(s, b.Currency)
		if err != nil {
			note(&app.FieldError{Field: field, Text: name + ": " + err.Error()})
		}
		return n
	}
	out.First = soc1.Money{Minor: amount("reconciliation.first", b.FirstName, b.First), Currency: b.Currency}
	out.Second = soc1.Money{Minor: amount("reconciliation.second", b.SecondName, b.Second), Currency: b.Currency}
	for i := 0; v.Has(fmt.Sprintf("what.%d", i)); i++ {
		get := func(name string) string { return strings.TrimSpace(v.Get(fmt.Sprintf("%s.%d", name, i))) }
		x := typedItem{What: get("what"), Amount: get("amount"), Since: get("since"), Cleared: get("cleared")}
		if x.What == "" && x.Amount == "" && x.Since == "" && x.Cleared == "" {
			continue
		}
		field := fmt.Sprintf("reconciliation.items[%d]", len(out.Items))
		name := x.What
		if name == "" {
			name = fmt.Sprintf("Item %d", i+1)
			note(&app.FieldError{Field: field, Text: name + ": Say what it is."})
		}
		item := soc1.ReconcilingItem{What: x.What, Minor: amount(field, name, x.Amount), Since: soc1.Date(x.Since), ClearedOn: soc1.Date(x.Cleared)}
		if !item.Since.Valid() {
			note(&app.FieldError{Field: field, Text: name + ": Say since which day it has been open."})
		}
		for _, c := range t.Carried {
			x.Carried = x.Carried || c.Same(item)
		}
		b.Items, out.Items = append(b.Items, x), append(out.Items, item)
	}
	b.Items = append(b.Items, make([]typedItem, blankItems)...)
	return out, first
}

// parseAmount reads an amount with the digits of its currency, such as -1,250.00.
func parseAmount(s, currency string) (int64, error) {
	m, err := soc1.ParseMoney(s, currency)
	return m.Minor, err
}

// plainAmount writes an amount as it is typed.
func plainAmount(minor int64, currency string) string {
	return strings.ReplaceAll(strings.TrimPrefix(soc1.Money{Minor: minor, Currency: currency}.String(), currency+" "), ",", "")
}

// reviewPerformance accepts or returns a performance.
func (r *request) reviewPerformance() error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	decision := v.Get("decision")
	if decision != "accept" && decision != "return" {
		return badRequest("decision", errors.New("say whether it is accepted or returned"))
	}
	revision, _ := strconv.ParseInt(v.Get("revision"), 10, 64)
	to := soc1.Date(v.Get("to"))
	control := r.PathValue("control")
	err = r.site.app.ReviewPerformance(r.Context(), r.actor, app.Review{ID: app.PerformanceID(control, to), Accept: decision == "accept", Remark: v.Get("remark"), Revision: revision})
	var wrong *app.FieldError
	switch {
	case errors.Is(err, record.ErrNotFound):
		return errNowhere
	case errors.As(err, &wrong):
		return r.occurrencesPage(http.StatusUnprocessableEntity, url.Values{"from": {string(to)}, "to": {string(to)}}, wrong.Text, v.Get("remark"))
	case err != nil:
		return err
	}
	return r.redirect(r.url("/calendar/of/%s?from=%s&to=%s", url.PathEscape(control), to, to))
}
