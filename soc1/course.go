package soc1

import "fmt"

// CourseChoice is one answer that a question offers.
type CourseChoice struct {
	// ID is its letter.
	ID string `json:"id" label:"Letter" required:"true"`
	// Text is what it says.
	Text string `json:"text" label:"Answer" required:"true"`
}

// CourseQuestion is a question of a quiz. Which answers are right is not part of it:
// everybody of the organization reads a course, and the right answers stand in the
// CourseKey.
type CourseQuestion struct {
	// ID tells it from the others of the course.
	ID string `json:"id" label:"Id" required:"true"`
	// Text is what is asked.
	Text string `json:"text" label:"Question" required:"true" multiline:"true"`
	// Choices are the answers offered, in order.
	Choices []CourseChoice `json:"choices" label:"Answers offered" required:"true"`
	// Multiple says that several may be right, and all of them have to be chosen.
	Multiple bool `json:"multiple,omitempty" label:"Several are right"`
}

// Course is what people of the organization learn: a text, or a document or a film,
// and a quiz that shows whether they understood.
type Course struct {
	// Title is what the course is called.
	Title string `json:"title" label:"Title" required:"true"`
	// Purpose says what it is for and for whom.
	Purpose string `json:"purpose,omitempty" label:"What it is for" multiline:"true" help:"Who takes it, and what they can do afterwards."`
	// Owner is who keeps it current and sees that it is taken.
	Owner string `json:"owner" label:"Owner" ref:"person" required:"true"`
	// Edition is the course's own version mark.
	Edition string `json:"edition,omitempty" label:"Edition" help:"Such as 2025 or 3.1; it stands in the register of who took which."`
	// Body is the course itself, in Markdown.
	Body string `json:"body,omitempty" label:"Text" multiline:"true" help:"In Markdown. Begin each section with ## and its heading."`
	// Files are the course itself where it is a document or a film.
	Files []File `json:"files,omitempty" label:"Files"`
	// PassMark is the share of the questions that have to be right, in percent.
	PassMark int `json:"pass_mark,omitempty" label:"Pass mark in percent"`
	// Questions are the quiz.
	Questions []CourseQuestion `json:"questions,omitempty" label:"Questions"`
	// Controls are those that the course serves: the register of who took it is
	// evidence of them.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control" help:"The register of who took the course is evidence of these."`
	// RenewMonths is after how many months the course is taken again; 0 is never.
	RenewMonths int `json:"renew_months,omitempty" label:"Taken again after months" help:"12 means once a year. 0 means once."`
	// AgainFrom is the day before which nobody's pass counts any more, because what
	// the course says has changed too much.
	AgainFrom Date `json:"again_from,omitempty" label:"Taken again by whoever passed before" help:"Set it when a new edition says something that everybody has to know. Whoever passed before this day is asked again."`
	// BuiltIn names the course of this program that it was made from.
	BuiltIn string `json:"built_in,omitempty" label:"Made from"`
}

// MostRenewMonths bounds after how many months a course is taken again.
const MostRenewMonths = 120

// Validate checks the course alone.
func (x Course) Validate() []Problem {
	c := examine(x)
	c.when(blank(x.Body) && len(x.Files) == 0, "body", "The course has neither a text nor a file.", "Write what people read, or add the document or the film.")
	c.short(x.Title, TitleLimit, "title", "The title")
	c.short(x.Edition, MarkLimit, "edition", "The edition")
	c.within(x.RenewMonths, 0, MostRenewMonths, "renew_months")
	c.within(x.PassMark, 0, 100, "pass_mark")
	c.when(len(x.Questions) > 0 && x.PassMark == 0, "pass_mark", "The course has a quiz, and anybody passes it.", "Give the percentage of the questions that have to be right, such as 80.")
	c.when(len(x.Questions) == 0 && x.PassMark != 0, "pass_mark", "The course has a pass mark and no quiz.", "Add the questions, or remove the pass mark.")
	ids := map[string]bool{}
	for i, q := range x.Questions {
		c.when(q.ID != "" && ids[q.ID], at("questions", i, "id"), fmt.Sprintf("Question %s is listed twice.", q.ID), "Give each question an id of its own.")
		ids[q.ID] = true
		c.when(len(q.Choices) == 1, at("questions", i, "choices"), "The question offers one answer.", "Offer at least two.")
		letters, texts := map[string]bool{}, map[string]bool{}
		for j, a := range q.Choices {
			field := at("questions", i, at("choices", j, ""))
			c.when(a.ID != "" && letters[a.ID], field, fmt.Sprintf("Answer %s is listed twice.", a.ID), "Give each answer a letter of its own.")
			c.when(!blank(a.Text) && texts[a.Text], field, "The same answer is offered twice.", "Offer it once.")
			letters[a.ID], texts[a.Text] = true, true
		}
	}
	return c.problems
}

// Question finds a question by its id; nil where there is none.
func (x *Course) Question(id string) *CourseQuestion {
	for i := range x.Questions {
		if x.Questions[i].ID == id {
			return &x.Questions[i]
		}
	}
	return nil
}

// Offers reports whether the question offers an answer.
func (q *CourseQuestion) Offers(id string) bool {
	for _, a := range q.Choices {
		if a.ID == id {
			return true
		}
	}
	return false
}

