package scoping

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

func customers(list ...soc1.UserEntity) []record.Typed[soc1.UserEntity] {
	var out []record.Typed[soc1.UserEntity]
	for i, u := range list {
		out = append(out, record.Typed[soc1.UserEntity]{Record: record.Record{Kind: "user_entity", ID: fmt.Sprint("u", i), Revision: 1}, Value: u})
	}
	return out
}

func ends(n int64, end soc1.YearEnd) soc1.UserEntity {
	return soc1.UserEntity{Name: string(end), Entities: n, FiscalYearEnd: end}
}

// What periods mean for year-ends, by hand.
func TestCover(t *testing.T) {
	for _, c := range []struct {
		end          soc1.YearEnd
		period       Window
		fiscal       Window
		days, of     int
		prior, gap   int
		bridge       Bridge
		priorTo, any soc1.Date
	}{
		{"12-31", Window{"2025-01-01", "2025-12-31"}, Window{"2025-01-01", "2025-12-31"}, 365, 365, 0, 0, NoBridge, "", ""},
		{"12-31", Window{"2025-10-01", "2026-09-30"}, Window{"2026-01-01", "2026-12-31"}, 273, 365, 0, 3, BridgeLetter, "2025-09-30", ""},
		{"06-30", Window{"2025-01-01", "2025-12-31"}, Window{"2025-07-01", "2026-06-30"}, 184, 365, 0, 6, TooLong, "2024-12-31", ""},
		{"03-31", Window{"2025-01-01", "2025-12-31"}, Window{"2025-04-01", "2026-03-31"}, 275, 365, 0, 3, BridgeLetter, "2024-12-31", ""},
		// A report on a year that ends a month after the fiscal year still serves it.
		{"11-30", Window{"2025-01-01", "2025-12-31"}, Window{"2024-12-01", "2025-11-30"}, 334, 365, 31, 0, NoBridge, "2024-12-31", ""},
		{"10-31", Window{"2025-01-01", "2025-12-31"}, Window{"2025-11-01", "2026-10-31"}, 61, 365, 0, 10, TooLong, "2024-12-31", ""},
		// The last day of February, in a leap year and not.
		{"02-28", Window{"2023-01-01", "2023-12-31"}, Window{"2023-03-01", "2024-02-29"}, 306, 366, 0, 2, BridgeLetter, "", ""},
		{"02-28", Window{"2023-03-01", "2024-02-29"}, Window{"2023-03-01", "2024-02-29"}, 366, 366, 0, 0, NoBridge, "", ""},
		{"02-28", Window{"2024-03-01", "2025-02-28"}, Window{"2024-03-01", "2025-02-28"}, 365, 365, 0, 0, NoBridge, "", ""},
		// A year-end within a month: what is begun counts whole.
		{"01-15", Window{"2025-01-01", "2025-12-31"}, Window{"2025-01-16", "2026-01-15"}, 350, 365, 0, 1, BridgeLetter, "", ""},
	} {
		prior := Window{}
		if c.priorTo != "" {
			prior = Window{c.priorTo.AddMonths(-12).AddDays(1), c.priorTo}
		}
		x := Cover(Groups(customers(ends(1, c.end)), nil, "", ""), c.period, prior)[0]
		if x.From != c.fiscal.From || x.To != c.fiscal.To || x.Days != c.days || x.Of != c.of || x.GapMonths != c.gap || x.Bridge != c.bridge || c.prior > 0 && x.Prior != c.prior {
			t.Errorf("%s, %s to %s: %+v", c.end, c.period.From, c.period.To, x)
		}
	}
}

// Days are counted as by hand for every year-end and many periods, and every day of
// the fiscal year is in the period, in the report before, in the gap or open before.
func TestCoverCountsDays(t *testing.T) {
	for year := 2023; year <= 2025; year++ {
		for month := 1; month <= 12; month++ {
			end := monthEnd(soc1.NewDate(year, month, 1), 0)
			for months := ShortestMonths; months <= LongestMonths; months++ {
				period := Window{soc1.NewDate(year, month, 1).AddMonths(1 - months), end}
				prior := Window{period.From.AddMonths(-12), period.From.AddDays(3)}
				for fy := 1; fy <= 12; fy++ {
					for _, day := range []int{15, 28, 30, 31} {
						y := soc1.YearEnd(fmt.Sprintf("%02d-%02d", fy, day))
						if !y.Valid() {
							continue
						}
						c := Cover([]YearGroup{{End: y, Entities: 1}}, period, prior)[0]
						var in, before, days int
						for d := c.From; d <= c.To; d = d.AddDays(1) {
							days++
							switch {
							case d.Within(period.From, period.To):
								in++
							case d >= prior.From && d < period.From:
								before++
							}
						}
						if c.Of != days || c.Days != in || c.Prior != before || days < 365 || days > 366 || c.To < end.AddMonths(-1) || c.To > end.AddMonths(13) {
							t.Fatalf("%s for %v after %v: %+v, counted %d, %d of %d", y, period, prior, c, in, before, days)
						}
					}
				}
			}
		}
	}
}

