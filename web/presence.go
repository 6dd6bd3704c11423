package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/web/ui"
)

// Bounds of presence. A browser says every 20 seconds where its tabs are; a tab
// that was not heard of for staleAfter is gone.
const (
	staleAfter = 50 * time.Second
	mostTabs   = 24
)

// spot is a record, or with an empty id the page of all records of a kind.
type spot struct{ ledger, kind, id string }

func (s spot) String() string { return s.ledger + "/" + s.kind + "/" + s.id }

// seat is one tab of one person.
type seat struct{ actor, tab string }

// attending is where a tab is and what is done there.
type attending struct {
	at    spot
	who   ui.Person
	field string
	edits bool
	// whole says that the tab shows all records of the kind.
	whole bool
	heard time.Time
}

// shows tells whether a tab shows a spot.
func (a *attending) shows(s spot) bool {
	return a.at.ledger == s.ledger && a.at.kind == s.kind && (a.whole || a.at.id == s.id)
}

// presence is who looks at what, now and in memory alone: nothing of it is ever
// recorded. Who may be shown to whom is decided by app.Reader.Attends.
type presence struct {
	mu      sync.Mutex
	seats   map[seat]*attending
	next    int
	hearers map[int]*hearer
}

// hearer is an event stream that hears of others.
type hearer struct {
	actor string
	heard chan appearance
}

// appearance is who is at a spot, in words that are the same for everybody who
// may see it.
type appearance struct {
	at   spot
	data []byte
}

// present is a person as browsers hear of them.
type present struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Initials string `json:"initials"`
	Hue      string `json:"hue"`
	Field    string `json:"field,omitempty"`
	Edits    bool   `json:"edits,omitempty"`
}

type presenceNotice struct {
	Type   string    `json:"type"`
	At     string    `json:"at"`
	People []present `json:"people"`
}

// listen begins to hear of others until stopped.
func (p *presence) listen(actor string) (heard <-chan appearance, stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hearers == nil {
		p.hearers = map[int]*hearer{}
	}
	p.next++
	n := p.next
	l := &hearer{actor: actor, heard: make(chan appearance, 64)}
	p.hearers[n] = l
	return l.heard, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.hearers, n)
	}
}

// enter notes where a tab is, and tells those who look at the same.
func (p *presence) enter(s seat, now attending) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now.heard)
	was := p.seats[s]
	if was == nil {
		n := 0
		for other := range p.seats {
			if other.actor == s.actor {
				n++
			}
		}
		if n >= mostTabs {
			return fmt.Errorf("%d pages are open already", n)
		}
		if p.seats == nil {
			p.seats = map[seat]*attending{}
		}
	}
	p.seats[s] = &now
	if was == nil {
		p.tell(now.at)
		return nil
	}
	same := was.at == now.at && was.field == now.field && was.edits == now.edits
	if was.at != now.at {
		p.tell(was.at)
	}
	if !same {
		p.tell(now.at)
	}
	return nil
}

// leave forgets a tab.
func (p *presence) leave(s seat, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if was := p.seats[s]; was != nil {
		delete(p.seats, s)
		p.tell(was.at)
	}
	p.sweep(at)
}

// expire forgets the tabs that were not heard of for too long.
func (p *presence) expire(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
}

func (p *presence) sweep(now time.Time) {
	gone := map[spot]bool{}
	for s, a := range p.seats {
		if now.Sub(a.heard) > staleAfter {
			delete(p.seats, s)
			gone[a.at] = true
		}
	}
	for at := range gone {
		p.tell(at)
	}
}

// tell passes on who is at a spot to the streams of those who look at it. A
// stream that does not keep up misses some: the next beat of its tabs brings
// everything.
func (p *presence) tell(at spot) {
	looking := map[string]bool{}
	for s, a := range p.seats {
		if a.shows(at) {
			looking[s.actor] = true
		}
	}
	var data []byte
	for _, l := range p.hearers {
		if !looking[l.actor] {
			continue
		}
		if data == nil {
			b, err := json.Marshal(presenceNotice{"presence", at.String(), p.people(at)})
			if err != nil {
				return
			}
			data = b
		}
		select {
		case l.heard <- appearance{at, data}:
		default:
		}
	}
}

