package soc1

import "testing"

// TestParseMoney reads amounts as people write them and refuses what could be read in
// two ways.
func TestParseMoney(t *testing.T) {
	for text, want := range map[string]int64{"1250": 125000, "1,250.00": 125000, "-3.5": -350, " 0.07 ": 7, ".5": 50, "−12": -1200, "1,234,567.89": 123456789, "999999999999999.99": 99999999999999999} {
		if m, err := ParseMoney(text, "USD"); err != nil || m.Minor != want {
			t.Errorf("%q is %d, %v; want %d", text, m.Minor, err, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1.", "1.234", "1.250,00", "12,50", "1,2345", ",100", "1e3", "--1", "+1", "1 000", "USD 5", "1000000000000000000", "½"} {
		if m, err := ParseMoney(text, "USD"); err == nil {
			t.Errorf("%q is read as %d", text, m.Minor)
		}
	}
	if m, err := ParseMoney("1250", "JPY"); err != nil || m.Minor != 1250 {
		t.Errorf("yen: %+v %v", m, err)
	}
	if m, err := ParseMoney("1.2505", "KWD"); err == nil {
		t.Errorf("four digits of a dinar: %+v", m)
	}
	if _, err := ParseMoney("1", "usd"); err == nil {
		t.Error("a currency in small letters")
	}
}
