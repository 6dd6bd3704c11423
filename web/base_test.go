package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var addresses = regexp.MustCompile(`\s(?:href|src|action|formaction|hx-get|hx-post|data-href|data-url)="([^"]*)"`)

// A workspace that is served under a path leads nowhere else.
func TestBase(t *testing.T) {
	m := newMatrixHouse(t)
	s, err := New(Options{App: m.app, Base: "/w/wexmoor", Now: m.site.now, Who: func(r *http.Request) (string, error) {
		if who := r.Header.Get("X-Who"); who != "" {
			return who, nil
		}
		return "", ErrSignedOut
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.h = s.Handler()
	seen := 0
	for _, path := range []string{"/", "/inbox", "/matrix", "/matrix?view=risks", "/r/control", "/r/control/new", "/r/control/pay-1-1", "/r/control/pay-1-1/edit", "/activity", "/entry/1",
		"/import/risk", "/people", "/people/new", "/people/" + owner, "/r/control?asof=2025-06-30", "/nowhere", "/behind/attention", "/palette?q=pay"} {
		w := m.get(manager, "/w/wexmoor"+path)
		if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "/w/wexmoor/") {
			t.Errorf("%s leads to %s", path, to)
		}
		if w.Code >= 500 {
			t.Errorf("%s: %d", path, w.Code)
		}
		for _, x := range addresses.FindAllStringSubmatch(w.Body.String(), -1) {
			if to := x[1]; strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/w/wexmoor/") {
				t.Errorf("%s: %s leads out of the workspace", path, x[0])
			} else if to != "" {
				seen++
			}
		}
		for _, word := range []string{`"/r/`, `"/matrix`} {
			if strings.Contains(w.Body.String(), word) {
				t.Errorf("%s holds an address %s… outside of the workspace", path, word)
			}
		}
	}
	if seen < 500 {
		t.Errorf("only %d addresses were looked at", seen)
	}
	r := httptest.NewRequest("GET", "/w/wexmoor/matrix", nil)
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/w/wexmoor/sign-in?to=") {
		t.Errorf("signed out: to %s", to)
	}
}
