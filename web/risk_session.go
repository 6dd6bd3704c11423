package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// sessionPage is a risk session: for a participant the scores, for its facilitator
// how far everybody is, and for all, once revealed, what was scored and agreed.
type sessionPage struct {
	f     *ui.Frame
	S     *app.SessionStanding
	Phase ui.Status
	// Who leads it; Scorers are the participants with how far they are.
	Who     ui.Person
	Scorers []scorerRow
	// Score is where the person's own scores go; empty where they score nothing.
	Score string
	Cards []scoreCard
	// Leads tells whether the person may lead it; At is the address of the session.
	Leads bool
	At    string
	Rows  []agreeRow
	// Settled is how many risks are agreed.
	Settled int
	Prompts []promptRow
	// Objectives are those for which a prompt may be considered.
	Objectives                []choice
	Problem, Saved, ProblemAt string
	Opened, Due, Closed       string
}

type scorerRow struct {
	Who  ui.Person
	Text string
	// Done says that all risks are scored.
	Done, Left bool
	Lost       string
	Commitment string
	Href       string
}

// scoreCard is one risk to score.
type scoreCard struct {
	Ref             soc1.Ref
	Code, Text      string
	Objective, Href string
	Fraud, Change   bool
	Controls        []ui.Link
	Scales          []scale
	Remark          string
}

// scale is one of the four scales of a risk.
type scale struct {
	Name, Label string
	Words       []string
	Value       int
}

// agreeRow is a risk with everything that was scored on it.
type agreeRow struct {
	app.SessionRisk
	Code, Text, Href string
	// Before and After are the dots of the blind scores.
	Before, After [][]dotCell
	Marks         []markRow
	Spread        ui.Status
	Scales        []scale
	Reason        string
	Agreed        string
	Level         string
}

// dotCell is a field of a 5 × 5 with how many scores stand there.
type dotCell struct {
	N, Level int
	Agreed   bool
	Words    string
}

type markRow struct {
	Who    ui.Person
	Text   string
	Remark string
}

type promptRow struct {
	soc1.RiskPrompt
	Notes []promptNote
}

type promptNote struct {
	Note, For, Who, When string
	Risks                []ui.Link
}

func (r *request) riskSession() error { return r.riskSessionWith(http.StatusOK, "", "", nil) }

func (r *request) riskSessionWith(status int, problem, at string, typed url.Values) error {
	id := r.PathValue("id")
	s, err := r.site.app.RiskSession(r.Context(), r.actor, id, r.asOf)
	if err != nil {
		return err
	}
	p := &sessionPage{S: s, Phase: phaseStatus[s.Value.Phase], Who: r.headings().person(s.Value.Facilitator), At: r.site.base + "/risks/sessions/" + url.PathEscape(id), Problem: problem, ProblemAt: at,
		Opened: dateText(string(s.Value.OpenedOn)), Due: dateText(string(s.Value.Due)), Closed: dateText(string(s.Value.ClosedOn))}
	if r.URL.Query().Get("saved") != "" && problem == "" {
		p.Saved = "Your scores are sealed. Nobody sees them before the session is revealed; you can change them until then."
	}
	p.Leads = !r.past.On() && r.site.app.MayLeadRisks(r.Context(), r.actor) == nil && (s.Value.Phase == soc1.RiskBlind || s.Value.Phase == soc1.RiskTogether)
	for _, x := range s.Scorers {
		row := scorerRow{Who: r.headings().person(x.Person), Text: fmt.Sprintf("%d of %d scored", x.Scored, len(s.Risks)), Done: int(x.Scored) >= len(s.Risks), Left: x.Left, Lost: x.Lost, Commitment: x.Commitment}
		if x.Commitment != "" {
			row.Href = r.recordURL("risk_score", id+"."+x.Person)
		}
		p.Scorers = append(p.Scorers, row)
	}
	if s.Value.Phase == soc1.RiskBlind && !r.past.On() && slices.Contains(s.Value.Participants, r.actor) {
		p.Score = p.At + "/score"
		if err := r.scoreCards(p, typed); err != nil {
			return err
		}
	}
	if s.Value.RevealedOn != "" {
		r.agreeRows(p, typed)
	}
	if err := r.promptRows(p); err != nil {
		return err
	}
	if p.f, err = r.frame(s.Value.Title, []ui.Link{{Text: "Risk assessment", Href: r.url("/risks")}}); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = "/risks", []string{"risks.js"}
	return r.write(status, ui.Page(p.f, noActions(), sessionBody(p)))
}

// the four scales of a risk, as forms name them.
func scalesOf(prefix string, x soc1.RiskRating) []scale {
	return []scale{
		{prefix + "likelihood", "Likelihood before controls", likelihoods[:], x.Likelihood},
		{prefix + "impact", "Impact before controls", impacts[:], x.Impact},
		{prefix + "residual_likelihood", "Likelihood with controls", likelihoods[:], x.ResidualLikelihood},
		{prefix + "residual_impact", "Impact with controls", impacts[:], x.ResidualImpact},
	}
}

