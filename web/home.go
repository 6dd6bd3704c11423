package web

import (
	"net/http"
	"net/url"
	"time"
)

// Cookies that keep how a person likes to look at pages. They say nothing about
// who that is.
const (
	themeCookie   = "reperform_theme"
	densityCookie = "reperform_density"
)

// prefer keeps colours and density.
func (r *request) prefer() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	for name, cookie := range map[string]string{"theme": themeCookie, "density": densityCookie} {
		if !v.Has(name) {
			continue
		}
		http.SetCookie(r.w, &http.Cookie{Name: cookie, Value: url.QueryEscape(v.Get(name)), Path: r.site.base + "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	return r.redirect(r.local(v.Get("to")))
}

// travel shows a page as of another point in time.
func (r *request) travel() error {
	q := r.URL.Query()
	to, err := url.Parse(r.local(q.Get("to")))
	if err != nil {
		return badRequest("to", err)
	}
	at := to.Query()
	for _, name := range []string{"asof", "known"} {
		at.Del(name)
		if s := q.Get(name); s != "" {
			at.Set(name, s)
		}
	}
	to.RawQuery = at.Encode()
	return r.redirect(to.String())
}
