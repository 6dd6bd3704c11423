package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

func (c *cli) scopeQuestionsCommand() *cobra.Command {
	cmd := c.command("questions", "scope", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		rs, err := a.Records(cmd.Context(), c.actor, app.OrganizationLedger, "service", record.AsOf{})
		if err != nil {
			return err
		}
		return c.print(map[string]string{"yaml": questions(rs)}, func(w io.Writer) { io.WriteString(w, questions(rs)) })
	})
	cmd.Short = "Print the questions of the interview as a file to fill in"
	return cmd
}

// questions is a file of answers to be given, with what may be answered.
func questions(services []record.Record) string {
	var b strings.Builder
	k, err := record.Kinds.Kind("scope_interview")
	if err != nil {
		panic(err)
	}
	answers, _ := k.Field("answers")
	b.WriteString("# Which report do our customers need? Answer, then: reperform scope interview -f FILE\n")
	ask := func(f record.Field, indent, value string) {
		fmt.Fprintf(&b, "%s# %s", indent, f.Label)
		if len(f.Values) > 0 {
			fmt.Fprintf(&b, ": %s", strings.Join(f.Values, ", "))
			if f.List {
				b.WriteString("; any of them, or [] for none")
			}
		}
		if f.Help != "" {
			fmt.Fprintf(&b, ". %s", f.Help)
		}
		fmt.Fprintf(&b, "\n%s%s: %s\n", indent, f.Name, value)
	}
	for _, f := range answers.Fields {
		if f.Name != "services" {
			switch f.Type {
			case record.Integer:
				ask(f, "", "0")
			case record.Enum:
				ask(f, "", f.Values[0])
			default:
				ask(f, "", "''")
			}
			continue
		}
		b.WriteString("services:\n")
		if len(services) == 0 {
			services = []record.Record{{}}
		}
		for i, s := range services {
			name := "The service"
			if s.ID != "" {
				name = record.HeadingOf(s).Text
			}
			fmt.Fprintf(&b, "- name: %q\n", name)
			if s.ID != "" {
				fmt.Fprintf(&b, "  service: %s\n", s.ID)
			}
			for _, x := range f.Fields {
				value := map[bool]string{true: "[]", false: "none"}[x.List]
				switch {
				case x.Name == "name" || x.Name == "service":
					continue
				case x.Type == record.Boolean:
					value = "false"
				}
				if i == 0 {
					ask(x, "  ", value)
					continue
				}
				fmt.Fprintf(&b, "  %s: %s\n", x.Name, value)
			}
		}
	}
	return b.String()
}

// proposalLine is a period as it is printed.
type proposalLine struct {
	From     soc1.Date `json:"from"`
	To       soc1.Date `json:"to"`
	Months   int       `json:"months"`
	ReportBy soc1.Date `json:"report_by"`
	Late     bool      `json:"late,omitempty"`
	// Share is the mean share of fiscal years covered, exactly and in hundredths of
	// a percent, rounded down.
	Share    string             `json:"share"`
	ShareBP  soc1.BasisPoints   `json:"share_bp"`
	Entities int64              `json:"user_entities"`
	Whole    int64              `json:"covered_whole"`
	Letters  int64              `json:"need_bridge_letter"`
	Open     int64              `json:"gap_too_long"`
	Reasons  []string           `json:"reasons"`
	Years    []proposalYearLine `json:"year_ends"`
}

type proposalYearLine struct {
	YearEnd   soc1.YearEnd   `json:"year_end"`
	Entities  int64          `json:"user_entities"`
	From      soc1.Date      `json:"fiscal_from"`
	To        soc1.Date      `json:"fiscal_to"`
	Days      int            `json:"days_covered"`
	Prior     int            `json:"days_of_prior_report"`
	Of        int            `json:"days"`
	GapMonths int            `json:"gap_months"`
	Bridge    scoping.Bridge `json:"bridge"`
}

func linesOfProposals(list []scoping.Proposal) []proposalLine {
	out := []proposalLine{}
	for i := range list {
		p := &list[i]
		l := proposalLine{From: p.From, To: p.To, Months: p.Months, ReportBy: p.ReportBy, Late: p.Late, Share: p.Share.RatString(), ShareBP: p.ShareBP(), Entities: p.Entities, Whole: p.Whole, Letters: p.Letters, Open: p.Open, Reasons: p.Reasons}
		for _, c := range p.Coverage {
			l.Years = append(l.Years, proposalYearLine{c.End, c.Entities, c.YearGroup.End.Begin(c.To), c.To, c.Days, c.Prior, c.Of, c.GapMonths, c.Bridge})
		}
		out = append(out, l)
	}
	return out
}

