package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/scoping"
	"reperform/soc1"
)

// differenceLine is what became of a record from one report to another, as it is
// printed.
type differenceLine struct {
	What     scoping.ChangeKind `json:"what"`
	Kind     string             `json:"kind"`
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Was      int64              `json:"revision_before,omitempty"`
	Revision int64              `json:"revision"`
	Fields   []differenceField  `json:"fields,omitempty"`
}

type differenceField struct {
	Name   string          `json:"name"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

func (c *cli) scopeDifferencesCommand() *cobra.Command {
	var before, after string
	cmd := c.command("differences", "scope", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		f, err := a.CompareReports(cmd.Context(), c.actor, before, after)
		if err != nil {
			return err
		}
		lines := []differenceLine{}
		for _, d := range f.Differences {
			l := differenceLine{What: d.What, Kind: d.Ref.Kind, ID: d.Ref.ID, Name: d.Name, Was: d.Was, Revision: d.Ref.Revision}
			for _, x := range d.Fields {
				l.Fields = append(l.Fields, differenceField{x.Name, x.Before, x.After})
			}
			lines = append(lines, l)
		}
		return c.print(map[string]any{"before": f.Before.Engagement.ID, "before_on": f.Before.On, "after": f.After.Engagement.ID, "after_on": f.After.On, "days_between": f.Days, "differences": lines}, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%-8s %s/%s  %s\n", l.What, l.Kind, l.ID, l.Name)
				for _, x := range l.Fields {
					fmt.Fprintf(w, "           %s: %s > %s\n", x.Name, orNothing(x.Before), orNothing(x.After))
				}
			}
			fmt.Fprintf(w, "%s from %s (%s) to %s (%s)\n", english.Count(len(lines), "difference"), f.Before.Engagement.ID, f.Before.On, f.After.Engagement.ID, f.After.On)
			switch {
			case f.Days > 0:
				fmt.Fprintf(w, "%s lie between the two periods: no report speaks of them.\n", english.Count(f.Days, "day"))
			case f.Days < 0:
				fmt.Fprintf(w, "The two periods overlap by %s.\n", english.Count(-f.Days, "day"))
			}
		})
	})
	cmd.Short = "Print what came, went and changed from one report to another"
	cmd.Flags().StringVar(&before, "before", "", "the earlier report (default: the one that ended before the later)")
	cmd.Flags().StringVar(&after, "after", "", "the later report (default: the one under way or ended last)")
	return cmd
}

func orNothing(b json.RawMessage) string {
	if len(b) == 0 {
		return "-"
	}
	return string(b)
}

func (c *cli) scopeRollCommand() *cobra.Command {
	var x app.Rolling
	var start, end string
	var dry bool
	cmd := c.command("roll ENGAGEMENT", "scope", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x.From, x.Start, x.End = args[0], soc1.Date(start), soc1.Date(end)
		do := a.RollForward
		if dry {
			do = a.NextReport
		}
		out, err := do(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"id": out.ID, "engagement": out.Value, "sections": out.Sections, "other_information": out.Others, "recorded": !dry}, func(w io.Writer) {
			did := "Recorded"
			if dry {
				did = "Would record"
			}
			fmt.Fprintf(w, "%s %s: %s, %s to %s, after %s.\n", did, out.ID, out.Value.Title, out.Value.Start(), out.Value.End(), out.Value.PriorReport.Title)
			if n := out.Sections + out.Others; n > 0 {
				fmt.Fprintf(w, "Taken over: %s of the last report alone.\n", english.Count(n, "text"))
			}
			fmt.Fprintln(w, "Tests, letters, the assertion and conclusions are made anew.")
		})
	})
	cmd.Short = "Record the report that follows another"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&x.ID, "id", "", "id of the new engagement (default: the old one's, in the new year)")
	cmd.Flags().StringVar(&x.Title, "title", "", "its title (default: likewise)")
	cmd.Flags().StringVar(&start, "start", "", "its first day (default: the day after the last)")
	cmd.Flags().StringVar(&end, "end", "", "its last day (default: a period as long as the last)")
	cmd.Flags().StringVar(&x.Reason, "reason", "", "why it is recorded")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would be recorded, and record nothing")
	return cmd
}
