package desk

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"reperform/opsdb"
)

// MaxValue is the longest value of a preference, in bytes.
const MaxValue = 4096

// Preference is what a person has set, as text; set is false for somebody who
// never did.
func (s *Service) Preference(ctx context.Context, person, key string) (value string, set bool, err error) {
	value, at, err := s.preference(ctx, person, key)
	return value, !at.IsZero(), err
}

// preference answers the zero time for what was never set.
func (s *Service) preference(ctx context.Context, person, key string) (value string, at time.Time, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		var changed int64
		err := tx.QueryRowContext(ctx, "SELECT value, changed FROM desk_preference WHERE person = ? AND key = ?", person, key).Scan(&value, &changed)
		if errors.Is(err, opsdb.ErrNoRows) {
			return nil
		}
		at = fromMillis(changed)
		return err
	})
	return value, at, err
}

// SetPreference keeps a small text under a key of small letters, digits, dots
// and hyphens.
func (s *Service) SetPreference(ctx context.Context, person, key, value string) error {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	}
	switch {
	case !token(person, maxPerson):
		return errPerson
	case key == "" || len(key) > 64 || strings.ContainsFunc(key, other):
		return ErrKey
	case len(value) > MaxValue || !utf8.ValidString(value):
		return ErrValue
	}
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO desk_preference (person, key, value, changed) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, changed = excluded.changed",
			person, key, value, millis(s.now()))
		return err
	})
}

// mailKey is where a person's wishes about mail are kept.
const mailKey = "mail"

// Mail is how a person wants to be told by mail, and since when; set is false
// for somebody who never said, for whom the caller has a default.
func (s *Service) Mail(ctx context.Context, person string) (m MailSettings, since time.Time, set bool, err error) {
	text, since, err := s.preference(ctx, person, mailKey)
	if err != nil || since.IsZero() {
		return MailSettings{}, since, false, err
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.Check() != nil {
		// Written by another program: as if nothing had been said.
		return MailSettings{}, time.Time{}, false, nil
	}
	return m, since, true, nil
}

// SetMail keeps how a person wants to be told by mail.
func (s *Service) SetMail(ctx context.Context, person string, m MailSettings) error {
	if err := m.Check(); err != nil {
		return err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.SetPreference(ctx, person, mailKey, string(b))
}
