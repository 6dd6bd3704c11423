package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
	"reperform/web/chart"
	"reperform/web/ui"
)

// courseKind has a form of its own: its quiz is kept together with what is right of it.
const courseKind = "course"

// trainingPage is who is asked to take what: the person's own courses first, then, for
// who keeps courses, everybody's.
type trainingPage struct {
	f    *ui.Frame
	Mine []courseCard
	// Others are courses that the person is not asked to take and may take.
	Others []courseCard
	// Keeps says that the person keeps courses, Sees that they see how far everybody is.
	Keeps   bool
	Sees    bool
	Asked   *tallyRow
	Courses []tallyRow
	Roles   []tallyRow
	Late    []askedPerson
	// Narrowed names those whose lines stand in People; empty where none are asked for.
	Narrowed string
	People   []askedPerson
	// BuiltIns are the courses of the program that were not adopted.
	BuiltIns []builtInRow
	// New and Attempts are links; New is empty where there is nothing to do.
	New, Attempts string
	// Problem is why adopting was refused.
	Problem string
}

// courseCard is a course as somebody who takes it sees it.
type courseCard struct {
	Title, Purpose, Href, When string
	State                      ui.Status
	// Take is where the quiz is, empty where nothing is to be done; Verb names it.
	Take, Verb string
}

// tallyRow is how far people are, with where they stand.
type tallyRow struct {
	Title, Href, Share string
	Asked, Passed      int
	Late               int
	Meter              chart.HTML
}

// askedPerson is somebody who is asked to take a course.
type askedPerson struct {
	Who                ui.Person
	Course, When, Href string
	State              ui.Status
	// Cannot says that the person holds no role with which courses are taken.
	Cannot bool
}

type builtInRow struct {
	ID, Title, Purpose, Questions string
}

var courseStates = map[training.State]ui.Status{
	training.Overdue: {Text: "Overdue", Class: "warn", Icon: "circle-alert"}, training.Expired: {Text: "To take again", Class: "warn", Icon: "rotate-ccw"},
	training.Failed: {Text: "Not passed yet", Class: "warn", Icon: "circle-dot"}, training.ToTake: {Text: "To take", Icon: "circle-dashed"},
	training.Passed: {Text: "Passed", Class: "ok", Icon: "circle-check"},
}

// closedQuiz is why a quiz cannot be taken whose questions were changed without what is
// right of them.
const closedQuiz = "The quiz cannot be taken yet: nothing says what is right of its questions."

const withheldTraining = withheld("Who is trained is asked of the whole of the records, and you read a part of them. Ask an administrator for a role that reads all.")

// trainingNow is the register as the page shows it.
func (r *request) trainingNow() (*training.Register, error) {
	if r.partly() {
		return nil, withheldTraining
	}
	return r.site.app.Training(r.Context(), r.actor, app.TrainingOptions{AsOf: r.asOf})
}

// keepsCourses tells whether the person keeps courses, now.
func (r *request) keepsCourses() bool {
	return !r.past.On() && r.site.app.MayKeepCourses(r.Context(), r.actor) == nil
}

// seesTraining tells whether the person sees how far everybody is: who keeps courses,
// and who reads all and takes none, as an auditor does.
func (r *request) seesTraining() bool {
	return r.site.app.MayKeepCourses(r.Context(), r.actor) == nil || r.site.app.MayTakeCourses(r.Context(), r.actor) != nil
}

// takesCourses tells whether the person takes courses, now.
func (r *request) takesCourses() bool {
	return !r.past.On() && r.site.app.MayTakeCourses(r.Context(), r.actor) == nil
}

// showTraining shows the dashboard.
func (r *request) showTraining() error { return r.trainingAgain(http.StatusOK, "") }

