package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"reperform/soc1"
	"reperform/web/browsertest"
)

var (
	groupHead = regexp.MustCompile(`data-group="([0-9a-f]{10})"[^>]*><tr class="g">.*?href="([^"]*)"[^>]*aria-expanded="(true|false)".*?<span>([^<]*)</span></a> ?<span class="mut num">([0-9,]+)</span>`)
	restLink  = regexp.MustCompile(`<tr class="rest"[^>]*><td[^>]*><a[^>]*href="([^"]*)"`)
)

// TestGroups groups a register that is longer than a page: all groups with their
// counts stand in the page, each folds by an address, and the rows that are not
// there come group by group.
func TestGroups(t *testing.T) {
	m := long(t, 250, 600)
	heads := func(p string) (out []string) {
		for _, x := range groupHead.FindAllStringSubmatch(p, -1) {
			out = append(out, x[4]+" "+x[5]+" "+x[3])
		}
		return out
	}
	rows := func(p string) int { return strings.Count(p, `<tr class="r"`) }
	p := m.page(manager, "/r/evidence?group=controls")
	all := groupHead.FindAllStringSubmatch(p, -1)
	if len(all) != 200 || all[0][4] != "C-0.0" || all[199][4] != "C-19.9" || all[7][5] != "3" || rows(p) != 100 {
		t.Fatalf("%d groups and %d rows: %v", len(all), rows(p), heads(p))
	}
	// The 34th group has one row in the page and two that come later.
	links := restLink.FindAllStringSubmatch(p, -1)
	if len(links) != 167 {
		t.Fatalf("%d groups have rows left", len(links))
	}
	for i, want := range []int{2, 3} {
		part := m.page(manager, strings.ReplaceAll(links[i][1], "&amp;", "&"), "X-Part", "rows")
		if rows(part) != want || strings.Contains(part, `class="g"`) || strings.Contains(part, `class="rest"`) {
			t.Errorf("the rest of group %d: %.300s", i, part)
		}
	}
	// Without scripts the same address is a page of that group.
	if p := m.page(manager, strings.ReplaceAll(links[1][1], "&amp;", "&")); rows(p) != 3 || len(heads(p)) != 1 {
		t.Errorf("the page of a group: %v, %d rows", heads(p), rows(p))
	}
	// One is shut, and opened again; others move up.
	at := strings.ReplaceAll(all[0][2], "&amp;", "&")
	p = m.page(manager, at)
	if h := groupHead.FindAllStringSubmatch(p, -1); len(h) != 200 || h[0][3] != "false" || h[1][3] != "true" || rows(p) != 100 || strings.Contains(p, `id="row-e-000000"`) {
		t.Errorf("with one shut at %s: %v", at, h[:2])
	} else if back := strings.ReplaceAll(h[0][2], "&amp;", "&"); back != "/r/evidence?group=controls" {
		t.Errorf("it is opened at %s", back)
	}
	// All are shut, and one of them opened.
	p = m.page(manager, "/r/evidence?group=controls&fold=*")
	if rows(p) != 0 || len(heads(p)) != 200 || strings.Contains(p, `class="rest"`) || !strings.Contains(p, "Expand all") {
		t.Errorf("all shut: %d rows", rows(p))
	}
	if p := m.page(manager, "/r/evidence?group=controls&fold=*,"+all[5][1]); rows(p) != 3 || strings.Count(p, `aria-expanded="true"`) != 1 {
		t.Errorf("one open: %d rows", rows(p))
	}
	// What somebody scrolled to stays when the page is asked for again.
	if p := m.page(manager, "/r/evidence?group=controls", "X-Live", "1", "X-Loaded", all[150][1]+":3,"+all[151][1]+":2,junk:x,"); rows(p) != 105 {
		t.Errorf("asked for again: %d rows", rows(p))
	}
	// A group of several pages, and more groups than a page lists.
	if w := m.post(manager, "/bulk/evidence", nil); w.Code >= 500 {
		t.Errorf("%d", w.Code)
	}
	p = m.page(manager, "/r/evidence?group=source")
	if h := heads(p); len(h) != 1 || h[0] != "Archive 600 true" || rows(p) != 100 || !strings.Contains(p, "Show the next 100 of 500") {
		t.Errorf("one group: %v, %d rows", h, rows(p))
	}
	seen := rows(p)
	for link := restLink.FindStringSubmatch(p); link != nil; link = restLink.FindStringSubmatch(p) {
		p = m.page(manager, strings.ReplaceAll(link[1], "&amp;", "&"), "X-Part", "rows")
		seen += rows(p)
	}
	if seen != 600 {
		t.Errorf("walked through are %d of 600", seen)
	}
	// The filter form does not hold on to the group that was chosen before.
	if strings.Contains(m.page(manager, "/r/evidence?group=source"), `type="hidden" name="group"`) {
		t.Error("another group cannot be chosen")
	}
}

