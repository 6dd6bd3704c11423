package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"reperform/opsdb"
)

// Side is where a person stands, as person records spell it.
type Side string

// The sides.
const (
	ServiceOrganization Side = "service_organization"
	AuditFirm           Side = "audit_firm"
	Guest               Side = "guest"
)

func (s Side) valid() bool { return s == ServiceOrganization || s == AuditFirm || s == Guest }

// Account is somebody who can sign in.
type Account struct {
	ID       int64
	PersonID string
	// Email is normalized: one spelling for each mailbox's address.
	Email       string
	DisplayName string
	Side        Side
	// Keeper is the side whose administrators manage the account: the
	// account's own, and for a guest the side that invited.
	Keeper    Side
	CreatedAt time.Time
	// DisabledAt is zero while the account is enabled.
	DisabledAt time.Time
	// HasPassword and HasTOTP tell how the person can sign in.
	HasPassword bool
	HasTOTP     bool

	// handle names the account towards passkeys; random, it tells nothing.
	handle []byte
}

// Requester is who asks for something to be done to another's account, with the
// roles that ledgers record for them.
type Requester struct {
	PersonID string
	Side     Side
	Roles    []string
}

// managers are the roles that manage the accounts which a side keeps. A guest
// manages none.
var managers = map[Side][]string{
	ServiceOrganization: {"administrator"},
	AuditFirm:           {"firm_administrator"},
}

// MayManage reports whether the requester may invite, reset, unlock, disable
// and sign out accounts that a side keeps.
func (r Requester) MayManage(keeper Side) bool {
	if r.PersonID == "" || r.Side != keeper {
		return false
	}
	return slices.ContainsFunc(managers[keeper], func(role string) bool { return slices.Contains(r.Roles, role) })
}

// inviters are the roles beside the managers by which somebody lets colleagues
// of their own side in, and takes that back. They reset and lock nobody.
var inviters = map[Side][]string{
	AuditFirm: {"engagement_partner", "firm_manager"},
}

// MayInvite reports whether the requester may invite people whose accounts a
// side keeps.
func (r Requester) MayInvite(keeper Side) bool {
	if r.PersonID == "" || r.Side != keeper {
		return false
	}
	return r.MayManage(keeper) || slices.ContainsFunc(inviters[keeper], func(role string) bool { return slices.Contains(r.Roles, role) })
}

// Client is where a request comes from.
type Client struct {
	IP        netip.Addr
	UserAgent string
	// Session is the token that the browser sent, if any: signing in ends that
	// session, so that nobody goes on in one that was planted.
	Session string
}

// NormalizeEmail gives the one spelling under which an address is kept: trimmed,
// composed, in small letters. It answers ErrEmail for what is no address.
func NormalizeEmail(s string) (string, error) {
	if len(s) > 1000 || !utf8.ValidString(s) {
		return "", ErrEmail
	}
	s = strings.ToLower(norm.NFKC.String(strings.TrimSpace(s)))
	// Lowering can leave something to compose.
	s = norm.NFKC.String(s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || strings.Contains(domain, "@") ||
		strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || domain == "" || strings.Contains(domain, "..") {
		return "", ErrEmail
	}
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>()[],;:"\`, r) {
			return "", ErrEmail
		}
	}
	return s, nil
}

// cleanName trims a name that people read and refuses what could mislead them.
func cleanName(s string) (string, error) {
	if len(s) > 1000 || !utf8.ValidString(s) {
		return "", ErrName
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if n := utf8.RuneCountInString(s); n == 0 || n > 100 {
		return "", ErrName
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return "", ErrName
		}
	}
	return s, nil
}

const accountColumns = `a.id, a.person, a.email, a.name, a.side, a.keeper, a.created, a.disabled, a.handle, a.password IS NOT NULL,
	EXISTS (SELECT 1 FROM account_totp t WHERE t.account = a.id AND t.confirmed = 1)`

type scanner interface{ Scan(...any) error }

func scanAccount(row scanner, more ...any) (Account, error) {
	var a Account
	var created, disabled int64
	err := row.Scan(append([]any{&a.ID, &a.PersonID, &a.Email, &a.DisplayName, &a.Side, &a.Keeper, &created, &disabled, &a.handle, &a.HasPassword, &a.HasTOTP}, more...)...)
	if errors.Is(err, opsdb.ErrNoRows) {
		return a, ErrNotFound
	}
	a.CreatedAt, a.DisabledAt = fromMillis(created), fromMillis(disabled)
	return a, err
}

func accountBy(ctx context.Context, tx *opsdb.Tx, column string, value any) (Account, error) {
	return scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM account_account a WHERE a."+column+" = ?", value))
}

// ByPerson finds the account of a person, or answers ErrNotFound.
func (s *Service) ByPerson(ctx context.Context, personID string) (a Account, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		a, err = accountBy(ctx, tx, "person", personID)
		return err
	})
	return a, err
}

