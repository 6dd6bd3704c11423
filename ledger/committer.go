package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

func leafHash(b []byte) tlog.Hash { return tlog.RecordHash(b) }

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
	return l.submit(ctx, p)
}

func (l *Log) submit(ctx context.Context, p *prepared) (Receipt, error) {
	req := &request{p: p, reply: make(chan result, 1)}
	select {
	case l.queue <- req:
	case <-l.done:
		return Receipt{}, ErrClosed
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	}
	select {
	case r := <-req.reply:
		return r.receipt, r.err
	case <-ctx.Done():
		return Receipt{}, ctx.Err()
	case <-l.done:
		// The committer empties the queue before it stops.
		l.wg.Wait()
		select {
		case r := <-req.reply:
			return r.receipt, r.err
		default:
			return Receipt{}, ErrClosed
		}
	}
}

// Refresh reads what other processes have appended. The committer does the
// same by itself whenever an append finds the store ahead.
func (l *Log) Refresh(ctx context.Context) error {
	req := &request{reply: make(chan result, 1)}
	select {
	case l.queue <- req:
	case <-l.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case r := <-req.reply:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
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

// gather takes what has queued up meanwhile, without waiting for more.
func (l *Log) gather(first *request) []*request {
	batch := []*request{first}
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

// assembly is a batch in the making: for each ledger it touches, the next
// state beside the present one.
type assembly struct {
	batches []Batch
	parts   []*part
	refused []refusal
}

type refusal struct {
	req *request
	err error
}

type part struct {
	st       *ledgerState
	created  bool
	edge     *edge
	batch    Batch
	signed   []byte
	lastTime time.Time
	overlay  map[string]int64
	waiting  []*request
	receipts []Receipt
}

func (l *Log) assemble(reqs []*request) *assembly {
	a := &assembly{}
	byLedger := map[string]*part{}
	for _, req := range reqs {
		pt, ok := byLedger[req.p.cmd.Ledger]
		if !ok {
			var err error
			if pt, err = l.open(req.p); err != nil {
				a.refused = append(a.refused, refusal{req, err})
				continue
			}
			byLedger[req.p.cmd.Ledger] = pt
			a.parts = append(a.parts, pt)
		}
		if err := pt.accept(req, l.opt.Now()); err != nil {
			a.refused = append(a.refused, refusal{req, err})
		}
	}
	kept := a.parts[:0]
	for _, pt := range a.parts {
		if len(pt.waiting) == 0 {
			continue
		}
		cp := Checkpoint{Origin: pt.st.genesis.Origin, Size: pt.edge.size, Root: pt.edge.root()}
		if pt.st.signer == nil {
			a.refuse(pt, fmt.Errorf("ledger %s: there is no key to sign its checkpoint", pt.st.name))
			continue
		}
		signed, err := SignCheckpoint(cp, pt.st.signer)
		if err != nil {
			a.refuse(pt, err)
			continue
		}
		pt.signed = signed
		pt.batch.Rows[len(pt.batch.Rows)-1].Checkpoint = signed
		a.batches = append(a.batches, pt.batch)
		kept = append(kept, pt)
	}
	a.parts = kept
	return a
}

func (l *Log) open(p *prepared) (*part, error) {
	name := p.cmd.Ledger
	st, err := l.state(name)
	created := false
	switch {
	case err == nil && p.genesis != nil:
		return nil, fmt.Errorf("ledger %s exists already", name)
	case err == nil:
	case p.genesis == nil:
		return nil, err
	default:
		created = true
		st = &ledgerState{name: name, genesis: *p.genesis, signer: p.signer, edge: &edge{}, index: newIndex()}
	}
	return &part{st: st, created: created, edge: st.edge.clone(), lastTime: st.lastTime, overlay: map[string]int64{},
		batch: Batch{Ledger: name, From: st.edge.size}}, nil
}

func (pt *part) version(kind, id string) int64 {
	if v, ok := pt.overlay[headKey(kind, id)]; ok {
		return v
	}
	if id == "" {
		return pt.st.index.sets[kind]
	}
	h, _ := pt.st.index.heads.Get(headKey(kind, id))
	return h.Rev
}

// accept checks one command against the state so far and adds its rows.
func (pt *part) accept(req *request, now time.Time) error {
	p := req.p
	for _, g := range p.cmd.Guards {
		if v := pt.version(g.Kind, g.ID); v != g.Version {
			return &ConflictError{Ledger: pt.st.name, Kind: g.Kind, ID: g.ID, Want: g.Version, Have: v}
		}
	}
	seen := map[string]int64{}
	for _, c := range p.changes {
		k := headKey(c.Kind, c.ID)
		have, ok := seen[k]
		if !ok {
			have = pt.version(c.Kind, c.ID)
		}
		if have != c.Revision-1 {
			return &ConflictError{Ledger: pt.st.name, Kind: c.Kind, ID: c.ID, Want: c.Revision - 1, Have: have}
		}
		seen[k] = c.Revision
	}
	for _, r := range p.cmd.Redacts {
		if r.Pos <= 0 || r.Pos >= pt.edge.size || r.Slot < 0 {
			return fmt.Errorf("ledger %s: there is no document at entry %d, slot %d, that may be redacted", pt.st.name, r.Pos, r.Slot)
		}
	}
	// Time never decreases within a ledger, even when the clock does.
	at := now.UTC().Truncate(time.Microsecond)
	if at.Before(pt.lastTime) {
		at = pt.lastTime
	}
	first := pt.edge.size
	rows, err := p.rows(at, first)
	if err != nil {
		return err
	}
	change := 0
	for _, r := range rows {
		pt.edge.add(r.Leaf, func(t Tile) { pt.batch.Tiles = append(pt.batch.Tiles, t) })
		pt.batch.Rows = append(pt.batch.Rows, r)
		for _, d := range r.Documents {
			if d.Slot == 0 {
				continue
			}
			c := p.changes[change]
			change++
			pt.batch.Revisions = append(pt.batch.Revisions, Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: r.Pos, Slot: d.Slot, NextPos: -1, Effective: c.Effective})
			pt.overlay[headKey(c.Kind, c.ID)] = c.Revision
			pt.overlay[headKey(c.Kind, "")] = r.Pos + 1
		}
	}
	pt.batch.Redacts = append(pt.batch.Redacts, p.cmd.Redacts...)
	pt.lastTime = at
	pt.waiting = append(pt.waiting, req)
	pt.receipts = append(pt.receipts, Receipt{Ledger: pt.st.name, Command: p.id, Time: at, First: first, Last: pt.edge.size - 1})
	return nil
}

// refuse turns away all commands of one ledger.
func (a *assembly) refuse(pt *part, err error) {
	for _, r := range pt.waiting {
		a.refused = append(a.refused, refusal{r, err})
	}
}

func (pt *part) fail(err error) {
	for _, r := range pt.waiting {
		r.reply <- result{err: err}
	}
}

func (a *assembly) fail(err error) {
	for _, r := range a.refused {
		r.req.reply <- result{err: err}
	}
	for _, pt := range a.parts {
		pt.fail(err)
	}
}

func (a *assembly) accepted() []*request {
	var out []*request
	for _, pt := range a.parts {
		out = append(out, pt.waiting...)
	}
	return out
}

// publish makes the appended state the present one, then answers.
func (a *assembly) publish(l *Log) {
	for _, pt := range a.parts {
		st := pt.st
		for _, r := range pt.batch.Revisions {
			st.index.apply(r)
		}
		st.edge, st.lastTime, st.index.size = pt.edge, pt.lastTime, pt.edge.size
		l.publish(st, pt.signed)
		if pt.created {
			l.mu.Lock()
			l.ledgers[st.name] = st
			l.mu.Unlock()
		}
		for i, r := range pt.waiting {
			pt.receipts[i].Size = pt.edge.size
			r.reply <- result{receipt: pt.receipts[i]}
		}
	}
}
