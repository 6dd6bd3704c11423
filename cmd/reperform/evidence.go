package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
)

func (c *cli) evidenceCommand() *cobra.Command {
	cmd := c.command("evidence", "evidence", nil)
	cmd.AddCommand(c.evidenceAttach(), c.evidenceOwn())
	return cmd
}

func (c *cli) evidenceAttach() *cobra.Command {
	var name, reason string
	cmd := c.command("attach ID FILE…", "evidence", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		e, err := a.AttachEvidence(cmd.Context(), c.actor, name, args[0], args[1:], reason)
		if err != nil {
			return err
		}
		return c.print(e, func(w io.Writer) {
			for _, f := range e.Files {
				fmt.Fprintf(w, "%s  %s  SHA-256 %s\n", f.Name, english.Count(f.Size, "byte"), f.SHA256)
			}
		})
	})
	cmd.Short = "Seal files and add them to an evidence record"
	cmd.Args = cobra.MinimumNArgs(2)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the evidence")
	cmd.Flags().StringVar(&reason, "reason", "Evidence received.", "why, recorded with it")
	return cmd
}

// ownTable is a list as it is printed.
type ownTable struct {
	Name string     `json:"name"`
	What string     `json:"what"`
	Head []string   `json:"head"`
	Rows [][]string `json:"rows"`
}

func (c *cli) evidenceOwn() *cobra.Command {
	var engagement, folder string
	var file bool
	cmd := c.command("own", "evidence", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if file {
			id, err := a.FileOwnEvidence(cmd.Context(), c.actor, engagement)
			if err != nil {
				return err
			}
			return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded as evidence %s.\n", id) })
		}
		o, err := a.OwnEvidence(cmd.Context(), c.actor, engagement)
		if err != nil {
			return err
		}
		var tables []ownTable
		for _, t := range o.Tables {
			tables = append(tables, ownTable{t.Name, t.What, t.Head, append([][]string{}, t.Rows...)})
		}
		if folder != "" {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(folder, "about.md"), []byte(o.About), 0o644); err != nil {
				return err
			}
			for i := range o.Tables {
				if err := os.WriteFile(filepath.Join(folder, o.Tables[i].Name+".csv"), o.Tables[i].CSV(), 0o644); err != nil {
					return err
				}
			}
		}
		return c.print(map[string]any{"engagement": o.Engagement.ID, "from": o.From, "to": o.To, "tables": tables, "about": o.About}, func(w io.Writer) {
			for _, t := range tables {
				fmt.Fprintf(w, "%-22s %s\n", t.Name, english.Count(len(t.Rows), "row"))
			}
			if folder != "" {
				fmt.Fprintf(w, "Written to %s, with about.md, which says what each is.\n", folder)
			}
		})
	})
	cmd.Short = "Print, write or record what the program shows about itself"
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	cmd.Flags().StringVarP(&folder, "output", "o", "", "folder to write the lists to")
	cmd.Flags().BoolVar(&file, "file", false, "record the lists as evidence")
	return cmd
}
