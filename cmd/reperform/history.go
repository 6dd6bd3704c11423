package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

// lag says how late a revision was recorded. A first registration only describes
// what has been so for a while, as every record does when the work begins; a
// later revision with an earlier date changes what was said of the past.
func lag(e app.Event) string {
	if e.RetroactiveDays == 0 {
		return ""
	}
	late := "recorded " + english.Count(e.RetroactiveDays, "day") + " after it took effect"
	if e.Revision == 1 {
		return "  " + late
	}
	return "  RETROACTIVE: " + late
}

func (c *cli) historyCommand() *cobra.Command {
	var name string
	cmd := c.command("history KIND ID", "history", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		events, err := a.History(cmd.Context(), c.actor, name, args[0], args[1])
		if err != nil {
			return err
		}
		return c.print(events, func(w io.Writer) {
			for _, e := range events {
				fmt.Fprintf(w, "revision %d  entry %d  known %s  by %s  %s\n", e.Revision, e.Pos, e.Time, e.Actor, e.Action)
				if e.Effective != "" {
					fmt.Fprintf(w, "  effective %s", e.Effective)
					fmt.Fprintln(w, lag(e))
				}
				if e.Reason != "" {
					fmt.Fprintf(w, "  reason: %s\n", e.Reason)
				}
				switch {
				case e.Redacted:
					fmt.Fprintln(w, "  the document was redacted")
				case e.Retired:
					fmt.Fprintln(w, "  retired")
				default:
					for _, f := range e.Fields {
						if len(f.Old) > 0 {
							fmt.Fprintf(w, "    - %s: %s\n", f.Path, short(f.Old))
						}
						if len(f.New) > 0 {
							fmt.Fprintf(w, "    + %s: %s\n", f.Path, short(f.New))
						}
					}
				}
			}
		})
	})
	cmd.Args = cobra.ExactArgs(2)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	return cmd
}
