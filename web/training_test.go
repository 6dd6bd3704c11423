package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// A course has headings and runs on where a comment breaks its lines; what is no text
// stays text in both.
func TestCourseProse(t *testing.T) {
	for in, want := range map[string]string{
		"## One\n\na\nb":            `<h2>One</h2><p>a b</p>`,
		"# One":                     `<h2>One</h2>`,
		"###### Six":                `<h6>Six</h6>`,
		"a\n\n---\n\nb":             `<p>a</p><hr/><p>b</p>`,
		"## <script>x</script>":     `<h2>&lt;script&gt;x&lt;/script&gt;</h2>`,
		"## One {onclick=alert(1)}": `<h2>One {onclick=alert(1)}</h2>`,
		"<iframe src=x>":            `<p>&lt;iframe src=x&gt;</p>`,
		"[x](javascript:alert(1))":  `<p>x</p>`,
	} {
		p := aProse()
		p.document = true
		if got := p.html(in); got != want {
			t.Errorf("%q: %s, expected %s", in, got, want)
		}
	}
}

// What a page of training offers depends on who looks and when.
func TestTrainingByWhoLooks(t *testing.T) {
	m := newMatrixHouse(t)
	id, err := m.app.AdoptCourse(t.Context(), manager, app.Adopting{BuiltIn: "control-owner"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.app.AssignTraining(t.Context(), manager, app.Assigning{Course: id, Audience: soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner}}, Due: "2025-12-31"}); err != nil {
		t.Fatal(err)
	}
	person := func(id string, p soc1.Person) {
		t.Helper()
		if err := m.app.PutPerson(t.Context(), administrator, app.RecordChange{ID: id, Effective: "2025-01-01", Value: p, Reason: "Recorded."}); err != nil {
			t.Fatal(err)
		}
	}
	person("rob", soc1.Person{Name: "Rob Vale", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.ReadOnly}})
	if err := m.app.PutRecord(t.Context(), administrator, app.RecordChange{Kind: "role", ID: "some", Value: soc1.CustomRole{Name: "Some", Purpose: "Reads some.", Reads: []soc1.RoleReads{"control"}}, Reason: "Recorded."}); err != nil {
		t.Fatal(err)
	}
	person("cus", soc1.Person{Name: "Cus Tom", Side: soc1.SideServiceOrganization, CustomRoles: []string{"some"}})
	for _, c := range []struct {
		who, path string
		code      int
		has, not  []string
	}{
		{manager, "/training", 200, []string{"By role", "Adopt it", "New course"}, nil},
		{owner, "/training", 200, []string{"Take it"}, []string{"By role", "Adopt it", "New course"}},
		{"rob", "/training", 200, []string{"By role"}, []string{"Adopt it", "New course", "Take it"}},
		{"cus", "/training", 403, nil, []string{"By role"}},
		{manager, "/training?asof=2025-11-20", 200, []string{"By role"}, []string{"Adopt it", "New course"}},
		{owner, "/training/" + id, 200, []string{"Go to the quiz"}, []string{"/assign", "Record as evidence", `id="people"`}},
		{"rob", "/training/" + id, 200, []string{`id="people"`}, []string{"/assign", "Record as evidence", "Go to the quiz"}},
		{owner, "/training/" + id + "/quiz", 200, []string{"Send the answers"}, []string{"corroborated"}},
		{owner, "/training/" + id + "/quiz?answers=1", 403, nil, []string{"corroborated"}},
		{owner, "/training/" + id + "/quiz?asof=2025-11-20", 400, nil, nil},
		{"rob", "/training/" + id + "/quiz", 403, nil, nil},
		{owner, "/training/" + id + "/edit", 403, nil, []string{"corroborated"}},
		{owner, "/training/" + id + "/assign", 403, nil, nil},
		{owner, "/training/course/new", 403, nil, nil},
		{manager, "/training/none", 404, nil, nil},
		{manager, "/r/course/new", 303, nil, nil},
		{manager, "/r/training_assignment/new", 200, []string{"audience.everybody"}, nil},
	} {
		w := m.get(c.who, c.path)
		if w.Code != c.code {
			t.Errorf("%s, %s: %d: %s", c.who, c.path, w.Code, words(w.Body.String()))
			continue
		}
		for _, s := range c.has {
			if !strings.Contains(w.Body.String(), s) {
				t.Errorf("%s, %s: lacks %q", c.who, c.path, s)
			}
		}
		for _, s := range c.not {
			if strings.Contains(w.Body.String(), s) {
				t.Errorf("%s, %s: has %q", c.who, c.path, s)
			}
		}
	}
	// Questions that were changed without what is right of them close the quiz.
	v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := record.One[soc1.Course](t.Context(), v, "course", id)
	if err != nil {
		t.Fatal(err)
	}
	x.Value.Questions[0].Text = "Which?"
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "course", ID: id, Revision: x.Revision, Value: x.Value, Reason: "Changed."}); err != nil {
		t.Fatal(err)
	}
	if w := m.get(owner, "/training/"+id+"/quiz"); w.Code != 200 || strings.Contains(w.Body.String(), "Send the answers") || !strings.Contains(w.Body.String(), "nothing says what is right") {
		t.Errorf("a closed quiz: %d", w.Code)
	}
	for path, want := range map[string]int{"/training/" + id + "/quiz": http.StatusBadRequest, "/training/" + id + "/evidence": http.StatusNotFound, "/training/adopt": http.StatusUnprocessableEntity} {
		if w := m.post(manager, path, url.Values{"course": {"none"}, "assignment": {"none"}}); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
