package app_test

import (
	"reperform/app"
	"reperform/soc1"
)

// trainingCalls are the calls of the methods about training. None of them would record
// anything, whoever asks: there is no such course, or it says nothing.
func trainingCalls() map[string][]call {
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Training": one(func(s *story, actor string, _ place) (any, error) {
			r, err := s.app.Training(s.ctx, actor, app.TrainingOptions{})
			if err != nil {
				return nil, err
			}
			return r.Courses, nil
		}),
		"MayKeepCourses":    one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayKeepCourses(s.ctx, actor) }),
		"MayTakeCourses":    one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayTakeCourses(s.ctx, actor) }),
		"MayAssignTraining": one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayAssignTraining(s.ctx, actor) }),
		"KeepCourse": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.KeepCourse(s.ctx, actor, app.CourseKeeping{Course: soc1.Course{Title: "Nothing"}})
		}),
		"NextTry":       one(func(s *story, actor string, _ place) (any, error) { return s.app.NextTry(s.ctx, actor, "absent") }),
		"CourseAnswers": one(func(s *story, actor string, _ place) (any, error) { return s.app.CourseAnswers(s.ctx, actor, "absent") }),
		"AdoptCourse": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.AdoptCourse(s.ctx, actor, app.Adopting{BuiltIn: "absent"})
		}),
		"AssignTraining": one(func(s *story, actor string, p place) (any, error) {
			return s.app.AssignTraining(s.ctx, actor, app.Assigning{Course: "absent", Audience: soc1.Audience{Everybody: true}, Due: "2999-01-01", Engagement: p.engagement})
		}),
		"TakeCourse": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.TakeCourse(s.ctx, actor, app.CourseTaking{Course: "absent"})
		}),
		"RecordTraining": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.RecordTraining(s.ctx, actor, "absent")
		}),
	}
}
