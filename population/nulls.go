package population

import (
	"fmt"
	"strings"

	"reperform/english"
	"reperform/population/duck"
	"reperform/population/guard"
)

// nullWarnings remarks on columns whose NULLs would make an attribute
// undecided. It judges the expressions, not the rows: whether the outcome may
// be "cannot tell" if the column is NULL and all else is known.
func nullWarnings(q EvaluateRequest, code string, pass, na *guard.Facts) []Warning {
	var out []Warning
	check := func(column, about string) {
		if !pass.Uses(column) {
			return
		}
		if na != nil {
			// Rows that are certainly not applicable never reach the question.
			if _, reached := na.Nulls(column); !reached {
				return
			}
		}
		if undecided, _ := pass.Nulls(column); undecided {
			out = append(out, Warning{Column: column,
				Problem: fmt.Sprintf("attribute %s cannot tell where this column is NULL, %s", code, about),
				Remedy:  fmt.Sprintf("if absence is a failure write %s IS NOT NULL AND …; if it is none use coalesce or the not-applicable expression", column)})
		}
	}
	for _, f := range q.Population.Columns {
		if f.Nulls > 0 {
			check(f.Name, "which it is in "+english.Count(f.Nulls, "row"))
		}
	}
	for _, j := range q.Joins {
		if len(j.On) == 0 {
			continue
		}
		for _, f := range j.Input.Columns {
			check(strings.ToLower(j.Name)+"."+f.Name, "which it is wherever the join finds no row")
		}
	}
	return out
}

// innerWarnings remark on names in a subquery that mean a column of the table
// it reads where the population has one of the same name: EXISTS (SELECT * FROM
// leavers l WHERE l.id = id) compares leavers with themselves and passes always.
func innerWarnings(q EvaluateRequest, code string, facts *guard.Facts) []Warning {
	tables := map[string]map[string]bool{"p": {}}
	mine := tables["p"]
	for _, f := range q.Population.Columns {
		mine[strings.ToLower(f.Name)] = true
	}
	for _, j := range q.Joins {
		shared := map[string]bool{}
		for _, f := range j.Input.Columns {
			if n := strings.ToLower(f.Name); mine[n] {
				shared[n] = true
			}
		}
		tables[strings.ToLower(j.Name)] = shared
	}
	var out []Warning
	for _, column := range facts.InnerNames(tables) {
		out = append(out, Warning{Column: column,
			Problem: fmt.Sprintf("attribute %s compares this column inside a subquery without saying whose it is; there it is the column of the table in the subquery, not the item's", code),
			Remedy:  fmt.Sprintf("write p.%s if the item's is meant, and the subquery's table by its alias otherwise", column)})
	}
	return out
}

// silent is a column of which an attribute does not say what its absence means.
type silent struct{ code, column, null, passes string }

// silentColumns are the columns that may be NULL, that the attribute uses, and
// whose absence neither of its expressions asks about.
func silentColumns(q EvaluateRequest, code, passes string, pass, na *guard.Facts) []silent {
	var out []silent
	add := func(column, sql string) {
		if pass.Uses(column) && !pass.TestsNull(column) && (na == nil || !na.TestsNull(column)) {
			out = append(out, silent{code, column, sql + " IS NULL", passes})
		}
	}
	for _, f := range q.Population.Columns {
		if f.Nulls > 0 {
			add(f.Name, "p."+duck.Ident(f.Name))
		}
	}
	for _, j := range q.Joins {
		if len(j.On) == 0 {
			continue
		}
		for _, f := range j.Input.Columns {
			add(strings.ToLower(j.Name)+"."+f.Name, duck.Ident(j.Name)+"."+duck.Ident(f.Name))
		}
	}
	return out
}

// passesOnNull counts, over the rows, where an attribute passes although such a
// column is NULL: CASE without the case, greatest, IS DISTINCT FROM or a
// subquery that finds nothing turn absence into a pass without a word. Only
// counting tells; whether it is right, a person decides.
func (e *evaluation) passesOnNull(db *locked) ([]Warning, error) {
	if len(e.silent) == 0 {
		return nil, nil
	}
	inner, outer := make([]string, len(e.silent)), make([]string, len(e.silent))
	for i, s := range e.silent {
		inner[i] = fmt.Sprintf("(%s) AND (%s\n) AS s%d", s.null, s.passes, i)
		outer[i] = fmt.Sprintf("count(*) FILTER (WHERE s%d)", i)
	}
	rows := ""
	if !e.nested {
		// A window looks at all rows; otherwise those without a NULL need not
		// be evaluated again.
		nulls := make([]string, len(e.silent))
		for i, s := range e.silent {
			nulls[i] = s.null
		}
		rows = "\nWHERE " + strings.Join(nulls, " OR ")
	}
	counts, err := db.One("SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + e.from + rows + "\n) AS t")
	if err != nil {
		return nil, storage(err, "temporary files")
	}
	var out []Warning
	for i, s := range e.silent {
		if counts[i] != "0" {
			out = append(out, Warning{Column: s.column,
				Problem: fmt.Sprintf("attribute %s passes in %s rows where this column is NULL", s.code, counts[i]),
				Remedy:  fmt.Sprintf("if absence is a failure write %s IS NOT NULL AND …; if it is none say so: %s IS NULL OR …", s.column, s.column)})
		}
	}
	return out, nil
}
