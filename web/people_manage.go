package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// managePerson does one of the things that a person's page offers.
func (r *request) managePerson() error {
	do, ok := map[string]func(*request, url.Values, soc1.Person, record.Record) (string, error){
		"record":     (*request).changePerson,
		"invite":     (*request).invitePerson,
		"revoke":     (*request).revokePerson,
		"lock":       (*request).lockPerson,
		"unlock":     (*request).unlockPerson,
		"reset":      (*request).resetPerson,
		"sign-out":   (*request).signPersonOut,
		"deactivate": (*request).deactivatePerson,
		"return":     (*request).returnPerson,
	}[r.PathValue("action")]
	if !ok {
		return errNowhere
	}
	form, err := r.formValues()
	if err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	x, err := v.Get(r.Context(), "person", r.PathValue("id"))
	if err != nil {
		return err
	}
	person, err := record.Decode[soc1.Person](x)
	if err != nil {
		return err
	}
	done, err := do(r, form, person, x)
	switch {
	case errors.Is(err, errShown):
		return nil
	case err != nil:
		problem := explain(err)
		if problem.Status != http.StatusUnprocessableEntity && problem.Status != http.StatusConflict && problem.Status != http.StatusTooManyRequests {
			return err
		}
		// What was read before may be what was refused.
		r.view, r.names = nil, nil
		p := &personPage{Problem: problem.Text, Reason: form.Get("reason")}
		if r.PathValue("action") == "record" {
			p.Roles = r.roleChoices(form["role"], form["custom"])
		}
		return r.personWith(problem.Status, p)
	}
	return r.redirect(r.peopleURL("/%s?done=%s", url.PathEscape(x.ID), done))
}

// errShown says that the answer has been written.
var errShown = errors.New("the answer is written")

func reason(form url.Values) (string, error) {
	s := strings.TrimSpace(form.Get("reason"))
	if s == "" {
		return "", said("Say why, in a few words: whoever reads the history asks exactly this.")
	}
	return s, nil
}

func rolesOf(form url.Values) []soc1.Role {
	var out []soc1.Role
	for _, s := range form["role"] {
		out = append(out, soc1.Role(s))
	}
	return out
}

// changePerson records name, position, address and roles anew. An account
// follows the address.
func (r *request) changePerson(form url.Values, p soc1.Person, x record.Record) (string, error) {
	why, err := reason(form)
	if err != nil {
		return "", err
	}
	before := p
	p.Name, p.Title, p.Email = strings.TrimSpace(form.Get("name")), strings.TrimSpace(form.Get("title")), strings.TrimSpace(form.Get("email"))
	p.Roles, p.CustomRoles = rolesOf(form), form["custom"]
	// A reader of the firm whom management recorded stays of the firm.
	if p.Side == soc1.SideServiceOrganization || p.Side == soc1.SideGuest {
		p.Side = sideOf(r.ledger, p.Roles)
	}
	revision, err := madeFrom(form)
	if err != nil {
		return "", err
	}
	if err := r.site.app.PutPerson(r.Context(), r.actor, app.RecordChange{Ledger: r.ledger, ID: x.ID, Revision: revision, Value: p, Reason: why}); err != nil {
		return "", err
	}
	st, err := r.standing()
	if err != nil {
		return "", err
	}
	if k, ok := st.kept[x.ID]; ok && p.Email != "" && (p.Email != before.Email || p.Name != before.Name) {
		if err := r.site.opt.Accounts.Update(r.Context(), st.by, k.ID, p.Email, p.Name); err != nil {
			return "", said("The record is changed. The account still has the address " + k.Email + ": " + err.Error())
		}
	}
	return "recorded", nil
}

// accountOf is the account of somebody, if the person who asks manages it. One
// that is not there and one of another side answer the same.
func (r *request) accountOf(id string) (account.Requester, account.Kept, error) {
	st, err := r.standing()
	if err != nil {
		return st.by, account.Kept{}, err
	}
	k, ok := st.kept[id]
	if !ok {
		return st.by, k, account.ErrForbidden
	}
	return st.by, k, nil
}

func (r *request) lockPerson(_ url.Values, _ soc1.Person, x record.Record) (string, error) {
	by, k, err := r.accountOf(x.ID)
	if err != nil {
		return "", err
	}
	return "locked", r.site.opt.Accounts.Disable(r.Context(), by, k.ID)
}

// unlockPerson ends both kinds of lock: an administrator's, and the wait after
// wrong attempts.
func (r *request) unlockPerson(_ url.Values, _ soc1.Person, x record.Record) (string, error) {
	by, k, err := r.accountOf(x.ID)
	if err != nil {
		return "", err
	}
	if err := r.site.opt.Accounts.Unlock(r.Context(), by, k.ID); err != nil {
		return "", err
	}
	return "unlocked", r.site.opt.Accounts.Enable(r.Context(), by, k.ID)
}

func (r *request) signPersonOut(_ url.Values, _ soc1.Person, x record.Record) (string, error) {
	by, k, err := r.accountOf(x.ID)
	if err != nil {
		return "", err
	}
	return "signed_out", r.site.opt.Accounts.SignOutAll(r.Context(), by, k.ID)
}

// resetPerson makes a link by which somebody chooses another password, and shows
// it once.
func (r *request) resetPerson(form url.Values, p soc1.Person, x record.Record) (string, error) {
	by, k, err := r.accountOf(x.ID)
	if err != nil {
		return "", err
	}
	token, l, err := r.site.opt.Accounts.IssueReset(r.Context(), by, k.ID, form.Get("factors") != "")
	if err != nil {
		return "", err
	}
	made := r.madeLink("Link by which "+p.Name+" chooses another password", token, l)
	r.mail(&made, token, l)
	if err := r.personWith(http.StatusOK, &personPage{Link: &made}); err != nil {
		return "", err
	}
	return "", errShown
}

// deactivatePerson retires the record and locks the account. The roles end with
// the record, so the account could do nothing even if locking it failed.
func (r *request) deactivatePerson(form url.Values, _ soc1.Person, x record.Record) (string, error) {
	why, err := reason(form)
	if err != nil {
		return "", err
	}
	if x.ID == r.actor {
		return "", said("You cannot take yourself out. Ask another administrator.")
	}
	if err := r.site.app.PutPerson(r.Context(), r.actor, app.RecordChange{Ledger: r.ledger, ID: x.ID, Revision: x.Revision, Retired: true, Reason: why}); err != nil {
		return "", err
	}
	by, k, err := r.accountOf(x.ID)
	switch {
	case errors.Is(err, account.ErrForbidden):
		// There is no account yet, but there may be a way to one.
		return "deactivated", errors.Join(r.revokeLink(x.ID), r.revokeRecorded(x.ID, why))
	case err != nil:
		return "", err
	}
	return "deactivated", r.site.opt.Accounts.Disable(r.Context(), by, k.ID)
}

// returnPerson puts somebody back who had left.
func (r *request) returnPerson(form url.Values, p soc1.Person, x record.Record) (string, error) {
	why, err := reason(form)
	if err != nil {
		return "", err
	}
	if err := r.site.app.PutPerson(r.Context(), r.actor, app.RecordChange{Ledger: r.ledger, ID: x.ID, Revision: x.Revision, Value: p, Reason: why}); err != nil {
		return "", err
	}
	by, k, err := r.accountOf(x.ID)
	switch {
	case errors.Is(err, account.ErrForbidden):
		return "returned", nil
	case err != nil:
		return "", err
	}
	return "returned", r.site.opt.Accounts.Enable(r.Context(), by, k.ID)
}
