package opsdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var ctx = context.Background()

var notes = Schema{Name: "notes", Steps: []string{
	`CREATE TABLE notes_note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
	 CREATE TABLE notes_mark (note INTEGER NOT NULL REFERENCES notes_note (id)) STRICT`,
}}

// TestMain lets the test program play a second process that writes.
func TestMain(m *testing.M) {
	if path := os.Getenv("OPSDB_WRITER"); path != "" {
		if err := writer(path, os.Getenv("OPSDB_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const writes = 100

// writer adds notes, each after having read how many there are.
func writer(path, name string) error {
	db, err := Open(ctx, path, notes)
	if err != nil {
		return err
	}
	defer db.Close()
	for i := range writes {
		err := db.Write(ctx, func(tx *Tx) error {
			var n int
			if err := tx.QueryRow("SELECT count(*) FROM notes_note").Scan(&n); err != nil {
				return err
			}
			_, err := tx.Exec("INSERT INTO notes_note (id, text) VALUES (?, ?)", n+1, name+strconv.Itoa(i))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func open(t *testing.T, path string, schemas ...Schema) *DB {
	t.Helper()
	db, err := Open(ctx, path, schemas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func count(t *testing.T, db *DB, query string) int {
	t.Helper()
	var n int
	if err := db.Read(ctx, func(tx *Tx) error { return tx.QueryRow(query).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func add(db *DB, text string) error {
	return db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO notes_note (text) VALUES (?)", text)
		return err
	})
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), FileName), notes)
	if err := add(db, "kept"); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	err := db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.Exec("INSERT INTO notes_note (text) VALUES ('dropped')"); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the function's error is not answered: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not travel on")
			}
		}()
		db.Write(ctx, func(tx *Tx) error {
			tx.Exec("INSERT INTO notes_note (text) VALUES ('panicked')")
			panic("broken")
		})
	}()
	// The turn and the connection are free again.
	if err := add(db, "after"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM notes_note WHERE text IN ('kept', 'after')"); n != 2 {
		t.Errorf("%d of two notes are there", n)
	}
	if n := count(t, db, "SELECT count(*) FROM notes_note"); n != 2 {
		t.Errorf("%d notes, the dropped ones stayed", n)
	}
	if err := add(db, "kept"); !IsConflict(err) {
		t.Errorf("a text that stands twice answers %v, which is not told as a conflict", err)
	}
	err = db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO notes_mark (note) VALUES (99)")
		return err
	})
	if err == nil || IsConflict(err) {
		t.Errorf("a mark of no note answers %v", err)
	}
}

func TestReadCannotWriteAndSeesOneState(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), FileName), notes)
	err := db.Read(ctx, func(tx *Tx) error {
		_, err := tx.Exec("INSERT INTO notes_note (text) VALUES ('by a reader')")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a reader wrote: %v", err)
	}
	err = db.Read(ctx, func(tx *Tx) error {
		var before, after int
		if err := tx.QueryRow("SELECT count(*) FROM notes_note").Scan(&before); err != nil {
			return err
		}
		if err := add(db, "meanwhile"); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT count(*) FROM notes_note").Scan(&after); err != nil {
			return err
		}
		if before != after {
			t.Errorf("a reader saw %d notes, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), FileName), notes)
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		db.Write(ctx, func(*Tx) error { close(inside); <-leave; return nil })
	})
	<-inside
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := db.Write(short, func(*Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting behind a writer ended with %v", err)
	}
	close(leave)
	wg.Wait()
}

func TestStepsAreAppliedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	db := open(t, path, notes)
	if err := add(db, "first"); err != nil {
		t.Fatal(err)
	}
	db.Close()

	more := Schema{Name: "notes", Steps: append(append([]string(nil), notes.Steps...), "ALTER TABLE notes_note ADD COLUMN at INTEGER")}
	other := Schema{Name: "other", Steps: []string{"CREATE TABLE other_thing (id INTEGER PRIMARY KEY) STRICT"}}
	for range 2 {
		db = open(t, path, more, other)
		if n := count(t, db, "SELECT count(at) + count(*) FROM notes_note"); n != 1 {
			t.Errorf("the rows of before the upgrade count %d", n)
		}
		if n := count(t, db, "SELECT count(*) FROM migration"); n != 3 {
			t.Errorf("%d steps are recorded, three were applied", n)
		}
		db.Close()
	}

	t.Run("newer", func(t *testing.T) {
		_, err := Open(ctx, path, notes)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "step 2") || !strings.Contains(err.Error(), path) {
			t.Errorf("a file of a newer program: %v", err)
		}
	})
	t.Run("changed", func(t *testing.T) {
		_, err := Open(ctx, path, Schema{Name: "notes", Steps: []string{notes.Steps[0], "ALTER TABLE notes_note ADD COLUMN at TEXT"}})
		if !errors.Is(err, ErrChanged) {
			t.Errorf("a step that was changed after it was applied: %v", err)
		}
	})
	t.Run("broken", func(t *testing.T) {
		_, err := Open(ctx, path, more, Schema{Name: "third", Steps: []string{"CREATE TABLE third_a (id INTEGER)", "CREATE NONSENSE"}})
		if err == nil || !strings.Contains(err.Error(), "tables of third: step 2") {
			t.Errorf("a broken step: %v", err)
		}
		db := open(t, path, more)
		if n := count(t, db, "SELECT count(*) FROM sqlite_schema WHERE name = 'third_a'"); n != 0 {
			t.Error("the step before the broken one stayed")
		}
	})
	t.Run("twice", func(t *testing.T) {
		if _, err := Open(ctx, path, more, notes); err == nil {
			t.Error("two schemas of one name were accepted")
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign.db")
	db := open(t, foreign, notes)
	if err := db.Write(ctx, func(tx *Tx) error { _, err := tx.Exec("PRAGMA application_id = 7"); return err }); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, c := range []struct{ name, path, says string }{
		{"damaged", write("damaged.db", strings.Repeat("not a database ", 100), 0o600), "damaged"},
		{"another program's", foreign, "something else"},
		{"a folder", dir, "not a file"},
		{"a path with a query", filepath.Join(dir, "a?b"), "may not contain"},
		{"no such folder", filepath.Join(dir, "none", "a.db"), "creating"},
	} {
		if _, err := Open(ctx, c.path, notes); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; it should say %q", c.name, err, c.says)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := write("open.db", "", 0o600)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, path, notes); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, FileName), notes)
	if err := add(db, "one"); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(ctx, filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o", e.Name(), info.Mode().Perm())
		}
	}
	if len(entries) < 3 {
		t.Errorf("%d files; the log and the copy were to be looked at too", len(entries))
	}
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, FileName), notes)
	if err := add(db, "before"); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "copy.db")
	if err := db.Backup(ctx, to); err != nil {
		t.Fatal(err)
	}
	if err := add(db, "after"); err != nil {
		t.Fatal(err)
	}
	restored := open(t, to, notes)
	if n := count(t, restored, "SELECT count(*) FROM notes_note"); n != 1 {
		t.Errorf("the copy has %d notes; one had been written", n)
	}
	if err := db.Backup(ctx, to); err == nil {
		t.Error("a backup replaced a file")
	}
}

func TestSweep(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), FileName), notes)
	for _, text := range []string{"1", "2", "3"} {
		if err := add(db, text); err != nil {
			t.Fatal(err)
		}
	}
	db.OnSweep("broken", func(context.Context, *Tx, time.Time) (int64, error) { return 0, errors.New("cannot") })
	db.OnSweep("notes", func(ctx context.Context, tx *Tx, now time.Time) (int64, error) {
		res, err := tx.ExecContext(ctx, "DELETE FROM notes_note WHERE CAST(text AS INTEGER) <= ?", now.Unix())
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	})
	removed, err := db.Sweep(ctx, time.Unix(2, 0))
	if removed["notes"] != 2 || err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("swept %v with error %v", removed, err)
	}
	if n := count(t, db, "SELECT count(*) FROM notes_note"); n != 1 {
		t.Errorf("%d notes are left of one that had not expired", n)
	}
}

