package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/bundle"
	"reperform/english"
)

func (c *cli) verifyCommand() *cobra.Command {
	var checkpoint, pdf string
	var trust app.Trust
	var complete bool
	cmd := c.command("verify FILE", "verify", func(cmd *cobra.Command, args []string) error {
		if checkpoint != "" {
			var err error
			if trust.Checkpoint, err = os.ReadFile(checkpoint); err != nil {
				return err
			}
		}
		if pdf != "" {
			var err error
			if trust.PDF, err = os.ReadFile(pdf); err != nil {
				return err
			}
			if len(trust.PDF) == 0 {
				return fmt.Errorf("%s is empty", pdf)
			}
		}
		v, err := app.VerifyBundle(cmd.Context(), args[0], trust, c.options())
		if err != nil {
			return err
		}
		c.endProgress()
		if err := c.print(v, func(w io.Writer) { printVerification(w, v) }); err != nil {
			return err
		}
		switch {
		case v.Count(bundle.Fails) > 0:
			return failed("not everything holds: %s failed", english.Count(v.Count(bundle.Fails), "claim"))
		case complete && v.Count(bundle.NotReperformed) > 0:
			return failed("%s not re-performed", english.Count(v.Count(bundle.NotReperformed), "claim")+english.Choose(v.Count(bundle.NotReperformed), " was", " were"))
		}
		return nil
	})
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "file with a checkpoint that left the machine earlier")
	cmd.Flags().StringVar(&pdf, "pdf", "", "file with a report that you had by another way, to be held against the bundle")
	cmd.Flags().StringArrayVar(&trust.Keys, "key", nil, "verifier key of a ledger, had from elsewhere; may be repeated")
	cmd.Flags().DurationVar(&trust.Limit, "limit", time.Hour, "time that one claim may take; 0 for none")
	cmd.Flags().BoolVar(&complete, "complete", false, "fail also when something was not re-performed")
	return cmd
}

var claimMarks = map[bundle.Status]string{bundle.Holds: "holds", bundle.Fails: "FAILS", bundle.NotReperformed: "not re-performed"}

func printVerification(w io.Writer, v *bundle.Verification) {
	for _, k := range v.Claims {
		fmt.Fprintf(w, "%-16s  %s", claimMarks[k.Status], k.Text)
		if k.Detail != "" {
			fmt.Fprintf(w, " (%s)", k.Detail)
		}
		fmt.Fprintln(w)
	}
	printRedactions(w, v.Redactions)
	if len(v.Limits) > 0 {
		fmt.Fprintln(w, "Even where everything holds, this does not establish")
		for _, l := range v.Limits {
			fmt.Fprintf(w, "  - %s\n", l)
		}
	}
	fmt.Fprintf(w, "%s: %d %s, %d %s, %d not re-performed.\n", english.Count(len(v.Claims), "claim"), v.Count(bundle.Holds), english.Choose(v.Count(bundle.Holds), "holds", "hold"),
		v.Count(bundle.Fails), english.Choose(v.Count(bundle.Fails), "fails", "fail"), v.Count(bundle.NotReperformed))
}
