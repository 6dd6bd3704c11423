package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/planning"
	"reperform/record"
	"reperform/soc1"
)

// The forms in which a plan is printed for machines.
type (
	planStepLine struct {
		Step  string     `json:"step"`
		State string     `json:"state"`
		Text  string     `json:"text"`
		By    []soc1.Ref `json:"by,omitempty"`
	}
	planTestLine struct {
		Key        string             `json:"key"`
		Control    string             `json:"control"`
		Method     soc1.TestMethod    `json:"method"`
		Items      int                `json:"items,omitempty"`
		From       soc1.Date          `json:"from"`
		To         soc1.Date          `json:"to"`
		Risk       soc1.RiskLevel     `json:"risk"`
		Reasons    []planReason       `json:"reasons"`
		Planned    string             `json:"planned,omitempty"`
		Differs    []planDiffers      `json:"differs,omitempty"`
		Changed    []planDiffers      `json:"control_changed,omitempty"`
		Problem    string             `json:"problem,omitempty"`
		Test       soc1.TestOfControl `json:"test"`
		Attributes []soc1.Attribute   `json:"attributes,omitempty"`
	}
	planReason struct {
		Text   string `json:"text"`
		Source string `json:"source"`
	}
	planDiffers struct {
		What     string `json:"what"`
		Proposed string `json:"proposed"`
		Planned  string `json:"planned"`
		Less     bool   `json:"less,omitempty"`
	}
)

func planDifferences(all []planning.Difference) []planDiffers {
	var out []planDiffers
	for _, d := range all {
		out = append(out, planDiffers{d.What, d.Proposed, d.Planned, d.Less})
	}
	return out
}

func proposedTestLine(l *planning.Line, x *planning.Proposal) planTestLine {
	out := planTestLine{Key: x.Key, Control: l.Control.ID, Method: x.Test.Method, Items: x.Test.SamplePlan.N, From: x.Test.WindowFrom, To: x.Test.WindowTo, Risk: l.Risk, Problem: x.Problem, Test: x.Test, Attributes: x.Attributes,
		Differs: planDifferences(x.Differs)}
	for _, r := range x.Reasons {
		out.Reasons = append(out.Reasons, planReason{r.Text, r.Source})
	}
	if x.Planned != nil {
		out.Planned = x.Planned.ID
	}
	return out
}

func (c *cli) planCommand() *cobra.Command {
	var at pointFlags
	var engagement string
	cmd := c.command("plan", "plan", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		name := app.ExaminationLedger(engagement)
		asOf, err := c.point(cmd.Context(), a, name, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		p, err := a.ExaminationPlan(cmd.Context(), c.actor, name, asOf)
		if err != nil {
			return err
		}
		steps, tests, earlier := []planStepLine{}, []planTestLine{}, []planTestLine{}
		for _, s := range p.Steps {
			steps = append(steps, planStepLine{s.Key, s.State.Key(), s.Text, s.By})
		}
		for _, l := range p.Lines() {
			for i := range l.Proposals {
				tests = append(tests, proposedTestLine(l, &l.Proposals[i]))
			}
			for i := range l.Earlier {
				x := proposedTestLine(l, &l.Earlier[i].Again)
				x.Differs, x.Changed = planDifferences(l.Earlier[i].Differs), planDifferences(l.Earlier[i].Changed)
				earlier = append(earlier, x)
			}
		}
		return c.print(map[string]any{"engagement": p.Engagement.ID, "ledger": name, "steps": steps, "tests": tests, "last_year": earlier, "digest": p.Digest, "planned_by": append([]string{}, p.Planners...)},
			func(w io.Writer) { printExaminationPlan(w, p, earlier) })
	})
	at.clocks(cmd)
	cmd.PersistentFlags().StringVar(&engagement, "engagement", "", "engagement that is examined (required)")
	cmd.MarkPersistentFlagRequired("engagement")
	cmd.AddCommand(c.planAccept(&engagement), c.planConfirm(&engagement), c.planMethod(&engagement), c.planTake(&engagement), c.planApprove(&engagement))
	return cmd
}

// printExaminationPlan prints the steps, then each control with what is proposed.
func printExaminationPlan(w io.Writer, p *app.Planning, earlier []planTestLine) {
	for _, s := range p.Steps {
		fmt.Fprintf(w, "%-22s  %-10s  %s\n", s.Title, s.State.Label(), s.Text)
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(g.Objective.Value.Code+"  "+g.Objective.Value.Title))
		for j := range g.Lines {
			l := &g.Lines[j]
			if l.Note != "" {
				fmt.Fprintf(w, "  %-24s  %s\n", l.Control.ID, l.Note)
			}
			for k := range l.Proposals {
				x := &l.Proposals[k]
				size := ""
				if x.Test.SamplePlan.N > 0 {
					size = " of " + english.Count(x.Test.SamplePlan.N, "item")
				}
				fmt.Fprintf(w, "  %-24s  %s%s, %s to %s\n", x.Key, x.Test.Method.Label(), size, x.Test.WindowFrom, x.Test.WindowTo)
				for _, r := range x.Reasons {
					fmt.Fprintf(w, "      %s (%s)\n", r.Text, r.Source)
				}
				if x.Problem != "" {
					fmt.Fprintf(w, "      PROBLEM  %s\n", x.Problem)
				}
				if x.Planned != nil {
					fmt.Fprintf(w, "      planned as %s\n", x.Planned.ID)
				}
				for _, d := range x.Differs {
					mark := "differs"
					if d.Less {
						mark = "LESS"
					}
					fmt.Fprintf(w, "      %s  %s: planned %s, proposed %s\n", mark, d.What, d.Planned, d.Proposed)
				}
			}
		}
	}
	if len(earlier) > 0 {
		fmt.Fprintf(w, "\nLast year, %s\n", p.Prior.Engagement.Value.Title)
	}
	for _, x := range earlier {
		fmt.Fprintf(w, "  %-24s  %s of control %s\n", x.Key, x.Method.Label(), x.Control)
		for _, d := range x.Changed {
			fmt.Fprintf(w, "      control changed  %s: was %s, is %s\n", d.What, d.Planned, d.Proposed)
		}
		for _, d := range x.Differs {
			fmt.Fprintf(w, "      differs  %s: last year %s, proposed %s\n", d.What, d.Planned, d.Proposed)
		}
	}
}

