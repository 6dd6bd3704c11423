package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reperform/app"
	"reperform/desk"
	"reperform/english"
	"reperform/mail"
	"reperform/record"
	"reperform/soc1"
)

const (
	// bookmark is where the positions up to which the ledgers were heard are kept.
	bookmark = "notify"
	// settle is how long they may be kept in memory while nothing is queued:
	// what is heard twice after a crash is queued once.
	settle = 5 * time.Second
	// stale is how old something may be to be told at once. An installation that
	// was down longer leaves the rest to the next summary.
	stale = 3 * 24 * time.Hour
	// tries is how often one command is looked at when looking fails.
	tries = 5
)

// follow hears every command once and queues what is told at once.
func (s *Service) follow(ctx context.Context) error {
	text, err := s.desk.Bookmark(ctx, bookmark)
	if err != nil {
		return err
	}
	var from map[string]int64
	if text != "" {
		if err := json.Unmarshal([]byte(text), &from); err != nil {
			return fmt.Errorf("the position up to which mail was queued cannot be read: %w", err)
		}
	}
	w := s.app.Watch(ctx, from)
	keep := func(ctx context.Context) error {
		b, err := json.Marshal(w.At())
		if err != nil {
			return err
		}
		return s.desk.SetBookmark(ctx, bookmark, string(b))
	}
	if from == nil {
		if err := keep(ctx); err != nil {
			return err
		}
	}
	kept := s.now()
	for {
		h, err := w.Next()
		if err != nil {
			if ctx.Err() == nil {
				return err
			}
			return keep(context.WithoutCancel(ctx))
		}
		queued := s.hear(ctx, h)
		if now := s.now(); queued || now.Sub(kept) > settle {
			if err := keep(context.WithoutCancel(ctx)); err != nil {
				s.log.Error("how far mail was queued could not be noted", "error", err.Error())
			}
			kept = now
		}
	}
}

// hear looks at a command until that works, a few times at most: one that makes
// looking fail must not keep everybody from being told of the others.
func (s *Service) hear(ctx context.Context, h *app.Happening) (queued bool) {
	for n := 1; ; n++ {
		q, err := s.happened(ctx, h)
		queued = queued || q
		if err == nil || ctx.Err() != nil {
			return queued
		}
		s.log.Error("telling of a command failed", "ledger", h.Ledger, "entry", h.First, "attempt", n, "error", err.Error())
		if n == tries {
			return queued
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(n) * time.Second):
		}
	}
}

// telling is one command on its way to those who are told of it.
type telling struct {
	*Service
	ctx context.Context
	h   *app.Happening
	// to are those who want to be told at once, the one who acted left out.
	to []reader
	// comments and requests are those that the command changed.
	comments, requests map[string]int64
	named              []app.Happened
	// assignments are those of courses that the command made.
	assignments map[string]bool
	queued      bool
}

