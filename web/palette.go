package web

import (
	"encoding/json"
	"strings"

	"reperform/app"
	"reperform/record"
)

// found is one line of the command palette.
type found struct {
	Text   string `json:"text"`
	What   string `json:"what"`
	Href   string `json:"href,omitempty"`
	Action string `json:"action,omitempty"`
}

// mostFound bounds the lines of the palette.
const mostFound = 40

// palette answers what the person can go to or do.
func (r *request) palette() error {
	q := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("q")))
	words := strings.Fields(q)
	org, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	nav, err := r.navigation(org)
	if err != nil {
		return err
	}
	out := []found{}
	fits := func(s string) bool {
		s = strings.ToLower(s)
		for _, w := range words {
			if !strings.Contains(s, w) {
				return false
			}
		}
		return true
	}
	for _, g := range nav {
		for _, n := range g.Items {
			if fits(n.Text + " " + g.Title) {
				what := "Go to"
				if strings.HasPrefix(n.Href, "/x/") {
					what = "Auditor’s file"
				}
				out = append(out, found{Text: n.Text, What: what, Href: r.site.base + n.Href})
			}
		}
	}
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			return err
		}
		if len(words) > 0 && !k.Decision && k.Home != record.Examination && fits("new "+k.Title) && r.newHref(name) != "" {
			out = append(out, found{Text: "New " + lowerFirst(k.Title), What: "Action", Href: r.site.base + "/r/" + name + "/new"})
		}
	}
	if fits("keyboard shortcuts help") {
		out = append(out, found{Text: "Keyboard shortcuts", What: "Help", Action: "help"})
	}
	if len(words) > 0 {
		hits, err := r.search(q, mostFound)
		if err != nil {
			return err
		}
		out = append(out, hits...)
	}
	r.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.w).Encode(out[:min(len(out), mostFound)])
}
