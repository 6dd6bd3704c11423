package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// riskCalls are the calls of the methods about the assessment of risks. None of them
// would record anything, whoever asks: there is no such session, or the values are
// refused.
func riskCalls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	nothing := func(f func(s *story, actor string) error) []call {
		return []call{{do: func(s *story, actor string, _ place) (any, error) { return nil, f(s, actor) }}}
	}
	rating := soc1.RiskRating{Risk: "it-1-r1", Likelihood: 3, Impact: 4, Remark: "x"}
	return map[string][]call{
		"MayLeadRisks": nothing(func(s *story, actor string) error { return s.app.MayLeadRisks(s.ctx, actor) }),
		"OpenRiskSession": read(func(s *story, actor string, p place) (any, error) {
			return s.app.OpenRiskSession(s.ctx, actor, app.RiskOpening{Title: "x", Engagement: p.engagement, Participants: []string{"nobody"}})
		}),
		"ScoreRisks": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.ScoreRisks(s.ctx, actor, "none", []soc1.RiskRating{rating})
		}),
		"OwnRiskScores": read(func(s *story, actor string, _ place) (any, error) { return s.app.OwnRiskScores(s.ctx, actor, "none") }),
		"RevealRiskScores": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.RevealRiskScores(s.ctx, actor, "none")
		}),
		"AgreeRisk": nothing(func(s *story, actor string) error { return s.app.AgreeRisk(s.ctx, actor, "none", rating) }),
		"ConsiderRisk": nothing(func(s *story, actor string) error {
			return s.app.ConsiderRisk(s.ctx, actor, "none", soc1.RiskConsideration{Prompt: "fraud_override", Note: "x"})
		}),
		"CloseRiskSession": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.CloseRiskSession(s.ctx, actor, "none", "")
		}),
		"WithdrawRiskSession": nothing(func(s *story, actor string) error { return s.app.WithdrawRiskSession(s.ctx, actor, "none", "x") }),
		"Risks": read(func(s *story, actor string, p place) (any, error) {
			x, err := s.app.Risks(s.ctx, actor, app.RiskOptions{Engagement: p.engagement})
			if err != nil {
				return nil, err
			}
			return []any{x.Standings, x.Since, x.Sessions}, nil
		}),
		"RiskSession": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.RiskSession(s.ctx, actor, "none", record.AsOf{})
		}),
		"VerifyRiskSession": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.VerifyRiskSession(s.ctx, actor, "none")
		}),
	}
}
