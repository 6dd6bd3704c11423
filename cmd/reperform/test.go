package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) testCommand() *cobra.Command {
	cmd := c.command("test", "test", nil)
	cmd.AddCommand(c.testRun())
	return cmd
}

func (c *cli) testRun() *cobra.Command {
	var opt app.RunOptions
	var results []string
	cmd := c.command("run", "test", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		for _, f := range results {
			in, err := os.Open(f)
			if err != nil {
				return err
			}
			rows, err := app.ReadResults(f, in)
			in.Close()
			if err != nil {
				return err
			}
			opt.Results = append(opt.Results, rows...)
		}
		if opt.Ledger == "" {
			opt.Ledger = a.WorkLedger(cmd.Context(), c.actor, opt.Engagement)
		}
		// Tests that failed are among the outcomes; the error speaks of all of them.
		outcomes, failing := a.RunTests(cmd.Context(), c.actor, opt)
		if outcomes == nil {
			return failing
		}
		failing = summarized(outcomes, failing)
		exceptions := int64(0)
		for _, o := range outcomes {
			exceptions += o.Exceptions
		}
		err = c.print(outcomes, func(w io.Writer) {
			for _, o := range outcomes {
				fmt.Fprintf(w, "%-14s %-12s %-16s %-10s", o.Code, o.Control, o.Method, o.Status)
				if o.Why != "" {
					fmt.Fprintf(w, " %s", o.Why)
				} else {
					fmt.Fprintf(w, " %s, %d with exceptions", english.Count(o.Rows, "item"), o.Exceptions)
				}
				fmt.Fprintln(w)
				for _, n := range o.Counts {
					fmt.Fprintf(w, "    %s: %d pass, %d fail, %d not applicable, %d cannot tell\n", n.Attribute, n.Pass, n.Fail, n.NotApplicable, n.CannotTell)
				}
				for _, x := range o.Items {
					fmt.Fprintf(w, "    item %s\n", x)
				}
				for _, x := range o.Warnings {
					fmt.Fprintf(w, "    note: %s\n", x)
				}
			}
			fmt.Fprintf(w, "%s; %s with exceptions.\n", english.Count(len(outcomes), "test"), english.Count(exceptions, "item"))
		})
		if err != nil {
			return err
		}
		// While results are awaited, a limit would be that of a smaller sample.
		opt.Tests = nil
		for _, o := range outcomes {
			if o.Status != app.Waiting && o.Status != app.Failed {
				opt.Tests = append(opt.Tests, o.Test)
			}
		}
		if len(opt.Tests) == 0 {
			return failing
		}
		over, err := a.ExceededLimits(cmd.Context(), c.actor, opt)
		switch {
		case err != nil || failing != nil:
			// That a test could not be run weighs more than what the others found,
			// which stands in the outcomes.
			return errors.Join(failing, err)
		case len(over) > 0:
			return failed("%s", strings.Join(over, "\n"))
		}
		return nil
	})
	cmd.Short = "Run every test that can be run"
	c.limited(cmd, "one test")
	f := cmd.Flags()
	f.StringVar(&opt.Engagement, "engagement", "", "engagement to test (default: all)")
	f.StringSliceVar(&opt.Controls, "control", nil, "control to test; may be repeated")
	f.StringVar(&opt.Ledger, "ledger", "", "ledger of the tests (default: by who acts)")
	f.StringArrayVar(&results, "results", nil, "CSV file with results of samples; may be repeated")
	f.StringVar(&opt.Reason, "reason", "", "why, recorded with the run; needed when a computed outcome changes (default: Tests run.)")
	return cmd
}

// summary is an error whose parts were printed already.
type summary struct {
	text string
	err  error
}

func (e *summary) Error() string { return e.text }
func (e *summary) Unwrap() error { return e.err }

// summarized says which tests failed; why stands in their outcomes.
func summarized(outcomes []app.TestOutcome, err error) error {
	if err == nil {
		return nil
	}
	var codes []string
	for _, o := range outcomes {
		if o.Status == app.Failed {
			codes = append(codes, o.Code)
		}
	}
	return &summary{fmt.Sprintf("%d of %s could not be run (%s); the list says why", len(codes), english.Count(len(outcomes), "test"), strings.Join(codes, ", ")), err}
}
