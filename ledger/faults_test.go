package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reperform/ledger"
)

// faulty is a store whose appends fail or wait when told to.
type faulty struct {
	ledger.Store
	fail atomic.Pointer[error]
	gate atomic.Pointer[chan struct{}]
}

func (f *faulty) Append(ctx context.Context, b []ledger.Batch) error {
	if g := f.gate.Load(); g != nil {
		<-*g
	}
	if err := f.fail.Load(); err != nil {
		return *err
	}
	return f.Store.Append(ctx, b)
}

func faultyLog(t *testing.T) (*ledger.Log, *faulty) {
	t.Helper()
	f := &faulty{}
	l := node(t, t.TempDir(), func(s ledger.Store) ledger.Store { f.Store = s; return f }, ledger.Options{})
	create(t, l, "org")
	return l, f
}

func TestStoreErrorsReachEveryCaller(t *testing.T) {
	ctx := context.Background()
	l, f := faultyLog(t)
	broken := errors.New("the disk is on fire")
	f.fail.Store(&broken)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			if _, err := l.Commit(ctx, put("control", fmt.Sprint(w), 1)); !errors.Is(err, broken) {
				t.Errorf("writer %d got %v, want the store's error", w, err)
			}
		})
	}
	wg.Wait()
	f.fail.Store(nil)
	// Nothing of the failed batches is left in memory.
	if v := version(t, l, "control", "7"); v != 0 {
		t.Errorf("a command that failed left revision %d", v)
	}
	mustCommit(t, l, put("control", "7", 1))
	if rep := mustVerify(t, l); rep.Entries != 2 {
		t.Errorf("%d entries, want 2", rep.Entries)
	}
}

