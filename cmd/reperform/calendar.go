package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/calendar"
	"reperform/english"
	"reperform/overview"
	"reperform/soc1"
)

// The forms in which a calendar is printed for machines.
type (
	calendarLine struct {
		Control   string           `json:"control"`
		Code      string           `json:"code"`
		Owner     string           `json:"owner,omitempty"`
		Frequency string           `json:"frequency,omitempty"`
		Calendar  string           `json:"business_calendar,omitempty"`
		Here      bool             `json:"performed_here,omitempty"`
		Counted   bool             `json:"counted"`
		Cells     []calendarColumn `json:"cells,omitempty"`
		Each      []occurrenceLine `json:"occurrences,omitempty"`
	}
	calendarColumn struct {
		From     soc1.Date `json:"from"`
		To       soc1.Date `json:"to"`
		State    string    `json:"state"`
		Expected int       `json:"due"`
		Covered  int       `json:"due_present"`
		Coming   int       `json:"not_due"`
		Ahead    int       `json:"not_due_present"`
	}
	occurrenceLine struct {
		From     soc1.Date `json:"from"`
		To       soc1.Date `json:"to"`
		By       soc1.Date `json:"in_time_until"`
		State    string    `json:"state"`
		Evidence []string  `json:"evidence"`
		Signed   string    `json:"performance,omitempty"`
	}
)

func (c *cli) calendarCommand() *cobra.Command {
	var at pointFlags
	var engagement, zoom, owner, objective, state, control string
	cmd := c.command("calendar", "calendar", func(cmd *cobra.Command, _ []string) error {
		z := calendar.Zoom(zoom)
		if !z.Known() {
			return fmt.Errorf("--zoom %q is not known; say quarter, month or week", zoom)
		}
		if state != "" && !slices.Contains(calendar.States, calendar.State(state)) {
			return fmt.Errorf("--state %q is not known; say missing, late, not_yet_due, present or not_in_operation", state)
		}
		o, err := c.occurrences(cmd, &at, engagement)
		if err != nil {
			return err
		}
		g := calendar.Of(o, z)
		var shown []int
		lines := []calendarLine{}
		for n := range o.Controls {
			k := &o.Controls[n]
			in := objective == "" || slices.ContainsFunc(k.Objectives, func(i int) bool { return o.Objectives[i].Ref.ID == objective })
			if !in || owner != "" && k.Control.Owner != owner && k.Control.Performer != owner || control != "" && k.ID() != control || state != "" && !g.Has(n, []calendar.State{calendar.State(state)}) {
				continue
			}
			shown, lines = append(shown, n), append(lines, lineOfCalendar(o, g, n, control != ""))
		}
		if control != "" && len(shown) == 0 {
			return fmt.Errorf("--control %q: there is no such control in scope", control)
		}
		return c.print(map[string]any{"today": o.Question.Today, "from": o.Period.From, "to": o.Period.To, "zoom": z, "controls": lines}, func(w io.Writer) { printCalendar(w, o, g, shown, lines, control != "") })
	})
	at.add(cmd)
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "engagement in question (default: the one under way)")
	f.StringVar(&zoom, "zoom", "month", "width of a column: quarter, month or week")
	f.StringVar(&owner, "owner", "", "show the controls that one person owns or performs")
	f.StringVar(&objective, "objective", "", "show the controls of one control objective")
	f.StringVar(&state, "state", "", "show the controls with an occurrence in this state")
	f.StringVar(&control, "control", "", "list each occurrence of one control")
	cmd.AddCommand(c.calendarMeasuresCommand(), c.calendarPerformCommand(), c.calendarReviewCommand())
	return cmd
}

// occurrences reads what calendar and measures are made of.
func (c *cli) occurrences(cmd *cobra.Command, at *pointFlags, engagement string) (*overview.Overview, error) {
	a, err := c.open(cmd.Context())
	if err != nil {
		return nil, err
	}
	point, err := at.point(cmd.Context(), c, a)
	if err != nil {
		return nil, err
	}
	if at.ledger != "" && at.ledger != app.OrganizationLedger {
		return nil, errors.New("--ledger: controls are performed in the organization's ledger alone")
	}
	return a.Occurrences(cmd.Context(), c.actor, engagement, point)
}

