package desk

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"reperform/opsdb"
)

// Mail is a mail to be sent.
type Mail struct {
	// Key names what the mail says to whom. A mail whose key was queued within
	// the last 90 days is not queued again, whatever became of it.
	Key string
	// Person is to whom it goes, where the ledgers know them.
	Person string
	// Addressee is whom it is meant for, where it goes to no account of theirs
	// yet; empty is the same as Person. It is for those who look after mail that
	// failed.
	Addressee string
	// Topic is a word for counting, such as "digest".
	Topic string
	// Body is what the sender needs to make and address the mail. It is sealed
	// in the database, and removed when the mail was sent, or a week after it was
	// given up.
	Body []byte
	// Expires is when the mail is of no use any more; zero is three days from
	// now, after which a sender gives up.
	Expires time.Time
}

// Queued is a mail that the caller has claimed.
type Queued struct {
	ID   int64
	Mail Mail
	// Message is unique to the mail and the same at every attempt; with a
	// domain behind it, it is the Message-ID.
	Message string
	// Attempt counts from 1, this one included.
	Attempt   int
	CreatedAt time.Time
}

// giveUp is how long sending is tried, which is what RFC 5321 4.5.4.1 asks of
// those who pass mail on, less a day, since a summary of that age is none.
const giveUp = 3 * 24 * time.Hour

// delays are the waits after each failed attempt; the last one repeats.
var delays = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// Enqueue puts a mail into the outbox and answers whether it is new there. Once
// it has returned, the mail is sent even if the process dies: at least once, and
// a second time only if the process died between the moment the receiving
// server took it and the moment that was noted. Both then carry the same
// Message-ID, by which receivers can tell.
func (s *Service) Enqueue(ctx context.Context, m Mail) (queued bool, err error) {
	if m.Key == "" || len(m.Key) > 500 || m.Topic == "" || len(m.Body) == 0 || len(m.Body) > 1<<20 {
		return false, errors.New("a mail needs a key of at most 500 bytes, a topic and a body of at most 1 MiB")
	}
	now, useful := s.now(), m.Expires
	if m.Expires.IsZero() || m.Expires.After(now.Add(giveUp)) {
		m.Expires = now.Add(giveUp)
	}
	var id [16]byte
	nonce := make([]byte, s.seal.NonceSize())
	for _, b := range [][]byte{id[:], nonce} {
		if _, err := io.ReadFull(s.random, b); err != nil {
			return false, fmt.Errorf("random bytes for a mail: %w", err)
		}
	}
	message := hex.EncodeToString(id[:])
	sealed := s.seal.Seal(nonce, nonce, m.Body, []byte(message))
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, "INSERT INTO desk_outbox (key, message, person, topic, sealed, state, next, expires, created, addressee, useful) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
			m.Key, message, m.Person, m.Topic, sealed, millis(now), millis(m.Expires), millis(now), cmp.Or(m.Addressee, m.Person), millis(useful))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		queued = n > 0
		return err
	})
	if err == nil && queued {
		s.wake()
	}
	return queued, err
}

// wake tells the one who sends that there is something to do.
func (s *Service) wake() {
	select {
	case s.queued <- struct{}{}:
	default:
	}
}

// Arrived tells the one who sends that this process has queued a mail. Mails of
// other processes, and those whose next attempt has come, are found by asking.
func (s *Service) Arrived() <-chan struct{} { return s.queued }

// Claim takes up to n mails whose time has come, for as long as the lease: until
// then nobody else is given them. Whoever does not report in time, because the
// process died, loses them to the next who claims. Mails that have expired are
// given up.
func (s *Service) Claim(ctx context.Context, n int, lease time.Duration) (out []Queued, err error) {
	now := s.now()
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		out = nil
		_, err := tx.ExecContext(ctx, "UPDATE desk_outbox SET state = 'failed', leased = 0, ended = ?, problem = CASE problem WHEN '' THEN 'it expired before it could be sent' ELSE problem END WHERE state = 'waiting' AND next <= ? AND expires <= ?",
			millis(now), millis(now), millis(now))
		if err != nil {
			return err
		}
		claimed, err := waiting(ctx, tx, now, n)
		if err != nil {
			return err
		}
		for _, c := range claimed {
			body, err := s.open(c.sealed, c.q.Message)
			if err != nil {
				// A content that cannot be opened is of no use to a later attempt.
				if err := end(ctx, tx, "failed", c.q.ID, now, err.Error(), false); err != nil {
					return err
				}
				continue
			}
			c.q.Mail.Body = body
			c.q.Attempt++
			if _, err := tx.ExecContext(ctx, "UPDATE desk_outbox SET attempts = ?, next = ?, leased = 1 WHERE id = ?", c.q.Attempt, millis(now.Add(lease)), c.q.ID); err != nil {
				return err
			}
			out = append(out, c.q)
		}
		return nil
	})
	return out, err
}

type claim struct {
	q      Queued
	sealed []byte
}

