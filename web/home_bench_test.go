package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// homeOf is the home page of a large workspace, before compression.
func homeOf(tb testing.TB) *matrixHouse {
	m := large(tb)
	m.route("GET /{$}")
	m.site.trendPatience = time.Minute
	return m
}

// BenchmarkHomeFirst is the first look after the program has started: the records
// are read, and the month ends of the year worked out.
func BenchmarkHomeFirst(b *testing.B) {
	m := homeOf(b)
	for b.Loop() {
		b.StopTimer()
		m.site.homes, m.site.matrices = homes{}, matrixCache{}
		b.StartTimer()
		m.page(manager, "/")
	}
}

// BenchmarkHome is the home page of a compliance manager, nothing recorded
// meanwhile.
func BenchmarkHome(b *testing.B) {
	m := homeOf(b)
	m.page(manager, "/")
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
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

// BenchmarkHomeChanged is the same right after a control changed.
func BenchmarkHomeChanged(b *testing.B) {
	m := homeOf(b)
	m.page(manager, "/")
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
		m.page(manager, "/")
	}
}
