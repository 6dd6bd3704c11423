package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// An invitation is recorded with the roles that it gives, makes a link that is
// shown once and works once, and the records say that the person came.
func TestInvitationOverHTTP(t *testing.T) {
	i := newInn(t)
	admin := i.account(administrator)
	admin.shows("/people/new", "Control owner", "External assessor")
	form := url.Values{"name": {"Ivy Okoro"}, "email": {"ivy@wexmoor.example"}, "role": {"control_owner"}, "id": {"ivy"}, "reason": {"Joins in December."}, "invite": {"yes"}}
	for field, bad := range map[string]string{"reason": "", "email": "nobody", "role": "firm_staff", "id": "two words"} {
		v := url.Values{}
		for k, x := range form {
			v[k] = x
		}
		v.Set(field, bad)
		if a := admin.do("POST", "/people/new", v); a.code != http.StatusUnprocessableEntity || !strings.Contains(a.text, "Ivy Okoro") {
			t.Errorf("%s %q: %d %s", field, bad, a.code, words(a.text))
		}
	}
	made := admin.post(http.StatusOK, "/people/new", form)
	link := linkIn(t, made.text)
	page := admin.shows("/people/ivy", "Invited", "Revoke the invitation")
	if strings.Contains(page, link) {
		t.Error("the link is shown again")
	}
	admin.shows("/people", "Ivy Okoro", "Invited")

	// A newer link replaces it, the recorded invitation stays.
	second := linkIn(t, admin.post(http.StatusOK, "/people/ivy/invite", nil).text)
	ivy := i.browser()
	if a := ivy.get(link); a.code != http.StatusUnprocessableEntity || !strings.Contains(a.text, "withdrawn or replaced") {
		t.Errorf("the replaced link: %d %s", a.code, words(a.text))
	}
	ivy.shows(second, "Begin with a passkey", "ivy@wexmoor.example")
	ivy.post(http.StatusUnprocessableEntity, second, url.Values{"password": {"password1234"}, "again": {"password1234"}})
	if a := ivy.post(http.StatusSeeOther, second, url.Values{"password": {goodPassword}, "again": {goodPassword}}); a.to != "/welcome" {
		t.Errorf("sent to %s", a.to)
	}
	ivy.shows("/welcome", "Add a passkey", "Risk-control matrix")
	again := i.browser()
	if a := again.do("POST", second, url.Values{"password": {goodPassword}, "again": {goodPassword}}); a.code != http.StatusUnprocessableEntity || again.in() {
		t.Errorf("the link once more: %d", a.code)
	}
	for _, x := range i.invitations(app.OrganizationLedger) {
		if x.Value.Person == "ivy" && (x.Value.Status != soc1.InvitationAccepted || x.Value.InvitedBy != administrator) {
			t.Errorf("the ledger records %+v", x.Value)
		}
	}
	admin.shows("/people/ivy", "Active", "Last sign-in", "20 Nov 2025")

	// What is revoked lets nobody in, and takes back whom it recorded.
	form.Set("id", "gale")
	form.Set("email", "gale@wexmoor.example")
	form.Set("role", "external_assessor")
	third := linkIn(t, admin.post(http.StatusOK, "/people/new", form).text)
	admin.post(http.StatusUnprocessableEntity, "/people/gale/revoke", url.Values{"reason": {" "}})
	admin.post(http.StatusSeeOther, "/people/gale/revoke", because)
	if a := i.browser().do("POST", third, url.Values{"password": {goodPassword}, "again": {goodPassword}}); a.code != http.StatusUnprocessableEntity {
		t.Errorf("the revoked link: %d", a.code)
	}
	if p := admin.shows("/people"); strings.Contains(p, "/people/gale") {
		t.Error("whom a revoked invitation recorded is still there")
	}
	// An address that has an account already takes no second one, and nothing of
	// the attempt stays.
	form.Set("id", "double")
	form.Set("email", "ivy@wexmoor.example")
	admin.post(http.StatusUnprocessableEntity, "/people/new", form)
	for _, x := range i.invitations(app.OrganizationLedger) {
		if x.Value.Person == "double" && x.Value.Status == soc1.InvitationOpen {
			t.Error("an invitation without a link stays open")
		}
	}
}

