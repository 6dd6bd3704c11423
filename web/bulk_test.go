package web

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"reperform/app"
	"reperform/desk"
	"reperform/opsdb"
	"reperform/soc1"
)

// choosable are the ids with revisions that a register shows.
func choosable(html string) []string {
	var out []string
	for _, x := range regexp.MustCompile(`name="_row" value="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		out = append(out, x[1])
	}
	return out
}

// Many records are changed as one command, after a preview, all or none.
func TestBulkEdit(t *testing.T) {
	m := newMatrixHouse(t)
	rows := choosable(m.page(manager, "/r/risk"))
	if len(rows) < 5 {
		t.Fatalf("%d rows can be chosen", len(rows))
	}
	choose := func(v url.Values) string {
		w := m.post(manager, "/bulk/risk", v)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("choosing: %d %s", w.Code, w.Body)
		}
		return w.Header().Get("Location")
	}
	at := choose(url.Values{"_row": rows[:3], "_match": {"q=pay"}})
	if p := m.page(manager, at+"?field=likelihood"); !strings.Contains(p, "3 records chosen") || !strings.Contains(p, `name="likelihood"`) {
		t.Error("the field is not offered")
	}
	preview := url.Values{"_step": {"preview"}, "_field": {"likelihood"}, "likelihood": {"4"}}
	p := m.post(manager, at, preview)
	if p.Code != 200 || !strings.Contains(p.Body.String(), "Likelihood set to 4") || !strings.Contains(p.Body.String(), "<ins>") {
		t.Fatalf("the preview: %d %s", p.Code, alertOf(p.Body.String()))
	}
	size := m.size()
	// One of them changes meanwhile: nothing is recorded, and it says which.
	id, _, _ := strings.Cut(rows[1], ":")
	if w := m.post(manager, "/r/risk/"+id+"/edit", url.Values{"_field": {"impact"}, "_revision": {"1"}, "impact": {"5"}, "_reason": {"Faster."}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"All alike."}})
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "1</b> changed meanwhile") || m.size() != size+1 {
		t.Fatalf("a stale row: %d %s", w.Code, alertOf(w.Body.String()))
	}
	if w := m.post(manager, at, url.Values{"_step": {"again"}}); w.Code != 200 || strings.Contains(w.Body.String(), "changed meanwhile") {
		t.Fatalf("taken as it stands: %d", w.Code)
	}
	if w := m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {" "}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Say why") {
		t.Errorf("without a reason: %d", w.Code)
	}
	w = m.post(manager, at, url.Values{"_step": {"record"}, "_reason": {"All alike."}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/r/risk?q=pay" || m.size() != size+2 {
		t.Fatalf("recording: %d to %s, %d entries", w.Code, w.Header().Get("Location"), m.size()-size)
	}
	for _, row := range rows[:3] {
		id, _, _ := strings.Cut(row, ":")
		if got := string(fieldsOf(m.record("risk", id))["likelihood"]); got != "4" {
			t.Errorf("%s has %s", id, got)
		}
	}
	// All that match, a list added to, and records retired.
	at = choose(url.Values{"_all": {"1"}, "_match": {"f.likelihood=4"}})
	p = m.post(manager, at, url.Values{"_step": {"preview"}, "_field": {"_retire"}})
	n := strings.Count(p.Body.String(), `class="pill warn">Retired`)
	if n < 3 {
		t.Fatalf("%d rows would be retired: %s", n, alertOf(p.Body.String()))
	}
	rows = choosable(m.page(manager, "/r/control"))
	at = m.post(manager, "/bulk/control", url.Values{"_row": rows[:2]}).Header().Get("Location")
	objective, _, _ := strings.Cut(choosable(m.page(manager, "/r/control_objective"))[0], ":")
	p = m.post(manager, at, url.Values{"_step": {"preview"}, "_field": {"objectives"}, "_op": {"add"}, "objectives": {objective}})
	if p.Code != 200 || !strings.Contains(p.Body.String(), "added") {
		t.Errorf("adding to a list: %d %s", p.Code, alertOf(p.Body.String()))
	}
	// Wrong values, fields that there are not, and people who may not.
	for _, wrong := range []url.Values{{"_field": {"likelihood"}, "likelihood": {"often"}}, {"_field": {"nothing"}}, {"_field": {"likelihood"}, "likelihood": {"3"}, "impact": {"1"}}, {"_field": {"likelihood"}, "_op": {"add"}, "likelihood": {"1"}}} {
		wrong.Set("_step", "preview")
		at := choose(url.Values{"_row": choosable(m.page(manager, "/r/risk"))[:1]})
		if w := m.post(manager, at, wrong); w.Code != 422 {
			t.Errorf("%v: %d", wrong, w.Code)
		}
	}
	if w := m.post(manager, "/bulk/risk", url.Values{}); w.Code != 400 {
		t.Errorf("nothing chosen: %d", w.Code)
	}
	if strings.Contains(m.page(readerOnly, "/r/risk"), `id="bulk"`) {
		t.Error("a reader is offered to change many")
	}
	at = choose(url.Values{"_row": choosable(m.page(manager, "/r/risk"))[:1]})
	if w := m.get(owner, at); w.Code != http.StatusGone {
		t.Errorf("somebody else's choice: %d", w.Code)
	}
	if w := m.post(manager, at, preview, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("a form of another site: %d", w.Code)
	}
}

// Views are one's own or shared with one's own side, and never reach the other.
func TestSavedViews(t *testing.T) {
	m := newMatrixHouse(t)
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), "operations.db"), desk.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d, err := desk.New(db, desk.Config{Now: func() time.Time { return m.now }, Random: rand.Reader, Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{App: m.app, Desk: d, Now: func() time.Time { return m.now }, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.h = s.Handler()
	save := func(who string, v url.Values) int {
		t.Helper()
		return m.post(who, "/views", v).Code
	}
	const query = "f.likelihood=4&sort=-impact"
	if c := save(manager, url.Values{"page": {"r/risk"}, "query": {query}, "name": {"Likely <b>risks</b>"}}); c != http.StatusSeeOther {
		t.Fatalf("saving: %d", c)
	}
	if c := save(manager, url.Values{"page": {"r/risk"}, "query": {"group=objectives"}, "name": {"By objective"}, "circle": {"org"}}); c != http.StatusSeeOther {
		t.Fatalf("sharing: %d", c)
	}
	// The same query in another order is the same view; its name is shown.
	p := m.page(manager, "/r/risk?sort=-impact&f.likelihood=4")
	if !strings.Contains(p, "Views: Likely &lt;b&gt;risks") || !strings.Contains(p, "By objective") {
		t.Error("the views are not offered, or not known again")
	}
	if p := m.page(owner, "/r/risk"); strings.Contains(p, "Likely") || !strings.Contains(p, "By objective") || !strings.Contains(p, "Shared with you") {
		t.Error("another person sees what is not shared, or not what is")
	}
	if p := m.page(owner, "/r/control"); strings.Contains(p, "By objective") {
		t.Error("a view is offered on another page")
	}
	// The same name holds what is shown from now on.
	again := url.Values{"page": {"r/risk"}, "query": {"f.likelihood=5"}, "name": {"Likely <b>risks</b>"}}
	if w := m.post(manager, "/views", again); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "You have a view of this name") || !strings.Contains(w.Body.String(), `name="replace" value="yes"`) {
		t.Fatalf("a name that is taken: %d %s", w.Code, w.Body)
	}
	if p := m.page(manager, "/r/risk"); strings.Contains(p, "f.likelihood=5") {
		t.Error("a view was replaced without asking")
	}
	again.Set("replace", "yes")
	if c := save(manager, again); c != http.StatusSeeOther {
		t.Fatalf("saving again: %d", c)
	}
	if w := m.post(manager, "/views", url.Values{"page": {"r/risk"}, "query": {"sort=-impact"}, "name": {"  "}}); w.Code != 400 || !strings.Contains(w.Body.String(), `id="view-name-err" role="alert">`) || !strings.Contains(w.Body.String(), "sort=-impact") {
		t.Errorf("a name of spaces: %d %s", w.Code, w.Body)
	}
	// Deleting asks first, and from what others share one's own begins private.
	if p := m.page(manager, "/r/risk"); strings.Count(p, "Delete the view ") != 2 || strings.Count(p, "It is shared, and goes for everybody") != 1 {
		t.Error("deleting does not say what goes")
	}
	if p := m.page(owner, "/r/risk?group=objectives"); !strings.Contains(p, "Save what is shown as") || strings.Contains(p, `<option value="org" selected>`) {
		t.Error("what another person shares is offered to be shared again")
	}
	if p := m.page(manager, "/r/risk"); strings.Count(p, `<span class="tr">Likely &lt;b&gt;risks`) != 1 || !strings.Contains(p, "f.likelihood=5") {
		t.Error("the name does not hold what was saved last")
	}
	// The matrix has views, too.
	if c := save(manager, url.Values{"page": {"matrix"}, "query": {"key=yes"}, "name": {"Key ones"}}); c != http.StatusSeeOther {
		t.Fatalf("of the matrix: %d", c)
	}
	if p := m.page(manager, "/matrix?key=yes"); !strings.Contains(p, "Views: Key ones") {
		t.Error("the matrix does not know its view")
	}
	for _, wrong := range []url.Values{{"page": {"//evil.example"}, "name": {"x"}}, {"page": {"r/risk"}, "name": {""}}, {"page": {"r/risk"}, "name": {"x"}, "circle": {"exam-soc1-2025"}}, {"page": {"sign-out"}, "name": {"x"}}, {"page": {"r/risk"}, "name": {"x"}, "query": {"a=\n"}}} {
		if c := save(manager, wrong); c != 400 {
			t.Errorf("%v: %d", wrong, c)
		}
	}
	all, err := d.Views(t.Context(), manager, []string{"org"}, "r/risk")
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	change := func(who string, id int64, v url.Values) int {
		t.Helper()
		v.Set("id", fmt.Sprint(id))
		return m.post(who, "/views/change", v).Code
	}
	find := func(name string) desk.View {
		t.Helper()
		all, err := d.Views(t.Context(), manager, nil, "r/risk")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			if v.Name == name {
				return v
			}
		}
		t.Fatalf("there is no view %q among %v", name, all)
		return desk.View{}
	}
	// A view gets another name and is no longer shared, and goes on to show what
	// it showed; then it holds what is shown now.
	v := find("By objective")
	if c := change(manager, v.ID, url.Values{"do": {"save"}, "name": {"By control objective"}, "circle": {""}, "query": {"q=else"}}); c != http.StatusSeeOther {
		t.Fatalf("renaming: %d", c)
	}
	if now := find("By control objective"); now.ID != v.ID || now.Query != "group=objectives" || now.Shared() {
		t.Errorf("renamed, the view is %+v", now)
	}
	if p := m.page(owner, "/r/risk"); strings.Contains(p, "objective</span>") || strings.Contains(p, "Shared with you") {
		t.Error("what is shared no longer is still offered")
	}
	if c := change(manager, v.ID, url.Values{"do": {"replace"}, "name": {"By control objective"}, "circle": {"org"}, "query": {"group=impact"}}); c != http.StatusSeeOther {
		t.Fatalf("replacing: %d", c)
	}
	if now := find("By control objective"); now.Query != "group=impact" || now.Circle != "org" {
		t.Errorf("replaced, the view is %+v", now)
	}
	if p := m.page(owner, "/r/risk"); !strings.Contains(p, "By control objective") || strings.Contains(p, "Change the view") {
		t.Error("what is shared is not offered, or can be changed by others")
	}
	for what, x := range map[string]url.Values{
		"a name that is taken": {"do": {"save"}, "name": {"Likely <b>risks</b>"}}, "no name": {"do": {"save"}, "name": {" "}}, "nothing to do": {"name": {"x"}},
		"the auditor's file": {"do": {"save"}, "name": {"x"}, "circle": {"exam-soc1-2025"}},
	} {
		if c := change(manager, v.ID, x); c != 400 {
			t.Errorf("%s: %d", what, c)
		}
	}
	for _, v := range all {
		for _, do := range []string{"save", "replace", "delete"} {
			if c := change(owner, v.ID, url.Values{"do": {do}, "name": {"mine"}}); c != 400 {
				t.Errorf("%s of somebody else's view: %d", do, c)
			}
		}
		if c := change(manager, v.ID, url.Values{"do": {"delete"}}); c != http.StatusSeeOther {
			t.Errorf("deleting one's own: %d", c)
		}
	}
	if all, err := d.Views(t.Context(), manager, []string{"org"}, "r/risk"); err != nil || len(all) != 0 {
		t.Errorf("left are %v, %v", all, err)
	}
}

// What a form says on leaving a field is what saving says, and records nothing.
func TestCheckedForms(t *testing.T) {
	m := newMatrixHouse(t)
	size := m.size()
	problems := func(who, kind string, v url.Values) map[string]string {
		t.Helper()
		w := m.post(who, "/check/"+kind, v)
		var a struct{ Problems map[string]string }
		if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &a) != nil {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return a.Problems
	}
	got := problems(manager, "risk", url.Values{"likelihood": {"often"}})
	if !strings.Contains(got["likelihood"], "whole number") || got["text"] == "" {
		t.Errorf("%v", got)
	}
	got = problems(manager, "risk", url.Values{"code": {"X"}, "text": {"Something."}, "likelihood": {"9"}, "impact": {"1"}})
	saved := m.post(manager, "/r/risk/new", url.Values{"code": {"X"}, "text": {"Something."}, "likelihood": {"9"}, "impact": {"1"}, "_reason": {"x"}}).Body.String()
	if got["likelihood"] == "" || !strings.Contains(saved, templ.EscapeString(got["likelihood"])) {
		t.Errorf("checking says %q, saving something else", got["likelihood"])
	}
	got = problems(manager, "control", url.Values{"_field": {"owner"}, "_id": {choosableID(m, "control")}, "owner": {"nobody-at-all"}})
	if !strings.Contains(got["owner"], "no person") {
		t.Errorf("a reference to nobody: %v", got)
	}
	if got = problems(manager, "control", url.Values{"_field": {"owner"}, "_id": {choosableID(m, "control")}, "owner": {owner}}); len(got) != 0 {
		t.Errorf("what is right: %v", got)
	}
	// Texts have a longest length, in every way in.
	long := strings.Repeat("x", soc1.LineLimit+1)
	got = problems(manager, "risk", url.Values{"code": {long}, "text": {strings.Repeat("y", soc1.TextLimit+1)}})
	if got["code"] != "Code has 1,001 characters. Shorten it to 1,000, or write the rest into a field for longer text." || !strings.Contains(got["text"], "200,001 bytes") {
		t.Errorf("what is too long: %v", got)
	}
	saved = m.post(manager, "/r/risk/new", url.Values{"code": {long}, "text": {"Something."}, "_reason": {"x"}}).Body.String()
	if !strings.Contains(saved, templ.EscapeString(got["code"])) || !strings.Contains(saved, `aria-invalid="true"`) {
		t.Errorf("saving does not say what is too long")
	}
	if w := m.post(manager, "/check/risk", url.Values{"nothing": {"x"}}); w.Code != 400 {
		t.Errorf("a field that there is not: %d", w.Code)
	}
	if m.size() != size {
		t.Error("a check recorded something")
	}
}

func choosableID(m *matrixHouse, kind string) string {
	id, _, _ := strings.Cut(choosable(m.page(manager, "/r/"+kind))[0], ":")
	return id
}

// Where choices are many they come as one types, and what is held stays.
func TestManyChoices(t *testing.T) {
	m := newMatrixHouse(t)
	var cs []app.RecordChange
	for i := range mostOptions + 50 {
		cs = append(cs, app.RecordChange{Kind: "risk", ID: fmt.Sprintf("many-%d", i), Value: soc1.Risk{Code: fmt.Sprintf("MANY-%d", i), Text: fmt.Sprintf("Subject %d goes wrong.", i)}})
	}
	putAll(t, m, cs)
	p := m.page(manager, "/r/control/new")
	if strings.Contains(p, "MANY-7 ") || !strings.Contains(p, `data-from="/choices/risk"`) {
		t.Error("hundreds of choices stand in the page")
	}
	var found []pick
	if w := m.get(manager, "/choices/risk?q=SUBJECT+many-24"); json.Unmarshal(w.Body.Bytes(), &found) != nil || len(found) != 11 || found[0].Value != "many-24" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := m.get(manager, "/choices/risk"); json.Unmarshal(w.Body.Bytes(), &found) != nil || len(found) != 40 {
		t.Errorf("without words: %d", len(found))
	}
	if w := m.get(manager, "/x/exam-soc1-2025/choices/result"); w.Code != 404 {
		t.Errorf("choices of an examination: %d", w.Code)
	}
}

// A guest who reads some records of a register sees these, counts and exports
// included.
func TestRegisterOfSomeRecords(t *testing.T) {
	m := newMatrixHouse(t)
	ids := choosable(m.page(manager, "/r/subservice_organization"))
	if len(ids) < 2 {
		t.Fatalf("the example has %d subservice organizations", len(ids))
	}
	mine, _, _ := strings.Cut(ids[0], ":")
	other, _, _ := strings.Cut(ids[1], ":")
	if err := m.app.PutPerson(t.Context(), "amara-osei", app.RecordChange{ID: "gus", Value: soc1.Person{Name: "Gus", Side: soc1.SideGuest, Roles: []soc1.Role{soc1.SubserviceContact}, Represents: mine}, Reason: "A guest."}); err != nil {
		t.Fatal(err)
	}
	list := m.get("gus", "/export/subservice_organization/csv")
	if list.Code != 200 || !strings.Contains(list.Body.String(), mine) || strings.Contains(list.Body.String(), other) || strings.Count(list.Body.String(), "\r\n") != 2 {
		t.Errorf("%d %s", list.Code, list.Body)
	}
	for _, kind := range []string{"risk", "control"} {
		if w := m.get("gus", "/export/"+kind+"/csv"); w.Code == 200 && strings.Count(w.Body.String(), "\r\n") > 1 {
			t.Errorf("a guest has the register of %s: %s", kind, clipped(w.Body.String(), 200))
		}
		if w := m.get("gus", "/choices/"+kind); w.Code == 200 && w.Body.String() != "[]" {
			t.Errorf("a guest chooses among %s: %s", kind, clipped(w.Body.String(), 200))
		}
	}
}
