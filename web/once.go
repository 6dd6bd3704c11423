package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sync"
	"time"

	"reperform/soc1"
	"reperform/web/ui"
)

// A form that records something carries a mark of its own, ui.Once, which is another one
// each time that the form is shown. What is sent under a mark is done once: whoever
// clicks twice, or lets the browser send a form again, is led to what the first made.
// Something else sent under the same mark is something else and is done. What was done
// is kept in memory, for an hour; what a record says never depends on it.

// Bounds of what is kept.
const (
	onceFor  = time.Hour
	mostOnce = 20_000
	// mostOnceBody bounds a page that is kept, such as what came of a quiz.
	mostOnceBody = 256 << 10
)

// doing is a form that somebody sent.
type doing struct {
	key   string
	began time.Time
	// over is closed when the first is answered.
	over chan struct{}
	// to is where it led, page what it showed where it led nowhere. Both are empty
	// where it was refused: then it may be sent again.
	to   string
	page []byte
}

// doneOnce are the forms that were sent.
type doneOnce struct {
	mu   sync.Mutex
	all  map[string]*doing
	line []*doing
}

// begin gives what was sent before, or begins something. Whoever asks while the first
// is not answered yet waits for it.
func (o *doneOnce) begin(ctx context.Context, key string, now time.Time) (mine, before *doing, err error) {
	for {
		o.mu.Lock()
		o.sweep(now)
		d := o.all[key]
		if d == nil {
			if o.all == nil {
				o.all = map[string]*doing{}
			}
			d = &doing{key: key, began: now, over: make(chan struct{})}
			o.all[key] = d
			o.line = append(o.line, d)
			o.mu.Unlock()
			return d, nil, nil
		}
		o.mu.Unlock()
		select {
		case <-d.over:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		if d.to != "" || d.page != nil {
			return nil, d, nil
		}
		// It was refused, and is out of the way.
	}
}

// end says that the first is answered.
func (o *doneOnce) end(d *doing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.to == "" && d.page == nil && o.all[d.key] == d {
		delete(o.all, d.key)
	}
	close(d.over)
}

// sweep forgets what is old, and the oldest where there is too much.
func (o *doneOnce) sweep(now time.Time) {
	for len(o.line) > 0 && (len(o.line) > mostOnce || o.line[0].began.Before(now.Add(-onceFor))) {
		if d := o.line[0]; o.all[d.key] == d {
			delete(o.all, d.key)
		}
		o.line[0] = nil
		o.line = o.line[1:]
	}
}

// sentBeforeError says that a form was sent before, and what came of it.
type sentBeforeError struct{ *doing }

func (e *sentBeforeError) Error() string { return "the form was sent before" }

// once takes the mark out of what a form says and begins what it asks for. What was
// sent before is a sentBeforeError, which answers itself.
func (r *request) once(v url.Values, files []soc1.File) error {
	mark := v.Get(ui.OnceField)
	v.Del(ui.OnceField)
	if mark == "" || r.actor == "" || r.Method != http.MethodPost || r.doing != nil {
		return nil
	}
	h := sha256.New()
	for _, s := range []string{r.actor, r.URL.Path, mark, v.Encode()} {
		sum := sha256.Sum256([]byte(s))
		h.Write(sum[:])
	}
	for _, f := range files {
		sum := sha256.Sum256([]byte(f.SHA256 + " " + f.Name))
		h.Write(sum[:])
	}
	mine, before, err := r.site.done.begin(r.Context(), hex.EncodeToString(h.Sum(nil)), r.site.now())
	if err != nil {
		return err
	}
	if before != nil {
		return &sentBeforeError{before}
	}
	r.doing = mine
	return nil
}

// repeated answers a form that was sent before as it was answered then.
func (r *request) repeated(d *doing) error {
	if d.to != "" {
		return r.redirect(d.to)
	}
	r.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = r.w.Write(d.page)
	return nil
}

// did notes what came of a form, for whoever sends it again.
func (r *request) did(to string, page *bytes.Buffer) {
	switch {
	case r.doing == nil:
	case page == nil:
		r.doing.to = to
	case page.Len() <= mostOnceBody:
		r.doing.page = bytes.Clone(page.Bytes())
	}
}
