// Package duck is a thin layer over DuckDB's C interface: open a database in
// memory, execute statements, stream typed results chunk by chunk, and feed
// rows in from Go. It knows nothing of populations and makes no policy; it
// promises only that values cross the border without passing through floating
// point or locale. It needs cgo and is meant to run inside the engine's child
// process.
package duck

import (
	"errors"
	"fmt"
	"strings"

	b "github.com/duckdb/duckdb-go-bindings"
)

// DB is one in-memory database with one connection.
// It is not safe for concurrent use, except for Interrupt and Progress.
type DB struct {
	db   b.Database
	conn b.Connection
}

// Error is a message of the engine about a statement.
type Error struct {
	// Text is the engine's message, whole.
	Text string
}

func (e *Error) Error() string { return e.Text }

// Open starts an in-memory database with the engine's defaults.
func Open() (*DB, error) {
	d := &DB{}
	if b.Open("", &d.db) == b.StateError {
		return nil, errors.New("duckdb: cannot open a database in memory")
	}
	if b.Connect(d.db, &d.conn) == b.StateError {
		b.Close(&d.db)
		return nil, errors.New("duckdb: cannot connect to the database in memory")
	}
	return d, nil
}

// Close releases the database.
func (d *DB) Close() {
	b.Disconnect(&d.conn)
	b.Close(&d.db)
}

// Interrupt asks the running statement to stop; it returns at once.
func (d *DB) Interrupt() { b.Interrupt(d.conn) }

// Progress returns the engine's estimate of the running statement in percent,
// or a negative number if there is none.
func (d *DB) Progress() float64 {
	p := b.QueryProgress(d.conn)
	percent, _, _ := b.QueryProgressTypeMembers(&p)
	return percent
}

// Exec runs one or more statements and drops their results.
func (d *DB) Exec(sql string) error {
	var r b.Result
	defer b.DestroyResult(&r)
	if b.Query(d.conn, sql, &r) == b.StateError {
		return &Error{Text: b.ResultError(&r)}
	}
	return nil
}

// Query runs one statement with bound text parameters and streams its result.
// The caller closes the rows.
func (d *DB) Query(sql string, args ...string) (*Rows, error) {
	var st b.PreparedStatement
	if b.Prepare(d.conn, sql, &st) == b.StateError {
		text := b.PrepareError(st)
		b.DestroyPrepare(&st)
		return nil, &Error{Text: text}
	}
	for i, a := range args {
		if b.BindVarcharLength(st, b.IdxT(i+1), a, b.IdxT(len(a))) == b.StateError {
			b.DestroyPrepare(&st)
			return nil, fmt.Errorf("duckdb: cannot bind parameter %d", i+1)
		}
	}
	var pending b.PendingResult
	if b.PendingPreparedStreaming(st, &pending) == b.StateError {
		text := b.PendingError(pending)
		b.DestroyPending(&pending)
		b.DestroyPrepare(&st)
		return nil, &Error{Text: text}
	}
	rows := &Rows{stmt: st}
	state := b.ExecutePending(pending, &rows.res)
	b.DestroyPending(&pending)
	if state == b.StateError {
		text := b.ResultError(&rows.res)
		rows.Close()
		return nil, &Error{Text: text}
	}
	n := int(b.ColumnCount(&rows.res))
	for i := range n {
		lt := b.ColumnLogicalType(&rows.res, b.IdxT(i))
		rows.Columns = append(rows.Columns, Column{Name: b.ColumnName(&rows.res, b.IdxT(i)), Type: typeOf(lt)})
		b.DestroyLogicalType(&lt)
	}
	return rows, nil
}

// Describe prepares a statement without running it and returns its columns.
func (d *DB) Describe(sql string) ([]Column, error) {
	var st b.PreparedStatement
	defer b.DestroyPrepare(&st)
	if b.Prepare(d.conn, sql, &st) == b.StateError {
		return nil, &Error{Text: b.PrepareError(st)}
	}
	n := int(b.PreparedStatementColumnCount(st))
	columns := make([]Column, n)
	for i := range n {
		lt := b.PreparedStatementColumnLogicalType(st, b.IdxT(i))
		columns[i] = Column{Name: b.PreparedStatementColumnName(st, b.IdxT(i)), Type: typeOf(lt)}
		b.DestroyLogicalType(&lt)
	}
	return columns, nil
}

// Texts runs a statement and returns its rows as texts; NULL becomes "" with
// the flag in the parallel slice unset. It is meant for small results.
func (d *DB) Texts(sql string, args ...string) ([][]string, error) {
	rows, err := d.Query(sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for {
		chunk, err := rows.Next()
		if err != nil {
			return nil, err
		}
		if chunk == nil {
			return out, nil
		}
		for i := range chunk.Size {
			row := make([]string, len(chunk.Vectors))
			for c := range chunk.Vectors {
				text, err := chunk.Vectors[c].AppendText(nil, i)
				if err != nil {
					return nil, err
				}
				row[c] = string(text)
			}
			out = append(out, row)
		}
	}
}

// One runs a statement that yields one row and returns its texts.
func (d *DB) One(sql string, args ...string) ([]string, error) {
	rows, err := d.Texts(sql, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("duckdb: expected one row, found %d", len(rows))
	}
	return rows[0], nil
}

// Ident quotes a name for use in SQL.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal quotes a text for use in SQL.
func Literal(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }
