package guard

import (
	"maps"
	"slices"
	"strings"
)

// InnerNames are the unqualified column names that stand in a comparison inside
// a subquery and that SQL takes for a column of a table read there. tables gives,
// by lower-case name, the columns of each table that the row outside has too.
func (f *Facts) InnerNames(tables map[string]map[string]bool) []string {
	found := map[string]bool{}
	inner{tables: tables, found: found}.walk(f.Tree)
	return slices.Sorted(maps.Keys(found))
}

// inner walks a tree; reads are the tables of the subqueries around.
type inner struct {
	tables   map[string]map[string]bool
	reads    []string
	compared bool
	found    map[string]bool
}

func (i inner) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			i.walk(x)
		}
	case map[string]any:
		switch text(v, "class") {
		case "SUBQUERY":
			// IN compares with what the subquery selects; that is no condition.
			i.walk(v["child"])
			i.compared, i.reads = false, append(slices.Clone(i.reads), baseTables(v["subquery"])...)
			i.walk(v["subquery"])
			return
		case "COMPARISON", "BETWEEN":
			i.compared = true
		case "COLUMN_REF":
			names, _ := v["column_names"].([]any)
			if len(names) != 1 || !i.compared {
				return
			}
			name, _ := names[0].(string)
			name = strings.ToLower(name)
			for _, t := range i.reads {
				if i.tables[t][name] {
					i.found[name] = true
				}
			}
			return
		}
		for _, x := range v {
			i.walk(x)
		}
	}
}

// baseTables are the names of the tables that a tree reads.
func baseTables(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			out = append(out, baseTables(x)...)
		}
	case map[string]any:
		if text(v, "type") == "BASE_TABLE" {
			out = append(out, strings.ToLower(text(v, "table_name")))
		}
		for _, x := range v {
			out = append(out, baseTables(x)...)
		}
	}
	return out
}
