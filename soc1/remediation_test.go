package soc1

import "testing"

func TestMoneyInWords(t *testing.T) {
	for _, c := range []struct {
		m    Money
		want string
	}{
		{Money{0, "USD"}, "USD 0.00"}, {Money{5, "USD"}, "USD 0.05"}, {Money{-5, "EUR"}, "EUR -0.05"}, {Money{123456789, "USD"}, "USD 1,234,567.89"},
		{Money{100000, "USD"}, "USD 1,000.00"}, {Money{1250, "JPY"}, "JPY 1,250"}, {Money{1250, "KWD"}, "KWD 1.250"}, {Money{-9223372036854775808, "USD"}, "USD -92,233,720,368,547,758.08"},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("%d %s is %q, expected %q", c.m.Minor, c.m.Currency, got, c.want)
		}
	}
}

// A key is the same for the same finding, and another for a field of it.
func TestKeysOfPlan(t *testing.T) {
	got := aPlan().Keys()
	if len(got) != 2 || got[0] != "CTL-08 control/pay-3-2 information_used" || got[1] != "exception/x1" {
		t.Errorf("the keys are %q", got)
	}
	if aPlan().StepsDone("2026-10-09") != 0 || aPlan().StepsDone("2026-10-10") != 1 {
		t.Error("a step is done from its day on")
	}
}
