package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

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
