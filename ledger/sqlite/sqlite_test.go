package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/ledger"
	"reperform/ledger/ledgertest"
	"reperform/ledger/sqlite"
)

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestContract(t *testing.T) {
	ledgertest.Run(t, func(t testing.TB) ledgertest.Open {
		path := filepath.Join(t.TempDir(), "ledger.db")
		return func(t testing.TB) ledger.Store { return open(t, path) }
	})
}

// Several processes may meet a file that does not exist yet.
func TestConcurrentFirstOpening(t *testing.T) {
	for range 10 {
		path := filepath.Join(t.TempDir(), "ledger.db")
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				s, err := sqlite.Open(context.Background(), path)
				if err != nil {
					t.Errorf("opening: %v", err)
					return
				}
				if _, err := s.Heads(context.Background()); err != nil {
					t.Errorf("reading: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Errorf("closing: %v", err)
				}
			})
		}
		wg.Wait()
	}
}

// Whatever connection or process appends, the next question knows of it, however
// many ask meanwhile.
func TestHeadsOfOthers(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	a, b := open(t, path), open(t, path)
	m := ledgertest.NewModel("organization", 1)
	var readers sync.WaitGroup
	ctxAll, stop := context.WithCancel(ctx)
	for range 4 {
		readers.Go(func() {
			var last int64
			for ctxAll.Err() == nil {
				// Who gives up must not spoil it for the others.
				brief, cancel := context.WithTimeout(ctx, 50*time.Microsecond)
				_, _ = a.Heads(brief)
				cancel()
				heads, err := a.Heads(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				for _, h := range heads {
					if h.Size < last {
						t.Errorf("size %d after %d", h.Size, last)
					}
					last = h.Size
				}
			}
		})
	}
	for i := range 200 {
		by, other := a, b
		if i%3 == 0 {
			by, other = b, a
		}
		batch := m.Batch(1 + i%3)
		if err := by.Append(ctx, []ledger.Batch{batch}); err != nil {
			t.Fatal(err)
		}
		m.Apply(batch)
		for _, s := range []*sqlite.Store{other, by, other} {
			heads, err := s.Heads(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if len(heads) != 1 || heads[0].Size != m.Head().Size || !bytes.Equal(heads[0].Checkpoint, m.Head().Checkpoint) {
				t.Fatalf("after append %d the heads are %v, want %v", i, heads, m.Head())
			}
			heads[0].Size = -1 // what was given out belongs to who asked
		}
	}
	stop()
	readers.Wait()
}

// BenchmarkHeads asks for the heads of a file that does not change.
func BenchmarkHeads(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	m := ledgertest.NewModel("organization", 1)
	if err := s.Append(b.Context(), []ledger.Batch{m.Batch(3)}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Heads(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// What the keys cannot hold is refused before it could reach the rows of
// another ledger, and leaves nothing behind.
func TestKeysHaveBounds(t *testing.T) {
	ctx := context.Background()
	batch := func(name string, from int64, slot int) ledger.Batch {
		return ledger.Batch{Ledger: name, From: from, Rows: []ledger.Row{{Pos: from, Bytes: []byte("{}"),
			Documents: []ledger.Document{{Slot: slot, Salt: make([]byte, ledger.SaltSize), Bytes: []byte("x")}}}}}
	}
	for _, c := range []struct {
		name, prepare string
		batch         ledger.Batch
		want          string // "" when it must succeed
	}{
		{"last number", "INSERT INTO ledger VALUES (4094, 'other', 0)", batch("new", 0, 1), ""},
		{"number after the last", "INSERT INTO ledger VALUES (4095, 'other', 0)", batch("new", 0, 1), "numbers 1 to 4095"},
		{"damaged number", "INSERT INTO ledger VALUES (-1, 'new', 3)", batch("new", 3, 1), "has number -1"},
		{"last position", "INSERT INTO ledger VALUES (1, 'new', (1 << 40) - 1)", batch("new", 1<<40-1, 1), ""},
		{"position after the last", "INSERT INTO ledger VALUES (1, 'new', 1 << 40)", batch("new", 1<<40, 1), "at most 1099511627776"},
		{"last slot", "SELECT 1", batch("new", 0, 2047), ""},
		{"slot after the last", "SELECT 1", batch("new", 0, 2048), "slot 2048"},
		{"negative slot", "SELECT 1", batch("new", 0, -1), "slot -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			s := open(t, path)
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(c.prepare); err != nil {
				t.Fatal(err)
			}
			err = s.Append(ctx, []ledger.Batch{c.batch})
			var rows int
			if err := db.QueryRow("SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM document)").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if err != nil || rows != 2 {
					t.Fatalf("%d rows, %v; want 2 rows", rows, err)
				}
				got := 0
				err := s.Entries(ctx, "new", c.batch.From, c.batch.From+1, func(r ledger.Row) error {
					got++
					if r.Pos != c.batch.From || len(r.Documents) != 1 || r.Documents[0].Slot != c.batch.Rows[0].Documents[0].Slot {
						t.Errorf("read %+v, wrote %+v", r, c.batch.Rows[0])
					}
					return nil
				})
				if err != nil || got != 1 {
					t.Errorf("%d entries read, %v; want 1", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || rows != 0 {
				t.Errorf("%d rows, %v; want none, and an error with %q", rows, err, c.want)
			}
		})
	}
}
