package soc1

import "fmt"

// Date is a day of the proleptic Gregorian calendar written "2025-01-31",
// from year 0001 to 9999. It has no time zone: which day an instant falls on
// is decided where the workspace's zone is known. Dates compare as strings.
// The empty Date means "not given".
type Date string

// NewDate makes a date of a year, a month (1–12) and a day; it is empty when
// there is no such day.
func NewDate(year, month, day int) Date {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) {
		return ""
	}
	// Written by hand: calendars make dates by the thousand.
	digit := func(n int) byte { return byte('0' + n%10) }
	return Date([]byte{digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), '-',
		digit(month / 10), digit(month), '-', digit(day / 10), digit(day)})
}

// ParseDate reads a date and says what is wrong with one that does not exist.
func ParseDate(s string) (Date, error) {
	d := Date(s)
	if message, remedy := d.flaw(); message != "" {
		return "", fmt.Errorf("%s %s", message, remedy)
	}
	return d, nil
}

// Valid reports whether the date exists; the empty date does not.
func (d Date) Valid() bool {
	_, _, _, ok := d.parts()
	return ok
}

// Before reports whether d lies before other. Both must be valid for the
// answer to mean anything.
func (d Date) Before(other Date) bool { return d < other }

// After reports whether d lies after other.
func (d Date) After(other Date) bool { return d > other }

// Within reports whether d lies between two dates, both included.
func (d Date) Within(from, to Date) bool {
	return d.Valid() && from.Valid() && to.Valid() && d >= from && d <= to
}

// Year is the calendar year, zero for a date that does not exist.
func (d Date) Year() int { y, _, _, _ := d.parts(); return y }

// Month is the month of the year, 1 to 12, zero for a date that does not exist.
func (d Date) Month() int { _, m, _, _ := d.parts(); return m }

// Day is the day of the month, 1 to 31, zero for a date that does not exist.
func (d Date) Day() int { _, _, day, _ := d.parts(); return day }

// Quarter is the calendar quarter, 1 to 4, zero for a date that does not exist.
func (d Date) Quarter() int { return (d.Month() + 2) / 3 }

// QuarterLabel names the calendar quarter, "2025-Q1", the form in which a
// stratified sample names its strata; empty for a date that does not exist.
func (d Date) QuarterLabel() string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf("%04d-Q%d", d.Year(), d.Quarter())
}

// QuarterStart is the first day of the date's calendar quarter.
func (d Date) QuarterStart() Date { return NewDate(d.Year(), 3*d.Quarter()-2, 1) }

// QuarterEnd is the last day of the date's calendar quarter.
func (d Date) QuarterEnd() Date {
	month := 3 * d.Quarter()
	return NewDate(d.Year(), month, daysInMonth(d.Year(), month))
}

// AddDays moves the date by whole days, backwards when n is negative; empty
// when d does not exist or the result leaves the years 0001 to 9999.
func (d Date) AddDays(n int) Date {
	y, m, day, ok := d.parts()
	if !ok || n > 4_000_000 || n < -4_000_000 {
		return ""
	}
	return dateOfDay(dayNumber(y, m, day) + n)
}

// AddMonths moves the date by whole months and keeps the day, or takes the
// month's last day where it is shorter (31 January plus one month is 28 or 29
// February); empty when the result leaves the years 0001 to 9999.
func (d Date) AddMonths(n int) Date {
	y, m, day, ok := d.parts()
	if !ok || n > 120_000 || n < -120_000 {
		return ""
	}
	months := y*12 + m - 1 + n
	if months < 12 || months >= 120_000 {
		return ""
	}
	y, m = months/12, months%12+1
	return NewDate(y, m, min(day, daysInMonth(y, m)))
}

// DaysUntil counts the days from d to other, negative when other is earlier;
// zero when either does not exist.
func (d Date) DaysUntil(other Date) int {
	y, m, day, ok := d.parts()
	y2, m2, day2, ok2 := other.parts()
	if !ok || !ok2 {
		return 0
	}
	return dayNumber(y2, m2, day2) - dayNumber(y, m, day)
}

// ISOWeekday is 1 for Monday to 7 for Sunday, zero for a date that does not
// exist.
func (d Date) ISOWeekday() int {
	y, m, day, ok := d.parts()
	if !ok {
		return 0
	}
	// 1 January of the year 1 was a Monday in this calendar and is day 0.
	return dayNumber(y, m, day)%7 + 1
}

// Long writes the date as American reports do, "January 31, 2025"; a date
// that does not exist comes back as it was given.
func (d Date) Long() string {
	y, m, day, ok := d.parts()
	if !ok {
		return string(d)
	}
	return fmt.Sprintf("%s %d, %d", monthNames[m-1], day, y)
}

// String is the date as stored.
func (d Date) String() string { return string(d) }

// Weekdays counts the days from Monday to Friday between two dates, both
// included; holidays are not known here. Zero when to lies before from.
func Weekdays(from, to Date) int {
	if !from.Valid() || !to.Valid() || to.Before(from) {
		return 0
	}
	days := from.DaysUntil(to) + 1
	count := days / 7 * 5
	for i, weekday := 0, from.ISOWeekday(); i < days%7; i++ {
		if (weekday-1+i)%7 < 5 {
			count++
		}
	}
	return count
}

var monthNames = [12]string{"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"}

// flaw says why a date is not one.
func (d Date) flaw() (message, remedy string) {
	const remedyText = "Write the date as year-month-day, for example 2025-01-31."
	if !d.shaped() {
		return fmt.Sprintf("%q is not a date.", string(d)), remedyText
	}
	if !d.Valid() {
		return fmt.Sprintf("There is no day %s in the calendar.", string(d)), remedyText
	}
	return "", ""
}

// shaped reports whether the text has the form 0000-00-00.
func (d Date) shaped() bool {
	if len(d) != 10 || d[4] != '-' || d[7] != '-' {
		return false
	}
	for i := range len(d) {
		if i != 4 && i != 7 && (d[i] < '0' || d[i] > '9') {
			return false
		}
	}
	return true
}

// parts splits a date and says whether it exists.
func (d Date) parts() (year, month, day int, ok bool) {
	if !d.shaped() {
		return 0, 0, 0, false
	}
	year, month, day = digits(string(d[:4])), digits(string(d[5:7])), digits(string(d[8:]))
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

// digits reads a text that is known to hold decimal digits only.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// leap reports whether a year of the Gregorian calendar has 366 days.
func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysInMonth is the length of a month, zero for a month that does not exist.
func daysInMonth(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	case 1, 3, 5, 7, 8, 10, 12:
		return 31
	}
	return 0
}

// dayNumber counts days since 0001-01-01, which is day 0.
func dayNumber(year, month, day int) int {
	y := year - 1
	n := y*365 + y/4 - y/100 + y/400
	for m := 1; m < month; m++ {
		n += daysInMonth(year, m)
	}
	return n + day - 1
}

// dateOfDay is the inverse of dayNumber; empty outside the years 0001–9999.
func dateOfDay(n int) Date {
	if n < 0 || n > 3_652_058 {
		return ""
	}
	// A year has at least 365 days, so the guess is never too small and at
	// most seven years too large within this range.
	year := n/365 + 1
	for dayNumber(year, 1, 1) > n {
		year--
	}
	rest := n - dayNumber(year, 1, 1)
	month := 1
	for rest >= daysInMonth(year, month) {
		rest -= daysInMonth(year, month)
		month++
	}
	return NewDate(year, month, rest+1)
}
