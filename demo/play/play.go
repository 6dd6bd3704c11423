// Package play runs the example through the app, step by step, as the people
// of the example would: management records its system, the auditor opens the
// file under a nonce, populations arrive, tests run, exceptions are decided,
// conclusions and an opinion are entered, the nonce is disclosed. The clock of
// the workspace stands where the story stands, so that its history reads like
// a year; whatever is computed is computed here and now by the same code that
// serves everybody else.
package play

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/bundle"
	"reperform/demo"
	"reperform/record"
	"reperform/soc1"
)

// Options direct a performance.
type Options struct {
	// Dir receives the workspace, the extracts, the report and the bundles: a
	// new or empty folder, or that of an earlier performance.
	Dir string
	// Size of the extracts.
	Size demo.Size
	// Engine is the command of the population engine's child.
	Engine []string
	// ReadPDF is the command of the child that takes the text out of a PDF.
	ReadPDF []string
	// Until is the last day told. When a year after the one examined is well
	// under way by then, the company's program of that year is told too; empty
	// ends with the report.
	Until soc1.Date
	// Step hears of each step of the story, Progress of work within one.
	Step     func(text string)
	Progress func(app.Progress)
}

// Result says where everything is.
type Result struct {
	Workspace  string `json:"workspace"`
	Extracts   string `json:"extracts"`
	Report     string `json:"report"`
	Bundle     string `json:"bundle"`
	ForReport  string `json:"bundle_for_report"`
	Checkpoint string `json:"checkpoint"`
	// Tests, Items, Exceptions and Deviations count what was done.
	Tests      int   `json:"tests"`
	Items      int64 `json:"items"`
	Exceptions int64 `json:"exceptions"`
	Deviations int   `json:"deviations"`
	// Mismatches are differences between what was found and what the
	// generator planted; there should be none.
	Mismatches []string `json:"mismatches,omitempty"`
}

// The people of the example that act in more than one step.
const (
	administrator = "amara-osei"
	manager       = "daniel-krawczyk"
	signer        = "ruth-villanueva"
)

// stage is a performance in progress.
type stage struct {
	opt      Options
	plan     demo.Plan
	manifest demo.Manifest
	app      *app.App
	now      time.Time
	zone     *time.Location
	items    []*ascode.Item
	// pending is what the company does on its own, in the order of its days,
	// as far as it is not told yet.
	pending  []event
	controls []ownedControl
	risks    []ratedRisk
	policies []keptPolicy
	engaged  soc1.Engagement
	// decided are the exceptions of each decision of the plan.
	decided map[string][]string
	result  Result
}

// Run performs the example.
func Run(ctx context.Context, opt Options) (*Result, error) {
	s := &stage{opt: opt, decided: map[string][]string{}}
	var err error
	if s.zone, err = time.LoadLocation("America/Chicago"); err != nil {
		return nil, err
	}
	if s.plan, err = demo.Load(); err != nil {
		return nil, err
	}
	if err := s.folder(); err != nil {
		return nil, err
	}
	defer func() {
		if s.app != nil {
			s.app.Close()
		}
	}()
	for _, step := range []struct {
		text string
		run  func(context.Context) error
	}{
		{"The systems of the example write a year of extracts", s.generate},
		{"Management describes its organization, systems, risks and controls", s.management},
		{"Through the year owners file evidence, management tests its own controls, people comment and stand in", s.year},
		{"The service auditor opens the file under a committed nonce and plans the tests", s.examination},
		{"Populations arrive and are frozen, hashed and checked", s.populations},
		{"Tests run: censuses by the engine, samples drawn under the nonce and judged by people", s.tests},
		{"The auditor decides every exception and writes up the deviations", s.deviations},
		{"Conclusions and the opinion are entered, management signs, the nonce is disclosed", s.conclusions},
		{"The report is written", s.report},
		{"The bundles are exported", s.bundles},
		{"The company goes on with its program", s.goOn},
	} {
		if opt.Step != nil {
			opt.Step(step.text)
		}
		if err := step.run(ctx); err != nil {
			return nil, err
		}
	}
	err = s.app.Close()
	s.app = nil
	return &s.result, err
}

