package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// payments is an extract of a period, with a gap, a weekend and an outlier in it.
func payments(rows int) string {
	var b strings.Builder
	b.WriteString("payment_id,paid_on,amount,released_by,approved_by,iban\n")
	day := soc1.Date("2025-01-02")
	for i := range rows {
		by := "anna"
		if i%2 == 1 {
			by = "bert"
		}
		if i == 7 {
			by = "cleo"
		}
		amount := fmt.Sprintf("%d.%02d", 100+i%37, i%100)
		if i == 9 {
			amount = "990000.00"
		}
		fmt.Fprintf(&b, "P-%05d,%s,%s,%s,cleo,NL91ABNA04171643%02d\n", i+1, day, amount, by, i%100)
		if i%3 == 2 {
			day = day.AddDays(1)
		}
	}
	return b.String()
}

// censusTest is a test of every item of a population that is not there yet.
func (h *liveHouse) censusTest(t testing.TB, id, population string) {
	t.Helper()
	ctx := context.Background()
	put := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		t.Helper()
		if _, err := h.app.Record(ctx, partner, h.exam, kind, id, record.AsOf{}); err == nil {
			return
		}
		if err := h.app.PutRecord(ctx, partner, app.RecordChange{Ledger: h.exam, Kind: kind, ID: id, Value: v, Reason: "Planned."}); err != nil {
			t.Fatal(err)
		}
	}
	put("test_of_control", id, soc1.TestOfControl{Code: strings.ToUpper(id), Engagement: "soc1-2025", Control: "pay-3-1", By: soc1.ByAuditor, WindowFrom: "2025-01-01", WindowTo: "2025-12-31", Population: population,
		Method: soc1.Census, Procedures: []soc1.Procedure{{Nature: soc1.Reperformance, Text: "Compared who released with who approved."}}})
	put("attribute", id+"-a", soc1.Attribute{Test: id, Code: "A", Text: "Released by somebody else than approved", Pass: "released_by <> approved_by", Order: 0})
	put("attribute", id+"-b", soc1.Attribute{Test: id, Code: "B", Text: "The amount is positive", Pass: "amount > 0", Order: 1})
}

