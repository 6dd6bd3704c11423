package training

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"reperform/soc1"
)

// A quiz is written as text, one question after the other, with an empty line between
// them:
//
//	1. Who owns a control?
//	[x] The person who answers for it.
//	[ ] The auditor.
//	> The auditor tests it and never owns it.
//
// [x] marks what is right; where several are, several have to be chosen. What stands
// behind > is read by who has passed. The numbers may be left out.

// QuizError says what cannot be read of a quiz.
type QuizError struct {
	// Line counts from 1.
	Line int
	// Text says what is wrong and what to do.
	Text string
}

// Error says it with its line.
func (e *QuizError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

var (
	quizChoice = regexp.MustCompile(`^\s*[-*]?\s*\[([ xX])\]\s*(.*)$`)
	quizNumber = regexp.MustCompile(`^\s*\d+[.)]\s+`)
)

// MostQuestions and MostChoices bound a quiz.
const (
	MostQuestions = 100
	MostChoices   = 12
)

// Answer is what is right of a question, and why. It is sealed, and a soc1.CourseKey
// commits to it; it stands in no record.
type Answer struct {
	// Question is the id of the question.
	Question string `json:"question"`
	// Right are the letters of the right answers.
	Right []string `json:"right"`
	// Explanation says why; who passed reads it.
	Explanation string `json:"explanation,omitempty"`
}

// ParseQuiz reads a quiz that is written as text: the questions, and apart from them
// what is right. Questions are q1, q2…, their answers a, b….
func ParseQuiz(text string) ([]soc1.CourseQuestion, []Answer, error) {
	r := quizReader{}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if err := r.line(i+1, strings.TrimRight(line, " \t")); err != nil {
			return nil, nil, err
		}
	}
	if err := r.end(); err != nil {
		return nil, nil, err
	}
	return r.questions, r.answers, nil
}

// quizReader is a quiz while it is read.
type quizReader struct {
	questions []soc1.CourseQuestion
	answers   []Answer
	// began is the line of the question that is open; 0 where none is.
	began int
}

func (r *quizReader) line(n int, line string) error {
	wrong := func(text string) error { return &QuizError{n, text} }
	if strings.TrimSpace(line) == "" {
		if r.began > 0 && len(r.questions[len(r.questions)-1].Choices) > 0 {
			return r.end()
		}
		return nil
	}
	if m := quizChoice.FindStringSubmatch(line); m != nil {
		if r.began == 0 {
			return wrong("An answer stands before any question. Write the question first.")
		}
		q, a := &r.questions[len(r.questions)-1], &r.answers[len(r.answers)-1]
		if a.Explanation != "" {
			return wrong("An answer stands behind the explanation. Put all answers before it.")
		}
		if len(q.Choices) == MostChoices {
			return wrong(fmt.Sprintf("The question offers more than %d answers.", MostChoices))
		}
		id := string(rune('a' + len(q.Choices)))
		q.Choices = append(q.Choices, soc1.CourseChoice{ID: id, Text: strings.TrimSpace(m[2])})
		if m[1] != " " {
			a.Right = append(a.Right, id)
		}
		return nil
	}
	if why, ok := strings.CutPrefix(strings.TrimSpace(line), ">"); ok {
		if r.began == 0 {
			return wrong("An explanation stands before any question.")
		}
		a := &r.answers[len(r.answers)-1]
		a.Explanation = strings.TrimSpace(a.Explanation + " " + strings.TrimSpace(why))
		return nil
	}
	if r.began > 0 && len(r.questions[len(r.questions)-1].Choices) > 0 {
		return wrong("This is neither an answer, which begins with [x] or [ ], nor an explanation, which begins with >. Leave a line empty before the next question.")
	}
	text := strings.TrimSpace(quizNumber.ReplaceAllString(line, ""))
	if r.began > 0 {
		q := &r.questions[len(r.questions)-1]
		q.Text += "\n" + text
		return nil
	}
	if len(r.questions) == MostQuestions {
		return wrong(fmt.Sprintf("The quiz has more than %d questions.", MostQuestions))
	}
	id := fmt.Sprintf("q%d", len(r.questions)+1)
	r.questions = append(r.questions, soc1.CourseQuestion{ID: id, Text: text})
	r.answers = append(r.answers, Answer{Question: id})
	r.began = n
	return nil
}

