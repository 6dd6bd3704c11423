package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reperform/opsdb"
)

var ctx = context.Background()

// world is a desk with a clock that passes when the test says so.
type world struct {
	*Service
	t    *testing.T
	path string
	mu   sync.Mutex
	at   time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), opsdb.FileName), at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	w.Service = w.open([32]byte{1})
	return w
}

// open opens the file once more, as another process would.
func (w *world) open(key [32]byte) *Service {
	w.t.Helper()
	db, err := opsdb.Open(ctx, w.path, Schema)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	s, err := New(db, Config{Key: key, Now: w.clock, Random: rand.Reader})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// is fails unless the error is the wanted one, or none for nil.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: the error is %v, not %v", what, err, want)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
