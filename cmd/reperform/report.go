package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
)

func (c *cli) reportCommand() *cobra.Command {
	cmd := c.command("report", "report", nil)
	cmd.AddCommand(c.reportBuild(), c.reportIssue())
	return cmd
}

func (c *cli) reportBuild() *cobra.Command {
	var engagement, format, out string
	var issued bool
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
		if issued {
			x, err := a.IssuedReport(cmd.Context(), c.actor, engagement, out)
			if err != nil {
				return err
			}
			return c.printIssued(out, x)
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
				what := "missing"
				if g.Notice {
					what = "to note"
				}
				fmt.Fprintf(w, "  %s in %s: %s %s\n", what, g.Where, g.Text, g.Remedy)
			}
		})
	})
	cmd.Short = "Write the report of an engagement"
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement (required)")
	f.StringVar(&format, "format", "pdf", "pdf")
	f.StringVarP(&out, "output", "o", "", "file to write (required)")
	f.BoolVar(&issued, "issued", false, "the report as it was last issued, not as the records read today")
	cmd.MarkFlagRequired("engagement")
	return cmd
}

func (c *cli) reportIssue() *cobra.Command {
	var engagement, reason, out string
	cmd := c.command("issue", "report", func(cmd *cobra.Command, _ []string) error {
		if out == "" {
			return errors.New("name the file to write with -o")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x, err := a.IssueReport(cmd.Context(), c.actor, engagement, reason, out)
		if err != nil {
			return err
		}
		return c.printIssued(out, x)
	})
	cmd.Short = "Issue the released report: only the engagement partner can"
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement (required)")
	f.StringVar(&reason, "reason", "", "why the report is issued again; only then")
	f.StringVarP(&out, "output", "o", "", "file to write (required)")
	cmd.MarkFlagRequired("engagement")
	return cmd
}

func (c *cli) printIssued(out string, x app.Issued) error {
	return c.print(map[string]any{"file": out, "issue": x}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: issuance %d of the report, dated %s, issued on %s (%s)\n", out, x.Number, x.ReportDate, x.On, x.ID)
		if x.Reason != "" {
			fmt.Fprintf(w, "  issued again: %s\n", x.Reason)
		}
		fmt.Fprintf(w, "  %d bytes, SHA-256 %s\n", x.Report.Size, x.Report.SHA256)
		fmt.Fprintf(w, "  built from %d entries of the examination and %d of the organization\n", x.Position, x.OrganizationPosition)
		if x.Rebuilt != "" {
			fmt.Fprintf(w, "  %s\n", x.Rebuilt)
		}
	})
}
