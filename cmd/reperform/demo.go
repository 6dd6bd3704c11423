package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/demo"
	"reperform/demo/play"
	"reperform/english"
)

func (c *cli) demoCommand() *cobra.Command {
	var out string
	var small bool
	cmd := c.command("demo", "demo", func(cmd *cobra.Command, _ []string) error {
		size := demo.Full
		if small {
			size = demo.Small
		}
		n := 0
		r, err := play.Run(cmd.Context(), play.Options{Dir: out, Size: size, Engine: engineArgs(), Progress: c.showProgress, Step: func(text string) {
			c.endProgress()
			n++
			if !c.json {
				fmt.Fprintf(c.out, "%d. %s.\n", n, text)
			}
		}})
		if err != nil {
			return err
		}
		c.endProgress()
		if err := c.print(r, func(w io.Writer) { printDemo(w, r) }); err != nil {
			return err
		}
		if len(r.Mismatches) > 0 {
			return fmt.Errorf("the engine did not find what was planted:\n%s", strings.Join(r.Mismatches, "\n"))
		}
		return nil
	})
	cmd.Flags().StringVarP(&out, "output", "o", "./reperform-demo", "folder to write: new, empty, or that of an earlier example, which is replaced")
	cmd.Flags().BoolVar(&small, "small", false, "write small extracts, for a quick look")
	return cmd
}

func printDemo(w io.Writer, r *play.Result) {
	fmt.Fprintf(w, `
%s looked at %s; %s decided, %s written up.

  The report       %s
  The auditor's file, to verify elsewhere
                   %s
  What a user of the report may see
                   %s
  The checkpoint that left the machine
                   %s
  The workspace    %s

Try:
  bin/reperform verify %s --checkpoint %s
  bin/reperform --workspace %s --actor helen-marchetti examination status --engagement soc1-2025
  bin/reperform --workspace %s get control pay-5-2
`, english.Count(r.Tests, "test"), english.Count(r.Items, "item"),
		english.Count(r.Exceptions, "exception")+english.Choose(r.Exceptions, " was", " were"), english.Count(r.Deviations, "deviation"),
		r.Report, r.Bundle, r.ForReport, r.Checkpoint, r.Workspace, r.Bundle, r.Checkpoint, r.Workspace, r.Workspace)
}
