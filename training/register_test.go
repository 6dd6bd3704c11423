package training

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/record"
	"reperform/soc1"
)

func row[T any](kind, id string, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Kind: kind, ID: id, Revision: 1}, Value: v}
}

// school is a course that is assigned to control owners in January, due in February.
func school() *Facts {
	person := func(id string, roles ...soc1.Role) record.Typed[soc1.Person] {
		return row("person", id, soc1.Person{Name: strings.ToUpper(id), Side: soc1.SideServiceOrganization, Roles: roles})
	}
	return &Facts{Today: "2025-02-01",
		Courses: []record.Typed[soc1.Course]{row("course", "c", soc1.Course{Title: "Your part", Owner: "ann", Body: "x", PassMark: 50, Questions: []soc1.CourseQuestion{{ID: "q1"}, {ID: "q2"}}}),
			row("course", "film", soc1.Course{Title: "Film", Owner: "ann", Body: "x"})},
		Keys:        []record.Typed[soc1.CourseKey]{row("course_key", "c", soc1.CourseKey{Course: "c", Questions: 2, QuizSHA256: QuizDigest([]soc1.CourseQuestion{{ID: "q1"}, {ID: "q2"}})})},
		Assignments: []record.Typed[soc1.TrainingAssignment]{row("training_assignment", "t", soc1.TrainingAssignment{Course: "c", Audience: soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner}}, AssignedOn: "2025-01-10", Due: "2025-02-10"})},
		People: []record.Typed[soc1.Person]{person("ann", soc1.ComplianceManager), person("bob", soc1.ControlOwner), person("cid", soc1.ControlOwner, soc1.Executive), person("dee"),
			row("person", "lee", soc1.Person{Name: "LEE", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.ReadOnly}})},
	}
}

func (f *Facts) took(person string, on soc1.Date, passed bool, missed ...string) *Facts {
	id := fmt.Sprintf("x%d", len(f.Completions))
	n := 1
	for _, x := range f.Completions {
		if x.Value.Person == person && x.Value.Passed {
			n = 1
		} else if x.Value.Person == person {
			n++
		}
	}
	x := row("course_completion", id, soc1.CourseCompletion{Course: "c", Revision: 1, Person: person, Assignment: "t", FinishedOn: on, Attempt: n, Passed: passed, Total: 2, Correct: 2 - len(missed), Missed: missed})
	x.Pos = int64(len(f.Completions))
	f.Completions = append(f.Completions, x)
	return f
}

func (f *Facts) on(d soc1.Date) *Facts { f.Today = d; return f }

func (f *Facts) course(change func(*soc1.Course)) *Facts { change(&f.Courses[0].Value); return f }

func (f *Facts) assignment(change func(*soc1.TrainingAssignment)) *Facts {
	change(&f.Assignments[0].Value)
	return f
}

func (f *Facts) starts(person string, on soc1.Date) *Facts {
	for i := range f.People {
		if f.People[i].ID == person {
			f.People[i].Value.ActiveFrom = on
		}
	}
	return f
}

