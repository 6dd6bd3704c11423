package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/soc1"
	"reperform/training"
	"reperform/web/ui"
)

// quizPage is a quiz to be answered, or what came of it.
type quizPage struct {
	f      *ui.Frame
	Course *training.Course
	// To is where the answers go; empty where nothing is to be answered.
	To        string
	Questions []quizQuestion
	// Problem is why the answers were not taken, At the question that it is about.
	Problem, At string
	// Result is what came of the last attempt, nil before.
	Result *soc1.CourseCompletion
	// Wait is from when it may be tried again; empty where nothing has to be waited for.
	Wait string
	Back string
}

type quizQuestion struct {
	soc1.CourseQuestion
	Number int
	// Chosen are the letters chosen, Right those that are right, where that is told.
	Chosen, Right []string
	Explanation   string
	// Missing says that it was not answered.
	Missing bool
}

// showQuiz shows the quiz, or, to who has passed, what is right.
func (r *request) showQuiz() error {
	_, c, err := r.courseOf()
	if err != nil {
		return err
	}
	if r.URL.Query().Get("answers") == "" {
		return r.quizAgain(http.StatusOK, c, nil, nil, nil)
	}
	answers, err := r.site.app.CourseAnswers(r.Context(), r.actor, c.ID)
	if err != nil {
		return err
	}
	p := r.quizOf(c, nil)
	for i := range p.Questions {
		q := &p.Questions[i]
		if at := slices.IndexFunc(answers, func(a training.Answer) bool { return a.Question == q.ID }); at >= 0 {
			q.Right, q.Explanation = answers[at].Right, answers[at].Explanation
		}
	}
	for _, x := range c.Attempts {
		if x.Value.Person == r.actor && x.Value.Passed {
			p.Result = &x.Value
		}
	}
	return r.writeQuiz(http.StatusOK, p)
}

func (r *request) quizOf(c *training.Course, given map[string][]string) *quizPage {
	p := &quizPage{Course: c, Back: r.url("/training/%s", url.PathEscape(c.ID))}
	for i, q := range c.Value.Questions {
		q.Choices = r.mixed(c, q)
		p.Questions = append(p.Questions, quizQuestion{CourseQuestion: q, Number: i + 1, Chosen: given[q.ID]})
	}
	return p
}

// mixed are the answers that a question offers in an order of each person's and each
// attempt's own, so that nobody passes on that it was always the second. The letters stay
// those of the course.
func (r *request) mixed(c *training.Course, q soc1.CourseQuestion) []soc1.CourseChoice {
	place := func(id string) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%d\n%s\n%s", r.actor, c.ID, c.Revision, c.NextAttempt(r.actor), q.ID, id))
		return string(sum[:])
	}
	out := slices.Clone(q.Choices)
	slices.SortFunc(out, func(x, y soc1.CourseChoice) int { return strings.Compare(place(x.ID), place(y.ID)) })
	return out
}

// quizAgain shows the quiz with what was answered: refused, or graded and not passed.
func (r *request) quizAgain(status int, c *training.Course, given map[string][]string, wrong *app.FieldError, got *soc1.CourseCompletion) error {
	if err := r.presentOnly(); err != nil {
		return err
	}
	if err := r.site.app.MayTakeCourses(r.Context(), r.actor); err != nil {
		return err
	}
	p := r.quizOf(c, given)
	p.Result = got
	next, err := r.site.app.NextTry(r.Context(), r.actor, c.ID)
	if err != nil {
		return err
	}
	p.Wait = r.instant(next)
	if p.Wait != "" {
		// Nothing is offered that would not be taken.
	} else if c.Open() {
		p.To = r.url("/training/%s/quiz", url.PathEscape(c.ID))
	} else {
		p.Problem = closedQuiz
	}
	if wrong != nil {
		p.Problem = wrong.Text
	}
	for i := range p.Questions {
		q := &p.Questions[i]
		if wrong != nil && q.ID == wrong.Field {
			q.Missing, p.At = true, q.ID
		}
	}
	return r.writeQuiz(status, p)
}

func (r *request) writeQuiz(status int, p *quizPage) error {
	var err error
	if p.f, err = r.frame("Quiz", []ui.Link{{Text: "Training", Href: r.url("/training")}, {Text: clipped(p.Course.Value.Title, 60), Href: p.Back}}); err != nil {
		return err
	}
	p.f.Here = r.url("/training")
	if p.To != "" {
		p.f.Self = p.To
	}
	return r.write(status, ui.Page(p.f, noActions(), quizBody(p)))
}

// takeQuiz grades the answers.
func (r *request) takeQuiz() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	_, c, err := r.courseOf()
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil || seen < 1 {
		return badRequest("revision", errors.New("the form does not say which revision of the course was read; open the quiz again"))
	}
	given := map[string][]string{}
	for i := range c.Value.Questions {
		id := c.Value.Questions[i].ID
		given[id] = v["answer-"+id]
	}
	got, err := r.site.app.TakeCourse(r.Context(), r.actor, app.CourseTaking{Course: c.ID, Seen: seen, Answers: given, Read: v.Get("read") == "yes"})
	var wrong *app.FieldError
	var wait *app.WaitError
	switch {
	case errors.As(err, &wrong):
		return r.quizAgain(http.StatusUnprocessableEntity, c, given, wrong, nil)
	case errors.As(err, &wait):
		return r.quizAgain(http.StatusUnprocessableEntity, c, given, nil, nil)
	case err != nil:
		return err
	case !got.Passed:
		return r.quizAgain(http.StatusOK, c, given, nil, &got.CourseCompletion)
	}
	return r.redirect(r.url("/training/%s/quiz?answers=1", url.PathEscape(c.ID)))
}
