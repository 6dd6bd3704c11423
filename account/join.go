package account

import (
	"context"
	"errors"
	"fmt"
	"io"

	"reperform/opsdb"
)

// Accept uses a link: it sets the password, of a new account for an invitation,
// and signs in. An account that keeps its authenticator app is asked for it
// (the answer is pending). A link is used once.
func (s *Service) Accept(ctx context.Context, token, password string, c Client) (SignedIn, error) {
	l, err := s.Link(ctx, token, c)
	if err != nil {
		return SignedIn{}, err
	}
	if err := CheckPassword(password, l.Email, l.Name); err != nil {
		return SignedIn{}, err
	}
	stored, err := s.hasher.hash(ctx, password)
	if err != nil {
		return SignedIn{}, err
	}
	return s.join(ctx, token, c, func(tx *opsdb.Tx, a Account) (SignedIn, error) {
		if _, err := tx.ExecContext(ctx, "UPDATE account_account SET password = ? WHERE id = ?", stored, a.ID); err != nil {
			return SignedIn{}, err
		}
		// Read again: clearing may have taken the second factor away.
		if a, err = accountBy(ctx, tx, "id", a.ID); err != nil {
			return SignedIn{}, err
		}
		return s.enter(ctx, tx, a, []Method{ByLink, ByPassword}, c)
	})
}

// join uses a link up, gives the account that it is for, made where it is an
// invitation, to what sets a way to sign in, and reports it.
func (s *Service) join(ctx context.Context, token string, c Client, set func(*opsdb.Tx, Account) (SignedIn, error)) (SignedIn, error) {
	hash, ok := hashOf(token)
	if !ok {
		return SignedIn{}, ErrTokenUnknown
	}
	var l Link
	err := s.db.Read(ctx, func(tx *opsdb.Tx) (err error) {
		l, err = linkBy(ctx, tx, "hash", hash)
		return err
	})
	if err == nil && l.Purpose == Invitation {
		// Since the invitation another side may have recorded the person.
		err = s.recorded(ctx, l.PersonID, l.Side)
	}
	if err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		var err error
		if l, err = linkBy(ctx, tx, "hash", hash); err != nil {
			return err
		}
		if err := l.usable(s.now()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE account_token SET used = ? WHERE id = ?", millis(s.now()), l.ID); err != nil {
			return err
		}
		var a Account
		if l.Purpose == Invitation {
			a, err = s.create(ctx, tx, l)
		} else {
			a, err = s.clear(ctx, tx, l)
		}
		if err != nil {
			return err
		}
		in, err = set(tx, a)
		return err
	})
	if err != nil {
		if l.ID != 0 {
			s.observe(ctx, Event{Kind: TokenRefused, AccountID: l.AccountID, PersonID: l.PersonID, Detail: Code(err)}.of(c))
		}
		return SignedIn{}, err
	}
	kind := Joined
	if l.Purpose != Invitation {
		kind = ResetDone
	}
	s.cache.forget(in.Account.ID)
	s.observe(ctx, Event{Kind: kind, AccountID: in.Account.ID, PersonID: in.Account.PersonID, By: l.By}.of(c))
	s.entered(ctx, in, c)
	return in, nil
}

// create makes the account of an invitation.
func (s *Service) create(ctx context.Context, tx *opsdb.Tx, l Link) (Account, error) {
	handle := make([]byte, 32)
	if _, err := io.ReadFull(s.random, handle); err != nil {
		return Account{}, fmt.Errorf("random bytes for an account: %w", err)
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO account_account (person, email, name, side, keeper, handle, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
		l.PersonID, l.Email, l.Name, l.Side, l.Keeper, handle, millis(s.now()))
	if opsdb.IsConflict(err) {
		return Account{}, ErrExists
	}
	if err != nil {
		return Account{}, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return Account{}, err
	}
	// What strangers tried under this address is not the new person's doing.
	if err := clearFailures(ctx, tx, l.Email); err != nil {
		return Account{}, err
	}
	return accountBy(ctx, tx, "id", id)
}

// clear takes from an account what a reset takes: its sessions, other links,
// the wait after wrong attempts, and where it says so the second factors.
func (s *Service) clear(ctx context.Context, tx *opsdb.Tx, l Link) (Account, error) {
	a, err := accountBy(ctx, tx, "id", l.AccountID)
	if errors.Is(err, ErrNotFound) {
		return a, ErrTokenRevoked
	}
	if err != nil {
		return a, err
	}
	if !a.DisabledAt.IsZero() {
		return a, ErrDisabled
	}
	if err := errors.Join(dropSessions(ctx, tx, a.ID), revokeTokens(ctx, tx, a, s.now())); err != nil {
		return a, err
	}
	if !a.HasTOTP || l.Purpose == Reset {
		// A mail does not open the lock on guesses of the second factor.
		if err := clearFailures(ctx, tx, a.Email); err != nil {
			return a, err
		}
	}
	if !l.ClearsFactors {
		return a, nil
	}
	for _, table := range []string{"account_totp", "account_recovery", "account_passkey"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE account = ?", a.ID); err != nil {
			return a, err
		}
	}
	return accountBy(ctx, tx, "id", a.ID)
}