// people are those at a spot, each once: what they edit counts before what they
// only look at.
func (p *presence) people(at spot) []present {
	byID := map[string]present{}
	for s, a := range p.seats {
		if a.at != at {
			continue
		}
		x := present{ID: s.actor, Name: a.who.Name, Initials: a.who.Initials(), Hue: a.who.Hue(), Field: a.field, Edits: a.edits}
		if was, ok := byID[s.actor]; ok && (was.Edits && !x.Edits || was.Edits == x.Edits && was.Field >= x.Field) {
			continue
		}
		byID[s.actor] = x
	}
	out := make([]present, 0, len(byID))
	for _, x := range byID {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b present) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out
}

// around is who is where on what a tab shows.
func (p *presence) around(now attending) []presenceNotice {
	p.mu.Lock()
	defer p.mu.Unlock()
	spots := map[spot]bool{now.at: true}
	for _, a := range p.seats {
		if now.shows(a.at) {
			spots[a.at] = true
		}
	}
	out := make([]presenceNotice, 0, len(spots))
	for s := range spots {
		out = append(out, presenceNotice{"presence", s.String(), p.people(s)})
	}
	slices.SortFunc(out, func(a, b presenceNotice) int { return strings.Compare(a.At, b.At) })
	return out
}

var (
	tabPattern   = regexp.MustCompile(`^[A-Za-z0-9-]{8,40}$`)
	fieldPattern = regexp.MustCompile(`^[a-z0-9_.]{0,80}$`)
)

// attend hears where a tab of the person is and answers who else is there. Whoever
// is not to be shown at the place is neither kept nor told of anybody.
func (r *request) attend() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	s := seat{r.actor, v.Get("tab")}
	if !tabPattern.MatchString(s.tab) {
		return badRequest("tab", errors.New("it is not the name of a tab; reload the page"))
	}
	if v.Has("leave") {
		r.site.presence.leave(s, r.site.now())
		r.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	now := attending{field: v.Get("field"), edits: v.Get("edit") == "1", whole: v.Get("whole") == "1", heard: r.site.now()}
	if !fieldPattern.MatchString(now.field) {
		return badRequest("field", errors.New("it is not the name of a field"))
	}
	if now.at, err = parseSpot(v.Get("at")); err != nil {
		return badRequest("at", err)
	}
	reader, err := r.site.app.Reader(r.Context(), r.actor, now.at.ledger)
	if err != nil {
		return err
	}
	if !reader.Kind(now.at.kind) {
		return errNowhere
	}
	r.ledger = now.at.ledger
	if now.at.id != "" {
		view, err := r.records()
		if err != nil {
			return err
		}
		// The matrix of an examination shows controls of the organization.
		if _, err := view.Get(r.Context(), now.at.kind, now.at.id); err != nil && !(now.whole && errors.Is(err, record.ErrNotFound) && r.shownInMatrix(now.at)) {
			return err
		}
	}
	answer := []presenceNotice{}
	if reader.Attends(now.at.kind) {
		now.who = r.headings().person(r.actor)
		if err := r.site.presence.enter(s, now); err != nil {
			return badRequest("tab", err)
		}
		answer = r.site.presence.around(now)
	}
	r.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.w).Encode(answer)
}

// parseSpot reads a spot as String writes it.
func parseSpot(s string) (spot, error) {
	ledger, rest, _ := strings.Cut(s, "/")
	kind, id, ok := strings.Cut(rest, "/")
	if _, err := record.Kinds.Kind(kind); err != nil || !ok || ledger == "" || id != "" && record.CheckID(id) != nil {
		return spot{}, fmt.Errorf("%q is no place in the records; reload the page", clipped(s, 60))
	}
	return spot{ledger, kind, id}, nil
}

// shownInMatrix tells whether a spot is a control of the organization's in the
// matrix of an examination.
func (r *request) shownInMatrix(s spot) bool {
	if s.kind != "control" {
		return false
	}
	org := *r
	org.ledger, org.view, org.names = app.OrganizationLedger, nil, nil
	v, err := org.records()
	if err != nil {
		return false
	}
	_, err = v.Get(r.Context(), s.kind, s.id)
	return err == nil
}
