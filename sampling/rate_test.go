package sampling

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]string{
		"5": "5%", "5%": "5%", "3.5": "3.5%", "0.25": "0.25%", "0": "0%", "100": "100%", "05.50": "5.5%",
		"350bp": "3.5%", "0bp": "0%", "10000bp": "100%",
		"1/60": "1/60", "2/120": "1/60", "1/8": "12.5%", "0/7": "0%",
	} {
		got, err := ParseRate(text)
		if err != nil || got.String() != want {
			t.Errorf("%q reads as %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "digits are missing", "%": "digits are missing", "5%%": "not a digit", "-5": "not a digit", "+5": "not a digit", "5,5": "not a digit",
		"1e2": "not a digit", " 5": "not a digit", ".5": "digits are missing", "5.": "digits are missing", "1.2.3": "not a digit", "0x5": "not a digit", "٥": "not a digit",
		"100.0001": "between 0 and 100", "101": "between 0 and 100", "7/6": "between 0 and 100", "1/0": "denominator is zero", "1/2/3": "not a digit",
		"10001bp": "between 0 and 10000", "1.5bp": "not a digit", "99999999999999999999bp": "between 0 and 10000",
		strings.Repeat("1", 1000): "characters or more", "1/" + strings.Repeat("1", 1000): "more than 40 digits",
	} {
		if got, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q reads as %s, %v; want an error with %q", text, got, err, want)
		} else if len(err.Error()) > 250 {
			t.Errorf("%.20q: an error of %d bytes", text, len(err.Error()))
		}
	}
}

func TestRateValues(t *testing.T) {
	var zero Rate
	if zero.String() != "0%" || !zero.IsZero() || zero.Cmp(MustPercent("0.0")) != 0 {
		t.Errorf("the zero value is %s", zero)
	}
	rate := MustPercent("3.5")
	rate.Rat().SetInt64(9)
	if rate.Rat().Cmp(big.NewRat(7, 200)) != 0 {
		t.Error("a copy of the value changed the rate")
	}
	if sixtieth := mustRate(t, 1, 60); sixtieth.Percent(1) != "1.7" || sixtieth.Percent(0) != "2" {
		t.Errorf("1/60 prints %s and %s", sixtieth.Percent(1), sixtieth.Percent(0))
	}
	for _, bad := range [][2]int64{{1, 0}, {1, -1}, {2, 1}, {-1, 2}} {
		if got, err := NewRate(bad[0], bad[1]); err == nil {
			t.Errorf("%d/%d is accepted as %s", bad[0], bad[1], got)
		}
	}
	if _, err := BasisPoints(-1); err == nil {
		t.Error("-1 basis points are accepted")
	}
	var in PlanInput
	if err := json.Unmarshal([]byte(`{"model":"poisson","confidence":"95","tolerable":"5%","expected":"25bp"}`), &in); err != nil || in.Expected.Cmp(mustRate(t, 1, 400)) != 0 {
		t.Errorf("%+v, %v", in, err)
	}
	if err := json.Unmarshal([]byte(`{"model":"normal"}`), &in); err == nil {
		t.Error("a model that does not exist was read")
	}
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"5", "3.5%", "350bp", "1/60", "0.0000000000000000000000000001", "1/1180591620717411303424"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rate, err := ParseRate(text)
		if err != nil {
			return
		}
		if rate.Rat().Sign() < 0 || rate.Rat().Cmp(one) > 0 {
			t.Fatalf("%q reads as %s, which is not a share", text, rate)
		}
		back, err := ParseRate(rate.String())
		if err != nil || back.Cmp(rate) != 0 {
			t.Fatalf("%q reads as %s, which reads as %s, %v", text, rate, back, err)
		}
	})
}
