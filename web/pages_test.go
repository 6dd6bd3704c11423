package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// nobody is who is not signed in, auditor who holds a custom role alone.
const (
	nobody  = ""
	auditor = "ira-lindqvist"
)

// page is one page, or one state of it, that must be without fault.
type page struct {
	// pattern is the route, as Site.register has it.
	pattern string
	who     string
	path    string
	// do brings the page into a state: a menu that is open, a form that is refused.
	do func(*person)
	// fails says that the server answers with an error, which is the page.
	fails bool
}

// filed is evidence with a table and with a file that is not what it says: where the
// record is, and where each of the two is looked at.
func (h *liveHouse) filed(t *testing.T, who, ledger string) (at, table, strange string) {
	t.Helper()
	var kept []soc1.File
	for name, content := range map[string]string{"leavers.csv": "person,left\nA,2025-06-01\n", "photo.png": "<html><script>alert(1)</script>"} {
		k, err := h.app.KeepFile(t.Context(), who, ledger, name, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, k.File)
	}
	id, err := h.app.FileEvidence(t.Context(), who, app.Filing{Ledger: ledger, Evidence: soc1.Evidence{Title: "Leavers of June"}, Files: kept})
	if err != nil {
		t.Fatal(err)
	}
	at = pathOf(soc1.Ref{Ledger: ledger, Kind: "evidence", ID: id})
	for _, f := range kept {
		if view := at + "/files/" + f.SHA256 + "/view"; f.Name == "leavers.csv" {
			table = view
		} else {
			strange = view
		}
	}
	return at, table, strange
}

