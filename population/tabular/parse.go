package tabular

import (
	"math/bits"
	"time"
)

// int128 is a signed integer in two's complement, for decimals of up to 38 digits.
type int128 struct {
	low  uint64
	high int64
}

func (n int128) negate() int128 {
	low, carry := bits.Add64(^n.low, 1, 0)
	high, _ := bits.Add64(^uint64(n.high), 0, carry)
	return int128{low, int64(high)}
}

// parseInteger reads a signed 64-bit integer in decimal digits.
func parseInteger(s []byte) (int64, string) {
	neg := false
	i := 0
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i++
	}
	if i == len(s) {
		return 0, "this is not an integer"
	}
	var n uint64
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, "this is not an integer"
		}
		hi, lo := bits.Mul64(n, 10)
		sum, carry := bits.Add64(lo, uint64(d), 0)
		if hi != 0 || carry != 0 {
			return 0, "the integer does not fit in 64 bits"
		}
		n = sum
	}
	if neg {
		if n > 1<<63 {
			return 0, "the integer does not fit in 64 bits"
		}
		return -int64(n), ""
	}
	if n > 1<<63-1 {
		return 0, "the integer does not fit in 64 bits"
	}
	return int64(n), ""
}

// number is how a column writes its numbers.
type number struct {
	point     byte
	thousands []byte
}

// parseDecimal reads an exact decimal of the given precision and scale as an
// unscaled integer. Digits beyond the scale are refused unless they are zeros:
// rounding is a decision, and not the reader's.
func (f number) parseDecimal(s []byte, precision, scale int) (int128, string) {
	const notNumber = "this is not a decimal number"
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i++
	}
	var lo, hi uint64
	digits, fraction, significant := 0, -1, 0
	group := -1 // digits since the last thousands separator, -1 before the first
	for i < len(s) {
		c := s[i]
		switch {
		case c-'0' <= 9:
			digits++
			if fraction >= 0 {
				fraction++
			} else if group >= 0 {
				group++
			}
			if fraction > scale {
				if c != '0' {
					return int128{}, "the number has more decimal places than its type"
				}
				i++
				continue
			}
			if significant > 0 || c != '0' {
				significant++
			}
			if significant > 38 {
				return int128{}, "the number has more digits than its type"
			}
			h1, l1 := bits.Mul64(lo, 10)
			l2, carry := bits.Add64(l1, uint64(c-'0'), 0)
			hi = hi*10 + h1 + carry
			lo = l2
			i++
		case c == f.point && fraction < 0:
			if group >= 0 && group != 3 {
				return int128{}, "a group between thousands separators does not have three digits"
			}
			fraction = 0
			i++
		case len(f.thousands) > 0 && fraction < 0 && digits > 0 && len(s)-i >= len(f.thousands) && string(s[i:i+len(f.thousands)]) == string(f.thousands):
			if group >= 0 && group != 3 || group < 0 && digits > 3 {
				return int128{}, "a group between thousands separators does not have three digits"
			}
			group = 0
			i += len(f.thousands)
		default:
			return int128{}, notNumber
		}
	}
	if digits == 0 {
		return int128{}, notNumber
	}
	if fraction < 0 && group >= 0 && group != 3 {
		return int128{}, "a group between thousands separators does not have three digits"
	}
	for f := max(fraction, 0); f < scale; f++ {
		if significant > 0 {
			significant++
		}
		if significant > 38 {
			return int128{}, "the number has more digits than its type"
		}
		h1, l1 := bits.Mul64(lo, 10)
		hi = hi*10 + h1
		lo = l1
	}
	if significant > precision {
		return int128{}, "the number has more digits than its type"
	}
	n := int128{lo, int64(hi)}
	if neg {
		n = n.negate()
	}
	return n, ""
}

