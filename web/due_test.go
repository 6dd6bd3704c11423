package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/mail"
	"reperform/notify"
	"reperform/opsdb"
)

// mailbag takes mails instead of a server.
type mailbag struct {
	mu  sync.Mutex
	all []string
}

func (b *mailbag) Deliver(_ context.Context, mails []mail.Mail, done func(int, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range mails {
		b.all = append(b.all, fmt.Sprintf("%+v", m))
		done(i, nil)
	}
}

// between is what stands in a text after one word, up to another one.
func between(text, from, to string) string {
	_, rest, ok := strings.Cut(text, from)
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, to)
	return rest
}

// TestEvidenceDueIsOneNumber asks matrix, home page, inbox and mail whose evidence
// is owed, person by person: they say what app.Waiting says, in the course of
// the year and after its end.
func TestEvidenceDueIsOneNumber(t *testing.T) {
	m := newMatrixHouse(t)
	lively(m)
	// Who mails are sent to, beside the people who have none.
	mailed := []string{owner, "ruth-villanueva", "elena-petrova", "joanna-whitecloud"}
	clock := func() time.Time { m.now = m.now.Add(time.Millisecond); return m.now }
	db, err := opsdb.Open(t.Context(), filepath.Join(t.TempDir(), "operations.db"), account.Schema, desk.Schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	accounts, err := account.New(db, account.Config{Key: [32]byte{1}, Now: clock, Random: rand.Reader, Directory: Directory{m.app}, Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := desk.New(db, desk.Config{Key: [32]byte{1}, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range mailed {
		by := account.Requester{PersonID: "test", Side: account.ServiceOrganization, Roles: []string{"administrator"}}
		token, _, err := accounts.Invite(t.Context(), by, account.Invitee{PersonID: who, Email: who + "@example.com", Name: who, Side: account.ServiceOrganization})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := accounts.Accept(t.Context(), token, goodPassword, account.Client{}); err != nil {
			t.Fatal(err)
		}
		if err := d.SetMail(t.Context(), who, desk.MailSettings{Digest: desk.Daily, Hour: 7, Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
	}
	bag := &mailbag{}
	n, err := notify.New(notify.Config{App: m.app, Accounts: accounts, Desk: d, Carrier: bag, Public: "http://localhost", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	// send runs what sends until each of the mailed has theirs.
	send := func(want int) []string {
		t.Helper()
		bag.mu.Lock()
		bag.all = nil
		bag.mu.Unlock()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			bag.mu.Lock()
			got := slices.Clone(bag.all)
			bag.mu.Unlock()
			began, err := d.Bookmark(t.Context(), "notify/began")
			if err != nil {
				t.Fatal(err)
			}
			if len(got) >= want && began != "" {
				cancel()
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				return got
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d mails of %d were sent", len(got), want)
			}
		}
	}
	send(0)
	code := regexp.MustCompile(`Evidence of ([A-Z]+-[0-9.]+)`)
	inMail := regexp.MustCompile(`control ([A-Z]+-[0-9.]+) operated`)
	codes := func(re *regexp.Regexp, text string) []string {
		var out []string
		for _, x := range re.FindAllStringSubmatch(text, -1) {
			out = append(out, x[1])
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	row := regexp.MustCompile(`(?s)<tr class="r" id="m-[^"]*" data-id="([^"]*)"`)
	for _, now := range []time.Time{time.Date(2025, 12, 1, 18, 0, 0, 0, time.UTC), time.Date(2025, 12, 2, 18, 0, 0, 0, time.UTC), time.Date(2026, 1, 3, 18, 0, 0, 0, time.UTC)} {
		m.now = now
		mails := send(len(mailed))
		total := 0
		for _, who := range append([]string{"hiroshi-tanabe", "peter-lindholm", manager}, mailed...) {
			waiting, err := m.app.Waiting(t.Context(), who)
			if err != nil {
				t.Fatal(err)
			}
			var want, owed []string
			for _, w := range waiting {
				if w.For != app.WaitsEvidence {
					continue
				}
				c := m.control(w.Ref.ID)
				if w.Overdue {
					want = append(want, c.Value.Code)
				}
				if w.Overdue && c.Value.Owner == who {
					owed = append(owed, c.Value.Code)
				}
			}
			slices.Sort(want)
			slices.Sort(owed)
			total += len(want)
			says := func(where string, got, want []string) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Errorf("on %s, of %s, %s says %v, and %v wait", now.Format(time.DateOnly), who, where, got, want)
				}
			}
			var matrix []string
			for _, x := range row.FindAllStringSubmatch(m.page(manager, "/matrix?overdue=any&owner="+url.QueryEscape(who)), -1) {
				matrix = append(matrix, m.control(x[1]).Value.Code)
			}
			slices.Sort(matrix)
			says("the matrix", slices.Compact(matrix), owed)
			says("the inbox", codes(code, between(m.page(who, "/inbox"), `id="group-late"`, `id="group-`)), want)
			if who != "elena-petrova" {
				// Who only reads has no list of work on the home page.
				says("the home page", codes(code, between(m.page(who, "/"), "<h3>Late <", "<h3>")), want)
			}
			i := slices.IndexFunc(mails, func(s string) bool { return strings.Contains(s, who+"@example.com") })
			if slices.Contains(mailed, who) {
				if i < 0 {
					t.Fatalf("no mail to %s", who)
				}
				says("the mail", codes(inMail, between(mails[i], "Heading:Overdue", "Heading:")), want)
			}
		}
		if total < 10 {
			t.Errorf("on %s only %d controls owe evidence", now.Format(time.DateOnly), total)
		}
	}
}
