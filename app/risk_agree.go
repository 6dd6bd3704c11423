package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/soc1"
)

// inSession changes a session that is in a phase.
func (a *App) inSession(ctx context.Context, actor, session, action, reason string, phases []soc1.RiskPhase, change func(tx *Tx, s *soc1.RiskSession) error) error {
	if err := a.admit(ctx, actor, identity.RiskLead, leads); err != nil {
		return err
	}
	_, err := a.decide(ctx, a.leading(actor, action, reason), func(tx *Tx) error {
		s, err := get[soc1.RiskSession](tx, "risk_session", session)
		if err != nil {
			return err
		}
		if !slices.Contains(phases, s.Phase) {
			if s.Phase == soc1.RiskBlind {
				return errors.New("the session is still blind; reveal the scores first")
			}
			return fmt.Errorf("the session is %q; it cannot be changed any more", s.Phase.Label())
		}
		// What is shared with other readers is not changed in place.
		s.Agreed, s.Considered = slices.Clone(s.Agreed), slices.Clone(s.Considered)
		if err := change(tx, &s); err != nil {
			return err
		}
		return tx.Put("risk_session", session, "", s)
	})
	return err
}

var together = []soc1.RiskPhase{soc1.RiskTogether}

// AgreeRisk records what the group agreed on a risk; the remark is its reason. What
// was agreed before is replaced.
func (a *App) AgreeRisk(ctx context.Context, actor, session string, r soc1.RiskRating) error {
	r.Remark = strings.TrimSpace(r.Remark)
	if r.Remark == "" {
		return &FieldError{"reason", "Say why the group agreed on it.", ""}
	}
	return a.inSession(ctx, actor, session, "risk.agree", r.Remark, together, func(_ *Tx, s *soc1.RiskSession) error {
		if !s.Asks(r.Risk) {
			return &FieldError{"risk", fmt.Sprintf("Risk %q is not in question in the session.", r.Risk), ""}
		}
		if i := slices.IndexFunc(s.Agreed, func(x soc1.RiskRating) bool { return x.Risk == r.Risk }); i >= 0 {
			s.Agreed[i] = r
		} else {
			s.Agreed = append(s.Agreed, r)
		}
		return nil
	})
}

// ConsiderRisk records that the group has thought about a prompt on fraud or change.
func (a *App) ConsiderRisk(ctx context.Context, actor, session string, x soc1.RiskConsideration) error {
	x.Note = strings.TrimSpace(x.Note)
	if x.Note == "" {
		return &FieldError{"note", "Say what was found, or that nothing applies and why.", ""}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	x.By, x.On = actor, today
	return a.inSession(ctx, actor, session, "risk.consider", x.Note, []soc1.RiskPhase{soc1.RiskBlind, soc1.RiskTogether}, func(tx *Tx, s *soc1.RiskSession) error {
		if _, ok := soc1.RiskPromptOf(x.Prompt); !ok {
			return &FieldError{"prompt", fmt.Sprintf("There is no prompt %q.", x.Prompt), ""}
		}
		if x.Objective != "" {
			if _, err := get[soc1.ControlObjective](tx, "control_objective", x.Objective); err != nil {
				return err
			}
		}
		for _, r := range x.Risks {
			if _, err := get[soc1.Risk](tx, "risk", r); err != nil {
				return err
			}
		}
		if i := slices.IndexFunc(s.Considered, func(y soc1.RiskConsideration) bool { return y.Prompt == x.Prompt && y.Objective == x.Objective }); i >= 0 {
			s.Considered[i] = x
		} else {
			s.Considered = append(s.Considered, x)
		}
		return nil
	})
}

// CloseRiskSession ends a session: what was agreed becomes the rating of each risk,
// all in one command whose reason names the session. A risk without an agreement is
// an error, unless it was retired meanwhile. It returns how many risks changed.
func (a *App) CloseRiskSession(ctx context.Context, actor, session, notes string) (int, error) {
	today, err := a.Today(ctx)
	if err != nil {
		return 0, err
	}
	changed := 0
	reason := fmt.Sprintf("Agreed in risk session %s.", session)
	err = a.inSession(ctx, actor, session, "risk.close", reason, together, func(tx *Tx, s *soc1.RiskSession) error {
		changed = 0
		var open []string
		for _, ref := range s.Risks {
			r, there, err := tx.Get("risk", ref.ID)
			if err != nil {
				return err
			}
			if !there || r.Retired {
				continue
			}
			risk, err := get[soc1.Risk](tx, "risk", ref.ID)
			if err != nil {
				return err
			}
			x, ok := s.AgreedOn(ref.ID)
			if !ok {
				open = append(open, risk.Code)
				continue
			}
			old := risk
			risk.Likelihood, risk.Impact, risk.ResidualLikelihood, risk.ResidualImpact = x.Likelihood, x.Impact, x.ResidualLikelihood, x.ResidualImpact
			if old.Likelihood == risk.Likelihood && old.Impact == risk.Impact && old.ResidualLikelihood == risk.ResidualLikelihood && old.ResidualImpact == risk.ResidualImpact {
				continue
			}
			changed++
			// The rating holds from the day of the session, or from that of a later
			// revision that is recorded already.
			if err := tx.Put("risk", ref.ID, max(today, soc1.Date(r.Effective)), risk); err != nil {
				return err
			}
		}
		if len(open) > 0 {
			return fmt.Errorf("nothing is agreed on %s; agree on every risk before the session is closed", strings.Join(open, ", "))
		}
		s.Phase, s.ClosedOn, s.ClosedBy, s.Notes = soc1.RiskClosed, today, actor, strings.TrimSpace(notes)
		return nil
	})
	return changed, err
}

// WithdrawRiskSession gives a session up before its end: nobody scores any more, and
// no risk changes.
func (a *App) WithdrawRiskSession(ctx context.Context, actor, session, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &FieldError{"reason", "Say why the session is given up.", ""}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	return a.inSession(ctx, actor, session, "risk.withdraw", reason, []soc1.RiskPhase{soc1.RiskBlind, soc1.RiskTogether}, func(_ *Tx, s *soc1.RiskSession) error {
		s.Phase, s.ClosedOn, s.ClosedBy, s.Notes = soc1.RiskWithdrawn, today, actor, strings.TrimSpace(reason)
		return nil
	})
}
