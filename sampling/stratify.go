package sampling

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"slices"
)

// StratumPick is one item of a stratified draw. Its rank counts within the
// stratum.
type StratumPick struct {
	Stratum string `json:"stratum"`
	Pick
}

// Allocate divides a sample of n items among strata of the given sizes.
//
// The rule: the quota of a stratum is n·size/total. Each non-empty stratum gets
// the whole part of its quota, and at least one item. Items that are then left
// go one by one to the stratum whose quota is furthest above what it has (the
// largest remainder); if the minimum of one has given out too many, they are
// taken one by one from the stratum whose quota is least above what it has and
// that has more than its minimum. Ties go to the larger stratum, then to the
// label that sorts first; a giving-up tie goes the other way round. Empty strata
// get nothing.
//
// atLeast raises the minimum of a stratum, for an expansion that must keep what
// was drawn; it may be nil. It fails when n is less than the sum of the minimums
// or more than the total.
func Allocate(sizes map[string]int64, n int64, atLeast map[string]int64) (map[string]int64, error) {
	a := allocation{sizes: sizes, n: n, minimum: map[string]int64{}, given: map[string]int64{}}
	var needed int64
	for _, label := range slices.Sorted(maps.Keys(sizes)) {
		size := sizes[label]
		if size < 0 {
			return nil, fmt.Errorf("stratum %s: a size of %d; sizes are counts of items", quoted(label), size)
		}
		if atLeast[label] > size {
			return nil, fmt.Errorf("stratum %s: %d items are to be kept and it has only %d; use the population of the first draw", quoted(label), atLeast[label], size)
		}
		if size == 0 {
			continue
		}
		a.labels = append(a.labels, label)
		a.total += size
		a.minimum[label] = max(1, atLeast[label])
		needed += a.minimum[label]
	}
	for label, kept := range atLeast {
		if kept > 0 && sizes[label] == 0 {
			return nil, fmt.Errorf("stratum %s: %d items are to be kept and it has none; use the population of the first draw", quoted(label), kept)
		}
	}
	if n > a.total {
		return nil, &ShortError{Asked: n, Found: a.total}
	}
	if n < needed {
		return nil, fmt.Errorf("selection: %d items cannot cover %d strata, which need %d; ask for at least %d", n, len(a.labels), needed, needed)
	}
	a.divide()
	return a.given, nil
}

type allocation struct {
	sizes, minimum, given map[string]int64
	labels                []string
	n, total              int64
}

func (a *allocation) divide() {
	sum := int64(0)
	for _, label := range a.labels {
		quota := a.over(label) // nothing is given yet, so this is n·size
		quota.Quo(quota, big.NewInt(a.total))
		a.given[label] = max(a.minimum[label], quota.Int64())
		sum += a.given[label]
	}
	for ; sum < a.n; sum++ {
		a.given[slices.MinFunc(a.labels, a.before)]++
	}
	for ; sum > a.n; sum-- {
		var able []string
		for _, label := range a.labels {
			if a.given[label] > a.minimum[label] {
				able = append(able, label)
			}
		}
		a.given[slices.MaxFunc(able, a.before)]--
	}
}

// over is total times the amount by which the quota is above what was given.
func (a *allocation) over(label string) *big.Int {
	over := new(big.Int).Mul(big.NewInt(a.n), big.NewInt(a.sizes[label]))
	return over.Sub(over, new(big.Int).Mul(big.NewInt(a.given[label]), big.NewInt(a.total)))
}

// before orders strata by their claim to the next item.
func (a *allocation) before(x, y string) int {
	if c := a.over(y).Cmp(a.over(x)); c != 0 {
		return c
	}
	if a.sizes[x] != a.sizes[y] {
		if a.sizes[x] > a.sizes[y] {
			return -1
		}
		return 1
	}
	if x < y {
		return -1
	}
	return 1
}

// SelectStratified draws n items that cover every stratum, from pairs of stratum
// label (such as the quarter) and key. How many come from which stratum follows
// the rule of Allocate; within a stratum the items with the lowest rank under
// the common seed are drawn. The result is in order of label, then rank. It
// keeps up to n picks for each stratum in memory.
func SelectStratified(seed [32]byte, items iter.Seq2[string, string], n int64) ([]StratumPick, error) {
	return selectStrata(seed, items, n, nil)
}

// ExpandStratified draws extra items in addition to a stratified draw. The
// larger sample is allocated anew by the rule of Allocate, with what each
// stratum already gave as its minimum: plain largest remainders may take an item
// back from a stratum when the sample grows, an expansion may not. It returns
// the added items alone and fails when drawn is not the beginning of the ranking
// of its strata.
func ExpandStratified(seed [32]byte, items iter.Seq2[string, string], drawn []StratumPick, extra int64) ([]StratumPick, error) {
	if extra < 1 {
		return nil, fmt.Errorf("expansion: %d further items; ask for at least 1", extra)
	}
	kept, before := map[string]int64{}, map[string][]Pick{}
	for _, pick := range drawn {
		kept[pick.Stratum]++
		before[pick.Stratum] = append(before[pick.Stratum], pick.Pick)
	}
	all, err := selectStrata(seed, items, int64(len(drawn))+extra, kept)
	if err != nil {
		return nil, err
	}
	now := map[string][]Pick{}
	var added []StratumPick
	for _, pick := range all {
		now[pick.Stratum] = append(now[pick.Stratum], pick.Pick)
		if pick.Rank > kept[pick.Stratum] {
			added = append(added, pick)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(before)) {
		if err := continues(now[label], before[label]); err != nil {
			return nil, fmt.Errorf("stratum %s: %w", quoted(label), err)
		}
	}
	return added, nil
}

func selectStrata(seed [32]byte, items iter.Seq2[string, string], n int64, atLeast map[string]int64) ([]StratumPick, error) {
	selectors := map[string]*Selector{}
	for stratum, key := range items {
		selector := selectors[stratum]
		if selector == nil {
			if n > 0 && int64(len(selectors)) >= n {
				return nil, fmt.Errorf("selection: %d items cannot cover more than %d strata, and %s is one more; ask for more items or use fewer labels", n, n, quoted(stratum))
			}
			var err error
			if selector, err = NewSelector(seed, n); err != nil {
				return nil, err
			}
			selectors[stratum] = selector
		}
		if err := selector.Add(key); err != nil {
			return nil, fmt.Errorf("stratum %s: %w", quoted(stratum), err)
		}
	}
	sizes := map[string]int64{}
	for label, selector := range selectors {
		sizes[label] = selector.Seen()
	}
	given, err := Allocate(sizes, n, atLeast)
	if err != nil {
		return nil, err
	}
	var picks []StratumPick
	for _, label := range slices.Sorted(maps.Keys(selectors)) {
		ranked, err := selectors[label].Picks()
		if short := (*ShortError)(nil); err != nil && !errors.As(err, &short) {
			return nil, fmt.Errorf("stratum %s: %w", quoted(label), err)
		}
		if int64(len(ranked)) < given[label] {
			return nil, fmt.Errorf("stratum %s: %d of its %d keys are different; keys must be unique before a sample is drawn", quoted(label), len(ranked), sizes[label])
		}
		for _, pick := range ranked[:given[label]] {
			picks = append(picks, StratumPick{Stratum: label, Pick: pick})
		}
	}
	return picks, nil
}
