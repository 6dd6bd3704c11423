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
	"reperform/soc1"
)

func (c *cli) exceptionCommand() *cobra.Command {
	cmd := c.command("exception", "exception", nil)
	cmd.AddCommand(c.exceptionList(), c.exceptionDecide("confirm", soc1.Confirmed, "Confirm exceptions: they did deviate"),
		c.exceptionDecide("dismiss", soc1.Dismissed, "Dismiss exceptions: the control did operate, and something shows it"))
	return cmd
}

func (c *cli) exceptionList() *cobra.Command {
	var name, status string
	cmd := c.command("list", "exception", func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		if s := soc1.ExceptionStatus(status); status != "" && !slices.Contains(s.Values(), status) {
			return fmt.Errorf("--status %q is not known; say %s", status, strings.Join(s.Values(), ", "))
		}
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		v, err := a.View(ctx, c.actor, name, record.AsOf{})
		if err != nil {
			return err
		}
		all, err := record.All[soc1.Exception](ctx, v, "exception")
		if err != nil {
			return err
		}
		out := []record.Typed[soc1.Exception]{}
		for _, x := range all {
			if status == "" || string(x.Value.Status) == status {
				out = append(out, x)
			}
		}
		return c.print(out, func(w io.Writer) {
			for _, x := range out {
				what := "fail"
				if x.Value.Undecided {
					what = "cannot tell"
				}
				fmt.Fprintf(w, "%-28s %-10s %s %-11s %s", x.ID, x.Value.Status, x.Value.Attribute, what, english.Count(x.Value.Count(), "item"))
				if len(x.Value.ItemKeys) == 1 {
					fmt.Fprintf(w, " %s", x.Value.ItemKeys[0])
				}
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s.\n", english.Count(len(out), "exception"))
		})
	})
	cmd.Short = "List exceptions"
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	cmd.Flags().StringVar(&status, "status", "", "open, confirmed or dismissed (default: all)")
	return cmd
}

func (c *cli) exceptionDecide(verb string, status soc1.ExceptionStatus, short string) *cobra.Command {
	d := app.ExceptionDecision{Status: status}
	cmd := c.command(verb+" [ID…]", "exception", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		d.IDs = args
		done, err := a.DecideExceptions(cmd.Context(), c.actor, d)
		if err != nil {
			return err
		}
		return c.print(done, func(w io.Writer) { fmt.Fprintf(w, "%s %s.\n", english.Count(len(done), "exception"), status) })
	})
	cmd.Short = short
	cmd.Args = cobra.ArbitraryArgs
	f := cmd.Flags()
	f.StringVar(&d.Ledger, "ledger", app.OrganizationLedger, "ledger of the exceptions")
	f.StringVar(&d.Test, "test", "", "decide the open exceptions of this test as one cause group")
	f.StringVar(&d.Attribute, "attribute", "", "narrow the group to an attribute")
	f.StringSliceVar(&d.Items, "item", nil, "narrow the group to items; may be repeated")
	f.StringVar(&d.Reason, "reason", "", "why (required)")
	f.StringSliceVar(&d.EvidenceRefs, "evidence-record", nil, "id of an evidence record that shows that the control operated; may be repeated")
	f.StringVar(&d.Evidence, "evidence", "", "what shows that the control operated, described; needed to dismiss without an evidence record")
	f.StringVar(&d.Fact, "fact", "", "what was found, without argument")
	cmd.MarkFlagRequired("reason")
	return cmd
}