func TestFolding(t *testing.T) {
	a, b := foldOf("a"), foldOf("b")
	for in, want := range map[string]string{"": "", "*": "*", a: a, a + "," + b + "," + a: a + "," + b, "*," + b: "*," + b, "x,../," + a + ",": a} {
		if got := readFolding(in).String(); got != want {
			t.Errorf("%q is read as %q", in, got)
		}
	}
	var f folding
	if f.shut(a) || !f.toggle(a).shut(a) || f.toggle(a).toggle(a).shut(a) || !(folding{All: true}).shut(a) || (folding{All: true}).toggle(a).shut(a) {
		t.Error("a group does not fold as it is said")
	}
	var long []string
	for i := range 2 * mostFolds {
		long = append(long, foldOf(fmt.Sprint(i)))
	}
	if n := len(readFolding(strings.Join(long, ",")).Named); n != mostFolds {
		t.Errorf("%d groups are remembered", n)
	}
}

// TestFoldInPlace folds groups by keyboard, walks past them, sees another's change
// without losing what was loaded, and comes back to the same by the address.
func TestFoldInPlace(t *testing.T) {
	h := live(t)
	p := h.door(t).as(t, h, manager)
	p.open("/r/control?group=nature&sort=code")
	p.Wait("it is live", `document.querySelector(".live")?.dataset.state === "on"`)
	p.Do(`window.here = 1`)
	p.TabTo("#register a.fold")
	p.Press("Enter")
	p.Wait("the group is shut", `location.search.includes("fold=") && document.querySelector("#register a.fold").ariaExpanded === "false" && !document.querySelector("#register tbody tr.r")?.closest("tbody")?.matches(":first-of-type")`)
	if !p.is(`window.here === 1 && document.activeElement.matches("a.fold")`) {
		t.Error("the page was loaded anew, or the focus is lost")
	}
	// Walking passes the group that is shut.
	p.Press("j", "j")
	p.Wait("a row of the second group", `document.activeElement.closest("tbody") === document.querySelectorAll("#register tbody")[1]`)
	h.control(t, "pay-6-3", "For the test.", func(c *soc1.Control) { c.Exceptions = "Are listed." })
	p.Wait("what changed is heard", `document.querySelector("#row-pay-6-3")?.dataset.rev === %s`, fmt.Sprint(h.revision(t, "control", "pay-6-3").Revision))
	if !p.is(`document.querySelector("#register a.fold").ariaExpanded === "false"`) {
		t.Error("a change opens a group")
	}
	p.TabTo("#fold-all")
	p.Press("Enter")
	p.Wait("all are shut", `!document.querySelector("#register tr.r") && document.querySelectorAll("#register a.fold").length === 3 && document.querySelector("#fold-all").ariaLabel === "Expand all"`)
	p.Picture("groups-shut")
	p.Do(`location.reload()`)
	p.Wait("the same by the address", `document.readyState === "complete" && !window.here && !document.querySelector("#register tr.r") && document.querySelectorAll("#register a.fold").length === 3`)
	p.fine(t)
}

// is tells whether something holds in the page.
func (p *person) is(expression string) bool { return browsertest.Eval[bool](p.Tab, expression) }
