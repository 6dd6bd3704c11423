package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// TestPasskeysInBrowser lets somebody come in, sign in, prove who they are and
// add another device, by passkeys of a real browser.
func TestPasskeysInBrowser(t *testing.T) {
	i := newInn(t)
	at := strings.Replace(i.srv.URL, "127.0.0.1", "localhost", 1)
	admin := i.account(administrator)
	form := url.Values{"name": {"Ivy Okoro"}, "email": {"ivy@wexmoor.example"}, "role": {"control_owner"}, "id": {"ivy"}, "reason": {"Joins."}, "invite": {"yes"}}
	link := linkIn(t, admin.post(http.StatusOK, "/people/new", form).text)

	x := browsertest.NewWindow(t).Tab()
	device := x.Authenticator()
	press := func() {
		x.Wait("passkeys are offered", `document.querySelector("form[data-passkey]:not([hidden]) button:not([disabled])")`)
		x.Do(`document.querySelector("form[data-passkey] button").click()`)
	}
	arrives := func(path string) {
		t.Helper()
		x.Wait("at "+path, `location.pathname === %s && document.readyState === "complete"`, path)
	}
	refused := func(words string) {
		t.Helper()
		x.Wait("a refusal", `document.querySelector("form[data-passkey] [role=alert]:not([hidden])")`)
		if got := x.Text("form[data-passkey] [role=alert]"); !strings.Contains(got, words) {
			t.Errorf("refused with %q, expected %q", got, words)
		}
	}

	// A link is accepted with a passkey in place of a password, and used up.
	x.Go(at + link)
	device.Unlocks(false)
	press()
	refused("Nothing was done")
	device.Unlocks(true)
	press()
	arrives("/welcome")
	if n := device.Passkeys(); n != 1 || !strings.Contains(x.Text("main"), "You have a passkey") {
		t.Errorf("%d passkeys; the page says %s", n, x.Text("main"))
	}
	if a := i.browser().get(link); a.code != 422 {
		t.Errorf("the link once more: %d", a.code)
	}
	signOut := func() {
		t.Helper()
		x.Do(`document.querySelector("form[action$='/sign-out']").submit()`)
		arrives("/sign-in")
	}
	signOut()

	// Signing in: no address is typed, no code asked for, and the page wanted comes.
	x.Go(at + "/r/control?q=pay")
	arrives("/sign-in")
	press()
	arrives("/r/control")
	if x.Path() != "/r/control?q=pay" {
		t.Errorf("arrived at %s", x.Path())
	}
	x.Go(at + "/settings/sessions")
	if s := x.Text("main"); !strings.Contains(s, "by passkey") || !strings.Contains(s, "This browser") {
		t.Errorf("the sessions are %s", s)
	}

	// Later a change asks for a proof, by the same passkey. The only way to sign in
	// is not removed.
	i.pass(20 * time.Minute)
	x.Go(at + "/settings/security")
	x.Do(`document.querySelector("a[href*='/settings/confirm']").click()`)
	arrives("/settings/confirm")
	press()
	arrives("/settings/security")
	x.Do(`document.querySelector("form[action$='/remove'] button").click()`)
	x.Wait("a refusal", `document.querySelector(".note.bad")`)
	if !strings.Contains(x.Text(".note.bad"), "last way to sign in") {
		t.Errorf("refused with %s", x.Text(".note.bad"))
	}
	// The same device again is refused by the device, another one is added.
	press()
	refused("has a passkey for your account already")
	key := x.SecurityKey()
	x.Go(at + "/settings/security")
	x.Do(`document.querySelector("#key-name").value = "Key <b>"`)
	press()
	x.Wait("it is added", `document.querySelector(".note.ok")?.textContent.includes("passkey is added")`)
	if s := x.Text("main"); key.Passkeys() != 1 || !strings.Contains(s, "Key <b>") || !strings.Contains(s, "2 passkeys") || !strings.Contains(s, "last used") {
		t.Errorf("%d passkeys on the second device; the page says %s", key.Passkeys(), s)
	}
	x.Problems()
	signOut()
	x.Problems()

	// A signature that is none is refused, and tells nothing.
	device.Forges(true)
	key.Forges(true)
	press()
	refused("was not accepted")
	device.Forges(false)
	key.Forges(false)

	// Another site that shows our page gets nobody in: the browser does not give
	// it our passkey, or the server does not take what it got for another origin.
	x.Go(strings.Replace(at, "localhost", "evil.localhost", 1) + "/sign-in")
	press()
	x.Wait("a refusal", `document.querySelector("form[data-passkey] [role=alert]:not([hidden])")`)
	x.Go(strings.Replace(at, "localhost", "evil.localhost", 1) + "/settings")
	arrives("/sign-in")
	x.Problems()

	// A locked account stays out.
	admin.post(http.StatusSeeOther, "/people/ivy/lock", nil)
	x.Go(at + "/sign-in")
	press()
	refused("disabled")
	admin.post(http.StatusSeeOther, "/people/ivy/unlock", nil)
	press()
	arrives("/")
}

// TestSetupPages looks at the pages of a first run as at every other page, and
// makes a workspace by keys alone.
func TestSetupPages(t *testing.T) {
	h := live(t)
	const code = "ABCD-EFGH-JKMN-PQRS"
	var made FirstRun
	setup, err := NewSetup(SetupOptions{Code: code, Services: []ServiceType{{Code: "PAY", Name: "Payroll processing", Objectives: 6, Controls: 30}},
		Make: func(_ context.Context, run FirstRun) (*Site, account.SignedIn, error) {
			made = run
			token := h.token(t, administrator)
			return h.site, account.SignedIn{Token: token}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, at: "localhost:0", handler: setup.Handler()}
	d.open()
	t.Cleanup(d.shut)
	p := d.as(t, h, nobody)
	for _, pg := range []page{
		{pattern: "GET /setup", path: "/"},
		{pattern: "GET /setup", path: "/setup?code=WRONG", fails: true},
		{pattern: "GET /setup", path: "/setup?code=" + code},
		{pattern: "POST /setup", path: "/setup?code=" + code, do: func(p *person) {
			p.Do(`document.querySelector("form").submit()`)
			p.Wait("what is wrong", `document.querySelector(".note.bad") && document.readyState === "complete"`)
		}},
	} {
		p.inspect(t, pg)
	}
	p.Size(1280, 800)
	p.open("/setup")
	p.Wait("the field of the code", `document.activeElement?.id === "code"`)
	p.Type(strings.ToLower(code))
	p.Press("Enter")
	p.Wait("the form", `document.querySelector("#organization") === document.activeElement && document.querySelector("#timezone").value`)
	p.Ready()
	p.Type("Northwind Payroll")
	p.TabTo("#service")
	p.Type("P")
	p.TabTo("#name")
	p.Type("Ada Ruiz\t\tada@northwind.example\tpassword123456")
	p.Wait("the password is refused while it is typed", `document.querySelector("#new-password-hint").dataset.state === "bad"`)
	p.Press("Control+a")
	p.Type(password)
	p.Wait("the password is fine", `document.querySelector("#new-password-hint").dataset.state === "ok"`)
	p.TabTo("#again")
	p.Type(password)
	p.Press("Enter")
	p.Wait("the first steps", `location.pathname === "/welcome"`)
	if made.Organization.Name != "Northwind Payroll" || made.Organization.Timezone == "" || made.Service != "PAY" || made.Person.Name != "Ada Ruiz" || made.Password != password ||
		made.Person.Side != soc1.SideServiceOrganization || !strings.HasPrefix(made.PersonID, "p-") {
		t.Errorf("made of %+v", made)
	}
}