func (r *request) trainingAgain(status int, problem string) error {
	reg, err := r.trainingNow()
	if err != nil {
		return err
	}
	p := &trainingPage{Keeps: r.keepsCourses(), Sees: r.seesTraining(), Problem: problem, Attempts: r.url("/r/course_completion")}
	mine := reg.Of(r.actor)
	for _, l := range mine {
		p.Mine = append(p.Mine, r.courseCard(l.Course, l, reg.Today))
	}
	for _, c := range reg.Courses {
		if !slices.ContainsFunc(mine, func(l *training.Line) bool { return l.Course == c }) {
			p.Others = append(p.Others, r.courseCard(c, nil, reg.Today))
		}
	}
	if p.Sees {
		if err := r.trainingOfAll(p, reg); err != nil {
			return err
		}
	}
	if p.f, err = r.frame("Training", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/training")
	if problem != "" {
		p.f.Self = p.f.Here
	}
	return r.write(status, ui.Page(p.f, noActions(), trainingBody(p)))
}

// trainingOfAll is what who keeps courses sees beside.
func (r *request) trainingOfAll(p *trainingPage, reg *training.Register) error {
	all := reg.All()
	asked := tallyOf("Everybody", r.url("/training?role=all#asked"), all)
	p.Asked = &asked
	for _, c := range reg.Courses {
		p.Courses = append(p.Courses, tallyOf(c.Value.Title, r.url("/training/%s", url.PathEscape(c.ID)), training.Tally{Lines: c.Lines}))
	}
	shown, lines := r.URL.Query().Get("role"), []*training.Line(nil)
	if shown == "all" {
		p.Narrowed, lines = "everybody", all.Lines
	}
	for _, o := range reg.ByRole() {
		p.Roles = append(p.Roles, tallyOf(o.Role.Label(), r.url("/training?role=%s#asked", url.QueryEscape(string(o.Role))), o.Tally))
		if string(o.Role) == shown {
			p.Narrowed, lines = lowerFirst(o.Role.Label()), o.Lines
		}
	}
	for _, l := range lines {
		p.People = append(p.People, r.askedPerson(l, reg.Today))
	}
	for _, l := range all.Late() {
		p.Late = append(p.Late, r.askedPerson(l, reg.Today))
	}
	if !p.Keeps {
		return nil
	}
	p.New = r.url("/training/course/new")
	built, err := training.BuiltIns()
	if err != nil {
		return err
	}
	for _, b := range built {
		if !slices.ContainsFunc(reg.Courses, func(c *training.Course) bool { return c.Value.BuiltIn == b.ID }) {
			p.BuiltIns = append(p.BuiltIns, builtInRow{b.ID, b.Course.Title, b.Course.Purpose, count(len(b.Course.Questions), "question")})
		}
	}
	return nil
}

func (r *request) askedPerson(l *training.Line, today soc1.Date) askedPerson {
	return askedPerson{Who: r.headings().person(l.Person.ID), Course: l.Course.Value.Title, When: lineWhen(l, "", today), State: courseStates[l.State], Href: r.url("/training/%s#people", url.PathEscape(l.Course.ID)), Cannot: !l.Reaches}
}

func tallyOf(title, href string, t training.Tally) tallyRow {
	x := tallyRow{Title: title, Href: href, Asked: len(t.Lines), Passed: len(t.In(training.Passed)), Late: len(t.Late()), Share: "–"}
	if n, ok := t.Percent(); ok {
		x.Share = fmt.Sprintf("%d%%", n)
	}
	x.Meter = chart.Meter{N: x.Passed, Of: x.Asked, Tone: chart.Info, Width: 88}.SVG()
	return x
}

// courseCard is a course for who takes it; without a line nobody asks the person to.
func (r *request) courseCard(c *training.Course, l *training.Line, today soc1.Date) courseCard {
	x := courseCard{Title: c.Value.Title, Purpose: c.Value.Purpose, Href: r.url("/training/%s", url.PathEscape(c.ID)), Verb: "Take it"}
	if r.takesCourses() && c.Open() {
		x.Take = r.url("/training/%s", url.PathEscape(c.ID))
	}
	if l == nil {
		x.When = "You are not asked to take it, and may."
		if c.PassedNow(r.actor) {
			x.State, x.When, x.Verb = courseStates[training.Passed], "You took it without being asked.", "Read it"
		}
		return x
	}
	x.State, x.When = courseStates[l.State], lineWhen(l, "Your pass", today)
	if l.State == training.Passed && !l.Soon(today) {
		x.Verb = "Read it"
	}
	return x
}

// lineWhen says by when, or since when; yours is what the pass is called to whose it is.
func lineWhen(l *training.Line, yours string, today soc1.Date) string {
	switch {
	case yours != "" && l.Soon(today):
		return yours + " counts until " + dateText(string(l.Until)) + "; take it again by then."
	case l.State == training.Passed:
		out := "Passed on " + dateText(string(l.Pass.Value.FinishedOn))
		if l.Pass.Value.Total > 0 {
			out += fmt.Sprintf(" with %d of %d", l.Pass.Value.Correct, l.Pass.Value.Total)
		}
		if l.Until != "" {
			out += ", counts until " + dateText(string(l.Until))
		}
		return out + "."
	case l.State == training.Expired:
		return "Passed on " + dateText(string(l.Pass.Value.FinishedOn)) + ", which counts no more. Due " + dateText(string(l.Due)) + "."
	}
	out := "Due " + dateText(string(l.Due))
	if l.Attempts > 0 {
		out += ", " + count(l.Attempts, "attempt") + " so far"
	}
	return out + "."
}

// adoptCourse makes a course of the program one of the organization's.
func (r *request) adoptCourse() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id, err := r.site.app.AdoptCourse(r.Context(), r.actor, app.Adopting{BuiltIn: v.Get("course")})
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.trainingAgain(http.StatusUnprocessableEntity, wrong.Text)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/training/%s", url.PathEscape(id)))
}

