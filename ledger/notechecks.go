package ledger

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// noteChecks verifies signatures on all processors: one takes as long as all
// else about several entries, and a ledger that grew entry by entry has one
// for each.
type noteChecks struct {
	jobs chan noteCheck
	wg   sync.WaitGroup
	mu   sync.Mutex
	bad  []noteCheck
}

type noteCheck struct {
	pos    int64
	signed []byte
	key    string
	err    error
}

func (n *noteChecks) check(pos int64, signed []byte, key string) {
	if n.jobs == nil {
		n.jobs = make(chan noteCheck, 64)
		for range runtime.GOMAXPROCS(0) {
			n.wg.Go(n.work)
		}
	}
	n.jobs <- noteCheck{pos: pos, signed: signed, key: key}
}

func (n *noteChecks) work() {
	for j := range n.jobs {
		if _, j.err = parseStoredCheckpoint(j.signed, j.key); j.err != nil {
			n.mu.Lock()
			n.bad = append(n.bad, j)
			n.mu.Unlock()
		}
	}
}

// wait ends the work and returns what failed, by position. It may be called again.
func (n *noteChecks) wait() []noteCheck {
	if n.jobs != nil {
		close(n.jobs)
		n.wg.Wait()
		n.jobs = nil
	}
	slices.SortFunc(n.bad, func(a, b noteCheck) int { return cmp.Compare(a.pos, b.pos) })
	return n.bad
}
