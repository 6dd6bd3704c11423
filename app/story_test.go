package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

const (
	engagement = "soc1-2025"
	exam       = "exam-soc1-2025"
)

// clock advances a second with each reading, so that the order of entries is
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

// story is a small workspace in which an examination is made.
type story struct {
	// skipped is how much time was let go by.
	skipped atomic.Int64
	t       testing.TB
	ctx     context.Context
	app     *app.App
	dir     string
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// refused wants an error that holds all the words.
func (s *story) refused(err error, words ...string) {
	s.t.Helper()
	if err == nil {
		s.t.Fatalf("nothing refused it; expected an error with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			s.t.Fatalf("the error %q does not hold %q", err, w)
		}
	}
}

// begin makes the workspace with the organization's records.
func begin(t testing.TB) *story {
	t.Helper()
	return beginIn(t, filepath.Join(t.TempDir(), "w"))
}

func beginIn(t testing.TB, dir string) *story {
	t.Helper()
	s := &story{t: t, ctx: context.Background(), dir: dir}
	var err error
	s.app, err = app.Init(s.ctx, dir, soc1.Organization{Name: "Alder", LegalName: "Alder Payroll Services, Inc.", Timezone: "America/Chicago", Currency: "USD",
		City: "Duluth, Minnesota", Country: "United States", Holidays: []soc1.Date{"2025-01-01", "2025-05-26", "2025-07-04", "2025-12-25"}},
		"dana", soc1.Person{Name: "Dana Pell", Title: "Compliance Manager", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, s.options())
	s.must(err)
	t.Cleanup(func() { s.app.Close() })
	s.file("dana", "org.yaml")
	return s
}

func (s *story) options() app.Options {
	now := clock()
	return app.Options{Now: func() time.Time { return now().Add(time.Duration(s.skipped.Load())) }, Engine: engineCommand(), ReadPDF: readPDFCommand()}
}

// skip lets time go by.
func (s *story) skip(d time.Duration) { s.skipped.Add(int64(d)) }

// reopen is the workspace as another process sees it.
func (s *story) reopen() *app.App {
	s.t.Helper()
	a, err := app.Open(s.ctx, s.dir, s.options())
	s.must(err)
	s.t.Cleanup(func() { a.Close() })
	return a
}

func testdata(name string) string { return filepath.Join("testdata", "story", name) }

func (s *story) file(actor, name string) {
	s.t.Helper()
	b, err := os.ReadFile(testdata(name))
	s.must(err)
	_, err = s.apply(actor, string(b))
	s.must(err)
}

// items parses YAML documents.
func (s *story) items(yaml string) []*ascode.Item {
	s.t.Helper()
	items, problems := ascode.Parse(record.Kinds, "files.yaml", []byte(yaml))
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	return items
}

func (s *story) apply(actor, yaml string) (*app.Plan, error) {
	s.t.Helper()
	return s.app.Apply(s.ctx, actor, s.items(yaml), app.ApplyOptions{Reason: "The story goes on."})
}

func person(id, ledger, side, roles string) string {
	text := fmt.Sprintf("kind: person\nid: %s\neffective: '2024-01-01'\nname: Name of %s\nside: %s\nroles: [%s]\n", id, id, side, roles)
	if ledger != "" {
		text += "ledger: " + ledger + "\n"
	}
	return text + "---\n"
}

// open opens the examination; helen is its partner.
func (s *story) open() {
	s.t.Helper()
	_, err := s.app.OpenExamination(s.ctx, engagement, "", "helen", soc1.Person{Name: "Helen Fenwick", Title: "Partner", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	s.must(err)
}

// load imports a file of the story as a population and checks it.
func (s *story) load(actor, name, id, file, key string) soc1.Population {
	s.t.Helper()
	p, err := s.app.ImportPopulation(s.ctx, actor, imported(name, id, testdata(file), key))
	s.must(err)
	_, err = s.app.CheckPopulation(s.ctx, actor, name, id, app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "The extract agrees with its source."})
	s.must(err)
	return p
}

func imported(name, id, path, key string) app.ImportSpec {
	return app.ImportSpec{ID: id, Ledger: name, Source: population.Source{Path: path}, Reason: "Received.",
		Population: soc1.Population{Title: "Extract " + id, Purpose: soc1.AuditorPopulation, SourceSystem: "PayCore", Query: "Report " + id, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Key: []string{key}}}
}

// plan opens the examination, loads its populations and records its tests.
func (s *story) plan() {
	s.t.Helper()
	s.open()
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver")
	s.load("helen", exam, "pop-accounts", "accounts.csv", "account")
	s.load("helen", exam, "pop-changes", "changes.csv", "change")
	s.must(s.derive("helen", exam, "pop-bank-changes"))
	_, err := s.app.CheckPopulation(s.ctx, "helen", exam, "pop-bank-changes", app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}, Conclusion: "Derived from a complete extract."})
	s.must(err)
	s.file("helen", "exam.yaml")
}

// derive keeps the changes of bank details.
func (s *story) derive(actor, name, id string) error {
	_, err := s.app.DerivePopulation(s.ctx, actor, derived(name, id))
	return err
}

func derived(name, id string) app.DeriveSpec {
	return app.DeriveSpec{ID: id, Ledger: name, Reason: "Bank details only.",
		Population: soc1.Population{Title: "Changes of bank details", Purpose: soc1.AuditorPopulation, PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Key: []string{"change"},
			Derived: soc1.Derivation{SQL: "SELECT change, changed_on, amount FROM changes WHERE kind = 'bank'",
				Inputs: []soc1.DerivationInput{{Name: "changes", Population: "pop-changes"}}}}}
}

// run runs one test and enters results.
func (s *story) run(actor, name, test string, rows ...app.ResultRow) app.TestOutcome {
	s.t.Helper()
	o, err := s.tryRun(actor, name, test, rows...)
	s.must(err)
	return o
}

func (s *story) tryRun(actor, name, test string, rows ...app.ResultRow) (app.TestOutcome, error) {
	out, err := s.app.RunTests(s.ctx, actor, app.RunOptions{Ledger: name, Tests: []string{test}, Results: rows, Reason: "Tested."})
	if err != nil {
		return app.TestOutcome{}, err
	}
	if len(out) != 1 {
		return app.TestOutcome{}, errors.New("not one test ran")
	}
	return out[0], nil
}

func cell(test, item string, outcome soc1.Outcome, note string) app.ResultRow {
	c := soc1.Result{ItemKey: item, Attribute: "A", Outcome: outcome, Note: note}
	if outcome == soc1.Pass {
		c.Evidence = []string{"ev-calls"}
	}
	return app.ResultRow{Test: test, Cell: c}
}

// judge gives an outcome to every item of a sample that waits, and goes on
// until the test is done.
func (s *story) judge(actor, name, test string, outcome func(i int, key string) (soc1.Outcome, string)) app.TestOutcome {
	s.t.Helper()
	known := map[string]bool{}
	o := s.run(actor, name, test)
	for o.Status == app.Waiting {
		var rows []app.ResultRow
		for _, key := range o.Items {
			if known[key] {
				continue
			}
			got, note := outcome(len(known), key)
			rows = append(rows, cell(test, key, got, note))
			known[key] = true
		}
		if len(rows) == 0 {
			s.t.Fatalf("the sample waits: %s", o.Why)
		}
		o = s.run(actor, name, test, rows...)
	}
	return o
}

// fifthFails is a judgement under which one item fails.
func fifthFails(i int, _ string) (soc1.Outcome, string) {
	if i == 5 {
		return soc1.Fail, "No call is logged."
	}
	return soc1.Pass, ""
}

// decided confirms and writes up what failed in both tests.
func (s *story) decided() {
	s.t.Helper()
	s.confirmed("t-it-1-1", "t-pay-1-1")
}

func (s *story) confirmed(tests ...string) {
	s.t.Helper()
	for _, test := range tests {
		ids, err := s.app.DecideExceptions(s.ctx, "carla", app.ExceptionDecision{Ledger: exam, Test: test, Status: soc1.Confirmed, Reason: "Agreed with the owner.", Fact: "Confirmed with the owner."})
		s.must(err)
		s.must(s.app.RecordDeviation(s.ctx, "carla", exam, "dev-"+test, soc1.Deviation{Code: "DEV " + test, Exceptions: ids, Test: test,
			Fact: "The control did not operate for the items found.", Cause: "An oversight of one person.", Effect: "No transaction of a user entity was affected.", Extent: soc1.Isolated}, "Written up."))
	}
}

// conclude concludes on both controls and both objectives.
func (s *story) conclude() error {
	var errs []error
	put := func(id string, c soc1.Conclusion) {
		c.Engagement = engagement
		errs = append(errs, s.app.Conclude(s.ctx, "carla", exam, id, c))
	}
	for subject, objective := range map[string]string{"it-1-1": "it-1", "pay-1-1": "pay-1"} {
		put("c-"+subject+"-d", soc1.Conclusion{Subject: soc1.OnControl, SubjectID: subject, Limb: soc1.ConcludeDesign, Outcome: soc1.Effective, Reasons: "Suitably designed."})
		put("c-"+subject+"-o", soc1.Conclusion{Subject: soc1.OnControl, SubjectID: subject, Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, Reasons: "Isolated.", OverridesLimitReason: "The deviation was isolated and found at once."})
		put("c-"+objective+"-d", soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: objective, Limb: soc1.ConcludeDesign, Outcome: soc1.Achieved, Reasons: "By its controls."})
		put("c-"+objective+"-o", soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: objective, Limb: soc1.ConcludeOperating, Outcome: soc1.Achieved, Reasons: "By its controls."})
	}
	return errors.Join(errs...)
}

