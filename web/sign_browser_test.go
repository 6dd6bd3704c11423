package web

import (
	"strings"
	"testing"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// paper records a document of management's, once.
func (h *liveHouse) paper(t testing.TB, kind, id string, v interface{ Validate() []soc1.Problem }) {
	t.Helper()
	org, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := org.Get(t.Context(), kind, id); err == nil {
		return
	}
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: kind, ID: id, Effective: "2025-11-20", Value: v, Reason: "Drafted."}); err != nil {
		t.Fatal(err)
	}
}

// papers are documents to look at: an assertion and a letter that wait, and an
// assertion that was signed.
func (h *liveHouse) papers(t testing.TB) {
	t.Helper()
	stated := []soc1.AssertionModification{{Limb: soc1.LimbOperating, Objective: "itgc-2", Text: "Sixty-one deployments of the period lacked the approval that the controls require."}}
	h.paper(t, "assertion", "a-seen", soc1.ManagementAssertion{Engagement: "soc1-2025", Modifications: stated})
	h.paper(t, "representation_letter", "l-seen", soc1.RepresentationLetter{Engagement: "soc1-2025", Statements: []string{"We have told you of every deployment without approval."}, Disclosures: "No fraud is known to us."})
	h.paper(t, "assertion", "a-signed", soc1.ManagementAssertion{Engagement: "soc1-2025"})
	if s, err := h.app.Signing(t.Context(), manager, "assertion", "a-signed", 0); err != nil || s.Signed != nil {
		return
	}
	if err := h.app.Sign(t.Context(), executive, app.Signature{Kind: "assertion", ID: "a-signed"}); err != nil {
		t.Fatal(err)
	}
}

// TestSignIsTold tells whoever reads a text that it was changed meanwhile, and
// leaves the text that is read as it is. It comes before what proves the password,
// which gives the session another token.
func TestSignIsTold(t *testing.T) {
	h := live(t)
	h.paper(t, "assertion", "a-told", soc1.ManagementAssertion{Engagement: "soc1-2025"})
	p := h.door(t).as(t, h, executive)
	p.open("/sign/assertion/a-told")
	p.Wait("the stream", `document.querySelector(".live")?.dataset.state === "on"`)
	read := p.Text(".paper")
	changed := soc1.ManagementAssertion{Engagement: "soc1-2025", Modifications: []soc1.AssertionModification{{Limb: soc1.LimbDesign, Text: "One control was not designed."}}}
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "assertion", ID: "a-told", Revision: 1, Effective: "2025-11-20", Value: changed, Reason: "Found."}); err != nil {
		t.Fatal(err)
	}
	p.Wait("the notice", `document.querySelector("#text-now:not([hidden])")?.textContent.includes("was changed since you opened it")`)
	if now := p.Text(".paper"); now != read {
		t.Errorf("the text moved while it was read: %q", now)
	}
	for _, s := range p.axe(browsertest.All) {
		t.Error(s)
	}
	p.Do(`document.querySelector("#text-now a").click()`)
	p.Wait("what changed", `location.search.startsWith("?since=") && document.querySelector("#changed")?.textContent.includes("not designed") && document.readyState === "complete"`)
	p.fine(t)
}

