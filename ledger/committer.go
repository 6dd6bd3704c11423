package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode"
)

type request struct {
	p     *prepared
	reply chan result
}

type result struct {
	receipt Receipt
	err     error
}

// Commit records a command and returns when it is durable. It returns a
// *ConflictError when a record or set the command relied on has changed; the
// caller then reads again and decides again. A canceled context only stops
// the waiting: the command may still be recorded.
func (l *Log) Commit(ctx context.Context, c Command) (Receipt, error) {
	if _, err := l.state(c.Ledger); err != nil {
		return Receipt{}, err
	}
	p, err := l.prepare(c)
	if err == nil {
		err = p.encode()
	}
	if err != nil {
		return Receipt{}, err
	}
	return l.submit(ctx, p)
}

// Create makes a new ledger. Its first entry is the command given, which must
// not redact and carries the genesis.
func (l *Log) Create(ctx context.Context, c Command, origin, class string) (Receipt, error) {
	if !ValidName(c.Ledger) {
		return Receipt{}, fmt.Errorf("ledger name %q: use 1 to 100 lower-case letters, digits, dots, dashes and underscores", c.Ledger)
	}
	if _, err := l.state(c.Ledger); err == nil {
		return Receipt{}, fmt.Errorf("ledger %s exists already", c.Ledger)
	}
	if !validOrigin(origin) || class != "" && !validIdentifier(class) {
		return Receipt{}, fmt.Errorf("ledger %s: origin %q and class %q must be at most %d bytes without control characters, the origin not empty and without spaces and plus signs", c.Ledger, origin, class, maxIdentifier)
	}
	if len(c.Redacts) > 0 {
		return Receipt{}, fmt.Errorf("ledger %s is new and has nothing to redact", c.Ledger)
	}
	if l.opt.Keys == nil {
		return Receipt{}, fmt.Errorf("ledger %s: there is no key to sign its checkpoint", c.Ledger)
	}
	p, err := l.prepare(c)
	if err != nil {
		return Receipt{}, err
	}
	signer, key, err := l.opt.Keys.Create(c.Ledger, origin)
	if err != nil {
		return Receipt{}, err
	}
	p.signer = signer
	p.genesis = &Genesis{Origin: origin, Key: key, Class: class}
	if err := p.encode(); err != nil {
		return Receipt{}, err
	}
	return l.submit(ctx, p)
}

// validOrigin is what a signed note allows as the name of its signer.
func validOrigin(s string) bool {
	return validIdentifier(s) && !strings.ContainsFunc(s, unicode.IsSpace) && !strings.Contains(s, "+")
}

func (l *Log) submit(ctx context.Context, p *prepared) (Receipt, error) {
	r, err := l.ask(ctx, &request{p: p, reply: make(chan result, 1)})
	if err != nil {
		return Receipt{}, err
	}
	return r.receipt, r.err
}

// Refresh reads what other processes have appended. The committer does the
// same by itself whenever an append finds the store ahead.
func (l *Log) Refresh(ctx context.Context) error {
	// Usually there is nothing, and then nobody waits for an append that runs.
	if known, err := l.knowsAll(ctx); err == nil && known {
		return nil
	}
	r, err := l.ask(ctx, &request{reply: make(chan result, 1)})
	if err != nil {
		return err
	}
	return r.err
}

// knowsAll tells whether the snapshots hold all that the store has.
func (l *Log) knowsAll(ctx context.Context) (bool, error) {
	l.mu.RLock()
	closed := l.closed
	l.mu.RUnlock()
	if closed {
		return false, ErrClosed
	}
	heads, err := l.store.Heads(ctx)
	if err != nil {
		return false, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, h := range heads {
		st := l.ledgers[h.Ledger]
		if st == nil || st.snapshot.Load().Size != h.Size {
			return false, nil
		}
	}
	return true, nil
}

// ask puts a request to the committer and waits for its answer.
func (l *Log) ask(ctx context.Context, req *request) (result, error) {
	// A select takes any case that is ready; a caller who has given up must
	// not be recorded by chance.
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	select {
	case l.queue <- req:
	case <-l.done:
		return result{}, ErrClosed
	case <-ctx.Done():
		return result{}, ctx.Err()
	}
	select {
	case r := <-req.reply:
		return r, nil
	case <-ctx.Done():
		return result{}, ctx.Err()
	case <-l.done:
		// The committer empties the queue before it stops; what came later
		// was never looked at.
		l.wg.Wait()
		select {
		case r := <-req.reply:
			return r, nil
		default:
			return result{}, ErrClosed
		}
	}
}

func (l *Log) run() {
	defer l.wg.Done()
	for {
		select {
		case req := <-l.queue:
			l.commitBatch(l.gather(req))
		case <-l.done:
			for {
				select {
				case req := <-l.queue:
					l.commitBatch(l.gather(req))
				default:
					return
				}
			}
		}
	}
}

// gather takes what has queued up meanwhile. It lets the callers that were
// just answered run, as long as that brings more, because they are the ones
// who come back: larger batches mean fewer syncs.
func (l *Log) gather(first *request) []*request {
	batch := append(make([]*request, 0, 64), first)
	for yielded := false; ; yielded = true {
		before := len(batch)
		batch = l.drain(batch)
		if len(batch) == l.opt.MaxBatch || yielded && len(batch) == before {
			return batch
		}
		runtime.Gosched()
	}
}

// drain takes what stands in the queue, up to the bound of a batch.
func (l *Log) drain(batch []*request) []*request {
	for len(batch) < l.opt.MaxBatch {
		select {
		case req := <-l.queue:
			batch = append(batch, req)
		default:
			return batch
		}
	}
	return batch
}

// commitBatch appends what can be appended. When the store is ahead it reads
// on and tries again: the guards then decide which commands still hold.
func (l *Log) commitBatch(reqs []*request) {
	ctx := context.Background()
	var commands []*request
	for _, r := range reqs {
		if r.p != nil {
			commands = append(commands, r)
			continue
		}
		r.reply <- result{err: l.load(ctx)}
	}
	refreshed := false
	for attempt := 0; len(commands) > 0; attempt++ {
		a := l.assemble(commands)
		if len(a.refused) > 0 && !refreshed {
			// Another process may have recorded what these commands rely on.
			refreshed = true
			if err := l.load(ctx); err != nil {
				a.fail(err)
				return
			}
			continue
		}
		for _, r := range a.refused {
			r.req.reply <- result{err: r.err}
		}
		a.refused = nil
		if len(a.batches) == 0 {
			return
		}
		err := l.store.Append(ctx, a.batches)
		switch {
		case err == nil:
			a.publish(l)
			return
		case errors.Is(err, ErrStale) && attempt < 100:
			if lerr := l.load(ctx); lerr != nil {
				a.fail(lerr)
				return
			}
			commands = a.accepted()
		default:
			a.fail(fmt.Errorf("recording the command: %w", err))
			return
		}
	}
}
