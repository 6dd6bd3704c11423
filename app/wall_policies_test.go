package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// policyCalls are the calls of the methods about policies and about the next report. None of them would record
// anything, whoever asks: there is no such policy and no such campaign.
func policyCalls() map[string][]call {
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Policies": one(func(s *story, actor string, _ place) (any, error) {
			r, err := s.app.Policies(s.ctx, actor, record.AsOf{})
			if err != nil {
				return nil, err
			}
			return []any{r.Lines, r.Campaigns, r.Exceptions}, nil
		}),
		"CompareReports": one(func(s *story, actor string, p place) (any, error) {
			f, err := s.app.CompareReports(s.ctx, actor, p.engagement, p.engagement)
			if err != nil {
				return nil, err
			}
			return f.Differences, nil
		}),
		"NextReport": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.NextReport(s.ctx, actor, app.Rolling{From: "absent"})
		}),
		"RollForward": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.RollForward(s.ctx, actor, app.Rolling{From: "absent"})
		}),
		"OwnEvidence": one(func(s *story, actor string, p place) (any, error) {
			o, err := s.app.OwnEvidence(s.ctx, actor, p.engagement)
			if err != nil {
				return nil, err
			}
			return o.Tables, nil
		}),
		"FileOwnEvidence": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.FileOwnEvidence(s.ctx, actor, "absent")
		}),
		"PolicyAt": one(func(s *story, actor string, _ place) (any, error) { return s.app.PolicyAt(s.ctx, actor, "absent", 1) }),
		"AdoptPolicies": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.AdoptPolicies(s.ctx, actor, []string{"absent"}, "")
		}),
		"MayDecidePolicy": one(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayDecidePolicy(s.ctx, actor, actor)
		}),
		"MayMinutePolicy": one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayMinutePolicy(s.ctx, actor) }),
		"MayAcknowledgePolicies": one(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayAcknowledgePolicies(s.ctx, actor)
		}),
		"DecidePolicy": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.DecidePolicy(s.ctx, actor, app.PolicyDeciding{Policy: "absent", Decision: soc1.PolicyApproved})
		}),
		"AcknowledgePolicies": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.AcknowledgePolicies(s.ctx, actor, "absent", map[string]int64{"absent": 1})
		}),
		"FilePolicyCampaign": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.FilePolicyCampaign(s.ctx, actor, "absent")
		}),
	}
}
