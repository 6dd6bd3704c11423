package overview

import (
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Business says which days are business days. The zero value is a week from Monday
// to Friday without holidays.
type Business struct {
	// off are the days of the week that are not worked, by their ISO number.
	off      [8]bool
	worked   bool
	holidays []soc1.Date
}

// Weekly is the calendar of the weekdays from Monday to Friday without the holidays
// given: the organization's.
func Weekly(holidays []soc1.Date) *Business { return &Business{holidays: holidays} }

// BusinessOf is a calendar as its record has it.
func BusinessOf(b soc1.BusinessCalendar) *Business {
	out := &Business{holidays: b.Holidays, worked: true}
	for i, w := range (soc1.Weekday("")).Values() {
		out.off[i+1] = !slices.Contains(b.Weekdays, soc1.Weekday(w))
	}
	return out
}

// Is reports whether a day is a business day.
func (b *Business) Is(d soc1.Date) bool {
	n := d.ISOWeekday()
	if b.worked && b.off[n] || !b.worked && n > 5 {
		return false
	}
	return !slices.Contains(b.holidays, d)
}

// mostSkipped bounds how far a business day is looked for: a calendar whose days are
// all holidays has none.
const mostSkipped = 800

// After is the n-th business day after a day; the day itself for none. Where the
// calendar has no such day within two years it is the last day looked at.
func (b *Business) After(d soc1.Date, n int) soc1.Date {
	for range mostSkipped {
		if n <= 0 {
			return d
		}
		if d = d.AddDays(1); b.Is(d) {
			n--
		}
	}
	return d
}

// overBy is the last day that an occurrence can end on and be due before today, when
// it is due n business days after its end.
func (b *Business) overBy(today soc1.Date, n int) soc1.Date {
	d := today.AddDays(-1)
	for range mostSkipped {
		if n <= 0 {
			return d
		}
		if b.Is(d) {
			n--
		}
		d = d.AddDays(-1)
	}
	return d
}

// Between counts the business days after one day up to another; 0 where the second
// is not after the first.
func (b *Business) Between(from, to soc1.Date) int {
	n := 0
	for d := from.AddDays(1); d != "" && d <= to; d = d.AddDays(1) {
		if b.Is(d) {
			n++
		}
	}
	return n
}

// Calendars finds the business calendar of a control: its own, or else that of its
// locations where they all have the same, or else the organization's.
type Calendars struct {
	own       *Business
	named     map[string]*Business
	locations map[string]string
}

// CalendarsOf are the calendars of some records.
func CalendarsOf(organizations []record.Typed[soc1.Organization], calendars []record.Typed[soc1.BusinessCalendar], locations []record.Typed[soc1.Location]) *Calendars {
	var holidays []soc1.Date
	for _, o := range organizations {
		holidays = append(holidays, o.Value.Holidays...)
	}
	c := &Calendars{own: Weekly(holidays), named: make(map[string]*Business, len(calendars)), locations: map[string]string{}}
	for _, b := range calendars {
		c.named[b.ID] = BusinessOf(b.Value)
	}
	for _, l := range locations {
		if l.Value.Calendar != "" {
			c.locations[l.ID] = l.Value.Calendar
		}
	}
	return c
}

// NameOf is the id of the calendar of a control; empty for the organization's.
func (c *Calendars) NameOf(k *soc1.Control) string {
	if c.named[k.Calendar] != nil {
		return k.Calendar
	}
	if len(k.Locations) == 0 {
		return ""
	}
	name := c.locations[k.Locations[0]]
	for _, l := range k.Locations[1:] {
		if c.locations[l] != name {
			return ""
		}
	}
	if c.named[name] == nil {
		return ""
	}
	return name
}

// Of is the calendar of a control.
func (c *Calendars) Of(k *soc1.Control) *Business {
	if name := c.NameOf(k); name != "" {
		return c.named[name]
	}
	return c.own
}

// Performable are the occurrences of one control that end within some days, each by
// the version of the control in force on its last day. Without versions the control
// counts as unchanged.
func Performable(k record.Typed[soc1.Control], versions []record.Version, c *Calendars, from, to, today soc1.Date) []Expectation {
	r := Records{Versions: versions, Ledger: k.Ledger}
	e := r.expectBy(evaluation.Window{From: from, To: to}, today, []scoped{{x: &k}}, c)
	return e.expectations(0)
}
