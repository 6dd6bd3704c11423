package opsdb

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweep is one user's removal of what has expired.
type sweep struct {
	name string
	fn   func(ctx context.Context, tx *Tx, now time.Time) (int64, error)
}

// OnSweep registers what removes the expired rows of one user; it answers how
// many it removed. Expired rows mean nothing already: a sweep only keeps the
// file small.
func (db *DB) OnSweep(name string, fn func(ctx context.Context, tx *Tx, now time.Time) (int64, error)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.sweeps = append(db.sweeps, sweep{name, fn})
}

// Sweep removes what has expired by now, in one transaction for each user, and
// answers how many rows it removed. One user's failure does not keep the others
// from being swept.
func (db *DB) Sweep(ctx context.Context, now time.Time) (map[string]int64, error) {
	db.mu.Lock()
	sweeps := append([]sweep(nil), db.sweeps...)
	db.mu.Unlock()
	removed := map[string]int64{}
	var failed error
	for _, s := range sweeps {
		var n int64
		err := db.Write(ctx, func(tx *Tx) (err error) {
			n, err = s.fn(ctx, tx, now)
			return err
		})
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("removing what has expired of %s: %w", s.name, err))
			continue
		}
		removed[s.name] += n
	}
	return removed, failed
}
