package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/gap"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

func (c *cli) scopeCommand() *cobra.Command {
	cmd := c.command("scope", "scope", nil)
	cmd.AddCommand(c.scopeQuestionsCommand(), c.scopeInterviewCommand(), c.scopePeriodsCommand(), c.scopeDraftCommand(),
		c.scopeMapCommand(), c.scopeFreezeCommand(), c.scopeChangesCommand(), c.scopeDifferencesCommand(), c.scopeRollCommand())
	return cmd
}

// itemLine is a record in scope or out of it, as it is printed.
type itemLine struct {
	Kind     string   `json:"kind"`
	ID       string   `json:"id"`
	Revision int64    `json:"revision"`
	Code     string   `json:"code,omitempty"`
	Name     string   `json:"name"`
	In       bool     `json:"in_scope"`
	Because  []string `json:"because"`
	Missing  string   `json:"missing,omitempty"`
}

// wayLine leads from a service to the objectives that serve an assertion.
type wayLine struct {
	Service   string `json:"service"`
	Class     string `json:"transaction_class,omitempty"`
	Account   string `json:"account,omitempty"`
	Assertion string `json:"assertion,omitempty"`
	// Objectives serve it for this class, General for every class.
	Objectives []string `json:"objectives"`
	General    []string `json:"general_objectives"`
	// Missing says that no objective serves it, or that the way ends before.
	Missing bool `json:"missing,omitempty"`
}

func ids(items []*scoping.Item) []string {
	out := []string{}
	for _, x := range items {
		out = append(out, x.Ref.ID)
	}
	return out
}

func waysOf(s *scoping.Scope) []wayLine {
	out := []wayLine{}
	for _, r := range s.Rows {
		l := wayLine{Service: r.Service.Ref.ID, Objectives: []string{}, General: []string{}, Missing: true}
		if r.Class != nil {
			l.Class = r.Class.Ref.ID
		}
		if r.Account == nil {
			out = append(out, l)
			continue
		}
		l.Account = r.Account.Ref.ID
		for _, x := range r.Cells {
			if x.Relevant {
				l.Assertion, l.Objectives, l.General, l.Missing = string(x.Assertion), ids(x.Objectives), ids(x.General), x.Hole()
				out = append(out, l)
			}
		}
	}
	return out
}

// scoped is the scope that a command is about.
func (c *cli) scoped(cmd *cobra.Command, engagement string, at *pointFlags, verify bool) (*app.Scoped, error) {
	a, err := c.open(cmd.Context())
	if err != nil {
		return nil, err
	}
	opt := app.ScopeOptions{Engagement: engagement, Verify: verify}
	if at != nil {
		if opt.AsOf, err = c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt); err != nil {
			return nil, err
		}
	}
	return a.Scope(cmd.Context(), c.actor, opt)
}

// clocks adds the flags of the two clocks without that of the ledger.
func (p *pointFlags) clocks(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.asOf, "as-of", "", "date whose values are wanted (default: the latest recorded)")
	cmd.Flags().StringVar(&p.knownAt, "known-at", "", "position, date or time at which to look back (default: now)")
}

func (c *cli) scopeMapCommand() *cobra.Command {
	var at pointFlags
	var engagement string
	cmd := c.command("map", "scope", func(cmd *cobra.Command, _ []string) error {
		s, err := c.scoped(cmd, engagement, &at, false)
		if err != nil {
			return err
		}
		items := []itemLine{}
		for _, kind := range scoping.Kinds {
			for _, x := range s.Items[kind] {
				l := itemLine{Kind: kind, ID: x.Ref.ID, Revision: x.Ref.Revision, Code: x.Code, Name: x.Name, In: x.In, Missing: x.Hole, Because: []string{}}
				for _, b := range x.Because {
					l.Because = append(l.Because, b.Text)
				}
				items = append(items, l)
			}
		}
		ways, findings := waysOf(s.Scope), []findingLine{}
		for i := range s.Findings {
			findings = append(findings, lineOfFinding(&s.Findings[i]))
		}
		return c.print(map[string]any{"engagement": s.Engagement.ID, "ways": ways, "items": items, "excluded": s.Excluded, "findings": findings}, func(w io.Writer) { printMap(w, s, ways, items) })
	})
	cmd.Short = "Print what is in scope because of what"
	at.clocks(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	return cmd
}

func printMap(w io.Writer, s *app.Scoped, ways []wayLine, items []itemLine) {
	fmt.Fprintln(w, "From service to objective:")
	for _, l := range ways {
		switch {
		case l.Class == "":
			fmt.Fprintf(w, "  %s > MISSING: no class of transactions\n", l.Service)
		case l.Account == "":
			fmt.Fprintf(w, "  %s > %s > MISSING: no account\n", l.Service, l.Class)
		case l.Missing:
			fmt.Fprintf(w, "  %s > %s > %s > %s > MISSING: no objective\n", l.Service, l.Class, l.Account, l.Assertion)
		default:
			fmt.Fprintf(w, "  %s > %s > %s > %s > %s\n", l.Service, l.Class, l.Account, l.Assertion, strings.Join(append(l.Objectives, l.General...), " "))
		}
	}
	for _, in := range []bool{true, false} {
		fmt.Fprintln(w, map[bool]string{true: "In scope:", false: "Left out:"}[in])
		for _, x := range items {
			if x.In != in || x.Kind == "assertion_relevance" {
				continue
			}
			fmt.Fprintf(w, "  %s/%s  %s: %s\n", x.Kind, x.ID, x.Name, strings.Join(x.Because, " "))
			if x.Missing != "" {
				fmt.Fprintf(w, "    MISSING: %s\n", x.Missing)
			}
		}
	}
	for _, x := range s.Excluded {
		fmt.Fprintf(w, "  %s: %s\n", x.What, x.Why)
	}
	for _, f := range s.Findings {
		printFinding(w, f)
	}
	fmt.Fprintf(w, "%s, %s, %s, %s in scope; %s left out\n", english.Count(s.Count("service"), "service"), english.Count(s.Count("account"), "account"),
		english.Count(s.Count("control_objective"), "objective"), english.Count(s.Count("system"), "system"), english.Are(len(s.Left()), "record"))
	printFrozen(w, s)
}

func printFinding(w io.Writer, f gap.Finding) {
	fmt.Fprintf(w, "%s %s %s/%s: %s\n", f.Rule.ID, f.Severity, f.Subject.Kind, f.Subject.ID, f.Text)
}

func printFrozen(w io.Writer, s *app.Scoped) {
	f := s.Frozen()
	if f == nil {
		fmt.Fprintln(w, "The scope was not frozen yet.")
		return
	}
	fmt.Fprintf(w, "Frozen by %s on %s (%s): %s %s since.\n", f.Value.FrozenBy, f.Value.FrozenOn, f.ID, f.Value.Reason, english.Count(len(s.Changes), "change"))
}

func (c *cli) scopeFreezeCommand() *cobra.Command {
	var f app.ScopeFreezing
	cmd := c.command("freeze", "scope", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.FreezeScope(cmd.Context(), c.actor, f)
		if err != nil {
			return err
		}
		s, err := a.Scope(cmd.Context(), c.actor, app.ScopeOptions{Engagement: f.Engagement})
		if err != nil {
			return err
		}
		return c.print(map[string]any{"id": id, "sha256": s.Frozen().Value.SHA256, "records": len(s.Frozen().Value.Items)}, func(w io.Writer) {
			fmt.Fprintf(w, "The scope of %s stands with %s (%s).\nSHA-256 %s\n", f.Engagement, english.Count(len(s.Frozen().Value.Items), "record"), id, s.Frozen().Value.SHA256)
		})
	})
	cmd.Short = "Record that the scope of an engagement stands"
	cmd.Flags().StringVar(&f.Engagement, "engagement", "", "report whose scope it is (required)")
	cmd.Flags().StringVar(&f.Reason, "reason", "", "why the scope stands now, or why it is frozen again (required)")
	return cmd
}

