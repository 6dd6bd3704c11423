package app

import (
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"reperform/ledger"
	"reperform/recent"
	"reperform/record"
)

// activityIndex finds entries by time, actor, action and kind. It lives in
// memory, 26 bytes an entry, is read from the ledgers when it is first needed
// and then follows them: nothing of it is stored, so nothing of it can
// disagree with the ledger.
type activityIndex struct {
	mu      sync.Mutex
	ledgers map[string]*trail
	// told holds what was said of commands lately, for as long as nothing of it is
	// redacted.
	told recent.Map[rowKey, told]
}

// trail is one ledger's part. Blocks are only ever added to; n says how far
// they may be read.
type trail struct {
	// follows is held by the one who reads on.
	follows sync.Mutex

	mu      sync.RWMutex
	n       int64
	blocks  []*block
	actors  names
	actions names
	kinds   names
}

// block holds blockSize entries, column by column.
type block struct {
	time    [blockSize]int64 // microseconds since 1970
	actor   [blockSize]uint32
	action  [blockSize]uint16
	kinds   [blockSize]uint64
	changes [blockSize]uint32
	// What occurs in the block, so that blocks without it are passed over: kinds
	// as above, actors and actions by their numbers modulo 64.
	anyKind, anyActor, anyAction uint64
}

const blockSize = 4096

// rest is the bit that all kinds beyond the 63rd of a ledger share, maxAction
// the number of all actions beyond that many. Where they are asked for, each
// entry found is looked at once more.
const (
	rest      = 63
	maxAction = 1<<16 - 1
	maxActor  = 1<<32 - 1
)

// part marks an entry that continues the command of the entry before; it is
// shown with that one.
const part = 1 << 31

// names numbers names in order of their first use.
type names struct {
	list   []string
	number map[string]int
}

func (n *names) add(name string, most int) int {
	i, ok := n.number[name]
	if !ok {
		if len(n.list) >= most {
			return most
		}
		if n.number == nil {
			n.number = map[string]int{}
		}
		i = len(n.list)
		n.list, n.number[name] = append(n.list, name), i
	}
	return i
}

func (x *activityIndex) of(name string) *trail {
	x.mu.Lock()
	defer x.mu.Unlock()
	t, ok := x.ledgers[name]
	if !ok {
		if x.ledgers == nil {
			x.ledgers = map[string]*trail{}
		}
		t = &trail{}
		x.ledgers[name] = t
	}
	return t
}

// follow reads what the index of a ledger lacks.
func (x *activityIndex) follow(ctx context.Context, a *App, name string) error {
	snap, err := a.log.Snapshot(name)
	if err != nil {
		return err
	}
	t := x.of(name)
	if t.size() >= snap.Size {
		return nil
	}
	t.follows.Lock()
	defer t.follows.Unlock()
	from := t.size()
	var batch []ledger.Entry
	flush := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for i := range batch {
			t.add(&batch[i])
			for _, d := range batch[i].Redacts {
				x.told.Drop(rowKey{name, d.Pos})
			}
		}
		batch = batch[:0]
	}
	err = record.Leaves(ctx, a.store, name, from, snap.Size, func(pos int64, e ledger.Entry) error {
		// Nobody sees half of a command.
		if len(batch) >= 1024 && e.Part <= 1 {
			flush()
			a.progress("reading the activity of ledger "+name, pos, snap.Size)
		}
		batch = append(batch, e)
		return nil
	})
	if err == nil {
		flush()
	}
	return err
}

func (t *trail) size() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.n
}

func (t *trail) add(e *ledger.Entry) {
	i := t.n % blockSize
	if i == 0 {
		t.blocks = append(t.blocks, &block{})
	}
	b := t.blocks[len(t.blocks)-1]
	var mask uint64
	for j := range e.Changes {
		if j == 0 || e.Changes[j].Kind != e.Changes[j-1].Kind {
			mask |= 1 << t.kinds.add(e.Changes[j].Kind, rest)
		}
	}
	// The form of the time was checked when the entry was parsed.
	at, _ := time.Parse(ledger.TimeFormat, e.Time)
	b.time[i] = at.UnixMicro()
	b.actor[i] = uint32(t.actors.add(e.Actor, maxActor))
	b.action[i] = uint16(t.actions.add(e.Action, maxAction))
	b.kinds[i], b.changes[i] = mask, uint32(len(e.Changes))
	b.anyKind |= mask
	b.anyActor |= 1 << (b.actor[i] % 64)
	b.anyAction |= 1 << (b.action[i] % 64)
	if e.Part > 1 {
		b.changes[i] |= part
		// The first part stands for the whole command.
		for first := t.n - 1; first >= 0; first-- {
			fb, fi := t.blocks[first/blockSize], first%blockSize
			if fb.changes[fi]&part == 0 {
				fb.kinds[fi] |= mask
				fb.anyKind |= mask
				fb.changes[fi] += uint32(len(e.Changes))
				break
			}
		}
	}
	t.n++
}

// before is how many entries were recorded before an instant.
func (t *trail) before(micro int64) int64 {
	return int64(sort.Search(int(t.n), func(i int) bool { return t.blocks[i/blockSize].time[i%blockSize] >= micro }))
}

// first is where the command of an entry begins.
func (t *trail) first(pos int64) int64 {
	for pos > 0 && t.blocks[pos/blockSize].changes[pos%blockSize]&part != 0 {
		pos--
	}
	return pos
}

