package web

import (
	"context"
	"sync"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

const approver = "carla-brandt"

var planOnce sync.Mutex

// planReady brings the examination to where a plan can be approved: accepted, confirmed by
// all but the tester, with materiality, timetable and method of the senior.
func planReady(t testing.TB, h *liveHouse) {
	t.Helper()
	planOnce.Lock()
	defer planOnce.Unlock()
	ctx := context.Background()
	p, err := h.app.ExaminationPlan(ctx, partner, h.exam, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Profile != nil {
		return
	}
	must := func(_ string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	x := app.Accepting{Ledger: h.exam, Competence: "The partner knows payroll.", Decision: soc1.Accepted, Conclusion: "Every precondition is met."}
	for _, key := range soc1.Precondition("").Values() {
		x.Preconditions = append(x.Preconditions, soc1.PreconditionAnswer{Point: soc1.Precondition(key), Answer: soc1.Yes, Why: "Seen in the letter."})
	}
	must(h.app.AcceptEngagement(ctx, partner, x))
	for _, m := range p.Team {
		if m.Person.ID != tester {
			must(h.app.ConfirmIndependence(ctx, m.Person.ID, app.Confirming{Ledger: h.exam, Independent: soc1.Yes}))
		}
	}
	put := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		t.Helper()
		must("", h.app.PutRecord(ctx, senior, app.RecordChange{Ledger: h.exam, Kind: kind, ID: id, Value: v, Reason: "Planned."}))
	}
	put("materiality", "m-live", soc1.Materiality{Engagement: "soc1-2025", Users: "Payroll expense.", Description: "A service left out.", Design: "A risk unanswered.", Operation: "Intent."})
	put("timetable", "times-live", soc1.Timetable{Engagement: "soc1-2025", InterimTo: "2025-09-30", Milestones: []soc1.Milestone{{Title: "Report", On: "2026-02-16", Responsible: partner}}})
	put("method_profile", "house", soc1.MethodProfile{Name: "House method", Version: "2025", Source: "The firm.", Confidence: 9000, Tolerable: 1000, Expansion: "Once.",
		Rows: []soc1.ProfileRow{{Frequency: soc1.Annual, Occurrences: 1, Low: 1, High: 1}, {Frequency: soc1.Monthly, Occurrences: 12, Low: 2, High: 4}, {Frequency: soc1.Daily, Occurrences: 250, Low: 20, High: 40}}})
}

// planPages are the lines of the pages of the plan.
func planPages(t *testing.T, h *liveHouse) []page {
	planReady(t, h)
	x := "/x/" + h.exam + "/planning"
	refused := func(p *person, at string) {
		p.Wait("the refusal", `document.querySelector("`+at+` [role=alert]") && document.readyState === "complete"`)
	}
	return []page{
		{pattern: "GET /x/{ledger}/planning", who: partner, path: x, do: func(p *person) {
			p.Do(`document.querySelectorAll("#plan-page details").forEach((d, i) => d.open = i < 4)`)
		}},
		{pattern: "GET /x/{ledger}/planning/acceptance", who: partner, path: x + "/acceptance"},
		{pattern: "GET /x/{ledger}/planning/acceptance", who: tester, path: x + "/acceptance"},
		{pattern: "GET /x/{ledger}/planning/independence", who: tester, path: x + "/independence"},
		{pattern: "GET /x/{ledger}/planning/method", who: partner, path: x + "/method"},
		{pattern: "POST /x/{ledger}/planning/take", who: partner, path: x, do: func(p *person) {
			p.Do(`document.querySelector("#plan-tests button").click()`)
			refused(p, "#plan-page")
		}},
		{pattern: "POST /x/{ledger}/planning/approve", who: partner, path: x, do: func(p *person) {
			// Whoever planned something is shown no form, and others may have planned meanwhile.
			p.Do(`const f = document.createElement("form"); f.method = "post"; f.action = location.pathname + "/approve"; document.body.append(f); f.submit()`)
			refused(p, "#plan-page")
		}},
		{pattern: "POST /x/{ledger}/planning/acceptance", who: partner, path: x + "/acceptance", do: func(p *person) {
			p.Do(`document.querySelector(".plan-again").open = true; document.querySelector("[name=integrity][value=no]").checked = true; document.querySelector(".plan-form > .btn").click()`)
			refused(p, "#accept-page")
		}},
		{pattern: "POST /x/{ledger}/planning/independence", who: tester, path: x + "/independence", do: func(p *person) {
			p.Do(`document.querySelector("[name=independent][value=yes]").checked = true; document.querySelector("#threat-0").value = "familiarity"; document.querySelector("#text-0").value = "A cousin."; document.querySelector(".plan-form > .btn").click()`)
			refused(p, "#word-page")
		}},
		{pattern: "POST /x/{ledger}/planning/method", who: partner, path: x + "/method", do: func(p *person) {
			p.Do(`document.querySelector("#file").required = false; document.querySelector("#method-page .stack .pri").click()`)
			refused(p, "#method-page")
		}},
	}
}

// TestPlanIsMadeByKeys: a tester gives their word and takes a proposal over, and a manager
// who planned nothing approves, by the keyboard alone.
func TestPlanIsMadeByKeys(t *testing.T) {
	h := live(t)
	planReady(t, h)
	path := "/x/" + h.exam + "/planning"
	d := h.door(t)
	p := d.as(t, h, tester)
	p.open(path + "/independence")
	p.TabTo("[name=independent]")
	p.Press(" ")
	p.TabTo(".plan-form > .btn")
	p.Press("Enter")
	p.Wait("the plan", `location.pathname.endsWith("/planning") && document.readyState === "complete" && document.querySelector(".plan-steps").innerText.includes("All 5 have confirmed")`)
	before, err := h.app.ExaminationPlan(t.Context(), tester, h.exam, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	p.TabTo(".plan [name=key]")
	p.Press(" ")
	p.Do(`document.querySelector("#plan-tests button").focus()`)
	p.Press("Enter")
	was, _, _ := before.Tests()
	p.Wait("one test more", `location.hash === "#plan-tests" && document.readyState === "complete"`)
	after, err := h.app.ExaminationPlan(t.Context(), tester, h.exam, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if is, _, _ := after.Tests(); is <= was {
		t.Errorf("%d tests planned before and %d after", was, is)
	}
	p.fine(t)

	q := d.as(t, h, approver)
	q.open(path)
	q.TabTo(`a[href="#plan-approval"]`)
	q.Press("Enter")
	q.TabTo("#plan-remark")
	q.Type("The other controls follow with the interim visit.")
	q.TabTo("#plan-approval .btn")
	q.Press("Enter")
	q.Wait("the approval", `location.hash === "#plan-approval" && document.readyState === "complete" && document.querySelector("#plan-approval").innerText.includes("Carla Brandt")`)
	q.fine(t)
}