// frozenHere freezes payments as somebody, for pages to show.
func (h *liveHouse) frozenHere(t testing.TB, who, ledger, id string) {
	t.Helper()
	ctx := context.Background()
	if _, err := h.app.Record(ctx, who, ledger, "population", id, record.AsOf{}); err == nil {
		return
	}
	f, err := h.app.StagePopulation(ctx, who, ledger, "payments.csv", strings.NewReader(payments(400)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	spec := app.ImportSpec{ID: id, Ledger: ledger, Population: soc1.Population{Title: "Payments released", Purpose: soc1.AuditorPopulation, Key: []string{"payment_id"}, PeriodFrom: "2025-01-01", PeriodTo: "2025-05-31", Controls: []string{"pay-3-1"}}}
	spec.Source.Path, spec.Source.Name = f.Path, f.Name
	if _, err := h.app.ImportPopulation(ctx, who, spec); err != nil {
		t.Fatal(err)
	}
	if err := h.app.DrawTrace(ctx, who, ledger, id, 3); err != nil {
		t.Fatal(err)
	}
	if err := h.app.TraceSource(ctx, who, ledger, id, app.SourceTrace{Keys: []string{"P-00001", "P-99999"}, How: "Taken from the bank's statement."}); err != nil {
		t.Fatal(err)
	}
}

// attaches brings a file as far as what was seen in it.
func attaches(content string) func(*person) {
	return func(p *person) {
		p.Do(`const t = new DataTransfer(); t.items.add(new File([%s], "payments.csv")); document.querySelector("#attach-file").files = t.files; document.querySelector("#attach-file").form.requestSubmit()`, content)
		p.Wait("what was seen", `location.pathname.includes("/staged/") && document.readyState === "complete" && !document.querySelector("[data-work]")`)
	}
}

func populationPages(t *testing.T, h *liveHouse) []page {
	x := "/x/" + h.exam
	h.frozenHere(t, partner, h.exam, "pop-pages")
	h.frozenHere(t, manager, app.OrganizationLedger, "pop-pages")
	var out []page
	for _, at := range []struct{ pattern, path, who string }{{"/x/{ledger}", x, partner}, {"", "", manager}} {
		list := at.path + "/populations"
		preview := func(sql, wait string) func(*person) {
			return func(p *person) {
				p.Do(`document.querySelector("input[name=input][value=pop-pages]").checked = true; document.querySelector("#sql").value = %s; document.querySelector("#key").value = "released_by"; document.querySelector("button[value=preview]").click()`, sql)
				p.Wait("the answer", wait+` && document.readyState === "complete"`)
			}
		}
		out = append(out, []page{
			{pattern: "GET " + at.pattern + "/populations", who: at.who, path: list},
			{pattern: "GET " + at.pattern + "/populations/new", who: at.who, path: list + "/new"},
			{pattern: "POST " + at.pattern + "/populations/new", who: at.who, path: list + "/new", do: func(p *person) {
				p.Do(`const f = document.createElement("form"); f.method = "post"; f.action = location.pathname; document.body.append(f); f.submit()`)
				p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
			}},
			{pattern: "GET " + at.pattern + "/populations/staged/{token}", who: at.who, path: list + "/new", do: attaches(payments(40))},
			{pattern: "POST " + at.pattern + "/populations/staged/{token}", who: at.who, path: list + "/new", do: func(p *person) {
				attaches("payment_id,amount\nP-1,1.00\nP-2,two\n")(p)
				p.Do(`document.querySelector("#title").value = "x"; document.querySelector("select[name='type.1']").value = "decimal(18,2)"; document.querySelector("button[value=freeze]").click()`)
				p.Wait("the refusal", `document.querySelector("#trouble") && document.readyState === "complete"`)
			}},
			{pattern: "GET " + at.pattern + "/populations/derive", who: at.who, path: list + "/derive"},
			{pattern: "POST " + at.pattern + "/populations/derive", who: at.who, path: list + "/derive", do: preview("SELECT released_by, sum(amount) AS total\nFROM pages GROUP BY released_by", `document.querySelector(".pop-preview")`)},
			{pattern: "POST " + at.pattern + "/populations/derive", who: at.who, path: list + "/derive", do: preview("SELECT released_by\nFROM pages WHERE colour = 1", `document.querySelector(".pop-marked mark")`)},
			{pattern: "GET " + at.pattern + "/populations/{id}", who: at.who, path: list + "/pop-pages", do: func(p *person) {
				p.Wait("the profile", `document.querySelector(".pop-profile")`)
			}},
			{pattern: "POST " + at.pattern + "/populations/{id}", who: at.who, path: list + "/pop-pages", do: func(p *person) {
				p.Do(`const f = document.querySelector("#step-count form"); f.elements.expected.value = "many"; f.elements.note.value = "x"; f.submit()`)
				p.Wait("the refusal", `document.querySelector("#step-count .err") && document.readyState === "complete"`)
			}},
		}...)
	}
	return out
}

// TestPopulationInTheBrowser goes from the paper to a file, looks at it, freezes it,
// checks it, traces it and runs the census of the test to its result.
func TestPopulationInTheBrowser(t *testing.T) {
	h := live(t)
	h.censusTest(t, "t-census", "paid-2025")
	d := h.door(t)
	p := d.as(t, h, tester)
	p.Dark(false)
	p.Size(1280, 900)
	p.open("/x/" + h.exam + "/papers/t-census")
	p.Do(`[...document.querySelectorAll("main a.btn")].find((a) => a.textContent.includes("Attach the population")).click()`)
	p.Wait("where it is attached", `location.pathname.endsWith("/populations/new") && document.readyState === "complete"`)
	attaches("a,b\n1\n")(p)
	p.Wait("the place", `document.querySelector("#trouble")?.textContent.includes("Row")`)
	p.open("/x/" + h.exam + "/populations/new?test=t-census")
	attaches(payments(400))(p)
	if got := browsertest.Eval[string](p.Tab, `[document.querySelector("input[name='key.0']").checked, document.querySelector("select[name='type.1']").value, document.querySelector("select[name='type.2']").value, document.querySelector("#from").value, document.querySelector("#control").value].join(" ")`); got != "true date decimal(18,2) 2025-01-01 pay-3-1" {
		t.Fatalf("proposed is %s", got)
	}
	p.Do(`document.querySelector("select[name='do.5']").value = "drop"; document.querySelector("#title").value = "Payments released, 2025"; document.querySelector("#system").value = "Bank portal"; document.querySelector("#to").value = "2025-05-31"; document.querySelector("#run_at").value = "2025-06-02T09:30"; document.querySelector("button[value=freeze]").click()`)
	p.Wait("the population", `location.pathname.endsWith("/populations/paid-2025") && document.readyState === "complete" && document.querySelector(".pop-profile")`)
	frozen := func() soc1.Population {
		t.Helper()
		v, err := h.app.View(t.Context(), tester, h.exam, record.AsOf{})
		if err != nil {
			t.Fatal(err)
		}
		x, err := record.One[soc1.Population](t.Context(), v, "population", "paid-2025")
		if err != nil {
			t.Fatal(err)
		}
		return x.Value
	}
	x := frozen()
	if x.RowCount != 400 || x.SourceSystem != "Bank portal" || x.RunAt != "2025-06-02T14:30:00Z" || x.Engagement != "soc1-2025" || !x.KeyUnique || x.Columns[5].Transform != soc1.Dropped {
		t.Errorf("frozen is %+v", x)
	}
	// A step at fault keeps what was typed; a good one is recorded with who made it.
	step := func(do, fill, wait string) {
		t.Helper()
		p.Do(`{ const f = document.querySelector("#step-` + do + ` form"); ` + fill + `; f.requestSubmit() }`)
		// The live page may show it before the form is answered.
		p.Wait(do, `document.readyState === "complete" && location.hash === "#step-`+do+`" && (`+wait+`)`)
	}
	step("count", `f.elements.expected.value = "401"; f.elements.note.value = "The portal's counter."`, `document.querySelector("#step-count .pop-done")?.textContent.includes("Jonas")`)
	if c := frozen().Checks[0]; c.Passed || c.Expected != "401" || c.By != tester || c.On == "" {
		t.Errorf("counted %+v", c)
	}
	step("duplicate_keys", ``, `document.querySelector("#step-duplicate_keys .pill.ok")`)
	step("out_of_period", ``, `document.querySelector("#step-out_of_period .pill.ok")`)
	step("list_to_source", `f.elements.n.value = "2"`, `document.querySelectorAll(".pop-trace tbody tr").length === 2`)
	p.Do(`{ const f = document.querySelector("#step-trace"); for (const s of f.querySelectorAll("select")) s.value = "pass"; f.requestSubmit() }`)
	p.Wait("the trace", `document.readyState === "complete" && location.hash === "#step-trace" && document.querySelector("#step-list_to_source .pill.ok")`)
	p.Do(`{ const f = [...document.querySelectorAll("#step-count form")].find((f) => f.elements.do.value === "explain"); f.elements.note.value = "One was withdrawn before release."; f.requestSubmit() }`)
	p.Wait("the reason", `document.readyState === "complete" && location.hash === "#completeness" && document.querySelector("#step-count .pill.info")`)
	step("conclude", `f.elements.note.value = "Complete and accurate for the test."`, `document.querySelector("#step-conclude .pop-said")`)
	if x := frozen(); x.CompletenessBy != tester || len(x.Checks) != 4 {
		t.Errorf("concluded %+v", x)
	}
	p.Picture("population")

	// Back to the paper, and to the result of the census.
	p.Do(`[...document.querySelectorAll(".bar a.btn")].find((a) => a.textContent.includes("Paper")).click()`)
	p.Wait("the paper", `location.pathname.endsWith("/papers/t-census") && document.readyState === "complete"`)
	p.Do(`document.querySelector("#paper-bar form button").click()`)
	p.Wait("the result", `document.readyState === "complete" && document.querySelector(".pp-counts tbody tr .n:nth-child(3)")?.textContent === "1"`)
	p.fine(t)

	// Management neither sees nor steers what the auditor freezes.
	for _, at := range []string{"", "/new", "/derive", "/paid-2025"} {
		if w := h.asked(t, manager, "GET", "/x/"+h.exam+"/populations"+at, nil); w.Code != http.StatusNotFound {
			t.Errorf("management reads populations%s of the auditor: %d", at, w.Code)
		}
	}
	for at, form := range map[string]map[string]string{"/new": {"extract": "x"}, "/derive": {"sql": "SELECT 1", "input": "paid-2025", "name.paid-2025": "p"}, "/paid-2025": {"do": "conclude", "note": "x"}, "/files": nil} {
		if w := h.asked(t, manager, "POST", "/x/"+h.exam+"/populations"+at, form); w.Code != http.StatusNotFound {
			t.Errorf("management posts to populations%s of the auditor: %d", at, w.Code)
		}
	}
}

// TestRealExtract looks at a real event log as a browser sends it.
func TestRealExtract(t *testing.T) {
	path := filepath.Join(cmp.Or(os.Getenv("REPERFORM_SHARED"), filepath.Join("..", "..", "shared")), "data", "expense-declarations", "events.csv")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("%s is not there; set REPERFORM_SHARED", path)
	}
	h := live(t)
	p := h.door(t).as(t, h, tester)
	p.open("/x/" + h.exam + "/populations/new")
	attaches(string(b))(p)
	if got := browsertest.Eval[string](p.Tab, `[document.querySelector("input[name='key.8']")?.checked, document.querySelector("select[name='type.2']").value].join(" ")`); got != "true timestamptz" {
		t.Errorf("proposed is %s", got)
	}
	p.fine(t)
}
