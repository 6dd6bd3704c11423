package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) sampleCommand() *cobra.Command {
	cmd := c.command("sample", "sample", nil)
	cmd.AddCommand(c.sampleExpand(), c.sampleRedraw())
	return cmd
}

func (c *cli) sampleExpand() *cobra.Command {
	var name, reason string
	var extra int64
	cmd := c.command("expand TEST", "sample", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		s, err := a.ExpandSample(cmd.Context(), c.actor, name, args[0], extra, reason)
		if err != nil {
			return err
		}
		return c.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "The sample of %s now has %s:\n", args[0], english.Count(len(s.Items), "item"))
			for _, it := range s.Items {
				fmt.Fprintf(w, "  %s %s\n", it.Key, it.Stratum)
			}
		})
	})
	cmd.Short = "Add the next ranked items to a sample"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the test")
	cmd.Flags().Int64Var(&extra, "items", 0, "how many to add (default: what the test's plan says)")
	cmd.Flags().StringVar(&reason, "reason", "", "why: the cause seems isolated because… (required)")
	cmd.MarkFlagRequired("reason")
	return cmd
}

func (c *cli) sampleRedraw() *cobra.Command {
	var name, reason string
	cmd := c.command("redraw TEST", "sample", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		s, err := a.RedrawSample(cmd.Context(), c.actor, name, args[0], reason)
		if err != nil {
			return err
		}
		return c.print(s, func(w io.Writer) {
			fmt.Fprintf(w, "Draw %d of %s, from population %s, has %d items; whatever was drawn before stays on record:\n", s.Draw, args[0], s.Population, len(s.Items))
			for _, it := range s.Items {
				fmt.Fprintf(w, "  %s %s\n", it.Key, it.Stratum)
			}
		})
	})
	cmd.Short = "Draw once more although something was drawn before"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the test")
	cmd.Flags().StringVar(&reason, "reason", "", "what was wrong with the earlier draw; it stays with the sample (required)")
	cmd.MarkFlagRequired("reason")
	return cmd
}
