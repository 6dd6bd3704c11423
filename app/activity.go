package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// ActivityQuery says which commands are wanted. Empty fields ask for all.
type ActivityQuery struct {
	// Ledgers are looked through together; empty is every ledger that the actor
	// may read.
	Ledgers []string
	// From and To bound the time of recording, To exclusive.
	From, To time.Time
	// FromPos and ToPos bound the position, ToPos exclusive: with one ledger they
	// give what was known then. ToPos 0 is the end.
	FromPos, ToPos int64
	// Actor is a person's id, Action the beginning of a command's name, such as
	// "record." or "population.import".
	Actor, Action string
	// Kind is what was changed; ID one record of it, or of any kind when Kind is
	// empty.
	Kind, ID string
	// Before is the cursor of an earlier answer: what is older follows.
	Before string
	// Limit is how many lines are wanted, 50 when 0, at most 500.
	Limit int
	// Count asks for the number of all that match.
	Count bool
}

// Activity is a page of what happened, newest first.
type Activity struct {
	Lines []ActivityLine `json:"lines"`
	// Next is the cursor of what is older; empty at the end.
	Next string `json:"next,omitempty"`
	// Total is how many commands match, when that was asked for.
	Total int64 `json:"total,omitempty"`
}

// ActivityLine is one command.
type ActivityLine struct {
	Ledger string `json:"ledger"`
	// First and Last are the positions of its entries.
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	Time   string `json:"time"`
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Changes are what it changed, of a large command the first; Count is how
	// many there are. Where ID was asked for, only that record is listed.
	Changes []ActivityChange `json:"changes"`
	Count   int              `json:"count"`
	// RetroactiveDays is how long after its effective date the change that was
	// latest to be recorded became known, of those listed; 0 is in time.
	RetroactiveDays int `json:"retroactive_days,omitempty"`
	// Redacts is how many documents it removed.
	Redacts int `json:"redacts,omitempty"`
	// Partial says that it changed more than the actor reads: neither its reason nor
	// a proof of it is shown.
	Partial bool `json:"partial,omitempty"`
}

// ActivityChange is a new revision of a record.
type ActivityChange struct {
	Kind            string    `json:"kind"`
	ID              string    `json:"id"`
	Revision        int64     `json:"revision"`
	Effective       soc1.Date `json:"effective,omitempty"`
	RetroactiveDays int       `json:"retroactive_days,omitempty"`
}

// shownChanges bounds the changes listed of one command.
const shownChanges = 50

// Activity lists what happened, as far as the actor may read it. To somebody who
// reads some kinds of a ledger, a command consists of its changes to these.
func (a *App) Activity(ctx context.Context, actor string, q ActivityQuery) (*Activity, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	before, err := parseCursor(q.Before)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 500)
	sources, err := a.sources(ctx, actor, &q)
	if err != nil {
		return nil, err
	}
	zone, err := a.zone(ctx)
	if err != nil {
		return nil, err
	}
	out := &Activity{Lines: make([]ActivityLine, 0, q.Limit)}
	for _, s := range sources {
		s.begin(before)
		if q.Count {
			out.Total += s.count()
		}
	}
	for len(out.Lines) < q.Limit {
		picks, more := pick(sources, q.Limit-len(out.Lines))
		rows, err := a.fetch(ctx, picks)
		if err != nil {
			return nil, err
		}
		for i := range picks {
			line, shown, err := a.line(ctx, &picks[i], rows, &q, zone)
			if err != nil {
				return nil, err
			}
			if shown {
				out.Lines = append(out.Lines, line)
			}
		}
		if !more {
			return out, nil
		}
		last := picks[len(picks)-1]
		out.Next = cursor{last.time, last.source.name, last.pos}.String()
	}
	return out, nil
}

// picked is a command that an answer shows.
type picked struct {
	source    *source
	pos, time int64
	// end is the position behind its last entry, changes how many it made.
	end     int64
	changes int
}

// pick takes the newest commands of all sources and tells whether there are more.
func pick(sources []*source, n int) (out []picked, more bool) {
	for {
		s := latestOf(sources)
		if s == nil || len(out) == n {
			return out, s != nil
		}
		p := picked{source: s, pos: s.pos, time: s.time}
		s.trail.mu.RLock()
		p.end = s.trail.end(s.pos)
		p.changes = s.trail.changes(s.pos)
		s.trail.mu.RUnlock()
		out = append(out, p)
		s.next()
	}
}

// Commands that lie close together are read in one question: reading a row that
// is not wanted costs less than asking again. A command of many changes brings
// many documents and is read by itself.
const (
	gapToRead    = 16
	fewChanges   = 64
	mostTogether = 1024
)

type rowKey struct {
	ledger string
	pos    int64
}

