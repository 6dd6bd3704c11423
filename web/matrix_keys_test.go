package web

import (
	"testing"

	"reperform/soc1"
)

// TestMatrixBeginsAtWhatHolds opens the choices of a cell, which begin at what is
// recorded: leaving them by Enter or Tab records nothing, and a choice made by
// arrows is recorded by Tab, said, and can be undone.
func TestMatrixBeginsAtWhatHolds(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/matrix?objective=itgc-3")
	was := h.revision(t, "control", "itgc-3-1").Revision
	held := func() (c soc1.Control) { h.decode(t, "control", "itgc-3-1", &c); return c }
	before := held()
	same := func(after string) {
		t.Helper()
		if x := h.revision(t, "control", "itgc-3-1"); x.Revision != was {
			t.Errorf("%s recorded revision %d: %s", after, x.Revision, x.Body)
		}
	}
	at := func(field string) {
		t.Helper()
		p.Wait("the focus is on "+field, `document.activeElement?.closest("tr")?.dataset.id === "itgc-3-1" && document.activeElement.dataset.f === %s`, field)
	}
	// The choice under the mark is what the control holds.
	open := func(text string) {
		t.Helper()
		p.Press("Enter")
		p.Wait("the choices begin at "+text, `document.querySelector(".celled li.at")?.textContent.includes(%s) && document.querySelector(".celled li.at .tick").textContent === "✓"`, text)
	}
	p.TabTo(`#matrix [tabindex="0"]`)
	p.Press("ArrowRight", "ArrowRight", "ArrowRight")
	at("frequency")
	open(before.Frequency.Label())
	p.Press("Enter")
	at("frequency")
	open(before.Frequency.Label())
	p.Press("Tab")
	at("owner")
	p.Press("Enter")
	p.Wait("the choices", `document.querySelector(".celled li.at .tick")?.textContent === "✓"`)
	p.Press("Enter")
	at("owner")
	same("Enter and Tab without a choice")

	// Below the present value stands another one; Tab records it and goes on.
	p.Press("ArrowLeft")
	at("frequency")
	open(before.Frequency.Label())
	p.Press("ArrowDown")
	p.Press("Tab")
	at("owner")
	p.Wait("the change is said", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("Frequency of ITGC-3.1 is") && x.querySelector("button"))`)
	if c := held(); c.Frequency == before.Frequency {
		t.Error("Tab dropped the choice")
	}
	p.TabTo(".toast button")
	p.Press("Enter")
	p.Wait("undone", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("Undone"))`)
	if c := held(); c.Frequency != before.Frequency {
		t.Errorf("undone it is %s, was %s", c.Frequency, before.Frequency)
	}

	// What is typed is said as well where Tab records it.
	p.Do(`document.querySelector("#matrix [data-id='itgc-3-1'] [data-f='frequency']").click()`)
	at("frequency")
	word := "q"
	if before.Frequency == soc1.Quarterly {
		word = "w"
	}
	p.Type(word)
	p.Press("Tab")
	p.Wait("the typed choice is said", `[...document.querySelectorAll(".toast")].some((x) => x.textContent.includes("Frequency of ITGC-3.1 is") && x.querySelector("button"))`)
	p.fine(t)
}
