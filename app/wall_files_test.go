package app_test

import (
	"path/filepath"
	"strings"

	"reperform/app"
	"reperform/soc1"
)

// fileCalls are the calls of the methods about files of evidence and about
// readiness.
func fileCalls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	write := func(do func(s *story, actor string, p place) (any, error)) []call {
		return []call{{writes: true, do: do}}
	}
	return map[string][]call{
		"Readiness": read(func(s *story, actor string, p place) (any, error) {
			return s.app.Readiness(s.ctx, actor, app.GapOptions{Ledger: p.ledger, Engagement: p.engagement})
		}),
		"ReadinessReport": {{slow: true, do: func(s *story, actor string, p place) (any, error) {
			return s.app.ReadinessReport(s.ctx, actor, app.GapOptions{Ledger: p.ledger, Engagement: p.engagement})
		}}},
		"WriteReadinessReport": {{slow: true, do: func(s *story, actor string, p place) (any, error) {
			return nil, s.app.WriteReadinessReport(s.ctx, actor, app.GapOptions{Ledger: p.ledger, Engagement: p.engagement}, filepath.Join(s.t.TempDir(), "r.pdf"))
		}}},
		"KeepFile": write(func(s *story, actor string, p place) (any, error) {
			return s.app.KeepFile(s.ctx, actor, p.ledger, "x.csv", strings.NewReader("x"))
		}),
		"FileEvidence": write(func(s *story, actor string, p place) (any, error) {
			_, err := s.app.FileEvidence(s.ctx, actor, app.Filing{Ledger: p.ledger, Evidence: soc1.Evidence{Title: "x"}})
			return nil, err
		}),
		"AddFiles": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.AddFiles(s.ctx, actor, p.ledger, "ev-calls", -1, []soc1.File{{Name: "x", SHA256: strings.Repeat("ab", 32)}}, "")
		}),
		"AnswerRequestWith": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.AnswerRequestWith(s.ctx, actor, "req-calls", "Here.", nil, []soc1.File{{Name: "x", SHA256: strings.Repeat("ab", 32)}})
		}),
		"FileOf": read(func(s *story, actor string, p place) (any, error) {
			f, r, err := s.app.FileOf(s.ctx, actor, p.ledger, "evidence", "ev-calls", strings.Repeat("ab", 32))
			if err == nil {
				r.Close()
			}
			return f, err
		}),
	}
}
