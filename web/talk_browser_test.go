package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// converse gives pages something that was said and asked.
func (h *liveHouse) converse(t testing.TB) {
	t.Helper()
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Get(t.Context(), "comment", "c-seen"); err == nil {
		return
	}
	about := soc1.Ref{Kind: "control", ID: "itgc-1-1"}
	for _, c := range []app.Commenting{
		{ID: "c-seen", Subject: about, Text: "Who reviews **July**? @" + owner + "\n\n- see control/itgc-1-2\n- and `the register`", Mentions: []string{owner}},
		{ID: "c-answer", Subject: about, Text: "Nobody yet.", ReplyTo: "c-seen"},
		{ID: "c-settled", Subject: about, Text: "An old matter."},
	} {
		if _, _, err := h.app.Comment(t.Context(), manager, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.app.ResolveComment(t.Context(), manager, app.OrganizationLedger, "c-settled", true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Request(t.Context(), manager, app.Asking{ID: "req-seen", Title: "List of administrators", Text: "With the *reason*.", To: owner, Due: "2025-12-01", Subject: about}); err != nil {
		t.Fatal(err)
	}
}

// TestTalkTogether lets two people look at one record: each sees the other,
// nobody sees the auditor, and what one is writing stays while the other speaks.
func TestTalkTogether(t *testing.T) {
	h := live(t)
	d := h.door(t)
	const path = "/r/control/itgc-1-5"
	first, second, auditor := d.as(t, h, manager), d.as(t, h, owner), d.as(t, h, partner)
	for _, p := range []*person{auditor, first, second} {
		p.open(path)
		p.Wait("it is live", `document.querySelector(".live")?.dataset.state === "on"`)
	}
	first.Wait("the other is shown", `document.getElementById("presence")?.textContent.includes("Fatima Boukhari")`)
	second.Wait("the other is shown", `document.getElementById("presence")?.textContent.includes("Daniel Krawczyk")`)
	second.Press("c")
	second.Type("Half of a sen")
	first.Wait("that one writes", `document.getElementById("presence")?.textContent.includes("writing a comment")`)
	first.Press("c")
	first.Type("I begin.")
	first.Press("Control+Enter")
	second.Wait("what the other said", `document.querySelector("#talk .thread")?.textContent.includes("I begin.")`)
	if got := second.Focus(); !strings.Contains(got, "say-text") {
		t.Errorf("the focus went to %s", got)
	}
	second.Type("tence.")
	// Left alone, it stays, too; and it is still there after the page was left.
	second.Do(`document.activeElement.blur()`)
	first.Type("I go on.")
	first.Press("Control+Enter")
	second.Wait("both", `document.querySelectorAll("#talk .thread").length === 2`)
	text := func() string {
		return browsertest.Eval[string](second.Tab, `document.getElementById("say-text").value`)
	}
	if got := text(); got != "Half of a sentence." {
		t.Errorf("what was half written is %q", got)
	}
	second.open("/inbox")
	second.open(path)
	second.Wait("what was written", `document.getElementById("say-text").value === "Half of a sentence."`)
	// An error keeps it as well.
	second.Do(`document.getElementById("say-text").removeAttribute("maxlength"); document.getElementById("say-text").value = "x".repeat(10001)`)
	second.Do(`document.querySelector("#say [data-send]").click()`)
	second.Wait("what is wrong", `document.querySelector("#say [data-problem]")?.textContent.includes("10001 characters")`)
	second.Do(`document.getElementById("say-text").value = "A sentence."; document.querySelector("#say [data-send]").click()`)
	first.Wait("the answer", `document.querySelectorAll("#talk .thread").length === 3`)
	for _, p := range []*person{first, second} {
		if got := p.Text("#presence"); strings.Contains(got, "Marchetti") {
			t.Errorf("the auditor is shown: %q", got)
		}
	}
	if got := browsertest.Eval[bool](auditor.Tab, `document.getElementById("presence").hidden`); !got {
		t.Errorf("the auditor is shown %q", auditor.Text("#presence"))
	}
	// Whoever leaves is gone at once.
	second.open("/activity")
	first.Wait("nobody else", `document.getElementById("presence").hidden`)
	first.fine(t)
}

// TestTalkElsewhere opens two records in two tabs: what is said about one is
// asked for by the tab that shows it, and by the other not at all.
func TestTalkElsewhere(t *testing.T) {
	h := live(t)
	d := h.door(t)
	var mu sync.Mutex
	asked := map[string]int{}
	d.before = func(r *http.Request) {
		if r.Header.Get("X-Live") != "" {
			mu.Lock()
			defer mu.Unlock()
			asked[r.URL.Path]++
		}
	}
	count := func(path string) int {
		mu.Lock()
		defer mu.Unlock()
		return asked[path]
	}
	const one, other = "/r/control/pay-7-1", "/r/control/pay-7-2"
	first := d.as(t, h, owner)
	first.open(one)
	second := &person{Tab: first.window.Tab(), window: first.window, door: d, h: h, seen: first.seen}
	second.open(other)
	for _, p := range []*person{first, second} {
		p.Wait("it is live", `document.querySelector(".live")?.dataset.state === "on"`)
		p.Do(`window.heard = []; live.on((e) => { if (e.kind === "comment") heard.push(e.about) })`)
	}
	say := func(id, words string) {
		t.Helper()
		if _, _, err := h.app.Comment(t.Context(), manager, app.Commenting{Subject: soc1.Ref{Kind: "control", ID: id}, Text: words}); err != nil {
			t.Fatal(err)
		}
	}
	say("pay-7-1", "About the first.")
	first.Wait("what was said", `document.querySelector("#talk").textContent.includes("About the first.") && document.querySelector("#talk-count").textContent.includes("1")`)
	say("pay-7-2", "About the second.")
	second.Wait("what was said", `document.querySelector("#talk").textContent.includes("About the second.")`)
	for _, p := range []*person{first, second} {
		p.Wait("both are heard", `heard.length === 2 && heard[0] === "org/control/pay-7-1" && heard[1] === "org/control/pay-7-2"`)
	}
	// A page asks within a fifth of a second of what it heard.
	first.Do(`setTimeout(() => { window.later = true }, 400)`)
	first.Wait("it would have asked", `window.later`)
	if a, b := count(one), count(other); a != 1 || b != 1 {
		t.Errorf("%s was asked for %d times and %s %d times", one, a, other, b)
	}
	// A request says nothing of what it is about: both look.
	if _, err := h.app.Request(t.Context(), manager, app.Asking{ID: "req-elsewhere", Title: "The list", Text: "Please.", To: owner, Due: "2025-12-01", Subject: soc1.Ref{Kind: "control", ID: "pay-7-2"}}); err != nil {
		t.Fatal(err)
	}
	second.Wait("the request", `document.querySelector("#talk").textContent.includes("The list")`)
	first.fine(t)
	second.fine(t)
}

// What a comment is about is told to those who read comments, in words that name
// the ledger in which the record stands.
func TestNoticesNameTheSubject(t *testing.T) {
	h := live(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := h.app.Watch(ctx, nil)
	ref := soc1.Ref{Kind: "control", ID: "pay-7-3"}
	if _, _, err := h.app.Comment(t.Context(), partner, app.Commenting{Ledger: h.exam, Subject: ref, Text: "In the file."}); err != nil {
		t.Fatal(err)
	}
	var happened *app.Happening
	for happened == nil || happened.Ledger != h.exam {
		x, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		happened = x
	}
	reader, err := h.app.Reader(t.Context(), partner, h.exam)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(wordNotices(happened, reader), "\n"); !strings.Contains(got, `"about":"org/control/pay-7-3"`) {
		t.Errorf("the firm is told %s", got)
	}
	if _, err := h.app.Reader(t.Context(), manager, h.exam); err == nil {
		t.Error("management reads the file")
	}
	// Whoever reads no comments is told of none.
	if got := wordNotices(happened, &app.Reader{}); len(got) > 0 {
		t.Errorf("somebody who reads nothing is told %v", got)
	}
}
