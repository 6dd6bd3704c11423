package web

import (
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/soc1"
)

// TestKeyboardAlone does a control owner's errand without a mouse: signs in,
// finds a control, edits it, says why, sees it in the history, comments on it and
// calls somebody, and signs out.
func TestKeyboardAlone(t *testing.T) {
	h := live(t)
	h.token(t, owner)
	p := h.door(t).as(t, h, nobody)
	p.signInByKeys(owner)
	p.findByKeys("ITGC-1.2", "/r/control/itgc-1-2")
	p.editByKeys("exceptions", "What differs is written down and settled within five days.", "The limit of five days was agreed in November.")
	p.historyByKeys(t, "Fatima Boukhari", "The limit of five days was agreed in November.")
	p.commentByKeys("Agreed with @", "daniel", "Daniel Krawczyk", " in November.")
	p.signOutByKeys(t)
	p.fine(t)
	if c, err := h.app.MentionsOf(t.Context(), manager); err != nil || !slices.ContainsFunc(c, func(l app.CommentLine) bool { return l.Comment.Text == "Agreed with @daniel-krawczyk in November." }) {
		t.Errorf("the manager is called by %v, %v", c, err)
	}
	if got := string(h.revision(t, "control", "itgc-1-2").Body); !strings.Contains(got, "settled within five days") {
		t.Errorf("recorded is %s", got)
	}
}

func (p *person) signInByKeys(who string) {
	p.open("/r/control")
	p.Wait("the sign-in", `document.activeElement?.id === "email"`)
	p.Type(who + "@wexmoor.example")
	p.Press("Tab")
	p.Type(password)
	p.Press("Enter")
	p.Wait("the page asked for", `location.pathname === "/r/control" && document.readyState === "complete"`)
}

// findByKeys opens a record through the palette.
func (p *person) findByKeys(words, path string) {
	p.Press("Control+k")
	p.Wait("the palette", `document.activeElement?.closest("dialog[open].cmdk")`)
	p.Type(words)
	p.Wait("the record is found", `[...document.querySelectorAll("dialog[open] [role=option]")].some((x) => x.textContent.includes(%s))`, words)
	for range 40 {
		if strings.Contains(p.Text(`dialog[open] [role=option][aria-selected=true]`), words) {
			break
		}
		p.Press("ArrowDown")
	}
	p.Press("Enter")
	p.Wait("the record", `location.pathname === %s && document.readyState === "complete"`, path)
}

// editByKeys changes a field of the record shown, with a reason.
func (p *person) editByKeys(field, text, reason string) {
	p.Press("e")
	p.Wait("the form", `location.pathname.endsWith("/edit") && document.readyState === "complete"`)
	p.TabTo("#" + field)
	p.Press("Control+a")
	p.Type(text)
	p.TabTo("#_reason")
	p.Press("Control+a")
	p.Type(reason)
	p.Press("Enter")
	p.Wait("the record again", `!location.pathname.endsWith("/edit") && document.readyState === "complete"`)
}

// historyByKeys finds the latest revision beside the record, and its proof.
func (p *person) historyByKeys(t *testing.T, who, reason string) {
	t.Helper()
	if got := p.Text("#history > li:first-child"); !strings.Contains(got, reason) || !strings.Contains(got, "1 field changed") {
		t.Errorf("the history says %q", got)
	}
	p.TabTo("#history > li:first-child .proof a")
	p.Press("Enter")
	p.Wait("the entry", `location.pathname.startsWith("/entry/") && document.readyState === "complete"`)
	if got := p.Text("main"); !strings.Contains(got, "Inclusion path") || !strings.Contains(got, who) {
		t.Errorf("the entry says %.300q", got)
	}
	p.Do(`history.back()`)
	p.Wait("the record once more", `location.pathname.startsWith("/r/") && document.readyState === "complete"`)
}

// commentByKeys says something about the record shown, and calls somebody who is
// found by a few letters.
func (p *person) commentByKeys(before, letters, name, after string) {
	p.Press("c")
	p.Wait("the field", `document.activeElement?.id === "say-text"`)
	p.Type(before)
	p.Wait("the people", `document.activeElement?.getAttribute("role") === "combobox"`)
	p.Type(letters)
	p.Wait("one of them", `document.querySelectorAll(".mention [role=option]").length === 1 && document.querySelector(".mention [role=option]").textContent.includes(%s)`, name)
	p.Press("Enter")
	p.Wait("the field again", `document.activeElement?.id === "say-text"`)
	p.Press("Backspace")
	p.Type(after)
	p.Press("Control+Enter")
	p.Wait("the comment is shown", `document.querySelector("#talk .thread .at")?.textContent === "@" + %s`, name)
	p.Press("Escape")
}

