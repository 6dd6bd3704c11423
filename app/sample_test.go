package app_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/population"
	"reperform/procedure"
	"reperform/sampling"
	"reperform/soc1"
)

const payTest = "t-pay-1-1"

// sampled reads a draw.
func (s *story) sampled(id string) soc1.Sample {
	s.t.Helper()
	return one[soc1.Sample](s, "helen", exam, "sample", id).Value
}

// TestDrawUnderNonce draws the same population under two nonces, and again
// under one of them.
func TestDrawUnderNonce(t *testing.T) {
	draws := map[string][]string{}
	var first soc1.Sample
	for _, name := range []string{"one", "other"} {
		s := begin(t)
		s.plan()
		o := s.run("mei", exam, payTest)
		if o.Status != app.Waiting || len(o.Items) != 11 {
			t.Fatalf("the sample: %+v", o)
		}
		x := s.sampled(payTest + "-draw-1")
		nonce := strings.TrimSpace(string(mustRead(t, filepath.Join(s.dir, "keys", exam+".nonce"))))
		commitment := one[soc1.Nonce](s, "helen", exam, "nonce", "nonce-1").Value.Commitment
		if x.NonceCommitment != commitment || strings.Contains(x.SeedInput, nonce) {
			t.Errorf("the draw names commitment %q of %q; its seed input is %q", x.NonceCommitment, commitment, x.SeedInput)
		}
		draws[name] = keysOf(x)
		// Anybody who has the nonce draws the same, and nobody without it.
		if got := s.redraw(x, nonce); !slices.Equal(got, keysOf(x)) {
			t.Errorf("drawn again with the nonce: %v, recorded %v", got, keysOf(x))
		}
		other := strings.Repeat("00", 32)
		if got := s.redraw(x, other); slices.Equal(got, keysOf(x)) {
			t.Error("another nonce gives the same sample")
		}
		if first.SeedInput == "" {
			first = x
		} else if first.SeedInput != x.SeedInput || first.PopulationHash != x.PopulationHash {
			t.Errorf("the same population gives another seed input: %q and %q", first.SeedInput, x.SeedInput)
		}
	}
	if slices.Equal(draws["one"], draws["other"]) {
		t.Error("two nonces drew the same items of the same population")
	}
}

// redraw selects again from the file itself.
func (s *story) redraw(x soc1.Sample, nonce string) []string {
	s.t.Helper()
	e, err := population.Open(population.Options{Command: engineCommand(), TempDir: s.t.TempDir()})
	s.must(err)
	defer e.Close()
	out := filepath.Join(s.t.TempDir(), "all.parquet")
	_, err = e.Import(s.ctx, population.ImportRequest{Source: population.Source{Path: testdata("changes.csv")}, Key: []string{"change"}, Zone: "America/Chicago", Output: out})
	s.must(err)
	p := one[soc1.Population](s, "helen", exam, "population", "pop-bank-changes").Value
	changes := one[soc1.Population](s, "helen", exam, "population", "pop-changes").Value
	in, err := procedure.Input(changes, out)
	s.must(err)
	derived := filepath.Join(s.t.TempDir(), "bank.parquet")
	_, err = e.Derive(s.ctx, procedure.Derivation(p, map[string]population.Input{"changes": in}, derived))
	s.must(err)
	bank, err := procedure.Input(p, derived)
	s.must(err)
	seed, err := procedure.Seed(x, nonce)
	s.must(err)
	items, err := procedure.Select(s.ctx, e, bank, p.Zone, "changed_on", seed, int64(x.N), map[string]int64{})
	s.must(err)
	var keys []string
	for _, it := range items {
		keys = append(keys, it.Key)
	}
	return keys
}

