package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
)

// The example's administrator, who is nothing else.
const administrator = "amara-osei"

const goodPassword = "grebe plover curlew heron"

// inn is a site in which people sign in, over real requests and with real
// cookies. Its clock passes when a test says so.
type inn struct {
	*matrixHouse
	accounts *account.Service
	srv      *httptest.Server
	exam     string

	mu  sync.Mutex
	off time.Duration
}

func (i *inn) clock() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC).Add(i.off)
}

func (i *inn) pass(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.off += d
}

func newInn(t *testing.T, change ...func(*account.Config, *Options)) *inn {
	t.Helper()
	i := &inn{matrixHouse: newMatrixHouse(t)}
	var err error
	i.exam, err = i.app.OpenExamination(t.Context(), "soc1-2025", "", partner,
		soc1.Person{Name: "Helen Marchetti", Email: "helen@firm.example", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), "operations.db"), account.Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var site http.Handler
	i.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { site.ServeHTTP(w, r) }))
	t.Cleanup(i.srv.Close)
	c := account.Config{Key: [32]byte{1}, Now: i.clock, Random: rand.Reader, Directory: Directory{i.app}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{strings.Replace(i.srv.URL, "127.0.0.1", "localhost", 1)}},
		Limits:       account.Limits{SignIn: account.Limit{Burst: 500, Every: time.Second}, Token: account.Limit{Burst: 500, Every: time.Second}}}
	o := Options{App: i.app, Now: i.clock}
	for _, f := range change {
		f(&c, &o)
	}
	if i.accounts, err = account.New(db, c); err != nil {
		t.Fatal(err)
	}
	o.Accounts = i.accounts
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	site = s.Handler()
	return i
}

// guest is a browser.
type guest struct {
	*inn
	http *http.Client
}

func (i *inn) browser() *guest {
	jar, err := cookiejar.New(nil)
	if err != nil {
		i.t.Fatal(err)
	}
	return &guest{i, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// reply is an answer with its text.
type reply struct {
	code int
	to   string
	text string
}

func (g *guest) do(method, path string, v url.Values, header ...string) reply {
	g.t.Helper()
	var body io.Reader
	if v != nil {
		body = strings.NewReader(v.Encode())
	}
	r, err := http.NewRequest(method, g.srv.URL+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	if v != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := g.http.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header.Get("Location"), string(b)}
}

func (g *guest) get(path string) reply { g.t.Helper(); return g.do("GET", path, nil) }

// post sends a form and wants this answer.
func (g *guest) post(want int, path string, v url.Values) reply {
	g.t.Helper()
	if v == nil {
		v = url.Values{}
	}
	a := g.do("POST", path, v)
	if a.code != want {
		g.t.Fatalf("POST %s: %d, expected %d: %s", path, a.code, want, words(a.text))
	}
	return a
}

func (g *guest) shows(path string, want ...string) string {
	g.t.Helper()
	a := g.get(path)
	if a.code != http.StatusOK {
		g.t.Fatalf("GET %s: %d to %q: %s", path, a.code, a.to, words(a.text))
	}
	for _, s := range want {
		if !strings.Contains(a.text, s) {
			g.t.Errorf("%s does not show %q", path, s)
		}
	}
	return a.text
}

// in tells whether the browser is signed in.
func (g *guest) in() bool {
	a := g.get("/settings")
	return a.code == http.StatusOK
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// words are those of a page, for failures.
func words(page string) string {
	if i := strings.Index(page, "<main"); i >= 0 {
		page = page[i:]
	}
	return clipped(strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " "), 600)
}

// account makes an account for somebody and signs in.
func (i *inn) account(person string) *guest {
	i.t.Helper()
	sides, _, err := i.app.Standing(i.t.(*testing.T).Context(), person)
	if err != nil || len(sides) != 1 {
		i.t.Fatal(person, sides, err)
	}
	by := account.Requester{PersonID: "test", Side: account.Side(sides[0]), Roles: []string{"administrator", "firm_administrator"}}
	token, _, err := i.accounts.Invite(i.t.(*testing.T).Context(), by, account.Invitee{PersonID: person, Email: person + "@example.com", Name: "Kim", Side: account.Side(sides[0])})
	if err != nil {
		i.t.Fatal(err)
	}
	g := i.browser()
	g.post(http.StatusSeeOther, "/invite/"+token, url.Values{"password": {goodPassword}, "again": {goodPassword}})
	return g
}

// signIn signs in with the password in a new browser.
func (i *inn) signIn(person string) *guest {
	i.t.Helper()
	g := i.browser()
	g.post(http.StatusSeeOther, "/sign-in", url.Values{"email": {person + "@example.com"}, "password": {goodPassword}})
	return g
}

var madeLinkPattern = regexp.MustCompile(`id="made-link" value="http://[^/"]+(/invite/[^"]+)"`)

// linkIn is the path of the link that a page shows once.
func linkIn(t testing.TB, page string) string {
	t.Helper()
	m := madeLinkPattern.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page shows no link: %s", words(page))
	}
	return html.UnescapeString(m[1])
}

// totpCode computes what an authenticator app shows (RFC 6238).
func totpCode(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(at.Unix()/30))
	mac := hmac.New(sha1.New, key)
	mac.Write(b[:])
	sum := mac.Sum(nil)
	o := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[o:o+4])&0x7fffffff%1_000_000)
}

