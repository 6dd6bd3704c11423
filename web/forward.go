package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
	"reperform/web/ui"
)

// forwardPage tells what became of a report's subject from one report to the next.
type forwardPage struct {
	f             *ui.Frame
	Before, After *scoping.Side
	BeforeOn      string
	AfterOn       string
	// Befores and Afters are the reports to choose from.
	Befores, Afters []choice
	// Between says how the two periods lie.
	Between string
	Late    bool
	// Past says that a point in time is chosen, which the comparison does not follow.
	Past   bool
	Counts []forwardCount
	Groups []forwardGroup
	// Roll is where the next report is recorded, empty where the person records none, and
	// Next what that would be.
	Roll    string
	From    string
	Next    *app.Rolled
	Typed   app.Rolling
	Problem string
	At      string
	On      bool
	Back    string
	// Alone leads from a report that was to be compared with itself to the comparison with
	// the one before it.
	Alone string
	// None says that no report is planned at all.
	None bool
}

type forwardCount struct {
	Kind                    string
	Before, After           int
	Added, Removed, Altered int
	Href                    string
}

type forwardGroup struct {
	ID, Title string
	Rows      []forwardRow
}

type forwardRow struct {
	Status     ui.Status
	Name, Href string
	Fields     []change
}

// showForward compares two reports, and offers the next.
func (r *request) showForward() error {
	q := r.URL.Query()
	return r.forwardAgain(http.StatusOK, q.Get("before"), q.Get("after"), app.Rolling{}, nil)
}

func (r *request) forwardAgain(status int, before, after string, typed app.Rolling, wrong *app.FieldError) error {
	if r.partly() {
		return withheld("What became of a report's subject follows from all of the records, and you read a part of them. Ask an administrator for a role that reads all.")
	}
	fw, err := r.site.app.CompareReports(r.Context(), r.actor, before, after)
	var none *app.FieldError
	switch {
	case errors.As(err, &none) && before != "" && before == after:
		return r.forwardFirst(http.StatusUnprocessableEntity, none.Text, after, typed, wrong)
	case errors.As(err, &none) && before == "" && (none.Field == "before" || none.Field == "after"):
		return r.forwardFirst(status, none.Text, after, typed, wrong)
	case err != nil:
		return err
	}
	p := &forwardPage{Before: fw.Before, After: fw.After, BeforeOn: dateText(string(fw.Before.On)), AfterOn: dateText(string(fw.After.On)), Typed: typed,
		Back: r.url("/scope?engagement=%s", url.QueryEscape(fw.After.Engagement.ID))}
	switch {
	case fw.Days == 0:
		p.Between = "The later period begins on the day after the earlier ended."
	case fw.Days > 0:
		p.Between, p.Late = fmt.Sprintf("%s lie between the two periods: no report speaks of them.", count(fw.Days, "day")), true
	default:
		p.Between, p.Late = fmt.Sprintf("The two periods overlap by %s.", count(-fw.Days, "day")), true
	}
	p.Past = r.past.On()
	for _, e := range fw.Engagements {
		at := func(b, a string) string {
			return r.url("/scope/forward?before=%s&after=%s", url.QueryEscape(b), url.QueryEscape(a))
		}
		if e.ID != fw.After.Engagement.ID && e.Value.End() <= fw.After.Engagement.Value.End() {
			p.Befores = append(p.Befores, choice{Text: e.Value.Title, Href: at(e.ID, fw.After.Engagement.ID), On: e.ID == fw.Before.Engagement.ID, Count: -1})
		}
		if e.ID != fw.Before.Engagement.ID && e.Value.End() >= fw.Before.Engagement.Value.End() {
			p.Afters = append(p.Afters, choice{Text: e.Value.Title, Href: at(fw.Before.Engagement.ID, e.ID), On: e.ID == fw.After.Engagement.ID, Count: -1})
		}
	}
	r.forwardGroups(p, fw)
	if err := r.forwardNext(p, fw.Engagements[0].ID, wrong); err != nil {
		return err
	}
	if p.f, err = r.frame("From report to report", []ui.Link{{Text: "Scope", Href: p.Back}}); err != nil {
		return err
	}
	p.f.Here = r.url("/scope")
	if wrong != nil {
		p.f.Self = r.url("/scope/forward?before=%s&after=%s", url.QueryEscape(before), url.QueryEscape(after))
	}
	return r.write(status, ui.Page(p.f, noActions(), forwardBody(p)))
}

