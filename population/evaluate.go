package population

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"reperform/english"
	"reperform/population/duck"
)

// Outcome is what the data say about one row and one attribute.
type Outcome string

// The four outcomes.
const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	NotApplicable Outcome = "not_applicable"
	CannotTell    Outcome = "cannot_tell"
)

// Attribute is a question asked of every row. Pass and NotApplicable are SQL
// boolean expressions over the population's columns (by bare name or with the
// alias p) and the named joins. If NotApplicable is TRUE the row is not
// applicable and Pass is not evaluated; otherwise TRUE is a pass, FALSE a fail,
// and NULL means that the data cannot tell.
type Attribute struct {
	Code          string `json:"code"`
	Pass          string `json:"pass"`
	NotApplicable string `json:"not_applicable,omitempty"`
}

// Join makes another frozen population available under a name: in subqueries,
// and, if On is given, as a left join whose columns are reachable as name.column.
type Join struct {
	Name  string `json:"name"`
	Input Input  `json:"input"`
	// On pairs columns of the population with columns of the joined one. The
	// latter must identify its rows, so that the join keeps the row count.
	On []JoinColumns `json:"on,omitempty"`
}

// JoinColumns is one equality of a join.
type JoinColumns struct {
	Population string `json:"population"`
	Joined     string `json:"joined"`
}

// EvaluateRequest asks for attributes to be evaluated over every row.
type EvaluateRequest struct {
	Population Input       `json:"population"`
	Zone       string      `json:"zone"`
	Joins      []Join      `json:"joins,omitempty"`
	Attributes []Attribute `json:"attributes"`
	// Holidays are the dates (YYYY-MM-DD) on which the business-day macros do
	// not count a day.
	Holidays []string `json:"holidays,omitempty"`
	// ExceptionsPath is where the exceptions are written; it must not exist.
	ExceptionsPath string `json:"exceptions_path"`
}

// Counts are the numbers of rows by outcome; they sum to the population's rows.
type Counts struct {
	Pass          int64 `json:"pass"`
	Fail          int64 `json:"fail"`
	NotApplicable int64 `json:"not_applicable"`
	CannotTell    int64 `json:"cannot_tell"`
}

// AttributeResult is an attribute with its counts.
type AttributeResult struct {
	Attribute
	Counts Counts `json:"counts"`
}

// Manifest records an evaluation so that it can be re-performed.
type Manifest struct {
	PopulationHash string `json:"population_hash"`
	// Joins are the population hashes of the joined populations by name.
	Joins      []ManifestJoin    `json:"joins,omitempty"`
	Zone       string            `json:"zone"`
	Holidays   []string          `json:"holidays,omitempty"`
	Attributes []AttributeResult `json:"attributes"`
	Rows       int64             `json:"rows"`
	// ExceptionCount is the number of lines in the exceptions file: one for each
	// row and attribute whose outcome is fail or cannot_tell.
	ExceptionCount int64  `json:"exception_count"`
	ExceptionsPath string `json:"exceptions_path"`
	// ResultHash is the SHA-256, in hex, of the exceptions file: its lines,
	// sorted as bytes, each ended by a line feed.
	ResultHash    string `json:"result_hash"`
	EngineVersion string `json:"engine_version"`
	// Rechecked says that an attribute used something whose result may depend on
	// the order of rows, and that a second run, with one thread and the rows in
	// reverse, had the same outcomes.
	Rechecked bool      `json:"rechecked,omitempty"`
	Warnings  []Warning `json:"warnings,omitempty"`
}

// ManifestJoin records a join.
type ManifestJoin struct {
	Name           string        `json:"name"`
	PopulationHash string        `json:"population_hash"`
	On             []JoinColumns `json:"on,omitempty"`
}

// Exception is one line of the exceptions file.
type Exception struct {
	Key       string  `json:"key"`
	Attribute string  `json:"attribute"`
	Outcome   Outcome `json:"outcome"`
}

const exceptionsName = "exceptions.jsonl"

// Evaluate asks every attribute of every row in one pass. Errors about the
// expressions are *SQLError.
func (e *Engine) Evaluate(ctx context.Context, q EvaluateRequest) (*Manifest, error) {
	if _, err := os.Lstat(q.ExceptionsPath); err == nil {
		return nil, &InputError{File: q.ExceptionsPath, Problem: "the exceptions file exists already", Remedy: "choose another path"}
	}
	q.Zone = zoneOrUTC(q.Zone)
	read, err := q.paths()
	if err != nil {
		return nil, err
	}
	var out Manifest
	err = e.call(ctx, "evaluate", read, q, &out, nil, func(work string) error {
		return publish(filepath.Join(work, exceptionsName), q.ExceptionsPath)
	})
	if err != nil {
		return nil, err
	}
	out.ExceptionsPath = q.ExceptionsPath
	return &out, nil
}