var (
	because    = url.Values{"reason": {"Because."}}
	staffLines = url.Values{"name": {"Mei Rosario"}, "email": {"mei@example.com"}, "role": {"firm_staff"}, "id": {"mei"}, "reason": {"Joins."}, "invite": {"yes"}}
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

// A person's own settings: password, authenticator app, recovery codes and
// sessions, each asking again who it is where that is due.
func TestSettings(t *testing.T) {
	i := newInn(t)
	g := i.account("fatima-boukhari")
	g.shows("/settings", "Fatima Boukhari", "Control owner", "fatima-boukhari@example.com")

	// After a quarter of an hour, changes begin with a proof.
	i.pass(20 * time.Minute)
	if a := g.post(http.StatusSeeOther, "/settings/totp/begin", nil); !strings.HasPrefix(a.to, "/settings/confirm?") {
		t.Fatalf("sent to %s", a.to)
	}
	if p := g.shows("/settings/security"); strings.Contains(p, "data-passkey") {
		t.Error("a passkey can be added without a proof")
	}
	if a := g.do("POST", "/settings/passkeys/begin", url.Values{}); a.code != 200 || !strings.Contains(a.text, "/settings/confirm") || strings.Contains(a.text, "challenge") {
		t.Errorf("adding a passkey without a proof: %d %s", a.code, a.text)
	}
	g.post(422, "/settings/confirm", url.Values{"password": {"wrong"}, "to": {"/settings/security"}})
	if a := g.post(http.StatusSeeOther, "/settings/confirm", url.Values{"password": {goodPassword}, "to": {"//evil.example/"}}); a.to != "/" {
		t.Errorf("sent to %s", a.to)
	}

	// The authenticator app: a page that may be loaded again shows the same secret.
	g.post(http.StatusSeeOther, "/settings/totp/begin", nil)
	secretIn := regexp.MustCompile(`data-copy="([A-Z2-7]+)"`)
	secret := secretIn.FindStringSubmatch(g.shows("/settings/totp", "<svg class=\"qr\""))[1]
	if again := secretIn.FindStringSubmatch(g.shows("/settings/totp"))[1]; again != secret {
		t.Error("loading the page again made another secret")
	}
	g.post(422, "/settings/totp", url.Values{"code": {"000000"}})
	codes := regexp.MustCompile(`<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>`).FindAllStringSubmatch(g.post(200, "/settings/totp", url.Values{"code": {totpCode(t, secret, i.clock())}}).text, -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	if p := g.shows("/settings/security", "10 recovery codes"); strings.Contains(p, codes[0][1]) {
		t.Error("recovery codes are shown again")
	}

	// Signing in now asks for the code. A clock may be a step off, a code works
	// once, and so does a recovery code.
	signIn := func(code string) reply {
		t.Helper()
		b := i.browser()
		if a := b.post(200, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}}); !strings.Contains(a.text, "Second factor") || b.in() {
			t.Fatal("a password alone signs in")
		}
		return b.do("POST", "/sign-in/code", url.Values{"code": {code}})
	}
	i.pass(5 * time.Minute)
	for _, c := range []struct {
		off  time.Duration
		want int
	}{{-90 * time.Second, 422}, {90 * time.Second, 422}, {-30 * time.Second, 303}, {30 * time.Second, 303}, {30 * time.Second, 422}} {
		if a := signIn(totpCode(t, secret, i.clock().Add(c.off))); a.code != c.want {
			t.Errorf("a clock off by %s: %d, expected %d", c.off, a.code, c.want)
		}
	}
	i.pass(20 * time.Minute)
	if a := signIn(strings.ToLower(codes[3][1])); a.code != 303 {
		t.Errorf("a recovery code: %d", a.code)
	}
	if a := signIn(codes[3][1]); a.code != 422 {
		t.Errorf("the recovery code again: %d", a.code)
	}
	g.shows("/settings/security", "9 recovery codes")

	// Sessions: this one is marked, others end singly or together.
	page := g.shows("/settings/sessions", "This browser", "authenticator app")
	ids := regexp.MustCompile(`/settings/sessions/([0-9a-f]+)/end`).FindAllStringSubmatch(page, -1)
	if len(ids) != 3 {
		t.Fatalf("%d other sessions", len(ids))
	}
	g.post(http.StatusSeeOther, "/settings/sessions/"+ids[0][1]+"/end", nil)
	// Another's session has no such address.
	other := i.account("elena-petrova")
	other.post(http.StatusSeeOther, "/settings/sessions/"+ids[1][1]+"/end", nil)
	if n := strings.Count(g.shows("/settings/sessions"), "/end\""); n != 2 {
		t.Errorf("%d other sessions are left", n)
	}
	g.post(http.StatusSeeOther, "/settings/sessions/others", nil)
	if n := strings.Count(g.shows("/settings/sessions"), "/end\""); n != 0 {
		t.Errorf("%d other sessions are left", n)
	}

	// The password: the current one is asked for, a breached one refused, and
	// everything else that is signed in ends.
	const next = "other words than those before"
	change := func(current, password, again string, want int, words string) {
		t.Helper()
		a := g.post(want, "/settings/password", url.Values{"current": {current}, "password": {password}, "again": {again}})
		if !strings.Contains(a.text+a.to, words) {
			t.Errorf("%s: the answer lacks %q", password, words)
		}
	}
	b := i.browser()
	b.post(200, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}})
	change("wrong", next, next, 422, "current password is another")
	change(goodPassword, next, "else", 422, "differ")
	change(goodPassword, "qwertyuiop12", "qwertyuiop12", 422, "attackers try first")
	change(goodPassword, "boukhari fatima 1", "boukhari fatima 1", 422, "contains your name")
	change(goodPassword, next, next, 303, "done=password")
	if a := b.do("POST", "/sign-in/code", url.Values{"code": {totpCode(t, secret, i.clock())}}); a.code == 303 && b.in() {
		t.Error("a sign-in that had begun with the old password was completed")
	}
	g.post(http.StatusSeeOther, "/settings/confirm", url.Values{"password": {next}, "to": {"/settings/security"}})
	g.post(http.StatusSeeOther, "/settings/totp/remove", nil)
	g.shows("/settings/security", "Set up an authenticator app")
}