// pages is the table of all pages of the site. A route that answers with a page
// and is not visited here fails TestPages, so that a new one comes with a line.
func pages(t *testing.T, h *liveHouse) []page {
	x := "/x/" + h.exam
	link := h.invite(t, "gustavo-almeida")
	h.converse(t)
	h.failsMail(t, owner)
	off, err := h.site.opt.Desk.UnsubscribeToken(t.Context(), "elena-petrova", desk.SummaryMail)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.site.opt.Desk.SetMail(t.Context(), "elena-petrova", desk.MailSettings{Digest: desk.Weekly, Hour: 8}); err != nil {
		t.Fatal(err)
	}
	h.papers(t)
	performedHere(t, h.app)
	ours, table, strange := h.filed(t, manager, app.OrganizationLedger)
	theirs, papers, _ := h.filed(t, partner, h.exam)
	return append(append(append(append(append(append(append(planPages(t, h), populationPages(t, h)...), eventPages(t, h)...), policyPages(t, h)...), trainingPages(t, h)...), mappingPages(t, h)...), subservicePages(t, h)...), []page{
		{pattern: "GET /r/{kind}/{id}", who: manager, path: ours},
		{pattern: "GET /r/{kind}/{id}/files/{sha256}/view", who: manager, path: table},
		{pattern: "GET /r/{kind}/{id}/files/{sha256}/view", who: manager, path: strange},
		{pattern: "GET /x/{ledger}/r/{kind}/{id}", who: partner, path: theirs},
		{pattern: "GET /x/{ledger}/r/{kind}/{id}/files/{sha256}/view", who: partner, path: papers},
		{pattern: "GET /mail", who: administrator, path: "/mail"},
		{pattern: "GET /unsubscribe/{token}", who: nobody, path: "/unsubscribe/" + off},
		{pattern: "GET /unsubscribe/{token}", who: nobody, path: "/unsubscribe/none", fails: true},
		{pattern: "GET /sign-in", who: nobody, path: "/sign-in"},
		{pattern: "POST /sign-in", who: nobody, path: "/sign-in", do: func(p *person) {
			p.Type("nobody@wexmoor.example\twrong")
			p.Press("Enter")
			p.Wait("the refusal", `document.querySelector("[role=alert]:not([hidden])") && document.readyState === "complete"`)
		}},
		{pattern: "GET /invite/{token}", who: nobody, path: "/invite/" + link},
		{pattern: "GET /invite/{token}", who: nobody, path: "/invite/used", fails: true},
		{pattern: "GET /forgot", who: nobody, path: "/forgot"},
		{pattern: "POST /forgot", who: nobody, path: "/forgot", do: func(p *person) {
			p.TabTo("#email")
			p.Type("nobody@wexmoor.example")
			p.Press("Enter")
			p.Wait("the answer", `document.readyState === "complete" && !document.querySelector("#email")`)
		}},

		{pattern: "GET /settings", who: owner, path: "/settings"},
		{pattern: "GET /settings/security", who: owner, path: "/settings/security"},
		{pattern: "GET /settings/sessions", who: owner, path: "/settings/sessions"},
		{pattern: "GET /settings/deputies", who: owner, path: "/settings/deputies"},
		{pattern: "GET /settings/confirm", who: owner, path: "/settings/confirm"},
		{pattern: "POST /settings/confirm", who: owner, path: "/settings/confirm", do: func(p *person) {
			p.Type("wrong")
			p.Press("Enter")
			p.Wait("the refusal", `document.querySelector("[role=alert]:not([hidden])")`)
		}},
		{pattern: "GET /settings/totp", who: owner, path: "/settings/security", do: func(p *person) {
			p.Do(`document.querySelector("form[action$='/totp/begin']").submit()`)
			p.Wait("the code to scan", `document.querySelector("svg.qr") && document.readyState === "complete"`)
		}},
		{pattern: "GET /welcome", who: owner, path: "/welcome"},
		{pattern: "GET /welcome", who: administrator, path: "/welcome"},
		{pattern: "GET /people", who: administrator, path: "/people"},
		{pattern: "GET /people", who: owner, path: "/people"},
		{pattern: "GET /people/new", who: administrator, path: "/people/new"},
		{pattern: "POST /people/new", who: administrator, path: "/people/new", do: func(p *person) {
			p.Do(`document.querySelector("form[data-form]").submit()`)
			p.Wait("the refusal", `document.querySelector("[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /people/{id}", who: administrator, path: "/people/fatima-boukhari", do: func(p *person) {
			p.Do(`document.querySelectorAll(".ask").forEach((d) => { d.open = true })`)
		}},
		{pattern: "GET /people/{id}", who: administrator, path: "/people/gustavo-almeida", do: func(p *person) {
			p.Do(`document.querySelectorAll(".ask").forEach((d) => { d.open = true })`)
		}},
		{pattern: "GET /people/{id}", who: owner, path: "/people/fatima-boukhari"},
		{pattern: "GET /x/{ledger}/people", who: partner, path: x + "/people"},
		{pattern: "GET /x/{ledger}/people/new", who: partner, path: x + "/people/new"},
		{pattern: "GET /x/{ledger}/people/{id}", who: partner, path: x + "/people/mei-rosario"},
		{pattern: "GET /r/{kind}", who: administrator, path: "/r/role"},
		{pattern: "GET /r/{kind}/new", who: administrator, path: "/r/role/new"},
		{pattern: "POST /r/{kind}/new", who: administrator, path: "/r/role/new", do: func(p *person) {
			p.TabTo("#name")
			p.Type("Internal audit")
			p.Press("Enter")
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /r/{kind}/{id}", who: administrator, path: "/r/role/audit-reader"},
		{pattern: "GET /r/{kind}/{id}/edit", who: administrator, path: "/r/role/audit-reader/edit?field=reads"},
		{pattern: "GET /people/{id}", who: administrator, path: "/people/" + auditor},
		{pattern: "GET /{$}", who: auditor, path: "/"},
		{pattern: "GET /r/{kind}/{id}", who: auditor, path: "/r/control/pay-1-1"},
		{pattern: "GET /r/{kind}", who: auditor, path: "/r/policy"},
		{pattern: "GET /inbox", who: auditor, path: "/inbox"},
		{pattern: "GET /settings", who: auditor, path: "/settings"},
		{pattern: "GET /matrix", who: auditor, path: "/matrix", fails: true},
		{pattern: "GET /{$}", who: manager, path: "/"},
		{pattern: "GET /{$}", who: partner, path: "/"},
		{pattern: "GET /{$}", who: owner, path: "/"},
		{pattern: "GET /behind/{number}", who: manager, path: "/behind/attention"},
		{pattern: "GET /x/{ledger}/behind/{number}", who: partner, path: x + "/behind/tests.left"},
		{pattern: "GET /import/{kind}", who: manager, path: "/import/risk"},
		{pattern: "GET /import/{kind}/{token}", who: manager, path: "/import/risk", do: uploads},
		{pattern: "GET /bulk/{kind}/{token}", who: manager, path: "/r/vendor", do: choosesRows},
		{pattern: "GET /x/{ledger}/import/{kind}", who: partner, path: x + "/import/test_of_control"},
		{pattern: "GET /x/{ledger}/import/{kind}/{token}", who: partner, path: x + "/import/test_of_control", do: uploads},
		{pattern: "GET /x/{ledger}/bulk/{kind}/{token}", who: partner, path: x + "/r/test_of_control", do: choosesRows},
		{pattern: "GET /{$}", who: "elena-petrova", path: "/"},
		{pattern: "GET /inbox", who: owner, path: "/inbox"},
		{pattern: "GET /inbox", who: owner, path: "/inbox", do: func(p *person) {
			p.Do(`document.querySelector("#group-unread summary").click()`)
			p.Wait("the field for a reply", `document.activeElement?.matches("textarea") || document.querySelector("#group-unread details[open] textarea")`)
		}},
		{pattern: "GET /inbox", who: partner, path: "/inbox"},
		{pattern: "GET /settings/mail", who: manager, path: "/settings/mail"},
		{pattern: "GET /settings/mail", who: partner, path: "/settings/mail?done=mail"},
		{pattern: "POST /settings/mail", who: "elena-petrova", path: "/settings/mail", do: func(p *person) {
			p.Do(`document.querySelector("#zone").value = "Nowhere"; document.querySelector(".mailset button").click()`)
			p.Wait("what is wrong", `document.querySelector(".note.bad[role=alert]")`)
		}},
		{pattern: "GET /activity", who: manager, path: "/activity"},
		{pattern: "GET /gaps", who: manager, path: "/gaps"},
		{pattern: "GET /readiness", who: manager, path: "/readiness"},
		{pattern: "GET /calendar", who: manager, path: "/calendar?objective=itgc-2"},
		{pattern: "GET /calendar/measures", who: manager, path: "/calendar/measures"},
		{pattern: "GET /calendar/of/{control}", who: manager, path: "/calendar/of/itgc-2-4"},
		{pattern: "POST /calendar/of/{control}/review", who: manager, path: "/calendar/of/itgc-2-4?from=2025-09-30&to=2025-09-30", do: func(p *person) {
			p.Do(`document.querySelector(".cal-review button[value=return]").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /calendar/of/{control}/perform", who: operations, path: "/calendar/of/itgc-2-4/perform?from=2025-10-01&to=2025-10-31"},
		{pattern: "POST /calendar/of/{control}/perform", who: operations, path: "/calendar/of/itgc-2-4/perform?from=2025-10-01&to=2025-10-31", do: func(p *person) {
			p.Do(`document.querySelector("#sign").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /remediation", who: manager, path: "/remediation", do: func(p *person) {
			p.Do(`for (const d of document.querySelectorAll(".board li details")) d.open = true`)
		}},
		{pattern: "GET /remediation", who: manager, path: "/remediation?view=timeline"},
		{pattern: "GET /gaps", who: manager, path: "/gaps?severity=high&group=CTL", do: func(p *person) {
			p.Do(`for (const d of document.querySelectorAll(".findings li:first-child details")) d.open = true`)
		}},
		{pattern: "GET /scope", who: manager, path: "/scope", do: func(p *person) {
			p.Do(`document.querySelector(".freeze summary")?.click(); for (const d of document.querySelectorAll(".because details")) d.open = true`)
		}},
		{pattern: "GET /scope", who: "elena-petrova", path: "/scope"},
		{pattern: "GET /scope/forward", who: "elena-petrova", path: "/scope/forward"},
		{pattern: "POST /scope/forward", who: manager, path: "/scope/forward", do: func(p *person) {
			p.Do(`document.querySelector("#end").value = "2025-06-30"; document.querySelector(".fwd-next .btn").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "POST /scope/freeze", who: manager, path: "/scope", do: func(p *person) {
			p.Do(`document.querySelector(".freeze form").noValidate = true; document.querySelector(".freeze summary").click(); document.querySelector(".freeze form button").focus()`)
			p.Press("Enter")
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /risks", who: manager, path: "/risks", do: func(p *person) {
			p.Do(`document.querySelector(".opens summary")?.click()`)
		}},
		{pattern: "GET /risks", who: "elena-petrova", path: "/risks"},
		{pattern: "POST /risks/sessions", who: manager, path: "/risks", do: func(p *person) {
			p.Do(`document.querySelector(".opens form").noValidate = true; document.querySelector(".opens form button").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /risks/sessions/{id}", who: manager, path: "/risks/sessions/" + blindSession(t, h)},
		{pattern: "POST /risks/sessions/{id}/score", who: manager, path: "/risks/sessions/" + blindSession(t, h), do: func(p *person) {
			p.Do(`document.querySelector(".scores button").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "POST /risks/sessions/{id}/lead/{do}", who: manager, path: "/risks/sessions/" + blindSession(t, h), do: func(p *person) {
			p.Do(`document.querySelector(".opens form[action$=withdraw]").noValidate = true; document.querySelector(".opens form[action$=withdraw] button").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "GET /start", who: manager, path: "/start"},
		{pattern: "GET /start", who: "elena-petrova", path: "/start"},
		{pattern: "POST /start", who: manager, path: "/start", do: func(p *person) {
			p.Do(`document.querySelector("#start button[value=see]").focus()`)
			p.Press("Enter")
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "POST /start", who: manager, path: "/start", do: answersInterview},
		{pattern: "GET /papers", who: manager, path: "/papers"},
		{pattern: "GET /papers/{test}", who: manager, path: "/papers/none", fails: true},
		{pattern: "GET /x/{ledger}/papers", who: partner, path: x + "/papers"},
		{pattern: "GET /x/{ledger}/papers/{test}", who: partner, path: x + "/papers/t-pay-1-1"},
		{pattern: "GET /x/{ledger}/gaps", who: partner, path: x + "/gaps"},
		{pattern: "GET /entry/{pos}", who: manager, path: "/entry/1"},
		{pattern: "GET /matrix", who: manager, path: "/matrix"},
		{pattern: "GET /matrix", who: "elena-petrova", path: "/matrix?objective=pay-1&open=pay-1-1"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?objective=pay-2&open=pay-2-1"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?view=assertions"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?view=principles"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?view=risks"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?q=nothing+fits+this"},
		{pattern: "GET /matrix", who: manager, path: "/matrix?objective=pay-1&asof=2025-06-30"},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/control"},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/risk?group=likelihood&q=client"},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/walkthrough"},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/vendor?q=nothing+fits+this"},
		{pattern: "GET /r/{kind}/new", who: manager, path: "/r/control/new"},
		{pattern: "GET /r/{kind}/new", who: manager, path: "/r/engagement/new"},
		{pattern: "POST /r/{kind}/new", who: manager, path: "/r/risk/new", do: func(p *person) {
			p.TabTo("#likelihood")
			p.Type("9")
			p.Press("Enter")
			p.Wait("the form with what is wrong", `document.querySelector(".note.bad") && document.readyState === "complete"`)
		}},
		{pattern: "GET /r/{kind}/{id}", who: manager, path: "/r/control/pay-1-1"},
		{pattern: "GET /r/{kind}/{id}", who: owner, path: "/r/control/itgc-1-1"},
		{pattern: "GET /r/{kind}/{id}", who: owner, path: "/r/control/itgc-1-1", do: func(p *person) {
			p.Press("c")
			p.Type(" @")
			p.Wait("the people", `document.querySelector(".mention [role=option]")`)
		}},
		{pattern: "GET /r/{kind}/{id}", who: manager, path: "/r/control/itgc-1-1?ask=1"},
		{pattern: "GET /r/{kind}/{id}", who: partner, path: "/r/control/itgc-1-1"},
		{pattern: "GET /r/{kind}/{id}", who: owner, path: "/r/request/req-seen"},
		{pattern: "GET /r/{kind}/{id}", who: owner, path: "/r/comment/c-seen"},
		{pattern: "GET /matrix", who: owner, path: "/matrix?open=itgc-1-1"},
		{pattern: "GET /r/{kind}/{id}", who: manager, path: "/r/engagement/soc1-2025"},
		{pattern: "GET /r/{kind}/{id}", who: "elena-petrova", path: "/r/control/pay-1-1?asof=2024-06-30"},
		{pattern: "GET /r/{kind}/{id}", who: manager, path: "/r/control/nothing", fails: true},
		{pattern: "GET /r/{kind}/{id}/edit", who: manager, path: "/r/control/pay-1-1/edit"},
		{pattern: "GET /r/{kind}/{id}/edit", who: manager, path: "/r/control/pay-1-1/edit?field=owner"},
		{pattern: "GET /x/{ledger}/entry/{pos}", who: partner, path: x + "/entry/0"},
		{pattern: "GET /x/{ledger}/matrix", who: partner, path: x + "/matrix?objective=pay-1"},
		{pattern: "GET /x/{ledger}/r/{kind}", who: partner, path: x + "/r/test_of_control"},
		{pattern: "GET /x/{ledger}/r/{kind}/new", who: partner, path: x + "/r/test_of_control/new"},
		{pattern: "GET /x/{ledger}/r/{kind}/{id}", who: partner, path: x + "/r/test_of_control/t-pay-1-1"},
		{pattern: "GET /x/{ledger}/r/{kind}/{id}/edit", who: partner, path: x + "/r/test_of_control/t-pay-1-1/edit"},

		{pattern: "GET /{$}", who: executive, path: "/"},
		{pattern: "GET /sign/{kind}/{id}", who: executive, path: "/sign/assertion/a-seen"},
		{pattern: "GET /sign/{kind}/{id}", who: executive, path: "/sign/assertion/a-signed"},
		{pattern: "GET /sign/{kind}/{id}", who: executive, path: "/sign/representation_letter/l-seen"},
		{pattern: "POST /sign/{kind}/{id}", who: executive, path: "/sign/representation_letter/l-seen", do: func(p *person) {
			p.Do(`document.querySelector("#sign-form").submit()`)
			p.Wait("what is missing", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
		{pattern: "POST /sign/{kind}/{id}", who: executive, path: "/sign/assertion/a-seen", do: func(p *person) {
			p.Do(`document.querySelector("[name=revision]").value = "7"; document.querySelector("#sign-form").submit()`)
			p.Wait("that it changed", `document.querySelector("#changed") && document.readyState === "complete"`)
		}},
		{pattern: "GET /sign/{kind}/{id}", who: manager, path: "/sign/assertion/a-seen", fails: true},
		{pattern: "GET /r/{kind}/{id}", who: executive, path: "/r/assertion/a-signed?done=signed"},
		{pattern: "GET /r/{kind}/{id}", who: manager, path: "/r/representation_letter/l-seen"},

		{pattern: "GET /palette", who: manager, path: "/r/service", do: func(p *person) {
			p.Press("Control+k")
			p.Type("pay")
			p.Wait("something is found", `document.querySelector("dialog[open] [role=option]")?.textContent.toLowerCase().includes("pay")`)
		}},
		{pattern: "GET /palette", who: manager, path: "/r/service", do: func(p *person) { p.Press("?"); p.Wait("the shortcuts", `document.querySelector("dialog[open]#help")`) }},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/vendor", do: opens(`.bar .pop:not(.left) > summary`)},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/vendor", do: opens(`.bar .pop.left > summary`)},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/vendor", do: opens(`.top .pop > summary[aria-label^="Time"]`)},
		{pattern: "GET /r/{kind}", who: manager, path: "/r/service", do: func(p *person) {
			p.Do(`location.hash = "#side"; document.querySelector(".side .pop.up > summary").click()`)
		}},
		{pattern: "GET /matrix/choices", who: manager, path: "/matrix?q=pay-1", do: func(p *person) {
			p.Wait("the grid", `document.querySelector("#matrix [tabindex='0']")`)
			p.Do(`document.querySelector("tr.r td[data-f=risks]").focus(); matrix.mark(document.querySelector("tr.r td[data-f=risks]"))`)
			p.Press("Enter")
			p.Wait("the choices", `document.querySelector(".celled [role=option]")`)
		}},
		{pattern: "GET /matrix/statement", who: manager, path: "/matrix?q=pay-1", do: func(p *person) {
			p.Wait("the grid", `document.querySelector("#matrix [tabindex='0']")`)
			p.Do(`matrix.mark(document.querySelector("tr.r td[data-f=statement]"))`)
			p.Press("Enter")
			p.Wait("the sheet", `document.querySelector("dialog[open] form")`)
		}},
	}...)
}

func opens(summary string) func(*person) {
	return func(p *person) {
		p.Do(`document.querySelector(%s).click()`, summary)
		p.Wait("the sheet", `document.querySelector("details[open] > .sheet")`)
	}
}

// uploads brings a table as far as the choice of its columns.
func uploads(p *person) {
	p.Do(`const t = new DataTransfer();
		t.items.add(new File(["id,code,something else\nnew-1,N-1,x\nnew-2,N-2,y\n"], "table.csv", { type: "text/csv" }));
		document.querySelector("#file").files = t.files;
		document.querySelector("#file").form.requestSubmit()`)
	p.Wait("the columns", `location.pathname.split("/").length > 3 && document.readyState === "complete" && document.querySelectorAll("main select").length > 1`)
}

// choosesRows brings a register as far as the change of rows.
func choosesRows(p *person) {
	p.Do(`document.querySelector("#rows input.cb").click(); document.querySelector("#bulk").requestSubmit()`)
	p.Wait("the change", `location.pathname.includes("/bulk/") && document.readyState === "complete"`)
}

// noPage are the routes that answer with something else than a page: data,
// files, a stream, the part of a page, or the way to another page.
var noPage = map[string]string{
	"GET /live":                              "",
	"GET /time":                              "/time?to=/matrix&asof=2025-06-30",
	"GET /palette":                           "/palette?q=pay",
	"GET /matrix/choices":                    "/matrix/choices",
	"GET /matrix/statement":                  "/matrix/statement?id=pay-1-1",
	"GET /choices/{kind}":                    "/choices/risk?q=pay",
	"GET /x/{ledger}/choices/{kind}":         "/x/{ledger}/choices/control",
	"GET /inbox/count":                       "/inbox/count",
	"GET /r/{kind}/{id}/mentions":            "/r/control/pay-1-1/mentions?in=org",
	"GET /x/{ledger}/r/{kind}/{id}/mentions": "/x/{ledger}/r/test_of_control/t-pay-1-1/mentions?in={ledger}",
	"GET /export/{kind}/{format}":            "/export/risk/csv",
	"GET /x/{ledger}/export/{kind}/{format}": "/x/{ledger}/export/test_of_control/xlsx",
	"GET /matrix.xlsx":                       "/matrix.xlsx",
	"GET /matrix.csv":                        "/matrix.csv",
	// What a file is handed out as is tested by itself.
	"GET /r/{kind}/{id}/files/{sha256}":                       "",
	"GET /r/{kind}/{id}/files/{sha256}/raw/{name}":            "",
	"GET /x/{ledger}/r/{kind}/{id}/files/{sha256}":            "",
	"GET /x/{ledger}/r/{kind}/{id}/files/{sha256}/raw/{name}": "",
	"GET /readiness.pdf":                                      "/readiness.pdf",
	"GET /calendar.csv":                                       "/calendar.csv?objective=itgc-2",
	"GET /calendar.xlsx":                                      "/calendar.xlsx?objective=itgc-2",
	"GET /x/{ledger}/planning/method/file":                    "/x/{ledger}/planning/method/file",
	"GET /populations/under-way/{token}":                      "",
	"GET /x/{ledger}/populations/under-way/{token}":           "",
	"GET /papers/{test}/cells":                                "",
	"GET /papers/{test}/items":                                "",
	"GET /papers/{test}/csv":                                  "",
	"GET /papers/{test}/xlsx":                                 "",
	"GET /x/{ledger}/papers/{test}/cells":                     "/x/{ledger}/papers/t-pay-1-1/cells",
	"GET /x/{ledger}/papers/{test}/items":                     "/x/{ledger}/papers/t-pay-1-1/items",
	"GET /x/{ledger}/papers/{test}/csv":                       "/x/{ledger}/papers/t-pay-1-1/csv",
	"GET /x/{ledger}/papers/{test}/xlsx":                      "/x/{ledger}/papers/t-pay-1-1/xlsx",
	"GET /mapping/of/{framework}/coverage.csv":                "/mapping/of/TSC-2017/coverage.csv?list=objectives",
	"GET /mapping/of/{framework}/coverage.xlsx":               "/mapping/of/TSC-2017/coverage.xlsx",
	"GET /gaps.csv":                                           "/gaps.csv?severity=high",
	"GET /gaps.xlsx":                                          "/gaps.xlsx?group=CTL",
	"GET /x/{ledger}/gaps.csv":                                "/x/{ledger}/gaps.csv",
	"GET /x/{ledger}/gaps.xlsx":                               "/x/{ledger}/gaps.xlsx",
	"GET /r/{kind}/{id}/history":                              "/r/control/pay-1-1/history",
	"GET /x/{ledger}/matrix.xlsx":                             "/x/{ledger}/matrix.xlsx",
	"GET /x/{ledger}/matrix.csv":                              "/x/{ledger}/matrix.csv",
	"GET /x/{ledger}/r/{kind}/{id}/history":                   "/x/{ledger}/r/test_of_control/t-pay-1-1/history",
}

// TestEveryPageIsVisited holds the table of pages to the routes of the site.
func TestEveryPageIsVisited(t *testing.T) {
	h := live(t)
	d := h.door(t)
	visited := map[string]bool{}
	for _, p := range pages(t, h) {
		visited[p.pattern] = true
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, pattern := range h.patterns() {
		path, other := noPage[pattern]
		switch {
		case !other && !visited[pattern]:
			t.Errorf("%s is visited by no line of pages: add one, or say in noPage that it answers with no page", pattern)
		case other && path != "":
			who := manager
			if strings.Contains(pattern, "{ledger}") {
				who = partner
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url(strings.ReplaceAll(path, "{ledger}", h.exam)), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.AddCookie(&http.Cookie{Name: h.site.sessionCookie(), Value: h.token(t, who)})
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(body), "<html") || res.StatusCode >= 400 {
				t.Errorf("%s answers with a page, or not at all (%d): add a line to pages", pattern, res.StatusCode)
			}
		}
	}
	for pattern := range noPage {
		if !slices.Contains(h.patterns(), pattern) {
			t.Errorf("there is no route %s any more", pattern)
		}
	}
}

// failsMail lets a mail to somebody fail.
func (h *liveHouse) failsMail(t *testing.T, person string) {
	t.Helper()
	d := h.site.opt.Desk
	if _, err := d.Enqueue(t.Context(), desk.Mail{Key: "fails", Person: person, Topic: "mention", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	all, err := d.Claim(t.Context(), 1000, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range all {
		if q.Mail.Key == "fails" {
			if _, err := d.Failed(t.Context(), q, "550 5.1.1 "+strings.Repeat("nosuchuser", 30)+": the mailbox is unknown here", true); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPages looks at every page in light and in dark colours, and 390 pixels
// wide: axe-core finds nothing, nothing is cut off or makes the page wider than
// the window, and the console is silent, which breaches of the content security
// policy are not.
func TestPages(t *testing.T) {
	h := live(t)
	by := map[string][]page{}
	for _, p := range pages(t, h) {
		// The longest list is shared by two, who look at the same time.
		who := p.who
		if who == manager && len(by[manager]) > 15 {
			who = manager + " too"
		}
		by[who] = append(by[who], p)
	}
	for who, list := range by {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			p := h.door(t).as(t, h, strings.TrimSuffix(who, " too"))
			for _, pg := range list {
				p.inspect(t, pg)
			}
		})
	}
}

func (p *person) inspect(t *testing.T, pg page) {
	t.Helper()
	name := pg.path
	if pg.do != nil {
		name += " (" + strings.TrimPrefix(pg.pattern, "GET ") + ")"
	}
	show := func() {
		p.open(pg.path)
		if pg.do != nil {
			pg.do(p)
		}
	}
	check := func(how string, found []string) {
		for _, s := range found {
			t.Errorf("%s, %s: %s", name, how, s)
		}
	}
	problems := func(how string) {
		found := p.Problems()
		if pg.fails || pg.pattern[:4] == "POST" {
			found = slices.DeleteFunc(found, func(s string) bool { return strings.Contains(s, "the server responded with a status of 4") })
		}
		check(how, found)
	}
	p.Dark(false)
	p.Size(1280, 800)
	show()
	check("light", p.axe(browsertest.All))
	p.Picture(name + "-light")
	p.Dark(true)
	check("dark", p.axe(browsertest.Colours))
	p.Picture(name + "-dark")
	problems("wide")
	p.Dark(false)
	p.Size(390, 844)
	if pg.do != nil {
		show()
	}
	check("390 pixels", p.axe(browsertest.NoColours))
	check("390 pixels", p.Overflow())
	p.Picture(name + "-390")
	problems("390 pixels")
}

// axe leaves out what an open sheet covers for as long as it is open.
func (p *person) axe(rules browsertest.Rules) []string {
	// The navigation is the same on every page and is half of it: it is looked at
	// once by each person, in each of the three ways.
	var without []string
	if p.seen[rules] && browsertest.Eval[bool](p.Tab, `!document.querySelector("#side:target")`) {
		without = []string{"#side"}
	}
	if browsertest.Eval[bool](p.Tab, `!!document.querySelector("#side")`) {
		p.seen[rules] = true
	}
	found := p.Axe(rules, without...)
	if browsertest.Eval[bool](p.Tab, `!!document.querySelector("details[open] > .sheet, .celled")`) {
		found = slices.DeleteFunc(found, func(s string) bool {
			return strings.HasPrefix(s, "axe target-size") && strings.Contains(s, "partially obscured")
		})
	}
	return found
}

// TestFirstRunPages looks at the pages before there is a workspace.
func TestFirstRunPages(t *testing.T) {
	const code = "ABCD-EFGH-JKLM-NPQR"
	setup, err := NewSetup(SetupOptions{Code: code, Services: []ServiceType{{Code: "payroll", Name: "Payroll processing", Objectives: 7, Controls: 30}},
		Make: func(context.Context, FirstRun) (*Site, account.SignedIn, error) {
			return nil, account.SignedIn{}, errors.New("nothing is made here")
		}})
	if err != nil {
		t.Fatal(err)
	}
	p := openDoor(t, setup.Handler()).as(t, nil, nobody)
	p.inspect(t, page{pattern: "GET /setup", path: "/setup"})
	p.inspect(t, page{pattern: "GET /setup", path: "/setup?code=" + code})
}
