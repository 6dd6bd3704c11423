package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// attend says where a tab of somebody is and gives what is answered.
func (h *talkHouse) attend(who, tab, at string, more ...string) string {
	h.t.Helper()
	v := url.Values{"tab": {tab}, "at": {at}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	w := h.post(who, "/presence", v)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s at %s: %d %s", who, at, w.Code, clipped(w.Body.String(), 200))
	}
	return w.Body.String()
}

// stream listens as somebody and passes on what is said of presence.
func (h *talkHouse) stream(ctx context.Context, srv *httptest.Server, who string) <-chan string {
	h.t.Helper()
	return h.hears(ctx, srv, who, "presence")
}

// hears listens as somebody and passes on the lines that hold a word.
func (h *talkHouse) hears(ctx context.Context, srv *httptest.Server, who, word string) <-chan string {
	h.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/live", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("X-Who", who)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	out, ready := make(chan string, 100), make(chan struct{})
	go func() {
		defer res.Body.Close()
		s := bufio.NewScanner(res.Body)
		for s.Scan() {
			line := s.Text()
			if strings.Contains(line, `"hello"`) {
				close(ready)
			}
			if strings.Contains(line, word) {
				if strings.HasPrefix(line, "id:") {
					out <- "MOVED " + line
				}
				out <- strings.TrimPrefix(line, "data: ")
			}
		}
	}()
	<-ready
	return out
}

