package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"reperform/account"
	"reperform/desk"
	"reperform/mail"
)

// MayMail tells whether a link into an account may go by mail. One into an
// account of the firm, or into one that the firm keeps, may not: the mail server
// is chosen by whoever operates the installation, and must not get into the
// auditor's file by it. Such a link is handed over in another way.
func MayMail(l account.Link) bool {
	return l.Side != account.AuditFirm && l.Keeper != account.AuditFirm
}

// SendLink mails an invitation or a reset to whom it is for. Path is the page
// that takes the token, such as "/invite/" and the token. It answers false, and
// sends nothing, where the link may not go by mail.
func (s *Service) SendLink(ctx context.Context, l account.Link, path string) (bool, error) {
	if !MayMail(l) {
		return false, nil
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n") {
		return false, fmt.Errorf("a page of the site begins with a slash, this is none")
	}
	zone, err := s.app.Zone(ctx)
	if err != nil {
		return false, err
	}
	by := s.personName(ctx, l.By)
	who := by
	if who == "" {
		who = "An administrator"
	}
	letter := mail.Letter{To: mail.Address{Name: l.Name, Mailbox: l.Email}, From: "Reperform"}
	if name := s.organization(ctx, l.By); name != "" {
		letter.From = "Reperform of " + name
	}
	until := "The link works once, until " + l.ExpiresAt.In(zone).Format("2 January 2006, 15:04 MST") + ". It is a secret: hand it to nobody else."
	switch l.Purpose {
	case account.Invitation:
		letter.Subject = "You are invited to " + letter.From
		letter.Parts = []mail.Part{{Text: fmt.Sprintf("%s invites you, %s, to Reperform, where the records of a SOC 1 examination are kept.", who, l.Name)},
			{Text: "Choose how you sign in. " + until}}
		letter.Action = mail.Link{Text: "Accept the invitation", Href: s.public + path}
		letter.Why = "You get this mail because somebody gave your address. If you expect no invitation, do nothing: without the link there is no account."
	default:
		letter.Subject = "Set a new password"
		letter.Parts = []mail.Part{{Text: fmt.Sprintf("Somebody asked for a new password for the account of %s.", l.Name)}, {Text: until}}
		if by != "" {
			letter.Parts[0].Text = fmt.Sprintf("%s lets you set a new way to sign in, %s.", by, l.Name)
		}
		letter.Action = mail.Link{Text: "Set a new password", Href: s.public + path}
		letter.Why = "You get this mail because you have an account. If you did not ask for it, do nothing: your password stays what it is."
	}
	// The link's number names it; its token must stand in no key.
	return s.enqueue(ctx, desk.Mail{Key: fmt.Sprintf("link/%d/%d", l.ID, l.CreatedAt.UnixMilli()), Topic: string(l.Purpose), Addressee: l.PersonID, Expires: l.ExpiresAt}, letter)
}

// personName is the name of a person as they read it themselves; empty where
// nobody is named.
func (s *Service) personName(ctx context.Context, person string) string {
	if person == "" {
		return ""
	}
	return s.nameFor(ctx, person, person)
}

// Test mails the person themselves that mail works.
func (s *Service) Test(ctx context.Context, person string) error {
	a, err := s.accounts.ByPerson(ctx, person)
	if err != nil {
		return err
	}
	l := mail.Letter{To: mail.Address{Name: a.DisplayName, Mailbox: a.Email}, Subject: "Mail from Reperform reaches you", From: s.from(ctx, person),
		Parts:  []mail.Part{{Text: "This is the mail that you asked for in your settings. Nothing waits for it."}},
		Action: mail.Link{Text: "Open Reperform", Href: s.public + "/"},
		Why:    "You get this mail because you asked for it.", Settings: s.public + settingsPath}
	// One a minute: pressing a button often sends nothing more.
	key := fmt.Sprintf("test/%s/%s", person, s.now().UTC().Truncate(time.Minute).Format(time.RFC3339))
	_, err = s.queue(ctx, key, "test", person, l, s.now().Add(time.Hour))
	return err
}

// unsubscribeURL is where a person turns off a kind of mail without signing in. A
// mail goes out without it rather than not at all.
func (s *Service) unsubscribeURL(ctx context.Context, person string, kind desk.MailKind) string {
	token, err := s.desk.UnsubscribeToken(ctx, person, kind)
	if err != nil {
		s.log.Error("a mail goes out without the link that turns such mails off", "error", err.Error())
		return ""
	}
	return s.public + unsubscribePath + token
}

// Subscription tells which kind of mail a token of a mail turns off, and whether
// the person still gets it.
func (s *Service) Subscription(ctx context.Context, token string) (kind desk.MailKind, on bool, err error) {
	person, kind, err := s.desk.ReadUnsubscribeToken(ctx, token)
	if err != nil {
		return "", false, err
	}
	m, _, err := s.Settings(ctx, person)
	return kind, m.Wants(kind), err
}

// Unsubscribe turns off the kind of mail that a token is for, and no other. Doing
// it twice is as doing it once.
func (s *Service) Unsubscribe(ctx context.Context, token string) (kind desk.MailKind, err error) {
	person, kind, err := s.desk.ReadUnsubscribeToken(ctx, token)
	if err != nil {
		return "", err
	}
	m, _, err := s.Settings(ctx, person)
	if err != nil || !m.Wants(kind) {
		return kind, err
	}
	return kind, s.desk.SetMail(ctx, person, m.Without(kind))
}

// settingsPath is the page on which a person chooses which mails they get, and
// waitingPath the one on which all that waits for them stands.
const (
	settingsPath = "/settings/mail"
	// unsubscribePath is where a kind of mail is turned off, with a token behind
	// it.
	unsubscribePath = "/unsubscribe/"
	waitingPath     = "/inbox"
)
