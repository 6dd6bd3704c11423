package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// sessions wait for participants who have not scored all risks yet, and for whoever
// opened the session once everybody has, or the day for it has passed.
func (w *waiter) sessions(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || !w.may(identity.Read, "risk_session") {
		return nil, nil
	}
	all, err := record.All[soc1.RiskSession](w.ctx, v, "risk_session")
	if err != nil {
		return nil, err
	}
	scores, err := record.All[soc1.RiskScore](w.ctx, v, "risk_score")
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for _, s := range all {
		if s.Value.Phase != soc1.RiskBlind {
			continue
		}
		asked, complete := int64(len(s.Value.Risks)), 0
		for _, p := range s.Value.Participants {
			score, _ := record.Find(scores, riskScoreID(s.ID, p))
			if score.Value.Scored >= asked {
				complete++
				continue
			}
			if p != w.actor || w.app.authorize(w.ctx, w.actor, identity.RiskScore, identity.Resource{Ledger: w.ledger, Kind: "risk_score", Owner: w.actor}) != nil {
				continue
			}
			what := fmt.Sprintf("Score %s in %q.", english.Count(int(asked), "risk"), s.Value.Title)
			if n := score.Value.Scored; n > 0 {
				what = fmt.Sprintf("Score the other %d of %d risks in %q.", asked-n, asked, s.Value.Title)
			}
			out = append(out, WaitingItem{For: WaitsScores, What: what, Ref: w.ref(s.Record), Due: s.Value.Due, Since: s.Value.OpenedOn})
		}
		late := s.Value.Due != "" && s.Value.Due < w.today
		if s.Value.Facilitator == w.actor && w.may(identity.RiskLead, "risk_session") && (complete == len(s.Value.Participants) || late) {
			what := fmt.Sprintf("Reveal the scores of %q: everybody has scored.", s.Value.Title)
			if complete < len(s.Value.Participants) {
				what = fmt.Sprintf("Reveal the scores of %q, or remind: %d of %d have scored all risks.", s.Value.Title, complete, len(s.Value.Participants))
			}
			out = append(out, WaitingItem{For: WaitsReveal, What: what, Ref: w.ref(s.Record), Since: s.Value.OpenedOn})
		}
	}
	return out, nil
}
