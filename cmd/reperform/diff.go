package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
)

func (c *cli) diffCommand() *cobra.Command {
	var name, from, to, fromKnown, toKnown string
	cmd := c.command("diff [FROM TO]", "diff", func(cmd *cobra.Command, args []string) error {
		if len(args) == 2 {
			from, to = args[0], args[1]
		}
		if from == "" && fromKnown == "" {
			return errors.New("name two dates, or --from-known for an earlier state of knowledge")
		}
		ctx := cmd.Context()
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		before, err := c.point(ctx, a, name, from, fromKnown)
		if err != nil {
			return err
		}
		after, err := c.point(ctx, a, name, to, toKnown)
		if err != nil {
			return err
		}
		ds, err := a.Diff(ctx, c.actor, name, before, after)
		if err != nil {
			return err
		}
		return c.print(ds, func(w io.Writer) {
			for _, d := range ds {
				fmt.Fprintf(w, "%s %s %s\n", marks[d.Change], d.Kind, d.ID)
				if d.Change != app.Change {
					continue
				}
				for _, f := range d.Fields {
					fmt.Fprintf(w, "    - %s: %s\n    + %s: %s\n", f.Path, short(f.Old), f.Path, short(f.New))
				}
			}
			if len(ds) == 0 {
				fmt.Fprintln(w, "Nothing differs.")
			}
		})
	})
	cmd.Args = cobra.MatchAll(cobra.MaximumNArgs(2), func(_ *cobra.Command, args []string) error {
		if len(args) == 1 {
			return errors.New("name two dates")
		}
		return nil
	})
	f := cmd.Flags()
	f.StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	f.StringVar(&from, "from", "", "the earlier date")
	f.StringVar(&to, "to", "", "the later date")
	f.StringVar(&fromKnown, "from-known", "", "the earlier state of knowledge: position, date or time")
	f.StringVar(&toKnown, "to-known", "", "the later state of knowledge")
	return cmd
}