// paths makes the request's paths absolute and returns them.
func (q *EvaluateRequest) paths() ([]string, error) {
	inputs := []*Input{&q.Population}
	q.Joins = slices.Clone(q.Joins)
	for i := range q.Joins {
		inputs = append(inputs, &q.Joins[i].Input)
	}
	return absoluteInputs(inputs)
}

func absoluteInputs(inputs []*Input) ([]string, error) {
	var read []string
	for _, in := range inputs {
		abs, err := filepath.Abs(in.Path)
		if err != nil {
			return nil, err
		}
		in.Path = abs
		read = append(read, abs)
	}
	return read, nil
}

func (c *childServer) evaluate(q EvaluateRequest) (*Manifest, error) {
	db, err := c.openLocked(q.Zone, q.views(), q.Holidays, lockedOptions{})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	plan, err := c.planEvaluation(db, q)
	if err != nil {
		return nil, err
	}
	out, err := c.runEvaluation(db, q, plan, exceptionsName)
	if err != nil {
		return nil, err
	}
	if plan.ordered {
		const second = "exceptions-again.jsonl"
		other, err := c.openLocked(q.Zone, q.views(), q.Holidays, lockedOptions{threads: 1, reversed: true})
		if err != nil {
			return nil, err
		}
		defer other.Close()
		again, err := c.runEvaluation(other, q, plan, second)
		os.Remove(filepath.Join(c.settings.Work, second))
		if err != nil {
			return nil, err
		}
		if again.ResultHash != out.ResultHash || !slices.Equal(again.Attributes, out.Attributes) {
			return nil, &SQLError{Where: "attributes", Problem: "the outcomes depend on the order of rows: a second run, over the rows in reverse, differs", Remedy: "make every ORDER BY total, for example by adding the key"}
		}
		out.Rechecked = true
	}
	passes, err := plan.passesOnNull(db)
	if err != nil {
		return nil, err
	}
	out.PopulationHash, out.Joins, out.Warnings = plan.hash, plan.joins, append(plan.warnings, passes...)
	return out, nil
}

// evaluation is what is known before the rows are read.
type evaluation struct {
	sql  string
	from string
	// passes are the conditions under which the attributes pass. Rows that pass
	// them all need not leave the database: they are what remains when the others
	// have been counted. With subqueries or window functions this is not done,
	// because the database would work them out twice.
	passes   []string
	nested   bool
	hash     string
	joins    []ManifestJoin
	warnings []Warning
	silent   []silent
	ordered  bool
}

func (q *EvaluateRequest) views() []view {
	out := []view{{"p", q.Population}}
	for _, j := range q.Joins {
		out = append(out, view{j.Name, j.Input})
	}
	return out
}

func (c *childServer) planEvaluation(db *locked, q EvaluateRequest) (*evaluation, error) {
	if len(q.Population.Key) == 0 {
		return nil, &SQLError{Where: "population", Problem: "the population has no key", Remedy: "import it with key columns, because exceptions are named by them"}
	}
	if len(q.Attributes) == 0 {
		return nil, &SQLError{Where: "attributes", Problem: "there are none", Remedy: "give at least one"}
	}
	plan := &evaluation{}
	var err error
	if plan.hash, err = c.verify(q.Population); err != nil {
		return nil, err
	}
	if !q.Population.keyKnownUnique() {
		if err := uniqueKeys(db, "p", q.Population.Key, q.Population.Columns, "population"); err != nil {
			return nil, err
		}
	}
	plan.from = "\nFROM p"
	for _, j := range q.Joins {
		hash, err := c.verify(j.Input)
		if err != nil {
			return nil, err
		}
		plan.joins = append(plan.joins, ManifestJoin{Name: j.Name, PopulationHash: hash, On: j.On})
		if len(j.On) == 0 {
			continue
		}
		if err := checkJoin(db, q.Population, j); err != nil {
			return nil, err
		}
		plan.from += leftJoin(j)
	}
	plan.sql = "SELECT " + keyExpression(q.Population.Key, q.Population.Columns, "p")
	seen := map[string]bool{}
	for _, a := range q.Attributes {
		if a.Code == "" || seen[a.Code] {
			return nil, &SQLError{Where: fmt.Sprintf("attribute %q", a.Code), Problem: "the code is empty or used twice", Remedy: "give each attribute its own code"}
		}
		seen[a.Code] = true
		if err := plan.add(db, q, a); err != nil {
			return nil, err
		}
	}
	plan.sql += plan.from
	return plan, nil
}