// TestResultsEntered enters the same twice, corrects one, and tries others.
func TestResultsEntered(t *testing.T) {
	s := begin(t)
	s.plan()
	items := s.run("mei", exam, payTest).Items
	rows := []app.ResultRow{cell(payTest, items[0], soc1.Pass, ""), cell(payTest, items[1], soc1.Fail, "No call.")}
	s.run("mei", exam, payTest, rows...)
	before := s.size("helen", exam)
	s.run("mei", exam, payTest, rows...)
	if after := s.size("helen", exam); after != before {
		t.Errorf("the same results entered again made %d entries", after-before)
	}
	s.run("mei", exam, payTest, cell(payTest, items[0], soc1.Pass, "Seen on the second page."))
	corrected := 0
	for _, r := range all[soc1.Result](s, "helen", exam, "result") {
		if r.Value.ItemKey == items[0] {
			corrected = int(r.Revision)
		}
	}
	if corrected != 2 {
		t.Errorf("a correction is revision %d, expected 2", corrected)
	}
	if xs := all[soc1.Exception](s, "helen", exam, "exception"); len(xs) != 1 || xs[0].Value.ItemKeys[0] != items[1] || xs[0].Value.Status != soc1.Open {
		t.Errorf("exceptions after one failure: %+v", xs)
	}
	before = s.size("helen", exam)
	for name, c := range map[string]struct {
		row  app.ResultRow
		want string
	}{
		"an item not drawn":     {cell(payTest, "CHANGE-KEY-999", soc1.Pass, ""), "not in the sample"},
		"no such test":          {cell("t-none", items[0], soc1.Pass, ""), "no test"},
		"evidence not recorded": {app.ResultRow{Test: payTest, Cell: soc1.Result{ItemKey: items[2], Attribute: "A", Outcome: soc1.Pass, Evidence: []string{"ev-none"}}}, "no evidence"},
		"no such attribute":     {app.ResultRow{Test: payTest, Cell: soc1.Result{ItemKey: items[2], Attribute: "Z", Outcome: soc1.Pass}}, "no attribute"},
	} {
		_, err := s.tryRun("mei", exam, payTest, cell(payTest, items[3], soc1.Pass, ""), c.row)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
	if s.size("helen", exam) != before {
		t.Error("results were recorded beside ones that were refused")
	}
}

// TestNotApplicableReplaced draws on for items that do not count.
func TestNotApplicableReplaced(t *testing.T) {
	s := begin(t)
	s.plan()
	before := s.run("mei", exam, payTest).Items
	o := s.judge("mei", exam, payTest, func(i int, _ string) (soc1.Outcome, string) {
		if i == 2 || i == 11 {
			return soc1.NotApplicable, "Withdrawn on the same day."
		}
		return soc1.Pass, ""
	})
	x := s.sampled(payTest + "-draw-1")
	if o.Status != app.Done || len(x.Items) != 13 || x.N != 11 || !subset(before, keysOf(x)) {
		t.Errorf("two items did not apply: %d items for n %d, first ones kept: %t, %+v", len(x.Items), x.N, subset(before, keysOf(x)), o)
	}
}

// TestExpansionKeepsFirstItems expands after a deviation, with strata and
// without.
func TestExpansionKeepsFirstItems(t *testing.T) {
	for _, strata := range []string{"changed_on", ""} {
		t.Run("stratified by "+strata, func(t *testing.T) {
			s := begin(t)
			s.plan()
			if strata == "" {
				v := one[soc1.TestOfControl](s, "helen", exam, "test_of_control", payTest).Value
				v.SamplePlan.StratifyBy = ""
				s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: payTest, Revision: 1, Effective: "2025-01-01", Value: v}))
			}
			_, err := s.app.ExpandSample(s.ctx, "mei", exam, payTest, 5, "Why not.")
			s.refused(err, "no sample to expand")
			s.judge("mei", exam, payTest, fifthFails)
			s.confirmed(payTest)
			first := s.sampled(payTest + "-draw-1")
			_, err = s.app.ExpandSample(s.ctx, "mei", exam, payTest, 5, "")
			s.refused(err, "say why")
			_, err = s.app.ExpandSample(s.ctx, "quinn", exam, payTest, 5, "R.")
			s.refused(err, "there is no ledger")
			next, err := s.app.ExpandSample(s.ctx, "mei", exam, payTest, 0, "One deviation; the plan allows none.")
			s.must(err)
			if len(next.Items) <= len(first.Items) || !subset(keysOf(first), keysOf(next)) || next.ExpandedFrom != payTest+"-draw-1" || next.N-first.N != len(next.Items)-len(first.Items) {
				t.Errorf("expanded from %d to %d items (n %d to %d), first ones kept: %t", len(first.Items), len(next.Items), first.N, next.N, subset(keysOf(first), keysOf(next)))
			}
			o := s.run("mei", exam, payTest)
			if o.Status != app.Waiting || len(o.Items) != len(next.Items) {
				t.Errorf("after the expansion: %+v", o)
			}
			failed := first.Items[5].Key
			s.judge("mei", exam, payTest, func(i int, key string) (soc1.Outcome, string) {
				if key == failed {
					return fifthFails(5, key)
				}
				return soc1.Pass, ""
			})
			_, err = s.app.ExpandSample(s.ctx, "mei", exam, payTest, 500, "All of them.")
			s.must(err)
			_, err = s.app.ExpandSample(s.ctx, "mei", exam, payTest, 5, "More.")
			s.refused(err, "all 30 items")
		})
	}
}

