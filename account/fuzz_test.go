package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/webauthn"
)

func FuzzNormalizeEmail(f *testing.F) {
	for _, s := range []string{"a@b.c", " A@B.C ", "e\u0301@ex.com", "İ@x.y", "@", "a@b@c", "\xff@x", "ǅ@ǅ.z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := NormalizeEmail(s)
		if err != nil {
			if !errors.Is(err, ErrEmail) || got != "" {
				t.Fatalf("%q: %q, %v", s, got, err)
			}
			return
		}
		if again, err := NormalizeEmail(got); err != nil || again != got {
			t.Fatalf("%q becomes %q, and that %q, %v", s, got, again, err)
		}
		if strings.ContainsAny(got, "\r\n\x00 ") || !utf8.ValidString(got) || len(got) > 254 {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}

func FuzzStoredHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=+64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err == nil && (p.String() != s || p.params.Memory > maxMemory || p.params.Time > maxTime) {
			t.Fatalf("%q was read as %+v", s, p)
		}
	})
}

// FuzzCodes: a text is at most one kind of code, and reading is stable.
func FuzzCodes(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "0000-0000-0000-0000", "oOiI lL11 abcd EFGH", "١٢٣٤٥٦", strings.Repeat("A", 43)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		totp, isTOTP := normalizeTOTP(s)
		recovery, isRecovery := normalizeRecovery(s)
		if isTOTP && isRecovery {
			t.Fatalf("%q is both %q and %q", s, totp, recovery)
		}
		if isTOTP && len(totp) != totpDigits || isRecovery && len(recovery) != recoverySigns {
			t.Fatalf("%q: %q %q", s, totp, recovery)
		}
		if again, ok := normalizeRecovery(recovery); isRecovery && (!ok || again != recovery) {
			t.Fatalf("%q becomes %q, and that %q", s, recovery, again)
		}
		if hash, ok := hashOf(s); ok && (len(hash) != 32 || len(s) != 43) {
			t.Fatalf("%q is a token", s)
		}
	})
}

// FuzzPolicy: what is accepted keeps to the policy, whatever its signs.
func FuzzPolicy(f *testing.F) {
	f.Add("harbor lantern twelve mosses", "jo@example.com", "Jo Reyes")
	f.Add("\xff\xfe0123456789", "@", "")
	f.Add("ΑΒΓΔΕΖΗΘΙΚΛΜ", "", "ς")
	f.Fuzz(func(t *testing.T, password, email, name string) {
		err := CheckPassword(password, email, name)
		if err != nil && Code(err) == "internal" {
			t.Fatalf("%q: %v", password, err)
		}
		if err == nil && (len(password) > maxPassword || len(password) < minPassword) {
			t.Fatalf("%q was accepted", password)
		}
	})
}

// FuzzPasskeyAnswer gives what a browser might send to both ceremonies, from
// answers that are right: what is refused is refused as a passkey, nothing is an
// error of the machine or a panic, and no other key gets in.
func FuzzPasskeyAnswer(f *testing.F) {
	passkeys, err := newPasskeys(RelyingParty{ID: "localhost", Name: "x", Origins: []string{"http://localhost:8080"}})
	if err != nil {
		f.Fatal(err)
	}
	s := &Service{passkeys: passkeys}
	u := passkeyUser{account: Account{Email: "kim@example.com", DisplayName: "Kim", handle: make([]byte, 32)}}
	d := newDevice(&testing.T{})
	ceremony := func(options any) Ceremony {
		b, err := json.Marshal(options)
		if err != nil {
			f.Fatal(err)
		}
		return Ceremony{Options: b}
	}
	creation, add, err := passkeys.BeginRegistration(u)
	if err != nil {
		f.Fatal(err)
	}
	right := d.create(ceremony(creation))
	cred, err := s.created(u, *add, right)
	if err != nil {
		f.Fatal(err)
	}
	u.credentials = []webauthn.Credential{*cred}
	request, signIn, err := passkeys.BeginDiscoverableLogin()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add(d.get(ceremony(request)))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, response []byte) {
		if _, err := s.created(u, *add, response); err != nil && !errors.Is(err, ErrPasskey) {
			t.Fatalf("adding: %v", err)
		}
		answer, err := parseAssertion(response)
		if err != nil {
			is(t, "reading", err, ErrPasskey)
			return
		}
		find := func(_, _ []byte) (webauthn.User, error) { return u, nil }
		if _, c, err := passkeys.ValidatePasskeyLogin(find, *signIn, answer); err == nil && !bytes.Equal(c.ID, d.id) {
			t.Fatalf("signed in with passkey %x", c.ID)
		}
	})
}
