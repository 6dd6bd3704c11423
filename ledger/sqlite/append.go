package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"reperform/ledger"
)

// Append implements ledger.Store: one immediate transaction for all batches.
func (s *Store) Append(ctx context.Context, batches []ledger.Batch) error {
	if s.opened != nil {
		return ErrReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.write.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return explain(err)
	}
	for _, b := range batches {
		if err := s.appendOne(ctx, b); err != nil {
			return explain(errors.Join(err, s.rollback()))
		}
	}
	if _, err := s.write.exec(ctx, "COMMIT"); err != nil {
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
	defer s.write.exec(ctx, "PRAGMA busy_timeout = 60000")
	if _, err := s.write.exec(ctx, "PRAGMA busy_timeout = 100"); err != nil {
		return false
	}
	var state [3]int64 // busy, frames in the log, frames copied
	found, err := s.write.integers(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", state[:])
	return err == nil && found && state[0] == 0
}

// rollback leaves the connection without a transaction. Some errors, a full
// disk among them, have rolled back already: then there is nothing to do.
func (s *Store) rollback() error {
	_, err := s.write.exec(context.Background(), "ROLLBACK")
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

func (s *Store) appendOne(ctx context.Context, b ledger.Batch) error {
	n, err := s.advance(ctx, b)
	if err != nil {
		return err
	}
	if err := bounds(b, n); err != nil {
		return err
	}
	if err := s.insertEntries(ctx, n, b.Rows); err != nil {
		return err
	}
	if err := s.insertRevisions(ctx, n, b.Revisions); err != nil {
		return err
	}
	err = s.write.insert(ctx, "tile (ledger, level, idx, data)", len(b.Tiles), func(to []driver.Value, i int) []driver.Value {
		t := &b.Tiles[i]
		return append(to, n, int64(t.Level), t.Index, t.Data)
	})
	if err != nil {
		return err
	}
	for _, r := range b.Redacts {
		k := int64(0)
		if r.Pos >= 0 && r.Pos <= maxPos && r.Slot >= 0 && r.Slot <= maxSlot {
			if k, err = s.write.affected(ctx, "DELETE FROM document WHERE key = ?", documentKey(n, r.Pos, r.Slot)); err != nil {
				return err
			}
		}
		if k == 0 {
			return fmt.Errorf("ledger %s, entry %d, slot %d: %w", b.Ledger, r.Pos, r.Slot, ledger.ErrNoDocument)
		}
	}
	return nil
}

// advance moves the head, or creates the ledger, if its size is as expected,
// and returns the ledger's number.
func (s *Store) advance(ctx context.Context, b ledger.Batch) (int64, error) {
	var head [2]int64 // number, size
	found, err := s.write.integers(ctx, "SELECT n, size FROM ledger WHERE name = ?", head[:], b.Ledger)
	next := b.From + int64(len(b.Rows))
	switch {
	case err != nil:
		return 0, err
	case !found && b.From == 0:
		res, err := s.write.exec(ctx, "INSERT INTO ledger (name, size) VALUES (?, ?)", b.Ledger, next)
		if err != nil {
			return 0, err
		}
		return res.LastInsertId()
	case !found || head[1] != b.From:
		return 0, ledger.ErrStale
	}
	_, err = s.write.exec(ctx, "UPDATE ledger SET size = ? WHERE n = ?", next, head[0])
	return head[0], err
}

func (s *Store) insertEntries(ctx context.Context, n int64, rows []ledger.Row) error {
	type at struct{ row, document int }
	documents := make([]at, 0, 2*len(rows))
	for i := range rows {
		for j := range rows[i].Documents {
			documents = append(documents, at{i, j})
		}
	}
	err := s.write.insert(ctx, "entry (key, leaf, bytes, note)", len(rows), func(to []driver.Value, i int) []driver.Value {
		r := &rows[i]
		to = append(to, entryKey(n, r.Pos), r.Leaf[:], r.Bytes)
		// The note is NULL where no checkpoint was signed.
		if len(r.Checkpoint) == 0 {
			return append(to, nil)
		}
		return append(to, r.Checkpoint)
	})
	if err != nil {
		return err
	}
	return s.write.insert(ctx, "document (key, salt, bytes)", len(documents), func(to []driver.Value, i int) []driver.Value {
		r := &rows[documents[i].row]
		d := &r.Documents[documents[i].document]
		return append(to, documentKey(n, r.Pos, d.Slot), d.Salt, d.Bytes)
	})
}

// insertRevisions adds to the index, and points the revisions that they
// replace to them.
func (s *Store) insertRevisions(ctx context.Context, n int64, revisions []ledger.Revision) error {
	type key struct{ kind, id string }
	next := make([]int64, len(revisions))
	last := make(map[key]int, len(revisions))
	for i := range revisions {
		r := &revisions[i]
		k := key{r.Kind, r.ID}
		next[i] = -1
		if j, ok := last[k]; ok {
			next[j] = r.Pos
		} else if r.Rev > 1 {
			if err := s.supersede(ctx, n, r); err != nil {
				return err
			}
		}
		last[k] = i
	}
	return s.write.insert(ctx, "revision (ledger, kind, id, rev, pos, slot, next_pos, effective)", len(revisions), func(to []driver.Value, i int) []driver.Value {
		r := &revisions[i]
		return append(to, n, r.Kind, r.ID, r.Rev, r.Pos, int64(r.Slot), next[i], r.Effective)
	})
}

func (s *Store) supersede(ctx context.Context, n int64, r *ledger.Revision) error {
	k, err := s.write.affected(ctx, "UPDATE revision SET next_pos = ? WHERE ledger = ? AND kind = ? AND id = ? AND rev = ?", r.Pos, n, r.Kind, r.ID, r.Rev-1)
	if err == nil && k != 1 {
		err = fmt.Errorf("the index has no revision %d of %s %s; run `reperform ledger verify`", r.Rev-1, r.Kind, r.ID)
	}
	return err
}
