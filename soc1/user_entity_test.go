package soc1

import "testing"

// A fiscal year ends in every year, on the last day of February in leap years too.
func TestYearEnd(t *testing.T) {
	for _, c := range []struct {
		end         YearEnd
		since       Date
		want, begin Date
	}{
		{"12-31", "2025-12-31", "2025-12-31", "2025-01-01"},
		{"12-31", "2026-01-01", "2026-12-31", "2026-01-01"},
		{"06-30", "2025-12-31", "2026-06-30", "2025-07-01"},
		{"02-28", "2024-01-15", "2024-02-29", "2023-03-01"},
		{"02-28", "2024-03-01", "2025-02-28", "2024-03-01"},
		{"02-28", "2028-02-29", "2028-02-29", "2027-03-01"},
		{"03-28", "2024-03-29", "2025-03-28", "2024-03-29"},
	} {
		end := c.end.Since(c.since)
		if begin := c.end.Begin(end); end != c.want || begin != c.begin {
			t.Errorf("%s since %s: %s from %s, expected %s from %s", c.end, c.since, end, begin, c.want, c.begin)
		}
	}
	for _, bad := range []YearEnd{"", "02-29", "02-30", "13-01", "00-10", "12/31", "1-31", "Dec31"} {
		if bad.Valid() || bad.In(2024) != "" {
			t.Errorf("%q is taken for the end of a fiscal year", bad)
		}
	}
	if got := YearEnd("02-28").Label(); got != "End of February" {
		t.Errorf("02-28 reads %q", got)
	}
}