func TestPresence(t *testing.T) {
	h := newTalkHouse(t)
	srv := httptest.NewServer(h.h)
	defer srv.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const at = "org/control/itgc-1-1"
	people := []string{manager, owner, reader, assessor, partner, staff}
	streams := map[string]<-chan string{}
	for _, who := range people {
		streams[who] = h.stream(ctx, srv, who)
	}
	// Until each stream has its ear at the door.
	for h.site.presence.count() < len(people) {
		time.Sleep(time.Millisecond)
	}
	heard := func(who string) string {
		t.Helper()
		select {
		case s := <-streams[who]:
			return s
		case <-time.After(5 * time.Second):
			t.Fatalf("%s hears nothing", who)
			return ""
		}
	}
	quiet := func(who string) {
		t.Helper()
		select {
		case s := <-streams[who]:
			t.Errorf("%s hears %s", who, s)
		case <-time.After(60 * time.Millisecond):
		}
	}
	named := func(s string) string {
		var out []string
		for _, who := range people {
			if strings.Contains(s, `"id":"`+who+`"`) {
				out = append(out, who)
			}
		}
		return strings.Join(out, " ")
	}
	tab := func(who string) string { return "tab-" + who }

	if got := named(h.attend(manager, tab(manager), at)); got != manager {
		t.Errorf("alone is %q", got)
	}
	heard(manager)
	if got := named(h.attend(owner, tab(owner), at, "field", "exceptions", "edit", "1")); got != manager+" "+owner {
		t.Errorf("together are %q", got)
	}
	said := heard(manager)
	if named(said) != manager+" "+owner || !strings.Contains(said, `"field":"exceptions","edits":true`) || !strings.Contains(said, `"name":"Fatima Boukhari"`) {
		t.Errorf("the manager hears %s", said)
	}
	heard(owner)
	// Who looks at another record hears nothing of it.
	h.attend(reader, tab(reader), "org/risk/pay-5-r1")
	heard(reader)
	quiet(manager)
	// A guest who may learn names is shown and sees; the firm is not, and does not.
	if got := named(h.attend(assessor, tab(assessor), at)); got != manager+" "+owner+" "+assessor {
		t.Errorf("the assessor sees %q", got)
	}
	if got := heard(manager); !strings.Contains(got, "Xavier Lund") {
		t.Errorf("the manager hears %s", got)
	}
	heard(owner)
	heard(assessor)
	for _, who := range []string{partner, staff} {
		if got := h.attend(who, tab(who), at); got != "[]\n" {
			t.Errorf("%s sees %s", who, got)
		}
	}
	quiet(manager)
	quiet(partner)
	// In the file the firm's people see each other, and management is not let in.
	file := h.exam + "/test_of_control/t-1"
	h.attend(partner, tab(partner), file)
	heard(partner)
	if got := named(h.attend(staff, tab(staff), file)); got != partner+" "+staff {
		t.Errorf("in the file are %q", got)
	}
	heard(partner)
	heard(staff)
	// The matrix of the file shows controls of the organization, to the firm alone.
	h.attend(staff, tab(staff), h.exam+"/control/itgc-1-1", "whole", "1", "field", "owner")
	heard(partner) // The staff has left the test.
	quiet(manager)
	if got := h.attend(partner, tab(partner), h.exam+"/control/", "whole", "1"); !strings.Contains(got, `"at":"`+h.exam+`/control/itgc-1-1"`) || named(got) != partner+" "+staff {
		t.Errorf("in the matrix of the file are %s", got)
	}
	for len(streams[staff]) > 0 || len(streams[partner]) > 0 {
		select {
		case <-streams[staff]:
		case <-streams[partner]:
		}
	}
	// The matrix hears of every control, a record's page of one.
	if got := named(h.attend(reader, tab(reader), "org/control/itgc-1-2", "whole", "1", "field", "owner")); got != manager+" "+owner+" "+reader+" "+assessor {
		t.Errorf("in the matrix are %q", got)
	}
	heard(reader)
	h.attend(owner, tab(owner), at)
	if got := heard(reader); !strings.Contains(got, at) || strings.Contains(got, "exceptions") {
		t.Errorf("the reader hears %s", got)
	}
	heard(manager)
	// Two tabs are one person; the one who edits counts.
	if got := h.attend(owner, "tab-second-of-owner", at, "field", "code", "edit", "1"); strings.Count(got, `"id":"`+owner+`"`) != 1 || !strings.Contains(got, `"field":"code"`) {
		t.Errorf("two tabs are %s", got)
	}
	heard(manager)
	// Whoever leaves is gone, and so is whoever is not heard of.
	if w := h.post(owner, "/presence", url.Values{"tab": {"tab-second-of-owner"}, "leave": {"1"}}); w.Code != http.StatusNoContent {
		t.Errorf("leaving: %d", w.Code)
	}
	if got := heard(manager); strings.Contains(got, `"code"`) {
		t.Errorf("after leaving: %s", got)
	}
	// Nobody sends somebody else's tab away.
	h.post(reader, "/presence", url.Values{"tab": {tab(owner)}, "leave": {"1"}})
	if got := named(h.attend(manager, tab(manager), at)); got != manager+" "+owner+" "+assessor {
		t.Errorf("after a stranger's leave are %q", got)
	}
	h.now = h.now.Add(staleAfter - time.Second)
	h.attend(manager, tab(manager), at)
	h.now = h.now.Add(2 * time.Second)
	if got := named(h.attend(manager, tab(manager), at)); got != manager {
		t.Errorf("after the others were not heard of are %q", got)
	}
	if got := heard(manager); named(got) != manager {
		t.Errorf("the manager hears %s", got)
	}
	// Nothing of it is in any ledger.
	log, err := h.app.Log(t.Context(), manager, "org", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if last := log[len(log)-1]; strings.Contains(fmt.Sprint(last), "presence") || strings.Contains(fmt.Sprint(last), "attend") {
		t.Errorf("the ledger ends with %v", last)
	}
}

// A place that cannot be read is not there, whoever says to be at it.
func TestPresenceForged(t *testing.T) {
	h := newTalkHouse(t)
	for _, c := range []struct {
		who, tab, at, field string
		want                int
	}{
		{manager, "tab-12345", h.exam + "/test_of_control/t-1", "", 404},
		{manager, "tab-12345", h.exam + "/control/", "", 404},
		{manager, "tab-12345", "exam-none/test_of_control/t-1", "", 404},
		{manager, "tab-12345", "org/control/none", "", 404},
		{manager, "tab-12345", "org/spell/x", "", 400},
		{manager, "tab-12345", "org", "", 400},
		{manager, "tab-12345", "org/control/../x", "", 400},
		{manager, "tab-12345", "org/control/itgc-1-1", "<b>", 400},
		{manager, "t", "org/control/itgc-1-1", "", 400},
		{manager, "tab <b> 12", "org/control/itgc-1-1", "", 400},
		{assessor, "tab-12345", "org/person/" + owner, "", 404},
		{partner, "tab-12345", h.exam + "/control/none", "", 404},
	} {
		w := h.post(c.who, "/presence", url.Values{"tab": {c.tab}, "at": {c.at}, "field": {c.field}})
		if w.Code != c.want {
			t.Errorf("%s in %s at %s: %d, expected %d", c.who, c.tab, c.at, w.Code, c.want)
		}
	}
	if w := h.post(manager, "/presence", url.Values{"tab": {"tab-12345"}, "at": {"org/control/itgc-1-1"}}, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
	for i := range mostTabs + 1 {
		w := h.post(manager, "/presence", url.Values{"tab": {fmt.Sprintf("tab-%06d", i)}, "at": {"org/control/itgc-1-1"}})
		if want := []int{200, 400}[boolInt(i == mostTabs)]; w.Code != want {
			t.Errorf("tab %d: %d", i, w.Code)
		}
	}
	if n := len(h.site.presence.seats); n != mostTabs {
		t.Errorf("%d seats", n)
	}
}

// count is how many streams listen.
func (p *presence) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.hearers)
}
