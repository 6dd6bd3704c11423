package app_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
)

const smallQuiz = "Who owns it?\n[x] You\n[ ] Nobody\n> SECRET-REASON\n\nWhen?\n[x] Monthly\n[x] On time\n[ ] Never\n"

// small is a course with two questions.
func small(t *testing.T) app.CourseKeeping {
	t.Helper()
	questions, answers, err := training.ParseQuiz(smallQuiz)
	if err != nil {
		t.Fatal(err)
	}
	return app.CourseKeeping{ID: "small", Course: soc1.Course{Title: "Your part", Owner: "dana", Edition: "1", Body: "## One", PassMark: 100, Questions: questions, Controls: []string{"it-1-1"}}, Answers: answers}
}

// A course is kept with its answers, which no reader of the ledger sees, assigned,
// taken, failed, passed, and filed as evidence.
func TestTrainingFromCourseToEvidence(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+
		person("amy", "", "service_organization", "administrator")+person("rob", "", "audit_firm", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	var denied *identity.DeniedError
	for _, actor := range []string{"cora", "rita", "rob", "xavier"} {
		if _, err := s.app.KeepCourse(s.ctx, actor, small(t)); !errors.As(err, &denied) {
			t.Errorf("%s keeps courses: %v", actor, err)
		}
		if _, err := s.app.AdoptCourse(s.ctx, actor, app.Adopting{BuiltIn: "everybody"}); !errors.As(err, &denied) {
			t.Errorf("%s adopts courses: %v", actor, err)
		}
		if _, err := s.app.AssignTraining(s.ctx, actor, app.Assigning{Course: "small", Audience: soc1.Audience{Everybody: true}, Due: "2999-01-01"}); !errors.As(err, &denied) {
			t.Errorf("%s assigns: %v", actor, err)
		}
	}
	wrong := func(what, field string, err error) {
		t.Helper()
		var f *app.FieldError
		if !errors.As(err, &f) || f.Field != field {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = s.app.KeepCourse(s.ctx, "amy", app.CourseKeeping{Course: soc1.Course{Title: "Nothing", Owner: "amy"}})
	wrong("a course of nothing", "body", err)
	bare := small(t)
	bare.Answers = nil
	_, err = s.app.KeepCourse(s.ctx, "amy", bare)
	wrong("a quiz without answers", "questions", err)
	half := small(t)
	half.Answers = half.Answers[:1]
	_, err = s.app.KeepCourse(s.ctx, "amy", half)
	wrong("half a key", "questions", err)
	if _, err := s.app.KeepCourse(s.ctx, "amy", small(t)); err != nil {
		t.Fatal(err)
	}
	// The ledger holds a commitment and no answer, and what is sealed is nobody's to open.
	v, err := s.app.View(s.ctx, "cora", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	key, err := record.One[soc1.CourseKey](s.ctx, v, "course_key", "small")
	s.must(err)
	files, err := s.app.Export(s.ctx, "cora", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	for name, b := range files {
		if strings.Contains(string(b), "SECRET-REASON") {
			t.Errorf("%s tells the answers", name)
		}
	}
	// Not even by who names their digest in evidence of their own.
	_, err = s.apply("cora", "kind: evidence\nid: thief\neffective: '2025-01-01'\ntitle: Answers\nfiles:\n- {name: answers.json, size: 1, sha256: "+key.Value.Commitment+"}\n")
	s.must(err)
	if _, _, err := s.app.FileOf(s.ctx, "cora", app.OrganizationLedger, "evidence", "thief", key.Value.Commitment); err == nil {
		t.Error("the answers are opened as a file of evidence")
	}
	if _, err := s.app.CourseAnswers(s.ctx, "cora", "small"); !errors.As(err, &denied) {
		t.Errorf("cora reads the answers: %v", err)
	}
	if got, err := s.app.CourseAnswers(s.ctx, "dana", "small"); err != nil || len(got) != 2 || got[0].Explanation != "SECRET-REASON" {
		t.Errorf("dana: %v %v", got, err)
	}
	// Assigned.
	give := func(change func(*app.Assigning)) error {
		x := app.Assigning{Course: "small", Audience: soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner, soc1.ReadOnly}}, Due: "2026-12-31"}
		change(&x)
		_, err := s.app.AssignTraining(s.ctx, "dana", x)
		return err
	}
	wrong("no day", "due", give(func(x *app.Assigning) { x.Due = "" }))
	wrong("a day that is none", "due", give(func(x *app.Assigning) { x.Due = "soon" }))
	wrong("a day gone by", "due", give(func(x *app.Assigning) { x.Due = "2020-01-01" }))
	wrong("nobody", "audience", give(func(x *app.Assigning) { x.Audience = soc1.Audience{} }))
	wrong("nobody today", "audience", give(func(x *app.Assigning) { x.Audience = soc1.Audience{People: []string{"rob"}} }))
	wrong("no such course", "course", give(func(x *app.Assigning) { x.Course = "none" }))
	s.must(give(func(x *app.Assigning) { x.ID = "t-small" }))
	waiting := func(actor string, why app.WaitingFor) int {
		t.Helper()
		items, err := s.app.Waiting(s.ctx, actor)
		s.must(err)
		n := 0
		for _, x := range items {
			if x.For == why {
				n++
			}
		}
		return n
	}
	if waiting("cora", app.WaitsCourse) != 1 || waiting("amy", app.WaitsCourse) != 0 {
		t.Error("the course waits for others than those asked")
	}
	// Taken: not all answered, failed, passed.
	take := func(actor string, given map[string][]string) (*app.CourseTaken, error) {
		return s.app.TakeCourse(s.ctx, actor, app.CourseTaking{Course: "small", Seen: 1, Answers: given})
	}
	_, err = take("cora", map[string][]string{"q1": {"a"}})
	wrong("half answered", "q2", err)
	_, err = s.app.TakeCourse(s.ctx, "cora", app.CourseTaking{Course: "small", Seen: 7})
	wrong("another revision", "course", err)
	failed, err := take("cora", map[string][]string{"q1": {"a"}, "q2": {"a"}})
	s.must(err)
	if failed.Passed || failed.Correct != 0 || failed.Attempt != 1 || failed.Missed != nil || failed.Next.IsZero() || failed.Answers != nil || failed.Assignment != "t-small" {
		t.Errorf("failed: %+v", failed)
	}
	var wait *app.WaitError
	if _, err := take("cora", map[string][]string{"q1": {"a"}, "q2": {"b", "a"}}); !errors.As(err, &wait) || !wait.Until.Equal(failed.Next) {
		t.Errorf("tried again at once: %v", err)
	}
	s.skip(training.Wait(1))
	passed, err := take("cora", map[string][]string{"q1": {"a"}, "q2": {"b", "a"}})
	s.must(err)
	if !passed.Passed || passed.Attempt != 2 || len(passed.Answers) != 2 || waiting("cora", app.WaitsCourse) != 0 {
		t.Errorf("passed: %+v", passed)
	}
	if got, err := s.app.CourseAnswers(s.ctx, "cora", "small"); err != nil || len(got) != 2 {
		t.Errorf("who passed does not read what is right: %v", err)
	}
	for _, actor := range []string{"rob", "xavier"} {
		if _, err := take(actor, map[string][]string{"q1": {"a"}, "q2": {"b", "a"}}); !errors.As(err, &denied) {
			t.Errorf("%s took the course: %v", actor, err)
		}
	}
	if _, err := s.apply("dana", "kind: course_completion\nid: typed\ncourse: small\nrevision: 1\nperson: rita\nfinished_on: '2025-02-03'\nattempt: 1\npassed: true\n"); err == nil {
		t.Error("a completion was typed in")
	}
	// Filed.
	if _, err := s.app.RecordTraining(s.ctx, "rita", "t-small"); !errors.As(err, &denied) {
		t.Errorf("a reader files evidence: %v", err)
	}
	id, err := s.app.RecordTraining(s.ctx, "dana", "t-small")
	s.must(err)
	v, err = s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	e, err := record.One[soc1.Evidence](s.ctx, v, "evidence", id)
	s.must(err)
	if !slices.Equal(e.Value.Controls, []string{"it-1-1"}) || e.Value.AsOf == "" || len(e.Value.Files) != 1 || e.Value.Files[0].MediaType != "text/csv" {
		t.Errorf("%+v", e.Value)
	}
	_, b, err := s.app.FileOf(s.ctx, "cora", app.OrganizationLedger, "evidence", id, e.Value.Files[0].SHA256)
	s.must(err)
	text, err := io.ReadAll(b)
	s.must(err)
	b.Close()
	for _, want := range []string{"Name,Position", "Name of cora,,Control owner,Your part,1,1,", ",Passed,", "Name of rita", ",To take,"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the register lacks %q:\n%s", want, text)
		}
	}
	// A change of the questions needs the answers again; a change of the text does not.
	changed := small(t)
	changed.Revision, changed.Answers, changed.Course.Body = 1, nil, "## Two"
	if _, err := s.app.KeepCourse(s.ctx, "amy", changed); err != nil {
		t.Error(err)
	}
	changed.Revision, changed.Course.Questions[0].Text = 2, "Whose is it?"
	_, err = s.app.KeepCourse(s.ctx, "amy", changed)
	wrong("other questions with the old answers", "questions", err)
	var stale *app.StaleError
	changed.Answers, changed.Revision = small(t).Answers, 1
	if _, err := s.app.KeepCourse(s.ctx, "amy", changed); !errors.As(err, &stale) {
		t.Errorf("over a change: %v", err)
	}
	// Questions that are changed without the answers close the quiz.
	_, err = s.apply("dana", "kind: course\nid: small\ntitle: Your part\nowner: dana\nbody: '## Two'\npass_mark: 100\nquestions:\n- {id: q1, text: Other, choices: [{id: a, text: You}, {id: b, text: Me}]}\n")
	s.must(err)
	_, err = s.app.TakeCourse(s.ctx, "cora", app.CourseTaking{Course: "small", Answers: map[string][]string{"q1": {"a"}}})
	wrong("a quiz without its key", "course", err)
}

// A script that tries a quiz as often as it is let gets as many attempts as DECISIONS says,
// and of each is told that it failed and nothing else.
func TestHammeringAQuiz(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner"))
	s.must(err)
	k := small(t)
	_, err = s.app.KeepCourse(s.ctx, "dana", k)
	s.must(err)
	// All answers that can be given, the right ones left out.
	const month = 30 * 24 * time.Hour
	tried, told := 0, map[string]bool{}
	for at := time.Duration(0); at < month; at += 30 * time.Minute {
		got, err := s.app.TakeCourse(s.ctx, "cora", app.CourseTaking{Course: "small", Answers: map[string][]string{"q1": {[]string{"a", "b"}[tried%2]}, "q2": {[]string{"a", "b", "c"}[tried%3]}}})
		var wait *app.WaitError
		switch {
		case errors.As(err, &wait):
		case err != nil:
			t.Fatal(err)
		default:
			tried++
			told[fmt.Sprint(got.Passed, got.Correct, got.Missed, got.Answers)] = true
		}
		s.skip(30 * time.Minute)
	}
	if most := training.AttemptsWithin(month); tried > most || tried < most-1 || len(told) != 1 {
		t.Errorf("%d attempts in 30 days, at most %d; told: %v", tried, most, told)
	}
	// Whoever keeps the course lets everybody begin anew by changing it.
	k.Revision, k.Course.Body = 1, "## Explained better"
	_, err = s.app.KeepCourse(s.ctx, "dana", k)
	s.must(err)
	if next, err := s.app.NextTry(s.ctx, "cora", "small"); err != nil || !next.IsZero() {
		t.Errorf("%v %v", next, err)
	}
}

// Whoever holds a role that the organization made itself is asked by it, and takes the
// course with the role beside it by which courses are taken.
func TestCustomRolesAreAnAudience(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("amy", "", "service_organization", "administrator"))
	s.must(err)
	held := func(id, roles string) string {
		return strings.Replace(person(id, "", "service_organization", roles), "---\n", "custom_roles: [keeper]\n---\n", 1)
	}
	_, err = s.apply("amy", "kind: role\nid: keeper\nname: Keeper\npurpose: Keeps the policies.\nkeeps: [policy]\n---\n"+held("rita", "read_only")+held("only", ""))
	s.must(err)
	_, err = s.app.KeepCourse(s.ctx, "dana", small(t))
	s.must(err)
	var f *app.FieldError
	if _, err := s.app.AssignTraining(s.ctx, "dana", app.Assigning{Course: "small", Audience: soc1.Audience{CustomRoles: []string{"none"}}, Due: "2026-12-31"}); !errors.As(err, &f) || f.Field != "audience" {
		t.Errorf("a role that is none: %v", err)
	}
	_, err = s.app.AssignTraining(s.ctx, "dana", app.Assigning{ID: "t-small", Course: "small", Audience: soc1.Audience{CustomRoles: []string{"keeper"}}, Due: "2026-12-31"})
	s.must(err)
	r, err := s.app.Training(s.ctx, "dana", app.TrainingOptions{})
	s.must(err)
	lines := r.Assigned("t-small").Lines
	if len(lines) != 2 || !r.Of("rita")[0].Reaches || r.Of("only")[0].Reaches || len(r.Of("dana")) != 0 {
		t.Errorf("%+v", lines)
	}
	if got, err := s.app.TakeCourse(s.ctx, "rita", app.CourseTaking{Course: "small", Answers: map[string][]string{"q1": {"a"}, "q2": {"a", "b"}}}); err != nil || got.Assignment != "t-small" {
		t.Errorf("%v %v", got, err)
	}
}

// That somebody failed a quiz is read by who keeps courses and by nobody else, whichever
// way they ask: that is more than a page leaving it out. A pass everybody reads, with the
// number of its attempt; who failed learns it from the course.
func TestFailedAttemptsAreRead(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("carl", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+
		person("amy", "", "service_organization", "administrator")+person("rob", "", "audit_firm", "read_only"))
	s.must(err)
	_, err = s.app.KeepCourse(s.ctx, "dana", small(t))
	s.must(err)
	_, err = s.app.AssignTraining(s.ctx, "dana", app.Assigning{ID: "t-small", Course: "small", Audience: soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner}}, Due: "2026-12-31"})
	s.must(err)
	var failed []string
	for _, actor := range []string{"cora", "carl"} {
		got, err := s.app.TakeCourse(s.ctx, actor, app.CourseTaking{Course: "small", Answers: map[string][]string{"q1": {"b"}, "q2": {"c"}}})
		s.must(err)
		failed = append(failed, got.ID)
	}
	s.skip(training.Wait(1))
	passed, err := s.app.TakeCourse(s.ctx, "carl", app.CourseTaking{Course: "small", Answers: map[string][]string{"q1": {"a"}, "q2": {"a", "b"}}})
	s.must(err)
	for actor, keeps := range map[string]bool{"dana": true, "amy": true, "cora": false, "carl": false, "rita": false, "olive": false, "rob": false} {
		want := 1
		if keeps {
			want = 3
		}
		v, err := s.app.View(s.ctx, actor, app.OrganizationLedger, record.AsOf{})
		s.must(err)
		ways := map[string]int{}
		list, err := v.List(s.ctx, "course_completion")
		s.must(err)
		ways["list"] = len(list)
		all, err := record.All[soc1.CourseCompletion](s.ctx, v, "course_completion")
		s.must(err)
		ways["decoded"] = len(all)
		page, err := v.Page(s.ctx, "course_completion", "", 10)
		s.must(err)
		ways["page"] = len(page)
		on, err := v.At("2026-12-31").List(s.ctx, "course_completion")
		s.must(err)
		ways["on a day"] = len(on)
		revisions, err := v.Revisions(s.ctx, "course_completion")
		s.must(err)
		ways["revisions"] = len(revisions)
		records, err := s.app.Records(s.ctx, actor, app.OrganizationLedger, "course_completion", record.AsOf{})
		s.must(err)
		ways["records"] = len(records)
		past, err := s.app.View(s.ctx, actor, app.OrganizationLedger, record.AsOf{Known: v.AsOf().Known})
		s.must(err)
		earlier, err := past.List(s.ctx, "course_completion")
		s.must(err)
		ways["as known"] = len(earlier)
		hits, err := s.app.Search(s.ctx, actor, "small", 100)
		s.must(err)
		for _, h := range hits {
			if h.Kind == "course_completion" {
				ways["search"]++
			}
		}
		for way, n := range ways {
			if n != want {
				t.Errorf("%s, %s: %d attempts, expected %d", actor, way, n, want)
			}
		}
		for _, id := range failed {
			_, err := s.app.Record(s.ctx, actor, app.OrganizationLedger, "course_completion", id, record.AsOf{})
			_, herr := s.app.History(s.ctx, actor, app.OrganizationLedger, "course_completion", id)
			if (err == nil) != keeps || (herr == nil) != keeps {
				t.Errorf("%s reads the failed attempt %s: %v, %v", actor, id, err, herr)
			}
		}
		reg, err := s.app.Training(s.ctx, actor, app.TrainingOptions{})
		s.must(err)
		state := reg.Of("cora")[0].State
		if knows := keeps || actor == "cora"; (state == training.Failed) != knows {
			t.Errorf("%s: cora is %s", actor, state.Label())
		}
		if l := reg.Of("carl")[0]; l.State != training.Passed || l.Pass.ID != passed.ID || l.Pass.Value.Attempt != 2 {
			t.Errorf("%s: carl is %s", actor, l.State.Label())
		}
	}
	id, err := s.app.RecordTraining(s.ctx, "dana", "t-small")
	s.must(err)
	v, err := s.app.View(s.ctx, "rita", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	e, err := record.One[soc1.Evidence](s.ctx, v, "evidence", id)
	s.must(err)
	_, b, err := s.app.FileOf(s.ctx, "rita", app.OrganizationLedger, "evidence", id, e.Value.Files[0].SHA256)
	s.must(err)
	text, err := io.ReadAll(b)
	s.must(err)
	b.Close()
	if strings.Contains(string(text), "Not passed yet") || !strings.Contains(string(text), "To take") {
		t.Errorf("evidence tells who failed:\n%s", text)
	}
}