// end is where the command that begins at pos ends: the next command's place.
func (t *trail) end(pos int64) int64 {
	for pos++; pos < t.n && t.blocks[pos/blockSize].changes[pos%blockSize]&part != 0; pos++ {
	}
	return pos
}

// changes is how many changes the command that begins at pos made, or those of
// the entry where it only continues one.
func (t *trail) changes(pos int64) int {
	return int(t.blocks[pos/blockSize].changes[pos%blockSize] &^ part)
}

// wanted is a question in the numbers of one trail.
type wanted struct {
	from, to int64 // positions
	// actor is -1 for anybody.
	actor int64
	// actions are those wanted; nil is all.
	actions   []bool
	anyAction uint64
	// kinds must have a bit in common with the entry's; 0 is no condition.
	kinds uint64
	// none says that nothing can match.
	none bool
	// at are the only positions wanted, in order; nil is all.
	at []int64
}

// ask turns names into the trail's numbers.
func (t *trail) ask(q *ActivityQuery, r *Reader) wanted {
	w := wanted{to: t.n, actor: -1}
	if !q.From.IsZero() {
		w.from = t.before(q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		w.to = t.before(q.To.UnixMicro())
	}
	w.from = max(w.from, q.FromPos)
	if q.ToPos > 0 {
		w.to = min(w.to, q.ToPos)
	}
	if q.Actor != "" {
		i, ok := t.actors.number[q.Actor]
		w.actor, w.none = int64(i), w.none || !ok
	}
	if q.Action != "" {
		w.actions = make([]bool, len(t.actions.list)+1)
		for i, name := range t.actions.list {
			w.actions[i] = strings.HasPrefix(name, q.Action)
		}
		if len(t.actions.list) == maxAction {
			w.actions[maxAction] = true
		}
		for i, wanted := range w.actions {
			if wanted {
				w.anyAction |= 1 << (i % 64)
			}
		}
		w.none = w.none || w.anyAction == 0
	}
	bit := func(kind string) uint64 {
		if i, ok := t.kinds.number[kind]; ok {
			return 1 << i
		}
		if len(t.kinds.list) == rest {
			return 1 << rest
		}
		return 0
	}
	if !r.whole {
		for k := range r.kinds {
			w.kinds |= bit(k)
		}
		w.none = w.none || w.kinds == 0
	}
	if q.Kind != "" {
		k := bit(q.Kind)
		if k == 0 || !r.Kind(q.Kind) {
			w.none = true
		}
		w.kinds = k
	}
	return w
}

// occurs tells whether the block can hold anything wanted.
func (b *block) occurs(w *wanted) bool {
	return (w.kinds == 0 || b.anyKind&w.kinds != 0) &&
		(w.actor < 0 || b.anyActor&(1<<(w.actor%64)) != 0) &&
		(w.actions == nil || b.anyAction&w.anyAction != 0)
}

// matches tells whether the command that begins at a position is wanted.
func (b *block) matches(i int64, w *wanted) bool {
	return (w.kinds == 0 || b.kinds[i]&w.kinds != 0) &&
		(w.actor < 0 || b.actor[i] == uint32(w.actor)) &&
		(w.actions == nil || w.actions[b.action[i]]) &&
		b.changes[i]&part == 0
}

// count is how many commands from one place of the block to another are wanted.
// It is matches written out, because it looks at every entry of a ledger.
func (b *block) count(from, to int64, w *wanted) (n int64) {
	kinds, actor, actions := w.kinds, uint32(w.actor), w.actions
	anyKind, anyActor := kinds == 0, w.actor < 0
	for i := from; i < to && i < blockSize; i++ {
		if (anyKind || b.kinds[i]&kinds != 0) && (anyActor || b.actor[i] == actor) && b.changes[i]&part == 0 {
			if actions == nil || actions[b.action[i]] {
				n++
			}
		}
	}
	return n
}

// newest gives the last wanted position below the one given, or -1.
func (t *trail) newest(w *wanted, below int64) int64 {
	if w.none {
		return -1
	}
	below = min(below, w.to)
	if w.at != nil {
		i, _ := slices.BinarySearch(w.at, below)
		for i--; i >= 0 && w.at[i] >= w.from; i-- {
			if p := w.at[i]; t.blocks[p/blockSize].matches(p%blockSize, w) {
				return p
			}
		}
		return -1
	}
	for p := below - 1; p >= w.from; {
		b := t.blocks[p/blockSize]
		lowest := max(w.from, p-p%blockSize)
		if !b.occurs(w) {
			p = lowest - 1
			continue
		}
		for ; p >= lowest; p-- {
			if b.matches(p%blockSize, w) {
				return p
			}
		}
	}
	return -1
}

// count is how many commands are wanted.
func (t *trail) count(w *wanted) int64 {
	n := int64(0)
	if w.none {
		return 0
	}
	if w.at != nil {
		for _, p := range w.at {
			if p >= w.from && p < w.to && t.blocks[p/blockSize].matches(p%blockSize, w) {
				n++
			}
		}
		return n
	}
	for p := w.from; p < w.to; {
		b := t.blocks[p/blockSize]
		end := min(w.to, p-p%blockSize+blockSize)
		if b.occurs(w) {
			n += b.count(p%blockSize, p%blockSize+end-p, w)
		}
		p = end
	}
	return n
}
