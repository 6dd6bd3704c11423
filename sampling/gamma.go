package sampling

import (
	"fmt"
	"math/big"
)

// gammaPrecision is where the search for a decision about a gamma tail with a
// fractional shape ends. Its ties cannot be excluded by a known theorem, only by
// the absence of any reason for one; 8192 bits without a decision is an error.
const gammaPrecision = 8192

// compareGamma decides 1 − P(shape, x) against a risk, for a shape of at least 1
// and x above zero.
func compareGamma(shape, x, risk *big.Rat) (int, error) {
	if shape.IsInt() {
		return compare(poissonTail{k: shape.Num().Int64() - 1, mean: x}, risk), nil
	}
	for prec := uint(startPrecision / 2); prec <= gammaPrecision; prec *= 2 {
		if c := upperGamma(prec, shape, x).cmp(spanRat(prec, risk)); c != 0 {
			return c, nil
		}
	}
	return 0, fmt.Errorf("expected: the Poisson tail at shape %s and mean %s lies too close to the risk %s to decide; change the confidence or the expected rate a little", shape.RatString(), x.RatString(), risk.RatString())
}

// upperGamma encloses 1 − P(a, x).
//
// With γ(a,y) = y^a·e^−y/a · S(y) and S(y) = Σ y^m/((a+1)…(a+m)), the complete
// Γ(a) is γ(a,L) + Γ(a,L) for a large L, where Γ(a,L) is at most
// L^a·e^−L/(L−a+1) for L > a−1 ≥ 0 (ln t lies below its tangent at L). So
//
//	P(a,x) = e^(L−x) / (L/x)^a · S(x) / (S(L) + [0, a/(L−a+1)])
//
// and neither Γ nor an asymptotic series is needed.
func upperGamma(prec uint, a, x *big.Rat) span {
	large := new(big.Rat).Add(a, a)
	large.Add(large, x)
	large.Add(large, new(big.Rat).SetInt64(int64(prec)))

	slack := new(big.Rat).Sub(large, a)
	slack.Add(slack, one)
	slack.Quo(a, slack)
	complete := gammaSeries(prec, a, large).upTo(spanRat(prec, slack))

	growth := spanRat(prec, new(big.Rat).Sub(large, x)).exp()
	power := spanRat(prec, a).mul(logRat(prec, new(big.Rat).Quo(large, x))).exp()
	lower := growth.quo(power).mul(gammaSeries(prec, a, x)).quo(complete)
	return spanInt(prec, 1).sub(lower)
}

// gammaSeries encloses S(y) = Σ_{m≥0} y^m/((a+1)…(a+m)).
func gammaSeries(prec uint, a, y *big.Rat) span {
	sum, term := spanInt(prec, 1), spanInt(prec, 1)
	top, divisor, step := spanRat(prec, y), spanRat(prec, a), spanInt(prec, 1)
	for {
		divisor = divisor.add(step)
		term = term.mul(top).quo(divisor)
		sum = sum.add(term)
		if !term.negligible(sum) {
			continue
		}
		// The next factors y/(a+m) fall; once below one half, what follows is
		// less than the last term.
		if spanInt(prec, 2).mul(top).hi.Cmp(divisor.lo) < 0 {
			return sum.upTo(term)
		}
	}
}

func times(r *big.Rat, n int64) *big.Rat {
	return new(big.Rat).Mul(r, new(big.Rat).SetInt64(n))
}
