package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// brings imports a register of the TSC.
func (m *matrixHouse) brings(name, csv string) {
	m.t.Helper()
	if _, err := m.app.ImportFramework(m.t.Context(), manager, app.FrameworkFile{Name: name, Bytes: []byte(csv)}, app.FrameworkImport{Framework: "TSC", Effective: "2025-01-15"}); err != nil {
		m.t.Fatal(err)
	}
}

// TestCoverageIsExported writes both ways into files in which nothing computes.
func TestCoverageIsExported(t *testing.T) {
	m := newMatrixHouse(t)
	m.brings("soc2.csv", "Code,Text,Criteria,Owner,Evidence\n+S-1,-The owner of each role reviews access assignments each quarter.,CC6.2,'@sum,'=1+1\nS-2,Doors <b>are</b> locked.,CC6.4,,\n")
	if _, err := m.app.ReuseControl(t.Context(), manager, app.Reusing{Their: "tsc-2017-s-2", Covers: &soc1.ObjectiveCoverage{Objective: "itgc-1", Strength: soc1.CoversPartially, Why: "=HYPERLINK(1)"}}); err != nil {
		t.Fatal(err)
	}
	const at = "/mapping/of/TSC-2017/coverage"
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(m.get(manager, at+".csv?list=objectives").Body.String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rows, func(l []string) bool {
		return l[1] == "ITGC-1" && l[4] == "S-2" && l[6] == "In part" && l[7] == "Judged" && l[10] == "'=HYPERLINK(1)"
	}) {
		t.Errorf("the objectives are %q", rows)
	}
	for _, l := range rows {
		for _, c := range l {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("the cell %q computes", c)
			}
		}
	}
	w := m.get(manager, at+".xlsx")
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Requirements", "Objectives", "Controls there", "Proposals", "About"}) {
		t.Errorf("the sheets are %q", got)
	}
	sheet, err := book.GetRows("Controls there")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(sheet, func(l []string) bool { return l[1] == "+S-1" && l[6] == "=1+1" }) {
		t.Errorf("the controls are %q", sheet)
	}
	for r, l := range sheet {
		for c := range l {
			cell, _ := excelize.CoordinatesToCellName(c+1, r+1)
			if f, _ := book.GetCellFormula("Controls there", cell); f != "" {
				t.Errorf("%s computes %s", cell, f)
			}
		}
	}
	if n := len(library.FrameworkIDs()); n == 0 {
		t.Fatal("no identifiers")
	}
	for path, code := range map[string]int{at + ".csv?list=all": 400, "/mapping/of/absent/coverage.csv": 400, "/mapping/of/absent/coverage.xlsx": 400, "/mapping/of/TSC-2017?view=controls&page=x": 400, "/mapping/of/TSC-2017?view=controls&page=99": 200,
		"/mapping/of/TSC-2017?view=controls&tied=perhaps": 400, "/mapping/of/TSC-2017?view=objectives&objective=absent": 400, at + ".csv?asof=2025-01-01": 200} {
		if w := m.get(manager, path); w.Code != code {
			t.Errorf("%s answers %d, expected %d", path, w.Code, code)
		}
	}
	// On a day before the register was brought, nothing of it is there.
	if past := m.get(manager, at+".csv?list=controls&asof=2025-01-01").Body.String(); strings.Contains(past, "S-2") {
		t.Errorf("on an earlier day there is %q", past)
	}
	if past := m.page(manager, "/mapping/of/TSC-2017?view=controls&asof=2025-02-01"); !strings.Contains(past, `<input type="hidden" name="asof" value="2025-02-01"`) || strings.Contains(past, ">Decide<") {
		t.Error("a filter leaves the point in time, or the past can be decided on")
	}
}

