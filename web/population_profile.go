package web

import (
	"fmt"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/population"
	"reperform/soc1"
	"reperform/web/chart"
)

// populationProfile is what a population looks like, in pictures and in words.
type populationProfile struct {
	// Sums are what is to be known of it as a whole.
	Sums    []populationSum
	Columns []profileColumn
}

// populationSum is one fact of the whole, Bad where somebody should look.
type populationSum struct {
	Text string
	Bad  bool
}

// profileColumn is one column of a profile.
type profileColumn struct {
	Name, Type string
	Words      []string
	// Odd are the words that somebody should look at.
	Odd []string
	// Days, Months and Spread are drawings; empty where they do not apply.
	Days, Months, Spread chart.HTML
	Top                  []topValue
	Far                  []population.FarValue
}

type topValue struct {
	Value, Rows string
	Meter       chart.HTML
}

// mostDays is up to how many days are drawn one by one.
const mostDays = 800

// profileOf makes the pictures.
func (r *request) profileOf(p *soc1.Population, x *population.Profile) *populationProfile {
	out := &populationProfile{}
	say := func(bad bool, format string, args ...any) {
		out.Sums = append(out.Sums, populationSum{fmt.Sprintf(format, args...), bad})
	}
	if x.Repeated > 0 {
		say(true, "%s the key of another row.", counted(int(x.Repeated), "row has", "rows have"))
	} else if p.KeyUnique {
		say(false, "No two rows have the same key.")
	}
	if x.Same > 0 {
		say(true, "%s the same as another in all columns.", counted(int(x.Same), "row is", "rows are"))
	}
	blanks := 0
	for _, c := range x.Columns {
		if c.Nulls+c.Blank > 0 {
			blanks++
		}
	}
	if blanks == 0 {
		say(false, "No column has a blank.")
	} else {
		say(false, "%s blanks.", counted(blanks, "column has", "columns have"))
	}
	calendar := overview.Weekly(nil)
	if v, err := r.latest(app.OrganizationLedger); err == nil {
		if all, err := r.calendars(v); err == nil {
			calendar = all.Of(&soc1.Control{})
		}
	}
	for i, c := range x.Columns {
		out.Columns = append(out.Columns, columnProfile(p, calendar, i, c, x.Rows))
	}
	return out
}

// counted is a number with what it does.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func columnProfile(p *soc1.Population, calendar *overview.Business, i int, c population.ColumnProfile, rows int64) profileColumn {
	out := profileColumn{Name: c.Name, Type: typeName(c.Type.String())}
	word := func(format string, args ...any) { out.Words = append(out.Words, fmt.Sprintf(format, args...)) }
	odd := func(format string, args ...any) { out.Odd = append(out.Odd, fmt.Sprintf(format, args...)) }
	word("%s", count(int(c.Distinct), "different value"))
	if c.Nulls > 0 {
		odd("%s without a value", count(int(c.Nulls), "row"))
	}
	if c.Blank > 0 {
		odd("%s with nothing but spaces", count(int(c.Blank), "row"))
	}
	if c.Min != "" && c.Type.Kind != "text" {
		word("from %s to %s", shortTime(c.Min), shortTime(c.Max))
	}
	if c.Total != "" {
		word("total %s", c.Total)
	}
	id := fmt.Sprintf("profile-%d", i)
	if len(c.Days) > 0 || len(c.Months) > 0 {
		out.times(p, calendar, id, c)
	}
	if s := c.Spread; s != nil {
		word("median %s, half between %s and %s", s.Median, s.Q1, s.Q3)
		if s.Outliers > 0 {
			odd("%s far outside of the rest: %s", counted(int(s.Outliers), "row lies", "rows lie"), "more than three times the distance of the quartiles beyond them")
			out.Far = s.Far
		}
		if len(s.Bins) > 0 && c.Distinct > 1 {
			d := chart.Columns{ID: id + "-spread", Title: "Rows by " + c.Name, Head: "Step", Width: 520, Height: 130, Words: fmt.Sprintf("%d equal steps from %s to %s; the fullest holds %s.", len(s.Bins), s.Low, s.High, count(int(maxOf(s.Bins)), "row"))}
			for j, n := range s.Bins {
				b := chart.Column{Label: fmt.Sprintf("step %d of %d", j+1, len(s.Bins)), Value: n, Tone: chart.Info}
				if j == 0 {
					b.Label, b.Tick = s.Low, true
				}
				if j == len(s.Bins)-3 {
					b.Label, b.Tick = s.High, true
				}
				d.Bars = append(d.Bars, b)
			}
			out.Spread = d.SVG()
		}
	}
	few := c.Distinct <= 40 || len(c.Top) > 0 && c.Top[0].Rows*20 >= rows
	if out.Days == "" && out.Months == "" && out.Spread == "" && few && c.Distinct > 0 {
		for _, t := range c.Top {
			shown := t.Value
			if strings.TrimSpace(shown) == "" {
				shown = "(spaces)"
			}
			out.Top = append(out.Top, topValue{clipped(shown, 60), thousands(int(t.Rows)), chart.Meter{N: int(t.Rows), Of: int(max(rows, 1)), Tone: chart.Info, Width: 120}.SVG()})
		}
	}
	return out
}

