package ascode

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"reperform/record"
)

func deref(v any) any { return reflect.ValueOf(v).Elem().Interface() }

func lookup(fields []record.Field, name string) *record.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func names(fields []record.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

func fieldNames(fields []record.Field) string { return strings.Join(names(fields), ", ") }

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// suggest names the nearest known word, or all of them.
func suggest(got string, known []string) string {
	best, at := 3, ""
	for _, k := range known {
		if d := distance(strings.ToLower(got), k); d < best {
			best, at = d, k
		}
	}
	if at != "" {
		return "Did you mean " + at + "?"
	}
	return "Use one of " + strings.Join(known, ", ") + "."
}

// distance is the Levenshtein distance, enough for names of fields.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, diag+1)
		}
	}
	return row[len(b)]
}
