package population

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"reperform/english"
	"reperform/population/duck"
	"reperform/population/tabular"
)

// CheckSpec is one completeness or accuracy check. Kind decides which of the
// other fields it reads:
//
//	count            Expected: the row count that a second source states
//	control_total    Column, Expected: the exact total that a second source states
//	sequence_gaps    Column: an integer column, or text ending in digits after a
//	                 common prefix, whose numbers should follow each other
//	duplicate_keys   Columns (the key if empty): no combination occurs twice
//	empty_days       Column, From, To, Holidays: every business day has rows
//	out_of_period    Column, From, To: no row lies outside, none is undated
//	schema_drift     Previous: names, types and order are those of an earlier population
//	required         Column: no row is NULL or blank
type CheckSpec struct {
	Kind     string        `json:"kind"`
	Column   string        `json:"column,omitempty"`
	Columns  []string      `json:"columns,omitempty"`
	Expected string        `json:"expected,omitempty"`
	From     string        `json:"from,omitempty"` // YYYY-MM-DD, included
	To       string        `json:"to,omitempty"`   // YYYY-MM-DD, included
	Holidays []string      `json:"holidays,omitempty"`
	Previous []FrozenField `json:"previous,omitempty"`
}

// CheckResult is what a check found. It states facts; whether they matter is a
// person's conclusion.
type CheckResult struct {
	Check    CheckSpec `json:"check"`
	Expected string    `json:"expected"`
	Actual   string    `json:"actual"`
	Passed   bool      `json:"passed"`
	// Examples are at most MaxExamples of what was found, in order.
	Examples []string `json:"examples,omitempty"`
}

// MaxExamples is the largest number of examples of a check.
const MaxExamples = 20

// CheckRequest asks for checks of a frozen population.
type CheckRequest struct {
	Population Input       `json:"population"`
	Zone       string      `json:"zone"`
	Checks     []CheckSpec `json:"checks"`
}

// Check runs completeness and accuracy checks, each on its own.
func (e *Engine) Check(ctx context.Context, q CheckRequest) ([]CheckResult, error) {
	read, err := absoluteInputs([]*Input{&q.Population})
	if err != nil {
		return nil, err
	}
	var out []CheckResult
	err = e.call(ctx, "check", read, q, &out, nil, nil)
	return out, err
}

// checker runs checks over one population.
type checker struct {
	db     *locked
	fields []FrozenField
	key    []string
}

func (c *childServer) check(q CheckRequest) ([]CheckResult, error) {
	if _, err := c.verify(q.Population); err != nil {
		return nil, err
	}
	out := []CheckResult{}
	var db *locked
	defer func() {
		if db != nil {
			db.Close()
		}
	}()
	var holidays []string
	for i, spec := range q.Checks {
		// The business calendar is part of the database's macros.
		if db == nil || !slices.Equal(holidays, spec.Holidays) {
			if db != nil {
				db.Close()
			}
			var err error
			holidays = spec.Holidays
			if db, err = c.openLocked(q.Zone, []view{{"p", q.Population}}, holidays, lockedOptions{}); err != nil {
				db = nil
				return nil, err
			}
		}
		k := &checker{db: db, fields: q.Population.Columns, key: q.Population.Key}
		r, err := k.run(spec)
		if err != nil {
			if full := storage(err, "temporary files"); full != err {
				return nil, full
			}
			return nil, fmt.Errorf("check %d (%s): %w", i+1, spec.Kind, err)
		}
		r.Check = spec
		out = append(out, r)
	}
	return out, nil
}

func (k *checker) run(s CheckSpec) (CheckResult, error) {
	switch s.Kind {
	case "count":
		return k.count(s)
	case "control_total":
		return k.total(s)
	case "sequence_gaps":
		return k.gaps(s)
	case "duplicate_keys":
		return k.duplicates(s)
	case "empty_days":
		return k.emptyDays(s)
	case "out_of_period":
		return k.outOfPeriod(s)
	case "schema_drift":
		return k.drift(s)
	case "required":
		return k.required(s)
	}
	return CheckResult{}, specError(s, "this kind of check is not known", "use count, control_total, sequence_gaps, duplicate_keys, empty_days, out_of_period, schema_drift or required")
}