// TestMappingIsAttacked sends what no form of ours sends, twice, late and as somebody else.
func TestMappingIsAttacked(t *testing.T) {
	m := newMatrixHouse(t)
	m.brings("soc2.csv", soc2Register)
	const at = "/mapping/reuse/tsc-2017-s-1"
	form := func(kv ...string) url.Values {
		v := url.Values{"framework": {"TSC-2017"}, "revision": {"1"}, "back": {"view=proposals&page=2&x=y"}}
		for i := 0; i+1 < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	for _, who := range []string{"elena-petrova", "fatima-boukhari"} {
		if w := m.post(who, at, form("decision", "same", "control", "itgc-1-3")); w.Code != http.StatusForbidden {
			t.Errorf("%s ties with %d", who, w.Code)
		}
		if w := m.get(who, "/mapping/import"); w.Code != http.StatusForbidden {
			t.Errorf("%s is offered the import with %d", who, w.Code)
		}
		if p := m.page(who, "/mapping/of/TSC-2017?view=controls&decide=tsc-2017-s-1"); strings.Contains(p, `action="/mapping/reuse`) {
			t.Errorf("%s is offered what would be refused", who)
		}
	}
	for name, v := range map[string]url.Values{
		"no revision":         form("revision", "", "decision", "same", "control", "itgc-1-3"),
		"no decision":         form(),
		"a negative revision": form("revision", "-1", "decision", "untie"),
	} {
		if w := m.post(manager, at, v); w.Code != http.StatusBadRequest {
			t.Errorf("%s is answered %d", name, w.Code)
		}
	}
	for name, v := range map[string]url.Values{
		"a stale head":          form("revision", "7", "decision", "same", "control", "itgc-1-3"),
		"nothing chosen":        form("decision", "same"),
		"a nature of its own":   form("decision", "make", "nature", "<script>", "type", "preventive"),
		"no reason":             form("decision", "cover", "objective", "itgc-1", "strength", "full"),
		"a strength of its own": form("decision", "cover", "objective", "itgc-1", "strength", "<b>most</b>", "why", "x"),
		"another's objective":   form("decision", "cover", "objective", "absent", "strength", "full", "why", "x"),
		"a control that is not": form("decision", "same", "control", "absent"),
		"an owner's control":    form("decision", "not", "control", "absent"),
	} {
		w := m.post(manager, at, v)
		if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusNotFound {
			t.Errorf("%s is answered %d", name, w.Code)
		}
		if strings.Contains(w.Body.String(), "<b>most") || strings.Contains(w.Body.String(), "<script>\"") {
			t.Errorf("%s comes back as markup", name)
		}
	}
	if w := m.post(manager, "/mapping/reuse/absent", form("decision", "same", "control", "itgc-1-3")); w.Code != http.StatusNotFound {
		t.Errorf("a control that is not there is answered %d", w.Code)
	}
	for path, v := range map[string]url.Values{at: form("decision", "same", "control", "itgc-1-3"), "/scope/forward": {"from": {"soc1-2025"}}, "/calendar/own": {"engagement": {"soc1-2025"}}} {
		if w := m.post(manager, path+"?asof=2025-03-01", v); w.Code != http.StatusBadRequest {
			t.Errorf("%s from the past answers %d", path, w.Code)
		}
	}
	// Sent twice, the second is told that it was changed.
	if w := m.post(manager, at, form("decision", "same", "control", "itgc-1-3")); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/mapping/of/TSC-2017?page=2&view=proposals" {
		t.Fatalf("it answers %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := m.post(manager, at, form("decision", "same", "control", "itgc-1-3")); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "was changed since") {
		t.Errorf("sent twice it answers %d", w.Code)
	}
	// Tied, its evidence is told where it is filed.
	if p := m.page(manager, "/mapping/of/TSC-2017?view=controls&tied=yes"); !strings.Contains(p, "one upload will count for both") {
		t.Error("nothing is said of the evidence of a tied control")
	}
	if _, err := m.app.PutRecords(t.Context(), manager, []app.RecordChange{{Kind: "evidence", ID: "listing", Effective: "2025-04-10", Value: soc1.Evidence{Title: "Listing", Controls: []string{"itgc-1-3"}, PeriodFrom: "2025-01-01", PeriodTo: "2025-03-31", Source: "Directory"}}}, "Filed.", false); err != nil {
		t.Fatal(err)
	}
	p := m.page(manager, "/mapping/of/TSC-2017?view=controls&tied=yes")
	if !strings.Contains(p, "1 record of evidence, the latest to 31 Mar 2025") {
		t.Errorf("the evidence is not told: %s", p)
	}
	href := regexp.MustCompile(`href="(/r/evidence\?[^"]*)"`).FindStringSubmatch(p)
	if href == nil || !strings.Contains(m.page(manager, href[1]), "Listing") {
		t.Errorf("the evidence is not where %q leads", href)
	}
}

// TestProposalsWait are told to whoever decides on them, and to nobody else.
func TestProposalsWait(t *testing.T) {
	m := newMatrixHouse(t)
	m.brings("soc2.csv", soc2Register)
	for who, want := range map[string]bool{manager: true, "elena-petrova": false, "fatima-boukhari": false} {
		list, err := m.app.Waiting(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(list, func(w app.WaitingItem) bool { return w.For == app.WaitsProposals })
		if got != want {
			t.Errorf("proposals wait for %s: %v", who, got)
		}
		if want {
			for _, path := range []string{"/inbox", "/"} {
				if p := m.page(who, path); !strings.Contains(p, "Decide whether 1 control of TSC-2017 is one with a control here") || !strings.Contains(p, `href="/mapping/of/TSC-2017?view=proposals"`) {
					t.Errorf("%s does not tell of the proposals", path)
				}
			}
		}
	}
	r, err := m.app.Mapping(t.Context(), manager, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Framework("TSC-2017").Proposals {
		if _, err := m.app.ReuseControl(t.Context(), manager, app.Reusing{Their: r.Theirs[p.Their].ID, Not: r.Controls[p.Control].ID}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := m.app.Waiting(t.Context(), manager)
	if err != nil || slices.ContainsFunc(list, func(w app.WaitingItem) bool { return w.For == app.WaitsProposals }) {
		t.Errorf("%v: decided proposals wait", err)
	}
}

// mappedLarge is a site over 100 objectives, 1,000 controls, 20,000 records of evidence
// and 3,000 controls of three other programs.
func mappedLarge(b *testing.B) *matrixHouse {
	m := large(b)
	ids := map[string][]string{}
	for _, x := range library.FrameworkIDs() {
		ids[x.Framework] = append(ids[x.Framework], x.ID)
	}
	frameworks := []string{"TSC-2017", "ISO27001-2022-AnnexA", "NIST-800-53r5"}
	words := strings.Fields("access accounts changes backups balances invoices payments listings privileges incidents deployments masters vendors keys logs reports batches journals thresholds tickets")
	text := func(n int) string {
		return fmt.Sprintf("The owner of the %s reviews each quarter the %s of %s against the %s and corrects what differs before the %s are released.", words[n%20], words[n/20%20], words[n*7%20], words[n*13%20], words[n/3%20])
	}
	of := func(name string, n int) []string { return []string{ids[name][n*13%len(ids[name])]} }
	var cs []app.RecordChange
	for n := range 88 {
		own := map[string][]string{}
		for _, name := range frameworks {
			own[name] = of(name, n)
		}
		cs = append(cs, app.RecordChange{Kind: "control_objective", ID: fmt.Sprintf("o-%d", n), Effective: "2025-01-01", Value: soc1.ControlObjective{Code: fmt.Sprintf("O-%d", n), Title: "Objective of some length", Text: text(n), FrameworkIDs: own}})
	}
	for n := range 500 {
		own := map[string][]string{}
		for _, name := range frameworks {
			own[name] = of(name, n)
		}
		cs = append(cs, app.RecordChange{Kind: "control", ID: fmt.Sprintf("k-%d", n), Effective: "2025-01-01", Value: soc1.Control{Code: fmt.Sprintf("K-%d", n), Text: text(n), Nature: soc1.Manual, Type: soc1.Detective, Frequency: soc1.Quarterly, Owner: manager, Objectives: []string{fmt.Sprintf("o-%d", n%88)}, FrameworkIDs: own}})
	}
	if bulk, err := m.app.PutRecords(b.Context(), manager, cs, "Large.", false); err != nil {
		for _, it := range bulk.Items {
			for _, p := range it.Problems {
				b.Fatal(it.ID, p)
			}
		}
		b.Fatal(err)
	}
	for i, name := range frameworks {
		var csv strings.Builder
		csv.WriteString("Code,Text,Identifiers\n")
		for n := range 1000 {
			fmt.Fprintf(&csv, "T%d-%d,%s,%s\n", i, n, text(n/2), of(name, n/2)[0])
		}
		if _, err := m.app.ImportFramework(b.Context(), manager, app.FrameworkFile{Name: "a.csv", Bytes: []byte(csv.String())}, app.FrameworkImport{Framework: name, Effective: "2025-01-01"}); err != nil {
			b.Fatal(err)
		}
		for n := range 300 {
			if n%10 == 0 {
				if _, err := m.app.ReuseControl(b.Context(), manager, app.Reusing{Their: strings.ToLower(fmt.Sprintf("%s-t%d-%d", name, i, n)), Control: fmt.Sprintf("k-%d", n/2)}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	return m
}

// BenchmarkMapping are the pages of the mapping over a large program, as they are read
// when nothing changed, and the first page after a change.
func BenchmarkMapping(b *testing.B) {
	m := mappedLarge(b)
	for _, x := range []struct{ name, pattern, path string }{
		{"frameworks", "GET /mapping", "/mapping"},
		{"requirements", "GET /mapping/of/{framework}", "/mapping/of/NIST-800-53r5?group=*"},
		{"objectives", "GET /mapping/of/{framework}", "/mapping/of/TSC-2017?view=objectives"},
		{"controls", "GET /mapping/of/{framework}", "/mapping/of/TSC-2017?view=controls"},
		{"decide", "GET /mapping/of/{framework}", "/mapping/of/TSC-2017?view=controls&decide=tsc-2017-t0-77"},
		{"proposals", "GET /mapping/of/{framework}", "/mapping/of/TSC-2017?view=proposals"},
		{"workbook", "GET /mapping/of/{framework}/coverage.xlsx", "/mapping/of/TSC-2017/coverage.xlsx"},
	} {
		b.Run(x.name, func(b *testing.B) {
			m.route(x.pattern)
			h := m.h
			// The handler of one route reads the framework from its pattern.
			mux := http.NewServeMux()
			mux.Handle(x.pattern, h)
			var took []time.Duration
			get := func() {
				begun := time.Now()
				r := httptest.NewRequest(http.MethodGet, x.path, nil)
				r.Header.Set("X-Who", manager)
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
				took = append(took, time.Since(begun))
				b.ReportMetric(float64(w.Body.Len())/1024, "KB")
			}
			get()
			took = nil
			for b.Loop() {
				get()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
	b.Run("changed", func(b *testing.B) {
		m.route("GET /mapping")
		n := 0
		for b.Loop() {
			b.StopTimer()
			v, err := m.app.View(b.Context(), manager, app.OrganizationLedger, record.AsOf{})
			if err != nil {
				b.Fatal(err)
			}
			c, err := record.One[soc1.Control](b.Context(), v, "control", "k-1")
			if err != nil {
				b.Fatal(err)
			}
			n++
			c.Value.HowOften = fmt.Sprint("Each quarter ", n)
			if err := m.app.PutRecord(b.Context(), manager, app.RecordChange{Kind: "control", ID: c.ID, Revision: c.Revision, Effective: "2025-01-01", Value: c.Value, Reason: "x"}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			r := httptest.NewRequest(http.MethodGet, "/mapping", nil)
			r.Header.Set("X-Who", manager)
			w := httptest.NewRecorder()
			m.h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	})
}
