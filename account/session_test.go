package account

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/opsdb"
)

// row reads one number of the database.
func (w *world) row(query string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.db.Read(ctx, func(tx *opsdb.Tx) error { return tx.QueryRow(query, args...).Scan(&n) }); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestSessionTells(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	c := Client{IP: netip.MustParseAddr("2001:db8::1"), UserAgent: "Browser\n" + strings.Repeat("é", 5000)}
	in := must(w.SignIn(ctx, "owner@example.com", goodPassword, c))(t)
	s, a, err := w.Authenticate(ctx, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if s.IP != "2001:db8::1" || len([]rune(s.UserAgent)) != 300 || strings.Contains(s.UserAgent, "\n") || s.Level != PasswordOnly ||
		len(s.Methods) != 1 || s.Methods[0] != ByPassword || a.PersonID != "owner" || !s.ExpiresAt.Equal(w.clock.now().Add(7*24*time.Hour)) {
		t.Errorf("the session is %+v", s)
	}
	if len(must(w.Sessions(ctx, in.Token))(t)) != 2 {
		t.Error("the list lacks a session")
	}
}

// TestOnlyHashesAreStored looks for the tokens in the bytes of the database.
func TestOnlyHashesAreStored(t *testing.T) {
	w := newWorld(t)
	invitation, _, err := w.Invite(ctx, admin, Invitee{PersonID: "reader", Email: "reader@example.com", Name: "Kim", Side: ServiceOrganization})
	is(t, "inviting", err, nil)
	in := w.add("owner", ServiceOrganization)
	_, codes, token := w.enrol(in.Token)
	pending := w.signIn("owner")
	ceremony := must(w.BeginPasskeySignIn(ctx, client()))(t)
	for what, secret := range map[string]string{
		"invitation": invitation, "session": token, "pending": pending.PendingToken, "ceremony": ceremony.Token,
		"recovery code": strings.ReplaceAll(codes[0], "-", ""), "password": goodPassword,
	} {
		for _, table := range []string{"token", "session", "pending", "ceremony", "recovery", "account", "totp"} {
			var dump string
			err := w.db.Read(ctx, func(tx *opsdb.Tx) error {
				rows, err := tx.Query("SELECT * FROM account_" + table)
				if err != nil {
					return err
				}
				defer rows.Close()
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				for rows.Next() {
					values := make([]any, len(columns))
					for i := range values {
						values[i] = new([]byte)
					}
					if err := rows.Scan(values...); err != nil {
						return err
					}
					for _, v := range values {
						dump += string(*v.(*[]byte)) + "\n"
					}
				}
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			if dump == "" {
				t.Errorf("table %s is empty; nothing was looked at", table)
			}
			if strings.Contains(dump, secret) {
				t.Errorf("the %s stands in table %s", what, table)
			}
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	idle := w.signIn("owner")
	w.clock.pass(12*time.Hour - time.Second)
	if !w.works(idle.Token) {
		t.Error("a session ended before it idled for 12 hours")
	}
	w.clock.pass(12 * time.Hour)
	if w.works(idle.Token) {
		t.Error("a session that idled works")
	}
	used := w.signIn("owner")
	for range 7*24 - 1 {
		w.clock.pass(time.Hour)
		if !w.works(used.Token) {
			t.Fatal("a session that is used ended before 7 days")
		}
	}
	w.clock.pass(time.Hour)
	if w.works(used.Token) {
		t.Error("a session works after 7 days")
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 43), used.Token + "=", strings.Repeat("A", 1<<20)} {
		if w.works(bad) {
			t.Errorf("a forged token %.50q works", bad)
		}
	}
	w.signIn("owner")
	if _, err := w.db.Sweep(ctx, w.clock.now()); err != nil {
		t.Fatal(err)
	}
	if n := w.row("SELECT count(*) FROM account_session"); n != 1 {
		t.Errorf("%d sessions are kept; one can be used", n)
	}
}

func TestRevocation(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	reader := w.add("reader", ServiceOrganization)
	a, b, c := w.signIn("owner"), w.signIn("owner"), w.signIn("owner")
	for _, s := range []SignedIn{in, a, b, c, reader} {
		if !w.works(s.Token) {
			t.Fatal("a session does not work")
		}
	}
	is(t, "another's session", w.Revoke(ctx, reader.Token, a.Session.ID), ErrNotFound)
	is(t, "ending one", w.Revoke(ctx, b.Token, a.Session.ID), nil)
	if w.works(a.Token) || !w.works(b.Token) {
		t.Error("ending one session ended another, or not that one")
	}
	is(t, "ending it again", w.Revoke(ctx, b.Token, a.Session.ID), ErrNotFound)
	is(t, "ending others", w.RevokeOthers(ctx, b.Token), nil)
	is(t, "ending others again", w.RevokeOthers(ctx, b.Token), nil)
	if w.works(c.Token) || w.works(in.Token) || !w.works(b.Token) || !w.works(reader.Token) {
		t.Error("ending the others did not end those alone")
	}
	is(t, "signing out", w.SignOut(ctx, b.Token), nil)
	is(t, "signing out again", w.SignOut(ctx, b.Token), nil)
	is(t, "signing out of nothing", w.SignOut(ctx, "x"), nil)
	if w.works(b.Token) {
		t.Error("a session works after signing out")
	}
	d := w.signIn("owner")
	w.works(d.Token)
	is(t, "disabling", w.Disable(ctx, admin, in.Account.ID), nil)
	if w.works(d.Token) {
		t.Error("a session works after its account was disabled")
	}
	_, err := w.SignIn(ctx, "owner@example.com", goodPassword, client())
	is(t, "signing in to a disabled account", err, ErrDisabled)
	_, err = w.SignIn(ctx, "owner@example.com", "wrong lantern entirely", client())
	is(t, "a wrong password of a disabled account", err, ErrCredentials)
	is(t, "enabling", w.Enable(ctx, admin, in.Account.ID), nil)
	if w.works(d.Token) {
		t.Error("a session of before came back with the account")
	}
	w.signIn("owner")
}

// TestFixation: a token that was planted before signing in is of no use after.
func TestFixation(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	thief := w.add("reader", ServiceOrganization)
	w.works(thief.Token)
	c := client()
	c.Session = thief.Token
	in := must(w.SignIn(ctx, "owner@example.com", goodPassword, c))(t)
	if in.Token == thief.Token || w.works(thief.Token) {
		t.Error("the planted session lives on")
	}
	next := must(w.Rotate(ctx, in.Token))(t)
	if w.works(in.Token) || !w.works(next) {
		t.Error("a rotated token has to replace the one of before")
	}
	s, _, err := w.Authenticate(ctx, next)
	if err != nil || s.ID != in.Session.ID || !s.CreatedAt.Equal(in.Session.CreatedAt) || !s.ExpiresAt.Equal(in.Session.ExpiresAt) {
		t.Errorf("rotating has changed the session: %+v", s)
	}
	_, err = w.Rotate(ctx, in.Token)
	is(t, "rotating the old one", err, ErrSignedOut)
}

// TestReadingWritesNothing counts the changes of the database while a session
// is used, and looks that the last use gets there.
func TestReadingWritesNothing(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	seen := func() int64 { return w.row("SELECT seen FROM account_session WHERE id = ?", in.Session.ID) }
	version := func() int64 { return w.row("PRAGMA data_version") }
	first, before := seen(), version()
	for range 1000 {
		w.clock.pass(time.Second)
		if !w.works(in.Token) {
			t.Fatal("the session ended")
		}
	}
	if version() != before || seen() != first {
		t.Error("using a session wrote to the database")
	}
	list := must(w.Sessions(ctx, in.Token))(t)
	if !list[0].SeenAt.Equal(w.clock.now()) {
		t.Errorf("the list says %s, the last use was %s", list[0].SeenAt, w.clock.now())
	}
	is(t, "flushing", w.FlushSeen(ctx), nil)
	if seen() != millis(w.clock.now()) {
		t.Error("the last use was not written")
	}
	written := version()
	is(t, "flushing again", w.FlushSeen(ctx), nil)
	if version() != written {
		t.Error("flushing nothing wrote")
	}
	// Another program sees the use, too: the session idles from there.
	other := openWorld(t, w.path)
	other.clock.t = w.clock.now().Add(12*time.Hour - time.Second)
	if !other.works(in.Token) {
		t.Error("another program thinks that the session idles")
	}
}

// TestRevokedElsewhere: what another program ends is ended here within a minute.
func TestRevokedElsewhere(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	flushed := w.signIn("owner")
	other := openWorld(t, w.path)
	for _, token := range []string{in.Token, flushed.Token} {
		w.works(token)
	}
	is(t, "disabling elsewhere", other.Disable(ctx, admin, in.Account.ID), nil)
	w.clock.pass(time.Second)
	w.works(flushed.Token)
	is(t, "flushing", w.FlushSeen(ctx), nil)
	if w.works(flushed.Token) {
		t.Error("flushing found out and forgot to forget")
	}
	w.clock.pass(seenEvery)
	if w.works(in.Token) {
		t.Error("a session works a minute after another program ended it")
	}
}

// TestRevocationIsNotOvertaken has readers load sessions while they are ended:
// none may put back what was ended. Run under the race detector, too.
func TestRevocationIsNotOvertaken(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	keep := w.signIn("owner")
	for range 30 {
		in := w.signIn("owner")
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				<-start
				for range 5 {
					w.Authenticate(ctx, in.Token)
				}
			})
		}
		close(start)
		is(t, "ending", w.Revoke(ctx, keep.Token, in.Session.ID), nil)
		if w.works(in.Token) {
			t.Fatal("an ended session works")
		}
		wg.Wait()
		if w.works(in.Token) {
			t.Fatal("a reader put an ended session back")
		}
	}
}

func TestOldSessionsGiveWay(t *testing.T) {
	w := newWorld(t)
	first := w.add("owner", ServiceOrganization)
	for range maxSessions {
		w.clock.pass(time.Second)
		w.signIn("owner")
	}
	if w.works(first.Token) {
		t.Error("the oldest session did not give way")
	}
	if n := w.row("SELECT count(*) FROM account_session"); n != maxSessions {
		t.Errorf("%d sessions are kept", n)
	}
}

func TestProveAgain(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	_, err := w.BeginTOTP(ctx, in.Token)
	is(t, "a short time after signing in", err, nil)
	w.clock.pass(provenFor)
	for what, err := range map[string]error{
		"an app":  func() error { _, err := w.BeginTOTP(ctx, in.Token); return err }(),
		"finish":  func() error { _, _, err := w.FinishTOTP(ctx, in.Token, "000000"); return err }(),
		"remove":  func() error { _, err := w.RemoveTOTP(ctx, in.Token); return err }(),
		"codes":   func() error { _, err := w.NewRecoveryCodes(ctx, in.Token); return err }(),
		"passkey": func() error { _, err := w.BeginPasskey(ctx, in.Token); return err }(),
		"taking a passkey away": func() error {
			_, err := w.RemovePasskey(ctx, in.Token, 1)
			return err
		}(),
	} {
		is(t, what, err, ErrProveAgain)
	}
	_, err = w.Prove(ctx, in.Token, "wrong lantern entirely", client())
	is(t, "a wrong password", err, ErrCredentials)
	next := must(w.Prove(ctx, in.Token, goodPassword, client()))(t)
	if w.works(in.Token) {
		t.Error("the token of before works")
	}
	_, err = w.BeginTOTP(ctx, next)
	is(t, "after the proof", err, nil)
}

// TestRun writes the last use when the program ends.
func TestRun(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	w.works(in.Token)
	w.clock.pass(time.Second)
	w.works(in.Token)
	stop, cancel := context.WithCancel(ctx)
	cancel()
	is(t, "running", w.Run(stop, func(err error) { t.Error(err) }), nil)
	if n := w.row("SELECT seen FROM account_session WHERE id = ?", in.Session.ID); n != millis(w.clock.now()) {
		t.Error("the last use was lost")
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	t := &testing.T{}
	w := openWorld(t, b.TempDir()+"/operations.db")
	in := w.add("owner", ServiceOrganization)
	for b.Loop() {
		if _, _, err := w.Authenticate(ctx, in.Token); err != nil {
			b.Fatal(err)
		}
	}
}
