package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"reperform/opsdb"
)

// PasskeyInfo is a passkey of an account as its owner sees it.
type PasskeyInfo struct {
	ID        int64
	Name      string
	CreatedAt time.Time
	// UsedAt is zero for one that was never used to sign in.
	UsedAt time.Time
	// Synced tells that the passkey may be on several devices of its owner.
	Synced bool
}

// passkeyUser is an account as the library wants to see it.
type passkeyUser struct {
	account     Account
	credentials []webauthn.Credential
	// rows are the database's ids of the credentials.
	rows []int64
}

func (u passkeyUser) WebAuthnID() []byte                         { return u.account.handle }
func (u passkeyUser) WebAuthnName() string                       { return u.account.Email }
func (u passkeyUser) WebAuthnDisplayName() string                { return u.account.DisplayName }
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func loadPasskeys(ctx context.Context, tx *opsdb.Tx, a Account) (passkeyUser, error) {
	u := passkeyUser{account: a}
	rows, err := tx.QueryContext(ctx, "SELECT id, record FROM account_passkey WHERE account = ? ORDER BY id", a.ID)
	if err != nil {
		return u, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var record string
		if err := rows.Scan(&id, &record); err != nil {
			return u, err
		}
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(record), &c); err != nil {
			return u, fmt.Errorf("passkey %d of account %d: %w", id, a.ID, err)
		}
		u.credentials, u.rows = append(u.credentials, c), append(u.rows, id)
	}
	return u, rows.Err()
}

// beginAdd begins the registration of a passkey.
func (s *Service) beginAdd(ctx context.Context, purpose, subject string, u passkeyUser) (Ceremony, error) {
	challenge, err := s.challenge()
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := s.passkeys.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.credentials).CredentialDescriptors()),
		func(o *protocol.PublicKeyCredentialCreationOptions) error { o.Challenge = challenge; return nil })
	if err != nil {
		return Ceremony{}, err
	}
	return s.begin(ctx, purpose, subject, options, data)
}

// created reads what a browser answered about a new passkey, and holds it to the
// ceremony.
func (s *Service) created(u passkeyUser, data webauthn.SessionData, response []byte) (*webauthn.Credential, error) {
	if len(response) > maxResponse {
		return nil, ErrPasskey
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, ErrPasskey
	}
	c, err := s.passkeys.CreateCredential(u, data, answer)
	if err != nil {
		return nil, ErrPasskey
	}
	// The attestation is not asked for and not needed again.
	c.Attestation = webauthn.CredentialAttestation{}
	return c, nil
}

func (s *Service) insertPasskey(ctx context.Context, tx *opsdb.Tx, account int64, name string, c *webauthn.Credential) (PasskeyInfo, error) {
	record, err := json.Marshal(c)
	if err != nil {
		return PasskeyInfo{}, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	res, err := tx.ExecContext(ctx, "INSERT INTO account_passkey (account, cred, name, record, created) VALUES (?, ?, ?, ?, ?)",
		account, c.ID, name, string(record), millis(now))
	if opsdb.IsConflict(err) {
		return PasskeyInfo{}, ErrPasskeyTwice
	}
	if err != nil {
		return PasskeyInfo{}, err
	}
	id, err := res.LastInsertId()
	return PasskeyInfo{ID: id, Name: name, CreatedAt: now, Synced: c.Flags.BackupEligible}, err
}

// BeginPasskey begins to add a passkey to the account, for somebody who proved
// who they are a short time ago.
func (s *Service) BeginPasskey(ctx context.Context, token string) (Ceremony, error) {
	_, a, _, err := s.own(ctx, token, true)
	if err != nil {
		return Ceremony{}, err
	}
	u, err := s.userOf(ctx, a)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginAdd(ctx, toAdd, subjectOf(a), u)
}

func subjectOf(a Account) string { return "account " + strconv.FormatInt(a.ID, 10) }

func (s *Service) userOf(ctx context.Context, a Account) (u passkeyUser, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		u, err = loadPasskeys(ctx, tx, a)
		return err
	})
	return u, err
}

