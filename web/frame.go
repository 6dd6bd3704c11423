package web

import (
	"cmp"
	"errors"
	"net/url"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// frame gathers what surrounds the content of a page.
func (r *request) frame(title string, crumbs []ui.Link) (*ui.Frame, error) {
	f := r.plainFrame(title)
	f.Crumbs, f.Past = crumbs, r.past
	f.Here, f.Self = r.URL.Path, r.site.base+r.URL.RequestURI()
	org, err := r.latest(app.OrganizationLedger)
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		// Guests who read a few records, and the firm's administrator, have pages
		// without the registers of the organization around them.
		f.Organization, f.Person, f.Nav = "Reperform", r.me(), r.narrowNavigation()
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	orgs, err := record.All[soc1.Organization](r.Context(), org, "organization")
	if err != nil {
		return nil, err
	}
	f.Organization = "Reperform"
	if len(orgs) > 0 {
		f.Organization = orgs[0].Value.Name
	}
	f.Person = r.me()
	f.Last = r.site.positions(r.Context(), r.actor, r.heard)
	f.Nav, err = r.navigation(org)
	return f, err
}

func (r *request) plainFrame(title string) *ui.Frame {
	f := &ui.Frame{Asset: r.asset, Base: r.site.base, Title: title}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		f.Theme = c.Value
	}
	if c, err := r.Cookie(densityCookie); err == nil && c.Value == "comfortable" {
		f.Density = c.Value
	}
	return f
}

func (r *request) asset(name string) string { return r.site.base + r.site.assets.URL(name) }

// place is a register in the navigation.
type place struct{ kind, icon string }

// navigated are the registers in the order in which a program is built.
var navigated = []struct {
	title  string
	places []place
}{
	{"Program", []place{{"engagement", "briefcase"}, {"service", "layers"}, {"system", "server"}, {"user_entity", "building-2"}, {"control_objective", "target"}, {"risk", "triangle-alert"},
		{"control", "shield-check"}, {"evidence", "file-check"}, {"policy", "scroll-text"}}},
	{"Others' controls", []place{{"subservice_organization", "network"}, {"csoc", "waypoints"}, {"cuec", "users"}, {"vendor", "building-2"}}},
	{"Report", []place{{"description_section", "book-open"}, {"significant_change", "git-branch"}, {"management_response", "message-square-text"}, {"other_information", "info"},
		{"assertion", "file-text"}, {"representation_letter", "mail"}}},
	{"Own tests", []place{{"test_of_control", "flask-conical"}, {"population", "database"}, {"deviation", "circle-alert"}}},
}

// brief are names that the trade shortens, where there is no room for the whole.
var brief = map[string]string{"csoc": "CSOCs", "cuec": "CUECs"}

