package sampling

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// numbered gives prefix001 … prefixNNN.
func numbered(prefix string, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%03d", prefix, i+1)
	}
	return keys
}

// The published vector of the selection, and the same draw made by hand from
// crypto/hmac without this package.
func TestSelectionVector(t *testing.T) {
	const input = "soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c"
	seed := Seed(input)
	if got := hex.EncodeToString(seed[:]); got != "56105f0193750a5dee9200052f9d3bee847ac32d849af32c39e335c576583eef" {
		t.Fatalf("seed is %s", got)
	}
	text, err := SeedInput{Algorithm: Algorithm, Engagement: "ENG-2025-001", Control: "PAY-5.3", PopulationHash: "3f1c"}.Text()
	if err != nil || text != input {
		t.Fatalf("seed input is %q, %v", text, err)
	}
	keys := numbered("B", 60)
	picks, err := Select(seed, slices.Values(keys), 5)
	if err != nil {
		t.Fatal(err)
	}
	byHand := slices.SortedFunc(slices.Values(keys), func(a, b string) int {
		return strings.Compare(handRank(input, a), handRank(input, b))
	})
	want := []string{"B009", "B049", "B010", "B014", "B053"}
	for i, pick := range picks {
		if pick.Key != want[i] || pick.Key != byHand[i] || pick.Rank != int64(i+1) {
			t.Errorf("rank %d: drew %s as %d, published %s, by hand %s", i+1, pick.Key, pick.Rank, want[i], byHand[i])
		}
		if got := hex.EncodeToString(pick.HMAC[:]); got != handRank(input, pick.Key) {
			t.Errorf("HMAC of %s is %s, by hand %s", pick.Key, got, handRank(input, pick.Key))
		}
	}
	first := Rank(seed, "B009")
	if got := hex.EncodeToString(first[:]); got != "01df70d29e9d1143e2b455b2fbc66cf760581cdeda3c5ef063e269713edee849" {
		t.Errorf("HMAC of B009 is %s", got)
	}
}

func handRank(input, key string) string {
	seed := sha256.Sum256([]byte(input))
	mac := hmac.New(sha256.New, seed[:])
	mac.Write([]byte(key))
	return hex.EncodeToString(mac.Sum(nil))
}

// Neither the order of the keys nor drawing in steps changes what is drawn.
func TestSelectionProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		seed := Seed(fmt.Sprint("round ", round))
		keys := numbered("K", 1+random.IntN(300))
		total := 1 + random.IntN(len(keys))
		all, err := Select(seed, slices.Values(keys), int64(total))
		if err != nil {
			t.Fatal(err)
		}
		random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		if again, err := Select(seed, slices.Values(keys), int64(total)); err != nil || !slices.Equal(all, again) {
			t.Fatalf("round %d: another order of the keys drew another sample: %v", round, err)
		}
		if total == 1 {
			continue
		}
		n := 1 + random.IntN(total-1)
		first, err := Select(seed, slices.Values(keys), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		next, err := Expand(seed, slices.Values(keys), first, int64(total-n))
		if err != nil || !slices.Equal(slices.Concat(first, next), all) {
			t.Fatalf("round %d: %d items and %d more are not the draw of %d: %v", round, n, total-n, total, err)
		}
	}
}

