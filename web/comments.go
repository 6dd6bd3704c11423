package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// talk is what is said about a record, and what people were asked about it.
type talk struct {
	f *ui.Frame
	// Subject is the record, with its ledger.
	Subject soc1.Ref
	Count   int
	// Open are the threads that nobody has settled, Settled the others.
	Open, Settled []thread
	// Homes are the ledgers in which the person may write; none when the person
	// only reads, or looks at the past.
	Homes []option
	// Action is where forms are sent, Back the page that they come back to.
	Action, Back string
	// Fresh is the id of the comment that is written next.
	Fresh string
	Draft draft
	Asked []asked
	// Ask offers to ask somebody for something.
	Ask *askForm
	// Past says that the page shows the past, where nobody says anything.
	Past bool
	// Quiet says that the person reads no comments here, and is told of none.
	Quiet bool
}

// about names the record in the words of the event stream.
func (t *talk) about() string { return t.Subject.Ledger + "/" + t.Subject.Kind + "/" + t.Subject.ID }

// draft is what somebody wrote that was not recorded, and why.
type draft struct {
	// Target is the form that it was written in: empty for a new comment, reply:
	// or edit: and an anchor, ask, or answer: or close: and a request's id.
	Target        string
	Text, Problem string
	Form          url.Values
}

func (d draft) on(target string) bool { return d.Problem != "" && d.Target == target }

// thread is a comment with its answers.
type thread struct {
	saying
	Answers []saying
}

// saying is one comment as a page shows it.
type saying struct {
	Anchor, Ledger, ID string
	Revision           int64
	Who                ui.Person
	When, Stamp        string
	// HTML is the text rendered, Text as it was written.
	HTML, Text          string
	MayEdit, MayResolve bool
	Settled             bool
	SettledBy           string
	// History is where its revisions stand.
	History string
	// Apart names the ledger where it is kept when that is not the record's.
	Apart string
}

// subject is the record that the address names.
func (r *request) subject() soc1.Ref {
	return soc1.Ref{Ledger: r.ledger, Kind: r.PathValue("kind"), ID: r.PathValue("id")}
}

// anchorOf is where a comment stands on its record's page.
func anchorOf(ledger, id string) string {
	if ledger == app.OrganizationLedger {
		return "comment-" + id
	}
	return "comment-" + ledger + "-" + id
}

// pathOf is the address of a record within the site.
func pathOf(ref soc1.Ref) string {
	at := ""
	if ref.Ledger != "" && ref.Ledger != app.OrganizationLedger {
		at = "/x/" + url.PathEscape(ref.Ledger)
	}
	return fmt.Sprintf("%s/r/%s/%s", at, url.PathEscape(ref.Kind), url.PathEscape(ref.ID))
}

// talkOf gathers what is said about a record.
func (r *request) talkOf(subject soc1.Ref, back string) (*talk, error) {
	if subject.Kind == "comment" {
		return nil, nil
	}
	t := &talk{f: &ui.Frame{Asset: r.asset, Base: r.site.base}, Subject: subject, Action: r.site.base + pathOf(subject), Back: back, Past: r.past.On(), Fresh: "c-" + newReference() + newReference()}
	reader, err := r.site.app.Reader(r.Context(), r.actor, subject.Ledger)
	if err != nil {
		return nil, err
	}
	t.Quiet = !reader.Talks(subject.Kind) || t.Past && !reader.Kind("comment")
	lines, err := r.commentLines(subject)
	if err != nil {
		return nil, err
	}
	t.Count = len(lines)
	at := map[string]int{}
	var threads []thread
	// Comments before answers: two that were written in the same second stand in
	// no order.
	for _, answers := range []bool{false, true} {
		for _, l := range lines {
			if answers != (l.Comment.ReplyTo != "") {
				continue
			}
			s := r.said(l, subject)
			if n, ok := at[l.Ledger+" "+l.Comment.ReplyTo]; answers && ok {
				threads[n].Answers = append(threads[n].Answers, s)
				continue
			}
			// An answer to a comment that was redacted stands by itself.
			at[l.Ledger+" "+l.ID] = len(threads)
			threads = append(threads, thread{saying: s})
		}
	}
	for _, x := range threads {
		if x.saying.Settled {
			t.Settled = append(t.Settled, x)
		} else {
			t.Open = append(t.Open, x)
		}
	}
	if t.Past && t.Quiet {
		return nil, nil
	}
	if t.Past {
		return t, nil
	}
	homes, err := r.site.app.CommentHomes(r.Context(), r.actor, subject)
	if err != nil {
		return nil, err
	}
	for _, l := range homes {
		t.Homes = append(t.Homes, option{Value: l, Text: l})
	}
	if err := r.asking(t); err != nil {
		return nil, err
	}
	if t.Quiet && len(t.Asked) == 0 && t.Ask == nil {
		return nil, nil
	}
	return t, nil
}

