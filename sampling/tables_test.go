package sampling

import (
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// readTable reads one of the published tables that are kept beside the
// repository. Their absence is the only reason to skip a test.
func readTable(t *testing.T, name string, rows int) []map[string]string {
	t.Helper()
	shared := os.Getenv("REPERFORM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	path := filepath.Join(shared, "domain", "sampling", name)
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skipf("published table %s is not there; set REPERFORM_SHARED", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var table []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		table = append(table, row)
	}
	if len(table) != rows {
		t.Fatalf("%s has %d rows, want %d", path, len(table), rows)
	}
	return table
}

// fraction reads a decimal share such as 0.05.
func fraction(t *testing.T, text string) Rate {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is not a number", text)
	}
	rate, err := RateOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return rate
}

func whole64(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPublishedPlans(t *testing.T) {
	for i, row := range readTable(t, "attribute_planning.csv", 392) {
		in := PlanInput{
			Model:      Model(row["likelihood"]),
			Confidence: fraction(t, row["conf"]),
			Tolerable:  fraction(t, row["materiality"]),
		}
		if row["N"] != "" {
			in.Population = whole64(t, row["N"])
		}
		var got PlanResult
		var err error
		switch row["expected_kind"] {
		case "rate":
			in.Expected = fraction(t, row["expected"])
			got, err = Plan(in)
		case "count":
			got, err = PlanAllowing(in, whole64(t, row["expected"]))
		default:
			t.Fatalf("row %d: expected_kind %q", i+2, row["expected_kind"])
		}
		if err != nil {
			t.Errorf("row %d (T=%s e=%s): %v", i+2, in.Tolerable, in.Expected, err)
			continue
		}
		if want := whole64(t, row["n_exact"]); got.N != want {
			t.Errorf("row %d (%s, conf %s, T=%s, e=%s): n = %d, exact value is %d", i+2, row["publication"], in.Confidence, in.Tolerable, in.Expected, got.N, want)
		}
	}
}

// Table C-1 of the guide is the Poisson rule with T the tolerable share of the
// book value and e a share of T, so it tests fractional shapes.
func TestPublishedPoissonPlans(t *testing.T) {
	for i, row := range readTable(t, "mus_planning.csv", 418) {
		tolerable := fraction(t, row["tolerable_misstatement_frac"])
		ratio := fraction(t, row["ratio_expected_to_tolerable"])
		expected, err := RateOf(new(big.Rat).Mul(tolerable.Rat(), ratio.Rat()))
		if err != nil {
			t.Fatal(err)
		}
		risk := fraction(t, row["risk_incorrect_acceptance"])
		confidence, err := RateOf(riskOf(risk))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Plan(PlanInput{Model: Poisson, Confidence: confidence, Tolerable: tolerable, Expected: expected})
		if err != nil {
			t.Errorf("row %d: %v", i+2, err)
			continue
		}
		if want := whole64(t, row["n_exact"]); got.N != want {
			t.Errorf("row %d (conf %s, T=%s, e=%s): n = %d, exact value is %d", i+2, confidence, tolerable, expected, got.N, want)
		}
	}
}

func TestPublishedLimits(t *testing.T) {
	for i, row := range readTable(t, "attribute_evaluation.csv", 462) {
		in := EvalInput{
			Model:      Model(row["method"]),
			Confidence: fraction(t, row["conf"]),
			N:          whole64(t, row["n"]),
			K:          whole64(t, row["k"]),
		}
		if row["N"] != "" {
			in.Population = whole64(t, row["N"])
		}
		got, err := Evaluate(in)
		if err != nil {
			t.Errorf("row %d: %v", i+2, err)
			continue
		}
		exact, _ := new(big.Rat).SetString(row["ub_exact"])
		// The column holds ten significant digits.
		places := 10
		for tenth := big.NewRat(1, 10); exact.Cmp(tenth) < 0; tenth.Mul(tenth, big.NewRat(1, 10)) {
			places++
		}
		if upper := got.UpperDecimal(places); upper != exact.FloatString(places) {
			t.Errorf("row %d (n=%d k=%d conf %s): upper = %s, exact value is %s", i+2, in.N, in.K, in.Confidence, upper, exact.FloatString(places))
		}
		if row["ub_unit"] == "percent_ceil_0.1" {
			printed, _ := new(big.Rat).SetString(row["ub"])
			if want := printed.FloatString(1) + "%"; got.PercentCeil() != want {
				t.Errorf("row %d (n=%d k=%d): prints %s, the guide prints %s", i+2, in.N, in.K, got.PercentCeil(), want)
			}
		}
	}
}

func TestPublishedPoissonFactors(t *testing.T) {
	for i, row := range readTable(t, "poisson_factors.csv", 231) {
		risk, err := ParsePercent(row["risk_pct"])
		if err != nil {
			t.Fatal(err)
		}
		confidence, err := RateOf(riskOf(risk))
		if err != nil {
			t.Fatal(err)
		}
		got, err := PoissonFactor(confidence, whole64(t, row["k"]), 4)
		if err != nil {
			t.Fatal(err)
		}
		if got != row["factor"] {
			t.Errorf("row %d (risk %s, k=%s): factor %s, table has %s", i+2, risk, row["k"], got, row["factor"])
		}
	}
}
