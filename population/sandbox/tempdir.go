package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const dirPrefix = "reperform-engine-"

// Dir is a private directory for temporary files that belongs to one process.
type Dir struct {
	Path string
	lock *os.File
}

// NewDir makes a directory with mode 0700 below parent and removes those that
// dead processes left there. A living owner holds a lock on a file in its
// directory, which the kernel releases however the owner ends.
func NewDir(parent string) (*Dir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweep(parent)
	path, err := os.MkdirTemp(parent, dirPrefix)
	if err != nil {
		return nil, fmt.Errorf("cannot make a directory for temporary files: %w; name another temporary directory", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = tryLock(lock)
	}
	if err != nil {
		os.RemoveAll(path)
		return nil, fmt.Errorf("cannot lock the directory for temporary files: %w", err)
	}
	return &Dir{Path: path, lock: lock}, nil
}

// Sub makes an empty directory inside, removing an earlier one of that name.
func (d *Dir) Sub(name string) (string, error) {
	path := filepath.Join(d.Path, name)
	if err := os.RemoveAll(path); err != nil {
		return "", err
	}
	return path, os.Mkdir(path, 0o700)
}

// Remove removes the directory with everything in it.
func (d *Dir) Remove() error {
	err := os.RemoveAll(d.Path)
	d.lock.Close()
	return err
}

// sweep removes the directories whose owner is gone. Errors are not fatal:
// what cannot be removed now belongs to someone else or is removed next time.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), dirPrefix) {
			continue
		}
		path := filepath.Join(parent, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
		if err != nil {
			// A directory without its lock is either just being made or a rest of
			// an interrupted removal; only the latter is empty of locks for long.
			if info, statErr := e.Info(); statErr == nil && os.IsNotExist(err) && old(info.ModTime()) {
				os.RemoveAll(path)
			}
			continue
		}
		if tryLock(lock) == nil {
			os.RemoveAll(path)
		}
		lock.Close()
	}
}
