package evaluation

import (
	"slices"
	"strings"
	"testing"

	"reperform/sampling"
	"reperform/soc1"
)

func TestCensusHasAnActualRateAndNoLimit(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 9713, 199, 445, 0), counted("B", 9910, 2, 445, 0))
	a := s.exception(id, "A", soc1.Confirmed, keys(1, 199)...)
	b := s.exception(id, "B", soc1.Confirmed, "B001", "B900")
	s.deviation("balance", id, 200, a, b)
	f := s.figures(t, id)
	// B001 fails both attributes and is one item.
	if f.DeviationItems != 200 || f.DeviationsAtLeast != 200 || f.Tested != 9912 || f.NotApplicable != 445 {
		t.Fatalf("k %d (at least %d) of n %d, %d not applicable; want 200 of 9912, 445", f.DeviationItems, f.DeviationsAtLeast, f.Tested, f.NotApplicable)
	}
	if f.Rate.String() != "25/1239" {
		t.Errorf("rate %s, want 200/9912 in lowest terms", f.Rate)
	}
	if f.Sample != nil || f.Exceeds() {
		t.Errorf("a census has no limit: %+v", f.Sample)
	}
	if !f.Reconciles || f.Blocked() || len(f.Notes) > 0 {
		t.Errorf("why %v\nblocks\n%s\nnotes %v", f.Why, text(f.Blocks), f.Notes)
	}
	want, _ := sampling.ProbabilityNone(9912, 200, 59)
	if f.Unsampled == nil || f.Unsampled.N != 59 || f.Unsampled.Text != sampling.ProbabilityText(want) {
		t.Errorf("unsampled %+v, want 59 items and %s", f.Unsampled, sampling.ProbabilityText(want))
	}
	if u := f.Attributes[1].Unsampled; u == nil || u.Text != "98.8%" {
		t.Errorf("two of 9912 missed by 59: %+v, want 98.8%%", u)
	}
}

func TestUnsampledFollowsTheFrequencyTable(t *testing.T) {
	s := payroll()
	s.Engagement.Value.Method = soc1.Method{FrequencyTable: sampling.SuggestedTable, Risk: soc1.HighRisk}
	id := s.census("balance", counted("A", 9910, 2, 0, 0))
	s.found("balance", id, "B001", "B002")
	u := s.figures(t, id).Unsampled
	if u == nil || u.N != 60 || u.Text != "98.8%" || !strings.Contains(u.Basis, sampling.SuggestedTable) {
		t.Fatalf("%+v, want 60 items of the suggested table and 98.8%%", u)
	}
}

func TestGroupsThatMayOverlapGiveBounds(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 0, 5000, 0, 0), counted("B", 3000, 2000, 0, 0))
	a, b := s.group(id, "A", soc1.Confirmed, 5000), s.group(id, "B", soc1.Confirmed, 2000)
	s.deviation("balance", id, 5000, a, b)
	f := s.figures(t, id)
	if f.DeviationItems != 5000 || f.DeviationsAtLeast != 5000 {
		t.Errorf("every row fails A: %d to %d", f.DeviationsAtLeast, f.DeviationItems)
	}
	s = payroll()
	id = s.census("balance", counted("A", 6000, 3000, 0, 0), counted("B", 7000, 2000, 0, 0))
	a, b = s.group(id, "A", soc1.Confirmed, 3000), s.group(id, "B", soc1.Confirmed, 2000)
	if f = s.figures(t, id); f.DeviationsAtLeast != 3000 || f.DeviationItems != 5000 || len(f.Notes) == 0 || f.Unsampled != nil {
		t.Errorf("%d to %d, notes %v; want 3000 to 5000 with a note", f.DeviationsAtLeast, f.DeviationItems, f.Notes)
	}
	// With the result files at hand, the number is exact.
	s.GroupItems = map[string][]string{a: manyKeys(0, 3000), b: manyKeys(2500, 4500)}
	if f = s.figures(t, id); f.DeviationsAtLeast != 4500 || f.DeviationItems != 4500 {
		t.Errorf("%d to %d, want 4500", f.DeviationsAtLeast, f.DeviationItems)
	}
}

// manyKeys are the items from one number to the one before another.
func manyKeys(from, to int) []string { return keys(from, to-1) }

