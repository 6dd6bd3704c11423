package population

import (
	"strings"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// canonicalText is the SQL expression for a column's canonical text.
func canonicalText(column string, t Type) string {
	switch t.Kind {
	case tabular.Text:
		return column
	case tabular.Timestamp:
		return "strftime(" + column + ", '%Y-%m-%dT%H:%M:%S.%f')"
	case tabular.TimestampTZ:
		return "strftime(" + column + " AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
	}
	return "CAST(" + column + " AS VARCHAR)"
}

// keyExpression is the SQL expression for a row's key as text: the canonical
// text of its column, or of its columns joined by a vertical bar, with bars and
// backslashes inside values escaped by a backslash.
func keyExpression(key []string, columns []FrozenField, alias string) string {
	parts := make([]string, len(key))
	for i, k := range key {
		t := Type{Kind: tabular.Text}
		for _, c := range columns {
			if c.Name == k {
				t = c.Type
			}
		}
		column := duck.Ident(k)
		if alias != "" {
			column = alias + "." + column
		}
		parts[i] = canonicalText(column, t)
		if len(key) > 1 {
			parts[i] = `replace(replace(` + parts[i] + `, '\', '\\'), '|', '\|')`
		}
	}
	return strings.Join(parts, " || '|' || ")
}