func TestSelectionErrors(t *testing.T) {
	seed := Seed("errors")
	keys := numbered("K", 50)
	all, err := Select(seed, slices.Values(keys), 50)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("repeated key", func(t *testing.T) {
		// The last of the ten picks comes twice: an error in every order.
		twice := append(slices.Clone(keys), all[9].Key)
		random := rand.New(rand.NewPCG(3, 4))
		for range 50 {
			random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			if _, err := Select(seed, slices.Values(twice), 10); err == nil || !strings.Contains(err.Error(), all[9].Key) {
				t.Fatalf("a repeated pick: %v, want an error that names %s", err, all[9].Key)
			}
		}
		// The eleventh is not among the picks: never an error.
		twice = append(slices.Clone(keys), all[10].Key)
		for range 50 {
			random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			if picks, err := Select(seed, slices.Values(twice), 10); err != nil || !slices.Equal(picks, all[:10]) {
				t.Fatalf("a repeated key outside the picks: %v", err)
			}
		}
	})
	t.Run("too few", func(t *testing.T) {
		picks, err := Select(seed, slices.Values(keys), 51)
		short := (*ShortError)(nil)
		if !errors.As(err, &short) || short.Found != 50 || !slices.Equal(picks, all) {
			t.Errorf("51 of 50: %d picks, %v", len(picks), err)
		}
	})
	t.Run("empty key", func(t *testing.T) {
		if _, err := Select(seed, slices.Values([]string{"a", ""}), 1); err == nil || !strings.Contains(err.Error(), "key number 2 is empty") {
			t.Error(err)
		}
	})
	t.Run("no items", func(t *testing.T) {
		if _, err := Select(seed, slices.Values(keys), 0); err == nil {
			t.Error("a draw of nothing was accepted")
		}
		if _, err := Expand(seed, slices.Values(keys), all[:5], 0); err == nil {
			t.Error("an expansion by nothing was accepted")
		}
	})
	t.Run("other population", func(t *testing.T) {
		if _, err := Expand(seed, slices.Values(numbered("X", 50)), all[:5], 5); err == nil || !strings.Contains(err.Error(), "rank 1 is") {
			t.Errorf("an expansion from another population: %v", err)
		}
	})
}

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		name  string
		sizes map[string]int64
		n     int64
		kept  map[string]int64
		want  map[string]int64
	}{
		{"even", map[string]int64{"Q1": 10, "Q2": 10, "Q3": 10, "Q4": 10}, 8, nil, map[string]int64{"Q1": 2, "Q2": 2, "Q3": 2, "Q4": 2}},
		{"tie goes to the first label", map[string]int64{"Q1": 10, "Q2": 10}, 3, nil, map[string]int64{"Q1": 2, "Q2": 1}},
		{"largest remainder", map[string]int64{"Q1": 47, "Q2": 16, "Q3": 21, "Q4": 16}, 10, nil, map[string]int64{"Q1": 5, "Q2": 2, "Q3": 2, "Q4": 1}},
		{"at least one", map[string]int64{"Q1": 970, "Q2": 10, "Q3": 10, "Q4": 10}, 25, nil, map[string]int64{"Q1": 22, "Q2": 1, "Q3": 1, "Q4": 1}},
		{"empty stratum", map[string]int64{"Q1": 5, "Q2": 0}, 2, nil, map[string]int64{"Q1": 2}},
		{"everything", map[string]int64{"Q1": 5, "Q2": 1}, 6, nil, map[string]int64{"Q1": 5, "Q2": 1}},
		{"kept", map[string]int64{"Q1": 90, "Q2": 10}, 10, map[string]int64{"Q2": 4}, map[string]int64{"Q1": 6, "Q2": 4}},
	} {
		got, err := Allocate(c.sizes, c.n, c.kept)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := Allocate(map[string]int64{"Q1": 5, "Q2": 5}, 1, nil); err == nil || !strings.Contains(err.Error(), "cannot cover 2 strata") {
		t.Errorf("one item for two strata: %v", err)
	}
	if _, err := Allocate(map[string]int64{"Q1": 5}, 6, nil); err == nil {
		t.Error("six items of five were allocated")
	}
}

