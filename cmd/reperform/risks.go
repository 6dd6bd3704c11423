package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// ratingLine is a rating as it is printed; nothing where it is not given.
type ratingLine struct {
	Likelihood int    `json:"likelihood"`
	Impact     int    `json:"impact"`
	Level      string `json:"level"`
}

func lineOfRating(r overview.Rating) *ratingLine {
	if !r.Rated() {
		return nil
	}
	return &ratingLine{r.Likelihood, r.Impact, strings.ToLower(r.Level().Label())}
}

// riskLine is a risk of the report as it is printed.
type riskLine struct {
	ID       string      `json:"id"`
	Code     string      `json:"code"`
	Text     string      `json:"text"`
	Inherent *ratingLine `json:"inherent,omitempty"`
	Residual *ratingLine `json:"residual,omitempty"`
	Controls []string    `json:"controls"`
	Response string      `json:"response,omitempty"`
	// Unmitigated says that neither a control nor a response answers it, Alarming
	// that somebody has to act.
	Unmitigated bool     `json:"unmitigated,omitempty"`
	Alarming    bool     `json:"alarming,omitempty"`
	Moved       int      `json:"moved,omitempty"`
	History     []string `json:"history"`
}

func (c *cli) risksCommand() *cobra.Command {
	var at pointFlags
	var engagement, since string
	cmd := c.command("risks", "risks", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		opt := app.RiskOptions{Engagement: engagement}
		if opt.AsOf, err = c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt); err != nil {
			return err
		}
		if since != "" {
			if opt.Since, err = soc1.ParseDate(since); err != nil {
				return fmt.Errorf("--since: %w", err)
			}
		}
		x, err := a.Risks(cmd.Context(), c.actor, opt)
		if err != nil {
			return err
		}
		lines := []riskLine{}
		for i := range x.Standings {
			s := &x.Standings[i]
			l := riskLine{ID: s.Ref.ID, Code: s.Risk.Code, Text: s.Risk.Text, Inherent: lineOfRating(s.Inherent), Residual: lineOfRating(s.Residual), Controls: append([]string{}, s.Codes...),
				Response: s.Risk.Response, Unmitigated: s.Unmitigated(), Alarming: s.Alarming(), Moved: s.Moved(), History: []string{}}
			for _, p := range s.Points {
				l.History = append(l.History, fmt.Sprintf("%s: %d", p.From, p.Rating().Score()))
			}
			lines = append(lines, l)
		}
		slices.SortStableFunc(lines, func(p, q riskLine) int { return alarm(q) - alarm(p) })
		return c.print(map[string]any{"engagement": x.Engagement.ID, "since": x.Since, "risks": lines, "sessions": len(x.Sessions)}, func(w io.Writer) { printRisks(w, x, lines) })
	})
	at.clocks(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "report in question (default: the one under way or ended last)")
	cmd.Flags().StringVar(&since, "since", "", "day with which ratings are compared (default: before the last session was closed)")
	cmd.AddCommand(c.riskSessionCommand(), c.riskVerifyCommand())
	return cmd
}

func alarm(l riskLine) int {
	switch {
	case l.Unmitigated:
		return 2
	case l.Alarming:
		return 1
	}
	return 0
}