// commentLines are the comments on a record: as they stand, or as they stood at
// the point in the past that the page shows.
func (r *request) commentLines(subject soc1.Ref) ([]app.CommentLine, error) {
	if !r.past.On() {
		return r.site.app.Comments(r.Context(), r.actor, subject)
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Comment](r.Context(), v, "comment")
	if err != nil {
		return nil, err
	}
	resolved := map[string]bool{}
	for _, c := range all {
		resolved[c.ID] = c.Value.Resolved
	}
	var out []app.CommentLine
	for _, c := range all {
		about := c.Value.Subject
		if about.Ledger == "" {
			about.Ledger = r.ledger
		}
		if about.Ledger == subject.Ledger && about.Kind == subject.Kind && about.ID == subject.ID {
			out = append(out, app.CommentLine{Ledger: r.ledger, ID: c.ID, Revision: c.Revision, Comment: c.Value, Settled: c.Value.Resolved || resolved[c.Value.ReplyTo]})
		}
	}
	slices.SortStableFunc(out, func(a, b app.CommentLine) int { return a.Comment.WrittenAt.Compare(b.Comment.WrittenAt) })
	return out, nil
}

func (r *request) said(l app.CommentLine, subject soc1.Ref) saying {
	c := l.Comment
	s := saying{Anchor: anchorOf(l.Ledger, l.ID), Ledger: l.Ledger, ID: l.ID, Revision: l.Revision, Who: r.headings().person(c.By), Stamp: c.WrittenAt.String(),
		When: momentText(c.WrittenAt.String(), r.zone()), HTML: r.prose(c.Text, c.Mentions), Text: c.Text, MayEdit: l.MayEdit && !r.past.On(), MayResolve: l.MayResolve && !r.past.On(), Settled: c.Resolved}
	if c.Resolved {
		s.SettledBy = fmt.Sprintf("Resolved by %s on %s", r.headings().person(c.ResolvedBy).Name, dateText(string(c.ResolvedOn)))
	}
	if v, err := r.records(); err == nil && l.Revision > 1 && (l.Ledger != r.ledger || v.Shows("comment")) {
		s.History = r.url("%s", pathOf(soc1.Ref{Ledger: l.Ledger, Kind: "comment", ID: l.ID}))
	}
	if l.Ledger != subject.Ledger {
		s.Apart = l.Ledger
	}
	return s
}

// prose renders what somebody wrote; those mentioned are named.
func (r *request) prose(s string, mentions []string) string {
	p := &prose{host: r.Host, base: r.site.base,
		person: func(id string) (string, string, bool) {
			if !slices.Contains(mentions, id) {
				return "", "", false
			}
			if _, ok := r.headings().heading("person", id); ok {
				return r.headings().person(id).Name, r.recordURL("person", id), true
			}
			return r.headings().person(id).Name, "", true
		},
		record: r.called}
	return p.html(s)
}

// called names a record that stands in a text, if it can be read. The ledger
// empty is that of the page, or the organization's.
func (r *request) called(ledger, kind, id string) (words, href string, ok bool) {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return "", "", false
	}
	ledgers := []string{ledger}
	if ledger == "" {
		ledgers = []string{r.ledger, app.OrganizationLedger}
	}
	for _, l := range slices.Compact(ledgers) {
		v, err := r.latest(l)
		if err != nil || !v.Shows(kind) {
			continue
		}
		x, err := v.Get(r.Context(), kind, id)
		if err != nil || x.Redacted {
			continue
		}
		h := record.HeadingOf(x)
		words := h.Code
		if words == "" {
			words = clipped(h.Text, 60)
		}
		return lowerFirst(k.Title) + " " + words, r.url("%s", pathOf(soc1.Ref{Ledger: l, Kind: kind, ID: id})), true
	}
	return "", "", false
}

