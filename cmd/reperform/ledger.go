package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) ledgerCommand() *cobra.Command {
	cmd := c.command("ledger", "ledger", nil)
	cmd.AddCommand(c.ledgerLog(), c.ledgerCheckpoint(), c.ledgerProve(), c.ledgerVerify(), c.ledgerRedact())
	return cmd
}

func (c *cli) ledgerLog() *cobra.Command {
	var name string
	var from, limit int64
	cmd := c.command("log", "ledger", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		lines, err := a.Log(cmd.Context(), c.actor, name, from, limit)
		if err != nil {
			return err
		}
		return c.print(lines, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%6d  %s  %-20s %-22s %s\n", l.Pos, l.Entry.Time, l.Entry.Actor, l.Entry.Action, l.Reason)
				for _, ch := range l.Entry.Changes {
					fmt.Fprintf(w, "        %s %s revision %d %s\n", ch.Kind, ch.ID, ch.Revision, ch.Effective)
				}
			}
		})
	})
	cmd.Short = "List entries"
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	cmd.Flags().Int64Var(&from, "from", 0, "first position")
	cmd.Flags().Int64Var(&limit, "limit", 0, "number of entries (default: all)")
	return cmd
}

func (c *cli) ledgerCheckpoint() *cobra.Command {
	var name string
	cmd := c.command("checkpoint", "ledger", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		note, key, err := a.Checkpoint(cmd.Context(), c.actor, name)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"checkpoint": string(note), "key": key}, func(w io.Writer) { w.Write(note) })
	})
	cmd.Short = "Print the latest signed checkpoint"
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	return cmd
}

// position reads the argument that names an entry.
func position(arg string) (int64, error) {
	pos, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a position; `reperform ledger log` lists them", arg)
	}
	return pos, nil
}

func (c *cli) ledgerProve() *cobra.Command {
	var name, checkpoint, out string
	cmd := c.command("prove POSITION", "ledger", func(cmd *cobra.Command, args []string) error {
		pos, err := position(args[0])
		if err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		var note []byte
		if checkpoint != "" {
			if note, err = os.ReadFile(checkpoint); err != nil {
				return err
			}
		}
		p, err := a.Prove(cmd.Context(), c.actor, name, pos, note)
		if err != nil {
			return err
		}
		if out != "" {
			if err := writeProof(out, p); err != nil {
				return err
			}
			return c.print(map[string]any{"file": out}, func(w io.Writer) {
				fmt.Fprintf(w, "%s: proof of entry %d of ledger %s, for `reperform verify`\n", out, pos, name)
			})
		}
		return c.print(p, func(w io.Writer) {
			fmt.Fprintf(w, "Entry %d of ledger %s:\n%s\n\nInclusion path (%s):\n", pos, name, p.Entry.Entry, english.Count(len(p.Entry.Path), "hash"))
			for _, h := range p.Entry.Path {
				fmt.Fprintln(w, "  "+base64.StdEncoding.EncodeToString(h[:]))
			}
			for _, d := range p.Documents {
				fmt.Fprintf(w, "\nDocument %d, salt %s:\n%s\n", d.Slot, d.Salt, d.Text)
			}
			fmt.Fprintf(w, "\nChecked against this checkpoint, signed by %s:\n%s", p.Key, p.Entry.Checkpoint)
		})
	})
	cmd.Short = "Prove that an entry stands in the ledger"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "file with the checkpoint that the proof shall lead to (default: the latest)")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write, for reperform verify")
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger to read")
	return cmd
}

func (c *cli) ledgerVerify() *cobra.Command {
	var name, checkpoint string
	var blobs bool
	cmd := c.command("verify", "ledger", func(cmd *cobra.Command, _ []string) error {
		var note []byte
		if checkpoint != "" {
			var err error
			if note, err = os.ReadFile(checkpoint); err != nil {
				return err
			}
		}
		reports, err := c.verifyLedgers(cmd.Context(), name, note, blobs)
		if err != nil {
			return err
		}
		bad := 0
		for _, r := range reports {
			bad += len(r.Problems)
		}
		err = c.print(reports, func(w io.Writer) {
			for _, r := range reports {
				fmt.Fprintf(w, "ledger %s: %s, %s, %d redacted, %s, root %s\n", r.Ledger, english.Count(r.Entries, "entry"), english.Count(r.Documents, "document"), r.Redacted, english.Count(r.Revisions, "revision"), r.Root)
				for _, p := range r.Problems {
					fmt.Fprintf(w, "  FAILS %s\n", p)
				}
				if len(r.Problems) == 0 {
					fmt.Fprintln(w, "  holds")
				}
			}
		})
		if err != nil {
			return err
		}
		if bad > 0 {
			return failed("%s found", english.Count(bad, "problem"))
		}
		return nil
	})
	cmd.Short = "Recompute everything in the ledgers and compare"
	cmd.Flags().StringVar(&name, "ledger", "", "ledger to verify (default: all that you may read)")
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "file with a checkpoint that left the machine earlier")
	cmd.Flags().BoolVar(&blobs, "blobs", true, "read every sealed file too")
	return cmd
}

// verifyLedgers verifies through the workspace, or, when a damaged ledger keeps
// it from opening, the ledgers as they lie there.
func (c *cli) verifyLedgers(ctx context.Context, name string, checkpoint []byte, blobs bool) ([]*app.LedgerReport, error) {
	a, err := c.open(ctx)
	if err == nil {
		return a.VerifyLedgers(ctx, c.actor, name, checkpoint, blobs)
	}
	if errors.Is(err, app.ErrNoWorkspace) {
		return nil, err
	}
	reports, verr := app.VerifyDamaged(ctx, c.workspace, name, checkpoint)
	for _, r := range reports {
		if len(r.Problems) > 0 {
			return reports, verr
		}
	}
	return nil, errors.Join(err, verr)
}

// writeProof writes a proof to a file.
func writeProof(path string, p *app.Proof) error {
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