func printRisks(w io.Writer, x *app.RiskAssessment, lines []riskLine) {
	for _, m := range []struct {
		title string
		heat  overview.HeatMap
	}{{"Inherent, before controls", x.Inherent()}, {"Residual, with controls", x.Residual()}} {
		fmt.Fprintf(w, "%s (likelihood up, impact across):\n", m.title)
		for l := 5; l >= 1; l-- {
			fmt.Fprintf(w, "  %d ", l)
			for _, cell := range m.heat.Cells[l-1] {
				n := "."
				if cell.Count > 0 {
					n = fmt.Sprint(cell.Count)
				}
				fmt.Fprintf(w, "%4s", n)
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "       1   2   3   4   5   %d not rated\n", len(m.heat.Unrated))
	}
	for _, l := range lines {
		mark := ""
		switch alarm(l) {
		case 2:
			mark = "  NO MITIGATION"
		case 1:
			mark = "  MUCH REMAINS, NO RESPONSE"
		}
		moved := ""
		if l.Moved != 0 {
			moved = fmt.Sprintf(", %+d since %s", l.Moved, x.Since)
		}
		by := strings.Join(l.Controls, " ")
		if by == "" && l.Response != "" {
			by = "response stated"
		}
		fmt.Fprintf(w, "%s  %s > %s%s  %s%s\n    %s\n", l.Code, wordsOfRating(l.Inherent), wordsOfRating(l.Residual), moved, by, mark, l.Text)
	}
	fmt.Fprintf(w, "%s, %s\n", english.Count(len(lines), "risk"), english.Count(len(x.Sessions), "session"))
}

func wordsOfRating(r *ratingLine) string {
	if r == nil {
		return "not rated"
	}
	return fmt.Sprintf("%d×%d %s", r.Likelihood, r.Impact, r.Level)
}

func (c *cli) riskSessionCommand() *cobra.Command {
	cmd := c.command("session", "risks", nil)
	cmd.Short = "Score risks blind, agree together, and record what was agreed"
	cmd.AddCommand(c.riskOpenCommand(), c.riskScoreCommand(), c.riskShowCommand(), c.riskRevealCommand(), c.riskAgreeCommand(), c.riskConsiderCommand(), c.riskCloseCommand(), c.riskWithdrawCommand())
	return cmd
}

// inSession is a command about the session named first.
func (c *cli) inSession(use, short string, args cobra.PositionalArgs, run func(cmd *cobra.Command, a *app.App, args []string) error) *cobra.Command {
	cmd := c.command(use, "risks", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		return run(cmd, a, args)
	})
	cmd.Short, cmd.Args = short, args
	return cmd
}

func (c *cli) riskOpenCommand() *cobra.Command {
	var o app.RiskOpening
	var due string
	cmd := c.inSession("open", "Invite people to score risks", cobra.NoArgs, func(cmd *cobra.Command, a *app.App, _ []string) error {
		if due != "" {
			d, err := soc1.ParseDate(due)
			if err != nil {
				return fmt.Errorf("--due: %w", err)
			}
			o.Due = d
		}
		id, err := a.OpenRiskSession(cmd.Context(), c.actor, o)
		if err != nil {
			return err
		}
		s, err := a.RiskSession(cmd.Context(), c.actor, id, record.AsOf{})
		if err != nil {
			return err
		}
		return c.print(map[string]any{"id": id, "risks": len(s.Risks), "participants": s.Value.Participants}, func(w io.Writer) {
			fmt.Fprintf(w, "%s asks %s about %s.\n", id, english.Count(len(s.Scorers), "participant"), english.Count(len(s.Risks), "risk"))
		})
	})
	f := cmd.Flags()
	f.StringVar(&o.ID, "id", "", "id of the session (default: a random one)")
	f.StringVar(&o.Title, "title", "", "name of the session (required)")
	f.StringVar(&o.Engagement, "engagement", "", "report whose risks they are (default: the one under way or ended last)")
	f.StringArrayVar(&o.Participants, "participant", nil, "person who scores; repeat for each (required)")
	f.StringArrayVar(&o.Risks, "risk", nil, "risk in question; repeat for each (default: all of the report)")
	f.StringVar(&due, "due", "", "last day for scores")
	return cmd
}

