package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// The scope leads from services to objectives, says why what is left out is, is
// frozen by who may as it was seen, and shows afterwards what changed.
func TestScope(t *testing.T) {
	m := newMatrixHouse(t)
	page := m.page(manager, "/scope")
	for _, want := range []string{`href="/r/service/payroll-processing"`, `data-n="objective-pay-3"`, "Time clocks record hours under the client’s own control.", "Not frozen yet", `action="/scope/freeze"`,
		`<span class="tag num">636 of 640 user entities</span>`, "No objective"} {
		if !strings.Contains(page, want) {
			t.Errorf("the scope lacks %s", want)
		}
	}
	reader := "elena-petrova"
	if p := m.page(reader, "/scope"); strings.Contains(p, "/scope/freeze") {
		t.Error("a reader is offered to freeze")
	}
	seen := between(page, `name="seen" value="`, `"`)
	form := url.Values{"engagement": {"soc1-2025"}, "seen": {seen}, "reason": {"Planning is done."}}
	if w := m.post(reader, "/scope/freeze", form); w.Code != http.StatusForbidden {
		t.Errorf("a reader freezes: %d", w.Code)
	}
	if w := m.post(manager, "/scope/freeze", form, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
	for name, bad := range map[string]string{"reason": " ", "seen": strings.Repeat("0", 64)} {
		v := clone(form)
		v.Set(name, bad)
		if w := m.post(manager, "/scope/freeze", v); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s %q: %d", name, bad, w.Code)
		} else if name == "seen" && !strings.Contains(w.Body.String(), "Planning is done.") {
			t.Error("what was typed is lost")
		}
	}
	v := clone(form)
	v.Set("engagement", "none")
	if w := m.post(manager, "/scope/freeze", v); w.Code != http.StatusNotFound {
		t.Errorf("an engagement that is none: %d", w.Code)
	}
	if w := m.post(manager, "/scope/freeze", form); w.Code != http.StatusSeeOther {
		t.Fatalf("freezing: %d %s", w.Code, w.Body)
	}
	page = m.page(reader, "/scope")
	if !strings.Contains(page, "Frozen as of ") || !strings.Contains(page, "Nothing changed since.") || !strings.Contains(page, "Planning is done.") {
		t.Error("the page does not say that it is frozen, and why")
	}
	view, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	known := view.AsOf().Known
	changesLocation(t, m.app)
	page = m.page(manager, "/scope")
	for _, want := range []string{"1 change since.", "Went out", `href="/entry/`, "Sold to its landlord.", "Freeze again"} {
		if !strings.Contains(page, want) {
			t.Errorf("after the change the page lacks %s", want)
		}
	}
	if p := m.page(manager, "/scope?known="+strconv.FormatInt(known, 10)); strings.Contains(p, "Sold to") || strings.Contains(p, "/scope/freeze") {
		t.Error("the past shows what came later, or offers to freeze")
	}
	for path, want := range map[string]int{"/scope?engagement=none": 422, "/start?id=none": 404} {
		if w := m.get(manager, path); w.Code != want {
			t.Errorf("%s: %d, expected %d", path, w.Code, want)
		}
	}
}

