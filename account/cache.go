package account

import (
	"sync"
	"time"
)

// sessionCache holds sessions by the hash of their token, so that a request
// costs neither a read nor a write. What is ended is forgotten before the
// operation that ended it answers; the epoch keeps a reader that was on its way
// meanwhile from putting it back.
type sessionCache struct {
	mu      sync.Mutex
	epoch   uint64
	entries map[string]*cached
}

type cached struct {
	session Session
	account Account
	// loaded is when it was read, written the time of last use that the
	// database knows.
	loaded, written time.Time
}

// maxCached bounds the cache; beyond, entries with nothing to write give way.
const maxCached = 20_000

func newSessionCache() *sessionCache { return &sessionCache{entries: map[string]*cached{}} }

// get finds an entry that was read less than seenEvery ago and is alive, and
// notes that it is in use.
func (c *sessionCache) get(hash []byte, now time.Time, alive func(Session, Account, time.Time) bool) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[string(hash)]
	if e == nil || !now.Before(e.loaded.Add(seenEvery)) || now.Before(e.loaded) || !alive(e.session, e.account, now) {
		return cached{}, false
	}
	if now.After(e.session.SeenAt) {
		e.session.SeenAt = now
	}
	return *e, true
}

// seen tells when an entry was last used, as far as it is known here.
func (c *sessionCache) seen(hash []byte) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[string(hash)]; e != nil {
		return e.session.SeenAt, true
	}
	return time.Time{}, false
}

// now gives the epoch, which is taken before reading what will be put.
func (c *sessionCache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// put keeps an entry unless something was forgotten since the epoch.
func (c *sessionCache) put(hash []byte, e cached, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if len(c.entries) >= maxCached {
		for h, old := range c.entries {
			if !old.session.SeenAt.After(old.written) || e.loaded.Sub(old.loaded) > seenEvery {
				delete(c.entries, h)
			}
		}
		if len(c.entries) >= maxCached {
			return
		}
	}
	c.entries[string(hash)] = &e
}

// forget forgets all sessions of an account.
func (c *sessionCache) forget(account int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for h, e := range c.entries {
		if e.account.ID == account {
			delete(c.entries, h)
		}
	}
}

func (c *sessionCache) forgetHash(hash []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	delete(c.entries, string(hash))
}

// dirty gives the times of last use that the database does not know.
func (c *sessionCache) dirty() map[string]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]time.Time{}
	for h, e := range c.entries {
		if e.session.SeenAt.After(e.written) {
			out[h] = e.session.SeenAt
		}
	}
	return out
}

func (c *sessionCache) flushed(seen map[string]time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for h, t := range seen {
		if e := c.entries[h]; e != nil && t.After(e.written) {
			e.written = t
		}
	}
}