func (c *cli) riskScoreCommand() *cobra.Command {
	var file string
	cmd := c.inSession("score SESSION", "Commit to your scores, or print them", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		if file == "" {
			own, err := a.OwnRiskScores(cmd.Context(), c.actor, args[0])
			if err != nil {
				return err
			}
			return c.print(map[string]any{"scores": own}, func(w io.Writer) {
				for _, r := range own {
					fmt.Fprintf(w, "%s  %s\n", r.Risk, wordsOfScore(r))
				}
				fmt.Fprintf(w, "%s scored\n", english.Are(len(own), "risk"))
			})
		}
		var in struct {
			Scores []soc1.RiskRating `json:"scores"`
		}
		if err := ascode.ReadInto(file, &in); err != nil {
			return err
		}
		scores := in.Scores
		commitment, err := a.ScoreRisks(cmd.Context(), c.actor, args[0], scores)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"scored": len(scores), "commitment": commitment}, func(w io.Writer) {
			fmt.Fprintf(w, "%s scored; sealed until the session is revealed.\nCommitment %s\n", english.Are(len(scores), "risk"), commitment)
		})
	})
	cmd.Flags().StringVarP(&file, "file", "f", "", "file of scores")
	return cmd
}

func wordsOfScore(r soc1.RiskRating) string {
	inherent, residual := overview.Rating{Likelihood: r.Likelihood, Impact: r.Impact}, overview.Rating{Likelihood: r.ResidualLikelihood, Impact: r.ResidualImpact}
	return wordsOfRating(lineOfRating(inherent)) + " > " + wordsOfRating(lineOfRating(residual))
}

func (c *cli) riskShowCommand() *cobra.Command {
	return c.inSession("show SESSION", "Print how far a session has come", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		s, err := a.RiskSession(cmd.Context(), c.actor, args[0], record.AsOf{})
		if err != nil {
			return err
		}
		var scorers []map[string]any
		for _, p := range s.Scorers {
			scorers = append(scorers, map[string]any{"person": p.Person, "scored": p.Scored, "commitment": p.Commitment, "left": p.Left, "lost": p.Lost})
		}
		return c.print(map[string]any{"session": s.Value, "scorers": scorers}, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s\n", s.Value.Title, s.Value.Phase.Label())
			for _, p := range s.Scorers {
				note := ""
				if p.Left {
					note = "  left the organization"
				}
				if p.Lost != "" {
					note = "  " + p.Lost
				}
				fmt.Fprintf(w, "  %s  %d of %d scored%s\n", p.Person, p.Scored, len(s.Risks), note)
			}
			if s.Value.RevealedOn == "" {
				return
			}
			for i := range s.Risks {
				r := &s.Risks[i]
				fmt.Fprintf(w, "%s  spread %d\n", r.Risk.Code, r.Spread())
				for n, x := range r.Scores {
					fmt.Fprintf(w, "    %s  %s  %s\n", r.By[n], wordsOfScore(x), x.Remark)
				}
				if r.Agreed != nil {
					fmt.Fprintf(w, "    agreed  %s  %s\n", wordsOfScore(*r.Agreed), r.Agreed.Remark)
				}
			}
		})
	})
}

func (c *cli) riskRevealCommand() *cobra.Command {
	return c.inSession("reveal SESSION", "Record everybody's scores at once", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		lost, err := a.RevealRiskScores(cmd.Context(), c.actor, args[0])
		if err != nil {
			return err
		}
		return c.print(map[string]any{"lost": append([]string{}, lost...)}, func(w io.Writer) {
			fmt.Fprintln(w, "The scores are revealed; nobody scores any more.")
			for _, p := range lost {
				fmt.Fprintf(w, "The sealed scores of %s are gone or damaged; that is recorded.\n", p)
			}
		})
	})
}