// marker names the file by which a folder of an earlier performance is known:
// only such a folder is ever emptied.
const marker = ".reperform-demo"

// folder makes the folder ready: a new one, an empty one, or that of an earlier
// performance, which is replaced.
func (s *stage) folder() error {
	at := func(name string) string { return filepath.Join(s.opt.Dir, name) }
	left, err := os.ReadDir(s.opt.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(left) > 0 {
		if _, err := os.Stat(at(marker)); err != nil {
			return fmt.Errorf("%s holds something else; name another folder with -o", s.opt.Dir)
		}
		if err := os.RemoveAll(s.opt.Dir); err != nil {
			return err
		}
	}
	s.result = Result{Workspace: at("workspace"), Extracts: at("extracts"), Report: at("report.pdf"), Bundle: at("auditors-file.bundle"),
		ForReport: at("report.bundle"), Checkpoint: at("checkpoint.txt")}
	if err := os.MkdirAll(s.result.Extracts, 0o755); err != nil {
		return err
	}
	return os.WriteFile(at(marker), []byte("The example of reperform lies here; `reperform demo` replaces it.\n"), 0o644)
}

// at sets the clock of the story.
func (s *stage) at(date soc1.Date, hour int) {
	s.now = time.Date(date.Year(), time.Month(date.Month()), date.Day(), hour, 0, 0, 0, s.zone)
}

// pass lets time go by.
func (s *stage) pass(d time.Duration) { s.now = s.now.Add(d) }

// clock moves on a little with every look, so that no two entries coincide.
func (s *stage) clock() time.Time {
	s.now = s.now.Add(7 * time.Second)
	return s.now
}

func (s *stage) generate(ctx context.Context) error {
	var err error
	s.manifest, err = demo.Generate(ctx, s.result.Extracts, s.opt.Size, func(what string, done, total int64) {
		s.progress(app.Progress{Stage: what, Done: done, Total: total})
	})
	return err
}

func (s *stage) progress(p app.Progress) {
	if s.opt.Progress != nil {
		s.opt.Progress(p)
	}
}

// read parses the example's files once.
func (s *stage) read() error {
	var problems ascode.Problems
	err := fs.WalkDir(demo.Records(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") || !strings.Contains(path, "/") {
			return err
		}
		b, err := fs.ReadFile(demo.Records(), path)
		if err != nil {
			return err
		}
		items, ps := ascode.Parse(record.Kinds, path, b)
		s.items, problems = append(s.items, items...), append(problems, ps...)
		return nil
	})
	return errors.Join(err, problems.Err())
}

// take removes and returns the items that a function wants.
func (s *stage) take(want func(*ascode.Item) bool) []*ascode.Item {
	var taken, rest []*ascode.Item
	for _, it := range s.items {
		if want(it) {
			taken = append(taken, it)
		} else {
			rest = append(rest, it)
		}
	}
	s.items = rest
	return taken
}

func (s *stage) apply(ctx context.Context, actor, reason string, items []*ascode.Item) error {
	_, err := s.app.Apply(ctx, actor, items, app.ApplyOptions{Reason: reason})
	return err
}

func (s *stage) management(ctx context.Context) error {
	if err := s.read(); err != nil {
		return err
	}
	s.at("2024-12-16", 9)
	var org soc1.Organization
	var first soc1.Person
	for _, it := range s.items {
		switch v := it.Value.(type) {
		case *soc1.Organization:
			org = *v
		case *soc1.Person:
			if it.ID == administrator {
				first = *v
			}
		}
	}
	var err error
	s.app, err = app.Init(ctx, s.result.Workspace, org, administrator, first, app.Options{Now: s.clock, Engine: s.opt.Engine, ReadPDF: s.opt.ReadPDF, Progress: s.opt.Progress})
	if err != nil {
		return err
	}
	admin := s.take(func(it *ascode.Item) bool {
		return strings.HasPrefix(it.File, "org/") && (it.Kind == "person" && !isGuest(it) || it.Kind == "organization" || it.Kind == "location")
	})
	if err := s.apply(ctx, administrator, "The people and places of the organization.", admin); err != nil {
		return err
	}
	// What is written at the year's end waits until then.
	late := func(it *ascode.Item) bool {
		switch it.Kind {
		case "description_section", "significant_change", "assertion", "representation_letter", "management_response", "other_information", "deputy":
			return true
		}
		return isGuest(it)
	}
	s.at("2024-12-18", 10)
	program := s.take(func(it *ascode.Item) bool { return strings.HasPrefix(it.File, "org/") && !late(it) })
	s.remember(program)
	if err := s.apply(ctx, manager, "The system, its risks, objectives and controls for 2025.", program); err != nil {
		return err
	}
	return s.approvePolicies(ctx)
}

