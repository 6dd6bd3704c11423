package population

import (
	"fmt"
	"strings"

	"reperform/english"
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
