package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// planningCalls are the calls of the methods about the plan of an examination. Outside
// an examination none of them records anything.
func planningCalls() map[string][]call {
	both := func(do func(s *story, actor, ledger string) (any, error)) []call {
		return []call{
			{do: func(s *story, actor string, p place) (any, error) { return do(s, actor, p.ledger) }},
			{do: func(s *story, actor string, _ place) (any, error) { return do(s, actor, app.OrganizationLedger) }},
		}
	}
	write := func(do func(s *story, actor, ledger string) (any, error)) []call {
		out := both(do)
		out[0].writes = true
		return out
	}
	return map[string][]call{
		"ExaminationPlan": both(func(s *story, actor, ledger string) (any, error) {
			p, err := s.app.ExaminationPlan(s.ctx, actor, ledger, record.AsOf{})
			if err != nil {
				return nil, err
			}
			return []any{p.Digest, p.Steps, p.WhyNot}, nil
		}),
		"MethodFile": both(func(s *story, actor, ledger string) (any, error) {
			b, err := s.app.MethodFile(s.ctx, actor, ledger)
			return string(b), err
		}),
		"AcceptEngagement": write(func(s *story, actor, ledger string) (any, error) {
			return s.app.AcceptEngagement(s.ctx, actor, accepting(ledger))
		}),
		"ConfirmIndependence": write(func(s *story, actor, ledger string) (any, error) {
			return s.app.ConfirmIndependence(s.ctx, actor, app.Confirming{Ledger: ledger, Independent: soc1.Yes})
		}),
		"TakePlan": both(func(s *story, actor, ledger string) (any, error) {
			return s.app.TakePlan(s.ctx, actor, ledger, []string{"none"})
		}),
		"ApprovePlan": both(func(s *story, actor, ledger string) (any, error) {
			return s.app.ApprovePlan(s.ctx, actor, app.PlanApproving{Ledger: ledger, Seen: "another"})
		}),
		"ImportMethod": write(func(s *story, actor, ledger string) (any, error) {
			return s.app.ImportMethod(s.ctx, actor, ledger, "method.yaml", []byte(methodFile))
		}),
	}
}
