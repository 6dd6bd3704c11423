package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
)

func (c *cli) versionCommand() *cobra.Command {
	return c.command("version", "version", func(*cobra.Command, []string) error {
		v := app.Version()
		return c.print(v, func(w io.Writer) {
			fmt.Fprintf(w, "reperform %s (engine %s, renderer %s, %s)\n", v.Program, v.Engine, v.Renderer, v.Go)
		})
	})
}