// forwardFirst is the page where there is one report, or none.
func (r *request) forwardFirst(status int, why, after string, typed app.Rolling, wrong *app.FieldError) error {
	p := &forwardPage{Back: r.url("/scope"), Typed: typed, Alone: r.url("/scope/forward?after=%s", url.QueryEscape(after))}
	if status == http.StatusOK || after == "" {
		p.Alone = ""
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.Engagement](r.Context(), v, "engagement")
	if err != nil {
		return err
	}
	p.None = len(all) == 0
	for _, e := range all {
		if last, ok := record.Find(all, after); !ok || e.Value.End() > last.Value.End() {
			after = e.ID
		}
	}
	if err := r.forwardNext(p, after, wrong); err != nil {
		return err
	}
	if p.f, err = r.frame("From report to report", []ui.Link{{Text: "Scope", Href: p.Back}}); err != nil {
		return err
	}
	p.f.Here = r.url("/scope")
	if wrong != nil {
		p.f.Self = r.url("/scope/forward")
	}
	return r.write(status, ui.Page(p.f, noActions(), forwardAlone(p, why)))
}

// forwardNext offers to roll the latest report forward.
func (r *request) forwardNext(p *forwardPage, from string, wrong *app.FieldError) error {
	if p.Typed.From != "" {
		from = p.Typed.From
	}
	if r.past.On() || from == "" || r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "engagement", "") != nil {
		return nil
	}
	p.From, p.Roll = from, r.url("/scope/forward")
	next, err := r.site.app.NextReport(r.Context(), r.actor, app.Rolling{From: p.From})
	var taken *app.FieldError
	if errors.As(err, &taken) {
		// What is proposed is there already; the person says otherwise.
		next, err = &app.Rolled{}, nil
	}
	if err != nil {
		return err
	}
	p.Next = next
	if wrong != nil {
		p.Problem, p.At, p.On = wrong.Text, wrong.Field, true
		return nil
	}
	p.Typed = app.Rolling{From: p.From, ID: next.ID, Title: next.Value.Title, Start: next.Value.Start(), End: next.Value.End()}
	return nil
}

func (r *request) forwardGroups(p *forwardPage, fw *app.Forward) {
	by := map[string]*forwardCount{}
	for _, kind := range scoping.Compared {
		c := &forwardCount{Kind: kind, Before: fw.Before.Len(kind), After: fw.After.Len(kind), Href: "#" + kind}
		by[kind] = c
	}
	for _, d := range fw.Differences {
		c := by[d.Ref.Kind]
		id := d.Ref.Kind
		if d.What == scoping.Arranged {
			id += "-arranged"
		}
		if n := len(p.Groups); n == 0 || p.Groups[n-1].ID != id {
			g := forwardGroup{ID: id, Title: d.Ref.Kind}
			if k, err := record.Kinds.Kind(d.Ref.Kind); err == nil {
				g.Title = k.Plural
			}
			if d.What == scoping.Arranged {
				g.Title += ": how they are performed and tested here"
			}
			p.Groups = append(p.Groups, g)
		}
		row := forwardRow{Status: changeWords[d.What], Name: d.Name, Href: r.recordURL(d.Ref.Kind, d.Ref.ID)}
		switch d.What {
		case scoping.Added:
			c.Added++
		case scoping.Removed:
			c.Removed++
		case scoping.Arranged:
			row.Fields = r.fieldsBetween(d)
		default:
			c.Altered++
			row.Fields = r.fieldsBetween(d)
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Rows = append(g.Rows, row)
	}
	for _, kind := range scoping.Compared {
		if c := by[kind]; c.Before+c.After > 0 {
			if k, err := record.Kinds.Kind(kind); err == nil {
				c.Kind = k.Plural
			}
			if c.Added+c.Removed+c.Altered == 0 {
				c.Href = ""
			}
			p.Counts = append(p.Counts, *c)
		}
	}
}

// fieldsBetween are the fields of a record that changed.
func (r *request) fieldsBetween(d scoping.Difference) []change {
	k, err := record.Kinds.Kind(d.Ref.Kind)
	if err != nil {
		return nil
	}
	var out []change
	for _, f := range d.Fields {
		c := r.changed(k, app.FieldChange{Path: f.Name, Old: f.Before, New: f.After})
		for i := range c.Words {
			if c.Words[i].Sign == 0 {
				c.Words[i].Text = shortened(c.Words[i].Text)
			}
		}
		out = append(out, c)
	}
	return out
}

// rollForward records the next report.
func (r *request) rollForward() error {
	if err := r.notOfPast(); err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	x := app.Rolling{From: v.Get("from"), ID: strings.TrimSpace(v.Get("id")), Title: tidy(v.Get("title")), Reason: tidy(v.Get("reason"))}
	for name, into := range map[string]*soc1.Date{"start": &x.Start, "end": &x.End} {
		*into = soc1.Date(strings.TrimSpace(v.Get(name)))
	}
	rolled, err := r.site.app.RollForward(r.Context(), r.actor, x)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.forwardAgain(http.StatusUnprocessableEntity, "", "", x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/scope/forward?before=%s&after=%s", url.QueryEscape(x.From), url.QueryEscape(rolled.ID)))
}
