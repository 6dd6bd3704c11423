package opsdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Schema is the tables of one user of the file. Steps are SQL scripts that are
// applied once each, in order, and never change after they were released: a
// change is a further step. Tables carry the schema's name as a prefix, so that
// two users cannot meet.
type Schema struct {
	Name  string
	Steps []string
}

// ErrNewer is wrapped by the error of Open for a file that a newer program has
// written: its tables may mean what this program does not know.
var ErrNewer = errors.New("the file was written by a newer program; use that one, or restore a backup made before the upgrade")

// ErrChanged is wrapped by the error of Open when a step that was applied is
// not the step that the program has under the same number.
var ErrChanged = errors.New("the step that was applied to the file is another one than this program's; use the program that wrote it")

const migrations = `
CREATE TABLE IF NOT EXISTS migration (
	name   TEXT NOT NULL,
	step   INTEGER NOT NULL,
	digest TEXT NOT NULL,
	at     TEXT NOT NULL,
	PRIMARY KEY (name, step)
) STRICT, WITHOUT ROWID`

// migrate applies the missing steps of all schemas, all or none of them.
func (db *DB) migrate(ctx context.Context, schemas []Schema) error {
	seen := map[string]bool{}
	for _, s := range schemas {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("schema %q is given twice or has no name", s.Name)
		}
		seen[s.Name] = true
	}
	return db.Write(ctx, func(tx *Tx) error {
		if err := claim(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, migrations); err != nil {
			return err
		}
		for _, s := range schemas {
			if err := s.apply(ctx, tx); err != nil {
				return fmt.Errorf("tables of %s: %w", s.Name, err)
			}
		}
		return nil
	})
}

// applicationID marks the file as ours: "Rprf".
const applicationID = 0x52707266

// claim marks a new file and refuses another program's.
func claim(ctx context.Context, tx *Tx) error {
	var id, tables int64
	if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if id == applicationID {
		return nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if id != 0 || tables > 0 {
		return errors.New("the file is a database of something else; move it away, or name another path")
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return err
}

func (s Schema) apply(ctx context.Context, tx *Tx) error {
	applied := map[int]string{}
	rows, err := tx.QueryContext(ctx, "SELECT step, digest FROM migration WHERE name = ?", s.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var step int
		var digest string
		if err := rows.Scan(&step, &digest); err != nil {
			return err
		}
		applied[step] = digest
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for step := range applied {
		if step > len(s.Steps) {
			return fmt.Errorf("the file has step %d, this program knows %d: %w", step, len(s.Steps), ErrNewer)
		}
	}
	for i, text := range s.Steps {
		step := i + 1
		sum := sha256.Sum256([]byte(text))
		digest := hex.EncodeToString(sum[:])
		switch have, ok := applied[step]; {
		case ok && have != digest:
			return fmt.Errorf("step %d: %w", step, ErrChanged)
		case ok:
			continue
		}
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO migration (name, step, digest, at) VALUES (?, ?, ?, ?)",
			s.Name, step, digest, time.Now().UTC().Format(time.RFC3339))
		if err != nil {
			return err
		}
	}
	return nil
}
