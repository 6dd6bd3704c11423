package app_test

import (
	"reperform/app"
	"reperform/soc1"
)

// planCalls are the calls of the methods about accepted gaps and remediation plans.
func planCalls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Remediation": read(func(s *story, actor string, _ place) (any, error) {
			b, err := s.app.Remediation(s.ctx, actor, app.RemediationOptions{})
			if err != nil {
				return nil, err
			}
			return len(b.Plans), nil
		}),
		"MayCloseRemediation": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayCloseRemediation(s.ctx, actor)
		}),
		"CloseRemediation": {
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.CloseRemediation(s.ctx, actor, "plan-absent", "It is closed although something stands.")
			}},
		},
		"MayAcceptGaps": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayAcceptGaps(s.ctx, actor)
		}),
		"AcceptGap": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.AcceptGap(s.ctx, actor, app.GapAccepting{Rule: "CTL-02", Subject: soc1.Ref{Ledger: p.ledger, Kind: "control", ID: "it-1-1"}, Field: "owner", Reason: "x", Until: "2026-12-31"})
			}},
		},
	}
}