// planSub is a command that records one thing in the examination of an engagement.
func (c *cli) planSub(use, short string, engagement *string, run func(cmd *cobra.Command, a *app.App, ledger string, args []string) error) *cobra.Command {
	cmd := c.command(use, "plan", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		return run(cmd, a, app.ExaminationLedger(*engagement), args)
	})
	cmd.Short = short
	return cmd
}

func (c *cli) recorded(id, text string) error {
	return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s: %s\n", id, text) })
}

func (c *cli) planAccept(engagement *string) *cobra.Command {
	var file string
	cmd := c.planSub("accept -f FILE", "Accept the engagement or decline it, as its partner", engagement, func(cmd *cobra.Command, a *app.App, ledger string, _ []string) error {
		var x app.Accepting
		if err := ascode.ReadInto(file, &x); err != nil {
			return err
		}
		x.Ledger = ledger
		id, err := a.AcceptEngagement(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.recorded(id, string(x.Decision)+".")
	})
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file (required)")
	cmd.MarkFlagRequired("file")
	return cmd
}

func (c *cli) planConfirm(engagement *string) *cobra.Command {
	var file string
	cmd := c.planSub("confirm", "Confirm your own independence", engagement, func(cmd *cobra.Command, a *app.App, ledger string, _ []string) error {
		x := app.Confirming{Independent: soc1.Yes}
		if file != "" {
			if err := ascode.ReadInto(file, &x); err != nil {
				return err
			}
		}
		x.Ledger = ledger
		id, err := a.ConfirmIndependence(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.recorded(id, "your word on your independence.")
	})
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file with threats and safeguards")
	return cmd
}

func (c *cli) planMethod(engagement *string) *cobra.Command {
	var file, out string
	cmd := c.planSub("method", "Read the firm's method from a file, or write it to one", engagement, func(cmd *cobra.Command, a *app.App, ledger string, _ []string) error {
		if file != "" {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			id, err := a.ImportMethod(cmd.Context(), c.actor, ledger, filepath.Base(file), b)
			if err != nil {
				return err
			}
			return c.recorded(id, "the firm's method.")
		}
		b, err := a.MethodFile(cmd.Context(), c.actor, ledger)
		if err != nil {
			return err
		}
		if out == "" {
			_, err := c.out.Write(b)
			return err
		}
		if err := os.WriteFile(out, b, 0o644); err != nil {
			return err
		}
		return c.print(map[string]string{"file": out}, func(w io.Writer) { fmt.Fprintf(w, "Wrote %s.\n", out) })
	})
	cmd.Flags().StringVarP(&file, "file", "f", "", "file to read")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write (default: print it)")
	cmd.MarkFlagsMutuallyExclusive("file", "output")
	return cmd
}

func (c *cli) planTake(engagement *string) *cobra.Command {
	var all bool
	cmd := c.planSub("take [KEY...]", "Take proposed tests over into the plan", engagement, func(cmd *cobra.Command, a *app.App, ledger string, keys []string) error {
		if all {
			p, err := a.ExaminationPlan(cmd.Context(), c.actor, ledger, record.AsOf{})
			if err != nil {
				return err
			}
			for _, l := range p.Lines() {
				for _, x := range l.Proposals {
					if x.Planned == nil && x.Problem == "" {
						keys = append(keys, x.Key)
					}
				}
			}
		}
		ids, err := a.TakePlan(cmd.Context(), c.actor, ledger, keys)
		if err != nil {
			return err
		}
		return c.print(map[string][]string{"tests": ids}, func(w io.Writer) {
			fmt.Fprintf(w, "Planned %s: %s.\n", english.Count(len(ids), "test"), strings.Join(ids, ", "))
		})
	})
	cmd.Args = cobra.ArbitraryArgs
	cmd.Flags().BoolVar(&all, "all", false, "every proposal that no test answers to")
	return cmd
}

func (c *cli) planApprove(engagement *string) *cobra.Command {
	var remark string
	cmd := c.planSub("approve", "Approve the plan, as a second person", engagement, func(cmd *cobra.Command, a *app.App, ledger string, _ []string) error {
		p, err := a.ExaminationPlan(cmd.Context(), c.actor, ledger, record.AsOf{})
		if err != nil {
			return err
		}
		id, err := a.ApprovePlan(cmd.Context(), c.actor, app.PlanApproving{Ledger: ledger, Seen: p.Digest, Remark: remark})
		if err != nil {
			return err
		}
		return c.recorded(id, "the plan is approved.")
	})
	cmd.Flags().StringVar(&remark, "remark", "", "what goes with it")
	return cmd
}
