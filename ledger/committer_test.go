package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// node opens one more Log on the file of the directory, as another process would.
func node(t testing.TB, dir string, wrap func(ledger.Store) ledger.Store, opt ledger.Options) *ledger.Log {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	var store ledger.Store = s
	if wrap != nil {
		store = wrap(s)
	}
	opt.Keys = ledger.FileKeys{Dir: filepath.Join(dir, "keys")}
	l, err := ledger.Open(ctx, store, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); s.Close() })
	return l
}

func put(kind, id string, rev int64) ledger.Command {
	return ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Reason: "r",
		Drafts: []ledger.Draft{{Kind: kind, ID: id, Revision: rev, Effective: "2025-01-01", Document: []byte(`{"x":1}`)}}}
}

func mustVerify(t testing.TB, l *ledger.Log) *ledger.Report {
	t.Helper()
	rep, err := ledger.Verify(context.Background(), l.Store(), "org", ledger.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Err() != nil {
		t.Fatalf("problems: %s", problems(rep))
	}
	return rep
}

func version(t testing.TB, l *ledger.Log, kind, id string) int64 {
	t.Helper()
	s, err := l.Snapshot("org")
	if err != nil {
		t.Fatal(err)
	}
	return s.Version(kind, id)
}

// TestOneOfTheConflictingWins lets writers of several nodes change the same
// few records. Each revision is acknowledged to exactly one of them.
func TestOneOfTheConflictingWins(t *testing.T) {
	ctx := context.Background()
	for _, nodes := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("%d nodes", nodes), func(t *testing.T) {
			dir := t.TempDir()
			first := openLog(t, dir)
			create(t, first, "org")
			logs := []*ledger.Log{first}
			for len(logs) < nodes {
				logs = append(logs, node(t, dir, nil, ledger.Options{}))
			}
			var mu sync.Mutex
			won := map[string]map[int64]bool{}
			conflicts := 0
			var wg sync.WaitGroup
			for w := range 12 {
				l := logs[w%nodes]
				wg.Go(func() {
					for i := range 30 {
						id := fmt.Sprintf("c-%d", (w+i)%4)
						rev := version(t, l, "control", id) + 1
						_, err := l.Commit(ctx, put("control", id, rev))
						var conflict *ledger.ConflictError
						mu.Lock()
						switch {
						case errors.As(err, &conflict):
							conflicts++
						case err != nil:
							t.Error(err)
						case won[id][rev]:
							t.Errorf("%s revision %d was acknowledged twice", id, rev)
						default:
							if won[id] == nil {
								won[id] = map[int64]bool{}
							}
							won[id][rev] = true
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			entries := int64(1)
			for i, l := range logs {
				if err := l.Refresh(ctx); err != nil {
					t.Fatal(err)
				}
				for id, revs := range won {
					if got := version(t, l, "control", id); got != int64(len(revs)) {
						t.Errorf("node %d: %s is at revision %d, %d were acknowledged", i, id, got, len(revs))
					}
				}
				sameState(t, first, l)
			}
			for _, revs := range won {
				entries += int64(len(revs))
			}
			if rep := mustVerify(t, first); rep.Entries != entries {
				t.Errorf("%d entries, want one for each of %d acknowledged commands", rep.Entries, entries)
			}
			t.Logf("%d acknowledged, %d conflicts", entries-1, conflicts)
		})
	}
}

// sameState compares all that two nodes know of the ledger.
func sameState(t testing.TB, a, b *ledger.Log) {
	t.Helper()
	if x, y := stateOf(t, a), stateOf(t, b); x != y {
		t.Errorf("two states differ:\n%.2000s\nand\n%.2000s", x, y)
	}
}

func stateOf(t testing.TB, l *ledger.Log) string {
	t.Helper()
	s, err := l.Snapshot("org")
	if err != nil {
		t.Fatal(err)
	}
	note, err := l.Checkpoint("org")
	if err != nil {
		t.Fatal(err)
	}
	g, err := l.Genesis("org")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]string{}
	s.Kinds(func(kind string) {
		lines := []string{fmt.Sprint("version ", s.Version(kind, ""))}
		s.Kind(kind, func(id string, h ledger.RecordHead) bool {
			lines = append(lines, fmt.Sprintf("%s %+v", id, h))
			return true
		})
		kinds[kind] = lines
	})
	return fmt.Sprint(s.Size, g, kinds, string(note))
}

// TestReopenedStateIsTheRunningOne compares after each of many commands.
func TestReopenedStateIsTheRunningOne(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	create(t, l, "org")
	watching := node(t, dir, nil, ledger.Options{})
	for i := range 600 {
		mustCommit(t, l, put([]string{"control", "risk", "riskier"}[i%3], fmt.Sprint(i%40), version(t, l, []string{"control", "risk", "riskier"}[i%3], fmt.Sprint(i%40))+1))
		if i%100 == 57 || i > 595 || i == 254 || i == 255 {
			sameState(t, l, node(t, dir, nil, ledger.Options{}))
			if err := watching.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			sameState(t, l, watching)
		}
	}
}

// TestGuardsOnSets decides "at most five" from snapshots in many goroutines.
func TestGuardsOnSets(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	logs := []*ledger.Log{openLog(t, dir)}
	create(t, logs[0], "org")
	logs = append(logs, node(t, dir, nil, ledger.Options{}))
	var wg sync.WaitGroup
	var made atomic.Int64
	for w := range 16 {
		l := logs[w%2]
		wg.Go(func() {
			for i := 0; i < 100; i++ {
				s, err := l.Snapshot("org")
				if err != nil {
					t.Error(err)
					return
				}
				n := 0
				s.Kind("seat", func(string, ledger.RecordHead) bool { n++; return true })
				if n >= 5 {
					return
				}
				c := put("seat", fmt.Sprintf("s-%d-%d", w, i), 1)
				c.Guards = []ledger.Guard{{Kind: "seat", Version: s.Version("seat", "")}}
				_, err = l.Commit(ctx, c)
				var conflict *ledger.ConflictError
				switch {
				case err == nil:
					made.Add(1)
				case !errors.As(err, &conflict) || conflict.ID != "" || conflict.Kind != "seat":
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if made.Load() != 5 {
		t.Errorf("%d records were made where five are allowed", made.Load())
	}
	// A guard on a record that another command changed, and on one that is gone from view.
	l := logs[0]
	if err := l.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, l, put("control", "a", 1))
	c := put("control", "b", 1)
	c.Guards = []ledger.Guard{{Kind: "control", ID: "a", Version: 0}}
	var conflict *ledger.ConflictError
	if _, err := l.Commit(ctx, c); !errors.As(err, &conflict) || conflict.ID != "a" || conflict.Have != 1 {
		t.Errorf("a guard on a record that did not exist when it was read: %v", err)
	}
	c.Guards[0].Version = 1
	mustCommit(t, l, c)
}

func TestTimeNeverDecreases(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return at }
	l := node(t, dir, nil, ledger.Options{Now: clock})
	create(t, l, "org")
	var last time.Time
	for i, step := range []time.Duration{time.Hour, -48 * time.Hour, time.Microsecond, -time.Nanosecond, 72 * time.Hour, -time.Hour} {
		at = at.Add(step)
		r := mustCommit(t, l, put("control", fmt.Sprint(i), 1))
		if r.Time.Before(last) {
			t.Errorf("command %d has time %v, before %v", i, r.Time, last)
		}
		last = r.Time
	}
	// A node that has just started, with a clock far behind, too.
	at = at.Add(-1000 * time.Hour)
	other := node(t, dir, nil, ledger.Options{Now: clock})
	if r := mustCommit(t, other, put("control", "z", 1)); r.Time.Before(last) {
		t.Errorf("another node recorded time %v, before %v", r.Time, last)
	}
	mustVerify(t, l)
}

// TestLargeCommandIsVisibleAtOnce commits commands of several entries while
// readers watch: no size that anybody sees ends inside a command.
func TestLargeCommandIsVisibleAtOnce(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l := openLog(t, dir)
	create(t, l, "org")
	other := node(t, dir, nil, ledger.Options{})
	done := make(chan struct{})
	var wg sync.WaitGroup
	look := func(s ledger.Store, size int64) {
		err := s.Entries(ctx, "org", size-1, size, func(r ledger.Row) error {
			e, err := ledger.ParseEntry(r.Bytes)
			if err == nil && e.Part != e.Parts {
				err = fmt.Errorf("size %d ends with part %d of %d", size, e.Part, e.Parts)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			heads, err := other.Store().Heads(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			look(other.Store(), heads[0].Size)
			if err := other.Refresh(ctx); err != nil {
				t.Error(err)
				return
			}
			s, _ := other.Snapshot("org")
			look(other.Store(), s.Size)
		}
	})
	for i := range 12 {
		c := ledger.Command{Ledger: "org", Actor: "p-1", Action: "apply", Reason: "all"}
		for d := range 1000 {
			c.Drafts = append(c.Drafts, ledger.Draft{Kind: "person", ID: fmt.Sprintf("%d-%d", i, d), Revision: 1, Document: []byte("{}")})
		}
		if r := mustCommit(t, l, c); r.Last-r.First < 1 {
			t.Fatalf("1,000 changes took %d entries", r.Last-r.First+1)
		}
	}
	close(done)
	wg.Wait()
	if rep := mustVerify(t, l); rep.Revisions != 12_001 {
		t.Errorf("%d revisions, want 12,001", rep.Revisions)
	}
}
