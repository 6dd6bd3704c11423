package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
	"reperform/web/ui"
)

// scopePage is what is in scope because of what.
type scopePage struct {
	f *ui.Frame
	S *app.Scoped
	// Engagements are the reports whose scope can be looked at.
	Engagements []choice
	Parts       []scopePart
	Assertions  []soc1.FinancialAssertion
	Groups      []scopeGroup
	// General are the objectives that serve an assertion of every class, by the order
	// of the assertions; HasGeneral tells whether there are any.
	General    [][]*scoping.Item
	HasGeneral bool
	Lists      []scopeList
	Left       []scopeLine
	Holes      []scopeHole
	Changes    []scopeChange
	Freezes    []scopeFreeze
	// Freeze is where a freeze is sent; empty where nothing can be frozen.
	Freeze string
	// Problem is why a freeze was refused, Reason what was typed.
	Problem, Reason string
	to              func(soc1.Ref) string
}

// scopePart is a count that leads to its part of the page.
type scopePart struct {
	Text, Href string
	N          int
}

// scopeGroup is one service of the map with its rows.
type scopeGroup struct {
	Service *scoping.Item
	Rows    []scopeRow
}

// scopeRow is one row of the map; Span is how many rows its class takes, zero where a
// row above has it already.
type scopeRow struct {
	scoping.Row
	Span int
	Path string
}

// scopeList are the records of a kind in scope with their reasons.
type scopeList struct {
	ID, Title, Register string
	Lines               []scopeLine
}

type scopeLine struct {
	Item *scoping.Item
	Kind string
	// Touched is how many user entities are behind an account, as words.
	Touched string
}

// scopeHole is something that is missing.
type scopeHole struct {
	Rule     string
	Severity ui.Status
	Text     string
	Record   behindRow
	Fix      string
}

type scopeChange struct {
	scoping.Change
	Kind, Fields, Entry, Href string
	Status                    ui.Status
	Who                       ui.Person
	When                      string
}

type scopeFreeze struct {
	Ref     soc1.Ref
	Who     ui.Person
	When    string
	Reason  string
	SHA256  string
	Records int
	Entry   string
}

// partNames are the kinds of a scope as headings, with the anchors of their parts.
var partNames = []struct{ kind, id, title string }{
	{"service", "map", "Services"}, {"transaction_class", "map", "Classes of transactions"}, {"account", "accounts", "Accounts of user entities"},
	{"control_objective", "objectives", "Control objectives"}, {"system", "systems", "Systems"}, {"subservice_organization", "subservice", "Subservice organizations"},
	{"location", "locations", "Locations"}, {"legal_entity", "entities", "Legal entities"},
}

func (r *request) scope() error {
	return r.scopeWith(http.StatusOK, r.URL.Query().Get("engagement"), "", "")
}

func (r *request) scopeWith(status int, engagement, problem, reason string) error {
	s, err := r.site.app.Scope(r.Context(), r.actor, app.ScopeOptions{Engagement: engagement, AsOf: r.asOf})
	if err != nil {
		return err
	}
	p := &scopePage{S: s, Problem: problem, Reason: reason, to: func(ref soc1.Ref) string { return r.recordURL(ref.Kind, ref.ID) }}
	if s.Engagement.ID != "" && !r.past.On() && r.site.app.MayFreezeScope(r.Context(), r.actor) == nil {
		p.Freeze = r.site.base + "/scope/freeze"
	}
	if err := r.scopeChoices(p); err != nil {
		return err
	}
	for _, x := range partNames {
		if n := s.Count(x.kind); n > 0 || x.kind != "legal_entity" {
			p.Parts = append(p.Parts, scopePart{x.title, "#" + x.id, n})
		}
	}
	p.rows()
	r.scopeLists(p)
	r.scopeHoles(p)
	if err := r.scopeHistory(p); err != nil {
		return err
	}
	if p.f, err = r.frame("Scope", nil); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = "/scope", []string{"scope.js"}
	return r.write(status, ui.Page(p.f, noActions(), scopeBody(p)))
}

