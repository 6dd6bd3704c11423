package chart_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reperform/web/chart"
)

var update = flag.Bool("update", false, "write the drawings of testdata anew; look at testdata/sample.html before committing it")

// mix is the mix of a home page: the counts of 500 controls.
func mix(counts, percents [4]int) []chart.Segment {
	tones := [4]chart.Tone{chart.OK, chart.Info, chart.Bad, chart.Mute}
	labels := [4]string{"Effective", "In testing", "Exception", "Not tested"}
	hrefs := [4]string{"effective", "in_testing", "exception", "not_tested"}
	var out []chart.Segment
	for i := range 4 {
		out = append(out, chart.Segment{Label: labels[i], Count: counts[i], Percent: percents[i], Tone: tones[i], Href: "/matrix?status=" + hrefs[i]})
	}
	return out
}

func ring() chart.Ring {
	return chart.Ring{ID: "coverage", Title: "Controls by status", Segments: mix([4]int{372, 62, 18, 48}, [4]int{74, 12, 4, 10}), Caption: "effective"}
}

func heat() chart.Heat {
	h := chart.Heat{Caption: "Residual risks by likelihood and impact", Up: "Likelihood", Across: "Impact",
		Rows: []string{"Almost certain", "Likely", "Possible", "Unlikely", "Remote"}, Columns: []string{"Negligible", "Minor", "Moderate", "Major", "Severe"}}
	counts := [5][5]int{{0, 1, 0, 2, 1}, {1, 0, 4, 3, 2}, {2, 5, 7, 4, 1}, {3, 6, 5, 2, 1}, {4, 5, 3, 2, 0}}
	for y := range 5 {
		var row []chart.HeatCell
		for x := range 5 {
			level := 1
			switch score := (5 - y) * (x + 1); {
			case score >= 15:
				level = 4
			case score >= 9:
				level = 3
			case score >= 4:
				level = 2
			}
			row = append(row, chart.HeatCell{Count: counts[y][x], Level: level, Href: "/r/risk?likelihood=4&impact=2"})
		}
		h.Cells = append(h.Cells, row)
	}
	return h
}

func timeline() chart.Timeline {
	t := chart.Timeline{ID: "audit", Title: "Audit timeline", Days: 420, Today: 322, TodayLabel: "November 18, 2025"}
	for i, m := range []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"} {
		t.Ticks = append(t.Ticks, chart.Tick{Day: []int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365, 396}[i], Label: m})
	}
	t.Work = []chart.Work{
		{Label: "Period examined", From: 0, To: 364, Done: 323, Of: 365, Tone: chart.Acc, Note: "day 323 of 365", Dates: "January 1 to December 31, 2025", Href: "/r/engagement/soc1-2025"},
		{Label: "Walkthroughs", From: 48, To: 128, Tone: chart.OK, Note: "42 of 42 key controls", Dates: "February 18 to May 9, 2025"},
		{Label: "Testing", From: 145, To: 322, Done: 412, Of: 500, Tone: chart.Info, Note: "412 of 500 controls", Dates: "May 26 to November 18, 2025", Href: "/matrix"},
		{Label: "Exceptions", From: 290, To: 322, Done: 5, Of: 23, Tone: chart.Bad, Note: "18 open", Dates: "October 18 to November 18, 2025"},
		{Label: "Report", From: 0, To: -1, Tone: chart.Mute, Note: "not begun"},
	}
	return t
}

func spark(tone chart.Tone, values ...int) chart.Spark {
	s := chart.Spark{Tone: tone}
	for i, v := range values {
		s.Points = append(s.Points, chart.Point{Label: []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}[i%12], Value: v})
	}
	return s
}

func line() chart.Line {
	return chart.Line{ID: "trend", Title: "Readiness by month", Unit: "Score", Tone: chart.Acc, Points: spark("", 41, 44, 52, 51, 60, 63, 70, 74, 79, 83, 87).Points}
}

func bars() chart.Bars {
	return chart.Bars{Title: "Open exceptions by objective", Bars: []chart.Bar{
		{Label: "Logical access", Value: 9, Tone: chart.Bad, Href: "/matrix?objective=itgc-1"}, {Label: "Change management", Value: 4, Tone: chart.Bad},
		{Label: "Computer operations and a name that is longer than the room for it", Value: 1, Tone: chart.Warn}, {Label: "Backup", Value: 0, Tone: chart.OK}}}
}

