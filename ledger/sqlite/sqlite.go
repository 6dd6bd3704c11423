// Package sqlite keeps ledgers in one SQLite file in WAL mode with
// synchronous=FULL: an Append that has returned survives a power cut as far
// as the disk keeps what it was told to sync. One connection writes; readers
// have their own. Nothing else may open the file behind SQLite's back.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"reperform/ledger"
)

// schema of version 1. Ledgers carry a number so that the keys stay short. The
// note of an entry is the checkpoint signed when it was the last: beside the
// entry, no note can go astray.
const schema = `
CREATE TABLE ledger (
	n    INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	size INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
	ledger INTEGER NOT NULL,
	pos    INTEGER NOT NULL,
	leaf   BLOB NOT NULL,
	bytes  BLOB NOT NULL,
	note   BLOB,
	PRIMARY KEY (ledger, pos)
) STRICT, WITHOUT ROWID;
CREATE TABLE document (
	ledger INTEGER NOT NULL,
	pos    INTEGER NOT NULL,
	slot   INTEGER NOT NULL,
	salt   BLOB NOT NULL,
	bytes  BLOB NOT NULL,
	PRIMARY KEY (ledger, pos, slot)
) STRICT, WITHOUT ROWID;
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
	path  string
	write *sql.DB
	read  *sql.DB

	// mu guards the one connection that writes and its prepared statements.
	mu    sync.Mutex
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// Open opens the file, creating it when it does not exist.
func Open(ctx context.Context, path string) (*Store, error) {
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("%s: the path of a ledger may not contain ?, # or %%", path)
	}
	const common = "?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(on)"
	write, err := sql.Open("sqlite", "file:"+path+common+"&_txlock=immediate&_pragma=cache_size(-65536)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", "file:"+path+common+"&_pragma=query_only(on)&_pragma=cache_size(-16384)")
	if err != nil {
		write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(8)
	s := &Store{path: path, write: write, read: read, stmts: map[string]*sql.Stmt{}}
	err = s.migrate(ctx)
	if err == nil {
		s.conn, err = write.Conn(ctx)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version == schemaVersion:
		return nil
	case version > schemaVersion:
		return fmt.Errorf("the file has schema version %d, this program knows %d: use a newer program", version, schemaVersion)
	}
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// Close implements ledger.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.stmts {
		st.Close()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	return errors.Join(s.read.Close(), s.write.Close())
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
		return fmt.Errorf("the file is read-only for this user: %w", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is damaged; restore it from a backup: %w", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another process has held the file for a minute; repeat when it is done: %w", err)
	}
	return err
}

// Heads implements ledger.Store.
func (s *Store) Heads(ctx context.Context) ([]ledger.Head, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT l.name, l.size, coalesce(e.note, x'')
		FROM ledger l LEFT JOIN entry e ON e.ledger = l.n AND e.pos = l.size - 1 ORDER BY l.name`)
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

// Entries implements ledger.Store. Long ledgers are read in slices, so that a
// reader never holds back the checkpointing of the write-ahead log for long.
func (s *Store) Entries(ctx context.Context, name string, from, to int64, yield func(ledger.Row) error) error {
	n, err := s.number(ctx, name)
	if err != nil {
		return err
	}
	const slice = 4096
	for from < to {
		end := min(from+slice, to)
		rows, err := s.entrySlice(ctx, n, from, end)
		if err != nil {
			return explain(err)
		}
		for i := range rows {
			if err := yield(rows[i]); err != nil {
				return err
			}
		}
		from = end
	}
	return nil
}

