package account

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reperform/opsdb"
)

var ctx = context.Background()

// clock is the time of a test, which passes when the test says so.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// people is a directory in memory.
type people map[string][]Side

func (p people) Sides(_ context.Context, id string) ([]Side, error) { return p[id], nil }

// world is a service with a clock, a directory and a record of its events.
type world struct {
	*Service
	t      *testing.T
	clock  *clock
	people people
	path   string

	mu     sync.Mutex
	events []Event
}

const goodPassword = "harbor lantern twelve mosses"

// cheap are parameters that only a test may use.
var cheap = Params{Memory: 64, Time: 1, Threads: 1}

// client is an office from which many sign in: each call is another address,
// so that only tests of limits meet them.
var lastClient struct {
	sync.Mutex
	n uint32
}

func client() Client {
	lastClient.Lock()
	defer lastClient.Unlock()
	lastClient.n++
	n := lastClient.n
	return Client{IP: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), UserAgent: "Test/1.0"}
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return openWorld(t, filepath.Join(t.TempDir(), opsdb.FileName), change...)
}

func openWorld(t *testing.T, path string, change ...func(*Config)) *world {
	t.Helper()
	db, err := opsdb.Open(ctx, path, Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, path: path, people: people{
		"admin": {ServiceOrganization}, "admin2": {ServiceOrganization}, "owner": {ServiceOrganization}, "reader": {ServiceOrganization},
		"firmadmin": {AuditFirm}, "partner": {AuditFirm}, "staff": {AuditFirm},
		"guest": {Guest}, "firmguest": {Guest}, "both": {ServiceOrganization, AuditFirm},
	}}
	c := Config{
		Key: [32]byte{1}, Now: w.clock.now, Random: rand.Reader, Directory: w.people, Params: cheap, Hashes: 4,
		RelyingParty: RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost:8080"}},
		Observe: func(_ context.Context, e Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	}
	for _, f := range change {
		f(&c)
	}
	if w.Service, err = New(db, c); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) saw(kind EventKind) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// requesters of the tests.
var (
	admin     = Requester{PersonID: "admin", Side: ServiceOrganization, Roles: []string{"administrator"}}
	firmAdmin = Requester{PersonID: "firmadmin", Side: AuditFirm, Roles: []string{"firm_administrator", "firm_staff"}}
)

// add makes an account that has a password, and answers its first session.
func (w *world) add(person string, side Side) SignedIn {
	w.t.Helper()
	by := admin
	if side == AuditFirm {
		by = firmAdmin
	}
	token, _, err := w.Invite(ctx, by, Invitee{PersonID: person, Email: person + "@example.com", Name: "Kim", Side: side})
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := w.Accept(ctx, token, goodPassword, client())
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func (w *world) signIn(person string) SignedIn {
	w.t.Helper()
	in, err := w.SignIn(ctx, person+"@example.com", goodPassword, client())
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

// is fails unless the error is the wanted one, or none for nil.
func is(t *testing.T, what string, err error, want error) {
	t.Helper()
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: the error is %v, not %v", what, err, want)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) works(token string) bool {
	w.t.Helper()
	_, _, err := w.Authenticate(ctx, token)
	if err != nil && !errors.Is(err, ErrSignedOut) {
		w.t.Fatal(err)
	}
	return err == nil
}
