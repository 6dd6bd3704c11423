package overview

import (
	"math/big"
	"slices"
)

// Shares divides a whole, such as 100 percent, in proportion to counts, by the
// largest remainder: each count gets its quotient rounded down, and what is
// left goes one by one to the largest remainders, the earlier count first where
// two are equal. A count above zero never gets nothing, so that no part
// disappears and none reads 100 % beside another; what this takes is taken from
// the largest share. The shares add up to the whole exactly; all are zero when
// every count is. Counts are not negative, and there are at most as many of
// them above zero as the whole.
func Shares(whole int, counts ...int) []int {
	out := make([]int, len(counts))
	total := 0
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return out
	}
	left := whole
	rest := make([]int, len(counts))
	order := make([]int, len(counts))
	for i, n := range counts {
		out[i], rest[i], order[i] = whole*n/total, whole*n%total, i
		if n > 0 && out[i] == 0 {
			out[i], rest[i] = 1, -1
		}
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b] - rest[a] })
	for i := 0; left > 0; i++ {
		out[order[i%len(order)]]++
		left--
	}
	for ; left < 0; left++ {
		largest := 0
		for i := range out {
			if out[i] > out[largest] {
				largest = i
			}
		}
		out[largest]--
	}
	return out
}

// BasisPoints is n of m in hundredths of a percent, rounded down, so that only
// all of m is 10000; zero when m is.
func BasisPoints(n, m int) int {
	if m == 0 {
		return 0
	}
	return int(int64(n) * 10000 / int64(m))
}

// sharesOf divides a whole like Shares, in proportion to exact fractions. A
// fraction above zero may get nothing here: points of a score are not a ring.
func sharesOf(whole int64, parts []*big.Rat) []int {
	out := make([]int, len(parts))
	total := new(big.Rat)
	for _, p := range parts {
		total.Add(total, p)
	}
	if total.Sign() == 0 {
		return out
	}
	left := int(whole)
	rest := make([]*big.Rat, len(parts))
	order := make([]int, len(parts))
	for i, p := range parts {
		exact := new(big.Rat).Quo(new(big.Rat).Mul(p, new(big.Rat).SetInt64(whole)), total)
		floor := new(big.Int).Quo(exact.Num(), exact.Denom())
		out[i], order[i] = int(floor.Int64()), i
		rest[i] = exact.Sub(exact, new(big.Rat).SetInt(floor))
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	for i := range left {
		out[order[i]]++
	}
	return out
}
