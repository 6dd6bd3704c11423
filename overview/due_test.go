package overview_test

import (
	"fmt"
	"strings"
	"testing"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// states are those of a control's occurrences, in order: p present, n not yet
// due, l late, m missing.
func states(list []overview.Expectation) string {
	var b strings.Builder
	for _, x := range list {
		b.WriteByte(x.State[0])
	}
	return b.String()
}

// TestDue is the one definition of evidence that is due, at the edges of the
// calendar and of the period, and as controls change.
func TestDue(t *testing.T) {
	type items = []record.Typed[soc1.Evidence]
	version := func(rev int64, from, until soc1.Date, f soc1.Frequency, retired bool) record.Version {
		k := control("a", f, nil)
		k.Revision, k.Retired = rev, retired
		return record.Version{Record: k.Record, From: from, Until: until}
	}
	year := func(from, to soc1.Date) func(*overview.Records) {
		return func(r *overview.Records) {
			r.Engagements[0].Value.PeriodStart, r.Engagements[0].Value.PeriodEnd = from, to
		}
	}
	for name, c := range map[string]struct {
		frequency soc1.Frequency
		evidence  items
		today     soc1.Date
		edit      func(*overview.Records)
		states    string
		// wanted is what the control lacks next: state, for what, due when.
		wanted string
	}{
		"the last day of a month is not over":    {soc1.Quarterly, nil, "2025-03-31", nil, "nnnn", "not_yet_due 2025-01-01 to 2025-03-31 due 2025-04-01"},
		"the day after, it is due":               {soc1.Quarterly, nil, "2025-04-01", nil, "lnnn", "late 2025-01-01 to 2025-03-31 due 2025-04-01"},
		"filed before it is due":                 {soc1.Quarterly, items{evidence("e", "2025-01-01", "2025-03-31", "")}, "2025-02-01", nil, "pnnn", "not_yet_due 2025-04-01 to 2025-06-30 due 2025-07-01"},
		"the oldest is wanted first":             {soc1.Quarterly, items{evidence("e", "2025-04-01", "2025-06-30", "")}, "2025-10-01", nil, "lpln", "late 2025-01-01 to 2025-03-31 due 2025-04-01"},
		"on the last day of the period, late":    {soc1.Quarterly, nil, "2025-12-31", nil, "llln", "late 2025-01-01 to 2025-03-31 due 2025-04-01"},
		"after the period, missing":              {soc1.Quarterly, items{evidence("e", "2025-01-01", "2025-09-30", "")}, "2026-01-01", nil, "pppm", "missing 2025-10-01 to 2025-12-31 due 2026-01-01"},
		"all there, nothing is wanted":           {soc1.Quarterly, items{evidence("e", "2025-01-01", "2025-12-31", "")}, "2026-01-01", nil, "pppp", "present"},
		"a leap day belongs to its month":        {soc1.Monthly, items{evidence("e", "", "", "2024-02-29")}, "2024-03-01", year("2024-02-01", "2024-03-31"), "pn", "not_yet_due 2024-03-01 to 2024-03-31 due 2024-04-01"},
		"a leap day is a business day":           {soc1.Daily, items{evidence("e", "2024-02-26", "2024-02-28", "")}, "2024-03-01", year("2024-02-26", "2024-03-01"), "pppln", "late 2024-02-29 due 2024-03-01"},
		"28 days do not cover a leap February":   {soc1.Monthly, items{evidence("e", "2024-01-15", "2024-02-28", "")}, "2024-03-01", year("2024-01-01", "2024-03-31"), "lln", "late 2024-01-01 to 2024-01-31 due 2024-02-01"},
		"a month begun before the period counts": {soc1.Monthly, nil, "2025-02-15", year("2025-01-15", "2025-03-30"), "ln", "late 2025-01-01 to 2025-01-31 due 2025-02-01"},
		"and one that ends after it does not":    {soc1.Monthly, items{evidence("e", "2025-01-01", "2025-02-28", "")}, "2025-04-15", year("2025-01-15", "2025-03-30"), "pp", "present"},
		"a week over the turn of the year":       {soc1.Weekly, nil, "2025-01-06", year("2025-01-01", "2025-01-12"), "ln", "late 2024-12-30 to 2025-01-05 due 2025-01-06"},
		"the first of the next month is another": {soc1.Monthly, items{evidence("e", "", "", "2025-02-01")}, "2025-02-02", year("2025-01-01", "2025-02-28"), "lp", "late 2025-01-01 to 2025-01-31 due 2025-02-01"},
		"per event, wanted without a date":       {soc1.AsNeeded, nil, "2025-02-01", nil, "", "not_yet_due 2025-01-01 to 2025-12-31"},
		"per event, one record is enough":        {soc1.AsNeeded, items{evidence("e", "", "", "2025-01-15")}, "2025-02-01", nil, "", "present"},
		"per event, before the period begins":    {soc1.AsNeeded, nil, "2024-12-31", nil, "", "present"},
		"per event, out of operation before":     {soc1.AsNeeded, nil, "2025-02-01", func(r *overview.Records) { r.Controls[0].Value.InOperationTo = "2024-06-30" }, "", "present"},
		"in operation since the summer":          {soc1.Quarterly, nil, "2025-12-01", func(r *overview.Records) { r.Controls[0].Value.InOperationFrom = "2025-07-01" }, "ln", "late 2025-07-01 to 2025-09-30 due 2025-10-01"},
		"out of operation since the summer":      {soc1.Quarterly, nil, "2025-12-01", func(r *overview.Records) { r.Controls[0].Value.InOperationTo = "2025-06-30" }, "ll", "late 2025-01-01 to 2025-03-31 due 2025-04-01"},
		"monthly, and quarterly from mid-May": {soc1.Quarterly, items{evidence("e", "2025-01-01", "2025-04-30", "")}, "2025-10-01", func(r *overview.Records) {
			r.Controls[0].Revision = 2
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-05-14", soc1.Monthly, false), version(2, "2025-05-15", "", soc1.Quarterly, false)}
		}, "pppplln", "late 2025-04-01 to 2025-06-30 due 2025-07-01"},
		"a correction of the past is the past's": {soc1.Monthly, nil, "2025-03-01", func(r *overview.Records) {
			r.Controls[0].Revision = 2
			r.Versions = []record.Version{version(2, "2024-01-01", "", soc1.Monthly, false)}
		}, "llnnnnnnnnnn", "late 2025-01-01 to 2025-01-31 due 2025-02-01"},
		"retired from March to October": {soc1.Monthly, nil, "2026-01-01", func(r *overview.Records) {
			r.Controls[0].Revision = 3
			r.Versions = []record.Version{version(1, "2024-01-01", "2025-02-28", soc1.Monthly, false), version(2, "2025-03-01", "2025-10-31", soc1.Monthly, true), version(3, "2025-11-01", "", soc1.Monthly, false)}
		}, "mmmm", "missing 2025-01-01 to 2025-01-31 due 2025-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			r := small(control("a", c.frequency, nil))
			r.Evidence = c.evidence
			if c.edit != nil {
				c.edit(r)
			}
			q := overview.Question{Engagement: "e", Today: c.today}
			d, err := r.Due(q)
			if err != nil {
				t.Fatal(err)
			}
			l, ok := d.Line("a")
			if !ok || len(d.Lines) != 1 {
				t.Fatalf("%d controls", len(d.Lines))
			}
			list := d.Expectations("a")
			if got := states(list); got != c.states {
				t.Errorf("states %q, want %q: %v", got, c.states, list)
			}
			got := string(l.Wanted.State)
			if l.Wanted.For.To != "" {
				got += " " + l.Wanted.For.String()
			}
			if l.Wanted.Due != "" {
				got += " due " + string(l.Wanted.Due)
			}
			if got != c.wanted {
				t.Errorf("wanted: %s; want %s", got, c.wanted)
			}
			// The overview, which the pages read, says the same.
			o, err := r.Make(q)
			if err != nil {
				t.Fatal(err)
			}
			if o.Controls[0].Evidence != l.Coverage || o.Controls[0].Wanted != l.Wanted || fmt.Sprint(o.Expectations("a")) != fmt.Sprint(list) {
				t.Errorf("the overview says %+v, %+v", o.Controls[0].Evidence, o.Controls[0].Wanted)
			}
			owed := 0
			for _, x := range list {
				if x.State.Owed() {
					owed++
				}
			}
			if owed != l.Coverage.Overdue() {
				t.Errorf("%d occurrences are owed, %d overdue", owed, l.Coverage.Overdue())
			}
		})
	}
	// A control that is retired is in no list of records, and wants nothing.
	r := small(control("b", soc1.Monthly, nil))
	r.Versions = []record.Version{version(1, "2024-01-01", "2025-06-30", soc1.Monthly, false)}
	if d, err := r.Due(overview.Question{Engagement: "e", Today: "2025-12-01"}); err != nil || len(d.Lines) != 1 || d.Expectations("a") != nil {
		t.Errorf("a retired control: %v, %v", d, err)
	}
	for _, q := range []overview.Question{{Engagement: "none", Today: "2025-01-01"}, {Engagement: "e", Today: "2025-02-29"}} {
		if _, err := r.Due(q); err == nil {
			t.Errorf("%+v is answered", q)
		}
	}
}

