package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"reperform/soc1"
)

// riskBallot is what a participant's commitment is about: all that they scored, with
// a salt without which the few possible scores could be tried.
type riskBallot struct {
	Session string            `json:"session"`
	By      string            `json:"by"`
	Salt    string            `json:"salt"`
	Scores  []soc1.RiskRating `json:"scores"`
}

// ballotOf is what was committed, once revealed.
func ballotOf(s soc1.RiskScore) riskBallot {
	return riskBallot{Session: s.Session, By: s.By, Salt: s.Salt, Scores: s.Scores}
}

// bytes are what the commitment is the SHA-256 of: JSON without white space, fields
// in the order of the types, empty ones that may be empty left out, and no character
// escaped that JSON does not demand; docs/FORMAT.md says the same.
func (b riskBallot) bytes() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	// Text and numbers always encode.
	_ = enc.Encode(b)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// commitment is the SHA-256 of the bytes, in hexadecimal.
func (b riskBallot) commitment() string {
	sum := sha256.Sum256(b.bytes())
	return hex.EncodeToString(sum[:])
}
