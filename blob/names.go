package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// ledgerPrefix starts every file and directory named for a ledger. It keeps
// names such as "con" or ".." from meaning something to an operating system.
const ledgerPrefix = "ledger-"

// longestEscaped leaves room under the 255 bytes that file systems allow for
// the prefix and an extension.
const longestEscaped = 200

// ledgerFileName turns any ledger name into a file name that is unique for
// it, also where the file system ignores case. Lower-case letters, digits and
// hyphens stand for themselves, every other byte is written _xx in lower-case
// hexadecimal; a name too long for that becomes "__" and its SHA-256, which no
// escaped name starts with.
func ledgerFileName(ledger string) (string, error) {
	if ledger == "" {
		return "", errors.New("the ledger's name is empty; every blob belongs to a ledger")
	}
	var b strings.Builder
	b.WriteString(ledgerPrefix)
	for i := range len(ledger) {
		c := ledger[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789abcdef"
		b.Write([]byte{'_', digits[c>>4], digits[c&15]})
	}
	if b.Len() > longestEscaped {
		sum := sha256.Sum256([]byte(ledger))
		return ledgerPrefix + "__" + hex.EncodeToString(sum[:]), nil
	}
	return b.String(), nil
}
