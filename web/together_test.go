package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/soc1"
	"reperform/web/browsertest"
)

// decode reads a record as it is now.
func (h *liveHouse) decode(t testing.TB, kind, id string, into any) {
	t.Helper()
	if err := json.Unmarshal(h.revision(t, kind, id).Body, into); err != nil {
		t.Fatal(err)
	}
}

// TestSameFieldAtOnce lets two people record the same field of one control at
// the same time: the slower sees both versions side by side and chooses for
// each field, and nothing is overwritten unseen.
func TestSameFieldAtOnce(t *testing.T) {
	h := live(t)
	d := h.door(t)
	const path = "/r/control/itgc-1-3"
	first, second := d.as(t, h, manager), d.as(t, h, owner)
	for _, p := range []*person{first, second} {
		p.open(path + "/edit")
	}
	write := func(p *person, field, text string) {
		p.TabTo("#" + field)
		p.Press("Control+a")
		p.Type(text)
	}
	write(first, "exceptions", "The manager's exceptions.")
	write(first, "who", "The manager's who")
	write(second, "exceptions", "The owner's exceptions.")
	write(second, "evidence", "the owner's evidence")
	write(first, "_reason", "The manager's reason.")
	write(second, "_reason", "The owner's reason.")
	// Nobody waits for the other.
	first.Press("Enter")
	second.Press("Enter")
	slower, faster := second, first
	for _, p := range []*person{first, second} {
		p.Wait("an answer", `document.readyState === "complete" && (location.pathname === %s || document.querySelector("[data-conflict]"))`, path)
		if browsertest.Eval[bool](p.Tab, `!!document.querySelector("[data-conflict]")`) {
			slower = p
		} else {
			faster = p
		}
	}
	if slower == faster {
		t.Fatal("both were recorded, or neither")
	}
	mine, theirs := "The owner's exceptions.", "The manager's exceptions."
	if slower == first {
		mine, theirs = theirs, mine
	}
	var now soc1.Control
	h.decode(t, "control", "itgc-1-3", &now)
	if now.Exceptions != theirs {
		t.Fatalf("recorded is %q", now.Exceptions)
	}
	conflict := slower.Text(`fieldset[data-conflict="true"]`)
	if !strings.Contains(conflict, mine) || !strings.Contains(conflict, theirs) || !strings.Contains(conflict, "Both changed") {
		t.Errorf("side by side is %q", conflict)
	}
	if n := browsertest.Eval[int](slower.Tab, `document.querySelectorAll("fieldset[data-conflict]").length`); n != 3 {
		t.Errorf("%d fields differ, expected 3", n)
	}
	for _, s := range slower.Axe(browsertest.All) {
		t.Error(s)
	}
	slower.Picture("both")
	slower.Size(390, 844)
	for _, s := range slower.Overflow() {
		t.Error(s)
	}
	slower.Size(1280, 800)
	// One's own version of the field that both changed, by keyboard.
	slower.TabTo(`input[name="_take.exceptions"]`)
	slower.Press("ArrowDown")
	slower.Wait("one's own is chosen", `document.querySelector("input[name='_take.exceptions'][value=mine]").checked`)
	if got := browsertest.Eval[string](slower.Tab, `document.querySelector("#_reason").value`); !strings.Contains(got, "reason.") {
		t.Errorf("the reason was lost: %q", got)
	}
	slower.TabTo("#_reason")
	slower.Press("Enter")
	slower.Wait("the record", `location.pathname === %s && document.readyState === "complete"`, path)
	h.decode(t, "control", "itgc-1-3", &now)
	if now.Exceptions != mine || now.Who != "The manager's who" || now.Evidence != "the owner's evidence" {
		t.Errorf("recorded is %q, %q, %q", now.Exceptions, now.Who, now.Evidence)
	}
	events, err := h.app.History(t.Context(), manager, "org", "control", "itgc-1-3")
	if err != nil || len(events) < 3 {
		t.Fatalf("%v %d", err, len(events))
	}
	faster.Wait("the faster sees it without reloading", `document.querySelector("#record")?.textContent.includes(%s)`, mine)
	// The refusal is an answer with status 409, which the console notes.
	found := slices.DeleteFunc(slower.Problems(), func(s string) bool { return strings.Contains(s, "409") })
	for _, s := range append(found, faster.Problems()...) {
		t.Error(s)
	}
}

