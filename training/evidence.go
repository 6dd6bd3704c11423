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

// Rows are the register of one assignment as a table: everybody who is asked, and
// whoever passed under it and is not asked any more. The state is that of the day of
// the register.
func (r *Register) Rows(assignment string, people []record.Typed[soc1.Person]) [][]string {
	var out [][]string
	asked := r.Assigned(assignment).Lines
	for _, l := range asked {
		state := l.State.Label()
		if l.Late && l.State != Overdue {
			state += ", overdue"
		}
		row := rowOf(l.Course, l.Assignment, l.Person, l.Pass)
		row[7], row[8], row[13], row[14] = string(l.Due), state, fmt.Sprint(l.Attempts), string(l.Until)
		out = append(out, row)
	}
	for _, c := range r.Courses {
		for _, x := range c.Attempts {
			if x.Value.Assignment != assignment || !x.Value.Passed || slices.ContainsFunc(asked, func(l *Line) bool { return l.Person.ID == x.Value.Person }) {
				continue
			}
			at := slices.IndexFunc(people, func(p record.Typed[soc1.Person]) bool { return p.ID == x.Value.Person })
			of := slices.IndexFunc(c.Assignments, func(a *record.Typed[soc1.TrainingAssignment]) bool { return a.ID == assignment })
			if at < 0 || of < 0 {
				continue
			}
			row := rowOf(c, c.Assignments[of], &people[at], x)
			row[7], row[8], row[13] = string(c.Assignments[of].Value.Due), "Passed, no longer asked", fmt.Sprint(x.Value.Attempt)
			out = append(out, row)
		}
	}
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
