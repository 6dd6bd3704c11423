package soc1

import (
	"fmt"
	"unicode/utf8"

	"reperform/english"
)

// How long the texts of a record may be. A line is what a list or a heading
// shows; a text of several lines is some thirty printed pages, beyond which a
// document belongs into evidence, where it is sealed and found as one.
const (
	// LineLimit is in characters, TextLimit in bytes.
	LineLimit = 1_000
	TextLimit = 200_000
)

// LengthProblem says that a text is too long for a field of one line or of
// several; nil when it is not. Label is what people call the field.
func LengthProblem(field, label, s string, multiline bool) *Problem {
	if multiline {
		if n := len(s); n > TextLimit {
			return &Problem{Field: field, Message: fmt.Sprintf("%s has %s bytes of text.", label, english.Thousands(n)),
				Remedy: fmt.Sprintf("Shorten it to %s bytes, or attach a document as evidence.", english.Thousands(TextLimit))}
		}
		return nil
	}
	if len(s) <= LineLimit {
		return nil
	}
	if n := utf8.RuneCountInString(s); n > LineLimit {
		return &Problem{Field: field, Message: fmt.Sprintf("%s has %s characters.", label, english.Thousands(n)),
			Remedy: fmt.Sprintf("Shorten it to %s, or write the rest into a field for longer text.", english.Thousands(LineLimit))}
	}
	return nil
}

// TitleLimit and MarkLimit bound, in characters, what stands in every list, on every card
// and in the register of who confirmed or passed: the title of a policy or a course, and
// its version mark.
const (
	TitleLimit = 200
	MarkLimit  = 40
)

// short refuses a text of one line that has more characters than a bound.
func (c *checker) short(s string, limit int, field, label string) {
	if n := utf8.RuneCountInString(s); n > limit {
		c.add(field, fmt.Sprintf("%s has %s characters.", label, english.Thousands(n)), fmt.Sprintf("Shorten it to %d.", limit))
	}
}
