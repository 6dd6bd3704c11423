package web

import (
	"context"
	"errors"
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
	known map[[2]string]record.Heading
	// called are the people of whom only the name may be read; fetch asks for
	// them when somebody's record cannot be read.
	called map[string]ui.Person
	fetch  func() map[string]ui.Person
}

func (r *request) headings() *names {
	if r.names != nil {
		return r.names
	}
	n := &names{ctx: r.Context(), known: map[[2]string]record.Heading{}}
	if v, err := r.records(); err == nil {
		n.views = append(n.views, v)
	}
	if r.ledger != app.OrganizationLedger {
		if v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{Effective: r.asOf.Effective}); err == nil {
			n.views = append(n.views, v)
		}
	}
	n.fetch = r.calledOnly
	r.names = n
	return n
}

// calledOnly are people by name and position: for who may learn no more of
// them, and where people of an examination stand beside a record of the
// organization's.
func (r *request) calledOnly() map[string]ui.Person {
	out := map[string]ui.Person{}
	for _, l := range append([]string{app.OrganizationLedger, r.ledger}, r.site.app.Ledgers(r.Context(), r.actor)...) {
		list, err := r.site.app.Names(r.Context(), r.actor, l)
		if err != nil {
			continue
		}
		for _, p := range list {
			if _, known := out[p.ID]; known {
				continue
			}
			out[p.ID] = ui.Person{ID: p.ID, Name: p.Name, Title: p.Title}
		}
	}
	return out
}

// heading names a record; ok is false when it cannot be read.
func (n *names) heading(kind, id string) (h record.Heading, ok bool) {
	key := [2]string{kind, id}
	if h, ok := n.known[key]; ok {
		return h, h.Text != "" || h.Code != ""
	}
	for _, v := range n.views {
		r, err := v.Get(n.ctx, kind, id)
		if errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil || r.Redacted {
			break
		}
		h := record.HeadingOf(r)
		n.known[key] = h
		return h, true
	}
	n.known[key] = record.Heading{}
	return record.Heading{}, false
}

// person is somebody as pages show them.
func (n *names) person(id string) ui.Person {
	for _, v := range n.views {
		p, err := record.One[soc1.Person](n.ctx, v, "person", id)
		if err == nil && !p.Redacted {
			return ui.Person{ID: id, Name: p.Value.Name, Title: p.Value.Title}
		}
	}
	if n.called == nil && id != "" && n.fetch != nil {
		n.called = n.fetch()
	}
	if p, ok := n.called[id]; ok {
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
