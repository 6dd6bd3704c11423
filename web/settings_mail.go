package web

import (
	"errors"
	"fmt"
	"net/http"
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
}

// mailPage is which mails a person gets.
type mailPage struct {
	f *ui.Frame
	// Done and Problem are what was done, or did not work.
	Done, Problem string
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

func (r *request) mailSettings() error {
	done := map[string]string{"saved": "Saved.", "test": "A mail is on its way to you. If none arrives within a few minutes, tell whoever runs this installation."}[r.URL.Query().Get("done")]
	p := &mailPage{Done: done}
	if r.site.opt.Mailer != nil {
		var err error
		if p.Settings, _, err = r.site.opt.Mailer.Settings(r.Context(), r.actor); err != nil {
			return err
		}
	}
	return r.mailAgain(http.StatusOK, p)
}

// mailAgain shows the page with settings as they stand in the form.
func (r *request) mailAgain(status int, p *mailPage) error {
	if r.site.opt.Mailer == nil {
		return r.settingsMail(status, p)
	}
	p.On = true
	_, atOnce, err := r.site.opt.Mailer.Settings(r.Context(), r.actor)
	if err != nil {
		return err
	}
	if _, _, p.Chosen, err = r.site.opt.Desk.Mail(r.Context(), r.actor); err != nil {
		return err
	}
	p.AtOnce = atOnce
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
	return r.settingsMail(status, p)
}

func (r *request) settingsMail(status int, p *mailPage) error {
	var err error
	if p.f, err = r.frame("Mail", []ui.Link{}); err != nil {
		return err
	}
	return r.write(status, ui.Page(p.f, noActions(), mailAlone(p)))
}

// saveMail keeps what the person chose.
func (r *request) saveMail() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if r.site.opt.Mailer == nil {
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
	var refused *desk.Error
	if errors.As(err, &refused) {
		return r.mailAgain(http.StatusUnprocessableEntity, &mailPage{Problem: refused.Message, Settings: m})
	}
	if err != nil {
		return err
	}
	return r.redirect(r.site.base + "/settings/mail?done=saved")
}

// errNoMail says that this installation sends none.
var errNoMail = errors.New("this installation sends no mail; whoever runs it names a mail server when starting it")

// testMail mails the person themselves.
func (r *request) testMail() error {
	if r.site.opt.Mailer == nil {
		return errNoMail
	}
	if err := r.site.opt.Mailer.Test(r.Context(), r.actor); err != nil {
		return err
	}
	return r.redirect(r.site.base + "/settings/mail?done=test")
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
