// Package sqlite keeps ledgers in one SQLite file in WAL mode with
// synchronous=FULL: an Append that has returned survives a power cut as far
// as the disk keeps what it was told to sync. One connection writes; readers
// have their own. Nothing else may open the file behind SQLite's back.
//
// Redacted documents are overwritten in the file and leave the write-ahead log
// with the next checkpoint, which an Append that redacts starts itself. What
// it cannot reach are copies: backups made before, and blocks that the disk or
// the file system keeps of an earlier state.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// schema of version 1. Ledgers carry a number so that the keys stay short; see
// keys.go for how the keys of entries and documents hold it. The note of an
// entry is the checkpoint signed when it was the last: beside the entry, no
// note can go astray.
const schema = `
CREATE TABLE ledger (
	n    INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	size INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
	key   INTEGER PRIMARY KEY,
	leaf  BLOB NOT NULL,
	bytes BLOB NOT NULL,
	note  BLOB
) STRICT;
CREATE TABLE document (
	key   INTEGER PRIMARY KEY,
	salt  BLOB NOT NULL,
	bytes BLOB NOT NULL
) STRICT;
CREATE TABLE revision (
	ledger    INTEGER NOT NULL,
	kind      TEXT NOT NULL,
	id        TEXT NOT NULL,
	rev       INTEGER NOT NULL,
	pos       INTEGER NOT NULL,
	slot      INTEGER NOT NULL,
	next_pos  INTEGER NOT NULL,
	effective TEXT NOT NULL,
	PRIMARY KEY (ledger, kind, id, rev)
) STRICT, WITHOUT ROWID;
CREATE TABLE tile (
	ledger INTEGER NOT NULL,
	level  INTEGER NOT NULL,
	idx    INTEGER NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (ledger, level, idx)
) STRICT, WITHOUT ROWID;
`

const schemaVersion = 1

// Store is a ledger.Store in one SQLite file.
type Store struct {
	path string
	read *sql.DB
	// tile answers Tile, which a proof asks many times.
	tile *sql.Stmt
	// heads are those of the file as it was last seen.
	heads heads

	// mu guards the one connection that writes.
	mu    sync.Mutex
	write *writer
	// scrub is set while redacted bytes may still stand in the log.
	scrub bool
	// opened is what a file that is only read looked like when it was opened; nil
	// for one that is written. Such a store has no connection that writes.
	opened *stamp
}

// Open opens the file, creating it when it does not exist.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	const common = "?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)"
	// A small cache for the writer: most commits make SQLite walk all of it,
	// which costs more than reading a page again from the system's cache.
	write, err := dialFirst(ctx, "file:"+path+common+"&_pragma=cache_size(-4096)"+
		"&_pragma=secure_delete(on)&_pragma=wal_autocheckpoint(4096)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	read, err := sql.Open("sqlite", "file:"+path+common+"&_pragma=query_only(on)&_pragma=cache_size(-16384)")
	if err != nil {
		write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(8)
	s := &Store{path: path, write: write, read: read}
	err = s.migrate(ctx)
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	return s, nil
}

func checkPath(path string) error {
	if strings.ContainsAny(path, "?#%") {
		return fmt.Errorf("%s: the path of a ledger may not contain ?, # or %%", path)
	}
	return nil
}

// prepare prepares what is asked most often.
func (s *Store) prepare(ctx context.Context) (err error) {
	s.tile, err = s.read.PrepareContext(ctx, "SELECT data FROM tile WHERE ledger = (SELECT n FROM ledger WHERE name = ?) AND level = ? AND idx = ?")
	return err
}

// dialFirst waits for others who open a new file at the same time. SQLite
// waits for locks, but not for the one that turns a file to WAL.
func dialFirst(ctx context.Context, dsn string) (*writer, error) {
	for attempt := 0; ; attempt++ {
		w, err := dial(dsn)
		var se *sqlite.Error
		if err == nil || attempt == 500 || !errors.As(err, &se) || se.Code()&0xff != sqlite3.SQLITE_BUSY {
			return w, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// private creates the file for its owner alone: it holds what an auditor
// wrote. SQLite gives its log the same rights.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating the file of the ledgers: %w", err)
	}
	return f.Close()
}

// migrate makes the tables of a new file.
func (s *Store) migrate(ctx context.Context) error {
	if _, err := s.write.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := s.create(ctx); err != nil {
		return errors.Join(err, s.rollback())
	}
	_, err := s.write.exec(ctx, "COMMIT")
	return err
}

func (s *Store) create(ctx context.Context) error {
	var version [1]int64
	if _, err := s.write.integers(ctx, "PRAGMA user_version", version[:]); err != nil {
		return err
	}
	switch {
	case version[0] == schemaVersion:
		return nil
	case version[0] > schemaVersion:
		return newerSchema(version[0])
	}
	if _, err := s.write.exec(ctx, schema); err != nil {
		return err
	}
	_, err := s.write.exec(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	return err
}

func newerSchema(version int64) error {
	return fmt.Errorf("the file has schema version %d, this program knows %d: use a newer program", version, schemaVersion)
}

// Close implements ledger.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil {
		return errors.Join(s.unchanged(), s.heads.close(), s.read.Close())
	}
	return errors.Join(s.heads.close(), s.read.Close(), s.write.Close())
}

// explain turns SQLite's codes for the operator's surroundings into words.
func explain(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full; nothing was recorded; free some space and repeat: %w", err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk refused to read or write (is it full or failing?); nothing was recorded: %w", err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("the file or its folder is read-only for this user, and even reading needs a lock there; give this user write permission, or copy the workspace: %w", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is damaged; restore it from a backup: %w", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another process has held the file for a minute; repeat when it is done: %w", err)
	}
	return err
}
