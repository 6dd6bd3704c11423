package overview_test

import (
	"fmt"
	"testing"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// sixDays is a week from Monday to Saturday with a holiday on a leap day.
func sixDays() soc1.BusinessCalendar {
	return soc1.BusinessCalendar{Name: "Six days", Weekdays: []soc1.Weekday{soc1.Monday, soc1.Tuesday, soc1.Wednesday, soc1.Thursday, soc1.Friday, soc1.Saturday}, Holidays: []soc1.Date{"2024-02-29"}}
}

// TestBusinessDays counts days of two calendars over weekends, holidays and years.
func TestBusinessDays(t *testing.T) {
	week, six := overview.Weekly([]soc1.Date{"2025-01-01"}), overview.BusinessOf(sixDays())
	for _, c := range []struct {
		b     *overview.Business
		from  soc1.Date
		n     int
		after soc1.Date
	}{
		{week, "2024-12-31", 1, "2025-01-02"}, {week, "2025-01-31", 0, "2025-01-31"}, {week, "2025-01-31", 1, "2025-02-03"}, {week, "2025-01-31", 5, "2025-02-07"}, {week, "2025-02-28", 10, "2025-03-14"},
		{six, "2024-02-28", 1, "2024-03-01"}, {six, "2024-03-01", 1, "2024-03-02"}, {six, "2024-03-02", 1, "2024-03-04"},
	} {
		got := c.b.After(c.from, c.n)
		if got != c.after {
			t.Errorf("%d business days after %s is %s, want %s", c.n, c.from, got, c.after)
		}
		if back := c.b.Between(c.from, got); back != c.n {
			t.Errorf("between %s and %s lie %d, want %d", c.from, got, back, c.n)
		}
	}
	// A calendar that is all holidays ends the search.
	never := soc1.BusinessCalendar{Name: "Never", Weekdays: []soc1.Weekday{soc1.Monday}}
	for d := soc1.Date("2025-01-06"); d < "2028-01-01"; d = d.AddDays(7) {
		never.Holidays = append(never.Holidays, d)
	}
	if got := overview.BusinessOf(never).After("2025-01-01", 1); !got.Valid() || got < "2027-01-01" {
		t.Errorf("never: %s", got)
	}
}

// TestDueByBusinessDays is evidence that is due some business days after its period,
// by the calendars of controls, of locations and of the organization.
func TestDueByBusinessDays(t *testing.T) {
	type items = []record.Typed[soc1.Evidence]
	version := func(rev int64, from, until soc1.Date, k soc1.Control) record.Version {
		x := rec("control", "a", k)
		x.Revision = rev
		return record.Version{Record: x.Record, From: from, Until: until}
	}
	calendars := func(r *overview.Records) {
		r.Calendars = []record.Typed[soc1.BusinessCalendar]{rec("business_calendar", "six", sixDays())}
		r.Locations = []record.Typed[soc1.Location]{rec("location", "porto", soc1.Location{Name: "Porto", Calendar: "six"}), rec("location", "here", soc1.Location{Name: "Here"})}
	}
	for name, c := range map[string]struct {
		frequency soc1.Frequency
		evidence  items
		today     soc1.Date
		edit      func(*overview.Records)
		states    string
		wanted    string
	}{
		"on the fifth business day, in time":  {soc1.Monthly, nil, "2025-02-07", func(r *overview.Records) { r.Controls[0].Value.DueBusinessDays = 5 }, "nnnnnnnnnnnn", "not_yet_due 2025-01-01 to 2025-01-31 due 2025-02-07"},
		"the day after, late":                 {soc1.Monthly, nil, "2025-02-08", func(r *overview.Records) { r.Controls[0].Value.DueBusinessDays = 5 }, "lnnnnnnnnnnn", "late 2025-01-01 to 2025-01-31 due 2025-02-07"},
		"the year is over, December is not":   {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-11-30", "")}, "2026-01-03", func(r *overview.Records) { r.Controls[0].Value.DueBusinessDays = 5 }, "pppppppppppn", "not_yet_due 2025-12-01 to 2025-12-31 due 2026-01-07"},
		"and then it is missing":              {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-11-30", "")}, "2026-01-08", func(r *overview.Records) { r.Controls[0].Value.DueBusinessDays = 5 }, "pppppppppppm", "missing 2025-12-01 to 2025-12-31 due 2026-01-07"},
		"evidence outside the period":         {soc1.Monthly, items{evidence("e", "2024-12-01", "2024-12-31", "")}, "2025-02-01", nil, "lnnnnnnnnnnn", "late 2025-01-01 to 2025-01-31 due 2025-02-01"},
		"Saturdays of the control's calendar": {soc1.Daily, items{evidence("e", "2025-03-03", "2025-03-07", "")}, "2025-03-09", func(r *overview.Records) { calendars(r); r.Controls[0].Value.Calendar = "six"; week(r) }, "pppppl", "late 2025-03-08 due 2025-03-09"},
		"of its location":                     {soc1.Daily, items{evidence("e", "2025-03-03", "2025-03-07", "")}, "2025-03-09", func(r *overview.Records) { calendars(r); r.Controls[0].Value.Locations = []string{"porto"}; week(r) }, "pppppl", "late 2025-03-08 due 2025-03-09"},
		"of two that differ, the organization's": {soc1.Daily, items{evidence("e", "2025-03-03", "2025-03-07", "")}, "2025-03-09", func(r *overview.Records) {
			calendars(r)
			r.Controls[0].Value.Locations = []string{"porto", "here"}
			week(r)
		}, "ppppp", "present"},
		"a calendar that there is not": {soc1.Daily, items{evidence("e", "2025-03-03", "2025-03-07", "")}, "2025-03-09", func(r *overview.Records) { r.Controls[0].Value.Calendar = "none"; week(r) }, "ppppp", "present"},
		"five business days from mid-May on": {soc1.Monthly, nil, "2025-06-05", func(r *overview.Records) {
			k := r.Controls[0].Value
			late := k
			late.DueBusinessDays = 5
			r.Controls[0].Value, r.Controls[0].Revision = late, 2
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-05-14", k), version(2, "2025-05-15", "", late)}
		}, "llllnnnnnnnn", "late 2025-01-01 to 2025-01-31 due 2025-02-01"},
		"the last monthly one and the first quarter end in two versions": {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "")}, "2025-03-01", func(r *overview.Records) {
			k := r.Controls[0].Value
			quarterly := k
			quarterly.Frequency = soc1.Quarterly
			r.Controls[0].Value, r.Controls[0].Revision = quarterly, 2
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-01-31", k), version(2, "2025-02-01", "", quarterly)}
		}, "ppnnn", "not_yet_due 2025-04-01 to 2025-06-30 due 2025-07-01"},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(control("a", c.frequency, nil))
			r.Evidence = c.evidence
			if c.edit != nil {
				c.edit(r)
			}
			d, err := r.Due(overview.Question{Engagement: "e", Today: c.today})
			if err != nil {
				t.Fatal(err)
			}
			if got := states(d.Expectations("a")); got != c.states {
				t.Errorf("states %s, want %s", got, c.states)
			}
			w := d.Lines[0].Wanted
			got := string(w.State)
			if w.Wants() {
				got += fmt.Sprintf(" %s due %s", w.For, w.Due)
			}
			if got != c.wanted {
				t.Errorf("wanted %q, want %q", got, c.wanted)
			}
		})
	}
}

// week asks about one week in March.
func week(r *overview.Records) {
	r.Engagements[0].Value.PeriodStart, r.Engagements[0].Value.PeriodEnd = "2025-03-03", "2025-03-09"
}