func TestItemsThatNoAttributeConcernsDoNotCount(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 60, 0, 40, 0), counted("B", 70, 0, 30, 0))
	s.Runs[0].Value.Expressions[1].NotApplicable, s.Attributes[1].Value.NotApplicable = "other", "other"
	f := s.figures(t, id)
	if f.Tested != 70 || f.NotApplicable != 30 || len(f.Notes) != 1 || !f.Reconciles {
		t.Fatalf("n %d, not applicable %d, notes %v, why %v; want the fewest that count, 70, with a note", f.Tested, f.NotApplicable, f.Notes, f.Why)
	}
}

func TestSampleHasARateAndAnUpperLimit(t *testing.T) {
	for _, c := range []struct {
		story   string
		n, k    int
		plan    func(*soc1.SamplePlan)
		upper   string
		exceeds string // yes, no, unknown
		above   bool
	}{
		{"the plan of 59 stays clean", 59, 0, nil, "5.0%", "no", false},
		{"one of 59 deviates", 59, 1, nil, "7.8%", "yes", true},
		{"60 clean, 95% and 5%", 60, 0, nil, "4.9%", "no", false},
		{"93 with the one allowed", 93, 1, func(p *soc1.SamplePlan) { p.Expected, p.Allowed = 100, 1 }, "5.0%", "no", false},
		{"poisson is wider", 59, 0, func(p *soc1.SamplePlan) { p.Model = soc1.Poisson }, "5.1%", "yes", false},
		{"25 from a table promise no rate", 25, 0, func(p *soc1.SamplePlan) {
			*p = soc1.SamplePlan{Model: soc1.FrequencyTable, FrequencyTable: "t", N: 25, ZeroTolerance: true}
		}, "11.3%", "unknown", false},
		{"25 from a table with its own rate", 25, 1, func(p *soc1.SamplePlan) {
			*p = soc1.SamplePlan{Model: soc1.FrequencyTable, FrequencyTable: "t", N: 25, Confidence: 9000, Tolerable: 1000}
		}, "14.7%", "yes", true},
		{"the whole of a small population", 100, 1, func(p *soc1.SamplePlan) { p.Model, p.Allowed = soc1.Hypergeometric, 1 }, "1.0%", "no", false},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := payroll()
			change := c.plan
			if change == nil {
				change = func(*soc1.SamplePlan) {}
			}
			id := s.sample("balance", max(c.n, 100), c.n, change)
			var bad []string
			for i := range c.k {
				bad = append(bad, s.set(id, i, soc1.Fail))
			}
			if c.k > 0 {
				s.found("balance", id, bad...)
			}
			f := s.figures(t, id)
			exceeds := "unknown"
			if f.Sample.Exceeds != nil {
				exceeds = map[bool]string{true: "yes", false: "no"}[*f.Sample.Exceeds]
			}
			if f.Tested != int64(c.n) || f.DeviationItems != int64(c.k) || f.Sample.UpperPercent != c.upper || exceeds != c.exceeds || f.Sample.AboveAllowed != c.above {
				t.Errorf("n %d k %d upper %s (%s) exceeds %s above %t; want n %d k %d upper %s exceeds %s above %t", f.Tested, f.DeviationItems,
					f.Sample.UpperPercent, f.Sample.Upper, exceeds, f.Sample.AboveAllowed, c.n, c.k, c.upper, c.exceeds, c.above)
			}
			if f.Blocked() || len(f.Flags) > 0 {
				t.Errorf("blocks\n%s\nflags\n%s", text(f.Blocks), text(f.Flags))
			}
		})
	}
}

func TestAnItemFailingTwoAttributesIsOne(t *testing.T) {
	s := payroll()
	id := s.sample("balance", 100, 59)
	s.attribute(id, "B", true)
	s.results(id, "B", s.Samples[0].Value.Items)
	key := s.set(id, 0, soc1.Fail)
	s.set(id, 59, soc1.Fail)
	a, b := s.exception(id, "A", soc1.Confirmed, key), s.exception(id, "B", soc1.Confirmed, key)
	s.deviation("balance", id, 1, a, b)
	f := s.figures(t, id)
	if f.DeviationItems != 1 || f.Attributes[0].Deviations != 1 || f.Attributes[1].Deviations != 1 || f.Rate.String() != "1/59" {
		t.Errorf("k %d by %+v, rate %s; want one item of 59", f.DeviationItems, f.Attributes, f.Rate)
	}
	if got := rulesOf(s.Consequences().Flags); len(got) > 0 {
		t.Errorf("flags %v", got)
	}
}