// saidAt is the address at which a comment stands on its record's page.
func (r *request) saidAt(x record.Record) string {
	var c soc1.Comment
	if json.Unmarshal(x.Body, &c) != nil || c.Subject.Kind == "" {
		return ""
	}
	about := c.Subject
	if about.Ledger == "" {
		about.Ledger = r.ledger
	}
	return r.url("%s", pathOf(about)) + "#" + anchorOf(r.ledger, x.ID)
}

// tidy is what was typed, with ends of lines of one kind and no blanks around.
func tidy(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}

// presentOnly refuses to say anything in the past.
func (r *request) presentOnly() error {
	if r.past.On() {
		return badRequest("asof", errors.New("nothing is said in the past; go back to today first"))
	}
	return nil
}

// comment records what the person says about the record.
func (r *request) comment() error {
	v, err := r.talking()
	if err != nil {
		return err
	}
	target := ""
	if to := v.Get("reply_to"); to != "" {
		target = "reply:" + anchorOf(v.Get("in"), to)
	}
	subject, text, id := r.subject(), tidy(v.Get("text")), v.Get("id")
	anchor, err := r.say(app.Commenting{Ledger: v.Get("in"), ID: id, Subject: subject, Text: text, ReplyTo: v.Get("reply_to")})
	if err != nil {
		return r.unsaid(draft{Target: target, Text: v.Get("text")}, v, err)
	}
	return r.spoken(v, anchor)
}

// say records a comment with those whom its text mentions. One that is sent
// twice, because the first answer was lost, is recorded once.
func (r *request) say(c app.Commenting) (anchor string, err error) {
	if c.Mentions, err = r.mentioned(c.Ledger, c.Subject, c.Text, nil); err != nil {
		return "", err
	}
	if c.ID != "" && r.saidAlready(c) {
		return anchorOf(c.Ledger, c.ID), nil
	}
	ledger, id, err := r.site.app.Comment(r.Context(), r.actor, c)
	if err != nil {
		// The other of two that were sent at once was faster.
		if c.ID != "" && r.saidAlready(c) {
			return anchorOf(c.Ledger, c.ID), nil
		}
		return "", err
	}
	if c.ReplyTo != "" {
		// Whoever answers has read what was said before.
		if err := r.readThread(ledger, c.ReplyTo); err != nil {
			return "", err
		}
	}
	return anchorOf(ledger, id), nil
}

func (r *request) saidAlready(c app.Commenting) bool {
	lines, err := r.site.app.Comments(r.Context(), r.actor, c.Subject)
	return err == nil && slices.ContainsFunc(lines, func(x app.CommentLine) bool {
		return x.ID == c.ID && x.Ledger == cmp.Or(c.Ledger, app.OrganizationLedger) && x.Comment.By == r.actor && x.Comment.Text == c.Text
	})
}

// mentioned are the people whom a text calls; those called before may stay.
func (r *request) mentioned(ledger string, subject soc1.Ref, text string, before []string) ([]string, error) {
	if !strings.Contains(text, "@") {
		return nil, nil
	}
	list, err := r.site.app.Mentionable(r.Context(), r.actor, ledger, subject)
	if err != nil {
		return nil, err
	}
	return mentionsIn(text, func(id string) bool {
		return slices.Contains(before, id) || slices.ContainsFunc(list, func(p app.PersonName) bool { return p.ID == id })
	}), nil
}

// editComment changes the person's own comment.
func (r *request) editComment() error {
	v, err := r.talking()
	if err != nil {
		return err
	}
	ledger, id, text := v.Get("in"), v.Get("comment"), tidy(v.Get("text"))
	revision, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil || revision < 1 {
		return badRequest("revision", errors.New("the form does not say which revision it was made from; reload the page"))
	}
	err = r.edited(ledger, id, revision, text)
	if err != nil {
		return r.unsaid(draft{Target: "edit:" + anchorOf(ledger, id), Text: v.Get("text")}, v, err)
	}
	return r.spoken(v, anchorOf(ledger, id))
}

func (r *request) edited(ledger, id string, revision int64, text string) error {
	c, err := r.commentOn(ledger, id)
	if err != nil {
		return err
	}
	mentions, err := r.mentioned(ledger, r.subject(), text, c.Mentions)
	if err != nil {
		return err
	}
	return r.site.app.EditComment(r.Context(), r.actor, ledger, id, revision, text, mentions)
}

