package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/evaluation"
	"reperform/soc1"
)

func (c *cli) examinationCommand() *cobra.Command {
	cmd := c.command("examination", "examination", nil)
	cmd.AddCommand(c.examinationOpen(), c.examinationStatus(), c.examinationDisclose(), c.examinationRelease())
	return cmd
}

func (c *cli) examinationOpen() *cobra.Command {
	var engagement, firm string
	var person soc1.Person
	var roles []string
	cmd := c.command("open", "examination", func(cmd *cobra.Command, _ []string) error {
		if c.actor == "" {
			return errors.New("name yourself with --actor: the examination begins with the service auditor, not with whoever ran init")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		person.Side = soc1.SideAuditFirm
		for _, r := range roles {
			person.Roles = append(person.Roles, soc1.Role(r))
		}
		name, err := a.OpenExamination(cmd.Context(), engagement, firm, c.actor, person)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"ledger": name}, func(w io.Writer) {
			fmt.Fprintf(w, "The examination of %s is open; its ledger is %s. Management cannot read it.\n", engagement, name)
			fmt.Fprintln(w, "A nonce was drawn and committed to, so no sample can be foreseen. Populations may now arrive.")
		})
	})
	cmd.Short = "Open the service auditor's file for an engagement"
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement to examine (required)")
	f.StringVar(&firm, "firm", "", "audit firm (default: the engagement's)")
	f.StringVar(&person.Name, "name", "", "your name (required)")
	f.StringVar(&person.Title, "title", "", "your position")
	f.StringSliceVar(&roles, "role", []string{string(soc1.EngagementPartner), string(soc1.FirmAdministrator)}, "your roles in this examination")
	cmd.MarkFlagRequired("engagement")
	cmd.MarkFlagRequired("name")
	return cmd
}

func (c *cli) examinationStatus() *cobra.Command {
	var engagement string
	cmd := c.command("status", "examination", func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		f, err := a.Evaluation(ctx, c.actor, a.WorkLedger(ctx, c.actor, engagement), engagement)
		if err != nil {
			return err
		}
		q := f.Consequences()
		return c.print(q, func(w io.Writer) { printConsequences(w, q) })
	})
	cmd.Short = "Show figures, conclusions, and what does not follow"
	cmd.Flags().StringVar(&engagement, "engagement", "", "engagement (required)")
	cmd.MarkFlagRequired("engagement")
	return cmd
}

func printConsequences(w io.Writer, q evaluation.Consequences) {
	for _, k := range q.Controls {
		for _, g := range k.Tests {
			fmt.Fprintf(w, "%-12s %-14s %-16s %d tested, %d %s", k.Code, g.Code, g.Method, g.Tested, g.DeviationItems, english.Choose(g.DeviationItems, "deviates", "deviate"))
			if g.Rate != nil {
				fmt.Fprintf(w, " (%s%%)", g.Rate.Percent(2))
			}
			if g.Sample != nil && g.Sample.UpperPercent != "" {
				fmt.Fprintf(w, ", upper limit %s", g.Sample.UpperPercent)
			}
			if n := g.Exceptions.Open + g.CannotTellUnresolved; n > 0 {
				// Otherwise no deviation would read as none found.
				fmt.Fprintf(w, "; nobody has decided on the exceptions of %s yet", english.Count(n, "item"))
			}
			if g.Unsampled != nil && g.Unsampled.N < g.PopulationRows {
				fmt.Fprintf(w, "; a sample of %d would have held none of them with probability %s (working paper only)", g.Unsampled.N, g.Unsampled.Text)
			}
			fmt.Fprintln(w)
		}
		for _, e := range k.Conclusions {
			fmt.Fprintf(w, "%-12s concluded %s: %s\n", k.Code, e.Limb.Label(), e.Outcome.Label())
		}
	}
	for _, o := range q.Objectives {
		for _, e := range o.Conclusions {
			fmt.Fprintf(w, "%-12s concluded %s: %s\n", o.Code, e.Limb.Label(), e.Outcome.Label())
		}
	}
	for _, l := range q.Limbs {
		opinion := "no opinion entered"
		if l.Opinion != "" {
			opinion = l.Opinion.Label()
		}
		fmt.Fprintf(w, "%s: %s\n", l.Limb.Label(), opinion)
		for _, s := range l.Follows {
			fmt.Fprintf(w, "    %s\n", s)
		}
	}
	printFlags(w, q.Flags)
	fmt.Fprintf(w, "%s. Conclusions and the opinion are entered by people; nothing here enters one.\n", english.Count(len(q.Flags), "flag"))
}

// shownAlike is how many flags of one rule are listed; --json has all of them.
const shownAlike = 5

func printFlags(w io.Writer, flags []evaluation.Flag) {
	seen := map[string]int{}
	for _, f := range flags {
		seen[f.Rule]++
		switch n := seen[f.Rule]; {
		case n <= shownAlike:
			fmt.Fprintln(w, f)
		case n == shownAlike+1:
			more := -shownAlike
			for _, g := range flags {
				if g.Rule == f.Rule {
					more++
				}
			}
			fmt.Fprintf(w, "%s: %d more like these; --json lists them\n", f.Rule, more)
		}
	}
}

func (c *cli) examinationDisclose() *cobra.Command {
	var engagement, reason string
	cmd := c.command("disclose", "examination", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		name := app.ExaminationLedger(engagement)
		if err := a.DiscloseNonce(cmd.Context(), c.actor, name, reason); err != nil {
			return err
		}
		return c.print(map[string]string{"ledger": name}, func(w io.Writer) {
			fmt.Fprintln(w, "The nonce is disclosed: anybody can draw the samples again. No more samples are drawn.")
		})
	})
	cmd.Short = "End the drawing of samples and disclose the nonce"
	cmd.Flags().StringVar(&engagement, "engagement", "", "engagement (required)")
	cmd.Flags().StringVar(&reason, "reason", "Fieldwork is complete.", "why, recorded with it")
	cmd.MarkFlagRequired("engagement")
	return cmd
}

func (c *cli) examinationRelease() *cobra.Command {
	var engagement, to string
	cmd := c.command("release", "examination", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if err := a.ReleaseReport(cmd.Context(), c.actor, engagement, to); err != nil {
			return err
		}
		return c.print(map[string]string{"engagement": engagement}, func(w io.Writer) {
			fmt.Fprintln(w, "The report is released. Built from now on, its pages carry no draft mark.")
			fmt.Fprintln(w, "It is issued, and its bytes recorded, by `reperform report issue`.")
		})
	})
	cmd.Short = "Release the report: only the engagement partner can"
	cmd.Flags().StringVar(&engagement, "engagement", "", "engagement (required)")
	cmd.Flags().StringVar(&to, "to", "", "to whom (required)")
	cmd.MarkFlagRequired("engagement")
	cmd.MarkFlagRequired("to")
	return cmd
}
