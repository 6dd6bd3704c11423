package account

import (
	"context"
	"errors"
	"time"

	"reperform/opsdb"
)

// Purpose is what a link is for.
type Purpose string

// The purposes.
const (
	Invitation Purpose = "invitation"
	// Reset is an administrator's: it may take second factors away.
	Reset Purpose = "reset"
	// MailReset is what somebody asked for who forgot their password. It never
	// takes a second factor away.
	MailReset Purpose = "mail_reset"
)

const (
	defaultInvitation = 7 * 24 * time.Hour
	longestInvitation = 30 * 24 * time.Hour
	resetFor          = 24 * time.Hour
	mailResetFor      = time.Hour
	// mailsAnHour bounds what one account's mailbox is sent.
	mailsAnHour = 3
)

// Link is what a one-time token stands for.
type Link struct {
	ID        int64
	Purpose   Purpose
	AccountID int64
	PersonID  string
	Email     string
	Name      string
	Side      Side
	Keeper    Side
	// ClearsFactors tells that using it takes the authenticator app, the
	// recovery codes and the passkeys of the account away.
	ClearsFactors bool
	// By is the person who made it; empty at the console and for MailReset.
	By        string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
	RevokedAt time.Time
}

// State tells in one word whether a link can be used: open, used, revoked or
// expired.
func (l Link) State(now time.Time) string {
	switch {
	case !l.UsedAt.IsZero():
		return "used"
	case !l.RevokedAt.IsZero():
		return "revoked"
	case !now.Before(l.ExpiresAt):
		return "expired"
	}
	return "open"
}

func (l Link) usable(now time.Time) error {
	switch l.State(now) {
	case "used":
		return ErrTokenUsed
	case "revoked":
		return ErrTokenRevoked
	case "expired":
		return ErrTokenExpired
	}
	return nil
}

// Invitee is whom an invitation is for.
type Invitee struct {
	PersonID string
	Email    string
	Name     string
	Side     Side
	// For is how long the invitation can be used, a week by default.
	For time.Duration
}

func (s *Service) check(in Invitee) (Invitee, error) {
	var err error
	if in.PersonID == "" {
		return in, ErrPerson
	}
	if !in.Side.valid() {
		return in, ErrSide
	}
	if in.Email, err = NormalizeEmail(in.Email); err != nil {
		return in, err
	}
	if in.Name, err = cleanName(in.Name); err != nil {
		return in, err
	}
	if in.For <= 0 {
		in.For = defaultInvitation
	}
	in.For = min(in.For, longestInvitation)
	return in, nil
}

// recorded holds that every ledger which knows a person knows them on the side
// of the account, and that one does. Without it, an administrator of one side
// could make an account for a person whom the other side's ledger gives roles.
func (s *Service) recorded(ctx context.Context, personID string, side Side) error {
	sides, err := s.directory.Sides(ctx, personID)
	if err != nil {
		return err
	}
	if len(sides) == 0 {
		return ErrPerson
	}
	for _, have := range sides {
		if have != side {
			return ErrPerson
		}
	}
	return nil
}

// Invite makes a one-time token by which a person gets an account. An earlier
// invitation of the same person or address is withdrawn. A guest's account is
// kept by the side that invites.
func (s *Service) Invite(ctx context.Context, by Requester, in Invitee) (token string, l Link, err error) {
	keeper := in.Side
	if in.Side == Guest {
		keeper = by.Side
	}
	if !by.MayInvite(keeper) {
		s.observe(ctx, Event{Kind: ManagementRefused, By: by.PersonID, Detail: string(Invited)})
		return "", Link{}, ErrForbidden
	}
	return s.invite(ctx, by.PersonID, keeper, in, func(*opsdb.Tx) error { return nil })
}

// InviteFirst invites the first administrator of a side, and is refused once
// the side keeps an account. It is for the console of whoever operates the
// installation and for a first run; no page of a signed-in person may call it.
func (s *Service) InviteFirst(ctx context.Context, in Invitee) (token string, l Link, err error) {
	if in.Side == Guest {
		return "", Link{}, ErrSide
	}
	return s.invite(ctx, "", in.Side, in, func(tx *opsdb.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM account_account WHERE keeper = ?", in.Side).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return ErrForbidden
		}
		return nil
	})
}

func (s *Service) invite(ctx context.Context, by string, keeper Side, in Invitee, may func(*opsdb.Tx) error) (string, Link, error) {
	in, err := s.check(in)
	if err != nil {
		return "", Link{}, err
	}
	if err := s.recorded(ctx, in.PersonID, in.Side); err != nil {
		return "", Link{}, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	l := Link{
		Purpose: Invitation, PersonID: in.PersonID, Email: in.Email, Name: in.Name, Side: in.Side, Keeper: keeper,
		By: by, CreatedAt: now, ExpiresAt: now.Add(in.For),
	}
	var token string
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM account_account WHERE person = ? OR email = ?", in.PersonID, in.Email).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return ErrExists
		}
		// Only what the same side made: nobody withdraws another's invitation
		// by naming its address.
		_, err := tx.ExecContext(ctx, `UPDATE account_token SET revoked = ? WHERE purpose = ? AND keeper = ? AND used = 0 AND revoked = 0 AND (person = ? OR email = ?)`,
			millis(now), Invitation, keeper, in.PersonID, in.Email)
		if err != nil {
			return err
		}
		token, l.ID, err = s.insertLink(ctx, tx, l)
		return err
	})
	if err != nil {
		return "", Link{}, err
	}
	s.observe(ctx, Event{Kind: Invited, PersonID: in.PersonID, By: by})
	return token, l, nil
}

