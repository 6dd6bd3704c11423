package app

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
)

// principals remembers who an actor is with respect to a ledger for as long as
// no record of a person, of a deputy or of a custom role changes in any ledger.
type principals struct {
	mu    sync.RWMutex
	stamp string
	known map[[2]string]knownPrincipal
}

// knownPrincipal is a person with what they have as deputies, whenever.
type knownPrincipal struct {
	identity.Principal
	standIns []standIn
}

// stampOf names the state of all records of people, of deputies and of custom roles.
func (a *App) stampOf() string {
	var b []byte
	names := a.log.Ledgers()
	slices.Sort(names)
	for _, l := range names {
		snap, err := a.log.Snapshot(l)
		if err != nil {
			continue
		}
		b = append(b, l...)
		for _, kind := range []string{"person", "deputy", "role"} {
			v := snap.Version(kind, "")
			b = append(b, 0, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40))
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(snap.Redacted))
	}
	return string(b)
}

func (p *principals) get(stamp, actor, name string) (knownPrincipal, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.stamp != stamp {
		return knownPrincipal{}, false
	}
	x, ok := p.known[[2]string{actor, name}]
	return x, ok
}

func (p *principals) put(stamp, actor, name string, x knownPrincipal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stamp != stamp {
		p.stamp, p.known = stamp, map[[2]string]knownPrincipal{}
	}
	p.known[[2]string{actor, name}] = x
}

// heads remembers the latest documents that decisions read. A document at a
// position never changes, so an entry is never stale, until something of its
// ledger is redacted, by whatever process.
type heads struct {
	mu   sync.Mutex
	docs map[headKey]record.Record
}

type headKey struct {
	ledger   string
	redacted int64
	pos      int64
	slot     int
}

// maxHeads bounds the memory of the cache; beyond it, it starts anew.
const maxHeads = 20000

func (h *heads) get(k headKey) (record.Record, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.docs[k]
	return r, ok
}

func (h *heads) put(k headKey, r record.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.docs == nil || len(h.docs) >= maxHeads {
		h.docs = map[headKey]record.Record{}
	}
	h.docs[k] = r
}

func (h *heads) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.docs = nil
}

// head reads the latest recorded revision of a record as of a snapshot.
func (a *App) head(ctx context.Context, snap *ledger.Snapshot, view *record.View, kind, id string) (record.Record, bool, error) {
	at, ok := snap.Head(kind, id)
	if !ok {
		return record.Record{}, false, nil
	}
	k := headKey{snap.Ledger, snap.Redacted, at.Pos, at.Slot}
	if r, ok := a.heads.get(k); ok {
		return r, true, nil
	}
	r, err := view.Get(ctx, kind, id)
	if err != nil {
		return r, false, err
	}
	if !r.Redacted {
		a.heads.put(k, r)
	}
	return r, true, nil
}
