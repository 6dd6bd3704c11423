package account

import (
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"reperform/opsdb"
)

// TestTOTPVectors are those of RFC 6238, appendix B, for SHA-1.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp(secret, uint64(unix/totpStep), 8); got != want {
			t.Errorf("at %d the code is %s, not %s", unix, got, want)
		}
	}
	// RFC 4226, appendix D.
	for counter, want := range strings.Fields("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489") {
		if got := hotp(secret, uint64(counter), totpDigits); got != want {
			t.Errorf("the code of counter %d is %s, not %s", counter, got, want)
		}
	}
}

func TestTOTPWindow(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1_700_000_010, 0)
	step := now.Unix() / totpStep
	for off := int64(-3); off <= 3; off++ {
		_, ok := matchTOTP(secret, hotp(secret, uint64(step+off), totpDigits), now, 0)
		if want := off >= -1 && off <= 1; ok != want {
			t.Errorf("a device that is %d steps off: accepted %v", off, ok)
		}
	}
	code := hotp(secret, uint64(step), totpDigits)
	if _, ok := matchTOTP(secret, code, now, step); ok {
		t.Error("a used step is accepted")
	}
	if got, ok := matchTOTP(secret, code, now, step-1); !ok || got != step {
		t.Errorf("the step is %d, %v", got, ok)
	}
	if _, ok := matchTOTP(secret, hotp(secret, 0, totpDigits), time.Unix(3, 0), -1); !ok {
		t.Error("the first step of all is not accepted")
	}
}

// app is an authenticator app.
type app struct{ secret []byte }

func (a app) code(at time.Time) string { return hotp(a.secret, uint64(at.Unix()/totpStep), totpDigits) }

// enrol sets an app up and answers it, the recovery codes and the session's token.
func (w *world) enrol(token string) (app, []string, string) {
	w.t.Helper()
	e := must(w.BeginTOTP(ctx, token))(w.t)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	a := app{secret}
	codes, next, err := w.FinishTOTP(ctx, token, a.code(w.clock.now()))
	if err != nil {
		w.t.Fatal(err)
	}
	return a, codes, next
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	other := w.signIn("owner")

	e := must(w.BeginTOTP(ctx, in.Token))(t)
	u, err := url.Parse(e.URI)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Reperform:owner@example.com" ||
		u.Query().Get("secret") != e.Secret || u.Query().Get("issuer") != "Reperform" || u.Query().Get("period") != "30" {
		t.Errorf("the URI is %s: %v", e.URI, err)
	}
	// Until a code was seen, it counts for nothing.
	if again := w.signIn("owner"); again.Pending() {
		t.Error("an app that was not finished is asked for")
	}
	_, _, err = w.FinishTOTP(ctx, in.Token, "000000")
	is(t, "a wrong first code", err, ErrCode)

	phone, codes, token := w.enrol(in.Token)
	if len(codes) != recoveryCodes || w.works(in.Token) || w.works(other.Token) || !w.works(token) {
		t.Error("setting the app up has to give ten codes, end other sessions and give this one another token")
	}
	if s, a, err := w.Authenticate(ctx, token); err != nil || s.Level != TwoFactors || !a.HasTOTP {
		t.Errorf("the session is %+v of %+v: %v", s, a, err)
	}
	_, err = w.BeginTOTP(ctx, token)
	is(t, "a second app", err, ErrTOTPOn)

	pending := w.signIn("owner")
	if !pending.Pending() || w.works(pending.PendingToken) {
		t.Fatalf("a sign-in without the second factor answers %+v", pending)
	}
	if _, err := w.Sessions(ctx, pending.PendingToken); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a pending sign-in lists sessions: %v", err)
	}
	_, err = w.SecondFactor(ctx, pending.PendingToken, phone.code(w.clock.now()), client())
	is(t, "the code that set the app up", err, ErrCode)
	w.clock.pass(30 * time.Second)
	now := phone.code(w.clock.now())
	for _, bad := range []string{"", "12345", "1234567", "abcdef", "１２３４５６", strings.Repeat("1", 1000)} {
		_, err = w.SecondFactor(ctx, must(w.SignIn(ctx, "owner@example.com", goodPassword, client()))(t).PendingToken, bad, client())
		if !errors.Is(err, ErrCode) && !errors.Is(err, ErrLocked) {
			t.Errorf("the code %.20q: %v", bad, err)
		}
		is(t, "unlocking", w.Unlock(ctx, admin, in.Account.ID), nil)
	}
	full := must(w.SecondFactor(ctx, pending.PendingToken, now[:3]+" "+now[3:], client()))(t)
	if full.Session.Level != TwoFactors || !w.works(full.Token) {
		t.Errorf("the session is %+v", full.Session)
	}
	_, err = w.SecondFactor(ctx, pending.PendingToken, now, client())
	is(t, "a pending sign-in again", err, ErrPending)
	replay := w.signIn("owner")
	_, err = w.SecondFactor(ctx, replay.PendingToken, now, client())
	is(t, "a code that was used", err, ErrCode)
	w.clock.pass(30 * time.Second)
	_, err = w.SecondFactor(ctx, replay.PendingToken, now, client())
	is(t, "a used code within the window", err, ErrCode)
	_, err = w.SecondFactor(ctx, replay.PendingToken, phone.code(w.clock.now().Add(30*time.Second)), client())
	is(t, "a code of a clock that runs ahead", err, nil)

	late := w.signIn("owner")
	w.clock.pass(pendingFor)
	_, err = w.SecondFactor(ctx, late.PendingToken, phone.code(w.clock.now()), client())
	is(t, "after ten minutes", err, ErrPending)
}

