package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// drafted is a site with an assertion and a letter that wait to be signed.
func drafted(t *testing.T, change ...func(*account.Config, *Options)) *inn {
	t.Helper()
	i := newInn(t, change...)
	i.draft("assertion", "assertion-2025", soc1.ManagementAssertion{Engagement: "soc1-2025"})
	i.draft("representation_letter", "letter-2025", soc1.RepresentationLetter{Engagement: "soc1-2025", Statements: []string{"We told you all."}})
	return i
}

func (i *inn) draft(kind, id string, v interface{ Validate() []soc1.Problem }) {
	i.t.Helper()
	if err := i.app.PutRecord(i.t.(*testing.T).Context(), manager, app.RecordChange{Kind: kind, ID: id, Revision: -1, Effective: "2025-11-20", Value: v, Reason: "Drafted."}); err != nil {
		i.t.Fatal(err)
	}
}

// renameSystem changes a record that the assertion's text is made of.
func (i *inn) renameSystem(name string) {
	i.t.Helper()
	x, err := record.One[soc1.Engagement](i.t.(*testing.T).Context(), i.view(manager), "engagement", "soc1-2025")
	if err != nil {
		i.t.Fatal(err)
	}
	x.Value.SystemName = name
	i.draft("engagement", "soc1-2025", x.Value)
}

