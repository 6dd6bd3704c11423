package soc1

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing wrong with a record, said so that a person can repair
// it without reading the program.
type Problem struct {
	// Field is the path in the record's JSON, such as "method.tolerable_bp"
	// or "parts[2].text"; empty when the record as a whole is meant.
	Field string `json:"field"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy"`
}

// String gives the problem as one line: place, problem, remedy.
func (p Problem) String() string {
	place := p.Field
	if place == "" {
		place = "record"
	}
	return place + ": " + p.Message + " " + p.Remedy
}

// Record is what every noun of this package that is stored as a record does.
type Record interface {
	// Validate checks the record alone and returns its problems in the order
	// of its fields' declaration followed by the rules that join fields; none
	// means that the record may be stored.
	Validate() []Problem
}

// checker collects the problems of one record.
type checker struct{ problems []Problem }

// add records a problem at a field.
func (c *checker) add(field, message, remedy string) {
	c.problems = append(c.problems, Problem{Field: field, Message: message, Remedy: remedy})
}

// when records a problem if the condition holds.
func (c *checker) when(wrong bool, field, message, remedy string) {
	if wrong {
		c.add(field, message, remedy)
	}
}

// ordered demands that a window's end does not lie before its beginning.
// Dates that are empty or do not exist are left to the checks of the values.
func (c *checker) ordered(from, to Date, fromField, toField string) {
	if from.Valid() && to.Valid() && to.Before(from) {
		c.add(toField, fmt.Sprintf("The date %s lies before %s (%s).", to, fromField, from),
			"Give the dates in order, the earlier first.")
	}
}

// within demands a whole number between two bounds, both included.
func (c *checker) within(v, low, high int, field string) {
	if v < low || v > high {
		c.add(field, fmt.Sprintf("The value %d is outside %d to %d.", v, low, high),
			fmt.Sprintf("Give a whole number from %d to %d.", low, high))
	}
}

// natural demands a count that is not negative.
func (c *checker) natural(v int64, field string) {
	c.when(v < 0, field, fmt.Sprintf("The count %d is negative.", v), "Give zero or a positive whole number.")
}

// digest demands a SHA-256 in lower-case hexadecimal, or nothing.
func (c *checker) digest(s, field string) {
	c.when(s != "" && !isDigest(s), field, "This is not a SHA-256 value.",
		"Give 64 lower-case hexadecimal digits.")
}

// isDigest reports whether s is 32 bytes in lower-case hexadecimal.
func isDigest(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// blank reports whether a text says nothing.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// leastDescription is how many characters a description has at the least.
const leastDescription = 20

// Substantive reports whether a text can be a description of what somebody
// looked at: at least twenty characters and two different words. It cannot tell
// whether the description is true; it refuses "ok" and "see above".
func Substantive(s string) bool {
	s = plainText(s)
	words := strings.Fields(s)
	return utf8.RuneCountInString(s) >= leastDescription && slices.ContainsFunc(words, func(w string) bool { return !strings.EqualFold(w, words[0]) })
}

// plainText is a text with every run of white space as one blank.
func plainText(s string) string { return strings.Join(strings.Fields(s), " ") }

// at builds the path of a field of a member of a list, "parts[2].text".
func at(list string, index int, field string) string {
	path := fmt.Sprintf("%s[%d]", list, index)
	if field != "" {
		path += "." + field
	}
	return path
}

// address reports whether a text has the shape of one email address.
func address(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n,;<>") && !strings.Contains(domain, "@")
}

// frameworks checks a map of framework names to identifiers.
func (c *checker) frameworks(ids map[string][]string, field string) {
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		path := field + "." + name
		c.when(blank(name), path, "A framework has no name.", "Name the framework, for example COSO-2013.")
		c.when(len(ids[name]) == 0, path, "The framework has no identifiers.", "List at least one or remove the framework.")
		seen := map[string]bool{}
		for i, id := range ids[name] {
			c.when(blank(id), at(path, i, ""), "The identifier is empty.", "Remove it or give the identifier.")
			c.when(seen[id] && !blank(id), at(path, i, ""), fmt.Sprintf("%q is listed twice.", id), "List it once.")
			seen[id] = true
		}
	}
}