// ratingIn reads the scales of a risk from a form; ok is false where none is given.
func ratingIn(v url.Values, prefix, risk string) (soc1.RiskRating, bool, error) {
	x := soc1.RiskRating{Risk: risk, Remark: strings.TrimSpace(v.Get(prefix + "remark"))}
	ok := x.Remark != ""
	for name, to := range map[string]*int{"likelihood": &x.Likelihood, "impact": &x.Impact, "residual_likelihood": &x.ResidualLikelihood, "residual_impact": &x.ResidualImpact} {
		s := v.Get(prefix + name)
		if s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 5 {
			return x, true, fmt.Errorf("%s: %q is no score from 1 to 5", name, s)
		}
		*to, ok = n, true
	}
	return x, ok, nil
}

func (r *request) scoreCards(p *sessionPage, typed url.Values) error {
	own, err := r.site.app.OwnRiskScores(r.Context(), r.actor, p.S.ID)
	if err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	controls, err := record.All[soc1.Control](r.Context(), v, "control")
	if err != nil {
		return err
	}
	for _, x := range p.S.Risks {
		c := scoreCard{Ref: x.Ref, Code: x.Risk.Code, Text: x.Risk.Text, Fraud: x.Risk.Fraud, Change: x.Risk.Change, Href: r.recordURL("risk", x.Ref.ID)}
		for n, o := range x.Risk.Objectives {
			if h, ok := r.headings().heading("control_objective", o); ok {
				c.Objective += map[bool]string{true: "; "}[n > 0] + strings.TrimSpace(h.Code+" "+h.Text)
			}
		}
		for _, k := range controls {
			if slices.Contains(k.Value.Risks, x.Ref.ID) {
				c.Controls = append(c.Controls, ui.Link{Text: k.Value.Code, Href: r.recordURL("control", k.ID)})
			}
		}
		var mine soc1.RiskRating
		if i := slices.IndexFunc(own, func(y soc1.RiskRating) bool { return y.Risk == x.Ref.ID }); i >= 0 {
			mine = own[i]
		}
		if typed != nil {
			mine, _, _ = ratingIn(typed, x.Ref.ID+".", x.Ref.ID)
		}
		c.Scales, c.Remark = scalesOf(x.Ref.ID+".", mine), mine.Remark
		p.Cards = append(p.Cards, c)
	}
	return nil
}

// scoreRisks seals what the person scored.
func (r *request) scoreRisks() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	s, err := r.site.app.RiskSession(r.Context(), r.actor, id, record.AsOf{})
	if err != nil {
		return err
	}
	var scores []soc1.RiskRating
	for _, x := range s.Risks {
		score, given, err := ratingIn(v, x.Ref.ID+".", x.Ref.ID)
		if err != nil {
			return badRequest("score", err)
		}
		if !given {
			continue
		}
		if score.Likelihood == 0 || score.Impact == 0 {
			return r.riskSessionWith(http.StatusUnprocessableEntity, fmt.Sprintf("%s: give likelihood and impact before controls, or nothing.", x.Risk.Code), x.Ref.ID, v)
		}
		scores = append(scores, score)
		if ps := soc1.CheckRisks([]soc1.RiskRating{score}); len(ps) > 0 {
			return r.riskSessionWith(http.StatusUnprocessableEntity, x.Risk.Code+": "+ps[0].Message+" "+ps[0].Remedy, x.Ref.ID, v)
		}
	}
	if len(scores) == 0 {
		return r.riskSessionWith(http.StatusUnprocessableEntity, "No risk is scored yet. Score at least one.", "", v)
	}
	_, err = r.site.app.ScoreRisks(r.Context(), r.actor, id, scores)
	if text, here := refusedHere(err); here {
		return r.riskSessionWith(http.StatusUnprocessableEntity, text, "", v)
	}
	if err != nil {
		return err
	}
	return r.redirect(r.site.base + "/risks/sessions/" + url.PathEscape(id) + "?saved=1")
}

