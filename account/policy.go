package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	minPassword = 12 // characters
	maxPassword = 512
)

// CheckPassword holds a new password to the policy: at least 12 characters, not
// containing the person's address or name, and not one of those that attackers
// try first or made from one in an obvious way. There are no rules on which
// characters it has (NIST SP 800-63B 5.1.1.2).
func CheckPassword(password, email, name string) error {
	if len(password) > maxPassword {
		return ErrPasswordLong
	}
	password = norm.NFKC.String(password)
	if utf8.RuneCountInString(password) < minPassword {
		return ErrPasswordShort
	}
	lower := strings.ToLower(password)
	if containsOwn(lower, email, name) {
		return ErrPasswordOwn
	}
	if guessable(lower) {
		return ErrPasswordWeak
	}
	return nil
}

// containsOwn looks for the address, its parts and the parts of the name, where
// they are long enough to mean something.
func containsOwn(lower, email, name string) bool {
	email = strings.ToLower(norm.NFKC.String(email))
	local, domain, _ := strings.Cut(email, "@")
	words := []string{email, local}
	if i := strings.LastIndexByte(domain, '.'); i > 0 {
		words = append(words, domain[:i])
	}
	split := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	words = append(words, strings.FieldsFunc(local, split)...)
	words = append(words, strings.FieldsFunc(strings.ToLower(norm.NFKC.String(name)), split)...)
	for _, w := range words {
		if utf8.RuneCountInString(w) >= 4 && strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// guessable tells whether a password in small letters is on the list, or is one
// of the list with signs before or behind, with signs for letters, or repeated;
// or a run, or made of very few characters.
func guessable(lower string) bool {
	runes := []rune(lower)
	if isRun(runes) || distinct(runes) < 5 {
		return true
	}
	bare := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, form := range []string{lower, bare} {
		for _, letters := range []*strings.Replacer{signs, signsAsL} {
			for _, f := range []string{form, letters.Replace(form)} {
				if breached(f) || breached(unit(f)) {
					return true
				}
			}
		}
	}
	return false
}

var (
	signs    = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i", "+", "t")
	signsAsL = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "l", "+", "t")
)

// isRun tells whether each character follows the one before: aaaa, abcd, 4321.
// A run may begin again from its other end, as in 890123.
func isRun(r []rune) bool {
	for _, step := range []rune{0, 1, -1} {
		breaks := 0
		for i := 1; i < len(r); i++ {
			if r[i]-r[i-1] != step {
				breaks++
			}
		}
		if breaks <= 1 {
			return true
		}
	}
	return false
}

func distinct(r []rune) int {
	seen := map[rune]bool{}
	for _, c := range r {
		seen[c] = true
	}
	return len(seen)
}

// unit is the shortest text that, repeated, gives s.
func unit(s string) string {
	if s == "" {
		return s
	}
	// s stands inside s+s first at its own period.
	return s[:1+strings.Index((s + s)[1:], s)]
}
