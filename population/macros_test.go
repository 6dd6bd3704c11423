package population

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBusinessDaysAgainstCounting compares the macros with counting day by day.
func TestBusinessDaysAgainstCounting(t *testing.T) {
	holidays := []string{"2025-12-25", "2025-12-26", "2025-12-28", "2026-01-01", "2026-01-02", "2026-01-05"}
	business := func(d time.Time) bool {
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !slices.Contains(holidays, d.Format(time.DateOnly))
	}
	var b strings.Builder
	b.WriteString("k,d,n,moved,other,apart\n")
	start := time.Date(2025, 12, 10, 0, 0, 0, 0, time.UTC)
	for i := range 40 {
		for n := -12; n <= 12; n++ {
			d := start.AddDate(0, 0, i)
			moved, left, step := d, n, 1
			if n < 0 {
				left, step = -n, -1
			}
			for left > 0 {
				moved = moved.AddDate(0, 0, step)
				if business(moved) {
					left--
				}
			}
			other, apart := d.AddDate(0, 0, n), 0
			for x := d; x.Before(other); {
				x = x.AddDate(0, 0, 1)
				if business(x) {
					apart++
				}
			}
			for x := other; x.Before(d); {
				x = x.AddDate(0, 0, 1)
				if business(x) {
					apart--
				}
			}
			fmt.Fprintf(&b, "%d/%d,%s,%d,%s,%s,%d\n", i, n, d.Format(time.DateOnly), n, moved.Format(time.DateOnly), other.Format(time.DateOnly), apart)
		}
	}
	e := newEngine(t)
	f := importCSV(t, e, b.String(), "k")
	path := filepath.Join(t.TempDir(), "x")
	m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Holidays: holidays, ExceptionsPath: path, Attributes: []Attribute{
		{Code: "add", Pass: "add_business_days(d, n) = moved"},
		{Code: "between", Pass: "business_days_between(d, other) = apart"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Attributes {
		if a.Counts.Pass != f.Rows {
			t.Errorf("%s: %+v of %d", a.Code, a.Counts, f.Rows)
		}
	}
}