// told is a command of one entry, and the reason given for it. Neither ever changes,
// but that the reason may be redacted.
type told struct {
	entry  ledger.Entry
	reason string
}

// fetch gives the entries of small commands: those told of lately from memory, the
// others as they are read now.
func (a *App) fetch(ctx context.Context, picks []picked) (map[rowKey]told, error) {
	out := make(map[rowKey]told, len(picks))
	bySource := map[*source][]int64{}
	dropped := a.activity.told.Dropped()
	for _, p := range picks {
		if p.end == p.pos+1 && p.changes <= fewChanges {
			k := rowKey{p.source.name, p.pos}
			if x, ok := a.activity.told.Get(k); ok {
				out[k] = x
				continue
			}
			bySource[p.source] = append(bySource[p.source], p.pos)
		}
	}
	for s, at := range bySource {
		slices.Sort(at)
		for len(at) > 0 {
			n := 1
			for n < len(at) && at[n]-at[n-1] <= gapToRead && at[n]-at[0] < mostTogether && s.light(at[n-1], at[n]) {
				n++
			}
			err := a.store.Entries(ctx, s.name, at[0], at[n-1]+1, func(r ledger.Row) error {
				if _, wanted := slices.BinarySearch(at[:n], r.Pos); !wanted {
					return nil
				}
				e, err := ledger.ParseEntry(r.Bytes)
				if err != nil {
					return err
				}
				k := rowKey{s.name, r.Pos}
				out[k] = told{e, reasonOf(r)}
				a.activity.told.PutSince(dropped, k, out[k])
				return nil
			})
			if err != nil {
				return nil, err
			}
			at = at[n:]
		}
	}
	return out, nil
}

// light tells whether the entries between two positions made few changes.
func (s *source) light(from, to int64) bool {
	s.trail.mu.RLock()
	defer s.trail.mu.RUnlock()
	for p := from + 1; p < to; p++ {
		if s.trail.changes(p) > fewChanges {
			return false
		}
	}
	return true
}

// source is one ledger's part of an answer.
type source struct {
	name   string
	reader *Reader
	trail  *trail
	want   wanted
	// pos is the next command to show, at its time; -1 at the end.
	pos, time int64
}

