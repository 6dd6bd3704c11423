package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// activityPage is what happened, newest first.
type activityPage struct {
	f     *ui.Frame
	Lines []happening
	// Actor, Kind and Action are the filters of the address.
	Actor, Kind, Action string
	People              []option
	Kinds               []option
	Actions             []option
	More                string
}

type happening struct {
	Who     ui.Person
	When    string
	Action  string
	Reason  string
	Entry   ui.Link
	Changes []changeLink
	// Others is how many changes are not listed.
	Others int
	Lag    string
}

// changeLink is a record that was changed, with how many comments there are.
type changeLink struct {
	ui.Link
	Comments int
}

// activity shows what happened in every ledger that the person may read.
func (r *request) activity() error {
	v := r.URL.Query()
	p := &activityPage{Actor: v.Get("actor"), Kind: v.Get("kind"), Action: v.Get("action")}
	q := app.ActivityQuery{Actor: p.Actor, Kind: p.Kind, Action: p.Action, Before: v.Get("before"), Limit: 50}
	if r.asOf.Known > 0 {
		q.Ledgers, q.ToPos = []string{r.ledger}, r.asOf.Known
	}
	a, err := r.site.app.Activity(r.Context(), r.actor, q)
	if err != nil {
		return badRequest("filter", err)
	}
	for _, l := range a.Lines {
		p.Lines = append(p.Lines, r.happening(l))
	}
	if err := r.countComments(a.Lines, p.Lines); err != nil {
		return err
	}
	if a.Next != "" {
		next := url.Values{"actor": {p.Actor}, "kind": {p.Kind}, "action": {p.Action}, "before": {a.Next}}
		p.More = r.url("/activity?%s", next.Encode())
	}
	p.Actions = actionOptions(p.Action)
	org, err := r.latest(app.OrganizationLedger)
	for _, name := range record.Kinds.Names() {
		k, kerr := record.Kinds.Kind(name)
		if kerr != nil {
			return kerr
		}
		// Who reads a part of the organization's ledger reads no other.
		if err == nil && !org.Shows(name) {
			continue
		}
		p.Kinds = append(p.Kinds, option{name, k.Plural, name == p.Kind})
	}
	if p.f, err = r.frame("Activity", nil); err != nil {
		return err
	}
	for _, view := range r.headings().views {
		list, err := view.Rows(r.Context(), "person")
		if err != nil {
			return err
		}
		p.People = append(p.People, r.site.namesIn(view.Ledger(), list)...)
	}
	for i := range p.People {
		p.People[i].On = p.People[i].Value == p.Actor
	}
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), activityBody(p)))
}

// mostListed bounds the changes that a line lists.
const mostListed = 4

// namesIn are the people of a list with their names. There are hundreds, who seldom
// change, and so they are kept for as long as the list is the same.
func (s *Site) namesIn(ledger string, list *record.List) []option {
	type named struct {
		list *record.List
		of   []option
	}
	if x, ok := s.people.Load(ledger); ok && x.(named).list == list {
		return x.(named).of
	}
	var out []option
	list.All(func(it *record.Item) bool {
		if it.Live() {
			out = append(out, option{Value: it.ID, Text: record.HeadingOf(it.Record).Text})
		}
		return true
	})
	s.people.Store(ledger, named{list, out})
	return out
}

// countComments adds to the records that lines list how much is said about them.
func (r *request) countComments(lines []app.ActivityLine, out []happening) error {
	var about []soc1.Ref
	for _, l := range lines {
		for _, c := range l.Changes[:min(len(l.Changes), mostListed)] {
			about = append(about, soc1.Ref{Ledger: l.Ledger, Kind: c.Kind, ID: c.ID})
		}
	}
	n, err := r.site.app.CommentCounts(r.Context(), r.actor, about)
	if err != nil {
		return err
	}
	for i, l := range lines {
		for j, c := range l.Changes[:min(len(l.Changes), mostListed)] {
			out[i].Changes[j].Comments = n[soc1.Ref{Ledger: l.Ledger, Kind: c.Kind, ID: c.ID}]
		}
	}
	return nil
}

