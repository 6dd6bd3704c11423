package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"reperform/account"
)

// Passkeys are exchanged between a script of ours and the browser: each use
// begins with options and ends with what the device answered, both as JSON.
// Everything else of signing in works without scripts.

func (s *Site) registerPasskeys() {
	s.addPublic("POST /sign-in/passkey/begin", answering((*request).beginPasskeySignIn))
	s.addPublic("POST /sign-in/passkey", answering((*request).finishPasskeySignIn))
	s.addPublic("POST /invite/{token}/passkey/begin", answering((*request).beginPasskeyAccept))
	s.addPublic("POST /invite/{token}/passkey", answering((*request).finishPasskeyAccept))
	s.addPublic("POST /password-check", answering((*request).checkPassword))
	s.add("POST /settings/passkeys/begin", answering((*request).beginPasskey))
	s.add("POST /settings/passkeys", answering((*request).finishPasskey))
	s.add("POST /settings/confirm/passkey/begin", answering((*request).beginPasskeyProof))
	s.add("POST /settings/confirm/passkey", answering((*request).finishPasskeyProof))
}

// told is what the script is told.
type told struct {
	// Ceremony and Options begin an exchange.
	Ceremony string          `json:"ceremony,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"`
	// To is where to go next.
	To string `json:"to,omitempty"`
	// Problem says what is wrong, Fine that nothing is.
	Problem string `json:"problem,omitempty"`
	Fine    string `json:"fine,omitempty"`
}

// answering makes a page's handler of one that answers a script. What a person
// may know goes along as a sentence; the rest is answered like any error.
func answering(do func(*request, url.Values) (told, error)) func(*request) error {
	return func(r *request) error {
		v, err := r.formValues()
		if err != nil {
			return err
		}
		status := http.StatusOK
		a, err := do(r, v)
		var refused *account.Error
		switch {
		case errors.Is(err, account.ErrProveAgain):
			a = told{To: r.confirmURL("/settings/security")}
		case errors.As(err, &refused):
			a = told{Problem: r.sentence(refused)}
			if status = http.StatusUnprocessableEntity; !refused.Until.IsZero() {
				status = http.StatusTooManyRequests
			}
		case err != nil:
			return err
		}
		r.w.Header().Set("Content-Type", "application/json")
		r.w.WriteHeader(status)
		return json.NewEncoder(r.w).Encode(a)
	}
}

func begun(c account.Ceremony, err error) (told, error) {
	return told{Ceremony: c.Token, Options: c.Options}, err
}

func (r *request) beginPasskeySignIn(url.Values) (told, error) {
	return begun(r.site.opt.Accounts.BeginPasskeySignIn(r.Context(), r.client()))
}

func (r *request) finishPasskeySignIn(v url.Values) (told, error) {
	in, err := r.site.opt.Accounts.FinishPasskeySignIn(r.Context(), v.Get("ceremony"), []byte(v.Get("response")), r.client())
	if err != nil {
		return told{}, err
	}
	to, err := r.begin(in, v.Get("to"))
	return told{To: to}, err
}

func (r *request) beginPasskeyAccept(url.Values) (told, error) {
	return begun(r.site.opt.Accounts.BeginAccept(r.Context(), r.PathValue("token"), r.client()))
}

func (r *request) finishPasskeyAccept(v url.Values) (told, error) {
	in, err := r.site.opt.Accounts.FinishAccept(r.Context(), r.PathValue("token"), v.Get("ceremony"), passkeyName(v, r), []byte(v.Get("response")), r.client())
	if err != nil {
		return told{}, err
	}
	to, err := r.begin(in, "")
	return told{To: to}, err
}

// passkeyName is the name given, or what the browser tells of the device.
func passkeyName(v url.Values, r *request) string {
	if name := v.Get("name"); name != "" {
		return name
	}
	return agentText(r.UserAgent())
}

func (r *request) beginPasskey(url.Values) (told, error) {
	return begun(r.site.opt.Accounts.BeginPasskey(r.Context(), r.token()))
}

func (r *request) finishPasskey(v url.Values) (told, error) {
	_, next, err := r.site.opt.Accounts.FinishPasskey(r.Context(), r.token(), v.Get("ceremony"), passkeyName(v, r), []byte(v.Get("response")))
	if err != nil {
		return told{}, err
	}
	r.rotated(next)
	to := "/settings/security?done=passkey"
	if v.Get("to") != "" {
		to = v.Get("to")
	}
	return told{To: r.local(r.site.base + to)}, nil
}

func (r *request) beginPasskeyProof(url.Values) (told, error) {
	return begun(r.site.opt.Accounts.BeginPasskeyProof(r.Context(), r.token()))
}

func (r *request) finishPasskeyProof(v url.Values) (told, error) {
	next, err := r.site.opt.Accounts.FinishPasskeyProof(r.Context(), r.token(), v.Get("ceremony"), []byte(v.Get("response")), r.client())
	if err != nil {
		return told{}, err
	}
	r.rotated(next)
	return told{To: r.local(r.site.base + v.Get("to"))}, nil
}

// checkPassword tells whether a new password would be accepted, while it is
// typed. It is asked by whoever chooses one, and keeps nothing.
func (r *request) checkPassword(v url.Values) (told, error) {
	if err := account.CheckPassword(v.Get("password"), clipped(v.Get("email"), 300), clipped(v.Get("name"), 300)); err != nil {
		return told{Problem: err.Error()}, nil
	}
	return told{Fine: "Long enough, and not among the passwords that attackers try first."}, nil
}
