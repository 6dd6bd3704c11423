package web

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

// policiesKept are a policy in force that was changed since, one that waits for its
// approver, an exception from the first, and a campaign that asks everybody about it. All
// are recorded by whoever asks first.
func policiesKept(t *testing.T, h *liveHouse) {
	t.Helper()
	ctx := t.Context()
	v, err := h.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.One[soc1.PolicyCampaign](ctx, v, "policy_campaign", "autumn"); err == nil {
		return
	}
	for _, id := range []string{"pol-conduct", "pol-change"} {
		if _, err := h.app.DecidePolicy(ctx, manager, app.PolicyDeciding{Policy: id, Decision: soc1.PolicyApproved, By: "ruth-villanueva", On: "2024-12-10", Minutes: "Meeting <b>of</b> December 10."}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := record.One[soc1.Policy](ctx, v, "policy", "pol-change")
	if err != nil {
		t.Fatal(err)
	}
	p.Value.Version, p.Value.Text = "3.2", p.Value.Text+"\n# New\n\nA <script>window.ran = 1</script> is no part of it.\n\n2. Begins with two.\n"
	for _, c := range []app.RecordChange{
		{Kind: "policy", ID: "pol-change", Revision: p.Revision, Value: p.Value},
		{Kind: "policy_exception", ID: "one-approval", Value: soc1.PolicyException{Title: "One approval", Policy: "pol-change", What: "One person approves.", Why: "The other is ill.", Owner: "gustavo-almeida", From: "2025-11-01", Until: "2025-12-31"}},
		{Kind: "policy_campaign", ID: "autumn", Value: soc1.PolicyCampaign{Title: "Autumn", Policies: []string{"pol-conduct", "pol-change", "pol-tax"}, Audience: soc1.Audience{Everybody: true}, Opens: "2025-11-01", Due: "2025-11-15", Why: "Once a year."}},
	} {
		c.Effective, c.Reason = "2025-11-01", "Kept."
		if err := h.app.PutRecord(ctx, manager, c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.app.AcknowledgePolicies(ctx, "kofi-mensah", "autumn", map[string]int64{"pol-conduct": 0, "pol-change": 0}); err != nil {
		t.Fatal(err)
	}
}

// policyPages are the pages of policies.
func policyPages(t *testing.T, h *liveHouse) []page {
	policiesKept(t, h)
	return []page{
		{pattern: "GET /policies", who: manager, path: "/policies"},
		{pattern: "GET /policies/of/{id}", who: manager, path: "/policies/of/pol-change?text=now", do: func(p *person) {
			p.Do(`document.querySelectorAll("details").forEach((d) => d.open = true)`)
		}},
		{pattern: "POST /policies/of/{id}/decide", who: "ruth-villanueva", path: "/policies/of/pol-change", do: func(p *person) {
			p.Do(`document.querySelector("#decide button[value=refused]").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /policies/campaigns/{id}", who: "kofi-mensah", path: "/policies/campaigns/autumn"},
		{pattern: "POST /policies/campaigns/{id}/confirm", who: "elena-petrova", path: "/policies/campaigns/autumn", do: func(p *person) {
			p.Do(`document.querySelectorAll(".pol-read details").forEach((d) => d.open = true); document.querySelector(".pol-read > .btn").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /policies/starters", who: manager, path: "/policies/starters", do: func(p *person) {
			p.Do(`document.querySelector("details").open = true`)
		}},
		{pattern: "POST /policies/starters", who: manager, path: "/policies/starters", do: func(p *person) {
			p.Do(`document.querySelector(".pol-starters .btn.pri").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
	}
}

// TestPolicyOnThePhone takes a change of a policy from its approver, who reads it where
// they are, to an owner's word that they follow it.
func TestPolicyOnThePhone(t *testing.T) {
	const owner = "priya-raghunathan"
	h := live(t)
	policiesKept(t, h)
	line := func() *policies.Line {
		r, err := h.app.Policies(t.Context(), manager, record.AsOf{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Line("pol-change")
	}
	p := h.door(t).as(t, h, "ruth-villanueva")
	p.Size(390, 844)
	p.open("/policies/of/pol-change")
	if text := p.Text(".pol-doc"); strings.Contains(text, "Begins with two") || !strings.Contains(text, "A change is everything") {
		t.Errorf("what is in force reads %q", text)
	}
	p.open("/policies/of/pol-change?text=now")
	if text := p.Text(".pol-doc"); !strings.Contains(text, "Begins with two") || !strings.Contains(text, "<script>") || p.is("window.ran === 1") || !strings.Contains(p.Text(".pol-changes ins"), "New") {
		t.Errorf("what stands reads %q", text)
	}
	if !p.is(`document.querySelector(".pol-text ol[start='2']") !== null`) {
		t.Error("a list that begins with two begins with one")
	}
	p.Do(`document.querySelector("#exception-one-approval form button[value=approved]").click()`)
	p.Wait("the approved exception", `document.querySelector("#exception-one-approval .pill").innerText.includes("Runs") && document.readyState === "complete"`)
	p.open("/policies/of/pol-change?text=now")
	// Somebody changes it while it is read: what is approved must be what was read.
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := record.One[soc1.Policy](t.Context(), v, "policy", "pol-change")
	if err != nil {
		t.Fatal(err)
	}
	p.Do(`window.read = document.querySelector("#decide form [name=revision]").value`)
	x.Value.Summary += " It is short."
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "policy", ID: x.ID, Revision: x.Revision, Effective: "2025-11-20", Value: x.Value, Reason: "Shorter."}); err != nil {
		t.Fatal(err)
	}
	p.Do(`document.querySelector("#decide form [name=revision]").value = window.read; document.querySelector("#note").value = "Typed before."; document.querySelector("#decide button[value=approved]").click()`)
	p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
	if text := p.Text(".note.bad"); !strings.Contains(text, "was changed since you read it") || !p.is(`document.querySelector("#note").value === "Typed before."`) {
		t.Errorf("the refusal says %q", text)
	}
	p.Do(`document.querySelector("[name=again]").checked = true; document.querySelector("#decide button[value=approved]").click()`)
	p.Wait("the approval", `document.querySelector(".bar .pill").innerText.includes("In force") && document.readyState === "complete"`)
	if l := line(); l.State != policies.InForce || l.InForce.Value.Version != "3.2" || !l.InForce.Value.Again || l.InForce.Value.Note != "Typed before." {
		t.Errorf("recorded is %+v", l.InForce)
	}

	o := h.door(t).as(t, h, owner)
	o.Size(390, 844)
	o.open("/policies")
	o.Do(`document.querySelector(".pol-mine .btn").click()`)
	o.Wait("the texts", `document.querySelectorAll(".pol-read > .card").length === 2 && document.readyState === "complete"`)
	o.Do(`document.querySelector("[name=read-pol-conduct]").checked = true; document.querySelector(".pol-read > .btn").click()`)
	o.Wait("one less", `document.querySelectorAll(".pol-read > .card").length === 1 && document.readyState === "complete"`)
	r, err := h.app.Policies(t.Context(), manager, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if me := r.Campaign("autumn").Of(owner); me.Answers[0].Given == nil || me.Answers[1].Given != nil {
		t.Errorf("recorded is %+v", me.Answers)
	}
	if found := o.Overflow(); len(found) > 0 {
		t.Error(found)
	}
}