func (r *request) agreeRows(p *sessionPage, typed url.Values) {
	for _, x := range p.S.Risks {
		row := agreeRow{SessionRisk: x, Code: x.Risk.Code, Text: x.Risk.Text, Href: r.recordURL("risk", x.Ref.ID)}
		now := soc1.RiskRating{Risk: x.Ref.ID, Likelihood: x.Risk.Likelihood, Impact: x.Risk.Impact, ResidualLikelihood: x.Risk.ResidualLikelihood, ResidualImpact: x.Risk.ResidualImpact}
		if x.Agreed != nil {
			now = *x.Agreed
			row.Reason = now.Remark
			a, b := overview.Rating{Likelihood: now.Likelihood, Impact: now.Impact}, overview.Rating{Likelihood: now.ResidualLikelihood, Impact: now.ResidualImpact}
			row.Agreed = ratingText(a) + " → " + ratingText(b)
			row.Level = "Inherent " + strings.ToLower(a.Level().Label()) + ", residual " + strings.ToLower(b.Level().Label())
			p.Settled++
		}
		if typed != nil && p.ProblemAt == x.Ref.ID {
			now, _, _ = ratingIn(typed, "", x.Ref.ID)
			row.Reason = now.Remark
		}
		row.Scales = scalesOf("", now)
		row.Before = dots(x.Scores, x.Agreed, func(y soc1.RiskRating) overview.Rating {
			return overview.Rating{Likelihood: y.Likelihood, Impact: y.Impact}
		})
		row.After = dots(x.Scores, x.Agreed, func(y soc1.RiskRating) overview.Rating {
			return overview.Rating{Likelihood: y.ResidualLikelihood, Impact: y.ResidualImpact}
		})
		switch n := x.Spread(); {
		case len(x.Scores) == 0:
			row.Spread = ui.Status{Text: "Nobody scored it"}
		case n >= 2:
			row.Spread = ui.Status{Text: fmt.Sprintf("Scores lie %d apart", n), Class: "warn", Icon: "circle-alert"}
		default:
			row.Spread = ui.Status{Text: "Scores are close", Class: "ok", Icon: "check"}
		}
		for i, y := range x.Scores {
			m := markRow{Who: r.headings().person(x.By[i]), Remark: y.Remark, Text: ratingText(overview.Rating{Likelihood: y.Likelihood, Impact: y.Impact})}
			if y.ResidualLikelihood > 0 {
				m.Text += " → " + ratingText(overview.Rating{Likelihood: y.ResidualLikelihood, Impact: y.ResidualImpact})
			}
			row.Marks = append(row.Marks, m)
		}
		p.Rows = append(p.Rows, row)
	}
}

// dots places scores on a 5 × 5, likelihood up and impact across.
func dots(scores []soc1.RiskRating, agreed *soc1.RiskRating, of func(soc1.RiskRating) overview.Rating) [][]dotCell {
	var out [][]dotCell
	for l := 5; l >= 1; l-- {
		var row []dotCell
		for i := 1; i <= 5; i++ {
			at := overview.Rating{Likelihood: l, Impact: i}
			c := dotCell{Level: int(at.Level())}
			for _, s := range scores {
				c.N += boolInt(of(s) == at)
			}
			c.Agreed = agreed != nil && of(*agreed) == at
			c.Words = fmt.Sprintf("likelihood %d, impact %d: %s", l, i, count(c.N, "score"))
			if c.Agreed {
				c.Words += ", agreed"
			}
			row = append(row, c)
		}
		out = append(out, row)
	}
	return out
}

func (r *request) promptRows(p *sessionPage) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	objectives, err := record.All[soc1.ControlObjective](r.Context(), v, "control_objective")
	if err != nil {
		return err
	}
	for _, o := range objectives {
		if !o.Value.Omitted() {
			p.Objectives = append(p.Objectives, choice{Text: o.Value.Code + " " + o.Value.Title, Href: o.ID})
		}
	}
	for _, x := range soc1.RiskPrompts {
		row := promptRow{RiskPrompt: x}
		for _, c := range p.S.Value.Considered {
			if c.Prompt != x.ID {
				continue
			}
			n := promptNote{Note: c.Note, For: "All objectives", Who: r.headings().person(c.By).Name, When: dateText(string(c.On))}
			if h, ok := r.headings().heading("control_objective", c.Objective); ok {
				n.For = h.Code
			}
			for _, k := range c.Risks {
				b := r.behindRef(soc1.Ref{Kind: "risk", ID: k})
				n.Risks = append(n.Risks, ui.Link{Text: b.Code, Href: b.Href})
			}
			row.Notes = append(row.Notes, n)
		}
		p.Prompts = append(p.Prompts, row)
	}
	return nil
}

// leadRisks is what the facilitator does: reveal, agree, consider, close, withdraw.
func (r *request) leadRisks() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id, at := r.PathValue("id"), ""
	switch do := r.PathValue("do"); do {
	case "reveal":
		_, err = r.site.app.RevealRiskScores(r.Context(), r.actor, id)
	case "agree":
		at = v.Get("risk")
		x, _, bad := ratingIn(v, "", at)
		if bad != nil {
			return badRequest("score", bad)
		}
		err = r.site.app.AgreeRisk(r.Context(), r.actor, id, x)
	case "consider":
		at = v.Get("prompt")
		x := soc1.RiskConsideration{Prompt: at, Objective: v.Get("objective"), Note: v.Get("note")}
		err = r.site.app.ConsiderRisk(r.Context(), r.actor, id, x)
	case "close":
		_, err = r.site.app.CloseRiskSession(r.Context(), r.actor, id, v.Get("notes"))
	case "withdraw":
		err = r.site.app.WithdrawRiskSession(r.Context(), r.actor, id, v.Get("reason"))
	default:
		return r.nowhere()
	}
	if errors.Is(err, record.ErrNotFound) {
		return err
	}
	if text, here := refusedHere(err); here {
		return r.riskSessionWith(http.StatusUnprocessableEntity, text, at, v)
	}
	if err != nil {
		return err
	}
	to := r.site.base + "/risks/sessions/" + url.PathEscape(id)
	if at != "" {
		to += "#r-" + url.PathEscape(at)
	}
	return r.redirect(to)
}
