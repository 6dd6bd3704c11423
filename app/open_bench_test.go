package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"reperform/app"
	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/soc1"
)

// revisionsOf overrides how many revisions BenchmarkListAsOf writes.
const revisionsOf = "APP_BENCH_REVISIONS"

// filled is a workspace whose organization's ledger holds records of a kind
// with some revisions each, beside 500 risks. They are written below the app,
// many to a command.
func filled(b *testing.B, records, revisions int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "w")
	a, err := app.Init(context.Background(), dir, soc1.Organization{Name: "Northwind", Timezone: "UTC"}, "ada",
		soc1.Person{Name: "Ada Ruiz", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Administrator, soc1.ComplianceManager}}, app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	a.Close()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	log, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	commit := func(kind, prefix string, n int, rev int64, value any) {
		k, err := record.Kinds.Kind(kind)
		if err != nil {
			b.Fatal(err)
		}
		doc, err := k.Encode(value, nil, false)
		if err != nil {
			b.Fatal(err)
		}
		const each = 500
		var wg sync.WaitGroup
		for from := 0; from < n; from += each {
			wg.Go(func() {
				var drafts []ledger.Draft
				for i := from; i < min(n, from+each); i++ {
					drafts = append(drafts, ledger.Draft{Kind: kind, ID: fmt.Sprintf("%s-%07d", prefix, i), Revision: rev, Effective: fmt.Sprintf("2025-%02d-01", rev), Document: doc})
				}
				if _, err := log.Commit(ctx, ledger.Command{Ledger: app.OrganizationLedger, Actor: "ada", Action: "record.apply", Drafts: drafts}); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for rev := range int64(revisions) {
		commit("vendor", "v", records, rev+1, soc1.Vendor{Name: "A vendor"})
	}
	for rev := range int64(4) {
		commit("risk", "r", 500, rev+1, soc1.Risk{Code: "R", Text: fmt.Sprintf("A payment is made twice, said for time %d.", rev+1), Likelihood: 2, Impact: 4})
	}
	return dir
}

// BenchmarkOpen200000 opens a workspace of 200,000 records; the target is 1.5 s.
func BenchmarkOpen200000(b *testing.B) {
	dir := filled(b, 200_000, 1)
	for b.Loop() {
		a, err := app.Open(context.Background(), dir, app.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		a.Close()
		b.StartTimer()
	}
}

// BenchmarkListAsOf lists the 500 records of a kind as of a date, in a ledger
// with a million revisions; the target is 50 ms.
func BenchmarkListAsOf(b *testing.B) {
	ctx := context.Background()
	total := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(revisionsOf)); err == nil {
		total = n
	}
	dir := filled(b, total/10, 10)
	a, err := app.Open(ctx, dir, app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	// A position is read from the store, as any that is past; without one the
	// answer would come from memory.
	now, err := a.View(ctx, "ada", app.OrganizationLedger, record.AsOf{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v, err := a.View(ctx, "ada", app.OrganizationLedger, record.AsOf{Known: now.AsOf().Known, Effective: "2025-02-15"})
		if err != nil {
			b.Fatal(err)
		}
		list, err := record.All[soc1.Risk](ctx, v, "risk")
		if err != nil || len(list) != 500 || list[0].Revision != 2 {
			b.Fatalf("%d risks: %v", len(list), err)
		}
	}
}
