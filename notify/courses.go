package notify

import (
	"fmt"
	"net/url"

	"reperform/app"
	"reperform/mail"
	"reperform/training"
)

// taught tells those who are asked to take a course, once for each assignment and
// person. Who has passed already is asked nothing.
func (t *telling) taught() error {
	if len(t.assignments) == 0 {
		return nil
	}
	// Whoever assigned it reads all of the ledger.
	reg, err := t.app.Training(t.ctx, t.h.Actor, app.TrainingOptions{})
	if err != nil {
		return ignoreUnread(err)
	}
	for id := range t.assignments {
		for _, r := range t.to {
			for _, l := range reg.Assigned(id).Lines {
				if l.Person.ID != r.PersonID || l.State == training.Passed || t.app.MayTakeCourses(t.ctx, r.PersonID) != nil {
					continue
				}
				title := t.heading(t.ctx, r.PersonID, l.Course.Ref())
				text := fmt.Sprintf("%s asks you to take this course. It is due on %s.", t.nameFor(t.ctx, r.PersonID, l.Assignment.Value.AssignedBy), dateText(l.Due))
				if n := len(l.Course.Value.Questions); n > 0 {
					text += fmt.Sprintf(" A quiz of %d questions goes with it.", n)
				}
				do := mail.Link{Text: "Take the course", Href: t.courseURL(l.Course.ID)}
				if err := t.put("course/"+id+"/"+r.PersonID, "course", r, t.letter(r, "Asked of you: "+title, do, mail.Part{Text: text})); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// courseURL is where a course is taken.
func (s *Service) courseURL(id string) string { return s.public + "/training/" + url.PathEscape(id) }
