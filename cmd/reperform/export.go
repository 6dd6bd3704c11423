package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"reperform/english"
)

func (c *cli) exportCommand() *cobra.Command {
	var at pointFlags
	var out string
	cmd := c.command("export -o DIR", "export", func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		asOf, err := at.point(ctx, c, a)
		if err != nil {
			return err
		}
		files, err := a.Export(ctx, c.actor, at.ledger, asOf)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(out, name), b, 0o644); err != nil {
				return err
			}
		}
		return c.print(map[string]any{"folder": out, "files": len(files)}, func(w io.Writer) {
			fmt.Fprintf(w, "%s in %s.\n", english.Count(len(files), "file"), out)
		})
	})
	at.add(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "folder to write (required)")
	cmd.MarkFlagRequired("output")
	return cmd
}
