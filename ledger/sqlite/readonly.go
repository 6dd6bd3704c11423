package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrReadOnly says that a store was opened to be read only.
var ErrReadOnly = errors.New("the file of the ledgers lies where nothing can be written, so nothing can be recorded; copy the workspace to a folder that can be written to")

// IsReadOnly tells whether Open failed because nothing can be written beside the
// file: then OpenReadOnly may still open it.
func IsReadOnly(err error) bool {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return false
	}
	code := se.Code() & 0xff
	return code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN
}

// OpenReadOnly opens a file on media that cannot be written to, where SQLite
// cannot make the lock that reading needs. It therefore reads without one, as is
// right while nobody writes, and so it refuses a file whose write-ahead log
// holds entries: somebody may be at work, or stopped in the middle of it. Should
// another machine write all the same, Close says that what was read may be
// mixed of two states.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	switch info, err := os.Stat(path + "-wal"); {
	case err == nil && info.Size() > 0:
		return nil, fmt.Errorf("%s-wal holds entries that are not in %s yet, and here they cannot be brought there: the workspace was in use when it was copied or mounted; copy it to a folder that can be written to", path, path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	before, err := stampOf(path)
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", "file:"+path+"?mode=ro&immutable=1&_pragma=query_only(on)&_pragma=cache_size(-16384)")
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(8)
	s := &Store{path: path, read: read, opened: &before}
	var version int64
	if err = read.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err == nil {
		switch {
		case version > schemaVersion:
			err = newerSchema(version)
		case version < schemaVersion:
			err = errors.New("the file holds no ledgers")
		default:
			err = s.prepare(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, explain(err)), read.Close())
	}
	return s, nil
}

// stamp is how a change of the file is noticed.
type stamp struct {
	size int64
	at   time.Time
	log  bool
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	log, err := os.Stat(path + "-wal")
	return stamp{info.Size(), info.ModTime(), err == nil && log.Size() > 0}, nil
}

// unchanged says that somebody wrote to a file that was read without a lock.
func (s *Store) unchanged() error {
	now, err := stampOf(s.path)
	if err == nil && now != *s.opened {
		err = fmt.Errorf("%s was written to while it was read without a lock, so that what was read may be mixed of two states; repeat", s.path)
	}
	return err
}