// A course that comes with the program is adopted with its answers, once; a course
// without a quiz is confirmed.
func TestAdoptedAndConfirmedCourses(t *testing.T) {
	s := begin(t)
	id, err := s.app.AdoptCourse(s.ctx, "dana", app.Adopting{BuiltIn: "control-owner"})
	s.must(err)
	if id != "your-part-control-owner" {
		t.Error(id)
	}
	var f *app.FieldError
	if _, err := s.app.AdoptCourse(s.ctx, "dana", app.Adopting{BuiltIn: "control-owner"}); !errors.As(err, &f) || f.Field != "id" {
		t.Errorf("twice: %v", err)
	}
	if _, err := s.app.AdoptCourse(s.ctx, "dana", app.Adopting{BuiltIn: "auditor"}); !errors.As(err, &f) || f.Field != "built_in" {
		t.Errorf("unknown: %v", err)
	}
	r, err := s.app.Training(s.ctx, "dana", app.TrainingOptions{})
	s.must(err)
	if c := r.Course(id); c == nil || !c.Open() || c.Value.Owner != "dana" || c.Value.BuiltIn != "control-owner" {
		t.Errorf("%+v", c)
	}
	if _, err := s.app.KeepCourse(s.ctx, "dana", app.CourseKeeping{ID: "read", Course: soc1.Course{Title: "Read this", Owner: "dana", Body: "Text."}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.TakeCourse(s.ctx, "dana", app.CourseTaking{Course: "read"}); !errors.As(err, &f) || f.Field != "read" {
		t.Errorf("unconfirmed: %v", err)
	}
	got, err := s.app.TakeCourse(s.ctx, "dana", app.CourseTaking{Course: "read", Read: true})
	s.must(err)
	if !got.Passed || got.Assignment != "" || got.Total != 0 {
		t.Errorf("%+v", got)
	}
}

// TestSealedAnswersAreVerified: that the right answers are gone is found when files are
// verified, and not by whoever takes the course next.
func TestSealedAnswersAreVerified(t *testing.T) {
	s := begin(t)
	if _, err := s.app.AdoptCourse(s.ctx, "dana", app.Adopting{BuiltIn: "everybody"}); err != nil {
		t.Fatal(err)
	}
	troubles := func() []string {
		t.Helper()
		reports, err := s.app.VerifyLedgers(s.ctx, "dana", app.OrganizationLedger, nil, true)
		s.must(err)
		var out []string
		for _, p := range reports[0].Problems {
			out = append(out, p.Table+" "+p.Where+" "+p.What)
		}
		return out
	}
	if got := troubles(); len(got) > 0 {
		t.Errorf("what is whole is found wanting: %v", got)
	}
	removed := 0
	s.must(filepath.WalkDir(filepath.Join(s.dir, "sealed"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			removed++
			return os.Remove(path)
		}
		return err
	}))
	if got := troubles(); removed == 0 || len(got) == 0 || !strings.Contains(got[0], "sealed course_key") || !strings.Contains(got[0], "the right answers") {
		t.Errorf("%d files were removed, and found is %v", removed, got)
	}
}
