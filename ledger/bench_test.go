package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"reperform/ledger"
)

// benchDocument is of the size of a usual register record.
const benchDocument = `{"code":"PAY-3.2","title":"The processing team works the open-payroll dashboard","nature":"manual","frequency":"daily"}`

func benchCommit(b *testing.B, writers int) {
	ctx := context.Background()
	l := openLog(b, b.TempDir())
	create(b, l, "org")
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		n := b.N / writers
		if w < b.N%writers {
			n++
		}
		wg.Go(func() {
			for i := range n {
				_, err := l.Commit(ctx, ledger.Command{Ledger: "org", Actor: "p-1", Action: "record.put", Reason: "monthly review",
					Drafts: []ledger.Draft{{Kind: "control", ID: fmt.Sprintf("b-%d-%d", w, i), Revision: 1, Effective: "2025-01-01", Document: []byte(benchDocument)}}})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchCommit(b, writers) })
	}
}
