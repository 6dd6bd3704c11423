package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"reperform/soc1"
)

// Digest is the SHA-256 of what an approval of a policy is about, as hexadecimal digits:
// its title, version mark, summary, text and files. Who owns it, who confirms it and
// which controls carry it out may change without a new approval.
func Digest(p soc1.Policy) string {
	return digest(p.Title, p.Version, p.Summary, p.Text, p.Files)
}

// ExceptionDigest is the SHA-256 of what an approval of an exception is about. That it
// was ended needs no approval.
func ExceptionDigest(e soc1.PolicyException) string {
	return digest(e.Policy, e.Title, e.What, e.Why, e.Instead, e.From, e.Until)
}

func digest(values ...any) string {
	// Strings, numbers and files always have a form in JSON.
	b, _ := json.Marshal(values)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
