package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"reperform/opsdb"
)

// Method is something by which a person proved who they are.
type Method string

// The methods.
const (
	ByPassword     Method = "password"
	ByTOTP         Method = "totp"
	ByRecoveryCode Method = "recovery_code"
	ByPasskey      Method = "passkey"
	// ByLink is a link that invited the person or let them back in.
	ByLink Method = "link"
)

// Level is how well a session is proven.
type Level string

// The levels, the weakest first. A passkey is held and unlocked by its owner,
// which is two factors in one.
const (
	PasswordOnly Level = "password"
	TwoFactors   Level = "second_factor"
	WithPasskey  Level = "passkey"
)

// Session is one browser that is signed in. The token that its cookie holds is
// not part of it and is stored nowhere.
type Session struct {
	// ID names the session in lists; it is of no use for signing in.
	ID        string
	AccountID int64
	CreatedAt time.Time
	SeenAt    time.Time
	// ProvenAt is when the person last proved who they are.
	ProvenAt time.Time
	// ExpiresAt is when the session ends however much it is used.
	ExpiresAt time.Time
	UserAgent string
	IP        string
	Methods   []Method
	Level     Level
}

const (
	// seenEvery is how often it is written when sessions were last seen, and
	// how long one is believed without asking the database again.
	seenEvery = time.Minute
	// provenFor is how long after a proof somebody may change how they sign in.
	provenFor = 15 * time.Minute
	// maxSessions are kept of one account; the oldest give way.
	maxSessions = 50
)

// SignedIn is the answer to a sign-in. Either Token is the session's, for the
// cookie, or PendingToken stands for a sign-in that waits for the second factor
// until PendingUntil and is no session.
type SignedIn struct {
	Account      Account
	Session      Session
	Token        string
	PendingToken string
	PendingUntil time.Time
}

// Pending reports whether the second factor is still asked for.
func (o SignedIn) Pending() bool { return o.Token == "" && o.PendingToken != "" }

