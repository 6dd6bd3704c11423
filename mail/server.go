package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Mail is a letter with what makes it this very mail.
type Mail struct {
	// ID is unique to the mail and stays the same at every attempt; with the
	// sender's domain it becomes the Message-ID.
	ID     string
	Date   time.Time
	Letter Letter
}

// ServerConfig names a server and who sends.
type ServerConfig struct {
	// URL is smtps://user@host:465 for TLS from the beginning, or
	// smtp://user@host:587 for STARTTLS, which is demanded unless the host is
	// this machine, to which mail is sent in the open. User and port may be
	// left out.
	URL string
	// Password is that of the user. It stands in no URL, so that no list of
	// processes shows it.
	Password string
	// From is the sender of every mail.
	From Address
	// Hello is the name by which this machine greets, its own where empty.
	Hello string
	// Roots are the authorities that vouch for the server's certificate, the
	// system's where nil.
	Roots *x509.CertPool
	// Timeout bounds each step of a conversation; 30 seconds where zero.
	Timeout time.Duration
}

// Server is an outgoing mail server. It may be used from several goroutines;
// each delivery has a connection of its own.
type Server struct {
	host, hello    string
	from           Address
	options        []gomail.Option
	user, password string
}

// NewServer checks a configuration. It does not look whether the server answers.
func NewServer(c ServerConfig) (*Server, error) {
	u, err := url.Parse(c.URL)
	// The error of a URL quotes it, and with it a password that should not be
	// there.
	if err != nil {
		return nil, errors.New("the URL of the mail server cannot be read; write it as smtps://user@mail.example.com:465 or smtp://localhost:25")
	}
	if _, has := u.User.Password(); has {
		return nil, errors.New("the URL of the mail server holds a password, which the list of processes would show; give it in a file or in the environment instead")
	}
	host := u.Hostname()
	if u.Scheme != "smtp" && u.Scheme != "smtps" || host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q does not name a mail server; write it as smtps://user@mail.example.com:465 or smtp://localhost:25", c.URL)
	}
	s := &Server{host: host, hello: c.Hello, from: c.From, user: u.User.Username(), password: c.Password}
	port := 465
	switch {
	case u.Scheme == "smtps":
		s.options = append(s.options, gomail.WithSSL())
	case local(host):
		port = 25
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		port = 587
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("the mail server's port %q is none; ports are 1 to 65535", p)
		}
	}
	if c.From.Mailbox == "" {
		return nil, errors.New("mail needs a sender; name one such as Reperform <reperform@example.com>")
	}
	switch {
	case s.user != "" && s.password == "":
		return nil, fmt.Errorf("there is no password for %s at the mail server; give it in a file or in the environment", s.user)
	case s.user == "" && s.password != "":
		return nil, errors.New("there is a password for the mail server and no user; name the user in its URL, as in smtps://user@mail.example.com")
	case s.user != "":
		// The last two tell the password, and are used under TLS or to this
		// machine alone.
		s.options = append(s.options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	s.options = append(s.options, gomail.WithPort(port), gomail.WithTimeout(c.Timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}))
	if s.hello != "" {
		s.options = append(s.options, gomail.WithHELO(s.hello))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("the mail server: %w", err)
	}
	return s, nil
}

// local tells whether a host is this machine.
func local(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// refused is an error after which no attempt will succeed.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Refused says of an error that trying again is of no use.
func Refused(err error) error { return refused{err} }

// IsRefused tells whether trying again is of no use.
func IsRefused(err error) bool {
	var r refused
	return errors.As(err, &r)
}

// errRest is what became of mails behind one at which the connection broke.
var errRest = errors.New("the connection to the mail server was lost before this mail")

// Deliver hands mails to the server over one connection and tells of each what
// became of it, nil for one that the server took. Of those that it had not come
// to when the context ended, nothing is told.
func (s *Server) Deliver(ctx context.Context, mails []Mail, done func(i int, err error)) {
	client, err := gomail.NewClient(s.host, s.options...)
	if err == nil {
		err = client.DialWithContext(ctx)
	}
	if err != nil {
		for i := range mails {
			done(i, fmt.Errorf("the mail server cannot be used: %w", err))
		}
		return
	}
	// The server has taken what it has taken, whatever it says to the farewell.
	defer func() { _ = client.Close() }()
	for i, m := range mails {
		if ctx.Err() != nil {
			return
		}
		msg, err := s.message(m)
		if err != nil {
			done(i, Refused(err))
			continue
		}
		lost, err := sent(msg, client.Send(msg))
		done(i, unnamed(err, m.Letter.To.Mailbox))
		if lost {
			for j := range mails[i+1:] {
				done(i+1+j, errRest)
			}
			return
		}
	}
}

// unnamed takes the recipient's address out of what a server said, which goes
// to the log.
func unnamed(err error, mailbox string) error {
	if err == nil || mailbox == "" || !strings.Contains(err.Error(), mailbox) {
		return err
	}
	told := errors.New(strings.ReplaceAll(err.Error(), mailbox, "the recipient"))
	if IsRefused(err) {
		return Refused(told)
	}
	return told
}

// sent tells what became of a mail from how sending it ended, and whether the
// connection is lost.
func sent(msg *gomail.Msg, err error) (lost bool, _ error) {
	if err == nil {
		return false, nil
	}
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return true, fmt.Errorf("sending: %w", err)
	}
	switch e.Reason {
	case gomail.ErrSMTPReset, gomail.ErrConnCheck:
		// What failed came after the mail was taken, if it was.
		if msg.IsDelivered() {
			return true, nil
		}
		return true, e
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		if code := e.ErrorCode(); code >= 500 && code < 600 && !security(e) {
			return false, Refused(e)
		}
		return e.ErrorCode() == 0, e
	}
	return e.ErrorCode() == 0, e
}

// security tells whether a refusal is about what this machine may do (RFC 3463,
// 5.7), such as passing mail on, which the operator can set right.
func security(e *gomail.SendError) bool {
	return e.ErrorCode() == 530 || e.ErrorCode() == 535 || strings.HasPrefix(e.EnhancedStatusCode(), "5.7.") || strings.Contains(e.Error(), " 5.7.")
}

// message writes a mail as RFC 5322 wants it.
func (s *Server) message(m Mail) (*gomail.Msg, error) {
	html, err := m.Letter.HTML()
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(plain(s.from.Name), s.from.Mailbox); err != nil {
		return nil, fmt.Errorf("the sender %s: %w", s.from.Mailbox, err)
	}
	if err := msg.AddToFormat(plain(m.Letter.To.Name), m.Letter.To.Mailbox); err != nil {
		return nil, fmt.Errorf("the recipient: %w", err)
	}
	msg.Subject(m.Letter.subject())
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID + "@" + s.from.Domain())
	// RFC 3834: programs that answer mail do not answer this one; the second is
	// what servers of Microsoft understand of that.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	unsubscribable(msg, m.Letter)
	msg.SetBodyString(gomail.TypeTextPlain, m.Letter.Text())
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// unsubscribable says how such mails are turned off. Only where one request to a
// place of TLS does it, a mail program may do so by a button of its own (RFC 8058,
// 3.1), which needs the signature of the mail server (DKIM) over both headers.
func unsubscribable(msg *gomail.Msg, l Letter) {
	switch {
	case l.Unsubscribe != "":
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+plain(l.Unsubscribe)+">")
		if strings.HasPrefix(l.Unsubscribe, "https://") {
			msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
		}
	case l.Settings != "":
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+plain(l.Settings)+">")
	}
}
