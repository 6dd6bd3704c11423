package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// scopeCalls are the calls of the methods about the scope of an engagement and the
// interview before it.
func scopeCalls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Scope": {
			{do: func(s *story, actor string, p place) (any, error) {
				// The engagement is management's own record, beside what follows from it.
				x, err := s.app.Scope(s.ctx, actor, app.ScopeOptions{Engagement: p.engagement, Verify: true})
				if err != nil {
					return nil, err
				}
				return []any{x.Rows, x.Bases, x.Left(), x.Freezes, x.Changes, x.Users}, nil
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Scope(s.ctx, actor, app.ScopeOptions{AsOf: record.AsOf{Known: 3}})
			}},
		},
		"MayFreezeScope": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayFreezeScope(s.ctx, actor)
		}),
		"FreezeScope": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.FreezeScope(s.ctx, actor, app.ScopeFreezing{Engagement: p.engagement, Reason: "x", Seen: "another"})
			}},
		},
		"Interviews": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.Interviews(s.ctx, actor, record.AsOf{})
		}),
		"Advise": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.Advise(s.ctx, actor, interviewAnswers, "2026-02-10", record.AsOf{}, 0)
		}),
		"MayRecordInterview": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayRecordInterview(s.ctx, actor)
		}),
		"RecordInterview": {
			{do: func(s *story, actor string, _ place) (any, error) {
				wrong := interviewAnswers
				wrong.OperatedMonths = 121
				return s.app.RecordInterview(s.ctx, actor, wrong)
			}},
		},
		"DraftEngagement": {
			{do: func(s *story, actor string, p place) (any, error) {
				return nil, s.app.DraftEngagement(s.ctx, actor, app.PeriodDraft{Engagement: p.engagement, Type: soc1.Type2, From: "2025-12-31", To: "2025-01-01"})
			}},
		},
	}
}
