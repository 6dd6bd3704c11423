package sqlite

import (
	"context"
	"testing"
)

// HoldRead keeps a state of the file open as a long reader does, until released.
func HoldRead(t testing.TB, s *Store) (release func()) {
	t.Helper()
	tx, err := s.read.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM entry").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}
