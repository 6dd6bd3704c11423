package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
	"reperform/web/ui"
)

// assignPage asks for whom a course is, and by when.
type assignPage struct {
	f      *ui.Frame
	Course *training.Course
	To     string
	// What was typed.
	Everybody, Anew bool
	Roles, People   []option
	// Custom are the roles that the organization made itself.
	Custom              []option
	Engagements         []option
	Due, Reason         string
	Problem, At, Cancel string
}

// assignCourse shows the form.
func (r *request) assignCourse() error {
	return r.assignAgain(http.StatusOK, app.Assigning{Course: r.PathValue("id")}, nil)
}

func (r *request) assignAgain(status int, x app.Assigning, wrong *app.FieldError) error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	if err := r.site.app.MayAssignTraining(r.Context(), r.actor); err != nil {
		return err
	}
	reg, c, err := r.courseOf()
	if err != nil {
		return err
	}
	back := r.url("/training/%s", url.PathEscape(c.ID))
	p := &assignPage{Course: c, To: back + "/assign", Cancel: back, Everybody: x.Audience.Everybody, Anew: x.Anew, Due: string(x.Due), Reason: x.Reason,
		People: r.options(record.Field{Ref: personKind, List: true}, x.Audience.People), Engagements: r.options(record.Field{Ref: "engagement"}, []string{x.Engagement})}
	if wrong == nil {
		p.Due = string(reg.Today.AddDays(training.Again))
		if b, err := training.BuiltInOf(c.Value.BuiltIn); err == nil {
			p.Everybody, x.Audience.Roles = b.For.Everybody, b.For.Roles
		}
	} else {
		p.Problem, p.At = wrong.Text, wrong.Field
	}
	for _, role := range training.Roles {
		p.Roles = append(p.Roles, option{string(role), role.Label(), slices.Contains(x.Audience.Roles, role)})
	}
	p.Custom = r.options(record.Field{Ref: "role"}, x.Audience.CustomRoles)
	if p.f, err = r.frame("Assign", []ui.Link{{Text: "Training", Href: r.url("/training")}, {Text: clipped(c.Value.Title, 60), Href: back}}); err != nil {
		return err
	}
	p.f.Here, p.f.Self = r.url("/training"), p.To
	return r.write(status, ui.Page(p.f, noActions(), assignBody(p)))
}

// recordAssignment asks people to take the course.
func (r *request) recordAssignment() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	x := app.Assigning{Course: r.PathValue("id"), Due: soc1.Date(strings.TrimSpace(v.Get("due"))), Reason: tidy(v.Get("reason")), Engagement: v.Get("engagement"), Anew: v.Get("anew") == "yes",
		Audience: soc1.Audience{Everybody: v.Get("everybody") == "yes", CustomRoles: v["custom_roles"], People: v["people"]}}
	for _, role := range v["roles"] {
		x.Audience.Roles = append(x.Audience.Roles, soc1.Role(role))
	}
	if x.Audience.Everybody {
		// Whoever is everybody is not named besides.
		x.Audience.Roles, x.Audience.CustomRoles, x.Audience.People = nil, nil, nil
	}
	_, err = r.site.app.AssignTraining(r.Context(), r.actor, x)
	var wrong *app.FieldError
	var of *app.RecordError
	if errors.As(err, &of) {
		field, _, _ := strings.Cut(of.Field, ".")
		err = &app.FieldError{Field: field, Text: strings.TrimSpace(of.Message + " " + of.Remedy)}
	}
	switch {
	case errors.As(err, &wrong):
		return r.assignAgain(http.StatusUnprocessableEntity, x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/training/%s", url.PathEscape(x.Course)))
}

// courseForm is a course to be written.
type courseForm struct {
	f *ui.Frame
	// ID is empty of a new one; Revision is the one that was opened.
	ID       string
	Revision int64
	To       string
	Cancel   string
	Course   soc1.Course
	Owners   []option
	Controls []option
	// Quiz is the quiz as text, Pass and Renew what was typed.
	Quiz, Pass, Renew string
	Held              []fileRow
	Sent              []sentFile
	UploadTo          string
	Reason            string
	Problem, At       string
}

// newCourse shows an empty form.
func (r *request) newCourse() error {
	return r.courseFormAgain(http.StatusOK, &courseForm{Course: soc1.Course{Owner: r.actor}, Pass: "80", Renew: "12"})
}

// editCourse shows the form of a course with what is right of its quiz.
func (r *request) editCourse() error {
	if err := r.site.app.MayKeepCourses(r.Context(), r.actor); err != nil {
		return err
	}
	_, c, err := r.courseOf()
	if err != nil {
		return err
	}
	answers, err := r.site.app.CourseAnswers(r.Context(), r.actor, c.ID)
	if err != nil {
		return err
	}
	p := &courseForm{ID: c.ID, Revision: c.Revision, Course: c.Value, Quiz: training.QuizText(c.Value.Questions, answers), Renew: fmt.Sprint(c.Value.RenewMonths), Held: r.filesOf(c.Record)}
	if c.Value.PassMark > 0 {
		p.Pass = fmt.Sprint(c.Value.PassMark)
	}
	return r.courseFormAgain(http.StatusOK, p)
}

func (r *request) courseFormAgain(status int, p *courseForm) error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	if err := r.site.app.MayKeepCourses(r.Context(), r.actor); err != nil {
		return err
	}
	if r.partly() {
		return withheldTraining
	}
	title, crumbs := "New course", []ui.Link{{Text: "Training", Href: r.url("/training")}}
	p.To, p.Cancel = r.url("/training/course/new"), r.url("/training")
	if p.ID != "" {
		p.To, p.Cancel = r.url("/training/%s/edit", url.PathEscape(p.ID)), r.url("/training/%s", url.PathEscape(p.ID))
		title, crumbs = "Edit", append(crumbs, ui.Link{Text: clipped(p.Course.Title, 60), Href: p.Cancel})
	}
	p.UploadTo = r.uploadTo()
	p.Owners = r.options(record.Field{Ref: personKind}, []string{p.Course.Owner})
	p.Controls = r.options(record.Field{Ref: "control", List: true}, p.Course.Controls)
	var err error
	if p.f, err = r.frame(title, crumbs); err != nil {
		return err
	}
	p.f.Here, p.f.Self = r.url("/training"), p.To
	return r.write(status, ui.Page(p.f, noActions(), courseFormBody(p)))
}

