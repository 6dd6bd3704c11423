package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reperform/app"
)

// heartbeat is how often a silent stream says that it lives, so that proxies
// keep it and a broken connection is noticed.
const heartbeat = 20 * time.Second

// stream tells a browser which records change, as they do, without a gap from
// where it last heard. It says only which record it was: what a page shows of
// it, the page asks for itself, as the person who looks.
func (r *request) stream() error {
	after := r.Header.Get("Last-Event-ID")
	if after == "" {
		after = r.URL.Query().Get("after")
	}
	from, err := parsePositions(after)
	if err != nil {
		return badRequest("after", err)
	}
	rc := http.NewResponseController(r.w)
	// The server's limit on writing is for pages; a stream has no end.
	if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	r.w.WriteHeader(http.StatusOK)
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	defer r.site.streams.open(stop)()
	t := &teller{site: r.site, ctx: ctx, actor: r.actor, watcher: r.site.app.WatchAs(ctx, r.actor, from)}
	t.at = t.watcher.At()
	if err := t.greet(r.w); err != nil {
		return nil
	}
	happened := t.listen()
	heard, deaf := r.site.presence.listen(r.actor)
	defer deaf()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		if err := rc.Flush(); err != nil {
			return nil
		}
		var line []byte
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			// Whoever was signed out meanwhile hears nothing more.
			if who, err := r.site.opt.Who(r.Request); err != nil || who != r.actor {
				return nil
			}
			line = []byte(": still here\n\n")
			r.site.presence.expire(r.site.now())
		case x, ok := <-happened:
			if !ok {
				return nil
			}
			line = t.tell(x)
		case x := <-heard:
			line = t.appears(x)
		}
		if len(line) == 0 {
			continue
		}
		if _, err := r.w.Write(line); err != nil {
			return nil
		}
	}
}

// streams are the open event streams of a site, which end when it does.
type streams struct {
	mu   sync.Mutex
	next int
	stop map[int]context.CancelFunc
	done bool
}

func (s *streams) open(stop context.CancelFunc) (closed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		stop()
		return func() {}
	}
	if s.stop == nil {
		s.stop = map[int]context.CancelFunc{}
	}
	s.next++
	n := s.next
	s.stop[n] = stop
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.stop, n)
	}
}

// Close ends the event streams, which would otherwise outlive a server that
// waits for its requests to finish. Streams opened later end at once.
func (s *Site) Close() {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	s.streams.done = true
	for _, stop := range s.streams.stop {
		stop()
	}
}

// Streams is the number of open event streams.
func (s *Site) Streams() int {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return len(s.streams.stop)
}

// notice is what a browser hears of a change.
type notice struct {
	Type     string `json:"type"`
	Ledger   string `json:"ledger"`
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Revision int64  `json:"rev"`
	// Pos is the position behind the command, by which a browser knows what it
	// heard already.
	Pos     int64 `json:"pos"`
	Retired bool  `json:"retired,omitempty"`
	// About is the record that a comment is about, as ledger/kind/id, so that
	// only pages that show it ask for what is said there.
	About string `json:"about,omitempty"`
	By    string `json:"by"`
	At    string `json:"at"`
}

// teller words what happens for one browser.
type teller struct {
	site    *Site
	ctx     context.Context
	actor   string
	watcher *app.Watcher
	// at are the positions up to which everything was told.
	at map[string]int64
}

// greet gives the position at which the stream begins, so that a browser that
// loses the connection before anything happens still knows where it stood.
func (t *teller) greet(w http.ResponseWriter) error {
	_, err := fmt.Fprintf(w, "retry: 2000\nid: %s\ndata: {\"type\":\"hello\"}\n\n", t.positions())
	return err
}

// listen passes on what happens until the stream ends.
func (t *teller) listen() <-chan *app.Happening {
	out := make(chan *app.Happening)
	go func() {
		defer close(out)
		for {
			h, err := t.watcher.Next()
			if err != nil {
				return
			}
			select {
			case out <- h:
			case <-t.ctx.Done():
				return
			}
		}
	}()
	return out
}

