package app_test

import (
	"strings"

	"reperform/app"
	"reperform/population"
	"reperform/soc1"
)

// populationCalls are the calls of the methods by which populations are looked at before
// they are frozen, and traced after. Traces name no population that is there.
func populationCalls() map[string][]call {
	write := func(do func(s *story, actor string, p place) (any, error)) []call {
		return []call{{writes: true, do: do}}
	}
	return map[string][]call{
		"StagePopulation": write(func(s *story, actor string, p place) (any, error) {
			f, err := s.app.StagePopulation(s.ctx, actor, p.ledger, "x.csv", strings.NewReader("id\na\n"))
			if err == nil {
				f.Discard()
			}
			return nil, err
		}),
		"DetectPopulation": write(func(s *story, actor string, p place) (any, error) {
			return s.app.DetectPopulation(s.ctx, actor, p.ledger, &app.Staged{Name: "leavers.csv", Path: testdata("leavers.csv")}, population.Source{}, population.Schema{}, nil)
		}),
		"PreviewDerivation": write(func(s *story, actor string, p place) (any, error) {
			return s.app.PreviewDerivation(s.ctx, actor, app.DeriveSpec{Ledger: p.ledger, Population: soc1.Population{Derived: soc1.Derivation{SQL: "SELECT 1 AS x", Inputs: []soc1.DerivationInput{{Name: "p", Population: "absent"}}}}})
		}),
		"DrawTrace": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.DrawTrace(s.ctx, actor, p.ledger, "absent", 1)
		}),
		"TraceSource": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.TraceSource(s.ctx, actor, p.ledger, "absent", app.SourceTrace{Keys: []string{"a"}, How: "By hand."})
		}),
		"RecordTrace": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.RecordTrace(s.ctx, actor, p.ledger, "absent", nil)
		}),
		"NoteCheck": write(func(s *story, actor string, p place) (any, error) {
			return nil, s.app.NoteCheck(s.ctx, actor, p.ledger, "absent", soc1.SequenceGap, "", "Because.")
		}),
	}
}
