package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/gap"
	"reperform/record"
	"reperform/soc1"
)

// findingLine is a finding as it is printed.
type findingLine struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Subject  soc1.Ref `json:"subject"`
	Field    string   `json:"field,omitempty"`
	Text     string   `json:"text"`
	Remedy   string   `json:"remedy"`
	// Objectives are those that it bears on; empty means all.
	Objectives []string   `json:"objectives,omitempty"`
	Sources    []soc1.Ref `json:"sources,omitempty"`
	// Accepted says who accepted it, when, why and until when.
	Accepted *soc1.GapAcceptance `json:"accepted,omitempty"`
	// Acceptance is the id of that record.
	Acceptance string `json:"acceptance,omitempty"`
}

func lineOfFinding(f *gap.Finding) findingLine {
	l := findingLine{Rule: f.Rule.ID, Severity: string(f.Severity), Subject: f.Subject, Field: f.Field, Text: f.Text, Remedy: f.Rule.Remedy, Objectives: f.Objectives, Sources: f.Sources}
	if f.Accepted != nil {
		l.Accepted, l.Acceptance = &f.Accepted.GapAcceptance, f.Accepted.Ref.ID
	}
	return l
}

func (c *cli) gapsCommand() *cobra.Command {
	var at pointFlags
	var engagement, rule, severity string
	var asCSV, draft, files bool
	cmd := c.command("gaps", "gaps", func(cmd *cobra.Command, _ []string) error {
		if rule != "" {
			rule = strings.ToUpper(rule)
			if _, ok := gap.RuleOf(rule); !ok && !slices.ContainsFunc(gap.Groups, func(g struct{ Code, Title string }) bool { return g.Code == rule }) {
				return fmt.Errorf("--rule: there is no rule and no group %q; list them with: reperform gaps rules", rule)
			}
		}
		if severity != "" && !slices.Contains(gap.Severities, gap.Severity(severity)) {
			return fmt.Errorf("--severity: %q is none; say critical, high or medium", severity)
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		point, err := at.point(cmd.Context(), c, a)
		if err != nil {
			return err
		}
		if (draft || files) && point != (record.AsOf{}) {
			return errors.New("--draft and --files look at the draft and the files of today; leave out --as-of and --known-at")
		}
		res, err := a.Gaps(cmd.Context(), c.actor, app.GapOptions{Ledger: at.ledger, Engagement: engagement, AsOf: point, Draft: draft, Files: files})
		if err != nil {
			return err
		}
		var lines []findingLine
		for i := range res.Findings {
			f := &res.Findings[i]
			if (rule == "" || f.Rule.ID == rule || f.Rule.Group() == rule) && (severity == "" || string(f.Severity) == severity) {
				lines = append(lines, lineOfFinding(f))
			}
		}
		if asCSV {
			return printFindingsCSV(c.out, lines)
		}
		return c.print(map[string]any{"engagement": res.Question.Engagement, "today": res.Question.Today, "rules": len(res.Ran), "findings": orEmpty(lines)}, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%s %-8s %s/%s%s\n  %s\n", l.Rule, l.Severity, l.Subject.Kind, l.Subject.ID, dotted(l.Field), l.Text)
				if l.Accepted != nil {
					fmt.Fprintf(w, "  accepted by %s until %s: %s (%s)\n", l.Accepted.AcceptedBy, l.Accepted.ExpiresOn, l.Accepted.Reason, l.Acceptance)
				} else {
					fmt.Fprintf(w, "  %s\n", l.Remedy)
				}
			}
			fmt.Fprintf(w, "%s by %s", english.Count(len(lines), "finding"), english.Count(len(res.Ran), "rule"))
			if e := res.Question.Engagement; e != "" {
				fmt.Fprintf(w, " about %s", e)
			}
			fmt.Fprintf(w, ", as of %s: %d critical, %d high and %d medium are open\n", res.Question.Today, res.Count(gap.Critical), res.Count(gap.High), res.Count(gap.Medium))
		})
	})
	at.add(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	cmd.Flags().StringVar(&rule, "rule", "", "show one rule, such as CTL-05, or one group, such as CTL")
	cmd.Flags().StringVar(&severity, "severity", "", "show one severity: critical, high or medium")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print comma-separated values for a spreadsheet")
	cmd.Flags().BoolVar(&draft, "draft", false, "build the draft of the report and run the rules on it too")
	cmd.Flags().BoolVar(&files, "files", false, "read every file of evidence and run the rules on them too")
	cmd.AddCommand(c.gapRulesCommand(), c.gapAcceptCommand(), c.gapWithdrawCommand())
	return cmd
}

func dotted(field string) string {
	if field == "" {
		return ""
	}
	return "  " + field
}

func orEmpty(l []findingLine) []findingLine {
	if l == nil {
		return []findingLine{}
	}
	return l
}

