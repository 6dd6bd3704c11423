package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// newPersonPage is the form for somebody who is not recorded yet.
type newPersonPage struct {
	f       *ui.Frame
	At      string
	Problem string
	Form    url.Values
	Roles   []roleGroup
	// Represents are the subservice organizations for which a guest may speak.
	Represents []option
	// Invites tells that a link can be made at once.
	Invites bool
}

func (r *request) newPerson() error {
	return r.newPersonWith(http.StatusOK, "", url.Values{"invite": {"yes"}})
}

func (r *request) newPersonWith(status int, problem string, form url.Values) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	may, err := r.site.app.PeopleRights(r.Context(), r.actor, r.ledger)
	if err != nil {
		return err
	}
	if !may.Invite && !may.Change {
		// The command says who may, in the words of the policy.
		_, err := r.site.app.Invite(r.Context(), r.actor, app.Inviting{Ledger: r.ledger, Person: "nobody"})
		if err == nil {
			err = errNowhere
		}
		return err
	}
	st, err := r.standing()
	if err != nil {
		return err
	}
	p := &newPersonPage{At: r.at(), Problem: problem, Form: form, Roles: r.roleChoices(form["role"], form["custom"]), Invites: may.Invite && st.by.MayInvite(st.by.Side)}
	if r.ledger == app.OrganizationLedger {
		subs, err := record.All[soc1.SubserviceOrganization](r.Context(), v, "subservice_organization")
		if err != nil {
			return err
		}
		for _, s := range subs {
			p.Represents = append(p.Represents, option{s.ID, s.Value.Name, form.Get("represents") == s.ID})
		}
	}
	if p.f, err = r.frame("Add a person", []ui.Link{{Text: "People", Href: r.at() + "/people"}}); err != nil {
		return err
	}
	p.f.Here = r.at() + "/people"
	return r.write(status, ui.Page(p.f, noActions(), newPersonBody(p)))
}

// addPerson records somebody, and invites them where that is asked.
func (r *request) addPerson() error {
	form, err := r.formValues()
	if err != nil {
		return err
	}
	p := soc1.Person{Name: strings.TrimSpace(form.Get("name")), Title: strings.TrimSpace(form.Get("title")), Email: strings.TrimSpace(form.Get("email")),
		Roles: rolesOf(form), CustomRoles: form["custom"], Represents: form.Get("represents")}
	p.Side = sideOf(r.ledger, p.Roles)
	id := strings.TrimSpace(form.Get("id"))
	if id == "" {
		if id, err = personID(); err != nil {
			return err
		}
	}
	err = r.addOne(id, p, form)
	switch {
	case errors.Is(err, errShown):
		return nil
	case err != nil:
		x := explain(err)
		if x.Status != http.StatusUnprocessableEntity && x.Status != http.StatusConflict && x.Status != http.StatusTooManyRequests {
			return err
		}
		r.view, r.names = nil, nil
		return r.newPersonWith(x.Status, x.Text, form)
	}
	return r.redirect(r.peopleURL("/%s?done=recorded", url.PathEscape(id)))
}

func (r *request) addOne(id string, p soc1.Person, form url.Values) error {
	why, err := reason(form)
	if err != nil {
		return err
	}
	if form.Get("invite") == "" {
		return r.site.app.PutPerson(r.Context(), r.actor, app.RecordChange{Ledger: r.ledger, ID: id, Value: p, Reason: why})
	}
	return r.invite(id, p, why)
}

// personID makes the id of a person. Ids stand in every entry for ever and so
// hold nothing personal.
func personID() (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return "p-" + hex.EncodeToString(b[:]), nil
}

// invitePerson invites somebody who is recorded and has no account.
func (r *request) invitePerson(form url.Values, p soc1.Person, x record.Record) (string, error) {
	if x.Retired {
		return "", said("This person has left. Put them back first.")
	}
	why := strings.TrimSpace(form.Get("reason"))
	if why == "" {
		why = "Invited to sign in."
	}
	return "", r.invite(x.ID, p, why)
}