func specError(s CheckSpec, problem, remedy string) error {
	return &SQLError{Where: "check " + s.Kind, Problem: problem, Remedy: remedy}
}

// field finds a column of one of the given kinds.
func (k *checker) field(s CheckSpec, name string, kinds ...Kind) (FrozenField, error) {
	for _, f := range k.fields {
		if f.Name == name {
			if len(kinds) > 0 && !slices.Contains(kinds, f.Type.Kind) {
				return f, specError(s, fmt.Sprintf("the column %q is of type %s", name, f.Type), fmt.Sprintf("name a column of type %v", kinds))
			}
			return f, nil
		}
	}
	return FrozenField{}, specError(s, fmt.Sprintf("there is no column %q", name), "check the name")
}

func (k *checker) count(s CheckSpec) (CheckResult, error) {
	want, err := strconv.ParseInt(s.Expected, 10, 64)
	if err != nil || want < 0 {
		return CheckResult{}, specError(s, fmt.Sprintf("the expected count %q is not a whole number", s.Expected), "state the number of rows of the second source")
	}
	row, err := k.db.One("SELECT count(*) FROM p")
	if err != nil {
		return CheckResult{}, err
	}
	return CheckResult{Expected: s.Expected, Actual: row[0], Passed: row[0] == strconv.FormatInt(want, 10)}, nil
}

func (k *checker) total(s CheckSpec) (CheckResult, error) {
	f, err := k.field(s, s.Column, tabular.Integer, tabular.Decimal)
	if err != nil {
		return CheckResult{}, err
	}
	want, ok := new(big.Rat).SetString(s.Expected)
	if !ok || strings.ContainsAny(s.Expected, "eE/") {
		return CheckResult{}, specError(s, fmt.Sprintf("the expected total %q is not a decimal number", s.Expected), "state it in digits, with a point before the decimals")
	}
	// The engine's sum is at most 38 digits; it is exact or an error.
	row, err := k.db.One("SELECT coalesce(sum(" + duck.Ident(f.Name) + "), 0) FROM p")
	if err != nil {
		return CheckResult{}, err
	}
	got, ok := new(big.Rat).SetString(row[0])
	if !ok {
		return CheckResult{}, fmt.Errorf("the total %q is not a number", row[0])
	}
	r := CheckResult{Expected: s.Expected, Actual: row[0], Passed: got.Cmp(want) == 0}
	if !r.Passed {
		r.Examples = []string{"difference " + new(big.Rat).Sub(got, want).FloatString(f.Type.Scale)}
	}
	return r, nil
}

// gaps looks for missing numbers between the smallest and the largest.
func (k *checker) gaps(s CheckSpec) (CheckResult, error) {
	f, err := k.field(s, s.Column, tabular.Integer, tabular.Text)
	if err != nil {
		return CheckResult{}, err
	}
	column := duck.Ident(f.Name)
	prefix, number, width := "''", column, "1"
	if f.Type.Kind == tabular.Text {
		number = "TRY_CAST(regexp_extract(" + column + ", '([0-9]{1,18})$', 1) AS BIGINT)"
		prefix = "regexp_replace(" + column + ", '[0-9]{1,18}$', '')"
		width = "length(regexp_extract(" + column + ", '([0-9]{1,18})$', 1))"
	}
	const numbered = "WITH n AS (SELECT %s AS prefix, %s AS number, min(%s) AS width FROM p GROUP BY 1, 2), f AS (SELECT *, lead(number) OVER (PARTITION BY prefix ORDER BY number) AS following FROM n WHERE number IS NOT NULL) "
	with := fmt.Sprintf(numbered, prefix, number, width)
	// A number is shown as wide as its neighbor is written.
	shown := func(n string) string {
		return "prefix || lpad((" + n + ")::VARCHAR, greatest(width, length((" + n + ")::VARCHAR))::INTEGER, '0')"
	}
	row, err := k.db.One(with + "SELECT coalesce(sum(following - number - 1), 0), count(*) FILTER (WHERE following - number > 1), (SELECT count(*) FROM p WHERE " + number + " IS NULL) FROM f")
	if err != nil {
		return CheckResult{}, err
	}
	rows, err := k.db.Texts(with + "SELECT " + shown("number + 1") + " || CASE WHEN following - number > 2 THEN ' to ' || " + shown("following - 1") + " ELSE '' END FROM f WHERE following - number > 1 ORDER BY prefix, number LIMIT " + strconv.Itoa(MaxExamples))
	if err != nil {
		return CheckResult{}, err
	}
	r := CheckResult{Expected: "0 missing numbers", Actual: row[0] + " missing in " + counted(row[1], "gap"), Passed: row[0] == "0" && row[2] == "0", Examples: first(rows)}
	if row[2] != "0" {
		r.Actual += ", " + counted(row[2], "row") + " without a number"
	}
	return r, nil
}