func (s *stage) examination(ctx context.Context) error {
	if err := s.through(ctx, "2025-10-05"); err != nil {
		return err
	}
	s.at("2025-10-06", 9)
	opener := s.take(func(it *ascode.Item) bool { return it.Kind == "person" && it.ID == s.plan.OpenedBy })
	if len(opener) != 1 {
		return fmt.Errorf("the example has no person %s", s.plan.OpenedBy)
	}
	if _, err := s.app.OpenExamination(ctx, s.plan.Engagement, s.plan.Firm, s.plan.OpenedBy, *opener[0].Value.(*soc1.Person)); err != nil {
		return err
	}
	team := s.take(func(it *ascode.Item) bool { return it.Kind == "person" })
	if err := s.apply(ctx, s.plan.OpenedBy, "The engagement team.", team); err != nil {
		return err
	}
	if err := s.accept(ctx); err != nil {
		return err
	}
	if err := s.strategy(ctx); err != nil {
		return err
	}
	if err := s.through(ctx, "2025-10-19"); err != nil {
		return err
	}
	s.at("2025-10-20", 14)
	plan := s.take(func(it *ascode.Item) bool { return it.Kind == "test_of_control" || it.Kind == "attribute" })
	if err := s.apply(ctx, s.plan.Importer, "The plan of the tests.", plan); err != nil {
		return err
	}
	if err := s.through(ctx, "2025-10-22"); err != nil {
		return err
	}
	if err := s.approvePlan(ctx); err != nil {
		return err
	}
	if err := s.through(ctx, "2026-01-04"); err != nil {
		return err
	}
	s.at("2026-01-05", 9)
	description := s.take(func(it *ascode.Item) bool { return it.Kind == "description_section" || it.Kind == "significant_change" })
	if err := s.apply(ctx, manager, "The description of the system.", description); err != nil {
		return err
	}
	s.at("2026-01-07", 9)
	fieldwork := s.take(func(it *ascode.Item) bool {
		return (it.Kind == "evidence" || it.Kind == "walkthrough") && it.File != lateEvidence
	})
	if err := s.apply(ctx, s.plan.Importer, "Walkthroughs and evidence obtained.", fieldwork); err != nil {
		return err
	}
	s.pending = append(s.pending, s.talk(s.plan.Ledger, nil)...)
	return s.through(ctx, "2026-01-08")
}

func (s *stage) populations(ctx context.Context) error {
	s.at("2026-01-09", 8)
	for i, p := range s.plan.Populations {
		s.progress(app.Progress{Stage: "population " + p.ID, Done: int64(i), Total: int64(len(s.plan.Populations))})
		if err := s.population(ctx, p); err != nil {
			return fmt.Errorf("population %s: %w", p.ID, err)
		}
	}
	return nil
}

func (s *stage) population(ctx context.Context, p demo.Population) error {
	if p.Derived() {
		_, err := s.app.DerivePopulation(ctx, s.plan.Importer, app.DeriveSpec{ID: p.ID, Ledger: s.plan.Ledger, Population: p.Record, Reason: "Derived from the extracts."})
		if err != nil {
			return err
		}
	} else {
		_, err := s.app.ImportPopulation(ctx, s.plan.Importer, app.ImportSpec{ID: p.ID, Ledger: s.plan.Ledger, Population: p.Record,
			Source: p.Source(s.result.Extracts), Schema: p.Schema(), Transforms: p.Transform, Reason: "Extract received from the service organization."})
		if err != nil {
			return err
		}
	}
	spec, err := s.checks(p)
	if err != nil {
		return err
	}
	_, err = s.app.CheckPopulation(ctx, s.plan.Importer, s.plan.Ledger, p.ID, spec)
	return err
}

