package app_test

import (
	"reperform/app"
	"reperform/record"
)

// mappingCalls are the calls of the methods about frameworks. None of them would record
// anything, whoever asks: there is no such control, and the import is rehearsed.
func mappingCalls() map[string][]call {
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"Mapping": one(func(s *story, actor string, _ place) (any, error) {
			r, err := s.app.Mapping(s.ctx, actor, record.AsOf{})
			if err != nil {
				return nil, err
			}
			return []any{r.Theirs, r.Objectives, r.Controls}, nil
		}),
		"ImportFramework": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.ImportFramework(s.ctx, actor, app.FrameworkFile{Name: "a.csv", Bytes: []byte("Code,Text\nX-1,Something is done.\n")}, app.FrameworkImport{Framework: "TSC", DryRun: true})
		}),
		"ReuseControl": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.ReuseControl(s.ctx, actor, app.Reusing{Their: "absent", Control: "absent"})
		}),
	}
}