// TestCodesCannotBeGuessed: whoever has the password gets few tries at the
// code, over all sign-ins together.
func TestCodesCannotBeGuessed(t *testing.T) {
	w := newWorld(t)
	w.enrol(w.add("owner", ServiceOrganization).Token)
	tries := 0
	for w.saw(SecondFactorRefused) < 100 && tries < 1000 {
		tries++
		in, err := w.SignIn(ctx, "owner@example.com", goodPassword, client())
		if errors.Is(err, ErrLocked) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SecondFactor(ctx, in.PendingToken, "000000", client()); !errors.Is(err, ErrCode) {
			t.Fatalf("try %d: %v", tries, err)
		}
	}
	if n := w.saw(SecondFactorRefused); n != freeAttempts {
		t.Errorf("%d codes were looked at before waiting", n)
	}
}

func TestPendingTakesFiveCodes(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	phone, _, _ := w.enrol(in.Token)
	w.clock.pass(time.Minute)
	pending := w.signIn("owner")
	for range pendingTries {
		_, err := w.SecondFactor(ctx, pending.PendingToken, "000000", client())
		is(t, "a wrong code", err, ErrCode)
		is(t, "unlocking", w.Unlock(ctx, admin, in.Account.ID), nil)
	}
	_, err := w.SecondFactor(ctx, pending.PendingToken, phone.code(w.clock.now()), client())
	is(t, "the right code as the sixth", err, ErrPending)
}

func TestRecoveryCodes(t *testing.T) {
	w := newWorld(t)
	_, codes, token := w.enrol(w.add("owner", ServiceOrganization).Token)
	use := func(code string) error {
		_, err := w.SecondFactor(ctx, w.signIn("owner").PendingToken, code, client())
		return err
	}
	is(t, "a code", use(codes[0]), nil)
	is(t, "a used code", use(codes[0]), ErrCode)
	is(t, "a code in small letters without dashes", use(" "+strings.ToLower(strings.ReplaceAll(codes[1], "-", ""))), nil)
	is(t, "a forged code", use("0000-0000-0000-0000"), ErrCode)
	if n := must(w.RecoveryCodesLeft(ctx, token))(t); n != recoveryCodes-2 {
		t.Errorf("%d codes are left", n)
	}
	if w.saw(RecoveryCodeUsed) != 2 {
		t.Error("the use of a recovery code is not reported")
	}
	fresh := must(w.NewRecoveryCodes(ctx, token))(t)
	is(t, "a code of before", use(codes[2]), ErrCode)
	is(t, "a new code", use(fresh[2]), nil)
	if n := must(w.RecoveryCodesLeft(ctx, token))(t); n != recoveryCodes-1 {
		t.Errorf("%d codes are left", n)
	}
	next := must(w.RemoveTOTP(ctx, token))(t)
	if in := w.signIn("owner"); in.Pending() {
		t.Error("a removed app is asked for")
	}
	_, err := w.NewRecoveryCodes(ctx, next)
	is(t, "codes without an app", err, ErrTOTPOff)
	_, err = w.RemoveTOTP(ctx, next)
	is(t, "removing what is not there", err, ErrTOTPOff)
	is(t, "a code that looks like other signs", func() error {
		if got, ok := normalizeRecovery("oOiI-lL11-0000-0000"); !ok || got != "0011111100000000" {
			return errors.New(got)
		}
		return nil
	}(), nil)
}

