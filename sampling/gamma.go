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
	large := farTail(prec, a)
	if large.Cmp(x) < 0 {
		large.Set(x)
	}

	slack := new(big.Rat).Sub(large, a)
	slack.Add(slack, one)
	slack.Quo(a, slack)
	complete := gammaSeries(prec, a, large).upTo(spanRat(prec, slack))

	growth := spanRat(prec, new(big.Rat).Sub(large, x)).exp()
	power := spanRat(prec, a).mul(logRat(prec, new(big.Rat).Quo(large, x))).exp()
	lower := growth.quo(power).mul(gammaSeries(prec, a, x)).quo(complete)
	return spanInt(prec, 1).sub(lower)
}

// farTail is an L above a beyond which the gamma distribution of shape a holds
// about 2^−prec: a + t with t²/(2(a+t)) ≥ prec·ln 2. A worse choice would widen
// the enclosure, never spoil it.
func farTail(prec uint, a *big.Rat) *big.Rat {
	bits := big.NewInt(int64(prec))
	shape := new(big.Int).Quo(a.Num(), a.Denom())
	shape.Add(shape, big.NewInt(1))
	root := new(big.Int).Mul(bits, bits)
	root.Add(root, shape.Mul(shape, new(big.Int).Lsh(bits, 1)))
	root.Sqrt(root)
	distance := root.Add(root, bits)
	return new(big.Rat).Add(a, new(big.Rat).SetInt(distance))
}

// gammaSeries encloses S(y) = Σ_{m≥0} y^m/((a+1)…(a+m)).
func gammaSeries(prec uint, a, y *big.Rat) span {
	sum, term := spanInt(prec, 1), spanInt(prec, 1)
	top, divisor, step := spanRat(prec, y), spanRat(prec, a), spanInt(prec, 1)
	for m := 1; ; m++ {
		divisor = divisor.add(step)
		term = term.mul(top).quo(divisor)
		sum = sum.add(term)
		if m%8 != 0 || top.hi.Cmp(divisor.lo) >= 0 {
			continue
		}
		// The factors y/(a+m) fall, so what follows is below a geometric series
		// with the present one.
		factor := top.quo(divisor)
		left := step.sub(factor)
		if left.lo.Sign() <= 0 {
			continue
		}
		if rest := term.mul(factor).quo(left); rest.negligible(sum) {
			return sum.upTo(rest)
		}
	}
}

func times(r *big.Rat, n int64) *big.Rat {
	return new(big.Rat).Mul(r, new(big.Rat).SetInt64(n))
}
