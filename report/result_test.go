package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/soc1"
)

// TestResults pins the words of Section IV for what a test's records can look
// like.
func TestResults(t *testing.T) {
	const clean = "No exceptions noted."
	census := func(f *fixture, counts ...soc1.AttributeCount) {
		f.put("exam", "test_of_control", "t", first, soc1.TestOfControl{Code: "T", By: soc1.ByAuditor, Engagement: "eng-2025", Control: "pay-1-1", Method: soc1.Census, Population: "pop", Procedures: []soc1.Procedure{{Nature: soc1.Reperformance, Text: "Recomputed."}}})
		run := soc1.TestRun{Test: "t", Population: "pop", PopulationHash: hash1, EngineVersion: "1", Counts: counts}
		if len(counts) > 0 {
			run.RowCount = counts[0].Total()
		}
		for _, c := range counts {
			f.put("exam", "attribute", "t-"+strings.ToLower(c.Attribute), first, soc1.Attribute{Test: "t", Code: c.Attribute, Text: "x", Pass: "x"})
			run.Expressions = append(run.Expressions, soc1.Expression{Attribute: c.Attribute, Pass: "x"})
			run.ExceptionCount += c.Fail
		}
		if len(counts) > 0 {
			f.put("exam", "test_run", "run", "", run)
		} else {
			f.put("exam", "attribute", "t-a", first, soc1.Attribute{Test: "t", Code: "A", Text: "x", Pass: "x"})
		}
	}
	sampled := func(f *fixture, n int, outcomes ...soc1.Outcome) {
		f.put("exam", "test_of_control", "t", first, soc1.TestOfControl{Code: "T", By: soc1.ByAuditor, Engagement: "eng-2025", Control: "pay-1-1", Method: soc1.SampleMethod, Population: "pop",
			SamplePlan: soc1.SamplePlan{Model: soc1.Binomial, Confidence: 9000, Tolerable: 1000, N: n}, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected."}}})
		f.put("exam", "attribute", "t-a", first, soc1.Attribute{Test: "t", Code: "A", Text: "x", Manual: true})
		s := soc1.Sample{Test: "t", Population: "pop", PopulationHash: hash1, SeedInput: "s", Algorithm: "soc1/v1", Draw: 1, N: n}
		for i := range n {
			s.Items = append(s.Items, soc1.SampleItem{Rank: i + 1, Key: fmt.Sprintf("K%d", i), HMAC: hash1})
		}
		f.put("exam", "sample", "s", "", s)
		for i, o := range outcomes {
			f.put("exam", "result", fmt.Sprintf("r-%d", i), "", soc1.Result{Test: "t", Sample: "s", ItemKey: fmt.Sprintf("K%d", i), Attribute: "A", Outcome: o, By: "p", TestedOn: "2026-01-02"})
		}
	}
	exception := func(f *fixture, id, attribute string, status soc1.ExceptionStatus, keys ...string) {
		x := soc1.Exception{Test: "t", Attribute: attribute, ItemKeys: keys, Status: status}
		if status != soc1.Open {
			x.DecidedBy, x.DecidedOn, x.Reason, x.Evidence = "p", "2026-01-03", "r", "e"
		}
		f.put("exam", "exception", id, "", x)
	}
	grouped := func(f *fixture, id, attribute string, n int64) {
		f.put("exam", "exception", id, "", soc1.Exception{Test: "t", Attribute: attribute, Group: soc1.ExceptionGroup{CauseHint: "late", Count: n, ResultFile: soc1.File{Name: "r", SHA256: hash1}}, Status: soc1.Confirmed, DecidedBy: "p", DecidedOn: "2026-01-03"})
	}
	deviation := func(f *fixture, id string, count int64, fact string, exceptions ...string) {
		f.put("exam", "deviation", id, "", soc1.Deviation{Code: id, Exceptions: exceptions, Test: "t", Control: "pay-1-1", ItemCount: count, Fact: fact})
	}
	all := func(n, fails int64) soc1.AttributeCount {
		return soc1.AttributeCount{Attribute: "A", Pass: n - fails, Fail: fails, NotApplicable: 1000 - n}
	}
	pass := slices.Repeat([]soc1.Outcome{soc1.Pass}, 5)
	for _, c := range []struct {
		name    string
		records func(*fixture)
		want    string
	}{
		{"nothing run", func(f *fixture) { census(f) }, "Not yet tested."},
		{"clean census", func(f *fixture) { census(f, all(1000, 0)) }, clean},
		{"failures without an exception", func(f *fixture) { census(f, all(1000, 2)) }, "[The results do not account for every item.] / [2 failed or undecided items have no exception yet.]"},
		{"dismissed", func(f *fixture) { census(f, all(1000, 1)); exception(f, "x", "A", soc1.Dismissed, "1") }, clean},
		{"open", func(f *fixture) { census(f, all(1000, 1)); exception(f, "x", "A", soc1.Open, "1") }, "[Exceptions await a decision.]"},
		{"confirmed without a deviation", func(f *fixture) { census(f, all(1000, 1)); exception(f, "x", "A", soc1.Confirmed, "1") }, "[1 confirmed exception is not yet recorded as a deviation.]"},
		{"deviation of a census", func(f *fixture) {
			census(f, all(1000, 1))
			exception(f, "x", "A", soc1.Confirmed, "1")
			deviation(f, "d", 1, "One was late", "x")
		}, "**Exception noted: **1 of 1,000 items, an actual rate of 0.1%. / One was late."},
		{"not applicable items", func(f *fixture) {
			census(f, all(400, 1))
			exception(f, "x", "A", soc1.Confirmed, "1")
			deviation(f, "d", 1, "One was late.", "x")
		}, "**Exception noted: **1 of 400 items to which the attribute applies, an actual rate of 0.25%. / One was late."},
		{"two deviations with an item in both", func(f *fixture) {
			census(f, all(1000, 2), soc1.AttributeCount{Attribute: "B", Pass: 899, Fail: 1, NotApplicable: 100})
			exception(f, "x", "A", soc1.Confirmed, "1", "2")
			exception(f, "y", "B", soc1.Confirmed, "2")
			deviation(f, "d1", 2, "Two were late.", "x")
			deviation(f, "d2", 1, "One was not signed.", "y")
		}, "**Exception noted: **2 of 1,000 items, an actual rate of 0.2%. / Two were late. / **Exception noted: **1 of 900 items to which the attribute applies, an actual rate of 0.11%. / One was not signed. / In all, 2 different items deviated."},
		{"groups that may overlap", func(f *fixture) {
			census(f, all(1000, 300), soc1.AttributeCount{Attribute: "B", Pass: 900, Fail: 100})
			grouped(f, "x", "A", 300)
			grouped(f, "y", "B", 100)
			deviation(f, "d1", 300, "Late.", "x")
			deviation(f, "d2", 100, "Not signed.", "y")
		}, "**Exception noted: **300 of 1,000 items, an actual rate of 30%. / Late. / **Exception noted: **100 of 1,000 items, an actual rate of 10%. / Not signed."},
		{"a count that is not that of the exceptions", func(f *fixture) {
			census(f, all(1000, 1))
			exception(f, "x", "A", soc1.Confirmed, "1")
			deviation(f, "d", 3, "Late.", "x")
		}, "**Exception noted: **3 of 1,000 items, an actual rate of 0.3%. / Late. / [A deviation counts 3 items, its exceptions 1.]"},
		{"census of nothing", func(f *fixture) {
			f.put("exam", "population", "pop", "", soc1.Population{Title: "P", By: soc1.ByAuditor, Purpose: soc1.AuditorPopulation, Key: []string{"k"}, PopulationHash: hash1, Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}})
			census(f, soc1.AttributeCount{Attribute: "A"})
		}, "[The population has no items, so nothing was tested; a control without occurrence is reported as one that did not operate.]"},
		{"clean sample", func(f *fixture) { sampled(f, 5, pass...) }, clean},
		{"sample half done", func(f *fixture) { sampled(f, 5, pass[:2]...) }, "[Some items have attributes without a result.]"},
		{"sample drawn", func(f *fixture) { sampled(f, 5) }, "Not yet tested."},
		{"deviation of a sample", func(f *fixture) {
			sampled(f, 5, soc1.Fail, soc1.Pass, soc1.Pass, soc1.Pass, soc1.Pass)
			exception(f, "x", "A", soc1.Confirmed, "K0")
			deviation(f, "d", 1, "Late.", "x")
		}, "**Exception noted: **1 of 5 items tested. / Late."},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.put("org", "engagement", "eng-2025", first, engagement(soc1.Type2, soc1.SSAE18And21))
			f.put("org", "control_objective", "pay-1", first, soc1.ControlObjective{Code: "PAY-1", Title: "x", Text: "x"})
			f.put("org", "control", "pay-1-1", first, soc1.Control{Code: "PAY-1.1", Text: "x", Nature: soc1.Manual, Type: soc1.Preventive, Objectives: []string{"pay-1"}})
			f.put("exam", "population", "pop", "", soc1.Population{Title: "P", By: soc1.ByAuditor, Purpose: soc1.AuditorPopulation, RowCount: 1000, Key: []string{"k"}, PopulationHash: hash1, Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}})
			examination(f)
			c.records(f)
			m := build(t, f.source(true))
			var got []string
			for _, s := range m.Sections {
				for _, b := range s.Blocks {
					if b.Table != nil && b.Table.Columns[len(b.Table.Columns)-1].Head == "Result" {
						for _, p := range b.Table.Rows[0].Cells[2].Paras {
							got = append(got, marked(p.Text))
						}
					}
				}
			}
			if text := strings.Join(got, " / "); text != c.want {
				t.Errorf("the result reads\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}