func TestCloseAnswersEveryCommand(t *testing.T) {
	ctx := context.Background()
	l := openLog(t, t.TempDir())
	create(t, l, "org")
	var wg sync.WaitGroup
	var acked atomic.Int64
	for w := range 32 {
		wg.Go(func() {
			for i := range 1_000_000 {
				_, err := l.Commit(ctx, put("control", fmt.Sprintf("%d-%d", w, i), 1))
				if errors.Is(err, ledger.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				acked.Add(1)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if rep := mustVerify(t, l); rep.Entries != acked.Load()+1 {
		t.Errorf("%d entries, %d commands were acknowledged", rep.Entries-1, acked.Load())
	}
	if err := l.Refresh(ctx); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("refreshing a closed ledger: %v, want ErrClosed", err)
	}
	if _, err := l.Commit(ctx, put("control", "late", 1)); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("committing to a closed ledger: %v, want ErrClosed", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestCancelStopsTheWaitingOnly(t *testing.T) {
	l, f := faultyLog(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		if _, err := l.Commit(gone, put("control", "never", 1)); !errors.Is(err, context.Canceled) {
			t.Fatalf("a command whose context was canceled before: %v", err)
		}
	}
	gate := make(chan struct{})
	f.gate.Store(&gate)
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Commit(short, put("control", "late", 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a command that waits for a stuck store: %v", err)
	}
	f.gate.Store(nil)
	close(gate)
	mustCommit(t, l, put("control", "next", 1))
	if v := version(t, l, "control", "late"); v != 1 {
		t.Errorf("the command whose caller left is at revision %d, want it recorded", v)
	}
	if v := version(t, l, "control", "never"); v != 0 {
		t.Error("a command canceled before it was given was recorded")
	}
	mustVerify(t, l)
}

// TestOneLedgerIsCreatedOnce creates the same ledger from many goroutines and
// two nodes, with records that do not conflict.
func TestOneLedgerIsCreatedOnce(t *testing.T) {
	ctx := context.Background()
	for range 10 {
		dir := t.TempDir()
		logs := []*ledger.Log{openLog(t, dir), openLog(t, dir)}
		var made atomic.Int64
		var wg sync.WaitGroup
		for w := range 12 {
			wg.Go(func() {
				c := put("seat", fmt.Sprint(w), 1)
				if _, err := logs[w%2].Create(ctx, c, "test/org", fmt.Sprintf("class-%d", w)); err == nil {
					made.Add(1)
				} else if !strings.Contains(err.Error(), "exists already") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("the ledger was created %d times", made.Load())
		}
		if rep := mustVerify(t, logs[0]); rep.Entries != 1 {
			t.Errorf("%d entries after one creation", rep.Entries)
		}
		for _, l := range logs {
			if err := l.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			mustCommit(t, l, put("control", fmt.Sprintf("%p", l), 1))
		}
		mustVerify(t, logs[1])
	}
}

// TestRedactionOfWhatIsNotThere must not take other commands of the batch along.
func TestRedactionOfWhatIsNotThere(t *testing.T) {
	ctx := context.Background()
	l, f := faultyLog(t)
	for i := range 20 {
		mustCommit(t, l, put("control", fmt.Sprint(i), 1))
	}
	redact := func(refs ...ledger.DocumentRef) ledger.Command {
		return ledger.Command{Ledger: "org", Actor: "p-1", Action: "redact", Reason: "lawful", Redacts: refs}
	}
	gate := make(chan struct{})
	f.gate.Store(&gate)
	var wg sync.WaitGroup
	var redacted atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			if _, err := l.Commit(ctx, put("risk", fmt.Sprint(i), 1)); err != nil {
				t.Errorf("an innocent command of the same batch: %v", err)
			}
		})
		wg.Go(func() {
			_, err := l.Commit(ctx, redact(ledger.DocumentRef{Pos: 5, Slot: 1}))
			switch {
			case err == nil:
				redacted.Add(1)
			case !errors.Is(err, ledger.ErrNoDocument):
				t.Error(err)
			}
		})
	}
	time.Sleep(30 * time.Millisecond)
	f.gate.Store(nil)
	close(gate)
	wg.Wait()
	if redacted.Load() != 1 {
		t.Errorf("one document was redacted %d times", redacted.Load())
	}
	for _, refs := range [][]ledger.DocumentRef{{{Pos: 5, Slot: 1}}, {{Pos: 6, Slot: 9}}, {{Pos: -1, Slot: 0}}, {{Pos: 6, Slot: -1}}, {{Pos: 1 << 50, Slot: 0}},
		{{Pos: 6, Slot: 1}, {Pos: 6, Slot: 1}}} {
		if _, err := l.Commit(ctx, redact(refs...)); !errors.Is(err, ledger.ErrNoDocument) {
			t.Errorf("redacting %v: %v, want ErrNoDocument", refs, err)
		}
	}
	mustCommit(t, l, redact(ledger.DocumentRef{Pos: 6, Slot: 1}, ledger.DocumentRef{Pos: 6, Slot: 0}))
	if rep := mustVerify(t, l); rep.Redacted != 3 {
		t.Errorf("%d documents redacted, want 3", rep.Redacted)
	}
	// The proof of an entry whose documents are gone holds as before.
	p, err := l.Prove(ctx, "org", 6)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := l.Genesis("org")
	if _, err := p.CheckInclusion(g.Key); err != nil {
		t.Error(err)
	}
}

func TestCommandsThatAreRefused(t *testing.T) {
	ctx := context.Background()
	l := openLog(t, t.TempDir())
	create(t, l, "org")
	long := strings.Repeat("x", 201)
	doc := []byte("{}")
	for name, c := range map[string]ledger.Command{
		"no such ledger":       {Ledger: "none", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}},
		"no actor":             {Ledger: "org", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}},
		"no action":            {Ledger: "org", Actor: "p", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}},
		"actor too long":       {Ledger: "org", Actor: long, Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}},
		"actor not UTF-8":      {Ledger: "org", Actor: "\xff", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}},
		"nothing to do":        {Ledger: "org", Actor: "p", Action: "a"},
		"no document":          {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1}}},
		"empty kind":           {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{ID: "i", Revision: 1, Document: doc}}},
		"id with a zero byte":  {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "a\x00b", Revision: 1, Document: doc}}},
		"id not UTF-8":         {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "a\xffb", Revision: 1, Document: doc}}},
		"id too long":          {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: long, Revision: 1, Document: doc}}},
		"no such date":         {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Effective: "2025-02-30", Document: doc}}},
		"date of another form": {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Effective: "1/2/2025", Document: doc}}},
		"revision 0":           {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 0, Document: doc}}},
		"revision 2 first":     {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 2, Document: doc}}},
		"same revision twice":  {Ledger: "org", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}, {Kind: "k", ID: "i", Revision: 1, Document: doc}}},
	} {
		if r, err := l.Commit(ctx, c); err == nil {
			t.Errorf("%s: recorded at %d", name, r.First)
		}
	}
	ok := ledger.Command{Ledger: "new", Actor: "p", Action: "a", Drafts: []ledger.Draft{{Kind: "k", ID: "i", Revision: 1, Document: doc}}}
	for _, c := range []struct{ ledger, origin, class string }{
		{"org", "test/org", ""}, {"Upper", "o", ""}, {"", "o", ""}, {"../up", "o", ""}, {".hidden", "o", ""}, {"new", "", ""}, {"new", "with space", ""},
		{"new", "a+b", ""}, {"new", "a\nb", ""}, {"new", long, ""}, {"new", "o", long}, {"new", "o", "a\nb"},
	} {
		cmd := ok
		cmd.Ledger = c.ledger
		if _, err := l.Create(ctx, cmd, c.origin, c.class); err == nil {
			t.Errorf("created ledger %q with origin %q and class %q", c.ledger, c.origin, c.class)
		}
	}
	// What was refused left no key behind that stands in the way.
	if _, err := l.Create(ctx, ok, "test/new", "class"); err != nil {
		t.Error(err)
	}
	if rep := mustVerify(t, l); rep.Entries != 1 {
		t.Errorf("%d entries, want the first alone", rep.Entries)
	}
}
