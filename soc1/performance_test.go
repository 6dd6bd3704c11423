package soc1

import (
	"fmt"
	"testing"
)

// TestReconciliation sums, explains and ages the items of two balances, at the edges
// of buckets, of periods and of leap days.
func TestReconciliation(t *testing.T) {
	items := []ReconcilingItem{
		{What: "on the day", Minor: 1, Since: "2024-02-29"}, {What: "30 days", Minor: 2, Since: "2024-01-30"}, {What: "31 days", Minor: 4, Since: "2024-01-29"}, {What: "60 days", Minor: 8, Since: "2023-12-31"},
		{What: "61 days", Minor: -16, Since: "2023-12-30"}, {What: "90 days", Minor: 32, Since: "2023-12-01"}, {What: "91 days", Minor: -64, Since: "2023-11-30"},
		{What: "cleared on the day", Minor: 1000, Since: "2024-01-01", ClearedOn: "2024-02-29"}, {What: "cleared the day after", Minor: 2000, Since: "2024-02-01", ClearedOn: "2024-03-01"},
		{What: "of the next period", Minor: 4000, Since: "2024-03-01"},
	}
	r := Reconciliation{FirstName: "a", SecondName: "b", First: Money{Minor: 5000, Currency: "USD"}, Second: Money{Minor: 3033, Currency: "USD"}, Items: items}
	if d, e, u := r.Difference(), r.Explained("2024-02-29"), r.Unexplained("2024-02-29"); d != 1967 || e != 1967 || u != 0 {
		t.Errorf("difference %d, explained %d, unexplained %d", d, e, u)
	}
	var got string
	for _, b := range r.Aged("2024-02-29") {
		got += fmt.Sprintf("%s: %d, %d, %d; ", b.Label(), b.Count, b.Minor, b.Gross)
	}
	if want := "0 to 30 days: 3, 2003, 2003; 31 to 60 days: 2, 12, 12; 61 to 90 days: 2, 16, 48; over 90 days: 1, -64, 64; "; got != want {
		t.Errorf("aged\n%s\nwant\n%s", got, want)
	}
	if u := r.Unexplained("2024-03-01"); u != 1967-(1967-2000+4000) {
		t.Errorf("a day later %d", u)
	}
	if (Reconciliation{}).None() != true || r.None() {
		t.Error("none")
	}
}

// manyItems are more than one reconciliation holds.
func manyItems() []ReconcilingItem {
	out := make([]ReconcilingItem, MostReconcilingItems+1)
	for i := range out {
		out[i] = ReconcilingItem{What: fmt.Sprint("Check ", i), Minor: 1, Since: "2025-01-02"}
	}
	return out
}
