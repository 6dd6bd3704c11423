package web

import (
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
	"reperform/training"
)

// schooled are the courses of the house: one that came with the program, assigned to
// control owners, and a film without a quiz.
func schooled(t *testing.T, h *liveHouse) string {
	t.Helper()
	const id = "your-part-control-owner"
	reg, err := h.app.Training(t.Context(), manager, app.TrainingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if reg.Course(id) != nil && len(reg.Course(id).Assignments) > 0 && reg.Course("film") != nil {
		return id
	}
	if reg.Course(id) == nil {
		if _, err := h.app.AdoptCourse(t.Context(), manager, app.Adopting{BuiltIn: "control-owner", Controls: []string{"pay-1-1"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.app.AssignTraining(t.Context(), manager, app.Assigning{Course: id, Audience: soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner, soc1.ComplianceManager}}, Due: reg.Today.AddDays(20)}); err != nil {
		t.Fatal(err)
	}
	k, err := h.app.KeepFile(t.Context(), manager, app.OrganizationLedger, "welcome.mp4", strings.NewReader("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2mp41\x00\x00\x00\x08free"))
	if err != nil {
		t.Fatal(err)
	}
	if previewOf(k.File) != "video" {
		t.Errorf("a film is %s", k.MediaType)
	}
	if _, err := h.app.KeepCourse(t.Context(), manager, app.CourseKeeping{ID: "film", Course: soc1.Course{Title: "Welcome", Owner: manager, Files: []soc1.File{k.File}}}); err != nil {
		t.Fatal(err)
	}
	return id
}

// trainingPages are the pages on training.
func trainingPages(t *testing.T, h *liveHouse) []page {
	at := "/training/" + schooled(t, h)
	send := func(selector, what, then string) func(*person) {
		return func(p *person) {
			p.Do(selector)
			p.Wait(what, then+` && document.readyState === "complete"`)
		}
	}
	return []page{
		{pattern: "GET /training", who: manager, path: "/training", do: func(p *person) {
			p.Do(`document.querySelectorAll(".train-page details").forEach((d) => d.open = true)`)
		}},
		{pattern: "GET /training", who: "elena-petrova", path: "/training"},
		{pattern: "POST /training/adopt", who: manager, path: "/training", do: send(`(() => { const f = document.querySelector("form[action$='/training/adopt']"); f.querySelector("[name=course]").value = "control-owner"; f.querySelector("button").click(); })()`,
			"the refusal", `document.querySelector(".note.bad[role=alert]")`)},
		{pattern: "GET /training/{id}", who: manager, path: at},
		{pattern: "GET /training/{id}", who: "elena-petrova", path: "/training/film"},
		{pattern: "GET /training/{id}/quiz", who: "elena-petrova", path: at + "/quiz"},
		{pattern: "POST /training/{id}/quiz", who: "elena-petrova", path: at + "/quiz", do: send(`document.querySelector("[name=answer-q1]").checked = true; document.querySelector(".train-quiz .pri").click()`,
			"what is missing", `document.querySelector(".note.bad[role=alert]")`)},
		{pattern: "GET /training/{id}/quiz", who: "elena-petrova", path: "/training/film/quiz"},
		{pattern: "GET /training/{id}/edit", who: manager, path: at + "/edit"},
		{pattern: "POST /training/{id}/edit", who: manager, path: at + "/edit", do: send(`document.querySelector("#quiz").value += "\nWho?\n[ ] You\n[ ] Me\n"; document.querySelector(".train-form > .row .pri").click()`,
			"the refusal", `document.querySelector("#quiz-why.err")`)},
		{pattern: "GET /training/course/new", who: administrator, path: "/training/course/new"},
		{pattern: "POST /training/course/new", who: administrator, path: "/training/course/new", do: send(`document.querySelector("#title").value = "Nothing"; document.querySelector(".train-form > .row .pri").click()`,
			"the refusal", `document.querySelector("#body-why.err")`)},
		{pattern: "GET /training/{id}/assign", who: manager, path: at + "/assign"},
		{pattern: "POST /training/{id}/assign", who: manager, path: at + "/assign", do: send(`document.querySelector("#due").value = "2020-01-01"; document.querySelector(".train-form > .row .pri").click()`,
			"the refusal", `document.querySelector("#due-why.err")`)},
	}
}

// TestCourseOnAPhone goes from the inbox of a control owner to a quiz that is failed
// once and passed, by keys alone where there is something to choose, and ends with the
// manager's evidence.
func TestCourseOnAPhone(t *testing.T) {
	const learner = "fatima-boukhari"
	h := live(t)
	id := schooled(t, h)
	p := h.door(t).as(t, h, learner)
	p.Size(390, 844)
	p.open("/inbox")
	p.Wait("the course", `[...document.querySelectorAll("#inbox a")].some((a) => a.pathname === "/training/`+id+`")`)
	p.open("/training/" + id)
	if !p.is(`document.querySelectorAll(".train-text h2").length >= 6 && !document.querySelector(".train-text").innerText.includes("**")`) {
		t.Error("the course is not set as sections")
	}
	p.Do(`document.querySelector(".train-end .pri").click()`)
	p.Wait("the quiz", `document.querySelector(".train-quiz fieldset") && document.readyState === "complete"`)
	b, err := training.BuiltInOf("control-owner")
	if err != nil {
		t.Fatal(err)
	}
	choose := func(question string, right []string) {
		for _, q := range b.Course.Questions {
			if q.ID != question {
				continue
			}
			for _, a := range q.Choices {
				on := "false"
				if slices.Contains(right, a.ID) {
					on = "true"
				}
				p.Do(`document.querySelector("[name=answer-` + question + `][value=` + a.ID + `]").checked = ` + on)
			}
		}
	}
	// All right but three, which are not enough.
	for i, a := range b.Answers {
		right := a.Right
		if i < 3 {
			right = []string{"b"}
			if slices.Contains(a.Right, "b") {
				right = []string{"a"}
			}
		}
		choose(a.Question, right)
	}
	p.Do(`document.querySelector("#q8 input").focus()`)
	p.Press("ArrowDown")
	p.Press("ArrowUp")
	p.Do(`document.querySelector(".train-quiz .pri").focus()`)
	p.Press("Enter")
	p.Wait("the result", `document.querySelector("#result.bad") && document.readyState === "complete"`)
	if text := p.Text("#wait"); !strings.Contains(text, "You can try again from") || !p.is(`!document.querySelector(".train-quiz fieldset") && !document.body.innerText.includes("of 8 are right") && !document.body.innerText.includes("corroborated")`) {
		t.Errorf("nothing says when the next is possible, or what was wrong is told: %q", text)
	}
	h.later(training.Wait(1))
	p.open("/training/" + id + "/quiz")
	for _, a := range b.Answers {
		choose(a.Question, a.Right)
	}
	p.Do(`document.querySelector(".train-quiz .pri").click()`)
	p.Wait("that it is passed", `document.querySelector("#result.ok") && document.readyState === "complete"`)
	if !p.is(`document.body.innerText.includes("corroborated") && document.querySelectorAll(".train-shown .right").length >= 8`) {
		t.Error("who passed is not told what is right and why")
	}
	if len(p.Overflow()) > 0 {
		t.Error(p.Overflow())
	}
	p.open("/inbox")
	if p.is(`[...document.querySelectorAll("#inbox a")].some((a) => a.pathname === "/training/` + id + `")`) {
		t.Error("the course still waits")
	}

	m := h.door(t).as(t, h, manager)
	m.open("/training/" + id)
	m.Do(`document.querySelector(".train-given form button").click()`)
	m.Wait("the evidence", `location.pathname.startsWith("/r/evidence/") && document.body.innerText.includes(".csv") && document.readyState === "complete"`)
	reg, err := h.app.Training(t.Context(), manager, app.TrainingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := reg.Of(learner)
	if len(l) != 1 || l[0].State != training.Passed || l[0].Attempts != 2 {
		t.Errorf("%+v", l)
	}
	// A course is written, with a quiz that is refused first and keeps what was typed.
	m.open("/training/course/new")
	m.Do(`document.querySelector("#title").value = "Call-backs"; document.querySelector("#body").value = "## Why\n\nMoney."; document.querySelector("#quiz").value = "Who calls?\n[ ] You\n[ ] Me"; document.querySelector(".train-form > .row .pri").click()`)
	m.Wait("the refusal", `document.querySelector("#quiz-why.err") && document.readyState === "complete"`)
	if text := m.Text("#quiz-why"); !strings.Contains(text, "ine 1") || !m.is(`document.querySelector("#body").value.includes("Money.")`) {
		t.Errorf("the refusal says %q", text)
	}
	m.Do(`document.querySelector("#quiz").value = "Who calls?\n[x] You\n[ ] Me"; document.querySelector(".train-form > .row .pri").click()`)
	m.Wait("the course", `/^\/training\/course-/.test(location.pathname) && document.querySelector(".train-text h2") && document.readyState === "complete"`)
}

// TestTrainingPages looks at what TestPages does not come by: a quiz that was not
// passed, what who passed reads, and people who are overdue.
func TestTrainingPages(t *testing.T) {
	h := live(t)
	id := schooled(t, h)
	b, err := training.BuiltInOf("control-owner")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string][]string{}
	for _, a := range b.Answers {
		given[a.Question] = a.Right
	}
	if _, err := h.app.TakeCourse(t.Context(), "kofi-mensah", app.CourseTaking{Course: id, Answers: given}); err != nil {
		t.Fatal(err)
	}
	p := h.door(t).as(t, h, "kofi-mensah")
	p.inspect(t, page{pattern: "GET /training/{id}/quiz", path: "/training/" + id + "/quiz?answers=1"})
	p.inspect(t, page{pattern: "POST /training/{id}/quiz", path: "/training/" + id + "/quiz", do: func(p *person) {
		p.Do(`document.querySelectorAll(".train-quiz fieldset").forEach((f) => { f.querySelector("input").checked = true; }); document.querySelector(".train-quiz .pri")?.click()`)
		p.Wait("the result", `document.querySelector("#wait") && document.readyState === "complete"`)
	}})
	m := h.door(t).as(t, h, manager)
	m.inspect(t, page{pattern: "GET /training/{id}", path: "/training/" + id})
	m.inspect(t, page{pattern: "GET /training", path: "/training?role=control_owner"})
	m.open("/training/film")
	if !m.is(`document.querySelector(".train-text video[controls]") && document.querySelector(".train-text video").src.endsWith("/raw/welcome.mp4")`) {
		t.Error("the film is not shown")
	}
	m.open("/r/course/film/edit")
	if !m.is(`location.pathname === "/training/film/edit" && !!document.querySelector("[name=without]")`) {
		t.Error("a course is edited without what is right of its quiz")
	}
}
