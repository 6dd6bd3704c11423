package web

import (
	"context"
	"errors"
	"net/http"
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
	// Token is that of an invitation, Name and Email whom it is for.
	Token, Name string
}

func (r *request) signInForm() error {
	p := &signInPage{To: r.URL.Query().Get("to")}
	return r.signInAgain(http.StatusOK, p)
}

func (r *request) signInAgain(status int, p *signInPage) error {
	title := "Sign in"
	if p.Token != "" {
		title = "Welcome"
	}
	p.f = r.plainFrame(title)
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
	p.Problem = refused.Message
	status := http.StatusUnprocessableEntity
	if !refused.Until.IsZero() {
		status = http.StatusTooManyRequests
		p.Problem += " Try again at " + refused.Until.In(r.zone()).Format("15:04:05 MST") + "."
	}
	return r.signInAgain(status, p)
}

func (r *request) signedIn(in account.SignedIn, to string) error {
	r.setCookie(r.site.sessionCookie(), in.Token, 0)
	if to == "" {
		to = "/"
	}
	return r.redirect(r.local(r.site.base + to))
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
	return r.signInAgain(http.StatusOK, &signInPage{Token: token, Name: l.Name, Email: l.Email})
}

func (r *request) accept() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	token := r.PathValue("token")
	p := &signInPage{Token: token, Name: v.Get("name"), Email: v.Get("email")}
	if v.Get("password") != v.Get("again") {
		p.Problem = "The two passwords differ. Type the same one twice."
		return r.signInAgain(http.StatusUnprocessableEntity, p)
	}
	in, err := r.site.opt.Accounts.Accept(r.Context(), token, v.Get("password"), r.client())
	if err != nil {
		return r.signInRefused(p, err)
	}
	if in.Pending() {
		r.setCookie(pendingCookie, in.PendingToken, 10*time.Minute)
		return r.signInAgain(http.StatusOK, &signInPage{Code: true})
	}
	return r.signedIn(in, "")
}
