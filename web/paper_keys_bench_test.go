package web

import (
	"fmt"
	"testing"

	"reperform/app"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// BenchmarkPaperKeys fills a grid of 60 by 8 in Chromium by keys alone, and measures from
// each key to the picture that shows it, as the browser times its own events (in steps of
// 8 ms; what took less than 16 ms counts as 16).
func BenchmarkPaperKeys(b *testing.B) {
	h := live(b)
	d := h.door(b)
	p := d.as(b, h, tester)
	p.Size(1440, 900)
	for n := 0; b.Loop(); n++ {
		id := gridTest(b, h.app, h.exam, fmt.Sprintf("t-keys-%d", n), 8)
		var first []app.CellEntry
		for i := range 60 {
			first = append(first, app.CellEntry{Item: fmt.Sprintf("ITEM-%02d", i), Attribute: "A", Outcome: soc1.Pass})
		}
		if _, err := h.app.EnterCells(b.Context(), tester, h.exam, id, first); err != nil {
			b.Fatal(err)
		}
		p.open("/x/" + h.exam + "/papers/" + id)
		p.Do(`window.took = []; window.keyed = 0;
			document.addEventListener("keydown", () => keyed++, true);
			new PerformanceObserver((l) => { for (const e of l.getEntries()) if (e.name === "keydown") took.push(e.duration); }).observe({ type: "event", durationThreshold: 16, buffered: false });
			document.querySelector("#paper td[data-a=B]").click()`)
		for range 60 {
			for range 7 {
				p.Press("p")
				p.Press("ArrowRight")
			}
			p.Press("Home")
			p.Press("ArrowRight")
			p.Press("ArrowDown")
		}
		p.Wait("the record", allRecorded)
		type timed struct {
			P95, Most float64
			Keyed     int
		}
		x := browsertest.Eval[timed](p.Tab, `(() => { const all = [...took]; while (all.length < keyed) all.push(16); all.sort((a, b) => a - b); return { P95: all[Math.floor(all.length * 0.95)], Most: all.at(-1), Keyed: keyed }; })()`)
		if got := len(h.results(b, id)); got != 480 {
			b.Fatalf("%d cells are on record of 480", got)
		}
		b.ReportMetric(x.P95, "p95-ms")
		b.ReportMetric(x.Most, "most-ms")
		b.ReportMetric(float64(x.Keyed), "keys")
	}
	p.fine(b)
}
