package web

import (
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// waitingTables holds what somebody has uploaded or chosen until they confirm
// it: in this process's memory, for that person alone, for an hour at most. It
// is no record, so it is in no ledger and on no disk, and a restart forgets it.
type waitingTables struct {
	mu   sync.Mutex
	all  map[string]*waitingTable
	size int
}

// waitingTable is one of them.
type waitingTable struct {
	token, actor, ledger, kind string
	until                      time.Time
	size                       int

	// mu is held while a request works on it: two tabs take turns.
	mu sync.Mutex
	// upload is set for an import, bulk for a change of chosen records.
	upload *upload
	bulk   *bulkEdit
	// framework is set for a register or a catalogue of another framework.
	framework *frameworkUpload
}

// Bounds of what waits: for how long, how many of one person, and how much in
// all.
const (
	waitsFor     = time.Hour
	mostWaiting  = 5
	mostWaitSize = 256 << 20
)

var errWaitsTooMuch = errors.New("too many uploads wait to be confirmed at the moment; try again in a few minutes")

// errGone says that what was to be confirmed does not wait any more.
var errGone = errors.New("what you uploaded or chose is no longer here: it waits for an hour, and until the program restarts. Nothing was recorded; begin again")

// put keeps something and gives the name under which the person finds it.
func (w *waitingTables) put(t *waitingTable, now time.Time) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep(now)
	// Of one person, the one that has waited longest makes room.
	for {
		var oldest *waitingTable
		n := 0
		for _, x := range w.all {
			if x.actor == t.actor {
				if n++; oldest == nil || x.until.Before(oldest.until) {
					oldest = x
				}
			}
		}
		if n < mostWaiting {
			break
		}
		w.drop(oldest)
	}
	if w.size+t.size > mostWaitSize {
		return "", errWaitsTooMuch
	}
	if w.all == nil {
		w.all = map[string]*waitingTable{}
	}
	t.token, t.until = rand.Text(), now.Add(waitsFor)
	w.all[t.token] = t
	w.size += t.size
	return t.token, nil
}

// get finds what a person has put; somebody else's is not there.
func (w *waitingTables) get(token, actor, ledger, kind string, now time.Time) (*waitingTable, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep(now)
	t := w.all[token]
	if t == nil || t.actor != actor || t.ledger != ledger || t.kind != kind {
		return nil, errGone
	}
	return t, nil
}

// done forgets it.
func (w *waitingTables) done(t *waitingTable) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all[t.token] == t {
		w.drop(t)
	}
}

func (w *waitingTables) drop(t *waitingTable) {
	delete(w.all, t.token)
	w.size -= t.size
}

func (w *waitingTables) sweep(now time.Time) {
	for _, t := range w.all {
		if now.After(t.until) {
			w.drop(t)
		}
	}
}
