package account

import (
	"context"
	"time"
)

// EventKind names what happened.
type EventKind string

// What is reported. None of it is an audit fact: an invitation or a role that
// matters to an auditor is recorded in the ledger by whoever calls this package.
const (
	Invited                  EventKind = "invited"
	InvitationRevoked        EventKind = "invitation_revoked"
	Joined                   EventKind = "joined"
	ResetIssued              EventKind = "reset_issued"
	ResetDone                EventKind = "reset_done"
	TokenRefused             EventKind = "token_refused"
	SessionOpened            EventKind = "signed_in"
	SignInRefused            EventKind = "sign_in_refused"
	SignInLocked             EventKind = "sign_in_locked"
	SecondFactorAsked        EventKind = "second_factor_asked"
	SecondFactorRefused      EventKind = "second_factor_refused"
	RateLimited              EventKind = "rate_limited"
	SignedOut                EventKind = "signed_out"
	SignedOutByAdministrator EventKind = "signed_out_by_administrator"
	ProvenAgain              EventKind = "proven_again"
	PasswordChanged          EventKind = "password_changed"
	TOTPAdded                EventKind = "totp_added"
	TOTPRemoved              EventKind = "totp_removed"
	RecoveryCodesMade        EventKind = "recovery_codes_made"
	RecoveryCodeUsed         EventKind = "recovery_code_used"
	PasskeyAdded             EventKind = "passkey_added"
	PasskeyRemoved           EventKind = "passkey_removed"
	PasskeyCloned            EventKind = "passkey_cloned"
	Disabled                 EventKind = "disabled"
	Enabled                  EventKind = "enabled"
	Unlocked                 EventKind = "unlocked"
	Updated                  EventKind = "updated"
	ManagementRefused        EventKind = "management_refused"
)

// Event is something worth a line in the log. It holds no secret and no text
// that somebody typed: people do type passwords into the field for addresses.
// AccountID is zero where no account is known.
type Event struct {
	Kind      EventKind
	At        time.Time
	AccountID int64
	PersonID  string
	// By is the person who did it to another's account.
	By        string
	IP        string
	UserAgent string
	Detail    string
}

func (s *Service) observe(ctx context.Context, e Event) {
	if s.observer == nil {
		return
	}
	e.At = s.now()
	s.observer(ctx, e)
}

// of fills in where a request came from.
func (e Event) of(c Client) Event {
	if c.IP.IsValid() {
		e.IP = c.IP.String()
	}
	e.UserAgent = clip(c.UserAgent)
	return e
}

// clip bounds a text that a stranger sent.
func clip(s string) string {
	out := make([]rune, 0, min(len(s), 300))
	for _, r := range s {
		if len(out) == 300 {
			break
		}
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}
