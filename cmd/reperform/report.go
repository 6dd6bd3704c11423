package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (c *cli) reportCommand() *cobra.Command {
	cmd := c.command("report", "report", nil)
	cmd.AddCommand(c.reportBuild())
	return cmd
}

func (c *cli) reportBuild() *cobra.Command {
	var engagement, format, out string
	cmd := c.command("build", "report", func(cmd *cobra.Command, _ []string) error {
		if format != "pdf" {
			return fmt.Errorf("--format %q is not known; the format is pdf", format)
		}
		if out == "" {
			return errors.New("name the file to write with -o")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		m, err := a.BuildReport(cmd.Context(), c.actor, engagement, out)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"file": out, "title": m.Title, "draft": m.Draft, "gaps": m.Gaps, "ledgers": m.Ledgers}, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s\n", out, m.Title)
			if m.Draft != "" {
				fmt.Fprintf(w, "  %s\n", m.Draft)
			}
			for _, g := range m.Gaps {
				fmt.Fprintf(w, "  missing in %s: %s\n", g.Where, g.Text)
			}
		})
	})
	cmd.Short = "Write the report of an engagement"
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement (required)")
	f.StringVar(&format, "format", "pdf", "pdf")
	f.StringVarP(&out, "output", "o", "", "file to write (required)")
	cmd.MarkFlagRequired("engagement")
	return cmd
}