// sources prepares the ledgers of a question.
func (a *App) sources(ctx context.Context, actor string, q *ActivityQuery) ([]*source, error) {
	names := q.Ledgers
	if len(names) == 0 {
		names = a.log.Ledgers()
	}
	var out []*source
	for _, name := range names {
		r, err := a.reader(ctx, actor, name)
		if err != nil {
			if len(q.Ledgers) == 0 {
				continue
			}
			return nil, err
		}
		if err := a.activity.follow(ctx, a, name); err != nil {
			return nil, err
		}
		s := &source{name: name, reader: r, trail: a.activity.of(name)}
		s.trail.mu.RLock()
		s.want = s.trail.ask(q, r)
		s.trail.mu.RUnlock()
		if q.ID != "" && !s.want.none {
			if s.want.at, err = a.touching(ctx, s, q); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *source) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(out, func(a, b *source) bool { return a.name == b.name }), nil
}

// touching lists the commands that changed records of an id.
func (a *App) touching(ctx context.Context, s *source, q *ActivityQuery) ([]int64, error) {
	kinds := []string{q.Kind}
	if q.Kind == "" {
		s.trail.mu.RLock()
		kinds = slices.Clone(s.trail.kinds.list)
		s.trail.mu.RUnlock()
	}
	size := s.trail.size()
	at := []int64{}
	for _, kind := range kinds {
		if !s.reader.Kind(kind) {
			continue
		}
		err := a.store.Revisions(ctx, ledger.RevisionQuery{Ledger: s.name, Kind: kind, ID: q.ID, Known: size, Select: ledger.SelectKnownAll}, func(r ledger.Revision) error {
			at = append(at, r.Pos)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	s.trail.mu.RLock()
	defer s.trail.mu.RUnlock()
	for i := range at {
		at[i] = s.trail.first(at[i])
	}
	slices.Sort(at)
	return slices.Compact(at), nil
}

func (s *source) count() int64 {
	s.trail.mu.RLock()
	defer s.trail.mu.RUnlock()
	return s.trail.count(&s.want)
}

// begin goes to the newest command behind the cursor.
func (s *source) begin(c cursor) {
	s.trail.mu.RLock()
	below := s.trail.n
	if c.ledger != "" {
		switch strings.Compare(s.name, c.ledger) {
		case 0:
			below = min(below, c.pos)
		case 1:
			below = s.trail.before(c.time + 1)
		default:
			below = s.trail.before(c.time)
		}
	}
	s.trail.mu.RUnlock()
	s.from(below)
}

func (s *source) next() { s.from(s.pos) }

func (s *source) from(below int64) {
	s.trail.mu.RLock()
	defer s.trail.mu.RUnlock()
	if s.pos = s.trail.newest(&s.want, below); s.pos >= 0 {
		s.time = s.trail.blocks[s.pos/blockSize].time[s.pos%blockSize]
	}
}

// latestOf is the source whose next command is the newest; of equals the one
// whose name comes first.
func latestOf(sources []*source) *source {
	var out *source
	for _, s := range sources {
		if s.pos >= 0 && (out == nil || s.time > out.time) {
			out = s
		}
	}
	return out
}

// line tells of a command, from a row that was fetched or from its entries.
func (a *App) line(ctx context.Context, p *picked, rows map[rowKey]told, q *ActivityQuery, zone *time.Location) (ActivityLine, bool, error) {
	s := p.source
	l := ActivityLine{Ledger: s.name, First: p.pos, Last: p.end - 1, Changes: []ActivityChange{}}
	shown, all, kind := false, true, q.Kind == "" || s.want.kinds != 1<<rest
	// Of a command in many entries only as many are read as are shown; who does
	// not read everything must have them all looked at.
	enough := errors.New("enough")
	take := func(pos int64, e ledger.Entry) error {
		if pos == p.pos {
			l.Time, l.Actor, l.Action = e.Time, e.Actor, e.Action
		}
		left, some, whole := s.reader.trim(e)
		shown, all = shown || some, all && whole
		kind = kind || slices.ContainsFunc(left.Changes, func(c ledger.Change) bool { return c.Kind == q.Kind })
		l.Count += len(left.Changes)
		l.Redacts += len(left.Redacts)
		a.listChanges(&l, left.Changes, q, e.Time, zone)
		if s.reader.whole && p.end > p.pos+1 && kind && q.ID == "" && len(l.Changes) >= shownChanges {
			return enough
		}
		return nil
	}
	row, fetched := rows[rowKey{s.name, p.pos}]
	var err error
	if fetched {
		err = take(p.pos, row.entry)
	} else {
		err = record.Leaves(ctx, a.store, s.name, p.pos, p.end, take)
	}
	if errors.Is(err, enough) {
		l.Count, err = p.changes, nil
	}
	if err != nil || !shown || !kind || !strings.HasPrefix(l.Action, q.Action) {
		return l, false, err
	}
	switch {
	case !all:
		l.Partial = true
	case fetched:
		l.Reason = row.reason
	default:
		l.Reason, err = a.reasonAt(ctx, s.name, p.pos)
	}
	return l, true, err
}

func reasonOf(r ledger.Row) string {
	for _, d := range r.Documents {
		if d.Slot == 0 {
			return string(d.Bytes)
		}
	}
	return ""
}

func (a *App) listChanges(l *ActivityLine, changes []ledger.Change, q *ActivityQuery, at string, zone *time.Location) {
	for _, c := range changes {
		if len(l.Changes) >= shownChanges || q.ID != "" && (c.ID != q.ID || q.Kind != "" && c.Kind != q.Kind) {
			continue
		}
		x := ActivityChange{Kind: c.Kind, ID: c.ID, Revision: c.Revision, Effective: soc1.Date(c.Effective)}
		x.RetroactiveDays = lag(c.Effective, at, zone)
		l.RetroactiveDays = max(l.RetroactiveDays, x.RetroactiveDays)
		l.Changes = append(l.Changes, x)
	}
}

// lag is how many days after its effective date a change became known.
func lag(effective, at string, zone *time.Location) int {
	t, err := time.Parse(ledger.TimeFormat, at)
	if err != nil || effective == "" {
		return 0
	}
	return max(0, soc1.Date(effective).DaysUntil(soc1.Date(t.In(zone).Format(time.DateOnly))))
}

// reasonAt reads the reason of a command; empty when none was given or it was
// redacted.
func (a *App) reasonAt(ctx context.Context, name string, pos int64) (string, error) {
	reason := ""
	err := a.store.Entries(ctx, name, pos, pos+1, func(r ledger.Row) error {
		reason = reasonOf(r)
		return nil
	})
	return reason, err
}

// cursor names a command by its place in the order of all.
type cursor struct {
	time   int64
	ledger string
	pos    int64
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s %d", c.time, c.ledger, c.pos))
}

func parseCursor(s string) (c cursor, err error) {
	if s == "" {
		return c, nil
	}
	bad := errors.New("the place in the list is not one that this program gave out; begin with the newest")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, bad
	}
	f := strings.Split(string(b), " ")
	if len(f) != 3 || !ledger.ValidName(f[1]) {
		return c, bad
	}
	c.ledger = f[1]
	if c.time, err = strconv.ParseInt(f[0], 10, 64); err != nil {
		return cursor{}, bad
	}
	if c.pos, err = strconv.ParseInt(f[2], 10, 64); err != nil || c.pos < 0 {
		return cursor{}, bad
	}
	return c, nil
}
