package play

import (
	"context"
	"fmt"
	"slices"

	"reperform/app"
	"reperform/soc1"
	"reperform/training"
)

// The courses of the program, as the example adopts them.
const (
	courseForAll    = "your-part-everybody"
	courseForOwners = "your-part-control-owner"
)

// learns is on which day after the assignment somebody passes, and how often they tried
// before. Who is not named passes on the third business day or so, at once.
type learns struct {
	after, tries int
	// never says that they have not passed yet.
	never bool
}

// trained tells how people take the courses: the first year when they are adopted, each
// later year anew.
func (y *season) trained() {
	first := y.engagement == y.plan.Engagement
	begins, why := y.day(3, 3), "The yearly training; whoever passed last year takes it again."
	days := map[string]learns{"peter-lindholm": {after: 24, tries: 1}, "siobhan-kearney": {after: 9, tries: 1}, "gustavo-almeida": {never: true}}
	if first {
		begins, why = y.day(1, 21), "Everybody knows their part before the period is far gone."
		days = map[string]learns{"marcus-delacroix": {after: 12, tries: 1}, "hiroshi-tanabe": {after: 16, tries: 1}, "gustavo-almeida": {after: 47, tries: 1}}
		y.on(begins, 9, func(ctx context.Context) error {
			all, err := training.BuiltIns()
			if err != nil {
				return err
			}
			for _, b := range all {
				if _, err := y.app.AdoptCourse(ctx, manager, app.Adopting{BuiltIn: b.ID}); err != nil {
					return fmt.Errorf("course %s: %w", b.ID, err)
				}
			}
			return nil
		})
	}
	y.on(begins, 10, func(ctx context.Context) error {
		all, err := training.BuiltIns()
		if err != nil {
			return err
		}
		for _, b := range all {
			_, err := y.app.AssignTraining(ctx, manager, app.Assigning{ID: fmt.Sprintf("training-%d-%s", y.year, b.ID), Course: "your-part-" + b.ID, Audience: b.For, Due: begins.AddDays(38), Reason: why, Engagement: y.engagement, Anew: !first})
			if err != nil {
				return fmt.Errorf("course %s: %w", b.ID, err)
			}
		}
		return nil
	})
	// Whoever is asked is known on the day on which they are; so each day asks anew.
	for n := range 60 {
		day := begins.AddDays(n + 1)
		if day != workday(day) || day > y.until {
			continue
		}
		y.on(day, 13, func(ctx context.Context) error { return y.learn(ctx, begins, day, days) })
	}
	y.on(begins.AddDays(41), 11, func(ctx context.Context) error {
		for _, course := range []string{"everybody", "control-owner"} {
			if _, err := y.app.RecordTraining(ctx, manager, fmt.Sprintf("training-%d-%s", y.year, course)); err != nil {
				return err
			}
		}
		return nil
	})
}

// learn lets everybody take what they take on a day.
func (y *season) learn(ctx context.Context, begins, day soc1.Date, days map[string]learns) error {
	reg, err := y.app.Training(ctx, manager, app.TrainingOptions{})
	if err != nil {
		return err
	}
	for i, l := range reg.All().Lines {
		if l.State == training.Passed || !l.Reaches {
			continue
		}
		x, named := days[l.Person.ID]
		if !named {
			x.after = 2 + (i*5+len(l.Person.ID))%17
		}
		if l.Course.ID == courseForAll {
			// What everybody takes is the shorter one, and comes first.
			x.after, x.tries, x.never = min(x.after, 14), 0, false
		}
		if x.never && l.Course.ID == courseForOwners || begins.AddDays(x.after) > day {
			continue
		}
		if err := y.takes(ctx, l, x.tries); err != nil {
			return fmt.Errorf("%s, %s: %w", l.Person.ID, l.Course.ID, err)
		}
	}
	return nil
}

// takes answers a quiz: so often wrong, then right.
func (y *season) takes(ctx context.Context, l *training.Line, tries int) error {
	b, err := training.BuiltInOf(l.Course.Value.BuiltIn)
	if err != nil {
		return err
	}
	for n := range tries + 1 {
		given := map[string][]string{}
		for i, a := range b.Answers {
			given[a.Question] = a.Right
			if n < tries && i%3 == n%3 {
				given[a.Question] = other(l.Course.Value, a)
			}
		}
		got, err := y.app.TakeCourse(ctx, l.Person.ID, app.CourseTaking{Course: l.Course.ID, Answers: given})
		if err != nil {
			return err
		}
		if got.Passed != (n == tries) {
			return fmt.Errorf("attempt %d: %d of %d are right", n+1, got.Correct, got.Total)
		}
		if !got.Passed {
			y.pass(training.Wait(n + 1))
		}
	}
	return nil
}

// other is an answer that is not right.
func other(c soc1.Course, a training.Answer) []string {
	for _, x := range c.Question(a.Question).Choices {
		if !slices.Contains(a.Right, x.ID) {
			return []string{x.ID}
		}
	}
	return a.Right[:1]
}
