package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

func TestRate(t *testing.T) {
	for _, c := range []struct {
		k, n int64
		want string
	}{
		{199, 9912, "2.01%"}, {2, 9912, "0.02%"}, {1, 3, "33.33%"}, {2, 3, "66.67%"}, {1, 8, "12.5%"}, {0, 10, "0%"}, {10, 10, "100%"},
		{1, 1_000_000, "less than 0.01%"}, {999_999, 1_000_000, "more than 99.99%"}, {1, 20_000, "0.01%"}, {1, 0, "n/a"},
	} {
		if got := rate(c.k, c.n); got != c.want {
			t.Errorf("rate(%d, %d) is %q, want %q", c.k, c.n, got, c.want)
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"ITG-1", "PAY-2", "PAY-02.1", "PAY-2.2", "PAY-10", "PAY-10.1", "TAX"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d is printed %q, want %q", n, got, want)
		}
	}
}

// described writes blocks in the form of PlainText.
func described(blocks []Block) string {
	w := &textWriter{}
	for _, b := range blocks {
		w.block(b)
	}
	return strings.TrimSpace(w.b.String())
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"paragraphs", "One\ntwo.\r\n\r\nThree.", "One two.\nThree."},
		{"emphasis", "a **b** *c* _d_ ***e*** `f*g*`", "a **b** *c* *d* ***e*** `f*g*`"},
		{"not emphasis", "snake_case 2 * 3 * 4 ** x", "snake_case 2 * 3 * 4 ** x"},
		{"unclosed", "a **b and *c", "a **b and *c"},
		{"escaped", `\*a\* \#b`, `*a* #b`},
		{"heading", "## Title ##\ntext", "#### Title\ntext"},
		{"not a heading", "#hash and #1", "#hash and #1"},
		{"nested", "- a\n  1. b\n  2. c\n- d", "- a\n  1. b\n  2. c\n- d"},
		{"continued", "- a\n  more\n\n- b", "- a more\n- b"},
		{"two lists", "- a\n1. b", "- a\n1. b"},
		{"table", "| A | B |\n|---|:-:|\n| 1 | x \\| y |\n| 2 |\nafter", "Table: The caption\n  A | B\n  - 1 | x | y\n  - 2 | \nafter"},
		{"html and links", "<b>x</b> [a](http://b)", "<b>x</b> [a](http://b)"},
		{"a date is no list", "2025. 10 were closed", "2025. 10 were closed"},
		{"deep", strings.Repeat(" ", 40) + "- far in", "- far in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := described(fromMarkdown(c.in, "The caption")); got != c.want {
				t.Errorf("%q gives\n%s\nwant\n%s", c.in, got, c.want)
			}
		})
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range append([]string{"- a\n  - b\n- c", "| a |\n|-|\n|", "**", "`", "1. \n - x", "#", "\\"}, hostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		blocks := fromMarkdown(s, "c")
		if strings.TrimSpace(s) != "" && len(blocks) == 0 && !strings.Contains(s, "|") {
			// Marks alone may leave nothing, letters and digits never.
			if strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
				t.Errorf("%q leaves nothing", s)
			}
		}
	})
}

func TestFit(t *testing.T) {
	long := strings.Repeat("word ", 400)
	table := Table{Columns: columns("A|35", "B|37", "C|28"), Rows: []Row{
		row(cell("short"), cell("short"), cell("short")),
		row(cell("short"), cell(long), cell("short")),
		row(Cell{Paras: paras("short"), Span: 2}, cell("short"), cell("short")),
		row(cell("short"), cell("short")),
		row(Cell{Paras: paras("short"), Span: 2}, cell(long[:700]), cell("short")),
		row(cell(long[:700]), cell("short")),
	}}
	table.fit()
	var got []string
	for _, r := range table.Rows {
		s := ""
		for _, c := range r.Cells {
			s += map[bool]string{true: "k", false: "b"}[c.Keep]
		}
		got = append(got, s)
	}
	if want := []string{"kkk", "bbb", "kkk", "kk", "bkk", "kk"}; !slices.Equal(got, want) {
		t.Errorf("cells are kept (k) or broken (b) %q, want %q", got, want)
	}
}

