package account

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"reperform/opsdb"
)

// Directory tells on which sides the ledgers record a person; none for a person
// that no ledger knows.
type Directory interface {
	Sides(ctx context.Context, personID string) ([]Side, error)
}

// RelyingParty is the name under which passkeys know this installation.
type RelyingParty struct {
	// ID is the host name, such as localhost. Passkeys are bound to it: under
	// another name they are lost.
	ID string
	// Name is shown by devices and authenticator apps.
	Name string
	// Origins are the addresses that people see, such as http://localhost:8080.
	Origins []string
}

// Config is what the service needs to know. Zero durations, parameters and
// limits take their defaults; everything else is required, Observe excepted.
type Config struct {
	// Key seals what must be read back, the secrets of authenticator apps. It
	// lies outside of the database: see LoadKey.
	Key [32]byte
	// Now is the clock, and Random the source of randomness.
	Now    func() time.Time
	Random io.Reader
	// Directory is asked before somebody is invited.
	Directory    Directory
	RelyingParty RelyingParty
	// Observe is given every event. It must not wait.
	Observe func(context.Context, Event)

	// Params are the costs of a password hash, and Hashes how many are computed
	// at a time, by default half as many as there are processors.
	Params Params
	Hashes int
	// Idle ends a session that is not used, 12 hours by default, and Absolute
	// one that is, 7 days.
	Idle, Absolute time.Duration
	// MailReset are the sides whose accounts may be reset by a link in a mail,
	// the service organization's alone by default: whoever operates the
	// installation chooses the server that mails go through, and must not get
	// into an account of the firm by it.
	MailReset []Side
	// Limits bound requests by network address.
	Limits Limits
}

// Service is the package's one entrance. It is safe for concurrent use.
type Service struct {
	db        *opsdb.DB
	now       func() time.Time
	random    io.Reader
	directory Directory
	party     RelyingParty
	observer  func(context.Context, Event)
	seal      cipher.AEAD
	hasher    *hasher
	passkeys  *webauthn.WebAuthn
	idle      time.Duration
	absolute  time.Duration
	mailReset []Side
	limits    *limiter
	cache     *sessionCache
}

// New makes a service on a database that was opened with Schema, and registers
// its sweep.
func New(db *opsdb.DB, c Config) (*Service, error) {
	if db == nil || c.Now == nil || c.Random == nil || c.Directory == nil {
		return nil, errors.New("accounts need a database, a clock, a source of randomness and a directory")
	}
	if c.Key == [32]byte{} {
		return nil, errors.New("accounts need a key that seals the secrets of authenticator apps")
	}
	if err := checkBreached(); err != nil {
		return nil, err
	}
	if c.Params == (Params{}) {
		c.Params = DefaultParams
	}
	if c.Idle == 0 {
		c.Idle = 12 * time.Hour
	}
	if c.Absolute == 0 {
		c.Absolute = 7 * 24 * time.Hour
	}
	if c.Idle < 2*seenEvery || c.Absolute < c.Idle {
		return nil, fmt.Errorf("a session may idle for %s at least, and its absolute limit (%s) is not below the idle one (%s)", 2*seenEvery, c.Absolute, c.Idle)
	}
	if c.MailReset == nil {
		c.MailReset = []Side{ServiceOrganization}
	}
	passkeys, err := newPasskeys(c.RelyingParty)
	if err != nil {
		return nil, err
	}
	hasher, err := newHasher(c.Params, c.Hashes, c.Random)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(c.Key[:])
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	s := &Service{
		db: db, now: c.Now, random: c.Random, directory: c.Directory, party: c.RelyingParty, observer: c.Observe,
		seal: seal, hasher: hasher, passkeys: passkeys, idle: c.Idle, absolute: c.Absolute, mailReset: c.MailReset,
		limits: newLimiter(c.Limits), cache: newSessionCache(),
	}
	db.OnSweep("account", s.sweep)
	return s, nil
}

// newPasskeys sets the library up for one installation.
func newPasskeys(p RelyingParty) (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID:          p.ID,
		RPDisplayName: p.Name,
		RPOrigins:     p.Origins,
		// Nobody's make of device matters here, and asking for an attestation
		// costs people a prompt.
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(),
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			UserVerification:   protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys for host %q and addresses %q: %w", p.ID, p.Origins, err)
	}
	return w, nil
}

// Run writes when sessions were last seen and sweeps what has expired, until
// the context ends; then it writes once more. It answers the last error of
// writing at the end; earlier ones are given to failed.
func (s *Service) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(seenEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.FlushSeen(last)
		case <-tick.C:
		}
		if err := s.FlushSeen(ctx); err != nil {
			failed(err)
		}
		s.limits.sweep(s.now())
		if n%60 == 0 {
			if _, err := s.db.Sweep(ctx, s.now()); err != nil {
				failed(err)
			}
		}
	}
}
