package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/account"
	"reperform/desk"
)

// Guessing is slow, and tells nothing about who has an account.
func TestGuessing(t *testing.T) {
	i := newInn(t)
	i.account("fatima-boukhari")
	at := regexp.MustCompile(`[\w.-]+@example\.com|[0-9a-f]{10,12}`)
	try := func(email, password string) reply {
		a := i.browser().do("POST", "/sign-in", url.Values{"email": {email}, "password": {password}})
		a.text = at.ReplaceAllString(a.text, "X")
		return a
	}
	for n := range 7 {
		known, unknown := try("fatima-boukhari@example.com", "wrong words that are long"), try("nobody-at-all@example.com", "wrong words that are long")
		if known != unknown {
			t.Errorf("attempt %d: an address with an account is told from one without: %d, %d", n+1, known.code, unknown.code)
		}
		if want := map[bool]int{true: 422, false: 429}[n < 5]; known.code != want {
			t.Errorf("attempt %d: %d, expected %d", n+1, known.code, want)
		}
	}
	if a := try("fatima-boukhari@example.com", goodPassword); a.code != 429 || !strings.Contains(a.text, "Try again at") {
		t.Errorf("the right password while waiting: %d", a.code)
	}
	i.pass(time.Minute)
	i.signIn("fatima-boukhari")

	// One network guesses over many accounts: its requests are bounded, too.
	i = newInn(t, func(c *account.Config, _ *Options) {
		c.Limits = account.Limits{SignIn: account.Limit{Burst: 8, Every: time.Minute}}
	})
	codes := map[int]int{}
	for n := range 12 {
		codes[i.browser().do("POST", "/sign-in", url.Values{"email": {fmt.Sprintf("p%d@example.com", n)}, "password": {"wrong"}}).code]++
	}
	if codes[422] != 8 || codes[429] != 4 {
		t.Errorf("a network guesses: %v", codes)
	}
	if a := i.browser().do("POST", "/sign-in/passkey/begin", url.Values{}); a.code != 429 || !strings.Contains(a.text, "Too many requests") {
		t.Errorf("a passkey from this network: %d %s", a.code, a.text)
	}
}

// A session that was planted in a browser is not the one that signs in, and no
// page of another site acts for somebody.
func TestFixationAndForgery(t *testing.T) {
	i := newInn(t)
	attacker := i.account("elena-petrova")
	u, err := url.Parse(i.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := attacker.http.Jar.Cookies(u)
	victim := i.browser()
	victim.http.Jar.SetCookies(u, planted)
	i.account("fatima-boukhari")
	victim.post(http.StatusSeeOther, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}})
	for _, c := range victim.http.Jar.Cookies(u) {
		for _, p := range planted {
			if c.Name == p.Name && c.Value == p.Value {
				t.Error("the planted session was signed in")
			}
		}
	}
	if attacker.in() {
		t.Error("the session that was planted goes on")
	}
	victim.shows("/settings", "Fatima Boukhari")
	for _, path := range []string{"/sign-in", "/sign-out", "/settings/password", "/settings/passkeys/begin", "/settings/sessions/others", "/settings/deputies", "/people/new", "/people/fatima-boukhari/lock", "/sign-in/passkey/begin", "/password-check"} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if a := victim.do("POST", path, url.Values{}, header...); a.code != http.StatusForbidden {
				t.Errorf("%s from another site (%s): %d", path, header[0], a.code)
			}
		}
	}
	if !victim.in() {
		t.Error("a form of another site signed somebody out")
	}
	// What answers to scripts is not to be had by whoever is signed out.
	for _, path := range []string{"/settings/passkeys/begin", "/settings/confirm/passkey/begin"} {
		if a := i.browser().do("POST", path, url.Values{}); a.code != http.StatusSeeOther || !strings.HasPrefix(a.to, "/sign-in") {
			t.Errorf("%s signed out: %d", path, a.code)
		}
	}
	for _, v := range []url.Values{{}, {"ceremony": {"x"}, "response": {"{}"}}, {"ceremony": {strings.Repeat("A", 43)}, "response": {"null"}}, {"response": {strings.Repeat("[", 70000)}}} {
		if a := i.browser().do("POST", "/sign-in/passkey", v); a.code != 422 || !strings.Contains(a.text, "not accepted") {
			t.Errorf("a passkey that is none: %d %s", a.code, a.text)
		}
	}
}

