package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// request is one request of a person, with what every page needs.
type request struct {
	*http.Request
	w    http.ResponseWriter
	site *Site
	// actor is the person's id; empty on public pages.
	actor string
	// ledger is the one that the address names.
	ledger string
	asOf   record.AsOf
	past   ui.Past
	// heard are the positions of the ledgers when the request came.
	heard map[string]int64
	// ahead says that nobody asked yet, see Follow.
	ahead bool
	// next is the session's token where the request gave it a new one.
	next string
	// doing is what the form that was sent asks for, where it carries a mark; see once.
	doing *doing

	view  *record.View
	names *names
	// latests are the views that latest gave.
	latests map[string]*record.View
}

// handle makes a handler of a route: it finds out who asks and as of when, and
// turns errors into pages.
func (s *Site) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		hr = hr.WithContext(context.WithValue(hr.Context(), referenceKey, newReference()))
		r := &request{Request: hr, w: w, site: s, ledger: app.OrganizationLedger}
		defer func() {
			if r.doing != nil {
				r.site.done.end(r.doing)
			}
		}()
		err := r.serve(rt)
		var before *sentBeforeError
		if errors.As(err, &before) {
			err = r.repeated(before.doing)
		}
		if err != nil {
			r.fail(err)
		}
	})
}

func (r *request) serve(rt route) error {
	r.w.Header().Set("Cache-Control", "no-store")
	if l := r.PathValue("ledger"); l != "" {
		r.ledger = l
	}
	if rt.public {
		return rt.serve(r)
	}
	actor, err := r.site.opt.Who(r.Request)
	if err != nil {
		return err
	}
	r.actor = actor
	// Before anything is read, so that a stream from there misses nothing.
	r.heard = r.site.present(r.Context())
	if err := r.readPast(); err != nil {
		return err
	}
	return rt.serve(r)
}

// readPast reads the point on the two clocks from the address.
func (r *request) readPast() error {
	q := r.URL.Query()
	effective, known := strings.TrimSpace(q.Get("asof")), strings.TrimSpace(q.Get("known"))
	if effective == "" && known == "" {
		return nil
	}
	var words []string
	if effective != "" {
		d, err := soc1.ParseDate(effective)
		if err != nil {
			return &pastError{err}
		}
		r.asOf.Effective = d
		words = append(words, "What was in force on "+dateText(string(d))+".")
	}
	if known != "" {
		n, err := r.site.app.KnownAt(r.Context(), r.actor, r.ledger, known)
		if err != nil {
			return &pastError{err}
		}
		r.asOf.Known = n
		words = append(words, fmt.Sprintf("What had been recorded by %s (entry %d).", knownText(known), n))
	}
	r.past = ui.Past{Effective: effective, Known: known, Text: strings.Join(words, " "), Leave: r.presentURL()}
	return nil
}

// presentURL is the address without the point in time.
func (r *request) presentURL() string {
	u, q := *r.URL, r.URL.Query()
	q.Del("asof")
	q.Del("known")
	u.RawQuery = q.Encode()
	return r.site.base + u.String()
}

// pastError refuses a point in time: the page itself is there.
type pastError struct{ err error }

func (e *pastError) Error() string { return e.err.Error() }
func (e *pastError) Unwrap() error { return e.err }

func knownText(s string) string {
	if _, err := soc1.ParseDate(s); err == nil {
		return "the end of " + dateText(s)
	}
	return "entry " + s
}

// records is the view of the ledger that the address names, as of the point
// that it names.
func (r *request) records() (*record.View, error) {
	if r.view != nil {
		return r.view, nil
	}
	v, err := r.site.app.View(r.Context(), r.actor, r.ledger, r.asOf)
	if err != nil {
		return nil, err
	}
	r.view = v
	return v, nil
}

// url is the address of a page of the site, which keeps the point in time.
func (r *request) url(format string, args ...any) string {
	path := fmt.Sprintf(format, args...)
	q := url.Values{}
	if r.past.Effective != "" {
		q.Set("asof", r.past.Effective)
	}
	if r.past.Known != "" {
		q.Set("known", r.past.Known)
	}
	if len(q) == 0 {
		return r.site.base + path
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return r.site.base + path + sep + q.Encode()
}

// at is the beginning of addresses in the ledger of the request.
func (r *request) at() string {
	if r.ledger == app.OrganizationLedger {
		return ""
	}
	return "/x/" + url.PathEscape(r.ledger)
}

func (r *request) recordURL(kind, id string) string {
	return r.url("%s/r/%s/%s", r.at(), url.PathEscape(kind), url.PathEscape(id))
}

// write answers with a page. It is rendered before anything is sent, so that a
// template that fails becomes an error page and not half a page.
func (r *request) write(status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return fmt.Errorf("rendering the page: %w", err)
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if status == http.StatusOK {
		r.did("", &b)
	}
	r.w.WriteHeader(status)
	_, _ = r.w.Write(b.Bytes())
	return nil
}

// partial tells whether only a part of the page is wanted.
func (r *request) partial() bool { return r.Header.Get("HX-Request") == "true" }

func (r *request) redirect(to string) error {
	r.did(to, nil)
	if r.partial() {
		r.w.Header().Set("HX-Redirect", to)
		r.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(r.w, r.Request, to, http.StatusSeeOther)
	return nil
}

// local keeps a redirect inside the site: an address given by a form must be
// one of ours.
func (r *request) local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
		return r.site.base + "/"
	}
	if !strings.HasPrefix(u.Path, r.site.base+"/") {
		return r.site.base + "/"
	}
	return u.String()
}

// inputError is a request that asks for something that cannot be.
type inputError struct {
	field string
	err   error
}

func (e *inputError) Error() string { return fmt.Sprintf("%s: %v", e.field, e.err) }
func (e *inputError) Unwrap() error { return e.err }

func badRequest(field string, err error) error { return &inputError{field, err} }

// errNowhere says that there is no page of the address.
var errNowhere = errors.New("there is no such page")

func (r *request) nowhere() error { return errNowhere }

// latest is a ledger as it is now. While a page is read it stays the same view, so
// that who names many records is asked only once whether they may; after a command
// of the request itself it would be old.
func (r *request) latest(ledger string) (*record.View, error) {
	if v := r.latests[ledger]; v != nil {
		return v, nil
	}
	v, err := r.site.app.View(r.Context(), r.actor, ledger, record.AsOf{})
	if err == nil && r.Method == http.MethodGet {
		if r.latests == nil {
			r.latests = map[string]*record.View{}
		}
		r.latests[ledger] = v
	}
	return v, err
}
