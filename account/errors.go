package account

import (
	"errors"
	"time"
)

// Error is what a person is told. Code is stable and for programs; Message is a
// sentence that gives nothing away. Until is when trying again makes sense,
// where that is known.
type Error struct {
	Code    string
	Message string
	Until   time.Time
}

func (e *Error) Error() string { return e.Message }

// Is compares codes, so that errors.Is(err, ErrLocked) holds for every lock.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func (e *Error) until(t time.Time) error {
	return &Error{e.Code, e.Message, t}
}

// The errors that the package's operations answer. Another error is one of the
// machine, and its text is for the log.
var (
	ErrCredentials   = &Error{Code: "credentials", Message: "The e-mail address or the password is wrong."}
	ErrCode          = &Error{Code: "code", Message: "This code is wrong or was used already. Wait for the next one, and check the clock of the device."}
	ErrLocked        = &Error{Code: "locked", Message: "There were too many wrong attempts. Somebody who has a passkey signs in with it meanwhile."}
	ErrTooMany       = &Error{Code: "too_many", Message: "Too many requests came from your network."}
	ErrBusy          = &Error{Code: "busy", Message: "Too many people are signing in at this moment. Try again in a few seconds."}
	ErrDisabled      = &Error{Code: "disabled", Message: "This account is disabled. Ask an administrator of your organization."}
	ErrSignedOut     = &Error{Code: "signed_out", Message: "You are not signed in, or your session has ended. Sign in again."}
	ErrProveAgain    = &Error{Code: "prove_again", Message: "Confirm that it is you: give your password or use a passkey again."}
	ErrPending       = &Error{Code: "pending", Message: "This sign-in has expired. Begin again with your password."}
	ErrForbidden     = &Error{Code: "forbidden", Message: "You may not manage this account. Only an administrator of the same side may."}
	ErrSelf          = &Error{Code: "self", Message: "You cannot do this to your own account. Ask another administrator."}
	ErrPerson        = &Error{Code: "person", Message: "This person is not recorded on the side that the invitation is for. Record the person there first."}
	ErrExists        = &Error{Code: "exists", Message: "This person or this e-mail address has an account already. Reset it, or enable it again."}
	ErrEmail         = &Error{Code: "email", Message: "This is not an e-mail address."}
	ErrSide          = &Error{Code: "side", Message: "An account stands on the side of the service organization, of the audit firm, or is a guest's."}
	ErrTokenUnknown  = &Error{Code: "token_unknown", Message: "This link is not valid. Check that it was copied whole."}
	ErrTokenUsed     = &Error{Code: "token_used", Message: "This link was used already. Sign in, or ask for a new one if it was not you."}
	ErrTokenExpired  = &Error{Code: "token_expired", Message: "This link has expired. Ask for a new one."}
	ErrTokenRevoked  = &Error{Code: "token_revoked", Message: "This link was withdrawn or replaced by a newer one. Ask for a new one."}
	ErrPasswordShort = &Error{Code: "password_short", Message: "A password has at least 12 characters. Several words are easier to remember than signs."}
	ErrPasswordLong  = &Error{Code: "password_long", Message: "A password has at most 512 bytes."}
	ErrPasswordOwn   = &Error{Code: "password_own", Message: "The password contains your name or your e-mail address. Choose another."}
	ErrPasswordWeak  = &Error{Code: "password_weak", Message: "This password, or the one that it is made from, is among those that attackers try first. Choose another."}
	ErrPasswordSame  = &Error{Code: "password_same", Message: "The new password is the old one. Choose another."}
	ErrTOTPOn        = &Error{Code: "totp_on", Message: "An authenticator app is set up already. Remove it first."}
	ErrTOTPOff       = &Error{Code: "totp_off", Message: "No authenticator app is set up."}
	ErrPasskey       = &Error{Code: "passkey", Message: "The passkey was not accepted. Try again, or sign in another way."}
	ErrPasskeyClone  = &Error{Code: "passkey_clone", Message: "This passkey answers as if it had been copied and is not accepted. Sign in another way and remove it."}
	ErrPasskeyTwice  = &Error{Code: "passkey_twice", Message: "This passkey is registered already."}
	ErrLastMethod    = &Error{Code: "last_method", Message: "This is the last way to sign in to the account. Add another first."}
	ErrName          = &Error{Code: "name", Message: "A name has 1 to 100 characters, none of them control characters."}
	ErrNotFound      = &Error{Code: "not_found", Message: "There is no such entry."}
)

// Code gives the code of an error, or "internal" for one of the machine.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}
