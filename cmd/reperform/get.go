package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// pointFlags are the two clocks on the command line.
type pointFlags struct{ ledger, asOf, knownAt string }

func (p *pointFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.ledger, "ledger", app.OrganizationLedger, "ledger to read")
	cmd.Flags().StringVar(&p.asOf, "as-of", "", "date whose values are wanted (default: the latest recorded)")
	cmd.Flags().StringVar(&p.knownAt, "known-at", "", "position, date or time at which to look back (default: now)")
}

func (p *pointFlags) point(ctx context.Context, c *cli, a *app.App) (record.AsOf, error) {
	return c.point(ctx, a, p.ledger, p.asOf, p.knownAt)
}

func (c *cli) point(ctx context.Context, a *app.App, name, asOf, knownAt string) (record.AsOf, error) {
	var out record.AsOf
	if asOf != "" {
		d, err := soc1.ParseDate(asOf)
		if err != nil {
			return out, fmt.Errorf("--as-of: %w", err)
		}
		out.Effective = d
	}
	if knownAt != "" {
		known, err := a.KnownAt(ctx, c.actor, name, knownAt)
		if err != nil {
			return out, fmt.Errorf("--known-at: %w", err)
		}
		out.Known = known
	}
	return out, nil
}

func (c *cli) getCommand() *cobra.Command {
	var at pointFlags
	cmd := c.command("get KIND [ID]", "get", func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		kind, err := record.Kinds.Kind(args[0])
		if err != nil {
			return err
		}
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		asOf, err := at.point(ctx, c, a)
		if err != nil {
			return err
		}
		if len(args) == 1 {
			rs, err := a.Records(ctx, c.actor, at.ledger, kind.Name, asOf)
			if err != nil {
				return err
			}
			return c.print(rs, func(w io.Writer) { printList(w, kind, rs) })
		}
		r, err := a.Record(ctx, c.actor, at.ledger, kind.Name, args[1], asOf)
		if err != nil {
			return err
		}
		text, err := ascode.Write(kind, "", []record.Record{r})
		if err != nil {
			return err
		}
		return c.print(r, func(w io.Writer) { w.Write(text) })
	})
	cmd.Args = cobra.RangeArgs(1, 2)
	at.add(cmd)
	return cmd
}

// printList shows id, code and the first words of each record.
func printList(w io.Writer, kind *record.Kind, rs []record.Record) {
	for _, r := range rs {
		var body map[string]json.RawMessage
		_ = json.Unmarshal(r.Body, &body)
		line := r.ID
		for _, f := range []string{"code", "name", "title", "text", "what"} {
			var s string
			if raw, ok := body[f]; ok && json.Unmarshal(raw, &s) == nil && s != "" {
				line += "  " + short(string(bytes.TrimSpace([]byte(s))))
				if f != "code" {
					break
				}
			}
		}
		fmt.Fprintln(w, line)
	}
	if len(rs) == 0 {
		fmt.Fprintf(w, "There are no %s.\n", kind.Plural)
	}
}