func (c *cli) riskAgreeCommand() *cobra.Command {
	var r soc1.RiskRating
	cmd := c.inSession("agree SESSION RISK", "Record what the group agreed on a risk", cobra.ExactArgs(2), func(cmd *cobra.Command, a *app.App, args []string) error {
		r.Risk = args[1]
		if err := a.AgreeRisk(cmd.Context(), c.actor, args[0], r); err != nil {
			return err
		}
		return c.print(map[string]any{"agreed": r}, func(w io.Writer) { fmt.Fprintf(w, "%s  %s\n", r.Risk, wordsOfScore(r)) })
	})
	f := cmd.Flags()
	f.IntVar(&r.Likelihood, "likelihood", 0, "likelihood before controls, 1 to 5 (required)")
	f.IntVar(&r.Impact, "impact", 0, "impact before controls, 1 to 5 (required)")
	f.IntVar(&r.ResidualLikelihood, "residual-likelihood", 0, "likelihood with controls, 1 to 5")
	f.IntVar(&r.ResidualImpact, "residual-impact", 0, "impact with controls, 1 to 5")
	f.StringVar(&r.Remark, "reason", "", "why the group agreed on it (required)")
	return cmd
}

func (c *cli) riskConsiderCommand() *cobra.Command {
	var x soc1.RiskConsideration
	cmd := c.inSession("consider SESSION [PROMPT]", "Keep what was thought of fraud and change", cobra.RangeArgs(1, 2), func(cmd *cobra.Command, a *app.App, args []string) error {
		if len(args) == 1 {
			return c.print(soc1.RiskPrompts, func(w io.Writer) {
				for _, p := range soc1.RiskPrompts {
					fmt.Fprintf(w, "%s  %s\n    %s\n", p.ID, p.Title, p.Text)
				}
			})
		}
		x.Prompt = args[1]
		if err := a.ConsiderRisk(cmd.Context(), c.actor, args[0], x); err != nil {
			return err
		}
		return c.print(map[string]any{"considered": x.Prompt}, func(w io.Writer) { fmt.Fprintf(w, "%s is considered.\n", x.Prompt) })
	})
	f := cmd.Flags()
	f.StringVar(&x.Note, "note", "", "what was found (required)")
	f.StringVar(&x.Objective, "objective", "", "objective for which (default: all)")
	f.StringArrayVar(&x.Risks, "risk", nil, "risk that it led to; repeat for each")
	return cmd
}

func (c *cli) riskCloseCommand() *cobra.Command {
	var notes string
	cmd := c.inSession("close SESSION", "Write what was agreed to the risks", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		n, err := a.CloseRiskSession(cmd.Context(), c.actor, args[0], notes)
		if err != nil {
			return err
		}
		return c.print(map[string]any{"changed": n}, func(w io.Writer) {
			fmt.Fprintf(w, "The session is closed; the ratings of %s changed.\n", english.Count(n, "risk"))
		})
	})
	cmd.Flags().StringVar(&notes, "notes", "", "closing notes")
	return cmd
}

func (c *cli) riskWithdrawCommand() *cobra.Command {
	var reason string
	cmd := c.inSession("withdraw SESSION", "Give a session up; no risk changes", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		if err := a.WithdrawRiskSession(cmd.Context(), c.actor, args[0], reason); err != nil {
			return err
		}
		return c.print(map[string]any{"withdrawn": args[0]}, func(w io.Writer) { fmt.Fprintln(w, "The session is withdrawn.") })
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why it is given up (required)")
	return cmd
}

func (c *cli) riskVerifyCommand() *cobra.Command {
	return c.inSession("verify SESSION", "Recompute the commitments of a session", cobra.ExactArgs(1), func(cmd *cobra.Command, a *app.App, args []string) error {
		p, err := a.VerifyRiskSession(cmd.Context(), c.actor, args[0])
		if err != nil {
			return err
		}
		err = c.print(p, func(w io.Writer) {
			if p.Sealed > 0 {
				fmt.Fprintf(w, "The session is blind: %s sealed.\n", english.Are(p.Sealed, "commitment"))
			} else {
				fmt.Fprintf(w, "%s recomputed from the revealed scores: as committed before the reveal.\n", english.Are(p.Checked, "commitment"))
			}
			for _, t := range p.Troubles {
				fmt.Fprintln(w, t)
			}
		})
		if err == nil && len(p.Troubles) > 0 {
			return failed("%s", errors.New(english.Count(len(p.Troubles), "problem")+" in the scores of session "+p.Session))
		}
		return err
	})
}