// coursePage is one course.
type coursePage struct {
	f      *ui.Frame
	Course *training.Course
	Card   courseCard
	// Body is rendered Markdown.
	Body  string
	Films []fileRow
	Files []fileRow
	Owner ui.Person
	Facts []eventFact
	// Quiz is where the quiz is, Answers where what is right stands; empty where not.
	Quiz, Answers string
	// Closed says why the quiz cannot be taken.
	Closed string
	// Sees opens who is asked and how far they are.
	Sees                 bool
	Edit, Assign, Record string
	Assignments          []assignmentRow
	People               []personRow
	Sums                 tallyRow
	Missed               []missedRow
	Tried                int
}

type assignmentRow struct {
	ID, For, When, Href string
	tallyRow
	// Evidence is where its register is filed; empty where the person files none.
	Evidence string
}

type personRow struct {
	Who    ui.Person
	When   string
	State  ui.Status
	Cannot bool
}

type missedRow struct {
	Text  string
	Times int
}

// courseOf finds the course of the address.
func (r *request) courseOf() (*training.Register, *training.Course, error) {
	reg, err := r.trainingNow()
	if err != nil {
		return nil, nil, err
	}
	c := reg.Course(r.PathValue("id"))
	if c == nil {
		return nil, nil, fmt.Errorf("course %q: %w", r.PathValue("id"), record.ErrNotFound)
	}
	return reg, c, nil
}

// own is the person's line of a course; nil where nobody asks them.
func own(c *training.Course, person string) *training.Line {
	at := slices.IndexFunc(c.Lines, func(l *training.Line) bool { return l.Person.ID == person })
	if at < 0 {
		return nil
	}
	return c.Lines[at]
}