func printProposals(w io.Writer, list []scoping.Proposal, most int) {
	for i := range list[:min(most, len(list))] {
		p := &list[i]
		fmt.Fprintf(w, "%d. %s to %s, %s\n", i+1, p.From, p.To, english.Count(p.Months, "month"))
		for _, s := range p.Reasons {
			fmt.Fprintf(w, "   %s\n", s)
		}
		for _, c := range p.Coverage {
			fmt.Fprintf(w, "   %-22s %5d  %s to %s: %3d of %d days, %s\n", c.End.Label(), c.Entities, c.From, c.To, c.Days, c.Of, c.Words())
		}
	}
	if len(list) > most {
		fmt.Fprintf(w, "%s left out; see: reperform scope periods --all\n", english.Count(len(list)-most, "more period")+english.Choose(len(list)-most, " is", " are"))
	}
}

func printPoints(w io.Writer, head string, list []soc1.ReasonedPoint) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w, head)
	for _, p := range list {
		fmt.Fprintf(w, "  %s\n", p.Text)
		if len(p.Answers) > 0 {
			fmt.Fprintf(w, "    because of %s\n", strings.Join(p.Answers, ", "))
		}
	}
}

func printOutcome(w io.Writer, o soc1.InterviewOutcome) {
	fmt.Fprintf(w, "%s. %s.\n", o.Report.Label(), o.Type.Label())
	printPoints(w, "Why:", o.Reasons)
	printPoints(w, "Why this type:", o.TypeReasons)
	printPoints(w, "To be settled:", o.Open)
}

func (c *cli) scopeInterviewCommand() *cobra.Command {
	var file string
	var keep bool
	var months int
	var at pointFlags
	cmd := c.command("interview", "scope", func(cmd *cobra.Command, _ []string) error {
		if keep && file == "" {
			return errors.New("--record keeps the answers of a file; name it with -f")
		}
		var answers soc1.InterviewAnswers
		if file != "" {
			if err := ascode.ReadInto(file, &answers); err != nil {
				return err
			}
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		point, err := c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		if file == "" {
			return c.showInterview(cmd, a, point)
		}
		got, err := a.Advise(cmd.Context(), c.actor, answers, "", point, months)
		if err != nil {
			return inFile(file, err)
		}
		id := ""
		if keep {
			if id, err = a.RecordInterview(cmd.Context(), c.actor, answers); err != nil {
				return inFile(file, err)
			}
		}
		return c.print(map[string]any{"id": id, "outcome": got.InterviewOutcome, "as_of": got.AsOf, "shared": got.Shared, "periods": linesOfProposals(got.Proposals)}, func(w io.Writer) {
			printOutcome(w, got.InterviewOutcome)
			if len(got.Shared) > 0 {
				fmt.Fprintln(w, "Shared by both reports:")
				for _, s := range got.Shared {
					fmt.Fprintf(w, "  %s  %s\n", s.ID, strings.Join(s.Objectives, " "))
				}
			}
			if got.AsOf != "" {
				fmt.Fprintf(w, "Type I as of %s.\n", got.AsOf)
			}
			if got.Type != soc1.AdviseNone && len(got.Proposals) == 0 {
				fmt.Fprintln(w, "No period is proposed: record user entities with their year-ends; see: reperform kinds user_entity --example")
			}
			printProposals(w, got.Proposals, 3)
			if id != "" {
				fmt.Fprintf(w, "Recorded as %s.\n", id)
			}
		})
	})
	cmd.Short = "Recommend SOC 1, SOC 2, both or neither, and which type first"
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file of answers (default: show the last that was recorded)")
	cmd.Flags().BoolVar(&keep, "record", false, "record the answers and the recommendation")
	cmd.Flags().IntVar(&months, "months", 0, "length of the periods proposed, 6 to 12 (default: any)")
	at.clocks(cmd)
	return cmd
}

// inFile names the file whose answers have problems.
func inFile(file string, err error) error {
	var problems *app.AnswersError
	if !errors.As(err, &problems) {
		return err
	}
	var lines []error
	for _, p := range problems.Problems {
		lines = append(lines, fmt.Errorf("%s: %s", file, p))
	}
	return errors.Join(lines...)
}

// showInterview prints the last interview as it was recorded, and whether the same
// follows from its answers today.
func (c *cli) showInterview(cmd *cobra.Command, a *app.App, at record.AsOf) error {
	i, err := c.lastInterview(cmd, a, at)
	if err != nil {
		return err
	}
	again := scoping.Recommend(i.Value.Answers, i.Value.AnsweredOn).InterviewOutcome
	same := reflect.DeepEqual(again, i.Value.Outcome)
	return c.print(map[string]any{"id": i.ID, "interview": i.Value, "derived_again": again, "same": same}, func(w io.Writer) {
		fmt.Fprintf(w, "%s, answered by %s on %s:\n", i.ID, i.Value.AnsweredBy, i.Value.AnsweredOn)
		printOutcome(w, i.Value.Outcome)
		if same {
			fmt.Fprintln(w, "Derived again from the answers, it says the same.")
			return
		}
		fmt.Fprintln(w, "Derived again from the answers by this version of the program, it says:")
		printOutcome(w, again)
	})
}

// advised is what follows from a file of answers, or from the last interview.
func (c *cli) advised(cmd *cobra.Command, file string, months int) (*app.App, *app.Advised, error) {
	var answers soc1.InterviewAnswers
	var on soc1.Date
	if file != "" {
		if err := ascode.ReadInto(file, &answers); err != nil {
			return nil, nil, err
		}
	}
	a, err := c.open(cmd.Context())
	if err != nil {
		return nil, nil, err
	}
	if file == "" {
		i, err := c.lastInterview(cmd, a, record.AsOf{})
		if err != nil {
			return nil, nil, err
		}
		answers, on = i.Value.Answers, i.Value.AnsweredOn
	}
	got, err := a.Advise(cmd.Context(), c.actor, answers, on, record.AsOf{}, months)
	if err != nil {
		return nil, nil, inFile(cmp.Or(file, "the last interview"), err)
	}
	if got.Type == soc1.AdviseNone {
		return nil, nil, errors.New("no SOC 1 report is recommended, so there is no period to propose")
	}
	return a, got, nil
}

func (c *cli) scopePeriodsCommand() *cobra.Command {
	var file, from, to string
	var months int
	var all bool
	cmd := c.command("periods", "scope", func(cmd *cobra.Command, _ []string) error {
		_, got, err := c.advised(cmd, file, months)
		if err != nil {
			return err
		}
		list := got.Proposals
		if from != "" || to != "" {
			w, err := window(from, to)
			if err != nil {
				return err
			}
			list = []scoping.Proposal{got.Question.Weigh(w)}
		}
		return c.print(linesOfProposals(list), func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "No period is proposed: record user entities with their year-ends; see: reperform kinds user_entity --example")
			}
			most := 3
			if all {
				most = len(list)
			}
			printProposals(w, list, most)
		})
	})
	cmd.Short = "Propose periods from the year-ends of user entities"
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file of answers (default: the last interview recorded)")
	cmd.Flags().IntVar(&months, "months", 0, "length of the periods proposed, 6 to 12 (default: any)")
	cmd.Flags().BoolVar(&all, "all", false, "print all periods that are possible")
	cmd.Flags().StringVar(&from, "from", "", "first day of a period to be weighed instead")
	cmd.Flags().StringVar(&to, "to", "", "its last day")
	return cmd
}