// scopeChoices are the engagements.
func (r *request) scopeChoices(p *scopePage) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.Engagement](r.Context(), v, "engagement")
	for _, e := range all {
		p.Engagements = append(p.Engagements, choice{Text: e.Value.Title, Href: r.url("/scope?engagement=%s", url.QueryEscape(e.ID)), On: e.ID == p.S.Engagement.ID})
	}
	return err
}

// rows lays the map out by service and class.
func (p *scopePage) rows() {
	for _, v := range soc1.FinancialAssertion("").Values() {
		p.Assertions = append(p.Assertions, soc1.FinancialAssertion(v))
	}
	p.General = make([][]*scoping.Item, len(p.Assertions))
	for i, row := range p.S.Rows {
		if i == 0 || p.S.Rows[i-1].Service != row.Service {
			p.Groups = append(p.Groups, scopeGroup{Service: row.Service})
		}
		g := &p.Groups[len(p.Groups)-1]
		x := scopeRow{Row: row, Span: 1, Path: "service-" + row.Service.Ref.ID}
		if row.Class != nil {
			x.Path += " class-" + row.Class.Ref.ID
		}
		if row.Account != nil {
			x.Path += " account-" + row.Account.Ref.ID
		}
		if n := len(g.Rows); n > 0 && g.Rows[n-1].Class == row.Class {
			first := n - 1
			for g.Rows[first].Span == 0 {
				first--
			}
			g.Rows[first].Span++
			x.Span = 0
		}
		g.Rows = append(g.Rows, x)
		for n, c := range row.Cells {
			if len(c.General) > len(p.General[n]) {
				p.General[n] = c.General
			}
			p.HasGeneral = p.HasGeneral || len(c.General) > 0
		}
	}
}

func (r *request) scopeLists(p *scopePage) {
	touched := map[string]scoping.Touched{}
	for _, t := range p.S.Touched {
		touched[t.Account.Ref.ID] = t
	}
	for _, x := range partNames {
		if x.id == "map" || x.kind == "system" {
			continue
		}
		l := scopeList{ID: x.id, Title: x.title, Register: r.url("/r/%s", x.kind)}
		for _, item := range p.S.Items[x.kind] {
			if !item.In {
				continue
			}
			line := scopeLine{Item: item}
			if t, ok := touched[item.Ref.ID]; ok && x.kind == "account" && p.S.Users > 0 {
				line.Touched = fmt.Sprintf("%d of %d user entities", t.Entities, p.S.Users)
			}
			l.Lines = append(l.Lines, line)
		}
		if len(l.Lines) > 0 || x.kind != "legal_entity" {
			p.Lists = append(p.Lists, l)
		}
	}
	for _, item := range p.S.Left() {
		line := scopeLine{Item: item, Kind: item.Ref.Kind}
		if k, err := record.Kinds.Kind(item.Ref.Kind); err == nil {
			line.Kind = k.Title
		}
		p.Left = append(p.Left, line)
	}
}

// scopeHoles are what the rules on scope find, then what else is missing. A record
// about which a rule speaks is not named twice.
func (r *request) scopeHoles(p *scopePage) {
	told := map[soc1.Ref]bool{}
	for _, f := range p.S.Findings {
		if f.Accepted != nil {
			continue
		}
		told[soc1.Ref{Kind: f.Subject.Kind, ID: f.Subject.ID}] = true
		p.Holes = append(p.Holes, scopeHole{Rule: f.Rule.ID, Severity: gravity[f.Severity], Text: f.Text, Record: r.behindRef(f.Subject), Fix: r.url("/gaps?group=%s", f.Rule.Group())})
	}
	for _, x := range p.S.Holes() {
		if told[soc1.Ref{Kind: x.Ref.Kind, ID: x.Ref.ID}] {
			continue
		}
		h := scopeHole{Severity: ui.Status{Text: "Missing", Class: "warn", Icon: "circle-alert"}, Text: x.Hole, Record: r.behindRef(x.Ref)}
		h.Fix = h.Record.Href
		if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, x.Ref.Kind, x.Ref.ID) == nil {
			h.Fix = r.url("/r/%s/%s/edit", url.PathEscape(x.Ref.Kind), url.PathEscape(x.Ref.ID))
		}
		p.Holes = append(p.Holes, h)
	}
}