// What bob is asked, told from records and a day.
func TestStateFollowsFromRecords(t *testing.T) {
	yearly := func(c *soc1.Course) { c.RenewMonths = 12 }
	for _, c := range []struct {
		what     string
		f        *Facts
		state    State
		due      soc1.Date
		late     bool
		attempts int
	}{
		{"nothing done", school(), ToTake, "2025-02-10", false, 0},
		{"tried", school().took("bob", "2025-01-20", false), Failed, "2025-02-10", false, 1},
		{"passed at the second attempt", school().took("bob", "2025-01-20", false).took("bob", "2025-01-20", true), Passed, "2025-02-10", false, 2},
		{"tried on for exercise", school().took("bob", "2025-01-20", true).took("bob", "2025-01-21", false), Passed, "2025-02-10", false, 1},
		{"passed tomorrow", school().took("bob", "2025-02-02", true), ToTake, "2025-02-10", false, 0},
		{"its day has gone by", school().on("2025-02-11"), Overdue, "2025-02-10", true, 0},
		{"tried, and its day has gone by", school().took("bob", "2025-01-20", false).on("2025-02-11"), Overdue, "2025-02-10", true, 1},
		{"passed late", school().took("bob", "2025-02-20", true).on("2025-02-21"), Passed, "2025-02-10", false, 1},
		{"passed before it was assigned", school().took("bob", "2024-12-01", true), Passed, "2025-02-10", false, 1},
		{"passed before, and assigned anew", school().took("bob", "2024-12-01", true).assignment(func(a *soc1.TrainingAssignment) { a.Anew = true }), ToTake, "2025-02-10", false, 0},
		{"run out before it was assigned", school().took("bob", "2023-12-01", true).course(yearly), ToTake, "2025-02-10", false, 0},
		{"the last day of a year", school().took("bob", "2025-01-20", true).course(yearly).on("2026-01-20"), Passed, "2025-02-10", false, 1},
		{"run out", school().took("bob", "2025-01-20", true).course(yearly).on("2026-01-21"), Expired, "2026-01-20", true, 1},
		{"renewed", school().took("bob", "2025-01-20", true).took("bob", "2026-01-15", true).course(yearly).on("2026-01-21"), Passed, "2025-02-10", false, 1},
		{"to be taken again", school().took("bob", "2025-01-20", true).course(func(c *soc1.Course) { c.AgainFrom = "2025-03-01" }).on("2025-03-05"), Expired, "2025-03-31", false, 1},
		{"not yet to be taken again", school().took("bob", "2025-01-20", true).course(func(c *soc1.Course) { c.AgainFrom = "2025-03-01" }).on("2025-02-28"), Passed, "2025-02-10", false, 1},
		{"not taken again", school().took("bob", "2025-01-20", true).course(func(c *soc1.Course) { c.AgainFrom = "2025-03-01" }).on("2025-04-01"), Expired, "2025-03-31", true, 1},
		{"taken again", school().took("bob", "2025-01-20", true).took("bob", "2025-03-01", true).course(func(c *soc1.Course) { c.AgainFrom = "2025-03-01" }).on("2025-04-01"), Passed, "2025-02-10", false, 1},
		{"joined later", school().starts("bob", "2025-03-03").on("2025-03-20"), ToTake, "2025-04-03", false, 0},
	} {
		lines := Of(c.f).Of("bob")
		if len(lines) != 1 {
			t.Errorf("%s: %d lines", c.what, len(lines))
			continue
		}
		if l := lines[0]; l.State != c.state || l.Due != c.due || l.Late != c.late || l.Attempts != c.attempts {
			t.Errorf("%s: %s, due %s, late %v, %d attempts", c.what, l.State.Label(), l.Due, l.Late, l.Attempts)
		}
	}
	if l := Of(school().took("bob", "2025-01-20", true).course(yearly).on("2025-12-21")).Of("bob")[0]; !l.Soon("2025-12-21") || l.Soon("2025-12-20") || l.Until != "2026-01-20" {
		t.Errorf("notice: %+v", l)
	}
}

