package web

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// TestActivityInWords tells what was done as an auditor would, and of which record.
func TestActivityInWords(t *testing.T) {
	m := newMatrixHouse(t)
	c := m.control("pay-5-1")
	c.Value.Owner = ""
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-5-1", Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "She left."}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.app.AcceptGap(t.Context(), manager, app.GapAccepting{Rule: "CTL-02", Subject: soc1.Ref{Kind: "control", ID: "pay-5-1"}, Field: "owner", Reason: "He begins in December.", Until: "2025-12-31"}); err != nil {
		t.Fatal(err)
	}
	page := html.UnescapeString(m.page(manager, "/activity"))
	for _, want := range []string{"</b> accepted a gap", "CTL-02 about control PAY-5.1", `</b> recorded <span class="mut">`, "control PAY-5.1", "</b> recorded from files", ">Accepted a gap</option>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, no := range []string{"record put", "gap accept", "accept-", "Action, such as"} {
		if strings.Contains(page[strings.Index(page, "<main"):], ">"+no) || strings.Contains(words(page), no) {
			t.Errorf("the page says %q", no)
		}
	}
	if p := m.page(manager, "/activity?action=gap.accept"); !strings.Contains(p, "accepted a gap") || strings.Contains(p, "recorded from files") {
		t.Error("the list is not narrowed to an action")
	}
}

// Every command that is recorded has its words.
func TestEveryActionHasWords(t *testing.T) {
	files, err := filepath.Glob("../app/*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`[aA]ction(?::| :?=) *"([a-z_.]+[a-z])"`)
	seen := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range said.FindAllStringSubmatch(string(b), -1) {
			if x[1] == "keyed_hash" {
				continue // What becomes of a column, not a command.
			}
			seen++
			if words := actionWords(x[1]); words == strings.NewReplacer(".", " ", "_", " ").Replace(x[1]) {
				t.Errorf("%s has no words", x[1])
			}
		}
	}
	if seen < 25 {
		t.Errorf("only %d actions were found", seen)
	}
}

// TestOwnerDoesNotAssign lets an owner change a control and give it to nobody.
func TestOwnerDoesNotAssign(t *testing.T) {
	m := newMatrixHouse(t)
	post := func(field, value string) (int, string) {
		w := m.post(owner, "/r/control/itgc-1-6/edit", map[string][]string{"_field": {field}, "_revision": {"1"}, field: {value}, "_reason": {"Given."}})
		return w.Code, html.UnescapeString(w.Body.String())
	}
	for field, value := range map[string]string{"owner": "elena-petrova", "key": "", "objectives": "pay-1"} {
		if m.control("itgc-1-6").Value.Key == false && field == "key" {
			value = "true"
		}
		if code, page := post(field, value); code != 422 || !strings.Contains(page, "The owner of a control changes neither who owns it") || !strings.Contains(page, "1 field to correct") {
			t.Errorf("%s: %d %s", field, code, words(page))
		}
	}
	if code, a := m.change(owner, map[string][]string{"_row": {"itgc-1-6:1"}, "_op": {"set"}, "_fields": {"owner"}, "owner": {"elena-petrova"}, "_reason": {"x"}}); code != 422 || !strings.HasPrefix(a.Problem, "The owner of a control changes neither") {
		t.Errorf("in the matrix: %d %q", code, a.Problem)
	}
	if c := m.control("itgc-1-6"); c.Revision != 1 {
		t.Fatalf("recorded: %+v", c.Value)
	}
	if code, page := post("exceptions", "What differs is settled within a week."); code != 303 {
		t.Errorf("an owner changes what is theirs: %d %s", code, words(page))
	}
	v := map[string][]string{"_field": {"owner"}, "_revision": {"2"}, "owner": {"hiroshi-tanabe"}, "_reason": {"Assigned."}}
	if w := m.post(manager, "/r/control/itgc-1-6/edit", v); w.Code != 303 {
		t.Errorf("the compliance manager assigns: %d %s", w.Code, words(w.Body.String()))
	}
}
