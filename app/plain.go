package app

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// PlainCell keeps a text from being taken for a formula by a spreadsheet: one that could
// be begins with an apostrophe.
func PlainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// CSV is a table as text in which no cell can be taken for a formula.
func CSV(head []string, rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(head)
	for _, row := range rows {
		out := make([]string, len(row))
		for i, s := range row {
			out[i] = PlainCell(s)
		}
		_ = w.Write(out)
	}
	w.Flush()
	return b.Bytes()
}