func TestOnlyConfirmedExceptionsAreDeviations(t *testing.T) {
	s := payroll()
	id := s.census("balance", counted("A", 997, 3, 0, 0))
	s.exception(id, "A", soc1.Open, "B001")
	s.exception(id, "A", soc1.Dismissed, "B002")
	s.found("balance", id, "B003")
	f := s.figures(t, id)
	if f.Exceptions != (ExceptionFigures{Open: 1, Confirmed: 1, Dismissed: 1}) || f.DeviationItems != 1 {
		t.Errorf("%+v, k %d", f.Exceptions, f.DeviationItems)
	}
	if got := rulesOf(f.Blocks); !slices.Equal(got, []string{"EVA-21"}) {
		t.Errorf("blocks %v, want the open exception", got)
	}
}

func TestCannotTellIsResolvedOrCounts(t *testing.T) {
	start := func() (*story, string) {
		s := payroll()
		id := s.census("balance", counted("A", 998, 0, 0, 2))
		s.undecided(id, "A", "B001", "B002")
		return s, id
	}
	s, id := start()
	f := s.figures(t, id)
	if f.CannotTellUnresolved != 2 || f.DeviationItems != 0 || f.Exceptions.Open != 0 || !slices.Equal(rulesOf(f.Blocks), []string{"EVA-21"}) {
		t.Errorf("undecided %d, k %d, open %d, blocks\n%s", f.CannotTellUnresolved, f.DeviationItems, f.Exceptions.Open, text(f.Blocks))
	}

	s.conclude("balance", soc1.Effective)
	if f = s.figures(t, id); !f.Forced || f.DeviationItems != 2 || f.Rate.String() != "0.2%" {
		t.Errorf("concluded regardless: forced %t, k %d, rate %s; want both counted as deviations", f.Forced, f.DeviationItems, f.Rate)
	}

	s, id = start()
	for _, key := range []string{"B001", "B002"} {
		s.result(id, key, "A", soc1.Pass).AlternativeProcedure = "Traced to the bank's confirmation."
	}
	if f = s.figures(t, id); f.CannotTellUnresolved != 0 || f.Blocked() || f.DeviationItems != 0 {
		t.Errorf("alternative procedures: undecided %d, k %d, blocks\n%s", f.CannotTellUnresolved, f.DeviationItems, text(f.Blocks))
	}

	s, id = start()
	s.result(id, "B001", "A", soc1.Pass).AlternativeProcedure = "Traced."
	s.result(id, "B002", "A", soc1.Fail).AlternativeProcedure = "Traced."
	if f = s.figures(t, id); f.CannotTellUnresolved != 0 || f.Exceptions.Open != 1 || !f.Blocked() {
		t.Errorf("the procedure found a failure: %+v undecided %d", f.Exceptions, f.CannotTellUnresolved)
	}

	s, id = start()
	s.Exceptions[0].Value.Status = soc1.Confirmed
	s.deviation("balance", id, 2, "x-1")
	if f = s.figures(t, id); f.DeviationItems != 2 || f.Blocked() {
		t.Errorf("confirmed: k %d, blocks\n%s", f.DeviationItems, text(f.Blocks))
	}

	s = payroll()
	id = s.sample("balance", 100, 59)
	s.set(id, 4, soc1.CannotTell)
	if f = s.figures(t, id); f.CannotTellUnresolved != 1 || !f.Blocked() || f.Tested != 59 {
		t.Errorf("in a sample: undecided %d of %d, blocks\n%s", f.CannotTellUnresolved, f.Tested, text(f.Blocks))
	}
}

func TestExpansionEvaluatesAllItemsTogether(t *testing.T) {
	for _, cumulative := range []bool{true, false} {
		s := payroll()
		id := s.sample("balance", 300, 59)
		key := s.set(id, 3, soc1.Fail)
		s.found("balance", id, key).Extent = soc1.Isolated
		more := s.drawn(id, "s-more", 300, 93)
		more.ExpandedFrom, more.Reason = "s-"+id, "One isolated deviation."
		added := more.Items[59:]
		if !cumulative {
			more.Items = added
		}
		s.results(id, "A", added)
		f := s.figures(t, id)
		if f.Drawn != 93 || f.Tested != 93 || f.DeviationItems != 1 || f.Sample.First != 1 || f.Exceeds() {
			t.Errorf("cumulative %t: drawn %d, %d of %d, first %d, upper %s; want 1 of 93, not above 5%%", cumulative, f.Drawn, f.DeviationItems, f.Tested, f.Sample.First, f.Sample.Upper)
		}
		if f.Blocked() || len(f.Flags) > 0 {
			t.Errorf("cumulative %t:\n%s\n%s", cumulative, text(f.Blocks), text(f.Flags))
		}
	}
}

