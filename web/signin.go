package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/web/ui"
)

// Directory tells the account room on which sides the ledgers record a person.
type Directory struct{ App *app.App }

// Sides lists them; none for a person that no ledger knows.
func (d Directory) Sides(ctx context.Context, personID string) ([]account.Side, error) {
	sides, _, err := d.App.Standing(ctx, personID)
	out := make([]account.Side, len(sides))
	for i, s := range sides {
		out[i] = account.Side(s)
	}
	return out, err
}

// sessionCookie holds a session's token, pendingCookie that of a sign-in that
// waits for its second factor. Over TLS the browser binds them to the host.
func (s *Site) sessionCookie() string {
	if s.opt.Secure && s.base == "" {
		return "__Host-reperform_session"
	}
	return "reperform_session"
}

const pendingCookie = "reperform_pending"

// whoSession finds out who asks by the session's cookie. The side of the account
// must be the one that the ledgers record for the person.
func (s *Site) whoSession(r *http.Request) (string, error) {
	c, err := r.Cookie(s.sessionCookie())
	if err != nil {
		return "", ErrSignedOut
	}
	_, a, err := s.opt.Accounts.Authenticate(r.Context(), c.Value)
	switch {
	case err != nil && account.Code(err) == "internal":
		return "", err
	case err != nil:
		return "", ErrSignedOut
	}
	sides, err := Directory{s.app}.Sides(r.Context(), a.PersonID)
	if err != nil {
		return "", err
	}
	if len(sides) != 1 || sides[0] != a.Side {
		return "", ErrSignedOut
	}
	return a.PersonID, nil
}

func (r *request) client() account.Client {
	c := account.Client{UserAgent: r.UserAgent(), IP: r.site.addressOf(r.Request)}
	if k, err := r.Cookie(r.site.sessionCookie()); err == nil {
		c.Session = k.Value
	}
	return c
}

func (r *request) setCookie(name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: r.site.base + "/", HttpOnly: true, Secure: r.site.opt.Secure, SameSite: http.SameSiteLaxMode}
	switch {
	case value == "":
		c.MaxAge = -1
	case age > 0:
		c.MaxAge = int(age.Seconds())
	}
	http.SetCookie(r.w, c)
}

// signInPage is the page before everything else.
type signInPage struct {
	f       *ui.Frame
	Email   string
	To      string
	Problem string
	// Code asks for the second factor.
	Code bool
	// Token is that of a link, Name and Email whom it is for; Keys tells that it
	// can be accepted with a passkey.
	Token, Name string
	Keys        bool
	// Reset tells that the link is for another password of an account, Clears
	// that it takes passkeys and authenticator app away.
	Reset, Clears bool
	// Forgot tells that a link for another password can be had by mail, Sent that
	// one was asked for.
	Forgot, Sent bool
}

func (r *request) signInForm() error {
	p := &signInPage{To: r.URL.Query().Get("to")}
	return r.signInAgain(http.StatusOK, p)
}

func (r *request) signInAgain(status int, p *signInPage) error {
	title := "Sign in"
	switch {
	case p.Reset:
		title = "Choose another password"
	case p.Token != "":
		title = "Welcome"
	}
	p.f, p.Forgot = r.plainFrame(title), r.site.opt.Mailer != nil
	return r.write(status, ui.Plain(p.f, false, signInBody(p)))
}

func (r *request) signIn() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &signInPage{Email: strings.TrimSpace(v.Get("email")), To: v.Get("to")}
	in, err := r.site.opt.Accounts.SignIn(r.Context(), p.Email, v.Get("password"), r.client())
	if err != nil {
		return r.signInRefused(p, err)
	}
	if in.Pending() {
		r.setCookie(pendingCookie, in.PendingToken, 10*time.Minute)
		p.Code = true
		return r.signInAgain(http.StatusOK, p)
	}
	return r.signedIn(in, p.To)
}

// secondFactor takes the code of an authenticator app, or a recovery code.
func (r *request) secondFactor() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &signInPage{To: v.Get("to"), Code: true}
	c, err := r.Cookie(pendingCookie)
	if err != nil {
		return r.redirect(r.site.base + "/sign-in")
	}
	in, err := r.site.opt.Accounts.SecondFactor(r.Context(), c.Value, v.Get("code"), r.client())
	if err != nil {
		return r.signInRefused(p, err)
	}
	r.setCookie(pendingCookie, "", 0)
	return r.signedIn(in, p.To)
}

// signInRefused shows the form again; a failing machine is no refusal.
func (r *request) signInRefused(p *signInPage, err error) error {
	var refused *account.Error
	if !errors.As(err, &refused) || account.Code(err) == "internal" {
		return err
	}
	p.Problem = r.sentence(refused)
	status := http.StatusUnprocessableEntity
	if !refused.Until.IsZero() {
		status = http.StatusTooManyRequests
	}
	return r.signInAgain(status, p)
}

func (r *request) signedIn(in account.SignedIn, to string) error {
	to, err := r.begin(in, to)
	if err != nil {
		return err
	}
	return r.redirect(to)
}

// begin gives the browser its session and tells where to go. The records learn
// that somebody came who was invited.
func (r *request) begin(in account.SignedIn, to string) (string, error) {
	r.setCookie(r.site.sessionCookie(), in.Token, 0)
	if err := r.site.app.AcceptInvitations(r.Context(), in.Account.PersonID); err != nil {
		// Whoever signed in is in; the next sign-in records it.
		r.site.log.ErrorContext(r.Context(), "an invitation that was accepted is not recorded yet", "error", err.Error())
	}
	if slices.Contains(in.Session.Methods, account.ByLink) {
		return r.site.base + "/welcome", nil
	}
	if to == "" {
		to = r.landing(in.Account.PersonID)
	}
	return r.local(r.site.base + to), nil
}

