package guard

import "strings"

// planCheck looks for floating point and for functions of the session in a
// bound plan. The one floating point allowed is the engine's own way to write
// an interval of a whole number of units: to_days(CAST(trunc(CAST(3 AS DOUBLE))
// AS INTEGER)), which is exact. Of all that it finds, the most telling is kept,
// so that a message does not depend on the order in which a tree is walked.
type planCheck struct {
	g     *Guard
	found *Refusal
	rank  int
}

func (p *planCheck) note(rank int, r *Refusal) {
	if p.found == nil || rank < p.rank || rank == p.rank && r.Problem < p.found.Problem {
		p.found, p.rank = r, rank
	}
}

func (p *planCheck) walk(v any, interval bool, depth int) {
	if depth > maxDepth {
		p.note(0, refuse("simplify it", "the query is nested too deeply"))
		return
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			p.walk(x, interval, depth+1)
		}
	case map[string]any:
		class := text(v, "expression_class")
		name := strings.ToLower(text(v, "name"))
		called := class == "BOUND_FUNCTION" || class == "BOUND_AGGREGATE" || class == "BOUND_WINDOW"
		if called {
			if r := p.g.boundFunction(name); r != nil {
				p.note(1, r)
			}
		}
		tolerated := interval && (class == "BOUND_CAST" || class == "BOUND_FUNCTION" && name == "trunc")
		if isFloat(v["return_type"]) && !tolerated {
			p.noteFloat(class, name)
		}
		if class == "BOUND_CONSTANT" {
			value, _ := v["value"].(map[string]any)
			if isFloat(value["type"]) {
				p.note(4, refuse("write it as a decimal, such as 1.5", "a constant is a floating-point number"))
			}
		}
		within := class == "BOUND_FUNCTION" && intervalUnits[name] || tolerated || interval && class == "BOUND_CAST"
		for _, x := range v {
			switch x.(type) {
			case map[string]any, []any:
				p.walk(x, within, depth+1)
			}
		}
	}
}

func (p *planCheck) noteFloat(class, name string) {
	const remedy = "stay with DECIMAL and integers: cast to DECIMAL, multiply instead of dividing, and use sum and count instead of avg"
	switch {
	case class == "BOUND_FUNCTION" && name == "/":
		p.note(2, refuse("multiply instead: not a/b > 0.1 but a > 0.1*b, or use // for whole numbers", "the division / gives a floating-point number"))
	case name != "":
		p.note(3, refuse(remedy, "%s works in floating point here, whose results are not exact", name))
	case class == "BOUND_CAST":
		p.note(5, refuse(remedy, "a value is converted to floating point, whose results are not exact"))
	default:
		p.note(6, refuse(remedy, "the expression works in floating point, whose results are not exact"))
	}
}

var intervalUnits = map[string]bool{
	"to_years": true, "to_quarters": true, "to_months": true, "to_weeks": true, "to_days": true, "to_hours": true, "to_minutes": true,
	"to_seconds": true, "to_milliseconds": true, "to_microseconds": true, "to_decades": true, "to_centuries": true, "to_millennia": true,
}

func isFloat(t any) bool {
	o, _ := t.(map[string]any)
	if o == nil {
		return false
	}
	if id := text(o, "id"); id == "DOUBLE" || id == "FLOAT" {
		return true
	}
	info, _ := o["type_info"].(map[string]any)
	if info == nil {
		return false
	}
	if isFloat(info["child_type"]) {
		return true
	}
	children, _ := info["child_types"].([]any)
	for _, c := range children {
		pair, _ := c.(map[string]any)
		if isFloat(pair["second"]) || isFloat(pair["value"]) {
			return true
		}
	}
	return false
}

// boundFunction judges the functions that the binder chose, which also shows
// what a macro or a bare name stood for.
func (g *Guard) boundFunction(name string) *Refusal {
	switch name {
	case "", "list_aggr", "list_aggregate", "array_aggr", "array_aggregate", "aggregate", "create_sort_key", "error":
		// What list_sum and the like, ORDER BY in aggregates, and the check that a
		// scalar subquery has one row stand for.
		return nil
	}
	if reason := g.rules[name]; reason != "" && reason != "makes a table or changes a setting" {
		return refuse("use what the rows say, or a value given in the expression", "the function %s is not allowed: it %s", name, reason)
	}
	return nil
}