// signedBy is who has signed a record, by its record.
func (i *inn) signedBy(kind, id string) (by string, e app.Event) {
	i.t.Helper()
	all, err := i.app.History(i.t.(*testing.T).Context(), manager, app.OrganizationLedger, kind, id)
	if err != nil {
		i.t.Fatal(err)
	}
	e = all[len(all)-1]
	for _, f := range e.Fields {
		if f.Path == "signed_by" {
			by = strings.Trim(string(f.New), `"`)
		}
	}
	return by, e
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(revision|sha256|known)" value="([^"]*)"`)

// filledIn is the form of a page as somebody fills it in.
func filledIn(t *testing.T, page string) url.Values {
	t.Helper()
	v := url.Values{"statement": {"Gone through with Daniel."}, "read": {"yes"}, "password": {goodPassword}}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	if len(v) != 6 {
		t.Fatalf("the page has no form to sign: %s", words(page))
	}
	return v
}

// TestSignPage reads, is refused for what is missing, signs, and shows it.
func TestSignPage(t *testing.T) {
	i := drafted(t)
	g := i.account(executive)
	const at = "/sign/assertion/assertion-2025"
	for _, path := range []string{"/", "/inbox"} {
		g.shows(path, `href="`+at+`"`, "Read and sign")
	}
	g.shows("/r/assertion/assertion-2025", "Not signed", `href="`+at+`"`)
	page := g.shows(at, "Assertion of the Management of Wexmoor Payroll, Inc.", "the controls operated effectively throughout the period", "What it rests on", "Still open",
		"The period lasts until December 31, 2025; what happens", "Evidence is owed for", "I have read the text in full", "You sign as <b>Ruth Villanueva</b>", "revision 1")
	if strings.Contains(page, "data-live=") {
		t.Error("the text changes under whoever reads it")
	}
	v := filledIn(t, page)
	if s, err := i.app.Signing(t.Context(), executive, "assertion", "assertion-2025", 0); err != nil || v.Get("sha256") != s.SHA256 || !strings.Contains(page, s.SHA256+"</code>") {
		t.Errorf("the page does not show the hash of the text: %v", err)
	}

	for field, want := range map[string]string{"statement": "Say something", "read": "Read the text", "password": "Type your password"} {
		w := url.Values{}
		for k := range v {
			w[k] = v[k]
		}
		w.Set(field, " ")
		if field == "password" {
			w.Del(field)
		}
		if a := g.post(http.StatusUnprocessableEntity, at, w); !strings.Contains(a.text, want) || !strings.Contains(a.text, "Nothing was signed yet") || strings.Contains(a.text, goodPassword) {
			t.Errorf("without %s: %s", field, words(a.text))
		}
	}
	wrong := url.Values{"password": {"not hers"}, "statement": {"Kept <as> typed"}, "read": v["read"], "revision": v["revision"], "sha256": v["sha256"], "known": v["known"]}
	if a := g.post(http.StatusUnprocessableEntity, at, wrong); !strings.Contains(a.text, "This is not your password.") || !strings.Contains(a.text, "Kept &lt;as&gt; typed") || !strings.Contains(a.text, `name="read" value="yes" checked`) {
		t.Errorf("a wrong password: %s", words(a.text))
	}
	// Neither does what no device said.
	fake := url.Values{"ceremony": {"x"}, "response": {"{}"}, "statement": v["statement"], "read": v["read"], "revision": v["revision"], "sha256": v["sha256"]}
	if a := g.do("POST", at+"/passkey", fake); a.code != http.StatusUnprocessableEntity || !strings.Contains(a.text, "problem") {
		t.Errorf("without a passkey: %d %s", a.code, a.text)
	}
	if by, _ := i.signedBy("assertion", "assertion-2025"); by != "" {
		t.Fatalf("signed by %s all the same", by)
	}

	a := g.post(http.StatusSeeOther, at, v)
	if a.to != "/r/assertion/assertion-2025?done=signed" {
		t.Fatalf("sent to %s", a.to)
	}
	by, e := i.signedBy("assertion", "assertion-2025")
	if by != executive || e.Actor != executive || e.Action != "sign" || e.Reason != "Gone through with Daniel." || e.Effective != "2025-11-20" {
		t.Errorf("recorded: %s %+v", by, e)
	}
	shown := g.shows(a.to, "Signed. The record keeps it", "By Ruth Villanueva on 20 Nov 2025; the text reads as it was signed.", "The entry and its proof", "Gone through with Daniel.")
	if !strings.Contains(shown, `class="toast"`) {
		t.Error("nothing is said at the corner")
	}
	if again := g.shows("/r/assertion/assertion-2025"); strings.Contains(again, `class="toast"`) {
		t.Error("it is said each time")
	}
	for _, path := range []string{"/", "/inbox"} {
		if p := g.shows(path); strings.Contains(p, at) {
			t.Errorf("%s still lists what is signed", path)
		}
	}
	// The page shows who signed, and takes no second signature.
	if p := g.shows(at, "Signed by <b>Ruth Villanueva</b>"); strings.Contains(p, `name="password"`) {
		t.Error("what is signed can be signed again")
	}
	if a := g.post(http.StatusConflict, at, v); !strings.Contains(a.text, "it is signed already") {
		t.Errorf("signed again: %s", words(a.text))
	}

	// What the text is made of changes: everybody who looks is told.
	i.renameSystem("Wexmoor Payroll and Benefits System")
	g.shows("/r/assertion/assertion-2025", "Reads otherwise since it was signed")
	g.shows("/", "Reads otherwise since it was signed")
	g.shows(at, "the signature stands under other words", "<ins>", "Benefits")
	// A revision without the signature waits again, and shows what changed.
	i.draft("assertion", "assertion-2025", soc1.ManagementAssertion{Engagement: "soc1-2025", Modifications: []soc1.AssertionModification{{Limb: soc1.LimbOperating, Objective: "itgc-2", Text: "Sixty-one deployments lacked an approval."}}})
	g.shows("/r/assertion/assertion-2025", "Changed since it was signed", "Revision 2 was signed by Ruth Villanueva")
	page = g.shows(at, "It was changed since, which took the signature away", "Sixty-one deployments")
	g.post(http.StatusSeeOther, at, filledIn(t, page))
}

// TestSignStale does not sign a text that changed since the page was opened, and
// shows what did.
func TestSignStale(t *testing.T) {
	i := drafted(t)
	g := i.account(executive)
	const at = "/sign/assertion/assertion-2025"
	old := filledIn(t, g.shows(at))
	i.draft("assertion", "assertion-2025", soc1.ManagementAssertion{Engagement: "soc1-2025", Modifications: []soc1.AssertionModification{{Limb: soc1.LimbDesign, Text: "One control was not designed."}}})
	a := g.post(http.StatusConflict, at, old)
	for _, want := range []string{"the text has changed since you opened it", "One control was not designed.", "<ins>", "What changed", "Gone through with Daniel."} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(a.text, `value="yes" checked`) || strings.Contains(a.text, goodPassword) {
		t.Error("the new text counts as read")
	}
	// The same from another record that the text is made of; and a form that does
	// not say what was read.
	next := filledIn(t, a.text)
	i.renameSystem("Wexmoor Payroll and Benefits System")
	if a := g.post(http.StatusConflict, at, next); !strings.Contains(a.text, "Benefits") {
		t.Error("a text that other records changed was signed")
	}
	for _, field := range []string{"revision", "sha256"} {
		v := filledIn(t, g.shows(at))
		v.Del(field)
		g.post(http.StatusConflict, at, v)
	}
	if by, _ := i.signedBy("assertion", "assertion-2025"); by != "" {
		t.Errorf("signed by %s", by)
	}
	// Where passkeys go, the same is said before the device is asked.
	if a := g.do("POST", at+"/passkey/begin", old); a.code != 200 || !strings.Contains(a.text, "?since=") || strings.Contains(a.text, "challenge") {
		t.Errorf("a passkey is asked for an old text: %d %s", a.code, a.text)
	}
	g.shows(at+"?since="+old.Get("known"), "otherwise than when you opened it", "<ins>")
	g.shows(at+"?since=99999999", "otherwise than when you opened it")
	g.post(http.StatusSeeOther, at, filledIn(t, g.shows(at)))
}

// TestSignRoles is the table of who sees the page and may post to it.
func TestSignRoles(t *testing.T) {
	i := drafted(t)
	if err := i.app.PutRecord(t.Context(), executive, app.RecordChange{Kind: "deputy", ID: "dep", Effective: "2025-11-01", Value: soc1.Deputy{Person: executive, Deputy: manager, From: "2025-11-18", Until: "2025-11-28",
		Scope: []soc1.DeputyScope{soc1.DeputyOfExecutive}, Reason: "Leave"}}); err != nil {
		t.Fatal(err)
	}
	form := filledIn(t, i.account(executive).shows("/sign/assertion/assertion-2025"))
	for who, want := range map[string]struct {
		see int
		say string
	}{
		manager: {403, "deputy does not sign"}, administrator: {403, "executive"}, owner: {403, "executive"}, "elena-petrova": {403, "executive"}, partner: {403, "executive"}, "nadia-brennan": {403, "executive"},
	} {
		g := i.account(who)
		for _, kind := range []string{"assertion/assertion-2025", "representation_letter/letter-2025"} {
			before := i.entries(t)
			if a := g.get("/sign/" + kind); a.code != want.see || !strings.Contains(a.text, want.say) {
				t.Errorf("%s looks at %s: %d %s", who, kind, a.code, words(a.text))
			}
			for _, path := range []string{"", "/passkey/begin", "/passkey"} {
				if a := g.do("POST", "/sign/"+kind+path, form); a.code != want.see {
					t.Errorf("%s posts to %s%s: %d %s", who, kind, path, a.code, words(a.text))
				}
			}
			if i.entries(t) != before {
				t.Errorf("%s recorded something", who)
			}
		}
		// Nobody else is led there.
		if a := g.get("/"); strings.Contains(a.text, `href="/sign/`) {
			t.Errorf("the home page of %s leads to the page", who)
		}
	}
	g := i.signIn(executive)
	for path, want := range map[string]int{"/sign/policy/pol-tax": 404, "/sign/assertion/none": 404, "/sign/control/pay-1-1": 404, "/sign/assertion/assertion-2025?asof=2025-11-20": 303} {
		if a := g.get(path); a.code != want {
			t.Errorf("%s: %d", path, a.code)
		}
	}
	if a := i.browser().get("/sign/assertion/assertion-2025"); a.code != http.StatusSeeOther || !strings.HasPrefix(a.to, "/sign-in") {
		t.Errorf("signed out: %d to %s", a.code, a.to)
	}
	// A form of another site signs nothing.
	if a := g.do("POST", "/sign/assertion/assertion-2025", form, "Sec-Fetch-Site", "cross-site"); a.code != http.StatusForbidden {
		t.Errorf("from another site: %d", a.code)
	}
	if a := g.do("POST", "/sign/assertion/assertion-2025", form, "Origin", "https://evil.example"); a.code != http.StatusForbidden {
		t.Errorf("from another origin: %d", a.code)
	}
	if by, _ := i.signedBy("assertion", "assertion-2025"); by != "" {
		t.Errorf("signed by %s", by)
	}
	// The subservice organization's own document is nobody's to sign here.
	i.draft("subservice_organization", "shoal", soc1.SubserviceOrganization{Name: "Shoal Bank", Method: soc1.Inclusive, ServicesProvided: "Payments"})
	i.draft("assertion", "of-shoal", soc1.ManagementAssertion{Engagement: "soc1-2025", SubserviceOrganization: "shoal"})
	if p := g.shows("/sign/assertion/of-shoal", "whose own management signs it"); strings.Contains(p, `name="password"`) {
		t.Error("it can be signed")
	}
	if p := g.shows("/inbox"); strings.Contains(p, "of-shoal") {
		t.Error("it waits for an executive")
	}
}