func (p *person) signOutByKeys(t *testing.T) {
	t.Helper()
	p.TabTo(".side .pop.up > summary")
	p.Press("Enter")
	p.TabTo(`.side form[action$="/sign-out"] button`)
	p.Press("Enter")
	p.Wait("the sign-in", `location.pathname === "/sign-in" && document.readyState === "complete"`)
	p.open("/matrix")
	if got := p.Path(); !strings.HasPrefix(got, "/sign-in") {
		t.Errorf("signed out, the matrix is still shown at %s", got)
	}
}

// TestMatrixByKeyboard moves through the matrix, edits a cell, undoes it, fills
// down and moves a control, without a mouse.
func TestMatrixByKeyboard(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/matrix?objective=pay-3")
	p.TabTo(`#matrix [tabindex="0"]`)
	at := func(id, field string) {
		t.Helper()
		p.Wait("the focus is on "+field+" of "+id, `document.activeElement?.closest("tr")?.dataset.id === %s && (document.activeElement.dataset.f ?? "code") === %s`, id, field)
	}
	owners := func() []string {
		var out []string
		for _, id := range []string{"pay-3-1", "pay-3-2", "pay-3-3", "pay-3-4"} {
			var c soc1.Control
			h.decode(t, "control", id, &c)
			out = append(out, c.Owner)
		}
		return out
	}
	was := owners()
	at("pay-3-1", "code")
	p.Press("ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
	at("pay-3-1", "owner")

	// What is begun and left changes nothing.
	p.Type("hir")
	p.Wait("the choices", `document.querySelector(".celled [role=option]")?.textContent.includes("Hiroshi")`)
	p.Press("Escape")
	at("pay-3-1", "owner")

	p.Type("hiroshi")
	p.Wait("one choice", `document.querySelectorAll(".celled [role=option]").length === 1`)
	p.Press("Enter")
	p.Wait("the change is said", `document.querySelector(".toast")?.textContent.includes("Hiroshi Tanabe")`)
	at("pay-3-1", "owner")
	if got := owners(); got[0] != "hiroshi-tanabe" {
		t.Fatalf("recorded are %v", got)
	}
	p.TabTo(".toast button")
	p.Press("Enter")
	p.Wait("undone", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("Undone"))`)
	if got := owners(); got[0] != was[0] {
		t.Errorf("undone are %v, was %v", got, was)
	}

	// The second is filled down into the third and the fourth.
	p.Do(`document.querySelector("#matrix [tabindex='0']").focus()`)
	at("pay-3-1", "owner")
	p.Press("ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
	p.Wait("three rows are chosen", `document.querySelectorAll("tr.r[aria-selected=true]").length === 3`)
	p.Press("Control+d")
	p.Wait("the preview", `document.querySelector("dialog[open] footer .pri") === document.activeElement`)
	if got := p.Text("dialog[open]"); !strings.Contains(got, "PAY-3.3") {
		t.Errorf("the preview says %q", got)
	}
	p.Press("Enter")
	p.Wait("it is done", `!document.querySelector("dialog[open]") && [...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("changed"))`)
	if got := owners(); got[1] != was[1] || got[2] != was[1] || got[3] != was[1] {
		t.Errorf("filled down are %v, was %v", got, was)
	}

	// One control moves to another objective.
	p.Press("Escape")
	p.Wait("nothing is chosen", `!document.querySelector("tr.r[aria-selected=true]")`)
	p.Press("Home", "ArrowRight", "m")
	p.Wait("the objectives", `document.querySelector(".celled [role=option]")`)
	p.Type("pay-4")
	p.Wait("one objective", `document.querySelectorAll(".celled [role=option]").length === 1`)
	p.Press("Enter")
	p.Wait("it left the list", `document.querySelectorAll("tr.r").length === 3`)
	moved := 0
	for _, id := range []string{"pay-3-1", "pay-3-2", "pay-3-3", "pay-3-4"} {
		var c soc1.Control
		h.decode(t, "control", id, &c)
		if len(c.Objectives) == 1 && c.Objectives[0] == "pay-4" {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("%d controls moved", moved)
	}
	p.fine(t)
}