// TestSameCellAtOnce is the same in the matrix.
func TestSameCellAtOnce(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/matrix?objective=pay-6")
	p.TabTo(`#matrix [tabindex="0"]`)
	p.Press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
	p.Type("leila")
	p.Wait("one choice", `document.querySelectorAll(".celled [role=option]").length === 1`)
	h.control(t, "pay-6-1", "Somebody else's choice.", func(c *soc1.Control) { c.Owner = "marcus-delacroix" })
	p.Press("Enter")
	p.Wait("both versions", `document.querySelector("dialog[open]")?.textContent.includes("Marcus Delacroix")`)
	if got := p.Text("dialog[open]"); !strings.Contains(got, "Leila Farahani") || !strings.Contains(got, "Somebody else's choice.") {
		t.Errorf("the dialog says %q", got)
	}
	for _, s := range p.Axe(browsertest.All) {
		t.Error(s)
	}
	var c soc1.Control
	h.decode(t, "control", "pay-6-1", &c)
	if c.Owner != "marcus-delacroix" {
		t.Fatalf("overwritten by %s", c.Owner)
	}
	p.TabTo("dialog[open] footer button:last-child")
	p.Press("Enter")
	p.Wait("it is recorded on top", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("Leila Farahani"))`)
	h.decode(t, "control", "pay-6-1", &c)
	if c.Owner != "leila-farahani" {
		t.Errorf("recorded is %s", c.Owner)
	}
	found := slices.DeleteFunc(p.Problems(), func(s string) bool { return strings.Contains(s, "409") })
	for _, s := range found {
		t.Error(s)
	}
}

// hears collects the changes that a tab hears of from now on.
func (p *person) hears() *person {
	p.Do(`window.heard = []; live.on((e) => { if (e.type === "change") window.heard.push(e.kind + "/" + e.id + ":" + e.rev) })`)
	return p
}

func (p *person) heard() []string {
	return browsertest.Eval[[]string](p.Tab, `window.heard`)
}

// TestOthersChangesArrive shows another person's change without a reload, and
// leaves alone an editor that is open, its text, the focus and the scroll
// position.
func TestOthersChangesArrive(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/matrix?objective=itgc-3,itgc-4,itgc-5")
	p.Size(1280, 420)
	p.Wait("the grid", `document.querySelector("#matrix [tabindex='0']")`)
	p.Wait("the stream", `performance.getEntriesByType("resource").length >= 0 && document.body.dataset.last`)
	p.Do(`window.same = true; const r = [...document.querySelectorAll("tr.r")].find((x) => x.dataset.id === "itgc-5-2"); matrix.mark([...r.children].find((c) => c.dataset.f === "owner"))`)
	p.Type("mar")
	p.Wait("the editor", `document.querySelector(".celled input")?.value === "mar" && document.querySelector(".celled [role=option]")`)
	top := browsertest.Eval[float64](p.Tab, `document.querySelector("x-matrix").scrollTop`)
	if top == 0 {
		t.Error("the matrix is not scrolled, so that nothing is shown by it")
	}
	// Another row changes, and then the very row.
	h.control(t, "itgc-5-1", "Elsewhere.", func(c *soc1.Control) { c.Frequency = soc1.Annual })
	h.control(t, "itgc-5-2", "The same row.", func(c *soc1.Control) { c.Frequency = soc1.Annual })
	p.Wait("the other row", `document.querySelector("tr[data-id='itgc-5-1'] td[data-f=frequency]").textContent.includes("Annual")`)
	state := browsertest.Eval[string](p.Tab, `[window.same, document.querySelector(".celled input")?.value, document.activeElement === document.querySelector(".celled input"), document.querySelector("x-matrix").scrollTop].join(" ")`)
	if want := fmt.Sprintf("true mar true %v", top); state != want {
		t.Errorf("after others' changes: %s, want %s", state, want)
	}
	p.Press("Escape")
	p.Wait("the focus is back in the cell", `document.activeElement?.closest("tr")?.dataset.id === "itgc-5-2"`)
	h.control(t, "itgc-5-3", "A third.", func(c *soc1.Control) { c.Frequency = soc1.Annual })
	p.Wait("the third row", `document.querySelector("tr[data-id='itgc-5-3'] td[data-f=frequency]").textContent.includes("Annual")`)
	p.Wait("the row that was edited", `document.querySelector("tr[data-id='itgc-5-2'] td[data-f=frequency]").textContent.includes("Annual")`)
	state = browsertest.Eval[string](p.Tab, `[window.same, document.activeElement?.closest("tr")?.dataset.id, document.querySelector("x-matrix").scrollTop].join(" ")`)
	if want := fmt.Sprintf("true itgc-5-2 %v", top); state != want {
		t.Errorf("after a third change: %s, want %s", state, want)
	}

	// A record, with the focus on a link in it, scrolled.
	p.open("/r/control/itgc-5-1")
	p.Do(`window.same = true; const f = document.querySelector(".facts"); f.scrollTop = 120; document.querySelector("#f-owner a.pen").focus({ preventScroll: true })`)
	top = browsertest.Eval[float64](p.Tab, `document.querySelector(".facts").scrollTop`)
	h.control(t, "itgc-5-1", "Once more.", func(c *soc1.Control) { c.Frequency = soc1.Quarterly })
	p.Wait("the record", `document.querySelector("#f-frequency dd").textContent.includes("Quarterly") && document.querySelector("#history").textContent.includes("Once more.")`)
	state = browsertest.Eval[string](p.Tab, `[window.same, document.activeElement?.closest("div")?.id, document.querySelector(".facts").scrollTop].join(" ")`)
	if want := fmt.Sprintf("true f-owner %v", top); state != want || top == 0 {
		t.Errorf("after a change of the record: %s, want %s", state, want)
	}
	p.fine(t)
}

// TestNothingIsMissedBetween renders a page, and lets something happen before
// its scripts listen.
func TestNothingIsMissedBetween(t *testing.T) {
	h := live(t)
	d := h.door(t)
	p := d.as(t, h, manager)
	var once sync.Once
	d.before = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".js") {
			once.Do(func() {
				h.control(t, "itgc-4-1", "Before the page listens.", func(c *soc1.Control) { c.Frequency = soc1.SemiAnnual })
			})
		}
	}
	p.open("/r/control/itgc-4-1")
	p.Wait("what happened meanwhile", `document.querySelector("#history").textContent.includes("Before the page listens.")`)
	p.fine(t)
}

// TestTabsShareOneStream opens several tabs: one connection serves them all, a
// tab that closes hands it over, and each tab hears everything once.
func TestTabsShareOneStream(t *testing.T) {
	h := live(t)
	d := h.door(t)
	p := d.as(t, h, manager)
	p.open("/r/control/pay-1-2").hears()
	tabs := []*person{p}
	for range 3 {
		x := &person{Tab: p.window.Tab(), window: p.window, door: d, h: h}
		tabs = append(tabs, x.open("/r/control/pay-1-2").hears())
	}
	change := func(reason string, f soc1.Frequency) {
		h.control(t, "pay-1-2", reason, func(c *soc1.Control) { c.Frequency = f })
		for i, x := range tabs {
			x.Wait(fmt.Sprintf("tab %d shows it", i), `document.querySelector("#history").textContent.includes(%s)`, reason)
		}
		if n := d.streams(); n != 1 {
			t.Errorf("%d tabs hold %d streams", len(tabs), n)
		}
	}
	change("To all four.", soc1.Weekly)
	// The first tab holds the stream; while nobody does, something happens.
	tabs[0].CloseTab()
	tabs = tabs[1:]
	change("While it was handed over.", soc1.Monthly)
	change("By the next.", soc1.AsNeeded)
	for i, x := range tabs {
		got := x.heard()
		var mine []string
		for _, s := range got {
			if strings.HasPrefix(s, "control/pay-1-2:") {
				mine = append(mine, s)
			}
		}
		slices.Sort(mine)
		if len(mine) != 3 || len(slices.Compact(slices.Clone(mine))) != 3 {
			t.Errorf("tab %d heard %v", i, mine)
		}
		x.fine(t)
	}
}

// TestBrokenConnection shuts the server while somebody edits: no text is lost,
// neither by waiting nor by sending it, and what happened meanwhile is told
// once the server is back, each change once.
func TestBrokenConnection(t *testing.T) {
	h := live(t)
	d := h.door(t)
	editor := d.as(t, h, manager)
	reader := &person{Tab: editor.window.Tab(), window: editor.window, door: d, h: h}
	reader.open("/matrix?objective=pay-2").hears()
	editor.open("/r/control/pay-2-1/edit")
	h.control(t, "pay-2-2", "Before.", func(c *soc1.Control) { c.Frequency = soc1.Annual })
	reader.Wait("the stream runs", `window.heard.length === 1`)
	editor.TabTo("#exceptions")
	editor.Press("Control+a")
	editor.Type("Typed before and ")

	d.shut()
	editor.Type("after the connection broke.")
	for _, f := range []soc1.Frequency{soc1.Weekly, soc1.Monthly, soc1.Quarterly} {
		h.control(t, "pay-2-2", "While nobody listened.", func(c *soc1.Control) { c.Frequency = f })
	}
	editor.TabTo("#_reason")
	editor.Press("Control+a")
	editor.Type("Kept.")
	editor.Press("Enter")
	editor.Wait("it is said", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("cannot be reached"))`)
	if got := browsertest.Eval[string](editor.Tab, `document.querySelector("#exceptions").value + "|" + document.querySelector("#_reason").value`); got != "Typed before and after the connection broke.|Kept." {
		t.Errorf("the form holds %q", got)
	}
	// A cell that is changed meanwhile does not look as if it were recorded.
	reader.Do(`const r = document.querySelector("tr[data-id='pay-2-3']"); window.was = [...r.children].find((c) => c.dataset.f === "owner").innerText; matrix.mark([...r.children].find((c) => c.dataset.f === "owner"))`)
	reader.Press("Enter")
	reader.Wait("the choices cannot be had", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("cannot be loaded"))`)

	d.open()
	reader.Wait("all is heard", `window.heard.length >= 4`)
	reader.Wait("and shown", `document.querySelector("tr[data-id='pay-2-2'] td[data-f=frequency]").textContent.includes("Quarterly")`)
	h.control(t, "pay-2-2", "Afterwards.", func(c *soc1.Control) { c.Frequency = soc1.Annual })
	reader.Wait("and what comes after", `document.querySelector("tr[data-id='pay-2-2'] td[data-f=frequency]").textContent.includes("Annual")`)
	if got := reader.heard(); len(got) != 5 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 5 {
		t.Errorf("heard %v", got)
	}
	editor.TabTo("#_reason")
	editor.Press("Enter")
	editor.Wait("recorded", `location.pathname === "/r/control/pay-2-1" && document.readyState === "complete"`)
	var c soc1.Control
	h.decode(t, "control", "pay-2-1", &c)
	if c.Exceptions != "Typed before and after the connection broke." {
		t.Errorf("recorded is %q", c.Exceptions)
	}
}

// TestSignedOutWhileEditing loses no text when the session ended meanwhile.
func TestSignedOutWhileEditing(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/r/control/pay-2-4/edit")
	p.TabTo("#exceptions")
	p.Press("Control+a")
	p.Type("Typed while the session ended.")
	p.window.Cookie(p.door.url("/"), h.site.sessionCookie(), "ended")
	p.TabTo("#_reason")
	p.Type("Kept.")
	p.Press("Enter")
	p.Wait("it is said", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("signed out"))`)
	p.window.Cookie(p.door.url("/"), h.site.sessionCookie(), h.token(t, manager))
	p.Press("Enter")
	p.Wait("recorded", `location.pathname === "/r/control/pay-2-4" && document.readyState === "complete"`)
	var c soc1.Control
	h.decode(t, "control", "pay-2-4", &c)
	if c.Exceptions != "Typed while the session ended." {
		t.Errorf("recorded is %q", c.Exceptions)
	}
}
