package account

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// Limit is a bucket for one network address: Burst requests at once, and one
// more each Every.
type Limit struct {
	Burst int
	Every time.Duration
}

// Limits bound what one network address may ask for. An office behind one
// address shares them. Zero values take the defaults of DefaultLimits.
type Limits struct {
	// SignIn counts every attempt with a password, a code or a passkey.
	SignIn Limit
	// Token counts every use of a link.
	Token Limit
	// Recovery counts every request for a mail that lets somebody back in.
	Recovery Limit
}

// DefaultLimits let an office of some dozens sign in within a minute, and give
// somebody who guesses some thousand attempts an hour over all accounts, each of
// which locks long before.
var DefaultLimits = Limits{
	SignIn:   Limit{Burst: 40, Every: 3 * time.Second},
	Token:    Limit{Burst: 40, Every: 6 * time.Second},
	Recovery: Limit{Burst: 5, Every: time.Minute},
}

// limiter keeps a bucket for each address and use. It lives in memory: what a
// restart forgets, the locks of accounts remember.
type limiter struct {
	limits map[string]Limit

	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

type bucketKey struct {
	use  string
	from netip.Prefix
}

// bucket is full at the time full, and emptier the later that is.
type bucket struct{ full time.Time }

// maxBuckets bounds the memory that strangers can take. Beyond, new addresses
// share one bucket.
const maxBuckets = 1 << 16

const (
	useSignIn   = "sign_in"
	useToken    = "token"
	useRecovery = "recovery"
)

func newLimiter(l Limits) *limiter {
	for _, p := range []struct {
		l       *Limit
		instead Limit
	}{{&l.SignIn, DefaultLimits.SignIn}, {&l.Token, DefaultLimits.Token}, {&l.Recovery, DefaultLimits.Recovery}} {
		if p.l.Burst <= 0 || p.l.Every <= 0 {
			*p.l = p.instead
		}
	}
	return &limiter{
		limits:  map[string]Limit{useSignIn: l.SignIn, useToken: l.Token, useRecovery: l.Recovery},
		buckets: map[bucketKey]*bucket{},
	}
}

// network is what counts as one address: of IPv6 the /64 that one customer
// has. Requests whose address is not known share a bucket.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// take takes one from a bucket, or tells when there will be one.
func (l *limiter) take(use string, from netip.Addr, now time.Time) (until time.Time, ok bool) {
	limit := l.limits[use]
	l.mu.Lock()
	defer l.mu.Unlock()
	k := bucketKey{use, network(from)}
	b := l.buckets[k]
	if b == nil && len(l.buckets) >= maxBuckets {
		l.removeFull(now)
		if len(l.buckets) >= maxBuckets {
			k = bucketKey{use: use}
			b = l.buckets[k]
		}
	}
	if b == nil {
		b = &bucket{}
		l.buckets[k] = b
	}
	if b.full.Before(now) {
		b.full = now
	}
	next := b.full.Add(limit.Every)
	if room := now.Add(time.Duration(limit.Burst) * limit.Every); next.After(room) {
		return now.Add(next.Sub(room)), false
	}
	b.full = next
	return time.Time{}, true
}

// sweep forgets buckets that are full again.
func (l *limiter) sweep(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeFull(now)
}

func (l *limiter) removeFull(now time.Time) {
	for k, b := range l.buckets {
		if !b.full.After(now) {
			delete(l.buckets, k)
		}
	}
}

// limit answers ErrTooMany when an address has asked too often.
func (s *Service) limit(ctx context.Context, use string, c Client) error {
	until, ok := s.limits.take(use, c.IP, s.now())
	if ok {
		return nil
	}
	s.observe(ctx, Event{Kind: RateLimited, Detail: use}.of(c))
	return ErrTooMany.until(until)
}