func window(from, to string) (scoping.Window, error) {
	var w scoping.Window
	var err error
	if w.From, err = soc1.ParseDate(from); err != nil {
		return w, fmt.Errorf("--from: %w", err)
	}
	if w.To, err = soc1.ParseDate(to); err != nil {
		return w, fmt.Errorf("--to: %w", err)
	}
	if w.To <= w.From {
		return w, errors.New("--to: the period ends before it begins")
	}
	return w, nil
}

func (c *cli) scopeDraftCommand() *cobra.Command {
	var file, from, to, asOf string
	d := app.PeriodDraft{Type: soc1.Type2}
	cmd := c.command("draft ENGAGEMENT", "scope", func(cmd *cobra.Command, args []string) error {
		d.Engagement = args[0]
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		switch {
		case asOf != "":
			if from != "" || to != "" {
				return errors.New("--as-of is for a Type I report, --from and --to for a Type II; give one of both")
			}
			d.Type = soc1.Type1
			if d.AsOf, err = soc1.ParseDate(asOf); err != nil {
				return fmt.Errorf("--as-of: %w", err)
			}
		case from != "" || to != "":
			w, err := window(from, to)
			if err != nil {
				return err
			}
			d.From, d.To = w.From, w.To
		default:
			_, got, err := c.advised(cmd, file, 0)
			switch {
			case err != nil:
				return err
			case got.Type == soc1.AdviseType1First:
				d.Type, d.AsOf = soc1.Type1, got.AsOf
			case len(got.Proposals) == 0:
				return errors.New("no period is proposed, because no user entity is recorded; give --from and --to")
			default:
				d.From, d.To = got.Proposals[0].From, got.Proposals[0].To
			}
		}
		if err := a.DraftEngagement(cmd.Context(), c.actor, d); err != nil {
			return err
		}
		days := slices.DeleteFunc([]string{string(d.AsOf), string(d.From), string(d.To)}, func(s string) bool { return s == "" })
		return c.print(map[string]any{"engagement": d.Engagement, "type": d.Type, "as_of": d.AsOf, "period_start": d.From, "period_end": d.To}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is %s, %s.\n", d.Engagement, d.Type.Label(), strings.Join(days, " to "))
		})
	})
	cmd.Short = "Record a proposed period in an engagement"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML or JSON file of answers (default: the last interview recorded)")
	cmd.Flags().StringVar(&d.Title, "title", "", "title of the engagement (needed for a new one)")
	cmd.Flags().StringVar(&from, "from", "", "first day of the period (default: the best proposal's)")
	cmd.Flags().StringVar(&to, "to", "", "last day of the period")
	cmd.Flags().StringVar(&asOf, "as-of", "", "day of a Type I report")
	cmd.Flags().StringVar(&d.Reason, "reason", "", "why these dates")
	return cmd
}
