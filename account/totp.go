package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"

	"reperform/opsdb"
)

// Time-based one-time passwords as authenticator apps know them: RFC 6238 with
// SHA-1, steps of 30 seconds and six digits. Apps ignore other choices.
const (
	totpStep   = 30
	totpDigits = 6
	// totpSkew is how many steps a device's clock may be off.
	totpSkew = 1
	// totpSecret is the size that RFC 4226 recommends, 160 bits.
	totpSecret = 20
)

// hotp is the value of RFC 4226 for a counter.
func hotp(secret []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], counter)
	mac.Write(b[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// matchTOTP finds the step after last whose code it is, looking at every step
// of the window whichever fits.
func matchTOTP(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	current := now.Unix() / totpStep
	for i := max(0, current-totpSkew); i <= current+totpSkew; i++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, uint64(i), totpDigits)), []byte(code)) == 1 && i > last && !ok {
			step, ok = i, true
		}
	}
	return step, ok
}

// normalizeTOTP drops the spaces that apps show between digits.
func normalizeTOTP(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	if len(s) != totpDigits {
		return "", false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return s, true
}

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

// Enrolment is what somebody needs to set an authenticator app up.
type Enrolment struct {
	// Secret is to be typed where nothing can be scanned, in base32.
	Secret string
	// URI is what the QR code says.
	URI string
	// QR is the code's modules, row by row, true for dark, without the quiet
	// zone of four modules that a reader needs around it.
	QR [][]bool
}

// BeginTOTP makes the secret of an authenticator app. It counts only once
// FinishTOTP has seen a code. It is asked of somebody who proved who they are a
// short time ago, and refused while an app is set up.
func (s *Service) BeginTOTP(ctx context.Context, token string) (Enrolment, error) {
	_, a, _, err := s.own(ctx, token, true)
	if err != nil {
		return Enrolment{}, err
	}
	secret := make([]byte, totpSecret)
	if _, err := io.ReadFull(s.random, secret); err != nil {
		return Enrolment{}, fmt.Errorf("random bytes for an authenticator app: %w", err)
	}
	sealed, err := s.sealSecret(a.ID, secret)
	if err != nil {
		return Enrolment{}, err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO account_totp (account, sealed) VALUES (?, ?)
			ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, step = 0 WHERE confirmed = 0`, a.ID, sealed)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTOTPOn)
		}
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	return s.enrolment(a, secret)
}

func (s *Service) enrolment(a Account, secret []byte) (e Enrolment, err error) {
	e.Secret = base32Plain.EncodeToString(secret)
	e.URI = totpURI(s.party.Name, a.Email, e.Secret)
	e.QR, err = QR(e.URI)
	return e, err
}

// TOTPInProgress gives what BeginTOTP gave, as long as no code has confirmed it:
// a page may be loaded again, and a wrong code is no reason to scan anew. It
// answers ErrTOTPOff where nothing was begun, and is asked of somebody who
// proved who they are a short time ago.
func (s *Service) TOTPInProgress(ctx context.Context, token string) (Enrolment, error) {
	_, a, _, err := s.own(ctx, token, true)
	if err != nil {
		return Enrolment{}, err
	}
	var sealed []byte
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT sealed FROM account_totp WHERE account = ? AND confirmed = 0", a.ID).Scan(&sealed)
	})
	if errors.Is(err, opsdb.ErrNoRows) {
		return Enrolment{}, ErrTOTPOff
	}
	if err != nil {
		return Enrolment{}, err
	}
	secret, err := s.openSecret(a.ID, sealed)
	if err != nil {
		return Enrolment{}, err
	}
	return s.enrolment(a, secret)
}

// totpURI is the Key URI Format that authenticator apps read. Spaces are %20:
// some apps show a plus sign.
func totpURI(issuer, account, secret string) string {
	// A colon separates the two names.
	issuer = strings.ReplaceAll(issuer, ":", " ")
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return fmt.Sprintf("otpauth://totp/%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		label, secret, strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20"), totpDigits, totpStep)
}

// QR gives the modules of a QR code, row by row, true for dark.
func QR(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("a QR code of %d bytes: %w", len(text), err)
	}
	rows := make([][]bool, code.Size)
	for y := range rows {
		rows[y] = make([]bool, code.Size)
		for x := range rows[y] {
			rows[y][x] = code.Black(x, y)
		}
	}
	return rows, nil
}

// FinishTOTP turns the second factor on with a first code of the app, and
// answers the recovery codes, which are shown once. The account's other
// sessions end, and this one gets another token.
func (s *Service) FinishTOTP(ctx context.Context, token, code string) (recovery []string, next string, err error) {
	_, a, hash, err := s.own(ctx, token, true)
	if err != nil {
		return nil, "", err
	}
	if err := s.charge(ctx, a.Email); err != nil {
		return nil, "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if err := refund(ctx, tx, a.Email); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "UPDATE account_totp SET confirmed = 1 WHERE account = ? AND confirmed = 0", a.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTOTPOff)
		}
		if err := s.useTOTP(ctx, tx, a.ID, code); err != nil {
			return err
		}
		if recovery, err = s.makeRecovery(ctx, tx, a.ID); err != nil {
			return err
		}
		next, err = s.rotate(ctx, tx, hash, TwoFactors, []Method{ByTOTP}, true)
		return err
	})
	s.cache.forget(a.ID)
	if err != nil {
		return nil, "", err
	}
	s.observe(ctx, Event{Kind: TOTPAdded, AccountID: a.ID, PersonID: a.PersonID})
	return recovery, next, nil
}

// RemoveTOTP turns the second factor off, with its recovery codes.
func (s *Service) RemoveTOTP(ctx context.Context, token string) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, true)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM account_totp WHERE account = ? AND confirmed = 1", a.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTOTPOff)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_recovery WHERE account = ?", a.ID); err != nil {
			return err
		}
		next, err = s.rotate(ctx, tx, hash, "", nil, true)
		return err
	})
	s.cache.forget(a.ID)
	if err == nil {
		s.observe(ctx, Event{Kind: TOTPRemoved, AccountID: a.ID, PersonID: a.PersonID})
	}
	return next, err
}

// useTOTP accepts a code that was not used before, and uses it up together with
// the earlier ones.
func (s *Service) useTOTP(ctx context.Context, tx *opsdb.Tx, account int64, code string) error {
	code, ok := normalizeTOTP(code)
	if !ok {
		return ErrCode
	}
	var sealed []byte
	var last int64
	err := tx.QueryRowContext(ctx, "SELECT sealed, step FROM account_totp WHERE account = ? AND confirmed = 1", account).Scan(&sealed, &last)
	if errors.Is(err, opsdb.ErrNoRows) {
		return ErrCode
	}
	if err != nil {
		return err
	}
	secret, err := s.openSecret(account, sealed)
	if err != nil {
		return err
	}
	step, ok := matchTOTP(secret, code, s.now(), last)
	if !ok {
		return ErrCode
	}
	_, err = tx.ExecContext(ctx, "UPDATE account_totp SET step = ? WHERE account = ?", step, account)
	return err
}

// sealSecret encrypts under the service's key, bound to the account, so that a
// row moved to another account does not open.
func (s *Service) sealSecret(account int64, secret []byte) ([]byte, error) {
	nonce := make([]byte, s.seal.NonceSize())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fmt.Errorf("random bytes for sealing: %w", err)
	}
	return s.seal.Seal(nonce, nonce, secret, totpContext(account)), nil
}

func (s *Service) openSecret(account int64, sealed []byte) ([]byte, error) {
	n := s.seal.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("the stored secret of an authenticator app is damaged")
	}
	secret, err := s.seal.Open(nil, sealed[:n], sealed[n:], totpContext(account))
	if err != nil {
		return nil, errors.New("the stored secret of an authenticator app does not open: it is damaged, or the key of accounts is another one; restore the key, or reset the account")
	}
	return secret, nil
}

func totpContext(account int64) []byte {
	return fmt.Appendf(nil, "reperform/account/totp %d", account)
}
