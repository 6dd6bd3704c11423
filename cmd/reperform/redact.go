package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"reperform/app"
)

func (c *cli) ledgerRedact() *cobra.Command {
	var name, reason string
	var slot int
	var yes bool
	cmd := c.command("redact POSITION", "ledger", func(cmd *cobra.Command, args []string) error {
		pos, err := position(args[0])
		if err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		d, err := a.Redactable(cmd.Context(), c.actor, name, pos, slot)
		if err != nil {
			return err
		}
		if !c.json || !yes {
			printRedactable(plainWriter{c.err}, d)
		}
		if !yes {
			if err := c.confirm("Type yes to delete it: "); err != nil {
				return err
			}
		}
		if err := a.RedactDocument(cmd.Context(), c.actor, name, pos, slot, reason); err != nil {
			return err
		}
		return c.print(d, func(w io.Writer) {
			fmt.Fprintf(w, "Document %d of entry %d is deleted; its commitment stays. Backups made before still hold it.\n", slot, pos)
		})
	})
	cmd.Short = "Delete one document, as a law may demand; the proofs stay"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the entry")
	cmd.Flags().IntVar(&slot, "slot", 0, "0 for the reason, n for the n-th change of the entry (required)")
	cmd.MarkFlagRequired("slot")
	cmd.Flags().StringVar(&reason, "reason", "", "why (required)")
	cmd.MarkFlagRequired("reason")
	cmd.Flags().BoolVar(&yes, "yes", false, "delete without asking")
	return cmd
}

// printRedactable shows what will be deleted, so that a mistyped position is
// seen before and not after.
func printRedactable(w io.Writer, d app.Redactable) {
	fmt.Fprintln(w, "This deletes for good:")
	if d.Kind == "" {
		fmt.Fprintf(w, "  the reason of entry %d of ledger %s\n", d.Pos, d.Ledger)
	} else {
		fmt.Fprintf(w, "  %s %s, revision %d, of ledger %s", d.Kind, d.ID, d.Revision, d.Ledger)
		if d.Effective != "" {
			fmt.Fprintf(w, ", effective %s", d.Effective)
		}
		fmt.Fprintln(w)
	}
	if d.Title != "" {
		fmt.Fprintf(w, "  %q\n", d.Title)
	}
	fmt.Fprintf(w, "  recorded %s by %s\n", d.Time, d.By)
}

// confirm asks on a terminal; where nobody can answer it refuses.
func (c *cli) confirm(question string) error {
	f, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return errors.New("nothing was deleted; add --yes to delete it without being asked")
	}
	fmt.Fprint(c.err, question)
	answer, err := bufio.NewReader(f).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}
