package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"reperform/account"
	"reperform/app"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// signPage is a document as an executive reads and signs it.
type signPage struct {
	f       *ui.Frame
	S       *app.Signing
	Heading string
	Record  string
	// Signer is who signs, or who has signed; When and Proof are of a signature
	// that stands.
	Signer       ui.Person
	Title, When  string
	Proof        string
	Rests, Open  []signLink
	Changed      []lineChange
	ChangedSince string
	// Ask tells that it may be signed here and now.
	Ask bool
	// What was typed, and what is wrong with it.
	Statement, Dated string
	// Latest is the last day that a letter may bear.
	Latest   string
	Read     bool
	Problem  string
	Problems map[string]string
	Action   string
	Email    string
	Password bool
	Passkeys bool
}

// wrong reports whether a field is the first with something to correct, which has
// the focus.
func (p *signPage) wrong(field string) bool {
	for _, name := range []string{"dated", "statement", "read", "password"} {
		if p.Problems[name] != "" {
			return name == field
		}
	}
	return false
}

// signLink is a line with the pages on which it is looked at.
type signLink struct {
	Text  string
	Bad   bool
	Links []ui.Link
}

// lineChange is a line that came, went, or reads otherwise.
type lineChange struct {
	Before, After string
	Words         []diffWord
}

// mostStatement bounds what somebody says with a signature.
const mostStatement = 2000

func (s *Site) registerSigning() {
	s.add("GET /sign/{kind}/{id}", (*request).signForm)
	s.add("POST /sign/{kind}/{id}", (*request).sign)
	s.add("POST /sign/{kind}/{id}/passkey/begin", answering((*request).beginSigning))
	s.add("POST /sign/{kind}/{id}/passkey", answering((*request).finishSigning))
}

// maySign tells whether the person signs documents of a kind in the browser.
func (r *request) maySign(kind string) bool {
	return r.site.opt.Accounts != nil && !r.past.On() && r.ledger == app.OrganizationLedger && r.site.app.MaySign(r.Context(), r.actor, kind) == nil
}

func signPath(kind, id string) string {
	return "/sign/" + url.PathEscape(kind) + "/" + url.PathEscape(id)
}

// signing reads the document of the address, for whoever may sign it.
func (r *request) signing() (*app.Signing, error) {
	kind := r.PathValue("kind")
	if kind != "assertion" && kind != "representation_letter" {
		return nil, errNowhere
	}
	if err := r.site.app.MaySign(r.Context(), r.actor, kind); err != nil {
		return nil, err
	}
	if r.past.On() {
		return nil, badRequest("asof", errors.New("nothing is signed in the past; go back to today first"))
	}
	return r.site.app.Signing(r.Context(), r.actor, kind, r.PathValue("id"), 0)
}

func (r *request) signForm() error {
	if r.past.On() {
		// Nothing is signed in the past, and the text is that of now.
		return r.redirect(r.past.Leave)
	}
	s, err := r.signing()
	if err != nil {
		return err
	}
	p := &signPage{S: s}
	if since, err := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64); err == nil && s.Signed == nil {
		r.changedSince(p, since)
	}
	return r.signAgain(http.StatusOK, p)
}

// changedSince shows what reads otherwise than as known at a size of the ledger.
func (r *request) changedSince(p *signPage, known int64) {
	p.ChangedSince = "It reads otherwise than when you opened it. What changed is marked here; read the text again before you sign it."
	if then, err := r.site.app.Signing(r.Context(), r.actor, p.S.Kind, p.S.ID, known); known > 0 && err == nil {
		p.Changed = diffLines(then, p.S)
	}
}

