package app_test

import "reperform/app"

// planCalls are the calls of the methods about remediation plans.
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
	}
}
