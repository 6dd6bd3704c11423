package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/bundle"
	"reperform/english"
	"reperform/record"
)

// printRedactions counts and names what a bundle is without.
func printRedactions(w io.Writer, list []record.Redaction) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "%s within the engagement %s redacted:\n", english.Count(len(list), "document"), english.Choose(len(list), "was", "were"))
	for _, r := range list {
		fmt.Fprintf(w, "  %s\n", r)
	}
}

func (c *cli) bundleCommand() *cobra.Command {
	var engagement, audience, out string
	var withoutFiles bool
	cmd := c.command("bundle", "bundle", func(cmd *cobra.Command, _ []string) error {
		if audience != string(bundle.ForFile) && audience != string(bundle.ForReport) {
			return fmt.Errorf("--for %q is not known; say report or file", audience)
		}
		if out == "" {
			return errors.New("name the file to write with -o")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x, err := a.ExportBundle(cmd.Context(), c.actor, engagement, bundle.Audience(audience), withoutFiles, out)
		if err != nil {
			return err
		}
		return c.print(x, func(w io.Writer) {
			fmt.Fprintf(w, "%s\n  digest %s\n  verify it anywhere with: reperform verify %s\n", out, x.Digest, out)
			printRedactions(w, x.Redactions)
		})
	})
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement (required)")
	f.StringVar(&audience, "for", "file", "report: what a user of the report may see; file: the auditor's whole file")
	f.StringVarP(&out, "output", "o", "", "file to write (required)")
	f.BoolVar(&withoutFiles, "without-files", false, "leave populations and result files out, for privacy")
	cmd.MarkFlagRequired("engagement")
	return cmd
}
