package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// TestFiltersOnAPhone filters a register and the matrix on a narrow screen: the
// bar is one line, the filters open from one button, reach no further than the
// screen, and each that is on is taken away by itself.
func TestFiltersOnAPhone(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.Size(390, 844)
	for _, c := range []struct {
		at, facet, value, on string
		lines                int
	}{
		{"/r/control", "Nature", "Automated", "Nature: Automated", 1},
		{"/matrix", "Nature", "Automated", "Nature: Automated", 2},
		{"/activity", "", "", "", 1},
	} {
		p.open(c.at)
		if high := browsertest.Eval[int](p.Tab, `Math.round(document.querySelector(".bar").getBoundingClientRect().height)`); high > 18+34*c.lines {
			t.Errorf("%s: the bar is %d px high", c.at, high)
		}
		p.TabTo(".filters")
		p.Press("Enter")
		p.Wait("the sheet", `document.querySelector("#filters:popover-open")`)
		if c.facet == "" {
			p.TabTo("#filters select")
			continue
		}
		for range 20 {
			p.Press("Tab")
			if browsertest.Eval[bool](p.Tab, `document.activeElement.matches("#filters summary") && document.activeElement.textContent.trim() === %s`, c.facet) {
				break
			}
		}
		p.Press("Enter")
		p.Wait("the choices", `document.querySelector("#filters details[open] .ni")`)
		if out := browsertest.Eval[[]string](p.Tab, `[...document.querySelectorAll("#filters :is(a, summary, button)")].filter((e) => e.checkVisibility()).filter((e) => { const b = e.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth || b.height < 24; }).map((e) => e.textContent.trim())`); len(out) > 0 {
			t.Errorf("%s: cut off or small: %v", c.at, out)
		}
		p.Picture("phone-filters" + safe(c.at))
		p.Do(`[...document.querySelectorAll("#filters details[open] .ni")].find((a) => a.textContent.includes(%s)).focus()`, c.value)
		p.Press("Enter")
		p.Wait("what is on", `document.readyState === "complete" && document.querySelector(".narrowed .chip")?.textContent.trim() === %s`, c.on)
		if name := browsertest.Eval[string](p.Tab, `document.querySelector(".filters").ariaLabel`); name != "Filters, 1 filter on" {
			t.Errorf("%s: the button is called %q", c.at, name)
		}
		p.TabTo(".narrowed .chip")
		p.Press("Enter")
		p.Wait("nothing is on", `document.readyState === "complete" && !document.querySelector(".narrowed") && document.querySelector("#register, #matrix")`)
	}
	p.fine(t)

	// Where there is room, the filters stand in the bar as they are.
	p.Size(1280, 900)
	p.open("/r/control")
	if !browsertest.Eval[bool](p.Tab, `!document.querySelector(".filters").checkVisibility() && [...document.querySelectorAll("#filters summary")].every((e) => e.checkVisibility())`) {
		t.Error("a broad screen hides the filters")
	}
}

// TestThumbs looks at whether what is small to the eye is large enough to be hit
// on a phone.
func TestThumbs(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.Size(390, 844)
	for _, path := range []string{"/", "/r/control", "/matrix", "/inbox", "/activity", "/people", "/settings"} {
		p.open(path)
		// A point a dozen pixels above and below the middle of a target hits it.
		small := browsertest.Eval[[]string](p.Tab, `[...document.querySelectorAll("main :is(a[href], button, summary, input.cb)")].filter((e) => {
			const b = e.getClientRects()[0], y = b?.top + b?.height / 2, x = b?.left + Math.min(b?.width / 2, 40);
			if (!b?.width || !e.checkVisibility({ visibilityProperty: true }) || e.closest("svg, p, .prose") || y < 60 || y > innerHeight - 20 || x > innerWidth - 20) return false;
			return [-11, 11].some((d) => { const hit = document.elementFromPoint(x, y + d); return !(hit && (e.contains(hit) || e.closest("label")?.contains(hit))); });
		}).map((e) => e.tagName + "." + e.className + " " + (e.ariaLabel || e.textContent).trim().slice(0, 40))`)
		if len(small) > 0 {
			t.Errorf("%s: too small to be hit: %q", path, small)
		}
	}
}

// safe is a path as part of a file's name.
func safe(path string) string {
	out := []byte(path)
	for i, c := range out {
		if c == '/' {
			out[i] = '-'
		}
	}
	return string(out)
}