// TestResetAndSecondFactor: a mail leaves the second factor, an administrator
// may take it away.
func TestResetAndSecondFactor(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	phone, _, _ := w.enrol(in.Token)
	const next = "meadow thunder quartz pine"
	mail, _, _, err := w.RequestReset(ctx, "owner@example.com", client())
	is(t, "a mail", err, nil)
	pending := must(w.Accept(ctx, mail, next, client()))(t)
	if !pending.Pending() {
		t.Fatal("a mail went past the second factor")
	}
	w.clock.pass(time.Minute)
	_, err = w.SecondFactor(ctx, pending.PendingToken, phone.code(w.clock.now()), client())
	is(t, "the code", err, nil)
	kept, _, err := w.IssueReset(ctx, admin, in.Account.ID, false)
	is(t, "a reset", err, nil)
	if !must(w.Accept(ctx, kept, next, client()))(t).Pending() {
		t.Error("a reset that does not clear went past the second factor")
	}
	cleared, l, err := w.IssueReset(ctx, admin, in.Account.ID, true)
	if err != nil || !l.ClearsFactors {
		t.Fatalf("a reset that clears: %+v %v", l, err)
	}
	done := must(w.Accept(ctx, cleared, next, client()))(t)
	if done.Pending() || done.Account.HasTOTP {
		t.Errorf("after a reset that clears: %+v", done)
	}
}

// TestSecretsAreSealed: the database alone, or a row moved to another account,
// opens nothing.
func TestSecretsAreSealed(t *testing.T) {
	w := newWorld(t)
	one := w.add("owner", ServiceOrganization)
	phone, codes, _ := w.enrol(one.Token)
	two := w.add("reader", ServiceOrganization)
	w.enrol(two.Token)
	err := w.db.Write(ctx, func(tx *opsdb.Tx) error {
		var sealed []byte
		if err := tx.QueryRow("SELECT sealed FROM account_totp WHERE account = ?", one.Account.ID).Scan(&sealed); err != nil {
			return err
		}
		if strings.Contains(string(sealed), string(phone.secret)) {
			t.Error("the secret stands in the database")
		}
		_, err := tx.Exec("UPDATE account_totp SET sealed = ?, step = 0 WHERE account = ?", sealed, two.Account.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.pass(time.Minute)
	_, err = w.SecondFactor(ctx, w.signIn("reader").PendingToken, phone.code(w.clock.now()), client())
	if err == nil || Code(err) != "internal" {
		t.Errorf("another's secret in the row: %v", err)
	}
	// A wrong key keeps people out and says why; recovery codes still work.
	other := openWorld(t, w.path, func(c *Config) { c.Key = [32]byte{2} })
	other.clock.t = w.clock.now()
	_, err = other.SecondFactor(ctx, other.signIn("owner").PendingToken, phone.code(w.clock.now()), client())
	if err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("under another key: %v", err)
	}
	_, err = other.SecondFactor(ctx, other.signIn("owner").PendingToken, codes[0], client())
	is(t, "a recovery code under another key", err, nil)
}

// TestQR looks for what makes a QR code one: its size and its finder patterns.
func TestQR(t *testing.T) {
	m, err := QR(totpURI("A: Company & Co", "someone+tag@example.com", strings.Repeat("A", 32)))
	if err != nil {
		t.Fatal(err)
	}
	n := len(m)
	if (n-17)%4 != 0 || n < 21 || n > 177 {
		t.Fatalf("%d modules on a side", n)
	}
	for _, corner := range [][2]int{{0, 0}, {n - 7, 0}, {0, n - 7}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(max(3-x, x-3), max(3-y, y-3))
				if got := m[corner[1]+y][corner[0]+x]; got != (ring != 2) {
					t.Fatalf("the pattern at %v has %v at %d, %d", corner, got, x, y)
				}
			}
		}
	}
	if _, err := QR(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that does not fit gives a code")
	}
	u, err := url.Parse(totpURI("A: Company & Co", "someone+tag@example.com", "S"))
	if err != nil || u.Query().Get("issuer") != "A  Company & Co" || strings.Count(u.Path, ":") != 1 || strings.Contains(u.RawQuery, "+") {
		t.Errorf("the URI is %v: %v", u, err)
	}
}
