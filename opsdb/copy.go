package opsdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
)

// CopyTo writes the file as it is now to another, which must not exist, while others
// read and write.
func (db *DB) CopyTo(ctx context.Context, path string) error {
	if strings.ContainsAny(path, "?#%") {
		return fmt.Errorf("%s: the path of a database may not contain ?, # or %%", path)
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
	own, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)", db.path, busy.Milliseconds()))
	if err != nil {
		return err
	}
	defer own.Close()
	if _, err := own.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copying %s: %w", db.path, explain(err))
	}
	return nil
}
