package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"

	"modernc.org/sqlite"
)

// writer is the one connection that writes, and its prepared statements. It
// speaks to the driver without database/sql between, whose checks and copies
// of each value cost about as much as SQLite's own work on it.
type writer struct {
	conn    driver.Conn
	stmts   map[string]statement
	inserts map[insertion]statement
	// args is reused from one insert to the next.
	args []driver.NamedValue
}

// insertion says which of the statements that insert is meant.
type insertion struct {
	into          string
	columns, rows int
}

// statement is what the driver's statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func dial(dsn string) (*writer, error) {
	conn, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &writer{conn: conn, stmts: map[string]statement{}, inserts: map[insertion]statement{}}, nil
}

func (w *writer) Close() error {
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// stmt prepares a statement once.
func (w *writer) stmt(text string) (statement, error) {
	if st, ok := w.stmts[text]; ok {
		return st, nil
	}
	prepared, err := w.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	st, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(errors.New("the driver of SQLite lacks statements with contexts"), prepared.Close())
	}
	w.stmts[text] = st
	return st, nil
}

func named(values []driver.Value) []driver.NamedValue {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}

func (w *writer) exec(ctx context.Context, text string, values ...driver.Value) (driver.Result, error) {
	st, err := w.stmt(text)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, named(values))
}

// affected is exec for those who ask how many rows it changed.
func (w *writer) affected(ctx context.Context, text string, values ...driver.Value) (int64, error) {
	res, err := w.exec(ctx, text, values...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// integers reads the first row of an answer, all of whose columns are
// integers, and reports whether there is one.
func (w *writer) integers(ctx context.Context, text string, to []int64, values ...driver.Value) (found bool, err error) {
	st, err := w.stmt(text)
	if err != nil {
		return false, err
	}
	rows, err := st.QueryContext(ctx, named(values))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(to))
	switch err := rows.Next(row); {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, err
	}
	for i := range to {
		n, ok := row[i].(int64)
		if !ok {
			return false, errors.New(text + ": a column is not an integer")
		}
		to[i] = n
	}
	return true, nil
}

// chunks are how many rows one statement inserts: a statement costs several
// times what a row does.
var chunks = []int{64, 16, 4, 1}

// insert writes count rows into the named columns; row appends the values of
// the i-th to what it is given.
func (w *writer) insert(ctx context.Context, into string, count int, row func(to []driver.Value, i int) []driver.Value) error {
	var values []driver.Value
	done := 0
	for _, chunk := range chunks {
		var st statement
		for ; count-done >= chunk; done += chunk {
			w.args = w.args[:0]
			for i := range chunk {
				values = row(values[:0], done+i)
				for _, v := range values {
					w.args = append(w.args, driver.NamedValue{Ordinal: len(w.args) + 1, Value: v})
				}
			}
			if st == nil {
				var err error
				if st, err = w.inserting(insertion{into, len(values), chunk}); err != nil {
					return err
				}
			}
			if _, err := st.ExecContext(ctx, w.args); err != nil {
				return err
			}
		}
	}
	// What was written may be large and need not live until the next insert.
	clear(w.args)
	return nil
}

// inserting spares the text of a known statement, which is long.
func (w *writer) inserting(i insertion) (statement, error) {
	if st, ok := w.inserts[i]; ok {
		return st, nil
	}
	row := "(?" + strings.Repeat(", ?", i.columns-1) + ")"
	// FAIL spares the journal that lets SQLite take one statement back, a third
	// of its work: a failed statement is never kept, because every insert stands
	// in a transaction that is rolled back whole.
	st, err := w.stmt("INSERT OR FAIL INTO " + i.into + " VALUES " + row + strings.Repeat(", "+row, i.rows-1))
	if err == nil {
		w.inserts[i] = st
	}
	return st, err
}
