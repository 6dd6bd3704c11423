package account

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWaiting(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 0, 4: 0, 5: 30 * time.Second, 6: time.Minute, 7: 2 * time.Minute, 9: 8 * time.Minute, 10: longestWait, 1 << 40: longestWait} {
		if got := waitAfter(n); got != want {
			t.Errorf("after %d wrong attempts the wait is %s, not %s", n, got, want)
		}
	}
}

// TestLock tries an address that has an account and one that has none: nothing
// may tell them apart.
func TestLock(t *testing.T) {
	for _, email := range []string{"owner@example.com", "nobody@example.com"} {
		w := newWorld(t)
		in := w.add("owner", ServiceOrganization)
		try := func(password string) error { _, err := w.SignIn(ctx, email, password, client()); return err }
		for range freeAttempts {
			is(t, email, try("wrong lantern entirely"), ErrCredentials)
		}
		var e *Error
		err := try(goodPassword)
		if !errors.As(err, &e) || e.Code != "locked" || !e.Until.Equal(w.clock.now().Add(firstWait)) {
			t.Fatalf("%s: the sixth attempt answers %+v", email, err)
		}
		if strings.Contains(err.Error(), email) {
			t.Error("the message repeats the address")
		}
		w.clock.pass(firstWait)
		is(t, email+" after the wait", try("wrong lantern entirely"), ErrCredentials)
		err = try(goodPassword)
		if !errors.As(err, &e) || !e.Until.Equal(w.clock.now().Add(2*firstWait)) {
			t.Errorf("%s: the second wait answers %+v", email, err)
		}
		if w.saw(SignInLocked) != 2 {
			t.Errorf("%s: %d locks were reported", email, w.saw(SignInLocked))
		}
		if email != "owner@example.com" {
			continue
		}
		is(t, "unlocking", w.Unlock(ctx, admin, in.Account.ID), nil)
		is(t, "unlocked", try(goodPassword), nil)
		// Signing in has forgotten the wrong ones.
		for range freeAttempts - 1 {
			is(t, "again", try("wrong lantern entirely"), ErrCredentials)
		}
		is(t, "the right one as the fifth", try(goodPassword), nil)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	try := func() error {
		_, err := w.SignIn(ctx, "owner@example.com", "wrong lantern entirely", client())
		return err
	}
	for range freeAttempts - 1 {
		is(t, "wrong", try(), ErrCredentials)
	}
	w.clock.pass(failuresKept)
	for range freeAttempts {
		is(t, "wrong on the next day", try(), ErrCredentials)
	}
	is(t, "the sixth of the day", try(), ErrLocked)
	w.clock.pass(failuresKept)
	if _, err := w.db.Sweep(ctx, w.clock.now()); err != nil {
		t.Fatal(err)
	}
	if n := w.row("SELECT count(*) FROM account_failure"); n != 0 {
		t.Errorf("%d failures are kept", n)
	}
}

// TestManyAttemptsAtOnce: attempts are counted before they are looked at.
func TestManyAttemptsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { w.SignIn(ctx, "owner@example.com", "wrong lantern entirely", client()) })
	}
	wg.Wait()
	if n := w.saw(SignInRefused); n != freeAttempts {
		t.Errorf("%d of 40 attempts at once were looked at", n)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Limits = Limits{SignIn: Limit{3, time.Second}, Token: Limit{2, time.Minute}, Recovery: Limit{1, time.Hour}}
	})
	c := client()
	signIn := func(c Client) error { _, err := w.SignIn(ctx, "nobody@example.com", "x", c); return err }
	for range 3 {
		is(t, "within the burst", signIn(c), ErrCredentials)
	}
	err := signIn(c)
	var e *Error
	if !errors.As(err, &e) || e.Code != "too_many" || !e.Until.Equal(w.clock.now().Add(time.Second)) {
		t.Errorf("beyond the burst: %+v", err)
	}
	_, err = w.BeginPasskeySignIn(ctx, c)
	is(t, "a passkey beyond the burst", err, ErrTooMany)
	_, err = w.SecondFactor(ctx, "x", "000000", c)
	is(t, "a code beyond the burst", err, ErrTooMany)
	w.clock.pass(time.Second)
	is(t, "a second later", signIn(c), ErrCredentials)
	is(t, "and again", signIn(c), ErrTooMany)
	is(t, "from elsewhere", signIn(client()), ErrCredentials)

	for range 2 {
		_, err = w.Link(ctx, "x", c)
		is(t, "a link", err, ErrTokenUnknown)
	}
	_, err = w.Accept(ctx, "x", goodPassword, c)
	is(t, "a third link", err, ErrTooMany)
	_, _, _, err = w.RequestReset(ctx, "nobody@example.com", c)
	is(t, "a mail", err, nil)
	_, _, _, err = w.RequestReset(ctx, "nobody@example.com", c)
	is(t, "a second mail", err, ErrTooMany)
	if w.saw(RateLimited) == 0 {
		t.Error("limits are not reported")
	}
}