// TestSignByKeys reads and signs without a mouse: refused for a wrong password,
// nothing that was typed is lost, and then it is said.
func TestSignByKeys(t *testing.T) {
	h := live(t)
	h.paper(t, "assertion", "a-keys", soc1.ManagementAssertion{Engagement: "soc1-2025"})
	p := h.door(t).as(t, h, executive)
	p.open("/inbox")
	p.TabTo(`a[href="/sign/assertion/a-keys"]`)
	p.Press("Enter")
	p.Wait("the page", `location.pathname === "/sign/assertion/a-keys" && document.readyState === "complete"`)
	// The text can be scrolled by keys before the form is reached.
	p.TabTo(".signing")
	p.TabTo("#statement")
	p.Type("Gone through with Daniel.")
	p.TabTo("#read")
	p.Press(" ")
	p.TabTo("#password")
	p.Type("wrong")
	p.Press("Enter")
	p.Wait("the refusal", `document.querySelector("#password[aria-invalid=true]") && document.readyState === "complete"`)
	if got := p.Text("#sign-form"); !strings.Contains(got, "This is not your password.") {
		t.Errorf("refused with %q", got)
	}
	if !browsertest.Eval[bool](p.Tab, `document.querySelector("#statement").value === "Gone through with Daniel." && document.querySelector("#read").checked && document.querySelector("#password").value === ""`) {
		t.Error("what was typed is lost")
	}
	for _, s := range p.axe(browsertest.All) {
		t.Error(s)
	}
	p.TabTo("#password")
	p.Type(password)
	p.Press("Enter")
	p.Wait("the record", `location.pathname === "/r/assertion/a-keys" && document.querySelector(".toast")?.textContent.includes("Signed.")`)
	if got := p.Text("#signed"); !strings.Contains(got, "By Ruth Villanueva on 20 Nov 2025") {
		t.Errorf("the record says %q", got)
	}
	for _, s := range p.axe(browsertest.All) {
		t.Error(s)
	}
	p.historySays(t, "Gone through with Daniel.")
	p.Wait("the toast goes", `!document.querySelector(".toast") && !location.search`)
	for _, s := range p.Problems() {
		if !strings.Contains(s, "the server responded with a status of 422") {
			t.Error(s)
		}
	}
	var d soc1.ManagementAssertion
	h.decode(t, "assertion", "a-keys", &d)
	if d.SignedBy != executive || d.SignedOn != "2025-11-20" || len(d.SignedSHA256) != 64 {
		t.Errorf("recorded is %+v", d)
	}
}

func (p *person) historySays(t *testing.T, reason string) {
	t.Helper()
	if got := p.Text("#history > li:first-child"); !strings.Contains(got, reason) || !strings.Contains(got, "and its proof") {
		t.Errorf("the history says %q", got)
	}
}

// TestSignByPasskey confirms a signature with a passkey of a real browser, and
// asks the device only when there is something to sign.
func TestSignByPasskey(t *testing.T) {
	i := drafted(t)
	at := strings.Replace(i.srv.URL, "127.0.0.1", "localhost", 1)
	token, _, err := i.accounts.Invite(t.Context(), account.Requester{PersonID: "test", Side: account.ServiceOrganization, Roles: []string{"administrator"}},
		account.Invitee{PersonID: executive, Email: executive + "@example.com", Name: "Ruth", Side: account.ServiceOrganization})
	if err != nil {
		t.Fatal(err)
	}
	x := browsertest.NewWindow(t).Tab()
	device := x.Authenticator()
	press := func() {
		x.Wait("passkeys are offered", `document.querySelector("form[data-passkey]:not([hidden]) button:not([disabled])")`)
		x.Do(`document.querySelector("form[data-passkey] button").click()`)
	}
	x.Go(at + "/invite/" + token)
	press()
	x.Wait("welcome", `location.pathname === "/welcome" && document.readyState === "complete"`)

	const page = "/sign/assertion/assertion-2025"
	x.Go(at + page)
	if browsertest.Eval[bool](x, `!!document.querySelector("#password")`) {
		t.Error("a password is asked of somebody who has none")
	}
	// The browser says what is missing before the device is asked.
	press()
	if !browsertest.Eval[bool](x, `document.activeElement?.id === "statement"`) {
		t.Error("nothing is said of a form that is not filled in")
	}
	fill := func() {
		x.Do(`document.querySelector("#statement").value = "With a passkey."; document.querySelector("#statement").dispatchEvent(new Event("input", { bubbles: true })); document.querySelector("#read").checked = true`)
	}
	fill()
	device.Unlocks(false)
	press()
	x.Wait("a refusal", `document.querySelector("form[data-passkey] [role=alert]:not([hidden])")?.textContent.includes("Nothing was done")`)
	device.Unlocks(true)
	// A text that changed meanwhile is shown again.
	i.renameSystem("Wexmoor Payroll and Benefits System")
	press()
	x.Wait("what changed", `location.search.startsWith("?since=") && document.querySelector("#changed ins") && document.readyState === "complete"`)
	if by, _ := i.signedBy("assertion", "assertion-2025"); by != "" {
		t.Fatalf("signed by %s", by)
	}
	fill()
	press()
	x.Wait("the record", `location.pathname === "/r/assertion/assertion-2025" && document.querySelector("#signed")?.textContent.includes("reads as it was signed")`)
	if by, e := i.signedBy("assertion", "assertion-2025"); by != executive || e.Reason != "With a passkey." {
		t.Errorf("recorded: %s, %+v", by, e)
	}
}
