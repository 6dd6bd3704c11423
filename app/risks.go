package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// RiskOptions say what is asked of the risks.
type RiskOptions struct {
	// Engagement is the report in question; empty is the one that is under way or
	// ended last.
	Engagement string
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
	// Since is the day with which ratings are compared; empty is the day before the
	// last session was closed.
	Since soc1.Date
}

// RiskPoint is a rating that a risk had from a day on.
type RiskPoint struct {
	From               soc1.Date
	Inherent, Residual overview.Rating
	// Pos is the entry that recorded it.
	Pos int64
}

// Rating is the residual rating, or the inherent one where there is none.
func (p RiskPoint) Rating() overview.Rating {
	if p.Residual.Rated() {
		return p.Residual
	}
	return p.Inherent
}

// RiskStanding is a risk of the report with how its rating moved.
type RiskStanding struct {
	overview.RiskLine
	// Codes are the codes of the controls that answer it.
	Codes []string
	// Points are its ratings through time, each that differs from the one before.
	Points []RiskPoint
	// Before is the rating on the day of comparison; nil where it had none or there
	// is no such day.
	Before *RiskPoint
}

// Unmitigated tells whether nothing answers the risk: no control in scope and no
// response.
func (s *RiskStanding) Unmitigated() bool { return !s.Answered() }

// Alarming tells whether somebody has to act: nothing answers the risk, or what
// remains is high or severe and no response is stated.
func (s *RiskStanding) Alarming() bool {
	return s.Unmitigated() || s.Residual.Level() >= overview.High && s.Risk.Response == ""
}

// Moved is by how much the rating is higher than on the day of comparison.
func (s *RiskStanding) Moved() int {
	if s.Before == nil {
		return 0
	}
	now := RiskPoint{Inherent: s.Inherent, Residual: s.Residual}
	return now.Rating().Score() - s.Before.Rating().Score()
}

// RiskAssessment is where the risks of a report stand.
type RiskAssessment struct {
	*overview.Overview
	Standings []RiskStanding
	// Since is the day of comparison; empty where there is none.
	Since soc1.Date
	// Sessions are all sessions, the last first.
	Sessions []record.Typed[soc1.RiskSession]
}

// riskScope is what a report comprises.
func (a *App) riskScope(ctx context.Context, actor, engagement string, at record.AsOf) (*overview.Overview, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, at)
	if err != nil {
		return nil, err
	}
	today := at.Effective
	if today == "" {
		if today, err = a.Today(ctx); err != nil {
			return nil, err
		}
	}
	all, err := record.All[soc1.Engagement](ctx, v, "engagement")
	if err != nil {
		return nil, err
	}
	q := overview.Question{Today: today}
	if q.Engagement, err = engagementOf(all, OrganizationLedger, engagement, today); err != nil {
		return nil, err
	}
	var e soc1.Engagement
	if q.Engagement == "" {
		q = overview.Ask(nil, today)
	} else if x, ok := record.Find(all, q.Engagement); ok {
		e = x.Value
	}
	days := q.Days(e)
	var reader overview.Reader
	records, err := reader.Load(ctx, soc1.ByManagement, v, v, days.From, days.To, overview.Released{})
	if err != nil {
		return nil, err
	}
	return records.Make(q)
}

// Risks tells where the risks of a report stand and how they moved. It is refused to
// whoever reads a part of the organization's ledger.
func (a *App) Risks(ctx context.Context, actor string, opt RiskOptions) (*RiskAssessment, error) {
	o, err := a.riskScope(ctx, actor, opt.Engagement, opt.AsOf)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	out := &RiskAssessment{Overview: o, Since: opt.Since}
	if out.Sessions, err = sessionsOf(ctx, v, opt.AsOf.Effective); err != nil {
		return nil, err
	}
	for _, s := range out.Sessions {
		if out.Since == "" && s.Value.Phase == soc1.RiskClosed {
			out.Since = s.Value.ClosedOn.AddDays(-1)
		}
	}
	for _, l := range o.Risks {
		x := RiskStanding{RiskLine: l}
		for _, at := range l.Controls {
			x.Codes = append(x.Codes, o.Controls[at].Control.Code)
		}
		if x.Points, err = riskPoints(ctx, v, l.Ref.ID, o.Question.Today); err != nil {
			return nil, err
		}
		for i := range x.Points {
			if out.Since != "" && x.Points[i].From <= out.Since {
				x.Before = &x.Points[i]
			}
		}
		out.Standings = append(out.Standings, x)
	}
	return out, nil
}