func (s *Service) insertLink(ctx context.Context, tx *opsdb.Tx, l Link) (string, int64, error) {
	token, hash, err := s.secret()
	if err != nil {
		return "", 0, err
	}
	var account any
	if l.AccountID != 0 {
		account = l.AccountID
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO account_token (hash, purpose, account, person, email, name, side, keeper, factors, by, created, expires)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hash, l.Purpose, account, l.PersonID, l.Email, l.Name, l.Side, l.Keeper, l.ClearsFactors, l.By, millis(l.CreatedAt), millis(l.ExpiresAt))
	if err != nil {
		return "", 0, err
	}
	id, err := res.LastInsertId()
	return token, id, err
}

const linkColumns = "id, purpose, coalesce(account, 0), person, email, name, side, keeper, factors, by, created, expires, used, revoked"

func scanLink(row scanner) (Link, error) {
	var l Link
	var created, expires, used, revoked int64
	err := row.Scan(&l.ID, &l.Purpose, &l.AccountID, &l.PersonID, &l.Email, &l.Name, &l.Side, &l.Keeper, &l.ClearsFactors, &l.By, &created, &expires, &used, &revoked)
	l.CreatedAt, l.ExpiresAt, l.UsedAt, l.RevokedAt = fromMillis(created), fromMillis(expires), fromMillis(used), fromMillis(revoked)
	return l, err
}

func linkBy(ctx context.Context, tx *opsdb.Tx, column string, value any) (Link, error) {
	l, err := scanLink(tx.QueryRowContext(ctx, "SELECT "+linkColumns+" FROM account_token WHERE "+column+" = ?", value))
	if errors.Is(err, opsdb.ErrNoRows) {
		return l, ErrTokenUnknown
	}
	return l, err
}

// Link tells what a token stands for, for the page that it leads to. A token
// that cannot be used answers why.
func (s *Service) Link(ctx context.Context, token string, c Client) (l Link, err error) {
	if err := s.limit(ctx, useToken, c); err != nil {
		return Link{}, err
	}
	hash, ok := hashOf(token)
	if !ok {
		return Link{}, ErrTokenUnknown
	}
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		l, err = linkBy(ctx, tx, "hash", hash)
		return err
	})
	if err == nil {
		err = l.usable(s.now())
	}
	if err != nil {
		s.observe(ctx, Event{Kind: TokenRefused, AccountID: l.AccountID, PersonID: l.PersonID, Detail: Code(err)}.of(c))
		return Link{}, err
	}
	return l, nil
}

// Invitations lists the invitations that the requester's side made, the latest
// first, used and withdrawn ones included as long as they are remembered.
func (s *Service) Invitations(ctx context.Context, by Requester) (all []Link, err error) {
	if !by.MayInvite(by.Side) {
		return nil, ErrForbidden
	}
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+linkColumns+" FROM account_token WHERE purpose = ? AND keeper = ? ORDER BY created DESC, id DESC", Invitation, by.Side)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			l, err := scanLink(rows)
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		return rows.Err()
	})
	return all, err
}

// RevokeInvitation withdraws an invitation that was not used.
func (s *Service) RevokeInvitation(ctx context.Context, by Requester, id int64) error {
	var l Link
	err := s.db.Write(ctx, func(tx *opsdb.Tx) (err error) {
		l, err = linkBy(ctx, tx, "id", id)
		if errors.Is(err, ErrTokenUnknown) || err == nil && (l.Purpose != Invitation || !by.MayInvite(l.Keeper)) {
			return ErrForbidden
		}
		if err != nil {
			return err
		}
		if !l.UsedAt.IsZero() {
			return ErrTokenUsed
		}
		_, err = tx.ExecContext(ctx, "UPDATE account_token SET revoked = ? WHERE id = ? AND revoked = 0", millis(s.now()), id)
		return err
	})
	if err == nil {
		s.observe(ctx, Event{Kind: InvitationRevoked, PersonID: l.PersonID, By: by.PersonID})
	}
	return err
}

// revokeTokens withdraws the links that would let somebody into an account.
func revokeTokens(ctx context.Context, tx *opsdb.Tx, a Account, now time.Time) error {
	_, err := tx.ExecContext(ctx, "UPDATE account_token SET revoked = ? WHERE account = ? AND used = 0 AND revoked = 0", millis(now), a.ID)
	return err
}