// CourseKey commits to the right answers of a course, which are sealed outside of the
// ledger: everybody of the organization reads the ledger and takes the course all the
// same, and still nobody exchanges the answers unnoticed.
type CourseKey struct {
	// Course is the course.
	Course string `json:"course" label:"Course" ref:"course" required:"true"`
	// Questions is how many questions it answers.
	Questions int `json:"questions" label:"Questions answered" required:"true"`
	// QuizSHA256 is the digest of those questions: the key fits these and no others.
	QuizSHA256 string `json:"quiz_sha256" label:"Digest of the questions" required:"true"`
	// Commitment is the SHA-256 of the sealed answers, salt included.
	Commitment string `json:"commitment" label:"Commitment to the answers" required:"true"`
	// KeptBy is who gave the answers.
	KeptBy string `json:"kept_by" label:"Given by" ref:"person" required:"true"`
	// KeptOn is the day.
	KeptOn Date `json:"kept_on" label:"Given on" required:"true"`
}

// Validate checks the key alone.
func (k CourseKey) Validate() []Problem {
	c := examine(k)
	c.digest(k.QuizSHA256, "quiz_sha256")
	c.digest(k.Commitment, "commitment")
	c.when(k.Questions < 0, "questions", "The key answers fewer than no questions.", "Give the number of questions that it answers.")
	return c.problems
}

// TrainingAssignment asks people to take a course by a day.
type TrainingAssignment struct {
	// Course is what they take.
	Course string `json:"course" label:"Course" ref:"course" required:"true"`
	// Audience are those who are asked, whoever joins it later among them.
	Audience Audience `json:"audience" label:"For whom"`
	// AssignedOn is the day from which they are asked.
	AssignedOn Date `json:"assigned_on" label:"Assigned on" required:"true"`
	// Due is the day by which they pass it.
	Due Date `json:"due" label:"Due" required:"true" help:"Whoever joins later has as many days from their first day."`
	// AssignedBy is who asks.
	AssignedBy string `json:"assigned_by" label:"Assigned by" ref:"person" required:"true"`
	// Reason says why.
	Reason string `json:"reason,omitempty" label:"Why" multiline:"true"`
	// Engagement is the report for which it matters.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement"`
	// Anew says that a pass from before the assignment does not count.
	Anew bool `json:"anew,omitempty" label:"Anew" help:"Whoever passed before is asked all the same."`
}

// Validate checks the assignment alone.
func (a TrainingAssignment) Validate() []Problem {
	c := examine(a)
	c.when(a.Audience.None(), "audience", "The course is assigned to nobody.", "Name everybody, roles or people.")
	c.ordered(a.AssignedOn, a.Due, "assigned_on", "due")
	return c.problems
}

// CourseCompletion is one attempt of a person at a course, passed or not. It names no
// answer that was given: everybody of the organization reads it.
type CourseCompletion struct {
	// Course is what was taken.
	Course string `json:"course" label:"Course" ref:"course" required:"true"`
	// Revision is the one of it that was taken.
	Revision int64 `json:"revision" label:"Revision taken" required:"true"`
	// Edition is the course's own version mark then.
	Edition string `json:"edition,omitempty" label:"Edition"`
	// Person is who took it.
	Person string `json:"person" label:"Person" ref:"person" required:"true"`
	// Assignment is what asked for it; empty where nothing did.
	Assignment string `json:"assignment,omitempty" label:"Assignment" ref:"training_assignment"`
	// FinishedOn is the day.
	FinishedOn Date `json:"finished_on" label:"Finished on" required:"true"`
	// Attempt counts the person's attempts since they last passed.
	Attempt int `json:"attempt" label:"Attempt" required:"true"`
	// Correct is how many questions were answered right.
	Correct int `json:"correct,omitempty" label:"Right"`
	// Total is how many there were; 0 where the course has no quiz and the person
	// confirmed that they went through it.
	Total int `json:"total,omitempty" label:"Questions"`
	// PassMark is the share in percent that had to be right.
	PassMark int `json:"pass_mark,omitempty" label:"Pass mark in percent"`
	// Passed says whether it was enough.
	Passed bool `json:"passed,omitempty" label:"Passed"`
	// Missed are the questions that were answered wrong.
	Missed []string `json:"missed,omitempty" label:"Answered wrong"`
}

// Enough reports whether a score reaches a pass mark.
func Enough(correct, total, mark int) bool { return correct*100 >= mark*total }

// Validate checks the completion alone.
func (x CourseCompletion) Validate() []Problem {
	c := examine(x)
	c.when(x.Revision < 0, "revision", "The completion names no revision of the course.", "Name the one that was taken, 1 or more.")
	c.when(x.Attempt < 0, "attempt", "The attempt has no number.", "Number the attempts from 1.")
	c.when(x.Total < 0 || x.Correct < 0 || x.Correct > x.Total, "correct", "More questions are right than there were, or fewer than none.", "Correct the score.")
	c.within(x.PassMark, 0, 100, "pass_mark")
	c.when(x.Total >= x.Correct && x.Passed != Enough(x.Correct, x.Total, x.PassMark), "passed", "Score and pass mark say otherwise.", "Correct one of them.")
	c.when(len(x.Missed) != max(0, x.Total-x.Correct), "missed", "The questions answered wrong are not as many as the score says.", "Correct one of them.")
	return c.problems
}
