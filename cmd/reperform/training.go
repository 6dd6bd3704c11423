package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/soc1"
	"reperform/training"
)

// The forms in which training is printed for machines.
type (
	courseLine struct {
		ID          string           `json:"id"`
		Title       string           `json:"title"`
		Owner       string           `json:"owner"`
		Edition     string           `json:"edition,omitempty"`
		Open        bool             `json:"open"`
		Asked       int              `json:"asked"`
		Passed      int              `json:"passed"`
		Overdue     int              `json:"overdue"`
		Assignments []assignmentLine `json:"assignments"`
		People      []personLine     `json:"people"`
	}
	assignmentLine struct {
		ID         string        `json:"id"`
		Audience   soc1.Audience `json:"audience"`
		AssignedOn soc1.Date     `json:"assigned_on"`
		Due        soc1.Date     `json:"due"`
		Asked      int           `json:"asked"`
		Passed     int           `json:"passed"`
	}
	personLine struct {
		Person     string    `json:"person"`
		Assignment string    `json:"assignment"`
		State      string    `json:"state"`
		Due        soc1.Date `json:"due"`
		Overdue    bool      `json:"overdue"`
		Attempts   int       `json:"attempts"`
		// PassedOn is the day of the pass that counts or counted, Until the last day on
		// which it counts, Attempt the record of it.
		PassedOn soc1.Date `json:"passed_on,omitempty"`
		Until    soc1.Date `json:"until,omitempty"`
		Attempt  string    `json:"attempt,omitempty"`
	}
)

func lineOfCourse(r *training.Register, c *training.Course) courseLine {
	t := training.Tally{Lines: c.Lines}
	out := courseLine{ID: c.ID, Title: c.Value.Title, Owner: c.Value.Owner, Edition: c.Value.Edition, Open: c.Open(), Asked: len(t.Lines), Passed: len(t.In(training.Passed)), Overdue: len(t.Late()),
		Assignments: []assignmentLine{}, People: []personLine{}}
	for _, a := range c.Assignments {
		of := r.Assigned(a.ID)
		out.Assignments = append(out.Assignments, assignmentLine{a.ID, a.Value.Audience, a.Value.AssignedOn, a.Value.Due, len(of.Lines), len(of.In(training.Passed))})
	}
	for _, l := range c.Lines {
		p := personLine{Person: l.Person.ID, Assignment: l.Assignment.ID, State: l.State.Key(), Due: l.Due, Overdue: l.Late, Attempts: l.Attempts}
		if l.Pass != nil {
			p.PassedOn, p.Until, p.Attempt = l.Pass.Value.FinishedOn, l.Until, l.Pass.ID
		}
		out.People = append(out.People, p)
	}
	return out
}

func (c *cli) trainingCommand() *cobra.Command {
	var at pointFlags
	var late bool
	cmd := c.command("training", "training", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		var opt app.TrainingOptions
		if opt.AsOf, err = c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt); err != nil {
			return err
		}
		r, err := a.Training(cmd.Context(), c.actor, opt)
		if err != nil {
			return err
		}
		courses := []courseLine{}
		for _, x := range r.Courses {
			courses = append(courses, lineOfCourse(r, x))
		}
		return c.print(map[string]any{"today": r.Today, "courses": courses}, func(w io.Writer) { printTraining(w, r, late) })
	})
	at.clocks(cmd)
	cmd.Flags().BoolVar(&late, "overdue", false, "name only those who are overdue")
	cmd.AddCommand(c.trainingAdoptCommand(), c.trainingKeepCommand(), c.trainingAssignCommand(), c.trainingRecordCommand())
	return cmd
}

// printTraining prints each course with who is asked, what is most urgent first.
func printTraining(w io.Writer, r *training.Register, late bool) {
	for _, c := range r.Courses {
		t := training.Tally{Lines: c.Lines}
		fmt.Fprintf(w, "%-28s  %s\n  %d of %d passed, %d overdue\n", c.ID, c.Value.Title, len(t.In(training.Passed)), len(t.Lines), len(t.Late()))
		if !c.Open() {
			fmt.Fprintln(w, "  CLOSED  nothing says what is right of its questions")
		}
		for _, l := range c.Lines {
			if late && !l.Late {
				continue
			}
			state := l.State.Label()
			if l.Late && l.State != training.Overdue {
				state += ", overdue"
			}
			when := "due " + string(l.Due)
			if l.State == training.Passed {
				when = "passed " + string(l.Pass.Value.FinishedOn)
				if l.Until != "" {
					when += ", counts until " + string(l.Until)
				}
			}
			fmt.Fprintf(w, "  %-24s  %-22s  %s\n", l.Person.ID, state, when)
		}
	}
	all := r.All()
	share := ""
	if n, ok := all.Percent(); ok {
		share = fmt.Sprintf(", %d%% passed", n)
	}
	fmt.Fprintf(w, "%s%s, %d overdue\n", english.Count(len(r.Courses), "course"), share, len(all.Late()))
}

