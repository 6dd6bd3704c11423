package report

import (
	"testing"

	"reperform/report/typst"
	"reperform/report/typst/strict"
)

// TestReportsKeepToTheStandards compiles every kind of report, draft and
// released, under PDF/UA-1 and PDF/A-2a.
func TestReportsKeepToTheStandards(t *testing.T) {
	jobs := map[string]typst.Job{}
	add := func(name string, m *Model) {
		job, err := Job(m)
		if err != nil {
			t.Fatal(err)
		}
		jobs[name] = job
	}
	for _, s := range scenarios {
		add(s.name, build(t, s.build(newFixture(t))))
	}
	// Released, a report has neither mark nor band, and its pages another margin.
	for name, of := range map[string]func(*fixture) Source{"released-type-i": type1, "released-type-ii": qualified, "released-inclusive": inclusive} {
		src := of(newFixture(t))
		src.Released = true
		add(name, build(t, src))
	}
	strict.Check(t, jobs)
}
