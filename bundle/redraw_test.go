package bundle_test

import (
	"path/filepath"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// A draw that another replaced is of the population of that time. It is drawn
// again from it, with the test as it was planned then.
func TestAReplacedDrawIsDrawnAgainToo(t *testing.T) {
	s := begin(t, filepath.Join(t.TempDir(), "workspace"))
	_, err := s.app.OpenExamination(s.ctx, engagement, "", "helen", soc1.Person{Name: "Helen Fenwick", Title: "Partner", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	s.must(err)
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver", "Leavers")
	s.load("helen", exam, "pop-accounts", "accounts.csv", "account", "Accounts")
	s.load("helen", exam, "pop-changes", "changes.csv", "change", "Changes of employee data")
	s.derive("helen", exam)
	s.apply("helen", "exam.yaml", exam)
	_, err = s.app.RunTests(s.ctx, "mei", app.RunOptions{Ledger: exam, Tests: []string{"t-pay-1-1"}})
	s.must(err)

	// The corrected extract lacks the column by which the first was spread.
	_, err = s.app.DerivePopulation(s.ctx, "helen", app.DeriveSpec{ID: "pop-corrected", Ledger: exam, Reason: "Corrected.",
		Population: soc1.Population{Title: "Changes of bank details", Purpose: soc1.AuditorPopulation, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Key: []string{"change"},
			Derived: soc1.Derivation{SQL: "SELECT change, amount FROM changes WHERE kind = 'bank'", Inputs: []soc1.DerivationInput{{Name: "changes", Population: "pop-changes"}}}}})
	s.must(err)
	_, err = s.app.CheckPopulation(s.ctx, "helen", exam, "pop-corrected", app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "Derived from a complete extract."})
	s.must(err)
	test, err := record.One[soc1.TestOfControl](s.ctx, s.view(exam), "test_of_control", "t-pay-1-1")
	s.must(err)
	test.Value.Population, test.Value.SamplePlan.StratifyBy = "pop-corrected", ""
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: "t-pay-1-1", Revision: test.Revision, Effective: soc1.Date(test.Effective), Value: test.Value}))
	_, err = s.app.RedrawSample(s.ctx, "mei", exam, "t-pay-1-1", "The first extract was not the one that the bank confirmed.")
	s.must(err)
	s.test("mei", exam)
	s.decide("carla", "helen", exam)

	opt := options(t)
	opt.Program = app.Version().Program
	opt.Checkpoint, _, err = s.app.Checkpoint(s.ctx, "helen", exam)
	s.must(err)
	v := verify(t, s.export(t, "helen", bundle.ForFile, false), opt)
	if v.Count(bundle.Fails) > 0 || v.Count(bundle.NotReperformed) > 0 {
		t.Fatalf("claims do not hold:\n%s", list(v))
	}
	for _, id := range []string{"sample/t-pay-1-1-draw-1", "sample/t-pay-1-1-draw-2"} {
		if status(v, id) != bundle.Holds {
			t.Errorf("claim %s is %q:\n%s", id, status(v, id), list(v))
		}
	}
}
