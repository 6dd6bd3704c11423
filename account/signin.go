package account

import (
	"context"
	"errors"
	"time"

	"reperform/opsdb"
)

const (
	// pendingFor is how long a sign-in waits for the second factor.
	pendingFor = 10 * time.Minute
	// pendingTries are the codes that it takes.
	pendingTries = 5
)

// SignIn signs in with a password. Where the account has an authenticator app
// the answer is pending, and SecondFactor completes it. An unknown address, an
// account without a password and a wrong password answer ErrCredentials alike,
// after the same work, and ErrLocked alike.
func (s *Service) SignIn(ctx context.Context, email, password string, c Client) (SignedIn, error) {
	if err := s.limit(ctx, useSignIn, c); err != nil {
		return SignedIn{}, err
	}
	email, err := NormalizeEmail(email)
	if err != nil {
		email = ""
	}
	a, err := s.checkPassword(ctx, email, password, c)
	if err != nil {
		return SignedIn{}, err
	}
	if !a.DisabledAt.IsZero() {
		s.observe(ctx, Event{Kind: SignInRefused, AccountID: a.ID, PersonID: a.PersonID, Detail: "disabled"}.of(c))
		return SignedIn{}, ErrDisabled
	}
	var in SignedIn
	err = s.db.Write(ctx, func(tx *opsdb.Tx) (err error) {
		// Again, in the transaction: meanwhile somebody may have disabled it.
		if a, err = accountBy(ctx, tx, "id", a.ID); err != nil {
			return err
		}
		in, err = s.enter(ctx, tx, a, []Method{ByPassword}, c)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.entered(ctx, in, c)
	return in, nil
}

// checkPassword finds whose password it is. Wrong ones are counted.
func (s *Service) checkPassword(ctx context.Context, email, password string, c Client) (Account, error) {
	if err := s.charge(ctx, email); err != nil {
		if errors.Is(err, ErrLocked) {
			s.observe(ctx, Event{Kind: SignInLocked}.of(c))
		}
		return Account{}, err
	}
	var a Account
	var stored string
	err := s.db.Read(ctx, func(tx *opsdb.Tx) (err error) {
		a, err = scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+", coalesce(a.password, '') FROM account_account a WHERE a.email = ?", email), &stored)
		return err
	})
	known := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Account{}, err
	}
	ok, again, err := s.hasher.verify(ctx, password, stored)
	if err != nil {
		// It was never looked at.
		undo := s.db.Write(context.WithoutCancel(ctx), func(tx *opsdb.Tx) error { return refund(context.WithoutCancel(ctx), tx, email) })
		return Account{}, errors.Join(err, undo)
	}
	if !ok {
		e := Event{Kind: SignInRefused, Detail: "unknown address"}
		if known {
			e = Event{Kind: SignInRefused, AccountID: a.ID, PersonID: a.PersonID, Detail: "wrong password"}
		}
		s.observe(ctx, e.of(c))
		return Account{}, ErrCredentials
	}
	var fresh string
	if again {
		if fresh, err = s.hasher.hash(ctx, password); err != nil {
			return Account{}, err
		}
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if again {
			// Only in place of what was verified: it may have been changed since.
			_, err := tx.ExecContext(ctx, "UPDATE account_account SET password = ? WHERE id = ? AND password = ?", fresh, a.ID, stored)
			if err != nil {
				return err
			}
		}
		return refund(ctx, tx, email)
	})
	return a, err
}

// enter opens a session, or a sign-in that waits for the second factor.
func (s *Service) enter(ctx context.Context, tx *opsdb.Tx, a Account, methods []Method, c Client) (SignedIn, error) {
	if !a.DisabledAt.IsZero() {
		return SignedIn{}, ErrDisabled
	}
	if !a.HasTOTP {
		if err := clearFailures(ctx, tx, a.Email); err != nil {
			return SignedIn{}, err
		}
		return s.open(ctx, tx, a, PasswordOnly, methods, c)
	}
	token, hash, err := s.secret()
	if err != nil {
		return SignedIn{}, err
	}
	until := s.now().Add(pendingFor).UTC().Truncate(time.Millisecond)
	_, err = tx.ExecContext(ctx, "INSERT INTO account_pending (hash, account, expires) VALUES (?, ?, ?)", hash, a.ID, millis(until))
	return SignedIn{Account: a, PendingToken: token, PendingUntil: until}, err
}

// entered reports what enter did, once it is durable.
func (s *Service) entered(ctx context.Context, in SignedIn, c Client) {
	if in.Pending() {
		s.observe(ctx, Event{Kind: SecondFactorAsked, AccountID: in.Account.ID, PersonID: in.Account.PersonID}.of(c))
		return
	}
	s.opened(ctx, in, c)
}