// TestTwoProcesses has two programs create the file at the same time and write
// what they read: neither may lose the other's rows.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "OPSDB_WRITER="+path, "OPSDB_NAME="+name)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("process %s: %v\n%s", name, err, out.String())
			}
		})
	}
	wg.Wait()
	db := open(t, path, notes)
	if n := count(t, db, "SELECT count(*) FROM notes_note"); n != 2*writes {
		t.Errorf("%d rows of %d", n, 2*writes)
	}
	if n := count(t, db, "SELECT count(*) FROM migration"); n != 1 {
		t.Errorf("the step was applied %d times", n)
	}
}

func TestCopyIsTheFileAsItStands(t *testing.T) {
	db, err := Open(ctx, filepath.Join(t.TempDir(), FileName), notes)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	add := func(text string) {
		t.Helper()
		err := db.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec("INSERT INTO notes_note (text) VALUES (?)", text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add("before")
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := db.CopyTo(ctx, path); err != nil {
		t.Fatal(err)
	}
	add("after")
	if err := db.CopyTo(ctx, path); err == nil {
		t.Error("a copy was written over another")
	}
	copied, err := Open(ctx, path, notes)
	if err != nil {
		t.Fatalf("the copy does not open, as a file that others may read would not: %v", err)
	}
	defer copied.Close()
	var texts string
	err = copied.Read(ctx, func(tx *Tx) error {
		return tx.QueryRow("SELECT group_concat(text) FROM notes_note").Scan(&texts)
	})
	if err != nil || texts != "before" {
		t.Errorf("the copy holds %q, %v", texts, err)
	}
}
