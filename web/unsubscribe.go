package web

import (
	"errors"
	"fmt"
	"net/http"

	"reperform/desk"
	"reperform/web/ui"
)

// unsubscribe is where mails lead that turn themselves off. Reading the page
// changes nothing, because programs that look for harmful mail read it as well.
const unsubscribe = "/unsubscribe/{token}"

// unsubscribePage turns off a kind of mail, for somebody who need not sign in.
type unsubscribePage struct {
	f *ui.Frame
	// What is the kind of mail in words.
	What string
	// On tells that the person still gets it, Done that it was just turned off,
	// Problem that the link is of no use.
	On, Done bool
	Problem  string
}

// kindsOfMail are the kinds of mail in words.
var kindsOfMail = map[desk.MailKind]string{
	desk.AtOnceMail:  "mails at once about what is asked of you",
	desk.SummaryMail: "the summary of what waits for you",
}

func (r *request) unsubscribing() error {
	kind, on, err := r.site.opt.Mailer.Subscription(r.Context(), r.PathValue("token"))
	return r.unsubscribed(&unsubscribePage{What: kindsOfMail[kind], On: on}, err)
}

// unsubscribe takes what mail programs send (RFC 8058) and what the page's button
// does, and answers both with a page: a program must not be sent elsewhere.
func (r *request) unsubscribe() error {
	r.Body = http.MaxBytesReader(r.w, r.Body, maxForm)
	// Both ways in which forms are sent are allowed.
	if err := r.ParseMultipartForm(1 << 16); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return badRequest("form", err)
	}
	if r.PostFormValue("List-Unsubscribe") != "One-Click" {
		return badRequest("List-Unsubscribe", fmt.Errorf("the form does not say List-Unsubscribe=One-Click"))
	}
	kind, err := r.site.opt.Mailer.Unsubscribe(r.Context(), r.PathValue("token"))
	return r.unsubscribed(&unsubscribePage{What: kindsOfMail[kind], Done: true}, err)
}

func (r *request) unsubscribed(p *unsubscribePage, err error) error {
	status := http.StatusOK
	if err != nil {
		if !errors.Is(err, desk.ErrLink) {
			return err
		}
		p.Problem, status = desk.ErrLink.Message, http.StatusNotFound
	}
	p.f = r.plainFrame("Turn mails off")
	return r.write(status, ui.Plain(p.f, false, unsubscribeBody(p)))
}

// cancelMailLinks makes the links of mails worthless that the person has got.
func (r *request) cancelMailLinks() error {
	if !r.hasMail() {
		return errNoMail
	}
	if err := r.site.opt.Desk.CancelUnsubscribeTokens(r.Context(), r.actor); err != nil {
		return err
	}
	return r.redirect(r.site.base + "/settings/mail?done=mail_links")
}
