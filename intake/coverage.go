package intake

import (
	"fmt"
	"strings"

	"reperform/scoping"
	"reperform/soc1"
)

// MonthState is how a month of the period is covered.
type MonthState string

// The states of a month.
const (
	// MonthReport: every day is within a report.
	MonthReport MonthState = "report"
	// MonthBridge: every day is within a report or a bridge letter.
	MonthBridge MonthState = "bridge_letter"
	// MonthGap: days that are over are within neither.
	MonthGap MonthState = "gap"
	// MonthAhead: nothing is missing yet, because the month is not over.
	MonthAhead MonthState = "ahead"
)

// Label is the words a person reads.
func (s MonthState) Label() string {
	switch s {
	case MonthReport:
		return "within a report"
	case MonthBridge:
		return "by bridge letter"
	case MonthGap:
		return "gap"
	}
	return "still to come"
}

// Month is a month of the period, or the part of one at its ends.
type Month struct {
	From  soc1.Date  `json:"from"`
	To    soc1.Date  `json:"to"`
	State MonthState `json:"state"`
}

// Coverage is how a period is covered by the reports of a subservice organization.
type Coverage struct {
	// Months are those of the period; none where nothing has to be covered.
	Months []Month
	// Covered, Bridged, Gaps and Ahead count them.
	Covered, Bridged, Gaps, Ahead int
	// Reaches is the last day up to which reports and letters cover the period without a
	// day between; empty where they do not cover its first day.
	Reaches soc1.Date
	// BridgeMonths are the months, begun ones counted whole, from the last covered day to
	// the end of the period, or to today while it runs; Bridge says whether a letter
	// spans them.
	BridgeMonths int
	Bridge       scoping.Bridge
}

// window is a run of days, both ends included.
type window struct {
	from, to soc1.Date
	letter   bool
}

// cover says how a period is covered by what counts of the line.
func cover(l *Line, from, to, today soc1.Date) Coverage {
	var windows []window
	add := func(from, to soc1.Date, letter bool) {
		if from.Valid() && to.Valid() && from <= to {
			windows = append(windows, window{from, to, letter})
		}
	}
	counted := false
	for i := range l.Reports {
		r := &l.Reports[i]
		if !r.Counts() || !r.Value.Kind.Covers() {
			continue
		}
		counted = true
		add(r.Value.PeriodFrom, r.Value.PeriodTo, false)
		for _, b := range r.Value.BridgeLetters {
			add(b.From, b.To, true)
		}
	}
	if noted := l.Value.LatestReport; !counted && noted.PeriodTo.Valid() {
		// The end alone is noted sometimes; then the report is taken to have begun before.
		first := noted.PeriodFrom
		if !first.Valid() {
			first = min(from, noted.PeriodTo)
		}
		add(first, noted.PeriodTo, false)
		add(noted.PeriodTo.AddDays(1), noted.BridgeLetterTo, true)
	}
	var c Coverage
	last := min(to, today)
	for at := from; at <= to; {
		m := Month{From: at, To: min(soc1.NewDate(at.Year(), at.Month(), 1).AddMonths(1).AddDays(-1), to)}
		m.State = state(windows, m.From, m.To, last)
		switch m.State {
		case MonthReport:
			c.Covered++
		case MonthBridge:
			c.Bridged++
		case MonthGap:
			c.Gaps++
		default:
			c.Ahead++
		}
		c.Months = append(c.Months, m)
		at = m.To.AddDays(1)
	}
	reached := from.AddDays(-1)
	for reached < to {
		next := run(windows, reached.AddDays(1), false)
		if next == "" {
			break
		}
		reached = min(next, to)
	}
	if reached >= from {
		c.Reaches = reached
	}
	// What a letter is asked for is what lies after everything that is covered.
	end := reached
	for _, w := range windows {
		end = max(end, min(w.to, to))
	}
	c.BridgeMonths = scoping.GapMonths(end, last)
	c.Bridge = scoping.BridgeFor(c.BridgeMonths)
	return c
}

// run is the last day that windows reach from a day on; empty where none has the day.
func run(windows []window, day soc1.Date, reports bool) soc1.Date {
	var out soc1.Date
	for _, w := range windows {
		if w.from <= day && day <= w.to && !(reports && w.letter) {
			out = max(out, w.to)
		}
	}
	return out
}

// state says how the days of a month are covered.
func state(windows []window, from, to, last soc1.Date) MonthState {
	within := func(reports bool, to soc1.Date) bool {
		for at := from; at <= to; {
			next := run(windows, at, reports)
			if next == "" {
				return false
			}
			at = next.AddDays(1)
		}
		return true
	}
	switch {
	case within(true, to):
		return MonthReport
	case within(false, to):
		return MonthBridge
	case from > last || to > last && within(false, last):
		return MonthAhead
	}
	return MonthGap
}

// gapMonths names the months that are open, runs of them by their ends.
func (c Coverage) gapMonths() string {
	var out []string
	for i := 0; i < len(c.Months); i++ {
		if c.Months[i].State != MonthGap {
			continue
		}
		j := i
		for j+1 < len(c.Months) && c.Months[j+1].State == MonthGap {
			j++
		}
		first, last := c.Months[i].From, c.Months[j].From
		if i == j {
			out = append(out, monthName(first))
		} else {
			out = append(out, monthName(first)+" to "+monthName(last))
		}
		i = j
	}
	return strings.Join(out, ", ")
}

func monthName(d soc1.Date) string { return fmt.Sprintf("%04d-%02d", d.Year(), d.Month()) }

// FirstGap is the first day of the first month that is open; empty without one.
func (c Coverage) FirstGap() soc1.Date {
	for _, m := range c.Months {
		if m.State == MonthGap {
			return m.From
		}
	}
	return ""
}
