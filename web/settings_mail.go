package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reperform/desk"
	"reperform/web/ui"
)

func (s *Site) registerMail() {
	if s.opt.Desk == nil {
		return
	}
	s.add("GET /settings/mail", (*request).mailSettings)
	s.add("POST /settings/mail", (*request).saveMail)
	s.add("POST /settings/mail/test", (*request).testMail)
	s.add("POST /settings/mail/links", (*request).cancelMailLinks)
	if s.opt.Mailer != nil {
		s.addPublic("GET "+unsubscribe, (*request).unsubscribing)
		s.addPublic("POST "+unsubscribe, (*request).unsubscribe)
	}
}

// mailPage is which mails a person gets.
type mailPage struct {
	f *ui.Frame
	// On tells whether the installation sends mail at all, Chosen whether the
	// person has said what they want.
	On, Chosen bool
	Settings   desk.MailSettings
	// AtOnce tells whether anything could be told to the person at once.
	AtOnce bool
	// To is the address that mails go to, Own the organization's zone, Next when
	// the next summary comes.
	To, Own, Next string
}

// zones are suggested; any name of a time zone is taken.
var zones = []string{
	"UTC", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu",
	"America/Toronto", "America/Vancouver", "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
	"Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Paris", "Europe/Berlin", "Europe/Madrid", "Europe/Rome", "Europe/Zurich", "Europe/Warsaw",
	"Europe/Athens", "Europe/Kyiv", "Europe/Istanbul", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Asia/Jerusalem", "Asia/Dubai",
	"Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Singapore", "Asia/Manila", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Tokyo", "Asia/Seoul",
	"Australia/Perth", "Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland",
}

// rhythms are the choices of a summary, in their order.
var rhythms = []struct {
	Value      desk.Rhythm
	Text, Hint string
}{
	{desk.Weekly, "Once a week", "On the day and at the hour below."},
	{desk.Daily, "Every day", "At the hour below, weekends included."},
	{desk.Off, "No summary", ""},
}

// weekdays begin with Monday, as the working week does.
func weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

// hasDesk tells whether there are settings of mail, even if none is sent: then
// the section says so.
func (r *request) hasDesk() bool { return r.site.opt.Desk != nil }

// hasMail tells whether there is mail to speak of.
func (r *request) hasMail() bool { return r.site.opt.Mailer != nil && r.site.opt.Desk != nil }

func (r *request) mailSettings() error {
	p := &mailPage{}
	if r.hasMail() {
		var err error
		if p.Settings, _, err = r.site.opt.Mailer.Settings(r.Context(), r.actor); err != nil {
			return err
		}
	}
	return r.mailWith(nil, p)
}

// mailWith shows the page with settings as they stand in the form.
func (r *request) mailWith(problem error, p *mailPage) error {
	p.f = r.plainFrame("")
	if !r.hasMail() {
		return r.settings("/settings/mail", problem, mailBody(p))
	}
	p.On = true
	var err error
	if _, p.AtOnce, err = r.site.opt.Mailer.Settings(r.Context(), r.actor); err != nil {
		return err
	}
	if _, _, p.Chosen, err = r.site.opt.Desk.Mail(r.Context(), r.actor); err != nil {
		return err
	}
	if r.site.opt.Accounts != nil {
		if a, err := r.site.opt.Accounts.ByPerson(r.Context(), r.actor); err == nil {
			p.To = a.Email
		}
	}
	own := r.zone()
	p.Own = own.String()
	if next := p.Settings.Next(r.site.now(), own); !next.IsZero() {
		p.Next = next.Format("Monday, 2 January 2006, 15:04 MST")
	}
	return r.settings("/settings/mail", problem, mailBody(p))
}

// saveMail keeps what the person chose.
func (r *request) saveMail() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if !r.hasMail() {
		return errNoMail
	}
	hour, herr := strconv.Atoi(v.Get("hour"))
	day, derr := strconv.Atoi(v.Get("weekday"))
	m := desk.MailSettings{AtOnce: v.Get("at_once") == "on", Digest: desk.Rhythm(v.Get("digest")), Hour: hour, Weekday: time.Weekday(day), Zone: strings.TrimSpace(v.Get("zone"))}
	if herr != nil || derr != nil {
		err = desk.ErrDigest
	} else {
		err = r.site.opt.Desk.SetMail(r.Context(), r.actor, m)
	}
	if err != nil {
		return r.mailWith(err, &mailPage{Settings: m})
	}
	return r.redirect(r.site.base + "/settings/mail?done=mail")
}

// errNoMail says that this installation sends none.
var errNoMail = errors.New("this installation sends no mail; whoever runs it names a mail server when starting it")

// testMail mails the person themselves.
func (r *request) testMail() error {
	if !r.hasMail() {
		return errNoMail
	}
	if err := r.site.opt.Mailer.Test(r.Context(), r.actor); err != nil {
		return err
	}
	return r.redirect(r.site.base + "/settings/mail?done=mail_test")
}

func hourText(h int) string { return fmt.Sprintf("%02d:00", h) }

func hours() []int {
	out := make([]int, 24)
	for i := range out {
		out[i] = i
	}
	return out
}

// suggested are the zones of the list, with the person's own.
func (p *mailPage) suggested() []string {
	if p.Own == "" || slices.Contains(zones, p.Own) {
		return zones
	}
	return append([]string{p.Own}, zones...)
}
