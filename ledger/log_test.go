package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

func openLog(t testing.TB, dir string) *ledger.Log {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(ctx, s, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); s.Close() })
	return l
}

func create(t testing.TB, l *ledger.Log, name string) {
	t.Helper()
	_, err := l.Create(context.Background(), ledger.Command{Ledger: name, Actor: "p-1", Action: "workspace.init", Reason: "begin",
		Drafts: []ledger.Draft{{Kind: "organization", ID: "organization", Revision: 1, Document: []byte(`{"name":"X"}`)}}}, "test/"+name, "organization")
	if err != nil {
		t.Fatal(err)
	}
}

func TestConcurrentCommandsAreGaplessAndVerify(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l := openLog(t, dir)
	create(t, l, "org")
	const writers, each = 16, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Reason: "why",
					Drafts: []ledger.Draft{{Kind: "control", ID: fmt.Sprintf("c-%d", w), Revision: int64(i + 1), Effective: "2025-01-01", Document: fmt.Appendf(nil, `{"n":%d}`, i)}}})
				if err != nil {
					t.Errorf("writer %d, command %d: %v", w, i, err)
				}
			}
		})
	}
	wg.Wait()
	rep, err := ledger.Verify(ctx, l.Store(), "org", ledger.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.Err(); err != nil {
		t.Fatal(rep.Problems)
	}
	if rep.Entries != 1+writers*each {
		t.Fatalf("%d entries, want %d", rep.Entries, 1+writers*each)
	}
	// A second copy that opens the same store has the same state.
	l2 := openLog(t, dir)
	a, _ := l.Snapshot("org")
	b, _ := l2.Snapshot("org")
	if a.Size != b.Size || a.Version("control", "c-3") != b.Version("control", "c-3") || a.Version("control", "") != b.Version("control", "") {
		t.Fatalf("reopened state differs: %d/%d", a.Size, b.Size)
	}
	// The two nodes take turns: each finds the other's entries by itself.
	for i, node := range []*ledger.Log{l2, l, l2} {
		_, err := node.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p-2", Action: "record.put", Drafts: []ledger.Draft{{Kind: "risk", ID: "r", Revision: int64(i + 1), Document: []byte("{}")}}})
		if err != nil {
			t.Fatalf("turn %d: %v", i, err)
		}
	}
	p, err := l.Prove(ctx, "org", 5)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := l.Genesis("org")
	if _, err := p.CheckInclusion(g.Key); err != nil {
		t.Fatal(err)
	}
}

func TestStaleRevisionIsRefused(t *testing.T) {
	ctx := context.Background()
	l := openLog(t, t.TempDir())
	create(t, l, "org")
	put := func(rev int64) error {
		_, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Drafts: []ledger.Draft{{Kind: "control", ID: "c", Revision: rev, Document: []byte("{}")}}})
		return err
	}
	if err := put(1); err != nil {
		t.Fatal(err)
	}
	var conflict *ledger.ConflictError
	if err := put(1); !errors.As(err, &conflict) || conflict.Have != 1 {
		t.Fatalf("second revision 1: %v", err)
	}
	if err := put(3); !errors.As(err, &conflict) {
		t.Fatalf("gap: %v", err)
	}
	if err := put(2); err != nil {
		t.Fatal(err)
	}
}
