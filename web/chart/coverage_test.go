package chart

import (
	"strings"
	"testing"
)

// TestCoverage draws what lies within and outside the picture in bounds, escapes
// what it is given, and says the same as its table.
func TestCoverage(t *testing.T) {
	c := Coverage{ID: "periods", Title: "Year-ends <all>", Days: 100, From: 10, To: 59, Label: "1 Jan & on", Columns: []string{"Year-end", "Covered", "Left"},
		Ticks: []Tick{{Day: 0, Label: "Jan"}, {Day: 31}, {Day: 999, Label: "never"}},
		Rows: []CoverageRow{{Label: `"June"`, Note: "<3 months>", Cells: []string{"184 of 365 days", ""}, Stretches: []Stretch{
			{From: -40, To: 20, Tone: Info}, {From: 10, To: 59, Tone: OK}, {From: 60, To: 400, Tone: Bad, Hollow: true}, {From: 9, To: 8}, {From: 100, To: 120}}}}}
	svg := string(c.SVG())
	for _, want := range []string{`role="img"`, `Year-ends &lt;all&gt;`, `1 Jan &amp; on; &#34;June&#34;, covered 184 of 365 days`, `&lt;3 months&gt;`, `class="cov-gap" stroke="var(--c-bad)"`, `fill="var(--c-ok)"`, `class="cov-band"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %s in\n%s", want, svg)
		}
	}
	if n := strings.Count(svg, "<rect"); n != 4 {
		t.Errorf("%d rectangles, expected the band and three parts", n)
	}
	if strings.Contains(svg, "never") || strings.Contains(svg, "style=") || strings.Contains(svg, `"-`) {
		t.Errorf("something lies outside the picture:\n%s", svg)
	}
	if table := string(c.Table()); !strings.Contains(table, `<th scope="row">&#34;June&#34;</th><td>184 of 365 days</td>`) {
		t.Errorf("the table lacks its row:\n%s", table)
	}
	if a, b := c.Figure(), c.Figure(); a != b {
		t.Error("the same input gives other bytes")
	}
	if empty := string(Coverage{Title: "x"}.SVG()); !strings.Contains(empty, "</svg>") {
		t.Error(empty)
	}
}