// filtered is the statement for the rows that do not pass everything.
func (e *evaluation) filtered() string {
	if e.nested {
		return e.sql
	}
	return e.sql + "\nWHERE (" + strings.Join(e.passes, " AND ") + ") IS NOT TRUE"
}

// add judges an attribute and appends its columns.
func (e *evaluation) add(db *locked, q EvaluateRequest, a Attribute) error {
	pass, err := db.boolean("attribute "+a.Code, a.Pass, e.from)
	if err != nil {
		return err
	}
	e.ordered = e.ordered || pass.Ordered
	e.nested = e.nested || pass.Nested
	if a.NotApplicable == "" {
		e.passes = append(e.passes, "("+a.Pass+"\n)")
		e.sql += ",\n(" + a.Pass + "\n)"
		e.warnings = append(e.warnings, nullWarnings(q, a.Code, pass, nil)...)
		e.warnings = append(e.warnings, innerWarnings(q, a.Code, pass)...)
		e.silent = append(e.silent, silentColumns(q, a.Code, a.Pass, pass, nil)...)
		return nil
	}
	na, err := db.boolean("attribute "+a.Code+", not applicable", a.NotApplicable, e.from)
	if err != nil {
		return err
	}
	e.ordered = e.ordered || na.Ordered
	e.nested = e.nested || na.Nested
	e.passes = append(e.passes, "(CASE WHEN ("+a.NotApplicable+"\n) THEN false ELSE ("+a.Pass+"\n) END)")
	e.sql += ",\n(" + a.NotApplicable + "\n),\nCASE WHEN (" + a.NotApplicable + "\n) THEN NULL ELSE (" + a.Pass + "\n) END"
	e.warnings = append(e.warnings, nullWarnings(q, a.Code, pass, na)...)
	e.warnings = append(e.warnings, append(innerWarnings(q, a.Code, pass), innerWarnings(q, a.Code+", not applicable,", na)...)...)
	e.silent = append(e.silent, silentColumns(q, a.Code, "CASE WHEN ("+a.NotApplicable+"\n) THEN false ELSE ("+a.Pass+"\n) END", pass, na)...)
	return nil
}

// uniqueKeys refuses a table whose rows the columns do not identify.
func uniqueKeys(db *locked, table string, key []string, columns []FrozenField, where string) error {
	names := make([]string, len(key))
	for i, k := range key {
		if !hasColumn(columns, k) {
			return &SQLError{Where: where, Problem: fmt.Sprintf("there is no column %q", k), Remedy: "check the key"}
		}
		names[i] = duck.Ident(k)
	}
	list := strings.Join(names, ", ")
	blank, err := db.One("SELECT count(*) FROM " + duck.Ident(table) + " WHERE " + strings.Join(names, " IS NULL OR ") + " IS NULL")
	if err != nil {
		return storage(err, "temporary files")
	}
	if where == "population" && blank[0] != "0" {
		return &SQLError{Where: where, Problem: fmt.Sprintf("the key %s is NULL in %s rows", list, blank[0]), Remedy: "choose another key"}
	}
	row, err := db.One("SELECT count(*), min(k) FROM (SELECT " + keyExpression(key, columns, "") + " AS k FROM " + duck.Ident(table) + " GROUP BY " + list + " HAVING count(*) > 1)")
	if err != nil {
		return storage(err, "temporary files")
	}
	if row[0] != "0" {
		return &SQLError{Where: where, Problem: fmt.Sprintf("the columns %s do not identify a row: %s keys occur more than once, for example %q", list, row[0], row[1]), Remedy: "outcomes must reconcile to rows one to one: choose another key or correct the extract"}
	}
	return nil
}

// checkJoin refuses a left join that could multiply rows.
func checkJoin(db *locked, population Input, j Join) error {
	var joined []string
	for _, on := range j.On {
		if !hasColumn(population.Columns, on.Population) {
			return &SQLError{Where: "join " + j.Name, Problem: fmt.Sprintf("the population has no column %q", on.Population), Remedy: "check the join"}
		}
		joined = append(joined, on.Joined)
	}
	return uniqueKeys(db, j.Name, joined, j.Input.Columns, "join "+j.Name)
}

