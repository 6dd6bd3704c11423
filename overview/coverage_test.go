package overview_test

import (
	"fmt"
	"testing"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// TestOccurrences counts the calendar, leap days, week and year ends included.
func TestOccurrences(t *testing.T) {
	for _, c := range []struct {
		f           soc1.Frequency
		from, to    soc1.Date
		n           int
		first, last string
	}{
		{soc1.Annual, "2025-01-01", "2025-12-31", 1, "2025-01-01 to 2025-12-31", "2025-01-01 to 2025-12-31"},
		{soc1.Annual, "2025-01-01", "2025-12-30", 0, "", ""},
		{soc1.Annual, "2024-10-01", "2025-09-30", 1, "2024-01-01 to 2024-12-31", ""},
		{soc1.SemiAnnual, "2024-07-01", "2025-06-30", 2, "2024-07-01 to 2024-12-31", "2025-01-01 to 2025-06-30"},
		{soc1.Quarterly, "2025-01-01", "2025-12-31", 4, "2025-01-01 to 2025-03-31", "2025-10-01 to 2025-12-31"},
		{soc1.Monthly, "2024-02-15", "2024-02-29", 1, "2024-02-01 to 2024-02-29", ""},
		{soc1.Monthly, "2024-02-15", "2024-02-28", 0, "", ""},
		{soc1.Monthly, "2025-02-01", "2025-02-28", 1, "2025-02-01 to 2025-02-28", ""},
		{soc1.Monthly, "2025-01-01", "2025-12-31", 12, "2025-01-01 to 2025-01-31", "2025-12-01 to 2025-12-31"},
		{soc1.Weekly, "2025-01-01", "2025-12-31", 52, "2024-12-30 to 2025-01-05", "2025-12-22 to 2025-12-28"},
		{soc1.Weekly, "2024-02-26", "2024-03-03", 1, "2024-02-26 to 2024-03-03", ""},
		// 2024 has 262 weekdays, the leap day a Thursday; two holidays.
		{soc1.Daily, "2024-01-01", "2024-12-31", 260, "2024-01-02", "2024-12-31"},
		{soc1.Daily, "2024-02-29", "2024-02-29", 1, "2024-02-29", "2024-02-29"},
		{soc1.Daily, "2024-03-02", "2024-03-03", 0, "", ""},
		{soc1.Monthly, "2025-02-01", "2025-01-01", 0, "", ""},
		{soc1.Annual, "9999-01-01", "9999-12-31", 1, "9999-01-01 to 9999-12-31", ""},
	} {
		list, ok := overview.Occurrences(c.f, c.from, c.to, []soc1.Date{"2024-01-01", "2024-12-25"})
		if !ok || len(list) != c.n {
			t.Errorf("%s from %s to %s: %d, %v; want %d", c.f, c.from, c.to, len(list), ok, c.n)
			continue
		}
		if c.first != "" && list[0].String() != c.first || c.last != "" && list[len(list)-1].String() != c.last {
			t.Errorf("%s from %s to %s: %s … %s, want %s … %s", c.f, c.from, c.to, list[0], list[len(list)-1], c.first, c.last)
		}
	}
	for _, f := range []soc1.Frequency{soc1.AsNeeded, soc1.MultiplePerDay, soc1.AutomatedContinuous, ""} {
		if list, ok := overview.Occurrences(f, "2025-01-01", "2025-12-31", nil); ok || list != nil {
			t.Errorf("%q predicts %d", f, len(list))
		}
	}
}

func evidence(id string, from, to, asOf soc1.Date, controls ...string) record.Typed[soc1.Evidence] {
	if len(controls) == 0 {
		controls = []string{"a"}
	}
	return rec("evidence", id, soc1.Evidence{Title: id, Controls: controls, PeriodFrom: from, PeriodTo: to, AsOf: asOf})
}

// TestCoverage counts occurrences that evidence covers.
func TestCoverage(t *testing.T) {
	type items = []record.Typed[soc1.Evidence]
	version := func(rev int64, from, until soc1.Date, f soc1.Frequency, retired bool) record.Version {
		k := control("a", f, nil)
		k.Revision, k.Retired = rev, retired
		return record.Version{Record: k.Record, From: from, Until: until}
	}
	for name, c := range map[string]struct {
		frequency         soc1.Frequency
		evidence          items
		today             soc1.Date
		edit              func(*overview.Records)
		expected, covered int
		oldest, next      string
		items, undated    int
	}{
		"nothing yet":                   {soc1.Monthly, nil, "2025-01-31", nil, 0, 0, "", "2025-01-01 to 2025-01-31", 0, 0},
		"due on the day after":          {soc1.Monthly, nil, "2025-02-01", nil, 1, 0, "2025-01-01 to 2025-01-31", "2025-02-01 to 2025-02-28", 0, 0},
		"the exact month":               {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "")}, "2025-03-01", nil, 2, 1, "2025-02-01 to 2025-02-28", "2025-03-01 to 2025-03-31", 1, 0},
		"within the month":              {soc1.Monthly, items{evidence("e", "2025-01-06", "2025-01-28", "")}, "2025-03-01", nil, 2, 1, "2025-02-01 to 2025-02-28", "2025-03-01 to 2025-03-31", 1, 0},
		"on one day of the month":       {soc1.Monthly, items{evidence("e", "", "", "2025-02-28")}, "2025-03-01", nil, 2, 1, "2025-01-01 to 2025-01-31", "2025-03-01 to 2025-03-31", 1, 0},
		"across two months covers none": {soc1.Monthly, items{evidence("e", "2025-01-15", "2025-02-14", "")}, "2025-03-01", nil, 2, 0, "2025-01-01 to 2025-01-31", "2025-03-01 to 2025-03-31", 1, 0},
		"a year covers all months":      {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-12-31", "")}, "2026-01-01", nil, 12, 12, "", "", 1, 0},
		"a period and a day":            {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "2025-02-03")}, "2025-03-01", nil, 2, 2, "", "2025-03-01 to 2025-03-31", 1, 0},
		"twice counts once":             {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", ""), evidence("f", "2025-01-01", "2025-01-31", "")}, "2025-02-01", nil, 1, 1, "", "2025-02-01 to 2025-02-28", 2, 0},
		"listed twice counts once":      {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "", "a", "a")}, "2025-02-01", nil, 1, 1, "", "2025-02-01 to 2025-02-28", 1, 0},
		"undated":                       {soc1.Monthly, items{evidence("e", "", "", "")}, "2025-02-01", nil, 1, 0, "2025-01-01 to 2025-01-31", "2025-02-01 to 2025-02-28", 0, 1},
		"of another year":               {soc1.Monthly, items{evidence("e", "2024-01-01", "2024-12-31", "")}, "2025-02-01", nil, 1, 0, "2025-01-01 to 2025-01-31", "2025-02-01 to 2025-02-28", 0, 0},
		"of another control":            {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "", "z")}, "2025-02-01", nil, 1, 0, "2025-01-01 to 2025-01-31", "2025-02-01 to 2025-02-28", 0, 0},
		"collected ahead":               {soc1.Quarterly, items{evidence("e", "", "", "2025-02-10")}, "2025-02-11", nil, 0, 0, "", "2025-04-01 to 2025-06-30", 1, 0},
		"Friday's over the weekend":     {soc1.Daily, items{evidence("e", "2025-01-03", "2025-01-05", "")}, "2025-01-06", nil, 2, 1, "2025-01-02", "2025-01-06", 1, 0},
		"a holiday is no business day":  {soc1.Daily, items{evidence("e", "", "", "2025-01-01")}, "2025-01-02", nil, 0, 0, "", "2025-01-02", 1, 0},
		"per event: items only":         {soc1.AsNeeded, items{evidence("e", "", "", "2025-01-15"), evidence("later", "", "", "2025-06-15")}, "2025-02-01", nil, 0, 0, "", "", 1, 0},
		"after the period":              {soc1.Quarterly, nil, "2027-01-01", nil, 4, 0, "2025-01-01 to 2025-03-31", "", 0, 0},
		"ended before": {soc1.Monthly, nil, "2025-12-31", func(r *overview.Records) { r.Controls[0].Value.InOperationTo = "2025-03-30" }, 2, 0,
			"2025-01-01 to 2025-01-31", "", 0, 0},
		"begun within": {soc1.Monthly, nil, "2025-12-31", func(r *overview.Records) { r.Controls[0].Value.InOperationFrom = "2025-10-31" }, 2, 0,
			"2025-10-01 to 2025-10-31", "2025-12-01 to 2025-12-31", 0, 0},
		// Months that ended by 14 May, then quarters that ended after it.
		"frequency changed": {soc1.Quarterly, items{evidence("e", "2025-04-01", "2025-06-30", "")}, "2026-01-01", func(r *overview.Records) {
			r.Controls[0].Revision = 2
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-05-14", soc1.Monthly, false), version(2, "2025-05-15", "", soc1.Quarterly, false)}
		}, 7, 2, "2025-01-01 to 2025-01-31", "", 1, 0},
		"frequency became as needed": {soc1.AsNeeded, nil, "2026-01-01", func(r *overview.Records) {
			r.Controls[0].Revision = 2
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-02-28", soc1.Monthly, false), version(2, "2025-03-01", "", soc1.AsNeeded, false)}
		}, 2, 0, "2025-01-01 to 2025-01-31", "", 0, 0},
		"retired for a while": {soc1.Monthly, nil, "2026-01-01", func(r *overview.Records) {
			r.Controls[0].Revision = 3
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-02-28", soc1.Monthly, false), version(2, "2025-03-01", "2025-10-31", soc1.Monthly, true), version(3, "2025-11-01", "", soc1.Monthly, false)}
		}, 4, 0, "2025-01-01 to 2025-01-31", "", 0, 0},
		"the auditor's evidence": {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-01-31", "")}, "2025-02-01", func(r *overview.Records) { r.Evidence[0].Ledger = "exam-e" }, 1, 0,
			"2025-01-01 to 2025-01-31", "2025-02-01 to 2025-02-28", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(control("a", c.frequency, nil))
			r.Organization = []record.Typed[soc1.Organization]{rec("organization", "o", soc1.Organization{Holidays: []soc1.Date{"2025-01-01"}})}
			r.Evidence = c.evidence
			if c.edit != nil {
				c.edit(r)
			}
			o := make_(t, r, "e", string(c.today))
			got := o.Controls[0].Evidence
			oldest, next := "", ""
			if got.Oldest.To != "" {
				oldest = got.Oldest.String()
			}
			if got.Next.To != "" {
				next = got.Next.String()
			}
			if got.Expected != c.expected || got.Covered != c.covered || oldest != c.oldest || next != c.next || got.Items != c.items || len(o.EvidenceOf("a")) != c.items || got.Undated != c.undated {
				t.Errorf("%d of %d, oldest %q, next %q, %d items, %d undated; want %d of %d, oldest %q, next %q, %d, %d",
					got.Covered, got.Expected, oldest, next, got.Items, got.Undated, c.covered, c.expected, c.oldest, c.next, c.items, c.undated)
			}
			// The details say the same as the numbers.
			due, covered := 0, 0
			for _, x := range o.Expectations("a") {
				if x.Due {
					due++
					if len(x.Evidence) > 0 {
						covered++
					}
				}
			}
			if due != got.Expected || covered != got.Covered {
				t.Errorf("the expectations say %d of %d", covered, due)
			}
		})
	}
}

