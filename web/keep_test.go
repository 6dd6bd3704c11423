package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// What a form does not change is not recorded, from no revision that it was not
// made from, and what it does not offer stays.
func TestFormsKeep(t *testing.T) {
	m := newMatrixHouse(t)
	const at = "/r/risk/pay-5-r1/edit"
	held := m.record("risk", "pay-5-r1")
	likelihood := text(fieldsOf(held)["likelihood"])
	v := url.Values{"_field": {"likelihood"}, "_revision": {"1"}, "likelihood": {likelihood}, "_reason": {"Looked at."}}
	if w := m.post(manager, at, v); w.Code != 422 || !strings.Contains(w.Body.String(), "Nothing changed, so nothing was recorded.") {
		t.Errorf("an unchanged form: %d", w.Code)
	}
	v.Set("_effective", held.Effective)
	if w := m.post(manager, at, v); w.Code != 422 {
		t.Errorf("from the date from which it holds already: %d", w.Code)
	}
	v.Set("_effective", "2025-10-01")
	if w := m.post(manager, at, v); w.Code != http.StatusSeeOther {
		t.Errorf("from another date: %d", w.Code)
	}
	v.Del("_effective")
	v.Set("likelihood", "1")
	for _, none := range []string{"-1", "0", "", "x"} {
		v.Set("_revision", none)
		for _, to := range []string{at, "/r/risk/pay-5-r1/resolve"} {
			if w := m.post(manager, to, v); w.Code != 400 || !strings.Contains(w.Body.String(), "which revision it was made from") {
				t.Errorf("%s made from revision %q: %d", to, none, w.Code)
			}
		}
	}
	if x := m.record("risk", "pay-5-r1"); x.Revision != 2 {
		t.Errorf("revision %d is recorded: %s", x.Revision, x.Body)
	}
	// Choosing theirs alone records nothing either.
	if w := m.post(manager, "/r/risk/pay-5-r1/resolve", url.Values{"_revision": {"2"}, "_mine": {`{"likelihood":1}`}, "_reason": {"Theirs."}}); w.Code != http.StatusSeeOther || !strings.HasSuffix(w.Header().Get("Location"), "?done=kept") {
		t.Errorf("theirs: %d %s", w.Code, w.Header().Get("Location"))
	}

	file := soc1.File{Name: "checklists.pdf", MediaType: "application/pdf", Size: 12, SHA256: strings.Repeat("ab", 32)}
	e := soc1.Evidence{Title: "Set-up checklists", Controls: []string{"pay-1-1"}, PeriodFrom: "2025-07-01", PeriodTo: "2025-09-30", Source: "Plover", Files: []soc1.File{file}}
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "evidence", ID: "lists", Value: e, Reason: "Filed."}); err != nil {
		t.Fatal(err)
	}
	page := m.page(manager, "/r/evidence/lists/edit")
	if strings.Contains(page, "sha256") || strings.Contains(page, "Size in bytes") {
		t.Error("a file is typed into a form")
	}
	if p := m.page(manager, "/r/assertion/new"); strings.Contains(p, "Signed document") || strings.Contains(p, "One on each line.") {
		t.Error("the form of an assertion asks for a file by its bytes, or for lines where it has fields")
	}
	v = url.Values{"_revision": {"1"}, "_reason": {"A clearer title."}, "title": {"Checklists of set-ups"}, "controls": {"pay-1-1"}, "period_from": {"2025-07-01"}, "period_to": {"2025-09-30"}, "source": {"Plover"}}
	if w := m.post(manager, "/r/evidence/lists/edit", v); w.Code != http.StatusSeeOther {
		t.Fatalf("a change: %d %s", w.Code, w.Body)
	}
	if x := m.record("evidence", "lists"); !strings.Contains(string(x.Body), file.SHA256) || !strings.Contains(string(x.Body), "Checklists of set-ups") {
		t.Errorf("the file was lost: %s", x.Body)
	}
	v.Set("files.0.sha256", strings.Repeat("cd", 32))
	v.Set("_revision", "2")
	if w := m.post(manager, "/r/evidence/lists/edit", v); w.Code != 400 {
		t.Errorf("a file came through a form: %d", w.Code)
	}
}
