package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"reperform/opsdb"
)

const (
	// freeAttempts are the wrong attempts after which waiting begins.
	freeAttempts = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	// failuresKept is how long wrong attempts are remembered.
	failuresKept = 24 * time.Hour
)

// waitAfter is how long the next attempt waits after n wrong ones: half a
// minute after five, doubled by each further one. The bound keeps a stranger
// from shutting somebody out for long; a passkey is not subject to it.
func waitAfter(n int) time.Duration {
	if n < freeAttempts {
		return 0
	}
	return min(longestWait, firstWait<<min(n-freeAttempts, 16))
}

// failureKey is under which wrong attempts are counted: the address, whether or
// not it has an account, so that waiting tells nothing either.
func failureKey(email string) []byte {
	sum := sha256.Sum256([]byte("reperform/account/failure\n" + email))
	return sum[:]
}

// charge counts an attempt as wrong before it is looked at, so that many at the
// same time are not looked at before the first is counted. A right one is
// refunded. It answers ErrLocked while waiting.
func (s *Service) charge(ctx context.Context, email string) error {
	now := s.now()
	var locked time.Time
	err := s.db.Write(ctx, func(tx *opsdb.Tx) error {
		var count int
		var last, until int64
		err := tx.QueryRowContext(ctx, "SELECT count, last, until FROM account_failure WHERE key = ?", failureKey(email)).Scan(&count, &last, &until)
		if err != nil && !errors.Is(err, opsdb.ErrNoRows) {
			return err
		}
		if until > millis(now) {
			locked = fromMillis(until)
			return nil
		}
		if last <= millis(now.Add(-failuresKept)) {
			count = 0
		}
		count++
		until = 0
		if w := waitAfter(count); w > 0 {
			until = millis(now.Add(w))
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO account_failure (key, count, last, until) VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET count = excluded.count, last = excluded.last, until = excluded.until`,
			failureKey(email), count, millis(now), until)
		return err
	})
	if err == nil && !locked.IsZero() {
		return ErrLocked.until(locked)
	}
	return err
}

// refund takes one attempt back that was right, or was never looked at.
func refund(ctx context.Context, tx *opsdb.Tx, email string) error {
	_, err := tx.ExecContext(ctx, "UPDATE account_failure SET count = max(0, count - 1), until = 0 WHERE key = ?", failureKey(email))
	return err
}

// clearFailures forgets wrong attempts: somebody has signed in completely.
func clearFailures(ctx context.Context, tx *opsdb.Tx, email string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM account_failure WHERE key = ?", failureKey(email))
	return err
}