// drawings are every chart with its table.
func drawings() map[string]chart.HTML {
	named := spark(chart.OK, 60, 63, 70, 74, 79, 83, 87)
	named.ID, named.Title = "s", "Readiness"
	bar := chart.StackedBar{ID: "m", Title: "PAY-1", Segments: mix([4]int{12, 3, 1, 0}, [4]int{75, 19, 6, 0})}
	return map[string]chart.HTML{
		"ring": ring().SVG(), "ring-legend": ring().Legend(), "ring-table": ring().Table(),
		"ring-one": chart.Ring{ID: "one", Title: "One", Segments: mix([4]int{7, 0, 0, 0}, [4]int{100, 0, 0, 0}), Caption: "effective"}.SVG(),
		"heat":     heat().Table(),
		"timeline": timeline().SVG(), "timeline-table": timeline().Table(),
		"spark": spark(chart.Info, 3, 5, 4, 9).SVG(), "spark-named": named.SVG(), "spark-table": named.Table(), "spark-flat": spark(chart.Warn, 0, 0, 0).SVG(), "spark-single": spark(chart.Warn, 7).SVG(), "spark-none": spark(chart.Warn).SVG(),
		"mix": bar.SVG(), "mix-table": bar.Table(), "mix-none": chart.StackedBar{}.SVG(),
		"bars":  bars().List(),
		"meter": chart.Meter{ID: "e", Title: "Evidence", N: 6, Of: 8}.SVG(), "meter-full": chart.Meter{N: 8, Of: 8}.SVG(), "meter-none": chart.Meter{N: 0, Of: 0}.SVG(), "meter-table": chart.Meter{Title: "Evidence", N: 6, Of: 8}.Table(),
		"line": line().SVG(), "line-table": line().Table(),
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update and look at it", err)
	}
	if got != string(want) {
		t.Errorf("%s has changed:\n%s\nwant\n%s", path, got, want)
	}
}

// TestDrawings compares every drawing with the one somebody looked at.
func TestDrawings(t *testing.T) {
	for name, d := range drawings() {
		golden(t, name+".html", strings.ReplaceAll(string(d), "><", ">\n<")+"\n")
	}
}

var (
	handler = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	id      = regexp.MustCompile(`\sid="([^"]*)"`)
)

// sound holds markup to what every page may contain.
func sound(t *testing.T, what string, d chart.HTML) {
	t.Helper()
	s := string(d)
	for _, bad := range []string{"<script", " style=", "<style", "<foreignObject", "xlink:"} {
		if strings.Contains(s, bad) {
			t.Errorf("%s holds %s", what, bad)
		}
	}
	dec := xml.NewDecoder(strings.NewReader("<div>" + s + "</div>"))
	dec.Entity = xml.HTMLEntity
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s is not well formed: %v\n%.600s", what, err, s)
			return
		}
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				name := strings.ToLower(a.Name.Local)
				here := strings.HasPrefix(a.Value, "/") && !strings.HasPrefix(a.Value, "//") && !strings.HasPrefix(a.Value, `/\`)
				if strings.HasPrefix(name, "on") || name == "style" || name == "href" && !here {
					t.Errorf("%s: <%s %s=%q>", what, e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
	if strings.Contains(s, "<svg") && !strings.Contains(s, `aria-hidden="true"`) && !strings.Contains(s, `role="img"`) && !strings.Contains(s, `role="group"`) {
		t.Errorf("%s neither speaks nor is decoration", what)
	}
	// A link inside a picture or inside decoration cannot be reached.
	for _, svg := range regexp.MustCompile(`(?s)<svg[^>]*(?:role="img"|aria-hidden="true").*?</svg>`).FindAllString(s, -1) {
		if strings.Contains(svg, "<a ") {
			t.Errorf("%s has a link inside a picture: %.200s", what, svg)
		}
	}
	for _, r := range s {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r < 0x20 && r != '\n' {
			t.Errorf("%s holds the character %U", what, r)
			return
		}
	}
}

// TestSound holds every drawing to the rules of a page under the strictest
// policy, and the ids of a page to be unique.
func TestSound(t *testing.T) {
	seen := map[string]string{}
	for name, d := range drawings() {
		sound(t, name, d)
		for _, m := range id.FindAllStringSubmatch(string(d), -1) {
			if seen[m[1]] != "" {
				t.Errorf("id %q stands in %s and in %s", m[1], seen[m[1]], name)
			}
			seen[m[1]] = name
		}
	}
}

// TestHostile gives every label of every chart what nobody should type.
func TestHostile(t *testing.T) {
	for name, s := range map[string]string{
		"script":      `</title></svg><script>alert(1)</script>`,
		"attribute":   `" onload="alert(1)" x="`,
		"quote":       `' onmouseover='alert(1)`,
		"entity":      `&lt;&#x3c;script&#x3e;&amp;`,
		"direction":   "abc\u202egnp.exe\u2066\u200f",
		"controls":    "a\x00b\x1b[31mc\r\nd\te\u0085",
		"not unicode": "a\xff\xfeb",
		"long":        strings.Repeat("W<", 5000),
		"combining":   "Z" + strings.Repeat("\u0301", 10000),
		"cdata":       `]]><!--<![CDATA[`,
		"link":        `javascript:alert(1)`,
		"other host":  `//evil.example/x`,
		"backslash":   `/\evil.example`,
		"in path":     `/x"><script>alert(1)</script>`,
		"newline":     "/x\n//evil",
	} {
		t.Run(name, func(t *testing.T) {
			seg := []chart.Segment{{Label: s, Count: 1, Percent: 60, Tone: chart.Tone(s), Href: s}, {Label: s, Count: 1, Percent: 40, Tone: chart.Tone(s), Href: s}}
			r := chart.Ring{ID: s, Title: s, Segments: seg, Caption: s}
			h := chart.Heat{Caption: s, One: s, Many: s, Up: s, Across: s, Rows: []string{s}, Columns: []string{s, s}, Cells: [][]chart.HeatCell{{{Count: 2, Level: 99, Href: s}}}}
			tl := chart.Timeline{ID: s, Title: s, Days: 10, Today: 5, TodayLabel: s, Ticks: []chart.Tick{{Day: 3, Label: s}}, Work: []chart.Work{
				{Label: s, From: 1, To: 9, Done: 1, Of: 2, Tone: chart.Tone(s), Note: s, Dates: s, Href: s}, {Label: s, From: 0, To: -1, Note: s, Href: s}}}
			sp := chart.Spark{ID: s, Title: s, Tone: chart.Tone(s), Points: []chart.Point{{Label: s, Value: 1}, {Label: s, Value: 2}}}
			l := chart.Line{ID: s, Title: s, Unit: s, Tone: chart.Tone(s), Points: sp.Points}
			b := chart.Bars{Title: s, Bars: []chart.Bar{{Label: s, Value: 2, Note: s, Tone: chart.Tone(s), Href: s}}}
			m := chart.Meter{ID: s, Title: s, N: 1, Of: 2, Tone: chart.Tone(s)}
			sb := chart.StackedBar{ID: s, Title: s, Segments: seg}
			for what, d := range map[string]chart.HTML{"ring": r.SVG(), "legend": r.Legend(), "ring table": r.Table(), "heat": h.Table(), "timeline": tl.SVG(), "timeline table": tl.Table(),
				"spark": sp.SVG(), "spark table": sp.Table(), "line": l.SVG(), "line table": l.Table(), "bars": b.List(), "meter": m.SVG(), "meter table": m.Table(), "mix": sb.SVG(), "mix table": sb.Table()} {
				sound(t, what, d)
				if len(d) > 30000 {
					t.Errorf("%s is %d bytes", what, len(d))
				}
			}
		})
	}
}

