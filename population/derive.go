package population

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reperform/english"
	"reperform/population/duck"
	"reperform/population/tabular"
)

// DeriveRequest asks for a population to be derived from others by one SELECT.
type DeriveRequest struct {
	// SQL is the SELECT. It may read the inputs by their names and nothing else.
	SQL    string           `json:"sql"`
	Inputs map[string]Input `json:"inputs"`
	// Key names the columns that identify a row of the result.
	Key      []string `json:"key,omitempty"`
	Zone     string   `json:"zone"`
	Holidays []string `json:"holidays,omitempty"`
	// Output is the path of the frozen file; it appears complete or not at all.
	Output string `json:"output"`
}

// Derive freezes the result of one SELECT over frozen populations, for example
// one row per transaction from a log of events. The SELECT runs twice, with one
// thread over the inputs' rows in reverse and with two over the rows as they
// are, and the population is refused if the two differ. The result's rows are
// stored in the order of the key, or of all columns if there is none, so that
// the frozen bytes do not depend on the engine's order. Errors about the SQL
// are *SQLError.
func (e *Engine) Derive(ctx context.Context, q DeriveRequest) (*Frozen, error) {
	if _, err := os.Lstat(q.Output); err == nil {
		return nil, &InputError{File: q.Output, Problem: "the output exists already", Remedy: "a frozen population is never overwritten: choose another path"}
	}
	q.Zone = zoneOrUTC(q.Zone)
	q.Inputs = maps.Clone(q.Inputs)
	var read []string
	for name, in := range q.Inputs {
		paths, err := absoluteInputs([]*Input{&in})
		if err != nil {
			return nil, err
		}
		read = append(read, paths...)
		q.Inputs[name] = in
	}
	slices.Sort(read)
	var out Frozen
	err := e.call(ctx, "derive", read, q, &out, nil, func(work string) error {
		return publish(filepath.Join(work, frozenName), q.Output)
	})
	if err != nil {
		return nil, err
	}
	out.Path = q.Output
	return &out, nil
}

func (c *childServer) derive(q DeriveRequest) (*Frozen, error) {
	out := &Frozen{Zone: q.Zone, Key: q.Key, Derivation: &Derivation{SQL: q.SQL, Holidays: q.Holidays, Inputs: map[string]string{}}}
	var views []view
	for _, name := range slices.Sorted(maps.Keys(q.Inputs)) {
		hash, err := c.verify(q.Inputs[name])
		if err != nil {
			return nil, err
		}
		out.Derivation.Inputs[name] = hash
		views = append(views, view{name, q.Inputs[name]})
	}
	path := filepath.Join(c.settings.Work, frozenName)
	if err := c.deriveOnce(q, views, lockedOptions{threads: 2}, path, out); err != nil {
		return nil, err
	}
	again := filepath.Join(c.settings.Work, "again.parquet")
	defer os.Remove(again)
	second := &Frozen{Zone: q.Zone, Key: q.Key}
	if err := c.deriveOnce(q, views, lockedOptions{threads: 1, reversed: true}, again, second); err != nil {
		os.Remove(path)
		return nil, err
	}
	if second.PopulationHash != out.PopulationHash {
		os.Remove(path)
		return nil, &SQLError{Where: "derivation", SQL: q.SQL, Problem: "the result depends on the order of rows: with one thread and the inputs in reverse it differs", Remedy: "make every ORDER BY and LIMIT total, for example by adding a key, and avoid functions that pick any row"}
	}
	return out, nil
}

