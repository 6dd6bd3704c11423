package web

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// blindSession is a session in which the manager and an owner score two risks; it is
// opened by whoever asks first.
func blindSession(t *testing.T, h *liveHouse) string {
	t.Helper()
	const id = "looked-at"
	if _, err := h.site.app.RiskSession(t.Context(), manager, id, record.AsOf{}); err == nil {
		return id
	}
	_, err := h.site.app.OpenRiskSession(t.Context(), manager, app.RiskOpening{ID: id, Title: "Risk workshop", Participants: []string{manager, "fatima-boukhari"}, Risks: []string{"pay-2-r2", "itgc-1-r1"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestRiskPages leads a session from the blind scores to the closed one.
func TestRiskPages(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	id := blindSession(t, h)
	path := "/risks/sessions/" + id

	// By the keyboard alone: four digits score a risk, the fifth begins the next.
	p.Dark(false)
	p.Size(1280, 800)
	p.open(path)
	p.Press("j")
	p.Press("4")
	p.Press("5")
	p.Press("2")
	p.Press("3")
	p.Press("1")
	p.Wait("the scores", `["pay-2-r2.likelihood=4", "pay-2-r2.impact=5", "pay-2-r2.residual_likelihood=2", "pay-2-r2.residual_impact=3", "itgc-1-r1.likelihood=1"].join() === [...document.querySelectorAll("[data-card] input:checked")].map((x) => x.name + "=" + x.value).join()`)
	p.Do(`document.querySelector("#itgc-1-r1-impact-2").checked = true; document.querySelector(".scores button").click()`)
	p.Wait("that they are sealed", `document.querySelector(".note.ok") && document.readyState === "complete"`)
	const owner = "fatima-boukhari"
	if _, err := h.site.app.ScoreRisks(t.Context(), owner, id, []soc1.RiskRating{{Risk: "pay-2-r2", Likelihood: 2, Impact: 4, Remark: "zebrafish"}}); err != nil {
		t.Fatal(err)
	}

	// The facilitator sees a number, and on no page a score of another.
	for _, at := range []string{path, "/r/risk_score/" + id + "." + owner, "/r/risk_score", "/r/risk_session/" + id, "/activity", "/risks"} {
		p.open(at)
		if text := browsertest.Eval[string](p.Tab, `document.documentElement.outerHTML`); strings.Contains(text, "zebrafish") {
			t.Errorf("%s tells a blind score", at)
		}
	}
	p.open(path)
	p.Wait("how far the other is", `document.querySelector(".who").textContent.includes("1 of 2 scored")`)

	p.Do(`document.querySelector("form[action$=reveal] button").click()`)
	p.Wait("the scores of all", `document.querySelector(".marks")?.textContent.includes("zebrafish") && document.readyState === "complete"`)
	p.inspect(t, page{pattern: "GET /risks/sessions/{id}", path: path, do: func(p *person) {
		p.Do(`for (const d of document.querySelectorAll(".agreeing")) d.open = true`)
	}})
	p.Dark(false)
	for _, risk := range []string{"pay-2-r2", "itgc-1-r1"} {
		p.open(path)
		p.Do(`const f = document.querySelector("#r-` + risk + ` form"); f.closest("details").open = true;
			for (const [k, v] of [["likelihood", 3], ["impact", 4], ["residual_likelihood", 2], ["residual_impact", 4]]) f.querySelector("[name=" + k + "][value='" + v + "']").checked = true;
			f.querySelector("textarea").value = "The group agrees."; f.querySelector("button").click()`)
		p.Wait("the agreement", `document.querySelector("#r-`+risk+` header .pill:last-child")?.textContent.includes("Agreed 3 × 4") && document.readyState === "complete"`)
	}
	p.Do(`document.querySelector("form[action$=close] button").click()`)
	p.Wait("the end", `document.querySelector(".bar .pill")?.textContent.includes("Closed")`)
	x, err := h.site.app.Risks(t.Context(), manager, app.RiskOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range x.Standings {
		if s.Ref.ID == "pay-2-r2" && (s.Inherent.Score() != 12 || s.Residual.Score() != 8) {
			t.Errorf("the risk stands at %v and %v", s.Inherent, s.Residual)
		}
	}
}