func (c *cli) trainingAdoptCommand() *cobra.Command {
	var x app.Adopting
	cmd := c.command("adopt [COURSE]", "training", func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			all, err := training.BuiltIns()
			if err != nil {
				return err
			}
			type line struct {
				ID        string `json:"id"`
				Title     string `json:"title"`
				Purpose   string `json:"purpose"`
				Questions int    `json:"questions"`
			}
			var lines []line
			for _, b := range all {
				lines = append(lines, line{b.ID, b.Course.Title, b.Course.Purpose, len(b.Course.Questions)})
			}
			return c.print(lines, func(w io.Writer) {
				for _, l := range lines {
					fmt.Fprintf(w, "%-20s  %s (%s)\n", l.ID, l.Title, english.Count(l.Questions, "question"))
				}
			})
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x.BuiltIn = args[0]
		id, err := a.AdoptCourse(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Adopted %s as %s.\n", x.BuiltIn, id) })
	})
	cmd.Short = "Make a course that comes with the program one of yours; without a name list them"
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.Flags().StringVar(&x.ID, "id", "", "the id of the course here (default: your-part- and its name)")
	cmd.Flags().StringVar(&x.Owner, "owner", "", "who keeps it current (default: you)")
	cmd.Flags().StringSliceVar(&x.Controls, "control", nil, "a control of which the register is evidence; repeat it for more")
	return cmd
}

func (c *cli) trainingKeepCommand() *cobra.Command {
	var file, id, reason string
	cmd := c.command("keep -f FILE", "training", func(cmd *cobra.Command, _ []string) error {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		course, answers, err := training.ParseCourse(string(b))
		var wrong *training.QuizError
		if errors.As(err, &wrong) {
			return fmt.Errorf("%s:%d: %s", file, wrong.Line, wrong.Text)
		}
		if err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if course.Owner == "" {
			course.Owner = c.actor
		}
		k := app.CourseKeeping{ID: id, Revision: -1, Course: course, Answers: answers, Reason: reason}
		if id != "" {
			// Files that were added in the browser stay.
			r, err := a.Training(cmd.Context(), c.actor, app.TrainingOptions{})
			if err != nil {
				return err
			}
			if now := r.Course(id); now != nil {
				k.Revision, k.Course.Files, k.Course.BuiltIn = now.Revision, now.Value.Files, now.Value.BuiltIn
			}
		}
		kept, err := a.KeepCourse(cmd.Context(), c.actor, k)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": kept}, func(w io.Writer) {
			fmt.Fprintf(w, "Kept %s with %s; the answers are sealed.\n", kept, english.Count(len(course.Questions), "question"))
		})
	})
	cmd.Short = "Keep a course that is written as a text, with its quiz and answers"
	cmd.Flags().StringVarP(&file, "file", "f", "", "Markdown file (required)")
	cmd.Flags().StringVar(&id, "id", "", "the course to write or to change (default: a new one)")
	cmd.Flags().StringVar(&reason, "reason", "", "what changed and why")
	cmd.MarkFlagRequired("file")
	return cmd
}

func (c *cli) trainingAssignCommand() *cobra.Command {
	var x app.Assigning
	var due string
	var roles []string
	cmd := c.command("assign COURSE", "training", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x.Course, x.Due = args[0], soc1.Date(due)
		for _, role := range roles {
			if fixed := strings.ReplaceAll(role, "-", "_"); slices.Contains(soc1.Role("").Values(), fixed) {
				x.Audience.Roles = append(x.Audience.Roles, soc1.Role(fixed))
			} else {
				// One that the organization made itself, by its id.
				x.Audience.CustomRoles = append(x.Audience.CustomRoles, role)
			}
		}
		id, err := a.AssignTraining(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Assigned %s, due %s: %s.\n", x.Course, x.Due, id) })
	})
	cmd.Short = "Ask people to take a course by a day"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&due, "due", "", "the day by which they pass it (required)")
	cmd.Flags().BoolVar(&x.Audience.Everybody, "everybody", false, "everybody of the organization")
	cmd.Flags().StringSliceVar(&roles, "role", nil, "who holds the role; repeat it for more")
	cmd.Flags().StringSliceVar(&x.Audience.People, "person", nil, "a person; repeat it for more")
	cmd.Flags().BoolVar(&x.Anew, "anew", false, "whoever passed before is asked all the same")
	cmd.Flags().StringVar(&x.Engagement, "engagement", "", "the report for which it matters")
	cmd.Flags().StringVar(&x.Reason, "reason", "", "why")
	cmd.Flags().StringVar(&x.ID, "id", "", "the id of the assignment (default: a new one)")
	cmd.MarkFlagRequired("due")
	return cmd
}

func (c *cli) trainingRecordCommand() *cobra.Command {
	cmd := c.command("record ASSIGNMENT", "training", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.RecordTraining(cmd.Context(), c.actor, args[0])
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded the register as evidence %s.\n", id) })
	})
	cmd.Short = "Make the register of an assignment, as it is today, evidence"
	cmd.Args = cobra.ExactArgs(1)
	return cmd
}
