package english

import "testing"

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int64
		noun string
		want string
	}{
		{0, "claim", "0 claims"}, {1, "claim", "1 claim"}, {2, "claim", "2 claims"}, {-1, "claim", "-1 claims"},
		{1, "entry", "1 entry"}, {2, "entry", "2 entries"}, {2, "day", "2 days"}, {2, "key", "2 keys"},
		{1, "leaf", "1 leaf"}, {3, "leaf", "3 leaves"}, {2, "hash", "2 hashes"}, {1, "hash", "1 hash"}, {2, "process", "2 processes"},
		{2, "computed figure", "2 computed figures"}, {1, "blank row", "1 blank row"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("%d of %s: %q, expected %q", c.n, c.noun, got, c.want)
		}
	}
	if got := Are(1, "objective") + ", " + Are(2, "objective"); got != "1 objective is, 2 objectives are" {
		t.Errorf("%q", got)
	}
	if got := A("attribute") + ", " + A("control"); got != "an attribute, a control" {
		t.Errorf("%q", got)
	}
	if got := Choose(1, "deviates", "deviate") + " " + Choose(0, "deviates", "deviate"); got != "deviates deviate" {
		t.Errorf("%q", got)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 200000: "200,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}
