package app_test

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// paperCalls are the calls of the methods about working papers. None of them would record
// anything, whoever asks: nothing is entered, and what was seen is not what is there.
func paperCalls() map[string][]call {
	both := func(do func(s *story, actor, ledger, test string) (any, error)) []call {
		return []call{
			{do: func(s *story, actor string, p place) (any, error) { return do(s, actor, p.ledger, payTest) }},
			{do: func(s *story, actor string, _ place) (any, error) {
				return do(s, actor, app.OrganizationLedger, "absent")
			}},
		}
	}
	return map[string][]call{
		"Papers": both(func(s *story, actor, ledger, _ string) (any, error) {
			return s.app.Papers(s.ctx, actor, ledger, record.AsOf{})
		}),
		"Paper": both(func(s *story, actor, ledger, test string) (any, error) {
			p, err := s.app.Paper(s.ctx, actor, ledger, test, record.AsOf{})
			if err != nil {
				return nil, err
			}
			return []any{p.Items, p.Exceptions, p.Figures, p.SignOffs}, nil
		}),
		"PaperRows": both(func(s *story, actor, ledger, test string) (any, error) {
			return s.app.PaperRows(s.ctx, actor, ledger, test)
		}),
		"KeptPaperRows": both(func(s *story, actor, ledger, test string) (any, error) {
			_, ok, err := s.app.KeptPaperRows(s.ctx, actor, ledger, test)
			return ok, err
		}),
		"EnterCells": both(func(s *story, actor, ledger, test string) (any, error) {
			return s.app.EnterCells(s.ctx, actor, ledger, test, nil)
		}),
		"SignPaper": both(func(s *story, actor, ledger, test string) (any, error) {
			return s.app.SignPaper(s.ctx, actor, app.PaperSigning{Ledger: ledger, Test: test, As: soc1.AsPreparer, Seen: "another"})
		}),
	}
}
