package web

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/opsdb"
	"reperform/record"
)

func (m *matrixHouse) post(who, path string, v url.Values, header ...string) *httptest.ResponseRecorder {
	m.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Who", who)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	return w
}

// The columns shown at first exist.
func TestPreferredColumns(t *testing.T) {
	for name, fields := range preferred {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if _, ok := k.Field(f); !ok {
				t.Errorf("%s have no field %q", k.Plural, f)
			}
		}
	}
}

// Every register has its page, and every plain one its form.
func TestRegisters(t *testing.T) {
	m := newMatrixHouse(t)
	for _, name := range record.Kinds.Names() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		page := m.page(manager, "/r/"+name)
		if !strings.Contains(page, "<title>") || strings.Contains(page, " style=") {
			t.Errorf("the register of %s is no page, or carries a style of its own", name)
		}
		// People and courses have a form of their own.
		if name == personKind {
			m.page(administrator, "/people/new")
		} else if name == roleKind {
			m.page(administrator, "/r/role/new")
		} else if name == courseKind {
			m.page(manager, "/training/course/new")
		} else if !k.Decision && k.Home != record.Examination {
			m.page(manager, "/r/"+name+"/new")
		}
	}
	for _, c := range []struct {
		path string
		want int
	}{{"/r/nothing", 404}, {"/r/control/nobody", 404}, {"/r/control?col=wrong", 400}, {"/r/control?asof=yesterday", 400}, {"/x/exam-soc1-2025/r/result", 404}, {"/nowhere", 404}} {
		w := m.get(manager, c.path)
		if w.Code != c.want || !strings.Contains(w.Body.String(), "Reference") {
			t.Errorf("%s: %d, expected %d with a reference", c.path, w.Code, c.want)
		}
	}
}

// A form changes what it shows and nothing else, with a reason, and against the
// revision that it was made from.
func TestForms(t *testing.T) {
	m := newMatrixHouse(t)
	const at = "/r/risk/pay-5-r1/edit"
	one := func(revision, likelihood, reason string) *httptest.ResponseRecorder {
		return m.post(manager, at, url.Values{"_field": {"likelihood"}, "_revision": {revision}, "likelihood": {likelihood}, "_reason": {reason}})
	}
	if w := one("1", "2", ""); w.Code != 422 || !strings.Contains(w.Body.String(), "Say why") {
		t.Errorf("without a reason: %d", w.Code)
	}
	if w := one("1", "often", "Because."); w.Code != 422 || !strings.Contains(w.Body.String(), "is not a whole number") {
		t.Errorf("no number: %d", w.Code)
	}
	if w := one("1", "2", "The portal refuses it now."); w.Code != http.StatusSeeOther {
		t.Fatalf("a change: %d %s", w.Code, w.Body)
	}
	if p := m.page(manager, "/r/risk/pay-5-r1"); !strings.Contains(p, "The portal refuses it now.") || !strings.Contains(p, "1 field changed") {
		t.Error("the history does not tell the change")
	}
	// Somebody who still saw revision 1 chooses between both versions.
	w := one("1", "5", "I saw it happen.")
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "was faster") || !strings.Contains(w.Body.String(), "Both changed") {
		t.Fatalf("a stale form: %d", w.Code)
	}
	w = m.post(manager, "/r/risk/pay-5-r1/resolve", url.Values{"_revision": {"2"}, "_mine": {`{"code":"PAY-5-R1","likelihood":5}`}, "_take.likelihood": {"mine"}, "_reason": {"I saw it happen."}})
	if w.Code != http.StatusSeeOther || !strings.Contains(m.page(manager, "/r/risk/pay-5-r1"), "I saw it happen.") {
		t.Errorf("what was chosen: %d %s", w.Code, w.Body)
	}
	// Nobody writes through a form what it does not show.
	if w := m.post(manager, at, url.Values{"_field": {"likelihood"}, "_revision": {"3"}, "likelihood": {"1"}, "impact": {"1"}, "_reason": {"x"}}); w.Code != 400 {
		t.Errorf("a field that the form does not have: %d", w.Code)
	}
	if w := m.post("elena-petrova", at, url.Values{"_field": {"likelihood"}, "_revision": {"3"}, "likelihood": {"1"}, "_reason": {"x"}}); w.Code != 403 {
		t.Errorf("a reader changes a risk: %d", w.Code)
	}
	for _, head := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}, {"Origin", "null"}} {
		if w := m.post(manager, at, url.Values{}, head[0], head[1]); w.Code != 403 || !strings.Contains(w.Body.String(), "Sent from another site") || !strings.Contains(w.Body.String(), "Reference") {
			t.Errorf("a form of another site (%s: %s): %d %s", head[0], head[1], w.Code, w.Body)
		}
	}
}