// end closes the question that is open.
func (r *quizReader) end() error {
	if r.began == 0 {
		return nil
	}
	q, a := &r.questions[len(r.questions)-1], r.answers[len(r.answers)-1]
	switch {
	case len(q.Choices) < 2:
		return &QuizError{r.began, "The question offers fewer than two answers. Begin each with [x] or [ ]."}
	case len(a.Right) == 0:
		return &QuizError{r.began, "No answer of the question is right. Mark it with [x]."}
	}
	q.Multiple = len(a.Right) > 1
	r.began = 0
	return nil
}

// QuizText writes a quiz as ParseQuiz reads it. Without answers nothing is marked.
func QuizText(questions []soc1.CourseQuestion, answers []Answer) string {
	var b strings.Builder
	for i, q := range questions {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, q.Text)
		at := slices.IndexFunc(answers, func(a Answer) bool { return a.Question == q.ID })
		for _, c := range q.Choices {
			mark := " "
			if at >= 0 && slices.Contains(answers[at].Right, c.ID) {
				mark = "x"
			}
			fmt.Fprintf(&b, "[%s] %s\n", mark, c.Text)
		}
		if at >= 0 && answers[at].Explanation != "" {
			fmt.Fprintf(&b, "> %s\n", answers[at].Explanation)
		}
	}
	return b.String()
}

// ParseCourse reads a course that is written as one text: between two lines of --- what it is
// called and how it is taken, then its sections, then, under the heading "# Quiz", the
// quiz.
func ParseCourse(text string) (soc1.Course, []Answer, error) {
	var c soc1.Course
	text = strings.ReplaceAll(text, "\r\n", "\n")
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return c, nil, &QuizError{1, "The course begins with a line of ---, under which its title stands."}
	}
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return c, nil, &QuizError{1, "The head of the course has no end. Close it with a line of ---."}
	}
	for i, line := range strings.Split(head, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		wrong := func(text string) error { return &QuizError{i + 2, text} }
		number := func(into *int) error {
			if _, err := fmt.Sscanf(value, "%d", into); err != nil || fmt.Sprint(*into) != value {
				return wrong(fmt.Sprintf("%s: %q is no whole number.", name, value))
			}
			return nil
		}
		var err error
		switch strings.TrimSpace(name) {
		case "title":
			c.Title = value
		case "purpose":
			c.Purpose = value
		case "owner":
			c.Owner = value
		case "edition":
			c.Edition = value
		case "controls":
			for _, id := range strings.Split(value, ",") {
				if id = strings.TrimSpace(id); id != "" {
					c.Controls = append(c.Controls, id)
				}
			}
		case "again_from":
			c.AgainFrom = soc1.Date(value)
		case "pass_mark":
			err = number(&c.PassMark)
		case "renew_months":
			err = number(&c.RenewMonths)
		default:
			err = wrong(fmt.Sprintf("%q is not known. Use title, purpose, owner, edition, pass_mark, renew_months, again_from or controls.", name))
		}
		if err != nil {
			return c, nil, err
		}
	}
	skipped := 2 + strings.Count(head, "\n") + 1
	quiz := ""
	if at := strings.Index("\n"+body, "\n# Quiz\n"); at >= 0 {
		quiz = body[at+len("# Quiz\n"):]
		skipped += strings.Count(body[:at], "\n") + 1
		body = body[:at]
	}
	c.Body = strings.TrimSpace(body)
	questions, answers, err := ParseQuiz(quiz)
	if err != nil {
		var wrong *QuizError
		if errors.As(err, &wrong) {
			wrong.Line += skipped
		}
		return c, nil, err
	}
	c.Questions = questions
	return c, answers, nil
}
