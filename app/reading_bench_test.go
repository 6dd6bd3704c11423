package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"reperform/app"
	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/soc1"
)

// entriesOf overrides how many entries BenchmarkReading writes.
const entriesOf = "APP_BENCH_ENTRIES"

// busy is a workspace as after years: 100,000 vendors, 500 controls, and a
// million commands of nine people that changed some of 20,000 risks.
func busy(b *testing.B, entries int) string {
	b.Helper()
	ctx := context.Background()
	dir := filepath.Join(b.TempDir(), "w")
	initializedIn(b, dir).Close()
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
	draft := func(kind, id string, rev int64, value any) ledger.Draft {
		k, err := record.Kinds.Kind(kind)
		if err != nil {
			b.Fatal(err)
		}
		doc, err := k.Encode(value, nil, false)
		if err != nil {
			b.Fatal(err)
		}
		return ledger.Draft{Kind: kind, ID: id, Revision: rev, Effective: "2025-01-01", Document: doc}
	}
	commit := func(actor, action string, drafts ...ledger.Draft) {
		if _, err := log.Commit(ctx, ledger.Command{Ledger: app.OrganizationLedger, Actor: actor, Action: action, Reason: "As agreed in the meeting.", Drafts: drafts}); err != nil {
			b.Error(err)
		}
	}
	words := []string{"harbor", "printing", "payroll", "courier", "archive", "cloud", "legal", "cleaning", "security", "travel", "Ångström", "metals"}
	for from := 0; from < 100_000; from += 500 {
		var ds []ledger.Draft
		for i := from; i < from+500; i++ {
			w := func(n int) string { return words[(i*7+n*5+i/13)%len(words)] }
			ds = append(ds, draft("vendor", fmt.Sprintf("v-%06d", i), 1, soc1.Vendor{Name: fmt.Sprintf("%s %s %d", w(1), w(2), i*7919%100_000),
				ServicesProvided: "Supplies " + w(3) + " and " + w(4) + " under a yearly contract.", Monitoring: "Reviewed each year by the owner."}))
		}
		commit("ada", "record.apply", ds...)
	}
	var ds []ledger.Draft
	for i := range 500 {
		ds = append(ds, draft("control", fmt.Sprintf("c-%03d", i), 1, soc1.Control{Code: fmt.Sprintf("C-%d.%d", i/10, i%10), Text: "The manager compares the payroll register with the bank file before it is sent, and signs."}))
	}
	commit("ada", "record.apply", ds...)
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			// Each writer has risks of its own.
			for n := w; n < entries; n += 64 {
				i := n % (20_000 - 20_000%64)
				actor, action := fmt.Sprintf("p-%d", n*13%9), []string{"record.put", "record.apply", "record.put", "record.bulk"}[n%4]
				commit(actor, action, draft("risk", fmt.Sprintf("r-%05d", i), int64(n/(20_000-20_000%64)+1), soc1.Risk{Code: "R", Text: "A payment is made twice.", Likelihood: 2, Impact: 4}))
			}
		})
	}
	wg.Wait()
	return dir
}

