package tabular

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// InputError says what is wrong with a file, where, and what to do about it.
type InputError struct {
	File  string `json:"file"`
	Sheet string `json:"sheet,omitempty"`
	// Row is the line of the file (or the row of the sheet) on which the record
	// begins, counted from 1; 0 if the problem is not in one row.
	Row    int64  `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	// Value is the offending value, made printable and cut to 80 characters.
	Value   string `json:"value,omitempty"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	// Machine says that the machine is at fault and not the input: its disk is
	// full.
	Machine bool `json:"machine,omitempty"`
}

func (e *InputError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Sheet != "" {
		fmt.Fprintf(&b, ", sheet %q", e.Sheet)
	}
	if e.Row > 0 {
		fmt.Fprintf(&b, ", row %d", e.Row)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", e.Column)
	}
	b.WriteString(": " + e.Problem)
	if e.Value != "" {
		fmt.Fprintf(&b, ": %s", strconv.Quote(e.Value))
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Printable cuts a value to 80 characters and replaces what a terminal would
// obey rather than show.
func Printable(value []byte) string {
	var b strings.Builder
	n := 0
	for len(value) > 0 {
		r, size := utf8.DecodeRune(value)
		value = value[size:]
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteRune('\uFFFD')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteRune('·')
		}
		if n++; n == 80 && len(value) > 0 {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}