func (i *inn) invitations(ledger string) []record.Typed[soc1.Invitation] {
	i.t.Helper()
	who := manager
	if ledger != app.OrganizationLedger {
		who = partner
	}
	v, err := i.app.View(i.t.(*testing.T).Context(), who, ledger, record.AsOf{})
	if err != nil {
		i.t.Fatal(err)
	}
	all, err := record.All[soc1.Invitation](i.t.(*testing.T).Context(), v, "invitation")
	if err != nil {
		i.t.Fatal(err)
	}
	return all
}

// No administrator of one side sees, lets in, locks or resets the other's
// people, whatever the address; and who is no administrator does it to nobody.
func TestPeopleWall(t *testing.T) {
	i := newInn(t)
	admin, helen, reader, cm := i.account(administrator), i.account(partner), i.account("elena-petrova"), i.account("fatima-boukhari")
	firm := "/x/" + i.exam + "/people"
	mei := i.browser()
	mei.post(http.StatusSeeOther, linkIn(t, helen.post(http.StatusOK, firm+"/new", staffLines).text), url.Values{"password": {goodPassword}, "again": {goodPassword}})
	mei.shows(firm, "Mei Rosario")
	helen.shows(firm, "Mei Rosario", "Active")
	helen.shows("/people", "Amara Osei")
	if p := helen.shows("/people/" + administrator); strings.Contains(p, "Lock the account") || strings.Contains(p, "Record the change") || strings.Contains(p, "example.com") {
		t.Error("the firm's administrator is offered management's account, or told its address")
	}
	actions := []string{"record", "invite", "revoke", "lock", "unlock", "reset", "sign-out", "deactivate", "return"}
	full := url.Values{"reason": {"Mine."}, "name": {"Mine"}, "email": {"mine@example.com"}, "role": {"read_only"}, "revision": {"1"}, "factors": {"yes"}}
	type attempt struct {
		who  *guest
		name string
		path string
		want []int
	}
	var all []attempt
	for _, action := range actions {
		// Behind the wall there is nothing, for management.
		all = append(all, attempt{admin, "administrator", firm + "/mei/" + action, []int{404}}, attempt{cm, "control owner", firm + "/mei/" + action, []int{404}},
			attempt{admin, "administrator", "/people/mei/" + action, []int{404}}, attempt{admin, "administrator", "/people/" + partner + "/" + action, []int{404}})
		// The firm's administrator touches nobody of management's, nor does a reader.
		for _, who := range []attempt{{who: helen, name: "partner"}, {who: reader, name: "reader"}, {who: mei, name: "audit staff"}} {
			want := []int{403}
			if action == "revoke" {
				// There is nothing to revoke.
				want = []int{403, 303}
			}
			all = append(all, attempt{who.who, who.name, "/people/" + administrator + "/" + action, want})
		}
		if action != "revoke" {
			all = append(all, attempt{mei, "audit staff", firm + "/" + partner + "/" + action, []int{403}})
		}
	}
	for _, a := range all {
		got := a.who.do("POST", a.path, full)
		ok := false
		for _, want := range a.want {
			ok = ok || got.code == want
		}
		if !ok {
			t.Errorf("%s posts %s: %d, expected %v: %s", a.name, a.path, got.code, a.want, words(got.text))
		}
		if strings.Contains(got.text, "made-link") {
			t.Errorf("%s got a link by %s", a.name, a.path)
		}
	}
	for _, path := range []string{firm, firm + "/mei", firm + "/new"} {
		there, absent := admin.get(path), admin.get(strings.Replace(path, i.exam, "exam-none", 1))
		if there.code != 404 || absent.code != 404 {
			t.Errorf("%s for management: %d and %d", path, there.code, absent.code)
		}
	}
	// A role of the firm is not management's to give, nor the other way round.
	for who, form := range map[*guest]url.Values{
		admin: {"name": {"Eve"}, "email": {"eve@example.com"}, "role": {"firm_staff"}, "id": {"eve"}, "reason": {"x"}, "invite": {"yes"}},
		cm:    {"name": {"Eve"}, "email": {"eve@example.com"}, "role": {"administrator"}, "id": {"eve"}, "reason": {"x"}, "invite": {"yes"}},
	} {
		if a := who.do("POST", "/people/new", form); a.code != 422 && a.code != 403 {
			t.Errorf("a role of the other side: %d", a.code)
		}
	}
	if a := helen.do("POST", firm+"/new", url.Values{"name": {"Eve"}, "email": {"eve@example.com"}, "role": {"administrator"}, "id": {"eve"}, "reason": {"x"}, "invite": {"yes"}}); a.code != 422 {
		t.Errorf("the firm gives a role of management: %d %s", a.code, words(a.text))
	}
	// Management records somebody under the id of the firm's partner: who was the
	// firm's first goes on working, and gets no account of management's.
	if err := i.app.PutPerson(t.Context(), administrator, app.RecordChange{ID: partner, Value: soc1.Person{Name: "Helen", Email: "h@example.com", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"read_only"}}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if a := admin.do("POST", "/people/"+partner+"/invite", nil); a.code == 200 {
		t.Error("management invited the firm's partner as one of its own")
	}
	for name, g := range map[string]*guest{"partner": helen, "audit staff": mei, "administrator": admin, "reader": reader} {
		if !g.in() {
			t.Errorf("the %s was signed out", name)
		}
	}
	if !i.signIn(partner).in() {
		t.Error("the partner cannot sign in any more")
	}
	if p := admin.shows("/people"); strings.Contains(p, "mei@example.com") || strings.Contains(p, "Mei Rosario") {
		t.Error("management sees the firm's people")
	}
	if p := reader.shows("/people"); strings.Contains(p, "Last sign-in") {
		t.Error("a reader sees when people sign in")
	}
}

// Whoever is locked, has left or was given a link for another password loses
// every session at the next request.
func TestAccountsEndAtOnce(t *testing.T) {
	i := newInn(t)
	admin, owner1 := i.account(administrator), i.account("fatima-boukhari")
	const at = "/people/fatima-boukhari"
	second := i.signIn("fatima-boukhari")
	admin.shows(at, "2 browsers")

	admin.post(http.StatusSeeOther, at+"/sign-out", nil)
	if owner1.in() || second.in() {
		t.Error("signed out everywhere, and a session goes on")
	}
	owner1 = i.signIn("fatima-boukhari")
	admin.post(http.StatusSeeOther, at+"/lock", nil)
	if owner1.in() {
		t.Error("a locked account's session goes on")
	}
	g := i.browser()
	if a := g.do("POST", "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}}); a.code != 422 || !strings.Contains(a.text, "disabled") {
		t.Errorf("a locked account signs in: %d", a.code)
	}
	admin.shows(at, "Locked", "Unlock the account")
	admin.post(http.StatusSeeOther, at+"/unlock", nil)
	owner1 = i.signIn("fatima-boukhari")

	// A link for another password: what is used now goes on until it is used, and
	// it is used once.
	link := linkIn(t, admin.post(http.StatusOK, at+"/reset", url.Values{"factors": {"yes"}}).text)
	if !owner1.in() {
		t.Error("making a link ended a session")
	}
	const other = "other words than those before"
	fresh := i.browser()
	fresh.shows(link)
	fresh.post(http.StatusSeeOther, link, url.Values{"password": {other}, "again": {other}})
	if owner1.in() || !fresh.in() {
		t.Error("after the reset the old session goes on, or the new one does not")
	}
	if a := i.browser().do("POST", link, url.Values{"password": {other}, "again": {other}}); a.code != 422 {
		t.Errorf("the link once more: %d", a.code)
	}
	if a := i.browser().do("POST", "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}}); a.code != 422 {
		t.Errorf("the old password: %d", a.code)
	}
	// Nobody does it to themselves.
	for _, action := range []string{"lock", "reset"} {
		if a := admin.do("POST", "/people/"+administrator+"/"+action, url.Values{}); a.code != 422 || !strings.Contains(a.text, "your own account") {
			t.Errorf("%s of oneself: %d %s", action, a.code, words(a.text))
		}
	}
	// Roles change with a reason, against the revision that was read, and never
	// those of the last administrator.
	form := url.Values{"name": {"Fatima Boukhari"}, "email": {"fatima@new.example"}, "role": {"read_only"}, "revision": {"1"}}
	admin.post(422, at+"/record", form)
	form.Set("reason", "Moves to another team.")
	admin.post(http.StatusSeeOther, at+"/record", form)
	admin.shows(at, "fatima@new.example", "Reader")
	admin.post(http.StatusConflict, at+"/record", form)
	self := url.Values{"name": {"Amara Osei"}, "email": {"a@example.com"}, "role": {"read_only"}, "revision": {"1"}, "reason": {"Steps down."}}
	if a := admin.do("POST", "/people/"+administrator+"/record", self); a.code != 422 || !strings.Contains(a.text, "last administrator") {
		t.Errorf("the last administrator steps down: %d %s", a.code, words(a.text))
	}

	admin.post(422, at+"/deactivate", nil)
	admin.post(http.StatusSeeOther, at+"/deactivate", because)
	if fresh.in() {
		t.Error("who has left goes on")
	}
	admin.shows("/people?show=left", "Fatima Boukhari")
	admin.shows(at, "has left", "Put back")
	admin.post(http.StatusSeeOther, at+"/return", because)
	back := i.browser()
	back.post(http.StatusSeeOther, "/sign-in", url.Values{"email": {"fatima@new.example"}, "password": {other}})
	back.shows("/r/control")
}

// Who reads nothing of the organization's ledger comes in, too: to the people
// that a firm's administrator manages, or to their own settings.
func TestNarrowPeople(t *testing.T) {
	i := newInn(t)
	put := func(actor, ledger, id string, p soc1.Person) {
		t.Helper()
		if err := i.app.PutPerson(t.Context(), actor, app.RecordChange{Ledger: ledger, ID: id, Value: p, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	put(partner, i.exam, "fay", soc1.Person{Name: "Fay Admin", Email: "fay@firm.example", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.FirmAdministrator}})
	put(administrator, app.OrganizationLedger, "uma", soc1.Person{Name: "Uma Auditor", Email: "uma@user.example", Side: soc1.SideGuest, Roles: []soc1.Role{soc1.UserAuditor}})
	for who, want := range map[string]string{"fay": "/x/" + i.exam + "/people", "uma": "/settings"} {
		i.account(who)
		g := i.browser()
		if a := g.post(303, "/sign-in", url.Values{"email": {who + "@example.com"}, "password": {goodPassword}}); a.to != want {
			t.Errorf("%s is sent to %s", who, a.to)
		}
		g.shows(want)
		g.shows("/settings", map[string]string{"fay": "Fay Admin", "uma": "Kim"}[who], who+"@example.com")
		g.shows("/welcome")
		if a := g.get("/"); a.code != 200 && a.to != want {
			t.Errorf("%s at the home page: %d to %q %s", who, a.code, a.to, words(a.text))
		}
		if a := g.get("/people"); who == "uma" && a.code != 403 || who == "fay" && a.to != want {
			t.Errorf("%s at people: %d to %q", who, a.code, a.to)
		}
		if a := g.get("/settings/deputies"); a.code != 404 {
			t.Errorf("%s names deputies: %d", who, a.code)
		}
	}
	fay := i.signIn("fay")
	fay.shows("/x/"+i.exam+"/people/"+partner, "Record the change", "Deactivate")
	if a := fay.get("/x/" + i.exam + "/r/test_of_control"); a.code == 200 && strings.Contains(a.text, "T-") {
		t.Error("the firm's administrator reads tests")
	}
}
