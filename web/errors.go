package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"reperform/account"
	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/web/ui"
)

// newReference is a number by which a person and the log speak of one request.
func newReference() string {
	var b [5]byte
	// Without randomness the number is 0, which still names the request's time.
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// said is a refusal in a sentence for the person who reads it.
type said string

func (s said) Error() string { return string(s) }

// errForeign says that a form came from a page of somebody else's.
var errForeign = errors.New("the form was sent from another site")

// problem is what a person reads when something did not work.
type problem struct {
	Status    int
	Title     string
	Text      string
	Reference string
	// Back leads to the page that was meant; without it there is the home page.
	Back string
}

// explain maps an error to what a person reads; it is the only place that does.
func explain(err error) problem {
	var in *inputError
	var stale *app.StaleError
	var denied *identity.DeniedError
	var refused *account.Error
	var kept withheld
	var field *app.FieldError
	var row *app.RecordError
	var known *app.KnownError
	var past *pastError
	switch {
	case errors.Is(err, errForeign):
		return problem{Status: http.StatusForbidden, Title: "Sent from another site", Text: "The form was not sent from a page of this site, so nothing was done. Open the page here and send it again. If you did, a proxy in between changes the name of the host: the people who run this installation can set that right."}
	case errors.Is(err, account.ErrForbidden):
		return problem{Status: http.StatusForbidden, Title: "Not yours to see or change", Text: account.ErrForbidden.Message}
	case errors.As(err, &kept):
		return problem{Status: http.StatusForbidden, Title: "Not yours to see or change", Text: string(kept)}
	case errors.As(err, &refused) && !refused.Until.IsZero():
		return problem{Status: http.StatusTooManyRequests, Title: "Not now", Text: refused.Message + " Wait a minute, then try again."}
	case errors.Is(err, errNowhere), errors.Is(err, record.ErrNotFound):
		return problem{Status: http.StatusNotFound, Title: "There is nothing here", Text: "The address names no page, or a record that does not exist or that you may not see."}
	case errors.As(err, &denied) && denied.Hidden:
		// What is behind the wall and what does not exist look the same.
		return problem{Status: http.StatusNotFound, Title: "There is nothing here", Text: "The address names no page, or a record that does not exist or that you may not see."}
	case errors.As(err, &denied):
		return problem{Status: http.StatusForbidden, Title: "Not yours to see or change", Text: sentence(err.Error())}
	case errors.As(err, &stale):
		return problem{Status: http.StatusConflict, Title: "Somebody was faster", Text: sentence(err.Error())}
	case errors.As(err, &past):
		return problem{Status: http.StatusBadRequest, Title: "That point in time cannot be shown", Text: stopped(explain(past.err).Text)}
	case errors.As(err, &in):
		return problem{Status: http.StatusBadRequest, Title: "That does not work", Text: stopped(explain(in.err).Text)}
	case app.IsInternal(err):
		return problem{Status: http.StatusInternalServerError, Title: "Something is wrong with this installation", Text: "Nothing was recorded. The people who run it find the cause in the log, under the number below."}
	}
	text := sentence(err.Error())
	switch {
	case errors.As(err, &known):
		text = fmt.Sprintf("The entries of the ledger are numbered from 1 to %d. Name one of them, or give a day.", known.Size)
	case errors.As(err, &field):
		text = field.Text
	case errors.As(err, &row):
		text = strings.TrimSpace(row.Message + " " + row.Remedy)
	}
	return problem{Status: http.StatusUnprocessableEntity, Title: "That does not work", Text: text}
}

// sentence begins what an error says as a page does.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[n:]
}

// fail answers with an error.
func (r *request) fail(err error) {
	if errors.Is(err, ErrSignedOut) || errors.Is(err, account.ErrSignedOut) {
		to := r.site.base + "/sign-in"
		if r.Method == http.MethodGet && !r.partial() {
			to += "?to=" + queryEscape(r.URL.RequestURI())
		}
		_ = r.redirect(to)
		return
	}
	p := explain(err)
	p.Reference = reference(r.Context())
	var past *pastError
	if errors.As(err, &past) {
		p.Back = r.presentURL()
	}
	r.site.log.LogAttrs(r.Context(), level(p.Status), "request failed", logAttrs(r, p, err)...)
	f := r.plainFrame(p.Title)
	if werr := r.write(p.Status, ui.Plain(f, true, problemPage(f, p))); werr != nil {
		http.Error(r.w, p.Title, p.Status)
	}
}