// deriveOnce runs the SELECT in a locked database, feeds its rows to a second
// one that may write, and describes what was written. User SQL thus never runs
// where a file can be written.
func (c *childServer) deriveOnce(q DeriveRequest, views []view, o lockedOptions, path string, out *Frozen) error {
	db, err := c.openLocked(q.Zone, views, q.Holidays, o)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.guard.Query(q.SQL); err != nil {
		return sqlError("derivation", q.SQL, err)
	}
	columns, err := db.guard.Types(q.SQL + "\n")
	if err != nil {
		return sqlError("derivation", q.SQL, err)
	}
	if out.Columns, err = derivedColumns(q, columns); err != nil {
		return err
	}
	sql := "SELECT " + derivedSelect(out.Columns) + " FROM (" + q.SQL + "\n) AS derived ORDER BY " + derivedOrder(q.Key, out.Columns)
	rows, err := db.Query(sql)
	if err != nil {
		return c.derivationFailed(q, err)
	}
	defer rows.Close()
	writer, err := c.open(q.Zone)
	if err != nil {
		return err
	}
	defer writer.Close()
	if out.EngineVersion, err = engineVersion(writer); err != nil {
		return err
	}
	t := &ticker{c: c, stage: "deriving"}
	source := &duck.Source{Fill: func(w *duck.Writer) (int, error) {
		chunk, err := rows.Next()
		if err != nil || chunk == nil {
			return 0, err
		}
		t.tick(db.Progress(), 0)
		for i := range chunk.Vectors {
			w.Copy(i, &chunk.Vectors[i], chunk.Size)
		}
		return chunk.Size, nil
	}}
	for _, f := range out.Columns {
		source.Columns = append(source.Columns, duck.Column{Name: f.Name, Type: tabular.EngineType(f.Type)})
	}
	if err := c.writeSource(writer, path, source); err != nil {
		os.Remove(path)
		return c.derivationFailed(q, err)
	}
	if err := c.describe(writer, path, out); err != nil {
		os.Remove(path)
		return err
	}
	for _, f := range out.Columns {
		if slices.Contains(out.Key, f.Name) && f.Nulls > 0 {
			os.Remove(path)
			return &SQLError{Where: "derivation", SQL: q.SQL, Problem: fmt.Sprintf("the key column %q is NULL in %s", f.Name, english.Count(f.Nulls, "row")), Remedy: "leave such rows out, or choose another key"}
		}
	}
	return nil
}

func (c *childServer) derivationFailed(q DeriveRequest, err error) error {
	if full := storage(err, "temporary files"); full != err {
		return full
	}
	return &SQLError{Where: "derivation", SQL: q.SQL, Problem: firstLine(err), Remedy: "correct the SQL"}
}

// derivedColumns maps the result's types to the closed set.
func derivedColumns(q DeriveRequest, columns []duck.Column) ([]FrozenField, error) {
	bad := func(problem, remedy string) error {
		return &SQLError{Where: "derivation", SQL: q.SQL, Problem: problem, Remedy: remedy}
	}
	var out []FrozenField
	var names []string
	for _, c := range columns {
		t, ok := closedType(c.Type)
		if !ok {
			return nil, bad(fmt.Sprintf("the column %q is of type %s, which a population cannot hold", c.Name, c.Type.Name), "cast it to VARCHAR, BIGINT, DECIMAL, BOOLEAN, DATE, TIMESTAMP or TIMESTAMPTZ")
		}
		out = append(out, FrozenField{Name: c.Name, Type: t})
		names = append(names, c.Name)
	}
	if err := tabular.CheckNames("derivation", "", 0, names); err != nil {
		return nil, bad(err.(*InputError).Problem, "name every column with AS, each differently")
	}
	for _, k := range q.Key {
		if !slices.Contains(names, k) {
			return nil, bad(fmt.Sprintf("the key names the column %q, which the result does not have", k), "name a column of the result")
		}
	}
	return out, nil
}

// closedType is the population's type for one of the engine's. Integers of
// every width become 64 bits; a sum of integers, which the engine makes 128
// bits wide, is refused at run time if it does not fit.
func closedType(t duck.Type) (Type, bool) {
	switch t.Kind {
	case duck.Varchar:
		return Type{Kind: tabular.Text}, t.Name == "VARCHAR"
	case duck.Int8, duck.Int16, duck.Int32, duck.Int64, duck.Uint8, duck.Uint16, duck.Uint32, duck.Uint64, duck.Huge:
		return Type{Kind: tabular.Integer}, true
	case duck.Decimal:
		return Type{Kind: tabular.Decimal, Precision: int(t.Width), Scale: int(t.Scale)}, true
	case duck.Bool:
		return Type{Kind: tabular.Boolean}, true
	case duck.Date:
		return Type{Kind: tabular.Date}, true
	case duck.Timestamp:
		return Type{Kind: tabular.Timestamp}, true
	case duck.TimestampTZ:
		return Type{Kind: tabular.TimestampTZ}, true
	}
	return Type{}, false
}

func derivedSelect(columns []FrozenField) string {
	parts := make([]string, len(columns))
	for i, f := range columns {
		parts[i] = "CAST(" + duck.Ident(f.Name) + " AS " + tabular.EngineType(f.Type).Name + ") AS " + duck.Ident(f.Name)
	}
	return strings.Join(parts, ", ")
}

func derivedOrder(key []string, columns []FrozenField) string {
	var parts []string
	for _, k := range key {
		parts = append(parts, duck.Ident(k))
	}
	for _, f := range columns {
		if !slices.Contains(key, f.Name) {
			parts = append(parts, duck.Ident(f.Name))
		}
	}
	return strings.Join(parts, ", ")
}