func TestWhoIsAsked(t *testing.T) {
	f := school()
	f.Assignments = append(f.Assignments, row("training_assignment", "u", soc1.TrainingAssignment{Course: "c", Audience: soc1.Audience{Everybody: true}, AssignedOn: "2025-01-20", Due: "2025-01-31"}),
		row("training_assignment", "later", soc1.TrainingAssignment{Course: "film", Audience: soc1.Audience{Everybody: true}, AssignedOn: "2025-02-02", Due: "2025-03-01"}),
		row("training_assignment", "lost", soc1.TrainingAssignment{Course: "none", Audience: soc1.Audience{Everybody: true}, AssignedOn: "2025-01-02", Due: "2025-03-01"}))
	f.took("cid", "2025-01-25", true)
	r := Of(f)
	all := r.All()
	if len(all.Lines) != 4 || len(all.Late()) != 3 || len(all.In(Passed)) != 1 {
		t.Errorf("%d asked, %d late, %d passed", len(all.Lines), len(all.Late()), len(all.In(Passed)))
	}
	if n, ok := all.Percent(); n != 25 || !ok {
		t.Errorf("%d%%", n)
	}
	if _, ok := (Tally{}).Percent(); ok {
		t.Error("of nobody there is a share")
	}
	// bob is asked twice and counted once, by what is due first.
	if l := r.Of("bob"); len(l) != 1 || l[0].Assignment.ID != "u" || l[0].State != Overdue {
		t.Errorf("bob: %+v", l)
	}
	if l := r.Of("dee"); len(l) != 1 || l[0].Reaches || len(r.Of("lee")) != 0 || len(r.Of("ann")) != 1 {
		t.Errorf("dee: %+v", l)
	}
	roles := r.ByRole()
	if len(roles) != 3 || roles[0].Role != soc1.ComplianceManager || roles[1].Role != soc1.ControlOwner || len(roles[1].Lines) != 2 || roles[2].Role != soc1.Executive {
		t.Errorf("%+v", roles)
	}
	if got := r.Assigned("t").Lines; len(got) != 2 || got[0].Person.ID != "bob" {
		t.Errorf("assigned: %+v", got)
	}
	if c := r.Course("c"); !c.Open() || len(c.Assignments) != 2 || c.Assignments[0].ID != "u" || !r.Course("film").Open() || r.Course("none") != nil {
		t.Errorf("%+v", c)
	}
	f.Courses[0].Value.Questions[1].Text = "Another?"
	if Of(f).Course("c").Open() {
		t.Error("a quiz is open of which one question has no answer")
	}
}

// The register of an assignment names everybody asked, and whoever passed and left.
func TestRows(t *testing.T) {
	f := school().took("cid", "2025-01-20", false, "q1", "q2").took("cid", "2025-01-25", true, "q2").took("bob", "2025-01-22", true).on("2025-02-11")
	for i := range f.People {
		if f.People[i].ID == "bob" {
			f.People[i].Value.ActiveTo = "2025-01-31"
		}
	}
	r := Of(f)
	rows := f.Rows(r, "t", nil)
	if len(rows) != 2 || rows[0][0] != "CID" || rows[0][8] != "Passed" || rows[0][9] != "2025-01-25" || rows[0][10] != "1" || rows[0][13] != "2" || rows[1][0] != "BOB" || rows[1][8] != "Passed, no longer asked" {
		t.Errorf("%v", rows)
	}
	for _, x := range rows {
		if len(x) != len(Header) {
			t.Errorf("%d columns of %d", len(x), len(Header))
		}
	}
	if missed, n := r.Course("c").Missed(); n != 3 || missed["q1"] != 1 || missed["q2"] != 2 {
		t.Errorf("missed: %v of %d", missed, n)
	}
}

