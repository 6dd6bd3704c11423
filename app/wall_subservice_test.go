package app_test

import (
	"strings"

	"reperform/app"
	"reperform/soc1"
)

// subserviceCalls are the calls of the methods about reports of subservice organizations.
// None of them would record anything, whoever asks: there is no such report.
func subserviceCalls() map[string][]call {
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Subservice": one(func(s *story, actor string, p place) (any, error) {
			r, err := s.app.Subservice(s.ctx, actor, app.SubserviceOptions{Engagement: p.engagement})
			if err != nil {
				return nil, err
			}
			return []any{r.Lines}, nil
		}),
		"ReadSubserviceReport": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.ReadSubserviceReport(s.ctx, actor, soc1.File{Name: "absent.pdf", SHA256: strings.Repeat("0", 64)})
		}),
		"DraftSubserviceReport": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.DraftSubserviceReport(s.ctx, actor, "absent", soc1.File{})
		}),
		"ProposeFromPDF": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.ProposeFromPDF(s.ctx, actor, strings.NewReader("absent"))
		}),
		"TakeInSubserviceReport": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.TakeInSubserviceReport(s.ctx, actor, "absent-report", 0, soc1.ObtainedReport{}, "")
		}),
		"MayConfirmSubserviceReport": one(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.MayConfirmSubserviceReport(s.ctx, actor, actor)
		}),
		"ConfirmSubserviceReport": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.ConfirmSubserviceReport(s.ctx, actor, app.SubserviceConfirming{Report: "absent", Conclusion: "x"})
		}),
	}
}