// Accounts lists the accounts that the requester may manage, by e-mail address.
func (s *Service) Accounts(ctx context.Context, by Requester) (all []Account, err error) {
	if !by.MayManage(by.Side) {
		return nil, ErrForbidden
	}
	return s.accountsWhere(ctx, "a.keeper = ? ORDER BY a.email", by.Side)
}

// Addressees lists everybody who can sign in, whichever side keeps the account,
// for the program's own mail to them. It is shown to nobody: a page asks for
// Accounts, which answers by who asks.
func (s *Service) Addressees(ctx context.Context) ([]Account, error) {
	return s.accountsWhere(ctx, "a.disabled = 0 ORDER BY a.person")
}

// accountsWhere lists the accounts that a condition in SQL selects and orders.
func (s *Service) accountsWhere(ctx context.Context, where string, args ...any) (all []Account, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+accountColumns+" FROM account_account a WHERE "+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, err := scanAccount(rows)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	})
	return all, err
}

// Count tells how many accounts there are on each side. On a new installation
// there are none.
func (s *Service) Count(ctx context.Context) (map[Side]int, error) {
	n := map[Side]int{}
	err := s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT side, count(*) FROM account_account GROUP BY side")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var side Side
			var k int
			if err := rows.Scan(&side, &k); err != nil {
				return err
			}
			n[side] = k
		}
		return rows.Err()
	})
	return n, err
}

// managed finds an account that the requester may manage. One that is not there
// and one of another side answer the same.
func managed(ctx context.Context, tx *opsdb.Tx, by Requester, id int64) (Account, error) {
	a, err := accountBy(ctx, tx, "id", id)
	if errors.Is(err, ErrNotFound) || err == nil && !by.MayManage(a.Keeper) {
		return Account{}, ErrForbidden
	}
	return a, err
}

// manage does something to another's account in one transaction, ends its
// sessions where that is asked, and reports it.
func (s *Service) manage(ctx context.Context, by Requester, id int64, kind EventKind, do func(tx *opsdb.Tx, a Account) error) error {
	var a Account
	err := s.db.Write(ctx, func(tx *opsdb.Tx) (err error) {
		if a, err = managed(ctx, tx, by, id); err != nil {
			return err
		}
		return do(tx, a)
	})
	if err != nil {
		if errors.Is(err, ErrForbidden) {
			s.observe(ctx, Event{Kind: ManagementRefused, AccountID: id, By: by.PersonID, Detail: string(kind)})
		}
		return err
	}
	s.cache.forget(id)
	s.observe(ctx, Event{Kind: kind, AccountID: a.ID, PersonID: a.PersonID, By: by.PersonID})
	return nil
}

// Disable keeps a person from signing in and ends their sessions at once.
func (s *Service) Disable(ctx context.Context, by Requester, id int64) error {
	return s.manage(ctx, by, id, Disabled, func(tx *opsdb.Tx, a Account) error {
		if a.PersonID == by.PersonID {
			return ErrSelf
		}
		_, err := tx.ExecContext(ctx, "UPDATE account_account SET disabled = ? WHERE id = ? AND disabled = 0", millis(s.now()), id)
		if err != nil {
			return err
		}
		return errors.Join(dropSessions(ctx, tx, id), revokeTokens(ctx, tx, a, s.now()))
	})
}

// Enable lets a person sign in again, with what they signed in with before.
func (s *Service) Enable(ctx context.Context, by Requester, id int64) error {
	return s.manage(ctx, by, id, Enabled, func(tx *opsdb.Tx, a Account) error {
		_, err := tx.ExecContext(ctx, "UPDATE account_account SET disabled = 0 WHERE id = ?", id)
		return err
	})
}

// Unlock ends the wait after wrong attempts.
func (s *Service) Unlock(ctx context.Context, by Requester, id int64) error {
	return s.manage(ctx, by, id, Unlocked, func(tx *opsdb.Tx, a Account) error {
		return clearFailures(ctx, tx, a.Email)
	})
}

// SignOutAll ends all sessions of an account.
func (s *Service) SignOutAll(ctx context.Context, by Requester, id int64) error {
	return s.manage(ctx, by, id, SignedOutByAdministrator, func(tx *opsdb.Tx, a Account) error {
		return dropSessions(ctx, tx, id)
	})
}

// Update changes the address and the name of an account. Links that were sent
// to the old address are withdrawn.
func (s *Service) Update(ctx context.Context, by Requester, id int64, email, name string) error {
	email, err := NormalizeEmail(email)
	if err != nil {
		return err
	}
	if name, err = cleanName(name); err != nil {
		return err
	}
	return s.manage(ctx, by, id, Updated, func(tx *opsdb.Tx, a Account) error {
		_, err := tx.ExecContext(ctx, "UPDATE account_account SET email = ?, name = ? WHERE id = ?", email, name, id)
		if opsdb.IsConflict(err) {
			return ErrExists
		}
		if err == nil && a.Email != email {
			err = revokeTokens(ctx, tx, a, s.now())
		}
		return err
	})
}
