package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reperform/ledger"
)

// TestFullDisk fills a small file system. Who may not mount one limits the
// size of files instead, in a process of its own.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Logf("no file system of its own (%v): limiting the size of files", err)
		if out, err := child(t, "limit", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	l := openLog(t, dir)
	ballast := filepath.Join(dir, "ballast")
	err := fillAndRecover(l, func(free bool) error {
		if free {
			return os.Remove(ballast)
		}
		return os.WriteFile(ballast, make([]byte, 2<<20), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLimitedFileSize does what TestFullDisk does for a user without rights.
func TestLimitedFileSize(t *testing.T) {
	if out, err := child(t, "limit", t.TempDir()).Output(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// fillAndRecover commits until nothing more fits, checks that what was refused
// left nothing, makes room, and commits again.
func fillAndRecover(l *ledger.Log, room func(free bool) error) error {
	ctx := context.Background()
	_, err := l.Create(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "init", Drafts: []ledger.Draft{{Kind: "o", ID: "o", Revision: 1, Document: []byte("{}")}}}, "test/org", "organization")
	if err != nil {
		return err
	}
	if err := room(false); err != nil {
		return err
	}
	put := func(i int) error {
		_, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "put", Reason: "r",
			Drafts: []ledger.Draft{{Kind: "control", ID: fmt.Sprint(i), Revision: 1, Document: bytes.Repeat([]byte("x"), 50_000)}}})
		return err
	}
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = put(n)
	}
	if err == nil {
		return errors.New("the disk never filled up")
	}
	n--
	if !strings.Contains(err.Error(), "full") || !strings.Contains(err.Error(), "nothing was recorded") {
		return fmt.Errorf("the error does not say that the disk is full and nothing was recorded: %w", err)
	}
	// Again and again: each attempt fails alike and leaves nothing.
	for range 3 {
		if err := put(n); err == nil || !strings.Contains(err.Error(), "full") {
			return fmt.Errorf("a second attempt on the full disk: %v", err)
		}
	}
	if err := holds(l, n+1); err != nil {
		return fmt.Errorf("on the full disk: %w", err)
	}
	if err := room(true); err != nil {
		return err
	}
	for i := range 10 {
		if err := put(n + i); err != nil {
			return fmt.Errorf("after making room: %w", err)
		}
	}
	return holds(l, n+11)
}

func holds(l *ledger.Log, entries int) error {
	rep, err := ledger.Verify(context.Background(), l.Store(), "org", ledger.VerifyOptions{})
	if err != nil {
		return err
	}
	if rep.Err() != nil {
		return fmt.Errorf("problems: %s", problems(rep))
	}
	if rep.Entries != int64(entries) {
		return fmt.Errorf("%d entries, want %d", rep.Entries, entries)
	}
	return nil
}
