package desk

import (
	"context"
	"time"

	"reperform/opsdb"
)

// Schema is the package's part of the operational database. Times are
// milliseconds since 1970, 0 for never.
var Schema = opsdb.Schema{Name: "desk", Steps: []string{`
CREATE TABLE desk_view (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	owner   TEXT NOT NULL,
	page    TEXT NOT NULL,
	name    TEXT NOT NULL,
	query   TEXT NOT NULL,
	circle  TEXT NOT NULL,
	created INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	UNIQUE (owner, page, name)
) STRICT;
CREATE INDEX desk_view_shared ON desk_view (page, circle) WHERE circle <> '';
CREATE TABLE desk_mark (
	person TEXT NOT NULL,
	item   TEXT NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (person, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_mark_at ON desk_mark (at);
CREATE TABLE desk_preference (
	person  TEXT NOT NULL,
	key     TEXT NOT NULL,
	value   TEXT NOT NULL,
	changed INTEGER NOT NULL,
	PRIMARY KEY (person, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE desk_outbox (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	key      TEXT NOT NULL UNIQUE,
	message  TEXT NOT NULL UNIQUE,
	person   TEXT NOT NULL,
	topic    TEXT NOT NULL,
	sealed   BLOB,
	state    TEXT NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	next     INTEGER NOT NULL,
	expires  INTEGER NOT NULL,
	problem  TEXT NOT NULL DEFAULT '',
	created  INTEGER NOT NULL,
	ended    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX desk_outbox_next ON desk_outbox (next) WHERE state = 'waiting';
CREATE INDEX desk_outbox_ended ON desk_outbox (ended) WHERE state <> 'waiting';
CREATE TABLE desk_bookmark (
	name TEXT PRIMARY KEY,
	at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`, `
ALTER TABLE desk_outbox ADD COLUMN addressee TEXT NOT NULL DEFAULT '';
ALTER TABLE desk_outbox ADD COLUMN useful INTEGER NOT NULL DEFAULT 0;
ALTER TABLE desk_outbox ADD COLUMN leased INTEGER NOT NULL DEFAULT 0;
`}}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// How long things are remembered.
const (
	// MarksKept is for read marks: what waits longer than that is news again.
	MarksKept = 365 * 24 * time.Hour
	// FailedKept is how long the content of a mail that was given up is kept, so
	// that it can be tried again.
	FailedKept = 7 * 24 * time.Hour
	// MailKept is how long the key of a mail that was sent or given up keeps the
	// same mail from being queued again.
	MailKept = 90 * 24 * time.Hour
)

// sweep removes what has expired.
func (s *Service) sweep(ctx context.Context, tx *opsdb.Tx, now time.Time) (int64, error) {
	var removed int64
	for _, q := range []struct {
		text string
		arg  time.Time
	}{
		{"DELETE FROM desk_mark WHERE at <= ?", now.Add(-MarksKept)},
		{"UPDATE desk_outbox SET sealed = NULL WHERE state = 'failed' AND sealed IS NOT NULL AND ended <= ?", now.Add(-FailedKept)},
		{"DELETE FROM desk_outbox WHERE state <> 'waiting' AND ended <= ?", now.Add(-MailKept)},
	} {
		res, err := tx.ExecContext(ctx, q.text, millis(q.arg))
		if err != nil {
			return removed, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}
