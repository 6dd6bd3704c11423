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

// stamped remembers answers that rest on the records of people, deputies and roles,
// for as long as none of them changes in any ledger: see stampOf.
type stamped[K comparable, V any] struct {
	mu    sync.RWMutex
	stamp string
	known map[K]V
}

func (c *stamped[K, V]) get(stamp string, key K) (v V, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.stamp != stamp {
		return v, false
	}
	v, ok = c.known[key]
	return v, ok
}

func (c *stamped[K, V]) put(stamp string, key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stamp != stamp {
		c.stamp, c.known = stamp, map[K]V{}
	}
	c.known[key] = v
}

// actorIn is an actor with respect to a ledger.
type actorIn struct{ actor, ledger string }

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
