package sampling

import "math/big"

// tail is a probability "at most k deviations" that can be enclosed ever more
// tightly, and, where an exact tie with a risk is possible, computed exactly.
type tail interface {
	enclose(prec uint) span
	// exact compares the true value with a risk. It is asked only after the
	// enclosure has stayed undecided at exactPrecision.
	exact(risk *big.Rat) int
}

const (
	startPrecision = 128
	exactPrecision = 1024
)

// compare decides whether a tail is below (-1), at (0) or above (+1) a risk.
// Distinct values are told apart by a tight enough enclosure; a tie is only ever
// declared by exact arithmetic.
func compare(t tail, risk *big.Rat) int {
	for prec := uint(startPrecision); prec <= exactPrecision; prec *= 2 {
		if c := t.enclose(prec).cmp(spanRat(prec, risk)); c != 0 {
			return c
		}
	}
	return t.exact(risk)
}

// sumDown adds first and the terms below it, where next gives the following
// term and whether there is one. Terms must shrink by a factor that itself
// shrinks, which holds for all three distributions: once a step's factor is
// below one, the rest is bounded by a geometric series.
func sumDown(first span, next func(span) (span, bool)) span {
	sum, term := first, first
	for step := 1; ; step++ {
		following, more := next(term)
		if !more {
			return sum
		}
		sum = sum.add(following)
		// The bound costs several operations, so it is looked at now and then.
		if step%16 == 0 && following.hi.Cmp(term.lo) < 0 {
			factor := following.quo(term)
			left := spanInt(term.prec(), 1).sub(factor)
			if left.lo.Sign() > 0 {
				rest := following.mul(factor).quo(left)
				if rest.negligible(sum) {
					return sum.upTo(rest)
				}
			}
		}
		term = following
	}
}

// binomialTail is P(X ≤ k) for n items of a population with rate p.
type binomialTail struct {
	n, k   int64
	p      *big.Rat
	choose *big.Int // C(n,k), or nil to have it computed
}

func (t binomialTail) enclose(prec uint) span {
	if t.k >= t.n || t.p.Sign() == 0 {
		return spanInt(prec, 1)
	}
	if t.p.Cmp(one) == 0 {
		return spanInt(prec, 0)
	}
	choose := t.choose
	if choose == nil {
		choose = new(big.Int).Binomial(t.n, t.k)
	}
	p, q := spanRat(prec, t.p), spanRat(prec, new(big.Rat).Sub(one, t.p))
	odds := q.quo(p)
	i := t.k
	first := spanBig(prec, choose).mul(p.pow(t.k)).mul(q.pow(t.n - t.k))
	return sumDown(first, func(term span) (span, bool) {
		if i == 0 {
			return span{}, false
		}
		term = term.mul(odds).ratio(i, t.n-i+1)
		i--
		return term, true
	})
}

// exact compares Σ C(n,i)·aⁱ·(b−a)ⁿ⁻ⁱ with risk·bⁿ for p = a/b, in integers.
func (t binomialTail) exact(risk *big.Rat) int {
	if t.k >= t.n {
		return one.Cmp(risk)
	}
	a, b := t.p.Num(), t.p.Denom()
	rest := new(big.Int).Sub(b, a)
	// The common factor restⁿ⁻ᵏ is multiplied in once, at the end.
	sum, power := new(big.Int), big.NewInt(1)
	for i := t.k; i >= 0; i-- {
		term := new(big.Int).Binomial(t.n, i)
		term.Mul(term, new(big.Int).Exp(a, big.NewInt(i), nil))
		sum.Add(sum, term.Mul(term, power))
		power.Mul(power, rest)
	}
	sum.Mul(sum, new(big.Int).Exp(rest, big.NewInt(t.n-t.k), nil))
	sum.Mul(sum, risk.Denom())
	limit := new(big.Int).Exp(b, big.NewInt(t.n), nil)
	return sum.Cmp(limit.Mul(limit, risk.Num()))
}

// poissonTail is P(X ≤ k) for a mean.
type poissonTail struct {
	k    int64
	mean *big.Rat
}

func (t poissonTail) enclose(prec uint) span {
	if t.mean.Sign() == 0 {
		return spanInt(prec, 1)
	}
	mean := spanRat(prec, t.mean)
	i := t.k
	factorial := big.NewInt(1)
	if t.k > 1 {
		factorial.MulRange(1, t.k)
	}
	first := mean.pow(t.k).quo(spanBig(prec, factorial)).quo(mean.exp())
	return sumDown(first, func(term span) (span, bool) {
		if i == 0 {
			return span{}, false
		}
		term = term.mul(spanInt(prec, i)).quo(mean)
		i--
		return term, true
	})
}

// exact never meets a tie: for a rational mean above zero the tail is a non-zero
// rational times e to a non-zero rational power, hence transcendental
// (Lindemann), while the risk is rational. So refinement ends.
func (t poissonTail) exact(risk *big.Rat) int {
	if t.mean.Sign() == 0 {
		return one.Cmp(risk)
	}
	for prec := uint(2 * exactPrecision); ; prec *= 2 {
		if c := t.enclose(prec).cmp(spanRat(prec, risk)); c != 0 {
			return c
		}
	}
}

// hyperTail is P(X ≤ k) when n items are drawn without replacement from N, of
// which K deviate.
type hyperTail struct {
	N, K, n, k int64
}

func (t hyperTail) enclose(prec uint) span {
	// The distribution is the same with sample and deviations exchanged; the
	// smaller one as sample gives the shorter product.
	N, K, n, k := t.N, max(t.K, t.n), min(t.K, t.n), t.k
	if k >= n {
		return spanInt(prec, 1)
	}
	if n-k > N-K {
		return spanInt(prec, 0)
	}
	// C(K,k)·C(N−K,n−k)/C(N,n) with the factorials of k and n−k drawn together.
	first := spanBig(prec, new(big.Int).Binomial(n, k)).
		mul(spanBig(prec, falling(K, k))).
		mul(spanBig(prec, falling(N-K, n-k))).
		quo(spanBig(prec, falling(N, n)))
	i := k
	return sumDown(first, func(term span) (span, bool) {
		remaining := N - K - n + i
		if i == 0 || remaining == 0 {
			return span{}, false
		}
		term = term.ratio(i, K-i+1).ratio(remaining, n-i+1)
		i--
		return term, true
	})
}

// falling is x·(x−1)·…, of count factors above zero.
func falling(x, count int64) *big.Int {
	if count == 0 {
		return big.NewInt(1)
	}
	return new(big.Int).MulRange(x-count+1, x)
}

func (t hyperTail) exact(risk *big.Rat) int {
	sum := new(big.Int)
	for i := int64(0); i <= min(t.k, t.K, t.n); i++ {
		if t.n-i > t.N-t.K {
			continue
		}
		term := new(big.Int).Binomial(t.K, i)
		sum.Add(sum, term.Mul(term, new(big.Int).Binomial(t.N-t.K, t.n-i)))
	}
	sum.Mul(sum, risk.Denom())
	limit := new(big.Int).Binomial(t.N, t.n)
	return sum.Cmp(limit.Mul(limit, risk.Num()))
}