func TestTwoStagesFollowTheirRule(t *testing.T) {
	plan := func(p *soc1.SamplePlan) { p.Model, p.Confidence, p.N = soc1.Sequential, 9000, 49 }
	expand := func(s *story, id string, fails int) {
		more := s.drawn(id, "s-more", 300, 98)
		more.ExpandedFrom, more.Reason = "s-"+id, "Second stage."
		s.results(id, "A", more.Items[49:])
		for i := range fails {
			s.found("balance", id, s.set(id, 49+i, soc1.Fail))
		}
	}
	for _, c := range []struct {
		story         string
		first, second int // second below 0: not drawn
		stage         sampling.Decision
		exceeds       bool
		blocked       bool
	}{
		{"none in the first stage", 0, -1, sampling.Accept, false, false},
		{"one in the first stage", 1, -1, sampling.Extend, true, true},
		{"one, then none", 1, 0, sampling.Accept, false, false},
		{"one, then one", 1, 1, sampling.Fail, true, false},
		{"two in the first stage", 2, -1, sampling.Fail, true, false},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := payroll()
			id := s.sample("balance", 300, 49, plan)
			for i := range c.first {
				s.found("balance", id, s.set(id, i, soc1.Fail))
			}
			if c.second >= 0 {
				expand(s, id, c.second)
			}
			f := s.figures(t, id)
			if f.Sample.Stage != c.stage || f.Exceeds() != c.exceeds || f.Blocked() != c.blocked {
				t.Errorf("stage %s, exceeds %t (upper %s), blocked %t; want %s, %t, %t\n%s", f.Sample.Stage, f.Exceeds(), f.Sample.Upper, f.Blocked(), c.stage, c.exceeds, c.blocked, text(f.Blocks))
			}
		})
	}
}

func TestNotApplicableItemsAreReplaced(t *testing.T) {
	s := payroll()
	id := s.sample("balance", 300, 59)
	s.set(id, 7, soc1.NotApplicable)
	f := s.figures(t, id)
	if f.Tested != 58 || f.NotApplicable != 1 || f.Lacking != 1 || !slices.Equal(rulesOf(f.Blocks), []string{"SMP-01"}) {
		t.Fatalf("n %d, not applicable %d, blocks\n%s", f.Tested, f.NotApplicable, text(f.Blocks))
	}
	// The next ranked item is drawn into the same sample.
	s.Samples = nil
	sample := s.drawn(id, "s-"+id, 300, 60)
	sample.N = 59
	s.result(id, sample.Items[59].Key, "A", soc1.Pass)
	if f = s.figures(t, id); f.Tested != 59 || f.Lacking != 0 || f.Blocked() {
		t.Errorf("n %d, blocks\n%s", f.Tested, text(f.Blocks))
	}
}

func TestPersonsCensusOfAFewItems(t *testing.T) {
	s := payroll()
	id := s.test("balance", soc1.Census)
	s.population(12)
	s.attribute(id, "A", true)
	if f := s.figures(t, id); !slices.Equal(rulesOf(f.Blocks), []string{"EVA-22", "TST-03"}) {
		t.Errorf("before testing:\n%s", text(f.Blocks))
	}
	for _, key := range keys(1, 11) {
		s.result(id, key, "A", soc1.Pass)
	}
	if f := s.figures(t, id); f.Reconciles {
		t.Error("eleven of twelve months reconcile")
	}
	s.result(id, "B012", "A", soc1.Fail)
	s.found("balance", id, "B012")
	f := s.figures(t, id)
	if f.Tested != 12 || f.Rate.String() != "1/12" || f.Blocked() {
		t.Errorf("%d tested, rate %s, blocks\n%s", f.Tested, f.Rate, text(f.Blocks))
	}
}