// signAgain shows the page.
func (r *request) signAgain(status int, p *signPage) error {
	s := p.S
	k, err := record.Kinds.Kind(s.Kind)
	if err != nil {
		return err
	}
	p.Record, p.Action = r.recordURL(s.Kind, s.ID), r.site.base+signPath(s.Kind, s.ID)
	p.Heading = k.Title
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return err
	}
	p.Ask = s.Signed == nil && s.Subservice == ""
	p.Signer, p.When = r.headings().person(r.actor), dateText(string(today))
	p.Title, p.Latest = p.Signer.Title, string(today)
	switch {
	case s.Signed != nil:
		g := s.Signed
		p.Signer, p.Title, p.When, p.Proof = r.headings().person(g.By), g.Title, dateText(string(g.On)), r.url("/entry/%d", g.Pos)
		if s.Differs {
			p.ChangedSince = "It reads otherwise since it was signed: the signature stands under other words. To have it signed again, the signature is taken off: the compliance manager records the form of the document, with a change or without, and then it waits here."
			r.sinceSigned(p, g)
		}
	case s.Earlier != nil && p.ChangedSince == "":
		g := s.Earlier
		p.ChangedSince = fmt.Sprintf("%s signed revision %d on %s. It was changed since, which took the signature away.", r.headings().person(g.By).Name, g.Revision, dateText(string(g.On)))
		r.sinceSigned(p, g)
	}
	if p.Ask && p.Dated == "" && s.Kind == "representation_letter" && s.Dated == "" {
		p.Dated = string(today)
	}
	if p.Ask {
		if err := r.beforeSigning(p, today); err != nil {
			return err
		}
		_, a, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token())
		if err != nil {
			return err
		}
		keys, err := r.site.opt.Accounts.Passkeys(r.Context(), r.token())
		if err != nil {
			return err
		}
		p.Email, p.Password, p.Passkeys = a.Email, a.HasPassword, len(keys) > 0
	}
	crumbs := []ui.Link{{Text: k.Plural, Href: "/r/" + s.Kind}}
	title := "Read and sign"
	if !p.Ask {
		title = k.Title
	}
	if p.f, err = r.frame(title, crumbs); err != nil {
		return err
	}
	p.f.Present = true
	p.f.Here = "/r/" + s.Kind
	return r.write(status, ui.Page(p.f, noActions(), signBody(p)))
}

// sinceSigned shows what reads otherwise than under a signature.
func (r *request) sinceSigned(p *signPage, g *app.Signed) {
	if then, err := r.site.app.Signing(r.Context(), r.actor, p.S.Kind, p.S.ID, g.Pos+1); err == nil {
		p.Changed = diffLines(then, p.S)
	}
}

// beforeSigning says what the document rests on, and what is open.
func (r *request) beforeSigning(p *signPage, today soc1.Date) error {
	s := p.S
	d, err := r.matrixOf(s.Engagement)
	if err != nil {
		return err
	}
	o := d.o
	link := func(text, href string) []ui.Link { return []ui.Link{{Text: text, Href: href}} }
	rest := func(text string, links []ui.Link) { p.Rests = append(p.Rests, signLink{Text: text, Links: links}) }
	rest(dateText(string(o.Period.From))+" – "+dateText(string(o.Period.To)), link(record.HeadingOf(o.Engagement.Record).String(), r.recordURL("engagement", s.Engagement)))
	objectives := 0
	for i := range o.Objectives {
		if !o.Objectives[i].EntityLevel() {
			objectives++
		}
	}
	rest(count(objectives, "control objective")+" and "+count(len(o.Controls), "control"), link("Matrix", r.toMatrix(d)))
	rest(fmt.Sprintf("%d of them concluded effective by management’s own tests", o.Mix.Counts[overview.Effective]), link("Controls", r.toMatrix(d, "status", overview.Effective.Slug())))
	rest("The description of the system", link("Sections", r.url("/r/description_section")))
	if s.Kind == "representation_letter" {
		rest("The usual representations, which stand in the letter that goes to the service auditor: here is what goes beyond them", link("Record", p.Record))
	}

	open := func(bad bool, text string, links ...ui.Link) {
		p.Open = append(p.Open, signLink{Text: text, Bad: bad, Links: links})
	}
	if s.Kind == "representation_letter" && s.Dated != "" && s.Dated != today {
		open(true, "The letter bears the date "+dateText(string(s.Dated))+", and you would sign it on "+dateText(string(today))+". It is dated and signed as of the date of the service auditor’s report; without that nothing is released (RPT-02).")
	}
	for _, c := range o.BeforeSigning(s.Kind) {
		var links []ui.Link
		switch c.Key {
		case "exceptions":
			links = link("Exceptions", r.behindURL(d, "exceptions"))
		case "evidence":
			links = link("What is owed", r.behindURL(d, "overdue"))
		case "description":
			links = link("Sections", r.url("/r/description_section"))
		case "assertion":
			links = link("Read and sign", r.url("%s", signPath("assertion", c.Refs[0].ID)))
		default:
			links = r.refLinks(c.Refs)
		}
		open(c.Key == "exceptions" || c.Key == "failed" || c.Key == "period", c.Text, links...)
	}
	remarks, err := r.site.app.Remarks(r.Context(), r.actor, s.Engagement)
	if err != nil {
		return err
	}
	for _, x := range remarks {
		if x.Rule == "EVA-21" {
			continue // Open exceptions are said above.
		}
		whose := "Management’s own tests"
		if n := len(x.Subjects); n > 1 {
			whose += fmt.Sprintf(", in %d places", n)
		}
		open(x.Severity == "critical", fmt.Sprintf("%s: %s (%s).", whose, x.Fires, x.Rule), r.refLinks(x.Subjects)...)
	}
	return nil
}