// TestViewsByKeyboard saves a view, gives it another name, lets it hold something
// else and deletes it, without a mouse and on a narrow screen.
func TestViewsByKeyboard(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.Size(390, 844)
	open := func() {
		p.TabTo(".views > summary")
		p.Press("Enter")
		p.Wait("the menu", `document.querySelector(".views[open]")`)
	}
	edit := func() {
		open()
		p.TabTo(".viewedit > summary")
		p.Press("Enter")
		p.TabTo(".viewedit[open] input[name=name]")
	}
	p.open("/r/policy?sort=-title")
	open()
	p.TabTo("#view-name")
	p.Type("Backwards")
	p.Press("Enter")
	p.Wait("the view", `document.readyState === "complete" && document.querySelector(".views > summary")?.ariaLabel === "Views: Backwards"`)
	edit()
	p.Picture("phone-views")
	if out := p.Overflow(); len(out) > 0 {
		t.Errorf("the menu: %v", out)
	}
	p.Press("Control+a")
	p.Type("From the end")
	p.Press("Enter")
	p.Wait("its name", `document.readyState === "complete" && document.querySelector(".views > summary")?.ariaLabel === "Views: From the end" && location.search === "?sort=-title"`)
	p.open("/r/policy?sort=title")
	edit()
	p.TabTo(".viewedit[open] button[value=replace]")
	p.Press("Enter")
	p.Wait("it holds what is shown", `document.readyState === "complete" && document.querySelector(".views > summary")?.ariaLabel === "Views: From the end" && location.search === "?sort=title"`)
	edit()
	p.TabTo(".viewedit[open] details > summary")
	p.Press("Enter")
	p.TabTo(".viewedit[open] button[value=delete]")
	p.Press("Enter")
	p.Wait("it is gone", `document.readyState === "complete" && document.querySelector(".views > summary")?.ariaLabel === "Views: Views" && !document.querySelector(".viewedit")`)
	p.fine(t)
}

// TestAnswerOnAPhone goes the way of a control owner on a narrow screen, from the
// link in a mail: the page, the button, the file, the button. That is all.
func TestAnswerOnAPhone(t *testing.T) {
	h := live(t)
	id, err := h.app.Request(t.Context(), manager, app.Asking{Title: "Leavers of June", Text: "With dates.", To: owner, Subject: soc1.Ref{Kind: "control", ID: "itgc-1-6"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var paths []string
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprintf("leavers %d.csv", i))
		if err := os.WriteFile(path, fmt.Appendf(nil, "person,left\n%d,2025-06-01\n", i), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	p := h.door(t).as(t, h, owner)
	p.Size(390, 844)
	// 1: the link.
	p.open("/r/request/" + id)
	form := "#answer-" + id + " form"
	if !p.is(`document.querySelector("` + form + ` input[type=file]")?.checkVisibility()`) {
		// 2: the button, where the form is folded.
		p.Do(`document.querySelector("#answer-` + id + ` summary").click()`)
	}
	// 3: the files.
	p.Files(form+" input[type=file]", paths...)
	p.Wait("the files", `document.querySelector("`+form+` [data-files-said]").textContent === "All 3 files are there."`)
	p.Picture("phone-answer")
	if out := p.Overflow(); len(out) > 0 {
		t.Errorf("cut off: %v", out)
	}
	for _, s := range p.axe(browsertest.NoColours) {
		t.Error(s)
	}
	// 4: the answer.
	p.Do(`document.querySelector("` + form + ` button.pri").click()`)
	p.Wait("the answer", `document.querySelector("#request-`+id+` .answered a.link")`)
	p.fine(t)
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := record.One[soc1.Request](t.Context(), v, "request", id)
	if err != nil || q.Value.Status != soc1.RequestAnswered || len(q.Value.Evidence) != 1 {
		t.Fatalf("%+v %v", q.Value, err)
	}
	e, err := record.One[soc1.Evidence](t.Context(), v, "evidence", q.Value.Evidence[0])
	if err != nil || len(e.Value.Files) != 3 {
		t.Errorf("%+v %v", e.Value, err)
	}
}

// TestManyFilesAtOnce drops 200 files, of which one is empty: all others arrive, and
// that one says why it did not.
func TestManyFilesAtOnce(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, owner)
	p.open("/r/evidence/new")
	p.Do(`{ const d = new DataTransfer(); for (let i = 0; i < 200; i++) d.items.add(new File(i === 77 ? [] : ["row " + i], "file " + i + ".txt", { type: "text/plain" }));
		const zone = document.querySelector("[data-files]");
		zone.dispatchEvent(new DragEvent("dragover", { dataTransfer: d, bubbles: true, cancelable: true }));
		zone.dispatchEvent(new DragEvent("drop", { dataTransfer: d, bubbles: true, cancelable: true })); }`)
	p.Wait("200 files", `document.querySelector("[data-files-said]").textContent === "199 of 200 are there; 1 did not arrive."`)
	if got := browsertest.Eval[[]string](p.Tab, `[...document.querySelectorAll(".sent li:has(.err)")].map((e) => e.textContent)`); len(got) != 1 || !strings.Contains(got[0], "file 77.txt is empty") {
		t.Errorf("what did not arrive says %v", got)
	}
	if n := browsertest.Eval[int](p.Tab, `new Set([...document.querySelectorAll("input[name=_upload]")].map((e) => e.value)).size`); n != 199 {
		t.Errorf("the form names %d files", n)
	}
}
