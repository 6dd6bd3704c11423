package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

func initialized(tb testing.TB) *app.App {
	tb.Helper()
	return initializedIn(tb, tb.TempDir()+"/w")
}

func initializedIn(tb testing.TB, dir string) *app.App {
	tb.Helper()
	a, err := app.Init(context.Background(), dir, soc1.Organization{Name: "Northwind", Timezone: "UTC"}, "ada",
		soc1.Person{Name: "Ada Ruiz", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Administrator, soc1.ComplianceManager}}, app.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { a.Close() })
	return a
}

// BenchmarkCommands64Writers measures one-change commands through the whole
// command path: authorization, decision, guards, append, acknowledgement.
func BenchmarkCommands64Writers(b *testing.B) {
	ctx := context.Background()
	a := initialized(b)
	const writers, each = 64, 300
	round := 0
	for b.Loop() {
		round++
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					r := soc1.Risk{Code: "R", Text: "A payment is made twice.", Likelihood: 2, Impact: 4}
					if err := a.PutRecord(ctx, "ada", app.RecordChange{Kind: "risk", ID: fmt.Sprintf("r-%d-%d-%d", round, w, i), Effective: "2025-01-01", Value: r, Reason: "Found in the workshop."}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	b.ReportMetric(float64(writers*each*b.N)/b.Elapsed().Seconds(), "commands/s")
}