// TestTwoStages plans in two stages and draws the second.
func TestTwoStages(t *testing.T) {
	s := begin(t)
	s.plan()
	confidence, err := sampling.BasisPoints(9000)
	s.must(err)
	tolerable, err := sampling.BasisPoints(2000)
	s.must(err)
	two, err := sampling.PlanSequential(sampling.PlanInput{Population: 30, Model: sampling.Binomial, Confidence: confidence, Tolerable: tolerable})
	s.must(err)
	v := one[soc1.TestOfControl](s, "helen", exam, "test_of_control", payTest).Value
	v.SamplePlan = soc1.SamplePlan{Model: soc1.Sequential, Confidence: 9000, Tolerable: 2000, N: int(two.Stages[0].Items)}
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "test_of_control", ID: payTest, Revision: 1, Effective: "2025-01-01", Value: v}))
	s.judge("mei", exam, payTest, fifthFails)
	s.confirmed(payTest)
	first := s.sampled(payTest + "-draw-1")
	second, err := s.app.ExpandSample(s.ctx, "mei", exam, payTest, 0, "One deviation in the first stage.")
	s.must(err)
	if second.N != first.N+int(two.Stages[1].Items) || !subset(keysOf(first), keysOf(second)) {
		t.Errorf("stages of %d and %d", first.N, second.N)
	}
}

// TestNoDrawAfterDisclosure discloses the nonce before a draw and before an
// expansion.
func TestNoDrawAfterDisclosure(t *testing.T) {
	s := begin(t)
	s.plan()
	before := s.run("mei", exam, payTest).Items
	s.must(s.app.DiscloseNonce(s.ctx, "helen", exam, "Too early."))
	_, err := s.app.ExpandSample(s.ctx, "mei", exam, payTest, 3, "More.")
	s.refused(err, "disclosed", "no more samples")
	size := s.size("helen", exam)
	_, err = s.tryRun("mei", exam, payTest, cell(payTest, before[0], soc1.NotApplicable, "Withdrawn."))
	s.refused(err, "disclosed")
	_ = size
	if got := keysOf(s.sampled(payTest + "-draw-1")); !slices.Equal(got, before) {
		t.Error("the sample grew after the nonce was disclosed")
	}
	n := one[soc1.Nonce](s, "helen", exam, "nonce", "nonce-1").Value
	if b, err := hex.DecodeString(n.Revealed); err != nil || len(b) != 32 {
		t.Errorf("disclosed: %q", n.Revealed)
	}
}

// TestForgedNonce replaces the nonce among the keys: no sample is drawn.
func TestForgedNonce(t *testing.T) {
	s := begin(t)
	s.plan()
	path := filepath.Join(s.dir, "keys", exam+".nonce")
	s.must(os.Remove(path))
	_, err := s.tryRun("mei", exam, payTest)
	s.refused(err, "restore it from your backup")
	s.must(os.WriteFile(path, []byte(strings.Repeat("ab", 32)+"\n"), 0o600))
	_, err = s.tryRun("mei", exam, payTest)
	s.refused(err, "not the one committed to")
	s.refused(s.app.DiscloseNonce(s.ctx, "helen", exam, "R."), "not the one committed to")
	if xs := all[soc1.Sample](s, "helen", exam, "sample"); len(xs) != 0 {
		t.Error("a sample was drawn under a nonce that nobody committed to")
	}
}

// TestOwnTestHasNoNonce samples as management, in the organization's ledger.
func TestOwnTestHasNoNonce(t *testing.T) {
	s := begin(t)
	spec := imported("", "pop-own", testdata("changes.csv"), "change")
	spec.Population.Purpose = soc1.ReportUsedInControl
	p, err := s.app.ImportPopulation(s.ctx, "dana", spec)
	s.must(err)
	if p.By != soc1.ByManagement {
		t.Errorf("management's population is %s's", p.By)
	}
	_, err = s.apply("dana", "kind: test_of_control\nid: own-1\neffective: '2025-01-01'\ncode: OWN-1\nby: management\nengagement: soc1-2025\ncontrol: pay-1-1\nprocedures:\n- nature: inspection\n  text: Looked.\nmethod: sample\npopulation: pop-own\nsample_plan: {model: binomial, confidence_bp: 9000, tolerable_bp: 2000, n: 4}\n---\n"+
		"kind: attribute\nid: own-1-a\neffective: '2025-01-01'\ntest: own-1\ncode: A\ntext: It was confirmed.\nmanual: true\n")
	s.must(err)
	o := s.run("dana", app.OrganizationLedger, "own-1")
	x := one[soc1.Sample](s, "dana", app.OrganizationLedger, "sample", "own-1-draw-1").Value
	if len(o.Items) != 4 || x.NonceCommitment != "" {
		t.Errorf("management's sample: %d items, commitment %q", len(o.Items), x.NonceCommitment)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "keys", "*.nonce")); len(left) > 0 {
		t.Errorf("management's test made a nonce: %v", left)
	}
	if _, err := procedure.Seed(x, ""); err != nil {
		t.Errorf("management's seed needs a nonce: %v", err)
	}
}
