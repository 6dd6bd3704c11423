package web

import (
	"fmt"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
)

// soc2Register is the register of a SOC 2 report: one control that could be one here, one
// whose words say nothing to a browser, one that is like none.
const soc2Register = "Code,Text,Criteria,Owner,Frequency,Evidence\n" +
	"S-1,\"The owner of each role decides for each assignment of access in a generated listing whether it is kept or removed.\",\"CC6.2; CC6.3\",Fatima Boukhari,quarterly,The signed listing.\n" +
	"S-2,\"Doors <script>window.ran = 1</script> are locked.\",CC6.4,,,\n" +
	"S-3,\"Vulnerabilities are looked for and fixed by their severity.\",CC7.1,Fatima Boukhari,monthly,\n"

// mapped imports the register, once for all tests.
func mapped(t *testing.T, h *liveHouse) {
	t.Helper()
	r, err := h.app.Mapping(t.Context(), manager, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Their("tsc-2017-s-1") != nil {
		return
	}
	if _, err := h.app.ImportFramework(t.Context(), manager, app.FrameworkFile{Name: "soc2.csv", Bytes: []byte(soc2Register)}, app.FrameworkImport{Framework: "TSC", Effective: "2025-01-15"}); err != nil {
		t.Fatal(err)
	}
}

// sendsRegister puts a table into the form as a person does who chooses a file.
func sendsRegister(p *person, name, csv string) {
	p.Do(fmt.Sprintf(`{const d = new DataTransfer(); d.items.add(new File([%q], %q, {type: "text/csv"})); document.querySelector("#file").files = d.files; document.querySelector("#framework").value = "TSC-2017"; document.querySelector("#file").form.requestSubmit()}`, csv, name))
}

func mappingPages(t *testing.T, h *liveHouse) []page {
	mapped(t, h)
	return []page{
		{pattern: "GET /mapping", who: manager, path: "/mapping"},
		{pattern: "GET /mapping/of/{framework}", who: manager, path: "/mapping/of/TSC-2017"},
		{pattern: "GET /mapping/of/{framework}", who: manager, path: "/mapping/of/NIST-800-53r5"},
		{pattern: "GET /mapping/of/{framework}", who: manager, path: "/mapping/of/TSC-2017?view=objectives"},
		{pattern: "GET /mapping/of/{framework}", who: manager, path: "/mapping/of/TSC-2017?view=proposals"},
		{pattern: "GET /mapping/of/{framework}", who: manager, path: "/mapping/of/TSC-2017?view=controls&decide=tsc-2017-s-2", do: func(p *person) {
			p.Do(`document.querySelectorAll("details").forEach((d) => d.open = true)`)
		}},
		{pattern: "POST /mapping/reuse/{id}", who: manager, path: "/mapping/of/TSC-2017?view=controls&decide=tsc-2017-s-2", do: func(p *person) {
			p.Do(`{const f = document.querySelector("#their-tsc-2017-s-2"); f.querySelector("[name=code]").value = "ITGC-1.1"; f.querySelector("button[value=make]").click()}`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /mapping/import", who: manager, path: "/mapping/import"},
		{pattern: "POST /mapping/import", who: manager, path: "/mapping/import", do: func(p *person) {
			sendsRegister(p, "wrong.csv", "Code,Importance\nS-9,high\n")
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /mapping/import/{token}", who: manager, path: "/mapping/import", do: func(p *person) {
			sendsRegister(p, "rows.csv", "Code,Text,Criteria\nS-9,Something is done.,CC99.1\nS-10,Something else is done.,CC6.1\n")
			p.Wait("the dry run", `document.querySelector(".plan .err") && document.readyState === "complete"`)
		}},
		{pattern: "POST /mapping/import/{token}", who: manager, path: "/mapping/import", do: func(p *person) {
			sendsRegister(p, "rows.csv", "Code,Text,Criteria\nS-9,Something is done.,CC6.1\n")
			p.Wait("the dry run", `document.querySelector("#_reason") && document.readyState === "complete"`)
			p.Do(`document.querySelector("#_reason").value = " "; document.querySelector("#_reason").form.requestSubmit()`)
			p.Wait("the refusal", `document.querySelector(".err[role=alert]") && document.readyState === "complete"`)
		}},
	}
}

// TestMappingOnThePhone takes a register from its file to a control that serves both.
func TestMappingOnThePhone(t *testing.T) {
	h := live(t)
	mapped(t, h)
	p := h.door(t).as(t, h, manager)
	p.Size(390, 844)
	p.open("/mapping/of/TSC-2017?view=controls")
	if text := p.Text("#their-tsc-2017-s-2"); !strings.Contains(text, "<script>") || p.is("window.ran === 1") {
		t.Errorf("the control reads %q", text)
	}
	p.Do(`document.querySelector("#their-tsc-2017-s-3 a.btn").click()`)
	p.Wait("what can be decided", `document.querySelector("#their-tsc-2017-s-3 button[value=make]") && document.readyState === "complete"`)
	p.Do(`document.querySelector("#their-tsc-2017-s-3 button[value=make]").click()`)
	p.Wait("the made control", `document.querySelector("#their-tsc-2017-s-3 .row .link") && document.readyState === "complete"`)
	p.open("/mapping/of/TSC-2017?view=proposals")
	if text := p.Text(".map-cards"); !strings.Contains(text, "S-1") || !strings.Contains(text, "ITGC-1.3") || !strings.Contains(text, "Both name CC6.2") {
		t.Errorf("proposed is %q", text)
	}
	p.Do(`document.querySelector(".map-cards form [name=control][value=itgc-1-3]").form.querySelector("button[value=same]").click()`)
	p.Wait("the tie", `!document.querySelector(".map-cards form [name=control][value=itgc-1-3]") && document.readyState === "complete"`)
	p.open("/mapping/of/TSC-2017?view=controls&tied=yes")
	p.Wait("the tie there", `document.querySelector("#their-tsc-2017-s-1 .row .link")`)
	r, err := h.app.Mapping(t.Context(), manager, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Their("tsc-2017-s-1").Value.Control; x != "itgc-1-3" {
		t.Errorf("S-1 is tied to %q", x)
	}
	if x := r.Their("tsc-2017-s-3"); x.Control < 0 {
		t.Fatalf("S-3 is %+v", x)
	} else if r.Controls[x.Control].Value.Owner != "fatima-boukhari" || r.Controls[x.Control].Value.Code != "S-3" {
		t.Errorf("S-3 is %+v", x)
	}
	// The house is shared: others count its controls.
	made := r.Controls[r.Their("tsc-2017-s-3").Control]
	if _, err := h.app.ReuseControl(t.Context(), manager, app.Reusing{Their: "tsc-2017-s-3", Untie: true}); err != nil {
		t.Fatal(err)
	}
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: made.ID, Revision: made.Revision, Effective: "2025-11-20", Value: made.Value, Retired: true, Reason: "Made in a test."}); err != nil {
		t.Fatal(err)
	}
	p.open("/mapping/import")
	sendsRegister(p, "more.csv", "Code,Text,Criteria\nS-8,Cameras are watched.,CC6.4\n")
	p.Wait("the dry run", `document.querySelector("#_reason") && document.readyState === "complete"`)
	p.Do(`document.querySelector("#_reason").form.requestSubmit()`)
	p.Wait("the controls", `document.querySelector("#their-tsc-2017-s-8") && document.readyState === "complete"`)
	if found := p.Overflow(); len(found) > 0 {
		t.Error(found)
	}
}
