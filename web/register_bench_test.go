package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"reperform/app"
	"reperform/soc1"
)

// long is a site over a register of vendors and one of evidence, with handlers
// before compression.
func long(tb testing.TB, vendors, evidence int) *matrixHouse {
	tb.Helper()
	m := &matrixHouse{t: tb}
	now := func() time.Time { return time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC) }
	var err error
	m.app, err = app.Init(tb.Context(), filepath.Join(tb.TempDir(), "w"), soc1.Organization{Name: "Long", LegalName: "Long, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { m.app.Close() })
	var cs []app.RecordChange
	add := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		cs = append(cs, app.RecordChange{Kind: kind, ID: id, Effective: "2025-01-01", Value: v})
		if len(cs) == 5000 {
			putAll(tb, m, cs)
			cs = nil
		}
	}
	for i := range 200 {
		add("control", fmt.Sprintf("c-%03d", i), soc1.Control{Code: fmt.Sprintf("C-%d.%d", i/10, i%10), Text: "The payroll supervisor compares the register.", Frequency: soc1.Monthly, Nature: soc1.Manual, Type: soc1.Detective, Owner: manager})
	}
	words := []string{"harbor", "printing", "payroll", "courier", "archive", "cloud", "legal", "cleaning", "security", "travel", "Ångström", "metals"}
	w := func(i, n int) string { return words[(i*7+n*5+i/13)%len(words)] }
	for i := range vendors {
		add("vendor", fmt.Sprintf("v-%06d", i), soc1.Vendor{Name: fmt.Sprintf("%s %s %d", w(i, 1), w(i, 2), i*7919%100_000),
			ServicesProvided: "Supplies " + w(i, 3) + " and " + w(i, 4) + " under a yearly contract.", Monitoring: "Reviewed each year by the owner."})
	}
	for i := range evidence {
		from := soc1.Date("2025-01-01").AddDays(i * 7 % 320)
		add("evidence", fmt.Sprintf("e-%06d", i), soc1.Evidence{Title: "Sign-off of " + w(i, 1) + " " + fmt.Sprint(i), Controls: []string{fmt.Sprintf("c-%03d", i%200)}, PeriodFrom: from, PeriodTo: from.AddDays(i % 31), Source: "Archive"})
	}
	putAll(tb, m, cs)
	s, err := New(Options{App: m.app, Now: now, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		tb.Fatal(err)
	}
	// The time of a handler is that before compression.
	mux := http.NewServeMux()
	for _, rt := range s.routes {
		mux.Handle(rt.pattern, s.handle(rt))
	}
	m.h = mux
	return m
}

func putAll(tb testing.TB, m *matrixHouse, cs []app.RecordChange) {
	tb.Helper()
	if len(cs) == 0 {
		return
	}
	bulk, err := m.app.PutRecords(tb.Context(), manager, cs, "Long.", false)
	if err != nil {
		for _, it := range bulk.Items {
			for _, p := range it.Problems {
				tb.Fatal(it.ID, p)
			}
		}
		tb.Fatal(err)
	}
}

// processor is the processor time of the process, which tells more than the clock
// where other work runs beside it.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRegister is a page of a hundred rows out of a hundred thousand, in
// the ways in which people look at them. The targets are 2 ms for the middle one
// and 10 ms for the slowest of a hundred.
func BenchmarkRegister(b *testing.B) {
	m := long(b, 100_000, 100_000)
	measure := func(name string, n int, path func(i int) string, before func(i int)) {
		b.Run(name, func(b *testing.B) {
			m.page(manager, path(0))
			var took []time.Duration
			begun := processor(b)
			for b.Loop() {
				for i := range n {
					if before != nil {
						before(i)
					}
					r := httptest.NewRequest(http.MethodGet, path(i), nil)
					r.Header.Set("X-Who", manager)
					w := httptest.NewRecorder()
					asked := time.Now()
					m.h.ServeHTTP(w, r)
					took = append(took, time.Since(asked))
					if w.Code != http.StatusOK {
						b.Fatal(w.Code, path(i))
					}
				}
			}
			if before == nil {
				b.ReportMetric(float64((processor(b)-begun).Microseconds())/float64(len(took)), "processor-µs/page")
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
	same := func(path string) func(int) string { return func(int) string { return path } }
	change := func(i int) {
		id := fmt.Sprintf("v-%06d", i*331%100_000)
		if err := m.app.PutRecord(b.Context(), manager, app.RecordChange{Kind: "vendor", ID: id, Revision: -1, Effective: "2025-01-01", Value: soc1.Vendor{Name: fmt.Sprintf("Changed %d", i), ServicesProvided: "Any."}, Reason: "x"}); err != nil {
			b.Fatal(err)
		}
	}
	measure("vendors", 300, same("/r/vendor"), nil)
	measure("evidence", 300, same("/r/evidence"), nil)
	measure("evidence-filtered", 300, same("/r/evidence?f.controls=c-017&sort=-period_from"), nil)
	measure("evidence-grouped", 300, same("/r/evidence?group=controls"), nil)
	measure("evidence-groups-shut", 300, same("/r/evidence?group=controls&fold=*"), nil)
	measure("vendors-each-a-group", 100, same("/r/vendor?group=name&fold=*"), nil)
	measure("vendors-words", 300, same("/r/vendor?q=harbor+cloud"), nil)
	measure("vendors-new-words", 200, func(i int) string { return fmt.Sprintf("/r/vendor?q=harbor+%d", i) }, nil)
	measure("vendors-after-change", 200, same("/r/vendor?sort=-name"), change)
	measure("vendors-words-after-change", 200, same("/r/vendor?q=harbor&sort=name"), change)
	measure("vendors-window", 300, func(i int) string { return fmt.Sprintf("/r/vendor?from=%d", i*317%100_000/100*100) }, nil)
}
