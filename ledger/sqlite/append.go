package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"reperform/ledger"
)

// Append implements ledger.Store: one immediate transaction for all batches.
func (s *Store) Append(ctx context.Context, batches []ledger.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return explain(err)
	}
	for _, b := range batches {
		if err := s.appendOne(ctx, b); err != nil {
			return explain(errors.Join(err, s.rollback()))
		}
	}
	if err := s.exec(ctx, "COMMIT"); err != nil {
		return explain(errors.Join(err, s.rollback()))
	}
	for _, b := range batches {
		s.scrub = s.scrub || len(b.Redacts) > 0
	}
	if s.scrub {
		s.scrub = !s.emptyLog(ctx)
	}
	return nil
}

// emptyLog copies the write-ahead log into the file and truncates it, so that
// it no longer holds what was redacted, and reports whether it could: a reader
// of an earlier state prevents it, and then the next Append tries again.
func (s *Store) emptyLog(ctx context.Context) bool {
	defer s.conn.ExecContext(ctx, "PRAGMA busy_timeout = 60000")
	if _, err := s.conn.ExecContext(ctx, "PRAGMA busy_timeout = 100"); err != nil {
		return false
	}
	var busy, inLog, done int
	err := s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inLog, &done)
	return err == nil && busy == 0
}

// rollback leaves the connection without a transaction. Some errors, a full
// disk among them, have rolled back already: then there is nothing to do.
func (s *Store) rollback() error {
	_, err := s.conn.ExecContext(context.Background(), "ROLLBACK")
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

func (s *Store) exec(ctx context.Context, text string, args ...any) error {
	_, err := s.affected(ctx, text, args...)
	return err
}

func (s *Store) affected(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := s.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// stmt prepares a statement once on the writing connection.
func (s *Store) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = st
	return st, nil
}

func (s *Store) appendOne(ctx context.Context, b ledger.Batch) error {
	n, err := s.advance(ctx, b)
	if err != nil {
		return err
	}
	var entries, documents, revisions, tiles [][]any
	for _, r := range b.Rows {
		entries = append(entries, []any{n, r.Pos, r.Leaf[:], r.Bytes, note(r.Checkpoint)})
		for _, d := range r.Documents {
			documents = append(documents, []any{n, r.Pos, d.Slot, d.Salt, d.Bytes})
		}
	}
	type key struct{ kind, id string }
	last := make(map[key]int, len(b.Revisions))
	for _, r := range b.Revisions {
		k := key{r.Kind, r.ID}
		if i, ok := last[k]; ok {
			revisions[i][6] = r.Pos
		} else if r.Rev > 1 {
			if err := s.supersede(ctx, n, r); err != nil {
				return err
			}
		}
		last[k] = len(revisions)
		revisions = append(revisions, []any{n, r.Kind, r.ID, r.Rev, r.Pos, r.Slot, int64(-1), r.Effective})
	}
	for _, t := range b.Tiles {
		tiles = append(tiles, []any{n, t.Level, t.Index, t.Data})
	}
	for _, ins := range []struct {
		table string
		rows  [][]any
	}{{"entry (ledger, pos, leaf, bytes, note)", entries},
		{"document (ledger, pos, slot, salt, bytes)", documents},
		{"revision (ledger, kind, id, rev, pos, slot, next_pos, effective)", revisions},
		{"tile (ledger, level, idx, data)", tiles}} {
		if err := s.insert(ctx, ins.table, ins.rows); err != nil {
			return err
		}
	}
	for _, r := range b.Redacts {
		k, err := s.affected(ctx, "DELETE FROM document WHERE ledger = ? AND pos = ? AND slot = ?", n, r.Pos, r.Slot)
		if err != nil {
			return err
		}
		if k == 0 {
			return fmt.Errorf("ledger %s, entry %d, slot %d: %w", b.Ledger, r.Pos, r.Slot, ledger.ErrNoDocument)
		}
	}
	return nil
}

// note is NULL where no checkpoint was signed.
func note(checkpoint []byte) any {
	if len(checkpoint) == 0 {
		return nil
	}
	return checkpoint
}

// advance moves the head, or creates the ledger, if its size is as expected,
// and returns the ledger's number.
func (s *Store) advance(ctx context.Context, b ledger.Batch) (int64, error) {
	st, err := s.stmt(ctx, "SELECT n, size FROM ledger WHERE name = ?")
	if err != nil {
		return 0, err
	}
	var n, size int64
	err = st.QueryRowContext(ctx, b.Ledger).Scan(&n, &size)
	next := b.From + int64(len(b.Rows))
	switch {
	case errors.Is(err, sql.ErrNoRows) && b.From == 0:
		st, err := s.stmt(ctx, "INSERT INTO ledger (name, size) VALUES (?, ?)")
		if err != nil {
			return 0, err
		}
		res, err := st.ExecContext(ctx, b.Ledger, next)
		if err != nil {
			return 0, err
		}
		return res.LastInsertId()
	case errors.Is(err, sql.ErrNoRows):
		return 0, ledger.ErrStale
	case err != nil:
		return 0, err
	case size != b.From:
		return 0, ledger.ErrStale
	}
	return n, s.exec(ctx, "UPDATE ledger SET size = ? WHERE n = ?", next, n)
}

func (s *Store) supersede(ctx context.Context, n int64, r ledger.Revision) error {
	k, err := s.affected(ctx, "UPDATE revision SET next_pos = ? WHERE ledger = ? AND kind = ? AND id = ? AND rev = ?", r.Pos, n, r.Kind, r.ID, r.Rev-1)
	if err == nil && k != 1 {
		err = fmt.Errorf("the index has no revision %d of %s %s; run `reperform ledger verify`", r.Rev-1, r.Kind, r.ID)
	}
	return err
}

// insert writes rows with few statements: the cost of a statement through
// database/sql is several times that of a row.
func (s *Store) insert(ctx context.Context, into string, rows [][]any) error {
	for _, chunk := range []int{32, 1} {
		for len(rows) >= chunk {
			row := "(" + strings.Repeat(", ?", len(rows[0]))[2:] + ")"
			st, err := s.stmt(ctx, "INSERT INTO "+into+" VALUES "+row+strings.Repeat(", "+row, chunk-1))
			if err != nil {
				return err
			}
			args := make([]any, 0, chunk*len(rows[0]))
			for _, r := range rows[:chunk] {
				args = append(args, r...)
			}
			if _, err := st.ExecContext(ctx, args...); err != nil {
				return err
			}
			rows = rows[chunk:]
		}
	}
	return nil
}
