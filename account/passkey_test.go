package account

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// addPasskey registers a device with the account of a session and answers the
// session's next token.
func (w *world) addPasskey(token string, d *device, name string) (PasskeyInfo, string) {
	w.t.Helper()
	c := must(w.BeginPasskey(ctx, token))(w.t)
	p, next, err := w.FinishPasskey(ctx, token, c.Token, name, d.create(c))
	if err != nil {
		w.t.Fatal(err)
	}
	return p, next
}

func (w *world) passkeySignIn(d *device) (SignedIn, error) {
	w.t.Helper()
	c := must(w.BeginPasskeySignIn(ctx, client()))(w.t)
	return w.FinishPasskeySignIn(ctx, c.Token, d.get(c), client())
}

func TestPasskey(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	laptop, phone := newDevice(t), newDevice(t)
	phone.synced = true

	c := must(w.BeginPasskey(ctx, in.Token))(t)
	o := laptop.options(c).PublicKey
	if o.RP.ID != "localhost" || o.User.Name != "owner@example.com" || o.Attestation != "" && o.Attestation != "none" ||
		o.AuthenticatorSelection.ResidentKey != "required" || o.AuthenticatorSelection.UserVerification != "required" {
		t.Errorf("the options are %s", c.Options)
	}
	first, token := w.addPasskey(in.Token, laptop, " Work laptop ")
	if first.Name != "Work laptop" || first.Synced || w.works(in.Token) || !w.works(token) {
		t.Errorf("added %+v; the session has to get another token", first)
	}
	if bytes.Contains(laptop.handle, []byte("owner")) || len(laptop.handle) != 32 {
		t.Errorf("the handle tells something: %x", laptop.handle)
	}
	second, token := w.addPasskey(token, phone, "Phone")
	if !second.Synced {
		t.Error("a synced passkey is not told as one")
	}
	c = must(w.BeginPasskey(ctx, token))(t)
	if n := len(laptop.options(c).PublicKey.ExcludeCredentials); n != 2 {
		t.Errorf("%d of two passkeys are excluded", n)
	}
	_, _, err := w.FinishPasskey(ctx, token, c.Token, "Again", laptop.create(c))
	is(t, "the same passkey again", err, ErrPasskeyTwice)

	for _, d := range []*device{laptop, phone, laptop, phone} {
		w.clock.pass(time.Minute)
		signedIn, err := w.passkeySignIn(d)
		if err != nil {
			t.Fatal(err)
		}
		if signedIn.Account.PersonID != "owner" || signedIn.Session.Level != WithPasskey || !slices.Equal(signedIn.Session.Methods, []Method{ByPasskey}) || !w.works(signedIn.Token) {
			t.Errorf("signed in as %+v", signedIn)
		}
	}
	is(t, "renaming", w.RenamePasskey(ctx, token, second.ID, "Telephone"), nil)
	is(t, "a name of control characters", w.RenamePasskey(ctx, token, second.ID, "a\x1b[2J"), ErrName)
	list := must(w.Passkeys(ctx, token))(t)
	if len(list) != 2 || list[1].Name != "Telephone" || !list[1].UsedAt.Equal(w.clock.now()) || list[0].CreatedAt.IsZero() {
		t.Errorf("the passkeys are %+v", list)
	}
}

// TestPasskeyPassesTheSecondFactor, and the lock of a password.
func TestPasskeyPassesTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	d := newDevice(t)
	_, token := w.addPasskey(in.Token, d, "Laptop")
	w.enrol(token)
	for range freeAttempts + 1 {
		w.SignIn(ctx, "owner@example.com", "wrong lantern entirely", client())
	}
	_, err := w.SignIn(ctx, "owner@example.com", goodPassword, client())
	is(t, "the password while waiting", err, ErrLocked)
	signedIn, err := w.passkeySignIn(d)
	if err != nil || signedIn.Pending() {
		t.Errorf("the passkey while waiting: %+v %v", signedIn, err)
	}
	is(t, "disabling", w.Disable(ctx, admin, in.Account.ID), nil)
	_, err = w.passkeySignIn(d)
	is(t, "a disabled account", err, ErrDisabled)
}

