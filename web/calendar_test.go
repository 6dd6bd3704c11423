package web

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

const operations = "peter-lindholm"

// performedHere lets a monthly control be performed here from September on: it
// compares two balances, Peter performs it and the manager reviews it.
func performedHere(t testing.TB, a *app.App) {
	t.Helper()
	v, err := a.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := record.One[soc1.Control](t.Context(), v, "control", "itgc-2-4")
	if err != nil {
		t.Fatal(err)
	}
	if k.Value.PerformedHere {
		return
	}
	k.Value.PerformedHere, k.Value.Performer, k.Value.Reviewer, k.Value.DueBusinessDays = true, operations, manager, 8
	k.Value.Checklist, k.Value.Balances = []string{"Each direct change has a ticket"}, []string{"Changes in the audit log", "Changes with a ticket"}
	if err := a.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "itgc-2-4", Revision: k.Revision, Effective: "2025-09-01", Value: k.Value, Reason: "Performed here."}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Perform(t.Context(), operations, september()); err != nil {
		t.Fatal(err)
	}
}

func september() app.Performing {
	return app.Performing{Control: "itgc-2-4", From: "2025-09-01", To: "2025-09-30", Outcome: soc1.PerformedExcept, Exceptions: "One change <b>had</b> no ticket until the next day.",
		Checklist: []soc1.ChecklistAnswer{{Text: "Each direct change has a ticket", Answer: soc1.StepNotDone, Remark: "One of 31"}},
		Reconciliation: soc1.Reconciliation{First: soc1.Money{Minor: 3100, Currency: "USD"}, Second: soc1.Money{Minor: 3000, Currency: "USD"},
			Items: []soc1.ReconcilingItem{{What: "Change of 29 September", Minor: 100, Since: "2025-09-29"}}}}
}

