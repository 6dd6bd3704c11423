package web

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"reperform/account"
	"reperform/app"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
)

// entriesOf overrides how many entries the ledger of the benchmarks has.
const entriesOf = "WEB_BENCH_ENTRIES"

// office is a large workspace, served to many people who are signed in.
type office struct {
	*matrixHouse
	srv *httptest.Server
	// tokens are the sessions of the people.
	tokens []string

	mu   sync.Mutex
	took map[string][]time.Duration
}

// people makes n readers with accounts and signs them in.
func newOffice(tb testing.TB, people, entries int) *office {
	tb.Helper()
	o := &office{matrixHouse: large(tb), took: map[string][]time.Duration{}}
	ctx := tb.Context()
	must := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	var cs []app.RecordChange
	for i := range people {
		cs = append(cs, app.RecordChange{Kind: "person", ID: fmt.Sprintf("p-%03d", i), Effective: "2025-01-01",
			Value: soc1.Person{Name: fmt.Sprintf("Person %d", i), Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"compliance_manager"}}})
	}
	_, err := o.app.PutRecords(ctx, manager, cs, "They joined.", false)
	must(err)
	// A ledger that is years old: every entry a change of a risk of its own.
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for n := w; n < entries; n += 64 {
				r := soc1.Risk{Code: fmt.Sprintf("R%d", n), Text: "A payment is made twice.", Likelihood: 1 + n%5, Impact: 4}
				if err := o.app.PutRecord(ctx, manager, app.RecordChange{Kind: "risk", ID: fmt.Sprintf("old-%d-%d", w, n/64%300), Revision: int64(n / 64 / 300), Effective: "2025-01-01", Value: r, Reason: "As agreed."}); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	db, err := opsdb.Open(ctx, filepath.Join(tb.TempDir(), "operations.db"), account.Schema)
	must(err)
	tb.Cleanup(func() { db.Close() })
	var key [32]byte
	_, err = rand.Read(key[:])
	must(err)
	no := account.Limit{Burst: 1 << 20, Every: time.Microsecond}
	accounts, err := account.New(db, account.Config{Key: key, Now: time.Now, Random: rand.Reader, Directory: Directory{o.app},
		Params: account.Params{Memory: 64, Time: 1, Threads: 1}, Limits: account.Limits{SignIn: no, Token: no, Recovery: no},
		RelyingParty: account.RelyingParty{ID: "localhost", Name: "Reperform", Origins: []string{"http://localhost"}}})
	must(err)
	admin := account.Requester{PersonID: manager, Side: account.ServiceOrganization, Roles: []string{"administrator"}}
	for i := range people {
		in := account.Invitee{PersonID: fmt.Sprintf("p-%03d", i), Email: fmt.Sprintf("p%d@large.example", i), Name: "Person", Side: account.ServiceOrganization}
		token, _, err := accounts.InviteFirst(ctx, in)
		if err != nil {
			token, _, err = accounts.Invite(ctx, admin, in)
		}
		must(err)
		x, err := accounts.Accept(ctx, token, "grebe plover curlew heron", account.Client{IP: netip.MustParseAddr("127.0.0.1")})
		must(err)
		o.tokens = append(o.tokens, x.Token)
	}
	o.site, err = New(Options{App: o.app, Accounts: accounts, Now: o.site.now})
	must(err)
	mux := http.NewServeMux()
	for _, rt := range o.site.routes {
		mux.Handle(rt.pattern, o.timed(o.site.handle(rt)))
	}
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(800), gzhttp.ExceptContentTypes([]string{"text/event-stream"}))
	must(err)
	o.srv = httptest.NewServer(compress(mux))
	tb.Cleanup(func() { o.site.Close(); o.srv.Close() })
	must(o.app.Warm(ctx))
	following, stop := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		o.site.Follow(following)
	}()
	tb.Cleanup(func() { stop(); <-followed })
	return o
}

// timed keeps the time of a handler: that before compression, which happens while
// the page is written.
func (o *office) timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		out := &written{ResponseWriter: w}
		next.ServeHTTP(out, r)
		took := time.Since(begun) - out.took
		o.mu.Lock()
		defer o.mu.Unlock()
		o.took[r.Header.Get("X-Page")] = append(o.took[r.Header.Get("X-Page")], took)
	})
}

// written measures what it takes to pass a page on.
type written struct {
	http.ResponseWriter
	took time.Duration
}

func (w *written) Write(b []byte) (int, error) {
	begun := time.Now()
	defer func() { w.took += time.Since(begun) }()
	return w.ResponseWriter.Write(b)
}

func (w *written) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (o *office) request(tb testing.TB, person int, path string) *http.Request {
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, o.srv.URL+path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: o.site.sessionCookie(), Value: o.tokens[person%len(o.tokens)]})
	return r
}

// toggle changes one control, as somebody does while others read.
func (o *office) toggle(tb testing.TB, id string) int64 {
	tb.Helper()
	v, err := o.app.View(tb.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		tb.Error(err)
		return 0
	}
	c, err := record.One[soc1.Control](tb.Context(), v, "control", id)
	if err != nil {
		tb.Error(err)
		return 0
	}
	c.Value.Key = !c.Value.Key
	if err := o.app.PutRecord(tb.Context(), manager, app.RecordChange{Kind: "control", ID: id, Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "Weighed again."}); err != nil {
		tb.Error(err)
	}
	return c.Revision + 1
}

// visited are the pages of the open loop, in turn.
var visited = []string{"/matrix", "/r/control", "/r/evidence", "/r/risk?sort=text", "/activity", "/r/control?q=register", "/matrix?q=register&key=yes", "/r/control_objective"}