// Proposals are possible, complete in their counts, and the best first.
func TestPropose(t *testing.T) {
	list := customers(ends(60, "12-31"), ends(25, "06-30"), ends(10, "09-30"), soc1.UserEntity{Name: "Left", FiscalYearEnd: "12-31", Until: "2024-12-31"},
		soc1.UserEntity{Name: "Other service", FiscalYearEnd: "12-31", Services: []string{"clocks"}})
	q := PeriodQuestion{Entities: list, Services: []string{"payroll"}, On: "2026-02-10", From: "2026-01-01", Fixed: true, Prior: Window{"2025-01-01", "2025-12-31"}}
	got := Propose(q)
	if len(got) != 7 {
		t.Fatalf("%d proposals after a report, expected those of 6 to 12 months", len(got))
	}
	if p := got[0]; p.From != "2026-01-01" || p.Entities != 95 || p.Letters+p.Open > 95 {
		t.Errorf("%+v", p)
	}
	// A year ends where most year-ends are: nobody but the 35 others has a gap.
	for _, p := range got {
		if p.Months == 12 && (p.Open != 35 || p.Letters != 0 || p.Whole != 60) {
			t.Errorf("the calendar year: %+v", p)
		}
		want := new(big.Rat)
		var n int64
		for _, c := range p.Coverage {
			n += c.Entities
			want.Add(want, big.NewRat(int64(c.Days)*c.Entities, int64(c.Of)))
		}
		if want.Quo(want, big.NewRat(n, 1)); want.Cmp(p.Share) != 0 || p.ShareBP() > 10_000 {
			t.Errorf("share %s, expected %s", p.Share, want)
		}
	}
	for i := 1; i < len(got); i++ {
		if a, b := got[i-1], got[i]; a.Without > b.Without || a.Without == b.Without && a.Share.Cmp(b.Share) < 0 {
			t.Errorf("%s to %s stands before %s to %s", a.From, a.To, b.From, b.To)
		}
	}
	// The year-end of most is best: 25 times 6 and 10 times 9 months are without.
	if p := got[0]; p.To != "2026-12-31" || p.Without != 25*6+10*9 {
		t.Errorf("the first is %s to %s with %d months without: %v", p.From, p.To, p.Without, p.Reasons)
	}
	// Needed in January, it ends in the autumn, with a letter for December.
	q.Deadline = "2026-12-31"
	if p := Propose(q)[0]; p.To != "2026-10-31" || p.Late || p.Letters != 60 || p.Open != 25 {
		t.Errorf("needed by the year's end: %+v", p)
	}
	q.Deadline = ""
	// Who has no report yet does not wait most of a year for a rounder period.
	first := Propose(PeriodQuestion{Entities: customers(ends(1, "12-31")), On: "2026-02-10", From: "2025-02-01"})
	if p := first[0]; p.From != "2025-02-01" || p.To != "2026-01-31" || p.Whole != 0 || p.ShareBP() != 9150 {
		t.Errorf("the first report after a year of operation: %s to %s, %+v", p.From, p.To, p.Coverage)
	}
	// A first report begins no sooner than controls operated; late ones come last.
	q = PeriodQuestion{Entities: customers(ends(1, "12-31")), On: "2026-02-10", From: "2025-05-01", Deadline: "2026-06-30", Months: 9}
	late := false
	for _, p := range Propose(q) {
		if p.From < q.From || p.Months != 9 || p.To != monthEnd(p.To, 0) || late && !p.Late {
			t.Errorf("%+v", p)
		}
		late = late || p.Late
		if p.Late != (p.ReportBy > "2026-06-30") {
			t.Errorf("%s is late: %v", p.ReportBy, p.Late)
		}
	}
	if !late {
		t.Error("no proposal is late, though some end in December")
	}
	if len(Propose(PeriodQuestion{On: "2026-02-10", From: "2025-05-01"})) > 0 {
		t.Error("periods are proposed for nobody")
	}
	reasons := strings.Join(got[0].Reasons, " ")
	for _, s := range []string{"For 35 user entities, up to 9 months lie", "no day is without one", "every day for 60 of 95"} {
		if !strings.Contains(reasons, s) {
			t.Errorf("the reasons do not say %q: %s", s, reasons)
		}
	}
}