func TestStratifiedSelection(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	type item struct{ stratum, key string }
	for round := range 100 {
		seed := Seed(fmt.Sprint("strata ", round))
		var items []item
		for _, key := range numbered("K", 20+random.IntN(300)) {
			items = append(items, item{fmt.Sprint("Q", 1+min(random.IntN(4), random.IntN(4))), key})
		}
		pairs := func(yield func(string, string) bool) {
			for _, i := range items {
				if !yield(i.stratum, i.key) {
					return
				}
			}
		}
		n := int64(4 + random.IntN(8))
		picks, err := SelectStratified(seed, pairs, n)
		if err != nil || int64(len(picks)) != n {
			t.Fatalf("round %d: %d picks of %d, %v", round, len(picks), n, err)
		}
		byStratum := map[string][]string{}
		for _, i := range items {
			byStratum[i.stratum] = append(byStratum[i.stratum], i.key)
		}
		covered := map[string]int{}
		for _, pick := range picks {
			covered[pick.Stratum]++
		}
		for stratum, keys := range byStratum {
			alone, err := Select(seed, slices.Values(keys), int64(max(covered[stratum], 1)))
			if err != nil || covered[stratum] == 0 {
				t.Fatalf("round %d: stratum %s of %d items has %d picks, %v", round, stratum, len(keys), covered[stratum], err)
			}
			var inStratum []Pick
			for _, pick := range picks {
				if pick.Stratum == stratum {
					inStratum = append(inStratum, pick.Pick)
				}
			}
			if !slices.Equal(alone, inStratum) {
				t.Fatalf("round %d: stratum %s is not its own draw", round, stratum)
			}
		}
		random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if again, err := SelectStratified(seed, pairs, n); err != nil || !slices.Equal(picks, again) {
			t.Fatalf("round %d: another order drew another sample, %v", round, err)
		}
		added, err := ExpandStratified(seed, pairs, picks, 5)
		if err != nil || len(added) != 5 {
			t.Fatalf("round %d: %d items added, %v", round, len(added), err)
		}
		for _, extra := range added {
			if extra.Rank <= int64(covered[extra.Stratum]) {
				t.Fatalf("round %d: %s of %s was drawn before", round, extra.Key, extra.Stratum)
			}
		}
	}
}

func TestProbabilityNone(t *testing.T) {
	for _, c := range []struct {
		population, deviations, n int64
		want                      *big.Rat
		text                      string
	}{
		{10, 0, 5, big.NewRat(1, 1), "100%"},
		{10, 10, 1, new(big.Rat), "0%"},
		{10, 1, 10, new(big.Rat), "0%"},
		{10, 2, 3, big.NewRat(7, 15), "46.7%"},
		{10, 3, 2, big.NewRat(7, 15), "46.7%"},
		{4, 4, 0, big.NewRat(1, 1), "100%"},
		{100_000_000, 1, 60, big.NewRat(99_999_940, 100_000_000), "more than 99.9%"},
		{1000, 500, 60, nil, "less than 0.1%"},
		{9912, 2, 60, nil, "98.8%"},
		{9912, 199, 60, nil, "29.5%"},
		{100_000_000, 1_000_000, 300, nil, "4.9%"},
	} {
		got, err := ProbabilityNone(c.population, c.deviations, c.n)
		if err != nil || c.want != nil && got.Cmp(c.want) != 0 {
			t.Errorf("%d of %d deviate, sample of %d: %v, %v; want %v", c.deviations, c.population, c.n, got, err, c.want)
			continue
		}
		if text := ProbabilityText(got); text != c.text {
			t.Errorf("%d of %d deviate, sample of %d: prints %q, want %q", c.deviations, c.population, c.n, text, c.text)
		}
	}
	for _, bad := range [][3]int64{{0, 0, 0}, {10, 11, 1}, {10, -1, 1}, {10, 1, 11}, {10, 1, -1}, {1_000_000, 20_000, 20_000}} {
		if _, err := ProbabilityNone(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("population %d, deviations %d, sample %d: accepted", bad[0], bad[1], bad[2])
		}
	}
}

// BenchmarkSelect draws 60 items; REPERFORM_BENCH_KEYS sets the number of keys,
// two million unless given, so that one iteration stays short.
func BenchmarkSelect(b *testing.B) {
	keys := int64(2_000_000)
	if text := os.Getenv("REPERFORM_BENCH_KEYS"); text != "" {
		var err error
		if keys, err = strconv.ParseInt(text, 10, 64); err != nil {
			b.Fatalf("REPERFORM_BENCH_KEYS: %v", err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		buffer := make([]byte, 0, 20)
		picks, err := Select(Seed("benchmark"), func(yield func(string) bool) {
			for i := range keys {
				buffer = strconv.AppendInt(buffer[:0], i, 10)
				if !yield(string(buffer)) {
					return
				}
			}
		}, 60)
		if err != nil || len(picks) != 60 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/key")
}