// Somebody names a deputy for some days, and ends it.
func TestDeputySettings(t *testing.T) {
	i := newInn(t)
	g := i.account("fatima-boukhari")
	form := url.Values{"deputy": {"elena-petrova"}, "from": {"2025-12-01"}, "until": {"2025-11-30"}, "scope": {"control_owner"}, "reason": {"Leave"}}
	g.shows("/settings/deputies", "As control owner", "Elena Petrova")
	if p := g.post(422, "/settings/deputies", form).text; !strings.Contains(p, `value="2025-12-01"`) {
		t.Error("the form is not shown as it was")
	}
	form.Set("until", "2025-12-12")
	form.Set("scope", "compliance_manager")
	g.post(422, "/settings/deputies", form)
	form.Set("scope", "control_owner")
	g.post(http.StatusSeeOther, "/settings/deputies", form)
	page := g.shows("/settings/deputies", "1 Dec 2025 to 12 Dec 2025", "Not yet")
	id := regexp.MustCompile(`/settings/deputies/([^/"]+)/end`).FindStringSubmatch(page)
	if id == nil {
		t.Fatal("it cannot be ended")
	}
	i.account("elena-petrova").post(404, "/settings/deputies/"+id[1]+"/end", nil)
	g.post(http.StatusSeeOther, "/settings/deputies/"+id[1]+"/end", nil)
	if strings.Contains(g.shows("/settings/deputies"), "12 Dec 2025") {
		t.Error("an ended deputy is still there")
	}
	i.account(partner).post(404, "/settings/deputies", form)
}

