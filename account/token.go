package account

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

// secret makes a token of 256 random bits, of which only the hash is stored. A
// fast hash is enough: nobody guesses 256 bits.
func (s *Service) secret() (token string, hash []byte, err error) {
	var raw [32]byte
	if _, err := io.ReadFull(s.random, raw[:]); err != nil {
		return "", nil, fmt.Errorf("random bytes for a token: %w", err)
	}
	sum := sha256.Sum256(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:]), sum[:], nil
}

// hashOf gives the hash under which a token is stored. What is no token of ours
// is told without asking the database.
func hashOf(token string) ([]byte, bool) {
	if len(token) != 43 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 32 {
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}
