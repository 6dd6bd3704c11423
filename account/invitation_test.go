package account

import (
	"strings"
	"testing"
	"time"

	"reperform/opsdb"
)

func TestInvitation(t *testing.T) {
	w := newWorld(t)
	token, l, err := w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: " Owner@Example.COM ", Name: "Jo Reyes", Side: ServiceOrganization})
	if err != nil {
		t.Fatal(err)
	}
	if l.Email != "owner@example.com" || l.ExpiresAt.Sub(l.CreatedAt) != 7*24*time.Hour {
		t.Errorf("the invitation is %+v", l)
	}
	if got := must(w.Link(ctx, token, client()))(t); got.PersonID != "owner" || got.State(w.clock.now()) != "open" {
		t.Errorf("the link stands for %+v", got)
	}
	// A password that is refused does not use the invitation up.
	_, err = w.Accept(ctx, token, "short", client())
	is(t, "a short password", err, ErrPasswordShort)
	in := must(w.Accept(ctx, token, goodPassword, client()))(t)
	if in.Pending() || in.Account.PersonID != "owner" || in.Account.Side != ServiceOrganization || !in.Account.HasPassword || in.Session.Level != PasswordOnly {
		t.Errorf("joined as %+v", in)
	}
	if !w.works(in.Token) {
		t.Error("the first session does not work")
	}
	_, err = w.Accept(ctx, token, "another lantern of moss", client())
	is(t, "a replay", err, ErrTokenUsed)
	_, err = w.Link(ctx, token, client())
	is(t, "the page of a used link", err, ErrTokenUsed)
	if w.saw(TokenRefused) == 0 || w.saw(Joined) != 1 {
		t.Errorf("events: %+v", w.events)
	}
	_, _, err = w.Invite(ctx, admin, Invitee{PersonID: "reader", Email: "OWNER@example.com", Name: "Al", Side: ServiceOrganization})
	is(t, "an address that has an account", err, ErrExists)
	_, _, err = w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: "other@example.com", Name: "Al", Side: ServiceOrganization})
	is(t, "a person who has an account", err, ErrExists)
}

func TestInvitationEnds(t *testing.T) {
	w := newWorld(t)
	invite := func(d time.Duration) (string, Link) {
		token, l, err := w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: "owner@example.com", Name: "Jo", Side: ServiceOrganization, For: d})
		if err != nil {
			t.Fatal(err)
		}
		return token, l
	}
	accept := func(token string) error { _, err := w.Accept(ctx, token, goodPassword, client()); return err }

	expired, _ := invite(time.Hour)
	w.clock.pass(time.Hour)
	is(t, "an expired one", accept(expired), ErrTokenExpired)

	revoked, l := invite(0)
	is(t, "revoking", w.RevokeInvitation(ctx, admin, l.ID), nil)
	is(t, "a revoked one", accept(revoked), ErrTokenRevoked)

	replaced, _ := invite(0)
	last, l := invite(0)
	is(t, "a replaced one", accept(replaced), ErrTokenRevoked)
	for _, bad := range []string{"", "x", strings.Repeat("A", 43), last + "A", last[:42] + "_", "../" + last[3:], strings.Repeat("A", 1<<20)} {
		is(t, "a forged one", accept(bad), ErrTokenUnknown)
	}
	is(t, "the last one", accept(last), nil)
	is(t, "revoking a used one", w.RevokeInvitation(ctx, admin, l.ID), ErrTokenUsed)

	states := ""
	for _, l := range must(w.Invitations(ctx, admin))(t) {
		states += l.State(w.clock.now()) + " "
	}
	if states != "used revoked revoked expired " && states != "used revoked revoked revoked " {
		t.Errorf("the invitations are %s", states)
	}
	_, l = invite2(t, w)
	if l.ExpiresAt.Sub(l.CreatedAt) != longestInvitation {
		t.Errorf("an invitation for a year is good for %s", l.ExpiresAt.Sub(l.CreatedAt))
	}
}

