package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestEventsOfAReport answers for a report that is not there as every page does, and
// before the first is planned leads to recording what happened.
func TestEventsOfAReport(t *testing.T) {
	m := newMatrixHouse(t)
	for _, c := range []struct {
		path, says string
		code       int
	}{
		{"/events?engagement=nowhere", "nowhere", http.StatusUnprocessableEntity},
		{"/events", "Report what happened", http.StatusOK},
		{"/events?asof=2001-01-01", "No report is planned yet", http.StatusOK},
	} {
		if w := m.get(manager, c.path); w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s answers %d and does not say %q", c.path, w.Code, c.says)
		}
	}
}
