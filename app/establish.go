package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A workspace that is made in several steps is built beside its place, in a
// folder establishing-… of it, and is there once that folder is called "established".
// What follows only moves files; whoever opens the folder next finishes it.
const (
	establishing = "establishing-"
	established  = "established"
)

// Establish makes a workspace in a folder in several steps, all or nothing. build
// is given another folder, calls Init on it and adds what belongs to the
// beginning; everything must be closed when it returns. Killed at any moment,
// the folder holds a whole workspace or none, and Establish can be called again.
func Establish(ctx context.Context, dir string, build func(dir string) error) error {
	switch there, err := Exists(dir); {
	case err != nil:
		return err
	case there:
		return &existsError{dir}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := emptyEnough(dir); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, establishing)
	if err != nil {
		return err
	}
	err = build(tmp)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = syncTree(tmp)
	}
	if err != nil {
		if there, _ := Exists(dir); there {
			// Somebody was faster, and has removed what was built here.
			err = &existsError{dir}
		}
		return errors.Join(err, os.RemoveAll(tmp))
	}
	// Of two who establish at a time one wins: a folder cannot take the name of one
	// that holds something.
	if err := os.Rename(tmp, filepath.Join(dir, established)); err != nil {
		return errors.Join(&existsError{dir}, os.RemoveAll(tmp))
	}
	if _, err := os.Stat(filepath.Join(dir, "workspace.json")); err == nil {
		return errors.Join(&existsError{dir}, os.RemoveAll(filepath.Join(dir, established)))
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	return settle(dir)
}

// parts are what lies in a workspace, in the order in which it is moved to its
// place: workspace.json last, because a folder with it is a workspace.
var parts = []string{"keys", "blobs", "sealed", "tmp", "ledger.db", "ledger.db-wal", "ledger.db-shm", "operations.db", "operations.db-wal", "operations.db-shm", "workspace.json"}

// emptyEnough refuses a folder in which something of a workspace lies: it may be
// a backup that was restored in part, and is nobody's to write over.
func emptyEnough(dir string) error {
	for _, name := range parts {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("%s holds %s and is no whole workspace; restore what is missing from the backup, or name another folder with --workspace", dir, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// settle moves a workspace that was established to its place. Doing it again, or at
// the same time, does no harm.
func settle(dir string) error {
	from := filepath.Join(dir, established)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, name := range parts {
		err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the new workspace is whole in %s and could not be moved to its place: %w", from, err)
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(from); err != nil {
		return err
	}
	return removeAbandoned(dir)
}

// removeAbandoned removes what processes left behind that were killed while they
// built. One that builds still comes too late.
func removeAbandoned(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, establishing+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// syncTree makes a folder durable with all that lies in it.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncDir(path)
	})
}

// syncDir makes durable what is written in a file or folder.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
