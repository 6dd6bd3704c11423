package web

import (
	"context"
	"fmt"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// names tells how records are called, for a page full of references. It reads
// what the person may read and no more: what cannot be read keeps its id.
type names struct {
	ctx   context.Context
	views []*record.View
	kinds map[string][]*record.List
	// known are the people of whom only the name may be read; ask fetches them
	// when somebody's record cannot be read.
	known map[string]ui.Person
	ask   func() map[string]ui.Person
}

func (r *request) headings() *names {
	if r.names != nil {
		return r.names
	}
	n := &names{ctx: r.Context(), kinds: map[string][]*record.List{}}
	if v, err := r.records(); err == nil {
		n.views = append(n.views, v)
	}
	if r.ledger != app.OrganizationLedger {
		if v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{Effective: r.asOf.Effective}); err == nil {
			n.views = append(n.views, v)
		}
	}
	n.ask = r.knownByName
	r.names = n
	return n
}

// knownByName are people by name and position: for who may learn no more of
// them, and where people of an examination stand beside a record of the
// organization's.
func (r *request) knownByName() map[string]ui.Person {
	out := map[string]ui.Person{}
	for _, l := range append([]string{app.OrganizationLedger, r.ledger}, r.site.app.Ledgers(r.Context(), r.actor)...) {
		list, err := r.site.app.Names(r.Context(), r.actor, l)
		if err != nil {
			continue
		}
		for _, p := range list {
			if _, twice := out[p.ID]; !twice {
				out[p.ID] = ui.Person{ID: p.ID, Name: p.Name, Title: p.Title}
			}
		}
	}
	return out
}

// item finds a record among those that may be read; nil when there is none.
func (n *names) item(kind, id string) *record.Item {
	for _, l := range n.lists(kind) {
		if it := l.Get(id); it != nil {
			return it
		}
	}
	return nil
}

// lists are a kind in each of the views that show it.
func (n *names) lists(kind string) []*record.List {
	if l, ok := n.kinds[kind]; ok {
		return l
	}
	var out []*record.List
	for _, v := range n.views {
		if !v.Shows(kind) {
			continue
		}
		if l, err := v.Rows(n.ctx, kind); err == nil {
			out = append(out, l)
		}
	}
	n.kinds[kind] = out
	return out
}

// stamp tells one state of a kind's names from another: what is made of them
// holds as long as it is the same.
func (n *names) stamp(kind string) string {
	out := ""
	for _, l := range n.lists(kind) {
		out += fmt.Sprintf("%d,", l.Stamp())
	}
	return out
}

// heading names a record; ok is false when it cannot be read.
func (n *names) heading(kind, id string) (h record.Heading, ok bool) {
	it := n.item(kind, id)
	if it == nil || it.Redacted {
		return record.Heading{}, false
	}
	return it.Heading(), true
}

// called is what a reference to a record reads.
func (n *names) called(kind, id string) string {
	if kind == "person" {
		return n.person(id).Name
	}
	h, ok := n.heading(kind, id)
	switch {
	case !ok:
		return id
	case h.Code != "":
		return h.Code
	}
	return h.Text
}

// person is somebody as pages show them.
func (n *names) person(id string) ui.Person {
	if it := n.item("person", id); it != nil && !it.Redacted {
		if p, err := record.Value[soc1.Person](it); err == nil {
			return ui.Person{ID: id, Name: p.Name, Title: p.Title}
		}
	}
	if n.known == nil && id != "" && n.ask != nil {
		n.known = n.ask()
	}
	if p, ok := n.known[id]; ok {
		return p
	}
	return ui.Person{ID: id, Name: id}
}

// dateText is a date as people read it: 31 Dec 2025.
func dateText(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return t.Format("2 Jan 2006")
}

// momentText is an instant in a zone as people read it.
func momentText(s string, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return t.In(zone).Format("2 Jan 2006, 15:04 MST")
}