// Mail goes out where a mailer is there; a mail that fails leaves the link.
func TestInvitationMailed(t *testing.T) {
	m := &mails{}
	i := newInn(t, func(_ *account.Config, o *Options) { o.Mailer, o.Origin = m, "https://soc.example.com" })
	admin := i.account(administrator)
	form := url.Values{"name": {"Ivy Okoro"}, "email": {"ivy@wexmoor.example"}, "role": {"control_owner"}, "id": {"ivy"}, "reason": {"Joins."}, "invite": {"yes"}}
	page := admin.post(200, "/people/new", form).text
	if len(m.sent) != 1 || m.sent[0][0] != "ivy@wexmoor.example" || !strings.HasPrefix(m.sent[0][1], "/invite/") || !strings.Contains(page, "by mail to ivy@wexmoor.example") {
		t.Errorf("sent %v", m.sent)
	}
	m.err = fmt.Errorf("the server at mail.internal refused")
	if page = admin.post(200, "/people/ivy/invite", nil).text; !strings.Contains(page, "could not be sent") || strings.Contains(page, "mail.internal") || !strings.Contains(page, "made-link") {
		t.Error("a mail that fails takes the link with it, or tells too much")
	}
	// A link that may not go by mail is shown, and nobody is told that it went.
	m.err, m.refuses = nil, true
	if page = admin.post(200, "/people/ivy/invite", nil).text; strings.Contains(page, "by mail to") || strings.Contains(page, "could not be sent") || !strings.Contains(page, "made-link") {
		t.Error("a link that may not be mailed is said to be")
	}
}

// Whoever forgot a password has a link sent, where mails are; the answer tells
// nothing, and nobody of the firm is let in by mail.
func TestForgotten(t *testing.T) {
	m := &mails{}
	i := newInn(t, func(_ *account.Config, o *Options) { o.Mailer = m })
	i.account("fatima-boukhari")
	i.account(partner)
	i.browser().shows("/sign-in", "/forgot")
	at := regexp.MustCompile(`[\w.-]+@example\.com`)
	var texts []string
	for _, who := range []string{"fatima-boukhari", partner, "nobody-at-all"} {
		a := i.browser().post(200, "/forgot", url.Values{"email": {who + "@example.com"}})
		texts = append(texts, at.ReplaceAllString(a.text, "X"))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] {
		t.Error("the answer tells who has an account")
	}
	i.browser().post(422, "/forgot", url.Values{"email": {"nobody"}})
	sent := m.wait(t, 1)
	if len(sent) != 1 || sent[0][0] != "fatima-boukhari@example.com" {
		t.Fatalf("sent %v", sent)
	}
	link := sent[0][1]
	g := i.browser()
	if p := g.shows(link, "Choose how you sign in", "fatima-boukhari@example.com"); strings.Contains(p, "data-passkey") {
		t.Error("a mailed link takes a passkey")
	}
	if a := g.do("POST", link+"/passkey/begin", url.Values{}); a.code != 422 {
		t.Errorf("a passkey by a mailed link: %d", a.code)
	}
	const other = "other words than those before"
	g.post(422, link, url.Values{"password": {other}, "again": {"else"}})
	g.post(303, link, url.Values{"password": {other}, "again": {other}})
	i.browser().post(422, link, url.Values{"password": {other}, "again": {other}})
	// Without mails there is no such page.
	i = newInn(t)
	if a := i.browser().get("/forgot"); a.code != 303 && a.code != 404 {
		t.Errorf("the page without mails: %d", a.code)
	}
	if strings.Contains(i.browser().shows("/sign-in"), "/forgot") {
		t.Error("a link leads nowhere")
	}
}

// mails keeps what was sent.
type mails struct {
	mu      sync.Mutex
	sent    [][2]string
	err     error
	refuses bool
}

func (m *mails) SendLink(_ context.Context, l account.Link, path string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil || m.refuses {
		return false, m.err
	}
	m.sent = append(m.sent, [2]string{l.Email, path})
	return true, nil
}

func (m *mails) Settings(context.Context, string) (desk.MailSettings, bool, error) {
	return desk.MailSettings{}, false, nil
}

func (m *mails) Subscription(context.Context, string) (desk.MailKind, bool, error) {
	return "", false, desk.ErrLink
}

func (m *mails) Unsubscribe(context.Context, string) (desk.MailKind, error) {
	return "", desk.ErrLink
}

func (m *mails) Test(context.Context, string) error { return m.err }

// wait waits until so many mails were sent.
func (m *mails) wait(t *testing.T, n int) [][2]string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		sent := m.sent
		m.mu.Unlock()
		if len(sent) >= n {
			return sent
		}
	}
	t.Fatal("nothing was sent")
	return nil
}
