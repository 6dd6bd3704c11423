package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

// Heads implements ledger.Store.
func (s *Store) Heads(ctx context.Context) ([]ledger.Head, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT l.name, l.size, coalesce(e.note, x'')
		FROM ledger l LEFT JOIN entry e ON e.key = (l.n << ?) + l.size - 1 AND l.n BETWEEN 1 AND ? AND l.size BETWEEN 1 AND ? ORDER BY l.name`,
		posBits, maxNumber, maxPos+1)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var out []ledger.Head
	for rows.Next() {
		var h ledger.Head
		if err := rows.Scan(&h.Ledger, &h.Size, &h.Checkpoint); err != nil {
			return nil, explain(err)
		}
		out = append(out, h)
	}
	return out, explain(rows.Err())
}

// query asks a question. The values given to row belong to it, but not the
// slice that holds them.
type query func(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) error

// reading lets do ask several questions of one state of the file.
func (s *Store) reading(ctx context.Context, do func(query) error) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return raw(conn, do)
}

// ask is reading with one question, which sees one state by itself.
func (s *Store) ask(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return raw(conn, func(q query) error { return q(ctx, text, args, row) })
}

// raw asks the driver itself: database/sql copies and converts each value,
// which is dearer than reading it.
func raw(conn *sql.Conn, do func(query) error) error {
	return conn.Raw(func(dc any) error {
		queryer, ok := dc.(driver.QueryerContext)
		if !ok {
			return errors.New("the driver of SQLite lacks queries with contexts")
		}
		return do(func(ctx context.Context, text string, args []driver.Value, row func([]driver.Value) error) error {
			rows, err := queryer.QueryContext(ctx, text, named(args))
			if err != nil {
				return err
			}
			return errors.Join(each(rows, row), rows.Close())
		})
	})
}

func each(rows driver.Rows, row func([]driver.Value) error) error {
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := row(values); err != nil {
			return err
		}
	}
}

// The tables are STRICT: what is not of the type is NULL, or damage that
// verification meets as an empty value.
func integer(v driver.Value) int64 { n, _ := v.(int64); return n }
func text(v driver.Value) string   { t, _ := v.(string); return t }
func blob(v driver.Value) []byte   { b, _ := v.([]byte); return b }

// number finds a ledger by name.
func (s *Store) number(ctx context.Context, name string) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, "SELECT n FROM ledger WHERE name = ?", name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("ledger %q: %w", name, ledger.ErrNoLedger)
	}
	return n, explain(err)
}

// Tile implements ledger.Store.
func (s *Store) Tile(ctx context.Context, name string, level int, index int64) ([]byte, error) {
	var data []byte
	err := s.tile.QueryRowContext(ctx, name, level, index).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ledger.ErrNoTile
	}
	return data, explain(err)
}

// slice is how many rows a long read takes at once. Between slices it holds
// nothing, so it never keeps the write-ahead log from being checkpointed, and
// whoever consumes the rows may use the store.
const slice = 1024

// Entries implements ledger.Store.
func (s *Store) Entries(ctx context.Context, name string, from, to int64, yield func(ledger.Row) error) error {
	return s.entries(ctx, name, from, to, true, yield)
}

// Leaves implements ledger.LeafReader.
func (s *Store) Leaves(ctx context.Context, name string, from, to int64, yield func(ledger.Row) error) error {
	return s.entries(ctx, name, from, to, false, yield)
}

func (s *Store) entries(ctx context.Context, name string, from, to int64, documents bool, yield func(ledger.Row) error) error {
	n, err := s.number(ctx, name)
	if err != nil {
		return err
	}
	if !numbered(n) {
		return nil
	}
	from, to = max(from, 0), min(to, maxPos+1)
	for from < to {
		rows, err := s.entrySlice(ctx, n, from, to, documents)
		if err != nil {
			return explain(err)
		}
		for i := range rows {
			if err := yield(rows[i]); err != nil {
				return err
			}
		}
		if len(rows) < slice {
			return nil
		}
		from = rows[len(rows)-1].Pos + 1
	}
	return nil
}

func (s *Store) entrySlice(ctx context.Context, n, from, to int64, documents bool) ([]ledger.Row, error) {
	const text = "SELECT key, leaf, bytes, note FROM entry WHERE key >= ? AND key <= ? ORDER BY key LIMIT ?"
	args := []driver.Value{entryKey(n, from), entryKey(n, to-1), int64(slice)}
	out := make([]ledger.Row, 0, min(to-from, slice))
	row := func(v []driver.Value) error {
		r := ledger.Row{Pos: integer(v[0]) & maxPos, Bytes: blob(v[2]), Checkpoint: blob(v[3])}
		// A leaf of another length can only be damage; zeroes never match.
		if leaf := blob(v[1]); len(leaf) == tlog.HashSize {
			copy(r.Leaf[:], leaf)
		}
		out = append(out, r)
		return nil
	}
	if !documents {
		err := s.ask(ctx, text, args, row)
		return out, err
	}
	err := s.reading(ctx, func(q query) error {
		if err := q(ctx, text, args, row); err != nil || len(out) == 0 {
			return err
		}
		return readDocuments(ctx, q, n, out)
	})
	return out, err
}

// readDocuments fills in the documents of rows in order of position.
func readDocuments(ctx context.Context, q query, n int64, rows []ledger.Row) error {
	first, last := documentKey(n, rows[0].Pos, 0), documentKey(n, rows[len(rows)-1].Pos, maxSlot)
	at := 0
	return q(ctx, "SELECT key, salt, bytes FROM document WHERE key >= ? AND key <= ? ORDER BY key", []driver.Value{first, last}, func(v []driver.Value) error {
		pos, slot := place(integer(v[0]))
		for at < len(rows) && rows[at].Pos < pos {
			at++
		}
		if at < len(rows) && rows[at].Pos == pos {
			rows[at].Documents = append(rows[at].Documents, ledger.Document{Slot: slot, Salt: blob(v[1]), Bytes: blob(v[2])})
		}
		return nil
	})
}
