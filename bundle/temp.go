package bundle

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const tempPrefix = ".reperform-bundle-"

// createTemp makes the file that becomes the bundle, and removes those that
// exports which were killed left in the folder. A living export holds a lock on
// its file, which the kernel releases however the process ends.
func createTemp(dir string) (*os.File, error) {
	sweep(dir)
	for {
		f, err := os.CreateTemp(dir, tempPrefix+"*")
		if err != nil {
			return nil, err
		}
		if err := tryLock(f); err != nil {
			f.Close()
			os.Remove(f.Name())
			return nil, err
		}
		// Between its creation and its lock another export may have swept it.
		here, err := os.Lstat(f.Name())
		if own, ferr := f.Stat(); err == nil && ferr == nil && os.SameFile(here, own) {
			return f, nil
		}
		f.Close()
	}
}

// sweep removes what killed exports left behind. What cannot be removed now
// belongs to somebody else or is removed next time.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(f) == nil && stale(e) {
			os.Remove(path)
		}
		f.Close()
	}
}

// stale spares a file that its export has just made and not yet locked.
func stale(e fs.DirEntry) bool {
	info, err := e.Info()
	return err == nil && time.Since(info.ModTime()) > staleAfter
}

// syncDir makes a new name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	d.Close()
	return err
}
