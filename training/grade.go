package training

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"reperform/soc1"
)

// Graded is how a quiz was answered.
type Graded struct {
	Correct, Total int
	Passed         bool
	// Missed are the questions that were answered wrong.
	Missed []string
}

// QuizDigest is the SHA-256 of the questions of a quiz with all their choices.
func QuizDigest(questions []soc1.CourseQuestion) string {
	b, err := json.Marshal(questions)
	if err != nil {
		// Texts and truth values alone are always written.
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Covers says what is wrong with a key for a course; empty where nothing is.
func Covers(c soc1.Course, key []Answer) string {
	for i := range c.Questions {
		q := &c.Questions[i]
		at := slices.IndexFunc(key, func(a Answer) bool { return a.Question == q.ID })
		switch {
		case at < 0 || len(key[at].Right) == 0:
			return fmt.Sprintf("Nothing says what is right of question %d.", i+1)
		case slices.ContainsFunc(key[at].Right, func(id string) bool { return !q.Offers(id) }):
			return fmt.Sprintf("What is right of question %d is not offered.", i+1)
		case !q.Multiple && len(key[at].Right) > 1:
			return fmt.Sprintf("Question %d takes one answer, and several are right.", i+1)
		}
	}
	return ""
}

// Unanswered is the first question that was not answered, or not by what it offers;
// nil where all were.
func Unanswered(c soc1.Course, given map[string][]string) *soc1.CourseQuestion {
	for i := range c.Questions {
		q := &c.Questions[i]
		a := given[q.ID]
		if len(a) == 0 || !q.Multiple && len(a) > 1 || slices.ContainsFunc(a, func(id string) bool { return !q.Offers(id) }) {
			return q
		}
	}
	return nil
}

// Grade compares what was answered with what is right. Of a question with several
// right answers all of them and no other have to be chosen.
func Grade(c soc1.Course, key []Answer, given map[string][]string) Graded {
	g := Graded{Total: len(c.Questions)}
	for _, q := range c.Questions {
		at := slices.IndexFunc(key, func(a Answer) bool { return a.Question == q.ID })
		if at >= 0 && same(key[at].Right, given[q.ID]) {
			g.Correct++
		} else {
			g.Missed = append(g.Missed, q.ID)
		}
	}
	g.Passed = soc1.Enough(g.Correct, g.Total, c.PassMark)
	return g
}

// same compares two sets.
func same(x, y []string) bool {
	in := func(x, y []string) bool {
		return !slices.ContainsFunc(x, func(s string) bool { return !slices.Contains(y, s) })
	}
	return in(x, y) && in(y, x)
}
