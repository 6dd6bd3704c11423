package calendar_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"reperform/calendar"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

func rec[T any](kind, id string, v T) record.Typed[T] {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return record.Typed[T]{Record: record.Record{Ledger: "org", Kind: kind, ID: id, Revision: 1, Body: b}, Value: v}
}

// year is a program of 2025 with a monthly control that is performed, a daily one and
// an automated weekly one.
func year(today soc1.Date, edit func(*overview.Records)) *overview.Overview {
	r := &overview.Records{By: soc1.ByManagement, Ledger: "org",
		Organization: []record.Typed[soc1.Organization]{rec("organization", "o", soc1.Organization{Name: "Alder", Timezone: "UTC", Holidays: []soc1.Date{"2025-01-01"}})},
		Engagements:  []record.Typed[soc1.Engagement]{rec("engagement", "e", soc1.Engagement{Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31"})},
		Objectives:   []record.Typed[soc1.ControlObjective]{rec("control_objective", "co", soc1.ControlObjective{Code: "CO"})},
		Controls: []record.Typed[soc1.Control]{
			rec("control", "a", soc1.Control{Code: "A", Text: "A.", Nature: soc1.Manual, Frequency: soc1.Monthly, Objectives: []string{"co"}, Owner: "ann", PerformedHere: true, DueBusinessDays: 5}),
			rec("control", "b", soc1.Control{Code: "B", Text: "B.", Nature: soc1.Manual, Frequency: soc1.Daily, Objectives: []string{"co"}, InOperationFrom: "2025-02-10"}),
			rec("control", "c", soc1.Control{Code: "C", Text: "C.", Nature: soc1.Automated, Frequency: soc1.Weekly, Objectives: []string{"co"}}),
		}}
	edit(r)
	o, err := r.Make(overview.Question{Engagement: "e", Today: today})
	if err != nil {
		panic(err)
	}
	return o
}

func evidence(id string, from, to soc1.Date, controls ...string) record.Typed[soc1.Evidence] {
	return rec("evidence", id, soc1.Evidence{Title: id, Controls: controls, PeriodFrom: from, PeriodTo: to})
}

func performed(to soc1.Date, on, reviewed soc1.Date, outcome soc1.PerformanceOutcome, status soc1.PerformanceStatus) record.Typed[soc1.Performance] {
	from := soc1.NewDate(to.Year(), to.Month(), 1)
	due := overview.Weekly([]soc1.Date{"2025-01-01"}).After(to, 5)
	return rec("performance", "a-"+string(to), soc1.Performance{Control: "a", From: from, To: to, DueOn: due, Performer: "ann", PerformedOn: on, Outcome: outcome, Status: status, Reviewer: "bob", ReviewedOn: reviewed})
}

// TestColumns divides periods at leap days, turns of the year and in mid-month.
func TestColumns(t *testing.T) {
	for _, c := range []struct {
		z        calendar.Zoom
		from, to soc1.Date
		want     string
	}{
		{calendar.Months, "2024-01-31", "2024-03-01", "2024-01 2024-01-31; 2024-02 2024-02-01 to 2024-02-29; 2024-03 2024-03-01"},
		{calendar.Quarters, "2024-11-15", "2025-04-01", "Q4 2024 2024-11-15 to 2024-12-31; Q1 2025 2025-01-01 to 2025-03-31; Q2 2025 2025-04-01"},
		{calendar.Weeks, "2024-12-28", "2025-01-06", "W52 2024-12-28 to 2024-12-29; W01 2024-12-30 to 2025-01-05; W02 2025-01-06"},
		{calendar.Weeks, "2026-12-28", "2027-01-05", "W53 2026-12-28 to 2027-01-03; W01 2027-01-04 to 2027-01-05"},
		{calendar.Months, "2025-02-01", "2025-01-01", ""},
	} {
		var got []string
		for _, x := range calendar.Columns(c.z, c.from, c.to) {
			got = append(got, x.Label+" "+x.Occurrence.String())
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s from %s to %s: %s\nwant %s", c.z, c.from, c.to, s, c.want)
		}
	}
}

func cells(list []calendar.Cell) string {
	var out []string
	for _, c := range list {
		s := string(c.State)
		if c.All() > 1 {
			s += fmt.Sprintf(" %d/%d", c.Done(), c.All())
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// TestGrid lays out a spring: what is present, late, to come and not in operation, and
// what the rows add up to.
func TestGrid(t *testing.T) {
	o := year("2025-03-10", func(r *overview.Records) {
		r.Evidence = []record.Typed[soc1.Evidence]{evidence("e1", "2025-01-01", "2025-01-31", "a", "c"), evidence("e2", "2025-02-10", "2025-02-27", "b"), evidence("ahead", "2025-04-01", "2025-04-30", "a")}
	})
	g := calendar.Of(o, calendar.Quarters)
	m := calendar.Of(o, calendar.Months)
	if got := cells(m.Cells[0][:5]); got != "present, late, not_yet_due, present, not_yet_due" {
		t.Errorf("monthly: %s", got)
	}
	// 14 weekdays from 10 to 27 February are covered, the 28th is not.
	if got := cells(m.Cells[1][:3]); got != "not_in_operation, late 14/15, late 0/21" {
		t.Errorf("daily: %s", got)
	}
	if got := cells(m.Cells[2][:2]); got != "late 3/4, late 0/4" {
		t.Errorf("weekly: %s", got)
	}
	if got := cells(m.Totals([]int{0, 1, 2})[:2]); got != "late 4/5, late 14/20" {
		t.Errorf("totals: %s", got)
	}
	// However wide the columns are, they add up to the same.
	w := calendar.Of(o, calendar.Weeks)
	for at := range o.Controls {
		line := o.Controls[at].Evidence
		for _, x := range []*calendar.Grid{g, m, w} {
			if r := x.Rows[at]; r.Expected != line.Expected || r.Covered != line.Covered || r.All() != m.Rows[at].All() {
				t.Errorf("%s by %s: %+v, and the overview has %d of %d", o.Controls[at].ID(), x.Zoom, r, line.Covered, line.Expected)
			}
		}
	}
	if !m.Has(1, []calendar.State{calendar.NotOperating}) || m.Has(0, []calendar.State{calendar.NotOperating, calendar.Missing}) {
		t.Error("states to filter by")
	}
}

// TestMeasures counts months of performances: medians of even and odd numbers, what was
// returned, late, not performed or missing, automation and evidence used again.
func TestMeasures(t *testing.T) {
	o := year("2025-07-20", func(r *overview.Records) {
		r.Performances = []record.Typed[soc1.Performance]{
			performed("2025-01-31", "2025-02-05", "2025-02-10", soc1.PerformedClean, soc1.PerformanceAccepted),
			performed("2025-02-28", "2025-03-12", "2025-03-13", soc1.PerformedExcept, soc1.PerformanceAccepted),
			performed("2025-03-31", "2025-04-02", "2025-04-04", soc1.PerformedClean, soc1.PerformanceReturned),
			performed("2025-04-30", "2025-05-02", "", soc1.NotPerformed, soc1.PerformanceComplete),
			performed("2025-06-30", "2025-07-02", "", soc1.PerformedClean, soc1.PerformanceSigned),
		}
		r.Evidence = []record.Typed[soc1.Evidence]{evidence("both", "2025-01-01", "2025-01-31", "a", "c", "c", "elsewhere"), evidence("one", "2025-01-01", "2025-01-31", "b"), evidence("none", "2025-01-01", "2025-01-31", "elsewhere"), evidence("before", "2024-12-01", "2024-12-31", "a")}
	})
	months := calendar.Measures(o)
	if len(months) != 7 {
		t.Fatalf("%d months have begun", len(months))
	}
	jan := months[0]
	if len(jan.Closed) != 1 || jan.Closed[0].Days != 10 || jan.Closed[0].Business != 6 || jan.OnTime.N != 1 || jan.OnTime.Of != 1 {
		t.Errorf("January: %+v", jan)
	}
	if jan.Reused.N != 1 || jan.Reused.Of != 2 || jan.Links != 3 || jan.Reused.BasisPoints() != 5000 {
		t.Errorf("evidence of January: %+v, %d links", jan.Reused, jan.Links)
	}
	// One monthly and four weekly occurrences; the daily control was not in operation.
	if jan.Automated.N != 4 || jan.Automated.Of != 5 || jan.Automated.BasisPoints() != 8000 {
		t.Errorf("automation of January: %+v", jan.Automated)
	}
	for i, want := range []string{"1/1", "0/1", "0/1", "0/1", "0/1", "1/1", "0/0"} {
		if got := fmt.Sprintf("%d/%d", months[i].OnTime.N, months[i].OnTime.Of); got != want {
			t.Errorf("month %d in time: %s, want %s", i+1, got, want)
		}
	}
	for _, i := range []int{2, 3, 5} {
		if len(months[i].Closed) != 0 {
			t.Errorf("month %d is closed: %+v", i+1, months[i].Closed)
		}
	}
	if x := months[6]; x.Automated.Of == 0 || x.Reused.Known() || x.Reused.BasisPoints() != 0 {
		t.Errorf("July: %+v", x)
	}
	for _, c := range []struct {
		n    []int
		want calendar.Halves
	}{{[]int{5}, 10}, {[]int{9, 2}, 11}, {[]int{3, 1, 2}, 4}, {[]int{0, 0, 7, 8}, 7}} {
		if got, ok := calendar.Median(c.n); !ok || got != c.want {
			t.Errorf("the median of %v is %d halves, want %d", c.n, got, c.want)
		}
	}
	if _, ok := calendar.Median(nil); ok {
		t.Error("nothing has a median")
	}
}