// commentOn reads a comment that is about the record of the address.
func (r *request) commentOn(ledger, id string) (soc1.Comment, error) {
	lines, err := r.site.app.Comments(r.Context(), r.actor, r.subject())
	if err != nil {
		return soc1.Comment{}, err
	}
	for _, l := range lines {
		if l.Ledger == ledger && l.ID == id {
			return l.Comment, nil
		}
	}
	return soc1.Comment{}, errNowhere
}

// resolveComment settles a thread, or opens it again.
func (r *request) resolveComment() error {
	v, err := r.talking()
	if err != nil {
		return err
	}
	ledger, id := v.Get("in"), v.Get("comment")
	if _, err = r.commentOn(ledger, id); err == nil {
		err = r.site.app.ResolveComment(r.Context(), r.actor, ledger, id, v.Get("on") == "1")
	}
	if err != nil {
		return r.unsaid(draft{}, v, err)
	}
	return r.spoken(v, anchorOf(ledger, id))
}

// talking reads a form about the record of the address.
func (r *request) talking() (url.Values, error) {
	if _, err := r.kind(); err != nil {
		return nil, err
	}
	if err := r.presentOnly(); err != nil {
		return nil, err
	}
	return r.formValues()
}

// apart tells whether a script asks, which wants no page.
func (r *request) apart() bool { return r.Header.Get("X-Part") == "talk" }

// spoken answers after something was said by going back to where it was said; a
// script that sent it asks anew for what its page shows.
func (r *request) spoken(v url.Values, anchor string) error {
	back := r.site.base + pathOf(r.subject())
	if to := v.Get("back"); to != "" {
		back = r.local(to)
	}
	if !r.apart() {
		return r.redirect(back + "#" + anchor)
	}
	r.w.Header().Set("X-Anchor", anchor)
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

// unsaid answers with what kept something from being recorded: what was written
// stays in its form.
func (r *request) unsaid(d draft, v url.Values, err error) error {
	p := explain(err)
	if p.Status >= http.StatusInternalServerError {
		return err
	}
	if r.apart() {
		return r.partProblem(err)
	}
	if p.Status != http.StatusUnprocessableEntity && p.Status != http.StatusConflict {
		return err
	}
	d.Problem, d.Form = p.Text, v
	return r.showRecord(p.Status, d)
}

// partProblem answers a script with what is wrong, in a sentence.
func (r *request) partProblem(err error) error {
	p := explain(err)
	p.Reference = reference(r.Context())
	r.site.log.LogAttrs(r.Context(), level(p.Status), "request failed", logAttrs(r, p, err)...)
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(p.Status)
	return json.NewEncoder(r.w).Encode(map[string]string{"problem": stopped(p.Text), "reference": p.Reference})
}

// mentionChoice is a person whom a comment may mention.
type mentionChoice struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
}

// mentionChoices answers whom a comment on the record may mention.
func (r *request) mentionChoices() error {
	if _, err := r.kind(); err != nil {
		return err
	}
	list, err := r.site.app.Mentionable(r.Context(), r.actor, r.URL.Query().Get("in"), r.subject())
	if err != nil {
		return err
	}
	out := make([]mentionChoice, 0, len(list))
	for _, p := range list {
		out = append(out, mentionChoice{p.ID, p.Name, p.Title})
	}
	slices.SortFunc(out, func(a, b mentionChoice) int { return strings.Compare(a.Name, b.Name) })
	r.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.w).Encode(out)
}

// registerTalk lists the addresses of what people say to and ask each other.
func (s *Site) registerTalk() {
	for _, at := range []string{"", "/x/{ledger}"} {
		s.add("POST "+at+"/r/{kind}/{id}/comments", (*request).comment)
		s.add("POST "+at+"/r/{kind}/{id}/comments/edit", (*request).editComment)
		s.add("POST "+at+"/r/{kind}/{id}/comments/resolve", (*request).resolveComment)
		s.add("GET "+at+"/r/{kind}/{id}/mentions", (*request).mentionChoices)
	}
	s.add("POST /r/{kind}/{id}/requests", (*request).ask)
	s.add("POST /r/request/{id}/answer", (*request).answerRequest)
	s.add("POST /r/request/{id}/close", (*request).closeRequest)
	s.add("GET /inbox", (*request).inbox)
	s.add("GET /inbox/count", (*request).inboxCount)
	s.add("POST /inbox/read", (*request).markRead)
	s.add("POST /presence", (*request).attend)
}
