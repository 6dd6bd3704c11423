package sampling

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Algorithm is the name of the only selection algorithm so far. It stands first
// in every seed input, so that a later algorithm can never be mistaken for it.
const Algorithm = "soc1/v1"

// Seed is SHA-256 of the UTF-8 seed input.
func Seed(input string) [32]byte { return sha256.Sum256([]byte(input)) }

// SeedInput is what a selection is bound to. Whoever knows its text can draw the
// same sample again.
type SeedInput struct {
	Algorithm      string `json:"algorithm"`       // Algorithm
	Engagement     string `json:"engagement"`      // id of the engagement
	Control        string `json:"control"`         // id of the control or of its test
	PopulationHash string `json:"population_hash"` // hash of the frozen population
	Nonce          string `json:"nonce,omitempty"` // the auditor's nonce in lowercase hex; empty for management's own tests
	Draw           int64  `json:"draw,omitempty"`  // number of the draw from 1; 0 is read as 1
}

// Text is the seed input as it is hashed:
//
//	soc1/v1|ENGAGEMENT|CONTROL|pop:HASH[|nonce:HEX][|draw:N]
//
// The nonce stands there when there is one, the draw when it is above 1. It
// fails, naming the part, when a part is empty, is not valid UTF-8, or holds a
// '|' or a control character, since two different inputs could then share a
// text.
func (s SeedInput) Text() (string, error) {
	if s.Algorithm != Algorithm {
		return "", fmt.Errorf("seed input: algorithm %s is not known; use %s", quoted(s.Algorithm), Algorithm)
	}
	for _, part := range []struct{ name, text string }{
		{"engagement", s.Engagement}, {"control", s.Control}, {"population hash", s.PopulationHash},
	} {
		if err := checkSeedPart(part.name, part.text); err != nil {
			return "", err
		}
	}
	text := strings.Join([]string{s.Algorithm, s.Engagement, s.Control, "pop:" + s.PopulationHash}, "|")
	if s.Nonce != "" {
		if err := checkNonceText(s.Nonce); err != nil {
			return "", err
		}
		text += "|nonce:" + s.Nonce
	}
	switch {
	case s.Draw < 0:
		return "", fmt.Errorf("seed input: draw %d; draws count from 1", s.Draw)
	case s.Draw > 1:
		text += "|draw:" + strconv.FormatInt(s.Draw, 10)
	}
	return text, nil
}

// Seed is the seed of the input's text, with the errors of Text.
func (s SeedInput) Seed() ([32]byte, error) {
	text, err := s.Text()
	if err != nil {
		return [32]byte{}, err
	}
	return Seed(text), nil
}

// ParseSeedInput reads what Text writes and nothing else: for every text that it
// accepts, Text gives the same text back. Draw is at least 1 in the result.
func ParseSeedInput(text string) (SeedInput, error) {
	parts := strings.Split(text, "|")
	if len(parts) < 4 || len(parts) > 6 {
		return SeedInput{}, fmt.Errorf("seed input %s: %d parts; it has the form %s|ENGAGEMENT|CONTROL|pop:HASH with |nonce:HEX and |draw:N where they apply", quoted(text), len(parts), Algorithm)
	}
	s := SeedInput{Algorithm: parts[0], Engagement: parts[1], Control: parts[2], Draw: 1}
	hash, found := strings.CutPrefix(parts[3], "pop:")
	if !found {
		return SeedInput{}, fmt.Errorf("seed input: the fourth part %s does not start with pop: as it must", quoted(parts[3]))
	}
	s.PopulationHash = hash
	rest := parts[4:]
	if len(rest) > 0 && strings.HasPrefix(rest[0], "nonce:") {
		s.Nonce = strings.TrimPrefix(rest[0], "nonce:")
		if err := checkNonceText(s.Nonce); err != nil {
			return SeedInput{}, err
		}
		rest = rest[1:]
	}
	if len(rest) > 0 && strings.HasPrefix(rest[0], "draw:") {
		digits := strings.TrimPrefix(rest[0], "draw:")
		draw, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || draw < 2 || strconv.FormatInt(draw, 10) != digits {
			return SeedInput{}, fmt.Errorf("seed input: draw %s; write a whole number above 1 without leading zeros, and leave the part out for the first draw", quoted(digits))
		}
		s.Draw = draw
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return SeedInput{}, fmt.Errorf("seed input: the part %s is not known here; after pop:HASH come nonce:HEX and draw:N, in this order", quoted(rest[0]))
	}
	if _, err := s.Text(); err != nil {
		return SeedInput{}, err
	}
	return s, nil
}

func checkSeedPart(name, text string) error {
	if text == "" {
		return fmt.Errorf("seed input: the %s is empty; give its id", name)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("seed input: the %s %s is not valid UTF-8", name, quoted(text))
	}
	for _, c := range text {
		if c == '|' || unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return fmt.Errorf("seed input: the %s %s holds %q; a part has no '|', line break or control character, choose an id without it", name, quoted(text), c)
		}
	}
	return nil
}

func checkNonceText(nonce string) error {
	decoded, err := hex.DecodeString(nonce)
	if err != nil || len(decoded) == 0 || hex.EncodeToString(decoded) != nonce {
		return fmt.Errorf("seed input: nonce %s; write its bytes in lowercase hexadecimal", quoted(nonce))
	}
	return nil
}

// nonceDomain separates a nonce's commitment from every other SHA-256 of the
// same bytes.
const nonceDomain = "reperform/nonce/v1\n"

// NonceBytes is the length of a nonce made by NewNonce. A commitment hides a
// nonce only if nobody can try all of them.
const NonceBytes = 32

// NewNonce reads a nonce from a source of randomness such as crypto/rand.Reader.
func NewNonce(random io.Reader) ([]byte, error) {
	nonce := make([]byte, NonceBytes)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("nonce: the source of randomness gave fewer than %d bytes: %w", NonceBytes, err)
	}
	return nonce, nil
}

// Commit is SHA-256("reperform/nonce/v1\n" || nonce): what the auditor records
// before the population arrives, so that the nonce can neither be chosen
// afterwards nor be known before.
func Commit(nonce []byte) [32]byte {
	return sha256.Sum256(append([]byte(nonceDomain), nonce...))
}

// CheckNonce tells whether a disclosed nonce is the one committed to. The error
// shows both commitments.
func CheckNonce(nonce []byte, commitment [32]byte) error {
	if got := Commit(nonce); got != commitment {
		return fmt.Errorf("nonce: it commits to %x, the recorded commitment is %x; this is not the nonce that was committed before the population arrived", got, commitment)
	}
	return nil
}
