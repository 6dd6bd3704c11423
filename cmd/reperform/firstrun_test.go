package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reperform/account"
	"reperform/app"
	"reperform/web"
)

// firstRun is a folder that is set up in the browser.
type firstRun struct {
	t    *testing.T
	dir  string
	code string
	cli  *cli
	srv  *httptest.Server
	// made counts the attempts to make the workspace.
	made int
	mu   sync.Mutex
}

func newFirstRun(t *testing.T, dir string) *firstRun {
	t.Helper()
	f := &firstRun{t: t, dir: dir, cli: &cli{out: io.Discard, err: io.Discard, workspace: dir}}
	var err error
	if f.code, err = setupCode(rand.Reader); err != nil {
		t.Fatal(err)
	}
	h := &house{cli: f.cli, at: "http://localhost:8740", log: slog.New(slog.DiscardHandler)}
	setup, err := web.NewSetup(web.SetupOptions{Code: f.code, Services: serviceTypes(), Make: h.make(func() {
		f.mu.Lock()
		f.made++
		f.mu.Unlock()
	})})
	if err != nil {
		t.Fatal(err)
	}
	f.srv = httptest.NewServer(setup.Handler())
	t.Cleanup(func() {
		f.srv.Close()
		h.close()
		if f.cli.app != nil {
			f.cli.app.Close()
		}
	})
	return f
}