// What anybody writes is shown as text.
func TestHostileText(t *testing.T) {
	m := newMatrixHouse(t)
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	w := m.post(manager, "/r/vendor/new", url.Values{"name": {evil}, "_id": {"evil"}, "_reason": {evil}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/r/vendor", "/r/vendor/evil", "/r/vendor/evil/edit", "/activity", "/palette?q=script"} {
		p := m.page(manager, path)
		if strings.Contains(p, "<script>alert") || strings.Contains(p, "<img src=x") {
			t.Errorf("%s shows what was written as more than text", path)
		}
	}
	if to := m.post(manager, "/preferences", url.Values{"to": {"//evil.example/"}}).Header().Get("Location"); to != "/" {
		t.Errorf("sent to %s", to)
	}
}

// People sign in by a link and a password, and out again.
func TestSignIn(t *testing.T) {
	m := newMatrixHouse(t)
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), "operations.db"), account.Schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	accounts, err := account.New(db, account.Config{Key: [32]byte{1}, Now: time.Now, Random: rand.Reader, Directory: Directory{m.app}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{App: m.app, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	var cookies []*http.Cookie
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	do := func(method, path string, v url.Values) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if c := res.Cookies(); len(c) > 0 {
			cookies = c
		}
		return res
	}
	if res := do("GET", "/r/control", nil); res.Header.Get("Location") != "/sign-in?to=%2Fr%2Fcontrol" {
		t.Fatalf("signed out: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	token, _, err := accounts.InviteFirst(t.Context(), account.Invitee{PersonID: manager, Email: "d@wexmoor.example", Name: "Daniel", Side: account.ServiceOrganization})
	if err != nil {
		t.Fatal(err)
	}
	if res := do("GET", "/invite/"+token, nil); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'self';") {
		t.Fatalf("the invitation: %d", res.StatusCode)
	}
	const password = "grebe plover curlew heron"
	if res := do("POST", "/invite/"+token, url.Values{"password": {password}, "again": {"another"}}); res.StatusCode != 422 {
		t.Errorf("two passwords: %d", res.StatusCode)
	}
	if res := do("POST", "/invite/"+token, url.Values{"password": {password}, "again": {password}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("accepting: %d", res.StatusCode)
	}
	if res := do("GET", "/r/control", nil); res.StatusCode != 200 {
		t.Fatalf("signed in: %d", res.StatusCode)
	}
	old := cookies
	do("POST", "/sign-out", nil)
	cookies = old
	if res := do("GET", "/r/control", nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the old cookie after signing out: %d", res.StatusCode)
	}
	cookies = nil
	if res := do("POST", "/invite/"+token, url.Values{"password": {password}, "again": {password}}); res.StatusCode != 422 {
		t.Errorf("the link once more: %d", res.StatusCode)
	}
	if res := do("POST", "/sign-in", url.Values{"email": {"d@wexmoor.example"}, "password": {"wrong"}}); res.StatusCode != 422 {
		t.Errorf("a wrong password: %d", res.StatusCode)
	}
	if res := do("POST", "/sign-in", url.Values{"email": {"D@wexmoor.example"}, "password": {password}, "to": {"/activity"}}); res.Header.Get("Location") != "/activity" {
		t.Errorf("signing in: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
}

// FuzzForm reads any form without failing, and never invents a field.
func FuzzForm(f *testing.F) {
	f.Add("code=X&objectives=a&objectives=b&framework_ids=TSC:+CC6.1&key=true&order=3")
	f.Add("joins.0.population=p&joins.999.name=&joins.x.name=y&order=1e9")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		for _, name := range []string{"control", "test_of_control", "engagement", "evidence"} {
			k, err := record.Kinds.Kind(name)
			if err != nil {
				t.Fatal(err)
			}
			body, problems, err := decodeForm(k.Fields, v)
			if err != nil {
				continue
			}
			for field := range body {
				if _, ok := k.Field(field); !ok {
					t.Fatalf("%s has no field %q", name, field)
				}
			}
			if len(problems) == 0 {
				_, _ = valueOf(k, body, problems)
			}
		}
	})
}