func first(rows [][]string) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r[0])
	}
	return out
}

func (k *checker) duplicates(s CheckSpec) (CheckResult, error) {
	columns := s.Columns
	if len(columns) == 0 {
		columns = k.key
	}
	if len(columns) == 0 {
		return CheckResult{}, specError(s, "no columns are given and the population has no key", "name the columns")
	}
	var names []string
	for _, c := range columns {
		if _, err := k.field(s, c); err != nil {
			return CheckResult{}, err
		}
		names = append(names, duck.Ident(c))
	}
	list := strings.Join(names, ", ")
	expr := keyExpression(columns, k.fields, "")
	row, err := k.db.One("SELECT count(*), coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM p GROUP BY " + list + " HAVING count(*) > 1)")
	if err != nil {
		return CheckResult{}, err
	}
	rows, err := k.db.Texts("SELECT coalesce(k, 'NULL') || ' (' || n || ' times)' FROM (SELECT " + expr + " AS k, count(*) AS n FROM p GROUP BY " + list + " HAVING count(*) > 1) ORDER BY k LIMIT " + strconv.Itoa(MaxExamples))
	if err != nil {
		return CheckResult{}, err
	}
	return CheckResult{Expected: "0 duplicates", Actual: counted(row[0], "key") + verb(row[0], " occurs", " occur") + " more than once, " + counted(row[1], "row") + " too many", Passed: row[0] == "0", Examples: first(rows)}, nil
}

// period reads From and To.
func period(s CheckSpec) (from, to string, err error) {
	a, err1 := time.Parse(time.DateOnly, s.From)
	b, err2 := time.Parse(time.DateOnly, s.To)
	switch {
	case err1 != nil || err2 != nil:
		return "", "", specError(s, fmt.Sprintf("the period %q to %q is not given as two dates", s.From, s.To), "write YYYY-MM-DD")
	case b.Before(a):
		return "", "", specError(s, "the period ends before it begins", "exchange the dates")
	}
	return "DATE " + duck.Literal(s.From), "DATE " + duck.Literal(s.To), nil
}

func (k *checker) dated(s CheckSpec) (day, from, to string, err error) {
	f, err := k.field(s, s.Column, tabular.Date, tabular.Timestamp, tabular.TimestampTZ)
	if err != nil {
		return "", "", "", err
	}
	from, to, err = period(s)
	// An instant counts by its day in the population's zone.
	return "CAST(" + duck.Ident(f.Name) + " AS DATE)", from, to, err
}

func (k *checker) emptyDays(s CheckSpec) (CheckResult, error) {
	day, from, to, err := k.dated(s)
	if err != nil {
		return CheckResult{}, err
	}
	empty := "FROM (SELECT CAST(unnest(generate_series(" + from + ", " + to + ", INTERVAL 1 DAY)) AS DATE) AS d) WHERE business_days_between(d - 1, d) = 1 AND d NOT IN (SELECT " + day + " FROM p WHERE " + day + " IS NOT NULL)"
	row, err := k.db.One("SELECT count(*) " + empty)
	if err != nil {
		return CheckResult{}, err
	}
	rows, err := k.db.Texts("SELECT d " + empty + " ORDER BY d LIMIT " + strconv.Itoa(MaxExamples))
	if err != nil {
		return CheckResult{}, err
	}
	return CheckResult{Expected: "0 business days without rows", Actual: row[0], Passed: row[0] == "0", Examples: first(rows)}, nil
}

