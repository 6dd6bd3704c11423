package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/ascode"
	"reperform/desk"
	"reperform/mail"
	"reperform/mail/mailtest"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
)

// People of the example.
const (
	manager = "daniel-krawczyk"
	owner   = "fatima-boukhari"
	partner = "helen-marchetti"
	staff   = "noor-haddad"
	exam    = "exam-soc1-2025"
)

// house is a workspace with people who have accounts, and a mail server.
type house struct {
	*Service
	t        *testing.T
	accounts *account.Service
	server   *mailtest.Server
	path     string
	log      bytes.Buffer

	mu sync.Mutex
	at time.Time
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(time.Millisecond)
	return h.at
}

func (h *house) set(at string) {
	h.t.Helper()
	t, err := time.Parse(time.RFC3339, at)
	h.must(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = t
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, config mailtest.Config) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC)}
	a, err := app.Init(t.Context(), filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "Wexmoor", LegalName: "Wexmoor Payroll, Inc.", Timezone: "America/Chicago", Currency: "USD", City: "Duluth", Country: "United States"},
		manager, soc1.Person{Name: "Daniel Krawczyk", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: h.clock})
	h.must(err)
	t.Cleanup(func() { a.Close() })
	items, err := ascode.Read(record.Kinds, []string{"../demo/example/org"})
	h.must(err)
	items = slices.DeleteFunc(items, func(it *ascode.Item) bool {
		return slices.Contains([]string{"assertion", "representation_letter", "organization"}, it.Kind)
	})
	_, err = a.Apply(t.Context(), manager, items, app.ApplyOptions{Reason: "The example."})
	h.must(err)
	_, err = a.OpenExamination(t.Context(), "soc1-2025", "", partner, soc1.Person{Name: "Helen Marchetti", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner", "firm_administrator"}})
	h.must(err)
	h.must(a.PutPerson(t.Context(), partner, app.RecordChange{Ledger: exam, ID: staff, Value: soc1.Person{Name: "Noor Haddad", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"firm_staff"}}, Reason: "Joins."}))
	h.server = mailtest.Serve(t, config)
	h.path = filepath.Join(t.TempDir(), opsdb.FileName)
	h.Service = h.service(a, fmt.Sprintf("smtp://localhost:%d", h.server.Port))
	for _, p := range []struct {
		id   string
		side account.Side
	}{{manager, account.ServiceOrganization}, {owner, account.ServiceOrganization}, {"elena-petrova", account.ServiceOrganization}, {partner, account.AuditFirm}, {staff, account.AuditFirm}} {
		h.invite(p.id, p.side)
	}
	return h
}

type directory struct{ a *app.App }

func (d directory) Sides(ctx context.Context, person string) ([]account.Side, error) {
	sides, _, err := d.a.Standing(ctx, person)
	out := make([]account.Side, len(sides))
	for i, s := range sides {
		out[i] = account.Side(s)
	}
	return out, err
}

// service is one as a process has it; a second one is the next process.
func (h *house) service(a *app.App, url string) *Service {
	h.t.Helper()
	db, err := opsdb.Open(h.t.Context(), h.path, account.Schema, desk.Schema)
	h.must(err)
	h.t.Cleanup(func() { db.Close() })
	h.accounts, err = account.New(db, account.Config{Key: [32]byte{1}, Now: h.clock, Random: rand.Reader, Directory: directory{a}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	h.must(err)
	d, err := desk.New(db, desk.Config{Key: [32]byte{1}, Now: h.clock, Random: rand.Reader})
	h.must(err)
	server, err := mail.NewServer(mail.ServerConfig{URL: url, From: mail.Address{Name: "Reperform", Mailbox: "reperform@wexmoor.example"}, Timeout: 10 * time.Second})
	h.must(err)
	s, err := New(Config{App: a, Accounts: h.accounts, Desk: d, Carrier: server, Public: "https://r.wexmoor.example/", Now: h.clock, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
	h.must(err)
	return s
}

// invite gives a person an account.
func (h *house) invite(person string, side account.Side) {
	h.t.Helper()
	in := account.Invitee{PersonID: person, Email: person + "@wexmoor.example", Name: person, Side: side}
	token, _, err := h.accounts.InviteFirst(h.t.Context(), in)
	if err != nil {
		r := account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}}
		if side == account.AuditFirm {
			r = account.Requester{PersonID: partner, Side: account.AuditFirm, Roles: []string{"firm_administrator"}}
		}
		token, _, err = h.accounts.Invite(h.t.Context(), r, in)
	}
	h.must(err)
	_, err = h.accounts.Accept(h.t.Context(), token, "grebe plover curlew heron", account.Client{})
	h.must(err)
}

func (h *house) want(person string, m desk.MailSettings) {
	h.t.Helper()
	h.must(h.desk.SetMail(h.t.Context(), person, m))
}

// run follows, queues and sends as serve does, until the test ends or stop is
// called.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	began, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		go func() {
			// Following has begun when it has noted where.
			for {
				if at, err := h.desk.Bookmark(ctx, bookmark); err != nil || at != "" {
					close(began)
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		if err := h.Run(ctx); err != nil {
			h.t.Error(err)
		}
	}()
	<-began
	stop = sync.OnceFunc(func() { cancel(); <-done })
	h.t.Cleanup(stop)
	return stop
}

// comment says something about a control of the organization's.
func (h *house) comment(by, text string, mentions ...string) string {
	h.t.Helper()
	_, id, err := h.app.Comment(h.t.Context(), by, app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "pay-5-1"}, Text: text, Mentions: mentions})
	h.must(err)
	return id
}

// to picks the mails to a person, read.
func to(t *testing.T, all []mailtest.Mail, person string) []mailtest.Read {
	t.Helper()
	var out []mailtest.Read
	for _, m := range all {
		if m.To == person+"@wexmoor.example" {
			out = append(out, m.Read(t))
		}
	}
	return out
}

// whole is everything that a mail carries, as a mail server sees it, decoded.
func whole(r mailtest.Read) string {
	var b strings.Builder
	for name, values := range r.Header {
		b.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
	}
	return b.String() + r.Subject + "\n" + r.Text() + "\n" + r.HTML()
}