// FinishPasskey adds the passkey under a name that its owner knows it by, and
// gives the session another token.
func (s *Service) FinishPasskey(ctx context.Context, token, ceremony, name string, response []byte) (p PasskeyInfo, next string, err error) {
	_, a, hash, err := s.own(ctx, token, true)
	if err != nil {
		return p, "", err
	}
	if name, err = cleanName(name); err != nil {
		return p, "", err
	}
	data, err := s.finish(ctx, toAdd, subjectOf(a), ceremony)
	if err != nil {
		return p, "", err
	}
	u, err := s.userOf(ctx, a)
	if err != nil {
		return p, "", err
	}
	c, err := s.created(u, data, response)
	if err != nil {
		return p, "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if p, err = s.insertPasskey(ctx, tx, a.ID, name, c); err != nil {
			return err
		}
		next, err = s.rotate(ctx, tx, hash, "", nil, false)
		return err
	})
	s.cache.forget(a.ID)
	if err != nil {
		return PasskeyInfo{}, "", err
	}
	s.observe(ctx, Event{Kind: PasskeyAdded, AccountID: a.ID, PersonID: a.PersonID})
	return p, next, nil
}

// BeginAccept begins to accept a link with a passkey in place of a password. A
// link that came by mail is not accepted so.
func (s *Service) BeginAccept(ctx context.Context, token string, c Client) (Ceremony, error) {
	l, err := s.Link(ctx, token, c)
	if err != nil {
		return Ceremony{}, err
	}
	u, err := s.joining(ctx, l)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginAdd(ctx, toJoin, u.subject, u.passkeyUser)
}

// joiner is who accepts a link: somebody who has an account, or will have.
type joiner struct {
	passkeyUser
	subject string
}

func (s *Service) joining(ctx context.Context, l Link) (joiner, error) {
	// Passkeys need the handle before there is an account: it stands in the
	// subject of the ceremony, which only this program writes and reads.
	j := joiner{subject: "link " + strconv.FormatInt(l.ID, 10)}
	switch l.Purpose {
	case Invitation:
		j.account = Account{Email: l.Email, DisplayName: l.Name, handle: make([]byte, 32)}
		if _, err := io.ReadFull(s.random, j.account.handle); err != nil {
			return j, fmt.Errorf("random bytes for an account: %w", err)
		}
		return j, nil
	case Reset:
		err := s.db.Read(ctx, func(tx *opsdb.Tx) (err error) {
			if j.account, err = accountBy(ctx, tx, "id", l.AccountID); err != nil {
				return err
			}
			if !l.ClearsFactors {
				j.passkeyUser, err = loadPasskeys(ctx, tx, j.account)
			}
			return err
		})
		return j, err
	}
	return j, ErrPasskey
}

// FinishAccept uses the link, adds the passkey to the account that it is for,
// and signs in.
func (s *Service) FinishAccept(ctx context.Context, token, ceremony, name string, response []byte, c Client) (SignedIn, error) {
	l, err := s.Link(ctx, token, c)
	if err != nil {
		return SignedIn{}, err
	}
	if name, err = cleanName(name); err != nil {
		return SignedIn{}, err
	}
	u, err := s.joining(ctx, l)
	if err != nil {
		return SignedIn{}, err
	}
	data, err := s.finish(ctx, toJoin, u.subject, ceremony)
	if err != nil {
		return SignedIn{}, err
	}
	if l.Purpose == Invitation {
		// The handle that the passkey was made for.
		u.account.handle = data.UserID
	}
	cred, err := s.created(u.passkeyUser, data, response)
	if err != nil {
		return SignedIn{}, err
	}
	return s.join(ctx, token, c, func(tx *opsdb.Tx, a Account) (SignedIn, error) {
		if l.Purpose == Invitation {
			if _, err := tx.ExecContext(ctx, "UPDATE account_account SET handle = ? WHERE id = ?", data.UserID, a.ID); err != nil {
				return SignedIn{}, err
			}
		}
		if _, err := s.insertPasskey(ctx, tx, a.ID, name, cred); err != nil {
			return SignedIn{}, err
		}
		if a, err = accountBy(ctx, tx, "id", a.ID); err != nil {
			return SignedIn{}, err
		}
		return s.open(ctx, tx, a, WithPasskey, []Method{ByLink, ByPasskey}, c)
	})
}