func (k *checker) outOfPeriod(s CheckSpec) (CheckResult, error) {
	day, from, to, err := k.dated(s)
	if err != nil {
		return CheckResult{}, err
	}
	row, err := k.db.One("SELECT count(*) FILTER (WHERE " + day + " < " + from + "), count(*) FILTER (WHERE " + day + " > " + to + "), count(*) FILTER (WHERE " + day + " IS NULL) FROM p")
	if err != nil {
		return CheckResult{}, err
	}
	label := day + "::VARCHAR"
	order := day
	if len(k.key) > 0 {
		label = keyExpression(k.key, k.fields, "") + " || ': ' || coalesce(" + day + "::VARCHAR, 'no date')"
		order += ", " + keyExpression(k.key, k.fields, "")
	}
	rows, err := k.db.Texts("SELECT coalesce(" + label + ", 'no date') FROM p WHERE (" + day + " BETWEEN " + from + " AND " + to + ") IS NOT TRUE ORDER BY " + order + " LIMIT " + strconv.Itoa(MaxExamples))
	if err != nil {
		return CheckResult{}, err
	}
	return CheckResult{Expected: "every row from " + s.From + " to " + s.To, Actual: row[0] + " before, " + row[1] + " after, " + row[2] + " without a date",
		Passed: row[0] == "0" && row[1] == "0" && row[2] == "0", Examples: first(rows)}, nil
}

func (k *checker) drift(s CheckSpec) (CheckResult, error) {
	if len(s.Previous) == 0 {
		return CheckResult{}, specError(s, "the previous columns are not given", "pass the columns of the earlier population")
	}
	var found []string
	at := map[string]int{}
	for i, f := range k.fields {
		at[f.Name] = i
	}
	before := map[string]bool{}
	last, moved := -1, false
	for _, f := range s.Previous {
		before[f.Name] = true
		i, ok := at[f.Name]
		switch {
		case !ok:
			found = append(found, fmt.Sprintf("column %q is gone", f.Name))
			continue
		case k.fields[i].Type != f.Type:
			found = append(found, fmt.Sprintf("column %q was %s and is %s", f.Name, f.Type, k.fields[i].Type))
		}
		moved = moved || i < last
		last = i
	}
	for _, f := range k.fields {
		if !before[f.Name] {
			found = append(found, fmt.Sprintf("column %q is new", f.Name))
		}
	}
	if moved {
		found = append(found, "the columns stand in another order")
	}
	r := CheckResult{Expected: "the columns of the earlier population: " + english.Count(len(s.Previous), "column"), Actual: english.Count(len(found), "difference"), Passed: len(found) == 0}
	r.Examples = found[:min(len(found), MaxExamples)]
	return r, nil
}

func (k *checker) required(s CheckSpec) (CheckResult, error) {
	f, err := k.field(s, s.Column)
	if err != nil {
		return CheckResult{}, err
	}
	blank := duck.Ident(f.Name) + " IS NULL"
	if f.Type.Kind == tabular.Text {
		blank += " OR trim(" + duck.Ident(f.Name) + ") = ''"
	}
	row, err := k.db.One("SELECT count(*) FROM p WHERE " + blank)
	if err != nil {
		return CheckResult{}, err
	}
	r := CheckResult{Expected: "0 blank", Actual: row[0], Passed: row[0] == "0"}
	if !r.Passed && len(k.key) > 0 {
		expr := keyExpression(k.key, k.fields, "")
		rows, err := k.db.Texts("SELECT " + expr + " AS k FROM p WHERE " + blank + " ORDER BY k LIMIT " + strconv.Itoa(MaxExamples))
		if err != nil {
			return CheckResult{}, err
		}
		r.Examples = first(rows)
	}
	return r, nil
}

// counted says how many of something a query counted.
func counted(n, noun string) string { return n + " " + verb(n, noun, english.Plural(noun)) }

// verb is the first word when a query counted one.
func verb(n, one, other string) string {
	if n == "1" {
		return one
	}
	return other
}