func TestNothingOccurred(t *testing.T) {
	s := payroll()
	id := s.test("balance", soc1.DidNotOperate, func(x *soc1.TestOfControl) { x.NoOccurrence = "The log has no entry." })
	s.population(0)
	f := s.figures(t, id)
	if f.Blocked() || f.Tested != 0 || f.Rate != nil {
		t.Errorf("%+v\n%s", f, text(f.Blocks))
	}
	s.Populations[0].Value.RowCount = 3
	if f = s.figures(t, id); f.Reconciles {
		t.Error("a control with three occurrences is tested as not having operated")
	}
}

func TestWhatDoesNotReconcileIsSaid(t *testing.T) {
	for _, c := range []struct {
		story string
		tell  func(*story, string)
		why   string
	}{
		{"an exception is missing", func(s *story, id string) { s.Exceptions[0].Value.ItemKeys = []string{"B001"} }, "the exceptions name 1"},
		{"the run has a row too few", func(s *story, id string) { s.Runs[0].Value.Counts[0].Pass-- }, "add up to 999 of 1000 rows"},
		{"another population", func(s *story, id string) { s.Populations[0].Value.PopulationHash = hashes["other"] }, "another hash"},
		{"the expression changed", func(s *story, id string) { s.Attributes[0].Value.Pass = "true" }, "changed after the run"},
		{"a join was added", func(s *story, id string) {
			s.Tests[0].Value.Joins = []soc1.Join{{Name: "j", Population: "pop"}}
		}, "joined populations of the test changed"},
		{"an attribute was added", func(s *story, id string) { s.attribute(id, "B", false) }, "did not evaluate attribute B"},
		{"an item twice", func(s *story, id string) { s.exception(id, "A", soc1.Dismissed, "B002") }, "same item and attribute"},
		{"an attribute is gone", func(s *story, id string) { s.Tests[0].Value.Attributes = []string{"t-1-A", "gone"} }, "does not exist"},
		{"a rerun left exceptions behind", func(s *story, id string) {
			s.Exceptions[0].Value.Run = "run-" + id
			again := s.Runs[0].Value
			again.Counts = []soc1.AttributeCount{counted("A", 1000, 0, 0, 0)}
			s.Runs = append(s.Runs, rec(s, "test_run", "run-2", again))
		}, "a later run replaced"},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := payroll()
			id := s.census("balance", counted("A", 998, 2, 0, 0))
			s.found("balance", id, "B001", "B002")
			if f := s.figures(t, id); !f.Reconciles {
				t.Fatalf("before: %v", f.Why)
			}
			c.tell(s, id)
			f := s.figures(t, id)
			if f.Reconciles || !strings.Contains(strings.Join(f.Why, " "), c.why) || !slices.Contains(rulesOf(f.Blocks), "EVA-15") {
				t.Errorf("why %v, want …%s…", f.Why, c.why)
			}
		})
	}
	sampled := func(tell func(*story, string)) []string {
		s := payroll()
		id := s.sample("balance", 300, 59)
		tell(s, id)
		return s.figures(t, id).Why
	}
	for want, tell := range map[string]func(*story, string){
		"Failures without an exception": func(s *story, id string) { s.set(id, 0, soc1.Fail) },
		"is recorded as Pass":           func(s *story, id string) { s.exception(id, "A", soc1.Confirmed, s.set(id, 0, soc1.Pass)) },
		"has no result":                 func(s *story, id string) { s.exception(id, "A", soc1.Confirmed, "elsewhere") },
		"does not name its items":       func(s *story, id string) { s.group(id, "A", soc1.Confirmed, 2) },
		"contradict each other":         func(s *story, id string) { s.result(id, s.set(id, 0, soc1.Pass), "A", soc1.Fail) },
	} {
		if why := sampled(tell); !strings.Contains(strings.Join(why, " "), want) {
			t.Errorf("why %v, want …%s…", why, want)
		}
	}
}

func TestFiguresNameTheirSources(t *testing.T) {
	s := payroll()
	id := s.sample("balance", 300, 59)
	s.found("balance", id, s.set(id, 0, soc1.Fail))
	f := s.figures(t, id)
	var kinds []string
	for _, r := range f.Sources {
		kinds = append(kinds, r.Kind)
	}
	if got := strings.Join(kinds, " "); got != "test_of_control population sample exception deviation" || len(f.Results) != 59 {
		t.Errorf("sources %s and %d results", got, len(f.Results))
	}
	if _, err := s.Figures("nothing"); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("unknown test: %v", err)
	}
}
