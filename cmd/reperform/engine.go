package main

import (
	"github.com/spf13/cobra"

	"reperform/population"
)

// engineCommand is the child process that runs DuckDB; people never call it.
func (c *cli) engineCommand() *cobra.Command {
	cmd := c.command("engine", "engine", func(cmd *cobra.Command, _ []string) error {
		return population.ServeChild(cmd.Context(), c.in, c.out)
	})
	cmd.Hidden = true
	return cmd
}