// landing is the first page of somebody: the home page, except for those who
// read nothing of the organization's ledger.
func (r *request) landing(person string) string {
	if _, err := r.site.app.Reader(r.Context(), person, app.OrganizationLedger); err == nil {
		return "/"
	}
	if in := r.site.app.PeopleLedgers(r.Context(), person); len(in) > 0 {
		return "/x/" + url.PathEscape(in[0]) + "/people"
	}
	if r.site.opt.Accounts == nil {
		return "/"
	}
	return "/settings"
}

// token is that of the session that the request comes with.
func (r *request) token() string {
	if r.next != "" {
		return r.next
	}
	c, err := r.Cookie(r.site.sessionCookie())
	if err != nil {
		return ""
	}
	return c.Value
}

// rotated gives the browser the session's next token.
func (r *request) rotated(next string) {
	// A page that is shown after all asks with it as well.
	r.next = next
	r.setCookie(r.site.sessionCookie(), next, 0)
}

// sentence is what a person is told of a refusal, with the time from which
// trying again makes sense.
func (r *request) sentence(refused *account.Error) string {
	if refused.Until.IsZero() {
		return refused.Message
	}
	return refused.Message + " Try again at " + refused.Until.In(r.zone()).Format("15:04:05 MST") + "."
}

func (r *request) signOut() error {
	if c, err := r.Cookie(r.site.sessionCookie()); err == nil {
		if err := r.site.opt.Accounts.SignOut(r.Context(), c.Value); err != nil && account.Code(err) == "internal" {
			return err
		}
	}
	r.setCookie(r.site.sessionCookie(), "", 0)
	return r.redirect(r.site.base + "/sign-in")
}

// invited shows an invitation; using it takes a form, so that a program that
// follows links in mails does not use it up.
func (r *request) invited() error {
	token := r.PathValue("token")
	l, err := r.site.opt.Accounts.Link(r.Context(), token, r.client())
	if err != nil {
		return r.signInRefused(&signInPage{}, err)
	}
	return r.signInAgain(http.StatusOK, linkPage(token, l))
}

func (r *request) accept() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	token := r.PathValue("token")
	if v.Get("password") != v.Get("again") || account.CheckPassword(v.Get("password"), "", "") != nil {
		// The form again, with whom the link is for.
		l, err := r.site.opt.Accounts.Link(r.Context(), token, r.client())
		if err != nil {
			return r.signInRefused(&signInPage{}, err)
		}
		p := linkPage(token, l)
		p.Problem = "The two passwords differ. Type the same one twice."
		if err := account.CheckPassword(v.Get("password"), l.Email, l.Name); err != nil {
			p.Problem = err.Error()
		}
		return r.signInAgain(http.StatusUnprocessableEntity, p)
	}
	in, err := r.site.opt.Accounts.Accept(r.Context(), token, v.Get("password"), r.client())
	if err != nil {
		p := &signInPage{}
		if l, lerr := r.site.opt.Accounts.Link(r.Context(), token, r.client()); lerr == nil {
			p = linkPage(token, l)
		}
		return r.signInRefused(p, err)
	}
	if in.Pending() {
		r.setCookie(pendingCookie, in.PendingToken, 10*time.Minute)
		return r.signInAgain(http.StatusOK, &signInPage{Code: true})
	}
	return r.signedIn(in, "")
}

// linkPage is the form that a link leads to.
func linkPage(token string, l account.Link) *signInPage {
	return &signInPage{Token: token, Name: l.Name, Email: l.Email, Keys: l.Purpose != account.MailReset, Reset: l.Purpose != account.Invitation, Clears: l.ClearsFactors}
}

func clearsText(clears bool) string {
	if clears {
		return ", passkeys and authenticator app included"
	}
	return ""
}

func (r *request) forgot() error { return r.forgotWith(http.StatusOK, &signInPage{}) }

func (r *request) forgotWith(status int, p *signInPage) error {
	p.f = r.plainFrame("Choose another password")
	return r.write(status, ui.Plain(p.f, false, forgotBody(p)))
}

// askReset sends a link for another password to an address. The answer is the
// same whether or not there is something to send, and does not wait for it.
func (r *request) askReset() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &signInPage{Email: strings.TrimSpace(v.Get("email"))}
	token, l, send, err := r.site.opt.Accounts.RequestReset(r.Context(), p.Email, r.client())
	var refused *account.Error
	switch {
	case errors.As(err, &refused):
		p.Problem = r.sentence(refused)
		if refused.Until.IsZero() {
			return r.forgotWith(http.StatusUnprocessableEntity, p)
		}
		return r.forgotWith(http.StatusTooManyRequests, p)
	case err != nil:
		return err
	}
	if send {
		// Whether somebody is sent something must not show in how long this takes.
		ctx, ref := context.WithoutCancel(r.Context()), reference(r.Context())
		go func() {
			if _, err := r.site.opt.Mailer.SendLink(ctx, l, "/invite/"+token); err != nil {
				r.site.log.ErrorContext(ctx, "a link was not mailed", "reference", ref, "error", err.Error())
			}
		}()
	}
	p.Sent = true
	return r.forgotWith(http.StatusOK, p)
}
