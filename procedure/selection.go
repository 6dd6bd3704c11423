package procedure

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/population"
	"reperform/sampling"
	"reperform/soc1"
)

// SeedInput is what a selection is bound to, without the nonce.
func SeedInput(engagement, control, populationHash string, draw int) sampling.SeedInput {
	return sampling.SeedInput{Algorithm: sampling.Algorithm, Engagement: engagement, Control: control, PopulationHash: populationHash, Draw: int64(draw)}
}

// Seed computes the seed of a recorded sample. Its text leaves the auditor's
// nonce out; the nonce, in hexadecimal, is empty for management's own tests.
func Seed(s soc1.Sample, nonce string) ([32]byte, error) {
	in, err := sampling.ParseSeedInput(s.SeedInput)
	if err != nil {
		return [32]byte{}, err
	}
	in.Nonce = nonce
	return in.Seed()
}

// Select ranks the keys of a frozen population under a seed and takes the n
// lowest: in all, or spread over the strata of a column in proportion to their
// sizes with at least one of each, as long as n reaches for that. Keep holds
// how many of each stratum were drawn before: they stay drawn.
func Select(ctx context.Context, e *population.Engine, in population.Input, zone, stratifyBy string, seed [32]byte, n int64, keep map[string]int64) ([]soc1.SampleItem, error) {
	// A draw that was too small to be spread stays unspread when it grows, or
	// its items would not stay drawn.
	if _, unspread := keep[""]; unspread && len(keep) == 1 {
		stratifyBy = ""
	}
	stratum, err := stratumOf(in, stratifyBy)
	if err != nil {
		return nil, err
	}
	selectors := map[string]*sampling.Selector{}
	sizes := map[string]int64{}
	err = e.Keys(ctx, population.KeysRequest{Population: in, Zone: zone, Stratum: stratum}, func(r population.KeyRow) error {
		sel := selectors[r.Stratum]
		if sel == nil {
			if sel, err = sampling.NewSelector(seed, n); err != nil {
				return err
			}
			selectors[r.Stratum] = sel
		}
		sizes[r.Stratum]++
		return sel.Add(r.Key)
	})
	if err != nil {
		return nil, err
	}
	if stratum != "" && n < int64(len(sizes)) {
		// Fewer items than strata: spreading them would leave strata out by
		// some rule, so chance decides over the whole population.
		return Select(ctx, e, in, zone, "", seed, n, nil)
	}
	shares, err := sampling.Allocate(sizes, n, keep)
	if err != nil {
		return nil, err
	}
	return pick(selectors, shares)
}

// Shares counts the items already drawn by stratum, as Select takes them.
func Shares(items []soc1.SampleItem) map[string]int64 {
	keep := map[string]int64{}
	for _, it := range items {
		keep[it.Stratum]++
	}
	return keep
}

func pick(selectors map[string]*sampling.Selector, shares map[string]int64) ([]soc1.SampleItem, error) {
	strata := make([]string, 0, len(selectors))
	for st := range selectors {
		strata = append(strata, st)
	}
	slices.Sort(strata)
	var out []soc1.SampleItem
	for _, st := range strata {
		picks, err := selectors[st].Picks()
		var short *sampling.ShortError
		if err != nil && !errors.As(err, &short) {
			return nil, err
		}
		for _, p := range picks[:min(int64(len(picks)), shares[st])] {
			out = append(out, soc1.SampleItem{Rank: int(p.Rank), Key: p.Key, Stratum: st, HMAC: hex.EncodeToString(p.HMAC[:])})
		}
	}
	return out, nil
}

// stratumOf is the engine's expression for the stratum of a row: the quarter of
// a column of dates or times, else the column's value.
func stratumOf(in population.Input, column string) (string, error) {
	if column == "" {
		return "", nil
	}
	i := slices.IndexFunc(in.Columns, func(c population.FrozenField) bool { return c.Name == column })
	if i < 0 {
		return "", fmt.Errorf("there is no column %q to stratify by", column)
	}
	name := `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
	switch in.Columns[i].Type.String() {
	case "date", "timestamp", "timestamptz":
		return "year(" + name + ") || '-Q' || quarter(" + name + ")", nil
	}
	return name, nil
}