// TestCalendar shows what is present, late, to come and not in operation, narrows it,
// exports it, and leads to each occurrence.
func TestCalendar(t *testing.T) {
	m := newMatrixHouse(t)
	performedHere(t, m.app)
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "evidence", ID: "jan", Value: soc1.Evidence{Title: "=January", Controls: []string{"itgc-1-6"}, PeriodFrom: "2025-01-01", PeriodTo: "2025-01-31"}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	page := m.page(manager, "/calendar")
	for _, want := range []string{`aria-label="ITGC-1.6, Jan 2025: present"`, `aria-label="ITGC-1.6, Feb 2025: late"`, `aria-label="ITGC-1.6, Nov 2025: not yet due"`, `aria-label="ITGC-2.4, Sep 2025: present"`, `aria-label="ITGC-3.2, Feb 2025: 0 of 20 present, 20 late"`, "58 controls", "performed here"} {
		if !strings.Contains(page, want) {
			t.Errorf("the calendar lacks %s", want)
		}
	}
	if p := m.page(manager, "/calendar?asof=2025-01-31"); !strings.Contains(p, `aria-label="ITGC-1.6, Feb 2025: not yet due"`) || strings.Contains(p, `aria-label="ITGC-2.4, Sep 2025: present"`) && !strings.Contains(p, "as of 31 Jan 2025") {
		t.Error("on 31 January February is late")
	}
	if p := m.page(manager, "/calendar?owner="+owner+"&state=late&zoom=quarter"); !strings.Contains(p, "ITGC-1.6, Q1 2025") || strings.Contains(p, "PAY-3.2") || !strings.Contains(p, "1 of 3 present, 2 late") {
		t.Error("the calendar is not narrowed")
	}
	if p := m.page(manager, "/calendar?zoom=week&objective=itgc-1"); !strings.Contains(p, ">W01<") || strings.Contains(p, "ITGC-2.4") {
		t.Error("weeks of one objective")
	}
	for path, code := range map[string]int{"/calendar?zoom=day": 400, "/calendar?state=red": 400, "/calendar?rows=-1": 400, "/calendar/of/none": 404, "/calendar/of/itgc-1-6?from=soon": 400, "/calendar/measures?month=2031-01&what=close": 400, "/calendar/measures?month=2025-09&what=joy": 400} {
		if w := m.get(manager, path); w.Code != code {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(m.page(manager, "/calendar.csv?objective=itgc-1"), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(rows, func(r []string) bool { return r[1] == "ITGC-1.6" && r[7] == "2025-01-31" })
	if at < 0 || rows[at][9] != "Present" || rows[at][10] != "jan" || rows[at+1][9] != "Late" {
		t.Errorf("exported: %q", rows[max(at, 0)])
	}
	book, err := excelize.OpenReader(bytes.NewReader(m.get(manager, "/calendar.xlsx").Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := book.GetRows("Occurrences"); len(got) < 500 {
		t.Errorf("the workbook has %d rows", len(got))
	}

	// One occurrence: the evidence, or what can be done.
	of := m.page(manager, "/calendar/of/itgc-1-6?from=2025-01-01&to=2025-02-28")
	for _, want := range []string{"2 occurrences: 1 present, 1 late", `href="/r/evidence/jan"`, "Add evidence for Feb 2025", "Ask for it: Feb 2025"} {
		if !strings.Contains(of, want) {
			t.Errorf("the occurrences lack %s", want)
		}
	}
	if p := m.page("elena-petrova", "/calendar/of/itgc-1-6"); strings.Contains(p, "Add evidence for") || strings.Contains(p, "Ask for it") {
		t.Error("a reader is offered what is refused")
	}
	signed := m.page(manager, "/calendar/of/itgc-2-4")
	for _, want := range []string{"Performed with exceptions", "&lt;b&gt;had&lt;/b&gt;", "Waits for review", "USD 1.00", "31 to 60 days", `value="return"`, "/r/remediation/new?"} {
		if !strings.Contains(signed, want) {
			t.Errorf("what was signed lacks %s", want)
		}
	}
	if p := m.page(operations, "/calendar/of/itgc-2-4"); strings.Contains(p, `value="return"`) || !strings.Contains(p, "/calendar/of/itgc-2-4/perform?from=2025-10-01&amp;to=2025-10-31") {
		t.Error("the performer reviews, or is not offered October")
	}
	if p := m.page(manager, "/calendar/measures"); !strings.Contains(p, "0% (0 of 1)") && !strings.Contains(p, "100% (1 of 1)") {
		t.Error("nothing is measured")
	}
	if p := m.page(manager, "/calendar/measures?month=2025-09&what=on_time"); !strings.Contains(p, "ITGC-2.4, Sep 2025") {
		t.Error("a number leads to no record")
	}
}

// TestPerformByForm signs October from the inbox, keeps what was typed while something
// is wrong, and lets the reviewer return it with a reason.
func TestPerformByForm(t *testing.T) {
	m := newMatrixHouse(t)
	performedHere(t, m.app)
	inbox := m.page(operations, "/inbox")
	link := "/calendar/of/itgc-2-4/perform?from=2025-10-01&amp;to=2025-10-31"
	if !strings.Contains(inbox, link) || !strings.Contains(inbox, "Perform ITGC-2.4 for Oct 2025") || strings.Contains(inbox, "Evidence of ITGC-2.4") && !strings.Contains(inbox, "for Jan 2025") {
		t.Errorf("the inbox of the performer: %s", words(inbox))
	}
	path := "/calendar/of/itgc-2-4/perform"
	form := m.page(operations, path+"?from=2025-10-01&to=2025-10-31")
	for _, want := range []string{"Change of 29 September", "carried forward", "Sign as Peter Lindholm", "Then Daniel Krawczyk reviews it."} {
		if !strings.Contains(form, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if w := m.get(owner, path+"?from=2025-10-01&to=2025-10-31"); w.Code != http.StatusForbidden {
		t.Errorf("somebody else opens the form: %d", w.Code)
	}
	if w := m.get(operations, path+"?from=2025-10-02&to=2025-10-31"); w.Code != http.StatusBadRequest {
		t.Errorf("days that are no occurrence: %d", w.Code)
	}
	v := url.Values{"from": {"2025-10-01"}, "to": {"2025-10-31"}, "revision": {"2"}, "item.0": {"Each direct change has a ticket"}, "answer.0": {"done"}, "remark.0": {""}, "outcome": {"performed"}, "note": {"zebrafish"},
		"first": {"1,250.00"}, "second": {"1250"}, "currency": {"usd"}, "what.0": {"Change of 29 September"}, "amount.0": {"1.00"}, "since.0": {"2025-09-29"}, "cleared.0": {""}}
	for name, c := range map[string]struct{ field, value, want string }{
		"an amount that is none":   {"first", "12.345", "has more digits after the point than USD has"},
		"one read in two ways":     {"first", "1.250,00", "is not an amount"},
		"no currency":              {"currency", "dollars", "is not a currency code"},
		"an item without a day":    {"since.0", "", "Say since which day it has been open"},
		"an item left open":        {"cleared.0", "", "USD -1.00 of the difference unexplained"},
		"an unanswered item":       {"answer.0", "", "Answer the item"},
		"no outcome":               {"outcome", "", "Say what came of it"},
		"an outcome that is none":  {"outcome", "maybe", "outcome"},
		"a revision of other days": {"revision", "1", "was changed meanwhile"},
	} {
		bad := url.Values{}
		for k, x := range v {
			bad[k] = x
		}
		bad.Set(c.field, c.value)
		w := m.post(operations, path, bad)
		if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, c.want) || !strings.Contains(body, "zebrafish") {
			t.Errorf("%s: %d, and nothing says %q", name, w.Code, c.want)
		}
	}
	if w := m.post(operations, path, withValue(v, "more", "1")); w.Code != http.StatusOK || strings.Count(w.Body.String(), `name="what.`) < 6 {
		t.Errorf("more rows: %d", w.Code)
	}
	v.Set("cleared.0", "2025-10-06")
	if w := m.post(owner, path, v); w.Code != http.StatusForbidden && w.Code != http.StatusUnprocessableEntity {
		t.Errorf("somebody else signs: %d", w.Code)
	}
	if w := m.post(operations, path, v); w.Code != http.StatusSeeOther {
		t.Fatalf("signing: %d %s", w.Code, words(w.Body.String()))
	}
	if p := m.page(manager, "/inbox"); !strings.Contains(p, "Review ITGC-2.4") || !strings.Contains(p, "for Oct 2025") {
		t.Error("nothing waits for the reviewer")
	}
	review := url.Values{"from": {"2025-10-01"}, "to": {"2025-10-31"}, "revision": {"1"}, "decision": {"return"}, "remark": {"no"}}
	if w := m.post(manager, "/calendar/of/itgc-2-4/review", review); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), ">no</textarea>") {
		t.Errorf("returned without a reason: %d", w.Code)
	}
	review.Set("remark", "The change of 29 September is cleared by which ticket?")
	if w := m.post(manager, "/calendar/of/itgc-2-4/review", review); w.Code != http.StatusSeeOther {
		t.Errorf("returned: %d %s", w.Code, words(w.Body.String()))
	}
	if p := m.page(operations, "/inbox"); !strings.Contains(p, "It was returned: The change of 29 September is cleared by which ticket?") {
		t.Error("the performer does not learn why")
	}
	if p := m.page(manager, "/calendar"); !strings.Contains(p, `aria-label="ITGC-2.4, Oct 2025: late"`) {
		t.Error("what was returned counts as evidence")
	}
	for _, bad := range []url.Values{{"to": {"2025-10-31"}, "decision": {"burn"}}, {"to": {"2025-12-31"}, "decision": {"accept"}}} {
		if w := m.post(manager, "/calendar/of/itgc-2-4/review", bad); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
}

func withValue(v url.Values, name, value string) url.Values {
	out := url.Values{name: {value}}
	for k, x := range v {
		if k != name {
			out[k] = x
		}
	}
	return out
}

// TestCalendarPages looks at its pages as TestPages looks at all of them, moves through
// the grid by arrows, and performs a control on a phone in four steps.
func TestCalendarPages(t *testing.T) {
	h := live(t)
	performedHere(t, h.app)
	p, phone := h.door(t).as(t, h, manager), h.door(t).as(t, h, operations)
	n := 0
	for _, pg := range pages(t, h) {
		if strings.Contains(pg.pattern, "/calendar") {
			map[string]*person{manager: p, operations: phone}[pg.who].inspect(t, pg)
			n++
		}
	}
	if n < 6 {
		t.Fatalf("only %d lines of pages are about the calendar", n)
	}
	p.Dark(false)
	p.Size(1280, 800)
	p.open("/calendar?state=late")
	p.TabTo(`#calendar tbody a[tabindex="0"]`)
	for _, key := range []string{"End", "ArrowDown", "Home", "ArrowRight", "ArrowRight"} {
		p.Press(key)
	}
	if got := browsertest.Eval[string](p.Tab, `document.activeElement.ariaLabel ?? ""`); !strings.Contains(got, ", Feb 2025: ") {
		t.Errorf("the arrows lead to %q", got)
	}
	p.Press("Enter")
	p.Wait("the occurrence", `location.pathname.startsWith("/calendar/of/") && document.readyState === "complete"`)
	p.fine(t)

	phone.Dark(false)
	phone.Size(390, 844)
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := record.One[soc1.Control](t.Context(), v, "control", "itgc-2-4")
	if err != nil {
		t.Fatal(err)
	}
	// Without balances it is what most controls are.
	k.Value.Balances = nil
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "itgc-2-4", Revision: k.Revision, Effective: "2025-11-01", Value: k.Value, Reason: "No balances."}); err != nil {
		t.Fatal(err)
	}
	phone.open("/calendar/of/itgc-2-4/perform?from=2025-11-01&to=2025-11-30") // 1: the link of the mail
	tap := func(selector string) { phone.Do(`document.querySelector(%s).click()`, selector) }
	tap(`[name="answer.0"][value=done]`) // 2: the checklist
	tap(`[name=outcome][value=performed]`)
	phone.Picture("perform-390")
	tap(`#sign`) // 4: the signature
	phone.Wait("that it is signed", `location.pathname === "/calendar/of/itgc-2-4" && document.readyState === "complete" && document.body.textContent.includes("Performed without exception")`)
	phone.fine(t)
}

// BenchmarkCalendar is the first hundred rows of a large calendar.
func BenchmarkCalendar(b *testing.B) { benchmarkCalendar(b, "/calendar") }

// BenchmarkCalendarWeeks has fifty-three columns.
func BenchmarkCalendarWeeks(b *testing.B) { benchmarkCalendar(b, "/calendar?zoom=week") }

func benchmarkCalendar(b *testing.B, path string) {
	m := large(b)
	m.route("GET /calendar")
	m.page(manager, path)
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Who", manager)
		w := httptest.NewRecorder()
		m.h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// TestOwnEvidenceIsFiled records what the program shows about itself from the page.
func TestOwnEvidenceIsFiled(t *testing.T) {
	m := newMatrixHouse(t)
	if p := m.page(manager, "/calendar/measures"); !strings.Contains(p, "File the lists as evidence") || strings.Contains(p, "Filed up to") {
		t.Error("the manager is not offered the lists")
	}
	if p := m.page("elena-petrova", "/calendar/measures"); strings.Contains(p, "File the lists as evidence") {
		t.Error("a reader is offered what would be refused")
	}
	if w := m.post("elena-petrova", "/calendar/own", url.Values{"engagement": {"soc1-2025"}}); w.Code != http.StatusForbidden {
		t.Errorf("a reader files with %d", w.Code)
	}
	if w := m.post(manager, "/calendar/own", url.Values{"engagement": {"absent"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("of no report it answers %d", w.Code)
	}
	if w := m.post(manager, "/calendar/own", url.Values{"engagement": {"soc1-2025"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/r/evidence/own-soc1-2025" {
		t.Fatalf("it answers %d, %s", w.Code, w.Header().Get("Location"))
	}
	if p := m.page(manager, "/calendar/measures"); !strings.Contains(p, "Filed up to 20 Nov 2025") {
		t.Error("what was filed is not named")
	}
}
