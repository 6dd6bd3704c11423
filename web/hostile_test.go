package web

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// TestHostileTextInTheBrowser shows texts that want to be scripts, run in
// the other direction, or have ten thousand letters without a space, wherever
// texts are shown: no script runs, and every page keeps its width on a phone.
func TestHostileTextInTheBrowser(t *testing.T) {
	h := live(t)
	const evil = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>"'>{{window.ran=1}}${window.ran=1}<svg onload="window.ran=1">`
	const turned = "\u05e9\u05dc\u05d5\u05dd (\u0627\u0644\u0633\u0644\u0627\u0645) exe.png"
	long := strings.Repeat("W", 10000)
	for id, c := range map[string]soc1.Control{
		"evil-1": {Code: "X-1" + evil, Who: evil, What: evil},
		"evil-2": {Code: "X-2" + turned, Who: turned, What: turned},
		"evil-3": {Code: "X-3" + strings.Repeat("9", 200), Who: long[:1000], What: long, Exceptions: long},
	} {
		c.HowOften, c.Nature, c.Type, c.Frequency, c.Owner, c.Objectives = "always", soc1.Manual, soc1.Detective, soc1.Daily, manager, []string{"pay-7"}
		if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: id, Effective: "2025-11-20", Value: c, Reason: id + " " + evil + turned}); err != nil {
			t.Fatal(err)
		}
		if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "vendor", ID: id, Effective: "2025-11-20", Value: soc1.Vendor{Name: (c.Code + c.What)[:min(1000, len(c.Code+c.What))]}, Reason: long}); err != nil {
			t.Fatal(err)
		}
	}
	// Marks that turn what follows them are refused where they are written.
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "vendor", ID: "turned", Effective: "2025-11-20", Value: soc1.Vendor{Name: "\u202egnp.exe"}, Reason: "Test."}); err == nil {
		t.Error("a mark that turns the direction of writing is recorded")
	}
	// So is a name that is longer than any name.
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "vendor", ID: "long", Effective: "2025-11-20", Value: soc1.Vendor{Name: long}, Reason: "Test."}); err == nil || !strings.Contains(err.Error(), "10,000 characters") {
		t.Errorf("a name of ten thousand letters: %v", err)
	}
	p := h.door(t).as(t, h, manager)
	p.Size(390, 844)
	whole := func(where string) {
		t.Helper()
		if browsertest.Eval[bool](p.Tab, `"ran" in window`) {
			t.Errorf("%s: a script ran", where)
		}
		for _, s := range p.Overflow() {
			t.Errorf("%s: %s", where, s)
		}
		p.Picture(where)
		p.fine(t)
	}
	for _, path := range []string{"/matrix?objective=pay-7", "/matrix?objective=pay-7&open=evil-1", "/matrix?objective=pay-7&open=evil-3", "/r/control?q=X-", "/r/vendor", "/r/vendor?group=name", "/activity",
		"/r/control/evil-1", "/r/control/evil-2", "/r/control/evil-3", "/r/vendor/evil-3", "/r/control/evil-1/edit", "/r/control/evil-3/edit"} {
		p.open(path)
		whole(path)
	}
	// The palette.
	p.open("/r/service")
	for _, words := range []string{"X-1", "X-2", "X-3"} {
		p.Press("Control+k")
		p.Wait("the palette", `document.activeElement?.closest("dialog[open].cmdk")`)
		p.Type(words)
		p.Wait("it is found", `document.querySelector("dialog[open] [role=option]")?.textContent.startsWith(%s)`, words)
		if w := browsertest.Eval[float64](p.Tab, `document.querySelector("dialog[open]").scrollWidth - document.querySelector("dialog[open]").clientWidth`); w > 0 {
			t.Errorf("the palette is %v px too wide", w)
		}
		whole("palette " + words)
		p.Press("Escape")
	}
	// What the scripts of the matrix write: a toast, the statement, a preview.
	p.Size(1280, 800)
	p.open("/matrix?objective=pay-7&q=X-")
	p.Wait("the grid", `document.querySelector("#matrix [tabindex='0']")`)
	p.Do(`matrix.mark(document.querySelector("tr[data-id='evil-1'] td[data-f=frequency]"))`)
	p.Press("Enter")
	p.Wait("the choices", `document.querySelector(".celled [role=option]")`)
	p.Type("weekly")
	p.Press("Enter")
	p.Wait("it is said", `document.querySelector(".toast")?.textContent.includes("X-1")`)
	whole("toast")
	p.Do(`matrix.mark(document.querySelector("tr[data-id='evil-1'] td[data-f=statement]"))`)
	p.Press("Enter")
	p.Wait("the statement", `document.querySelector("dialog[open] form")`)
	whole("statement")
	p.Press("Escape")
	p.Do(`matrix.mark(document.querySelector("tr[data-id='evil-2'] td[data-f=owner]"))`)
	p.Press("Control+a", "Control+d")
	p.Wait("the preview", `document.querySelector("dialog[open] table.prev")`)
	whole("preview")
}