// changeLine is a change since a freeze, as it is printed.
type changeLine struct {
	What     scoping.ChangeKind `json:"what"`
	Kind     string             `json:"kind"`
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Was      int64              `json:"frozen_revision,omitempty"`
	Revision int64              `json:"revision"`
	Entry    *int64             `json:"entry,omitempty"`
	Fields   []string           `json:"fields,omitempty"`
}

func (c *cli) scopeChangesCommand() *cobra.Command {
	var at pointFlags
	var engagement string
	cmd := c.command("changes", "scope", func(cmd *cobra.Command, _ []string) error {
		s, err := c.scoped(cmd, engagement, &at, true)
		if err != nil {
			return err
		}
		f := s.Frozen()
		if f == nil {
			return errors.New("the scope was not frozen yet; freeze it with: reperform scope freeze")
		}
		lines := []changeLine{}
		for _, x := range s.Changes {
			l := changeLine{What: x.What, Kind: x.Ref.Kind, ID: x.Ref.ID, Name: x.Name, Was: x.Was, Revision: x.Ref.Revision, Fields: x.Fields}
			if x.Pos >= 0 {
				l.Entry = &x.Pos
			}
			lines = append(lines, l)
		}
		var all []map[string]any
		for _, x := range s.Freezes {
			all = append(all, map[string]any{"id": x.ID, "frozen_on": x.Value.FrozenOn, "frozen_by": x.Value.FrozenBy, "reason": x.Value.Reason, "records": len(x.Value.Items), "sha256": x.Value.SHA256})
		}
		err = c.print(map[string]any{"engagement": s.Engagement.ID, "freezes": all, "holds": s.Holds, "trouble": s.Trouble, "changes": lines}, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%-8s %s/%s  %s", l.What, l.Kind, l.ID, l.Name)
				switch {
				case l.Entry == nil:
					fmt.Fprint(w, "  because of another change")
				case l.What == scoping.Changed:
					fmt.Fprintf(w, "  revision %d to %d, entry %d: %s", l.Was, l.Revision, *l.Entry, strings.Join(l.Fields, ", "))
				default:
					fmt.Fprintf(w, "  entry %d", *l.Entry)
				}
				fmt.Fprintln(w)
			}
			printFrozen(w, s)
			for _, x := range s.Freezes[1:] {
				fmt.Fprintf(w, "Before that by %s on %s: %s\n", x.Value.FrozenBy, x.Value.FrozenOn, x.Value.Reason)
			}
			if s.Holds {
				fmt.Fprintln(w, "Its digest follows from the revisions that it names.")
			}
		})
		if err == nil && !s.Holds {
			return failed("the digest of the last freeze does not hold: %s", s.Trouble)
		}
		return err
	})
	cmd.Short = "Print what changed since the scope was frozen"
	at.clocks(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	return cmd
}

// lastInterview is the interview that was recorded last.
func (c *cli) lastInterview(cmd *cobra.Command, a *app.App, at record.AsOf) (record.Typed[soc1.ScopeInterview], error) {
	list, err := a.Interviews(cmd.Context(), c.actor, at)
	if err == nil && len(list) == 0 {
		err = errors.New("no interview is recorded; answer the file that `reperform scope questions` prints, and record it with: reperform scope interview -f FILE --record")
	}
	if err != nil {
		return record.Typed[soc1.ScopeInterview]{}, err
	}
	return list[0], nil
}