// riskPoints are the ratings of a risk by the day from which each held.
func riskPoints(ctx context.Context, v *record.View, id string, today soc1.Date) ([]RiskPoint, error) {
	revisions, err := v.History(ctx, "risk", id)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(revisions, func(x, y record.Record) int { return int(x.Revision - y.Revision) })
	var out []RiskPoint
	for _, r := range revisions {
		if r.Redacted || r.Retired || soc1.Date(r.Effective) > today {
			continue
		}
		x, err := record.Decode[soc1.Risk](r)
		if err != nil {
			return nil, err
		}
		p := RiskPoint{From: soc1.Date(r.Effective), Pos: r.Pos, Inherent: overview.Rating{Likelihood: x.Likelihood, Impact: x.Impact},
			Residual: overview.Rating{Likelihood: x.ResidualLikelihood, Impact: x.ResidualImpact}}
		// A revision that takes effect earlier replaces what was said from then on.
		for len(out) > 0 && out[len(out)-1].From >= p.From {
			out = out[:len(out)-1]
		}
		if n := len(out); n > 0 && out[n-1].Inherent == p.Inherent && out[n-1].Residual == p.Residual {
			continue
		}
		out = append(out, p)
	}
	return out, nil
}

// sessionsOf are all sessions, the last first; on an earlier day those that had been
// opened. The register of risks is one, whatever the report a session was about.
func sessionsOf(ctx context.Context, v *record.View, on soc1.Date) ([]record.Typed[soc1.RiskSession], error) {
	all, err := record.All[soc1.RiskSession](ctx, v, "risk_session")
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(slices.Clone(all), func(s record.Typed[soc1.RiskSession]) bool {
		return on != "" && s.Value.OpenedOn > on
	})
	slices.SortFunc(out, func(x, y record.Typed[soc1.RiskSession]) int { return record.Later(y, x) })
	return out, nil
}

// SessionRisk is a risk in question with what was scored on it.
type SessionRisk struct {
	Ref  soc1.Ref
	Risk soc1.Risk
	// Scores are those of the participants, once revealed; By of the same place gives
	// whose each is.
	Scores []soc1.RiskRating
	By     []string
	// Agreed is what the group agreed on.
	Agreed *soc1.RiskRating
}

// Spread is how far the inherent scores lie apart on the wider of the two scales: 0,
// where all agree, to 4.
func (r *SessionRisk) Spread() int {
	if len(r.Scores) == 0 {
		return 0
	}
	low, high := r.Scores[0], r.Scores[0]
	for _, s := range r.Scores {
		low.Likelihood, low.Impact = min(low.Likelihood, s.Likelihood), min(low.Impact, s.Impact)
		high.Likelihood, high.Impact = max(high.Likelihood, s.Likelihood), max(high.Impact, s.Impact)
	}
	return max(high.Likelihood-low.Likelihood, high.Impact-low.Impact)
}

// SessionScorer is a participant and how far they have come.
type SessionScorer struct {
	Person string
	// Scored is how many risks they have scored; Commitment binds the scores.
	Scored     int64
	Commitment string
	On         soc1.Date
	// Left says that they left the organization before they scored.
	Left bool
	// Lost says why their scores could not be revealed.
	Lost string
}

// SessionStanding is a session with everything that everybody may see of it.
type SessionStanding struct {
	record.Typed[soc1.RiskSession]
	Scorers []SessionScorer
	Risks   []SessionRisk
}

// Unsettled counts the risks on which nothing is agreed.
func (s *SessionStanding) Unsettled() int {
	n := 0
	for i := range s.Risks {
		if s.Risks[i].Agreed == nil {
			n++
		}
	}
	return n
}