// tests runs what can be run, enters what people found, and goes on while items
// that did not apply are replaced by the next ranked.
func (s *stage) tests(ctx context.Context) error {
	s.at("2026-01-13", 9)
	opt := app.RunOptions{Ledger: s.plan.Ledger, Engagement: s.plan.Engagement, Reason: "Tests of controls run."}
	outcomes, err := s.app.RunTests(ctx, s.plan.Importer, opt)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Method == soc1.Census {
			s.compare(o)
		}
		s.result.Items += o.Rows
	}
	s.result.Tests = len(outcomes)
	for _, g := range s.plan.Grids {
		s.at(max(g.TestedOn, "2026-01-13"), 15)
		if err := s.grid(ctx, g, opt); err != nil {
			return fmt.Errorf("test %s: %w", g.Test, err)
		}
	}
	return nil
}

func (s *stage) grid(ctx context.Context, g demo.Grid, opt app.RunOptions) error {
	opt.Tests = []string{g.Test}
	items := []string{g.Item}
	if g.Item == "" {
		outcomes, err := s.app.RunTests(ctx, g.By, opt)
		if err != nil {
			return err
		}
		items = outcomes[0].Items
	}
	attributes, err := s.manual(ctx, g.Test)
	if err != nil {
		return err
	}
	for range 10 {
		opt.Results = nil
		for _, item := range items {
			for _, code := range attributes {
				opt.Results = append(opt.Results, app.ResultRow{File: "plan.yaml", Test: g.Test, Cell: g.Result(item, code)})
			}
		}
		outcomes, err := s.app.RunTests(ctx, g.By, opt)
		if err != nil {
			return err
		}
		o := outcomes[0]
		if o.Status == app.Done {
			s.result.Items += o.Rows
			return nil
		}
		items = o.Items
	}
	return errors.New("the grid does not come to an end")
}

// manual lists the codes of a test's attributes that people judge.
func (s *stage) manual(ctx context.Context, test string) ([]string, error) {
	v, err := s.app.View(ctx, s.plan.Importer, s.plan.Ledger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Attribute](ctx, v, "attribute")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, x := range all {
		if x.Value.Test == test && x.Value.Pass == "" {
			out = append(out, x.Value.Code)
		}
	}
	slices.Sort(out)
	return out, nil
}

// compare holds what the engine found against what was planted.
func (s *stage) compare(o app.TestOutcome) {
	want, ok := s.manifest.Test(o.Test)
	if !ok {
		s.mismatch("test %s: nothing was planted for it", o.Test)
		return
	}
	for _, w := range want.Attributes {
		i := slices.IndexFunc(o.Counts, func(c soc1.AttributeCount) bool { return c.Attribute == w.Code })
		if i < 0 {
			s.mismatch("test %s: attribute %s was not evaluated (%s)", o.Test, w.Code, o.Why)
			continue
		}
		got := o.Counts[i]
		if exp := (soc1.AttributeCount{Attribute: w.Code, Pass: w.Pass, Fail: w.Fail, NotApplicable: w.NotApplicable, CannotTell: w.CannotTell}); got != exp {
			s.mismatch("test %s, attribute %s: found %+v, planted %+v", o.Test, w.Code, got, exp)
		}
	}
}

func (s *stage) mismatch(format string, args ...any) {
	s.result.Mismatches = append(s.result.Mismatches, fmt.Sprintf(format, args...))
}

// lateEvidence is the file of what was obtained for the decisions on exceptions
// and for the reliance on single items, after the tests had run.
const lateEvidence = "audit/12-evidence-for-decisions.yaml"

