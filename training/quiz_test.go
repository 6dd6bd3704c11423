package training

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestQuizAsText(t *testing.T) {
	text := "1. Who owns a control?\n   Think of one.\n[x] Who answers for it\n- [ ] The auditor\n> The auditor tests it\n> and never owns it.\n\n2) What is evidence?\n[x] A signed list\n[X] A dated export\n[ ] A memory\n"
	questions, answers, err := ParseQuiz(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(questions) != 2 || questions[0].Text != "Who owns a control?\nThink of one." || questions[0].Multiple || !questions[1].Multiple || len(questions[1].Choices) != 3 {
		t.Errorf("%+v", questions)
	}
	want := []Answer{{"q1", []string{"a"}, "The auditor tests it and never owns it."}, {"q2", []string{"a", "b"}, ""}}
	if !reflect.DeepEqual(answers, want) {
		t.Errorf("%+v", answers)
	}
	again, key, err := ParseQuiz(QuizText(questions, answers))
	if err != nil || !reflect.DeepEqual(again, questions) || !reflect.DeepEqual(key, answers) {
		t.Errorf("written and read again: %+v %+v %v", again, key, err)
	}
	if strings.Contains(QuizText(questions, nil), "[x]") {
		t.Error("without answers something is marked")
	}
	for _, c := range []struct {
		text string
		line int
		says string
	}{
		{"[x] Yes", 1, "before any question"},
		{"> Because", 1, "before any question"},
		{"Who?\n[x] You\nand more", 3, "Leave a line empty"},
		{"\nWho?\n[x] You\n\nWhen?\n[x] a\n[ ] b", 2, "fewer than two answers"},
		{"Who?\n[ ] You\n[ ] Me\n", 1, "No answer of the question is right"},
		{"Who?\n[x] You\n> So\n[ ] Me\n", 4, "behind the explanation"},
		{"Who?\n" + strings.Repeat("[x] You\n", MostChoices+1), MostChoices + 2, "more than 12 answers"},
		{strings.Repeat("Who?\n[x] You\n[ ] Me\n\n", MostQuestions+1), MostQuestions*4 + 1, "more than 100 questions"},
	} {
		_, _, err := ParseQuiz(c.text)
		var wrong *QuizError
		if !errors.As(err, &wrong) || wrong.Line != c.line || !strings.Contains(wrong.Text, c.says) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestCourseAsText(t *testing.T) {
	head := "---\ntitle: Your part\npurpose: For all.\nowner: ann\nedition: 2\npass_mark: 80\nrenew_months: 12\nagain_from: 2025-03-01\ncontrols: a, b\n---\n"
	c, answers, err := ParseCourse(head + "\n## One\n\nText.\n\n# Quiz\n\n1. Who?\n[x] You\n[ ] Me\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Title != "Your part" || c.PassMark != 80 || c.RenewMonths != 12 || c.Body != "## One\n\nText." || len(c.Questions) != 1 || len(c.Controls) != 2 || c.AgainFrom != "2025-03-01" || len(answers) != 1 {
		t.Errorf("%+v", c)
	}
	if p := c.Validate(); len(p) > 0 {
		t.Errorf("%v", p)
	}
	for _, x := range []struct {
		text string
		line int
	}{
		{"## One\n", 1}, {"---\ntitle: x\n", 1}, {"---\ntitle: x\nheading: y\n---\n", 3}, {"---\npass_mark: 8o\n---\n", 2},
		{head + "\n## One\n\n# Quiz\n\nWho?\n[ ] You\n[ ] Me\n", 16},
	} {
		_, _, err := ParseCourse(x.text)
		var wrong *QuizError
		if !errors.As(err, &wrong) || wrong.Line != x.line {
			t.Errorf("%q: %v", x.text, err)
		}
	}
}