func TestPasskeyRefusals(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	d := newDevice(t)
	_, token := w.addPasskey(in.Token, d, "Laptop")

	for what, change := range map[string]func(*device){
		"another site's page":           func(d *device) { d.origin = "http://localhost.example.com" },
		"another site's passkey":        func(d *device) { d.rpID = "example.com" },
		"a device that is not unlocked": func(d *device) { d.unverified = true },
		"another key":                   func(d *device) { d.key = newDevice(t).key },
		"another passkey":               func(d *device) { d.id = newDevice(t).id },
		"nobody's handle":               func(d *device) { d.handle = make([]byte, 32) },
		"no handle":                     func(d *device) { d.handle = nil },
	} {
		forged := *d
		forged.counter += 100
		change(&forged)
		_, err := w.passkeySignIn(&forged)
		is(t, what, err, ErrPasskey)
	}
	for what, change := range map[string]func(*device){
		"a registration on another site's page":   func(d *device) { d.origin = "https://localhost:8080" },
		"a registration for another site":         func(d *device) { d.rpID = "example.com" },
		"a registration that was not unlocked":    func(d *device) { d.unverified = true },
		"a registration with a very long passkey": func(d *device) { d.id = make([]byte, 1<<10) },
	} {
		forged := newDevice(t)
		change(forged)
		c := must(w.BeginPasskey(ctx, token))(t)
		response := func() []byte {
			if len(forged.id) > 100 {
				return bytes.Repeat([]byte(" "), maxResponse+1)
			}
			return forged.create(c)
		}()
		_, _, err := w.FinishPasskey(ctx, token, c.Token, "Forged", response)
		is(t, what, err, ErrPasskey)
	}

	c := must(w.BeginPasskeySignIn(ctx, client()))(t)
	answer := d.get(c)
	must(w.FinishPasskeySignIn(ctx, c.Token, answer, client()))(t)
	_, err := w.FinishPasskeySignIn(ctx, c.Token, answer, client())
	is(t, "a replay", err, ErrPasskey)
	other := must(w.BeginPasskeySignIn(ctx, client()))(t)
	_, err = w.FinishPasskeySignIn(ctx, other.Token, answer, client())
	is(t, "an answer to another challenge", err, ErrPasskey)
	late := must(w.BeginPasskeySignIn(ctx, client()))(t)
	w.clock.pass(ceremonyFor)
	_, err = w.FinishPasskeySignIn(ctx, late.Token, d.get(late), client())
	is(t, "an answer after five minutes", err, ErrPasskey)
	add := must(w.BeginPasskey(ctx, token))(t)
	_, err = w.FinishPasskeySignIn(ctx, add.Token, d.get(add), client())
	is(t, "a ceremony of another use", err, ErrPasskey)
	reader := w.add("reader", ServiceOrganization)
	add = must(w.BeginPasskey(ctx, token))(t)
	_, _, err = w.FinishPasskey(ctx, reader.Token, add.Token, "Taken", newDevice(t).create(add))
	is(t, "a ceremony of another account", err, ErrPasskey)
	for _, response := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat("[", 1000)} {
		c := must(w.BeginPasskeySignIn(ctx, client()))(t)
		_, err = w.FinishPasskeySignIn(ctx, c.Token, []byte(response), client())
		is(t, response, err, ErrPasskey)
	}
	if w.saw(SignInRefused) == 0 {
		t.Error("refusals are not reported")
	}
}

// TestCopiedPasskey: a counter that does not grow is a copy's.
func TestCopiedPasskey(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	d := newDevice(t)
	_, token := w.addPasskey(in.Token, d, "Laptop")
	copied := *d
	if _, err := w.passkeySignIn(d); err != nil {
		t.Fatal(err)
	}
	if _, err := w.passkeySignIn(d); err != nil {
		t.Fatal(err)
	}
	_, err := w.passkeySignIn(&copied)
	is(t, "a copy", err, ErrPasskeyClone)
	if w.saw(PasskeyCloned) != 1 {
		t.Error("the copy is not reported")
	}
	c := must(w.BeginPasskeyProof(ctx, token))(t)
	copied.counter = 0
	_, err = w.FinishPasskeyProof(ctx, token, c.Token, copied.get(c), client())
	is(t, "a proof by a copy", err, ErrPasskeyClone)

	// Two answers with the same counter on their way at a time.
	twin := *d
	one, two := must(w.BeginPasskeySignIn(ctx, client()))(t), must(w.BeginPasskeySignIn(ctx, client()))(t)
	must(w.FinishPasskeySignIn(ctx, one.Token, d.get(one), client()))(t)
	_, err = w.FinishPasskeySignIn(ctx, two.Token, twin.get(two), client())
	if err == nil {
		t.Error("the same counter was accepted twice")
	}
}

