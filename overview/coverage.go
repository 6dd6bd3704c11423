package overview

import (
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Coverage is how much of the evidence expected of a control is there.
type Coverage struct {
	// Counted says that the control's frequency predicts a number. Where it
	// does not, Items alone are shown.
	Counted bool
	// Expected is the number of occurrences that are due: their period ended before
	// today, and the business days that the control has after it have passed.
	// Covered is how many of them have evidence.
	Expected, Covered int
	// Oldest is the first occurrence that is due and has none; empty when
	// nothing is overdue.
	Oldest Occurrence
	// OldestBy and OldestHere say of it by which day it was in time, and whether it
	// is performed here.
	OldestBy   soc1.Date
	OldestHere bool
	// Next is the occurrence whose evidence falls due next within the period.
	// Empty when none is left. NextBy and NextHere are likewise.
	Next     Occurrence
	NextBy   soc1.Date
	NextHere bool
	// Items is the number of evidence records of the control that concern the
	// period up to today; Overview.EvidenceOf lists them.
	Items int
	// Undated counts items that give neither a period nor an as-of date, and
	// so cover nothing.
	Undated int
}

// Overdue is the number of occurrences that are due and have no evidence.
func (c Coverage) Overdue() int { return c.Expected - c.Covered }

// State is where the evidence of one occurrence stands.
type State string

// The states. Evidence is due from the day after its occurrence ended, or after the
// business days that the control has from then on.
const (
	// Present: evidence covers the occurrence, whether or not it is over.
	Present State = "present"
	// NotYetDue: nothing covers it, and its day has not passed.
	NotYetDue State = "not_yet_due"
	// Late: it is due, nothing covers it, and the period asked about still runs.
	Late State = "late"
	// Missing: it is due, nothing covers it, and the period has ended.
	Missing State = "missing"
)

// Owed reports whether evidence is due and not there.
func (s State) Owed() bool { return s == Late || s == Missing }

// Expectation is one occurrence of a control with the evidence that covers it.
type Expectation struct {
	Occurrence
	// By is the last day on which it is in time: the last of the occurrence, or the
	// last of the business days that the control has after it.
	By soc1.Date
	// Here says that the control was performed here, and Revision by which revision
	// of the control.
	Here     bool
	Revision int64
	// Due says that this day has passed.
	Due      bool
	State    State
	Evidence []soc1.Ref
}

// segment is a run of days on which one frequency held: places lo to hi of the
// calendar of that frequency.
type segment struct {
	days   *days
	lo, hi int
	// grace is how many business days the control has after each, by business.
	grace    int
	business *Business
	here     bool
	revision int64
	// due is the first place that is not yet due.
	due int
}

// by is the last day on which the occurrence at a place is in time.
func (s *segment) by(i int) soc1.Date {
	if s.grace == 0 {
		return s.days.list[i].To
	}
	return s.business.After(s.days.list[i].To, s.grace)
}

// rhythm is what the days of occurrences follow from.
type rhythm struct {
	frequency soc1.Frequency
	calendar  string
}

// item is an evidence record as coverage needs it. An as-of date is a period
// of one day.
type item struct {
	at       int
	from, to int32
}

// covers are the places of a segment's occurrences that an item covers: those
// whose whole period it contains, or else the one within whose period it lies.
func (s *segment) covers(from, to int32) (lo, hi int) {
	lo, hi = reaching(s.days.from, from), reaching(s.days.to, to+1)
	if lo >= hi {
		lo = reaching(s.days.to, to)
		hi = lo
		if lo < len(s.days.from) && s.days.from[lo] <= from {
			hi = lo + 1
		}
	}
	return max(lo, s.lo), min(hi, s.hi)
}

// coverer works out coverage for the controls of one overview.
type coverer struct {
	period    evaluation.Window
	today     soc1.Date
	calendars *Calendars
	calendar  map[rhythm]*days
	evidence  []record.Typed[soc1.Evidence]
	// items of each control, by its place.
	items   [][]item
	undated []int
	// segments of each control, by its place.
	segments [][]segment
	// runs are the days of the period on which each control was in operation.
	runs [][]Occurrence
	seen []int32
}

// state is that of an occurrence.
func (c *coverer) state(due, covered bool) State {
	switch {
	case covered:
		return Present
	case !due:
		return NotYetDue
	case c.today > c.period.To:
		return Missing
	}
	return Late
}

// expect works out what is expected of controls in scope, in their order: each
// version of a control for the days on which it held. A control of which no
// version was read counts as unchanged.
func (r *Records) expect(period evaluation.Window, today soc1.Date, controls []scoped) *coverer {
	return r.expectBy(period, today, controls, CalendarsOf(r.Organization, r.Calendars, r.Locations))
}

func (r *Records) expectBy(period evaluation.Window, today soc1.Date, controls []scoped, calendars *Calendars) *coverer {
	place := make(map[string]int, len(controls))
	for i, e := range controls {
		place[e.x.ID] = i
	}
	c := &coverer{period: period, today: today, calendars: calendars, calendar: map[rhythm]*days{}, evidence: r.Evidence,
		items: make([][]item, len(place)), undated: make([]int, len(place)), segments: make([][]segment, len(place)), runs: make([][]Occurrence, len(place))}
	c.sort(r.Ledger, place)
	versioned := make([]bool, len(controls))
	for i := range r.Versions {
		v := &r.Versions[i]
		at, ok := place[v.ID]
		if !ok {
			continue
		}
		versioned[at] = true
		if v.Retired || v.Redacted {
			continue
		}
		// The version that is the record itself need not be decoded.
		if x := controls[at].x; v.Revision == x.Revision && v.Ledger == x.Ledger {
			c.segment(at, &x.Value, v.Revision, v.From, v.Until)
			continue
		}
		if k, err := record.Decode[soc1.Control](v.Record); err == nil {
			c.segment(at, &k, v.Revision, v.From, v.Until)
		}
	}
	for at := range controls {
		if !versioned[at] {
			c.segment(at, &controls[at].x.Value, controls[at].x.Revision, "", "")
		}
	}
	return c
}

// sort hands each evidence record to the controls it bears on.
func (c *coverer) sort(ledger string, place map[string]int) {
	// Two passes: the first finds the controls and counts, so that all items
	// share one array.
	type hit struct{ evidence, at int }
	hits := make([]hit, 0, len(c.evidence))
	counts := make([]int, len(place))
	for i := range c.evidence {
		if c.evidence[i].Ledger != ledger {
			continue
		}
		for _, id := range c.evidence[i].Value.Controls {
			if at, ok := place[id]; ok {
				hits = append(hits, hit{i, at})
				counts[at]++
			}
		}
	}
	room := make([]item, 2*len(hits))
	for at, n := range counts {
		// An item may give a period and an as-of date: two places each.
		c.items[at] = room[: 0 : 2*n]
		room = room[2*n:]
	}
	for _, h := range hits {
		e := &c.evidence[h.evidence].Value
		from, to, asOf := key(e.PeriodFrom), key(e.PeriodTo), key(e.AsOf)
		period := from != 0 && to != 0
		if period {
			c.items[h.at] = append(c.items[h.at], item{h.evidence, from, to})
		}
		if asOf != 0 {
			c.items[h.at] = append(c.items[h.at], item{h.evidence, asOf, asOf})
		}
		if !period && asOf == 0 {
			c.undated[h.at]++
		}
	}
}

// segment adds days on which a version of a control held.
func (c *coverer) segment(at int, k *soc1.Control, revision int64, from, to soc1.Date) {
	from, to = latest(from, k.InOperationFrom, c.period.From), earliest(to, k.InOperationTo, c.period.To)
	d := c.daysOf(k)
	if from <= to {
		c.runs[at] = append(c.runs[at], Occurrence{From: from, To: to})
	}
	if !d.counted || from > to {
		return
	}
	s := segment{days: d, grace: k.DueBusinessDays, business: c.calendars.Of(k), here: k.PerformedHere, revision: revision}
	s.lo, s.hi = d.ending(key(from), key(to))
	_, s.due = d.ending(key(from), key(earliest(to, s.business.overBy(c.today, s.grace))))
	c.segments[at] = append(c.segments[at], s)
}

// daysOf are the days of a control's frequency by its calendar. Only what is
// performed on business days depends on the calendar.
func (c *coverer) daysOf(k *soc1.Control) *days {
	r := rhythm{frequency: k.Frequency}
	if k.Frequency == soc1.Daily {
		r.calendar = c.calendars.NameOf(k)
	}
	d := c.calendar[r]
	if d == nil {
		d = newDays(k.Frequency, c.period, c.calendars.Of(k))
		c.calendar[r] = d
	}
	return d
}

// of is the coverage of the control at a place, whose record is k.
func (c *coverer) of(at int, k soc1.Control) Coverage {
	d := c.daysOf(&k)
	out := Coverage{Counted: d.counted || len(c.segments[at]) > 0, Undated: c.undated[at], Items: c.count(at)}
	var oldest, next place
	c.occurrences(at, func(s *segment, i int, due, covered bool) {
		x := &s.days.list[i]
		switch {
		case due && covered:
			out.Expected++
			out.Covered++
		case due:
			out.Expected++
			if out.Oldest.To == "" || x.To < out.Oldest.To {
				out.Oldest, oldest = *x, place{s, i}
			}
		case !covered && (out.Next.To == "" || x.To < out.Next.To):
			out.Next, next = *x, place{s, i}
		}
	})
	if oldest.segment != nil {
		out.OldestBy, out.OldestHere = oldest.segment.by(oldest.i), oldest.segment.here
	}
	if next.segment != nil {
		out.NextBy, out.NextHere = next.segment.by(next.i), next.segment.here
	}
	return out
}

// place is where an occurrence stands.
type place struct {
	segment *segment
	i       int
}

// occurrences visits the occurrences of the control at a place: whether each is
// due, and whether evidence covers it.
func (c *coverer) occurrences(at int, visit func(s *segment, i int, due, covered bool)) {
	for n := range c.segments[at] {
		s := &c.segments[at][n]
		n := s.hi - s.lo
		if n <= 0 {
			continue
		}
		// seen counts the items over each occurrence by their first place and
		// the place after their last, summed up below.
		c.seen = slices.Grow(c.seen[:0], n+1)[:n+1]
		clear(c.seen)
		for _, it := range c.items[at] {
			if lo, hi := s.covers(it.from, it.to); lo < hi {
				c.seen[lo-s.lo]++
				c.seen[hi-s.lo]--
			}
		}
		over := int32(0)
		for i := range n {
			over += c.seen[i]
			visit(s, s.lo+i, s.lo+i < s.due, over > 0)
		}
	}
}

// concerning visits the items that concern the period up to today, each once.
func (c *coverer) concerning(at int, visit func(evidence int)) {
	from, to, last := key(c.period.From), key(earliest(c.period.To, c.today)), -1
	for _, it := range c.items[at] {
		if it.from <= to && it.to >= from && it.at != last {
			visit(it.at)
			last = it.at
		}
	}
}

func (c *coverer) count(at int) int {
	n := 0
	c.concerning(at, func(int) { n++ })
	return n
}

// expectations are the occurrences of a control with their evidence.
func (c *coverer) expectations(at int) []Expectation {
	var out []Expectation
	for n := range c.segments[at] {
		s := &c.segments[at][n]
		base := len(out)
		for i := s.lo; i < s.hi; i++ {
			out = append(out, Expectation{Occurrence: s.days.list[i], By: s.by(i), Here: s.here, Revision: s.revision, Due: i < s.due})
		}
		for _, it := range c.items[at] {
			lo, hi := s.covers(it.from, it.to)
			for i := lo; i < hi; i++ {
				x := &out[base+i-s.lo]
				if ref := c.evidence[it.at].Ref(); !slices.Contains(x.Evidence, ref) {
					x.Evidence = append(x.Evidence, ref)
				}
			}
		}
	}
	for i := range out {
		out[i].State = c.state(out[i].Due, len(out[i].Evidence) > 0)
	}
	slices.SortStableFunc(out, func(a, b Expectation) int { return int(key(a.To) - key(b.To)) })
	return out
}

// latest is the last of the dates given, empty ones left out.
func latest(dates ...soc1.Date) soc1.Date { return slices.Max(dates) }

// earliest is the first of the dates given, empty ones left out.
func earliest(dates ...soc1.Date) soc1.Date {
	var out soc1.Date
	for _, d := range dates {
		if d != "" && (out == "" || d < out) {
			out = d
		}
	}
	return out
}
