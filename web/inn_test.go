package web

import (
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
	"reperform/opsdb"
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
	if by.Side == account.Guest {
		by.Side = account.ServiceOrganization
	}
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
