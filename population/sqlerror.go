package population

import "strings"

// SQLError says what is wrong with SQL that a person gave: an attribute, a
// stratum or a derivation.
type SQLError struct {
	// Where names the attribute or the part of the request.
	Where string `json:"where"`
	SQL   string `json:"sql,omitempty"`
	// Key is the key of a row on which the expression failed, if one is known.
	Key string `json:"key,omitempty"`
	// Line and Column are where in SQL it is, counted from 1; 0 where that is not known.
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

func (e *SQLError) Error() string {
	var b strings.Builder
	b.WriteString(e.Where + ": " + e.Problem)
	if e.Key != "" {
		b.WriteString(" (first met in the row with key " + e.Key + ")")
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}
