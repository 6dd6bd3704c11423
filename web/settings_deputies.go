package web

import (
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// deputiesPage is who stands in for a person, and for whom the person does.
type deputiesPage struct {
	f *ui.Frame
	// Mine stand in for the person; For are those for whom the person does.
	Mine, For []deputyLine
	// Scopes are what the person may hand over, People to whom.
	Scopes, People []option
	Form           url.Values
}

type deputyLine struct {
	ID, What, From, Until, State, Class, Reason string
	Who                                         ui.Person
	Ended                                       bool
}

// deputised are the roles whose work is handed over.
func deputised(roles []soc1.Role) []soc1.DeputyScope {
	var out []soc1.DeputyScope
	for _, s := range soc1.DeputyScope("").Values() {
		if scope := soc1.DeputyScope(s); slices.Contains(roles, scope.Role()) {
			out = append(out, scope)
		}
	}
	return out
}

// hasDeputies tells whether somebody has work that is handed over, or stands in
// for others.
func (r *request) hasDeputies() bool {
	at, p, ok := r.ownRecord()
	return ok && at == "" && p.Side == soc1.SideServiceOrganization
}

func (r *request) deputies() error { return r.deputiesWith(nil, url.Values{}) }

func (r *request) deputiesWith(problem error, form url.Values) error {
	_, own, ok := r.ownRecord()
	if !ok || !r.hasDeputies() {
		return errNowhere
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.Deputy](r.Context(), v, "deputy")
	if err != nil {
		return err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return err
	}
	p := &deputiesPage{f: r.plainFrame(""), Form: form}
	for _, d := range all {
		l := deputyLine{ID: d.ID, From: dateText(string(d.Value.From)), Until: dateText(string(d.Value.Until)), Reason: d.Value.Reason, State: "Now", Class: "ok"}
		switch {
		case d.Value.Until < today:
			l.State, l.Class, l.Ended = "Over", "", true
		case d.Value.From > today:
			l.State, l.Class = "Not yet", "info"
		}
		var what []string
		for _, s := range d.Value.Scope {
			what = append(what, s.Label())
		}
		l.What = strings.Join(what, "; ")
		switch r.actor {
		case d.Value.Person:
			l.Who = r.headings().person(d.Value.Deputy)
			p.Mine = append(p.Mine, l)
		case d.Value.Deputy:
			l.Who = r.headings().person(d.Value.Person)
			p.For = append(p.For, l)
		}
	}
	for _, s := range deputised(own.Roles) {
		p.Scopes = append(p.Scopes, option{string(s), s.Label(), slices.Contains(form["scope"], string(s)) || len(form) == 0})
	}
	people, err := record.All[soc1.Person](r.Context(), v, "person")
	if err != nil {
		return err
	}
	for _, x := range people {
		if x.ID != r.actor && x.Value.Side == soc1.SideServiceOrganization && len(x.Value.Roles)+len(x.Value.CustomRoles) > 0 {
			p.People = append(p.People, option{x.ID, x.Value.Name, form.Get("deputy") == x.ID})
		}
	}
	slices.SortFunc(p.People, func(x, y option) int { return strings.Compare(x.Text, y.Text) })
	return r.settings("/settings/deputies", problem, deputiesBody(p))
}

func (r *request) nameDeputy() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	d := soc1.Deputy{Person: r.actor, Deputy: v.Get("deputy"), Reason: strings.TrimSpace(v.Get("reason"))}
	for _, s := range v["scope"] {
		d.Scope = append(d.Scope, soc1.DeputyScope(s))
	}
	for _, x := range []struct {
		name, label string
		to          *soc1.Date
	}{{"from", "From", &d.From}, {"until", "Until", &d.Until}} {
		day, err := soc1.ParseDate(v.Get(x.name))
		if err != nil {
			return r.deputiesWith(said(x.label+": choose a day."), v)
		}
		*x.to = day
	}
	why := d.Reason
	if why == "" {
		why = "Named as deputy."
	}
	err = r.site.app.PutRecord(r.Context(), r.actor, app.RecordChange{Kind: "deputy", ID: "dep-" + newReference(), Value: d, Reason: why})
	if err != nil {
		return r.deputiesWith(err, v)
	}
	return r.redirect(r.site.base + "/settings/deputies?done=deputy")
}

// endDeputy takes a deputy's right away before its last day.
func (r *request) endDeputy() error {
	view, err := r.records()
	if err != nil {
		return err
	}
	d, err := record.One[soc1.Deputy](r.Context(), view, "deputy", r.PathValue("id"))
	if err != nil {
		return err
	}
	if d.Value.Person != r.actor {
		return errNowhere
	}
	err = r.site.app.PutRecord(r.Context(), r.actor, app.RecordChange{Kind: "deputy", ID: d.ID, Revision: d.Revision, Retired: true, Reason: "Ended by the person who was stood in for."})
	if err != nil {
		return r.deputiesWith(err, url.Values{})
	}
	return r.redirect(r.site.base + "/settings/deputies?done=ended")
}
