package opsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the file's name in a workspace.
const FileName = "operations.db"

// The types that users of the package meet. They import no database package
// themselves, so that the driver can be replaced here.
type (
	Tx   = sql.Tx
	Rows = sql.Rows
)

// ErrNoRows is what scanning a row that is not there answers.
var ErrNoRows = sql.ErrNoRows

// DB is the open file. It is safe for concurrent use.
type DB struct {
	path string
	read *sql.DB
	// write has one connection, which writing holds in turn.
	write *sql.DB
	turn  chan struct{}

	mu     sync.Mutex
	sweeps []sweep
}

// busy is how long a writer waits for another process.
const busy = 10 * time.Second

// Open opens the file, creating it for its owner alone when it does not exist,
// and applies what is missing of the schemas. It refuses a file that others may
// read, a file of a newer program (ErrNewer), and another program's file.
func Open(ctx context.Context, path string, schemas ...Schema) (*DB, error) {
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("%s: the path of a database may not contain ?, # or %%", path)
	}
	if err := private(path); err != nil {
		return nil, err
	}
	common := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(on)",
		path, busy.Milliseconds())
	write, err := sql.Open("sqlite", common+"&_pragma=secure_delete(on)&_pragma=journal_size_limit(16777216)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", common+"&_pragma=query_only(on)")
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	db := &DB{path: path, read: read, write: write, turn: make(chan struct{}, 1)}
	err = db.first(ctx)
	if err == nil {
		err = db.migrate(ctx, schemas)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	return db, nil
}

// first waits for others who open a new file at the same time. SQLite waits for
// locks, but not for the one that turns a file to WAL.
func (db *DB) first(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := db.write.PingContext(ctx)
		if err == nil || attempt == 500 || !isBusy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// private creates the file for its owner alone, or looks that it is so: it
// holds hashes of passwords and sessions. SQLite gives its log the same rights.
// Windows keeps rights elsewhere, so nothing can be said there.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("creating the operational database: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the operational database: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file; the operational database cannot stand there", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s has mode %04o, so that others may read hashes of passwords; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}

// Write runs the function in a transaction and makes what it wrote durable, or,
// when it returns an error or panics, leaves nothing of it. Writers take turns,
// those of other processes included; the function should not wait for anything
// else and must not call Write. It may be given rows only as long as it runs.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	select {
	case db.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.turn }()
	return inTx(ctx, db.write, fn)
}

// Read runs the function in a transaction that sees one state of the file and
// cannot change it.
func (db *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return inTx(ctx, db.read, fn)
}

func inTx(ctx context.Context, pool *sql.DB, fn func(tx *Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return explain(err)
	}
	done = true
	return explain(tx.Commit())
}

// Backup writes a consistent copy of the file, as of now, to a path where there
// is none yet, while everybody goes on working. The copy is for its owner alone.
func (db *DB) Backup(ctx context.Context, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s exists already; a backup does not replace a file", to)
	}
	// SQLite creates with the process's mask; an empty file that exists already
	// keeps its rights and is accepted.
	if err := private(to); err != nil {
		return err
	}
	// A connection of its own: readers may not even write another file, and a
	// long copy should not hold up who writes this one.
	conn, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)", db.path, busy.Milliseconds()))
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", to)
	if err := errors.Join(err, conn.Close()); err != nil {
		return errors.Join(fmt.Errorf("backup to %s: %w", to, explain(err)), os.Remove(to))
	}
	return syncDir(filepath.Dir(to))
}

// syncDir makes a new name durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close ends the use of the file. What runs is waited for.
func (db *DB) Close() error {
	return errors.Join(db.read.Close(), db.write.Close())
}

// IsConflict reports whether an error says that a row would have stood twice
// under a key that is unique.
func IsConflict(err error) bool {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return false
	}
	return se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

func isBusy(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_BUSY
}

// explain turns SQLite's codes for the operator's surroundings into words.
func explain(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full; nothing was kept; free some space and repeat: %w", err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk refused to read or write (is it full or failing?); nothing was kept: %w", err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("the file is read-only for this user or this transaction: %w", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is damaged; restore it from a backup: %w", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another process has held the file for %s; repeat when it is done: %w", busy, err)
	}
	return err
}
