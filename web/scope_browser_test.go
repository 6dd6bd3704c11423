package web

import (
	"testing"

	"reperform/app"
	"reperform/web/browsertest"
)

// answersInterview answers as a payroll company would, and asks what follows.
func answersInterview(p *person) {
	p.Do(`for (const s of document.querySelectorAll("#start form > .svc select[name$='.effect']")) s.value = "amounts";
		for (const c of document.querySelectorAll("#start form > .svc input[name$='.does'][value=process]")) c.checked = true;
		document.querySelector("#issued").value = "type_2";
		document.querySelector("#issued_to").value = "2024-12-31";
		document.querySelector("#needs").value = "operation";
		document.querySelector("#start button[value=see]").click()`)
	p.Wait("what follows", `document.querySelector(".says") && document.readyState === "complete"`)
}

// TestScopePages looks at a scope that was frozen and changed since, beside what
// TestPages looks at, and follows the map by the keyboard.
func TestScopePages(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	if _, err := h.site.app.FreezeScope(t.Context(), manager, app.ScopeFreezing{Engagement: "soc1-2025", Reason: "Planning is done."}); err != nil {
		t.Fatal(err)
	}
	changesLocation(t, h.site.app)
	p.inspect(t, page{pattern: "GET /scope", path: "/scope"})

	// By the keyboard alone: a name of the map lights its way up, and lets go.
	p.Size(1280, 800)
	p.open("/scope")
	p.TabTo(`[data-n="account-acct-cash"]`)
	p.Wait("the way", `document.querySelector("[data-n='service-payments'].lit") && document.querySelector("tr[data-path$='account-acct-cash'] [data-n='objective-pay-5'].lit")`)
	if browsertest.Eval[bool](p.Tab, `!!document.querySelector("[data-n='account-acct-wages'].lit, tr[data-path$='account-acct-wages'] .lit")`) {
		t.Error("what is not on the way is lit")
	}
	p.Press("Enter")
	p.Wait("the record", `location.pathname === "/r/account/acct-cash"`)
}