// refLinks leads to the first few records.
func (r *request) refLinks(refs []soc1.Ref) []ui.Link {
	var out []ui.Link
	for _, ref := range refs[:min(len(refs), 3)] {
		x := r.behindRef(ref)
		text := x.Code
		if text == "" {
			text = clipped(x.Text, 40)
		}
		out = append(out, ui.Link{Text: text, Href: x.Href})
	}
	return out
}

// signed is what a form says about a signature; problems are by field.
func (r *request) signed(p *signPage, v url.Values) (app.Signature, bool, error) {
	s := p.S
	g := app.Signature{Kind: s.Kind, ID: s.ID, SHA256: v.Get("sha256"), Statement: strings.TrimSpace(v.Get("statement"))}
	p.Statement, p.Read, p.Problems = g.Statement, v.Get("read") == "yes", map[string]string{}
	revision, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil || len(g.SHA256) != 64 {
		// A form that does not say what was read signs nothing.
		revision, g.SHA256 = -1, "-"
	}
	g.Revision = revision
	if g.Statement == "" {
		p.Problems["statement"] = "Say something with your signature, such as with whom you went through the text."
	}
	if utf8.RuneCountInString(g.Statement) > mostStatement {
		p.Problems["statement"] = "That is longer than 2,000 characters. Shorten it."
	}
	if !p.Read {
		p.Problems["read"] = "Read the text, and say that you have."
	}
	if s.Kind == "representation_letter" && s.Dated == "" {
		p.Dated = strings.TrimSpace(v.Get("dated"))
		d, err := soc1.ParseDate(p.Dated)
		today, terr := r.site.app.Today(r.Context())
		switch {
		case terr != nil:
			return g, false, terr
		case err != nil:
			p.Problems["dated"] = "Give the date of the letter, such as " + string(today) + "."
		case d > today:
			p.Problems["dated"] = "This day has not come yet. A letter is signed on the day whose date it bears, or later."
		}
		g.Dated = d
	}
	return g, len(p.Problems) == 0, nil
}

// stale reports whether a text reads otherwise than the one that was read.
func stale(g app.Signature, s *app.Signing) bool {
	return g.Revision != s.Revision || g.SHA256 != s.SHA256
}

