package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/web/ui"
)

// Long work goes on while the page that asked for it says how far it is. It belongs to
// the person who began it, and is known in this process alone: what it records is in the
// ledger whether or not anybody still looks.

// work is something long that somebody began.
type work struct {
	token, actor, ledger string
	// What says in words what is done; Here is the page under which it stands.
	what, here string
	over       chan struct{}
	until      time.Time
	// typed is the form that began it, which is shown again where it failed.
	typed url.Values

	mu    sync.Mutex
	stage app.Progress
	// to is where its result is, back where one looks when it failed.
	to, back string
	err      error
}

// works are those known to the process.
type works struct {
	mu  sync.Mutex
	all map[string]*work
}

// Bounds of what is known, and how long an answer waits before it shows progress.
const (
	mostWorks    = 500
	workKnown    = time.Hour
	workPatience = 1500 * time.Millisecond
)

func (w *work) hear(p app.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stage = p
}

// work starts long work in the name of whoever asks.
func (r *request) work(what, here, back string, do func(context.Context) (to string, err error)) *work {
	w := &work{typed: r.PostForm, token: rand.Text(), actor: r.actor, ledger: r.ledger, what: what, here: here, over: make(chan struct{}), until: r.site.now().Add(workKnown)}
	all := &r.site.works
	all.mu.Lock()
	if all.all == nil {
		all.all = map[string]*work{}
	}
	for k, x := range all.all {
		select {
		case <-x.over:
			if len(all.all) >= mostWorks || r.site.now().After(x.until) {
				delete(all.all, k)
			}
		default:
		}
	}
	w.back = strings.ReplaceAll(back, "{work}", w.token)
	all.all[w.token] = w
	all.mu.Unlock()
	ctx := app.WithProgress(context.WithoutCancel(r.Context()), w.hear)
	go func() {
		defer close(w.over)
		to, err := safely(ctx, do)
		w.mu.Lock()
		w.to, w.err = to, err
		w.mu.Unlock()
		if err != nil {
			r.site.log.Warn("work ended with an error", "what", what, "error", err.Error())
		}
	}()
	return w
}

// safely makes an error of a panic: the work is in nobody's request.
func safely(ctx context.Context, do func(context.Context) (string, error)) (to string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return do(ctx)
}

// wait waits a little, and tells whether the work is over.
func (w *work) wait(ctx context.Context) bool {
	t := time.NewTimer(workPatience)
	defer t.Stop()
	select {
	case <-w.over:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// result is where the work led, once it is over.
func (w *work) result() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to, w.err
}

// workPage says how far work is.
type workPage struct {
	f     *ui.Frame
	What  string
	Stage string
	// Percent is below 0 where it is not known.
	Percent int64
	At      string
}

func (r *request) workURL(w *work) string {
	return r.url("%s/populations/under-way/%s", r.at(), w.token)
}

// followWork answers with what came of work, or with the page of its progress. Where it
// failed, again shows the form as it was typed.
func (r *request) followWork(w *work, again func(error) error) error {
	if !w.wait(r.Context()) {
		return r.redirect(r.workURL(w))
	}
	to, err := w.result()
	if err != nil {
		return again(err)
	}
	return r.redirect(to)
}

// percent is how far it is; below 0 where that is not known.
func (w *work) state() (stage string, percent int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stage, percent = "waiting for other work", -1
	if p := w.stage; p.Stage != "" {
		stage = p.Stage
		if p.Total > 0 {
			percent = 100 * p.Done / p.Total
		} else if p.Done > 0 {
			stage += ", " + count(int(p.Done), "row")
		}
	}
	return stage, percent
}

// worked is work that the person began in this ledger; nil where it is not known.
func (r *request) worked(token string) *work {
	all := &r.site.works
	all.mu.Lock()
	defer all.mu.Unlock()
	w := all.all[token]
	if w == nil || w.actor != r.actor || w.ledger != r.ledger {
		return nil
	}
	return w
}

// showWork shows how far work is, to whoever began it; for scripts in a few words.
func (r *request) showWork() error {
	w := r.worked(r.PathValue("token"))
	if w == nil {
		return errNowhere
	}
	over := false
	select {
	case <-w.over:
		over = true
	default:
	}
	stage, percent := w.state()
	to, err := w.result()
	if over && err != nil && w.back == "" {
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			return r.answer(http.StatusOK, map[string]any{"over": true, "to": r.workURL(w)})
		}
		return err
	}
	if over && err != nil {
		to = w.back
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return r.answer(http.StatusOK, map[string]any{"over": over, "to": r.local(to), "stage": stage, "percent": percent})
	}
	if over {
		return r.redirect(to)
	}
	p := &workPage{What: w.what, Stage: stage, Percent: percent, At: r.workURL(w)}
	if p.f, err = r.frame(w.what, []ui.Link{{Text: "Populations", Href: r.at() + "/populations"}}); err != nil {
		return err
	}
	p.f.Parts = populationParts
	p.f.Here = w.here
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), workBody(p)))
}
