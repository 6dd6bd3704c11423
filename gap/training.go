package gap

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
)

// trainingKinds are the kinds that the register of training is made of.
var trainingKinds = []string{"course", "course_key", "training_assignment", "course_completion", "person"}

var trainingRules = []Rule{
	{ID: "TRN-01", Severity: Medium, Fires: "somebody who performs or reviews a control in scope is overdue for a course that they were asked to take",
		Why: "Controls operate through people who know what they do; the assertion says that competent people performed them.", Remedy: "Have the course taken, or let somebody perform the control who has taken it.",
		Reads: append([]string{"engagement", "control_objective", "control"}, trainingKinds...), find: untrained},
	{ID: "TRN-02", Severity: Medium, Fires: "a course serves a control, and nobody is asked to take it",
		Why: "The control says that people are trained, and nothing shows that anybody was.", Remedy: "Assign the course, or take the control off it.",
		Reads: append([]string{"engagement", "control_objective", "control"}, trainingKinds...), find: unassigned},
}

// trained is the register of training on the day in question.
func trained(f *Facts) *training.Register {
	return made(f, "training "+string(f.Today), trainingKinds, func() *training.Register {
		return training.Of(&training.Facts{Today: f.Today, Courses: of[soc1.Course](f, "course"), Keys: of[soc1.CourseKey](f, "course_key"),
			Assignments: of[soc1.TrainingAssignment](f, "training_assignment"), Completions: of[soc1.CourseCompletion](f, "course_completion"), People: of[soc1.Person](f, "person")})
	})
}

// hands are the controls in scope by who owns, performs or reviews them.
func hands(f *Facts) map[string][]*record.Typed[soc1.Control] {
	out := map[string][]*record.Typed[soc1.Control]{}
	for _, c := range f.inScope() {
		for i, who := range []string{c.Value.Owner, c.Value.Performer, c.Value.Reviewer} {
			if who != "" && !slices.Contains([]string{c.Value.Owner, c.Value.Performer, c.Value.Reviewer}[:i], who) {
				out[who] = append(out[who], c)
			}
		}
	}
	return out
}

func untrained(f *Facts, x *found) {
	by := hands(f)
	for _, c := range trained(f).Courses {
		var names, objectives []string
		var sources []soc1.Ref
		for _, l := range (training.Tally{Lines: c.Lines}).Late() {
			mine := by[l.Person.ID]
			if len(mine) == 0 {
				continue
			}
			names = append(names, l.Person.Value.Name)
			sources = append(sources, l.Person.Ref())
			for _, k := range mine {
				sources = append(sources, k.Ref())
				for _, o := range k.Value.Objectives {
					if !slices.Contains(objectives, o) {
						objectives = append(objectives, o)
					}
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		x.at(c.Ref(), "", objectives, "%s overdue for %q and %s controls in scope: %s.", english.Are(len(names), "person"), c.Value.Title,
			english.Choose(len(names), "performs or reviews", "perform or review"), strings.Join(names, ", ")).Sources = sources
	}
}

func unassigned(f *Facts, x *found) {
	inScope := map[string]*record.Typed[soc1.Control]{}
	for _, c := range f.inScope() {
		inScope[c.ID] = c
	}
	for _, c := range trained(f).Courses {
		if len(c.Lines) > 0 {
			continue
		}
		for _, id := range c.Value.Controls {
			if k := inScope[id]; k != nil {
				x.at(c.Ref(), "", k.Value.Objectives, "%q serves %s, and nobody is asked to take it.", c.Value.Title, code(k)).Sources = []soc1.Ref{k.Ref()}
				break
			}
		}
	}
}