// Evidence of an old assignment tells the passes of its time, and names who was asked
// when it was due and has left since: passed, failed or never tried.
func TestRowsOfAnOldAssignment(t *testing.T) {
	f := school().took("bob", "2025-02-05", true).took("eve", "2025-01-20", false, "q1").took("gus", "2025-01-21", true)
	gone := func(id string) record.Typed[soc1.Person] {
		return row("person", id, soc1.Person{Name: strings.ToUpper(id), Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.ControlOwner}})
	}
	fay := gone("fay")
	fay.Value.ActiveTo = "2025-06-30"
	f.People = append(f.People, fay, gone("new"))
	f.People[len(f.People)-1].Value.ActiveFrom = "2026-03-01"
	f.Assignments = append(f.Assignments, row("training_assignment", "u", soc1.TrainingAssignment{Course: "c", Audience: soc1.Audience{Everybody: true}, AssignedOn: "2026-01-10", Due: "2026-02-10", Anew: true}))
	f.Courses[0].Value.RenewMonths = 12
	f.took("bob", "2026-01-20", true).took("cid", "2026-01-21", true).on("2026-06-01")
	for i := range f.Completions[3:] {
		f.Completions[3+i].Value.Assignment = "u"
	}
	says := func(rows [][]string) string {
		var out []string
		for _, x := range rows {
			out = append(out, x[0]+" "+x[8]+" "+x[9])
		}
		return strings.Join(out, "; ")
	}
	// eve's record is retired and was there when it was due; gus left without a record.
	r := Of(f)
	want := "BOB Passed 2025-02-05; CID Passed 2026-01-21; EVE Not passed, no longer asked ; FAY Not passed, no longer asked ; gus Passed, no longer asked 2025-01-21"
	if got := says(f.Rows(r, "t", []record.Typed[soc1.Person]{gone("eve")})); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := says(f.Rows(r, "u", nil)); !strings.Contains(got, "BOB Passed 2026-01-20") || !strings.Contains(got, "NEW Overdue") {
		t.Errorf("the new one: %s", got)
	}
}

// What the guide and DECISIONS promise of the bound.
func TestAttemptsAreBounded(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		within time.Duration
		most   int
	}{{9 * time.Minute, 1}, {time.Hour, 2}, {day, 3}, {30 * day, 7}, {366 * day, 11}} {
		if got := AttemptsWithin(c.within); got != c.most {
			t.Errorf("%s: %d attempts, expected %d", c.within, got, c.most)
		}
	}
	if Wait(0) != 0 || Wait(3) != day || Wait(4) != 2*day || Wait(1000) <= 0 {
		t.Error("the waiting does not grow as it should")
	}
}

func TestGrading(t *testing.T) {
	questions, key, err := ParseQuiz("One?\n[x] a\n[ ] b\n\nTwo?\n[x] a\n[x] b\n[ ] c\n")
	if err != nil {
		t.Fatal(err)
	}
	c := soc1.Course{PassMark: 50, Questions: questions}
	for _, x := range []struct {
		given   map[string][]string
		correct int
		passed  bool
		open    string
	}{
		{map[string][]string{"q1": {"a"}, "q2": {"b", "a"}}, 2, true, ""},
		{map[string][]string{"q1": {"b"}, "q2": {"a"}}, 0, false, ""},
		{map[string][]string{"q1": {"a"}, "q2": {"a", "b", "c"}}, 1, true, ""},
		{map[string][]string{"q1": {"a"}}, 1, true, "q2"},
		{map[string][]string{"q1": {"a", "b"}, "q2": {"a"}}, 0, false, "q1"},
		{map[string][]string{"q1": {"z"}, "q2": {"a"}}, 0, false, "q1"},
	} {
		g := Grade(c, key, x.given)
		if g.Correct != x.correct || g.Passed != x.passed || g.Total != 2 || len(g.Missed) != 2-x.correct {
			t.Errorf("%v: %+v", x.given, g)
		}
		if q := Unanswered(c, x.given); (q == nil) != (x.open == "") || q != nil && q.ID != x.open {
			t.Errorf("%v: open %v", x.given, q)
		}
	}
	for _, x := range []struct {
		key  []Answer
		says string
	}{
		{key, ""}, {key[:1], "question 2"}, {[]Answer{{Question: "q1", Right: []string{"z"}}, key[1]}, "not offered"}, {[]Answer{{Question: "q1", Right: []string{"a", "b"}}, key[1]}, "takes one answer"},
	} {
		if got := Covers(c, x.key); (x.says == "") != (got == "") || !strings.Contains(got, x.says) {
			t.Errorf("%v: %q", x.key, got)
		}
	}
	if !slices.Equal(States, []State{Overdue, Expired, Failed, ToTake, Passed}) {
		t.Error("the order of the states")
	}
}
