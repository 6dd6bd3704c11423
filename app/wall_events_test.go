package app_test

import (
	"reperform/app"
	"reperform/soc1"
)

// eventCalls are the calls of the methods about what happened. None of them would
// record anything, whoever asks: there is no such event, or the day is still to come.
func eventCalls() map[string][]call {
	no := soc1.EventEffect{Answer: soc1.No, Why: "x"}
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Events": one(func(s *story, actor string, p place) (any, error) {
			r, err := s.app.Events(s.ctx, actor, app.EventOptions{Engagement: p.engagement})
			if err != nil {
				return nil, err
			}
			return []any{r.Lines, r.Words}, nil
		}),
		"MayAssessEvents":  one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayAssessEvents(s.ctx, actor) }),
		"MayConfirmEvents": one(func(s *story, actor string, _ place) (any, error) { return nil, s.app.MayConfirmEvents(s.ctx, actor) }),
		"AssessEvent": one(func(s *story, actor string, p place) (any, error) {
			return s.app.AssessEvent(s.ctx, actor, app.EventAssessing{Event: "absent", Engagement: p.engagement, Description: no, Controls: no, Representations: no, Subsequent: no})
		}),
		"ConfirmEvents": one(func(s *story, actor string, p place) (any, error) {
			return s.app.ConfirmEvents(s.ctx, actor, app.EventConfirming{Engagement: p.engagement, Through: "2999-01-01"})
		}),
	}
}
