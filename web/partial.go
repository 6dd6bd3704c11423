package web

import (
	"fmt"
	"net/url"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// Whoever holds custom roles alone, or is a guest, reads some registers of the
// organization and not others. What cannot be read has no place in the pages:
// neither in the navigation nor among what is found, counted or offered.

// withheld is a page that is made of more than the person reads, in a sentence.
type withheld string

func (w withheld) Error() string { return string(w) }

// matrixNeeds are the kinds without which the numbers of a matrix would be wrong
// and not only fewer.
var matrixNeeds = []string{"engagement", "control_objective", "risk", "control", "evidence", "test_of_control", "sample", "test_run", "result",
	"exception", "deviation", "conclusion"}

// lacks are those of the kinds that a view does not show, as people call them.
func lacks(v *record.View, kinds []string) []string {
	var out []string
	for _, name := range kinds {
		if v.Shows(name) {
			continue
		}
		if k, err := record.Kinds.Kind(name); err == nil {
			out = append(out, lowerFirst(k.Plural))
		}
	}
	return out
}

// matrixWithheld refuses a matrix to who reads only a part of what it is made of.
func matrixWithheld(org *record.View) error {
	missing := lacks(org, matrixNeeds)
	if len(missing) == 0 {
		return nil
	}
	return withheld("The risk-control matrix and its numbers are made of more than you read; without " + strings.Join(missing, ", ") +
		" they would be wrong. Ask an administrator for a role that reads these, too.")
}

// partly tells whether the person reads only a part of the organization's ledger.
func (r *request) partly() bool {
	reader, err := r.site.app.Reader(r.Context(), r.actor, app.OrganizationLedger)
	return err == nil && !reader.Whole()
}

// nameOwners puts the names of owners into numbers that were made without records
// of people: whoever works with records knows how people are called.
func (r *request) nameOwners(o *overview.Overview) {
	for i := range o.Controls {
		c := &o.Controls[i]
		if id := c.Control.Owner; c.Owner.Ref.ID == "" && id != "" {
			c.Owner = overview.Owner{Ref: soc1.Ref{Ledger: app.OrganizationLedger, Kind: "person", ID: id}, Name: r.headings().person(id).Name, Active: true}
		}
	}
}

// get reads a record that the person may read, be it of a kind of which they read
// some records alone.
func (r *request) get(k *record.Kind, id string) (record.Record, error) {
	v, err := r.records()
	if err != nil {
		return record.Record{}, err
	}
	if v.Shows(k.Name) {
		return v.Get(r.Context(), k.Name, id)
	}
	return r.site.app.Record(r.Context(), r.actor, r.ledger, k.Name, id, r.asOf)
}

// shown refuses a kind of which the person reads no records as such.
func (r *request) shown(k *record.Kind) error {
	v, err := r.records()
	if err != nil || v.Shows(k.Name) {
		return err
	}
	_, err = r.site.app.Records(r.Context(), r.actor, r.ledger, k.Name, record.AsOf{})
	return err
}

// partlyHome is the page of somebody who reads some registers: what waits for
// them, the registers, and what changed in these.
func (r *request) partlyHome(p *homePage, today soc1.Date) error {
	held, err := r.site.app.OwnRoles(r.Context(), r.actor)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(held))
	for _, x := range held {
		names = append(names, x.Role.Name)
	}
	if err := r.guestHome(p); err != nil {
		return err
	}
	p.Lead = "What your role opens to you: " + strings.Join(names, "") + "."
	if len(names) > 1 {
		p.Lead = fmt.Sprintf("What your %d roles open to you: %s.", len(names), strings.Join(names, ", "))
	}
	if r.past.On() {
		return nil
	}
	waiting, err := r.site.app.Waiting(r.Context(), r.actor)
	if err != nil {
		return err
	}
	p.Mine = &homeMine{}
	for _, w := range waiting {
		p.Mine.add(r.waitingItem(w), today)
	}
	return r.homeChanges(p, app.OrganizationLedger)
}

// knownPeople are the people whom the person knows by name where no record of
// people is shown, for a field that names one.
func (r *request) knownPeople() []option {
	list, err := r.site.app.Names(r.Context(), r.actor, app.OrganizationLedger)
	if err != nil {
		return nil
	}
	var out []option
	for _, p := range list {
		if !p.Left {
			out = append(out, option{Value: p.ID, Text: clipped(p.Name, 100)})
		}
	}
	return out
}

// calling finds the comment that calls the person and waits, by its ledger and id.
func (r *request) calling(ledger, id string) (app.CommentLine, bool, error) {
	all, err := r.site.app.MentionsOf(r.Context(), r.actor)
	if err != nil {
		return app.CommentLine{}, false, err
	}
	for _, c := range all {
		if c.Ledger == ledger && c.ID == id {
			return c, true, nil
		}
	}
	return app.CommentLine{}, false, nil
}

// newHref is the address of the form for a new record; empty where the person
// makes none.
func (r *request) newHref(kind string) string {
	if r.site.app.MayPut(r.Context(), r.actor, r.ledger, kind, "") != nil {
		return ""
	}
	return r.url("%s/r/%s/new", r.at(), url.PathEscape(kind))
}
