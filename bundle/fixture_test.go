package bundle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/bundle"
	"reperform/population"
	"reperform/record"
	"reperform/report/typst"
	"reperform/soc1"
)

// TestMain lets the test binary be its own engine child and, for the test that
// kills, the whole workspace's worker.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := population.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	if spec := os.Getenv(killWriter); spec != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(spec))
		os.Exit(3)
	}
	code := m.Run()
	closeShared()
	os.Exit(code)
}

func engineCommand() []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{exe, "engine"}
}

const (
	engagement = "soc1-2025"
	exam       = "exam-soc1-2025"
)

// clock advances a minute with each reading, so that the order of entries is
// seen in their times.
func clock() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 2, 20, 15, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

// story is a small workspace in which a whole examination was made.
type story struct {
	t   testing.TB
	ctx context.Context
	app *app.App
	dir string
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// begin makes the workspace with the organization's records.
func begin(t testing.TB, dir string) *story {
	t.Helper()
	s := &story{t: t, ctx: context.Background(), dir: dir}
	var err error
	s.app, err = app.Init(s.ctx, dir, soc1.Organization{Name: "Alder", LegalName: "Alder Payroll Services, Inc.", Timezone: "America/Chicago", Currency: "USD",
		City: "Duluth, Minnesota", Country: "United States", Holidays: []soc1.Date{"2025-01-01", "2025-05-26", "2025-07-04", "2025-12-25"}},
		"dana", soc1.Person{Name: "Dana Pell", Title: "Compliance Manager", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}},
		app.Options{Now: clock(), Engine: engineCommand()})
	s.must(err)
	s.apply("dana", "org.yaml", "")
	return s
}

// fixture is the path of a file of the story.
func fixture(name string) string { return filepath.Join("testdata", "fixture", name) }

// apply applies a file of records; rename, if given, is a ledger to put them in
// instead.
func (s *story) apply(actor, file, name string) {
	s.t.Helper()
	b, err := os.ReadFile(fixture(file))
	s.must(err)
	s.applyBytes(actor, file, b, name)
}

func (s *story) applyBytes(actor, file string, b []byte, name string) {
	s.t.Helper()
	items, problems := ascode.Parse(record.Kinds, file, b)
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	_, err := s.app.Apply(s.ctx, actor, items, app.ApplyOptions{Reason: "The story goes on.", Ledger: name})
	s.must(err)
}

func (s *story) load(actor, name, id, file, key, title string) {
	s.t.Helper()
	_, err := s.app.ImportPopulation(s.ctx, actor, app.ImportSpec{ID: id, Ledger: name, Source: population.Source{Path: fixture(file)},
		Population: soc1.Population{Title: title, Purpose: soc1.AuditorPopulation, SourceSystem: "PayCore", Query: "Report " + title, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Key: []string{key}},
		Reason:     "Received."})
	s.must(err)
	_, err = s.app.CheckPopulation(s.ctx, actor, name, id, app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "The extract agrees with its source."})
	s.must(err)
}

