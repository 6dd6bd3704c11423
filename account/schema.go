package account

import (
	"context"
	"time"

	"reperform/opsdb"
)

// Schema is the package's part of the operational database. Times are
// milliseconds since 1970, 0 for never.
var Schema = opsdb.Schema{Name: "account", Steps: []string{`
CREATE TABLE account_account (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	person   TEXT NOT NULL UNIQUE,
	email    TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL,
	side     TEXT NOT NULL,
	keeper   TEXT NOT NULL,
	handle   BLOB NOT NULL UNIQUE,
	password TEXT,
	created  INTEGER NOT NULL,
	disabled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE account_token (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	hash    BLOB NOT NULL UNIQUE,
	purpose TEXT NOT NULL,
	account INTEGER REFERENCES account_account (id) ON DELETE CASCADE,
	person  TEXT NOT NULL,
	email   TEXT NOT NULL,
	name    TEXT NOT NULL,
	side    TEXT NOT NULL,
	keeper  TEXT NOT NULL,
	factors INTEGER NOT NULL DEFAULT 0,
	by      TEXT NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	used    INTEGER NOT NULL DEFAULT 0,
	revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE account_session (
	hash     BLOB PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	account  INTEGER NOT NULL REFERENCES account_account (id) ON DELETE CASCADE,
	created  INTEGER NOT NULL,
	seen     INTEGER NOT NULL,
	proven   INTEGER NOT NULL,
	expires  INTEGER NOT NULL,
	agent    TEXT NOT NULL,
	ip       TEXT NOT NULL,
	methods  TEXT NOT NULL,
	level    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_session_account ON account_session (account);
CREATE TABLE account_pending (
	hash    BLOB PRIMARY KEY,
	account INTEGER NOT NULL REFERENCES account_account (id) ON DELETE CASCADE,
	expires INTEGER NOT NULL,
	tries   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE account_totp (
	account   INTEGER PRIMARY KEY REFERENCES account_account (id) ON DELETE CASCADE,
	sealed    BLOB NOT NULL,
	confirmed INTEGER NOT NULL DEFAULT 0,
	step      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE account_recovery (
	account INTEGER NOT NULL REFERENCES account_account (id) ON DELETE CASCADE,
	hash    BLOB NOT NULL,
	PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE account_passkey (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL REFERENCES account_account (id) ON DELETE CASCADE,
	cred    BLOB NOT NULL UNIQUE,
	name    TEXT NOT NULL,
	record  TEXT NOT NULL,
	created INTEGER NOT NULL,
	used    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX account_passkey_account ON account_passkey (account);
CREATE TABLE account_ceremony (
	hash    BLOB PRIMARY KEY,
	purpose TEXT NOT NULL,
	subject TEXT NOT NULL,
	data    TEXT NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE account_failure (
	key   BLOB PRIMARY KEY,
	count INTEGER NOT NULL,
	last  INTEGER NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`, `
ALTER TABLE account_account ADD COLUMN signed_in INTEGER NOT NULL DEFAULT 0;
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

// tokensKept is how long a link that can no longer be used is remembered, so
// that whoever comes back with it is told why.
const tokensKept = 30 * 24 * time.Hour

// sweep removes what has expired.
func (s *Service) sweep(ctx context.Context, tx *opsdb.Tx, now time.Time) (int64, error) {
	var removed int64
	n := millis(now)
	for _, q := range []struct {
		text string
		arg  int64
	}{
		{"DELETE FROM account_session WHERE expires <= ?", n},
		{"DELETE FROM account_session WHERE seen <= ?", millis(now.Add(-s.idle - seenEvery))},
		{"DELETE FROM account_pending WHERE expires <= ?", n},
		{"DELETE FROM account_ceremony WHERE expires <= ?", n},
		{"DELETE FROM account_token WHERE expires <= ?", millis(now.Add(-tokensKept))},
		{"DELETE FROM account_failure WHERE last <= ?", millis(now.Add(-failuresKept))},
	} {
		res, err := tx.ExecContext(ctx, q.text, q.arg)
		if err != nil {
			return removed, err
		}
		k, err := res.RowsAffected()
		if err != nil {
			return removed, err
		}
		removed += k
	}
	return removed, nil
}
