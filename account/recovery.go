package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"reperform/opsdb"
)

const (
	recoveryCodes = 10
	// recoverySigns of 5 bits each: 80 bits, so that a fast hash is enough.
	recoverySigns = 16
	// crockford is an alphabet without letters that look like digits.
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// normalizeRecovery reads a recovery code as people type it: in any case, with
// or without dashes and spaces, O for 0 and I or L for 1.
func normalizeRecovery(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch r {
		case '-', ' ', '\t', '\r', '\n':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(crockford, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == recoverySigns
}

func recoveryHash(account int64, code string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "reperform/account/recovery %d %s", account, code))
	return sum[:]
}

// makeRecovery replaces the account's recovery codes.
func (s *Service) makeRecovery(ctx context.Context, tx *opsdb.Tx, account int64) ([]string, error) {
	if _, err := tx.ExecContext(ctx, "DELETE FROM account_recovery WHERE account = ?", account); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		var raw [recoverySigns]byte
		if _, err := io.ReadFull(s.random, raw[:]); err != nil {
			return nil, fmt.Errorf("random bytes for recovery codes: %w", err)
		}
		for j := range raw {
			raw[j] = crockford[raw[j]&31]
		}
		code := string(raw[:])
		if _, err := tx.ExecContext(ctx, "INSERT INTO account_recovery (account, hash) VALUES (?, ?)", account, recoveryHash(account, code)); err != nil {
			return nil, err
		}
		codes[i] = code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:]
	}
	return codes, nil
}

// useRecoveryCode uses a code up.
func useRecoveryCode(ctx context.Context, tx *opsdb.Tx, account int64, code string) error {
	res, err := tx.ExecContext(ctx, "DELETE FROM account_recovery WHERE account = ? AND hash = ?", account, recoveryHash(account, code))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrCode)
	}
	return nil
}

// NewRecoveryCodes replaces the recovery codes, of which the old ones stop
// working, and answers the new ones, which are shown once.
func (s *Service) NewRecoveryCodes(ctx context.Context, token string) (codes []string, err error) {
	_, a, _, err := s.own(ctx, token, true)
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		// As of now, not as the session remembers it.
		now, err := accountBy(ctx, tx, "id", a.ID)
		if err != nil {
			return err
		}
		if !now.HasTOTP {
			return ErrTOTPOff
		}
		codes, err = s.makeRecovery(ctx, tx, a.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.observe(ctx, Event{Kind: RecoveryCodesMade, AccountID: a.ID, PersonID: a.PersonID})
	return codes, nil
}

// RecoveryCodesLeft tells how many recovery codes were not used.
func (s *Service) RecoveryCodesLeft(ctx context.Context, token string) (n int, err error) {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return 0, err
	}
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM account_recovery WHERE account = ?", a.ID).Scan(&n)
	})
	return n, err
}
