package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// closed makes a file with one entry that nobody has open.
func closed(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(context.Background(), []ledger.Batch{batch(0)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func batch(from int64) ledger.Batch {
	return ledger.Batch{Ledger: "org", From: from, Rows: []ledger.Row{{Pos: from, Bytes: []byte("entry"), Checkpoint: []byte("note")}}}
}

// TestReadOnly reads a file without a lock and writes nothing beside it.
func TestReadOnly(t *testing.T) {
	ctx, path := context.Background(), closed(t)
	s, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	heads, err := s.Heads(ctx)
	if err != nil || len(heads) != 1 || heads[0].Size != 1 {
		t.Errorf("heads %v, %v", heads, err)
	}
	if err := s.Append(ctx, []ledger.Batch{batch(1)}); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("an append gave %v", err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("beside the file: %v, %v", files, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestReadOnlyMedia does what is done where nothing can be written: the usual
// way fails in a manner that says so, and the other one works.
func TestReadOnlyMedia(t *testing.T) {
	path := closed(t)
	dir := filepath.Dir(path)
	lock(t, dir, path)
	_, err := sqlite.Open(context.Background(), path)
	if err == nil || !sqlite.IsReadOnly(err) {
		t.Fatalf("opening to write gave %v", err)
	}
	s, err := sqlite.OpenReadOnly(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if heads, err := s.Heads(context.Background()); err != nil || len(heads) != 1 {
		t.Errorf("heads %v, %v", heads, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// lock makes a folder one in which nothing can be written: by mounting it so, or,
// for a user who may not mount and whom rights bind, by taking the rights.
func lock(t *testing.T, dir, path string) {
	t.Helper()
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Logf("nothing can be mounted here (%v): taking the rights instead", err)
		t.Cleanup(func() { os.Chmod(dir, 0o700) })
		if err := errors.Join(os.Chmod(path, 0o400), os.Chmod(dir, 0o500)); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// TestReadOnlyWithoutALock is refused while entries stand in the log beside the
// file, and says afterwards when somebody wrote.
func TestReadOnlyWithoutALock(t *testing.T) {
	ctx, path := context.Background(), closed(t)
	s, err := sqlite.OpenReadOnly(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, path)
	if err := w.Append(ctx, []ledger.Batch{batch(1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "written to while it was read") {
		t.Errorf("closing after somebody wrote gave %v", err)
	}
	if _, err := sqlite.OpenReadOnly(ctx, path); err == nil || !strings.Contains(err.Error(), "ledger.db-wal holds entries") {
		t.Errorf("with entries in the log: %v", err)
	}
}
