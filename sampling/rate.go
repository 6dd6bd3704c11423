package sampling

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// These bounds on what the parsers of rates read keep a hostile text from making
// the arithmetic that follows expensive.
const (
	maxRateText   = 32 // characters of a decimal number of percent
	maxRateDigits = 40 // digits on either side of a fraction's slash
)

// Rate is an exact share between 0 and 1: a tolerable rate, an expected rate, a
// confidence, an observed rate. It is immutable; the zero value is the rate 0.
// Two rates are compared with Cmp, never with ==.
type Rate struct {
	r *big.Rat // nil stands for zero
}

// NewRate is the rate num/den. It fails when den is not positive or the share
// is outside 0 to 1.
func NewRate(num, den int64) (Rate, error) {
	if den <= 0 {
		return Rate{}, fmt.Errorf("rate %d/%d: the denominator must be at least 1", num, den)
	}
	return RateOf(big.NewRat(num, den))
}

// RateOf is the rate with the value of r, which is copied. It fails when r is
// outside 0 to 1.
func RateOf(r *big.Rat) (Rate, error) {
	if r.Sign() < 0 || r.Cmp(one) > 0 {
		return Rate{}, fmt.Errorf("rate %s: a rate lies between 0 and 100%%", r.RatString())
	}
	return Rate{new(big.Rat).Set(r)}, nil
}

// BasisPoints is the rate of bp hundredths of a percent: 350 is 3.5%. It fails
// outside 0 to 10000.
func BasisPoints(bp int64) (Rate, error) {
	if bp < 0 || bp > 10000 {
		return Rate{}, fmt.Errorf("rate of %d basis points: a rate lies between 0 and 10000", bp)
	}
	return Rate{big.NewRat(bp, 10000)}, nil
}

// MustPercent is ParsePercent for constants of a program; it panics on an error.
func MustPercent(text string) Rate {
	r, err := ParsePercent(text)
	if err != nil {
		panic(err)
	}
	return r
}

// ParsePercent reads a plain decimal number of percent: "5", "3.5", "0.25", with
// or without a percent sign directly after it. Signs, exponents, blanks and
// thousands separators are refused rather than guessed at.
func ParsePercent(text string) (Rate, error) {
	digits := strings.TrimSuffix(text, "%")
	if err := plainDecimal(digits); err != nil {
		return Rate{}, fmt.Errorf("rate %s: %w; write percent as a plain number such as 5, 3.5 or 0.25", quoted(text), err)
	}
	r, ok := new(big.Rat).SetString(digits)
	if !ok {
		return Rate{}, fmt.Errorf("rate %s: not a number; write percent as a plain number such as 5 or 3.5", quoted(text))
	}
	rate, err := RateOf(r.Quo(r, hundred))
	if err != nil {
		return Rate{}, fmt.Errorf("rate %s percent: a rate lies between 0 and 100 percent", quoted(text))
	}
	return rate, nil
}

// ParseBasisPoints reads a whole number of basis points, "350" or "350bp".
func ParseBasisPoints(text string) (Rate, error) {
	digits := strings.TrimSuffix(text, "bp")
	if err := wholeNumber(digits); err != nil {
		return Rate{}, fmt.Errorf("rate %s: %w; write basis points as a whole number between 0 and 10000", quoted(text), err)
	}
	bp, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Rate{}, fmt.Errorf("rate %s: basis points lie between 0 and 10000", quoted(text))
	}
	return BasisPoints(bp)
}

// ParseRate reads every text that String writes: percent ("3.5%", "3.5"), basis
// points ("350bp") and a fraction ("1/60").
func ParseRate(text string) (Rate, error) {
	if strings.HasSuffix(text, "bp") {
		return ParseBasisPoints(text)
	}
	num, den, fraction := strings.Cut(text, "/")
	if !fraction {
		return ParsePercent(text)
	}
	for _, part := range []string{num, den} {
		if err := wholeNumber(part); err != nil {
			return Rate{}, fmt.Errorf("rate %s: %w; write a fraction as 1/60", quoted(text), err)
		}
	}
	n, _ := new(big.Int).SetString(num, 10)
	d, _ := new(big.Int).SetString(den, 10)
	if d.Sign() == 0 {
		return Rate{}, fmt.Errorf("rate %s: the denominator is zero", quoted(text))
	}
	return RateOf(new(big.Rat).SetFrac(n, d))
}

// Rat is a copy of the exact value, between 0 and 1.
func (r Rate) Rat() *big.Rat {
	if r.r == nil {
		return new(big.Rat)
	}
	return new(big.Rat).Set(r.r)
}

// Cmp is -1, 0 or +1 as r is less than, equal to or greater than other.
func (r Rate) Cmp(other Rate) int { return r.Rat().Cmp(other.Rat()) }

// IsZero tells whether the rate is exactly 0.
func (r Rate) IsZero() bool { return r.r == nil || r.r.Sign() == 0 }

// String is the exact rate: percent when that is a finite decimal ("3.5%"),
// otherwise a fraction in lowest terms ("1/60"). ParseRate reads it back.
func (r Rate) String() string {
	percent := r.Rat()
	percent.Mul(percent, hundred)
	places, finite := percent.FloatPrec()
	if !finite {
		return r.r.RatString()
	}
	text := percent.FloatString(places) + "%"
	if len(text) > maxRateText {
		return r.r.RatString()
	}
	return text
}

// Percent is the rate in percent rounded half up to the given number of decimal
// places, without a percent sign. It is for print; decisions use the rate.
func (r Rate) Percent(places int) string {
	percent := r.Rat()
	return percent.Mul(percent, hundred).FloatString(max(places, 0))
}

// MarshalText is String, so that records and answers carry the exact rate.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is ParseRate.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

var (
	one     = big.NewRat(1, 1)
	hundred = big.NewRat(100, 1)
)

// plainDecimal accepts digits with at most one point between digits.
func plainDecimal(text string) error {
	if len(text) >= maxRateText {
		return fmt.Errorf("%d characters or more", maxRateText)
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	if err := wholeNumber(whole); err != nil {
		return err
	}
	if !pointed {
		return nil
	}
	return wholeNumber(fraction)
}

func wholeNumber(text string) error {
	if text == "" {
		return fmt.Errorf("digits are missing")
	}
	if len(text) > maxRateDigits {
		return fmt.Errorf("more than %d digits", maxRateDigits)
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return fmt.Errorf("%q is not a digit", c)
		}
	}
	return nil
}

// quoted shows what was given without letting an enormous text into an error.
func quoted(text string) string {
	if len(text) > maxRateText {
		text = text[:maxRateText] + "…"
	}
	return strconv.Quote(text)
}
