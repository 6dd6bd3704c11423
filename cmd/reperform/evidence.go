package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) evidenceCommand() *cobra.Command {
	cmd := c.command("evidence", "evidence", nil)
	cmd.AddCommand(c.evidenceAttach())
	return cmd
}

func (c *cli) evidenceAttach() *cobra.Command {
	var name, reason string
	cmd := c.command("attach ID FILE…", "evidence", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		e, err := a.AttachEvidence(cmd.Context(), c.actor, name, args[0], args[1:], reason)
		if err != nil {
			return err
		}
		return c.print(e, func(w io.Writer) {
			for _, f := range e.Files {
				fmt.Fprintf(w, "%s  %s  SHA-256 %s\n", f.Name, english.Count(f.Size, "byte"), f.SHA256)
			}
		})
	})
	cmd.Short = "Seal files and add them to an evidence record"
	cmd.Args = cobra.MinimumNArgs(2)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the evidence")
	cmd.Flags().StringVar(&reason, "reason", "Evidence received.", "why, recorded with it")
	return cmd
}
