package demo_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"reperform/ascode"
	"reperform/demo"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// audit is the auditor's tests and attributes as their files give them.
type audit struct {
	tests      map[string]soc1.TestOfControl
	attributes map[string]soc1.Attribute
}

func readAudit(t *testing.T) audit {
	t.Helper()
	items, err := ascode.Read(record.Kinds, []string{"example/audit"})
	if err != nil {
		t.Fatal(err)
	}
	out := audit{map[string]soc1.TestOfControl{}, map[string]soc1.Attribute{}}
	for _, it := range items {
		switch v := it.Value.(type) {
		case *soc1.TestOfControl:
			out.tests[it.ID] = *v
		case *soc1.Attribute:
			out.attributes[it.ID] = *v
		}
	}
	return out
}

// TestEngineFindsTheManifest imports every extract of the small size as the
// plan says, derives what is derived, runs every census, and demands exactly
// the outcomes and the items that the generator meant.
func TestEngineFindsTheManifest(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	size := demo.Small
	if os.Getenv("REPERFORM_DEMO_FULL") != "" {
		size = demo.Full
	}
	m, err := demo.Generate(ctx, dir, size, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := demo.Load()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := population.Open(population.Options{Command: []string{exe, "engine"}, TempDir: t.TempDir(), MemoryLimit: 512 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	frozen := importAll(t, e, plan, m, dir)
	a := readAudit(t)
	run := 0
	for id, test := range a.tests {
		if test.Method == soc1.Census {
			run++
			census(t, e, a, id, frozen, m)
		}
	}
	if run != len(m.Tests) {
		t.Errorf("%d tests are a census and the manifest has expectations of %d", run, len(m.Tests))
	}
}

// importAll freezes the plan's populations in their order.
func importAll(t *testing.T, e *population.Engine, plan demo.Plan, m demo.Manifest, dir string) map[string]*population.Frozen {
	t.Helper()
	ctx := context.Background()
	out := map[string]*population.Frozen{}
	for _, p := range plan.Populations {
		path := filepath.Join(dir, p.ID+".parquet")
		var f *population.Frozen
		var err error
		if p.Derived() {
			q := population.DeriveRequest{SQL: p.SQL, Inputs: map[string]population.Input{}, Key: p.Record.Key, Zone: "America/Chicago", Holidays: demo.Holidays(), Output: path}
			for _, in := range p.Inputs {
				q.Inputs[in.Name] = out[in.Population].Input()
			}
			f, err = e.Derive(ctx, q)
		} else {
			f, err = e.Import(ctx, population.ImportRequest{Source: p.Source(dir), Schema: p.Schema(), Transforms: p.Transform,
				HashKey: []byte("0123456789abcdef0123456789abcdef"), Key: p.Record.Key, Zone: "America/Chicago", Output: path})
		}
		if err != nil {
			t.Fatalf("population %s: %v", p.ID, err)
		}
		if !f.KeyUnique {
			t.Errorf("population %s: the key %v is not unique", p.ID, f.Key)
		}
		out[p.ID] = f
		checkTotals(t, p, f, m)
		runChecks(t, e, p, f, m)
	}
	return out
}

// checkTotals compares what was frozen with what the manifest states.
func checkTotals(t *testing.T, p demo.Population, f *population.Frozen, m demo.Manifest) {
	t.Helper()
	if p.Derived() {
		return
	}
	written, ok := m.File(p.File)
	if !ok || written.Rows != f.Rows {
		t.Errorf("population %s: %d rows frozen of %d in %s", p.ID, f.Rows, written.Rows, p.File)
	}
	if written.SHA256 != f.SourceSHA256 {
		t.Errorf("population %s: the file's SHA-256 is %s, the manifest's %s", p.ID, f.SourceSHA256, written.SHA256)
	}
	for _, c := range p.Checks {
		if c.Expect != "total" {
			continue
		}
		i := slices.IndexFunc(f.Columns, func(x population.FrozenField) bool { return x.Name == c.Column })
		if i < 0 || c.Expected(written) == "" || f.Columns[i].Total != c.Expected(written) {
			t.Errorf("population %s: the total of %s is not the manifest's %q", p.ID, c.Column, c.Expected(written))
		}
	}
}

// engineChecks are the engine's names of the checks.
var engineChecks = map[soc1.CheckKind]string{
	soc1.SecondSourceCount: "count", soc1.ControlTotals: "control_total", soc1.SequenceGap: "sequence_gaps",
	soc1.DuplicateKey: "duplicate_keys", soc1.EmptyDay: "empty_days", soc1.OutOfPeriod: "out_of_period",
}

// runChecks makes the plan's checks of completeness and accuracy; all pass.
func runChecks(t *testing.T, e *population.Engine, p demo.Population, f *population.Frozen, m demo.Manifest) {
	t.Helper()
	written, _ := m.File(p.File)
	q := population.CheckRequest{Population: f.Input(), Zone: f.Zone}
	for _, c := range p.Checks {
		q.Checks = append(q.Checks, population.CheckSpec{Kind: engineChecks[c.Check], Column: c.Column, Expected: c.Expected(written),
			From: string(p.Record.PeriodFrom), To: string(p.Record.PeriodTo), Holidays: demo.Holidays()})
	}
	if len(q.Checks) == 0 {
		return
	}
	results, err := e.Check(context.Background(), q)
	if err != nil {
		t.Errorf("population %s: %v", p.ID, err)
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("population %s: check %s of %s expected %s and found %s %v", p.ID, r.Check.Kind, r.Check.Column, r.Expected, r.Actual, r.Examples)
		}
	}
}

func census(t *testing.T, e *population.Engine, a audit, id string, frozen map[string]*population.Frozen, m demo.Manifest) {
	t.Helper()
	test := a.tests[id]
	want, ok := m.Test(id)
	if !ok {
		t.Errorf("the manifest has no expectation of %s", id)
		return
	}
	q := population.EvaluateRequest{Population: frozen[test.Population].Input(), Zone: "America/Chicago", Holidays: demo.Holidays(),
		ExceptionsPath: filepath.Join(t.TempDir(), "exceptions.jsonl")}
	for _, x := range test.Attributes {
		at := a.attributes[x]
		q.Attributes = append(q.Attributes, population.Attribute{Code: at.Code, Pass: at.Pass, NotApplicable: at.NotApplicable})
	}
	got, err := e.Evaluate(context.Background(), q)
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	for _, w := range got.Warnings {
		t.Logf("%s: %s", id, w)
	}
	keys := exceptionKeys(t, got.ExceptionsPath)
	if got.Rows != want.Rows || len(got.Attributes) != len(want.Attributes) {
		t.Errorf("%s: %d rows and %d attributes, want %d and %d", id, got.Rows, len(got.Attributes), want.Rows, len(want.Attributes))
		return
	}
	for i, w := range want.Attributes {
		g := got.Attributes[i].Counts
		if (g != population.Counts{Pass: w.Pass, Fail: w.Fail, NotApplicable: w.NotApplicable, CannotTell: w.CannotTell}) {
			t.Errorf("%s %s: got %+v, want pass %d fail %d n/a %d cannot tell %d", id, w.Code, g, w.Pass, w.Fail, w.NotApplicable, w.CannotTell)
		}
		for outcome, expected := range map[string][]string{"fail": w.FailKeys, "cannot_tell": w.CannotTellKeys} {
			if found := keys[w.Code+" "+outcome]; !slices.Equal(found, expected) {
				t.Errorf("%s %s: items with outcome %s are %v, want %v", id, w.Code, outcome, found, expected)
			}
		}
	}
}

// exceptionKeys reads a file of exceptions into sorted keys by attribute and
// outcome.
func exceptionKeys(t *testing.T, path string) map[string][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]string{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var x population.Exception
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		name := x.Attribute + " " + string(x.Outcome)
		out[name] = append(out[name], x.Key)
	}
	for _, keys := range out {
		slices.Sort(keys)
	}
	return out
}