func invite2(t *testing.T, w *world) (string, Link) {
	token, l, err := w.Invite(ctx, admin, Invitee{PersonID: "reader", Email: "reader@example.com", Name: "Jo", Side: ServiceOrganization, For: 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return token, l
}

func TestInviteRefusesBadInput(t *testing.T) {
	w := newWorld(t)
	good := Invitee{PersonID: "owner", Email: "owner@example.com", Name: "Jo", Side: ServiceOrganization}
	for _, c := range []struct {
		what   string
		change func(*Invitee)
		want   error
	}{
		{"no person", func(i *Invitee) { i.PersonID = "" }, ErrPerson},
		{"a person of no ledger", func(i *Invitee) { i.PersonID = "stranger" }, ErrPerson},
		{"a person of the firm", func(i *Invitee) { i.PersonID = "partner" }, ErrPerson},
		{"a person of both sides", func(i *Invitee) { i.PersonID = "both" }, ErrPerson},
		{"no address", func(i *Invitee) { i.Email = "owner" }, ErrEmail},
		{"a header in the address", func(i *Invitee) { i.Email = "a@b.c\r\nBcc: x@y.z" }, ErrEmail},
		{"a hidden mark in the name", func(i *Invitee) { i.Name = "Jo\u202egro.elpmaxe" }, ErrName},
		{"a long name", func(i *Invitee) { i.Name = strings.Repeat("x", 10_000) }, ErrName},
		{"no name", func(i *Invitee) { i.Name = " " }, ErrName},
		{"a side of nobody", func(i *Invitee) { i.Side = "root" }, ErrForbidden},
	} {
		in := good
		c.change(&in)
		_, _, err := w.Invite(ctx, admin, in)
		is(t, c.what, err, c.want)
	}
}

// TestFirstInvitation is for the console: it works once for each side.
func TestFirstInvitation(t *testing.T) {
	w := newWorld(t)
	first := func(person string, side Side) error {
		token, _, err := w.InviteFirst(ctx, Invitee{PersonID: person, Email: person + "@example.com", Name: "Kim", Side: side})
		if err != nil {
			return err
		}
		_, err = w.Accept(ctx, token, goodPassword, client())
		return err
	}
	is(t, "a guest", first("guest", Guest), ErrSide)
	is(t, "the organization's", first("admin", ServiceOrganization), nil)
	is(t, "the firm's", first("firmadmin", AuditFirm), nil)
	is(t, "the organization's second", first("admin2", ServiceOrganization), ErrForbidden)
	is(t, "the firm's second", first("partner", AuditFirm), ErrForbidden)
	if n := must(w.Count(ctx))(t); n[ServiceOrganization] != 1 || n[AuditFirm] != 1 {
		t.Errorf("accounts by side: %v", n)
	}
}

// TestPersonRecordedSince has the other side record a person between the
// invitation and its use.
func TestPersonRecordedSince(t *testing.T) {
	w := newWorld(t)
	token, _, err := w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: "owner@example.com", Name: "Jo", Side: ServiceOrganization})
	if err != nil {
		t.Fatal(err)
	}
	w.people["owner"] = []Side{ServiceOrganization, AuditFirm}
	_, err = w.Accept(ctx, token, goodPassword, client())
	is(t, "accepting", err, ErrPerson)
	w.people["owner"] = []Side{ServiceOrganization}
	_, err = w.Accept(ctx, token, goodPassword, client())
	is(t, "accepting once that is corrected", err, nil)
}

func TestReset(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	other := w.signIn("owner")
	token, l, err := w.IssueReset(ctx, admin, in.Account.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	if l.Purpose != Reset || l.ExpiresAt.Sub(l.CreatedAt) != resetFor {
		t.Errorf("the reset is %+v", l)
	}
	if !w.works(in.Token) {
		t.Error("a reset that nobody used has ended a session")
	}
	newIn := must(w.Accept(ctx, token, "meadow thunder quartz pine", client()))(t)
	if w.works(in.Token) || w.works(other.Token) || !w.works(newIn.Token) {
		t.Error("a reset has to end the sessions of before and begin one")
	}
	_, err = w.SignIn(ctx, "owner@example.com", goodPassword, client())
	is(t, "the old password", err, ErrCredentials)
	_, err = w.Accept(ctx, token, goodPassword, client())
	is(t, "the reset again", err, ErrTokenUsed)

	token, _, err = w.IssueReset(ctx, admin, in.Account.ID, false)
	is(t, "another reset", err, nil)
	is(t, "disabling", w.Disable(ctx, admin, in.Account.ID), nil)
	_, err = w.Accept(ctx, token, goodPassword, client())
	is(t, "the reset of an account that was disabled", err, ErrTokenRevoked)
	_, _, err = w.IssueReset(ctx, admin, in.Account.ID, false)
	is(t, "a reset for a disabled account", err, ErrDisabled)
}

func TestResetByMail(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	w.add("partner", AuditFirm)
	is(t, "disabling", w.Disable(ctx, admin, w.add("reader", ServiceOrganization).Account.ID), nil)
	ask := func(email string) (string, bool) {
		t.Helper()
		token, l, send, err := w.RequestReset(ctx, email, client())
		if err != nil {
			t.Fatal(err)
		}
		if send != (token != "") || send != (l.Email != "") {
			t.Errorf("%s: send is %v with token %q and link %+v", email, send, token, l)
		}
		return token, send
	}
	for _, email := range []string{"nobody@example.com", "reader@example.com", "partner@example.com"} {
		if _, send := ask(email); send {
			t.Errorf("a mail for %s", email)
		}
	}
	var n int
	err := w.db.Read(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM account_token WHERE purpose = 'mail_reset'").Scan(&n)
	})
	if err != nil || n != 0 {
		t.Errorf("%d tokens were kept for nobody: %v", n, err)
	}
	first, _ := ask("Owner@example.com")
	second, _ := ask("owner@example.com")
	_, err = w.Accept(ctx, first, "meadow thunder quartz pine", client())
	is(t, "a mail that a newer one replaced", err, ErrTokenRevoked)
	_, err = w.BeginAccept(ctx, second, client())
	is(t, "a passkey by a mail", err, ErrPasskey)
	w.clock.pass(mailResetFor - time.Second)
	newIn := must(w.Accept(ctx, second, "meadow thunder quartz pine", client()))(t)
	if w.works(in.Token) || !w.works(newIn.Token) {
		t.Error("a reset has to end the sessions of before and begin one")
	}
	w.clock.pass(time.Hour)
	late, _ := ask("owner@example.com")
	w.clock.pass(mailResetFor)
	_, err = w.Accept(ctx, late, goodPassword, client())
	is(t, "a mail after an hour", err, ErrTokenExpired)

	w.clock.pass(time.Hour)
	for i := range 4 {
		if _, send := ask("owner@example.com"); send != (i < mailsAnHour) {
			t.Errorf("mail %d within the hour: sent %v", i+1, send)
		}
	}
}