// commentLink leads from a comment to where it was said.
func (r *request) commentLink(ledger, id string) (ui.Link, bool) {
	v, err := r.latest(ledger)
	if err != nil {
		return ui.Link{}, false
	}
	c, err := record.One[soc1.Comment](r.Context(), v, "comment", id)
	if err != nil || c.Redacted {
		return ui.Link{}, false
	}
	about := c.Value.Subject
	if about.Ledger == "" {
		about.Ledger = ledger
	}
	words, href, ok := r.called(about.Ledger, about.Kind, about.ID)
	if !ok {
		return ui.Link{}, false
	}
	return ui.Link{Text: "comment on " + words, Href: href + "#" + anchorOf(ledger, id)}, true
}

func (r *request) happening(l app.ActivityLine) happening {
	if l.Action == "record.bulk" && l.Count == 1 {
		l.Action = "record.put"
	}
	at := ""
	if l.Ledger != app.OrganizationLedger {
		at = "/x/" + url.PathEscape(l.Ledger)
	}
	h := happening{Who: r.headings().person(l.Actor), When: momentText(l.Time, r.zone()), Action: actionWords(l.Action), Reason: l.Reason,
		Entry: ui.Link{Text: fmt.Sprintf("entry %d", l.First)}}
	if !l.Partial {
		h.Entry.Href = r.url("%s/entry/%d", at, l.First)
	}
	for i, c := range l.Changes {
		if i == mostListed {
			break
		}
		if c.Kind == "comment" {
			if to, ok := r.commentLink(l.Ledger, c.ID); ok {
				h.Changes = append(h.Changes, changeLink{Link: to})
				continue
			}
		}
		h.Changes = append(h.Changes, changeLink{Link: ui.Link{Text: r.nameOf(l.Ledger, c.Kind, c.ID), Href: r.url("%s/r/%s/%s", at, url.PathEscape(c.Kind), url.PathEscape(c.ID))}})
	}
	h.Others = l.Count - len(h.Changes)
	if l.RetroactiveDays > 0 {
		h.Lag = fmt.Sprintf("recorded %s after it took effect", count(l.RetroactiveDays, "day"))
	}
	return h
}

// entryPage is one entry of a ledger with its proof.
type entryPage struct {
	f        *ui.Frame
	Who      ui.Person
	When     string
	Action   string
	Position int64
	Changes  []ui.Link
	// Others is how many changes are not listed.
	Others     int
	Entry      string
	Path       []string
	Checkpoint string
	Key        string
	Download   string
}

// mostChanges bounds the changes that the page of an entry lists; the entry as
// stored, below them, has all.
const mostChanges = 200

// entry shows an entry and proves that it stands in the ledger.
func (r *request) entry() error {
	pos, err := strconv.ParseInt(r.PathValue("pos"), 10, 64)
	if err != nil {
		return errNowhere
	}
	proof, err := r.site.app.Prove(r.Context(), r.actor, r.ledger, pos, nil)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("download") == "json" {
		h := r.w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="proof-%s-%d.json"`, app.IDFrom(r.ledger), pos))
		return proof.Encode(r.w)
	}
	lines, err := r.site.app.Log(r.Context(), r.actor, r.ledger, pos, 1)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return errNowhere
	}
	e := lines[0].Entry
	p := &entryPage{Who: r.headings().person(e.Actor), When: momentText(e.Time, r.zone()), Action: actionWords(e.Action), Position: pos,
		Entry: string(proof.Entry.Entry), Checkpoint: string(proof.Entry.Checkpoint), Key: proof.Key, Download: r.url("%s/entry/%d?download=json", r.at(), pos)}
	for _, h := range proof.Entry.Path {
		p.Path = append(p.Path, base64.StdEncoding.EncodeToString(h[:]))
	}
	for _, c := range e.Changes {
		if len(p.Changes) == mostChanges {
			p.Others = len(e.Changes) - mostChanges
			break
		}
		p.Changes = append(p.Changes, ui.Link{Text: fmt.Sprintf("%s, revision %d", r.nameOf(r.ledger, c.Kind, c.ID), c.Revision), Href: r.recordURL(c.Kind, c.ID)})
	}
	if p.f, err = r.frame(fmt.Sprintf("Entry %d of ledger %s", pos, r.ledger), []ui.Link{{Text: "Activity", Href: "/activity"}}); err != nil {
		return err
	}
	p.f.Here = "/activity"
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), entryBody(p)))
}
