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
		b, err := a.BuildReport(cmd.Context(), c.actor, engagement, out)
		if err != nil {
			return err
		}
		result := map[string]any{"file": out, "title": b.Title, "draft": b.Draft, "gaps": b.Gaps, "ledgers": b.Ledgers}
		if b.Since != "" {
			result["released_no_longer"] = b.Since
		}
		if b.Issued != nil {
			result["issued"] = b.Issued
		}
		return c.print(result, func(w io.Writer) { printBuilt(w, out, b) })
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

func printBuilt(w io.Writer, out string, b app.Built) {
	fmt.Fprintf(w, "%s: %s\n", out, b.Title)
	if b.Draft != "" {
		fmt.Fprintf(w, "  %s\n", b.Draft)
	}
	if b.Since != "" {
		fmt.Fprintf(w, "  it was released and is a draft again, because since then %s; the engagement partner releases it as it reads now\n", b.Since)
	}
	if x := b.Issued; x != nil {
		fmt.Fprintf(w, "  this is not the report that was issued: %s of %s is (SHA-256 %s); `reperform report build --issued` writes it\n", x.ID, x.On, x.Report.SHA256)
	}
	for _, g := range b.Gaps {
		what := "missing"
		if g.Notice {
			what = "to note"
		}
		fmt.Fprintf(w, "  %s in %s: %s %s\n", what, g.Where, g.Text, g.Remedy)
	}
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
