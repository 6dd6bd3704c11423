package web

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/demo"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
)

const (
	keptReportID    = "report-aaaaaaaaaaaaaaaa"
	waitingReportID = "report-bbbbbbbbbbbbbbbb"
)

// reportsKept are a confirmed report of the bank with a letter, and one of the host that
// waits. They are recorded by whoever asks first.
func reportsKept(t *testing.T, h *liveHouse) {
	t.Helper()
	ctx := t.Context()
	if _, err := h.app.Record(ctx, manager, app.OrganizationLedger, "subservice_report", keptReportID, record.AsOf{}); err == nil {
		return
	}
	take := func(id, of string) soc1.ObtainedReport {
		name, pdf := demo.ObtainedReport(of, 2025)
		kept, err := h.app.KeepFile(ctx, manager, app.OrganizationLedger, name, bytes.NewReader(pdf))
		if err != nil {
			t.Fatal(err)
		}
		v, err := h.app.DraftSubserviceReport(ctx, manager, of, kept.File)
		if err == nil {
			_, err = h.app.TakeInSubserviceReport(ctx, manager, id, 0, v, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := take(keptReportID, "fernbrook")
	if _, err := h.app.ConfirmSubserviceReport(ctx, manager, app.SubserviceConfirming{Report: keptReportID, Conclusion: "It can <i>be</i> relied on."}); err != nil {
		t.Fatal(err)
	}
	v.BridgeLetters = []soc1.ObtainedBridge{{From: "2025-07-01", To: "2025-09-30", Dated: "2025-10-09"}}
	v.UserEntityControls[0].Controls = []string{"pay-5-2"}
	if _, err := h.app.TakeInSubserviceReport(ctx, manager, keptReportID, 1, v, "The letter."); err != nil {
		t.Fatal(err)
	}
	take(waitingReportID, "stonevale")
}

// subservicePages are the pages of subservice organizations.
func subservicePages(t *testing.T, h *liveHouse) []page {
	reportsKept(t, h)
	opened := func(p *person) { p.Do(`document.querySelectorAll("main details").forEach((d) => d.open = true)`) }
	return []page{
		{pattern: "GET /subservice", who: manager, path: "/subservice"},
		{pattern: "GET /subservice", who: "elena-petrova", path: "/subservice"},
		{pattern: "POST /subservice", who: manager, path: "/subservice", do: func(p *person) {
			p.Do(`document.querySelector("#of").value = "fernbrook"; document.querySelector(".sub-take button[value=file]").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /subservice/{id}", who: manager, path: "/subservice/" + waitingReportID},
		{pattern: "GET /subservice/{id}", who: manager, path: "/subservice/" + keptReportID + "?add=letter", do: opened},
		{pattern: "GET /subservice/{id}", who: "elena-petrova", path: "/subservice/" + keptReportID, do: opened},
		{pattern: "POST /subservice/{id}", who: manager, path: "/subservice/" + waitingReportID, do: func(p *person) {
			p.Do(`document.querySelector("#auditor").value = ""; document.querySelector("#confirm button[value=confirm]").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
	}
}

// TestReportByKeys takes in a report, corrects one thing that was proposed and confirms
// it, by the keyboard alone.
func TestReportByKeys(t *testing.T) {
	h := live(t)
	reportsKept(t, h)
	name, pdf := demo.ObtainedReport("fernbrook", 2024)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	p := h.door(t).as(t, h, manager)
	p.open("/subservice")
	p.TabTo("#of")
	p.Type("Fern")
	// A browser's own dialog chooses the file.
	p.Files("#report-file", path)
	p.TabTo(".sub-take button[value=file]")
	p.Press("Enter")
	p.Wait("the proposals", `location.pathname.startsWith("/subservice/report-") && document.readyState === "complete" && document.querySelectorAll(".sub-passage mark").length > 5`)
	id := strings.TrimPrefix(p.Path(), "/subservice/")
	if !p.is(`document.querySelector("#period_to").value === "2024-06-30" && [...document.querySelectorAll("mark")].some((m) => m.textContent === "June 30, 2024")`) {
		t.Error("the end of the period is not beside its words")
	}
	if !p.is(`document.querySelector(".sub-fact a[href*='#page=3']").target === "_blank"`) {
		t.Error("no way to the page of the PDF")
	}
	p.TabTo("#auditor")
	p.Press("Control+a")
	p.Type("Abernathy & Castellanos LLP")
	p.TabTo("#confirm button[value=confirm]")
	p.Press("Enter")
	p.Wait("what is missing", `document.querySelector("#conclusion[aria-invalid=true]") && document.readyState === "complete"`)
	if !p.is(`document.querySelector("#auditor").value === "Abernathy & Castellanos LLP" && document.querySelector("[id$='auditor']").closest(".sub-fact").innerText.includes("proposes")`) {
		t.Error("what was typed is lost, or nothing says that the passage proposes something else")
	}
	p.TabTo("#conclusion")
	p.Type("An old report. It says nothing of this year.")
	p.TabTo("#confirm button[value=confirm]")
	p.Press("Enter")
	p.Wait("the confirmation", `document.querySelector(".bar .pill.ok")?.innerText.includes("Confirmed") && document.readyState === "complete"`)
	r, err := h.app.Subservice(t.Context(), manager, app.SubserviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, x := r.Report(id); x == nil || x.State != intake.Confirmed || x.Value.Auditor != "Abernathy & Castellanos LLP" || x.Confirmation.Value.By != manager {
		t.Errorf("recorded is %+v", x)
	}
	p.Size(390, 844)
	p.open("/subservice/" + waitingReportID)
	for _, s := range p.Overflow() {
		t.Error(s)
	}
}
