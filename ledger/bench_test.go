package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// benchDocument is of the size of a usual register record.
const benchDocument = `{"code":"PAY-3.2","title":"The processing team works the open-payroll dashboard","nature":"manual","frequency":"daily"}`

// cpu is the processor time this process has used: on a machine shared with
// others it tells more than the clock.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// appends counts appends: each is one transaction and one sync of the log.
type appends struct {
	*sqlite.Store
	n atomic.Int64
}

func (a *appends) Append(ctx context.Context, b []ledger.Batch) error {
	a.n.Add(1)
	return a.Store.Append(ctx, b)
}

// BenchmarkCommit measures one-change commands, from one caller and from 64.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var count *appends
			l := node(b, b.TempDir(), func(s ledger.Store) ledger.Store {
				count = &appends{Store: s.(*sqlite.Store)}
				return count
			}, ledger.Options{})
			create(b, l, "org")
			count.n.Store(0)
			b.ReportAllocs()
			b.ResetTimer()
			used := cpu(b)
			commitMany(b, l, writers, b.N, "b")
			b.ReportMetric(float64((cpu(b)-used).Nanoseconds())/1e3/float64(b.N), "cpu-µs/command")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(count.n.Load())/b.Elapsed().Seconds(), "syncs/s")
		})
	}
}

func commitMany(b *testing.B, l *ledger.Log, writers, n int, prefix string) {
	ctx := context.Background()
	var wg sync.WaitGroup
	for w := range writers {
		mine := n / writers
		if w < n%writers {
			mine++
		}
		wg.Go(func() {
			for i := range mine {
				_, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Reason: "monthly review",
					Drafts: []ledger.Draft{{Kind: "control", ID: fmt.Sprintf("%s-%d-%d", prefix, w, i), Revision: 1, Effective: "2025-01-01", Document: []byte(benchDocument)}}})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkVerify reports microseconds for one entry of a ledger that 64
// writers grew.
func BenchmarkVerify(b *testing.B) {
	ctx := context.Background()
	l := openLog(b, b.TempDir())
	create(b, l, "org")
	commitMany(b, l, 64, 30_000, "v")
	for _, c := range []struct {
		name string
		opt  ledger.VerifyOptions
	}{{"tree", ledger.VerifyOptions{TreeOnly: true}}, {"whole", ledger.VerifyOptions{}}} {
		b.Run(c.name, func(b *testing.B) {
			entries := int64(0)
			used := cpu(b)
			for b.Loop() {
				rep, err := ledger.Verify(ctx, l.Store(), "org", c.opt)
				if err != nil || rep.Err() != nil {
					b.Fatal(err, rep.Err())
				}
				entries += rep.Entries
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(entries), "µs/entry")
			b.ReportMetric(float64((cpu(b)-used).Nanoseconds())/1e3/float64(entries), "cpu-µs/entry")
		})
	}
}

// millionDir is where million stands; TestMain removes it.
var millionDir string

// million is a ledger of 200,000 records with five revisions each, made once.
var million = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "reperform-bench-")
	if err != nil {
		return "", err
	}
	millionDir = dir
	l, err := childOpen(dir)
	if err != nil {
		return dir, err
	}
	defer l.Store().Close()
	defer l.Close()
	ctx := context.Background()
	_, err = l.Create(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "init", Drafts: []ledger.Draft{{Kind: "organization", ID: "o", Revision: 1, Document: []byte("{}")}}}, "test/org", "organization")
	if err != nil {
		return dir, err
	}
	for rev := int64(1); rev <= 5; rev++ {
		for from := 0; from < 200_000; from += 2000 {
			c := ledger.Command{Ledger: "org", Actor: "p", Action: "apply"}
			for i := from; i < from+2000; i++ {
				kind := "control"
				if i < 3660 {
					kind = "result"
				}
				// Some revisions take effect before those they replace.
				c.Drafts = append(c.Drafts, ledger.Draft{Kind: kind, ID: fmt.Sprintf("r-%06d", i), Revision: rev,
					Effective: fmt.Sprintf("2025-%02d-01", 1+(rev*3+int64(i)%4)%12), Document: []byte(benchDocument)})
			}
			if _, err := l.Commit(ctx, c); err != nil {
				return dir, err
			}
		}
	}
	return dir, nil
})

func benchMillion(b *testing.B) string {
	b.Helper()
	dir, err := million()
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// BenchmarkOpen200k opens a ledger of 200,000 records and a million revisions.
func BenchmarkOpen200k(b *testing.B) {
	dir := benchMillion(b)
	used, n := cpu(b), 0
	defer func() { b.ReportMetric(float64((cpu(b)-used).Milliseconds())/float64(n), "cpu-ms/op") }()
	for b.Loop() {
		n++
		l, err := childOpen(dir)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		l.Close()
		l.Store().Close()
		b.StartTimer()
	}
}

// BenchmarkAsOf looks back within a million revisions.
func BenchmarkAsOf(b *testing.B) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(benchMillion(b), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	heads, err := s.Heads(ctx)
	if err != nil {
		b.Fatal(err)
	}
	known := heads[0].Size / 2
	for _, c := range []struct {
		name string
		q    ledger.RevisionQuery
		rows int
	}{
		{"list of 100", ledger.RevisionQuery{Kind: "control", Select: ledger.SelectInForce, Effective: "2025-06-30", Limit: 100, After: "r-100000", Documents: true}, 100},
		{"one history", ledger.RevisionQuery{Kind: "control", ID: "r-100000", Select: ledger.SelectKnownAll, Documents: true}, 2},
		{"kind of 3660", ledger.RevisionQuery{Kind: "result", Select: ledger.SelectInForce, Effective: "2025-12-31"}, 3660},
		{"kind of 3660 with documents", ledger.RevisionQuery{Kind: "result", Select: ledger.SelectInForce, Effective: "2025-12-31", Documents: true}, 3660},
	} {
		c.q.Ledger, c.q.Known = "org", known
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			for b.Loop() {
				n := 0
				if err := s.Revisions(ctx, c.q, func(ledger.Revision) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
				if n != c.rows {
					b.Fatalf("%d rows, want %d", n, c.rows)
				}
			}
		})
	}
}

// BenchmarkProve makes inclusion and consistency proofs over a million revisions.
func BenchmarkProve(b *testing.B) {
	ctx := context.Background()
	l, err := childOpen(benchMillion(b))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Store().Close()
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		if _, err := l.Prove(ctx, "org", int64(i)%1000); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEdge is the cost of the tree alone for one entry.
func BenchmarkEdge(b *testing.B) {
	e := ledger.NewEdge()
	leaf := tlog.RecordHash([]byte("x"))
	for b.Loop() {
		e.Add(leaf, nil)
	}
}
