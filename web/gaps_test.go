package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
)

var findingRule = regexp.MustCompile(`<span class="mono idc">([A-Z]{3}-\d\d)</span>`)

// The page lists what the rules find, leads to the field, and lets those accept a
// finding who may; it is refused to whoever reads a part.
func TestGaps(t *testing.T) {
	m := newMatrixHouse(t)
	c := m.control("pay-5-1")
	c.Value.Owner = ""
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-5-1", Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	page := m.page(manager, "/gaps?group=CTL")
	if !strings.Contains(page, "PAY-5.1 has no owner.") || !strings.Contains(page, `href="/r/control/pay-5-1/edit?focus=owner"`) {
		t.Fatalf("the control without an owner is not listed with the way to its field:\n%s", page)
	}
	for _, x := range findingRule.FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(x[1], "CTL-") {
			t.Errorf("the group of rules on controls shows %s", x[1])
		}
	}
	// Whoever may not accept is offered nothing, and refused.
	form := url.Values{"rule": {"CTL-02"}, "kind": {"control"}, "id": {"pay-5-1"}, "field": {"owner"}, "reason": {"He begins in December."}, "until": {"2025-12-31"}, "back": {"/gaps"}}
	reader := "elena-petrova"
	if p := m.page(reader, "/gaps?group=CTL"); strings.Contains(p, "/gaps/accept") || strings.Contains(p, "edit?focus") {
		t.Error("a reader is offered what would be refused")
	}
	if w := m.post(reader, "/gaps/accept", form); w.Code != http.StatusForbidden {
		t.Errorf("a reader accepts: %d", w.Code)
	}
	for name, bad := range map[string]string{"until": "2025-02-30", "rule": "CTL-99", "id": "pay-5-2", "reason": " "} {
		v := url.Values{}
		for k, x := range form {
			v[k] = x
		}
		v.Set(name, bad)
		w := m.post(manager, "/gaps/accept", v)
		page := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) || strings.Contains(page, "reperform gaps") {
			t.Errorf("%s %q: %d %s", name, bad, w.Code, words(page))
		}
		// What was typed stands in its form, which is open, and what is wrong beside it.
		if kept := strings.Contains(page, ">He begins in December.</textarea>") && strings.Contains(page, `<details class="accept" open`); kept != (name == "until") {
			t.Errorf("%s %q: the form of the finding with what was typed: %t", name, bad, kept)
		}
	}
	if w := m.post(manager, "/gaps/accept", form, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
	if w := m.post(manager, "/gaps/accept", form); w.Code != http.StatusSeeOther {
		t.Fatalf("accepting: %d %s", w.Code, w.Body)
	}
	if p := m.page(reader, "/gaps?group=CTL"); !strings.Contains(p, "Accepted by Daniel Krawczyk until 31 Dec 2025: He begins in December.") {
		t.Error("the page does not say who accepted it until when and why")
	}
	// What is accepted is not counted as open, and stands after what is.
	now := m.page(manager, "/gaps?group=CTL")
	if open := count(strings.Count(now, "Put it right</a>")-1, "open finding") + ", 1 accepted"; !strings.Contains(now, open) || strings.LastIndex(now, "Put it right</a>") < strings.Index(now, "Accepted by Daniel") {
		t.Errorf("the page does not say %q, or the accepted one stands before an open one", open)
	}
	if !strings.Contains(now, `aria-describedby="until-gap-`) {
		t.Error("what is wrong with a field is not tied to it")
	}
	// Who may accept may withdraw, with a reason; it is open again.
	id := regexp.MustCompile(`name="id" value="(accept-[0-9a-f]+)"`).FindStringSubmatch(now)
	if id == nil {
		t.Fatal("the acceptance cannot be withdrawn")
	}
	back := url.Values{"id": {id[1]}, "reason": {"She will not come."}, "back": {"/gaps"}}
	if w := m.post(reader, "/gaps/withdraw", back); w.Code != http.StatusForbidden {
		t.Errorf("a reader withdraws: %d", w.Code)
	}
	if w := m.post(manager, "/gaps/withdraw", url.Values{"id": {id[1]}, "reason": {" "}, "back": {"/gaps"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", w.Code)
	}
	if w := m.post(manager, "/gaps/withdraw", back); w.Code != http.StatusSeeOther {
		t.Fatalf("withdrawing: %d %s", w.Code, w.Body)
	}
	if w := m.post(manager, "/gaps/withdraw", back); w.Code != http.StatusNotFound {
		t.Errorf("withdrawing twice: %d", w.Code)
	}
	if p := m.page(manager, "/gaps?group=CTL"); strings.Contains(p, "Accepted by") || !strings.Contains(p, "PAY-5.1 has no owner.") {
		t.Error("what was withdrawn is accepted still")
	}
	if w := m.post(manager, "/gaps/accept", form); w.Code != http.StatusSeeOther {
		t.Fatalf("accepting again: %d %s", w.Code, w.Body)
	}
	// The day before, nobody had.
	v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	before := v.AsOf().Known - 3
	if p := m.page(manager, "/gaps?group=CTL&known="+strconv.FormatInt(before, 10)); strings.Contains(p, "Accepted by") || strings.Contains(p, "/gaps/accept") {
		t.Error("the past shows what came later, or offers to change it")
	}
	for path, want := range map[string]int{"/gaps?severity=grave": 400, "/gaps?group=XYZ": 400, "/gaps?engagement=none": 422, "/x/exam-soc1-2025/gaps": 404} {
		if w := m.get(manager, path); w.Code != want {
			t.Errorf("%s: %d, expected %d", path, w.Code, want)
		}
	}
}

// The list is exported as it is narrowed, harmless to a spreadsheet; the draft and
// the files are looked at when asked for; the page says how the numbers moved.
func TestGapsExported(t *testing.T) {
	m := newMatrixHouse(t)
	c := m.control("pay-5-1")
	c.Value.Owner, c.Value.Code = "", "=PAY-5.1"
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-5-1", Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	page := m.page(manager, "/gaps?group=CTL")
	if !strings.Contains(page, `href="/gaps.xlsx?engagement=`) && !strings.Contains(page, `href="/gaps.xlsx?group=CTL"`) || !strings.Contains(page, `href="/gaps?deep=1&amp;group=CTL"`) {
		t.Errorf("the page does not lead to its exports and to the draft: %s", words(page))
	}
	shown := len(findingRule.FindAllString(page, -1))
	w := m.get(manager, "/gaps.csv?group=CTL")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != shown+1 || rows[0][0] != "Rule" {
		t.Fatalf("the text has %d rows, the page %d: %v", len(rows), shown, err)
	}
	found := false
	for _, row := range rows[1:] {
		found = found || row[0] == "CTL-02" && row[3] == "pay-5-1" && row[4] == "Owner" && row[5] == "'=PAY-5.1 has no owner."
	}
	if !found {
		t.Errorf("the control without an owner, made harmless, is not among %v", rows)
	}
	book, err := excelize.OpenReader(m.get(manager, "/gaps.xlsx?group=CTL").Body)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := book.GetRows("Gaps")
	if err != nil || len(lines) != shown+1 {
		t.Errorf("the workbook has %d rows, the page %d: %v", len(lines), shown, err)
	}
	about, _ := book.GetRows("About")
	if len(about) < 6 || about[0][0] != "Organization" || !strings.Contains(fmt.Sprint(about), "Rules run") {
		t.Errorf("the workbook does not say what was asked: %v", about)
	}
	for _, path := range []string{"/gaps.csv?severity=grave", "/gaps.xlsx?group=XYZ"} {
		if w := m.get(manager, path); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if p := m.page(manager, "/gaps?deep=1"); strings.Contains(p, "Look at the draft") {
		t.Error("what was looked at is offered to be looked at")
	}
}
