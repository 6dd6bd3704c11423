package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/mail"
	"reperform/record"
	"reperform/soc1"
)

// Carrier hands mails to a server: each is given to done with what became of it.
type Carrier interface {
	Deliver(ctx context.Context, mails []mail.Mail, done func(i int, err error))
}

// Config is what the service needs to know; everything is required but Log.
type Config struct {
	App      *app.App
	Accounts *account.Service
	Desk     *desk.Service
	Carrier  Carrier
	// Public is the address of the site as people reach it, such as
	// https://reperform.example.com, without a slash at its end.
	Public string
	// Now is the clock.
	Now func() time.Time
	// Log hears of mails that could not be sent; nil is silence.
	Log *slog.Logger
}

// Service is the package's one entrance.
type Service struct {
	app      *app.App
	accounts *account.Service
	desk     *desk.Service
	carrier  Carrier
	public   string
	now      func() time.Time
	log      *slog.Logger

	// found are the readers whom the one who follows has found, and when.
	found   []reader
	foundAt time.Time
}

// New makes a service. It does nothing until Run is called, beside queueing what
// it is asked for.
func New(c Config) (*Service, error) {
	if c.App == nil || c.Accounts == nil || c.Desk == nil || c.Carrier == nil || c.Now == nil {
		return nil, errors.New("telling people by mail needs the workspace, accounts, a desk, a carrier and a clock")
	}
	public, err := CheckPublic(c.Public)
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{app: c.App, accounts: c.Accounts, desk: c.Desk, carrier: c.Carrier, public: public, now: c.Now, log: c.Log}, nil
}

// CheckPublic holds an address of the site to what can stand in a mail.
func CheckPublic(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not the address of a site; write it as https://reperform.example.com", s)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// Run follows the ledgers, queues and sends, until the context ends. It answers
// what kept it from following; errors of single mails go to the log.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.summarize(ctx) })
	wg.Go(func() { s.send(ctx) })
	err := s.follow(ctx)
	wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// reader is somebody whom a mail may reach.
type reader struct {
	account.Account
	settings desk.MailSettings
	// since is when the settings began to hold.
	since time.Time
}

// readers lists them: whoever can sign in, that is, whose account stands on the
// one side on which the ledgers record them.
func (s *Service) readers(ctx context.Context) ([]reader, error) {
	all, err := s.accounts.Addressees(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]reader, 0, len(all))
	for _, a := range all {
		r, ok, err := s.reader(ctx, a)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// fresh is how old a list of readers may be when one command follows another.
// What somebody may read is asked again for each mail.
const fresh = 10 * time.Second

// recentReaders is readers, found anew when the last were found a while ago.
func (s *Service) recentReaders(ctx context.Context) ([]reader, error) {
	now := s.now()
	if s.found != nil && now.Sub(s.foundAt) < fresh {
		return s.found, nil
	}
	all, err := s.readers(ctx)
	if err != nil {
		return nil, err
	}
	s.found, s.foundAt = all, now
	return all, nil
}

func (s *Service) reader(ctx context.Context, a account.Account) (r reader, ok bool, err error) {
	sides, roles, err := s.app.Standing(ctx, a.PersonID)
	if err != nil || len(sides) != 1 || account.Side(sides[0]) != a.Side {
		return reader{}, false, err
	}
	r = reader{Account: a, since: a.CreatedAt}
	m, since, set, err := s.desk.Mail(ctx, a.PersonID)
	if err != nil {
		return reader{}, false, err
	}
	if set {
		r.settings, r.since = m, since
	} else {
		r.settings = Default(sides[0], roles)
	}
	return r, true, nil
}

// Default is what somebody gets who never chose: people of the service
// organization are told at once what is asked of them, and those who do the work
// of controls or of the program get a summary each Monday morning. People of the
// firm and guests get nothing that they did not ask for.
func Default(side soc1.Side, roles []soc1.Role) desk.MailSettings {
	m := desk.MailSettings{Digest: desk.Off, Hour: 8, Weekday: time.Monday}
	if side != soc1.SideServiceOrganization {
		return m
	}
	m.AtOnce = true
	for _, r := range []soc1.Role{soc1.ControlOwner, soc1.ComplianceManager} {
		if slices.Contains(roles, r) {
			m.Digest = desk.Weekly
		}
	}
	return m
}

// Settings are a person's settings, or what holds for them as long as they have
// chosen none. AtOnce tells whether there is anything that could be told to the
// person at once: to people of the firm there is not.
func (s *Service) Settings(ctx context.Context, person string) (m desk.MailSettings, atOnce bool, err error) {
	sides, roles, err := s.app.Standing(ctx, person)
	if err != nil || len(sides) == 0 {
		return desk.MailSettings{Digest: desk.Off}, false, err
	}
	m, _, set, err := s.desk.Mail(ctx, person)
	if err == nil && !set {
		m = Default(sides[0], roles)
	}
	return m, sides[0] != soc1.SideAuditFirm, err
}

// organization is the name of the organization, for the foot of mails.
func (s *Service) organization(ctx context.Context, person string) string {
	all, err := s.app.Records(ctx, person, app.OrganizationLedger, "organization", record.AsOf{})
	if err != nil || len(all) == 0 {
		return ""
	}
	return record.HeadingOf(all[0]).Text
}

// from names who writes.
func (s *Service) from(ctx context.Context, person string) string {
	if name := s.organization(ctx, person); name != "" {
		return "Reperform of " + name
	}
	return "Reperform"
}

// recordURL is the page of a record.
func (s *Service) recordURL(ref soc1.Ref) string {
	at := ""
	if ref.Ledger != "" && ref.Ledger != app.OrganizationLedger {
		at = "/x/" + url.PathEscape(ref.Ledger)
	}
	return s.public + at + "/r/" + url.PathEscape(ref.Kind) + "/" + url.PathEscape(ref.ID)
}