func knownIn(v url.Values) int64 {
	n, err := strconv.ParseInt(v.Get("known"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// sign proves again who signs, and signs what was read.
func (r *request) sign() error {
	s, err := r.signing()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &signPage{S: s}
	g, ok, err := r.signed(p, v)
	if err != nil {
		return err
	}
	again := func() error {
		r.view, r.names = nil, nil
		if p.S, err = r.signing(); err != nil {
			return err
		}
		// The new text was not read.
		p.Problems, p.Read = nil, false
		p.Problem = "Nothing was signed: the text has changed since you opened it."
		if p.S.Signed != nil {
			p.Problem = "Nothing was signed: it is signed already."
		} else {
			r.changedSince(p, knownIn(v))
		}
		return r.signAgain(http.StatusConflict, p)
	}
	if s.Signed != nil || stale(g, s) {
		return again()
	}
	if v.Get("password") == "" {
		p.Problems["password"], ok = "Type your password: a signature asks for it each time.", false
	}
	if !ok {
		p.Problem = count(len(p.Problems), "field") + " to correct. Nothing was signed yet."
		return r.signAgain(http.StatusUnprocessableEntity, p)
	}
	next, err := r.site.opt.Accounts.Prove(r.Context(), r.token(), v.Get("password"), r.client())
	var refused *account.Error
	switch {
	case errors.Is(err, account.ErrSignedOut):
		return err
	case errors.As(err, &refused):
		p.Problem, p.Problems["password"] = "Nothing was signed yet.", r.sentence(refused)
		if errors.Is(err, account.ErrCredentials) {
			p.Problems["password"] = "This is not your password."
		}
		status := http.StatusUnprocessableEntity
		if !refused.Until.IsZero() {
			status = http.StatusTooManyRequests
		}
		return r.signAgain(status, p)
	case err != nil:
		return err
	}
	r.rotated(next)
	err = r.site.app.Sign(r.Context(), r.actor, g)
	var changed *app.TextChangedError
	switch {
	case errors.As(err, &changed):
		return again()
	case err != nil && explain(err).Status == http.StatusUnprocessableEntity:
		p.Problem = "Nothing was signed. " + explain(err).Text
		return r.signAgain(http.StatusUnprocessableEntity, p)
	case err != nil:
		return err
	}
	return r.redirect(r.recordURL(s.Kind, s.ID) + "?done=signed")
}

// beginSigning begins a proof by passkey for a signature that could be given.
func (r *request) beginSigning(v url.Values) (told, error) {
	s, err := r.signing()
	if err != nil {
		return told{}, err
	}
	if a, ok, err := r.signable(s, v); !ok {
		return a, err
	}
	return begun(r.site.opt.Accounts.BeginPasskeyProof(r.Context(), r.token()))
}

// finishSigning signs with the proof.
func (r *request) finishSigning(v url.Values) (told, error) {
	s, err := r.signing()
	if err != nil {
		return told{}, err
	}
	if a, ok, err := r.signable(s, v); !ok {
		return a, err
	}
	next, err := r.site.opt.Accounts.FinishPasskeyProof(r.Context(), r.token(), v.Get("ceremony"), []byte(v.Get("response")), r.client())
	if err != nil {
		return told{}, err
	}
	r.rotated(next)
	g, _, err := r.signed(&signPage{S: s}, v)
	if err != nil {
		return told{}, err
	}
	err = r.site.app.Sign(r.Context(), r.actor, g)
	var changed *app.TextChangedError
	switch {
	case errors.As(err, &changed):
		return r.readAgain(s, v), nil
	case err != nil && explain(err).Status == http.StatusUnprocessableEntity:
		return told{Problem: "Nothing was signed. " + explain(err).Text}, nil
	case err != nil:
		return told{}, err
	}
	return told{To: r.recordURL(s.Kind, s.ID) + "?done=signed"}, nil
}

// signable answers what keeps a form from signing.
func (r *request) signable(s *app.Signing, v url.Values) (told, bool, error) {
	p := &signPage{S: s}
	g, ok, err := r.signed(p, v)
	if err != nil {
		return told{}, false, err
	}
	if s.Signed != nil || stale(g, s) {
		return r.readAgain(s, v), false, nil
	}
	if !ok {
		for _, name := range []string{"dated", "statement", "read"} {
			if text := p.Problems[name]; text != "" {
				return told{Problem: text}, false, nil
			}
		}
	}
	return told{}, true, nil
}

func (r *request) readAgain(s *app.Signing, v url.Values) told {
	return told{To: fmt.Sprintf("%s%s?since=%d", r.site.base, signPath(s.Kind, s.ID), knownIn(v))}
}

// diffLines compares two texts line by line, and a line that took the place of
// another one word by word.
func diffLines(then, now *app.Signing) []lineChange {
	a, b := textLines(then), textLines(now)
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if n[i][j] = max(n[i+1][j], n[i][j+1]); x == y {
				n[i][j] = n[i+1][j+1] + 1
			}
		}
	}
	var out []lineChange
	var gone, come []string
	flush := func() {
		for i := range max(len(gone), len(come)) {
			c := lineChange{}
			if i < len(gone) {
				c.Before = gone[i]
			}
			if i < len(come) {
				c.After = come[i]
			}
			if c.Before != "" && c.After != "" {
				c.Words = diffWords(c.Before, c.After)
			}
			out = append(out, c)
		}
		gone, come = nil, nil
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			flush()
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && n[i+1][j] >= n[i][j+1]:
			gone = append(gone, a[i])
			i++
		default:
			come = append(come, b[j])
			j++
		}
	}
	flush()
	return out
}

