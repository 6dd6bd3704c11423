package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/ascode"
	"reperform/desk"
	"reperform/mail"
	"reperform/notify"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/browsertest"
)

// password is everybody's in the tests.
const password = "grebe plover curlew heron"

// shared is the workspace that the tests in a browser share: made once, because
// that takes longer than most of them. Each test changes records that no other
// one looks at.
var shared liveHouse

// liveHouse is a workspace with people who sign in: the organization of the
// example and an examination with a test in it.
type liveHouse struct {
	once     sync.Once
	err      error
	dir      string
	app      *app.App
	db       *opsdb.DB
	accounts *account.Service
	site     *Site
	// exam is the examination's ledger.
	exam string

	mu    sync.Mutex
	clock time.Time
	// tokens are sessions by person: nobody signs in twice.
	signing sync.Mutex
	tokens  map[string]string
}

// now is a clock that stands in November and never twice at the same moment.
func (h *liveHouse) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(time.Millisecond)
	return h.clock
}

// later lets time go by.
func (h *liveHouse) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

// live gives the shared workspace.
func live(t testing.TB) *liveHouse {
	t.Helper()
	shared.once.Do(func() { shared.err = shared.open(context.WithoutCancel(t.Context())) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared
}

func (h *liveHouse) open(ctx context.Context) error {
	h.clock, h.tokens = time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC), map[string]string{}
	var err error
	if h.dir, err = os.MkdirTemp("", "reperform-pages-"); err != nil {
		return err
	}
	h.app, err = app.Init(ctx, filepath.Join(h.dir, "w"), soc1.Organization{Name: "Wexmoor", LegalName: "Wexmoor Payroll, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: h.now, ReadPDF: readPDFCommand(), Engine: engineCommand()})
	if err != nil {
		return err
	}
	if err := h.apply(ctx, manager, "../demo/example/org", func(it *ascode.Item) bool {
		return !slices.Contains([]string{"assertion", "representation_letter", "organization"}, it.Kind)
	}); err != nil {
		return err
	}
	h.exam, err = h.app.OpenExamination(ctx, "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Title: "Partner", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	if err != nil {
		return err
	}
	if err := h.apply(ctx, partner, "../demo/example/audit/01-people.yaml", func(it *ascode.Item) bool { return it.ID != partner }); err != nil {
		return err
	}
	test := soc1.TestOfControl{Code: "T-PAY-1.1", Engagement: "soc1-2025", Control: "pay-1-1", By: soc1.ByAuditor, WindowFrom: "2025-01-01", WindowTo: "2025-12-31",
		Method: soc1.ObservationOnly, Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected the signed service agreement and the set-up checklist."}}, PerformedBy: "jonas-adeyemi", PerformedOn: "2025-11-10"}
	if err := h.app.PutRecord(ctx, "jonas-adeyemi", app.RecordChange{Ledger: h.exam, Kind: "test_of_control", ID: "t-pay-1-1", Value: test, Reason: "Observed."}); err != nil {
		return err
	}
	evidence := soc1.Evidence{Title: "Set-up checklists, third quarter", Controls: []string{"pay-1-1"}, PeriodFrom: "2025-07-01", PeriodTo: "2025-09-30", Source: "Plover"}
	if err := h.app.PutRecord(ctx, manager, app.RecordChange{Kind: "evidence", ID: "checklists-q3", Value: evidence, Reason: "Filed."}); err != nil {
		return err
	}
	role := soc1.CustomRole{Name: "Internal audit reader", Purpose: "Internal audit reads along.", Reads: []soc1.RoleReads{"control", "evidence", "policy"}, Answers: true}
	if err := h.app.PutRecord(ctx, administrator, app.RecordChange{Kind: "role", ID: "audit-reader", Value: role, Reason: "Asked for."}); err != nil {
		return err
	}
	ira := soc1.Person{Name: "Ira Lindqvist", Side: soc1.SideServiceOrganization, CustomRoles: []string{"audit-reader"}}
	if err := h.app.PutPerson(ctx, administrator, app.RecordChange{ID: auditor, Value: ira, Reason: "Joins."}); err != nil {
		return err
	}
	if h.db, err = opsdb.Open(ctx, filepath.Join(h.dir, opsdb.FileName), account.Schema, desk.Schema); err != nil {
		return err
	}
	h.accounts, err = account.New(h.db, account.Config{Key: [32]byte{1}, Now: time.Now, Random: rand.Reader, Directory: Directory{h.app}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	if err != nil {
		return err
	}
	d, err := desk.New(h.db, desk.Config{Key: [32]byte{1}, Now: h.now, Random: rand.Reader})
	if err != nil {
		return err
	}
	// Nobody runs what sends: pages only show that there is mail.
	server, err := mail.NewServer(mail.ServerConfig{URL: "smtp://localhost", From: mail.Address{Mailbox: "reperform@wexmoor.example"}})
	if err != nil {
		return err
	}
	mailer, err := notify.New(notify.Config{App: h.app, Accounts: h.accounts, Desk: d, Carrier: server, Public: "http://localhost", Now: h.now})
	if err != nil {
		return err
	}
	h.site, err = New(Options{App: h.app, Accounts: h.accounts, Desk: d, Mailer: mailer, Now: h.now})
	return err
}

func (h *liveHouse) apply(ctx context.Context, actor, path string, keep func(*ascode.Item) bool) error {
	items, err := ascode.Read(record.Kinds, []string{path})
	if err != nil {
		return err
	}
	items = slices.DeleteFunc(items, func(it *ascode.Item) bool { return !keep(it) })
	_, err = h.app.Apply(ctx, actor, items, app.ApplyOptions{Reason: "The example."})
	return err
}

func (h *liveHouse) close() {
	if h.site != nil {
		h.site.Close()
	}
	if h.db != nil {
		_ = h.db.Close()
	}
	if h.app != nil {
		_ = h.app.Close()
	}
	if h.dir != "" {
		_ = os.RemoveAll(h.dir)
	}
}

// token is a session of a person, who is invited and accepts when first needed.
func (h *liveHouse) token(t testing.TB, person string) string {
	t.Helper()
	h.signing.Lock()
	defer h.signing.Unlock()
	if token := h.tokens[person]; token != "" {
		return token
	}
	in, err := h.accounts.Accept(t.Context(), h.invite(t, person), password, account.Client{})
	if err != nil {
		t.Fatal(err)
	}
	h.tokens[person] = in.Token
	return in.Token
}

// invite gives the token of a link by which a person gets an account.
func (h *liveHouse) invite(t testing.TB, person string) string {
	t.Helper()
	sides, err := Directory{h.app}.Sides(t.Context(), person)
	if err != nil || len(sides) != 1 {
		t.Fatalf("%s: %v %v", person, sides, err)
	}
	by := account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}}
	if sides[0] == account.AuditFirm {
		by = account.Requester{PersonID: partner, Side: account.AuditFirm, Roles: []string{"firm_administrator"}}
	}
	link, _, err := h.accounts.Invite(t.Context(), by, account.Invitee{PersonID: person, Email: person + "@wexmoor.example", Name: person, Side: sides[0]})
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// door is an address at which the site is served, which can be shut and opened
// again, as a server that is started anew is.
type door struct {
	t       testing.TB
	at      string
	handler http.Handler
	server  *http.Server
	// before is called with each request.
	before func(*http.Request)
	live   atomic.Int64
}

// door opens one at a free port.
func (h *liveHouse) door(t testing.TB) *door {
	t.Helper()
	return openDoor(t, h.site.Handler())
}

func openDoor(t testing.TB, site http.Handler) *door {
	t.Helper()
	d := &door{t: t, at: "localhost:0"}
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.before != nil {
			d.before(r)
		}
		if r.URL.Path == "/live" {
			d.live.Add(1)
			defer d.live.Add(-1)
		}
		site.ServeHTTP(w, r)
	})
	d.open()
	t.Cleanup(d.shut)
	return d
}

func (d *door) open() {
	d.t.Helper()
	l, err := net.Listen("tcp", d.at)
	if err != nil {
		d.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		d.t.Fatal(err)
	}
	d.at = "localhost:" + port
	d.server = &http.Server{Handler: d.handler, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := d.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			d.t.Error(err)
		}
	}()
}

// streams is the number of event streams that browsers hold here.
func (d *door) streams() int64 { return d.live.Load() }

// shut breaks every connection.
func (d *door) shut() { _ = d.server.Close() }

func (d *door) url(path string) string { return "http://" + d.at + path }

// person is somebody at a browser of their own.
type person struct {
	*browsertest.Tab
	window *browsertest.Window
	door   *door
	h      *liveHouse
	// seen are the ways in which the navigation was looked at.
	seen map[browsertest.Rules]bool
}

// as opens a browser of a person, who is signed in; of nobody, when empty.
func (d *door) as(t testing.TB, h *liveHouse, who string) *person {
	t.Helper()
	w := browsertest.NewWindow(t)
	if who != "" {
		w.Cookie(d.url("/"), h.site.sessionCookie(), h.token(t, who))
	}
	return &person{Tab: w.Tab(), window: w, door: d, h: h, seen: map[browsertest.Rules]bool{}}
}

// open opens a page of the site.
func (p *person) open(path string) *person {
	p.Go(p.door.url(path))
	return p
}

// fine fails the test when something went wrong in the page unseen.
func (p *person) fine(t testing.TB) {
	t.Helper()
	for _, s := range p.Problems() {
		t.Errorf("at %s: %s", p.Path(), s)
	}
}

// revision is that of a record now.
func (h *liveHouse) revision(t testing.TB, kind, id string) record.Record {
	t.Helper()
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := v.Get(t.Context(), kind, id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// control changes a control as somebody else does at another desk.
func (h *liveHouse) control(t testing.TB, id, reason string, change func(*soc1.Control)) {
	t.Helper()
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := record.One[soc1.Control](t.Context(), v, "control", id)
	if err != nil {
		t.Fatal(err)
	}
	change(&c.Value)
	if err := h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: id, Revision: c.Revision, Value: c.Value, Effective: "2025-11-20", Reason: reason}); err != nil {
		t.Fatal(err)
	}
}

// patterns are those of the site's pages.
func (h *liveHouse) patterns() []string {
	var out []string
	for _, r := range h.site.routes {
		if strings.HasPrefix(r.pattern, "GET ") {
			out = append(out, r.pattern)
		}
	}
	return out
}
