package web

import (
	"strings"
	"testing"
)

// TestHelpWhileWritingAControl writes a control by the keyboard: what the sentence
// lacks and what a rule would find is said while one writes, and nothing typed becomes
// markup.
func TestHelpWhileWritingAControl(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.Size(1280, 900)
	p.open("/r/control/new")
	missing := func(part string) string {
		return `[...document.querySelectorAll(".stmt-parts li:not(.on)")].some((x) => x.innerText.includes("` + part + `"))`
	}
	if text := p.Text("#statement-help"); !strings.Contains(text, "CTL-01") || !p.is(missing("who performs it")) || !p.is(missing("how often")) {
		t.Errorf("of an empty statement it says %q", text)
	}
	p.Do(`document.querySelector("#who").focus()`)
	p.Type("The <b>supervisor</b>")
	p.Wait("who performs it", "!"+missing("who performs it"))
	p.Do(`document.querySelector("#what").focus()`)
	p.Type("reviews the list of accounts on a timely basis")
	p.Do(`document.querySelector("#how_often").focus()`)
	p.Type("each month")
	p.Wait("the sentence and what is vague in it", `document.querySelector(".stmt-text")?.innerText.startsWith("The <b>supervisor</b> reviews") && document.querySelector(".stmt-remarks").innerText.includes("timely") && document.querySelector(".stmt-remarks").innerText.includes("CTL-10")`)
	p.Do(`document.querySelector("#evidence").focus()`)
	p.Type("the signed list")
	p.Do(`document.querySelector("#exceptions").focus()`)
	p.Type("Accounts without a form are disabled within two business days.")
	p.Do(`const w = document.querySelector("#what"); w.focus(); w.select()`)
	p.Type("compares the list of accounts with the leavers")
	p.Wait("that nothing is found", `document.querySelector(".stmt-fine") && !document.querySelector(".stmt-remarks")`)
	p.fine(t)
}