// times runs a reading many times and reports how long the middle one and the
// slowest of a hundred take.
func times(b *testing.B, n int, read func(i int)) {
	b.Helper()
	for b.Loop() {
		took := make([]time.Duration, n)
		for i := range n {
			begin := time.Now()
			read(i)
			took[i] = time.Since(begin)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[n/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[n*99/100].Microseconds()), "p99-µs")
	}
	b.ReportMetric(0, "ns/op")
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkReading measures what pages read, in a ledger of a million entries.
// The targets are 2 ms for the middle one and 10 ms for the slowest of a
// hundred.
func BenchmarkReading(b *testing.B) {
	ctx := context.Background()
	entries := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(entriesOf)); err == nil {
		entries = n
	}
	dir := busy(b, entries)
	a, err := app.Open(ctx, dir, app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	vendors, err := record.Kinds.Kind("vendor")
	check(err)
	byName, err := vendors.ByField("name")
	check(err)
	byServices, err := vendors.ByField("services_provided")
	check(err)
	rows := func(kind string) *record.List {
		v, err := a.View(ctx, "ada", app.OrganizationLedger, record.AsOf{})
		check(err)
		l, err := v.Rows(ctx, kind)
		check(err)
		return l
	}
	page := func(o *record.Order, from int) {
		for i := from; i < min(from+100, o.Len()); i++ {
			if _, err := record.Value[soc1.Vendor](o.At(i)); err != nil {
				b.Fatal(err)
			}
		}
	}
	activity := func(q app.ActivityQuery) *app.Activity {
		x, err := a.Activity(ctx, "ada", q)
		check(err)
		return x
	}
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			before, begin := heap(), time.Now()
			rows("vendor")
			b.ReportMetric(time.Since(begin).Seconds(), "load-100k-s")
			after := heap()
			b.ReportMetric(after-before, "load-100k-MiB")
			begin = time.Now()
			activity(app.ActivityQuery{})
			b.ReportMetric(time.Since(begin).Seconds(), "activity-s")
			b.ReportMetric(heap()-after, "activity-MiB")
			begin = time.Now()
			page(rows("vendor").By("name", byName), 0)
			b.ReportMetric(time.Since(begin).Seconds(), "sort-100k-s")
			begin = time.Now()
			check(a.Warm(ctx))
			b.ReportMetric(time.Since(begin).Seconds(), "words-s")
			b.ReportMetric(heap()-before, "all-MiB")
			begin = time.Now()
			rows("vendor").Holding("zzz", "name", byName)
			b.ReportMetric(time.Since(begin).Seconds(), "fold-100k-s")
		}
		b.ReportMetric(0, "ns/op")
	})
	b.Run("list-by-id", func(b *testing.B) {
		times(b, 2000, func(i int) {
			n := 0
			rows("vendor").After(fmt.Sprintf("v-%06d", i*47%100_000), func(it *record.Item) bool {
				if _, err := record.Value[soc1.Vendor](it); err != nil {
					b.Fatal(err)
				}
				n++
				return n < 100
			})
		})
	})
	b.Run("list-by-name", func(b *testing.B) {
		times(b, 2000, func(i int) { page(rows("vendor").By("name", byName), i*47%99_000) })
	})
	b.Run("filter-100k", func(b *testing.B) {
		// Each text is new, and the order has to be made.
		times(b, 200, func(i int) {
			q := fmt.Sprintf("harbor %d", i)
			page(rows("vendor").Holding(q, "name", byName), 0)
		})
	})
	b.Run("change", func(b *testing.B) {
		rev := map[int]int64{}
		times(b, 300, func(i int) {
			n := i * 331 % 100_000
			rev[n]++
			check(a.PutRecord(ctx, "ada", app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%06d", n), Revision: -1, Effective: "2025-01-01", Value: soc1.Vendor{Name: fmt.Sprintf("Changed %d", rev[n])}}))
		})
	})
	b.Run("list-after-change", func(b *testing.B) {
		took := []time.Duration{}
		for b.Loop() {
			for i := range 300 {
				n := i * 37 % 100_000
				check(a.PutRecord(ctx, "ada", app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%06d", n), Revision: -1, Effective: "2025-01-01", Value: soc1.Vendor{Name: fmt.Sprintf("Changed again %d %d", i, len(took))}}))
				begin := time.Now()
				l := rows("vendor")
				page(l.By("name", byName), i*300)
				page(l.By("services", byServices), i*300)
				took = append(took, time.Since(begin))
			}
		}
		took = took[1:] // the first made the second order
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("controls-500", func(b *testing.B) {
		times(b, 1000, func(int) {
			v, err := a.View(ctx, "ada", app.OrganizationLedger, record.AsOf{})
			check(err)
			cs, err := record.All[soc1.Control](ctx, v, "control")
			check(err)
			if len(cs) != 500 {
				b.Fatalf("%d controls", len(cs))
			}
		})
	})
	b.Run("controls-500-on-a-date", func(b *testing.B) {
		times(b, 1000, func(int) {
			v, err := a.View(ctx, "ada", app.OrganizationLedger, record.AsOf{Effective: "2025-06-30"})
			check(err)
			_, err = record.All[soc1.Control](ctx, v, "control")
			check(err)
		})
	})
	for name, q := range map[string]app.ActivityQuery{
		"first": {}, "actor": {Actor: "p-3"}, "actor-counted": {Actor: "p-3", Count: true}, "rare-kind": {Kind: "control", Count: true},
		"nothing": {Actor: "ada", Kind: "risk", Action: "record.bulk", Count: true}, "record": {Kind: "risk", ID: "r-00123", Count: true},
		"action-in-time": {Action: "record.bulk", From: time.Now().Add(-time.Hour), To: time.Now(), Count: true},
	} {
		b.Run("activity-"+name, func(b *testing.B) { times(b, 200, func(int) { activity(q) }) })
	}
	b.Run("activity-deep", func(b *testing.B) {
		next := ""
		times(b, 500, func(int) { next = activity(app.ActivityQuery{Actor: "p-5", Before: next}).Next })
	})
	qs := []string{"v", "v-0123", "harbor", "pri pay", "angstrom metals 77", "zzz", "yearly contract", "r", "C-12.3", "reviewed each year owner"}
	b.Run("search", func(b *testing.B) {
		times(b, 500, func(i int) {
			_, err := a.Search(ctx, "ada", qs[i%len(qs)], 20)
			check(err)
		})
	})
}
