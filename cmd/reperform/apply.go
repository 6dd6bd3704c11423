package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

func (c *cli) applyCommand() *cobra.Command {
	var files []string
	var opt app.ApplyOptions
	var effective string
	cmd := c.command("apply -f PATH…", "apply", func(cmd *cobra.Command, args []string) error {
		paths := append(files, args...)
		if len(paths) == 0 {
			return errors.New("name at least one file or folder with -f")
		}
		if effective != "" {
			d, err := soc1.ParseDate(effective)
			if err != nil {
				return fmt.Errorf("--effective: %w", err)
			}
			opt.Effective = d
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		items, err := ascode.Read(record.Kinds, paths)
		if err != nil {
			return err
		}
		plan, err := a.Apply(cmd.Context(), c.actor, items, opt)
		if err != nil {
			return err
		}
		return c.print(plan, func(w io.Writer) { printPlan(w, plan, opt.DryRun) })
	})
	cmd.Args = cobra.ArbitraryArgs
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "file or folder of YAML or JSON records; may be repeated")
	cmd.Flags().BoolVar(&opt.DryRun, "dry-run", false, "show what would change and record nothing")
	cmd.Flags().StringVar(&opt.Reason, "reason", "Applied from files.", "why, recorded with the change")
	cmd.Flags().StringVar(&effective, "effective", "", "date from which records without one hold (default: today)")
	cmd.Flags().StringVar(&opt.Ledger, "ledger", "", "ledger of records that name none (default: the organization's)")
	return cmd
}

var marks = map[app.ChangeType]string{app.Create: "+", app.Change: "~", app.Retire: "-"}

func printPlan(w io.Writer, plan *app.Plan, dry bool) {
	for _, s := range plan.Steps {
		if s.Change == app.Unchanged {
			continue
		}
		at := ""
		if s.Effective != "" {
			at = " from " + s.Effective
		}
		if s.Ledger != app.OrganizationLedger {
			at += " in " + s.Ledger
		}
		fmt.Fprintf(w, "%s %s %s%s\n", marks[s.Change], s.Kind, s.ID, at)
		for _, f := range s.Fields {
			if len(f.Old) > 0 {
				fmt.Fprintf(w, "    - %s: %s\n", f.Path, short(f.Old))
			}
			if len(f.New) > 0 {
				fmt.Fprintf(w, "    + %s: %s\n", f.Path, short(f.New))
			}
		}
	}
	verb := "Recorded"
	if dry {
		verb = "Would record"
	}
	fmt.Fprintf(w, "%s: %d new, %d changed, %d retired; %d unchanged.\n", verb,
		plan.Count(app.Create), plan.Count(app.Change), plan.Count(app.Retire), plan.Count(app.Unchanged))
}

// unescaped are the characters that the stored JSON writes as escapes for the
// sake of browsers; a person reads them as they are.
var unescaped = strings.NewReplacer(`\\`, `\\`, `\u0026`, "&", `\u003c`, "<", `\u003e`, ">")

// short keeps a value to one line of a terminal.
func short[T ~string | ~[]byte](value T) string {
	s := strings.ReplaceAll(unescaped.Replace(string(value)), "\n", " ")
	r := []rune(s)
	if len(r) > 140 {
		return string(r[:139]) + "…"
	}
	return s
}
