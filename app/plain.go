package app

import "strings"

// PlainCell keeps a text from being taken for a formula by a spreadsheet: one that could
// be begins with an apostrophe.
func PlainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
