package training

import (
	"fmt"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// Header names the columns of Rows.
var Header = []string{"Name", "Position", "Roles", "Course", "Edition", "Course revision", "Assigned on", "Due", "State", "Passed on", "Right", "Questions", "Pass mark in percent", "Attempts", "Counts until", "Person id", "Attempt record", "Assignment record"}

// Rows are the register of one assignment as a table: everybody who is asked, then those
// who are not asked any more and were when it was due, or tried it under this
// assignment. People are those of today, then those of the day on which it was due: who
// left is evidence as well. The state is that of the day of the register.
func (f *Facts) Rows(r *Register, assignment string, then []record.Typed[soc1.Person]) [][]string {
	var out [][]string
	listed := map[string]bool{}
	for _, l := range r.Assigned(assignment).Lines {
		state := l.State.Label()
		if l.Late && l.State != Overdue {
			state += ", overdue"
		}
		row := rowOf(l.Course, l.Assignment, l.Person, l.Pass)
		row[7], row[8], row[13], row[14] = string(l.Due), state, attemptsAt(l), string(l.Until)
		out, listed[l.Person.ID] = append(out, row), true
	}
	for _, l := range f.left(r, assignment, then) {
		if listed[l.Person.ID] {
			continue
		}
		row := rowOf(l.Course, l.Assignment, l.Person, l.Pass)
		row[7], row[8], row[13], row[14] = string(l.Due), "Not passed, no longer asked", attemptsAt(l), string(l.Until)
		if l.Pass != nil {
			row[8] = "Passed, no longer asked"
		}
		out, listed[l.Person.ID] = append(out, row), true
	}
	return out
}

// attemptsAt is at which attempt somebody passed: the number is the pass's own, so that it
// is right where the attempts before it are not at hand.
func attemptsAt(l *Line) string {
	if l.Pass != nil && l.State == Passed {
		return fmt.Sprint(l.Pass.Value.Attempt)
	}
	return fmt.Sprint(l.Attempts)
}

// left are those whom an assignment does not ask any more, by name: who belonged to it
// on the day by which they were to pass, and whoever tried it under the assignment, be
// their record retired or not.
func (f *Facts) left(r *Register, assignment string, then []record.Typed[soc1.Person]) []*Line {
	var out []*Line
	for _, c := range r.Courses {
		at := slices.IndexFunc(c.Assignments, func(a *record.Typed[soc1.TrainingAssignment]) bool { return a.ID == assignment })
		if at < 0 {
			continue
		}
		a := c.Assignments[at]
		tried := map[string]bool{}
		for _, x := range c.Attempts {
			tried[x.Value.Person] = tried[x.Value.Person] || x.Value.Assignment == assignment
		}
		seen := map[string]bool{}
		add := func(p record.Typed[soc1.Person]) {
			next := nextFor(f, a, &p)
			asked := a.Value.Audience.Includes(p.ID, p.Value, min(f.Today, dueFor(a.Value, p.Value))) && (next == "" || p.Value.ActiveFrom < next)
			if seen[p.ID] || !asked && !tried[p.ID] {
				return
			}
			var own []*record.Typed[soc1.CourseCompletion]
			for _, x := range c.Attempts {
				if x.Value.Person == p.ID {
					own = append(own, x)
				}
			}
			seen[p.ID] = true
			out = append(out, lineOf(c, a, &p, own, next, f.Today))
		}
		for _, p := range f.People {
			add(p)
		}
		for _, p := range then {
			add(p)
		}
		for _, x := range c.Attempts {
			// Of whoever is in no list by now, the word stays with the id.
			var p record.Typed[soc1.Person]
			p.ID, p.Kind, p.Value.Name = x.Value.Person, "person", x.Value.Person
			add(p)
		}
	}
	slices.SortStableFunc(out, byName)
	return out
}

func rowOf(c *Course, a *record.Typed[soc1.TrainingAssignment], p *record.Typed[soc1.Person], x *record.Typed[soc1.CourseCompletion]) []string {
	var roles []string
	for _, role := range p.Value.Roles {
		roles = append(roles, role.Label())
	}
	row := []string{p.Value.Name, p.Value.Title, strings.Join(roles, ", "), c.Value.Title, "", "", string(a.Value.AssignedOn), "", "", "", "", "", "", "", "", p.ID, "", a.ID}
	if x == nil {
		return row
	}
	row[4], row[5], row[9], row[16] = x.Value.Edition, fmt.Sprint(x.Value.Revision), string(x.Value.FinishedOn), x.ID
	if x.Value.Total > 0 {
		row[10], row[11], row[12] = fmt.Sprint(x.Value.Correct), fmt.Sprint(x.Value.Total), fmt.Sprint(x.Value.PassMark)
	}
	return row
}
