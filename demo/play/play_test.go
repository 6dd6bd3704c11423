package play_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/demo"
	"reperform/demo/play"
	"reperform/intake/pdftext"
	"reperform/population"
	"reperform/record"
	"reperform/report"
	"reperform/report/typst"
	"reperform/report/typst/strict"
	"reperform/soc1"
)

// TestMain lets the test binary be the child processes: the population engine and the
// reader of PDF.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := population.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == "read-pdf" {
		if err := pdftext.ServeChild(os.Stdin, os.Stdout); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func readPDFCommand(t *testing.T) []string { return []string{engineCommand(t)[0], "read-pdf"} }

func engineCommand(t *testing.T) []string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{exe, "engine"}
}

func perform(t *testing.T) *play.Result {
	t.Helper()
	r, err := play.Run(context.Background(), play.Options{Dir: filepath.Join(t.TempDir(), "demo"), Size: demo.Small, Engine: engineCommand(t), ReadPDF: readPDFCommand(t), Until: "2026-11-20"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExample performs the example and looks at everything that it leaves.
func TestExample(t *testing.T) {
	ctx := context.Background()
	r := perform(t)
	for _, m := range r.Mismatches {
		t.Error(m)
	}
	if r.Tests == 0 || r.Items == 0 || r.Exceptions == 0 || r.Deviations == 0 {
		t.Errorf("the example did little: %+v", r)
	}
	for _, path := range []string{r.Report, r.Bundle, r.ForReport, r.Checkpoint} {
		if b, err := os.ReadFile(path); err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, %v", filepath.Base(path), len(b), err)
		}
	}
	if pdf, err := os.ReadFile(r.Report); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("the report is no PDF: %v", err)
	}
	a, err := app.Open(ctx, r.Workspace, app.Options{Engine: engineCommand(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	plan, err := demo.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.ReportModel(ctx, plan.OpenedBy, plan.Engagement)
	if err != nil {
		t.Fatal(err)
	}
	if m.Draft == "" {
		t.Error("the report of the example is not marked as a draft, and nobody has released it")
	}
	job, err := report.Job(m)
	if err != nil {
		t.Fatal(err)
	}
	strict.Check(t, map[string]typst.Job{"example": job})
	v, err := a.View(ctx, plan.OpenedBy, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	objectives, err := record.All[soc1.ControlObjective](ctx, v, "control_objective")
	if err != nil || len(objectives) < 11 {
		t.Errorf("%d objectives, expected at least 11 (%v)", len(objectives), err)
	}
	f, err := a.Evaluation(ctx, plan.OpenedBy, plan.Ledger, plan.Engagement)
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range f.Consequences().Flags {
		if flag.Severity == "critical" {
			t.Errorf("critical: %s %s", flag.Text, flag.Remedy)
		}
	}
	for _, test := range f.Tests {
		g, err := f.Figures(test.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range g.Blocks {
			t.Errorf("test %s is not finished: %s %s", g.Code, b.Text, b.Remedy)
		}
	}
	work, err := a.View(ctx, plan.OpenedBy, plan.Ledger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	pinned(t, work)
	conversed(t, a, plan)
	programmed(t, a)
	reports, err := a.VerifyLedgers(ctx, plan.OpenedBy, "", nil, true)
	if err != nil || len(reports) != 2 {
		t.Fatalf("%d ledgers verified: %v", len(reports), err)
	}
	for _, rep := range reports {
		if err := rep.Err(); err != nil {
			t.Errorf("ledger %s: %v", rep.Ledger, err)
		}
	}
	note, err := os.ReadFile(r.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, r.Bundle, note)
}

// conversed looks at what people said, each side of the wall its own, and at
// what an assessor who is a guest reads.
func conversed(t *testing.T, a *app.App, plan demo.Plan) {
	t.Helper()
	ctx := context.Background()
	subject := soc1.Ref{Kind: "control", ID: "itgc-4-2"}
	for actor, want := range map[string]int{"nadia-brennan": 3, "daniel-krawczyk": 3, "mei-rosario": 4} {
		if l, err := a.Comments(ctx, actor, subject); err != nil || len(l) != want {
			t.Errorf("%s reads %d comments on the restore tests, expected %d: %v", actor, len(l), want, err)
		}
	}
	if l, err := a.MentionsOf(ctx, "carla-brandt"); err != nil || len(l) != 1 {
		t.Errorf("the audit manager is called %d times: %v", len(l), err)
	}
	if l, err := a.MentionsOf(ctx, "marcus-delacroix"); err != nil || len(l) != 0 {
		t.Errorf("a settled comment still calls: %v, %v", l, err)
	}
	if l, err := a.Records(ctx, "nadia-brennan", app.OrganizationLedger, "control", record.AsOf{}); err != nil || len(l) == 0 {
		t.Errorf("the assessor reads %d controls: %v", len(l), err)
	}
	if _, err := a.Records(ctx, "nadia-brennan", app.OrganizationLedger, "person", record.AsOf{}); err == nil {
		t.Error("the assessor reads people's records")
	}
	if _, err := a.Records(ctx, "nadia-brennan", plan.Ledger, "comment", record.AsOf{}); err == nil {
		t.Error("the assessor reads the auditor's file")
	}
}

// programmed looks at management's own program: the year that is over, settled,
// and the one under way, with what is late, failed and asked for.
func programmed(t *testing.T, a *app.App) {
	performed(t, a)
	t.Helper()
	ctx := context.Background()
	const by = "daniel-krawczyk"
	v, err := a.View(ctx, by, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	tests, err := record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	if err != nil {
		t.Fatal(err)
	}
	year, performed := map[string]string{}, map[string]int{}
	for _, x := range tests {
		year[x.ID] = x.Value.Engagement
		if x.Value.PerformedOn != "" {
			performed[x.Value.Engagement]++
		}
		if x.Value.By != soc1.ByManagement {
			t.Errorf("test %s in the organization's ledger is not management's", x.ID)
		}
	}
	exceptions, err := record.All[soc1.Exception](ctx, v, "exception")
	if err != nil {
		t.Fatal(err)
	}
	open, decided := map[string]int{}, map[string]int{}
	for _, x := range exceptions {
		if x.Value.Status == soc1.Open {
			open[year[x.Value.Test]]++
		} else {
			decided[year[x.Value.Test]]++
		}
	}
	if performed["soc1-2025"] < 40 || performed["soc1-2026"] < 30 || open["soc1-2025"] != 0 || open["soc1-2026"] != 3 || decided["soc1-2026"] != 3 {
		t.Errorf("own tests performed %v, exceptions open %v, decided %v", performed, open, decided)
	}
	// A test that failed was made again after the cause was removed.
	history, err := a.History(ctx, by, app.OrganizationLedger, "conclusion", "own-2026-itgc-1-2-operating")
	if err != nil || len(history) != 1 || history[0].Time < "2026-08" {
		t.Errorf("the remediated control: %v, %v", history, err)
	}
	evidence, err := record.All[soc1.Evidence](ctx, v, "evidence")
	if err != nil || len(evidence) < 500 {
		t.Errorf("%d records of evidence: %v", len(evidence), err)
	}
	risks, err := record.All[soc1.Risk](ctx, v, "risk")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range risks {
		if r.Value.ResidualLikelihood == 0 || r.Value.ResidualImpact == 0 {
			t.Errorf("risk %s has no residual rating", r.ID)
		}
	}
	// The ratings of the spring come from a session whose scores were committed before
	// anybody saw them.
	proof, err := a.VerifyRiskSession(ctx, by, "risks-2025")
	if err != nil || proof.Checked != 4 || len(proof.Troubles) > 0 {
		t.Errorf("the session of the spring: %+v, %v", proof, err)
	}
	waiting, err := a.Waiting(ctx, "fatima-boukhari")
	if err != nil || len(waiting) < 3 {
		t.Errorf("%d things wait for a control owner: %v", len(waiting), err)
	}
	// Everybody took their courses in the first year, one of them late; in the second one
	// person has not yet.
	school, err := a.Training(ctx, by, app.TrainingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if late := school.All().Late(); len(school.Courses) != 4 || len(late) != 1 || late[0].Person.ID != "gustavo-almeida" {
		t.Errorf("%d courses, %d people overdue", len(school.Courses), len(late))
	}
	if n, ok := school.All().Percent(); !ok || n < 90 || n == 100 {
		t.Errorf("%d%% have passed", n)
	}
	// Whatever the company goes on with is nothing of the examination's.
	a2025, err := a.Activity(ctx, "helen-marchetti", app.ActivityQuery{Ledgers: []string{"exam-soc1-2025"}, Limit: 1})
	if err != nil || len(a2025.Lines) != 1 || a2025.Lines[0].Time > "2026-02-21" {
		t.Errorf("the examination's ledger grew after its last day: %+v, %v", a2025, err)
	}
}

// holds verifies a bundle as a stranger would.
// performed wants controls performed in the product, with what a year has that is not
// perfect: one late, one with exceptions, one returned before, one that still waits, and
// one that nobody performed.
func performed(t *testing.T, a *app.App) {
	t.Helper()
	v, err := a.View(t.Context(), "daniel-krawczyk", app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := record.All[soc1.Performance](t.Context(), v, "performance")
	if err != nil {
		t.Fatal(err)
	}
	var late, exceptions, waiting, again, aged int
	for _, p := range all {
		late += min(1, p.Value.DaysLate())
		switch {
		case p.Value.Outcome == soc1.PerformedExcept:
			exceptions++
		case p.Value.Status == soc1.PerformanceSigned:
			waiting++
		case p.Revision > 2:
			again++
		}
		if p.Value.To == "2026-09-30" && !p.Value.Reconciliation.None() {
			aged = p.Value.Reconciliation.Aged(p.Value.To)[3].Count
		}
	}
	if late != 1 || exceptions != 2 || waiting != 1 || again != 1 || aged == 0 {
		t.Errorf("of %d performances %d were late, %d had exceptions, %d wait, %d were signed again, %d items are old", len(all), late, exceptions, waiting, again, aged)
	}
	if _, err := v.Get(t.Context(), "performance", app.PerformanceID("itgc-5-1", "2026-07-31")); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("somebody scanned in July: %v", err)
	}
}

func holds(t *testing.T, path string, note []byte) {
	t.Helper()
	got, err := app.VerifyBundle(context.Background(), path, app.Trust{Checkpoint: note}, app.Options{Engine: engineCommand(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Claims {
		if c.Status == bundle.Fails || c.Status != bundle.Holds && got.For == bundle.ForFile {
			t.Errorf("%s: claim %s %s: %s (%s)", filepath.Base(path), c.ID, c.Status, c.Text, c.Detail)
		}
	}
	if got.Count(bundle.Holds) == 0 {
		t.Errorf("%s: nothing holds", filepath.Base(path))
	}
}

// TestForeignFolderKept performs into a folder that holds something else.
func TestForeignFolderKept(t *testing.T) {
	dir := t.TempDir()
	letter := filepath.Join(dir, "letter.txt")
	if err := os.WriteFile(letter, []byte("Dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := play.Run(context.Background(), play.Options{Dir: dir, Size: demo.Small, Engine: engineCommand(t), ReadPDF: readPDFCommand(t)}); err == nil {
		t.Error("the example was performed into somebody's folder")
	}
	if _, err := os.Stat(letter); err != nil {
		t.Error(err)
	}
}

// pinned compares the hashes of the populations with those of every earlier
// performance. Two populations hash a column under the workspace's own key, so
// they differ from one workspace to the next.
func pinned(t *testing.T, v *record.View) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "populations.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if id, hash, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			want[id] = hash
		}
	}
	all, err := record.All[soc1.Population](context.Background(), v, "population")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		keyed := slices.ContainsFunc(p.Value.Columns, func(c soc1.Column) bool { return c.Transform == soc1.KeyedHash })
		if hash, ok := want[p.ID]; ok && hash != p.Value.PopulationHash || !ok && !keyed {
			t.Errorf("population %s has hash %s, pinned is %q; when the example was changed on purpose, change testdata/populations.txt", p.ID, p.Value.PopulationHash, hash)
		}
		delete(want, p.ID)
	}
	for id := range want {
		t.Errorf("population %s is pinned and not there", id)
	}
}