func (i *inn) entries(t *testing.T) int64 {
	t.Helper()
	v, err := i.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	return v.AsOf().Known
}

// TestSignLockout counts wrong passwords of signatures as those of signing in.
func TestSignLockout(t *testing.T) {
	i := drafted(t)
	g := i.account(executive)
	const at = "/sign/representation_letter/letter-2025"
	form := filledIn(t, g.shows(at, "Date of the letter"))
	form.Set("dated", "2025-11-20")
	form.Set("password", "wrong")
	for range 4 {
		g.post(http.StatusUnprocessableEntity, at, form)
	}
	g.post(http.StatusUnprocessableEntity, at, form)
	if a := g.post(http.StatusTooManyRequests, at, form); !strings.Contains(a.text, "Try again at") || strings.Count(strings.ToLower(a.text), "try again") != 1 || !strings.Contains(a.text, "Somebody who has a passkey signs in with it meanwhile.") {
		t.Errorf("after five wrong passwords: %s", words(a.text))
	}
	// The right one has to wait as well, here and at the door.
	form.Set("password", goodPassword)
	g.post(http.StatusTooManyRequests, at, form)
	i.browser().post(http.StatusTooManyRequests, "/sign-in", url.Values{"email": {executive + "@example.com"}, "password": {goodPassword}})
	i.pass(time.Minute)
	form.Set("dated", "2025-02-30")
	if a := g.post(http.StatusUnprocessableEntity, at, form); !strings.Contains(a.text, "Give the date of the letter") || !strings.Contains(a.text, `value="2025-02-30"`) {
		t.Errorf("a day that does not exist: %s", words(a.text))
	}
	form.Set("dated", "2025-11-19")
	g.post(http.StatusSeeOther, at, form)
	v := i.view(manager)
	l, err := record.One[soc1.RepresentationLetter](t.Context(), v, "representation_letter", "letter-2025")
	if err != nil || l.Value.Dated != "2025-11-19" || l.Value.SignedOn != "2025-11-20" || len(l.Value.SignedSHA256) != 64 {
		t.Errorf("the letter: %+v, %v", l.Value, err)
	}
	// A limit by address holds as well.
	i = drafted(t, func(c *account.Config, _ *Options) {
		c.Limits.SignIn = account.Limit{Burst: 2, Every: time.Hour}
	})
	g = i.account(executive)
	form = filledIn(t, g.shows("/sign/assertion/assertion-2025"))
	form.Set("password", "wrong")
	g.post(http.StatusUnprocessableEntity, "/sign/assertion/assertion-2025", form)
	g.post(http.StatusUnprocessableEntity, "/sign/assertion/assertion-2025", form)
	g.post(http.StatusTooManyRequests, "/sign/assertion/assertion-2025", form)
}

