package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
)

// The forms in which plans are printed for machines.
type (
	planLine struct {
		ID        string       `json:"id"`
		Title     string       `json:"title"`
		Stage     string       `json:"stage"`
		Severity  string       `json:"severity"`
		Owner     string       `json:"owner"`
		Due       soc1.Date    `json:"due"`
		LateDays  int          `json:"late_days,omitempty"`
		StepsDone int          `json:"steps_done"`
		Steps     int          `json:"steps"`
		Waits     []string     `json:"waits_for,omitempty"`
		Matters   []planMatter `json:"answers"`
		// ClosedOn and Explanation are of the closing that holds; Reopened says why one
		// does not.
		ClosedOn    soc1.Date `json:"closed_on,omitempty"`
		Explanation string    `json:"explanation,omitempty"`
		Reopened    string    `json:"reopened,omitempty"`
	}
	planMatter struct {
		What    string `json:"what"`
		Settled bool   `json:"settled"`
		Text    string `json:"text"`
	}
)

func lineOfPlan(p *remediation.Plan) planLine {
	l := planLine{ID: p.ID, Title: p.Value.Title, Stage: strings.ReplaceAll(strings.ToLower(p.Stage.Label()), " ", "_"), Severity: string(p.Severity), Owner: p.Value.Owner, Due: p.Value.Due, LateDays: p.LateDays,
		StepsDone: p.StepsDone, Steps: len(p.Value.Steps), Waits: p.Waits, ClosedOn: p.ClosedOn, Reopened: p.Reopened()}
	if p.Explained() {
		l.Explanation = p.Closing.Explanation
	}
	for _, m := range p.Matters {
		l.Matters = append(l.Matters, planMatter{m.Key, m.Standing.Settled(), m.Text})
	}
	return l
}

func (c *cli) remediationCommand() *cobra.Command {
	var at pointFlags
	var owner, objective string
	cmd := c.command("remediation", "remediation", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		point, err := at.point(cmd.Context(), c, a)
		if err != nil {
			return err
		}
		if at.ledger != "" && at.ledger != app.OrganizationLedger {
			return fmt.Errorf("--ledger: plans stand in the organization's ledger alone")
		}
		b, err := a.Remediation(cmd.Context(), c.actor, app.RemediationOptions{AsOf: point})
		if err != nil {
			return err
		}
		var shown []*remediation.Plan
		lines := []planLine{}
		for i := range b.Plans {
			p := &b.Plans[i]
			if (owner == "" || p.Value.Owner == owner) && (objective == "" || p.All || slices.Contains(p.Objectives, objective)) {
				shown, lines = append(shown, p), append(lines, lineOfPlan(p))
			}
		}
		unplanned := []findingLine{}
		for _, f := range b.Unplanned {
			unplanned = append(unplanned, lineOfFinding(f))
		}
		return c.print(map[string]any{"today": b.Today, "plans": lines, "critical_unplanned": unplanned}, func(w io.Writer) { printBoard(w, b, shown) })
	})
	at.add(cmd)
	cmd.Flags().StringVar(&owner, "owner", "", "show the plans of one person")
	cmd.Flags().StringVar(&objective, "objective", "", "show the plans that bear on one control objective")
	cmd.AddCommand(c.remediationCloseCommand())
	return cmd
}

// printBoard prints the plans stage by stage.
func printBoard(w io.Writer, b *remediation.Board, shown []*remediation.Plan) {
	for _, s := range remediation.Stages {
		n := 0
		for _, p := range shown {
			if p.Stage != s {
				continue
			}
			if n == 0 {
				fmt.Fprintln(w, s.Label())
			}
			n++
			printRemediation(w, p)
		}
	}
	for _, f := range b.Unplanned {
		fmt.Fprintf(w, "Planned by nobody: %s critical %s/%s%s\n  %s\n", f.Rule.ID, f.Subject.Kind, f.Subject.ID, dotted(f.Field), f.Text)
	}
	sum := remediation.SumOf(shown)
	fmt.Fprintf(w, "%s as of %s: %d open, %d overdue, %d closed", english.Count(len(shown), "plan"), b.Today, sum.Open, sum.Late, sum.Closed)
	if sum.HoursEstimated+sum.HoursActual > 0 {
		fmt.Fprintf(w, "; %d of %s estimated", sum.HoursActual, english.Count(int(sum.HoursEstimated), "hour"))
	}
	for _, m := range sum.CostActual {
		fmt.Fprintf(w, "; %s paid", m)
	}
	for _, m := range sum.CostEstimated {
		fmt.Fprintf(w, "; %s estimated", m)
	}
	fmt.Fprintln(w)
}

func printRemediation(w io.Writer, p *remediation.Plan) {
	when := "due " + string(p.Value.Due)
	switch {
	case p.Stage == remediation.Closed:
		when = "closed " + string(p.ClosedOn)
	case p.LateDays > 0:
		when += ", " + english.Count(p.LateDays, "day") + " overdue"
	}
	fmt.Fprintf(w, "  %s  %s\n    %s, %s, %s; %d of %s settled", p.ID, p.Value.Title, p.Severity, p.Value.Owner, when, p.Settled(), english.Count(len(p.Matters), "matter"))
	if n := len(p.Value.Steps); n > 0 {
		fmt.Fprintf(w, ", %d of %s done", p.StepsDone, english.Count(n, "step"))
	}
	fmt.Fprintln(w)
	if len(p.Waits) > 0 {
		fmt.Fprintf(w, "    after %s\n", strings.Join(p.Waits, ", "))
	}
	if p.Explained() {
		fmt.Fprintf(w, "    closed with an explanation: %s\n", p.Closing.Explanation)
	}
	if text := p.Reopened(); text != "" {
		fmt.Fprintf(w, "    %s\n", text)
	}
}

func (c *cli) remediationCloseCommand() *cobra.Command {
	var reason string
	cmd := c.command("close PLAN", "remediation", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		made, err := a.CloseRemediation(cmd.Context(), c.actor, args[0], reason)
		if err != nil {
			return err
		}
		closing, err := a.Record(cmd.Context(), c.actor, app.OrganizationLedger, "remediation_closing", made, record.AsOf{})
		if err != nil {
			return err
		}
		value, err := record.Decode[soc1.RemediationClosing](closing)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"id": made, "closing": value}, func(w io.Writer) {
			how := "everything that it answers is settled"
			if value.Explained() {
				how = "with an explanation"
			}
			fmt.Fprintf(w, "%s is closed: %s (%s)\n", args[0], how, made)
		})
	})
	cmd.Short = "Close a plan when what it answers is settled, or with an explanation"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&reason, "reason", "", "why it can be closed although something stands")
	return cmd
}
