package scoping

import (
	"cmp"
	"fmt"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Customs of the trade about user entities' fiscal years.
const (
	// BridgeMonths is how far a bridge letter customarily reaches.
	BridgeMonths = 3
	// auditMonths is how long after a year-end the audit of user entities usually
	// ends: a report that comes later serves the next fiscal year. With the months
	// that a report takes this lets a period end a month after a year-end and still
	// be of use for it.
	auditMonths = 3
)

// YearGroup is the user entities whose fiscal years end on the same day.
type YearGroup struct {
	End soc1.YearEnd
	// Entities is how many user entities these are.
	Entities int64
	// Refs are their records.
	Refs []soc1.Ref
}

// Groups gathers user entities by year-end, in the order of the calendar year: those
// that were customers on a day from from to to and use one of the services; no
// services mean all.
func Groups(list []record.Typed[soc1.UserEntity], services []string, from, to soc1.Date) []YearGroup {
	at := map[soc1.YearEnd]int{}
	var out []YearGroup
	for _, u := range list {
		v := u.Value
		if v.From > to && to != "" || v.Until != "" && v.Until < from || !uses(v.Services, services) || !v.FiscalYearEnd.Valid() {
			continue
		}
		i, ok := at[v.FiscalYearEnd]
		if !ok {
			i = len(out)
			at[v.FiscalYearEnd] = i
			out = append(out, YearGroup{End: v.FiscalYearEnd})
		}
		out[i].Entities += v.Weight()
		out[i].Refs = append(out[i].Refs, u.Ref())
	}
	slices.SortFunc(out, func(a, b YearGroup) int { return cmp.Compare(a.End, b.End) })
	return out
}

// uses tells whether a customer uses one of some services; an empty list means all.
func uses(theirs, wanted []string) bool {
	return len(theirs) == 0 || len(wanted) == 0 || slices.ContainsFunc(theirs, func(s string) bool { return slices.Contains(wanted, s) })
}

// Bridge says what lies between the end of a period and a year-end.
type Bridge string

// The cases.
const (
	// NoBridge: the period reaches the year-end.
	NoBridge Bridge = "none"
	// BridgeLetter: a letter of management customarily spans the gap.
	BridgeLetter Bridge = "letter"
	// TooLong: the gap is longer than letters customarily span.
	TooLong Bridge = "too_long"
)

// Coverage is what a period means for the user entities of one year-end. Their
// fiscal year in question is the first that ends on or after the period's end, or at
// most a month before it: the audits of earlier ones are over when the report comes.
type Coverage struct {
	YearGroup
	// From and To are the fiscal year in question.
	From, To soc1.Date
	// Days of it are within the period, Prior days within the report before it, of
	// Of days in all.
	Days, Prior, Of int
	// GapMonths are the months, begun ones counted whole, from the end of the
	// period to the year-end.
	GapMonths int
	Bridge    Bridge
}

// Whole tells whether every day of the fiscal year is within a report.
func (c Coverage) Whole() bool { return c.Days+c.Prior == c.Of }

// BasisPoints is the share of the fiscal year within the period, in hundredths of a
// percent, rounded down.
func (c Coverage) BasisPoints() soc1.BasisPoints {
	if c.Of == 0 {
		return 0
	}
	return soc1.BasisPoints(c.Days * 10_000 / c.Of)
}

// Window is a run of days, both ends included; the zero value has none.
type Window struct{ From, To soc1.Date }

// days is how many days two windows have in common.
func (w Window) days(from, to soc1.Date) int {
	from, to = max(w.From, from), min(w.To, to)
	if !w.From.Valid() || !w.To.Valid() || to < from {
		return 0
	}
	return from.DaysUntil(to) + 1
}

// Cover tells what a period means for each group of user entities. prior is the
// period of the Type II report before it, empty without one.
func Cover(groups []YearGroup, period, prior Window) []Coverage {
	if prior.To >= period.From {
		prior.To = period.From.AddDays(-1)
	}
	out := make([]Coverage, 0, len(groups))
	for _, g := range groups {
		// The months that the audit has left when the report is out.
		to := g.End.Since(period.To.AddMonths(ReportMonths - auditMonths))
		c := Coverage{YearGroup: g, From: g.End.Begin(to), To: to}
		c.Of = c.From.DaysUntil(c.To) + 1
		c.Days, c.Prior = period.days(c.From, c.To), prior.days(c.From, c.To)
		c.GapMonths = GapMonths(period.To, c.To)
		c.Bridge = BridgeFor(c.GapMonths)
		out = append(out, c)
	}
	return out
}

// GapMonths are the months, begun ones counted whole, from the last day that is covered
// to another day.
func GapMonths(covered, to soc1.Date) int {
	n := 0
	for to > monthsOn(covered, n) {
		n++
	}
	return n
}

// BridgeFor says what spans some months.
func BridgeFor(months int) Bridge {
	switch {
	case months == 0:
		return NoBridge
	case months <= BridgeMonths:
		return BridgeLetter
	}
	return TooLong
}

// monthsOn is a day some months later; from the last day of a month, the last day
// of the month that is reached.
func monthsOn(d soc1.Date, n int) soc1.Date {
	if d == monthEnd(d, 0) {
		return monthEnd(d, n)
	}
	return d.AddMonths(n)
}

// Words says what is left between the period and the year-end.
func (c Coverage) Words() string {
	gap := "no bridge letter is needed"
	switch {
	case c.Bridge == BridgeLetter:
		gap = fmt.Sprintf("a bridge letter of %s is needed", monthsWord(c.GapMonths))
	case c.Bridge == TooLong:
		gap = fmt.Sprintf("%s are left open, more than a bridge letter customarily spans", monthsWord(c.GapMonths))
	}
	return gap
}

func monthsWord(n int) string {
	if n == 1 {
		return "1 month"
	}
	return fmt.Sprintf("%d months", n)
}
