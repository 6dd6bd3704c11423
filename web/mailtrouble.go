package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"reperform/account"
	"reperform/desk"
	"reperform/soc1"
	"reperform/web/ui"
)

// Mail that failed is seen by whoever manages the accounts of those whom it was
// for, and by nobody else: that a summary to somebody of the firm could not be
// delivered tells management that something waits in the auditor's file.

func (s *Site) registerMailTrouble() {
	if s.opt.Desk == nil || s.opt.Mailer == nil || s.opt.Accounts == nil {
		return
	}
	s.add("GET /mail", (*request).mailTrouble)
	s.add("POST /mail", (*request).handleTrouble)
}

// troublePage lists the mails that could not be sent.
type troublePage struct {
	f     *ui.Frame
	Lines []troubleLine
	Done  string
}

// troubleLine is one such mail. Nothing in it is of its content.
type troubleLine struct {
	desk.Trouble
	Who   ui.Person
	Email string
	// What is the topic in words, When and State when it was made and how it
	// stands.
	What, When, State string
	Waits             bool
}

// topicTexts are the topics of mails in words.
var topicTexts = map[string]string{
	"mention": "A comment that mentions them", "request": "A request or an answer", "assignment": "A record that became theirs", "summary": "Summary of what waits",
	"test": "Test mail", string(account.Invitation): "Invitation", string(account.Reset): "Link for a new password", string(account.MailReset): "Link for a new password",
}

// troubles are the mails that failed of the people whose accounts the person who
// asks manages; those of others are told of in no way.
func (r *request) troubles() ([]troubleLine, error) {
	st, err := r.standing()
	if err != nil {
		return nil, err
	}
	if !st.manages() {
		return nil, account.ErrForbidden
	}
	all, err := r.site.opt.Desk.Troubles(r.Context())
	if err != nil {
		return nil, err
	}
	var out []troubleLine
	for _, t := range all {
		kept, has := st.kept[t.Addressee]
		invited, is := st.invited[t.Addressee]
		if !has && !is {
			continue
		}
		if ok, err := r.looksAfter(st, t.Addressee); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		l := troubleLine{Trouble: t, Who: r.headings().person(t.Addressee), Email: kept.Email, What: topicTexts[t.Topic], When: r.instant(t.CreatedAt), Waits: !t.NextAt.IsZero()}
		if !has {
			l.Email = invited.Email
		}
		if l.What == "" {
			l.What = "Mail"
		}
		l.State = l.stands(r.instant)
		out = append(out, l)
	}
	return out, nil
}

// looksAfter tells whether somebody stands on a side whose accounts the person
// who asks manages, as the ledgers have it now.
func (r *request) looksAfter(st standing, person string) (bool, error) {
	sides, _, err := r.site.app.Standing(r.Context(), person)
	if err != nil {
		return false, err
	}
	for _, s := range sides {
		if !st.keeps(soc1.Person{Side: s}) {
			return false, nil
		}
	}
	return true, nil
}

// hasTrouble counts the mails that failed, for who may see them.
func (r *request) hasTrouble(st standing) (n int, sees bool) {
	if !r.hasMail() || !st.manages() {
		return 0, false
	}
	all, err := r.troubles()
	return len(all), err == nil
}

func (r *request) mailTrouble() error {
	lines, err := r.troubles()
	if err != nil {
		return err
	}
	p := &troublePage{Lines: lines, Done: troubleDone[r.URL.Query().Get("done")]}
	crumbs := []ui.Link{{Text: "People", Href: "/people"}}
	if p.f, err = r.frame("Mail that failed", crumbs); err != nil {
		return err
	}
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), troubleBody(p)))
}

var troubleDone = map[string]string{
	"retry":   "It is tried again now. What the server says this time stands here in a moment, if it refuses once more.",
	"discard": "The mail is discarded.",
	"all":     "All of them are tried again now. Those that are refused once more come back in a moment.",
}

// handleTrouble tries mails again, or discards one.
func (r *request) handleTrouble() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	lines, err := r.troubles()
	if err != nil {
		return err
	}
	do := v.Get("do")
	if do == "all" {
		for _, l := range lines {
			if !l.Retry {
				continue
			}
			if err := r.site.opt.Desk.Retry(r.Context(), l.ID); err != nil && !errors.Is(err, desk.ErrMail) {
				return err
			}
		}
		return r.redirect(r.site.base + "/mail?done=all")
	}
	id, _ := strconv.ParseInt(v.Get("id"), 10, 64)
	for _, l := range lines {
		if l.ID != id {
			continue
		}
		switch do {
		case "retry":
			err = r.site.opt.Desk.Retry(r.Context(), id)
		case "discard":
			err = r.site.opt.Desk.Discard(r.Context(), id)
		default:
			return badRequest("do", errors.New("the form does not say what to do with the mail"))
		}
		if err != nil {
			return err
		}
		return r.redirect(r.site.base + "/mail?done=" + do)
	}
	return desk.ErrMail
}

// stands says how a mail stands.
func (l troubleLine) stands(instant func(time.Time) string) string {
	switch {
	case !l.Waits:
		return "Given up " + instant(l.EndedAt)
	case l.Attempts == 0:
		return "Being tried again"
	}
	return "Next attempt " + instant(l.NextAt)
}

// triedText says when a mail was made and how often it was tried. One that waits
// to be tried again says first that what follows is the answer of before.
func triedText(l troubleLine) string {
	if l.Waits && l.Attempts == 0 {
		return l.When + " · what the server said before:"
	}
	return l.When + " · " + count(l.Attempts, "attempt")
}