// Guessing is slow, and tells nothing about who has an account.
func TestGuessing(t *testing.T) {
	i := newInn(t)
	i.account("fatima-boukhari")
	at := regexp.MustCompile(`[\w.-]+@example\.com|[0-9a-f]{10,12}`)
	try := func(email, password string) reply {
		a := i.browser().do("POST", "/sign-in", url.Values{"email": {email}, "password": {password}})
		a.text = at.ReplaceAllString(a.text, "X")
		return a
	}
	for n := range 7 {
		known, unknown := try("fatima-boukhari@example.com", "wrong words that are long"), try("nobody-at-all@example.com", "wrong words that are long")
		if known != unknown {
			t.Errorf("attempt %d: an address with an account is told from one without: %d, %d", n+1, known.code, unknown.code)
		}
		if want := map[bool]int{true: 422, false: 429}[n < 5]; known.code != want {
			t.Errorf("attempt %d: %d, expected %d", n+1, known.code, want)
		}
	}
	if a := try("fatima-boukhari@example.com", goodPassword); a.code != 429 || !strings.Contains(a.text, "Try again at") {
		t.Errorf("the right password while waiting: %d", a.code)
	}
	i.pass(time.Minute)
	i.signIn("fatima-boukhari")

	// One network guesses over many accounts: its requests are bounded, too.
	i = newInn(t, func(c *account.Config, _ *Options) {
		c.Limits = account.Limits{SignIn: account.Limit{Burst: 8, Every: time.Minute}}
	})
	codes := map[int]int{}
	for n := range 12 {
		codes[i.browser().do("POST", "/sign-in", url.Values{"email": {fmt.Sprintf("p%d@example.com", n)}, "password": {"wrong"}}).code]++
	}
	if codes[422] != 8 || codes[429] != 4 {
		t.Errorf("a network guesses: %v", codes)
	}
	if a := i.browser().do("POST", "/sign-in/passkey/begin", url.Values{}); a.code != 429 || !strings.Contains(a.text, "Too many requests") {
		t.Errorf("a passkey from this network: %d %s", a.code, a.text)
	}
}

// A session that was planted in a browser is not the one that signs in, and no
// page of another site acts for somebody.
func TestFixationAndForgery(t *testing.T) {
	i := newInn(t)
	attacker := i.account("elena-petrova")
	u, err := url.Parse(i.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := attacker.http.Jar.Cookies(u)
	victim := i.browser()
	victim.http.Jar.SetCookies(u, planted)
	i.account("fatima-boukhari")
	victim.post(http.StatusSeeOther, "/sign-in", url.Values{"email": {"fatima-boukhari@example.com"}, "password": {goodPassword}})
	for _, c := range victim.http.Jar.Cookies(u) {
		for _, p := range planted {
			if c.Name == p.Name && c.Value == p.Value {
				t.Error("the planted session was signed in")
			}
		}
	}
	if attacker.in() {
		t.Error("the session that was planted goes on")
	}
	victim.shows("/settings", "Fatima Boukhari")
	for _, path := range []string{"/sign-in", "/sign-out", "/settings/password", "/settings/passkeys/begin", "/settings/sessions/others", "/settings/deputies", "/people/new", "/people/fatima-boukhari/lock", "/sign-in/passkey/begin", "/password-check"} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if a := victim.do("POST", path, url.Values{}, header...); a.code != http.StatusForbidden {
				t.Errorf("%s from another site (%s): %d", path, header[0], a.code)
			}
		}
	}
	if !victim.in() {
		t.Error("a form of another site signed somebody out")
	}
	// What answers to scripts is not to be had by whoever is signed out.
	for _, path := range []string{"/settings/passkeys/begin", "/settings/confirm/passkey/begin"} {
		if a := i.browser().do("POST", path, url.Values{}); a.code != http.StatusSeeOther || !strings.HasPrefix(a.to, "/sign-in") {
			t.Errorf("%s signed out: %d", path, a.code)
		}
	}
	for _, v := range []url.Values{{}, {"ceremony": {"x"}, "response": {"{}"}}, {"ceremony": {strings.Repeat("A", 43)}, "response": {"null"}}, {"response": {strings.Repeat("[", 70000)}}} {
		if a := i.browser().do("POST", "/sign-in/passkey", v); a.code != 422 || !strings.Contains(a.text, "not accepted") {
			t.Errorf("a passkey that is none: %d %s", a.code, a.text)
		}
	}
}