func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "::ffff:192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1", true}, {"2001:db8::1", "2001:db8:0:1::1", false}, {"fe80::1%eth0", "fe80::2", true},
	} {
		if got := network(netip.MustParseAddr(c.a)) == network(netip.MustParseAddr(c.b)); got != c.same {
			t.Errorf("%s and %s count as one: %v", c.a, c.b, got)
		}
	}
	if network(netip.Addr{}) != (netip.Prefix{}) {
		t.Error("an unknown address has a network")
	}
}

// TestLimiterIsBounded: strangers with many addresses do not take all memory,
// and do not get past the limit either.
func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(Limits{SignIn: Limit{1, time.Minute}})
	now := time.Unix(0, 0)
	address := func(i int) netip.Addr {
		return netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
	}
	for i := range maxBuckets {
		if _, ok := l.take(useSignIn, address(i), now); !ok {
			t.Fatalf("address %d was refused its first", i)
		}
	}
	l.take(useSignIn, address(maxBuckets), now)
	if _, ok := l.take(useSignIn, address(maxBuckets+1), now); ok {
		t.Error("addresses beyond the bound do not share a bucket")
	}
	if n := len(l.buckets); n > maxBuckets+1 {
		t.Errorf("%d buckets", n)
	}
	l.sweep(now.Add(time.Hour))
	if n := len(l.buckets); n != 0 {
		t.Errorf("%d buckets are left when all are full", n)
	}
	// A clock that goes back refuses nobody for ever.
	l.take(useSignIn, address(1), now.Add(time.Hour))
	if until, ok := l.take(useSignIn, address(1), now); ok || until.Before(now) {
		t.Errorf("after the clock went back: %s %v", until, ok)
	}
}

func TestNormalizeEmail(t *testing.T) {
	for in, want := range map[string]string{
		" A.B+c@Example.COM\t": "a.b+c@example.com", "é@example.com": "é@example.com", "e\u0301@example.com": "é@example.com",
		"ＡＢ@example.com": "ab@example.com", "a@b": "a@b",
		"": "", "a": "", "@b.c": "", "a@": "", "a@b@c": "", "a b@c.d": "", "a@b..c": "", "a@.b": "", "a@b.": "", "a\x00@b.c": "",
		"a\u202e@b.c": "", "<a@b.c>": "", "a,b@c.d": "", "\xff@b.c": "", strings.Repeat("a", 251) + "@b.c": "",
	} {
		got, err := NormalizeEmail(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q, %v", in, got, err)
		}
	}
}

func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts.key")
	made, err := LoadKey(path, rand.Reader)
	if err != nil || made == [32]byte{} {
		t.Fatal(made, err)
	}
	if read, err := LoadKey(path, rand.Reader); err != nil || read != made {
		t.Errorf("read again it is %x, %v", read, err)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file's mode is %v, %v", info.Mode(), err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path, rand.Reader); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that others may read: %v", err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path, rand.Reader); err == nil || !strings.Contains(err.Error(), "not a key") {
		t.Errorf("a damaged key: %v", err)
	}
	if _, err := LoadKey(filepath.Join(path, "x"), rand.Reader); err == nil {
		t.Error("a key below a file")
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "new"), strings.NewReader("short")); err == nil {
		t.Error("a key without randomness")
	}
}

// TestNewRefuses wants what it needs.
func TestNewRefuses(t *testing.T) {
	w := newWorld(t)
	for what, change := range map[string]func(*Config){
		"no clock":        func(c *Config) { c.Now = nil },
		"no randomness":   func(c *Config) { c.Random = nil },
		"no directory":    func(c *Config) { c.Directory = nil },
		"no key":          func(c *Config) { c.Key = [32]byte{} },
		"no origin":       func(c *Config) { c.RelyingParty.Origins = nil },
		"costs of nobody": func(c *Config) { c.Params = Params{Memory: 1, Time: 1, Threads: 1} },
		"idle above all":  func(c *Config) { c.Idle, c.Absolute = 2*time.Hour, time.Hour },
	} {
		c := Config{
			Key: [32]byte{1}, Now: time.Now, Random: rand.Reader, Directory: people{}, Params: cheap,
			RelyingParty: RelyingParty{ID: "localhost", Name: "x", Origins: []string{"http://localhost"}},
		}
		change(&c)
		if _, err := New(w.db, c); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
