package desk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"reperform/opsdb"
)

// MailKind is a kind of mail that a person can turn off by itself.
type MailKind string

// The kinds.
const (
	// AtOnceMail tells as soon as something is asked of the person.
	AtOnceMail MailKind = "at_once"
	// SummaryMail lists what waits, once a day or a week.
	SummaryMail MailKind = "summary"
)

// Without is the settings with a kind of mail turned off.
func (m MailSettings) Without(kind MailKind) MailSettings {
	switch kind {
	case AtOnceMail:
		m.AtOnce = false
	case SummaryMail:
		m.Digest = Off
	}
	return m
}

// Wants tells whether a kind of mail is turned on.
func (m MailSettings) Wants(kind MailKind) bool { return m != m.Without(kind) }

// unsubscribing is what a token says; Run is how often the person has cancelled
// the tokens before.
type unsubscribing struct {
	Person string   `json:"p"`
	Kind   MailKind `json:"k"`
	Run    int64    `json:"r"`
}

// runKey is where it is kept how often a person has cancelled their tokens.
const runKey = "mail.links"

// tokenUse keeps what is sealed for a token apart from everything else.
var tokenUse = []byte("unsubscribe")

// UnsubscribeToken makes what a mail carries so that its reader turns off one
// kind of mail without signing in. A token does not run out, because a mail is
// read when it is read; it holds until the person cancels those made before, or
// the key of the service is another. Nobody can make one up or read in it whose
// it is. It consists of letters, digits, hyphens and underscores.
func (s *Service) UnsubscribeToken(ctx context.Context, person string, kind MailKind) (string, error) {
	if !token(person, maxPerson) {
		return "", errPerson
	}
	run, err := s.run(ctx, person)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(unsubscribing{person, kind, run})
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.links.NonceSize())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return "", fmt.Errorf("random bytes for a link in a mail: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.links.Seal(nonce, nonce, b, tokenUse)), nil
}

// ReadUnsubscribeToken tells whose mail a token turns off, and which kind. One
// that was made up or cancelled is ErrLink.
func (s *Service) ReadUnsubscribeToken(ctx context.Context, text string) (person string, kind MailKind, err error) {
	if len(text) > 1000 {
		return "", "", ErrLink
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < s.links.NonceSize() {
		return "", "", ErrLink
	}
	nonce, rest := b[:s.links.NonceSize()], b[s.links.NonceSize():]
	opened, err := s.links.Open(nil, nonce, rest, tokenUse)
	if err != nil {
		return "", "", ErrLink
	}
	var u unsubscribing
	if err := json.Unmarshal(opened, &u); err != nil {
		return "", "", ErrLink
	}
	run, err := s.run(ctx, u.Person)
	if err != nil {
		return "", "", err
	}
	if u.Run != run || u.Kind != AtOnceMail && u.Kind != SummaryMail {
		return "", "", ErrLink
	}
	return u.Person, u.Kind, nil
}

// CancelUnsubscribeTokens makes all tokens worthless that a person's mails have
// carried so far.
func (s *Service) CancelUnsubscribeTokens(ctx context.Context, person string) error {
	if !token(person, maxPerson) {
		return errPerson
	}
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO desk_preference (person, key, value, changed) VALUES (?, ?, '1', ?) ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1, changed = excluded.changed",
			person, runKey, millis(s.now()))
		return err
	})
}

func (s *Service) run(ctx context.Context, person string) (int64, error) {
	text, set, err := s.Preference(ctx, person, runKey)
	if err != nil || !set {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("how often the links in a person's mails were cancelled cannot be read")
	}
	return n, nil
}