// keepCourse records a course with its answers.
func (r *request) keepCourse() error {
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	p := &courseForm{ID: r.PathValue("id"), Quiz: v.Get("quiz"), Pass: strings.TrimSpace(v.Get("pass_mark")), Renew: strings.TrimSpace(v.Get("renew_months")), Reason: tidy(v.Get("reason"))}
	p.Course = soc1.Course{Title: tidy(v.Get("title")), Purpose: tidy(v.Get("purpose")), Owner: v.Get("owner"), Edition: tidy(v.Get("edition")), Body: tidy(v.Get("body")), Controls: v["controls"], AgainFrom: soc1.Date(strings.TrimSpace(v.Get("again_from")))}
	if p.ID != "" {
		_, c, err := r.courseOf()
		if err != nil {
			return err
		}
		if p.Revision, err = strconv.ParseInt(v.Get("revision"), 10, 64); err != nil || p.Revision < 1 {
			return badRequest("revision", errors.New("the form does not say which revision was opened; open it again"))
		}
		p.Held, p.Course.BuiltIn = r.filesOf(c.Record), c.Value.BuiltIn
		for _, f := range c.Value.Files {
			if !slices.Contains(v["without"], f.SHA256) {
				p.Course.Files = append(p.Course.Files, f)
			}
		}
	}
	for _, f := range files {
		if !slices.ContainsFunc(p.Course.Files, func(x soc1.File) bool { return x.SHA256 == f.SHA256 && x.Name == f.Name }) {
			p.Course.Files = append(p.Course.Files, f)
		}
	}
	id, err := r.keptCourse(p)
	var wrong *app.FieldError
	var of *app.RecordError
	var stale *app.StaleError
	switch {
	case errors.As(err, &of):
		err = &app.FieldError{Field: of.Field, Text: strings.TrimSpace(of.Message + " " + of.Remedy)}
	case errors.As(err, &stale):
		err = &app.FieldError{Field: "title", Text: "The course was changed meanwhile. What you typed stands below; open the course in another window, compare, and repeat what is still wanted."}
	}
	switch {
	case errors.As(err, &wrong):
		p.Problem, p.At = wrong.Text, courseField(wrong.Field)
		p.Sent = r.sentAgain(files)
		return r.courseFormAgain(http.StatusUnprocessableEntity, p)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/training/%s", url.PathEscape(id)))
}

// keptCourse reads the rest of the form and records the course.
func (r *request) keptCourse(p *courseForm) (string, error) {
	questions, answers, err := training.ParseQuiz(p.Quiz)
	if err != nil {
		return "", &app.FieldError{Field: "questions", Text: sentence(err.Error())}
	}
	p.Course.Questions = questions
	for _, x := range []struct {
		field, typed string
		into         *int
	}{{"pass_mark", p.Pass, &p.Course.PassMark}, {"renew_months", p.Renew, &p.Course.RenewMonths}} {
		if x.typed == "" {
			continue
		}
		if *x.into, err = strconv.Atoi(x.typed); err != nil {
			return "", &app.FieldError{Field: x.field, Text: fmt.Sprintf("%q is no whole number.", clipped(x.typed, 20))}
		}
	}
	if len(questions) == 0 {
		// Without a quiz there is nothing to pass.
		p.Course.PassMark = 0
	}
	return r.site.app.KeepCourse(r.Context(), r.actor, app.CourseKeeping{ID: p.ID, Revision: p.Revision, Course: p.Course, Answers: answers, Reason: p.Reason})
}

// courseField is the input in which a field of a course is typed.
func courseField(path string) string {
	field, _, _ := strings.Cut(path, "[")
	field, _, _ = strings.Cut(field, ".")
	if field == "questions" {
		return "quiz"
	}
	return field
}
