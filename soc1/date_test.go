package soc1

import (
	"fmt"
	"testing"
	"time"
)

const layout = "2006-01-02"

// oracle reads a date with the standard library.
func oracle(d Date) time.Time {
	v, err := time.Parse(layout, string(d))
	if err != nil {
		panic(err)
	}
	return v
}

// TestEveryDay walks every day that a Date can name beside time.Time.
func TestEveryDay(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := 0; day.Year() < 10000; n++ {
		d := dateOfDay(n)
		if string(d) != day.Format(layout) || !d.Valid() || dayNumber(d.Year(), d.Month(), d.Day()) != n {
			t.Fatalf("day %d is %s, not %s", n, day.Format(layout), d)
		}
		weekday := int(day.Weekday()+6)%7 + 1
		if d.ISOWeekday() != weekday || d.Quarter() != (int(day.Month())-1)/3+1 {
			t.Fatalf("%s: weekday %d (want %d), quarter %d", d, d.ISOWeekday(), weekday, d.Quarter())
		}
		day = day.AddDate(0, 0, 1)
	}
	if got := Date("9999-12-31").AddDays(1); got != "" {
		t.Errorf("after the last day comes %q", got)
	}
	if got := Date("0001-01-01").AddDays(-1); got != "" {
		t.Errorf("before the first day is %q", got)
	}
}

