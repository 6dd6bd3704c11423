package account

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"reperform/opsdb"
)

// Ceremony is one exchange with a passkey. Options go to the browser's
// navigator.credentials as JSON, Token comes back with its answer, and both are
// good for one use within five minutes.
type Ceremony struct {
	Token   string
	Options json.RawMessage
}

const (
	ceremonyFor = 5 * time.Minute
	// maxResponse bounds what a browser answers, which is some hundred bytes.
	maxResponse = 64 << 10
)

// What a ceremony is for; a ceremony begun for one use does not finish another.
const (
	toAdd    = "add"
	toJoin   = "join"
	toSignIn = "sign_in"
	toProve  = "prove"
)

// challenge makes the 32 bytes that a passkey signs.
func (s *Service) challenge() ([]byte, error) {
	_, hash, err := s.secret()
	return hash, err
}

// begin remembers a ceremony. subject is whose it is: an account, a link.
func (s *Service) begin(ctx context.Context, purpose, subject string, options any, data *webauthn.SessionData) (Ceremony, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	d, err := json.Marshal(data)
	if err != nil {
		return Ceremony{}, err
	}
	token, hash, err := s.secret()
	if err != nil {
		return Ceremony{}, err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO account_ceremony (hash, purpose, subject, data, expires) VALUES (?, ?, ?, ?, ?)",
			hash, purpose, subject, string(d), millis(s.now().Add(ceremonyFor)))
		return err
	})
	return Ceremony{Token: token, Options: o}, err
}

// finish takes a ceremony back and uses it up, whatever comes of it.
func (s *Service) finish(ctx context.Context, purpose, subject, token string) (data webauthn.SessionData, err error) {
	hash, ok := hashOf(token)
	if !ok {
		return data, ErrPasskey
	}
	var text string
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRowContext(ctx, "DELETE FROM account_ceremony WHERE hash = ? AND purpose = ? AND subject = ? AND expires > ? RETURNING data",
			hash, purpose, subject, millis(s.now())).Scan(&text)
	})
	if errors.Is(err, opsdb.ErrNoRows) {
		return data, ErrPasskey
	}
	if err != nil {
		return data, err
	}
	err = json.Unmarshal([]byte(text), &data)
	return data, err
}
