package demo

import (
	"slices"
	"strings"
	"testing"

	"reperform/soc1"
)

func mustLoad(t *testing.T) Plan {
	t.Helper()
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanIsStrict(t *testing.T) {
	_, err := parsePlan([]byte("engagement: x\npopulatons: []\n"))
	if err == nil || !strings.Contains(err.Error(), "populatons") {
		t.Errorf("a misspelled field gave %v", err)
	}
}

// TestPopulationsOfThePlan demands that each is described, that a query reads
// only what comes before it, and that every test finds its population.
func TestPopulationsOfThePlan(t *testing.T) {
	plan, seen := mustLoad(t), map[string]bool{}
	for _, p := range plan.Populations {
		if (p.File == "") != p.Derived() || seen[p.ID] || p.Conclusion == "" || len(p.Record.Key) != 1 || p.Record.Title == "" {
			t.Errorf("population %s is not described, or described twice", p.ID)
		}
		for _, in := range p.Inputs {
			if !seen[in.Population] {
				t.Errorf("population %s reads %s, which does not come before it", p.ID, in.Population)
			}
		}
		seen[p.ID] = true
		if p.Derived() {
			continue
		}
		if len(p.Columns) == 0 || len(p.Checks) < 2 || p.Record.RunBy == "" || !p.Record.RunAt.Valid() || p.Record.Query == "" {
			t.Errorf("population %s lacks a schema, checks, or who ran which query when", p.ID)
		}
	}
	for id, x := range all[soc1.TestOfControl](readCompany(t), "test_of_control") {
		if x.Population != "" && !seen[x.Population] {
			t.Errorf("test %s names population %s, which the plan does not have", id, x.Population)
		}
	}
}

// TestGridsOfThePlan demands one grid for each test that people judge.
func TestGridsOfThePlan(t *testing.T) {
	plan, c := mustLoad(t), readCompany(t)
	tests, have := all[soc1.TestOfControl](c, "test_of_control"), map[string]bool{}
	for _, g := range plan.Grids {
		x, ok := tests[g.Test]
		if !ok || have[g.Test] || g.By != x.PerformedBy || g.Note == "" || (g.Item == "") != (x.Method == soc1.SampleMethod) {
			t.Errorf("the grid of %s does not fit a test", g.Test)
		}
		for _, e := range g.Evidence {
			if len(c.by["evidence"][e]) == 0 {
				t.Errorf("the grid of %s names evidence %s, which does not exist", g.Test, e)
			}
		}
		if problems := g.Result("x", "A").Validate(); len(problems) > 0 {
			t.Errorf("a result of %s: %v", g.Test, problems)
		}
		have[g.Test] = true
	}
	for id, x := range tests {
		judged := x.Method == soc1.SampleMethod || x.Method == soc1.ObservationOnly
		if judged != have[id] {
			t.Errorf("test %s (%s) has a grid: %v", id, x.Method, have[id])
		}
	}
	restore := plan.Grids[slices.IndexFunc(plan.Grids, func(g Grid) bool { return g.Test == "t-itgc-4-2" })]
	if restore.Result("RT-2025Q3", "B").Outcome != soc1.Fail || restore.Result("RT-2025Q3", "A").Outcome != soc1.Pass || restore.Result("RT-2025Q2", "B").Outcome != soc1.Pass {
		t.Error("the cells of the restore tests are not applied")
	}
}

// TestDecisionsCoverTheManifest demands a decision for every item that a
// right engine flags, and deviations only of what was confirmed.
func TestDecisionsCoverTheManifest(t *testing.T) {
	plan, m := mustLoad(t), generated(t)
	decided, status := map[[3]string]string{}, map[string]Decision{}
	for _, d := range plan.Decisions {
		if _, twice := status[d.ID]; twice {
			t.Errorf("decision %s is given twice", d.ID)
		}
		status[d.ID] = d
		if d.Reason == "" || d.Status == soc1.Dismissed && d.Evidence == "" {
			t.Errorf("decision %s lacks a reason or its evidence", d.ID)
		}
		items, err := d.Items(m)
		if err != nil {
			t.Error(err)
		}
		if x, ok := m.Test(d.Test); ok && len(items) == 0 {
			for _, a := range x.Attributes {
				if a.Code == d.Attribute {
					items = slices.Concat(a.FailKeys, a.CannotTellKeys)
				}
			}
		}
		for _, k := range items {
			key := [3]string{d.Test, d.Attribute, k}
			if first, twice := decided[key]; twice {
				t.Errorf("item %s of %s is decided by %s and %s", k, d.Test, first, d.ID)
			}
			decided[key] = d.ID
		}
	}
	for _, x := range m.Tests {
		for _, a := range x.Attributes {
			for _, k := range slices.Concat(a.FailKeys, a.CannotTellKeys) {
				if decided[[3]string{x.Test, a.Code, k}] == "" {
					t.Errorf("item %s of %s attribute %s is not decided", k, x.Test, a.Code)
				}
			}
		}
	}
	used := map[string]bool{}
	for _, d := range plan.Deviations {
		for _, id := range d.Decisions {
			if x := status[id]; x.Status != soc1.Confirmed || x.Test != d.Test {
				t.Errorf("deviation %s rests on decision %s, which confirms nothing of %s", d.ID, id, d.Test)
			}
			used[id] = true
		}
	}
	for id, d := range status {
		if d.Status == soc1.Confirmed && !used[id] {
			t.Errorf("decision %s is confirmed and belongs to no deviation", id)
		}
	}
}

// TestConclusionsOfThePlan demands an individual reason for each control and
// objective, and records that are valid.
func TestConclusionsOfThePlan(t *testing.T) {
	plan, c := mustLoad(t), readCompany(t)
	ids, conclusions := plan.Conclusions.All(plan.Engagement)
	reasons, about := map[string]string{}, map[string]int{}
	for i, x := range conclusions {
		if problems := x.Validate(); len(problems) > 0 {
			t.Errorf("conclusion %s: %v", ids[i], problems)
		}
		if other, same := reasons[x.Reasons]; same {
			t.Errorf("conclusions %s and %s have the same reasons", ids[i], other)
		}
		reasons[x.Reasons] = ids[i]
		about[x.SubjectID]++
	}
	for id, k := range all[soc1.Control](c, "control") {
		if want := 2; !k.EntityLevel() && about[id] != want && id != "pay-1-4" {
			t.Errorf("control %s has %d conclusions, want %d", id, about[id], want)
		}
	}
	for id := range c.by["control_objective"] {
		if about[id] != 2 {
			t.Errorf("objective %s has %d conclusions, want 2", id, about[id])
		}
	}
	if problems := plan.Opinion.Validate(); len(problems) > 0 {
		t.Errorf("opinion: %v", problems)
	}
}