func (s *Store) entrySlice(ctx context.Context, n, from, to int64) ([]ledger.Row, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	out := make([]ledger.Row, 0, to-from)
	rows, err := tx.QueryContext(ctx, `SELECT pos, leaf, bytes, note FROM entry
		WHERE ledger = ? AND pos >= ? AND pos < ? ORDER BY pos`, n, from, to)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var r ledger.Row
		var leaf []byte
		if err := rows.Scan(&r.Pos, &leaf, &r.Bytes, &r.Checkpoint); err != nil {
			rows.Close()
			return nil, err
		}
		// A leaf of another length can only be damage; zeroes never match.
		if len(leaf) == tlog.HashSize {
			copy(r.Leaf[:], leaf)
		}
		out = append(out, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	docs, err := tx.QueryContext(ctx, `SELECT pos, slot, salt, bytes FROM document
		WHERE ledger = ? AND pos >= ? AND pos < ? ORDER BY pos, slot`, n, from, to)
	if err != nil {
		return nil, err
	}
	defer docs.Close()
	at := 0
	for docs.Next() {
		var d ledger.Document
		var pos int64
		if err := docs.Scan(&pos, &d.Slot, &d.Salt, &d.Bytes); err != nil {
			return nil, err
		}
		for at < len(out) && out[at].Pos < pos {
			at++
		}
		if at < len(out) && out[at].Pos == pos {
			out[at].Documents = append(out[at].Documents, d)
		}
	}
	return out, docs.Err()
}

// Revisions implements ledger.Store.
func (s *Store) Revisions(ctx context.Context, q ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	n, err := s.number(ctx, q.Ledger)
	if err != nil {
		return err
	}
	text, args, err := revisionSQL(n, q)
	if err != nil {
		return err
	}
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r ledger.Revision
		if q.Documents {
			err = rows.Scan(&r.Kind, &r.ID, &r.Rev, &r.Pos, &r.Slot, &r.NextPos, &r.Effective, &r.Document)
		} else {
			err = rows.Scan(&r.Kind, &r.ID, &r.Rev, &r.Pos, &r.Slot, &r.NextPos, &r.Effective)
		}
		if err != nil {
			return explain(err)
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	return explain(rows.Err())
}

func revisionSQL(n int64, q ledger.RevisionQuery) (string, []any, error) {
	var b strings.Builder
	args := []any{}
	b.WriteString("SELECT r.kind, r.id, r.rev, r.pos, r.slot, r.next_pos, r.effective")
	if q.Documents {
		b.WriteString(", d.bytes")
	}
	b.WriteString(" FROM revision r")
	if q.Documents {
		b.WriteString(" LEFT JOIN document d ON d.ledger = r.ledger AND d.pos = r.pos AND d.slot = r.slot")
	}
	where := func(cond string, a ...any) {
		b.WriteString(" AND " + cond)
		args = append(args, a...)
	}
	b.WriteString(" WHERE r.ledger = ?")
	args = append(args, n)
	if q.Kind != "" {
		where("r.kind = ?", q.Kind)
	}
	if q.ID != "" {
		where("r.id = ?", q.ID)
	}
	if q.After != "" {
		where("r.id > ?", q.After)
	}
	switch q.Select {
	case ledger.SelectAll:
	case ledger.SelectHeads:
		where("r.next_pos = -1")
	case ledger.SelectKnown:
		where("r.pos < ? AND (r.next_pos = -1 OR r.next_pos >= ?)", q.Known, q.Known)
	case ledger.SelectKnownAll:
		where("r.pos < ?", q.Known)
	case ledger.SelectInForce:
		where("r.pos < ? AND r.effective <= ?", q.Known, q.Effective)
		where(`NOT EXISTS (SELECT 1 FROM revision s WHERE s.ledger = r.ledger AND s.kind = r.kind AND s.id = r.id
			AND s.pos < ? AND s.effective <= ? AND (s.effective > r.effective OR (s.effective = r.effective AND s.rev > r.rev)))`, q.Known, q.Effective)
	default:
		return "", nil, fmt.Errorf("unknown selection %d", q.Select)
	}
	b.WriteString(" ORDER BY r.kind, r.id, r.rev")
	if q.Limit > 0 {
		b.WriteString(" LIMIT ?")
		args = append(args, q.Limit)
	}
	return b.String(), args, nil
}
