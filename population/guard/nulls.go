package guard

import "strings"

// truths is a set of what an expression may be: true, false or NULL. A value
// that is not a boolean counts as true and false both.
type truths uint8

const (
	isTrue truths = 1 << iota
	isFalse
	isNull
	isValue = isTrue | isFalse
)

// Nulls decides, over the tree of an accepted expression, whether the
// expression may be NULL in a row in which only the given column is NULL, by
// evaluating it over sets of truth values (Kleene's three-valued logic).
// Everything but the column counts as known and not NULL.
func (f *Facts) Nulls(column string) (mayBeNull, mayBeFalseOrNull bool) {
	t := evaluator{column: strings.ToLower(column)}.eval(f.Tree)
	return t&isNull != 0, t&(isNull|isFalse) != 0
}

// Uses says whether the expression refers to the column.
func (f *Facts) Uses(column string) bool {
	for _, parts := range f.Columns {
		if matches(parts, strings.ToLower(column)) {
			return true
		}
	}
	return false
}

// matches compares a reference's parts with a column of the population ("name")
// or of a joined table ("table.name").
func matches(parts []string, column string) bool {
	got := strings.ToLower(strings.Join(parts, "."))
	return got == column || got == "p."+column
}

type evaluator struct{ column string }

func (e evaluator) eval(v any) truths {
	o, _ := v.(map[string]any)
	if o == nil {
		return isValue
	}
	kind := text(o, "type")
	children, _ := o["children"].([]any)
	switch text(o, "class") {
	case "COLUMN_REF":
		var parts []string
		names, _ := o["column_names"].([]any)
		for _, n := range names {
			s, _ := n.(string)
			parts = append(parts, s)
		}
		if matches(parts, e.column) {
			return isNull
		}
		return isValue
	case "CONSTANT":
		value, _ := o["value"].(map[string]any)
		if null, _ := value["is_null"].(bool); null {
			return isNull
		}
		switch value["value"] {
		case true:
			return isTrue
		case false:
			return isFalse
		}
		return isValue
	case "CONJUNCTION":
		return conjunction(kind == "CONJUNCTION_AND", e.all(children))
	case "COMPARISON":
		left, right := e.eval(o["left"]), e.eval(o["right"])
		if kind == "COMPARE_DISTINCT_FROM" || kind == "COMPARE_NOT_DISTINCT_FROM" {
			switch {
			case left == isNull && right == isNull:
				return truth(kind == "COMPARE_NOT_DISTINCT_FROM")
			case left == isNull && right&isNull == 0, right == isNull && left&isNull == 0:
				return truth(kind == "COMPARE_DISTINCT_FROM")
			}
			return isValue
		}
		return strict(left, right)
	case "BETWEEN":
		return strict(e.eval(o["input"]), e.eval(o["lower"]), e.eval(o["upper"]))
	case "CAST":
		t := e.eval(o["child"])
		if try, _ := o["try_cast"].(bool); try {
			return t | isNull
		}
		return t
	case "OPERATOR":
		return e.operator(kind, children)
	case "CASE":
		return e.cases(o)
	case "SUBQUERY":
		// What a subquery finds is not known here; EXISTS is never NULL, and for
		// the others the remark about the column would be a guess.
		return isValue
	case "FUNCTION":
		switch strings.ToLower(text(o, "function_name")) {
		case "concat", "concat_ws", "count", "count_star", "struct_pack", "list_value", "row":
			return isValue
		case "greatest", "least":
			return anyValue(e.all(children))
		}
		return strict(e.all(children)...)
	case "COLLATE":
		return e.eval(o["child"])
	}
	return isValue
}

func (e evaluator) all(list []any) []truths {
	out := make([]truths, len(list))
	for i, x := range list {
		out[i] = e.eval(x)
	}
	return out
}

func truth(b bool) truths {
	if b {
		return isTrue
	}
	return isFalse
}

// strict is NULL if an operand is, and may be anything else otherwise.
func strict(operands ...truths) truths {
	out := truths(0)
	for _, t := range operands {
		if t == isNull {
			return isNull
		}
		out |= t & isNull
	}
	return out | isValue
}

// anyValue is NULL only if every operand is.
func anyValue(operands []truths) truths {
	out := truths(0)
	null := true
	for _, t := range operands {
		out |= t & isValue
		null = null && t&isNull != 0
	}
	if null {
		out |= isNull
	}
	return out
}

func conjunction(and bool, operands []truths) truths {
	stop, pass := isFalse, isTrue
	if !and {
		stop, pass = isTrue, isFalse
	}
	out := pass
	for _, t := range operands {
		next := truths(0)
		for _, a := range []truths{isTrue, isFalse, isNull} {
			for _, b := range []truths{isTrue, isFalse, isNull} {
				if out&a == 0 || t&b == 0 {
					continue
				}
				switch {
				case a == stop || b == stop:
					next |= stop
				case a == isNull || b == isNull:
					next |= isNull
				default:
					next |= pass
				}
			}
		}
		out = next
	}
	return out
}

func (e evaluator) operator(kind string, children []any) truths {
	operands := e.all(children)
	switch kind {
	case "OPERATOR_NOT":
		t := operands[0]
		out := t & isNull
		if t&isTrue != 0 {
			out |= isFalse
		}
		if t&isFalse != 0 {
			out |= isTrue
		}
		return out
	case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL":
		out := truths(0)
		if operands[0]&isNull != 0 {
			out |= truth(kind == "OPERATOR_IS_NULL")
		}
		if operands[0]&isValue != 0 {
			out |= truth(kind == "OPERATOR_IS_NOT_NULL")
		}
		return out
	case "OPERATOR_COALESCE":
		out := truths(0)
		for _, t := range operands {
			out |= t & isValue
			if t&isNull == 0 {
				return out
			}
		}
		return out | isNull
	}
	return strict(operands...)
}

func (e evaluator) cases(o map[string]any) truths {
	checks, _ := o["case_checks"].([]any)
	out := truths(0)
	for _, x := range checks {
		c, _ := x.(map[string]any)
		when := e.eval(c["when_expr"])
		if when&isTrue != 0 {
			out |= e.eval(c["then_expr"])
		}
		if when == isTrue {
			return out
		}
	}
	return out | e.eval(o["else_expr"])
}

// TestsNull says whether the expression itself asks if the column is NULL, by
// IS NULL, IS NOT NULL or as an argument of coalesce: then whoever wrote it has
// thought of rows without a value.
func (f *Facts) TestsNull(column string) bool {
	return testsNull(f.Tree, evaluator{column: strings.ToLower(column)})
}

func testsNull(v any, e evaluator) bool {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if testsNull(x, e) {
				return true
			}
		}
	case map[string]any:
		switch text(v, "type") {
		case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE":
			children, _ := v["children"].([]any)
			for _, c := range children {
				if o, _ := c.(map[string]any); text(o, "class") == "COLUMN_REF" && e.eval(c) == isNull {
					return true
				}
			}
		}
		for _, x := range v {
			if testsNull(x, e) {
				return true
			}
		}
	}
	return false
}
