package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// settingsSection is one page of what a person sets for themselves.
type settingsSection struct {
	path, title, icon string
	// shown tells whether the person has the section; nil is everybody.
	shown func(*request) bool
}

// settingsSections are the pages under /settings, in their order.
var settingsSections = []settingsSection{
	{"/settings", "Profile", "user", nil},
	{"/settings/security", "Signing in", "key-round", nil},
	{"/settings/sessions", "Sessions", "monitor", nil},
	{"/settings/mail", "Mail", "mail", (*request).hasDesk},
	{"/settings/deputies", "Deputies", "users", (*request).hasDeputies},
}

func (s *Site) registerSettings() {
	s.add("GET /settings", (*request).profile)
	s.add("GET /settings/security", (*request).security)
	s.add("POST /settings/password", (*request).changePassword)
	s.add("POST /settings/totp/begin", (*request).beginTOTP)
	s.add("GET /settings/totp", (*request).totp)
	s.add("POST /settings/totp", (*request).finishTOTP)
	s.add("POST /settings/totp/remove", (*request).removeTOTP)
	s.add("POST /settings/recovery", (*request).newRecoveryCodes)
	s.add("POST /settings/passkeys/{id}/rename", (*request).renamePasskey)
	s.add("POST /settings/passkeys/{id}/remove", (*request).removePasskey)
	s.add("GET /settings/sessions", (*request).sessions)
	s.add("POST /settings/sessions/others", (*request).revokeOthers)
	s.add("POST /settings/sessions/{id}/end", (*request).revokeSession)
	s.add("GET /settings/confirm", (*request).confirm)
	s.add("POST /settings/confirm", (*request).confirmed)
	s.add("GET /settings/deputies", (*request).deputies)
	s.add("POST /settings/deputies", (*request).nameDeputy)
	s.add("POST /settings/deputies/{id}/end", (*request).endDeputy)
	s.add("GET /welcome", (*request).welcome)
}

// settingsPage surrounds a section.
type settingsPage struct {
	f        *ui.Frame
	Sections []settingsLink
	// Done says what has just been done, Problem what did not work.
	Done, Problem string
}

type settingsLink struct {
	Title, Icon, Href string
	Here              bool
}

// doneTexts say what was done, after a redirect.
var doneTexts = map[string]string{
	"password":   "Your password is changed. Your other sessions have ended.",
	"totp_off":   "The authenticator app is removed, its recovery codes with it. Your other sessions have ended.",
	"passkey":    "The passkey is added. From now on you can sign in with it.",
	"renamed":    "The passkey has its new name.",
	"removed":    "The passkey is removed. Your other sessions have ended. Remove it on the device as well, or it goes on being offered.",
	"session":    "The session has ended.",
	"others":     "All other sessions have ended.",
	"confirmed":  "Confirmed. For the next quarter of an hour you can change how you sign in.",
	"mail":       "Saved.",
	"mail_links": "Links in mails that you have got so far no longer turn anything off.",
	"mail_test":  "A mail is on its way to you. If none arrives within a few minutes, tell whoever runs this installation.",
	"deputy":     "The deputy is recorded.",
	"ended":      "The deputy’s right has ended.",
}

// settings shows a section; problem is a refusal that the person can read.
func (r *request) settings(path string, problem error, content templ.Component) error {
	p := &settingsPage{Done: doneTexts[r.URL.Query().Get("done")]}
	status := http.StatusOK
	if problem != nil {
		x := explain(problem)
		if x.Status != http.StatusUnprocessableEntity && x.Status != http.StatusTooManyRequests {
			return problem
		}
		p.Problem, p.Done, status = x.Text, "", x.Status
		var refused *account.Error
		if errors.As(problem, &refused) {
			p.Problem = r.sentence(refused)
		}
	}
	title := "Settings"
	for _, s := range settingsSections {
		if s.shown != nil && !s.shown(r) {
			continue
		}
		p.Sections = append(p.Sections, settingsLink{Title: s.title, Icon: s.icon, Href: s.path, Here: s.path == path})
		if s.path == path && path != "/settings" {
			title = s.title
		}
	}
	var crumbs []ui.Link
	if title != "Settings" {
		crumbs = []ui.Link{{Text: "Settings", Href: "/settings"}}
	}
	var err error
	if p.f, err = r.frame(title, crumbs); err != nil {
		return err
	}
	p.f.Here = "/settings"
	return r.write(status, ui.Page(p.f, noActions(), settingsBody(p, content)))
}

// profilePage is what the records say of the person.
type profilePage struct {
	Who     ui.Person
	Email   string
	SignsIn string
	Side    string
	Roles   []string
	// Record is the address of the person's record, where it may be read.
	Record string
	// Since is the day on which the account was made.
	Since string
}

func (r *request) profile() error {
	_, a, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token())
	if err != nil {
		return err
	}
	p := &profilePage{Who: r.me(), SignsIn: a.Email, Side: soc1.Side(a.Side).Label(), Since: dateText(a.CreatedAt.In(r.zone()).Format(time.DateOnly))}
	if at, x, ok := r.ownRecord(); ok {
		p.Email, p.Record = x.Email, r.url("%s/r/person/%s", at, url.PathEscape(r.actor))
		for _, role := range x.Roles {
			p.Roles = append(p.Roles, role.Label())
		}
	}
	// Whoever holds a custom role is told so, whether they read of people or not.
	held, err := r.site.app.OwnRoles(r.Context(), r.actor)
	if err != nil {
		return err
	}
	for _, x := range held {
		p.Roles = append(p.Roles, x.Role.Name)
	}
	return r.settings("/settings", nil, profileBody(p))
}