func lineOfCalendar(o *overview.Overview, g *calendar.Grid, n int, each bool) calendarLine {
	k := &o.Controls[n]
	_, by := o.Business(&k.Control)
	l := calendarLine{Control: k.ID(), Code: k.Control.Code, Owner: k.Control.Owner, Frequency: string(k.Control.Frequency), Calendar: by, Here: k.Control.PerformedHere, Counted: g.Counted[n]}
	if !each {
		for i, x := range g.Cells[n] {
			if x.State != calendar.Nothing {
				l.Cells = append(l.Cells, calendarColumn{g.Columns[i].From, g.Columns[i].To, string(x.State), x.Expected, x.Covered, x.Coming, x.Ahead})
			}
		}
		return l
	}
	for _, x := range o.Expectations(k.ID()) {
		y := occurrenceLine{From: x.From, To: x.To, By: x.By, State: string(x.State), Evidence: []string{}}
		for _, ref := range x.Evidence {
			y.Evidence = append(y.Evidence, ref.ID)
		}
		for _, p := range o.Performances() {
			if p.Value.Control == k.ID() && p.Value.From == x.From && p.Value.To == x.To {
				y.Signed = strings.ReplaceAll(string(p.Value.Outcome), "_", " ") + ", " + strings.ReplaceAll(string(p.Value.Status), "_", " ")
			}
		}
		l.Each = append(l.Each, y)
	}
	return l
}

// calendarSigns are the states in one letter.
var calendarSigns = map[calendar.State]string{calendar.Missing: "M", calendar.Late: "L", calendar.NotYetDue: ".", calendar.Present: "P", calendar.NotOperating: "-", calendar.Nothing: " "}

func printCalendar(w io.Writer, o *overview.Overview, g *calendar.Grid, shown []int, lines []calendarLine, each bool) {
	var sum calendar.Cell
	for i, n := range shown {
		k := &o.Controls[n]
		switch {
		case each:
			fmt.Fprintf(w, "%s  %s\n", k.Control.Code, k.Title)
			for _, x := range lines[i].Each {
				fmt.Fprintf(w, "  %-24s %-11s in time until %s  %s\n", overview.Occurrence{From: x.From, To: x.To}, strings.ReplaceAll(x.State, "_", " "), x.By, strings.Join(append(x.Evidence, x.Signed), " "))
			}
		case !g.Counted[n]:
			fmt.Fprintf(w, "%-10s its frequency predicts no occurrence; %s\n", k.Control.Code, english.Count(k.Evidence.Items, "record"))
		default:
			row := ""
			for _, x := range g.Cells[n] {
				row += calendarSigns[x.State]
			}
			fmt.Fprintf(w, "%-10s %s  %d of %d present\n", k.Control.Code, row, g.Rows[n].Done(), g.Rows[n].All())
		}
		sum.Expected, sum.Covered, sum.Coming, sum.Ahead = sum.Expected+g.Rows[n].Expected, sum.Covered+g.Rows[n].Covered, sum.Coming+g.Rows[n].Coming, sum.Ahead+g.Rows[n].Ahead
	}
	fmt.Fprintf(w, "%s from %s to %s as of %s: %s, %d present, %d %s, %d not yet due\n", english.Count(len(shown), "control"), o.Period.From, o.Period.To, o.Question.Today, english.Count(sum.All(), "occurrence"), sum.Done(), sum.Open(), o.Late(), sum.Coming-sum.Ahead)
	if !each && len(g.Columns) > 0 {
		fmt.Fprintf(w, "Columns are %ss; P present, L late, M missing, . not yet due, - not in operation\n", g.Zoom)
	}
}

// shareLine is a part of a whole for machines.
type shareLine struct {
	N           int        `json:"n"`
	Of          int        `json:"of"`
	BasisPoints int        `json:"basis_points"`
	Records     []soc1.Ref `json:"records"`
}

func lineOfShare(s calendar.Share) *shareLine {
	if !s.Known() {
		return nil
	}
	return &shareLine{s.N, s.Of, int(s.BasisPoints()), append([]soc1.Ref{}, s.OfRefs...)}
}

