package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) sampleCommand() *cobra.Command {
	cmd := c.command("sample", "sample", nil)
	cmd.AddCommand(c.sampleExpand())
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

func (c *cli) ledgerRedact() *cobra.Command {
	var name, reason string
	var slot int
	cmd := c.command("redact POSITION", "ledger", func(cmd *cobra.Command, args []string) error {
		pos, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a position; `reperform ledger log` lists them", args[0])
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if err := a.RedactDocument(cmd.Context(), c.actor, name, pos, slot, reason); err != nil {
			return err
		}
		return c.print(map[string]any{"ledger": name, "position": pos, "slot": slot}, func(w io.Writer) {
			fmt.Fprintf(w, "Document %d of entry %d is deleted; its commitment stays. Backups made before still hold it.\n", slot, pos)
		})
	})
	cmd.Short = "Delete one document, as a law may demand; the proofs stay"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the entry")
	cmd.Flags().IntVar(&slot, "slot", 0, "0 for the reason, n for the n-th change of the entry (required)")
	cmd.MarkFlagRequired("slot")
	cmd.Flags().StringVar(&reason, "reason", "", "why (required)")
	cmd.MarkFlagRequired("reason")
	return cmd
}
