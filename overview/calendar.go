package overview

import (
	"reperform/evaluation"
	"reperform/soc1"
)

// Occurrence is one time that a control is expected to operate: the calendar
// period that it covers. For a daily control both dates are one business day.
type Occurrence = evaluation.Window

// Occurrences lists the times at which a control of a frequency is expected to
// operate, for the days from from to to, both included. Periods are those of
// the calendar: business days (Monday to Friday without the holidays given),
// ISO weeks from Monday to Sunday, months, quarters, half-years and years. An
// occurrence belongs to the day its period ends, so one that began before from
// counts, and one that ends after to does not. ok is false where the frequency
// predicts no number: as needed, many times a day, continuous, not given.
func Occurrences(f soc1.Frequency, from, to soc1.Date, holidays []soc1.Date) (list []Occurrence, ok bool) {
	return Weekly(holidays).Occurrences(f, from, to)
}

// Occurrences is the same by the business days of a calendar.
func (b *Business) Occurrences(f soc1.Frequency, from, to soc1.Date) (list []Occurrence, ok bool) {
	first, last := bounds(f)
	if first == nil {
		return nil, false
	}
	if !from.Valid() || !to.Valid() {
		return nil, true
	}
	for day := first(from); day != "" && day <= to; {
		end := last(day)
		if end == "" || end > to {
			break
		}
		if end >= from && (f != soc1.Daily || b.Is(day)) {
			list = append(list, Occurrence{From: day, To: end})
		}
		day = end.AddDays(1)
	}
	return list, true
}

// bounds gives, for a frequency, the first day of the calendar period that a
// day lies in, and the last day of the period that begins on a day.
func bounds(f soc1.Frequency) (first, last func(soc1.Date) soc1.Date) {
	months := map[soc1.Frequency]int{soc1.Annual: 12, soc1.SemiAnnual: 6, soc1.Quarterly: 3, soc1.Monthly: 1}[f]
	switch {
	case months > 0:
		return func(d soc1.Date) soc1.Date { return soc1.NewDate(d.Year(), (d.Month()-1)/months*months+1, 1) },
			func(d soc1.Date) soc1.Date { return monthEnd(d.AddMonths(months - 1)) }
	case f == soc1.Weekly:
		return func(d soc1.Date) soc1.Date { return d.AddDays(1 - d.ISOWeekday()) },
			func(d soc1.Date) soc1.Date { return d.AddDays(6) }
	case f == soc1.Daily:
		same := func(d soc1.Date) soc1.Date { return d }
		return same, same
	}
	return nil, nil
}

// monthEnd is the last day of the month of a day.
func monthEnd(d soc1.Date) soc1.Date {
	for day := 31; day > 28; day-- {
		if end := soc1.NewDate(d.Year(), d.Month(), day); end != "" {
			return end
		}
	}
	return soc1.NewDate(d.Year(), d.Month(), 28)
}

// days are the occurrences of one frequency within the period, with their ends
// as numbers that compare quickly.
type days struct {
	list     []Occurrence
	from, to []int32
	counted  bool
}

// key is a date as the number 20250131, which orders as the date does; 0 for
// one not given.
func key(d soc1.Date) int32 {
	if len(d) != 10 {
		return 0
	}
	digit := func(i int) int32 { return int32(d[i] - '0') }
	return digit(0)*10000000 + digit(1)*1000000 + digit(2)*100000 + digit(3)*10000 + digit(5)*1000 + digit(6)*100 + digit(8)*10 + digit(9)
}

func newDays(f soc1.Frequency, p evaluation.Window, b *Business) *days {
	d := &days{}
	d.list, d.counted = b.Occurrences(f, p.From, p.To)
	for _, o := range d.list {
		d.from, d.to = append(d.from, key(o.From)), append(d.to, key(o.To))
	}
	return d
}

// ending are the places of the occurrences that end between two days.
func (d *days) ending(from, to int32) (lo, hi int) {
	lo = reaching(d.to, from)
	return lo, max(lo, reaching(d.to, to+1))
}

// reaching is the place of the first date that is not before a day, in an
// ordered list. It is asked for every evidence record, and so is no call of a
// general function.
func reaching(ordered []int32, day int32) int {
	lo, hi := 0, len(ordered)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); ordered[mid] < day {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
