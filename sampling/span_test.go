package sampling

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// contains fails unless the enclosure holds the value and is narrow: at most
// 2^slack units in the last place wide.
func contains(t *testing.T, what string, s span, value *big.Rat, slack int) {
	t.Helper()
	lo, _ := s.lo.Rat(nil)
	hi, _ := s.hi.Rat(nil)
	if lo.Cmp(value) > 0 || hi.Cmp(value) < 0 {
		t.Fatalf("%s: the enclosure %s to %s misses %s", what, s.lo.Text('g', 30), s.hi.Text('g', 30), value.FloatString(40))
	}
	narrow(t, what, s, slack)
}

func narrow(t *testing.T, what string, s span, slack int) {
	t.Helper()
	width := new(big.Float).Sub(s.hi, s.lo)
	if width.Sign() != 0 && width.MantExp(nil) > s.hi.MantExp(nil)-int(s.prec())+slack {
		t.Fatalf("%s: at %d bits the enclosure %s to %s is too wide", what, s.prec(), s.lo.Text('g', 30), s.hi.Text('g', 30))
	}
}

// overlap fails unless two enclosures of one value overlap, as sound ones must.
func overlap(t *testing.T, what string, coarse, fine span) {
	t.Helper()
	if coarse.cmp(fine) != 0 {
		t.Fatalf("%s: enclosures of %d and %d bits do not overlap", what, coarse.prec(), fine.prec())
	}
}

func TestElementaryFunctions(t *testing.T) {
	const prec = 256
	for value, digits := range map[string]string{
		"1":      "2.71828182845904523536028747135266249775724709369995957496697",
		"1/1024": "1.00097703949241653524284529261160650646585162918174419940186",
		"10":     "22026.4657948067165169579006452842443663535126185567810742354",
	} {
		x, _ := new(big.Rat).SetString(value)
		want, _ := new(big.Rat).SetString(digits)
		got := spanRat(prec, x).exp()
		narrow(t, "exp "+value, got, 24)
		middle, _ := got.lo.Rat(nil)
		if diff := middle.Sub(middle, want); diff.Abs(diff).Cmp(tenPower(-50)) > 0 {
			t.Errorf("exp %s = %s, want %s", value, got.lo.Text('f', 40), digits)
		}
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		y := big.NewRat(1+random.Int64N(1_000_000), 1+random.Int64N(1000))
		if y.Cmp(one) < 0 {
			y.Inv(y)
		}
		log := logRat(prec, y)
		contains(t, "exp log "+y.String(), log.exp(), y, 32)
		overlap(t, "log "+y.String(), logRat(64, y), log)
	}
	if log := logRat(prec, one); log.hi.Sign() != 0 {
		t.Errorf("log 1 = %s", log.hi.Text('g', 10))
	}
}

func TestTailsEncloseExactValues(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 400 {
		n := 1 + random.Int64N(60)
		k := random.Int64N(n + 1)
		p := big.NewRat(random.Int64N(201), 200)
		binomial := binomialTail{n: n, k: k, p: p}
		want := naiveBinomial(n, k, p)
		for _, prec := range []uint{64, 200} {
			contains(t, "binomial tail", binomial.enclose(prec), want, 16)
		}
		checkExact(t, binomial, want)

		N := n + random.Int64N(60)
		K := random.Int64N(N + 1)
		hyper := hyperTail{N: N, K: K, n: n, k: k}
		want = naiveHyper(N, K, n, k)
		for _, prec := range []uint{64, 200} {
			contains(t, "hypergeometric tail", hyper.enclose(prec), want, 16)
		}
		checkExact(t, hyper, want)
	}
}

// checkExact asks for the comparison with the value itself and its neighbors.
func checkExact(t *testing.T, tail tail, value *big.Rat) {
	t.Helper()
	tiny := big.NewRat(1, 1<<62)
	for want, risk := range map[int]*big.Rat{
		0:  value,
		1:  new(big.Rat).Sub(value, tiny),
		-1: new(big.Rat).Add(value, tiny),
	} {
		if got := tail.exact(risk); got != want {
			t.Fatalf("%+v against %s: %d, want %d", tail, risk.FloatString(20), got, want)
		}
		if got := compare(tail, risk); got != want {
			t.Fatalf("%+v compared with %s: %d, want %d", tail, risk.FloatString(20), got, want)
		}
	}
}

// With a whole shape the two ways to the Poisson tail must meet, and between
// whole shapes the tail must lie between theirs.
func TestGammaMeetsPoisson(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		k := random.Int64N(30)
		mean := big.NewRat(1+random.Int64N(6000), 100)
		for _, prec := range []uint{64, 256} {
			whole := poissonTail{k: k, mean: mean}.enclose(prec)
			overlap(t, "gamma", upperGamma(prec, big.NewRat(k+1, 1), mean), whole)
			between := upperGamma(prec, big.NewRat(2*k+3, 2), mean)
			next := poissonTail{k: k + 1, mean: mean}.enclose(prec)
			if between.cmp(whole) < 0 || between.cmp(next) > 0 {
				t.Fatalf("shape %d.5, mean %s: %s does not lie between %s and %s", k+1, mean, between.lo.Text('g', 20), whole.lo.Text('g', 20), next.lo.Text('g', 20))
			}
		}
	}
	// Q(3/2, 1) = erfc(1) + 2/(e·√π).
	want, _ := new(big.Rat).SetString("0.57240670447087988")
	got, _ := upperGamma(128, big.NewRat(3, 2), one).lo.Rat(nil)
	if diff := got.Sub(got, want); diff.Abs(diff).Cmp(big.NewRat(1, 1e15)) > 0 {
		t.Errorf("Q(3/2, 1) differs from its closed form by %s", diff.FloatString(20))
	}
}

// tenPower is 10 to a negative power.
func tenPower(exponent int64) *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(-exponent), nil))
}
