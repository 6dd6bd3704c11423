package web

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// makeRole records a custom role through the form that an administrator sees.
func (g *guest) makeRole(id, name string, v url.Values) {
	g.t.Helper()
	form := url.Values{"_id": {id}, "name": {name}, "purpose": {"For " + name + "."}, "_reason": {"Needed."}}
	for k, x := range v {
		form[k] = x
	}
	g.post(http.StatusSeeOther, "/r/role/new", form)
}

// changeRole records the next revision of a role.
func (g *guest) changeRole(id, name, revision string, v url.Values) {
	g.t.Helper()
	form := url.Values{"name": {name}, "purpose": {"For " + name + "."}, "_reason": {"Changed."}, "_revision": {revision}}
	for k, x := range v {
		form[k] = x
	}
	g.post(http.StatusSeeOther, "/r/role/"+id+"/edit", form)
}

// joins invites somebody with custom roles and lets them in.
func (g *guest) joins(id, name string, custom ...string) *guest {
	g.t.Helper()
	made := g.post(http.StatusOK, "/people/new", url.Values{"id": {id}, "name": {name}, "email": {id + "@example.com"}, "custom": custom, "reason": {"Joins."}, "invite": {"yes"}})
	b := g.browser()
	b.post(http.StatusSeeOther, linkIn(g.t, made.text), url.Values{"password": {goodPassword}, "again": {goodPassword}})
	return b
}

var hrefPattern = regexp.MustCompile(`href="([^"]+)"`)

