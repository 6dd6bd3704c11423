package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// planOwnerless takes the owner off a control and plans to give it one.
func planOwnerless(t *testing.T, m *matrixHouse) {
	t.Helper()
	c := m.control("pay-5-1")
	c.Value.Owner = ""
	for _, x := range []app.RecordChange{{Kind: "control", ID: "pay-5-1", Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"},
		{Kind: "remediation", ID: "owner", Value: soc1.Remediation{Title: "Name an owner", Owner: manager, Due: "2025-01-31", Steps: []soc1.RemediationStep{{Text: "Ask"}},
			Findings: []soc1.AnsweredFinding{{Rule: "CTL-02", Kind: "control", Record: "pay-5-1", Field: "owner"}}}, Reason: "x"},
		{Kind: "remediation", ID: "after", Value: soc1.Remediation{Title: "Train them", Owner: "elena-petrova", Due: "2030-01-31", DependsOn: []string{"owner"},
			Findings: []soc1.AnsweredFinding{{Rule: "CTL-02", Kind: "control", Record: "pay-5-1", Field: "owner"}}}, Reason: "x"}} {
		if err := m.app.PutRecord(t.Context(), manager, x); err != nil {
			t.Fatal(err)
		}
	}
}

// A finding leads to a form that names it, and then to its plan; the board closes a
// plan when its rule is silent, and asks for an explanation before that.
func TestRemediation(t *testing.T) {
	m := newMatrixHouse(t)
	c := m.control("pay-5-2")
	c.Value.Owner = ""
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-5-2", Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	planOwnerless(t, m)
	gaps := m.page(manager, "/gaps?group=CTL")
	if !strings.Contains(gaps, ">Planned: Name an owner<") && !strings.Contains(gaps, ">Planned: Train them<") {
		t.Error("a finding that a plan answers does not lead to it")
	}
	at := strings.Index(gaps, `/r/remediation/new?`)
	if at < 0 {
		t.Fatal("no finding leads to a new plan")
	}
	href := strings.ReplaceAll(gaps[at:at+strings.Index(gaps[at:], `"`)], "&amp;", "&")
	form := m.page(manager, href)
	for _, want := range []string{`name="findings.0.rule"`, `value="CTL-02"`, `value="pay-5-2"`, `value="owner"`} {
		if !strings.Contains(form, want) {
			t.Errorf("the form of %s lacks %s", href, want)
		}
	}
	reader := "elena-petrova"
	if p := m.page(reader, "/gaps?group=CTL"); strings.Contains(p, "/r/remediation/new") {
		t.Error("a reader is offered to plan")
	}
	if p := m.page(reader, "/remediation"); strings.Contains(p, "/remediation/close") || !strings.Contains(p, "Name an owner") {
		t.Error("a reader is offered to close, or sees no plan")
	}
	board := m.page(manager, "/remediation")
	for _, want := range []string{"days overdue", "not closed yet", "0 of 1 matter settled", "2 open · 1 overdue · 0 closed"} {
		if !strings.Contains(board, want) {
			t.Errorf("the board lacks %q", want)
		}
	}
	if p := m.page(manager, "/remediation?owner=elena-petrova"); strings.Contains(p, `id="plan-owner"`) || !strings.Contains(p, `id="plan-after"`) {
		t.Error("the board is not narrowed to an owner")
	}
	if p := m.page(manager, "/remediation?view=timeline"); !strings.Contains(p, "<svg") || !strings.Contains(p, "comes after") {
		t.Error("the timeline draws nothing, or names no dependency")
	}
	values := url.Values{"plan": {"owner"}, "explanation": {"soon"}, "back": {"/remediation#plan-owner"}}
	if w := m.post(reader, "/remediation/close", values); w.Code != http.StatusForbidden {
		t.Errorf("a reader closes: %d", w.Code)
	}
	w := m.post(manager, "/remediation/close", values)
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, "PAY-5.1 has no owner.") || !strings.Contains(page, ">soon</textarea>") {
		t.Errorf("closing while the rule fires: %d %s", w.Code, words(w.Body.String()))
	}
	if w := m.post(manager, "/remediation/close", url.Values{"plan": {"none"}, "back": {"/remediation"}}); w.Code != http.StatusNotFound {
		t.Errorf("a plan that there is not: %d", w.Code)
	}
	values.Set("explanation", "Its owner begins in March, and until then Daniel performs it.")
	if w := m.post(manager, "/remediation/close", values); w.Code != http.StatusSeeOther {
		t.Fatalf("closing with an explanation: %d %s", w.Code, words(w.Body.String()))
	}
	if p := m.page(reader, "/remediation"); !strings.Contains(p, "Closed with an explanation: Its owner begins in March") {
		t.Error("the explanation is not shown")
	}
	if w := m.get(manager, "/remediation?view=list"); w.Code != http.StatusBadRequest {
		t.Errorf("a view that there is not: %d", w.Code)
	}
}

// TestRemediationPages looks at the board and the timeline as TestPages looks at all
// pages, and closes a plan by the keyboard.
func TestRemediationPages(t *testing.T) {
	h := live(t)
	for _, x := range []app.RecordChange{
		{Kind: "remediation", ID: "first", Value: soc1.Remediation{Title: "Put reports on record", Owner: manager, Due: "2025-01-31", Begin: "2025-01-01", HoursActual: 3, Steps: []soc1.RemediationStep{{Text: "List them", DoneOn: "2025-01-10"}, {Text: "Test them"}},
			Findings: []soc1.AnsweredFinding{{Rule: "CTL-08", Kind: "control", Record: "pay-1-1", Field: "information_used"}, {Rule: "RPT-05", Kind: "engagement", Record: "soc1-2025"}}}, Reason: "x"},
		{Kind: "remediation", ID: "second", Value: soc1.Remediation{Title: "Then compare them", Owner: manager, Due: "2026-12-31", DependsOn: []string{"first"},
			Findings: []soc1.AnsweredFinding{{Rule: "RPT-10", Kind: "engagement", Record: "soc1-2025"}}}, Reason: "x"}} {
		if err := h.site.app.PutRecord(t.Context(), manager, x); err != nil {
			t.Fatal(err)
		}
	}
	p := h.door(t).as(t, h, manager)
	n := 0
	for _, pg := range pages(t, h) {
		if strings.HasPrefix(pg.pattern, "GET /remediation") {
			p.inspect(t, pg)
			n++
		}
	}
	if n != 2 {
		t.Fatalf("%d lines of pages are about remediation", n)
	}
	p.Size(1280, 800)
	p.open("/remediation")
	p.TabTo(`#plan-second .closes summary`)
	p.Press("Enter")
	p.Wait("the form", `document.querySelector("#plan-second .closes").open`)
	p.TabTo(`#plan-second .closes button`)
	p.Press("Enter")
	p.Wait("the question", `document.querySelector("#plan-second [role=alert]") && document.readyState === "complete"`)
	if !browsertest.Eval[bool](p.Tab, `document.activeElement.id === "explain-plan-second"`) {
		t.Error("the field to correct has no focus")
	}
	p.Do(`document.querySelector("#explain-plan-second").value = "The file belongs to the firm, which assembles it by itself."; document.querySelector("#plan-second .closes form").requestSubmit()`)
	p.Wait("the closing", `document.querySelector("#stage-closed").parentElement.textContent.includes("Closed with an explanation")`)
}
