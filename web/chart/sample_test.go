package chart_test

import (
	"strconv"
	"strings"
	"testing"

	"reperform/web/chart"
)

// TestSample writes the charts on one page, as a home page has them, for
// somebody to look at in a browser: testdata/sample.html.
func TestSample(t *testing.T) {
	var b strings.Builder
	put := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\n")
	}
	card := func(span, title, note string, body ...string) {
		put(`<section class="card `, span, `"><header><h2>`, title, `</h2><span class="mut">`, note, `</span></header><div class="b">`, strings.Join(body, "\n"), `</div></section>`)
	}
	put(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charts</title><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="sample.css"><link rel="stylesheet" href="../chart.css"></head><body><main class="dash">`)
	for _, k := range []struct {
		label, value, small, delta string
		spark                      chart.Spark
	}{
		{"Readiness score", "87", "/ 100", "+4 since October 31", spark(chart.OK, 70, 71, 74, 76, 79, 80, 83, 87)},
		{"Controls tested", "390", "of 500", "+36 since October 31", spark(chart.Info, 210, 240, 262, 290, 320, 341, 354, 390)},
		{"Open exceptions", "18", "6 high", "+2 since October 31", spark(chart.Bad, 9, 12, 11, 15, 13, 17, 16, 18)},
		{"Evidence overdue", "7", "of 38 due", "−5 since October 31", spark(chart.Warn, 15, 14, 16, 12, 11, 11, 12, 7)},
	} {
		put(`<section class="card c3 kpi"><h2 class="l">`, k.label, `</h2><p class="v">`, k.value, ` <small>`, k.small, `</small></p><div class="x"><span>`, k.delta, `</span>`, string(k.spark.SVG()), `</div></section>`)
	}
	card("c4", "Control coverage", "500 controls", `<div class="ringw">`, string(ring().SVG()), string(ring().Legend()), `</div>`)
	card("c4", "Risk heat map", "64 residual risks", string(heat().Table()))
	card("c4", "Open exceptions", "by objective", string(bars().List()))
	card("c8", "Audit timeline", "5 workstreams", string(timeline().Figure()))
	var mixes strings.Builder
	for _, o := range []struct {
		label    string
		percents [4]int
	}{{"Logical access", [4]int{84, 12, 4, 0}}, {"Change management", [4]int{91, 8, 1, 0}}, {"Computer operations", [4]int{78, 18, 4, 0}},
		{"Transaction processing", [4]int{88, 8, 4, 0}}, {"Data transmission", [4]int{94, 6, 0, 0}}, {"Backup and recovery", [4]int{0, 0, 0, 100}}, {"No controls yet", [4]int{}}} {
		mixes.WriteString(`<li><a href="/matrix">` + o.label + `</a>` + string(chart.StackedBar{Segments: mix(o.percents, o.percents)}.SVG()) + `<b class="num">` +
			percent(o.percents) + `</b></li>`)
	}
	card("c4", "Objectives", "% effective", `<ul class="bars">`, mixes.String(), `</ul>`)
	card("c8", "Readiness", "by month", string(line().Figure()))
	card("c4", "Evidence", "meters", string(chart.Meter{N: 6, Of: 8}.SVG()), "<br>", string(chart.Meter{N: 8, Of: 8}.SVG()), "<br>", string(chart.Meter{N: 0, Of: 8}.SVG()), "<br>", string(chart.Meter{N: 1, Of: 100, Tone: chart.Warn}.SVG()))
	card("c4", "As tables", "for readers and paper", string(ring().Table()))
	card("c8", "As tables", "", string(timeline().Table()))
	put(`</main></body></html>`)
	golden(t, "sample.html", b.String())
}

func percent(p [4]int) string {
	if p == [4]int{} {
		return "–"
	}
	return strconv.Itoa(p[0]) + "%"
}