// showCourse shows a course to be read.
func (r *request) showCourse() error {
	reg, c, err := r.courseOf()
	if err != nil {
		return err
	}
	p := &coursePage{Course: c, Card: r.courseCard(c, own(c, r.actor), reg.Today), Body: r.document(c.Value.Body, 0), Owner: r.headings().person(c.Value.Owner), Sees: r.seesTraining(), Record: r.recordURL("course", c.ID)}
	for _, f := range r.filesOf(c.Record) {
		at := slices.IndexFunc(c.Value.Files, func(x soc1.File) bool { return x.SHA256 == f.SHA256 })
		if at >= 0 && previewOf(c.Value.Files[at]) == "video" {
			f.View = strings.TrimSuffix(f.View, "/view") + "/raw/" + url.PathEscape(f.Name)
			p.Films = append(p.Films, f)
			continue
		}
		p.Files = append(p.Files, f)
	}
	switch {
	case !c.Open():
		p.Closed = closedQuiz
	case r.takesCourses():
		p.Quiz = r.url("/training/%s/quiz", url.PathEscape(c.ID))
	}
	if c.PassedNow(r.actor) && len(c.Value.Questions) > 0 {
		p.Answers = r.url("/training/%s/quiz?answers=1", url.PathEscape(c.ID))
	}
	if p.Sees {
		r.courseOfAll(p, reg)
	}
	if p.f, err = r.frame(c.Value.Title, []ui.Link{{Text: "Training", Href: r.url("/training")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/training")
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), courseBody(p)))
}

// courseOfAll is what who keeps courses sees beside.
func (r *request) courseOfAll(p *coursePage, reg *training.Register) {
	c := p.Course
	if r.keepsCourses() {
		p.Edit, p.Assign = r.url("/training/%s/edit", url.PathEscape(c.ID)), r.url("/training/%s/assign", url.PathEscape(c.ID))
	}
	p.Sums = tallyOf("", "", training.Tally{Lines: c.Lines})
	files := !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "evidence", "") == nil
	for _, a := range c.Assignments {
		x := assignmentRow{ID: a.ID, For: r.audienceText(a.Value.Audience), When: fmt.Sprintf("Assigned %s, due %s", dateText(string(a.Value.AssignedOn)), dateText(string(a.Value.Due))),
			Href: r.recordURL("training_assignment", a.ID), tallyRow: tallyOf("", "", reg.Assigned(a.ID))}
		if files {
			x.Evidence = r.url("/training/%s/evidence", url.PathEscape(c.ID))
		}
		p.Assignments = append(p.Assignments, x)
	}
	for _, l := range c.Lines {
		p.People = append(p.People, personRow{Who: r.headings().person(l.Person.ID), When: lineWhen(l, "", reg.Today), State: courseStates[l.State], Cannot: !l.Reaches})
	}
	missed, n := c.Missed()
	p.Tried = n
	for _, q := range c.Value.Questions {
		if missed[q.ID] > 0 {
			p.Missed = append(p.Missed, missedRow{q.Text, missed[q.ID]})
		}
	}
	slices.SortStableFunc(p.Missed, func(x, y missedRow) int { return y.Times - x.Times })
	controls := eventFact{Name: "Evidence of"}
	for _, id := range c.Value.Controls {
		controls.Links = append(controls.Links, ui.Link{Text: r.optionText("control", id), Href: r.recordURL("control", id)})
	}
	if len(controls.Links) > 0 {
		p.Facts = append(p.Facts, controls)
	}
}

// audienceText names an audience.
func (r *request) audienceText(a soc1.Audience) string {
	if a.Everybody {
		return "Everybody"
	}
	var out []string
	for _, role := range a.Roles {
		out = append(out, role.Label())
	}
	for _, id := range a.CustomRoles {
		out = append(out, r.optionText("role", id))
	}
	for _, id := range a.People {
		out = append(out, r.headings().person(id).Name)
	}
	return strings.Join(out, ", ")
}

// fileTraining files the register of an assignment as evidence.
func (r *request) fileTraining() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id, err := r.site.app.RecordTraining(r.Context(), r.actor, v.Get("assignment"))
	if err != nil {
		return err
	}
	return r.redirect(r.recordURL("evidence", id))
}