// tell words a happening; nothing when the person may read none of it. What is
// worded once is kept for everybody who may read the same.
func (t *teller) tell(h *app.Happening) []byte {
	t.at[h.Ledger] = h.Last + 1
	reader, err := t.site.app.Reader(t.ctx, t.actor, h.Ledger)
	if err != nil {
		return nil
	}
	data := t.site.notices.of(noticeKey{h.Ledger, h.First, reader.Label()}, func() []string { return wordNotices(h, reader) })
	if len(data) == 0 {
		return nil
	}
	var b strings.Builder
	for i, d := range data {
		// Only the last of a command moves the position: a connection that
		// breaks between gets the whole command again.
		if i == len(data)-1 {
			b.WriteString("id: " + t.positions() + "\n")
		}
		b.WriteString("data: " + d + "\n\n")
	}
	return []byte(b.String())
}

// appears words who is at a place, for who may be shown it. It moves no position:
// where people are is not part of what happened.
func (t *teller) appears(x appearance) []byte {
	reader, err := t.site.app.Reader(t.ctx, t.actor, x.at.ledger)
	if err != nil || !reader.Attends(x.at.kind) {
		return nil
	}
	return []byte("data: " + string(x.data) + "\n\n")
}

// mostNotices bounds what one command tells: of a larger one, pages ask for the
// kinds it touched instead of each record.
const mostNotices = 200

func wordNotices(h *app.Happening, reader *app.Reader) []string {
	var out []string
	kinds := map[string]bool{}
	add := func(n notice) {
		b, err := json.Marshal(n)
		if err == nil {
			out = append(out, string(b))
		}
	}
	for _, c := range h.Changes {
		if !reader.Tells(c) {
			continue
		}
		if len(h.Changes) > mostNotices {
			if !kinds[c.Kind] {
				kinds[c.Kind] = true
				add(notice{Type: "change", Ledger: h.Ledger, Kind: c.Kind, Pos: h.Last + 1, By: h.Actor, At: h.Time})
			}
			continue
		}
		add(notice{Type: "change", Ledger: h.Ledger, Kind: c.Kind, ID: c.ID, Revision: c.Revision, Retired: c.Retired, Pos: h.Last + 1, About: aboutText(c, h, reader), By: h.Actor, At: h.Time})
	}
	return out
}

// aboutText names what a comment is about. Whoever reads the comments of a ledger
// reads there what they are about; of a record of that very ledger whose kind
// they do not read, they are told nothing here all the same.
func aboutText(c app.Happened, h *app.Happening, reader *app.Reader) string {
	if c.About.ID == "" || c.About.Ledger == h.Ledger && !reader.Kind(c.About.Kind) {
		return ""
	}
	return c.About.Ledger + "/" + c.About.Kind + "/" + c.About.ID
}

func (t *teller) positions() string { return t.site.positions(t.ctx, t.actor, t.at) }

// positions are written for Last-Event-ID. They name only ledgers that the
// person may read: even the size of another would tell something.
func (s *Site) positions(ctx context.Context, actor string, at map[string]int64) string {
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(at)) {
		if _, err := s.app.Reader(ctx, actor, n); err == nil {
			parts = append(parts, n+":"+strconv.FormatInt(at[n], 10))
		}
	}
	return strings.Join(parts, ",")
}

// present are the positions of all ledgers now.
func (s *Site) present(ctx context.Context) map[string]int64 {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return s.app.Watch(ctx, nil).At()
}

// parsePositions reads what positions wrote; empty is the present.
func parsePositions(s string) (map[string]int64, error) {
	if s == "" {
		return nil, nil
	}
	out := map[string]int64{}
	for _, p := range strings.Split(s, ",") {
		name, digits, _ := strings.Cut(p, ":")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || len(out) > 1000 {
			return nil, fmt.Errorf("%q is not a position; reload the page", clipped(p, 40))
		}
		out[name] = n
	}
	return out, nil
}

// notices keeps the latest words by what happened and who may read them.
type notices struct {
	mu   sync.Mutex
	data map[noticeKey][]string
}

type noticeKey struct {
	ledger string
	first  int64
	label  string
}

const mostKept = 4096

func (c *notices) of(k noticeKey, word func() []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.data[k]; ok {
		return d
	}
	if c.data == nil || len(c.data) >= mostKept {
		c.data = map[noticeKey][]string{}
	}
	d := word()
	c.data[k] = d
	return d
}