// SecondFactor completes a pending sign-in with a code of the authenticator app
// or one of the recovery codes, of which each works once. Wrong codes count as
// wrong passwords do, and a pending sign-in takes five.
func (s *Service) SecondFactor(ctx context.Context, pendingToken, code string, c Client) (SignedIn, error) {
	if err := s.limit(ctx, useSignIn, c); err != nil {
		return SignedIn{}, err
	}
	hash, ok := hashOf(pendingToken)
	if !ok {
		return SignedIn{}, ErrPending
	}
	a, err := s.tryPending(ctx, hash)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.charge(ctx, a.Email); err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	var method Method
	err = s.db.Write(ctx, func(tx *opsdb.Tx) (err error) {
		// What was looked up may have changed; the pending row is used up here.
		res, err := tx.ExecContext(ctx, "DELETE FROM account_pending WHERE hash = ?", hash)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrPending)
		}
		if a, err = accountBy(ctx, tx, "id", a.ID); err != nil {
			return err
		}
		if method, err = s.useCode(ctx, tx, a.ID, code); err != nil {
			return err
		}
		if err := clearFailures(ctx, tx, a.Email); err != nil {
			return err
		}
		in, err = s.open(ctx, tx, a, TwoFactors, []Method{ByPassword, method}, c)
		return err
	})
	if err != nil {
		if errors.Is(err, ErrCode) {
			s.observe(ctx, Event{Kind: SecondFactorRefused, AccountID: a.ID, PersonID: a.PersonID}.of(c))
		}
		return SignedIn{}, err
	}
	if method == ByRecoveryCode {
		s.observe(ctx, Event{Kind: RecoveryCodeUsed, AccountID: a.ID, PersonID: a.PersonID}.of(c))
	}
	s.opened(ctx, in, c)
	return in, nil
}

// tryPending counts a try of a pending sign-in and finds whose it is.
func (s *Service) tryPending(ctx context.Context, hash []byte) (a Account, err error) {
	refused := false
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		var tries int
		var expires int64
		a, err = scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+`, p.tries, p.expires FROM account_pending p
			JOIN account_account a ON a.id = p.account WHERE p.hash = ?`, hash), &tries, &expires)
		if errors.Is(err, ErrNotFound) {
			return ErrPending
		}
		if err != nil {
			return err
		}
		if tries >= pendingTries || expires <= millis(s.now()) {
			refused = true
			_, err = tx.ExecContext(ctx, "DELETE FROM account_pending WHERE hash = ?", hash)
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE account_pending SET tries = tries + 1 WHERE hash = ?", hash)
		return err
	})
	if err == nil && refused {
		err = ErrPending
	}
	return a, err
}

// useCode uses a code of either kind. They cannot be confused: one has six
// digits, the other sixteen signs.
func (s *Service) useCode(ctx context.Context, tx *opsdb.Tx, account int64, code string) (Method, error) {
	if recovery, ok := normalizeRecovery(code); ok {
		return ByRecoveryCode, useRecoveryCode(ctx, tx, account, recovery)
	}
	return ByTOTP, s.useTOTP(ctx, tx, account, code)
}

// Prove notes that the person of a session proved who they are again, by their
// password, and gives the session another token.
func (s *Service) Prove(ctx context.Context, token, password string, c Client) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, false)
	if err != nil {
		return "", err
	}
	if err := s.limit(ctx, useSignIn, c); err != nil {
		return "", err
	}
	if _, err := s.checkPassword(ctx, a.Email, password, c); err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		next, err = s.rotate(ctx, tx, hash, PasswordOnly, []Method{ByPassword}, false)
		return err
	})
	s.cache.forget(a.ID)
	if err == nil {
		s.observe(ctx, Event{Kind: ProvenAgain, AccountID: a.ID, PersonID: a.PersonID}.of(c))
	}
	return next, err
}

// ChangePassword sets another password, or the first of an account that has
// passkeys alone. It ends the account's other sessions and the links that would
// have let somebody set a password, and gives the session in use another token.
func (s *Service) ChangePassword(ctx context.Context, token, current, password string, c Client) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, false)
	if err != nil {
		return "", err
	}
	if a.HasPassword {
		if err := s.limit(ctx, useSignIn, c); err != nil {
			return "", err
		}
		if _, err := s.checkPassword(ctx, a.Email, current, c); err != nil {
			return "", err
		}
		if current == password {
			return "", ErrPasswordSame
		}
	} else if _, _, _, err := s.own(ctx, token, true); err != nil {
		return "", err
	}
	if err := CheckPassword(password, a.Email, a.DisplayName); err != nil {
		return "", err
	}
	stored, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE account_account SET password = ? WHERE id = ?", stored, a.ID); err != nil {
			return err
		}
		if err := revokeTokens(ctx, tx, a, s.now()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_pending WHERE account = ?", a.ID); err != nil {
			return err
		}
		next, err = s.rotate(ctx, tx, hash, PasswordOnly, []Method{ByPassword}, true)
		return err
	})
	s.cache.forget(a.ID)
	if err == nil {
		s.observe(ctx, Event{Kind: PasswordChanged, AccountID: a.ID, PersonID: a.PersonID}.of(c))
	}
	return next, err
}
