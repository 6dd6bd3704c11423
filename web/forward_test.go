package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/app"
)

// TestForward rolls the report forward on the page, keeps what was typed where it is
// refused, and shows what changed since in both texts.
func TestForward(t *testing.T) {
	m := newMatrixHouse(t)
	page := m.page(manager, "/scope/forward")
	for _, want := range []string{"nothing to compare it with", `value="soc1-2026"`, `value="2026-01-01"`, `value="2026-12-31"`, "Record the next report"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of one report does not say %q", want)
		}
	}
	if p := m.page("elena-petrova", "/scope/forward"); strings.Contains(p, "Record the next report") {
		t.Error("a reader is offered what would be refused")
	}
	form := url.Values{"from": {"soc1-2025"}, "id": {"soc1-2026"}, "title": {"Typed <b>"}, "start": {"2026-01-01"}, "end": {"2025-12-31"}}
	if w := m.post(manager, "/scope/forward", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="Typed &lt;b&gt;"`) || !strings.Contains(w.Body.String(), "Give a later day") {
		t.Errorf("a period that ends too early answers %d: %s", w.Code, w.Body)
	}
	form.Set("end", "2026-12-31")
	if w := m.post("elena-petrova", "/scope/forward", form); w.Code != http.StatusForbidden {
		t.Errorf("a reader's report answers %d", w.Code)
	}
	w := m.post(manager, "/scope/forward", form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/scope/forward?before=soc1-2025&after=soc1-2026" {
		t.Fatalf("it answers %d, %s", w.Code, w.Header().Get("Location"))
	}
	if w := m.post(manager, "/scope/forward", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "already") {
		t.Errorf("a second time it answers %d", w.Code)
	}
	c := m.control("itgc-1-1")
	c.Value.HowOften = "before <i>each</i> grant"
	// The report ends later than today, so that it is told as of today; the earlier is told
	// as of today as well, and one of them was changed tomorrow.
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2026-02-01", Value: c.Value, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if page := m.page(manager, "/scope/forward?before=soc1-2025&after=soc1-2026"); !strings.Contains(page, "Nothing that the reports speak of came") || !strings.Contains(page, "begins on the day after") {
		t.Error("before anything changed, something did")
	}
	m.now = m.now.AddDate(0, 4, 0)
	page = m.page(manager, "/scope/forward?before=soc1-2025&after=soc1-2026")
	if !strings.Contains(page, "before &lt;i&gt;each&lt;/i&gt; grant") || !strings.Contains(page, "ITGC-1.1") || !strings.Contains(page, ">Changed<") {
		t.Error("what changed is not shown")
	}
	if w := m.get(manager, "/scope/forward?before=soc1-2026&after=soc1-2026"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "compared with itself") || !strings.Contains(w.Body.String(), `href="/scope/forward?after=soc1-2026"`) {
		t.Errorf("a report beside itself answers %d: %s", w.Code, words(w.Body.String()))
	}
	for path, code := range map[string]int{"/scope/forward?after=absent": http.StatusUnprocessableEntity, "/scope/forward?before=absent": http.StatusUnprocessableEntity, "/scope/forward?before=soc1-2026&after=soc1-2025": http.StatusUnprocessableEntity} {
		if w := m.get(manager, path); w.Code != code {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

// TestEmptyDayIsToday records from the day on which a form is sent what names no other,
// as the form says, and not for all days before.
func TestEmptyDayIsToday(t *testing.T) {
	m := newMatrixHouse(t)
	v := url.Values{"_id": {"v-new"}, "_revision": {"0"}, "_reason": {"x"}, "_effective": {""}, "name": {"New"}}
	if w := m.post(manager, "/r/vendor/new", v); w.Code != http.StatusSeeOther {
		t.Fatalf("it answers %d", w.Code)
	}
	if got := m.record("vendor", "v-new").Effective; got != "2025-11-20" {
		t.Errorf("it holds from %q", got)
	}
}
