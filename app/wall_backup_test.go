package app_test

import "reperform/app"

// backupCalls are the calls of the methods about how the program is operated. None of
// them would record anything, whoever asks.
func backupCalls() map[string][]call {
	one := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	return map[string][]call{
		"MakeBackup": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.MakeBackup(s.ctx, actor, app.BackupMaking{})
		}),
		"TryBackup": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.TryBackup(s.ctx, actor, s.app.Dir(), "")
		}),
		"RecordProgram": one(func(s *story, actor string, _ place) (any, error) {
			return s.app.RecordProgram(s.ctx, actor, "x", "")
		}),
	}
}