func TestArithmeticAgainstTime(t *testing.T) {
	for _, d := range []Date{"2024-02-29", "2025-01-31", "2025-12-31", "1999-03-01", "2000-02-28"} {
		for n := -800; n <= 800; n++ {
			moved := d.AddDays(n)
			if want := oracle(d).AddDate(0, 0, n).Format(layout); string(moved) != want {
				t.Fatalf("%s.AddDays(%d) = %s, want %s", d, n, moved, want)
			}
			if d.DaysUntil(moved) != n {
				t.Fatalf("%s.DaysUntil(%s) = %d, want %d", d, moved, d.DaysUntil(moved), n)
			}
			weekdays := 0
			for x := oracle(d); !x.After(oracle(moved)); x = x.AddDate(0, 0, 1) {
				if w := x.Weekday(); w != time.Saturday && w != time.Sunday {
					weekdays++
				}
			}
			if got := Weekdays(d, moved); got != weekdays {
				t.Fatalf("Weekdays(%s, %s) = %d, want %d", d, moved, got, weekdays)
			}
		}
		for n := -40; n <= 40; n++ {
			first := time.Date(oracle(d).Year(), oracle(d).Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
			last := first.AddDate(0, 1, -1).Day()
			want := first.AddDate(0, 0, min(oracle(d).Day(), last)-1).Format(layout)
			if got := d.AddMonths(n); string(got) != want {
				t.Fatalf("%s.AddMonths(%d) = %s, want %s", d, n, got, want)
			}
		}
	}
	if got := Date("9999-12-01").AddMonths(1); got != "" {
		t.Errorf("beyond the last month lies %q", got)
	}
	if got := Date("0001-01-01").AddMonths(-1); got != "" {
		t.Errorf("before the first month lies %q", got)
	}
}

func TestDateForms(t *testing.T) {
	d := NewDate(2024, 5, 9)
	for _, c := range []struct{ got, want any }{
		{d, Date("2024-05-09")}, {NewDate(2023, 2, 29), Date("")}, {NewDate(2023, 13, 1), Date("")}, {NewDate(0, 1, 1), Date("")},
		{d.QuarterStart(), Date("2024-04-01")}, {d.QuarterEnd(), Date("2024-06-30")}, {d.QuarterLabel(), "2024-Q2"},
		{d.Long(), "May 9, 2024"}, {Date("x").Long(), "x"}, {Date("x").QuarterLabel(), ""}, {Date("x").QuarterStart(), Date("")},
		{Date("x").AddDays(1), Date("")}, {Date("x").AddMonths(1), Date("")}, {Date("x").DaysUntil(d), 0}, {Date("x").ISOWeekday(), 0},
		{Date("x").Year() + Date("x").Month() + Date("x").Day() + Date("x").Quarter(), 0},
		{d.Before("2024-05-10"), true}, {d.Before(d), false}, {d.After("2024-05-08"), true}, {d.After(d), false},
		{d.Within(d, d), true}, {d.Within("2024-05-10", "2024-05-11"), false}, {d.Within("", "2025-01-01"), false},
		{Date("").Valid(), false}, {d.String(), "2024-05-09"}, {d.AddDays(5_000_000), Date("")}, {d.AddMonths(-200_000), Date("")},
		{Weekdays("2025-01-02", "2025-01-01"), 0}, {Weekdays("x", "2025-01-01"), 0},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if _, err := ParseDate("2025-04-31"); err == nil || err.Error() != "There is no day 2025-04-31 in the calendar. Write the date as year-month-day, for example 2025-01-31." {
		t.Errorf("the error reads: %v", err)
	}
	if got, err := ParseDate("2025-04-30"); err != nil || got != "2025-04-30" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzDate compares acceptance with time.Parse, which knows a year 0 that
// Date does not.
func FuzzDate(f *testing.F) {
	for _, s := range []string{"2025-01-31", "2024-02-29", "2023-02-29", "0000-01-01", "9999-12-31", "2025-1-31", "", "٢٠٢٥-01-01", "2025-01-31 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := time.Parse(layout, s)
		want := err == nil && v.Year() >= 1
		if got := Date(s).Valid(); got != want {
			t.Errorf("Date(%q).Valid() = %v, time.Parse says %v", s, got, err)
		}
		if _, err := ParseDate(s); (err == nil) != want {
			t.Errorf("ParseDate(%q): %v", s, err)
		}
	})
}

func TestInstants(t *testing.T) {
	for _, c := range []struct {
		text  string
		valid bool
	}{
		{"2025-01-31T17:05:00Z", true}, {"2025-01-31T17:05:00-06:00", true}, {"2025-01-31T17:05:00.123456789+05:30", true},
		{"2025-01-31T17:05:00", false}, {"2025-01-31 17:05:00Z", false}, {"2025-02-30T17:05:00Z", false}, {"2025-01-31T24:00:00Z", false},
		{"2025-01-31T23:59:60Z", false}, {"2025-01-31T17:05:00-00:00", false}, {"2025-01-31T17:05:00.Z", false},
		{"2025-01-31T17:05:00.1234567890Z", false}, {"2025-01-31t17:05:00z", false}, {"2025-01-31T17:05:00+24:00", false},
		{"2025-01-31T17:05:00+05:60", false}, {"2025-01-31T17:05:00+0530", false}, {"", false}, {"2025-01-31", false},
	} {
		if got := Instant(c.text).Valid(); got != c.valid {
			t.Errorf("%q: valid is %v", c.text, got)
		}
	}
	order := []Instant{"x", "2025-01-31T17:05:00+01:00", "2025-01-31T16:05:00.000000001Z", "2025-01-31T16:05:00.1Z", "2025-01-31T10:05:01-06:00"}
	for i, a := range order {
		for j, b := range order {
			want := min(1, max(-1, i-j))
			if got := a.Compare(b); got != want {
				t.Errorf("%s against %s: %d, want %d", a, b, got, want)
			}
			if a.Before(b) != (want < 0) {
				t.Errorf("%s before %s: %v", a, b, a.Before(b))
			}
		}
	}
	if got := Instant("2025-01-31T23:30:00-06:00").Date(); got != "2025-01-31" {
		t.Errorf("the day is %q", got)
	}
	if got := Instant("2025").Date(); got != "" {
		t.Errorf("the day is %q", got)
	}
	if _, err := ParseInstant("noon"); err == nil {
		t.Error("noon is no instant")
	}
	if got, err := ParseInstant("2025-01-31T23:30:00-06:00"); err != nil || got.String() != "2025-01-31T23:30:00-06:00" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzInstant compares with time.Parse: whatever is accepted here is accepted
// there and names the same moment. The reverse does not hold: the standard
// library takes forms that this package refuses on purpose.
func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2025-01-31T17:05:00Z", "2024-02-29T00:00:00.5-23:59", "0001-01-01T00:00:00+23:59", "2025-01-31T17:05:00-00:00", "2025-01-31T1705Z"} {
		f.Add(s)
	}
	origin := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	f.Fuzz(func(t *testing.T, s string) {
		seconds, nanos, ok := Instant(s).moment()
		if !ok {
			return
		}
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatalf("%q is accepted, time.Parse says %v", s, err)
		}
		if got, want := fmt.Sprint(seconds, nanos), fmt.Sprint(v.Unix()-origin, v.Nanosecond()); got != want {
			t.Fatalf("%q is %s, want %s", s, got, want)
		}
		if got := Instant(s).Date(); string(got) != v.Format(layout) {
			t.Fatalf("%q falls on %s, want %s", s, got, v.Format(layout))
		}
	})
}
