package account

import (
	"context"
	"errors"
	"time"

	"reperform/opsdb"
)

// Kept is an account as those see it who manage the accounts of its keeper.
type Kept struct {
	Account
	// SignedInAt is when the person last signed in; zero for never.
	SignedInAt time.Time
	// LockedUntil is when the wait after wrong attempts ends; zero when there
	// is none.
	LockedUntil time.Time
	// Sessions are how many browsers are signed in, Passkeys how many passkeys
	// the person has.
	Sessions, Passkeys int
}

// Kept lists the accounts that the requester may manage with what an
// administrator is asked about them, by e-mail address. Those of another side
// are not in it.
func (s *Service) Kept(ctx context.Context, by Requester) (all []Kept, err error) {
	if !by.MayManage(by.Side) {
		return nil, ErrForbidden
	}
	now := s.now()
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+accountColumns+`, a.signed_in,
			(SELECT count(*) FROM account_session s WHERE s.account = a.id AND s.expires > ?2 AND s.seen > ?3),
			(SELECT count(*) FROM account_passkey p WHERE p.account = a.id)
			FROM account_account a WHERE a.keeper = ?1 ORDER BY a.email`, by.Side, millis(now), millis(now.Add(-s.idle)))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k Kept
			var at int64
			if k.Account, err = scanAccount(rows, &at, &k.Sessions, &k.Passkeys); err != nil {
				return err
			}
			k.SignedInAt = fromMillis(at)
			all = append(all, k)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		for i := range all {
			var until int64
			err := tx.QueryRowContext(ctx, "SELECT until FROM account_failure WHERE key = ? AND until > ?", failureKey(all[i].Email), millis(now)).Scan(&until)
			if err != nil && !errors.Is(err, opsdb.ErrNoRows) {
				return err
			}
			all[i].LockedUntil = fromMillis(until)
		}
		return nil
	})
	return all, err
}