// invite records an invitation, makes the link that goes with it, and shows it
// once. Where the link cannot be made the invitation is taken back.
func (r *request) invite(id string, p soc1.Person, why string) error {
	by, err := r.requester()
	if err != nil {
		return err
	}
	if r.site.opt.Accounts == nil || !by.MayInvite(by.Side) {
		return account.ErrForbidden
	}
	// Where an invitation stands that is recorded, a new link replaces its old one.
	open, err := r.openInvitation(id)
	if err != nil {
		return err
	}
	until := r.site.now().Add(linkFor)
	invitation := ""
	if open == nil {
		last := soc1.Date(until.In(r.zone()).Format(time.DateOnly))
		invitation, err = r.site.app.Invite(r.Context(), r.actor, app.Inviting{Ledger: r.ledger, Person: id, As: p, Expires: last, Reason: why})
		if err != nil {
			return err
		}
	} else if end := r.endOf(open.Value.Expires); end.Before(until) {
		until = end
	}
	token, l, err := r.site.opt.Accounts.Invite(r.Context(), by, account.Invitee{PersonID: id, Email: p.Email, Name: p.Name, Side: account.Side(p.Side), For: until.Sub(r.site.now())})
	if err != nil && invitation != "" {
		err = errors.Join(err, r.site.app.RevokeInvitation(r.Context(), r.actor, r.ledger, invitation, "The link could not be made."))
	}
	if err != nil {
		return err
	}
	made := r.madeLink("Link by which "+p.Name+" comes in", token, l)
	r.mail(&made, token, l)
	r.view, r.names = nil, nil
	r.SetPathValue("id", id)
	if err := r.personWith(http.StatusOK, &personPage{Link: &made}); err != nil {
		return err
	}
	return errShown
}

// linkFor is how long an invitation can be used.
const linkFor = 7 * 24 * time.Hour

// revokePerson takes an invitation back: the one recorded, and the link.
func (r *request) revokePerson(form url.Values, _ soc1.Person, x record.Record) (string, error) {
	why, err := reason(form)
	if err != nil {
		return "", err
	}
	// The link first: it is what lets somebody in.
	if err := r.revokeLink(x.ID); err != nil {
		return "", err
	}
	return "revoked", r.revokeRecorded(x.ID, why)
}

// revokeLink withdraws the link of somebody's open invitation, if there is one
// that the person who asks may withdraw.
func (r *request) revokeLink(id string) error {
	st, err := r.standing()
	if err != nil {
		return err
	}
	l, ok := st.invited[id]
	if !ok || l.State(r.site.now()) != "open" {
		return nil
	}
	return r.site.opt.Accounts.RevokeInvitation(r.Context(), st.by, l.ID)
}

// openInvitation is the invitation of somebody that the ledger records as open,
// or nil.
func (r *request) openInvitation(id string) (*record.Typed[soc1.Invitation], error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Invitation](r.Context(), v, "invitation")
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.Value.Person == id && x.Value.Status == soc1.InvitationOpen && x.Value.Expires >= today {
			return &x, nil
		}
	}
	return nil, nil
}

// endOf is the last moment of a day.
func (r *request) endOf(day soc1.Date) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(day.AddDays(1)), r.zone())
	if err != nil {
		return r.site.now()
	}
	return t
}

// revokeRecorded takes back what the ledger records as an open invitation of
// somebody.
func (r *request) revokeRecorded(id, why string) error {
	x, err := r.openInvitation(id)
	if err != nil || x == nil {
		return err
	}
	return r.site.app.RevokeInvitation(r.Context(), r.actor, r.ledger, x.ID, why)
}

func madeFrom(form url.Values) (int64, error) {
	n, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil {
		return 0, badRequest("revision", errors.New("the form does not say which revision it was made from; open it again"))
	}
	return n, nil
}
