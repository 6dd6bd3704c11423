package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
)

// CopyTo writes the file as it is now to another, which must not exist, while others
// read and write. What was redacted is in no copy that is made after.
func (s *Store) CopyTo(ctx context.Context, path string) error {
	if err := checkPath(path); err != nil {
		return err
	}
	// SQLite would fill an existing empty file; it is made here for its owner alone.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// The connections that read are kept from writing anything, a copy included.
	db, err := sql.Open("sqlite", "file:"+s.path+"?_pragma=busy_timeout(60000)")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copying %s: %w", s.path, explain(err))
	}
	return nil
}