// open makes a session in the transaction and ends the one that the browser
// brought. The caller calls opened once the transaction is durable.
func (s *Service) open(ctx context.Context, tx *opsdb.Tx, a Account, level Level, methods []Method, c Client) (SignedIn, error) {
	if !a.DisabledAt.IsZero() {
		return SignedIn{}, ErrDisabled
	}
	token, hash, err := s.secret()
	if err != nil {
		return SignedIn{}, err
	}
	id := sha256.Sum256(append([]byte("reperform/account/session id\n"), hash...))
	now := s.now().UTC().Truncate(time.Millisecond)
	e := Event{}.of(c)
	sess := Session{
		ID: hex.EncodeToString(id[:12]), AccountID: a.ID, CreatedAt: now, SeenAt: now, ProvenAt: now, ExpiresAt: now.Add(s.absolute),
		UserAgent: e.UserAgent, IP: e.IP, Methods: methods, Level: level,
	}
	if old, ok := hashOf(c.Session); ok {
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_session WHERE hash = ?", old); err != nil {
			return SignedIn{}, err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM account_session WHERE account = ?1 AND hash NOT IN
		(SELECT hash FROM account_session WHERE account = ?1 ORDER BY created DESC LIMIT ?2)`, a.ID, maxSessions-1)
	if err != nil {
		return SignedIn{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO account_session (hash, id, account, created, seen, proven, expires, agent, ip, methods, level)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hash, sess.ID, a.ID, millis(now), millis(now), millis(now), millis(sess.ExpiresAt), sess.UserAgent, sess.IP, joinMethods(methods), level)
	if err == nil {
		_, err = tx.ExecContext(ctx, "UPDATE account_account SET signed_in = ? WHERE id = ?", millis(now), a.ID)
	}
	return SignedIn{Account: a, Session: sess, Token: token}, err
}

// opened makes the end of the session that the browser brought take effect.
func (s *Service) opened(ctx context.Context, in SignedIn, c Client) {
	if old, ok := hashOf(c.Session); ok {
		s.cache.forgetHash(old)
	}
	s.cache.forget(in.Account.ID)
	s.observe(ctx, Event{Kind: SessionOpened, AccountID: in.Account.ID, PersonID: in.Account.PersonID, Detail: joinMethods(in.Session.Methods)}.of(c))
}

func joinMethods(methods []Method) string {
	out := make([]string, len(methods))
	for i, m := range methods {
		out[i] = string(m)
	}
	return strings.Join(out, " ")
}

const sessionColumns = "s.id, s.created, s.seen, s.proven, s.expires, s.agent, s.ip, s.methods, s.level"

// sessionDest gives where the columns go, and what makes a session of them.
func sessionDest(sess *Session) ([]any, func()) {
	var created, seen, proven, expires int64
	var methods string
	return []any{&sess.ID, &created, &seen, &proven, &expires, &sess.UserAgent, &sess.IP, &methods, &sess.Level}, func() {
		sess.CreatedAt, sess.SeenAt, sess.ProvenAt, sess.ExpiresAt = fromMillis(created), fromMillis(seen), fromMillis(proven), fromMillis(expires)
		for _, m := range strings.Fields(methods) {
			sess.Methods = append(sess.Methods, Method(m))
		}
	}
}

// alive reports whether a session may be used at a time.
func (s *Service) alive(sess Session, a Account, now time.Time) bool {
	return a.DisabledAt.IsZero() && now.Before(sess.ExpiresAt) && now.Before(sess.SeenAt.Add(s.idle))
}

// Authenticate finds the session of a token and whose it is, or answers
// ErrSignedOut. It writes nothing, and mostly reads nothing: a session is
// believed for a minute. One that is ended through this service is refused at
// once, one that another process has ended after a minute at most.
func (s *Service) Authenticate(ctx context.Context, token string) (Session, Account, error) {
	hash, ok := hashOf(token)
	if !ok {
		return Session{}, Account{}, ErrSignedOut
	}
	now := s.now()
	if c, ok := s.cache.get(hash, now, s.alive); ok {
		return c.session, c.account, nil
	}
	epoch := s.cache.now()
	var sess Session
	var a Account
	err := s.db.Read(ctx, func(tx *opsdb.Tx) (err error) {
		dest, finish := sessionDest(&sess)
		a, err = scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+", "+sessionColumns+
			" FROM account_session s JOIN account_account a ON a.id = s.account WHERE s.hash = ?", hash), dest...)
		finish()
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Session{}, Account{}, ErrSignedOut
	}
	if err != nil {
		return Session{}, Account{}, err
	}
	sess.AccountID = a.ID
	written := sess.SeenAt
	if seen, ok := s.cache.seen(hash); ok && seen.After(sess.SeenAt) {
		sess.SeenAt = seen
	}
	if !s.alive(sess, a, now) {
		return Session{}, Account{}, ErrSignedOut
	}
	sess.SeenAt = now
	s.cache.put(hash, cached{session: sess, account: a, loaded: now, written: written}, epoch)
	return sess, a, nil
}

// FlushSeen writes when sessions were last seen, all in one transaction, and
// forgets those that another process has ended.
func (s *Service) FlushSeen(ctx context.Context) error {
	dirty := s.cache.dirty()
	if len(dirty) == 0 {
		return nil
	}
	var gone []string
	err := s.db.Write(ctx, func(tx *opsdb.Tx) error {
		for hash, seen := range dirty {
			res, err := tx.ExecContext(ctx, "UPDATE account_session SET seen = max(seen, ?) WHERE hash = ?", millis(seen), []byte(hash))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				gone = append(gone, hash)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.cache.flushed(dirty)
	for _, hash := range gone {
		s.cache.forgetHash([]byte(hash))
	}
	return nil
}

// own finds the session that somebody changes something of their own with, and,
// where that is asked, that they proved who they are a short time ago.
func (s *Service) own(ctx context.Context, token string, proven bool) (Session, Account, []byte, error) {
	sess, a, err := s.Authenticate(ctx, token)
	if err != nil {
		return sess, a, nil, err
	}
	if proven && !sess.Proven(s.now()) {
		return sess, a, nil, ErrProveAgain
	}
	hash, _ := hashOf(token)
	return sess, a, hash, nil
}

// Proven reports whether the person proved who they are a short time ago, as is
// asked before they change how they sign in.
func (s Session) Proven(now time.Time) bool { return now.Before(s.ProvenAt.Add(provenFor)) }

// rotate gives the session another token, so that nobody goes on with the one
// of before, and notes a proof where methods are given. others ends the
// account's other sessions.
func (s *Service) rotate(ctx context.Context, tx *opsdb.Tx, hash []byte, level Level, methods []Method, others bool) (string, error) {
	token, next, err := s.secret()
	if err != nil {
		return "", err
	}
	var sess Session
	var account int64
	dest, finish := sessionDest(&sess)
	err = tx.QueryRowContext(ctx, "SELECT s.account, "+sessionColumns+" FROM account_session s WHERE s.hash = ?", hash).Scan(append([]any{&account}, dest...)...)
	if errors.Is(err, opsdb.ErrNoRows) {
		return "", ErrSignedOut
	}
	if err != nil {
		return "", err
	}
	finish()
	if len(methods) > 0 {
		sess.ProvenAt = s.now()
		for _, m := range methods {
			if !contains(sess.Methods, m) {
				sess.Methods = append(sess.Methods, m)
			}
		}
		if rank(level) > rank(sess.Level) {
			sess.Level = level
		}
	}
	if others {
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_session WHERE account = ? AND hash <> ?", account, hash); err != nil {
			return "", err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE account_session SET hash = ?, seen = ?, proven = ?, methods = ?, level = ? WHERE hash = ?",
		next, millis(s.now()), millis(sess.ProvenAt), joinMethods(sess.Methods), sess.Level, hash)
	return token, err
}

func rank(l Level) int {
	for i, known := range []Level{PasswordOnly, TwoFactors, WithPasskey} {
		if l == known {
			return i
		}
	}
	return -1
}

func contains(methods []Method, m Method) bool {
	for _, have := range methods {
		if have == m {
			return true
		}
	}
	return false
}

// Rotate gives a session another token. It is called when what the person may
// do has grown, such as by a new role.
func (s *Service) Rotate(ctx context.Context, token string) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, false)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		next, err = s.rotate(ctx, tx, hash, "", nil, false)
		return err
	})
	s.cache.forget(a.ID)
	return next, err
}

// Sessions lists the account's sessions that can be used, the latest first.
func (s *Service) Sessions(ctx context.Context, token string) (all []Session, err error) {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT s.hash, "+sessionColumns+" FROM account_session s WHERE s.account = ? ORDER BY s.created DESC, s.id", a.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			sess := Session{AccountID: a.ID}
			var hash []byte
			dest, finish := sessionDest(&sess)
			if err := rows.Scan(append([]any{&hash}, dest...)...); err != nil {
				return err
			}
			finish()
			if seen, ok := s.cache.seen(hash); ok && seen.After(sess.SeenAt) {
				sess.SeenAt = seen
			}
			if s.alive(sess, a, now) {
				all = append(all, sess)
			}
		}
		return rows.Err()
	})
	return all, err
}

// SignOut ends the session of a token. One that has ended already is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	_, a, err := s.Authenticate(ctx, token)
	hash, ok := hashOf(token)
	if !ok {
		return nil
	}
	known := err == nil
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM account_session WHERE hash = ?", hash)
		return err
	})
	s.cache.forgetHash(hash)
	if err == nil && known {
		s.observe(ctx, Event{Kind: SignedOut, AccountID: a.ID, PersonID: a.PersonID})
	}
	return err
}

// Revoke ends one session of the same account, by its id.
func (s *Service) Revoke(ctx context.Context, token, id string) error {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return err
	}
	return s.end(ctx, a, "DELETE FROM account_session WHERE account = ? AND id = ?", a.ID, id)
}

// RevokeOthers ends all sessions of the account but this one. There may be none.
func (s *Service) RevokeOthers(ctx context.Context, token string) error {
	_, a, hash, err := s.own(ctx, token, false)
	if err != nil {
		return err
	}
	err = s.end(ctx, a, "DELETE FROM account_session WHERE account = ? AND hash <> ?", a.ID, hash)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (s *Service) end(ctx context.Context, a Account, text string, args ...any) error {
	err := s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	s.cache.forget(a.ID)
	if err == nil {
		s.observe(ctx, Event{Kind: SignedOut, AccountID: a.ID, PersonID: a.PersonID, Detail: "ended from another session"})
	}
	return err
}

// dropSessions ends all sessions and half-done sign-ins of an account.
func dropSessions(ctx context.Context, tx *opsdb.Tx, account int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM account_session WHERE account = ?", account)
	if err == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM account_pending WHERE account = ?", account)
	}
	return err
}
