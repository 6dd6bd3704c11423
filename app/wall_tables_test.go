package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// tableCalls are the calls of the methods that write registers, one by one or as
// tables, and that read them as tables.
func tableCalls() map[string][]call {
	nothing := func(f func(s *story, actor string, p place) error) func(*story, string, place) (any, error) {
		return func(s *story, actor string, p place) (any, error) { return nil, f(s, actor, p) }
	}
	return map[string][]call{
		"PutRecords": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.PutRecords(s.ctx, actor, []app.RecordChange{{Ledger: p.ledger, Kind: "evidence", ID: "ev-calls", Revision: -1, Value: soc1.Evidence{Title: "Mine"}}}, "Mine.", false)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.PutRecords(s.ctx, actor, []app.RecordChange{{Ledger: p.ledger, Kind: "evidence", ID: "ev-calls", Revision: 7, Retired: true}}, "Mine.", true)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.PutRecords(s.ctx, actor, []app.RecordChange{{Ledger: p.ledger, Kind: "attribute", ID: "x-new", Value: soc1.Attribute{Test: "t-it-1-1", Code: "X", Text: "Any.", Manual: true}}}, "Mine.", true)
			}},
		},
		"PutRecord": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.PutRecord(s.ctx, actor, app.RecordChange{Ledger: p.ledger, Kind: "evidence", ID: "ev-calls", Revision: 1, Effective: "2025-01-01", Value: soc1.Evidence{Title: "Mine"}})
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.PutRecord(s.ctx, actor, app.RecordChange{Ledger: p.ledger, Kind: "evidence", ID: "ev-calls", Revision: 7, Effective: "2025-01-01", Value: soc1.Evidence{Title: "Mine"}})
			})},
		},
		"PutPerson": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.PutPerson(s.ctx, actor, app.RecordChange{Ledger: p.ledger, ID: "eve", Value: soc1.Person{Name: "Eve", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}}})
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.PutPerson(s.ctx, actor, app.RecordChange{Ledger: p.ledger, ID: "mei", Revision: 9, Retired: true})
			})},
		},
		"ExportRecords": {
			{do: func(s *story, actor string, p place) (any, error) {
				b, err := s.app.ExportRecords(s.ctx, actor, p.ledger, "evidence", record.AsOf{}, nil)
				return string(b), err
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				b, err := s.app.ExportRecords(s.ctx, actor, p.ledger, "test_of_control", record.AsOf{}, []string{"t-it-1-1"})
				return string(b), err
			}},
		},
		"PlanImport": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.PlanImport(s.ctx, actor, &app.Table{File: "t.csv", Columns: []string{"Id", "Title"}, Rows: []app.TableRow{{Line: 2, Cells: []string{"ev-calls", "Mine"}}}},
					app.ImportOptions{Ledger: p.ledger, Kind: "evidence", Fields: []string{"id", "title"}, Key: "id"})
			}},
			// Whether a reference leads somewhere tells what exists.
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.PlanImport(s.ctx, actor, &app.Table{File: "t.csv", Columns: []string{"Test", "Code", "Text", "Manual"}, Rows: []app.TableRow{{Line: 2, Cells: []string{"t-it-1-1", "X", "Any.", "yes"}}}},
					app.ImportOptions{Ledger: p.ledger, Kind: "attribute", Fields: []string{"test", "code", "text", "manual"}})
			}},
		},
	}
}
