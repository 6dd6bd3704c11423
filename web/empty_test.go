package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestNothingBegunIsNotGood holds the pages of a workspace without a control to saying
// so: that nothing is found there is no good word about the program.
func TestNothingBegunIsNotGood(t *testing.T) {
	m := newMatrixHouse(t)
	for path, want := range map[string]string{
		"/readiness?asof=2001-01-01":     "Nothing was looked at yet",
		"/gaps?asof=2001-01-01":          "Nothing was looked at yet",
		"/events?asof=2001-01-01":        "First steps",
		"/scope/forward?asof=2001-01-01": "First steps",
		"/calendar?asof=2001-01-01":      "First steps",
	} {
		w := m.get(manager, path)
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "Nothing is lacking here") {
			t.Errorf("%s answers %d: %s", path, w.Code, words(body))
		}
	}
	if page := m.page(manager, "/readiness?asof=2001-01-01"); !strings.Contains(page, `<a href="#makeup">0</a>`) {
		t.Error("a program without anything has a score")
	}
	if page := m.page(manager, "/gaps"); strings.Contains(page, "Nothing was looked at yet") {
		t.Error("a program with controls is called empty")
	}
}
