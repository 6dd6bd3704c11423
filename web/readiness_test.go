package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// The page says what the command says, leads to every number, and is for who reads
// the whole.
func TestReadinessPage(t *testing.T) {
	m := newMatrixHouse(t)
	// Nothing serves an objective any more.
	for _, id := range []string{"itgc-5-1", "itgc-5-2", "itgc-5-3"} {
		c := m.control(id)
		c.Value.Objectives = []string{"itgc-4"}
		if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: id, Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	a, err := m.app.Readiness(t.Context(), manager, app.GapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	page := m.page(manager, "/readiness")
	for _, want := range []string{fmt.Sprintf(`<a href="#makeup">%d</a>`, a.Score.Score), fmt.Sprintf(`<a href="#matters">%d</a>`, len(a.Matters)), "It is no assurance", "Matters that could modify the opinion", "Rules without a finding", "Settled by:", "At risk", "Record an assessment", `href="/readiness.pdf?engagement=soc1-2025"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, `id="matter-`); n != len(a.Matters) || n == 0 {
		t.Errorf("%d matters are shown of %d", n, len(a.Matters))
	}
	for path, n := range numbersOfAny(page) {
		if strings.HasPrefix(path, "/behind/") {
			if got := m.rowsOf(manager, path); got != n {
				t.Errorf("the page reads %d, and %s shows %d", n, path, got)
			}
		}
	}
	assessment := soc1.ReadinessAssessment{Title: "Dry run", Engagement: "soc1-2025", Owner: manager, FinishedOn: "2025-11-01", Overall: soc1.RatedRemarks, Summary: "Close <enough>.",
		Objectives: []soc1.ObjectiveRating{{Objective: "pay-1", Rating: soc1.RatedNotReady, Remarks: "Nobody tests it."}}}
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "readiness_assessment", ID: "dry", Revision: -1, Effective: "2025-11-01", Value: assessment, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	reader := "elena-petrova"
	page = m.page(reader, "/readiness")
	for _, want := range []string{"Dry run", "Ready with remarks", "Close &lt;enough&gt;.", "Nobody tests it."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "Record an assessment") || strings.Contains(page, "edit?focus") {
		t.Error("a reader is offered what would be refused")
	}
	w := m.get(manager, "/readiness.pdf?engagement=soc1-2025")
	if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) || !strings.Contains(w.Header().Get("Content-Disposition"), "readiness-soc1-2025-") {
		t.Errorf("the report as a file: %d %s", w.Code, w.Header())
	}
	for path, want := range map[string]int{"/readiness?engagement=none": 422, "/readiness.pdf?engagement=none": 422} {
		if w := m.get(manager, path); w.Code != want && w.Code != 400 {
			t.Errorf("%s: %d, expected %d", path, w.Code, want)
		}
	}
	// Before the first test and control there is nothing to be ready with.
	if p := m.page(manager, "/readiness?asof=2025-06-30"); strings.Contains(p, "Record an assessment") {
		t.Error("the past is offered to be changed")
	}
}