// TestStrangeNumbers draws what nobody should count.
func TestStrangeNumbers(t *testing.T) {
	huge := 1 << 40
	for name, d := range map[string]chart.HTML{
		"too much":    chart.Ring{Title: "x", Segments: mix([4]int{1, 1, 1, 1}, [4]int{90, 90, -5, 10}), Focus: 9}.SVG(),
		"no segments": chart.Ring{Title: "x", Focus: 0}.SVG(),
		"huge meter":  chart.Meter{Title: "x", N: huge, Of: 3}.SVG(),
		"negative":    chart.Meter{Title: "x", N: -3, Of: 3}.SVG(),
		"huge line":   chart.Line{Title: "x", Points: []chart.Point{{"a", -huge}, {"b", huge}}}.SVG(),
		"huge spark":  chart.Spark{Title: "x", Points: []chart.Point{{"a", huge}, {"b", -huge}, {"c", 0}}}.SVG(),
		"no days":     chart.Timeline{Title: "x", Work: []chart.Work{{From: -5, To: 900, Done: 7, Of: 2}}}.SVG(),
		"outside":     chart.Timeline{Title: "x", Days: 10, Today: 44, Ticks: []chart.Tick{{Day: 99}}, Work: []chart.Work{{From: 20, To: 30, Note: "later"}}}.SVG(),
		"ragged":      chart.Heat{Rows: []string{"a", "b"}, Columns: []string{"x", "y"}, Cells: [][]chart.HeatCell{{{Count: 1}}}}.Table(),
	} {
		sound(t, name, d)
		if regexp.MustCompile(`(width|height)="-`).MatchString(string(d)) {
			t.Errorf("%s has a negative size: %s", name, d)
		}
	}
	if handler.MatchString(string(ring().SVG())) {
		t.Error("a drawing has a handler")
	}
}

// TestOneNumber: the number in the middle of the ring is the length of its arc,
// and the table's.
func TestOneNumber(t *testing.T) {
	r := ring()
	svg, table := string(r.SVG()), string(r.Table())
	if !strings.Contains(svg, ">74%</text>") || !strings.Contains(svg, `stroke-dasharray="7310 2690"`) || !strings.Contains(table, "<td>74%</td>") {
		t.Errorf("ring\n%s\n%s", svg, table)
	}
}

// TestStylesheet knows every class that a drawing uses.
func TestStylesheet(t *testing.T) {
	elsewhere := map[string]bool{"vh": true, "num": true, "tr": true}
	for name, d := range drawings() {
		for _, m := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(string(d), -1) {
			for _, c := range strings.Fields(m[1]) {
				if !elsewhere[c] && !strings.Contains(chart.Stylesheet, "."+c) {
					t.Errorf("%s uses class %s, which chart.css does not have", name, c)
				}
			}
		}
	}
}
