package account

import (
	"errors"
	"strings"
	"testing"
)

// TestWhoManagesWhom is the table of requesters and sides: whatever the caller
// has checked, nobody manages the accounts of another side.
func TestWhoManagesWhom(t *testing.T) {
	w := newWorld(t)
	accounts := map[string]Account{
		"service_organization": w.add("owner", ServiceOrganization).Account,
		"audit_firm":           w.add("partner", AuditFirm).Account,
	}
	guestOf := func(by Requester, person string) Account {
		token, _, err := w.Invite(ctx, by, Invitee{PersonID: person, Email: person + "@example.com", Name: "Kim", Side: Guest})
		if err != nil {
			t.Fatal(err)
		}
		return must(w.Accept(ctx, token, goodPassword, client()))(t).Account
	}
	accounts["guest of service_organization"] = guestOf(admin, "guest")
	accounts["guest of audit_firm"] = guestOf(firmAdmin, "firmguest")
	accounts["nobody's"] = Account{ID: 999, Email: "nobody@example.com"}

	everything := []string{"administrator", "firm_administrator", "engagement_partner", "compliance_manager"}
	// Who leads an engagement lets colleagues in and manages nobody.
	invites := map[string]Side{"engagement partner": AuditFirm, "audit manager": AuditFirm}
	requesters := map[string]struct {
		by  Requester
		may map[string]bool
	}{
		"administrator":      {admin, map[string]bool{"service_organization": true, "guest of service_organization": true}},
		"firm administrator": {firmAdmin, map[string]bool{"audit_firm": true, "guest of audit_firm": true}},
		"administrator with roles of the firm": {Requester{"admin", ServiceOrganization, everything},
			map[string]bool{"service_organization": true, "guest of service_organization": true}},
		"firm administrator with roles of the organization": {Requester{"firmadmin", AuditFirm, everything},
			map[string]bool{"audit_firm": true, "guest of audit_firm": true}},
		"administrator's role on the firm's side":     {Requester{"x", AuditFirm, []string{"administrator"}}, nil},
		"firm administrator's role on the other side": {Requester{"x", ServiceOrganization, []string{"firm_administrator"}}, nil},
		"compliance manager":                          {Requester{"x", ServiceOrganization, []string{"compliance_manager", "executive"}}, nil},
		"engagement partner":                          {Requester{"x", AuditFirm, []string{"engagement_partner"}}, nil},
		"audit manager":                               {Requester{"x", AuditFirm, []string{"firm_manager"}}, nil},
		"audit staff":                                 {Requester{"x", AuditFirm, []string{"firm_staff"}}, nil},
		"partner's role on the other side":            {Requester{"x", ServiceOrganization, []string{"engagement_partner", "firm_manager"}}, nil},
		"guest with every role":                       {Requester{"guest", Guest, everything}, nil},
		"somebody without a side":                     {Requester{"x", "", everything}, nil},
		"somebody without a name":                     {Requester{"", ServiceOrganization, everything}, nil},
		"nobody":                                      {Requester{}, nil},
	}
	operations := map[string]func(Requester, int64) error{
		"unlock":    func(r Requester, id int64) error { return w.Unlock(ctx, r, id) },
		"sign out":  func(r Requester, id int64) error { return w.SignOutAll(ctx, r, id) },
		"disable":   func(r Requester, id int64) error { return w.Disable(ctx, r, id) },
		"enable":    func(r Requester, id int64) error { return w.Enable(ctx, r, id) },
		"reset":     func(r Requester, id int64) error { _, _, err := w.IssueReset(ctx, r, id, false); return err },
		"reset all": func(r Requester, id int64) error { _, _, err := w.IssueReset(ctx, r, id, true); return err },
	}
	for whom, a := range accounts {
		operations["update "+whom] = func(r Requester, id int64) error {
			if id != a.ID {
				return nil
			}
			return w.Update(ctx, r, id, a.Email, "Kim")
		}
	}
	for who, r := range requesters {
		for whom, a := range accounts {
			for what, do := range operations {
				if len(what) > 7 && what[:7] == "update " && what[7:] != whom {
					continue
				}
				err := do(r.by, a.ID)
				switch {
				case r.may[whom] && err != nil:
					t.Errorf("%s: %s an account of %s: %v", who, what, whom, err)
				case !r.may[whom] && !errors.Is(err, ErrForbidden):
					t.Errorf("%s: %s an account of %s was not forbidden: %v", who, what, whom, err)
				}
				// The table's order is any: leave the account enabled.
				if keeper, ok := map[Side]Requester{ServiceOrganization: admin, AuditFirm: firmAdmin}[a.Keeper]; ok {
					is(t, "enabling", w.Enable(ctx, keeper, a.ID), nil)
				}
			}
		}
		// Inviting: the side of the invitee in place of the account's.
		for side, person := range map[Side]string{ServiceOrganization: "admin2", AuditFirm: "staff"} {
			_, l, err := w.Invite(ctx, r.by, Invitee{PersonID: person, Email: person + "@example.com", Name: "Kim", Side: side})
			may := r.may[string(side)] || invites[who] == side
			switch {
			case may && err != nil:
				t.Errorf("%s: invite to %s: %v", who, side, err)
			case !may && !errors.Is(err, ErrForbidden):
				t.Errorf("%s: invite to %s was not forbidden: %v", who, side, err)
			}
			if err != nil {
				continue
			}
			for other, o := range requesters {
				if o.may[string(side)] || invites[other] == side {
					continue
				}
				is(t, other+" revokes an invitation to "+string(side), w.RevokeInvitation(ctx, o.by, l.ID), ErrForbidden)
			}
		}
		all, err := w.Accounts(ctx, r.by)
		if r.may == nil {
			is(t, who+" lists", err, ErrForbidden)
			_, err = w.Kept(ctx, r.by)
			is(t, who+" lists what is kept", err, ErrForbidden)
			if _, ok := invites[who]; !ok {
				_, err = w.Invitations(ctx, r.by)
				is(t, who+" lists invitations", err, ErrForbidden)
			}
			continue
		}
		if err != nil || len(all) != 2 {
			t.Errorf("%s: lists %d accounts: %v", who, len(all), err)
		}
		for _, a := range all {
			if a.Keeper != r.by.Side {
				t.Errorf("%s: the list shows %s, kept by %s", who, a.Email, a.Keeper)
			}
		}
		kept, err := w.Kept(ctx, r.by)
		if err != nil || len(kept) != len(all) {
			t.Errorf("%s: keeps %d accounts: %v", who, len(kept), err)
		}
		for _, k := range kept {
			if k.Keeper != r.by.Side || k.SignedInAt.IsZero() {
				t.Errorf("%s: is told of %s, kept by %s, signed in at %s", who, k.Email, k.Keeper, k.SignedInAt)
			}
		}
		links, err := w.Invitations(ctx, r.by)
		if err != nil || len(links) == 0 {
			t.Errorf("%s: lists %d invitations: %v", who, len(links), err)
		}
		for _, l := range links {
			if l.Keeper != r.by.Side {
				t.Errorf("%s: the list shows the invitation of %s, kept by %s", who, l.Email, l.Keeper)
			}
		}
	}
	if w.saw(ManagementRefused) == 0 {
		t.Error("refusals are not reported")
	}
}