// Mail goes out where a mailer is there; a mail that fails leaves the link.
func TestInvitationMailed(t *testing.T) {
	m := &mails{}
	i := newInn(t, func(_ *account.Config, o *Options) { o.Mailer, o.Origin = m, "https://soc.example.com" })
	admin := i.account(administrator)
	form := url.Values{"name": {"Ivy Okoro"}, "email": {"ivy@wexmoor.example"}, "role": {"control_owner"}, "id": {"ivy"}, "reason": {"Joins."}, "invite": {"yes"}}
	page := admin.post(200, "/people/new", form).text
	if len(m.sent) != 1 || m.sent[0][0] != "ivy@wexmoor.example" || !strings.HasPrefix(m.sent[0][1], "/invite/") || !strings.Contains(page, "by mail to ivy@wexmoor.example") {
		t.Errorf("sent %v", m.sent)
	}
	m.err = fmt.Errorf("the server at mail.internal refused")
	if page = admin.post(200, "/people/ivy/invite", nil).text; !strings.Contains(page, "could not be sent") || strings.Contains(page, "mail.internal") || !strings.Contains(page, "made-link") {
		t.Error("a mail that fails takes the link with it, or tells too much")
	}
	// A link that may not go by mail is shown, and nobody is told that it went.
	m.err, m.refuses = nil, true
	if page = admin.post(200, "/people/ivy/invite", nil).text; strings.Contains(page, "by mail to") || strings.Contains(page, "could not be sent") || !strings.Contains(page, "made-link") {
		t.Error("a link that may not be mailed is said to be")
	}
}

// Whoever forgot a password has a link sent, where mails are; the answer tells
// nothing, and nobody of the firm is let in by mail.
func TestForgotten(t *testing.T) {
	m := &mails{}
	i := newInn(t, func(_ *account.Config, o *Options) { o.Mailer = m })
	i.account("fatima-boukhari")
	i.account(partner)
	i.browser().shows("/sign-in", "/forgot")
	at := regexp.MustCompile(`[\w.-]+@example\.com`)
	var texts []string
	for _, who := range []string{"fatima-boukhari", partner, "nobody-at-all"} {
		a := i.browser().post(200, "/forgot", url.Values{"email": {who + "@example.com"}})
		texts = append(texts, at.ReplaceAllString(a.text, "X"))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] {
		t.Error("the answer tells who has an account")
	}
	i.browser().post(422, "/forgot", url.Values{"email": {"nobody"}})
	sent := m.wait(t, 1)
	if len(sent) != 1 || sent[0][0] != "fatima-boukhari@example.com" {
		t.Fatalf("sent %v", sent)
	}
	link := sent[0][1]
	g := i.browser()
	if p := g.shows(link, "Choose how you sign in", "fatima-boukhari@example.com"); strings.Contains(p, "data-passkey") {
		t.Error("a mailed link takes a passkey")
	}
	if a := g.do("POST", link+"/passkey/begin", url.Values{}); a.code != 422 {
		t.Errorf("a passkey by a mailed link: %d", a.code)
	}
	const other = "other words than those before"
	g.post(422, link, url.Values{"password": {other}, "again": {"else"}})
	g.post(303, link, url.Values{"password": {other}, "again": {other}})
	i.browser().post(422, link, url.Values{"password": {other}, "again": {other}})
	// Without mails there is no such page.
	i = newInn(t)
	if a := i.browser().get("/forgot"); a.code != 303 && a.code != 404 {
		t.Errorf("the page without mails: %d", a.code)
	}
	if strings.Contains(i.browser().shows("/sign-in"), "/forgot") {
		t.Error("a link leads nowhere")
	}
}

// mails keeps what was sent.
type mails struct {
	mu      sync.Mutex
	sent    [][2]string
	err     error
	refuses bool
}

func (m *mails) SendLink(_ context.Context, l account.Link, path string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil || m.refuses {
		return false, m.err
	}
	m.sent = append(m.sent, [2]string{l.Email, path})
	return true, nil
}

func (m *mails) Settings(context.Context, string) (desk.MailSettings, bool, error) {
	return desk.MailSettings{}, false, nil
}

func (m *mails) Test(context.Context, string) error { return m.err }

// wait waits until so many mails were sent.
func (m *mails) wait(t *testing.T, n int) [][2]string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		sent := m.sent
		m.mu.Unlock()
		if len(sent) >= n {
			return sent
		}
	}
	t.Fatal("nothing was sent")
	return nil
}
