package web

import (
	"context"

	"reperform/account"
	"reperform/desk"
)

// Mailer tells people by mail. A site without one offers nothing of it.
type Mailer interface {
	// SendLink mails a link by which somebody gets an account or a new password;
	// path is the page that takes the token. It answers false, and mails
	// nothing, where the link may not go by mail, which is any into an account of
	// the audit firm: then it is shown, to be handed over.
	SendLink(ctx context.Context, l account.Link, path string) (queued bool, err error)
	// Settings are a person's, or what holds as long as they have chosen none;
	// atOnce tells whether anything could be told to them at once.
	Settings(ctx context.Context, person string) (m desk.MailSettings, atOnce bool, err error)
	// Subscription tells which kind of mail the token of a mail turns off, and
	// whether the person still gets it; Unsubscribe turns it off.
	Subscription(ctx context.Context, token string) (kind desk.MailKind, on bool, err error)
	Unsubscribe(ctx context.Context, token string) (kind desk.MailKind, err error)
	// Test mails the person themselves.
	Test(ctx context.Context, person string) error
}
