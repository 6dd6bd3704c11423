package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/readiness"
	"reperform/soc1"
)

// The forms in which readiness is printed for machines.
type (
	readinessLine struct {
		Engagement string              `json:"engagement"`
		Today      soc1.Date           `json:"today"`
		Score      int                 `json:"score"`
		Components []componentLine     `json:"components"`
		Objectives []standingLine      `json:"objectives"`
		Matters    []matterLine        `json:"matters"`
		Open       [3]int              `json:"open_critical_high_medium"`
		Accepted   int                 `json:"accepted"`
		Said       []saidOfReadinessOf `json:"assessments"`
	}
	componentLine struct {
		Key    string `json:"key"`
		Label  string `json:"label"`
		Done   int    `json:"done"`
		Of     int    `json:"of"`
		Weight int    `json:"weight"`
		Points int    `json:"points"`
	}
	standingLine struct {
		ID         string   `json:"id"`
		Code       string   `json:"code"`
		Standing   string   `json:"standing"`
		Why        []string `json:"why"`
		Controls   int      `json:"controls"`
		Effective  int      `json:"effective"`
		Exceptions int      `json:"exceptions"`
		Covered    int      `json:"evidence_covered"`
		Expected   int      `json:"evidence_expected"`
	}
	matterLine struct {
		Aspect    string       `json:"aspect"`
		Objective string       `json:"objective,omitempty"`
		Grave     bool         `json:"grave"`
		Lines     []settleLine `json:"lines"`
	}
	settleLine struct {
		Rule     string   `json:"rule,omitempty"`
		Severity string   `json:"severity"`
		Subject  soc1.Ref `json:"subject"`
		Field    string   `json:"field,omitempty"`
		Text     string   `json:"text"`
		Settle   string   `json:"settle"`
		Accepted bool     `json:"accepted,omitempty"`
	}
	saidOfReadinessOf struct {
		ID      string `json:"id"`
		By      string `json:"by"`
		Overall string `json:"overall,omitempty"`
	}
)

func lineOfReadiness(x *readiness.Assessment) readinessLine {
	out := readinessLine{Engagement: x.Engagement.ID, Today: x.Today, Score: x.Score.Score, Open: x.Found, Accepted: x.Accepted,
		Components: []componentLine{}, Objectives: []standingLine{}, Matters: []matterLine{}, Said: []saidOfReadinessOf{}}
	for _, c := range x.Score.Components {
		out.Components = append(out.Components, componentLine{c.Key, c.Label, c.Done, c.Of, c.Weight, c.Points})
	}
	for _, o := range x.Objectives {
		out.Objectives = append(out.Objectives, standingLine{o.Ref.ID, o.Code, o.Standing.Label(), append([]string{}, o.Why...), o.Controls, o.Effective, o.Exceptions, o.Covered, o.Expected})
	}
	for _, m := range x.Matters {
		l := matterLine{Aspect: m.Aspect.Label(), Objective: m.Objective.ID, Grave: m.Grave}
		for _, y := range m.Lines {
			l.Lines = append(l.Lines, settleLine{y.Rule, string(y.Severity), y.Subject, y.Field, y.Text, y.Settle, y.Accepted})
		}
		out.Matters = append(out.Matters, l)
	}
	for _, s := range x.Said {
		out.Said = append(out.Said, saidOfReadinessOf{s.ID, s.Value.Owner, s.Value.Overall.Label()})
	}
	return out
}

func (c *cli) readinessCommand() *cobra.Command {
	var at pointFlags
	var engagement, pdf string
	cmd := c.command("readiness", "readiness", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		point, err := at.point(cmd.Context(), c, a)
		if err != nil {
			return err
		}
		opt := app.GapOptions{Ledger: at.ledger, Engagement: engagement, AsOf: point}
		if pdf != "" {
			if err := a.WriteReadinessReport(cmd.Context(), c.actor, opt, pdf); err != nil {
				return err
			}
			return c.print(map[string]string{"file": pdf}, func(w io.Writer) { fmt.Fprintf(w, "wrote %s; it is for management alone\n", pdf) })
		}
		x, err := a.Readiness(cmd.Context(), c.actor, opt)
		if err != nil {
			return err
		}
		return c.print(lineOfReadiness(x), func(w io.Writer) { printReadiness(w, x) })
	})
	at.add(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	cmd.Flags().StringVar(&pdf, "pdf", "", "write it as a PDF to this file")
	return cmd
}

func printReadiness(w io.Writer, x *readiness.Assessment) {
	about := ""
	if x.Engagement.ID != "" {
		about = " for " + x.Engagement.ID
	}
	fmt.Fprintf(w, "Readiness %d of 100%s, as of %s; management's own view, no opinion\n", x.Score.Score, about, x.Today)
	for _, c := range x.Score.Components {
		fmt.Fprintf(w, "  %-32s %3d of %-3d  %2d of %2d points\n", c.Label, c.Done, c.Of, c.Points, c.Weight)
	}
	fmt.Fprintf(w, "\n%d objectives ready, %d with open work, %d at risk\n", x.Count(readiness.Ready), x.Count(readiness.Open), x.Count(readiness.AtRisk))
	for _, o := range x.Objectives {
		why := ""
		if len(o.Why) > 0 {
			why = ": " + strings.Join(o.Why, ", ")
		}
		fmt.Fprintf(w, "  %-10s %-9s%s\n", o.Code, o.Standing.Label(), why)
	}
	fmt.Fprintf(w, "\n%d matters could modify the opinion\n", len(x.Matters))
	for _, m := range x.Matters {
		about := "the report as a whole"
		if m.Code != "" {
			about = m.Code + " " + m.Title
		}
		mark := " "
		if m.Grave {
			mark = "!"
		}
		fmt.Fprintf(w, "%s %s, %s\n", mark, m.Aspect.Label(), about)
		for _, l := range m.Lines {
			accepted := ""
			if l.Accepted {
				accepted = " (accepted for a while)"
			}
			fmt.Fprintf(w, "    %s/%s: %s%s\n      settled by: %s\n", l.Subject.Kind, l.Subject.ID, l.Text, accepted, l.Settle)
		}
	}
	for _, s := range x.Said {
		rating := "not finished"
		if s.Value.Overall != "" {
			rating = strings.ToLower(s.Value.Overall.Label())
		}
		fmt.Fprintf(w, "%s assessed by %s: %s\n", s.ID, s.Value.Owner, rating)
	}
}