// leads are the addresses within the site to which a page leads.
func leads(page string) []string {
	var out []string
	for _, m := range hrefPattern.FindAllStringSubmatch(page, -1) {
		to := html.UnescapeString(m[1])
		to, _, _ = strings.Cut(to, "#")
		if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/static/") && to != "/" && !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}

// side are the registers to which the sidebar leads.
func (g *guest) side() []string {
	g.t.Helper()
	page := g.shows("/inbox")
	begin := strings.Index(page, `<aside class="side"`)
	if begin < 0 {
		g.t.Fatal("the page has no sidebar")
	}
	end := strings.Index(page[begin:], "</aside>")
	var out []string
	for _, to := range leads(page[begin : begin+end]) {
		if kind, ok := strings.CutPrefix(to, "/r/"); ok {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}

// finds are the lines of the palette for some words.
func (g *guest) finds(words string) []found {
	g.t.Helper()
	var out []found
	if err := json.Unmarshal([]byte(g.shows("/palette?q="+url.QueryEscape(words))), &out); err != nil {
		g.t.Fatal(err)
	}
	return out
}

// TestCustomRoleInTheBrowser makes two roles by the form, invites people to them,
// and looks at everything that they can come to: the registers that their roles
// name are there, and no trace of the others.
func TestCustomRoleInTheBrowser(t *testing.T) {
	i := newInn(t)
	admin, cm := i.account(administrator), i.account("fatima-boukhari")
	admin.shows("/r/role/new", "Reads all registers of the program", "Complementary user entity controls", `type="checkbox" name="keeps" value="policy"`)
	if a := cm.get("/r/role/new"); a.code != http.StatusForbidden {
		t.Errorf("a control owner opens the form of a role: %d", a.code)
	}
	if a := cm.do("POST", "/r/role/new", url.Values{"_id": {"mine"}, "name": {"Mine"}, "purpose": {"x"}, "reads_all": {"true"}, "_reason": {"x"}}); a.code != http.StatusForbidden {
		t.Errorf("a control owner makes a role: %d", a.code)
	}
	admin.post(http.StatusUnprocessableEntity, "/r/role/new", url.Values{"_id": {"none"}, "name": {"None"}, "purpose": {"x"}, "_reason": {"x"}})
	admin.makeRole("audit-reader", "Internal audit reader", url.Values{"reads": {"control", "evidence", "policy"}})
	admin.makeRole("policy-keeper", "Policy keeper", url.Values{"keeps": {"policy"}, "comments": {"true"}, "answers": {"true"}})
	admin.shows("/people/new", "Custom roles", "Internal audit reader", "Policy keeper")
	ira, paul := admin.joins("ira", "Ira Audit", "audit-reader"), admin.joins("paul", "Paul Policy", "policy-keeper")
	admin.shows("/people", "Internal audit reader", "Policy keeper", `href="/r/role"`)
	admin.shows("/people/ira", `name="custom" value="audit-reader" checked`)
	ira.shows("/settings", "Internal audit reader")

	for _, c := range []struct {
		who   *guest
		name  string
		reads []string
		keeps []string
		// some is a kind of which the person reads what is their own.
		some string
	}{{ira, "ira", []string{"control", "evidence", "policy"}, nil, ""}, {paul, "paul", []string{"policy"}, []string{"policy"}, "request"}} {
		if got := c.who.side(); !slices.Equal(got, c.reads) {
			t.Errorf("%s's sidebar leads to %v, expected %v", c.name, got, c.reads)
		}
		for _, kind := range record.Kinds.Names() {
			reads, keeps := slices.Contains(c.reads, kind), slices.Contains(c.keeps, kind)
			k, err := record.Kinds.Kind(kind)
			if err != nil {
				t.Fatal(err)
			}
			paths := map[string]bool{"/r/" + kind: reads, "/export/" + kind + "/csv": reads, "/choices/" + kind: reads || kind == personKind}
			if !k.Decision && kind != personKind && k.Home != record.Examination {
				paths["/r/"+kind+"/new"] = keeps
			}
			for path, open := range paths {
				a := c.who.get(path)
				if kind == c.some && a.code == 200 && !strings.Contains(a.text, "req-") {
					continue
				}
				if want := map[bool]int{true: 200, false: 403}[open]; a.code != want {
					t.Errorf("%s gets %s: %d, expected %d", c.name, path, a.code, want)
				}
			}
			for _, x := range c.who.finds(strings.ToLower(k.Plural)) {
				if strings.HasPrefix(x.Href, "/r/"+kind) && !reads {
					t.Errorf("%s's palette offers %+v", c.name, x)
				}
			}
			for _, x := range c.who.finds("new " + strings.ToLower(k.Title)) {
				if x.Href == "/r/"+kind+"/new" && !keeps {
					t.Errorf("%s's palette offers %+v", c.name, x)
				}
			}
		}
		for path, want := range map[string]int{"/matrix": 403, "/matrix.csv": 403, "/behind/attention": 403, "/people": 403, "/people/new": 403, "/people/" + manager: 403,
			"/r/risk/pay-1-r1": 403, "/r/person/" + manager: 403, "/r/role/audit-reader": 403, "/r/policy/nothing": 404, "/export/policy/xlsx": 200, "/export/policy/yaml": 200, "/export/risk/yaml": 403, "/activity": 200, "/inbox": 200, "/inbox/count": 200,
			"/import/risk": 403, "/x/" + i.exam + "/r/result": 404, "/r/risk/pay-1-r1/history": 403} {
			if a := c.who.get(path); a.code != want {
				t.Errorf("%s gets %s: %d, expected %d", c.name, path, a.code, want)
			}
		}
		// Wherever pages lead, there is something.
		for _, path := range []string{"/", "/inbox", "/activity", "/r/policy"} {
			for _, to := range leads(c.who.shows(path)) {
				if a := c.who.get(to); a.code >= 400 {
					t.Errorf("%s comes from %s to %s: %d", c.name, path, to, a.code)
				}
			}
		}
	}
	if a := paul.get("/r/control"); a.code != http.StatusForbidden {
		t.Errorf("paul reads controls: %d", a.code)
	}
	home := ira.shows("/", "Internal audit reader", "Controls", "Evidence", "Policies")
	if strings.Contains(home, "/matrix") || strings.Contains(home, "Readiness") || strings.Contains(home, "/r/risk") {
		t.Error("ira's home shows numbers of what ira does not read")
	}
	// A control is found by words, a risk is not; neither tells of the other's.
	if got := ira.finds("PAY-1.1"); len(got) == 0 || got[0].Href != "/r/control/pay-1-1" {
		t.Errorf("ira finds %+v", got)
	}
	if got := ira.finds("pay-1-r1"); len(got) != 0 {
		t.Errorf("ira finds %+v", got)
	}
	page := ira.shows("/r/control/pay-1-1", "PAY-1.1")
	if strings.Contains(page, `data-key="e"`) || strings.Contains(page, `/r/risk/`) || strings.Contains(page, "/edit") {
		t.Error("ira is offered to change a control, or led to a risk")
	}
	// Who reads no comments is not told that there are none.
	if strings.Contains(page, "Comments") {
		t.Error("a page counts comments for somebody who reads none")
	}
	// The first page as known when an entry was the last that is not hers to read.
	for _, then := range []string{"1", "3"} {
		if a := ira.get("/?known=" + then); a.code != http.StatusOK {
			t.Errorf("the first page as known at %s: %d", then, a.code)
		}
	}
	// Past reads are by the role as well.
	if a := ira.get("/r/risk?asof=2025-06-30"); a.code != http.StatusForbidden {
		t.Errorf("ira reads the risks of June: %d", a.code)
	}
}

// policyOf is the id of a policy of the example.
func (i *inn) policyOf() string {
	i.t.Helper()
	v, err := i.app.View(context.Background(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		i.t.Fatal(err)
	}
	all, err := v.List(context.Background(), "policy")
	if err != nil || len(all) == 0 {
		i.t.Fatal("the example has no policy", err)
	}
	return all[0].ID
}

// TestCustomRoleKeepsAndTalks keeps a policy by a custom role, comments on it, is
// mentioned and asked, and loses it all when the role changes.
func TestCustomRoleKeepsAndTalks(t *testing.T) {
	i := newInn(t)
	ctx := t.Context()
	admin := i.account(administrator)
	admin.makeRole("policy-keeper", "Policy keeper", url.Values{"keeps": {"policy"}, "comments": {"true"}, "answers": {"true"}})
	paul := admin.joins("paul", "Paul Policy", "policy-keeper")
	id := i.policyOf()
	at := "/r/policy/" + id
	paul.shows(at, `data-key="e"`, "Comment")
	// Who owns it is chosen by name, although no record of a person is read.
	paul.shows(at+"/edit", "Amara Osei", "Fatima Boukhari")
	paul.post(http.StatusSeeOther, at+"/edit?field=summary", url.Values{"_field": {"title"}, "title": {"Policy as paul has it"}, "_reason": {"Reviewed."}, "_revision": {"1"}})
	paul.shows(at, "Policy as paul has it", "Reviewed.")
	paul.post(http.StatusSeeOther, at+"/comments", url.Values{"text": {"Who reviews this @" + manager + "?"}, "id": {"c-paul"}, "in": {"org"}})
	paul.shows(at, "Who reviews this", "Daniel Krawczyk")

	// He is mentioned and asked: both wait for him, and both are done from there.
	if _, _, err := i.app.Comment(ctx, manager, app.Commenting{ID: "c-daniel", Subject: soc1.Ref{Kind: "policy", ID: id}, Text: "You do, @paul.", Mentions: []string{"paul"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.app.Request(ctx, manager, app.Asking{ID: "req-1", Title: "Add the exceptions", Text: "Those of March are missing.", To: "paul", Subject: soc1.Ref{Kind: "policy", ID: id}}); err != nil {
		t.Fatal(err)
	}
	paul.shows("/inbox", "Daniel Krawczyk mentions you", "Add the exceptions", "Those of March are missing.")
	paul.shows("/", "mentions you", "Add the exceptions")
	paul.shows("/r/request/req-1", "Those of March are missing.", "Answer")
	paul.post(http.StatusSeeOther, "/r/request/req-1/answer", url.Values{"answer": {"Added."}})
	paul.shows("/r/request/req-1", "Added.")
	if a := paul.get("/r/comment/c-daniel"); a.code != http.StatusForbidden {
		t.Errorf("a comment by itself: %d", a.code)
	}

	paul.shows(at, "Who reviews this", "Comments")
	page := paul.shows(at+"?asof=2025-11-20", "Policy as paul has it")
	if strings.Contains(page, "Nothing was said") {
		t.Error("the past says that nothing was said")
	}

	// The role is narrowed: he reads, and no more.
	admin.changeRole("policy-keeper", "Policy reader", "1", url.Values{"reads": {"policy"}})
	page = paul.shows(at, "Policy as paul has it")
	if strings.Contains(page, `data-key="e"`) || strings.Contains(page, "Who reviews this") {
		t.Error("the page still offers what the role has lost")
	}
	paul.post(http.StatusForbidden, at+"/edit", url.Values{"_field": {"title"}, "title": {"Once more"}, "_reason": {"x"}, "_revision": {"2"}})
	if a := paul.get("/r/request/req-1"); a.code != http.StatusForbidden {
		t.Errorf("a request after the role was narrowed: %d", a.code)
	}
	if got := paul.finds("new policy"); len(got) != 0 {
		t.Errorf("the palette offers %+v", got)
	}
	// Taken away, nothing is left, and signing in still says so kindly.
	admin.post(http.StatusSeeOther, "/people/paul/record", url.Values{"name": {"Paul"}, "email": {"paul@example.com"}, "reason": {"Leaves the team."}, "revision": {"1"}})
	if a := paul.get("/r/policy"); a.code != http.StatusForbidden {
		t.Errorf("the register after the role was taken: %d", a.code)
	}
	paul.shows("/settings", "Service organization")
}

// TestCustomRoleReadsAll: a role that reads all registers sees the matrix, with the
// names of owners, and none of the people's records.
func TestCustomRoleReadsAll(t *testing.T) {
	i := newInn(t)
	admin := i.account(administrator)
	admin.makeRole("reads-all", "Second line", url.Values{"reads_all": {"true"}})
	lena := admin.joins("lena", "Lena Line", "reads-all")
	lena.shows("/matrix", "Fatima Boukhari", "PAY-1.1")
	lena.shows("/", "Second line", "Risks", "/matrix")
	lena.shows("/r/risk/pay-1-r1", "Likelihood")
	if a := lena.get("/people"); a.code != http.StatusForbidden {
		t.Errorf("people: %d", a.code)
	}
	if a := lena.get("/r/role"); a.code != http.StatusForbidden {
		t.Errorf("roles: %d", a.code)
	}
}

// TestCustomRoleHears opens an event stream and changes the role while it is open:
// the next event goes by the role as it is then.
func TestCustomRoleHears(t *testing.T) {
	h := newTalkHouse(t)
	srv := httptest.NewServer(h.h)
	defer srv.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	put := func(kind, id string, v interface{ Validate() []soc1.Problem }) {
		t.Helper()
		if err := h.app.PutRecord(ctx, administrator, app.RecordChange{Kind: kind, ID: id, Revision: -1, Value: v, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	put("role", "r", soc1.CustomRole{Name: "R", Purpose: "x", Reads: []soc1.RoleReads{"control", "comment"}})
	if err := h.app.PutPerson(ctx, administrator, app.RecordChange{ID: "ira", Value: soc1.Person{Name: "Ira", Side: soc1.SideServiceOrganization, CustomRoles: []string{"r"}}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	heard := h.hears(ctx, srv, "ira", `"type":"change"`)
	for h.site.presence.count() < 1 {
		time.Sleep(time.Millisecond)
	}
	expect := func(want string) {
		t.Helper()
		select {
		case s := <-heard:
			if !strings.Contains(s, want) {
				t.Fatalf("ira hears %s, expected %s", s, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("ira hears nothing, expected %s", want)
		}
	}
	say := func(id, kind, on string) {
		t.Helper()
		if _, _, err := h.app.Comment(ctx, manager, app.Commenting{ID: id, Subject: soc1.Ref{Kind: kind, ID: on}, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	say("c-risk", "risk", "pay-1-r1")
	say("c-control", "control", "pay-1-1")
	expect(`"kind":"comment","id":"c-control"`)
	put("role", "r", soc1.CustomRole{Name: "R", Purpose: "x", Reads: []soc1.RoleReads{"risk", "comment"}})
	say("c-control-2", "control", "pay-1-1")
	say("c-risk-2", "risk", "pay-1-r1")
	expect(`"kind":"comment","id":"c-risk-2"`)
}
