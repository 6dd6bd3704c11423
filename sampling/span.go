package sampling

import "math/big"

// span is a proven enclosure: the true value lies between lo and hi. Every
// operation rounds lo down and hi up, so the promise survives any chain of
// operations. Except where a function says otherwise, operands must not be
// negative; that keeps each operation to one rounding per end.
type span struct {
	lo, hi *big.Float
}

func floorFloat(prec uint) *big.Float {
	return new(big.Float).SetPrec(prec).SetMode(big.ToNegativeInf)
}

func ceilFloat(prec uint) *big.Float {
	return new(big.Float).SetPrec(prec).SetMode(big.ToPositiveInf)
}

func spanRat(prec uint, r *big.Rat) span {
	return span{floorFloat(prec).SetRat(r), ceilFloat(prec).SetRat(r)}
}

func spanBig(prec uint, i *big.Int) span {
	return span{floorFloat(prec).SetInt(i), ceilFloat(prec).SetInt(i)}
}

func spanInt(prec uint, i int64) span {
	return span{floorFloat(prec).SetInt64(i), ceilFloat(prec).SetInt64(i)}
}

func (s span) prec() uint { return s.lo.Prec() }

func (s span) add(t span) span {
	p := s.prec()
	return span{floorFloat(p).Add(s.lo, t.lo), ceilFloat(p).Add(s.hi, t.hi)}
}

// sub may have a result that reaches below zero.
func (s span) sub(t span) span {
	p := s.prec()
	return span{floorFloat(p).Sub(s.lo, t.hi), ceilFloat(p).Sub(s.hi, t.lo)}
}

func (s span) mul(t span) span {
	p := s.prec()
	return span{floorFloat(p).Mul(s.lo, t.lo), ceilFloat(p).Mul(s.hi, t.hi)}
}

// quo needs a divisor whose lower end is above zero.
func (s span) quo(t span) span {
	p := s.prec()
	return span{floorFloat(p).Quo(s.lo, t.hi), ceilFloat(p).Quo(s.hi, t.lo)}
}

// ratio multiplies by num/den, both exact and positive.
func (s span) ratio(num, den int64) span {
	p := s.prec()
	return s.mul(spanInt(p, num)).quo(spanInt(p, den))
}

// pow raises to a power of zero or more by repeated squaring.
func (s span) pow(n int64) span {
	result, base := spanInt(s.prec(), 1), s
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = result.mul(base)
		}
		if n > 1 {
			base = base.mul(base)
		}
	}
	return result
}

// upTo widens the upper end by another span's upper end: the true value gains
// something between nothing and that.
func (s span) upTo(extra span) span {
	return span{s.lo, ceilFloat(s.prec()).Add(s.hi, extra.hi)}
}

// cmp is -1 or +1 when the two enclosures are apart, and 0 when they overlap,
// which says nothing about the true values.
func (s span) cmp(t span) int {
	switch {
	case s.hi.Cmp(t.lo) < 0:
		return -1
	case s.lo.Cmp(t.hi) > 0:
		return 1
	}
	return 0
}

// negligible tells that s is below t by more than the precision can show.
func (s span) negligible(t span) bool {
	if s.hi.Sign() == 0 {
		return true
	}
	return t.lo.Sign() > 0 && s.hi.MantExp(nil) < t.lo.MantExp(nil)-int(t.prec())
}

// half divides exactly by 2^times.
func (s span) half(times int) span {
	p := s.prec()
	return span{
		floorFloat(p).SetMantExp(s.lo, -times),
		ceilFloat(p).SetMantExp(s.hi, -times),
	}
}

// exp is e raised to a span of zero or more. The argument is divided by a power
// of two until it is below 1/4, the Taylor series is summed with the geometric
// bound of its tail, and the result is squared back.
func (s span) exp() span {
	p := s.prec()
	if s.hi.Sign() == 0 {
		return spanInt(p, 1)
	}
	times := max(s.hi.MantExp(nil)+2, 0)
	x := s.half(times)
	sum, term := spanInt(p, 1), spanInt(p, 1)
	for i := int64(1); ; i++ {
		term = term.mul(x).quo(spanInt(p, i))
		sum = sum.add(term)
		// Below 1/4 every next term is at most a quarter of this one, so all
		// that follow add up to less than this term.
		if term.negligible(sum) {
			sum = sum.upTo(term)
			break
		}
	}
	for range times {
		sum = sum.mul(sum)
	}
	return sum
}

// logRat is the natural logarithm of an exact value of at least 1: a power of
// two is split off, and ln m = 2·artanh((m−1)/(m+1)) for the rest below 2.
func logRat(prec uint, y *big.Rat) span {
	shift := y.Num().BitLen() - y.Denom().BitLen()
	m := new(big.Rat).Set(y)
	if shift > 0 {
		m.Quo(m, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(shift))))
	}
	for m.Cmp(one) < 0 {
		m.Add(m, m)
		shift--
	}
	shift = max(shift, 0)
	log := artanh(prec, new(big.Rat).Quo(new(big.Rat).Sub(m, one), new(big.Rat).Add(m, one)))
	if shift == 0 {
		return log.add(log)
	}
	log = log.add(artanh(prec, big.NewRat(1, 3)).mul(spanInt(prec, int64(shift))))
	return log.add(log)
}

// artanh sums t + t³/3 + t⁵/5 + … for an exact t from 0 to 1/3.
func artanh(prec uint, t *big.Rat) span {
	power := spanRat(prec, t)
	square := power.mul(power)
	sum := power
	if t.Sign() == 0 {
		return sum
	}
	for i := int64(3); ; i += 2 {
		power = power.mul(square)
		term := power.quo(spanInt(prec, i))
		sum = sum.add(term)
		// Each next term is at most a ninth of this one.
		if term.negligible(sum) {
			return sum.upTo(term)
		}
	}
}
