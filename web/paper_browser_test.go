package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

const tester, senior = "jonas-adeyemi", "mei-rosario"

var gridOnce sync.Mutex

// gridTest is a test item by item with attributes of the auditor's, made by whoever asks
// first.
func gridTest(t testing.TB, a *app.App, ledger, id string, attributes int) string {
	t.Helper()
	gridOnce.Lock()
	defer gridOnce.Unlock()
	ctx := context.Background()
	if _, err := a.Record(ctx, partner, ledger, "test_of_control", id, record.AsOf{}); err == nil {
		return id
	}
	test := soc1.TestOfControl{Code: strings.ToUpper(id), Engagement: "soc1-2025", Control: "pay-3-1", By: soc1.ByAuditor, WindowFrom: "2025-01-01", WindowTo: "2025-12-31",
		Method: soc1.ObservationOnly, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected the signed time sheets."}}}
	put := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		t.Helper()
		if err := a.PutRecord(ctx, partner, app.RecordChange{Ledger: ledger, Kind: kind, ID: id, Value: v, Reason: "Planned."}); err != nil {
			t.Fatal(err)
		}
	}
	put("test_of_control", id, test)
	for i := range attributes {
		code := string(rune('A' + i))
		put("attribute", id+"-"+strings.ToLower(code), soc1.Attribute{Test: id, Code: code, Text: "What is looked for, " + code, Manual: true, Order: i})
	}
	return id
}

// results are the cells on record of a test.
func (h *liveHouse) results(t testing.TB, test string) map[string]soc1.Outcome {
	t.Helper()
	p, err := h.app.Paper(t.Context(), partner, h.exam, test, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]soc1.Outcome{}
	for _, it := range p.Items {
		for i, c := range it.Cells {
			if c != nil {
				out[it.Key+" "+p.Attributes[i].Value.Code] = c.Value.Outcome
			}
		}
	}
	return out
}

const allRecorded = `document.getElementById("paper-saved").textContent === "All recorded"`

