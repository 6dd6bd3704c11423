package web

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// The figures for the operator count routes, and name nobody and nothing that
// stands in a ledger.
func TestMetrics(t *testing.T) {
	m := newMatrixHouse(t)
	m.page(manager, "/r/risk/pay-5-r1")
	m.get(manager, "/r/risk/nothing-here")
	m.get(manager, "/nowhere/at-all")
	w := httptest.NewRecorder()
	m.site.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body := w.Body.String()
	for _, want := range []string{
		`reperform_http_requests_total{route="GET /r/{kind}/{id}",status="200"} 1`,
		`reperform_http_requests_total{route="GET /r/{kind}/{id}",status="404"} 1`,
		`reperform_http_requests_total{route="none",status="404"} 1`,
		`reperform_http_request_duration_seconds_count{route="GET /r/{kind}/{id}"} 2`,
		"reperform_event_streams 0",
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("the figures lack %s", want)
		}
	}
	for _, secret := range []string{"pay-5-r1", "nothing-here", "at-all", manager} {
		if strings.Contains(body, secret) {
			t.Errorf("the figures tell %q", secret)
		}
	}
	if w := m.get(manager, "/metrics"); w.Code != 404 {
		t.Errorf("the site itself answers /metrics: %d", w.Code)
	}
}
