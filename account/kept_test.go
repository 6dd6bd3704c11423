package account

import (
	"testing"
	"time"
)

// What an administrator is told of an account: when its person last signed in,
// from how many browsers, and whether they have to wait.
func TestKept(t *testing.T) {
	w := newWorld(t)
	joined := w.clock.now()
	in := w.add("owner", ServiceOrganization)
	w.add("partner", AuditFirm)
	w.clock.pass(time.Hour)
	w.signIn("owner")
	one := func() Kept {
		t.Helper()
		all := must(w.Kept(ctx, admin))(t)
		if len(all) != 1 || all[0].PersonID != "owner" {
			t.Fatalf("kept are %+v", all)
		}
		return all[0]
	}
	if k := one(); !k.SignedInAt.Equal(joined.Add(time.Hour)) || k.Sessions != 2 || k.Passkeys != 0 || !k.LockedUntil.IsZero() {
		t.Errorf("told %+v", k)
	}
	// Signing out does not make it forgotten; a passkey is counted.
	_, next := w.addPasskey(w.signIn("owner").Token, newDevice(t), "Laptop")
	is(t, "signing out", w.SignOut(ctx, next), nil)
	is(t, "signing out", w.SignOut(ctx, in.Token), nil)
	w.clock.pass(time.Minute)
	for range freeAttempts {
		_, err := w.SignIn(ctx, "owner@example.com", "wrong words that are long", client())
		is(t, "a wrong password", err, ErrCredentials)
	}
	if k := one(); !k.SignedInAt.Equal(joined.Add(time.Hour)) || k.Sessions != 1 || k.Passkeys != 1 || !k.LockedUntil.Equal(w.clock.now().Add(firstWait)) {
		t.Errorf("told %+v", k)
	}
	w.clock.pass(13 * time.Hour)
	if k := one(); k.Sessions != 0 || !k.LockedUntil.IsZero() {
		t.Errorf("what has ended is counted: %+v", k)
	}
}

// An authenticator app that is being set up is shown again, to its owner alone
// and until it is on.
func TestTOTPInProgress(t *testing.T) {
	w := newWorld(t)
	token := w.add("owner", ServiceOrganization).Token
	_, err := w.TOTPInProgress(ctx, token)
	is(t, "nothing was begun", err, ErrTOTPOff)
	e := must(w.BeginTOTP(ctx, token))(t)
	again := must(w.TOTPInProgress(ctx, token))(t)
	if again.Secret != e.Secret || again.URI != e.URI || len(again.QR) != len(e.QR) {
		t.Errorf("another secret: %s, %s", e.Secret, again.Secret)
	}
	_, err = w.TOTPInProgress(ctx, w.add("admin2", ServiceOrganization).Token)
	is(t, "somebody else", err, ErrTOTPOff)
	w.clock.pass(provenFor)
	_, err = w.TOTPInProgress(ctx, token)
	is(t, "long after a proof", err, ErrProveAgain)
}

// At the console, somebody of the service organization comes in again who has
// nobody to ask; nobody of the firm does.
func TestResetAtConsole(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	w.add("partner", AuditFirm)
	for person, want := range map[string]error{"partner": ErrForbidden, "nobody": ErrNotFound} {
		_, _, err := w.ResetAtConsole(ctx, person, true)
		is(t, "a reset of "+person, err, want)
	}
	first, _, err := w.ResetAtConsole(ctx, "owner", false)
	is(t, "a reset", err, nil)
	token, l, err := w.ResetAtConsole(ctx, "owner", true)
	if err != nil || !l.ClearsFactors || l.By != "" {
		t.Errorf("%+v, %v", l, err)
	}
	_, err = w.Accept(ctx, first, "other words than before", client())
	is(t, "the first link after a second one", err, ErrTokenRevoked)
	is(t, "the link", func() error { _, err := w.Accept(ctx, token, "other words than before", client()); return err }(), nil)
	is(t, "the link again", func() error { _, err := w.Accept(ctx, token, "other words than before", client()); return err }(), ErrTokenUsed)
}
