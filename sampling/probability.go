package sampling

import (
	"fmt"
	"math/big"
)

// maxFactors bounds the exact product of ProbabilityNone.
const maxFactors = 10_000

// ProbabilityNone is the exact probability that n items drawn at random from a
// population hold none of its deviations: C(population−deviations, n) /
// C(population, n). It is what a working paper says about the sample that a
// census has made unnecessary. The smaller of n and deviations may be at most
// 10000.
func ProbabilityNone(population, deviations, n int64) (*big.Rat, error) {
	switch {
	case population < 1 || population > MaxPopulation:
		return nil, fmt.Errorf("population: %d items; give a number from 1 to %d", population, int64(MaxPopulation))
	case deviations < 0 || deviations > population:
		return nil, fmt.Errorf("deviations: %d do not fit a population of %d; give a number from 0 to %d", deviations, population, population)
	case n < 0 || n > population:
		return nil, fmt.Errorf("n: a sample of %d does not fit a population of %d; give a number from 0 to %d", n, population, population)
	}
	// Sample and deviations may change places: both are sets of items that must
	// not meet. The smaller one gives the shorter product.
	few, many := min(n, deviations), max(n, deviations)
	if few > maxFactors {
		return nil, fmt.Errorf("n: neither the sample of %d nor the %d deviations is at most %d, so the probability is not computed; a sample of this size is a census", n, deviations, maxFactors)
	}
	if few == 0 {
		return big.NewRat(1, 1), nil
	}
	if few > population-many {
		return new(big.Rat), nil
	}
	// (population−many)!/(…−few)! over population!/(…−few)!, as balanced products.
	num := new(big.Int).MulRange(population-many-few+1, population-many)
	den := new(big.Int).MulRange(population-few+1, population)
	return new(big.Rat).SetFrac(num, den), nil
}

// ProbabilityText prints a probability in percent with one decimal place, half
// up. It never prints 0% or 100% for a probability that is neither: those read
// "less than 0.1%" and "more than 99.9%".
func ProbabilityText(p *big.Rat) string {
	switch {
	case p.Sign() == 0:
		return "0%"
	case p.Cmp(one) == 0:
		return "100%"
	}
	text := new(big.Rat).Mul(p, hundred).FloatString(1)
	switch text {
	case "0.0":
		return "less than 0.1%"
	case "100.0":
		return "more than 99.9%"
	}
	return text + "%"
}
