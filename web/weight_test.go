package web

import (
	"strings"
	"testing"
)

// mostFirst is how many bytes the first page may be, all that it needs included,
// as sent.
const mostFirst = 150_000

// TestFirstPageIsLight adds up what a browser with nothing in its memory loads:
// page, styles, scripts, icons and typeface.
func TestFirstPageIsLight(t *testing.T) {
	h := live(t)
	for path, who := range map[string]string{"/sign-in": nobody, "/": manager, "/matrix": manager, "/r/control/pay-1-1": manager} {
		p := h.door(t).as(t, h, who)
		p.open(path)
		p.Wait("the typeface", `document.fonts.status === "loaded"`)
		p.Wait("nothing is loading", `performance.getEntriesByType("resource").every((x) => x.responseEnd > 0)`)
		var sum int64
		var lines []string
		seen := map[string]bool{}
		for _, l := range p.Loads() {
			if strings.Contains(l.URL, "/live") || strings.HasPrefix(l.URL, "data:") {
				continue
			}
			sum += l.Bytes
			for _, kind := range []string{".css", ".js", ".woff2"} {
				seen[kind] = seen[kind] || strings.Contains(l.URL, kind)
			}
			lines = append(lines, l.String())
		}
		t.Logf("%s: %d bytes\n%s", path, sum, strings.Join(lines, "\n"))
		if sum > mostFirst {
			t.Errorf("%s loads %d bytes, more than %d", path, sum, mostFirst)
		}
		if sum < 20_000 || len(seen) != 3 || !seen[".css"] || !seen[".js"] || !seen[".woff2"] {
			t.Errorf("%s: not everything was counted: %d bytes, %v", path, sum, seen)
		}
	}
}
