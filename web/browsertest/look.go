package browsertest

import (
	_ "embed"
	"fmt"
)

// axe is axe-core 4, unchanged; see the README beside it for its licence.
//
//go:embed testdata/vendored/axe-core/axe.min.js
var axe string

// Rules are which rules of axe-core to run.
type Rules string

// A page that stays the same but for its colours need not be asked everything
// again.
const (
	All       Rules = `{ runOnly: tags }`
	Colours   Rules = `{ runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } }`
	NoColours Rules = `{ runOnly: tags, rules: { "color-contrast": { enabled: false }, "link-in-text-block": { enabled: false } } }`
)

// Axe runs the rules of axe-core for WCAG 2.0, 2.1 and 2.2 at the levels A and
// AA and its best practices, and gives what it finds, one line an element.
func (x *Tab) Axe(rules Rules) []string {
	x.t.Helper()
	if !Eval[bool](x, `typeof axe === "object"`) {
		if _, err := eval[bool](x, axe+"; true"); err != nil {
			x.t.Fatalf("axe-core does not load: %v", err)
		}
	}
	found := Eval[[]struct {
		Rule, Impact, Help, Target, HTML, Why string
	}](x, `(() => { const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
		return axe.run(document, { resultTypes: ["violations"], preload: false, ...`+string(rules)+` }).then((r) =>
			r.violations.flatMap((v) => v.nodes.map((n) => ({ Rule: v.id, Impact: v.impact ?? "", Help: v.help, Target: n.target.join(" "), HTML: n.html.slice(0, 160), Why: (n.failureSummary ?? "").replace(/\s+/g, " ").slice(0, 300) })))) })()`)
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("axe %s (%s): %s: %s %s: %s", f.Rule, f.Impact, f.Help, f.Target, f.HTML, f.Why))
	}
	return out
}

// Overflow tells what does not fit the width of the page: the page itself when
// it can be moved sideways, and each control that lies outside of it and cannot
// be brought into view because nothing around it scrolls. It also tells which
// controls on the screen lie under something else, unless a dialog or a sheet
// lies above the page.
func (x *Tab) Overflow() []string {
	x.t.Helper()
	return Eval[[]string](x, `(() => {
		const out = [], w = document.documentElement.clientWidth;
		if (document.scrollingElement.scrollWidth > w) out.push("the page is " + document.scrollingElement.scrollWidth + " px wide in a window of " + w);
		const scrolls = (e) => { for (let p = e.parentElement; p; p = p.parentElement) { const o = getComputedStyle(p); if (p !== document.documentElement && p !== document.body && /auto|scroll/.test(o.overflowX) && p.getBoundingClientRect().right <= w + 1) return true; if (o.position === "fixed" && p.getBoundingClientRect().left < 0) return true; } return false; };
		const name = (e) => e.tagName.toLowerCase() + "." + e.className + " " + (e.getAttribute("aria-label") || e.innerText || e.name || e.id || "").trim().slice(0, 60);
		const above = document.querySelector("dialog[open], details[open] > .sheet, .celled, :target, .toast");
		for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0'], h1, h2, h3")) {
			const b = e.getBoundingClientRect(), s = getComputedStyle(e);
			if (!b.width || !b.height || !e.checkVisibility({ visibilityProperty: true }) || s.position === "fixed" || e.closest(".vh, .skip")) continue;
			// What of it is on the screen, where what is around it cuts it off.
			let l = Math.max(b.left, 0), r = Math.min(b.right, w), top = Math.max(b.top, 0), end = Math.min(b.bottom, innerHeight);
			for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflow !== "visible") { const c = p.getBoundingClientRect(); l = Math.max(l, c.left); r = Math.min(r, c.right); top = Math.max(top, c.top); end = Math.min(end, c.bottom); }
			const on = r - l > 4 && end - top > 4 && document.elementFromPoint((l + r) / 2, (top + end) / 2);
			if (on && !above && !on.contains(e) && !e.contains(on) && !on.closest("label")?.contains(e)) out.push(name(e) + " lies under " + name(on));
			if ((b.right > w + 1 || b.left < -1) && !scrolls(e)) out.push(name(e) + " lies from " + Math.round(b.left) + " to " + Math.round(b.right) + " px");
		}
		return out;
	})()`)
}