// BenchmarkOpenLoop sends 100 requests a second, whether or not those before
// were answered, by 200 people who are signed in, while one control changes each
// second.
func BenchmarkOpenLoop(b *testing.B) {
	entries := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(entriesOf)); err == nil {
		entries = n
	}
	o := newOffice(b, 200, entries)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	const each = 10 * time.Millisecond
	send := func(n int, wg *sync.WaitGroup) {
		wg.Go(func() {
			r := o.request(b, n*7, visited[n%len(visited)])
			r.Header.Set("X-Page", visited[n%len(visited)])
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			defer res.Body.Close()
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
				b.Error(res.StatusCode, err)
			}
		})
	}
	var first sync.WaitGroup
	for n := range visited {
		send(n, &first)
		first.Wait()
	}
	clear(o.took)
	for b.Loop() {
		var wg sync.WaitGroup
		tick := time.NewTicker(each)
		for n := range 3000 {
			<-tick.C
			send(n, &wg)
			if n%100 == 50 {
				wg.Go(func() { o.toggle(b, fmt.Sprintf("c-%03d", n/100)) })
			}
		}
		tick.Stop()
		wg.Wait()
	}
	b.ReportMetric(0, "ns/op")
	var all []time.Duration
	for _, page := range visited {
		t := o.took[page]
		slices.Sort(t)
		all = append(all, t...)
		b.Logf("%-28s p50 %v  p99 %v  most %v", page, t[len(t)/2].Round(10*time.Microsecond), t[len(t)*99/100].Round(10*time.Microsecond), t[len(t)-1].Round(10*time.Microsecond))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// listener is a browser with an event stream.
type listener struct {
	o      *office
	person int
	last   string
	// heard are the revisions of the control that the stream told of, with when.
	heard map[int64]time.Time
	twice int
}

// hear follows the stream until the context ends or the revision was told of.
func (l *listener) hear(ctx context.Context, client *http.Client, tb testing.TB, ready func(), until int64) error {
	r := l.o.request(tb, l.person, "/live").WithContext(ctx)
	if l.last != "" {
		r.Header.Set("Last-Event-ID", l.last)
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answers %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	id := ""
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, `data: {"type":"hello"}`):
			ready()
			l.last = id
		case strings.HasPrefix(line, `data: {"type":"change"`):
			_, after, _ := strings.Cut(line, `"rev":`)
			digits, _, _ := strings.Cut(after, ",")
			digits = strings.TrimRight(digits, "}")
			rev, err := strconv.ParseInt(digits, 10, 64)
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			if _, ok := l.heard[rev]; ok {
				l.twice++
			}
			l.heard[rev] = time.Now()
			l.last = id
			if rev >= until {
				return nil
			}
		}
	}
	return lines.Err()
}

// streamed tells n browsers of changes of one control and gives how long each
// took to arrive. Every tenth browser loses its connection after each tenth
// change and comes back.
func streamed(tb testing.TB, o *office, n, changes int, pause time.Duration) []time.Duration {
	tb.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}
	v, err := o.app.View(tb.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := record.One[soc1.Control](tb.Context(), v, "control", "c-007")
	if err != nil {
		tb.Fatal(err)
	}
	before := c.Revision
	last := before + int64(changes)
	ls := make([]*listener, n)
	var ready, wg sync.WaitGroup
	for i := range ls {
		l := &listener{o: o, person: i, heard: map[int64]time.Time{}}
		ls[i] = l
		ready.Add(1)
		wg.Go(func() {
			once := sync.OnceFunc(ready.Done)
			for until := before; until < last; {
				until = last
				if i%10 == 0 {
					until = min(last, before+int64(len(l.heard))+10)
				}
				if err := l.hear(tb.Context(), client, tb, once, until); err != nil {
					tb.Error(err)
					once()
					return
				}
			}
		})
	}
	ready.Wait()
	sent := map[int64]time.Time{}
	for range changes {
		begun := time.Now()
		sent[o.toggle(tb, "c-007")] = begun
		time.Sleep(pause)
	}
	wg.Wait()
	var took []time.Duration
	for i, l := range ls {
		if l.twice > 0 || len(l.heard) != changes {
			tb.Errorf("browser %d heard %d of %d changes, %d of them twice", i, len(l.heard), changes, l.twice)
		}
		if i%10 == 0 {
			continue // it was away when some happened
		}
		for rev, at := range l.heard {
			took = append(took, at.Sub(sent[rev]))
		}
	}
	slices.Sort(took)
	return took
}

// Every browser hears every change once, those too that lose the connection.
func TestStreams(t *testing.T) {
	o := newOffice(t, 5, 0)
	streamed(t, o, 30, 40, 0)
}

// BenchmarkStreams tells 500 browsers of a change each tenth of a second, from
// before the command is given to when its event was read.
func BenchmarkStreams(b *testing.B) {
	o := newOffice(b, 200, 0)
	var took []time.Duration
	for b.Loop() {
		took = append(took, streamed(b, o, 500, 100, 100*time.Millisecond)...)
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkPages asks for each page of the open loop alone, over the network and
// compressed.
func BenchmarkPages(b *testing.B) {
	o := newOffice(b, 3, 6000)
	for _, p := range visited {
		b.Run(strings.ReplaceAll(p, "/", "_"), func(b *testing.B) {
			for b.Loop() {
				r := o.request(b, 1, p)
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				_, err = io.Copy(io.Discard, res.Body)
				if res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res.StatusCode, err)
				}
			}
		})
	}
}
