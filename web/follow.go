package web

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Follow works ahead of people until the context ends: as soon as a record
// changes, the matrices that were asked for lately are made anew, so that the
// next page finds them. What was kept of rows is dropped when something is
// redacted. Pages read the same without it, and are slower right after a change.
func (s *Site) Follow(ctx context.Context) {
	w := s.app.Watch(ctx, nil)
	happened := make(chan struct{}, 1)
	go func() {
		defer close(happened)
		for {
			h, err := w.Next()
			if err != nil {
				return
			}
			if h.Redacts {
				s.forget()
			}
			select {
			case happened <- struct{}{}:
			default: // what waits already covers it
			}
		}
	}()
	for range happened {
		begun := time.Now()
		s.renewMatrices(ctx)
		// Many changes in a row, as of an import, must not keep a core busy.
		select {
		case <-time.After(restFor * time.Since(begun)):
		case <-ctx.Done():
		}
	}
}

// restFor is how many times longer than it worked Follow rests.
const restFor = 9

// forget drops whatever may show what was redacted.
func (s *Site) forget() {
	s.shown.Clear()
	s.matrices.clear()
}

// lately is how long ago somebody must have asked for a matrix for it to be kept
// current.
const lately = 10 * time.Minute

// lookedAt is a matrix of the present, with who looked at it last and when.
type lookedAt struct {
	actor, ledger, engagement string
	at                        time.Time
}

// renewMatrices makes the matrices of the present anew that people look at, each
// as somebody who does, with what that person may read now.
func (s *Site) renewMatrices(ctx context.Context) {
	for _, a := range s.matrices.wanted(s.now().Add(-lately)) {
		// Who may not read it any more finds that out when asking; nobody waits
		// for this.
		_, _ = s.onBehalf(ctx, a).matrixOf(a.engagement)
	}
}

// onBehalf is a request that nobody sent.
func (s *Site) onBehalf(ctx context.Context, a lookedAt) *request {
	return &request{Request: (&http.Request{URL: &url.URL{}}).WithContext(ctx), site: s, actor: a.actor, ledger: a.ledger, ahead: true}
}