// TestMonths counts by month what coverage counts in all.
func TestMonths(t *testing.T) {
	r := small(control("a", soc1.Monthly, nil), control("b", soc1.Daily, nil), control("c", soc1.Quarterly, nil), control("d", soc1.AsNeeded, nil))
	r.Evidence = []record.Typed[soc1.Evidence]{evidence("e1", "2025-01-01", "2025-01-31", "", "a", "b"), evidence("e2", "2025-02-03", "2025-02-07", "", "b"), evidence("e3", "2025-01-01", "2025-03-31", "", "c")}
	o := make_(t, r, "e", "2025-04-15")
	months, of := o.Months(), o.MonthsOf()
	if len(months) != 12 || months[0] != "2025-01-01" || months[11] != "2025-12-01" || len(of) != len(o.Controls) {
		t.Fatalf("%v, %d controls", months, len(of))
	}
	for at := range o.Controls {
		line := &o.Controls[at]
		var sum overview.Month
		for _, m := range of[at] {
			sum.Expected += m.Expected
			sum.Covered += m.Covered
		}
		if sum.Expected != line.Evidence.Expected || sum.Covered != line.Evidence.Covered || sum.Missing() != line.Evidence.Overdue() {
			t.Errorf("%s: months %+v, coverage %+v", line.ID(), sum, line.Evidence)
		}
	}
	want := map[string]string{"a": "[{1 1 0} {1 0 0} {1 0 0} {0 0 1}]", "b": "[{23 23 0} {20 5 0} {21 0 0} {10 0 12}]", "c": "[{0 0 0} {0 0 0} {1 1 0} {0 0 0}]", "d": "[{0 0 0} {0 0 0} {0 0 0} {0 0 0}]"}
	for at := range o.Controls {
		if got := fmt.Sprint(of[at][:4]); got != want[o.Controls[at].ID()] {
			t.Errorf("%s: %s, want %s", o.Controls[at].ID(), got, want[o.Controls[at].ID()])
		}
	}
}