// happened queues what a command asks of people. Nothing of an examination is
// told at once: even the hour of such a mail would show to the mail server's
// operator when the auditor works, and on what.
func (s *Service) happened(ctx context.Context, h *app.Happening) (queued bool, err error) {
	if h.Ledger != app.OrganizationLedger {
		return false, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, h.Time); err == nil && s.now().Sub(at) > stale {
		return false, nil
	}
	t := telling{Service: s, ctx: ctx, h: h, comments: map[string]int64{}, requests: map[string]int64{}, assignments: map[string]bool{}}
	for _, c := range h.Changes {
		switch {
		case c.Retired:
		case c.Kind == "comment":
			t.comments[c.ID] = c.Revision
		case c.Kind == "request":
			t.requests[c.ID] = c.Revision
		case c.Kind == "training_assignment" && c.Revision == 1:
			t.assignments[c.ID] = true
		case naming[c.Kind] != nil:
			t.named = append(t.named, c)
		}
	}
	if len(t.comments)+len(t.requests)+len(t.named)+len(t.assignments) == 0 {
		return false, nil
	}
	all, err := s.recentReaders(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range all {
		if r.settings.AtOnce && r.PersonID != h.Actor {
			t.to = append(t.to, r)
		}
	}
	for _, tell := range []func() error{t.mentions, t.asked, t.taught, t.assigned} {
		if err := tell(); err != nil {
			return t.queued, err
		}
	}
	return t.queued, nil
}

// letter is one to a reader who wants to be told at once.
func (t *telling) letter(r reader, subject string, do mail.Link, parts ...mail.Part) mail.Letter {
	return mail.Letter{To: mail.Address{Name: r.DisplayName, Mailbox: r.Email}, Subject: subject, From: t.from(t.ctx, r.PersonID), Parts: parts, Action: do,
		Why: "You get this mail because you are told at once of what is asked of you.", Settings: t.public + settingsPath, Unsubscribe: t.unsubscribeURL(t.ctx, r.PersonID, desk.AtOnceMail)}
}

func (t *telling) put(key, topic string, r reader, l mail.Letter) error {
	queued, err := t.queue(t.ctx, key, topic, r.PersonID, l, time.Time{})
	t.queued = t.queued || queued
	return err
}

// mentions tells those whom a comment calls, once for each comment and person.
func (t *telling) mentions() error {
	if len(t.comments) == 0 {
		return nil
	}
	for _, r := range t.to {
		all, err := t.app.MentionsOf(t.ctx, r.PersonID)
		if err != nil {
			return err
		}
		for _, c := range all {
			if _, changed := t.comments[c.ID]; !changed || c.Ledger != t.h.Ledger {
				continue
			}
			about := t.heading(t.ctx, r.PersonID, c.Comment.Subject)
			by := t.nameFor(t.ctx, r.PersonID, c.Comment.By)
			l := t.letter(r, fmt.Sprintf("%s mentions you on %s", by, about), mail.Link{Text: "Read and answer", Href: t.recordURL(c.Comment.Subject)},
				mail.Part{Text: fmt.Sprintf("%s mentions you in a comment on %s. Mails do not repeat what comments say; it stands beside the record.", by, about)})
			if err := t.put("mention/"+c.Ledger+"/"+c.ID+"/"+r.PersonID, "mention", r, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// asked tells whoever has to answer a request, or to accept an answer.
func (t *telling) asked() error {
	for id, revision := range t.requests {
		for _, r := range t.to {
			items, err := t.waitingOn(r, id)
			if err != nil {
				return err
			}
			for _, w := range items {
				if err := t.ask(r, id, revision, w); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// waitingOn is what waits for somebody because of a request. Who is not named
// by it, and deputizes for nobody, is not looked at further.
func (t *telling) waitingOn(r reader, id string) ([]app.WaitingItem, error) {
	x, err := t.app.Record(t.ctx, r.PersonID, t.h.Ledger, "request", id, record.AsOf{})
	if err != nil {
		return nil, ignoreUnread(err)
	}
	q, err := record.Decode[soc1.Request](x)
	if err != nil {
		return nil, err
	}
	if q.To != r.PersonID && q.By != r.PersonID && !t.deputizes(r.PersonID, q.To) {
		return nil, nil
	}
	all, err := t.app.Waiting(t.ctx, r.PersonID)
	return slices.DeleteFunc(all, func(w app.WaitingItem) bool {
		return w.Ref.Ledger != t.h.Ledger || w.Ref.Kind != "request" || w.Ref.ID != id
	}), err
}

func (t *telling) deputizes(person, of string) bool {
	all, err := t.app.Records(t.ctx, person, t.h.Ledger, "deputy", record.AsOf{})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(all, func(x record.Record) bool {
		d, err := record.Decode[soc1.Deputy](x)
		return err == nil && d.Deputy == person && d.Person == of
	})
}

func (t *telling) ask(r reader, id string, revision int64, w app.WaitingItem) error {
	title := t.heading(t.ctx, r.PersonID, w.Ref)
	by := t.nameFor(t.ctx, r.PersonID, t.h.Actor)
	var subject, text, do string
	switch w.For {
	case app.WaitsAnswer:
		subject, text, do = "Asked of you: "+title, fmt.Sprintf("%s asks this of you.", by), "Answer the request"
		if revision > 1 {
			text = fmt.Sprintf("%s has changed or returned this request; it waits for your answer.", by)
		}
	case app.WaitsClosing:
		subject, text, do = "Answered: "+title, fmt.Sprintf("%s has answered your request. Accept the answer or return it.", by), "Read the answer"
	default:
		return nil
	}
	part := mail.Part{Text: text}
	if w.Due != "" {
		part.Text += " It is due on " + dateText(w.Due) + "."
	}
	if w.StandingIn != "" {
		part.Text += " You stand in for " + t.nameFor(t.ctx, r.PersonID, w.StandingIn) + "."
	}
	l := t.letter(r, subject, mail.Link{Text: do, Href: t.recordURL(w.Ref)}, part)
	return t.put(fmt.Sprintf("request/%s/%d/%s", id, revision, r.PersonID), "request", r, l)
}

// naming are the fields by which a record makes something a person's work, with
// the word for what the person is then.
var naming = map[string]map[string]string{
	"control":         {"owner": "owner", "performer": "performer", "reviewer": "reviewer"},
	"risk":            {"owner": "owner"},
	"policy":          {"owner": "owner"},
	"vendor":          {"owner": "owner"},
	"remediation":     {"owner": "owner"},
	"deputy":          {"deputy": "deputy"},
	"test_of_control": {"performed_by": "tester", "reviewer": "reviewer"},
}

// assignment is a record that newly names a person.
type assignment struct {
	ref  soc1.Ref
	what string
	as   string
}

// assigned tells those whom records newly name, one mail for a command however
// many records it changed.
func (t *telling) assigned() error {
	if len(t.named) == 0 {
		return nil
	}
	found := map[string][]assignment{}
	// Who may read the same is answered by one look at the record.
	groups := map[string][]reader{}
	for _, r := range t.to {
		may, err := t.app.Reader(t.ctx, r.PersonID, t.h.Ledger)
		if err != nil {
			continue // Reads nothing of it.
		}
		groups[may.Label()] = append(groups[may.Label()], r)
	}
	for _, group := range groups {
		v, err := t.app.View(t.ctx, group[0].PersonID, t.h.Ledger, record.AsOf{})
		if err != nil {
			return err
		}
		people := map[string]bool{}
		for _, r := range group {
			people[r.PersonID] = true
		}
		for _, c := range t.named {
			if !v.Shows(c.Kind) {
				continue
			}
			if err := t.newlyNamed(v, c, people, found); err != nil {
				return err
			}
		}
	}
	for _, r := range t.to {
		list := found[r.PersonID]
		if len(list) == 0 {
			continue
		}
		key := fmt.Sprintf("assigned/%s/%d/%s", t.h.Ledger, t.h.First, r.PersonID)
		if err := t.put(key, "assignment", r, t.assignmentLetter(r, list)); err != nil {
			return err
		}
	}
	return nil
}

// newlyNamed adds what a change of a record makes the work of some people.
func (t *telling) newlyNamed(v *record.View, c app.Happened, people map[string]bool, found map[string][]assignment) error {
	now, err := v.Get(t.ctx, c.Kind, c.ID)
	if errors.Is(err, record.ErrNotFound) || err == nil && now.Redacted {
		return nil
	}
	if err != nil {
		return err
	}
	is := persons(now.Body, c.Kind)
	if !slices.ContainsFunc(sorted(is), func(f string) bool { return people[is[f]] }) {
		return nil
	}
	revisions, err := v.History(t.ctx, c.Kind, c.ID)
	if err != nil {
		return err
	}
	var was, became map[string]string
	for _, r := range revisions {
		switch r.Revision {
		case c.Revision - 1:
			if !r.Retired && !r.Redacted {
				was = persons(r.Body, c.Kind)
			}
		case c.Revision:
			became = persons(r.Body, c.Kind)
		}
	}
	for _, field := range sorted(is) {
		person := is[field]
		if people[person] && became[field] == person && was[field] != person {
			kind, err := record.Kinds.Kind(c.Kind)
			if err != nil {
				return err
			}
			found[person] = append(found[person], assignment{ref: soc1.Ref{Ledger: t.h.Ledger, Kind: c.Kind, ID: c.ID},
				what: strings.ToLower(kind.Title) + " " + headingText(now), as: naming[c.Kind][field]})
		}
	}
	return nil
}

// persons are whom a record names, by field.
func persons(body []byte, kind string) map[string]string {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return nil
	}
	out := map[string]string{}
	for field := range naming[kind] {
		var person string
		if json.Unmarshal(all[field], &person) == nil && person != "" {
			out[field] = person
		}
	}
	return out
}

func sorted(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// mostItems is how many records a mail lists; the site shows all.
const mostItems = 25

func (t *telling) assignmentLetter(r reader, list []assignment) mail.Letter {
	by := t.nameFor(t.ctx, r.PersonID, t.h.Actor)
	subject := fmt.Sprintf("You are now named in %s", english.Count(len(list), "record"))
	text := fmt.Sprintf("%s has named you:", by)
	do := mail.Link{Text: "Open what waits for you", Href: t.public + waitingPath}
	if len(list) == 1 {
		subject = fmt.Sprintf("You are now the %s of %s", list[0].as, t.heading(t.ctx, r.PersonID, list[0].ref))
		do = mail.Link{Text: "Open the record", Href: t.recordURL(list[0].ref)}
	}
	part := mail.Part{Text: text}
	for i, a := range list {
		if i == mostItems {
			part.Items = append(part.Items, mail.Item{Link: mail.Link{Text: fmt.Sprintf("and %d more", len(list)-i)}})
			break
		}
		part.Items = append(part.Items, mail.Item{Link: mail.Link{Text: upperFirst(a.what), Href: t.recordURL(a.ref)}, Note: "as " + a.as})
	}
	return t.letter(r, subject, do, part)
}