func textLines(s *app.Signing) []string {
	out := []string{s.Title}
	for _, l := range s.Lines {
		out = append(out, l.Lead+l.Text)
	}
	return out
}

// signedState is what the record of a document says about its signature.
type signedState struct {
	ui.Status
	// Note follows the status, Href is where it is read or signed and Do what the
	// link says; Proof is the entry.
	Note, Href, Do, Proof string
}

// signedState tells, of a record that is signed, whether and by whom it was; nil
// for other kinds and for who does not read what the text is made of.
func (r *request) signedState(kind, id string) (*signedState, error) {
	if kind != "assertion" && kind != "representation_letter" || r.ledger != app.OrganizationLedger || r.past.On() {
		return nil, nil
	}
	s, err := r.site.app.Signing(r.Context(), r.actor, kind, id, 0)
	var denied *identity.DeniedError
	switch {
	case errors.As(err, &denied), err != nil && explain(err).Status < http.StatusInternalServerError:
		return nil, nil
	case err != nil:
		return nil, err
	}
	x := &signedState{}
	if r.maySign(kind) {
		x.Href, x.Do = r.url("%s", signPath(kind, id)), "Read the text"
	}
	by := func(g *app.Signed) string {
		return r.headings().person(g.By).Name + " on " + dateText(string(g.On))
	}
	switch {
	case s.Subservice != "":
		return nil, nil
	case s.Signed != nil && s.Differs:
		x.Status = ui.Status{Text: "Reads otherwise since it was signed", Class: "bad", Icon: "triangle-alert"}
		x.Note, x.Proof = "Signed by "+by(s.Signed)+"; the text that was signed was another one.", r.url("/entry/%d", s.Signed.Pos)
		if r.site.app.MayPut(r.Context(), r.actor, r.ledger, kind, id) == nil {
			x.Href, x.Do = r.url("/r/%s/%s/edit", kind, url.PathEscape(id)), "Take the signature off"
		}
	case s.Signed != nil:
		x.Status = ui.Status{Text: "Signed", Class: "ok", Icon: "check"}
		x.Note, x.Proof = "By "+by(s.Signed)+"; the text reads as it was signed.", r.url("/entry/%d", s.Signed.Pos)
	case s.Earlier != nil:
		x.Status = ui.Status{Text: "Changed since it was signed", Class: "warn", Icon: "pencil"}
		x.Note, x.Proof = "Revision "+fmt.Sprint(s.Earlier.Revision)+" was signed by "+by(s.Earlier)+". It waits to be signed again.", r.url("/entry/%d", s.Earlier.Pos)
	default:
		x.Status = ui.Status{Text: "Not signed", Class: "info", Icon: "pencil"}
	}
	if s.Signed == nil && x.Href != "" {
		x.Do = "Read and sign"
	}
	return x, nil
}
