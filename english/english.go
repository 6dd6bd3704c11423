// Package english puts counts into English: "1 entry", "2 entries", "1 item
// deviates", "2 items deviate". It is the one place that knows how a word's
// plural is spelled, so that no output says "1 items". It knows the regular
// words of the trade and nothing of other languages.
package english

import (
	"fmt"
	"strings"
)

// Number is any whole number.
type Number interface{ ~int | ~int32 | ~int64 }

// Count says how many there are of something: "1 claim", "0 claims". Of a
// phrase the last word takes the plural.
func Count[N Number](n N, noun string) string {
	return fmt.Sprintf("%d %s", n, Choose(n, noun, Plural(noun)))
}

// Are is Count with the verb: "1 objective is", "2 objectives are".
func Are[N Number](n N, noun string) string { return Count(n, noun) + Choose(n, " is", " are") }

// Choose is the first word for one and the second for any other number.
func Choose[N Number](n N, one, other string) string {
	if n == 1 {
		return one
	}
	return other
}

// A puts the article before a noun.
func A(noun string) string {
	if noun != "" && strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// Plural spells the plural of a regular noun.
func Plural(noun string) string {
	switch {
	case noun == "":
		return ""
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay") && !strings.HasSuffix(noun, "ey") && !strings.HasSuffix(noun, "oy"):
		return noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "leaf"):
		return strings.TrimSuffix(noun, "f") + "ves"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"), strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "sh"):
		return noun + "es"
	}
	return noun + "s"
}

// Thousands writes a number with commas: 1,204.
func Thousands[N Number](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
