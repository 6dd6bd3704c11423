package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// judgement is a file with what a person decided, and under which id it is
// recorded.
type judgement[T any] struct {
	ID     string `json:"id"`
	Ledger string `json:"ledger"`
	Reason string `json:"reason,omitempty"`
	Record T      `json:"record"`
}

// judge makes a command that records one judgement from a file.
func judge[T any](c *cli, use, page, short string, enter func(*cobra.Command, *app.App, judgement[T]) error) *cobra.Command {
	var file string
	cmd := c.command(use, page, func(cmd *cobra.Command, _ []string) error {
		var j judgement[T]
		if err := ascode.ReadInto(file, &j); err != nil {
			return err
		}
		if j.ID == "" || j.Ledger == "" {
			return fmt.Errorf("%s: the fields id, ledger and record are needed", file)
		}
		if err := record.CheckID(j.ID); err != nil {
			return fmt.Errorf("%s: id: %w", file, err)
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if err := enter(cmd, a, j); err != nil {
			return err
		}
		return c.print(map[string]string{"id": j.ID, "ledger": j.Ledger}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s in %s.\n", j.ID, j.Ledger) })
	})
	cmd.Short = short
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file (required)")
	cmd.MarkFlagRequired("file")
	return cmd
}

func (c *cli) deviationCommand() *cobra.Command {
	return judge(c, "deviation -f FILE", "deviation", "Write up confirmed exceptions of one cause as a deviation",
		func(cmd *cobra.Command, a *app.App, j judgement[soc1.Deviation]) error {
			return a.RecordDeviation(cmd.Context(), c.actor, j.Ledger, j.ID, j.Record, j.Reason)
		})
}

func (c *cli) concludeCommand() *cobra.Command {
	return judge(c, "conclude -f FILE", "conclude", "Enter a conclusion on a control or an objective",
		func(cmd *cobra.Command, a *app.App, j judgement[soc1.Conclusion]) error {
			return a.Conclude(cmd.Context(), c.actor, j.Ledger, j.ID, j.Record)
		})
}

func (c *cli) opineCommand() *cobra.Command {
	return judge(c, "opine -f FILE", "opine", "Enter the opinion: only the engagement partner can",
		func(cmd *cobra.Command, a *app.App, j judgement[soc1.Opinion]) error {
			return a.Opine(cmd.Context(), c.actor, j.Ledger, j.ID, j.Record)
		})
}