func (f *firstRun) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (f *firstRun) do(c *http.Client, method, path string, v url.Values, header ...string) (int, string, string) {
	f.t.Helper()
	r, err := http.NewRequest(method, f.srv.URL+path, strings.NewReader(v.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(b)
}

func (f *firstRun) form() url.Values {
	return url.Values{"code": {f.code}, "organization": {"Northwind Payroll"}, "timezone": {"America/Chicago"}, "service": {"PAY"},
		"name": {"Ada Ruiz"}, "email": {"ada@northwind.example"}, "password": {"grebe plover curlew heron"}, "again": {"grebe plover curlew heron"}}
}

// The first run makes a workspace from one form, for whoever has the code, once.
func TestFirstRun(t *testing.T) {
	f := newFirstRun(t, filepath.Join(t.TempDir(), "new", "workspace"))
	c := f.browser()
	if code, to, _ := f.do(c, "GET", "/", nil); code != http.StatusSeeOther || to != "/setup" {
		t.Errorf("the first page: %d to %q", code, to)
	}
	if _, _, page := f.do(c, "GET", "/setup", nil); !strings.Contains(page, "Code from the terminal") || strings.Contains(page, `name="organization"`) {
		t.Error("without the code the form is shown")
	}
	if code, _, page := f.do(c, "GET", "/setup?code=AAAA-AAAA-AAAA-AAAA", nil); code != http.StatusForbidden || strings.Contains(page, `name="organization"`) {
		t.Errorf("a wrong code: %d", code)
	}
	if code, _, page := f.do(c, "GET", "/setup?code="+strings.ToLower(strings.ReplaceAll(f.code, "-", "")), nil); code != http.StatusOK || !strings.Contains(page, "Payroll") {
		t.Errorf("the code typed in small letters: %d", code)
	}
	for _, x := range []struct {
		field, value, want string
		status             int
	}{
		{"code", "", "is not the code", 403}, {"code", "AAAA-AAAA-AAAA-AAAA", "is not the code", 403},
		{"organization", "", "to correct", 422}, {"timezone", "Central Time", "to correct", 422}, {"timezone", "America/Nowhere", "not known", 422},
		{"currency", "dollars", "not a currency code", 422}, {"service", "NONE", "no such service type", 422}, {"name", " ", "to correct", 422},
		{"email", "ada", "not an email address", 422}, {"email", "", "by which you sign in", 422}, {"password", "short", "at least 12", 422}, {"password", "password123456", "attackers try first", 422},
		{"password", "ruiz ruiz ruiz", "contains your name", 422}, {"again", "something else", "differ", 422},
	} {
		v := f.form()
		v.Set(x.field, x.value)
		code, _, page := f.do(c, "POST", "/setup", v)
		if code != x.status || !strings.Contains(page, x.want) {
			t.Errorf("%s %q: %d, and the page lacks %q", x.field, x.value, code, x.want)
		}
		if strings.Contains(page, "grebe plover") {
			t.Error("the page shows the password")
		}
	}
	if code, _, _ := f.do(c, "POST", "/setup", f.form(), "Origin", "https://evil.example"); code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", code)
	}
	if _, err := os.Stat(f.dir); f.made != 0 || err == nil {
		t.Fatalf("something was made from a form that was wrong: %d times, %v", f.made, err)
	}
	// Two browsers send it at the same moment: one is in, the other too late.
	other := f.browser()
	answers := make(chan string, 2)
	for _, x := range []*http.Client{c, other} {
		go func() {
			_, to, _ := f.do(x, "POST", "/setup", f.form())
			answers <- to
		}()
	}
	got := []string{<-answers, <-answers}
	if f.made != 1 || !(got[0] == "/welcome" && got[1] == "/sign-in" || got[1] == "/welcome" && got[0] == "/sign-in") {
		t.Fatalf("made %d times; sent to %v", f.made, got)
	}
	in := c
	if code, _, _ := f.do(in, "GET", "/welcome", nil); code != http.StatusOK {
		in = other
	}
	_, _, page := f.do(in, "GET", "/welcome", nil)
	for _, want := range []string{"Welcome, Ada Ruiz", "Add a passkey", "Invite", "starter records", "Three things"} {
		if !strings.Contains(page, want) {
			t.Errorf("the first page lacks %q", want)
		}
	}
	if _, _, page := f.do(in, "GET", "/r/control_objective", nil); !strings.Contains(page, "Payroll") && !strings.Contains(page, "PAY-") {
		t.Error("the records of the library are not there")
	}
	// Replays and a second first run.
	for _, path := range []string{"/setup", "/setup?code=" + f.code} {
		if code, _, _ := f.do(f.browser(), "GET", path, nil); code == http.StatusOK {
			t.Errorf("%s is still shown", path)
		}
	}
	if code, to, _ := f.do(f.browser(), "POST", "/setup", f.form()); code == http.StatusOK || to == "/welcome" || f.made != 1 {
		t.Errorf("the form once more: %d to %q", code, to)
	}
	if code, to, _ := f.do(f.browser(), "POST", "/sign-in", url.Values{"email": {"ADA@northwind.example"}, "password": {"grebe plover curlew heron"}}); code != http.StatusSeeOther || to != "/" {
		t.Errorf("signing in: %d to %q", code, to)
	}
	if err := app.Establish(t.Context(), f.dir, func(string) error { t.Error("built again"); return nil }); !errors.Is(err, app.ErrWorkspaceExists) {
		t.Errorf("a second first run: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(f.dir, "establish*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A first run that fails half-way leaves a folder in which it works.
func TestFirstRunFails(t *testing.T) {
	dir := t.TempDir()
	c := &cli{out: io.Discard, err: io.Discard, workspace: dir}
	run := web.FirstRun{PersonID: "p-1", Password: "grebe plover curlew heron", Service: "NONE"}
	run.Organization.Name, run.Organization.Timezone = "Northwind", "UTC"
	run.Person.Name, run.Person.Email, run.Person.Side, run.Person.Roles = "Ada", "ada@northwind.example", "service_organization", append(run.Person.Roles, "administrator", "compliance_manager")
	if _, err := c.establish(t.Context(), run, "http://localhost:1"); err == nil {
		t.Fatal("a service type that is not there was taken")
	}
	run.Service, run.Password = "PAY", "short"
	if _, err := c.establish(t.Context(), run, "http://localhost:1"); !errors.Is(err, account.ErrPasswordShort) {
		t.Fatalf("a short password: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
	run.Password = "grebe plover curlew heron"
	if _, err := c.establish(t.Context(), run, "http://localhost:1"); err != nil {
		t.Fatal(err)
	}
	if there, err := app.Exists(dir); err != nil || !there {
		t.Errorf("a workspace: %t, %v", there, err)
	}
}

// Without a workspace serve prints where to make one; the code stays out of the
// log.
func TestServeGreets(t *testing.T) {
	var out, log bytes.Buffer
	c := &cli{out: &out, err: &log, workspace: "none"}
	s := serving{listen: "0.0.0.0:8740", secure: true}
	at, err := s.origin()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{cli: c, serving: s, at: at}
	if err := h.greet(t.Context(), "ABCD-EFGH-JKMN-PQRS"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "https://localhost:8740/setup?code=ABCD-EFGH-JKMN-PQRS") || log.Len() > 0 {
		t.Errorf("printed %s, logged %s", &out, &log)
	}
	for at, want := range map[string]string{"http://10.0.0.1:8740": "localhost", "https://soc.example.com": "soc.example.com"} {
		u, err := url.Parse(at)
		if err != nil || passkeyHost(u) != want {
			t.Errorf("%s: passkeys are bound to %s", at, passkeyHost(u))
		}
	}
}