// TestPaperByKeys fills a grid by the keyboard: keys, ranges, filling down, a slip put
// right before it is on record and another after, with a reason; another person sees it
// and where one is; what could not be sent is sent by the next page.
func TestPaperByKeys(t *testing.T) {
	h := live(t)
	id := gridTest(t, h.app, h.exam, "t-grid", 3)
	path := "/x/" + h.exam + "/papers/" + id
	d := h.door(t)
	p := d.as(t, h, tester)
	p.Dark(false)
	p.Size(1280, 800)
	p.open(path)
	for i := range 4 {
		p.TabTo("#paper-add")
		p.Type(fmt.Sprintf("TS-%d", i+1))
		p.Press("Enter")
	}
	p.Wait("the items", `document.querySelectorAll("#paper tbody tr").length === 4`)
	p.Press("Control+Home")
	// A slip is put right before it is sent.
	p.Press("f")
	p.Press("Control+z")
	p.Press("p")
	p.Press("ArrowRight")
	p.Press("n")
	p.Press("ArrowRight")
	p.Press("t")
	// The next open cell is the first of the second item; a range passes as a whole.
	p.Press("j")
	p.Press("Shift+ArrowRight")
	p.Press("p")
	p.Wait("the record", allRecorded)
	want := map[string]soc1.Outcome{"TS-1 A": soc1.Pass, "TS-1 B": soc1.NotApplicable, "TS-1 C": soc1.CannotTell, "TS-2 A": soc1.Pass, "TS-2 B": soc1.Pass}
	if got := h.results(t, id); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("recorded are %v, wanted %v", got, want)
	}
	// Filled down, the open cells below take it.
	p.Press("ArrowLeft")
	p.Press("Control+d")
	p.Wait("the record", allRecorded)
	if got := h.results(t, id); got["TS-3 A"] != soc1.Pass || got["TS-4 A"] != soc1.Pass {
		t.Errorf("filled down are %v", got)
	}

	// Another person sees it, and where one is.
	other := d.as(t, h, senior)
	other.Size(1280, 800)
	other.open(path)
	other.Wait("where the first is", `document.querySelector("td.a .flag")?.textContent === "Jonas"`)
	p.Press("ArrowDown")
	p.Press("ArrowRight")
	p.Press("f")
	other.Wait("what the first found", `[...document.querySelectorAll("#paper tbody tr")][2].querySelector("td[data-a=B]").dataset.o === "fail"`)
	p.Wait("the record", allRecorded)

	// What is on record is changed with a reason, or left.
	p.Press("p")
	p.Wait("the question", `document.querySelector("dialog.pp-why[open] textarea") === document.activeElement`)
	for _, s := range p.Axe(browsertest.All) {
		t.Error(s)
	}
	p.Type("The sheet is signed on its second page.")
	p.Press("Tab")
	p.Press("Enter")
	p.Wait("the record", allRecorded)
	if got := h.results(t, id)["TS-3 B"]; got != soc1.Pass {
		t.Errorf("changed with a reason, it is %q", got)
	}
	p.Press("Backspace")
	p.Wait("the question", `document.querySelector("dialog.pp-why[open]")`)
	p.Press("Escape")
	p.Wait("that it stays", `!document.querySelector("dialog.pp-why") && paper.at.dataset.o === "pass" && !paper.unsent`)

	// A note, by keys alone.
	p.Press("m")
	p.Type("Seen with the supervisor.")
	p.Press("Control+Enter")
	p.Wait("the note", `paper.at.hasAttribute("data-more") && `+allRecorded)

	// A file is attached beside the grid, and the cell rests on it.
	sheet := filepath.Join(t.TempDir(), "sheet.csv")
	if err := os.WriteFile(sheet, []byte("person,signed\nA,2025-06-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Files("#cell-file", sheet)
	p.Wait("the evidence", `document.querySelector(".pp-ev a")?.textContent.includes("sheet.csv") && `+allRecorded)

	p.Do(`window.kept = window.fetch; window.fetch = () => Promise.reject(new Error("no network"))`)
	p.Press("ArrowRight")
	p.Press("p")
	p.Wait("that it is not recorded", `document.getElementById("paper-saved").textContent.includes("stays in this browser")`)
	if got := h.results(t, id)["TS-3 C"]; got != "" {
		t.Fatalf("without a network, recorded is %q", got)
	}
	// The browser closes, and another page of it goes on.
	p.Do(`window.sendBeacon = navigator.sendBeacon = () => false`)
	p.open(path)
	p.Wait("the record", allRecorded)
	if got := h.results(t, id)["TS-3 C"]; got != soc1.Pass {
		t.Errorf("what was kept was not sent: %q", got)
	}

	p.inspect(t, page{pattern: "GET /x/{ledger}/papers/{test}", path: path})
	p.fine(t)
	other.fine(t)
}

// TestPaperIsSigned: a preparer, then a reviewer; a change reopens it and the page says
// what it was.
func TestPaperIsSigned(t *testing.T) {
	h := live(t)
	id := gridTest(t, h.app, h.exam, "t-signed", 1)
	path := "/x/" + h.exam + "/papers/" + id
	enter := func(who string, e app.CellEntry) {
		t.Helper()
		out, err := h.app.EnterCells(t.Context(), who, h.exam, id, []app.CellEntry{e})
		if err != nil || out[0].Problem != "" {
			t.Fatal(err, out)
		}
	}
	enter(tester, app.CellEntry{Item: "TS-1", Attribute: "A", Outcome: soc1.Pass})
	d := h.door(t)
	p, q := d.as(t, h, tester), d.as(t, h, partner)
	p.open(path)
	p.Do(`document.querySelector("form[action$='/sign'] button").click()`)
	p.Wait("the signature", `document.getElementById("paper-signs").textContent.includes("Prepared by Jonas Adeyemi") && document.readyState === "complete"`)
	q.open(path)
	q.Do(`[...document.querySelectorAll("form[action$='/sign']")].find((f) => f.elements.as.value === "reviewer").querySelector("button").click()`)
	q.Wait("the review", `document.getElementById("paper-signs").textContent.includes("Reviewed by Helen Marchetti") && document.readyState === "complete"`)
	enter(senior, app.CellEntry{Item: "TS-2", Attribute: "A", Outcome: soc1.Pass})
	q.Wait("that it is open again", `document.getElementById("paper-bar").textContent.includes("Reopened") && document.getElementById("paper-signs").textContent.includes("Changed since")`)
	// A page that did not see the change does not sign it.
	p.Do(`const f = document.createElement("form"); f.method = "post"; f.action = location.pathname + "/sign";
		for (const [k, v] of [["as", "preparer"], ["seen", "0".repeat(64)]]) { const i = document.createElement("input"); i.name = k; i.value = v; f.append(i); } document.body.append(f); f.submit()`)
	p.Wait("the refusal", `document.querySelector("[role=alert]")?.textContent.includes("changed meanwhile") && document.readyState === "complete"`)
	q.fine(t)
}

// TestPaperExports writes the grid and what stands around it, and keeps management out.
func TestPaperExports(t *testing.T) {
	h := live(t)
	id := gridTest(t, h.app, h.exam, "t-exported", 2)
	note := "=1+1"
	if _, err := h.app.EnterCells(t.Context(), tester, h.exam, id, []app.CellEntry{{Item: "TS-1", Attribute: "A", Outcome: soc1.Fail, Note: &note}, {Item: "TS-1", Attribute: "B", Outcome: soc1.Pass}}); err != nil {
		t.Fatal(err)
	}
	path := "/x/" + h.exam + "/papers/" + id
	w := h.asked(t, partner, "GET", path+"/xlsx", nil)
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("Paper")
	if err != nil || len(rows) != 2 || !slices.Equal(rows[0][:4], []string{"#", "Item", "Stratum", "A"}) || rows[1][1] != "TS-1" || rows[1][3] != "Fail" || !strings.HasPrefix(rows[1][4], "=1+1 · Jonas Adeyemi") || rows[1][7] != "Exception" {
		t.Errorf("the sheet holds %q, %v", rows, err)
	}
	if f, err := book.GetCellFormula("Paper", "E2"); err != nil || f != "" {
		t.Errorf("a note became the formula %q, %v", f, err)
	}
	about, err := book.GetRows("About")
	if err != nil || !slices.ContainsFunc(about, func(l []string) bool { return l[0] == "Procedure 1, inspection" }) {
		t.Errorf("about holds %q, %v", about, err)
	}
	if csv := h.asked(t, partner, "GET", path+"/csv", nil).Body.String(); !strings.Contains(csv, "TS-1") || strings.Contains(csv, ",=1+1") {
		t.Errorf("the text is %q", csv)
	}
	for _, at := range []string{"", "/cells", "/items", "/csv", "/xlsx"} {
		if w := h.asked(t, manager, "GET", path+at, nil); w.Code != 404 {
			t.Errorf("management reads the auditor's paper%s: %d", at, w.Code)
		}
	}
	for _, at := range []string{"/cells", "/sign", "/run"} {
		if w := h.asked(t, manager, "POST", path+at, map[string]string{"cells": "[]", "as": "preparer"}); w.Code != 404 {
			t.Errorf("management posts to the auditor's paper%s: %d", at, w.Code)
		}
	}
	for body, want := range map[string]int{"": 400, "{": 400, "[]": 200} {
		if w := h.asked(t, tester, "POST", path+"/cells", map[string]string{"cells": body}); w.Code != want {
			t.Errorf("cells %q: %d, wanted %d", body, w.Code, want)
		}
	}
}

// TestDecideInPaper confirms and dismisses exceptions on the paper: who may not is told
// so, what is missing is asked for with what was typed, and nothing is decided twice.
func TestDecideInPaper(t *testing.T) {
	h := live(t)
	id := gridTest(t, h.app, h.exam, "t-decided", 1)
	path := "/x/" + h.exam + "/papers/" + id
	if _, err := h.app.EnterCells(t.Context(), tester, h.exam, id, []app.CellEntry{{Item: "TS-1", Attribute: "A", Outcome: soc1.Fail}, {Item: "TS-2", Attribute: "A", Outcome: soc1.Fail}}); err != nil {
		t.Fatal(err)
	}
	exceptions := func() []record.Typed[soc1.Exception] {
		p, err := h.app.Paper(t.Context(), partner, h.exam, id, record.AsOf{})
		if err != nil || len(p.Exceptions) < 2 {
			t.Fatalf("%v, exceptions %v", err, p.Exceptions)
		}
		return p.Exceptions
	}
	first := exceptions()[0].ID
	if w := h.asked(t, tester, "GET", path, nil); !strings.Contains(w.Body.String(), "To decide") || strings.Contains(w.Body.String(), "decide-reason") {
		t.Error("staff sees no exception to decide, or the form")
	}
	confirm := map[string]string{"x": first, "status": "confirmed", "reason": "The sheet is not signed. zebrafish"}
	if w := h.asked(t, tester, "POST", path+"/exceptions", confirm); w.Code != http.StatusForbidden {
		t.Errorf("staff decides: %d", w.Code)
	}
	if w := h.asked(t, manager, "POST", path+"/exceptions", confirm); w.Code != http.StatusNotFound {
		t.Errorf("management decides for the auditor: %d", w.Code)
	}
	for _, c := range []struct {
		form map[string]string
		want string
	}{
		{map[string]string{"x": first, "reason": "zebrafish"}, "confirmed or dismissed"},
		{map[string]string{"status": "confirmed", "reason": "zebrafish"}, "Choose the exceptions"},
		{map[string]string{"x": first, "status": "confirmed", "fact": "zebrafish"}, "Say why"},
		{map[string]string{"x": first, "status": "dismissed", "reason": "zebrafish"}, "does not say what shows"},
	} {
		w := h.asked(t, partner, "POST", path+"/exceptions", c.form)
		if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, c.want) || c.form["reason"]+c.form["fact"] != "" && !strings.Contains(body, "zebrafish</textarea>") {
			t.Errorf("%v: %d, without %q or without what was typed", c.form, w.Code, c.want)
		}
	}
	if w := h.asked(t, partner, "POST", path+"/exceptions", confirm); w.Code != http.StatusSeeOther {
		t.Fatalf("the partner confirms: %d %s", w.Code, w.Body)
	}
	if w := h.asked(t, partner, "POST", path+"/exceptions", confirm); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "meanwhile") {
		t.Errorf("decided twice: %d", w.Code)
	}
	rest := map[string]string{"group": "A", "status": "dismissed", "reason": "The sheet was signed on paper.", "evidence": "Inspected the paper sheet of 7 May 2025, signed by the supervisor."}
	if w := h.asked(t, partner, "POST", path+"/exceptions", rest); w.Code != http.StatusSeeOther {
		t.Fatalf("the rest of the attribute: %d %s", w.Code, w.Body)
	}
	for _, x := range exceptions() {
		want := soc1.Dismissed
		if x.ID == first {
			want = soc1.Confirmed
		}
		if x.Value.Status != want || x.Value.DecidedBy != partner {
			t.Errorf("exception %s is %s by %s", x.ID, x.Value.Status, x.Value.DecidedBy)
		}
	}
	// By keys alone, on a paper with a new exception.
	if _, err := h.app.EnterCells(t.Context(), tester, h.exam, id, []app.CellEntry{{Item: "TS-3", Attribute: "A", Outcome: soc1.Fail}}); err != nil {
		t.Fatal(err)
	}
	p := h.door(t).as(t, h, partner)
	p.Dark(false)
	p.Size(1280, 800)
	p.open(path)
	p.fine(t)
	p.TabTo(`#paper-decide [name=x]`)
	p.Press(" ")
	p.TabTo(`#paper-decide [value=confirmed]`)
	p.Press(" ")
	p.TabTo("#decide-reason")
	p.Type("The sheet bears no signature.")
	p.TabTo("#paper-decide button")
	p.Press("Enter")
	p.Wait("the decision", `!document.querySelector("#paper-decide form") && document.body.textContent.includes("recorded in your name")`)
	// The paper of another test decides none of this one.
	other := gridTest(t, h.app, h.exam, "t-decided-other", 1)
	if w := h.asked(t, partner, "POST", "/x/"+h.exam+"/papers/"+other+"/exceptions", confirm); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "another test") {
		t.Errorf("decided from another paper: %d", w.Code)
	}
}

// asked sends a request as somebody, with a form where there is one.
func (h *liveHouse) asked(t testing.TB, who, method, path string, form map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	v := url.Values{}
	for k, x := range form {
		v.Set(k, x)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(v.Encode()))
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.AddCookie(&http.Cookie{Name: h.site.sessionCookie(), Value: h.token(t, who)})
	w := httptest.NewRecorder()
	h.site.Handler().ServeHTTP(w, r)
	return w
}
