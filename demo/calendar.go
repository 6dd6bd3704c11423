package demo

import (
	"embed"
	"encoding/csv"
	"strings"
	"time"
)

//go:embed example/holidays-2025.csv
var holidayFile embed.FS

// Holidays are the holidays of the Federal Reserve in 2025, as dates. They are
// what the year's business days are counted with.
func Holidays() []string {
	b, err := holidayFile.ReadFile("example/holidays-2025.csv")
	if err != nil {
		panic("demo: the embedded list of holidays cannot be read: " + err.Error())
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		panic("demo: the embedded list of holidays is damaged: " + err.Error())
	}
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[0])
	}
	return out
}

// The calendar counts days from January 1, 2025, which is day 0, and seconds
// of local clock time from the beginning of that day.
const (
	daySeconds  = 24 * 3600
	yearDays    = 365
	firstDay    = -40 // November 22, 2024
	lastDay     = 440 // March 17, 2026
	summerStart = 67  // March 9, 2025: clocks go forward at two in the morning
	summerEnd   = 305 // November 2, 2025: clocks go back
	extracted   = 370 // January 6, 2026: what is entered by hand is entered by then
)

// calendar holds the days around 2025 in the spellings that extracts use.
type calendar struct {
	iso, us  []string
	open     []bool
	business []int // business days of 2025, in order
}

func newCalendar() *calendar {
	closed := map[string]bool{}
	for _, h := range Holidays() {
		closed[h] = true
	}
	c := &calendar{}
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for d := firstDay; d <= lastDay; d++ {
		t := start.AddDate(0, 0, d)
		iso := t.Format(time.DateOnly)
		c.iso = append(c.iso, iso)
		c.us = append(c.us, t.Format("01/02/2006"))
		open := t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && !closed[iso]
		c.open = append(c.open, open)
		if open && d >= 0 && d < yearDays {
			c.business = append(c.business, d)
		}
	}
	return c
}

func (c *calendar) date(d int) string     { return c.iso[d-firstDay] }
func (c *calendar) american(d int) string { return c.us[d-firstDay] }
func (c *calendar) isOpen(d int) bool     { return c.open[d-firstDay] }

// after is the n-th business day after a day; n is not negative.
func (c *calendar) after(d, n int) int {
	for n > 0 {
		d++
		if c.isOpen(d) {
			n--
		}
	}
	return d
}

// notAfter is the day itself or the last business day before it.
func (c *calendar) notAfter(d int) int {
	for !c.isOpen(d) {
		d--
	}
	return d
}

// monthEnd is the last day of a month of 2025, 1 to 12; month 0 is December
// 2024.
func monthEnd(month int) int {
	if month == 0 {
		return -1
	}
	return time.Date(2025, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).YearDay() - 1
}

// day finds the number of a date of 2025; the date is a constant of this
// package.
func day(month, dayOfMonth int) int {
	return time.Date(2025, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC).YearDay() - 1
}

// at is a moment of a day, in seconds of local clock time.
func at(d, hour, minute, second int) int64 {
	return int64(d)*daySeconds + int64(hour)*3600 + int64(minute)*60 + int64(second)
}

// offset is how many seconds the local clock of Chicago is behind universal
// time at a local moment.
func offset(t int64) int64 {
	if t >= at(summerStart, 2, 0, 0) && t < at(summerEnd, 2, 0, 0) {
		return 5 * 3600
	}
	return 6 * 3600
}