// TestNotOneself: an administrator's own account is another's to reset.
func TestNotOneself(t *testing.T) {
	w := newWorld(t)
	in := w.add("admin", ServiceOrganization)
	is(t, "disabling oneself", w.Disable(ctx, admin, in.Account.ID), ErrSelf)
	_, _, err := w.IssueReset(ctx, admin, in.Account.ID, true)
	is(t, "resetting oneself", err, ErrSelf)
	if !w.works(in.Token) {
		t.Error("what was refused ended the session")
	}
}

// TestAnothersInvitation: inviting an address does not withdraw the other
// side's invitation of it.
func TestAnothersInvitation(t *testing.T) {
	w := newWorld(t)
	theirs, _, err := w.Invite(ctx, firmAdmin, Invitee{PersonID: "partner", Email: "p@example.com", Name: "Kim", Side: AuditFirm})
	if err != nil {
		t.Fatal(err)
	}
	ours, _, err := w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: "p@example.com", Name: "Kim", Side: ServiceOrganization})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Accept(ctx, theirs, goodPassword, client())
	is(t, "the firm's invitation", err, nil)
	_, err = w.Accept(ctx, ours, goodPassword, client())
	is(t, "the later one of the same address", err, ErrExists)
}

func TestUpdate(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	w.add("reader", ServiceOrganization)
	is(t, "an address of another", w.Update(ctx, admin, in.Account.ID, "READER@example.com", "Kim"), ErrExists)
	token, _, err := w.IssueReset(ctx, admin, in.Account.ID, false)
	is(t, "a reset", err, nil)
	is(t, "an update", w.Update(ctx, admin, in.Account.ID, "jo@example.com", "Jo Reyes"), nil)
	_, err = w.Accept(ctx, token, goodPassword, client())
	is(t, "a link that went to the old address", err, ErrTokenRevoked)
	_, a, err := w.Authenticate(ctx, in.Token)
	if err != nil || a.Email != "jo@example.com" || a.DisplayName != "Jo Reyes" {
		t.Errorf("the session shows %+v: %v", a, err)
	}
	if a, err := w.ByPerson(ctx, "owner"); err != nil || a.Email != "jo@example.com" {
		t.Errorf("the person's account is %+v: %v", a, err)
	}
	_, err = w.ByPerson(ctx, "stranger")
	is(t, "a person without an account", err, ErrNotFound)
}

// The program's own mail reaches whoever can sign in, on every side, and nobody
// who was shut out.
func TestAddressees(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	w.add("staff", AuditFirm)
	w.add("reader", ServiceOrganization)
	a, err := w.ByPerson(ctx, "reader")
	is(t, "the reader's account", err, nil)
	is(t, "shutting the reader out", w.Disable(ctx, admin, a.ID), nil)
	all, err := w.Addressees(ctx)
	is(t, "listing", err, nil)
	var got []string
	for _, a := range all {
		got = append(got, a.PersonID+" "+a.Email+" "+string(a.Side))
	}
	if want := "owner owner@example.com service_organization, staff staff@example.com audit_firm"; strings.Join(got, ", ") != want {
		t.Errorf("mail would reach %s", strings.Join(got, ", "))
	}
}
