package demo

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// smallYear is the manifest of one generation that the tests share.
var smallYear struct {
	once sync.Once
	dir  string
	m    Manifest
	err  error
}

func generated(t *testing.T) Manifest {
	t.Helper()
	y := &smallYear
	y.once.Do(func() {
		if y.dir, y.err = os.MkdirTemp("", "reperform-demo-"); y.err == nil {
			y.m, y.err = Generate(context.Background(), y.dir, Small, nil)
		}
	})
	if y.err != nil {
		t.Fatal(y.err)
	}
	return y.m
}

// TestGenerateIsDeterministic pins the bytes of the small year. When a change
// of the generator is meant, the new value is printed here, and the texts of
// the example that state figures are to be read again.
func TestGenerateIsDeterministic(t *testing.T) {
	first := generated(t)
	again, err := Generate(context.Background(), t.TempDir(), Small, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := manifestHash(t, first), manifestHash(t, again); a != b {
		t.Fatalf("two generations differ: %s and %s", a, b)
	}
	// How well a file is compressed may change with the compiler's library.
	for i, f := range again.Files {
		if strings.HasSuffix(f.Name, ".gz") || strings.HasSuffix(f.Name, ".xlsx") {
			again.Files[i].SHA256, again.Files[i].Bytes = "", 0
		}
	}
	a := manifestHash(t, again)
	const pinned = "4c50a2e003b1a88010fe5843e5e9a140646065fea3c8d0500bd5782cbe40dc4a"
	if a != pinned {
		t.Errorf("the small year has hash %s, pinned is %s", a, pinned)
	}
}

func manifestHash(t *testing.T, m Manifest) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestGenerateRefusesAMissingFolder(t *testing.T) {
	if _, err := Generate(context.Background(), filepath.Join(t.TempDir(), "none"), Small, nil); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}

func TestGenerateStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Generate(ctx, t.TempDir(), Small, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled generation gave %v", err)
	}
}

func TestGenerateReportsProgress(t *testing.T) {
	var last, total int64
	_, err := Generate(context.Background(), t.TempDir(), Small, func(stage string, done, all int64) {
		if stage == "" || done != last+1 {
			t.Errorf("progress %q %d after %d", stage, done, last)
		}
		last, total = done, all
	})
	if err != nil || last != total || total == 0 {
		t.Errorf("progress ended at %d of %d: %v", last, total, err)
	}
}

// rows reads an extract with its header as maps, without anything of the
// generator.
func rows(t *testing.T, name string, comma rune) []map[string]string {
	t.Helper()
	generated(t)
	f, err := os.Open(filepath.Join(smallYear.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r := csv.NewReader(in)
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[all[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

func count(rows []map[string]string, holds func(r map[string]string) bool) int {
	n := 0
	for _, r := range rows {
		if holds(r) {
			n++
		}
	}
	return n
}

// TestSeededFacts finds what was seeded by plain reading, comparing texts.
func TestSeededFacts(t *testing.T) {
	deployments := rows(t, "tern_deployments_2025.csv", ',')
	bank := rows(t, "heron_bank_changes_2025.csv.gz", ';')
	rules := rows(t, "tern_rules_daily_2025.tsv", '\t')
	fiduciary := rows(t, "bittern_fiduciary_2025.csv", ';')
	runs := rows(t, "plover_runs_2025.csv", ',')
	facts := []struct {
		what string
		got  int
		want int
	}{
		{"deployments", len(deployments), 1802},
		{"deployments without approval", count(deployments, func(r map[string]string) bool { return r["APPROVED_AT"] == "" }), 63},
		{"of them by svc-release from March 3 to May 16", count(deployments, func(r map[string]string) bool {
			return r["APPROVED_AT"] == "" && r["DEPLOYED_BY"] == "svc-release" && r["DEPLOYED_AT"] >= "2025-03-03" && r["DEPLOYED_AT"] < "2025-05-17"
		}), 61},
		{"of them of the calculation", count(deployments, func(r map[string]string) bool {
			return r["DEPLOYED_BY"] == "svc-release" && r["REPOSITORY"] == "plover-calc"
		}), 38},
		{"emergency changes", count(deployments, func(r map[string]string) bool { return r["EMERGENCY"] == "Y" }), 38},
		{"days and repositories without the rule", count(rules, func(r map[string]string) bool { return r["PROTECTED"] != "Y" }), 150},
		{"bank changes used without an earlier call-back", count(bank, func(r map[string]string) bool {
			return r["STATUS"] == "ACTIVE" && (r["CALLBACK_AT"] == "" || r["CALLBACK_AT"] >= r["FIRST_USE_AT"])
		}), 9},
		{"reconciliations", len(fiduciary), 168},
		{"reconciliations reviewed on June 20", count(fiduciary, func(r map[string]string) bool {
			return r["MONTH_END"] == "2025-05-31" && r["REVIEWED_ON"] > "2025-06-13"
		}), 1},
		{"runs that seem approved late", count(runs, func(r map[string]string) bool { return r["STATUS"] == "FINAL" && r["APPROVED_AT"] > r["FINALIZED_AT"] }), 6},
		{"business days reconciled", len(rows(t, "bittern_bank_daily_2025.csv", ',')), 250},
		{"copies that failed", count(rows(t, "dunlin_copies_2025.csv", ','), func(r map[string]string) bool { return r["STATUS"] == "FAILED" }), 11},
	}
	for _, f := range facts {
		if f.got != f.want {
			t.Errorf("%s: found %d, want %d", f.what, f.got, f.want)
		}
	}
}

// TestLinesAddUpToRuns adds net pay of the lines by run and compares it with
// the runs and with funding.
func TestLinesAddUpToRuns(t *testing.T) {
	sum := map[string]int64{}
	for _, l := range rows(t, "plover_pay_lines_2025.csv", ',') {
		sum[l["RUN_ID"]] += cents(t, l["NET"])
	}
	for _, r := range rows(t, "plover_runs_2025.csv", ',') {
		if r["STATUS"] == "FINAL" && cents(t, r["REGISTER_NET"]) != sum[r["RUN_ID"]] {
			t.Fatalf("run %s has net pay %s, its lines add up to %d cents", r["RUN_ID"], r["REGISTER_NET"], sum[r["RUN_ID"]])
		}
	}
	for _, f := range rows(t, "bittern_funding_2025.csv", ',') {
		if cents(t, f["LIABILITY"]) != sum[f["RUN_ID"]] {
			t.Fatalf("run %s has liability %s, its lines add up to %d cents", f["RUN_ID"], f["LIABILITY"], sum[f["RUN_ID"]])
		}
	}
}

func cents(t *testing.T, s string) int64 {
	t.Helper()
	whole, fraction, ok := strings.Cut(s, ".")
	n := int64(0)
	for _, r := range strings.TrimPrefix(whole, "-") + fraction {
		n = n*10 + int64(r-'0')
	}
	if !ok || len(fraction) != 2 {
		t.Fatalf("%q is not an amount", s)
	}
	if strings.HasPrefix(whole, "-") {
		return -n
	}
	return n
}
