package desk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"reperform/opsdb"
)

// Config is what the service needs to know; everything is required.
type Config struct {
	// Key seals the contents of queued mail. It lies outside of the database;
	// what is sealed under another key can no longer be sent.
	Key [32]byte
	// Now is the clock, and Random the source of randomness.
	Now    func() time.Time
	Random io.Reader
}

// Service is the package's one entrance. It is safe for concurrent use.
type Service struct {
	db     *opsdb.DB
	now    func() time.Time
	random io.Reader
	seal   cipher.AEAD
	links  cipher.AEAD
	queued chan struct{}
}

// New makes a service on a database that was opened with Schema, and registers
// its sweep.
func New(db *opsdb.DB, c Config) (*Service, error) {
	if db == nil || c.Now == nil || c.Random == nil {
		return nil, errors.New("a desk needs a database, a clock and a source of randomness")
	}
	if c.Key == [32]byte{} {
		return nil, errors.New("a desk needs a key that seals the contents of mail")
	}
	seal, err := sealed(c.Key, "reperform desk outbox")
	if err != nil {
		return nil, fmt.Errorf("the key of the outbox: %w", err)
	}
	links, err := sealed(c.Key, "reperform desk unsubscribe")
	if err != nil {
		return nil, fmt.Errorf("the key of links in mails: %w", err)
	}
	s := &Service{db: db, now: c.Now, random: c.Random, seal: seal, links: links, queued: make(chan struct{}, 1)}
	db.OnSweep("desk", s.sweep)
	return s, nil
}

// sealed seals under a key of its own, so that what is sealed for one use and
// what is sealed for another under the same secret cannot stand for each other.
func sealed(secret [32]byte, use string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret[:], nil, use, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Error is what a person is told. Code is stable and for programs.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Message }

// Is compares codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// The errors that the package's operations answer. Another error is one of the
// machine, or of a caller that gives what no person typed.
var (
	ErrName     = &Error{"name", fmt.Sprintf("The name of a view has 1 to %d characters on one line. Choose another.", MaxName)}
	ErrQuery    = &Error{"query", fmt.Sprintf("A view is too long to be saved: its address has at most %d characters. Use fewer filters.", MaxQuery)}
	ErrPage     = &Error{"page", "Views of this page cannot be saved."}
	ErrTaken    = &Error{"taken", "You have a view of this name on this page already. Choose another name, or replace the view."}
	ErrTooMany  = &Error{"too_many", fmt.Sprintf("You have %d views on this page, and more are not kept. Delete one first.", MaxViews)}
	ErrNotFound = &Error{"not_found", "There is no such view. It may have been deleted, or its owner no longer shares it."}
	ErrNotYours = &Error{"not_yours", "This view is somebody else’s. Save one of your own from it."}
	ErrKey      = &Error{"key", "There is no such setting."}
	ErrValue    = &Error{"value", "This setting is too long to be kept."}
	ErrItem     = &Error{"item", "This is nothing that can be marked as read."}
	ErrLink     = &Error{"link", "This link is not one of ours, or was cancelled by the person whose mail it came with. Sign in and choose which mails you get under Settings, Mail."}
	ErrMail     = &Error{"mail", "This mail cannot be tried again or discarded: it was sent, discarded or is being sent, its content is no longer kept, or it would come too late. Look at the list again."}
	ErrDigest   = &Error{"digest", "This is no time for a mail: choose an hour from 0 to 23, a day of the week and a time zone such as America/Chicago."}
)

// line cleans a line of text that a person typed: composed, trimmed, one to max
// characters, none of them invisible or able to turn the direction of writing.
func line(s string, max int) (string, bool) {
	if len(s) > 8*max || !utf8.ValidString(s) {
		return "", false
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if n := utf8.RuneCountInString(s); n == 0 || n > max {
		return "", false
	}
	return s, !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// token holds a text that programs make: without spaces and control characters,
// not empty, at most max bytes.
func token(s string, max int) bool {
	return s != "" && len(s) <= max && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

// maxPerson is more than the longest id of a record.
const maxPerson = 200

// errPerson is a mistake of the caller: nobody types who they are.
var errPerson = errors.New("a person is named by the id of a record")
