package population

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	ResultHash    string    `json:"result_hash"`
	EngineVersion string    `json:"engine_version"`
	Warnings      []Warning `json:"warnings,omitempty"`
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
	out := &Manifest{Zone: q.Zone, Holidays: q.Holidays}
	if len(q.Population.Key) == 0 {
		return nil, &SQLError{Where: "population", Problem: "the population has no key", Remedy: "import it with key columns, because exceptions are named by them"}
	}
	db, err := c.openLocked(q.Zone, views(q.Population, q.Joins), q.Holidays)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if out.EngineVersion, err = engineVersion(db); err != nil {
		return nil, err
	}
	query := "SELECT " + keyExpression(q.Population.Key, q.Population.Columns, "p")
	for _, a := range q.Attributes {
		if a.NotApplicable == "" {
			query += ",\n(" + a.Pass + "\n)"
		} else {
			query += ",\n(" + a.NotApplicable + "\n),\nCASE WHEN (" + a.NotApplicable + "\n) THEN NULL ELSE (" + a.Pass + "\n) END"
		}
	}
	query += "\nFROM p"
	for _, j := range q.Joins {
		if len(j.On) > 0 {
			query += leftJoin(j)
		}
	}
	rows, err := db.Query(query)
	if err != nil {
		return nil, &SQLError{Where: "attributes", Problem: err.Error()}
	}
	defer rows.Close()
	t := &ticker{c: c, stage: "evaluating"}
	lines := newSortedLines(c.settings.Work, filepath.Join(c.settings.Work, exceptionsName))
	defer lines.close()
	counts := make([]Counts, len(q.Attributes))
	for {
		chunk, err := rows.Next()
		if err != nil {
			return nil, &SQLError{Where: "attributes", Problem: err.Error()}
		}
		if chunk == nil {
			break
		}
		out.Rows += int64(chunk.Size)
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
		t.tick(db.Progress(), out.Rows)
	}
	for i, a := range q.Attributes {
		out.Attributes = append(out.Attributes, AttributeResult{a, counts[i]})
	}
	out.ExceptionCount, out.ResultHash, err = lines.finish()
	return out, storage(err, "temporary files")
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
	for row := range size {
		if na != nil && !na.Null(row) && na.Bool(row) {
			n.NotApplicable++
			continue
		}
		outcome := CannotTell
		if !pass.Null(row) {
			if pass.Bool(row) {
				n.Pass++
				continue
			}
			outcome = Fail
			n.Fail++
		} else {
			n.CannotTell++
		}
		line, err := json.Marshal(Exception{string(key.Bytes(row)), code, outcome})
		if err != nil {
			return err
		}
		if err := lines.add(line); err != nil {
			return err
		}
	}
	return nil
}

// view is a frozen population under a name.
type view struct {
	name  string
	input Input
}

func views(population Input, joins []Join) []view {
	out := []view{{"p", population}}
	for _, j := range joins {
		out = append(out, view{j.Name, j.Input})
	}
	return out
}

// openLocked starts a database for SQL that people wrote: it sees the named
// populations and nothing else, and its settings can no longer be changed.
func (c *childServer) openLocked(zone string, vs []view, holidays []string) (*duck.DB, error) {
	db, err := c.open(zone)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(vs))
	for i, v := range vs {
		paths[i] = duck.Literal(v.input.Path)
		sql := "CREATE VIEW " + duck.Ident(v.name) + " AS SELECT * FROM read_parquet(" + paths[i] + ")"
		if err := db.Exec(sql); err != nil {
			db.Close()
			return nil, &InputError{File: v.name, Problem: "the frozen file cannot be read: " + err.Error(), Remedy: "import or derive the population again"}
		}
	}
	lock := "SET allowed_paths=[" + join(paths) + "]; SET enable_external_access=false; SET lock_configuration=true;"
	if err := db.Exec(lock); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func join(parts []string) string {
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += ", "
		}
		out += p
	}
	return out
}

// sortedLines collects lines in any order and writes them sorted as bytes,
// hashing them on the way. More than it may hold in memory goes to runs on
// disk, which are merged at the end.
type sortedLines struct {
	dir, path string
	lines     [][]byte
	bytes     int
	count     int64
	runs      []string
}

const memoryLines = 64 << 20

func newSortedLines(dir, path string) *sortedLines { return &sortedLines{dir: dir, path: path} }

func (s *sortedLines) add(line []byte) error {
	s.lines = append(s.lines, line)
	s.bytes += len(line) + 48
	s.count++
	if s.bytes < memoryLines {
		return nil
	}
	return s.spill()
}

func (s *sortedLines) spill() error {
	name := filepath.Join(s.dir, fmt.Sprintf("run-%d", len(s.runs)))
	s.runs = append(s.runs, name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 256<<10)
	slices.SortFunc(s.lines, compareBytes)
	for _, l := range s.lines {
		w.Write(l)
		w.WriteByte('\n')
	}
	s.lines, s.bytes = s.lines[:0], 0
	return w.Flush()
}

func (s *sortedLines) close() {
	for _, r := range s.runs {
		os.Remove(r)
	}
}

// finish writes the file and returns the number of lines and their hash.
func (s *sortedLines) finish() (int64, string, error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	w := bufio.NewWriterSize(f, 256<<10)
	emit := func(line []byte) {
		w.Write(line)
		w.WriteByte('\n')
		h.Write(line)
		h.Write([]byte{'\n'})
	}
	slices.SortFunc(s.lines, compareBytes)
	if len(s.runs) == 0 {
		for _, l := range s.lines {
			emit(l)
		}
	} else {
		if err := s.spill(); err != nil {
			return 0, "", err
		}
		if err := mergeRuns(s.runs, emit); err != nil {
			return 0, "", err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, "", err
	}
	return s.count, hex.EncodeToString(h.Sum(nil)), nil
}
