package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"reperform/ledger"
)

var ctx = context.Background()

func mustAppend(t testing.TB, s ledger.Store, m *Model, b ledger.Batch) {
	t.Helper()
	if err := s.Append(ctx, []ledger.Batch{b}); err != nil {
		t.Fatalf("appending %d rows at %d: %v", len(b.Rows), b.From, err)
	}
	m.Apply(b)
}

// check compares everything the store says of the ledgers with the models.
func check(t testing.TB, s ledger.Store, models ...*Model) {
	t.Helper()
	heads, err := s.Heads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(heads) != len(models) {
		t.Fatalf("the store has %d ledgers, want %d: %+v", len(heads), len(models), heads)
	}
	for i, m := range models {
		if want := m.Head(); heads[i].Ledger != want.Ledger || heads[i].Size != want.Size || !bytes.Equal(heads[i].Checkpoint, want.Checkpoint) {
			t.Fatalf("head %d is %+v, want %+v", i, heads[i], want)
		}
		checkEntries(t, s, m, 0, int64(len(m.Rows)))
		checkRevisions(t, s, m, ledger.RevisionQuery{Ledger: m.Name, Documents: true})
	}
}

func checkEntries(t testing.TB, s ledger.Store, m *Model, from, to int64) {
	t.Helper()
	next := max(from, 0)
	err := s.Entries(ctx, m.Name, from, to, func(r ledger.Row) error {
		if next >= int64(len(m.Rows)) || !equalRow(r, m.Rows[next]) {
			t.Fatalf("ledger %s, asked for %d to %d: got row %+v where position %d is next", m.Name, from, to, r, next)
		}
		next++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := max(next, min(to, int64(len(m.Rows)))); next != want {
		t.Fatalf("ledger %s, asked for %d to %d: entries ended before %d", m.Name, from, to, next)
	}
}

func testEmpty(t *testing.T, open Open) {
	s := open(t)
	check(t, s)
	if err := s.Entries(ctx, "none", 0, 1, func(ledger.Row) error { return nil }); !errors.Is(err, ledger.ErrNoLedger) {
		t.Errorf("entries of a ledger that does not exist: %v, want ErrNoLedger", err)
	}
	if err := s.Revisions(ctx, ledger.RevisionQuery{Ledger: "none"}, func(ledger.Revision) error { return nil }); !errors.Is(err, ledger.ErrNoLedger) {
		t.Errorf("revisions of a ledger that does not exist: %v, want ErrNoLedger", err)
	}
	if _, err := s.Tile(ctx, "none", 0, 0); !errors.Is(err, ledger.ErrNoTile) {
		t.Errorf("tile of a ledger that does not exist: %v, want ErrNoTile", err)
	}
}

func testHeads(t *testing.T, open Open) {
	s := open(t)
	// Created out of the order of their names.
	b, a := NewModel("b", 1), NewModel("a", 2)
	mustAppend(t, s, b, b.Batch(3))
	check(t, s, b)
	mustAppend(t, s, a, a.Batch(3))
	for range 5 {
		mustAppend(t, s, b, b.Batch(3))
		mustAppend(t, s, a, a.Batch(9))
		check(t, s, a, b)
	}
}

func testAtomic(t *testing.T, open Open) {
	s := open(t)
	a, b := NewModel("a", 3), NewModel("b", 4)
	mustAppend(t, s, a, a.Batch(5))
	mustAppend(t, s, b, b.Batch(5))
	good, bad := a.Batch(5), b.Batch(5)
	bad.Redacts = []ledger.DocumentRef{{Pos: 1 << 40, Slot: 7}}
	if err := s.Append(ctx, []ledger.Batch{good, bad}); !errors.Is(err, ledger.ErrNoDocument) {
		t.Fatalf("redacting a document that never was: %v, want ErrNoDocument", err)
	}
	check(t, s, a, b)
	// A new ledger in the same append does not stay behind either.
	c := NewModel("c", 5)
	if err := s.Append(ctx, []ledger.Batch{c.Batch(2), bad}); err == nil {
		t.Fatal("the append with a bad batch was accepted")
	}
	check(t, s, a, b)
	bad.Redacts = nil
	if err := s.Append(ctx, []ledger.Batch{good, bad}); err != nil {
		t.Fatalf("the same batches without the fault: %v", err)
	}
	a.Apply(good)
	b.Apply(bad)
	check(t, s, a, b)
}

func testStale(t *testing.T, open Open) {
	s := open(t)
	a, b := NewModel("a", 6), NewModel("b", 7)
	early := a.Batch(2)
	early.From = 1
	if err := s.Append(ctx, []ledger.Batch{early}); !errors.Is(err, ledger.ErrStale) {
		t.Fatalf("appending behind the end of a ledger that does not exist: %v, want ErrStale", err)
	}
	mustAppend(t, s, a, a.Batch(4))
	mustAppend(t, s, b, b.Batch(4))
	for _, shift := range []int64{-1, 1, 100} {
		stale := a.Batch(3)
		stale.From += shift
		for i := range stale.Rows {
			stale.Rows[i].Pos += shift
		}
		for i := range stale.Revisions {
			stale.Revisions[i].Pos += shift
		}
		if err := s.Append(ctx, []ledger.Batch{b.Batch(3), stale}); !errors.Is(err, ledger.ErrStale) {
			t.Fatalf("appending at %d more than the size: %v, want ErrStale", shift, err)
		}
		check(t, s, a, b)
	}
	again := a.Batch(3)
	again.From = 0
	if err := s.Append(ctx, []ledger.Batch{again}); !errors.Is(err, ledger.ErrStale) {
		t.Fatalf("creating a ledger that exists: %v, want ErrStale", err)
	}
	check(t, s, a, b)
}

func testDurable(t *testing.T, open Open) {
	a := NewModel("a", 8)
	for range 4 {
		s := open(t)
		if len(a.Rows) > 0 {
			check(t, s, a)
		}
		mustAppend(t, s, a, a.Batch(20))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	check(t, open(t), a)
}

func testTwoHandles(t *testing.T, open Open) {
	one, two := open(t), open(t)
	a := NewModel("a", 9)
	for range 6 {
		mustAppend(t, one, a, a.Batch(4))
		check(t, two, a)
		mustAppend(t, two, a, a.Batch(4))
		check(t, one, a)
	}
	// Both appending at one size: exactly one succeeds each time.
	for range 20 {
		x, y := a.Batch(2), a.Batch(2)
		errs := make(chan error, 1)
		go func() { errs <- two.Append(ctx, []ledger.Batch{y}) }()
		ex, ey := one.Append(ctx, []ledger.Batch{x}), <-errs
		switch {
		case ex == nil && errors.Is(ey, ledger.ErrStale):
			a.Apply(x)
		case ey == nil && errors.Is(ex, ledger.ErrStale):
			a.Apply(y)
		default:
			t.Fatalf("two appends at one size: %v and %v, want one nil and one ErrStale", ex, ey)
		}
	}
	check(t, one, a)
	check(t, two, a)
}

func testCanceled(t *testing.T, open Open) {
	s := open(t)
	a := NewModel("a", 10)
	mustAppend(t, s, a, a.Batch(4))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Append(gone, []ledger.Batch{a.Batch(4)}); err == nil {
		t.Fatal("an append with a canceled context was accepted")
	}
	check(t, s, a)
	mustAppend(t, s, a, a.Batch(4))
	check(t, s, a)
}
