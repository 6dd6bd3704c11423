package account

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Params are the costs of one password hash (Argon2id, RFC 9106).
type Params struct {
	// Memory is in KiB.
	Memory uint32
	// Time is the number of passes.
	Time uint32
	// Threads is the number of lanes.
	Threads uint8
}

// DefaultParams are the second recommended option of RFC 9106 with one lane:
// 64 MiB and three passes, about a fifth of a second of one core.
var DefaultParams = Params{Memory: 64 * 1024, Time: 3, Threads: 1}

const (
	saltSize = 16
	hashSize = 32
	// Bounds for what is read back, so that a damaged row cannot demand all
	// memory or all time.
	maxMemory  = 4 << 20
	maxTime    = 64
	maxThreads = 16
)

// phc is a password hash in the PHC string format,
// $argon2id$v=19$m=65536,t=3,p=1$salt$hash.
type phc struct {
	params     Params
	salt, hash []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.params.Memory, p.params.Time, p.params.Threads,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.hash))
}

func parsePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errors.New("a stored password hash is not of Argon2id version 19")
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.params.Memory, &p.params.Time, &p.params.Threads); n != 3 || err != nil {
		return p, errors.New("a stored password hash has parameters that cannot be read")
	}
	if p.params.Time < 1 || p.params.Time > maxTime || p.params.Threads < 1 || p.params.Threads > maxThreads ||
		p.params.Memory < 8*uint32(p.params.Threads) || p.params.Memory > maxMemory {
		return p, fmt.Errorf("a stored password hash has parameters out of bounds: %s", parts[3])
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return p, errors.New("a stored password hash has a salt that cannot be read")
	}
	if p.hash, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(p.hash) < 16 || len(p.hash) > 64 {
		return p, errors.New("a stored password hash has a sum that cannot be read")
	}
	if p.String() != s {
		return p, errors.New("a stored password hash is not written as this program writes it")
	}
	return p, nil
}

// hasher computes password hashes, a few at a time: each takes Params.Memory,
// and a flood of sign-ins must not take all there is.
type hasher struct {
	params Params
	random io.Reader
	// running holds a place for each hash that is computed, waiting one for
	// each that is computed or waits.
	running, waiting chan struct{}
	// decoy is compared with where there is no hash, so that an unknown
	// address costs the time of a wrong password.
	decoy phc
}

// waiters is how many sign-ins wait for each that is computed.
const waiters = 16

func newHasher(params Params, concurrent int, random io.Reader) (*hasher, error) {
	if concurrent < 1 {
		concurrent = max(1, runtime.NumCPU()/2)
	}
	h := &hasher{params: params, random: random, running: make(chan struct{}, concurrent), waiting: make(chan struct{}, concurrent*(waiters+1))}
	h.decoy = phc{params, make([]byte, saltSize), make([]byte, hashSize)}
	for _, b := range [][]byte{h.decoy.salt, h.decoy.hash} {
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, err
		}
	}
	_, err := parsePHC(h.decoy.String())
	return h, err
}

// key computes, or answers ErrBusy when too many wait.
func (h *hasher) key(ctx context.Context, password string, p phc) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// NIST SP 800-63B 5.1.1.2: normalized, so that the same keys on another
	// keyboard are the same password.
	text := []byte(norm.NFKC.String(password))
	return argon2.IDKey(text, p.salt, p.params.Time, p.params.Memory, p.params.Threads, uint32(len(p.hash))), nil
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{h.params, make([]byte, saltSize), make([]byte, hashSize)}
	if _, err := io.ReadFull(h.random, p.salt); err != nil {
		return "", fmt.Errorf("random bytes for a salt: %w", err)
	}
	sum, err := h.key(ctx, password, p)
	if err != nil {
		return "", err
	}
	p.hash = sum
	return p.String(), nil
}

// verify compares a password with a stored hash; with an empty one it takes the
// same time and fails. again tells that the hash should be made anew because
// the parameters have risen.
func (h *hasher) verify(ctx context.Context, password, stored string) (ok, again bool, err error) {
	p, known := h.decoy, stored != ""
	if known {
		if p, err = parsePHC(stored); err != nil {
			return false, false, err
		}
	}
	if len(password) > maxPassword {
		// Nobody has such a password; the cost stays that of an attempt.
		password, known = password[:maxPassword], false
	}
	sum, err := h.key(ctx, password, p)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, p.hash) == 1 && known
	again = ok && (p.params.Memory < h.params.Memory || p.params.Time < h.params.Time || len(p.hash) < hashSize || len(p.salt) < saltSize)
	return ok, again, nil
}
