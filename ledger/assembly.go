package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"
)

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
	// keys are those of the batch's revisions; records and sets are the
	// versions, by key and by kind, that the batch has made so far.
	keys     []string
	records  map[string]int64
	sets     map[string]int64
	redacted map[DocumentRef]bool
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
		if err := pt.accept(l.store, req, l.opt.Now()); err != nil {
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
	return &part{st: st, created: created, edge: st.edge.clone(), lastTime: st.lastTime, records: map[string]int64{}, sets: map[string]int64{}, redacted: map[DocumentRef]bool{},
		batch: Batch{Ledger: name, From: st.edge.size}}, nil
}

// record is the revision that a record has, given its key.
func (pt *part) record(key string) int64 {
	if v, ok := pt.records[key]; ok {
		return v
	}
	if h, ok := pt.st.index.heads.Get(key); ok {
		return h.Rev
	}
	return 0
}

// version is what a guard compares; see Snapshot.Version.
func (pt *part) version(g *Guard, key string) int64 {
	if g.ID != "" {
		return pt.record(key)
	}
	if v, ok := pt.sets[g.Kind]; ok {
		return v
	}
	return pt.st.index.sets[g.Kind]
}

// current checks that each change follows the revision that its record has,
// or that the same command gave it before.
func (pt *part) current(p *prepared) error {
	var seen map[string]int64
	if len(p.changes) > 1 {
		seen = make(map[string]int64, len(p.changes))
	}
	for i := range p.changes {
		c, k := &p.changes[i], p.changeKeys[i]
		have, ok := seen[k]
		if !ok {
			have = pt.record(k)
		}
		if have != c.Revision-1 {
			return &ConflictError{Ledger: pt.st.name, Kind: c.Kind, ID: c.ID, Want: c.Revision - 1, Have: have}
		}
		if seen != nil {
			seen[k] = c.Revision
		}
	}
	return nil
}

// accept checks one command against the state so far and adds its rows.
func (pt *part) accept(s Store, req *request, now time.Time) error {
	p := req.p
	// Two creations of one ledger may stand in the same batch.
	if p.genesis != nil && pt.edge.size > 0 {
		return fmt.Errorf("ledger %s exists already", pt.st.name)
	}
	if pt.edge.size == 0 {
		if p.genesis == nil {
			return fmt.Errorf("ledger %q: %w", pt.st.name, ErrNoLedger)
		}
		pt.st.genesis, pt.st.signer = *p.genesis, p.signer
	}
	for i := range p.cmd.Guards {
		g := &p.cmd.Guards[i]
		if v := pt.version(g, p.guardKeys[i]); v != g.Version {
			return &ConflictError{Ledger: pt.st.name, Kind: g.Kind, ID: g.ID, Want: g.Version, Have: v}
		}
	}
	if err := pt.current(p); err != nil {
		return err
	}
	if err := pt.redactable(s, p.cmd.Redacts); err != nil {
		return err
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
			c, k := &p.changes[change], p.changeKeys[change]
			change++
			pt.batch.Revisions = append(pt.batch.Revisions, Revision{Kind: c.Kind, ID: c.ID, Rev: c.Revision, Pos: r.Pos, Slot: d.Slot, NextPos: -1, Effective: c.Effective})
			pt.keys = append(pt.keys, k)
			pt.records[k], pt.sets[c.Kind] = c.Revision, r.Pos+1
		}
	}
	for _, r := range p.cmd.Redacts {
		pt.redacted[r] = true
	}
	pt.batch.Redacts = append(pt.batch.Redacts, p.cmd.Redacts...)
	pt.lastTime = at
	pt.waiting = append(pt.waiting, req)
	pt.receipts = append(pt.receipts, Receipt{Ledger: pt.st.name, Command: p.id, Time: at, First: first, Last: pt.edge.size - 1})
	return nil
}

// redactable checks that each document is there, once: otherwise the store
// would refuse the whole batch for the sake of one command.
func (pt *part) redactable(s Store, refs []DocumentRef) error {
	seen := make(map[DocumentRef]bool, len(refs))
	for _, ref := range refs {
		there := false
		look := func(r Row) error {
			there = slices.ContainsFunc(r.Documents, func(d Document) bool { return d.Slot == ref.Slot })
			return nil
		}
		switch from := pt.batch.From; {
		case seen[ref] || pt.redacted[ref] || ref.Pos < 0 || ref.Pos >= pt.edge.size:
		case ref.Pos >= from:
			look(pt.batch.Rows[ref.Pos-from])
		default:
			if err := s.Entries(context.Background(), pt.st.name, ref.Pos, ref.Pos+1, look); err != nil {
				return err
			}
		}
		if !there {
			return fmt.Errorf("ledger %s, entry %d, slot %d: %w", pt.st.name, ref.Pos, ref.Slot, ErrNoDocument)
		}
		seen[ref] = true
	}
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
		for i := range pt.batch.Revisions {
			st.index.apply(pt.keys[i], &pt.batch.Revisions[i])
		}
		st.index.redacted += int64(len(pt.batch.Redacts))
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
	l.announce()
}
