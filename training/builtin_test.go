package training

import (
	"strings"
	"testing"
)

// The courses that come with the program keep to the rules of every course, and each
// is short enough to be read and long enough to say something.
func TestBuiltInCourses(t *testing.T) {
	all, err := BuiltIns()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 {
		t.Errorf("%d courses", len(all))
	}
	for _, b := range all {
		c := b.Course
		c.Owner = "ann"
		for _, p := range c.Validate() {
			t.Errorf("%s: %s", b.ID, p)
		}
		if wrong := Covers(c, b.Answers); wrong != "" || c.BuiltIn != b.ID || b.For.None() {
			t.Errorf("%s: %s", b.ID, wrong)
		}
		sections, words := strings.Count("\n"+c.Body, "\n## "), len(strings.Fields(c.Body))
		if sections < 6 || sections > 10 || words < 450 || words > 1300 || len(c.Questions) < 5 || len(c.Questions) > 8 {
			t.Errorf("%s: %d sections, %d words, %d questions", b.ID, sections, words, len(c.Questions))
		}
		if c.Purpose == "" || c.Edition == "" || c.RenewMonths != 12 {
			t.Errorf("%s: purpose, edition or renewal is missing", b.ID)
		}
		given := map[string][]string{}
		for _, a := range b.Answers {
			given[a.Question] = a.Right
			if a.Explanation == "" {
				t.Errorf("%s: %s has no explanation", b.ID, a.Question)
			}
		}
		if g := Grade(c, b.Answers, given); !g.Passed || g.Correct != len(c.Questions) {
			t.Errorf("%s: %+v", b.ID, g)
		}
		// Whoever ticks the first of each does not pass.
		for _, q := range c.Questions {
			given[q.ID] = []string{"b"}
		}
		if Grade(c, b.Answers, given).Passed {
			t.Errorf("%s: whoever takes the second answer of each passes", b.ID)
		}
	}
	if _, err := BuiltInOf("auditor"); err == nil || !strings.Contains(err.Error(), "control-owner") {
		t.Errorf("%v", err)
	}
}
