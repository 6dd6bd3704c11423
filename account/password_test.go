package account

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"reperform/opsdb"
)

// TestArgon2Vector holds the library to the vector of its reference
// implementation that uses neither a key nor associated data, and the form in
// which a hash is stored to the reference's encoding.
func TestArgon2Vector(t *testing.T) {
	// argon2 -id: password "password", salt "somesalt", t=2, m=65536, p=1.
	const encoded = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	const sum = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
	if got := hex.EncodeToString(argon2.IDKey([]byte("password"), []byte("somesalt"), 2, 65536, 1, 32)); got != sum {
		t.Errorf("Argon2id gives %s", got)
	}
	h, err := newHasher(cheap, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// Its salt is shorter than ours, so it is made anew.
	ok, again, err := h.verify(ctx, "password", encoded)
	if !ok || !again || err != nil {
		t.Errorf("the reference's hash: ok %v, again %v, %v", ok, again, err)
	}
	if ok, _, _ := h.verify(ctx, "passwore", encoded); ok {
		t.Error("another password is accepted")
	}
}

func TestStoredHashesAreReadStrictly(t *testing.T) {
	const good = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if _, err := parsePHC(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=4294967295", 1), strings.Replace(good, "m=64", "m=1", 1), strings.Replace(good, "m=64", "m=064", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "t=1", "t=99999", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=1,x=2", 1), strings.Replace(good, "$c29t", "$!29t", 1), good + "$", good + "=", good[:60],
	} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestHashIsMadeAnewWhenParametersRise(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	stored := func() (s string) {
		err := w.db.Read(ctx, func(tx *opsdb.Tx) error { return tx.QueryRow("SELECT password FROM account_account").Scan(&s) })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stored()
	w.signIn("owner")
	if stored() != before {
		t.Error("the hash was made anew without need")
	}
	w.hasher.params.Time++
	w.signIn("owner")
	if got := stored(); got == before || !strings.Contains(got, "t=2,") {
		t.Errorf("the hash is %s", got)
	}
	w.signIn("owner")
}

// TestUnknownCostsTheSame counts the work: an address without an account, an
// account without a password and a wrong password take one hash each, of the
// same parameters, and answer the same.
func TestUnknownCostsTheSame(t *testing.T) {
	w := newWorld(t)
	w.add("owner", ServiceOrganization)
	if w.hasher.decoy.params != w.hasher.params {
		t.Fatalf("the decoy's parameters are %+v", w.hasher.decoy.params)
	}
	var said []string
	for _, email := range []string{"owner@example.com", "nobody@example.com", "not an address", ""} {
		done := make(chan struct{})
		// The only place is taken, so that a sign-in that computes has to wait.
		for range cap(w.hasher.running) {
			w.hasher.running <- struct{}{}
		}
		var err error
		go func() { _, err = w.SignIn(ctx, email, "wrong lantern entirely", client()); close(done) }()
		for len(w.hasher.waiting) == 0 {
			select {
			case <-done:
				t.Fatalf("%q was answered without computing a hash: %v", email, err)
			default:
				time.Sleep(time.Millisecond)
			}
		}
		for range cap(w.hasher.running) {
			<-w.hasher.running
		}
		<-done
		is(t, email, err, ErrCredentials)
		said = append(said, err.Error())
	}
	for _, s := range said {
		if s != said[0] {
			t.Errorf("the answers differ: %q", said)
		}
	}
}

func TestHashesAreBounded(t *testing.T) {
	h, err := newHasher(cheap, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.running <- struct{}{}
	short, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range cap(h.waiting) {
		wg.Go(func() { h.hash(short, goodPassword) })
	}
	for len(h.waiting) < cap(h.waiting) {
		time.Sleep(time.Millisecond)
	}
	_, err = h.hash(ctx, goodPassword)
	is(t, "one too many", err, ErrBusy)
	cancel()
	wg.Wait()
	<-h.running
	if _, err := h.hash(ctx, goodPassword); err != nil {
		t.Errorf("after the others gave up: %v", err)
	}
}

// TestBusyIsNotAFailure: an attempt that was never looked at is not counted.
func TestBusyIsNotAFailure(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Hashes = 1 })
	w.add("owner", ServiceOrganization)
	w.hasher.running <- struct{}{}
	for range 2 * freeAttempts {
		short, cancel := context.WithCancel(ctx)
		go func() {
			for len(w.hasher.waiting) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if _, err := w.SignIn(short, "owner@example.com", goodPassword, client()); !errors.Is(err, context.Canceled) {
			t.Errorf("a sign-in that was given up: %v", err)
		}
	}
	<-w.hasher.running
	w.signIn("owner")
}

func TestPasswordPolicy(t *testing.T) {
	for _, c := range []struct {
		password string
		want     error
	}{
		{"harbor lantern twelve mosses", nil},
		{"xkq7-vmw2-trp9", nil},
		{"ééééé lantern", nil},
		{"пароль короткий фонарь", nil},
		{"horse staple", nil},
		{"eleven char", ErrPasswordShort},
		{"éééééééééé", ErrPasswordShort},
		{"", ErrPasswordShort},
		{strings.Repeat("long lantern ", 100), ErrPasswordLong},
		{"reyes lantern moss", ErrPasswordOwn},
		{"Jordan lantern moss", ErrPasswordOwn},
		{"my northwind lantern", ErrPasswordOwn},
		{"jordan.reyes@northwind.example", ErrPasswordOwn},
		{"aaaaaaaaaaaa", ErrPasswordWeak},
		{"abababababab", ErrPasswordWeak},
		{"abcdefghijklm", ErrPasswordWeak},
		{"123456789012", ErrPasswordWeak},
		{"987654321098", ErrPasswordWeak},
		{"1qaz2wsx3edc4rfv", ErrPasswordWeak},
		{"unbelievable", ErrPasswordWeak},
		{"UNBELIEVABLE", ErrPasswordWeak},
		{"Password1234", ErrPasswordWeak},
		{"Password2026!", ErrPasswordWeak},
		{"P@ssw0rd2026!", ErrPasswordWeak},
		{"passwordpassword", ErrPasswordWeak},
		{"123password456", ErrPasswordWeak},
		{"dragondragon12", ErrPasswordWeak},
		{"letmein!!!!!!!", ErrPasswordWeak},
		{"qwerty123456", ErrPasswordWeak},
		{"!!!!1l0vey0u2026", ErrPasswordWeak},
	} {
		err := CheckPassword(c.password, "jordan.reyes@northwind.example", "Jordan Reyes")
		is(t, c.password, err, c.want)
	}
	// Short parts of names mean nothing.
	is(t, "a name of two letters", CheckPassword("the lantern aloft", "al@ab.cd", "Al To"), nil)
}

func TestBreachedList(t *testing.T) {
	if err := checkBreached(); err != nil {
		t.Fatal(err)
	}
	if n := len(breachedList) / prefixSize; n < 40_000 {
		t.Errorf("the list has %d entries", n)
	}
	for i := prefixSize; i < len(breachedList); i += prefixSize {
		if string(breachedList[i-prefixSize:i]) >= string(breachedList[i:i+prefixSize]) {
			t.Fatalf("the list is not sorted at entry %d", i/prefixSize)
		}
	}
	for _, p := range []string{"password", "123456", "qwerty", "iloveyou", "zaq12wsx", "dragon", "1qaz2wsx3edc4rfv"} {
		if !breached(p) {
			t.Errorf("%s is not on the list", p)
		}
	}
	hits := 0
	for range 20_000 {
		if breached(rand.Text()) {
			hits++
		}
	}
	if hits > 0 {
		t.Errorf("%d random texts of 20,000 are on the list", hits)
	}
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	other := w.signIn("owner")
	reset, _, err := w.IssueReset(ctx, admin, in.Account.ID, false)
	is(t, "a reset", err, nil)
	const next = "meadow thunder quartz pine"
	_, err = w.ChangePassword(ctx, in.Token, "wrong lantern", next, client())
	is(t, "a wrong password", err, ErrCredentials)
	_, err = w.ChangePassword(ctx, in.Token, goodPassword, "kim lantern", client())
	is(t, "a short one", err, ErrPasswordShort)
	_, err = w.ChangePassword(ctx, in.Token, goodPassword, goodPassword, client())
	is(t, "the same", err, ErrPasswordSame)
	token := must(w.ChangePassword(ctx, in.Token, goodPassword, next, client()))(t)
	if w.works(in.Token) || w.works(other.Token) || !w.works(token) {
		t.Error("changing has to end other sessions and give this one another token")
	}
	_, err = w.Accept(ctx, reset, goodPassword, client())
	is(t, "a reset of before", err, ErrTokenRevoked)
	_, err = w.SignIn(ctx, "owner@example.com", goodPassword, client())
	is(t, "the old password", err, ErrCredentials)
	_, err = w.SignIn(ctx, "OWNER@example.com", next, client())
	is(t, "the new password", err, nil)
	// The same signs, composed otherwise, are the same password.
	must(w.ChangePassword(ctx, token, next, "caf\u00e9 lantern twelve", client()))(t)
	_, err = w.SignIn(ctx, "owner@example.com", "cafe\u0301 lantern twelve", client())
	is(t, "a decomposed password", err, nil)
}