func TestControlVersions(t *testing.T) {
	f := newFixture(t)
	f.put("org", "engagement", "eng-2025", first, engagement(soc1.Type2, soc1.SSAE18And21))
	f.put("org", "control_objective", "o", first, soc1.ControlObjective{Code: "O", Title: "O", Text: "O"})
	put := func(id string, on soc1.Date, text string, from, to soc1.Date) {
		f.put("org", "control", id, on, soc1.Control{Code: id, Text: text, Nature: soc1.Manual, Type: soc1.Preventive, Objectives: []string{"o"}, InOperationFrom: from, InOperationTo: to})
	}
	put("a", first, "old", "", "")
	put("a", "2025-03-01", "old", "", "") // nothing that is printed changed
	put("a", "2025-07-01", "new", "", "")
	put("a", "2026-02-01", "next year", "", "")
	put("b", first, "one", "2025-04-15", "")
	put("c", first, "gone before", "", "2024-12-31")
	put("d", first, "x", "", "")
	put("d", "2025-05-01", "y", "", "")
	put("d", "2025-09-01", "x", "", "")
	put("e", "2025-07-01", "wrong", "", "")
	put("e", "2025-07-01", "corrected", "", "")
	f.commit()
	m, err := gather(t.Context(), Source{Organization: record.NewView(f.log.Store(), "org", f.known("org")), Engagement: "eng-2025"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range m.controls {
		s := c.id + ":"
		for _, v := range c.versions {
			s += fmt.Sprintf(" %s[%s..%s]", v.statement, v.from, v.until)
		}
		got = append(got, s)
	}
	want := []string{"a: old[..2025-06-30] new[2025-07-01..]", "b: one[2025-04-15..]", "d: x[..2025-04-30] y[2025-05-01..2025-08-31] x[2025-09-01..]", "e: corrected[2025-07-01..]"}
	if !slices.Equal(got, want) {
		t.Errorf("versions are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRefusals(t *testing.T) {
	f := newFixture(t)
	e := engagement(soc1.Type2, soc1.SSAE18And21)
	f.put("org", "engagement", "eng-2025", "2026-03-01", e)
	f.put("org", "control_objective", "late", "2026-03-01", soc1.ControlObjective{Code: "L", Title: "Late", Text: "Late"})
	src := f.source(false)
	if _, err := Build(t.Context(), src); err == nil || !strings.Contains(err.Error(), "no control objective was in force on 2025-12-31") || !strings.Contains(err.Error(), "effective date") {
		t.Errorf("objectives that take effect after the period: %v", err)
	}
	src.Engagement = "none"
	if _, err := Build(t.Context(), src); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("an engagement that does not exist: %v", err)
	}
	if _, err := Build(t.Context(), Source{}); err == nil {
		t.Error("a report without a ledger was built")
	}
}

// TestLateRecordsAreGaps names what takes effect only after the period.
func TestLateRecordsAreGaps(t *testing.T) {
	f := newFixture(t)
	organization(f)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	f.put("org", "control", "late-1", "2026-01-02", soc1.Control{Code: "L-1", Text: "Late", Nature: soc1.Manual, Type: soc1.Preventive, Objectives: []string{"pay-1"}})
	m := build(t, f.source(false))
	if !slices.ContainsFunc(m.Gaps, func(g Gap) bool {
		return strings.Contains(g.Text, "late-1") && strings.Contains(g.Text, "after December 31, 2025")
	}) {
		t.Errorf("nothing says that control late-1 is missing: %v", m.Gaps)
	}
	// Next year's control keeps no report of this year back.
	if slices.ContainsFunc(m.Missing(), func(g Gap) bool { return strings.Contains(g.Text, "late-1") }) || len(m.Missing()) != len(m.Gaps)-1 {
		t.Errorf("what keeps the report back is %v of %v", m.Missing(), m.Gaps)
	}
	for _, g := range m.Gaps {
		if g.Remedy == "" || strings.Contains(g.String(), "%!") {
			t.Errorf("a gap without a remedy, or with a broken one: %s", g)
		}
	}
	if strings.Contains(m.PlainText(), "L-1 /") {
		t.Error("a control of the next year is printed")
	}
}

func TestPaper(t *testing.T) {
	for _, c := range []struct {
		country string
		set     soc1.StandardSet
		want    string
	}{{"US", soc1.ISAE3402, "us-letter"}, {"United States", soc1.SSAE18And21, "us-letter"}, {"", soc1.SSAE18And21, "us-letter"}, {"", soc1.ISAE3402, "a4"}, {"Germany", soc1.SSAE18And21, "a4"}} {
		m := &material{}
		m.organization.Value.Country, m.engagement.Value.StandardSet = c.country, c.set
		if got := m.paper(); got != c.want {
			t.Errorf("country %q under %s is printed on %s, want %s", c.country, c.set, got, c.want)
		}
	}
}

// A written table's columns are as wide as their cells need, numbers stand to
// the right, and two tables of one text have captions that differ.
func TestWrittenTables(t *testing.T) {
	out := fromMarkdown("| Function | People | Part |\n|---|---|---|\n| Payroll | 103 | Set-up, processing and the service desk for all clients of the company |\n| Tax | 1,014 | Tax |\n\nThen:\n\n| A | B |\n|---|---|\n| x | |\n", "People")
	var tables []*Table
	for _, b := range out {
		if b.Kind == KindTable {
			tables = append(tables, b.Table)
		}
	}
	if len(tables) != 2 || tables[0].Caption != "People (1 of 2)" || tables[1].Caption != "People (2 of 2)" {
		t.Fatalf("%d tables: %+v", len(tables), tables)
	}
	c := tables[0].Columns
	if c[0].Width != narrowest || c[1].Width != narrowest || c[2].Width != widest || c[0].Align != "" || c[1].Align != "right" || c[2].Align != "" {
		t.Errorf("columns %+v", c)
	}
	if b := tables[1].Columns[1]; b.Align != "" {
		t.Errorf("an empty column is set to the right: %+v", b)
	}
	if one := fromMarkdown("| A | B |\n|---|---|\n| x | y |\n", "One"); one[0].Table.Caption != "One" {
		t.Errorf("a single table is called %q", one[0].Table.Caption)
	}
}

// A table that fills less than a third of a page is kept whole; a longer one
// must be allowed to break.
func TestShortTablesAreKeptWhole(t *testing.T) {
	for rows, keep := range map[int]bool{1: true, 5: true, 40: false} {
		table := &Table{Columns: []Column{{Width: 1}, {Width: 1}}}
		for range rows {
			cell := Cell{Paras: []Para{{Text: inline("Word.")}}}
			table.Rows = append(table.Rows, Row{Cells: []Cell{cell, cell}})
		}
		if table.fit(); table.Keep != keep {
			t.Errorf("a table of %d rows is kept whole: %t", rows, table.Keep)
		}
	}
}

// An assertion that reads otherwise than what was signed keeps the report back; one
// that reads the same does not, nor one of which nobody noted the hash.
func TestAssertionReadsOtherwise(t *testing.T) {
	f := newFixture(t)
	src := type1(f)
	text, err := Assertion(t.Context(), src.Organization, soc1.ManagementAssertion{Engagement: "eng-2025"})
	if err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]bool{"": false, text.SHA256(): false, hash1: true} {
		f.put("org", "assertion", "assertion-", "2026-02-27", soc1.ManagementAssertion{Engagement: "eng-2025", SignedBy: "p-cm", SignedTitle: "Chief Executive Officer", SignedOn: "2026-02-27", SignedSHA256: hash})
		m := build(t, f.source(true))
		got := slices.ContainsFunc(m.Missing(), func(g Gap) bool {
			return g.Where == "II" && strings.HasPrefix(g.Text, "The assertion reads otherwise than the text that ") && strings.HasSuffix(g.Text, " signed on February 27, 2026.")
		})
		if got != want {
			t.Errorf("signed hash %q: kept back %t, expected %t: %v", hash, got, want, m.Missing())
		}
	}
}