// printFindingsCSV writes findings for a spreadsheet; what begins as a formula is
// written as text.
func printFindingsCSV(w io.Writer, lines []findingLine) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"Rule", "Severity", "Kind", "Id", "Field", "Finding", "Remedy", "Accepted until", "Accepted by", "Reason"}}
	for _, l := range lines {
		row := []string{l.Rule, l.Severity, l.Subject.Kind, l.Subject.ID, l.Field, l.Text, l.Remedy, "", "", ""}
		if l.Accepted != nil {
			row[7], row[8], row[9] = string(l.Accepted.ExpiresOn), l.Accepted.AcceptedBy, l.Accepted.Reason
		}
		for i, s := range row {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				row[i] = "'" + s
			}
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

// ruleLine is a rule as it is printed.
type ruleLine struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Fires    string `json:"fires"`
	Why      string `json:"why"`
	Remedy   string `json:"remedy"`
	// Acceptable says that the risk may be accepted.
	Acceptable bool     `json:"acceptable"`
	Reads      []string `json:"reads"`
}

//go:generate sh -c "go run . gaps rules --markdown >../../docs/RULES.md.new && mv ../../docs/RULES.md.new ../../docs/RULES.md"

func (c *cli) gapRulesCommand() *cobra.Command {
	var markdown bool
	cmd := c.command("rules", "gaps", func(*cobra.Command, []string) error {
		if markdown {
			return printRules(c.out)
		}
		var lines []ruleLine
		for _, r := range gap.Rules() {
			lines = append(lines, ruleLine{r.ID, string(r.Severity), r.Fires, r.Why, r.Remedy, !r.Never, r.Reads})
		}
		return c.print(lines, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%s %s: %s\n  %s\n  %s\n", l.ID, l.Severity, l.Fires, l.Why, l.Remedy)
			}
		})
	})
	cmd.Short = "List the rules with what they are for"
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the page docs/RULES.md")
	return cmd
}

// printRules prints the page on rules.
func printRules(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Rules\n\n")
	b.WriteString("<!-- Generated by `reperform gaps rules --markdown`; do not edit. -->\n\n")
	fmt.Fprintf(&b, "%s look for what a program of controls, or the testing of it, lacks.\n", english.Count(len(gap.Rules()), "rule"))
	b.WriteString("Those marked *auditor* read the service auditor's file and run there alone; those marked *testing* read the\n")
	b.WriteString("tests of whoever asks: management's own, or the auditor's. Those marked *never* cannot be accepted.\n")
	b.WriteString("Those marked *draft* read the draft of the report, which `reperform gaps --draft` builds for them; those marked\n")
	b.WriteString("*files* read every stored file of evidence, which `reperform gaps --files` does.\n")
	for _, g := range gap.Groups {
		fmt.Fprintf(&b, "\n## %s\n\n| Rule | Severity | Fires when | Why it matters | What to do |\n|---|---|---|---|---|\n", g.Title)
		for _, r := range gap.Rules() {
			if r.Group() != g.Code {
				continue
			}
			var marks []string
			switch r.Whose {
			case gap.AuditorFile:
				marks = append(marks, "*auditor*")
			case gap.Testing:
				marks = append(marks, "*testing*")
			}
			switch r.Given {
			case gap.TheDraft:
				marks = append(marks, "*draft*")
			case gap.TheFiles:
				marks = append(marks, "*files*")
			}
			if r.Never {
				marks = append(marks, "*never*")
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", strings.Join(append([]string{r.ID}, marks...), " "), r.Severity, r.Fires, r.Why, r.Remedy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *cli) gapAcceptCommand() *cobra.Command {
	var g app.GapAccepting
	var until string
	cmd := c.command("accept RULE KIND/ID", "gaps", func(cmd *cobra.Command, args []string) error {
		kind, id, ok := strings.Cut(args[1], "/")
		if !ok || kind == "" || id == "" {
			return fmt.Errorf("%q names no record; write its kind and id, such as control/pay-3-2", args[1])
		}
		g.Rule, g.Subject = strings.ToUpper(args[0]), soc1.Ref{Kind: kind, ID: id}
		d, err := soc1.ParseDate(until)
		if err != nil {
			return fmt.Errorf("--until: %w", err)
		}
		g.Until = d
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		made, err := a.AcceptGap(cmd.Context(), c.actor, g)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": made}, func(w io.Writer) {
			fmt.Fprintf(w, "%s about %s is accepted until %s (%s)\n", g.Rule, args[1], g.Until, made)
		})
	})
	cmd.Short = "Accept what a rule finds until a day"
	cmd.Args = cobra.ExactArgs(2)
	cmd.Flags().StringVar(&g.Field, "field", "", "field that the finding names, where it names one")
	cmd.Flags().StringVar(&g.Engagement, "engagement", "", "report for which it holds (default: every one)")
	cmd.Flags().StringVar(&g.Reason, "reason", "", "why the organization can live with it")
	cmd.Flags().StringVar(&until, "until", "", "last day on which it holds, a year from today at most")
	return cmd
}

func (c *cli) gapWithdrawCommand() *cobra.Command {
	var reason string
	cmd := c.command("withdraw ID", "gaps", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if err := a.WithdrawGap(cmd.Context(), c.actor, args[0], reason); err != nil {
			return err
		}
		return c.print(map[string]string{"id": args[0]}, func(w io.Writer) {
			fmt.Fprintf(w, "%s holds no longer; what it was about is open again.\n", args[0])
		})
	})
	cmd.Short = "Take back an acceptance"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&reason, "reason", "", "why it holds no longer")
	return cmd
}