// closeLine is the close cycle of a month. Medians are given as twice their value, so
// that they are whole numbers.
type closeLine struct {
	Performances        int        `json:"performances"`
	MedianDaysTwice     int        `json:"median_days_times_two"`
	MedianBusinessTwice int        `json:"median_business_days_times_two"`
	WorstDays           int        `json:"worst_days"`
	WorstBusiness       int        `json:"worst_business_days"`
	Records             []soc1.Ref `json:"records"`
}

type measureLine struct {
	From      soc1.Date  `json:"from"`
	To        soc1.Date  `json:"to"`
	Close     *closeLine `json:"close_cycle,omitempty"`
	OnTime    *shareLine `json:"on_time,omitempty"`
	Automated *shareLine `json:"automated,omitempty"`
	Reused    *shareLine `json:"evidence_reused,omitempty"`
	Links     int        `json:"links,omitempty"`
}

func (c *cli) calendarMeasuresCommand() *cobra.Command {
	var at pointFlags
	var engagement string
	cmd := c.command("measures", "calendar", func(cmd *cobra.Command, _ []string) error {
		o, err := c.occurrences(cmd, &at, engagement)
		if err != nil {
			return err
		}
		lines := []measureLine{}
		for _, m := range calendar.Measures(o) {
			l := measureLine{From: m.Month.From, To: m.Month.To, OnTime: lineOfShare(m.OnTime), Automated: lineOfShare(m.Automated), Reused: lineOfShare(m.Reused), Links: m.Links}
			days, business := m.Days()
			if median, ok := calendar.Median(days); ok {
				b, _ := calendar.Median(business)
				l.Close = &closeLine{len(days), int(median), int(b), slices.Max(days), slices.Max(business), nil}
				for _, x := range m.Closed {
					l.Close.Records = append(l.Close.Records, x.Ref)
				}
			}
			lines = append(lines, l)
		}
		return c.print(map[string]any{"today": o.Question.Today, "months": lines}, func(w io.Writer) {
			fmt.Fprintln(w, "Month    Close days (business, worst)   In time         Automated       Evidence reused")
			share := func(s *shareLine) string {
				if s == nil {
					return "-"
				}
				return fmt.Sprintf("%s %d/%d", soc1.BasisPoints(s.BasisPoints).Percent(), s.N, s.Of)
			}
			for _, l := range lines {
				closed := "-"
				if x := l.Close; x != nil {
					closed = fmt.Sprintf("%s (%s, %d) of %d", halves(x.MedianDaysTwice), halves(x.MedianBusinessTwice), x.WorstDays, x.Performances)
				}
				fmt.Fprintf(w, "%s  %-29s  %-14s  %-14s  %s\n", string(l.From)[:7], closed, share(l.OnTime), share(l.Automated), share(l.Reused))
			}
		})
	})
	cmd.Short = "Say how controls are performed, month by month"
	at.add(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "engagement in question (default: the one under way)")
	return cmd
}

// halves writes a number of halves.
func halves(n int) string {
	if n%2 == 0 {
		return fmt.Sprint(n / 2)
	}
	return fmt.Sprintf("%d.5", n/2)
}