func TestJoinWithPasskey(t *testing.T) {
	w := newWorld(t)
	token, _, err := w.Invite(ctx, admin, Invitee{PersonID: "owner", Email: "owner@example.com", Name: "Jo", Side: ServiceOrganization})
	is(t, "inviting", err, nil)
	d := newDevice(t)
	c := must(w.BeginAccept(ctx, token, client()))(t)
	in := must(w.FinishAccept(ctx, token, c.Token, "Laptop", d.create(c), client()))(t)
	if in.Account.HasPassword || in.Session.Level != WithPasskey || !w.works(in.Token) {
		t.Errorf("joined as %+v", in)
	}
	_, err = w.FinishAccept(ctx, token, c.Token, "Laptop", d.create(c), client())
	is(t, "a replay", err, ErrTokenUsed)
	_, err = w.passkeySignIn(d)
	is(t, "signing in", err, nil)
	_, err = w.SignIn(ctx, "owner@example.com", "", client())
	is(t, "an empty password", err, ErrCredentials)

	list := must(w.Passkeys(ctx, in.Token))(t)
	_, err = w.RemovePasskey(ctx, in.Token, list[0].ID)
	is(t, "removing the last way in", err, ErrLastMethod)
	_, err = w.passkeySignIn(d)
	is(t, "signing in after that was refused", err, nil)

	// A first password needs a proof a short time ago, which a passkey gives.
	w.clock.pass(provenFor)
	_, err = w.ChangePassword(ctx, in.Token, "", goodPassword, client())
	is(t, "a first password without a proof", err, ErrProveAgain)
	c = must(w.BeginPasskeyProof(ctx, in.Token))(t)
	if n := len(d.options(c).PublicKey.AllowCredentials); n != 1 {
		t.Errorf("the proof asks for %d passkeys", n)
	}
	next := must(w.FinishPasskeyProof(ctx, in.Token, c.Token, d.get(c), client()))(t)
	next = must(w.ChangePassword(ctx, next, "", goodPassword, client()))(t)
	other := w.signIn("owner")
	next = must(w.RemovePasskey(ctx, next, list[0].ID))(t)
	if w.works(other.Token) || !w.works(next) {
		t.Error("removing a passkey has to end the other sessions")
	}
	_, err = w.passkeySignIn(d)
	is(t, "a removed passkey", err, ErrPasskey)
	_, err = w.RemovePasskey(ctx, next, list[0].ID)
	is(t, "removing it again", err, ErrNotFound)
	_, err = w.BeginPasskeyProof(ctx, next)
	is(t, "a proof without passkeys", err, ErrPasskey)
}

// TestResetWithPasskey: somebody who lost every device comes back with another.
func TestResetWithPasskey(t *testing.T) {
	w := newWorld(t)
	in := w.add("owner", ServiceOrganization)
	lost, found := newDevice(t), newDevice(t)
	_, session := w.addPasskey(in.Token, lost, "Lost")
	w.enrol(session)
	token, _, err := w.IssueReset(ctx, admin, in.Account.ID, true)
	is(t, "a reset", err, nil)
	_, err = w.passkeySignIn(lost)
	is(t, "the old passkey before the reset is used", err, nil)
	c := must(w.BeginAccept(ctx, token, client()))(t)
	back := must(w.FinishAccept(ctx, token, c.Token, "New", found.create(c), client()))(t)
	if back.Account.HasTOTP || !w.works(back.Token) {
		t.Errorf("came back as %+v", back)
	}
	_, err = w.passkeySignIn(lost)
	is(t, "the lost passkey", err, ErrPasskey)
	_, err = w.passkeySignIn(found)
	is(t, "the new passkey", err, nil)
}

// TestAnothersPasskey: a passkey of one account is of no use for another.
func TestAnothersPasskey(t *testing.T) {
	w := newWorld(t)
	owner, reader := w.add("owner", ServiceOrganization), w.add("reader", ServiceOrganization)
	d, e := newDevice(t), newDevice(t)
	p, _ := w.addPasskey(owner.Token, d, "Owner's")
	_, token := w.addPasskey(reader.Token, e, "Reader's")
	_, err := w.RemovePasskey(ctx, token, p.ID)
	is(t, "removing another's", err, ErrNotFound)
	is(t, "renaming another's", w.RenamePasskey(ctx, token, p.ID, "Mine"), ErrNotFound)
	c := must(w.BeginPasskeyProof(ctx, token))(t)
	_, err = w.FinishPasskeyProof(ctx, token, c.Token, d.get(c), client())
	is(t, "proving with another's", err, ErrPasskey)
	swapped := *e
	swapped.handle = d.handle
	_, err = w.passkeySignIn(&swapped)
	is(t, "one's own passkey under another's handle", err, ErrPasskey)
}
