package soc1

import (
	"fmt"
	"unicode/utf8"
)

// Obeyed reports whether a rune is one that a terminal, an editor or a page acts
// upon instead of showing it: the controls of C0 and C1 and DEL, except tab and
// newline, and the marks that turn the direction of the text after them (the
// embeddings, overrides and isolates of UAX #9). A text with one of them can
// read otherwise than it is stored. The marks that only give a direction to
// themselves (U+200E, U+200F, U+061C) are not among them: texts that are
// written from right to left need these.
func Obeyed(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// TextProblem says why a text that a person wrote may not stand in a record;
// nil when it may. A return before a newline is part of a line's end.
func TextProblem(field, s string) *Problem {
	for i, r := range s {
		if !Obeyed(r) || r == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			continue
		}
		return &Problem{Field: field,
			Message: fmt.Sprintf("The text has the character U+%04X, %s, as its %s.", r, whatIsObeyed(r), ordinal(utf8.RuneCountInString(s[:i])+1)),
			Remedy:  "Remove it; of the characters that are not shown, a text may have spaces, tabs and line ends."}
	}
	return nil
}

func whatIsObeyed(r rune) string {
	if r >= 0x2000 {
		return "which turns the direction of the text"
	}
	return "which is a control character"
}

// ordinal writes 1 as "1st".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