// TestApprovePolicies leads everybody to the page of the policy, where its approver
// decides and the compliance manager records what was decided elsewhere.
func TestApprovePolicies(t *testing.T) {
	i := newInn(t)
	i.draft("policy", "pol-new", soc1.Policy{Title: "Records policy", Text: "Keep them.", Approver: executive})
	const at = "/policies/of/pol-new?text=now"
	for _, who := range []string{manager, executive} {
		if p := i.account(who).shows("/", "To approve", "not released to you"); !strings.Contains(html.UnescapeString(p), at+"#decide") {
			t.Errorf("%s is not led to the approval", who)
		}
	}
	if p := i.signIn(manager).shows(at); strings.Contains(p, ">Approve</button>") || !strings.Contains(p, "Record the approval") {
		t.Error("the manager is offered what is the approver's")
	}
	if p := i.signIn(executive).shows(at); !strings.Contains(p, ">Approve</button>") || strings.Contains(p, "Record the approval") {
		t.Error("the approver is not offered a decision")
	}
}

// TestSignatureInForms offers no form in which a signature could be typed, and
// takes it off with the first change of what was signed.
func TestSignatureInForms(t *testing.T) {
	i := drafted(t)
	g := i.account(executive)
	w := i.account(manager)
	const at, record = "/sign/assertion/assertion-2025", "/r/assertion/assertion-2025"
	for _, path := range []string{record + "/edit", "/r/assertion/new", "/r/representation_letter/new"} {
		if p := w.shows(path); strings.Contains(p, `name="signed_`) {
			t.Errorf("%s offers a signature to type", path)
		}
	}
	forged := url.Values{"_revision": {"1"}, "_reason": {"x"}, "engagement": {"soc1-2025"}, "signed_by": {executive}}
	if a := w.post(http.StatusBadRequest, record+"/edit", forged); !strings.Contains(a.text, "There is no field") {
		t.Errorf("a signature came through a form: %s", words(a.text))
	}
	if p := g.shows(at); strings.Contains(p, `name="asof"`) {
		t.Error("the time machine is offered where a text of today is signed")
	}
	if a := g.do("GET", at+"?asof=2025-06-30", nil); a.code != http.StatusSeeOther || a.to != at {
		t.Errorf("a text of the past is shown to be signed: %d %s", a.code, a.to)
	}
	g.post(http.StatusSeeOther, at, filledIn(t, g.shows(at)))
	w.shows(record+"/edit", "A change takes the signature off")
	same := url.Values{"_revision": {"2"}, "_reason": {"Looked at."}, "engagement": {"soc1-2025"}}
	if a := w.post(http.StatusUnprocessableEntity, record+"/edit", same); !strings.Contains(a.text, "Nothing changed, so nothing was recorded.") {
		t.Errorf("a form in which nothing changed: %s", words(a.text))
	}
	if by, e := i.signedBy("assertion", "assertion-2025"); by != executive || e.Revision != 2 {
		t.Errorf("a form in which nothing changed recorded revision %d, signed by %q", e.Revision, by)
	}
	// Where the text is another one by now, recording it as it is takes the
	// signature off, and it waits again.
	i.renameSystem("Wexmoor Payroll and Benefits System")
	w.shows(record, "Take the signature off", `href="`+record+`/edit"`)
	g.shows(at, "the signature is taken off: the compliance manager records the form")
	w.shows(record+"/edit", "the signature stands under other words", "with a change of its own or without")
	w.post(http.StatusSeeOther, record+"/edit", same)
	if now, err := i.view(manager).Get(t.Context(), "assertion", "assertion-2025"); err != nil || now.Revision != 3 || strings.Contains(string(now.Body), "signed_") {
		t.Errorf("the signature stays under another text: %s %v", now.Body, err)
	}
	g.shows("/inbox", `href="`+at+`"`)
	g.post(http.StatusSeeOther, at, filledIn(t, g.shows(at)))
	revision := regexp.MustCompile(`name="_revision" value="(\d+)"`).FindStringSubmatch(w.shows(record + "/edit"))[1]
	changed := url.Values{"_revision": {revision}, "_reason": {"An exception."}, "_field": {"modifications"}, "modifications.0.limb": {"design"}, "modifications.0.text": {"One control was not designed."}}
	w.post(http.StatusSeeOther, record+"/edit", changed)
	now, err := i.view(manager).Get(t.Context(), "assertion", "assertion-2025")
	if err != nil || strings.Contains(string(now.Body), "signed_") || !strings.Contains(string(now.Body), "One control was not designed.") {
		t.Errorf("the signature stands under words that were not signed: %s %v", now.Body, err)
	}
}
