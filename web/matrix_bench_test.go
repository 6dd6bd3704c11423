package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// large is a site over 500 controls and 20,000 evidence records.
func large(tb testing.TB) *matrixHouse {
	tb.Helper()
	m := &matrixHouse{t: tb}
	now := func() time.Time { return time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC) }
	var err error
	m.app, err = app.Init(tb.Context(), filepath.Join(tb.TempDir(), "w"), soc1.Organization{Name: "Large", LegalName: "Large, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { m.app.Close() })
	var cs []app.RecordChange
	add := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		cs = append(cs, app.RecordChange{Kind: kind, ID: id, Effective: "2025-01-01", Value: v})
	}
	flush := func() {
		bulk, err := m.app.PutRecords(tb.Context(), manager, cs, "Large.", false)
		if err != nil {
			for _, it := range bulk.Items {
				for _, p := range it.Problems {
					tb.Fatal(it.ID, p)
				}
			}
			tb.Fatal(err)
		}
		cs = nil
	}
	for i := range 12 {
		id := fmt.Sprintf("co-%02d", i)
		add("control_objective", id, soc1.ControlObjective{Code: fmt.Sprintf("CO%d", i+1), Title: "Objective of some length", Text: "Controls provide reasonable assurance that it is so."})
		for n := range 5 {
			add("risk", fmt.Sprintf("r-%02d-%d", i, n), soc1.Risk{Code: fmt.Sprintf("R%d.%d", i, n), Text: "Something goes wrong that would be noticed late.", Objectives: []string{id}, Likelihood: 1 + n, Impact: 1 + i%5})
		}
	}
	frequencies := []soc1.Frequency{soc1.Annual, soc1.SemiAnnual, soc1.Quarterly, soc1.Monthly, soc1.Weekly, soc1.Daily, soc1.AsNeeded}
	for i := range 500 {
		add("control", fmt.Sprintf("c-%03d", i), soc1.Control{Code: fmt.Sprintf("C-%03d", i), Who: "The payroll supervisor", What: "compares the register with the totals of the client and clears every difference", HowOften: "each time",
			Nature: soc1.Manual, Type: soc1.Detective, Frequency: frequencies[i%7], Key: i%3 == 0, Owner: manager, Objectives: []string{fmt.Sprintf("co-%02d", i%12)}, Risks: []string{fmt.Sprintf("r-%02d-%d", i%12, i%5)}})
	}
	flush()
	for i := range 20000 {
		from := soc1.Date("2025-01-01").AddDays(i * 7 % 320)
		add("evidence", fmt.Sprintf("e-%05d", i), soc1.Evidence{Title: "Evidence", Controls: []string{fmt.Sprintf("c-%03d", i%500)}, PeriodFrom: from, PeriodTo: from.AddDays(i % 31), Source: "Archive"})
	}
	flush()
	s, err := New(Options{App: m.app, Now: now, Who: func(r *http.Request) (string, error) { return r.Header.Get("X-Who"), nil }})
	if err != nil {
		tb.Fatal(err)
	}
	m.site = s
	m.route("GET /matrix")
	return m
}

// route serves one address of the site alone: the time of a handler is that
// before compression.
func (m *matrixHouse) route(pattern string) {
	for _, rt := range m.site.routes {
		if rt.pattern == pattern {
			m.h = m.site.handle(rt)
		}
	}
}

// BenchmarkMatrix is the first hundred rows of a large matrix.
func BenchmarkMatrix(b *testing.B) { benchmarkMatrix(b, "/matrix") }

// BenchmarkMatrixFiltered has words and two filters.
func BenchmarkMatrixFiltered(b *testing.B) {
	benchmarkMatrix(b, "/matrix?q=register+noticed&key=yes&frequency=annual,weekly")
}

// BenchmarkMatrixRisks is the table of objectives and risks.
func BenchmarkMatrixRisks(b *testing.B) { benchmarkMatrix(b, "/matrix?view=risks") }

func benchmarkMatrix(b *testing.B, path string) {
	m := large(b)
	m.page(manager, path)
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("X-Who", manager)
		w := httptest.NewRecorder()
		m.h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkMatrixChanged is the same right after a control changed.
func BenchmarkMatrixChanged(b *testing.B) {
	m := large(b)
	m.page(manager, "/matrix")
	for b.Loop() {
		b.StopTimer()
		v, err := m.app.View(b.Context(), manager, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			b.Fatal(err)
		}
		c, err := record.One[soc1.Control](b.Context(), v, "control", "c-000")
		if err != nil {
			b.Fatal(err)
		}
		c.Value.Key = !c.Value.Key
		if err := m.app.PutRecord(b.Context(), manager, app.RecordChange{Kind: "control", ID: "c-000", Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "x"}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		m.page(manager, "/matrix")
	}
}
