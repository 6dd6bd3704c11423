package chart

import (
	"strings"
	"testing"
)

// TestStrip escapes what it is given, links inside the site alone, and says every
// field aloud.
func TestStrip(t *testing.T) {
	s := Strip{Caption: "Missing <by> month", Corner: "Objective", Columns: []string{"Jan", "Feb", "Mar"}, Rows: []StripRow{
		{Label: `PAY"1`, Title: "<script>", Href: "/matrix?a=b&c=d", Cells: []StripCell{
			{Level: 1, Words: "January: all 3 there"},
			{Level: 9, Text: "2", Words: "February: 2 of 3 missing", Href: "/matrix?overdue=2025-02"}}},
		{Label: "X", Href: "https://elsewhere.example/", Cells: []StripCell{{Level: -1, Words: "nothing"}}}}}
	got := string(s.Table())
	for _, want := range []string{`Missing &lt;by&gt; month`, `PAY&#34;1`, `&lt;script&gt;`, `href="/matrix?a=b&amp;c=d"`, `<td class="strip-1" title="January: all 3 there"><span class="vh">January: all 3 there</span>`,
		`<td class="strip-4" title="February: 2 of 3 missing"><a href="/matrix?overdue=2025-02" aria-label="February: 2 of 3 missing">2</a>`, `<td class="strip-0" title="nothing">`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "elsewhere") || strings.Contains(got, "<script>") || strings.Contains(got, "style=") {
		t.Error("a link elsewhere, a script or a style got in")
	}
	if n := strings.Count(got, "<td "); n != 6 {
		t.Errorf("%d fields for two rows of three months", n)
	}
}