// TestAsked asks from a week ahead.
func TestAsked(t *testing.T) {
	for _, c := range []struct {
		w    overview.Wanted
		want bool
	}{
		{overview.Wanted{State: overview.Late, Due: "2025-01-01"}, true},
		{overview.Wanted{State: overview.NotYetDue, Due: "2025-03-08"}, true},
		{overview.Wanted{State: overview.NotYetDue, Due: "2025-03-09"}, false},
		{overview.Wanted{State: overview.NotYetDue}, true},
		{overview.Wanted{State: overview.Present}, false},
	} {
		if got := c.w.Asked("2025-03-01"); got != c.want {
			t.Errorf("%+v: asked %v", c.w, got)
		}
	}
}

// TestAsk chooses the engagement when nobody names one.
func TestAsk(t *testing.T) {
	type2 := func(id string, from, to soc1.Date) record.Typed[soc1.Engagement] {
		return rec("engagement", id, soc1.Engagement{Type: soc1.Type2, PeriodStart: from, PeriodEnd: to})
	}
	a, b, c := type2("a", "2024-01-01", "2024-12-31"), type2("b", "2025-01-01", "2025-12-31"), type2("c", "2026-01-01", "2026-12-31")
	for _, x := range []struct {
		list  []record.Typed[soc1.Engagement]
		today soc1.Date
		want  string
	}{
		{[]record.Typed[soc1.Engagement]{a, b, c}, "2025-06-01", "b"},
		{[]record.Typed[soc1.Engagement]{c, b, a}, "2025-06-01", "b"},
		{[]record.Typed[soc1.Engagement]{b, c, a}, "2027-06-01", "c"},
		{[]record.Typed[soc1.Engagement]{c, b}, "2024-06-01", "b"},
		{[]record.Typed[soc1.Engagement]{b, c}, "2024-06-01", "b"},
		{nil, "2025-06-01", ""},
	} {
		q := overview.Ask(x.list, x.today)
		if q.Engagement != x.want || q.Today != x.today || (x.want == "") != (q.From == "2025-01-01" && q.To == "2025-12-31") {
			t.Errorf("on %s: %+v, want %q", x.today, q, x.want)
		}
	}
}