// runEvaluation reads every row once.
func (c *childServer) runEvaluation(db *locked, q EvaluateRequest, plan *evaluation, name string) (*Manifest, error) {
	out := &Manifest{Zone: q.Zone, Holidays: q.Holidays}
	var err error
	if out.EngineVersion, err = engineVersion(db.DB); err != nil {
		return nil, err
	}
	total, err := db.One("SELECT count(*) FROM p")
	if err != nil {
		return nil, err
	}
	if out.Rows, err = strconv.ParseInt(total[0], 10, 64); err != nil {
		return nil, err
	}
	rows, err := db.Query(plan.filtered())
	if err != nil {
		return nil, c.locate(q, plan, err)
	}
	defer rows.Close()
	t := &ticker{c: c, stage: "evaluating"}
	seen := int64(0)
	lines := newSortedLines(c.settings.Work, filepath.Join(c.settings.Work, name))
	defer lines.close()
	counts := make([]Counts, len(q.Attributes))
	for {
		chunk, err := rows.Next()
		if err != nil {
			return nil, c.locate(q, plan, err)
		}
		if chunk == nil {
			break
		}
		seen += int64(chunk.Size)
		v := 1
		for i, a := range q.Attributes {
			var na *duck.Vector
			if a.NotApplicable != "" {
				na = &chunk.Vectors[v]
				v++
			}
			if err := countOutcomes(&counts[i], a.Code, &chunk.Vectors[0], na, &chunk.Vectors[v], chunk.Size, lines); err != nil {
				return nil, storage(err, "temporary files")
			}
			v++
		}
		t.tick(db.Progress(), seen)
	}
	if plan.nested && seen != out.Rows {
		return nil, fmt.Errorf("the evaluation saw %s of %d: outcomes do not reconcile", english.Count(seen, "row"), out.Rows)
	}
	for i := range counts {
		counts[i].Pass += out.Rows - seen
	}
	for i, a := range q.Attributes {
		out.Attributes = append(out.Attributes, AttributeResult{a, counts[i]})
	}
	out.ExceptionCount, out.ResultHash, err = lines.finish()
	return out, storage(err, "temporary files")
}

// locate turns an error of the whole question into one that names the
// attribute, and a row on which it fails if the engine can be made to tell.
func (c *childServer) locate(q EvaluateRequest, plan *evaluation, cause error) error {
	if full := storage(cause, "temporary files"); full != cause {
		return full
	}
	db, err := c.openLocked(q.Zone, q.views(), q.Holidays, lockedOptions{})
	if err != nil {
		return sqlError("attributes", "", cause)
	}
	defer db.Close()
	for _, a := range q.Attributes {
		for _, sql := range []string{a.NotApplicable, a.Pass} {
			if sql == "" {
				continue
			}
			tested := "(" + sql + "\n)"
			if sql == a.Pass && a.NotApplicable != "" {
				tested = "(CASE WHEN (" + a.NotApplicable + "\n) THEN NULL ELSE (" + a.Pass + "\n) END)"
			}
			_, err := db.Texts("SELECT count(*) FILTER (WHERE " + tested + ")" + plan.from)
			if err == nil {
				continue
			}
			if strings.Contains(err.Error(), "Out of Memory") {
				return &SQLError{Where: "attribute " + a.Code, SQL: sql, Problem: firstLine(err), Remedy: "simplify the expression, or raise the engine's memory limit"}
			}
			out := &SQLError{Where: "attribute " + a.Code, SQL: sql, Problem: firstLine(err), Remedy: "write the expression so that it has a value in every row, for example with TRY_CAST or CASE"}
			row, err := db.One("SELECT min(" + keyExpression(q.Population.Key, q.Population.Columns, "p") + ")" + plan.from + "\nWHERE TRY((" + tested + " IS NULL)) IS NULL")
			if err == nil {
				out.Key = row[0]
			}
			return out
		}
	}
	return sqlError("attributes", "", cause)
}

func leftJoin(j Join) string {
	sql := "\nLEFT JOIN " + duck.Ident(j.Name) + " ON "
	for i, on := range j.On {
		if i > 0 {
			sql += " AND "
		}
		sql += "p." + duck.Ident(on.Population) + " = " + duck.Ident(j.Name) + "." + duck.Ident(on.Joined)
	}
	return sql
}

// countOutcomes counts a chunk's outcomes for one attribute and keeps its exceptions.
func countOutcomes(n *Counts, code string, key, na, pass *duck.Vector, size int, lines *sortedLines) error {
	// Most chunks hold no exception at all; they are counted at a glance.
	if (na == nil || na.NoneTrue(size)) && pass.AllTrue(size) {
		n.Pass += int64(size)
		return nil
	}
	for row := range size {
		outcome := outcomeOf(na, pass, row)
		switch outcome {
		case Pass:
			n.Pass++
			continue
		case NotApplicable:
			n.NotApplicable++
			continue
		case Fail:
			n.Fail++
		case CannotTell:
			n.CannotTell++
		}
		if err := lines.add(appendExceptionLine(nil, key.Bytes(row), []byte(code), outcome)); err != nil {
			return err
		}
	}
	return nil
}