func maxOf(list []int64) (most int64) {
	for _, n := range list {
		most = max(most, n)
	}
	return most
}

// times draws a column of dates: day by day against the business calendar, where there
// are not too many, and by month.
func (out *profileColumn) times(p *soc1.Population, calendar *overview.Business, id string, c population.ColumnProfile) {
	months := chart.Columns{ID: id + "-months", Title: c.Name + " by month", Head: "Month", Height: 130}
	for _, m := range c.Months {
		months.Bars = append(months.Bars, chart.Column{Label: m.Value, Value: m.Rows, Tone: chart.Info})
	}
	if len(c.Months) > 1 {
		out.Months = months.Figure()
	}
	if len(c.Days) == 0 {
		return
	}
	from, to := soc1.Date(c.Days[0].Value), soc1.Date(c.Days[len(c.Days)-1].Value)
	if p.PeriodFrom.Valid() && p.PeriodTo.Valid() {
		if n := outside(c.Days, p.PeriodFrom, p.PeriodTo); n > 0 {
			out.Odd = append(out.Odd, counted(int(n), "row lies", "rows lie")+" outside of the period")
		}
		from, to = min(from, p.PeriodFrom), max(to, p.PeriodTo)
	}
	if !from.Valid() || !to.Valid() || from.DaysUntil(to) > mostDays {
		return
	}
	at := map[string]int64{}
	for _, d := range c.Days {
		at[d.Value] = d.Rows
	}
	days := chart.Columns{ID: id + "-days", Title: c.Name + " by day"}
	gaps, off := 0, int64(0)
	var first soc1.Date
	for d := from; d <= to; d = d.AddDays(1) {
		n := at[string(d)]
		b := chart.Column{Label: string(d), Value: n, Tone: chart.Info}
		switch business := calendar.Is(d); {
		case !business && n > 0:
			b.Tone, off = chart.Warn, off+n
		case business && n == 0 && (p.PeriodTo == "" || d >= p.PeriodFrom && d <= p.PeriodTo):
			b.Gap = true
			if gaps++; first == "" {
				first = d
			}
		}
		if strings.HasSuffix(string(d), "-01") || d == from {
			b.Label, b.Tick = dayTick(d), true
		}
		days.Bars = append(days.Bars, b)
	}
	days.Words = fmt.Sprintf("%s from %s to %s; %s without a row, %s on days that are no business days.", count(len(days.Bars), "day"), dateText(string(from)), dateText(string(to)), count(gaps, "business day"), count(int(off), "row"))
	if gaps > 0 {
		out.Odd = append(out.Odd, fmt.Sprintf("%s without a row, the first on %s", count(gaps, "business day"), dateText(string(first))))
	}
	if off > 0 {
		out.Words = append(out.Words, count(int(off), "row")+" on days that are no business days")
	}
	out.Days = days.SVG()
}

// dayTick names the month that begins.
func dayTick(d soc1.Date) string { return monthShort(d) }

func outside(days []population.ValueCount, from, to soc1.Date) (n int64) {
	for _, d := range days {
		if soc1.Date(d.Value) < from || soc1.Date(d.Value) > to {
			n += d.Rows
		}
	}
	return n
}