// RiskSession reads a session: while it is blind who scored how many, and later the
// scores.
func (a *App) RiskSession(ctx context.Context, actor, session string, at record.AsOf) (*SessionStanding, error) {
	v, err := a.View(ctx, actor, OrganizationLedger, at)
	if err != nil {
		return nil, err
	}
	s, err := record.One[soc1.RiskSession](ctx, v, "risk_session", session)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	out := &SessionStanding{Typed: s}
	scores := map[string]soc1.RiskScore{}
	for _, p := range s.Value.Participants {
		l := SessionScorer{Person: p}
		x, err := record.One[soc1.RiskScore](ctx, v, "risk_score", riskScoreID(session, p))
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			l.Scored, l.Commitment, l.On, l.Lost = x.Value.Scored, x.Value.Commitment, x.Value.On, x.Value.Lost
			scores[p] = x.Value
		}
		if who, err := record.One[soc1.Person](ctx, v, "person", p); errors.Is(err, record.ErrNotFound) || err == nil && who.Value.ActiveTo != "" && who.Value.ActiveTo < today {
			l.Left = l.Scored == 0
		}
		out.Scorers = append(out.Scorers, l)
	}
	for _, ref := range s.Value.Risks {
		x := SessionRisk{Ref: ref}
		r, err := record.One[soc1.Risk](ctx, v, "risk", ref.ID)
		switch {
		case errors.Is(err, record.ErrNotFound):
			// Retired meanwhile; what was scored is still told by the records.
			x.Risk = soc1.Risk{Code: ref.ID, Text: "This risk was retired after the session was opened."}
		case err != nil:
			return nil, err
		default:
			x.Risk = r.Value
		}
		for _, p := range s.Value.Participants {
			for _, score := range scores[p].Scores {
				if score.Risk == ref.ID {
					x.Scores, x.By = append(x.Scores, score), append(x.By, p)
				}
			}
		}
		if y, ok := s.Value.AgreedOn(ref.ID); ok {
			x.Agreed = &y
		}
		out.Risks = append(out.Risks, x)
	}
	return out, nil
}

// RiskProof is what a verification of a session found.
type RiskProof struct {
	Session string `json:"session"`
	// Checked counts the commitments that were recomputed and hold.
	Checked int `json:"checked"`
	// Sealed counts those of a session that is still blind.
	Sealed int `json:"sealed"`
	// Troubles say what does not hold, or cannot be told.
	Troubles []string `json:"troubles"`
}

// VerifyRiskSession recomputes every commitment of a session from the scores that
// were revealed, and looks that no score changed from its last blind revision on.
func (a *App) VerifyRiskSession(ctx context.Context, actor, session string) (*RiskProof, error) {
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	s, err := record.One[soc1.RiskSession](ctx, v, "risk_session", session)
	if err != nil {
		return nil, err
	}
	out := &RiskProof{Session: session, Troubles: []string{}}
	reveal := int64(-1)
	past, err := v.History(ctx, "risk_session", session)
	if err != nil {
		return nil, err
	}
	for _, r := range past {
		x, err := record.Decode[soc1.RiskSession](r)
		if err == nil && x.RevealedOn != "" && (reveal < 0 || r.Pos < reveal) {
			reveal = r.Pos
		}
	}
	for _, p := range s.Value.Participants {
		list, err := v.History(ctx, "risk_score", riskScoreID(session, p))
		if errors.Is(err, record.ErrNotFound) || err == nil && len(list) == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		blind, holds := "", false
		say := func(format string, args ...any) {
			out.Troubles = append(out.Troubles, p+": "+fmt.Sprintf(format, args...))
		}
		slices.SortStableFunc(list, func(x, y record.Record) int { return int(x.Revision - y.Revision) })
		for _, r := range list {
			if r.Redacted {
				say("revision %d was redacted, so it cannot be recomputed", r.Revision)
				continue
			}
			x, err := record.Decode[soc1.RiskScore](r)
			switch {
			case err != nil:
				return nil, err
			case reveal < 0 || r.Pos < reveal:
				blind = x.Commitment
			case x.Commitment != blind:
				say("revision %d names another commitment than the last one before the reveal", r.Revision)
			case x.Lost != "":
				say("%s", x.Lost)
			case !x.Revealed():
				say("revision %d reveals no scores", r.Revision)
			case ballotOf(x).commitment() != blind:
				say("the revealed scores give %s, and %s was committed", ballotOf(x).commitment(), blind)
			default:
				holds = true
			}
		}
		switch {
		case reveal < 0:
			out.Sealed++
		case holds:
			out.Checked++
		}
	}
	return out, nil
}