// IssueReset makes a one-time token by which the person sets a new password or
// passkey, for an administrator of the same side to hand over. clearFactors
// makes its use take away the authenticator app, recovery codes and passkeys:
// for somebody who has lost their devices. Until it is used, what the person
// signs in with now goes on working.
func (s *Service) IssueReset(ctx context.Context, by Requester, id int64, clearFactors bool) (token string, l Link, err error) {
	var a Account
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		a, err = managed(ctx, tx, by, id)
		return err
	})
	if err == nil {
		err = s.recorded(ctx, a.PersonID, a.Side)
	}
	if err != nil && !errors.Is(err, ErrForbidden) {
		return "", Link{}, err
	}
	err = s.manage(ctx, by, id, ResetIssued, func(tx *opsdb.Tx, a Account) error {
		if a.PersonID == by.PersonID {
			return ErrSelf
		}
		if !a.DisabledAt.IsZero() {
			return ErrDisabled
		}
		if err := revokeTokens(ctx, tx, a, s.now()); err != nil {
			return err
		}
		l = s.linkFor(a, Reset, resetFor)
		l.By, l.ClearsFactors = by.PersonID, clearFactors
		token, l.ID, err = s.insertLink(ctx, tx, l)
		return err
	})
	if err != nil {
		return "", Link{}, err
	}
	return token, l, nil
}

// ResetAtConsole makes the token of a reset for an account of the service
// organization, for the console of whoever operates the installation: the last
// administrator has nobody else to ask. No page of a signed-in person may call
// it, and it is refused for accounts that the firm keeps.
func (s *Service) ResetAtConsole(ctx context.Context, personID string, clearFactors bool) (token string, l Link, err error) {
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		a, err := accountBy(ctx, tx, "person", personID)
		if err != nil {
			return err
		}
		switch {
		case a.Keeper != ServiceOrganization:
			return ErrForbidden
		case !a.DisabledAt.IsZero():
			return ErrDisabled
		}
		if err := revokeTokens(ctx, tx, a, s.now()); err != nil {
			return err
		}
		l = s.linkFor(a, Reset, resetFor)
		l.ClearsFactors = clearFactors
		token, l.ID, err = s.insertLink(ctx, tx, l)
		return err
	})
	if err != nil {
		return "", Link{}, err
	}
	s.observe(ctx, Event{Kind: ResetIssued, AccountID: l.AccountID, PersonID: personID, Detail: "console"})
	return token, l, nil
}

func (s *Service) linkFor(a Account, p Purpose, d time.Duration) Link {
	now := s.now().UTC().Truncate(time.Millisecond)
	return Link{
		Purpose: p, AccountID: a.ID, PersonID: a.PersonID, Email: a.Email, Name: a.DisplayName, Side: a.Side, Keeper: a.Keeper,
		CreatedAt: now, ExpiresAt: now.Add(d),
	}
}

// RequestReset makes the token for a mail to somebody who forgot their
// password. The answer to the person must be the same whether or not there is
// something to send: send is false for an address without an account, a
// disabled one, one whose side is not reset by mail, and one that was sent
// several mails already. All of them do the same work.
func (s *Service) RequestReset(ctx context.Context, email string, c Client) (token string, l Link, send bool, err error) {
	if err := s.limit(ctx, useRecovery, c); err != nil {
		return "", Link{}, false, err
	}
	email, err = NormalizeEmail(email)
	if err != nil {
		return "", Link{}, false, err
	}
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		a, err := accountBy(ctx, tx, "email", email)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var recent int
		q := "SELECT count(*) FROM account_token WHERE account = ? AND purpose = ? AND created > ?"
		if err := tx.QueryRowContext(ctx, q, a.ID, MailReset, millis(s.now().Add(-time.Hour))).Scan(&recent); err != nil {
			return err
		}
		send = a.ID != 0 && a.DisabledAt.IsZero() && recent < mailsAnHour && s.resetsByMail(a.Keeper)
		l = s.linkFor(a, MailReset, mailResetFor)
		if !send {
			l = s.linkFor(Account{Email: email}, MailReset, mailResetFor)
		} else if _, err := tx.ExecContext(ctx, "UPDATE account_token SET revoked = ? WHERE account = ? AND purpose = ? AND used = 0 AND revoked = 0",
			millis(s.now()), a.ID, MailReset); err != nil {
			return err
		}
		if token, l.ID, err = s.insertLink(ctx, tx, l); err != nil || send {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM account_token WHERE id = ?", l.ID)
		return err
	})
	if err != nil || !send {
		return "", Link{}, false, err
	}
	s.observe(ctx, Event{Kind: ResetIssued, AccountID: l.AccountID, PersonID: l.PersonID, Detail: string(MailReset)}.of(c))
	return token, l, true, nil
}

func (s *Service) resetsByMail(keeper Side) bool {
	for _, side := range s.mailReset {
		if side == keeper {
			return true
		}
	}
	return false
}
