package guard

import (
	"strings"
)

// walker goes over a parsed tree. Scopes are the names of common table
// expressions in force.
type walker struct {
	g          *Guard
	facts      *Facts
	scopes     []map[string]bool
	expression bool // the root is an expression, in which a star is refused
}

func (w *walker) walk(v any, depth int) error {
	if depth > maxDepth {
		return refuse("simplify it", "the text is nested too deeply")
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if err := w.walk(x, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		return w.object(v, depth)
	}
	return nil
}

func text(o map[string]any, key string) string {
	s, _ := o[key].(string)
	return s
}

func (w *walker) object(o map[string]any, depth int) error {
	if o["sample"] != nil {
		return refuse("samples are drawn by the program, verifiably", "a SAMPLE clause is not allowed")
	}
	if at, ok := o["at_clause"]; ok && at != nil {
		return refuse("leave it out", "an AT clause is not allowed")
	}
	class, kind := text(o, "class"), text(o, "type")
	var err error
	switch {
	case class != "":
		err = w.classOf(class, o)
	case strings.HasSuffix(kind, "_NODE"):
		return w.query(kind, o, depth)
	default:
		err = w.table(kind, o, depth)
	}
	if err != nil {
		return err
	}
	return w.children(o, depth)
}

func (w *walker) children(o map[string]any, depth int) error {
	for _, x := range o {
		switch x.(type) {
		case map[string]any, []any:
			if err := w.walk(x, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// query walks a query node with the names that its WITH clause defines.
func (w *walker) query(kind string, o map[string]any, depth int) error {
	switch kind {
	case "SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE":
	case "RECURSIVE_CTE_NODE":
		return refuse("use joins, or range() for a series", "a recursive query is not allowed")
	default:
		return refuse("", "this form of query (%s) is not allowed", strings.ToLower(kind))
	}
	names := map[string]bool{}
	if ctes, ok := o["cte_map"].(map[string]any); ok {
		list, _ := ctes["map"].([]any)
		for _, x := range list {
			entry, _ := x.(map[string]any)
			name := strings.ToLower(text(entry, "key"))
			if w.g.tables[name] {
				return refuse("choose another name", "WITH redefines the population %s", name)
			}
			names[name] = true
		}
	}
	if name := text(o, "cte_name"); name != "" {
		names[strings.ToLower(name)] = true
	}
	mods, _ := o["modifiers"].([]any)
	for _, x := range mods {
		m, _ := x.(map[string]any)
		switch text(m, "type") {
		case "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER":
			w.facts.Ordered = true
		case "DISTINCT_MODIFIER":
			if on, _ := m["distinct_on_targets"].([]any); len(on) > 0 {
				w.facts.Ordered = true
			}
		}
	}
	w.scopes = append(w.scopes, names)
	was := w.expression
	w.expression = false
	err := w.children(o, depth)
	w.expression = was
	w.scopes = w.scopes[:len(w.scopes)-1]
	return err
}

// table judges what stands in FROM; objects that are no table reference pass.
func (w *walker) table(kind string, o map[string]any, depth int) error {
	switch kind {
	case "BASE_TABLE":
		if text(o, "catalog_name") != "" || text(o, "schema_name") != "" {
			return refuse("use the population's name alone", "the table %s.%s is not one of the named populations", text(o, "schema_name"), text(o, "table_name"))
		}
		name := strings.ToLower(text(o, "table_name"))
		for _, scope := range w.scopes {
			if scope[name] {
				return nil
			}
		}
		if !w.g.tables[name] {
			return refuse("name one of the populations given", "the table %q is not one of the named populations", text(o, "table_name"))
		}
	case "TABLE_FUNCTION":
		f, _ := o["function"].(map[string]any)
		name := strings.ToLower(text(f, "function_name"))
		if text(f, "class") != "FUNCTION" || !allowedTableFunctions[name] || text(f, "schema") != "" && text(f, "schema") != "main" {
			return refuse("read the named populations only", "the table function %s is not allowed", name)
		}
		// Its arguments are judged, the function itself just was.
		if err := w.walk(f["children"], depth+1); err != nil {
			return err
		}
		o["function"] = nil
	case "SHOW_REF":
		return refuse("select from the populations", "DESCRIBE, SHOW and SUMMARIZE are not allowed")
	case "PIVOT":
		return refuse("write the columns out with FILTER", "PIVOT is not allowed, because its columns depend on the data")
	case "JOIN":
		if ref := text(o, "ref_type"); ref == "POSITIONAL" {
			return refuse("join by columns", "a POSITIONAL JOIN is not allowed, because it depends on the order of rows")
		}
	case "COLUMN_DATA", "DELIM_GET", "BOUND_TABLE_REF":
		return refuse("", "this form of table (%s) is not allowed", strings.ToLower(kind))
	}
	return nil
}

func (w *walker) classOf(class string, o map[string]any) error {
	if class == "WINDOW" || class == "SUBQUERY" {
		w.facts.Nested = true
	}
	switch class {
	case "FUNCTION", "WINDOW":
		return w.call(class, o)
	case "PARAMETER":
		return refuse("write the value", "a parameter has no value here")
	case "POSITIONAL_REFERENCE":
		return refuse("name the column", "a column is referred to by position")
	case "DEFAULT":
		return refuse("write the value", "DEFAULT is not allowed")
	case "STAR":
		if w.expression {
			return refuse("name the columns", "a star is not one value")
		}
	case "COLUMN_REF":
		names, _ := o["column_names"].([]any)
		parts := make([]string, len(names))
		for i, n := range names {
			parts[i], _ = n.(string)
		}
		if len(parts) == 1 && sessionNames[strings.ToLower(parts[0])] && !w.g.column[strings.ToLower(parts[0])] {
			return refuse("use a date given in the expression", "%s is not allowed: it depends on the session or the clock", parts[0])
		}
		w.facts.Columns = append(w.facts.Columns, parts)
	case "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "CAST", "BETWEEN", "SUBQUERY", "LAMBDA", "LAMBDA_REF", "COLLATE":
	default:
		return refuse("", "this form of expression (%s) is not allowed", strings.ToLower(class))
	}
	return nil
}

func (w *walker) call(class string, o map[string]any) error {
	name := strings.ToLower(text(o, "function_name"))
	if s := text(o, "schema"); s != "" && s != "main" {
		return refuse("use the function's name alone", "the function %s.%s is not allowed", s, name)
	}
	if c := text(o, "catalog"); c != "" && c != "system" {
		return refuse("use the function's name alone", "the function %s.%s is not allowed", c, name)
	}
	if class == "WINDOW" {
		orders, _ := o["orders"].([]any)
		if len(orders) == 0 && (orderedAggregates[name] || tieFunctions[name]) {
			return refuse("add ORDER BY inside OVER (…)", "%s over rows in no order is not allowed", name)
		}
		w.facts.Ordered = true
		if tieFunctions[name] {
			return nil // window functions proper stand in no catalog of scalars
		}
		switch name {
		case "rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist":
			return nil
		}
	} else if orderedAggregates[name] {
		by, _ := o["order_bys"].(map[string]any)
		orders, _ := by["orders"].([]any)
		if len(orders) == 0 && o["sorted"] != true {
			return refuse("write "+name+"(x ORDER BY …)", "%s depends on the order of rows and does not say which", name)
		}
		w.facts.Ordered = true
	} else if tieFunctions[name] {
		w.facts.Ordered = true
	}
	switch name {
	case "list_sort", "list_reverse_sort", "array_sort", "array_reverse_sort":
		// The parser writes list(x ORDER BY x) as list_sort(list(x)).
		children, _ := o["children"].([]any)
		if len(children) == 0 {
			break
		}
		if inner, ok := children[0].(map[string]any); ok {
			if f := text(inner, "function_name"); f == "list" || f == "array_agg" {
				inner["sorted"] = true
			}
		}
	}
	if r := w.g.function(name); r != nil {
		return r
	}
	return nil
}