// BeginPasskeySignIn begins a sign-in with a passkey. The browser offers those
// that it has for this host; no address is typed.
func (s *Service) BeginPasskeySignIn(ctx context.Context, c Client) (Ceremony, error) {
	if err := s.limit(ctx, useSignIn, c); err != nil {
		return Ceremony{}, err
	}
	challenge, err := s.challenge()
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := s.passkeys.BeginDiscoverableLogin(webauthn.WithChallenge(challenge))
	if err != nil {
		return Ceremony{}, err
	}
	return s.begin(ctx, toSignIn, "", options, data)
}

// FinishPasskeySignIn signs in. A passkey that its owner unlocked is two
// factors: no code is asked for.
func (s *Service) FinishPasskeySignIn(ctx context.Context, ceremony string, response []byte, c Client) (SignedIn, error) {
	if err := s.limit(ctx, useSignIn, c); err != nil {
		return SignedIn{}, err
	}
	data, err := s.finish(ctx, toSignIn, "", ceremony)
	if err != nil {
		return SignedIn{}, err
	}
	answer, err := parseAssertion(response)
	if err != nil {
		return SignedIn{}, err
	}
	var failed error
	find := func(_, handle []byte) (webauthn.User, error) {
		u, err := s.userByHandle(ctx, handle)
		if err != nil && !errors.Is(err, ErrNotFound) {
			failed = err
		}
		return u, err
	}
	user, cred, err := s.passkeys.ValidatePasskeyLogin(find, data, answer)
	if err != nil {
		if failed != nil {
			return SignedIn{}, failed
		}
		s.observe(ctx, Event{Kind: SignInRefused, Detail: "passkey"}.of(c))
		return SignedIn{}, ErrPasskey
	}
	u := user.(passkeyUser)
	var in SignedIn
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if err := s.usedPasskey(ctx, tx, u, cred); err != nil {
			return err
		}
		a, err := accountBy(ctx, tx, "id", u.account.ID)
		if err != nil {
			return err
		}
		if err := clearFailures(ctx, tx, a.Email); err != nil {
			return err
		}
		in, err = s.open(ctx, tx, a, WithPasskey, []Method{ByPasskey}, c)
		return err
	})
	if err != nil {
		return SignedIn{}, s.refusedPasskey(ctx, u.account, err, c)
	}
	s.opened(ctx, in, c)
	return in, nil
}

func (s *Service) refusedPasskey(ctx context.Context, a Account, err error, c Client) error {
	e := Event{Kind: SignInRefused, AccountID: a.ID, PersonID: a.PersonID, Detail: Code(err)}
	if errors.Is(err, ErrPasskeyClone) {
		e.Kind = PasskeyCloned
	}
	s.observe(ctx, e.of(c))
	return err
}

func parseAssertion(response []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(response) > maxResponse {
		return nil, ErrPasskey
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, ErrPasskey
	}
	return answer, nil
}

func (s *Service) userByHandle(ctx context.Context, handle []byte) (u passkeyUser, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		a, err := accountBy(ctx, tx, "handle", handle)
		if err != nil {
			return err
		}
		u, err = loadPasskeys(ctx, tx, a)
		return err
	})
	return u, err
}

// usedPasskey keeps the state of a passkey that was used. One whose counter did
// not grow may have been copied and is refused; synced passkeys do not count.
func (s *Service) usedPasskey(ctx context.Context, tx *opsdb.Tx, u passkeyUser, c *webauthn.Credential) error {
	if c.Authenticator.CloneWarning {
		return ErrPasskeyClone
	}
	record, err := json.Marshal(c)
	if err != nil {
		return err
	}
	// The counter is compared again where writers take turns: two answers with
	// the same one may be on their way at a time.
	res, err := tx.ExecContext(ctx, `UPDATE account_passkey SET record = ?1, used = ?2 WHERE account = ?3 AND cred = ?4
		AND (?5 = 0 AND coalesce(json_extract(record, '$.authenticator.signCount'), 0) = 0
			OR ?5 > coalesce(json_extract(record, '$.authenticator.signCount'), 0))`,
		string(record), millis(s.now()), u.account.ID, c.ID, int64(c.Authenticator.SignCount))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrPasskey)
	}
	return nil
}