func two(s []byte) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// daysOf returns the days from 1970-01-01 to a date of the proleptic Gregorian
// calendar, by Howard Hinnant's days_from_civil, and whether the date exists.
func daysOf(year, month, day int) (int64, bool) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	m := int64(month)
	if m > 2 {
		m -= 3
	} else {
		m += 9
	}
	doy := (153*m+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// parseISODate reads YYYY-MM-DD.
func parseISODate(s []byte) (int64, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y1, ok1 := two(s)
	y2, ok2 := two(s[2:])
	m, ok3 := two(s[5:])
	d, ok4 := two(s[8:])
	if !(ok1 && ok2 && ok3 && ok4) {
		return 0, false
	}
	return daysOf(y1*100+y2, m, d)
}

// instant is a parsed timestamp: microseconds since 1970-01-01 of the clock
// shown, and the offset from UTC in seconds if one was written.
type instant struct {
	micros    int64
	offset    int
	hasOffset bool
}

// parseISOTimestamp reads YYYY-MM-DD, a T or a space, HH:MM, optionally :SS and
// a fraction, optionally Z or an offset. More than six places are refused
// unless zeros.
func parseISOTimestamp(s []byte) (instant, bool) {
	if len(s) < 16 || s[10] != 'T' && s[10] != ' ' || s[13] != ':' {
		return instant{}, false
	}
	days, ok := parseISODate(s[:10])
	if !ok {
		return instant{}, false
	}
	h, ok1 := two(s[11:])
	m, ok2 := two(s[14:])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return instant{}, false
	}
	sec := 0
	frac := int64(0)
	rest := s[16:]
	if len(rest) > 0 && rest[0] == ':' {
		if len(rest) < 3 {
			return instant{}, false
		}
		sec, ok = two(rest[1:])
		if !ok || sec > 59 {
			return instant{}, false
		}
		rest = rest[3:]
		if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
			frac, rest, ok = parseFraction(rest[1:])
			if !ok {
				return instant{}, false
			}
		}
	}
	t := instant{micros: ((days*24+int64(h))*60+int64(m))*60e6 + int64(sec)*1e6 + frac}
	if len(rest) == 0 {
		return t, true
	}
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	t.offset, ok = parseOffset(rest)
	t.hasOffset = true
	return t, ok
}

func parseFraction(s []byte) (micros int64, rest []byte, ok bool) {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		switch {
		case n < 6:
			micros = micros*10 + int64(s[n]-'0')
		case s[n] != '0':
			return 0, nil, false
		}
		n++
	}
	for i := n; i < 6; i++ {
		micros *= 10
	}
	return micros, s[n:], n > 0
}

// parseOffset reads Z, ±HH, ±HHMM or ±HH:MM as seconds east of UTC.
func parseOffset(s []byte) (int, bool) {
	if len(s) == 1 && (s[0] == 'Z' || s[0] == 'z') {
		return 0, true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok := two(s[1:])
	m := 0
	switch {
	case len(s) == 3:
	case len(s) == 5 && ok:
		m, ok = two(s[3:])
	case len(s) == 6 && s[3] == ':' && ok:
		m, ok = two(s[4:])
	default:
		return 0, false
	}
	if !ok || h > 18 || m > 59 {
		return 0, false
	}
	seconds := h*3600 + m*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// inZone converts a clock reading in a zone to UTC. A reading that the clocks
// skipped does not exist and is refused; one that they showed twice means the
// earlier instant, and second says so.
func inZone(micros int64, zone *time.Location) (utc int64, twice, ok bool) {
	clock := time.UnixMicro(micros).UTC()
	_, before := clock.Add(-24 * time.Hour).In(zone).Zone()
	_, after := clock.Add(24 * time.Hour).In(zone).Zone()
	var found []int64
	for _, offset := range []int{before, after} {
		u := micros - int64(offset)*1e6
		if _, actual := time.UnixMicro(u).In(zone).Zone(); actual == offset && (len(found) == 0 || found[0] != u) {
			found = append(found, u)
		}
	}
	switch len(found) {
	case 0:
		return 0, false, false
	case 1:
		return found[0], false, true
	}
	return min(found[0], found[1]), true, true
}