// The interview keeps answers on error, says what follows before anything is
// recorded, records it with the reasons, and a proposal becomes an engagement.
func TestStart(t *testing.T) {
	m := newMatrixHouse(t)
	if page := m.page(manager, "/start"); !strings.Contains(page, `name="services.0.service" value="payroll-processing"`) || strings.Contains(page, "Derived again") {
		t.Error("the questions do not begin with the services of the register")
	}
	form := url.Values{"services.0.name": {"Payroll processing"}, "services.0.service": {"payroll-processing"}, "services.0.effect": {"amounts"}, "services.0.asked": {"soc_1", "soc_2"},
		"issued": {"type_2"}, "issued_to": {"2024-12-31"}, "operated_months": {"x"}, "needs": {"operation"}, "do": {"record"}}
	wrong := m.post(manager, "/start", form)
	if wrong.Code != http.StatusUnprocessableEntity || !strings.Contains(wrong.Body.String(), "is not a whole number") || !strings.Contains(wrong.Body.String(), `value="2024-12-31"`) {
		t.Errorf("a number that is none: %d", wrong.Code)
	}
	form.Set("operated_months", "40")
	if w := m.post(manager, "/start", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "it does nothing with their transactions") || !strings.Contains(w.Body.String(), "1 answer is to be put right") {
		t.Errorf("answers that contradict each other: %d", w.Code)
	}
	form["services.0.does"] = []string{"record", "process"}
	form.Set("do", "see")
	reader := "elena-petrova"
	for _, who := range []string{manager, reader} {
		w := m.post(who, "/start", form)
		body := w.Body.String()
		for _, want := range []string{"SOC 1 and SOC 2", "Straight to Type II", "It is not recorded yet.", `href="#services.0.does"`, `<svg class="coverage"`, "1 Jan 2025 to 31 Dec 2025", "CC6.1"} {
			if w.Code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: %d, what follows lacks %s", who, w.Code, want)
			}
		}
		if offered := strings.Contains(body, "/start/use"); offered != (who == manager) {
			t.Errorf("%s is offered a proposal: %v", who, offered)
		}
	}
	if strings.Contains(m.page(manager, "/start"), "Derived again") {
		t.Error("looking at what follows recorded it")
	}
	before, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	form.Set("do", "record")
	if w := m.post(reader, "/start", form); w.Code != http.StatusForbidden {
		t.Errorf("a reader records: %d", w.Code)
	}
	if w := m.post(manager, "/start", form); w.Code != http.StatusSeeOther {
		t.Fatalf("recording: %d %s", w.Code, w.Body)
	}
	page := m.page(reader, "/start")
	if !strings.Contains(page, "Answered by Daniel Krawczyk on") || !strings.Contains(page, "Derived again from the answers, it says the same.") {
		t.Error("the page does not say who answered, and whether it still follows")
	}
	if p := m.page(manager, "/start?known="+strconv.FormatInt(before.AsOf().Known, 10)); strings.Contains(p, "Answered by") || strings.Contains(p, `name="do"`) {
		t.Error("the past shows what came later, or asks")
	}
	form.Set("surprise", "1")
	if w := m.post(manager, "/start", form); w.Code != http.StatusBadRequest {
		t.Errorf("a field that is none: %d", w.Code)
	}
	use := url.Values{"title": {"SOC 1 Type 2, next"}, "from": {"2026-01-01"}, "to": {"2026-12-31"}, "as_of": {""}, "engagement": {""}}
	if w := m.post(reader, "/start/use", use); w.Code != http.StatusForbidden {
		t.Errorf("a reader takes a proposal up: %d", w.Code)
	}
	w := m.post(manager, "/start/use", use)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/r/engagement/soc1-type-2-next" && !strings.HasPrefix(w.Header().Get("Location"), "/r/engagement/") {
		t.Fatalf("taking it up: %d %s %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if p := m.page(manager, w.Header().Get("Location")); !strings.Contains(p, "31 Dec 2026") {
		t.Error("the engagement has not the period proposed")
	}
	for name, v := range map[string]url.Values{"the same again": use, "no title": {"from": {"2026-01-01"}, "to": {"2026-12-31"}}, "no day": {"title": {"x"}, "from": {"2026-02-30"}, "to": {"2026-12-31"}}, "backwards": {"title": {"y"}, "from": {"2026-12-31"}, "to": {"2026-01-01"}}} {
		if w := m.post(manager, "/start/use", v); w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func clone(v url.Values) url.Values {
	out := url.Values{}
	for k, x := range v {
		out[k] = x
	}
	return out
}

// changesLocation takes a location out of the scope.
func changesLocation(t *testing.T, a *app.App) {
	t.Helper()
	view, err := a.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	loc, err := record.One[soc1.Location](t.Context(), view, "location", "rockford")
	if err != nil {
		t.Fatal(err)
	}
	loc.Value.InScope, loc.Value.Exclusion = false, "Sold to its landlord."
	if err := a.PutRecord(t.Context(), manager, app.RecordChange{Kind: "location", ID: "rockford", Revision: loc.Revision, Effective: "2025-01-01", Value: loc.Value, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
}
