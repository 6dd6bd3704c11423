package notify

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"reperform/account"
	"reperform/desk"
	"reperform/mail"
)

// queue puts a letter into the outbox, to somebody's account.
func (s *Service) queue(ctx context.Context, key, topic, person string, l mail.Letter, expires time.Time) (bool, error) {
	return s.enqueue(ctx, desk.Mail{Key: key, Topic: topic, Person: person, Expires: expires}, l)
}

func (s *Service) enqueue(ctx context.Context, m desk.Mail, l mail.Letter) (bool, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return false, err
	}
	m.Body = body
	return s.desk.Enqueue(ctx, m)
}

const (
	// batch is how many mails are sent over one connection, and lease how long
	// the outbox keeps them for this process meanwhile.
	batch = 20
	lease = 10 * time.Minute
	// look is how often the outbox is asked for mails of other processes and for
	// those whose next attempt has come.
	look = 15 * time.Second
)

// send hands what is queued to the server, until the context ends.
func (s *Service) send(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		for ctx.Err() == nil && s.sendSome(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.desk.Arrived():
		}
	}
}

// sendSome sends one batch and tells whether it was a full one.
func (s *Service) sendSome(ctx context.Context) bool {
	queued, err := s.desk.Claim(ctx, batch, lease)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("the outbox cannot be read", "error", err.Error())
		}
		return false
	}
	failures := map[string]int{}
	defer func() { s.report(failures) }()
	var mails []mail.Mail
	var of []desk.Queued
	for _, q := range queued {
		m, err := s.address(ctx, q)
		if err != nil {
			s.failed(ctx, q, err, failures)
			continue
		}
		mails, of = append(mails, m), append(of, q)
	}
	if len(mails) == 0 {
		return len(queued) == batch
	}
	limited, stop := context.WithTimeout(ctx, lease-time.Minute)
	defer stop()
	s.carrier.Deliver(limited, mails, func(i int, err error) {
		if err != nil {
			s.failed(ctx, of[i], err, failures)
			return
		}
		// A mail that was taken is noted although the process is about to end.
		if err := s.desk.Sent(context.WithoutCancel(ctx), of[i]); err != nil {
			s.log.Error("a mail was sent and that could not be noted; it will be sent again under the same Message-ID", "topic", of[i].Mail.Topic, "error", err.Error())
		}
	})
	return len(queued) == batch
}

// errGone is why a mail is not sent to somebody whose account has ended since.
var errGone = mail.Refused(errors.New("the account was disabled or removed after the mail was queued"))

// address makes the mail of a letter that was queued. Whom the ledgers know is
// sent to the address of the account as it is now.
func (s *Service) address(ctx context.Context, q desk.Queued) (mail.Mail, error) {
	m := mail.Mail{ID: q.Message, Date: q.CreatedAt}
	if err := json.Unmarshal(q.Mail.Body, &m.Letter); err != nil {
		return m, mail.Refused(errors.New("its content is of another program's making"))
	}
	if q.Mail.Person == "" {
		return m, nil
	}
	a, err := s.accounts.ByPerson(ctx, q.Mail.Person)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return m, errGone
	case err != nil:
		return m, err
	case !a.DisabledAt.IsZero():
		return m, errGone
	}
	m.Letter.To.Mailbox = a.Email
	return m, nil
}

// withoutAddresses is what a server said without addresses of the site: a server
// that refuses a mail for a link in it may repeat the link, which can be one that
// lets somebody in.
func (s *Service) withoutAddresses(said string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(s.public, "https://"), "http://")
	return regexp.MustCompile(`(?i)(https?://)?`+regexp.QuoteMeta(host)+`[/?#]\S*`).ReplaceAllString(said, "(an address of this site)")
}

// failed notes that a mail could not be sent; mails put off for one reason are
// counted, to be reported together.
func (s *Service) failed(ctx context.Context, q desk.Queued, err error, failures map[string]int) {
	if ctx.Err() != nil {
		// The process is ending: the mail is claimed again after the lease.
		return
	}
	problem := s.withoutAddresses(err.Error())
	next, nerr := s.desk.Failed(ctx, q, problem, mail.IsRefused(err))
	switch {
	case nerr != nil:
		s.log.Error("a mail failed and that could not be noted", "topic", q.Mail.Topic, "error", nerr.Error())
	case next.IsZero():
		s.log.Error("a mail was given up", "topic", q.Mail.Topic, "attempts", q.Attempt, "error", problem)
	default:
		failures[problem]++
	}
}

func (s *Service) report(failures map[string]int) {
	for problem, n := range failures {
		s.log.Warn("mails could not be sent and are tried again", "count", n, "error", problem)
	}
}