// ownRecord finds the person's own record in a ledger whose people they read.
func (r *request) ownRecord() (at string, p soc1.Person, ok bool) {
	for _, l := range r.site.app.PeopleLedgers(r.Context(), r.actor) {
		v, err := r.site.app.View(r.Context(), r.actor, l, record.AsOf{})
		if err != nil {
			continue
		}
		x, err := record.One[soc1.Person](r.Context(), v, "person", r.actor)
		if err != nil || x.Redacted || x.Retired {
			continue
		}
		if l != app.OrganizationLedger {
			at = "/x/" + url.PathEscape(l)
		}
		return at, x.Value, true
	}
	return "", soc1.Person{}, false
}

// me is the person who asks. Who reads no records of people is called as their
// account is.
func (r *request) me() ui.Person {
	if p := r.headings().person(r.actor); p.Name != p.ID {
		return p
	}
	if _, p, ok := r.ownRecord(); ok {
		return ui.Person{ID: r.actor, Name: p.Name, Title: p.Title}
	}
	if r.site.opt.Accounts != nil {
		if _, a, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token()); err == nil {
			return ui.Person{ID: r.actor, Name: a.DisplayName}
		}
	}
	return ui.Person{ID: r.actor, Name: r.actor}
}

// sessionLine is one browser that is signed in.
type sessionLine struct {
	account.Session
	Agent, Methods, Began, Seen string
	This                        bool
}

func (r *request) sessions() error { return r.sessionsWith(nil) }

func (r *request) sessionsWith(problem error) error {
	this, _, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token())
	if err != nil {
		return err
	}
	all, err := r.site.opt.Accounts.Sessions(r.Context(), r.token())
	if err != nil {
		return err
	}
	lines := make([]sessionLine, 0, len(all))
	for _, s := range all {
		l := sessionLine{Session: s, Agent: agentText(s.UserAgent), This: s.ID == this.ID, Began: r.instant(s.CreatedAt), Seen: r.instant(s.SeenAt)}
		for i, m := range s.Methods {
			if i > 0 {
				l.Methods += ", "
			}
			l.Methods += methodTexts[m]
		}
		lines = append(lines, l)
	}
	// The one in use first.
	slices.SortStableFunc(lines, func(x, y sessionLine) int {
		switch {
		case x.This:
			return -1
		case y.This:
			return 1
		}
		return y.SeenAt.Compare(x.SeenAt)
	})
	return r.settings("/settings/sessions", problem, sessionsBody(r.plainFrame(""), lines))
}

var methodTexts = map[account.Method]string{
	account.ByPassword: "password", account.ByTOTP: "authenticator app", account.ByRecoveryCode: "recovery code",
	account.ByPasskey: "passkey", account.ByLink: "link",
}

// instant is a time in the organization's zone as people read it.
func (r *request) instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(r.zone()).Format("2 Jan 2006, 15:04 MST")
}

func (r *request) revokeSession() error {
	if err := r.site.opt.Accounts.Revoke(r.Context(), r.token(), r.PathValue("id")); err != nil && !errors.Is(err, account.ErrNotFound) {
		return r.sessionsWith(err)
	}
	return r.redirect(r.site.base + "/settings/sessions?done=session")
}

func (r *request) revokeOthers() error {
	if err := r.site.opt.Accounts.RevokeOthers(r.Context(), r.token()); err != nil {
		return r.sessionsWith(err)
	}
	return r.redirect(r.site.base + "/settings/sessions?done=others")
}

// confirmPage asks somebody who is signed in to prove it again.
type confirmPage struct {
	f        *ui.Frame
	Email    string
	To       string
	Problem  string
	Password bool
	Passkeys bool
}

// confirmURL is where somebody proves again who they are.
func (r *request) confirmURL(to string) string {
	return r.site.base + "/settings/confirm?to=" + url.QueryEscape(to)
}

func (r *request) confirm() error {
	return r.confirmAgain(http.StatusOK, &confirmPage{To: r.URL.Query().Get("to")})
}

func (r *request) confirmAgain(status int, p *confirmPage) error {
	_, a, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token())
	if err != nil {
		return err
	}
	keys, err := r.site.opt.Accounts.Passkeys(r.Context(), r.token())
	if err != nil {
		return err
	}
	if !strings.HasPrefix(p.To, "/") {
		p.To = "/settings/security?done=confirmed"
	}
	p.f, p.Email, p.Password, p.Passkeys = r.plainFrame("Confirm that it is you"), a.Email, a.HasPassword, len(keys) > 0
	return r.write(status, ui.Plain(p.f, false, confirmBody(p)))
}

func (r *request) confirmed() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	next, err := r.site.opt.Accounts.Prove(r.Context(), r.token(), v.Get("password"), r.client())
	var refused *account.Error
	switch {
	case errors.Is(err, account.ErrSignedOut):
		return err
	case errors.As(err, &refused):
		p := &confirmPage{To: v.Get("to"), Problem: r.sentence(refused)}
		if errors.Is(err, account.ErrCredentials) {
			p.Problem = "This is not your password."
		}
		status := http.StatusUnprocessableEntity
		if !refused.Until.IsZero() {
			status = http.StatusTooManyRequests
		}
		return r.confirmAgain(status, p)
	case err != nil:
		return err
	}
	r.rotated(next)
	return r.redirect(r.local(r.site.base + v.Get("to")))
}

// agentText names a browser and its system by what it says of itself.
func agentText(ua string) string {
	pick := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(ua, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	// Most browsers name those, too, whose pages they can show: the order decides.
	browser := pick("Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "FxiOS/", "Firefox", "CriOS/", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := pick("Windows", "Windows", "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "CrOS", "ChromeOS", "Mac OS X", "macOS", "Linux", "Linux")
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "" || system != "":
		return browser + system
	}
	return "Another program"
}

func pathID(r *request) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, errNowhere
	}
	return n, nil
}
