package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// file is what writing a blob needs of an *os.File.
type file interface {
	io.Writer
	io.WriterAt
	io.Closer
	Sync() error
	Name() string
}

// fileOps are the system calls that decide what survives a crash; tests
// replace them to fail at a chosen one and to see their order.
type fileOps struct {
	createTemp func(dir, pattern string) (file, error)
	rename     func(from, to string) error
	syncDir    func(dir string) error
}

var realFiles = fileOps{
	createTemp: func(dir, pattern string) (file, error) { return os.CreateTemp(dir, pattern) },
	rename:     os.Rename,
	syncDir:    syncDir,
}

// syncDir makes the names in a directory durable. Windows knows no such call
// and journals names by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing directory %s: %w", dir, err)
	}
	return nil
}

// makeDir creates a directory and those above it, for the owner alone, and
// makes their names durable. The parent is synced by whoever finds the
// directory missing, also if another creates it first.
func makeDir(dir string, sync func(string) error) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is a file where a directory is needed; move it away", dir)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return err
	}
	if err := makeDir(parent, sync); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return sync(parent)
}
