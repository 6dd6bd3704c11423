package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
	err := s.read.QueryRowContext(ctx, `SELECT t.data FROM tile t JOIN ledger l ON l.n = t.ledger
		WHERE l.name = ? AND t.level = ? AND t.idx = ?`, name, level, index).Scan(&data)
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
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, `SELECT key, leaf, bytes, note FROM entry
		WHERE key >= ? AND key <= ? ORDER BY key LIMIT ?`, entryKey(n, from), entryKey(n, to-1), slice)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Row, 0, min(to-from, slice))
	for rows.Next() {
		var r ledger.Row
		var leaf []byte
		if err := rows.Scan(&r.Pos, &leaf, &r.Bytes, &r.Checkpoint); err != nil {
			rows.Close()
			return nil, err
		}
		r.Pos &= maxPos
		// A leaf of another length can only be damage; zeroes never match.
		if len(leaf) == tlog.HashSize {
			copy(r.Leaf[:], leaf)
		}
		out = append(out, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || !documents || len(out) == 0 {
		return out, err
	}
	return out, readDocuments(ctx, tx, n, out)
}

// readDocuments fills in the documents of rows in order of position.
func readDocuments(ctx context.Context, tx *sql.Tx, n int64, rows []ledger.Row) error {
	docs, err := tx.QueryContext(ctx, `SELECT key, salt, bytes FROM document
		WHERE key >= ? AND key <= ? ORDER BY key`, documentKey(n, rows[0].Pos, 0), documentKey(n, rows[len(rows)-1].Pos, maxSlot))
	if err != nil {
		return err
	}
	defer docs.Close()
	at := 0
	for docs.Next() {
		var d ledger.Document
		var key int64
		if err := docs.Scan(&key, &d.Salt, &d.Bytes); err != nil {
			return err
		}
		var pos int64
		pos, d.Slot = place(key)
		for at < len(rows) && rows[at].Pos < pos {
			at++
		}
		if at < len(rows) && rows[at].Pos == pos {
			rows[at].Documents = append(rows[at].Documents, d)
		}
	}
	return docs.Err()
}