var changeWords = map[scoping.ChangeKind]ui.Status{
	scoping.Added:   {Text: "Came in", Class: "info", Icon: "plus"},
	scoping.Removed: {Text: "Went out", Class: "warn", Icon: "x"},
	scoping.Changed: {Text: "Changed", Icon: "pencil"},

	scoping.Arranged: {Text: "Performed otherwise", Icon: "pencil"},
}

// scopeHistory are the freezes and what changed since the last.
func (r *request) scopeHistory(p *scopePage) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	entry := func(pos int64) string { return r.url("/entry/%d", pos) }
	for _, f := range p.S.Freezes {
		p.Freezes = append(p.Freezes, scopeFreeze{Ref: f.Ref(), Who: r.headings().person(f.Value.FrozenBy), When: dateText(string(f.Value.FrozenOn)), Reason: f.Value.Reason, SHA256: f.Value.SHA256, Records: len(f.Value.Items), Entry: entry(f.Pos)})
	}
	zone, err := r.site.app.Zone(r.Context())
	if err != nil {
		return err
	}
	for _, c := range p.S.Changes {
		x := scopeChange{Change: c, Status: changeWords[c.What], Href: r.recordURL(c.Ref.Kind, c.Ref.ID), Kind: c.Ref.Kind}
		if k, err := record.Kinds.Kind(c.Ref.Kind); err == nil {
			x.Kind = k.Title
			var names []string
			for _, name := range c.Fields {
				if f, ok := k.Field(name); ok {
					name = f.Label
				}
				names = append(names, name)
			}
			x.Fields = strings.Join(names, ", ")
		}
		if c.Pos >= 0 {
			by, at, err := v.Recorded(r.Context(), c.Pos)
			if err != nil {
				return err
			}
			x.Entry, x.Who, x.When = entry(c.Pos), r.headings().person(by), momentText(at, zone)
		}
		p.Changes = append(p.Changes, x)
	}
	return nil
}

// freezeScope records that the scope stands as it was shown.
func (r *request) freezeScope() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	engagement, reason := v.Get("engagement"), strings.TrimSpace(v.Get("reason"))
	_, err = r.site.app.FreezeScope(r.Context(), r.actor, app.ScopeFreezing{Engagement: engagement, Reason: reason, Seen: v.Get("seen")})
	var denied *identity.DeniedError
	switch {
	case errors.As(err, &denied), app.IsInternal(err):
		return err
	case err != nil:
		if strings.HasPrefix(err.Error(), "engagement: ") || errors.Is(err, record.ErrNotFound) {
			return badRequest("engagement", err)
		}
		return r.scopeWith(http.StatusUnprocessableEntity, engagement, refusal(err), reason)
	}
	return r.redirect(r.site.base + "/scope?engagement=" + url.QueryEscape(engagement))
}

// refusal is what an error about a field says, without the field's name.
func refusal(err error) string {
	_, s, found := strings.Cut(err.Error(), ": ")
	if !found {
		s = err.Error()
	}
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// frozenWords says in the frame of the page what the state of the scope is.
func frozenWords(p *scopePage) string {
	if len(p.Freezes) == 0 {
		return "Not frozen yet: every change of the registers changes the scope."
	}
	n := len(p.Changes)
	if n == 0 {
		return "Nothing changed since."
	}
	return count(n, "change") + " since."
}
