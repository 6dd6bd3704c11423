package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// papersHouse is an examination with 150 controls tested, 3,000 items and some 20,000
// cells.
func papersHouse(tb testing.TB) (m *matrixHouse, ledger string) {
	tb.Helper()
	m = newMatrixHouse(tb)
	ctx := tb.Context()
	ledger, err := m.app.OpenExamination(ctx, "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range 150 {
		id := gridTest(tb, m.app, ledger, fmt.Sprintf("t-%03d", i), 7)
		var cells []app.CellEntry
		for n := range 20 {
			for a := range 7 {
				cells = append(cells, app.CellEntry{Item: fmt.Sprintf("ITEM-%03d-%02d", i, n), Attribute: string(rune('A' + a)), Outcome: soc1.Pass})
			}
		}
		if _, err := m.app.EnterCells(ctx, partner, ledger, id, cells); err != nil {
			tb.Fatal(err)
		}
	}
	return m, ledger
}

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkPaper opens papers of a large examination in turn, and enters a cell now and
// then as others would.
func BenchmarkPaper(b *testing.B) {
	m, ledger := papersHouse(b)
	ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("X-Who", partner)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		w := httptest.NewRecorder()
		m.h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(path, w.Code, w.Body.String())
		}
		return w
	}
	for _, c := range []struct {
		name string
		do   func(i int)
	}{
		{"open", func(i int) { ask("GET", fmt.Sprintf("/x/%s/papers/t-%03d", ledger, i%150), nil) }},
		{"open-after-a-cell", func(i int) {
			ask("GET", fmt.Sprintf("/x/%s/papers/t-%03d", ledger, i%150), nil)
		}},
		{"cells", func(i int) { ask("GET", fmt.Sprintf("/x/%s/papers/t-%03d/cells", ledger, i%150), nil) }},
		{"enter", func(i int) {
			ask("POST", fmt.Sprintf("/x/%s/papers/t-%03d/cells", ledger, i%150), url.Values{"cells": {fmt.Sprintf(`[{"item":"NEW-%d","attribute":"A","outcome":"pass"}]`, i)}})
		}},
		{"list", func(int) { ask("GET", "/x/"+ledger+"/papers", nil) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.do(0)
			var took []time.Duration
			i := 0
			for b.Loop() {
				i++
				if c.name == "open-after-a-cell" {
					b.StopTimer()
					ask("POST", fmt.Sprintf("/x/%s/papers/t-%03d/cells", ledger, (i+7)%150), url.Values{"cells": {fmt.Sprintf(`[{"item":"AFTER-%d","attribute":"A","outcome":"pass"}]`, i)}})
					b.StartTimer()
				}
				begun := time.Now()
				c.do(i)
				took = append(took, time.Since(begun))
			}
			percentiles(b, took)
		})
	}
}

// BenchmarkPaperTogether lets five people fill one grid of 60 by 8 for ten minutes' worth
// of keys, each a few cells at a time and sometimes the same: every key is on record or
// was answered with why not, and all see the same in the end.
func BenchmarkPaperTogether(b *testing.B) {
	m := newMatrixHouse(b)
	ledger, err := m.app.OpenExamination(b.Context(), "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		b.Fatal(err)
	}
	const people, items, attributes, rounds = 5, 60, 8, 120
	names := []string{partner}
	for i := 1; i < people; i++ {
		id := fmt.Sprintf("staff-%d", i)
		if err := m.app.PutPerson(b.Context(), partner, app.RecordChange{Ledger: ledger, ID: id, Value: soc1.Person{Name: id, Side: soc1.SideAuditFirm, Roles: []soc1.Role{"firm_staff"}}, Reason: "Joins."}); err != nil {
			b.Fatal(err)
		}
		names = append(names, id)
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		test := gridTest(b, m.app, ledger, fmt.Sprintf("t-%d", n), attributes)
		b.StartTimer()
		var wg sync.WaitGroup
		var mu sync.Mutex
		var took []time.Duration
		sent, refused := 0, 0
		keyed := map[string]bool{}
		for who := range people {
			wg.Go(func() {
				// Five keys in five seconds, ten minutes long, without the waiting.
				for round := range rounds {
					var cells []app.CellEntry
					for k := range 5 {
						at := (who*97 + round*5 + k*11) % (items * attributes)
						cells = append(cells, app.CellEntry{Item: fmt.Sprintf("ITEM-%02d", at/attributes), Attribute: string(rune('A' + at%attributes)), Outcome: []soc1.Outcome{soc1.Pass, soc1.Pass, soc1.NotApplicable}[(at+who)%3]})
					}
					begun := time.Now()
					out, err := m.app.EnterCells(b.Context(), names[who], ledger, test, cells)
					d := time.Since(begun)
					if err != nil || len(out) != len(cells) {
						b.Errorf("%s: %v", names[who], err)
						return
					}
					mu.Lock()
					took = append(took, d)
					sent += len(cells)
					for i, a := range out {
						keyed[cells[i].Item+" "+cells[i].Attribute] = true
						switch {
						case a.Problem != "":
							refused++
						case a.Result == nil || a.Result.Outcome != cells[i].Outcome:
							b.Errorf("%s keyed %s and is answered %+v", names[who], cells[i].Outcome, a.Result)
						}
						if a.Problem != "" && a.Result == nil {
							b.Errorf("refused without what is there: %+v", a)
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		p, err := m.app.Paper(b.Context(), partner, ledger, test, record.AsOf{})
		if err != nil {
			b.Fatal(err)
		}
		filled := 0
		for i := range p.Items {
			filled += attributes - p.Items[i].Open()
		}
		if filled != len(keyed) {
			b.Fatalf("%d cells are filled, and %d were keyed", filled, len(keyed))
		}
		b.ReportMetric(float64(sent), "keys")
		b.ReportMetric(float64(refused), "told-of-another")
		percentiles(b, took)
	}
}
