package desk

import (
	"context"
	"time"

	"reperform/opsdb"
)

// Trouble is a mail that could not be sent: one that was given up within the last
// week, or one whose latest attempt failed. It says nothing of its content.
type Trouble struct {
	ID int64
	// Addressee is the person whom the mail is for.
	Addressee string
	Topic     string
	Attempts  int
	// Problem is why the latest attempt failed, mostly in the server's words, as
	// text on one line.
	Problem   string
	CreatedAt time.Time
	// EndedAt is when the mail was given up, and NextAt when it is tried again;
	// one of the two is zero.
	EndedAt, NextAt time.Time
	// Retry tells that it can be tried again now.
	Retry bool
}

// mostTroubles bounds what Troubles lists.
const mostTroubles = 1000

// Troubles lists the mails that could not be sent, the latest first.
func (s *Service) Troubles(ctx context.Context) (all []Trouble, err error) {
	now := s.now()
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		all = nil
		rows, err := tx.QueryContext(ctx, "SELECT id, addressee, topic, attempts, problem, created, ended, next, state = 'failed', "+again+
			" FROM desk_outbox WHERE state = 'failed' AND ended > ?2 OR state = 'waiting' AND problem <> '' ORDER BY max(ended, created) DESC, id DESC LIMIT ?3",
			millis(now), millis(now.Add(-FailedKept)), mostTroubles)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t Trouble
			var created, ended, next int64
			var failed bool
			if err := rows.Scan(&t.ID, &t.Addressee, &t.Topic, &t.Attempts, &t.Problem, &created, &ended, &next, &failed, &t.Retry); err != nil {
				return err
			}
			t.CreatedAt, t.EndedAt = fromMillis(created), fromMillis(ended)
			if !failed {
				t.NextAt = fromMillis(next)
			}
			all = append(all, t)
		}
		return rows.Err()
	})
	return all, err
}

// again is true of a mail that can be tried again at ?1: its content is there, it
// would not come too late, and nobody is sending it.
const again = "(sealed IS NOT NULL AND leased = 0 AND (useful = 0 OR useful > ?1))"

// Retry lets a mail that could not be sent be tried again now, for another three
// days. It goes out under the same Message-ID. Of one that was sent or discarded
// meanwhile, is on its way, or would come too late, ErrMail says so.
func (s *Service) Retry(ctx context.Context, id int64) error {
	now := s.now()
	err := s.change(ctx, "UPDATE desk_outbox SET state = 'waiting', attempts = CASE state WHEN 'failed' THEN 0 ELSE attempts END, ended = 0, next = ?1,"+
		" expires = CASE WHEN useful > 0 THEN min(useful, ?2) ELSE ?2 END WHERE id = ?3 AND (state = 'failed' OR state = 'waiting' AND problem <> '') AND "+again, millis(now), millis(now.Add(giveUp)), id)
	if err == nil {
		s.wake()
	}
	return err
}

// Discard gives a mail up that could not be sent, and removes its content. The
// same mail is not queued again.
func (s *Service) Discard(ctx context.Context, id int64) error {
	return s.change(ctx, "UPDATE desk_outbox SET state = 'discarded', sealed = NULL, leased = 0, ended = ?1 WHERE id = ?2 AND (state = 'failed' OR state = 'waiting' AND problem <> '')", millis(s.now()), id)
}

// change makes a change of one mail.
func (s *Service) change(ctx context.Context, query string, args ...any) error {
	var n int64
	err := s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err == nil && n == 0 {
		return ErrMail
	}
	return err
}
