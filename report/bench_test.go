package report

import (
	"fmt"
	"strings"
	"testing"

	"reperform/soc1"
)

// longReport records enough for a report of about 120 pages: 30 control
// objectives with 240 controls and 480 tests, and a long description.
func longReport(f *fixture) Source {
	organization(f)
	carveOut(f, true)
	complete(f, soc1.Type2)
	e := engagement(soc1.Type2, soc1.SSAE18And21)
	f.put("org", "engagement", "eng-2025", "2026-01-01", e)
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	words := strings.Fields("the operations supervisor compares every register with its source before the run is released and clears each difference on the same business day")
	sentence := func(seed, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(words[(seed*7+i*5)%len(words)] + " ")
		}
		return fmt.Sprintf("%s(%d).", b.String(), seed)
	}
	for o := range 27 {
		id := fmt.Sprintf("o-%d", o)
		f.put("org", "control_objective", id, first, soc1.ControlObjective{Code: fmt.Sprintf("OBJ-%d", o), Title: sentence(o, 6), Text: sentence(o, 40), Order: 10 + o})
		for c := range 8 {
			cid := fmt.Sprintf("c-%d-%d", o, c)
			f.put("org", "control", cid, first, soc1.Control{Code: fmt.Sprintf("OBJ-%d.%d", o, c+1), Text: sentence(o*10+c, 45), Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.Daily, Objectives: []string{id}})
			for k := range 2 {
				tid := fmt.Sprintf("t-%d-%d-%d", o, c, k)
				f.put("exam", "test_of_control", tid, first, soc1.TestOfControl{Code: tid, By: soc1.ByAuditor, Engagement: "eng-2025", Control: cid, Method: soc1.Census, Population: "pop-files",
					Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: sentence(o*31+c+k, 40)}}})
				f.put("exam", "attribute", tid, first, soc1.Attribute{Test: tid, Code: "A", Text: "As described", Pass: "ok"})
				f.put("exam", "test_run", tid, first, soc1.TestRun{Test: tid, Population: "pop-files", PopulationHash: hash2, Expressions: []soc1.Expression{{Attribute: "A", Pass: "ok"}}, EngineVersion: "1.5.5",
					RowCount: 251, Counts: []soc1.AttributeCount{{Attribute: "A", Pass: 251}}})
			}
		}
	}
	for i, c := range []soc1.Criterion{soc1.D1, soc1.D2, soc1.D3, soc1.D4, soc1.D5, soc1.CriterionOther} {
		for j := range 4 {
			var body strings.Builder
			for p := range 8 {
				body.WriteString(sentence(i*100+j*10+p, 90) + "\n\n")
			}
			f.put("org", "description_section", fmt.Sprintf("long-%d-%d", i, j), first, soc1.DescriptionSection{Criterion: c, Title: sentence(j, 5), Body: body.String(), Order: 50 + j})
		}
	}
	return f.source(true)
}

func BenchmarkBuild(b *testing.B) {
	src := longReport(newFixture(b))
	for b.Loop() {
		build(b, src)
	}
}

// BenchmarkRenderCold is the first report of an engine, BenchmarkRenderWarm a
// later one that differs in one sentence, both without the engine's start.
func BenchmarkRenderCold(b *testing.B) { benchmarkRender(b, true) }

// BenchmarkRenderWarm is described with BenchmarkRenderCold.
func BenchmarkRenderWarm(b *testing.B) { benchmarkRender(b, false) }

func benchmarkRender(b *testing.B, cold bool) {
	m := build(b, longReport(newFixture(b)))
	pdf := render(b, m)
	b.ReportMetric(float64(len(pages(b, pdf))), "pages")
	save(b, "bench", pdf)
	for i := 0; b.Loop(); i++ {
		if cold {
			b.StopTimer()
			if err := engine(b).Trim(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		m.Sections[2].Blocks[0].Text = runs(fmt.Sprintf("Draft %d of the description.", i))
		render(b, m)
	}
}