func waiting(ctx context.Context, tx *opsdb.Tx, now time.Time, n int) ([]claim, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, key, message, person, topic, sealed, attempts, expires, created FROM desk_outbox WHERE state = 'waiting' AND next <= ? ORDER BY next, id LIMIT ?", millis(now), n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []claim
	for rows.Next() {
		var c claim
		var expires, created int64
		if err := rows.Scan(&c.q.ID, &c.q.Mail.Key, &c.q.Message, &c.q.Mail.Person, &c.q.Mail.Topic, &c.sealed, &c.q.Attempt, &expires, &created); err != nil {
			return nil, err
		}
		c.q.Mail.Expires, c.q.CreatedAt = fromMillis(expires), fromMillis(created)
		out = append(out, c)
	}
	return out, rows.Err()
}

func (s *Service) open(sealed []byte, message string) ([]byte, error) {
	if len(sealed) < s.seal.NonceSize() {
		return nil, errors.New("its content is missing")
	}
	nonce, rest := sealed[:s.seal.NonceSize()], sealed[s.seal.NonceSize():]
	body, err := s.seal.Open(nil, nonce, rest, []byte(message))
	if err != nil {
		return nil, errors.New("its content was sealed under another key")
	}
	return body, nil
}

// end closes a mail, and removes its content unless it is kept to be tried again.
func end(ctx context.Context, tx *opsdb.Tx, state string, id int64, now time.Time, problem string, keep bool) error {
	_, err := tx.ExecContext(ctx, "UPDATE desk_outbox SET state = ?, sealed = CASE WHEN ? THEN sealed END, leased = 0, ended = ?, problem = ? WHERE id = ?", state, keep, millis(now), problem, id)
	return err
}

// Sent notes that the receiving server took a mail.
func (s *Service) Sent(ctx context.Context, q Queued) error {
	return s.db.Write(ctx, func(tx *opsdb.Tx) error { return end(ctx, tx, "sent", q.ID, s.now(), "", false) })
}

// Failed notes that an attempt failed and when the next one is; the zero time
// says that the mail was given up, because it would come too late or because
// the caller says that no attempt will succeed. Of a mail that somebody else
// has claimed meanwhile, nothing is noted.
func (s *Service) Failed(ctx context.Context, q Queued, problem string, forGood bool) (next time.Time, err error) {
	now := s.now()
	wait := delays[min(max(q.Attempt, 1), len(delays))-1]
	problem = clip(problem)
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		next = now.Add(wait).UTC().Truncate(time.Millisecond)
		var attempts int
		var state string
		err := tx.QueryRowContext(ctx, "SELECT attempts, state FROM desk_outbox WHERE id = ?", q.ID).Scan(&attempts, &state)
		if errors.Is(err, opsdb.ErrNoRows) || err == nil && (attempts != q.Attempt || state != "waiting") {
			return nil
		}
		if err != nil {
			return err
		}
		if forGood || !next.Before(q.Mail.Expires) {
			next = time.Time{}
			return end(ctx, tx, "failed", q.ID, now, problem, true)
		}
		_, err = tx.ExecContext(ctx, "UPDATE desk_outbox SET next = ?, problem = ?, leased = 0 WHERE id = ?", millis(next), problem, q.ID)
		return err
	})
	return next, err
}

// clip keeps what a server said short, on one line, and without marks that
// nobody sees, which would let it read as something else.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}

// OutboxState is how the queue stands.
type OutboxState struct {
	// Waiting counts what is still to be sent, Failed what was given up within
	// the last week.
	Waiting, Failed int
	// Problem is why the latest attempt that failed did, empty where every mail
	// that waits is on its first.
	Problem string
}

// Outbox tells how the queue stands, for whoever operates the installation.
func (s *Service) Outbox(ctx context.Context) (o OutboxState, err error) {
	week := millis(s.now().Add(-7 * 24 * time.Hour))
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(state = 'waiting'), 0), coalesce(sum(state = 'failed' AND ended > ?), 0) FROM desk_outbox", week).Scan(&o.Waiting, &o.Failed)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, "SELECT problem FROM desk_outbox WHERE problem <> '' AND (state = 'waiting' OR ended > ?) ORDER BY max(ended, next) DESC LIMIT 1", week).Scan(&o.Problem)
		if errors.Is(err, opsdb.ErrNoRows) {
			return nil
		}
		return err
	})
	return o, err
}

// Bookmark is how far a reader has come, empty for one that never was anywhere.
func (s *Service) Bookmark(ctx context.Context, name string) (at string, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT at FROM desk_bookmark WHERE name = ?", name).Scan(&at)
		if errors.Is(err, opsdb.ErrNoRows) {
			return nil
		}
		return err
	})
	return at, err
}

// SetBookmark notes how far a reader has come. Whoever queues mail sets it
// afterwards: what is read twice after a crash has the same keys.
func (s *Service) SetBookmark(ctx context.Context, name, at string) error {
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO desk_bookmark (name, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", name, at)
		return err
	})
}
