package soc1

import (
	"fmt"
	"strings"
)

// Instant is a moment in RFC 3339 with its zone, "2025-01-31T17:05:00-06:00"
// or "…Z", with at most nine decimals of a second. Letters are upper case,
// the zone is never left open ("-00:00" means an unknown zone and is refused)
// and a leap second is written as the second before it. The text is kept as
// given: it is evidence of what the source said. Empty means "not given".
type Instant string

// ParseInstant reads an instant and says what is wrong with one that is not.
func ParseInstant(s string) (Instant, error) {
	i := Instant(s)
	if message, remedy := i.flaw(); message != "" {
		return "", fmt.Errorf("%s %s", message, remedy)
	}
	return i, nil
}

// Valid reports whether the instant exists; the empty one does not.
func (i Instant) Valid() bool {
	_, _, ok := i.moment()
	return ok
}

// Date is the calendar day at the instant in the zone it is written in;
// empty when the instant does not exist.
func (i Instant) Date() Date {
	if !i.Valid() {
		return ""
	}
	return Date(i[:10])
}

// Compare orders two instants by the moment they name, whatever their zones:
// -1, 0 or +1. An instant that does not exist comes before any that does.
func (i Instant) Compare(other Instant) int {
	s, n, ok := i.moment()
	s2, n2, ok2 := other.moment()
	switch {
	case !ok && !ok2:
		return 0
	case !ok:
		return -1
	case !ok2:
		return 1
	case s < s2 || s == s2 && n < n2:
		return -1
	case s > s2 || n > n2:
		return 1
	}
	return 0
}

// Before reports whether i names an earlier moment than other.
func (i Instant) Before(other Instant) bool { return i.Compare(other) < 0 }

// String is the instant as stored.
func (i Instant) String() string { return string(i) }

// flaw says why an instant is not one.
func (i Instant) flaw() (message, remedy string) {
	if i.Valid() {
		return "", ""
	}
	return fmt.Sprintf("%q is not a moment with a time zone.", string(i)),
		"Write it as 2025-01-31T17:05:00-06:00, or with Z for UTC."
}

// moment gives the seconds since 0001-01-01T00:00:00Z and the nanoseconds
// beyond them.
func (i Instant) moment() (seconds, nanos int, ok bool) {
	s := string(i)
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, 0, false
	}
	y, m, d, ok := Date(s[:10]).parts()
	hour, ok1 := bounded(s[11:13], 23)
	minute, ok2 := bounded(s[14:16], 59)
	second, ok3 := bounded(s[17:19], 59)
	if !ok || !ok1 || !ok2 || !ok3 {
		return 0, 0, false
	}
	nanos, zone, ok := fraction(s[19:])
	if !ok {
		return 0, 0, false
	}
	offset, ok := zoneOffset(zone)
	if !ok {
		return 0, 0, false
	}
	return dayNumber(y, m, d)*86400 + hour*3600 + minute*60 + second - offset, nanos, true
}

// fraction reads the decimals of a second, if any, and returns what follows.
func fraction(s string) (nanos int, rest string, ok bool) {
	if !strings.HasPrefix(s, ".") {
		return 0, s, true
	}
	end := 1
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == 1 || end > 10 {
		return 0, "", false
	}
	return digits((s[1:end] + "000000000")[:9]), s[end:], true
}

// zoneOffset reads "Z" or "+01:00" as seconds east of Greenwich.
func zoneOffset(s string) (seconds int, ok bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' || s == "-00:00" {
		return 0, false
	}
	hours, ok1 := bounded(s[1:3], 23)
	minutes, ok2 := bounded(s[4:6], 59)
	if !ok1 || !ok2 {
		return 0, false
	}
	seconds = hours*3600 + minutes*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// bounded reads two digits up to a maximum.
func bounded(s string, high int) (int, bool) {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	n := digits(s)
	return n, n <= high
}
