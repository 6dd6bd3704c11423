package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// calendarCalls are the calls of the methods about the evidence calendar and the
// performance of controls. None of them would record anything, whoever asks: there is
// no such control.
func calendarCalls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Occurrences": read(func(s *story, actor string, p place) (any, error) {
			o, err := s.app.Occurrences(s.ctx, actor, p.engagement, record.AsOf{})
			if err != nil {
				return nil, err
			}
			return len(o.Controls), nil
		}),
		"Task": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.Task(s.ctx, actor, "none", "2025-01-01", "2025-01-31")
		}),
		"Perform": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.Perform(s.ctx, actor, app.Performing{Control: "none", From: "2025-01-01", To: "2025-01-31", Outcome: soc1.PerformedClean})
		}),
		"ReviewPerformance": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.ReviewPerformance(s.ctx, actor, app.Review{ID: "none", Accept: true})
		}),
	}
}
