package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"reperform/account"
	"reperform/web/ui"
)

// securityPage is how a person signs in.
type securityPage struct {
	f       *ui.Frame
	Account account.Account
	// Proven tells that the person proved a short time ago who they are, as is
	// asked before most changes; Confirm is where they do.
	Proven  bool
	Confirm string
	Codes   int
	Keys    []passkeyLine
	Agent   string
}

type passkeyLine struct {
	account.PasskeyInfo
	Added, Used string
}

func (r *request) security() error { return r.securityWith(nil) }

func (r *request) securityWith(problem error) error {
	accounts := r.site.opt.Accounts
	s, a, err := accounts.Authenticate(r.Context(), r.token())
	if err != nil {
		return err
	}
	p := &securityPage{f: r.plainFrame(""), Account: a, Proven: s.Proven(r.site.now()), Confirm: r.confirmURL("/settings/security?done=confirmed"), Agent: agentText(r.UserAgent())}
	if p.Codes, err = accounts.RecoveryCodesLeft(r.Context(), r.token()); err != nil {
		return err
	}
	keys, err := accounts.Passkeys(r.Context(), r.token())
	if err != nil {
		return err
	}
	for _, k := range keys {
		p.Keys = append(p.Keys, passkeyLine{k, r.instant(k.CreatedAt), r.instant(k.UsedAt)})
	}
	return r.settings("/settings/security", problem, securityBody(p))
}

// refusedHere shows the page again with a refusal, or sends to where somebody
// proves again who they are.
func (r *request) refusedHere(err error) error {
	if errors.Is(err, account.ErrProveAgain) {
		return r.redirect(r.confirmURL("/settings/security?done=confirmed"))
	}
	return r.securityWith(err)
}

func (r *request) changePassword() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if v.Get("password") != v.Get("again") {
		return r.securityWith(said("The two new passwords differ. Type the same one twice."))
	}
	next, err := r.site.opt.Accounts.ChangePassword(r.Context(), r.token(), v.Get("current"), v.Get("password"), r.client())
	if errors.Is(err, account.ErrCredentials) {
		err = said("The current password is another one. Nothing was changed.")
	}
	if err != nil {
		return r.refusedHere(err)
	}
	r.rotated(next)
	return r.redirect(r.site.base + "/settings/security?done=password")
}

func (r *request) beginTOTP() error {
	if _, err := r.site.opt.Accounts.BeginTOTP(r.Context(), r.token()); err != nil {
		return r.refusedHere(err)
	}
	return r.redirect(r.site.base + "/settings/totp")
}

// totpPage is an authenticator app that is being set up.
type totpPage struct {
	f *ui.Frame
	account.Enrolment
	// Spoken is the secret in groups of four.
	Spoken string
}

func (r *request) totp() error { return r.totpWith(nil) }

func (r *request) totpWith(problem error) error {
	e, err := r.site.opt.Accounts.TOTPInProgress(r.Context(), r.token())
	switch {
	case errors.Is(err, account.ErrTOTPOff):
		return r.redirect(r.site.base + "/settings/security")
	case err != nil:
		return r.refusedHere(err)
	}
	return r.settings("/settings/security", problem, totpBody(&totpPage{r.plainFrame(""), e, spoken(e.Secret)}))
}

func spoken(secret string) string {
	var out []string
	for len(secret) > 4 {
		out, secret = append(out, secret[:4]), secret[4:]
	}
	return strings.Join(append(out, secret), " ")
}

// quiet is the width of the empty border that readers of QR codes need.
const quiet = 4

// qrBox is the drawing's extent in modules.
func qrBox(rows [][]bool) string {
	n := len(rows) + 2*quiet
	return fmt.Sprintf("0 0 %d %d", n, n)
}

// qrPath draws the dark modules, each run of a row at once.
func qrPath(rows [][]bool) string {
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x+1 < len(row) && row[x+1] {
				x++
			}
			n := x + 1 - from
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
		}
	}
	return b.String()
}

func (r *request) finishTOTP() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	codes, next, err := r.site.opt.Accounts.FinishTOTP(r.Context(), r.token(), v.Get("code"))
	switch {
	case errors.Is(err, account.ErrCode), errors.Is(err, account.ErrLocked):
		return r.totpWith(err)
	case err != nil:
		return r.refusedHere(err)
	}
	r.rotated(next)
	return r.showCodes("The authenticator app is set up. From now on you are asked for its code after your password. Your other sessions have ended.", codes)
}

func (r *request) removeTOTP() error {
	next, err := r.site.opt.Accounts.RemoveTOTP(r.Context(), r.token())
	if err != nil {
		return r.refusedHere(err)
	}
	r.rotated(next)
	return r.redirect(r.site.base + "/settings/security?done=totp_off")
}

func (r *request) newRecoveryCodes() error {
	codes, err := r.site.opt.Accounts.NewRecoveryCodes(r.Context(), r.token())
	if err != nil {
		return r.refusedHere(err)
	}
	return r.showCodes("These are your new recovery codes. The old ones no longer work.", codes)
}

// codesPage shows recovery codes, once.
type codesPage struct {
	f     *ui.Frame
	Lead  string
	Email string
	Codes []string
	// File is the address of the same as a text file, which holds it itself: the
	// server forgets the codes with this answer.
	File string
}

func (r *request) showCodes(lead string, codes []string) error {
	p := &codesPage{f: r.plainFrame(""), Lead: lead, Codes: codes}
	if _, a, err := r.site.opt.Accounts.Authenticate(r.Context(), r.token()); err == nil {
		p.Email = a.Email
	}
	text := "Recovery codes of Reperform"
	if p.Email != "" {
		text += " for " + p.Email
	}
	text += "\nEach works once in place of the code of the authenticator app.\n\n" + strings.Join(codes, "\n") + "\n"
	p.File = "data:text/plain;charset=utf-8," + url.PathEscape(text)
	return r.settings("/settings/security", nil, codesBody(p))
}

func (r *request) renamePasskey() error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if err := r.site.opt.Accounts.RenamePasskey(r.Context(), r.token(), id, v.Get("name")); err != nil {
		return r.refusedHere(err)
	}
	return r.redirect(r.site.base + "/settings/security?done=renamed")
}

func (r *request) removePasskey() error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	next, err := r.site.opt.Accounts.RemovePasskey(r.Context(), r.token(), id)
	if err != nil {
		return r.refusedHere(err)
	}
	r.rotated(next)
	return r.redirect(r.site.base + "/settings/security?done=removed")
}