// examine opens the examination and tests: a census with a join and holidays,
// and a sample of a derived population, spread over the quarters, in which one
// item turns out not to be applicable and one fails.
func (s *story) examine() {
	s.t.Helper()
	_, err := s.app.OpenExamination(s.ctx, engagement, "", "helen", soc1.Person{Name: "Helen Fenwick", Title: "Partner", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	s.must(err)
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver", "Leavers")
	s.load("helen", exam, "pop-accounts", "accounts.csv", "account", "Accounts")
	s.load("helen", exam, "pop-changes", "changes.csv", "change", "Changes of employee data")
	s.derive("helen", exam)
	s.apply("helen", "exam.yaml", exam)
	s.test("mei", exam)
}

// derive keeps the changes of bank details and computes a day with a macro.
func (s *story) derive(actor, name string) {
	s.t.Helper()
	_, err := s.app.DerivePopulation(s.ctx, actor, app.DeriveSpec{ID: "pop-bank-changes", Ledger: name, Reason: "Bank details only.",
		Population: soc1.Population{Title: "Changes of bank details", Purpose: soc1.AuditorPopulation, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Key: []string{"change"},
			Derived: soc1.Derivation{SQL: "SELECT change, changed_on, add_business_days(changed_on, 2) AS due, amount FROM changes WHERE kind = 'bank'",
				Inputs: []soc1.DerivationInput{{Name: "changes", Population: "pop-changes"}}}}})
	s.must(err)
	_, err = s.app.CheckPopulation(s.ctx, actor, name, "pop-bank-changes", app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "Derived from a complete extract."})
	s.must(err)
}

// test runs the tests and enters what a person judged.
func (s *story) test(actor, name string) {
	s.t.Helper()
	run := func(rows ...app.ResultRow) app.TestOutcome {
		s.t.Helper()
		out, err := s.app.RunTests(s.ctx, actor, app.RunOptions{Ledger: name, Engagement: engagement, Results: rows, Reason: "Tested."})
		s.must(err)
		for _, o := range out {
			if o.Test == "t-pay-1-1" {
				return o
			}
		}
		s.t.Fatal("the sample's test did not run")
		return app.TestOutcome{}
	}
	known := map[string]bool{}
	for o := run(); o.Status == app.Waiting; {
		var rows []app.ResultRow
		for i, key := range o.Items {
			if known[key] {
				continue
			}
			cell := soc1.Result{ItemKey: key, Attribute: "A", Outcome: soc1.Pass, Evidence: []string{"ev-calls"}}
			switch {
			case len(known) == 0 && i == 2:
				cell.Outcome, cell.Note = soc1.NotApplicable, "The change was withdrawn on the same day."
			case len(known) == 0 && i == 5:
				cell.Outcome, cell.Note = soc1.Fail, "No call is logged."
			}
			rows = append(rows, app.ResultRow{Test: "t-pay-1-1", Cell: cell})
		}
		if len(rows) == 0 {
			s.t.Fatalf("the sample waits: %s", o.Why)
		}
		for _, r := range rows {
			known[r.Cell.ItemKey] = true
		}
		run(rows...)
		o = run()
	}
}

// decide confirms what failed, writes up the deviations, and concludes.
func (s *story) decide(manager, partner, name string) {
	s.t.Helper()
	for _, test := range []string{"t-it-1-1", "t-pay-1-1"} {
		ids, err := s.app.DecideExceptions(s.ctx, manager, app.ExceptionDecision{Ledger: name, Test: test, Status: soc1.Confirmed, Reason: "Agreed with the owner.", Fact: "Confirmed with the owner."})
		s.must(err)
		s.must(s.app.RecordDeviation(s.ctx, manager, name, "dev-"+test, soc1.Deviation{Code: "DEV " + test, Exceptions: ids, Test: test,
			Fact: "The control did not operate for the items found.", Cause: "An oversight of one person.", Effect: "No transaction of a user entity was affected.", Extent: soc1.Isolated}, "Written up."))
	}
	conclude := func(id string, c soc1.Conclusion) {
		s.t.Helper()
		c.Engagement = engagement
		s.must(s.app.Conclude(s.ctx, manager, name, id, c))
	}
	for subject, objective := range map[string]string{"it-1-1": "it-1", "pay-1-1": "pay-1"} {
		conclude("c-"+subject+"-d", soc1.Conclusion{Subject: soc1.OnControl, SubjectID: subject, Limb: soc1.ConcludeDesign, Outcome: soc1.Effective, Reasons: "Suitably designed."})
		conclude("c-"+subject+"-o", soc1.Conclusion{Subject: soc1.OnControl, SubjectID: subject, Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, Reasons: "Isolated.", OverridesLimitReason: "The deviation was isolated and found at once."})
		conclude("c-"+objective+"-d", soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: objective, Limb: soc1.ConcludeDesign, Outcome: soc1.Achieved, Reasons: "By its controls."})
		conclude("c-"+objective+"-o", soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: objective, Limb: soc1.ConcludeOperating, Outcome: soc1.Achieved, Reasons: "By its controls."})
	}
	if partner == "" {
		return
	}
	s.must(s.app.Opine(s.ctx, partner, name, "opinion-1", soc1.Opinion{Engagement: engagement, Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Unmodified}, ReportDate: "2026-02-20"}))
	s.must(s.app.DiscloseNonce(s.ctx, partner, name, "The draws are over."))
}

// told is the whole story in a new workspace.
func told(t testing.TB, dir string) *story {
	s := begin(t, dir)
	s.examine()
	s.decide("carla", "helen", exam)
	return s
}

// release completes what the report lacked, signs it and releases it.
func (s *story) release() {
	s.t.Helper()
	s.apply("dana", "signed.yaml", "")
	s.apply("dana", "complete.yaml", "")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", On: "2026-02-20"}))
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "letter-2025", On: "2026-02-20"}))
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "Alder"))
}

// issue issues the report and gives its file.
func (s *story) issue(reason string) (app.Issued, string) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "issued.pdf")
	x, err := s.app.IssueReport(s.ctx, "helen", engagement, reason, path)
	s.must(err)
	return x, path
}

func (s *story) view(name string) *record.View {
	s.t.Helper()
	v, err := s.app.View(s.ctx, "helen", name, record.AsOf{})
	s.must(err)
	return v
}

// shared is told once for all tests that only read it.
var shared struct {
	once sync.Once
	s    *story
	dir  string
	file []byte
	err  error
}

func closeShared() {
	if shared.s != nil {
		shared.s.app.Close()
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
}

func sharedStory(t testing.TB) *story {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "bundle-story-"); shared.err != nil {
			return
		}
		s := told(t, filepath.Join(shared.dir, "workspace"))
		path := filepath.Join(shared.dir, "file.bundle")
		if _, shared.err = s.app.ExportBundle(s.ctx, "helen", engagement, bundle.ForFile, false, path); shared.err != nil {
			return
		}
		shared.file, shared.err = os.ReadFile(path)
		shared.s = s
	})
	if shared.err != nil || shared.s == nil {
		t.Fatalf("the story could not be told: %v", shared.err)
	}
	return shared.s
}

// export makes a bundle in a new file.
func (s *story) export(t testing.TB, actor string, audience bundle.Audience, without bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.bundle")
	if _, err := s.app.ExportBundle(s.ctx, actor, engagement, audience, without, path); err != nil {
		t.Fatal(err)
	}
	return path
}

var sharedTypst = sync.OnceValues(func() (*typst.Engine, error) { return typst.Open(context.Background(), typst.Options{}) })

// options verify with everything at hand.
func options(t testing.TB) bundle.Options {
	t.Helper()
	e, err := population.Open(population.Options{Command: engineCommand(), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	ty, err := sharedTypst()
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Options{Engine: e, Typst: ty, Scratch: t.TempDir()}
}

func verify(t testing.TB, path string, opt bundle.Options) *bundle.Verification {
	t.Helper()
	v, err := bundle.Verify(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// list prints the claims.
func list(v *bundle.Verification) string {
	var out string
	for _, c := range v.Claims {
		out += fmt.Sprintf("%-16s %s: %s (%s)\n", c.Status, c.ID, c.Text, c.Detail)
	}
	return out
}
