package calendar

import (
	"slices"

	"reperform/overview"
	"reperform/soc1"
)

// Share is a part of a whole with the records that it was counted from.
type Share struct {
	N, Of int
	// Refs are the records behind the part, OfRefs those behind the whole; of
	// occurrences they are the controls, each once.
	Refs, OfRefs []soc1.Ref
}

// Known reports whether there is a whole.
func (s Share) Known() bool { return s.Of > 0 }

// BasisPoints is the share in hundredths of a percent, rounded down.
func (s Share) BasisPoints() soc1.BasisPoints {
	if s.Of == 0 {
		return 0
	}
	return soc1.BasisPoints(int64(s.N) * 10000 / int64(s.Of))
}

// Close is how long after its last day an occurrence was signed off.
type Close struct {
	Ref     soc1.Ref
	Control string
	// Days counts calendar days, Business business days of the control's calendar;
	// 0 on the last day or before.
	Days, Business int
}

// Measure is one month: of the occurrences that ended in it.
type Measure struct {
	Month overview.Occurrence
	// Closed are the performances signed off, the slowest first.
	Closed []Close
	// OnTime are occurrences performed here that are due: in time, of all.
	OnTime Share
	// Automated are occurrences of automated controls, of all that have ended.
	Automated Share
	// Reused are records of evidence for more than one control, of all for the month.
	Reused Share
	// Links is how many controls these records are evidence of, added up: Links by
	// Reused.Of is the mean.
	Links int
}

// Halves is a number of halves: the median of whole numbers is one.
type Halves int

// Whole tells whether it is a whole number.
func (h Halves) Whole() bool { return h%2 == 0 }

// Median is the middle of some numbers, as a number of halves; ok is false where
// there are none.
func Median(numbers []int) (m Halves, ok bool) {
	if len(numbers) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(numbers))
	n := len(sorted)
	return Halves(sorted[(n-1)/2] + sorted[n/2]), true
}

// Days are the calendar days and the business days of what was closed.
func (m Measure) Days() (calendar, business []int) {
	for _, c := range m.Closed {
		calendar, business = append(calendar, c.Days), append(business, c.Business)
	}
	return calendar, business
}

// Measures are the months of the period that have begun.
func Measures(o *overview.Overview) []Measure {
	var out []Measure
	place := map[string]int{}
	for _, c := range Columns(Months, o.Period.From, o.Period.To) {
		if c.From > o.Question.Today {
			break
		}
		place[string(c.From)[:7]] = len(out)
		out = append(out, Measure{Month: c.Occurrence})
	}
	month := func(d soc1.Date) *Measure {
		if len(d) < 7 {
			return nil
		}
		if i, ok := place[string(d)[:7]]; ok && d.Within(o.Period.From, o.Period.To) {
			return &out[i]
		}
		return nil
	}
	measureControls(o, month)
	measureEvidence(o, month)
	for i := range out {
		slices.SortStableFunc(out[i].Closed, func(a, b Close) int { return b.Days - a.Days })
	}
	return out
}

// key names an occurrence of a control.
type key struct {
	control string
	from    soc1.Date
	to      soc1.Date
}

// measureControls counts performances and automation.
func measureControls(o *overview.Overview, month func(soc1.Date) *Measure) {
	signed := map[key]int{}
	all := o.Performances()
	for i := range all {
		p := &all[i].Value
		signed[key{p.Control, p.From, p.To}] = i
		line, ok := o.Control(p.Control)
		m := month(p.To)
		if off := p.SignedOffOn(); ok && m != nil && off != "" && off <= o.Question.Today && p.Operated() {
			business, _ := o.Business(&line.Control)
			m.Closed = append(m.Closed, Close{Ref: all[i].Ref(), Control: p.Control, Days: max(0, p.To.DaysUntil(off)), Business: business.Between(p.To, off)})
		}
	}
	once := func(list []soc1.Ref, ref soc1.Ref) []soc1.Ref {
		if n := len(list); n > 0 && list[n-1] == ref {
			return list
		}
		return append(list, ref)
	}
	for at := range o.Controls {
		line := &o.Controls[at]
		o.Visit(at, func(x overview.Occurrence, _, _ bool) {
			m := month(x.To)
			if m == nil || x.To >= o.Question.Today {
				return
			}
			m.Automated.Of++
			m.Automated.OfRefs = once(m.Automated.OfRefs, line.Ref)
			if line.Control.Nature == soc1.Automated {
				m.Automated.N++
				m.Automated.Refs = once(m.Automated.Refs, line.Ref)
			}
		})
		if !line.Control.PerformedHere {
			continue
		}
		for _, x := range o.Expectations(line.ID()) {
			m := month(x.To)
			if m == nil || !x.Here {
				continue
			}
			i, ok := signed[key{line.ID(), x.From, x.To}]
			if !x.Due && !ok {
				continue
			}
			m.OnTime.Of++
			ref := line.Ref
			if ok {
				ref = all[i].Ref()
			}
			m.OnTime.OfRefs = append(m.OnTime.OfRefs, ref)
			if ok && all[i].Value.Operated() && all[i].Value.Status != soc1.PerformanceReturned && all[i].Value.DaysLate() == 0 {
				m.OnTime.N++
				m.OnTime.Refs = append(m.OnTime.Refs, ref)
			}
		}
	}
}

// measureEvidence counts how often evidence serves more than one control. A record
// belongs to the month of the last day that it covers, or of the day it stands for.
func measureEvidence(o *overview.Overview, month func(soc1.Date) *Measure) {
	all := o.EvidenceRecords()
	for i := range all {
		e := &all[i].Value
		day := e.PeriodTo
		if day == "" {
			day = e.AsOf
		}
		m := month(day)
		if m == nil {
			continue
		}
		links := 0
		for n, id := range e.Controls {
			if _, ok := o.Control(id); ok && !slices.Contains(e.Controls[:n], id) {
				links++
			}
		}
		if links == 0 {
			continue
		}
		m.Links += links
		m.Reused.Of++
		m.Reused.OfRefs = append(m.Reused.OfRefs, all[i].Ref())
		if links > 1 {
			m.Reused.N++
			m.Reused.Refs = append(m.Reused.Refs, all[i].Ref())
		}
	}
}