func (c *cli) calendarPerformCommand() *cobra.Command {
	var p app.Performing
	var from, to, outcome, currency, first, second string
	var answers, items, files []string
	cmd := c.command("perform CONTROL", "calendar", func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if o := soc1.PerformanceOutcome(outcome); !slices.Contains(o.Values(), outcome) {
			return fmt.Errorf("--outcome %q is not known; say %s", outcome, strings.Join(o.Values(), ", "))
		}
		a, err := c.open(ctx)
		if err != nil {
			return err
		}
		p.Control, p.From, p.To, p.Outcome = args[0], soc1.Date(from), soc1.Date(to), soc1.PerformanceOutcome(outcome)
		t, err := a.Task(ctx, c.actor, p.Control, p.From, p.To)
		if err != nil {
			return err
		}
		p.Revision = t.Control.Revision
		for i, text := range t.Control.Value.Checklist {
			x := soc1.ChecklistAnswer{Text: text}
			if i < len(answers) {
				x.Answer = soc1.StepAnswer(answers[i])
			}
			p.Checklist = append(p.Checklist, x)
		}
		if len(answers) > len(t.Control.Value.Checklist) {
			return fmt.Errorf("--answer is given %d times, and the checklist has %s", len(answers), english.Count(len(t.Control.Value.Checklist), "item"))
		}
		if first != "" || second != "" {
			if p.Reconciliation, err = reconciliationOf(first, second, currency, items); err != nil {
				return err
			}
		}
		for _, name := range files {
			kept, err := keepFile(cmd, a, c.actor, name)
			if err != nil {
				return err
			}
			p.Files = append(p.Files, kept)
		}
		id, err := a.Perform(ctx, c.actor, p)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "%s is signed (%s)\n", p.Control, id) })
	})
	cmd.Short = "Sign that an occurrence of a control was performed"
	cmd.Args = cobra.ExactArgs(1)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day of the occurrence (required)")
	f.StringVar(&to, "to", "", "last day of the occurrence (required)")
	f.StringVar(&outcome, "outcome", "", "performed, with_exceptions or not_performed (required)")
	f.StringSliceVar(&answers, "answer", nil, "answer to each item of the checklist in order: done, not_done or not_applicable; may be repeated")
	f.StringVar(&p.Exceptions, "exceptions", "", "what was not as it should be")
	f.StringVar(&p.Reason, "reason", "", "why it was not performed")
	f.StringVar(&p.Note, "note", "", "what else is to be said")
	f.StringSliceVar(&p.Evidence, "evidence", nil, "id of a record of evidence beside it; may be repeated")
	f.StringArrayVar(&files, "file", nil, "file that belongs to it; may be repeated")
	f.StringVar(&first, "first", "", "first balance of a reconciliation, such as 1250.00")
	f.StringVar(&second, "second", "", "second balance")
	f.StringVar(&currency, "currency", "USD", "currency of the balances")
	f.StringArrayVar(&items, "item", nil, "reconciling item as WHAT|AMOUNT|SINCE or WHAT|AMOUNT|SINCE|CLEARED; may be repeated")
	for _, name := range []string{"from", "to", "outcome"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// reconciliationOf reads balances and items as flags have them.
func reconciliationOf(first, second, currency string, items []string) (soc1.Reconciliation, error) {
	var r soc1.Reconciliation
	var err error
	if r.First, err = soc1.ParseMoney(first, currency); err != nil {
		return r, fmt.Errorf("--first: %w", err)
	}
	if r.Second, err = soc1.ParseMoney(second, currency); err != nil {
		return r, fmt.Errorf("--second: %w", err)
	}
	for _, text := range items {
		parts := strings.Split(text, "|")
		if len(parts) != 3 && len(parts) != 4 {
			return r, fmt.Errorf("--item %q: write WHAT|AMOUNT|SINCE, and |CLEARED where it was", text)
		}
		m, err := soc1.ParseMoney(parts[1], currency)
		if err != nil {
			return r, fmt.Errorf("--item %q: %w", text, err)
		}
		x := soc1.ReconcilingItem{What: strings.TrimSpace(parts[0]), Minor: m.Minor, Since: soc1.Date(strings.TrimSpace(parts[2]))}
		if len(parts) == 4 {
			x.ClearedOn = soc1.Date(strings.TrimSpace(parts[3]))
		}
		r.Items = append(r.Items, x)
	}
	return r, nil
}

func keepFile(cmd *cobra.Command, a *app.App, actor, name string) (soc1.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return soc1.File{}, err
	}
	defer f.Close()
	kept, err := a.KeepFile(cmd.Context(), actor, app.OrganizationLedger, filepath.Base(name), f)
	return kept.File, err
}

func (c *cli) calendarReviewCommand() *cobra.Command {
	var to, remark string
	var back bool
	cmd := c.command("review CONTROL", "calendar", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id := app.PerformanceID(args[0], soc1.Date(to))
		if err := a.ReviewPerformance(cmd.Context(), c.actor, app.Review{ID: id, Accept: !back, Remark: remark}); err != nil {
			return err
		}
		said := "accepted"
		if back {
			said = "returned"
		}
		return c.print(map[string]any{"id": id, "status": said}, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", id, said) })
	})
	cmd.Short = "Accept the performance of a control, or return it"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&to, "to", "", "last day of the occurrence (required)")
	cmd.Flags().BoolVar(&back, "return", false, "return it; --remark says why")
	cmd.Flags().StringVar(&remark, "remark", "", "what the reviewer says")
	cmd.MarkFlagRequired("to")
	return cmd
}