// navigation is what the person can go to.
func (r *request) navigation(org *record.View) ([]ui.NavGroup, error) {
	out := []ui.NavGroup{{Items: []ui.NavItem{{Icon: "layout-dashboard", Text: "Home", Href: "/"}, r.inboxNav()}}}
	if matrixWithheld(org) == nil {
		out[0].Items = append(out[0].Items, ui.NavItem{Icon: "table-2", Text: "Risk-control matrix", Href: "/matrix"}, ui.NavItem{Icon: "calendar-clock", Text: "Evidence calendar", Href: "/calendar"})
	}
	reader, err := r.site.app.Reader(r.Context(), r.actor, app.OrganizationLedger)
	whole := err == nil && reader.Whole()
	if whole {
		out[0].Items = append(out[0].Items, ui.NavItem{Icon: "badge-check", Text: "Readiness", Href: "/readiness"}, ui.NavItem{Icon: "triangle-alert", Text: "Gaps", Href: "/gaps"},
			ui.NavItem{Icon: "list-checks", Text: "Remediation", Href: "/remediation"}, ui.NavItem{Icon: "target", Text: "Scope", Href: "/scope"}, ui.NavItem{Icon: "scale", Text: "Risk assessment", Href: "/risks"},
			ui.NavItem{Icon: "calendar-clock", Text: "Events", Href: "/events"}, ui.NavItem{Icon: "scroll-text", Text: "Policies", Href: "/policies"}, ui.NavItem{Icon: "network", Text: "Subservice organizations", Href: "/subservice"}, ui.NavItem{Icon: "waypoints", Text: "Mapping", Href: "/mapping"}, ui.NavItem{Icon: "book-open", Text: "Training", Href: "/training"},
			ui.NavItem{Icon: "circle-help", Text: "SOC 1 or SOC 2?", Href: "/start"})
	}
	for _, g := range navigated {
		group := ui.NavGroup{Title: g.title}
		if g.title == "Own tests" && whole {
			group.Items = append(group.Items, ui.NavItem{Icon: "clipboard-check", Text: "Papers", Href: "/papers"})
		}
		for _, p := range g.places {
			k, err := record.Kinds.Kind(p.kind)
			if err != nil {
				return nil, err
			}
			// Who reads all of the ledger has pages of these, which lead to their registers.
			if p.kind == "population" && whole {
				group.Items = append(group.Items, ui.NavItem{Icon: p.icon, Text: k.Plural, Href: "/populations"})
				continue
			}
			if !org.Shows(p.kind) || whole && (p.kind == "policy" || p.kind == "subservice_organization") {
				continue
			}
			group.Items = append(group.Items, ui.NavItem{Icon: p.icon, Text: cmp.Or(brief[p.kind], k.Plural), Href: "/r/" + p.kind})
		}
		if len(group.Items) > 0 {
			out = append(out, group)
		}
	}
	for _, l := range r.site.app.Ledgers(r.Context(), r.actor) {
		if l == app.OrganizationLedger {
			continue
		}
		group := ui.NavGroup{Title: "Auditor’s file " + l, Items: []ui.NavItem{{Icon: "list-checks", Text: "Planning", Href: "/x/" + url.PathEscape(l) + "/planning"}, {Icon: "clipboard-check", Text: "Working papers", Href: "/x/" + url.PathEscape(l) + "/papers"}}}
		for _, p := range []place{{"examination", "folder"}, {"test_of_control", "flask-conical"}, {"population", "database"}, {"exception", "triangle-alert"}, {"deviation", "circle-alert"}, {"conclusion", "gavel"}} {
			k, err := record.Kinds.Kind(p.kind)
			if err != nil {
				return nil, err
			}
			icon := p.icon
			if icon == "folder" {
				icon = "briefcase"
			}
			at := "/r/" + p.kind
			if p.kind == "population" {
				at = "/populations"
			}
			group.Items = append(group.Items, ui.NavItem{Icon: icon, Text: k.Plural, Href: "/x/" + url.PathEscape(l) + at})
		}
		group.Items = append(group.Items, ui.NavItem{Icon: "triangle-alert", Text: "Gaps", Href: "/x/" + url.PathEscape(l) + "/gaps"})
		group.Items = append(group.Items, ui.NavItem{Icon: "users", Text: "People", Href: "/x/" + url.PathEscape(l) + "/people"})
		out = append(out, group)
	}
	record := ui.NavGroup{Title: "Record", Items: []ui.NavItem{{Icon: "activity", Text: "Activity", Href: "/activity"}}}
	if org.Shows(personKind) {
		record.Items = append(record.Items, ui.NavItem{Icon: "users", Text: "People", Href: "/people"})
	}
	return append(out, record), nil
}

// narrowNavigation is what those can go to who do not read the organization's
// ledger.
func (r *request) narrowNavigation() []ui.NavGroup {
	var out []ui.NavGroup
	for _, l := range r.site.app.PeopleLedgers(r.Context(), r.actor) {
		out = append(out, ui.NavGroup{Title: "Auditor’s file " + l, Items: []ui.NavItem{{Icon: "users", Text: "People", Href: "/x/" + url.PathEscape(l) + "/people"}}})
	}
	return out
}