func (s *stage) deviations(ctx context.Context) error {
	if err := s.through(ctx, "2026-01-23"); err != nil {
		return err
	}
	s.at("2026-01-24", 10)
	late := s.take(func(it *ascode.Item) bool { return it.File == lateEvidence })
	if err := s.apply(ctx, s.plan.Importer, "Evidence obtained for the decisions on exceptions and for the reliance on single items.", late); err != nil {
		return err
	}
	for _, d := range s.plan.Decisions {
		s.at(d.On, 11)
		items, err := d.Items(s.manifest)
		if err != nil {
			return err
		}
		ids, err := s.app.DecideExceptions(ctx, d.By, app.ExceptionDecision{Ledger: s.plan.Ledger, Test: d.Test, Attribute: d.Attribute, Items: items,
			Status: d.Status, Reason: d.Reason, Evidence: d.Evidence, EvidenceRefs: d.EvidenceRefs, On: d.On})
		if err != nil {
			return fmt.Errorf("decision %s: %w", d.ID, err)
		}
		s.decided[d.ID] = ids
		s.result.Exceptions += int64(len(ids))
	}
	for _, d := range s.plan.Deviations {
		v := soc1.Deviation{Code: d.Code, Test: d.Test, Fact: d.Fact, Cause: d.Cause, Effect: d.Effect, Extent: d.Extent,
			Compensating: d.Compensating, CompensatingControls: d.CompensatingControls}
		for _, id := range d.Decisions {
			v.Exceptions = append(v.Exceptions, s.decided[id]...)
		}
		if err := s.app.RecordDeviation(ctx, s.plan.Conclusions.By, s.plan.Ledger, d.ID, v, "Written up from the confirmed exceptions."); err != nil {
			return fmt.Errorf("deviation %s: %w", d.ID, err)
		}
		s.result.Deviations++
	}
	return nil
}

func (s *stage) conclusions(ctx context.Context) error {
	if err := s.signPapers(ctx); err != nil {
		return err
	}
	s.at(s.plan.Release.On, 16)
	if err := s.release(ctx); err != nil {
		return err
	}
	s.at("2026-02-09", 10)
	letters := s.take(func(it *ascode.Item) bool { return strings.HasPrefix(it.File, "org/") })
	signed, err := unsign(letters)
	if err != nil {
		return err
	}
	if err := s.apply(ctx, manager, "Management's responses, assertion and letter.", letters); err != nil {
		return err
	}
	if err := s.assessExamined(ctx); err != nil {
		return err
	}
	s.at(s.plan.Conclusions.On, 9)
	ids, all := s.plan.Conclusions.All(s.plan.Engagement)
	for i, c := range all {
		if err := s.app.Conclude(ctx, s.plan.Conclusions.By, s.plan.Ledger, ids[i], c); err != nil {
			return fmt.Errorf("conclusion %s: %w", ids[i], err)
		}
	}
	if len(signed) > 0 {
		s.at(signed[0].on, 8)
		if err := s.confirmExamined(ctx); err != nil {
			return err
		}
	}
	for _, g := range signed {
		s.at(g.on, 9)
		if err := s.app.Sign(ctx, signer, app.Signature{Kind: g.kind, ID: g.id, On: g.on}); err != nil {
			return err
		}
	}
	o := s.plan.Opinion
	s.at(o.On, 15)
	if err := s.app.Opine(ctx, o.By, s.plan.Ledger, "opinion", o); err != nil {
		return err
	}
	return s.app.DiscloseNonce(ctx, o.By, s.plan.Ledger, "Fieldwork is complete; the samples may be drawn again by anybody.")
}

func (s *stage) report(ctx context.Context) error {
	_, err := s.app.BuildReport(ctx, s.plan.OpenedBy, s.plan.Engagement, s.result.Report)
	return err
}

func (s *stage) bundles(ctx context.Context) error {
	for path, audience := range map[string]bundle.Audience{s.result.Bundle: bundle.ForFile, s.result.ForReport: bundle.ForReport} {
		if _, err := s.app.ExportBundle(ctx, s.plan.OpenedBy, s.plan.Engagement, audience, false, path); err != nil {
			return err
		}
	}
	note, _, err := s.app.Checkpoint(ctx, s.plan.OpenedBy, s.plan.Ledger)
	if err != nil {
		return err
	}
	return os.WriteFile(s.result.Checkpoint, note, 0o644)
}
