package desk

import (
	"context"
	"time"

	"reperform/opsdb"
)

// maxItem is the longest key of something that can be marked, in bytes, and
// MaxMarks how many are marked at once.
const (
	maxItem  = 400
	MaxMarks = 5000
)

// Mark notes that a person has read things. What they are is the caller's
// matter: an item is any text without spaces, such as "org/comment/c-17". What
// was marked before is marked anew.
func (s *Service) Mark(ctx context.Context, person string, items ...string) error {
	if err := checkItems(person, items); err != nil || len(items) == 0 {
		return err
	}
	at := millis(s.now())
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		for _, item := range items {
			_, err := tx.ExecContext(ctx, "INSERT INTO desk_mark (person, item, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", person, item, at)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Unmark makes things unread again; one that is not marked is no mistake.
func (s *Service) Unmark(ctx context.Context, person string, items ...string) error {
	if err := checkItems(person, items); err != nil || len(items) == 0 {
		return err
	}
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		for _, item := range items {
			if _, err := tx.ExecContext(ctx, "DELETE FROM desk_mark WHERE person = ? AND item = ?", person, item); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkItems(person string, items []string) error {
	if !token(person, maxPerson) {
		return errPerson
	}
	if len(items) > MaxMarks {
		return ErrItem
	}
	for _, item := range items {
		if !token(item, maxItem) {
			return ErrItem
		}
	}
	return nil
}

// Marks tells what a person has marked since a moment, the zero time for all
// that is remembered, which is a year, and when.
func (s *Service) Marks(ctx context.Context, person string, since time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	err := s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT item, at FROM desk_mark WHERE person = ? AND at >= ?", person, millis(since))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var item string
			var at int64
			if err := rows.Scan(&item, &at); err != nil {
				return err
			}
			out[item] = fromMillis(at)
		}
		return rows.Err()
	})
	return out, err
}