func unmodified() soc1.Opinion {
	return soc1.Opinion{Engagement: engagement, Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Unmodified}, ReportDate: "2026-02-20"}
}

// told is an examination up to the opinion and the disclosed nonce.
func told(t testing.TB) *story {
	s := begin(t)
	s.plan()
	s.run("mei", exam, "t-it-1-1")
	s.judge("mei", exam, "t-pay-1-1", fifthFails)
	s.decided()
	s.must(s.conclude())
	s.must(s.app.Opine(s.ctx, "helen", exam, "opinion-1", unmodified()))
	s.must(s.app.DiscloseNonce(s.ctx, "helen", exam, "The draws are over."))
	return s
}

// size is the number of entries of a ledger, as seen by somebody who may.
func (s *story) size(actor, name string) int64 {
	s.t.Helper()
	v, err := s.app.View(s.ctx, actor, name, record.AsOf{})
	s.must(err)
	return v.AsOf().Known
}

// one reads a record's value.
func one[T any](s *story, actor, name, kind, id string) record.Typed[T] {
	s.t.Helper()
	v, err := s.app.View(s.ctx, actor, name, record.AsOf{})
	s.must(err)
	r, err := record.One[T](s.ctx, v, kind, id)
	s.must(err)
	return r
}

func all[T any](s *story, actor, name, kind string) []record.Typed[T] {
	s.t.Helper()
	v, err := s.app.View(s.ctx, actor, name, record.AsOf{})
	s.must(err)
	rs, err := record.All[T](s.ctx, v, kind)
	s.must(err)
	return rs
}
