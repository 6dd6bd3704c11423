package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

// headsSQL asks for the size of every ledger with the checkpoint signed then.
const headsSQL = `SELECT l.name, l.size, coalesce(e.note, x'')
	FROM ledger l LEFT JOIN entry e ON e.key = (l.n << ?) + l.size - 1 AND l.n BETWEEN 1 AND ? AND l.size BETWEEN 1 AND ? ORDER BY l.name`

// Heads implements ledger.Store. It is asked before each answer to anybody, and
// there is seldom anything new: SQLite's data_version tells that for a tenth of
// what the question costs.
func (s *Store) Heads(ctx context.Context) ([]ledger.Head, error) {
	now, known, err := s.heads.at(ctx, s.read)
	if err != nil {
		return nil, explain(err)
	}
	if known != nil {
		return known, nil
	}
	rows, err := s.read.QueryContext(ctx, headsSQL, posBits, maxNumber, maxPos+1)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	out := []ledger.Head{}
	for rows.Next() {
		var h ledger.Head
		if err := rows.Scan(&h.Ledger, &h.Size, &h.Checkpoint); err != nil {
			return nil, explain(err)
		}
		out = append(out, h)
	}
	if err := rows.Err(); err != nil {
		return nil, explain(err)
	}
	s.heads.keep(now, out)
	return out, nil
}

// heads keeps the answer of Heads until the file changes.
type heads struct {
	mu sync.Mutex
	// conn asks nothing but the version, and only it: a version tells of what
	// other connections committed since the same connection asked last.
	conn *sql.Conn
	ask  *sql.Stmt
	dial int64
	seen moment
	list []ledger.Head
}

// moment is a state of the file as one connection numbers it.
type moment struct{ dial, version int64 }

// at gives the state of the file, and what was kept of the same one.
func (h *heads) at(ctx context.Context, db *sql.DB) (now moment, list []ledger.Head, err error) {
	// Who gives up in between must not cost the others the connection.
	ctx = context.WithoutCancel(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn == nil {
		if h.conn, err = db.Conn(ctx); err != nil {
			return now, nil, err
		}
		h.dial++
		if h.ask, err = h.conn.PrepareContext(ctx, "PRAGMA data_version"); err != nil {
			return now, nil, errors.Join(err, h.drop())
		}
	}
	now.dial = h.dial
	if err := h.ask.QueryRowContext(ctx).Scan(&now.version); err != nil {
		return now, nil, errors.Join(err, h.drop())
	}
	if h.list == nil || now != h.seen {
		return now, nil, nil
	}
	return now, slices.Clone(h.list), nil
}

// keep takes what was read after the state was seen. If the file changed in
// between, it is read once more than needed, which does no harm.
func (h *heads) keep(now moment, list []ledger.Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil && now.dial == h.dial && (h.list == nil || h.seen.version < now.version) {
		h.seen, h.list = now, slices.Clone(list)
	}
}

// drop forgets the connection and with it what its numbers meant.
func (h *heads) drop() error {
	h.list, h.seen = nil, moment{}
	if h.conn == nil {
		return nil
	}
	var err error
	if h.ask != nil {
		err = h.ask.Close()
	}
	err = errors.Join(err, h.conn.Close())
	h.conn, h.ask = nil, nil
	return err
}

func (h *heads) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.drop()
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
