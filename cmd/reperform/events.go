package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/events"
	"reperform/soc1"
)

// The forms in which what happened is printed for machines.
type (
	eventLine struct {
		ID        string           `json:"id"`
		Title     string           `json:"title"`
		Nature    soc1.EventNature `json:"nature"`
		Began     soc1.Date        `json:"began"`
		Ended     soc1.Date        `json:"ended,omitempty"`
		Known     soc1.Date        `json:"known"`
		Reference string           `json:"reference,omitempty"`
		Place     string           `json:"place"`
		State     string           `json:"state"`
		// Assessment is the id of the latest one for the report.
		Assessment string        `json:"assessment,omitempty"`
		Follows    []eventMatter `json:"follows,omitempty"`
	}
	eventMatter struct {
		Aspect string     `json:"aspect"`
		Done   bool       `json:"done"`
		Text   string     `json:"text"`
		Settle string     `json:"settle,omitempty"`
		By     []soc1.Ref `json:"by,omitempty"`
	}
	wordLine struct {
		Person  string    `json:"person"`
		Why     string    `json:"why"`
		Through soc1.Date `json:"through,omitempty"`
	}
)

func lineOfEvent(l *events.Line) eventLine {
	out := eventLine{ID: l.ID, Title: l.Value.Title, Nature: l.Value.Nature, Began: l.Value.Began, Ended: l.Value.Ended, Known: l.Value.Known(), Reference: l.Value.Reference, Place: l.Place.Key(), State: l.State.Key()}
	if l.Assessment != nil {
		out.Assessment = l.Assessment.ID
	}
	for _, m := range l.Matters {
		out.Follows = append(out.Follows, eventMatter{strings.ReplaceAll(strings.ToLower(m.Aspect.Label()), " ", "_"), m.Done, m.Text, m.Settle, m.By})
	}
	return out
}

func (c *cli) eventsCommand() *cobra.Command {
	var at pointFlags
	var engagement, state string
	cmd := c.command("events", "events", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		opt := app.EventOptions{Engagement: engagement}
		if opt.AsOf, err = c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt); err != nil {
			return err
		}
		r, err := a.Events(cmd.Context(), c.actor, opt)
		if err != nil {
			return err
		}
		var known []string
		for _, s := range events.States {
			known = append(known, s.Key())
		}
		if state != "" && !slices.Contains(known, state) {
			return fmt.Errorf("--state: there is no state %q; use one of %s", state, strings.Join(known, ", "))
		}
		lines := []eventLine{}
		for i := range r.Lines {
			if state == "" || r.Lines[i].State.Key() == state {
				lines = append(lines, lineOfEvent(&r.Lines[i]))
			}
		}
		words := []wordLine{}
		for _, x := range r.Words {
			words = append(words, wordLine{x.Person.ID, x.Why, x.Through})
		}
		return c.print(map[string]any{"engagement": r.Engagement.ID, "today": r.Today, "until": r.Until, "events": lines, "asked": words, "confirmed_through": r.Through, "confirmation_wanted": r.Wanted(),
			"disclosures": append([]string{}, r.Disclosure()...)}, func(w io.Writer) { printEvents(w, r, lines) })
	})
	at.clocks(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "the report that asks (default: the one under way or ended last)")
	cmd.Flags().StringVar(&state, "state", "", "show those in one state: unassessed, outdated, open, settled, not_asked")
	cmd.AddCommand(c.eventsAssessCommand(), c.eventsConfirmCommand())
	return cmd
}

// printEvents prints what happened, then who lags behind, then what the letter has to
// tell.
func printEvents(w io.Writer, r *events.Register, lines []eventLine) {
	shown := map[string]bool{}
	for _, l := range lines {
		shown[l.ID] = true
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		if !shown[l.ID] {
			continue
		}
		fmt.Fprintf(w, "%s  %-24s  %s\n  %s; %s; %s\n", l.Value.Began, l.ID, l.Value.Title, l.Value.Nature.Label(), l.Place.Label(), l.State.Label())
		for _, m := range l.Matters {
			mark := "done"
			if !m.Done {
				mark = "OPEN"
			}
			fmt.Fprintf(w, "  %s  %s\n", mark, m.Text)
			if m.Settle != "" {
				fmt.Fprintf(w, "        %s\n", m.Settle)
			}
		}
	}
	fmt.Fprintf(w, "%s for %s: %d to assess, %d changed since, %d to take up\n", english.Count(len(lines), "event"), r.Engagement.ID, r.Count(events.Unassessed), r.Count(events.Outdated), r.Count(events.Open))
	for _, x := range r.Lagging() {
		through := "nothing confirmed"
		if x.Through != "" {
			through = "confirmed up to " + string(x.Through)
		}
		fmt.Fprintf(w, "Not confirmed up to %s: %s, who %s (%s)\n", r.Wanted(), x.Person.ID, x.Why, through)
	}
	for i, s := range r.Disclosure() {
		if i == 0 {
			fmt.Fprintln(w, "For the representation letter:")
		}
		fmt.Fprintf(w, "  %s\n", s)
	}
}

// assessing is a file with what somebody holds an event to mean.
type assessing struct {
	Event           string           `json:"event"`
	Engagement      string           `json:"engagement,omitempty"`
	Revision        int64            `json:"revision,omitempty"`
	Description     soc1.EventEffect `json:"description"`
	Controls        soc1.EventEffect `json:"controls"`
	Representations soc1.EventEffect `json:"representations"`
	Subsequent      soc1.EventEffect `json:"subsequent"`
}

func (c *cli) eventsAssessCommand() *cobra.Command {
	var file string
	cmd := c.command("assess -f FILE", "events", func(cmd *cobra.Command, _ []string) error {
		var x assessing
		if err := ascode.ReadInto(file, &x); err != nil {
			return err
		}
		if x.Event == "" {
			return fmt.Errorf("%s: event: name the event that is assessed", file)
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.AssessEvent(cmd.Context(), c.actor, app.EventAssessing{Event: x.Event, Engagement: x.Engagement, Seen: x.Revision,
			Description: x.Description, Controls: x.Controls, Representations: x.Representations, Subsequent: x.Subsequent})
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s of %s.\n", id, x.Event) })
	})
	cmd.Short = "Record what an event means for a report"
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file (required)")
	cmd.MarkFlagRequired("file")
	return cmd
}

func (c *cli) eventsConfirmCommand() *cobra.Command {
	var x app.EventConfirming
	var through string
	cmd := c.command("confirm", "events", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		x.Through = soc1.Date(through)
		id, err := a.ConfirmEvents(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s: you know of nothing else.\n", id) })
	})
	cmd.Short = "Confirm in your own name that you know of nothing else"
	cmd.Flags().StringVar(&through, "through", "", "the last day that it covers (default: today)")
	cmd.Flags().StringVar(&x.Engagement, "engagement", "", "the report that asks (default: the one under way or ended last)")
	cmd.Flags().StringVar(&x.Remark, "remark", "", "what goes with it")
	return cmd
}
