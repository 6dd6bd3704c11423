package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A person's own settings: password, authenticator app, recovery codes and
// sessions, each asking again who it is where that is due.
func TestSettings(t *testing.T) {
	i := newInn(t)
	g := i.account("fatima-boukhari")
	g.shows("/settings", "Fatima Boukhari", "Control owner", "fatima-boukhari@example.com")

	// After a quarter of an hour, changes begin with a proof.
	i.pass(20 * time.Minute)
	if a := g.post(http.StatusSeeOther, "/settings/totp/begin", nil); !strings.HasPrefix(a.to, "/settings/confirm?") {
		t.Fatalf("sent to %s", a.to)
	}
	if p := g.shows("/settings/security"); strings.Contains(p, "data-passkey") {
		t.Error("a passkey can be added without a proof")
	}
	if a := g.do("POST", "/settings/passkeys/begin", url.Values{}); a.code != 200 || !strings.Contains(a.text, "/settings/confirm") || strings.Contains(a.text, "challenge") {
		t.Errorf("adding a passkey without a proof: %d %s", a.code, a.text)
	}
	g.post(422, "/settings/confirm", url.Values{"password": {"wrong"}, "to": {"/settings/security"}})
	if a := g.post(http.StatusSeeOther, "/settings/confirm", url.Values{"password": {goodPassword}, "to": {"//evil.example/"}}); a.to != "/" {
		t.Errorf("sent to %s", a.to)
	}

	// The authenticator app: a page that may be loaded again shows the same secret.
	g.post(http.StatusSeeOther, "/settings/totp/begin", nil)
	secretIn := regexp.MustCompile(`data-copy="([A-Z2-7]+)"`)
	secret := secretIn.FindStringSubmatch(g.shows("/settings/totp", "<svg class=\"qr\""))[1]
	if again := secretIn.FindStringSubmatch(g.shows("/settings/totp"))[1]; again != secret {
		t.Error("loading the page again made another secret")
	}
	g.post(422, "/settings/totp", url.Values{"code": {"000000"}})
	codes := regexp.MustCompile(`<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>`).FindAllStringSubmatch(g.post(200, "/settings/totp", url.Values{"code": {totpCode(t, secret, i.clock())}}).text, -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	if p := g.shows("/settings/security", "10 recovery codes"); strings.Contains(p, codes[0][1]) {
		t.Error("recovery codes are shown again")
	}

	// Signing in now asks for the code. A clock may be a step off, a code works
	// once, and so does a recovery code.
	signIn := func(code string) reply {
		t.Helper()
		b := i.browser()
		if a := b.post(200, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}}); !strings.Contains(a.text, "Second factor") || b.in() {
			t.Fatal("a password alone signs in")
		}
		return b.do("POST", "/sign-in/code", url.Values{"code": {code}})
	}
	i.pass(5 * time.Minute)
	for _, c := range []struct {
		off  time.Duration
		want int
	}{{-90 * time.Second, 422}, {90 * time.Second, 422}, {-30 * time.Second, 303}, {30 * time.Second, 303}, {30 * time.Second, 422}} {
		if a := signIn(totpCode(t, secret, i.clock().Add(c.off))); a.code != c.want {
			t.Errorf("a clock off by %s: %d, expected %d", c.off, a.code, c.want)
		}
	}
	i.pass(20 * time.Minute)
	if a := signIn(strings.ToLower(codes[3][1])); a.code != 303 {
		t.Errorf("a recovery code: %d", a.code)
	}
	if a := signIn(codes[3][1]); a.code != 422 {
		t.Errorf("the recovery code again: %d", a.code)
	}
	g.shows("/settings/security", "9 recovery codes")

	// Sessions: this one is marked, others end singly or together.
	page := g.shows("/settings/sessions", "This browser", "authenticator app")
	ids := regexp.MustCompile(`/settings/sessions/([0-9a-f]+)/end`).FindAllStringSubmatch(page, -1)
	if len(ids) != 3 {
		t.Fatalf("%d other sessions", len(ids))
	}
	g.post(http.StatusSeeOther, "/settings/sessions/"+ids[0][1]+"/end", nil)
	// Another's session has no such address.
	other := i.account("elena-petrova")
	other.post(http.StatusSeeOther, "/settings/sessions/"+ids[1][1]+"/end", nil)
	if n := strings.Count(g.shows("/settings/sessions"), "/end\""); n != 2 {
		t.Errorf("%d other sessions are left", n)
	}
	g.post(http.StatusSeeOther, "/settings/sessions/others", nil)
	if n := strings.Count(g.shows("/settings/sessions"), "/end\""); n != 0 {
		t.Errorf("%d other sessions are left", n)
	}

	// The password: the current one is asked for, a breached one refused, and
	// everything else that is signed in ends.
	const next = "other words than those before"
	change := func(current, password, again string, want int, words string) {
		t.Helper()
		a := g.post(want, "/settings/password", url.Values{"current": {current}, "password": {password}, "again": {again}})
		if !strings.Contains(a.text+a.to, words) {
			t.Errorf("%s: the answer lacks %q", password, words)
		}
	}
	b := i.browser()
	b.post(200, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}})
	change("wrong", next, next, 422, "current password is another")
	change(goodPassword, next, "else", 422, "differ")
	change(goodPassword, "qwertyuiop12", "qwertyuiop12", 422, "attackers try first")
	change(goodPassword, "boukhari fatima 1", "boukhari fatima 1", 422, "contains your name")
	change(goodPassword, next, next, 303, "done=password")
	if a := b.do("POST", "/sign-in/code", url.Values{"code": {totpCode(t, secret, i.clock())}}); a.code == 303 && b.in() {
		t.Error("a sign-in that had begun with the old password was completed")
	}
	g.post(http.StatusSeeOther, "/settings/confirm", url.Values{"password": {next}, "to": {"/settings/security"}})
	g.post(http.StatusSeeOther, "/settings/totp/remove", nil)
	g.shows("/settings/security", "Set up an authenticator app")
}

// Somebody names a deputy for some days, and ends it.
func TestDeputySettings(t *testing.T) {
	i := newInn(t)
	g := i.account("fatima-boukhari")
	form := url.Values{"deputy": {"elena-petrova"}, "from": {"2025-12-01"}, "until": {"2025-11-30"}, "scope": {"control_owner"}, "reason": {"Leave"}}
	g.shows("/settings/deputies", "As control owner", "Elena Petrova")
	if p := g.post(422, "/settings/deputies", form).text; !strings.Contains(p, `value="2025-12-01"`) {
		t.Error("the form is not shown as it was")
	}
	form.Set("until", "2025-12-12")
	form.Set("scope", "compliance_manager")
	g.post(422, "/settings/deputies", form)
	form.Set("scope", "control_owner")
	g.post(http.StatusSeeOther, "/settings/deputies", form)
	page := g.shows("/settings/deputies", "1 Dec 2025 to 12 Dec 2025", "Not yet")
	id := regexp.MustCompile(`/settings/deputies/([^/"]+)/end`).FindStringSubmatch(page)
	if id == nil {
		t.Fatal("it cannot be ended")
	}
	i.account("elena-petrova").post(404, "/settings/deputies/"+id[1]+"/end", nil)
	g.post(http.StatusSeeOther, "/settings/deputies/"+id[1]+"/end", nil)
	if strings.Contains(g.shows("/settings/deputies"), "12 Dec 2025") {
		t.Error("an ended deputy is still there")
	}
	i.account(partner).post(404, "/settings/deputies", form)
}