// BeginPasskeyProof begins to prove again, with a passkey of the account, who
// the person of a session is.
func (s *Service) BeginPasskeyProof(ctx context.Context, token string) (Ceremony, error) {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return Ceremony{}, err
	}
	u, err := s.userOf(ctx, a)
	if err != nil {
		return Ceremony{}, err
	}
	if len(u.credentials) == 0 {
		return Ceremony{}, ErrPasskey
	}
	challenge, err := s.challenge()
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := s.passkeys.BeginLogin(u, webauthn.WithChallenge(challenge))
	if err != nil {
		return Ceremony{}, err
	}
	return s.begin(ctx, toProve, subjectOf(a), options, data)
}

// FinishPasskeyProof notes the proof and gives the session another token.
func (s *Service) FinishPasskeyProof(ctx context.Context, token, ceremony string, response []byte, c Client) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, false)
	if err != nil {
		return "", err
	}
	data, err := s.finish(ctx, toProve, subjectOf(a), ceremony)
	if err != nil {
		return "", err
	}
	answer, err := parseAssertion(response)
	if err != nil {
		return "", err
	}
	u, err := s.userOf(ctx, a)
	if err != nil {
		return "", err
	}
	cred, err := s.passkeys.ValidateLogin(u, data, answer)
	if err != nil {
		return "", ErrPasskey
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if err := s.usedPasskey(ctx, tx, u, cred); err != nil {
			return err
		}
		next, err = s.rotate(ctx, tx, hash, WithPasskey, []Method{ByPasskey}, false)
		return err
	})
	s.cache.forget(a.ID)
	if err != nil {
		return "", s.refusedPasskey(ctx, a, err, c)
	}
	s.observe(ctx, Event{Kind: ProvenAgain, AccountID: a.ID, PersonID: a.PersonID}.of(c))
	return next, nil
}

// Passkeys lists the passkeys of the session's account, the oldest first.
func (s *Service) Passkeys(ctx context.Context, token string) (all []PasskeyInfo, err error) {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT id, name, created, used, record FROM account_passkey WHERE account = ? ORDER BY id", a.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p PasskeyInfo
			var created, used int64
			var record string
			if err := rows.Scan(&p.ID, &p.Name, &created, &used, &record); err != nil {
				return err
			}
			var c webauthn.Credential
			if err := json.Unmarshal([]byte(record), &c); err != nil {
				return fmt.Errorf("passkey %d: %w", p.ID, err)
			}
			p.CreatedAt, p.UsedAt, p.Synced = fromMillis(created), fromMillis(used), c.Flags.BackupEligible
			all = append(all, p)
		}
		return rows.Err()
	})
	return all, err
}

// RenamePasskey gives a passkey of the account another name.
func (s *Service) RenamePasskey(ctx context.Context, token string, id int64, name string) error {
	_, a, _, err := s.own(ctx, token, false)
	if err != nil {
		return err
	}
	if name, err = cleanName(name); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE account_passkey SET name = ? WHERE id = ? AND account = ?", name, id, a.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
}

// RemovePasskey takes a passkey from the account, unless it is the last way to
// sign in. The account's other sessions end, as one of them may be its thief's,
// and this one gets another token.
func (s *Service) RemovePasskey(ctx context.Context, token string, id int64) (next string, err error) {
	_, a, hash, err := s.own(ctx, token, true)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM account_passkey WHERE id = ? AND account = ?", id, a.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		var left int
		err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM account_passkey WHERE account = ?1)
			+ (SELECT count(*) FROM account_account WHERE id = ?1 AND password IS NOT NULL)`, a.ID).Scan(&left)
		if err != nil {
			return err
		}
		if left == 0 {
			return ErrLastMethod
		}
		next, err = s.rotate(ctx, tx, hash, "", nil, true)
		return err
	})
	s.cache.forget(a.ID)
	if err == nil {
		s.observe(ctx, Event{Kind: PasskeyRemoved, AccountID: a.ID, PersonID: a.PersonID})
	}
	return next, err
}
