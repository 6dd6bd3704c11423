package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// MaxEntry is the largest entry in bytes, the limit of a C2SP tlog-tiles
// entry bundle (two bytes of length). A command that needs more becomes
// consecutive entries that share a command id.
const MaxEntry = 65535

// EntryVersion is the version written by this program.
const EntryVersion = 1

// TimeFormat is how an entry writes its time: UTC, microseconds, always the
// same width, so that the text sorts as the time does.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Entry is one accepted command, or one part of a large one, as it is hashed.
// It holds no personal data: reasons and documents stand beside it, bound by
// commitments, and ids are opaque.
type Entry struct {
	// Version of this format; readers refuse a larger one.
	Version int `json:"v"`
	// Ledger is the name of the ledger, so that an entry cannot be moved to another.
	Ledger string `json:"ledger"`
	// Command identifies the accepted command; all its parts carry the same id.
	Command string `json:"command"`
	// Part counts from 1 to Parts; both are absent when the command is one entry.
	Part  int `json:"part,omitempty"`
	Parts int `json:"parts,omitempty"`
	// Time the committer accepted the command, in TimeFormat. It never
	// decreases within a ledger.
	Time string `json:"time"`
	// Actor is the opaque id of who asked.
	Actor string `json:"actor"`
	// Action names the command, such as "record.put" or "sample.draw".
	Action string `json:"action"`
	// Reason is the commitment to the reason given, empty when none was.
	Reason string `json:"reason,omitempty"`
	// Changes are the new revisions, in the order of their documents.
	Changes []Change `json:"changes,omitempty"`
	// Redacts names documents that this entry removes.
	Redacts []DocumentRef `json:"redacts,omitempty"`
	// Genesis stands in the first entry of a ledger only.
	Genesis *Genesis `json:"genesis,omitempty"`
}

// Change is one new revision of one record.
type Change struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Revision counts from 1.
	Revision int64 `json:"revision"`
	// Effective is the calendar date from which the document holds, in the
	// zone of the workspace; empty for decisions, which hold from when they are known.
	Effective string `json:"effective,omitempty"`
	// Commitment binds the document; see [Commit].
	Commitment string `json:"commitment"`
}

// DocumentRef names one document: the position of its entry and its slot
// there. Slot 0 is the reason, slot n the n-th change.
type DocumentRef struct {
	Pos  int64 `json:"pos"`
	Slot int   `json:"slot"`
}

// Genesis says what a ledger is and whose key signs its checkpoints.
type Genesis struct {
	// Origin is the first line of every checkpoint of this ledger.
	Origin string `json:"origin"`
	// Key is the verifier key of the checkpoints in the form of sumdb/note.
	Key string `json:"key"`
	// Class tells ledgers apart: the ledger itself does not interpret it.
	Class string `json:"class"`
}

// SaltSize is the length of a document's salt in bytes.
const SaltSize = 32

// Commit computes the commitment to a document: SHA-256 over the salt of
// exactly SaltSize bytes followed by the document's bytes, in unpadded
// base64url. The fixed length of the salt makes the concatenation unambiguous.
func Commit(salt, document []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(document)
	var sum [sha256.Size]byte
	return base64.RawURLEncoding.EncodeToString(h.Sum(sum[:0]))
}

// ParseEntry decodes the stored bytes of an entry. Unknown fields are
// accepted, because fields are only ever added; a newer version is refused.
func ParseEntry(b []byte) (Entry, error) {
	var e Entry
	if len(b) > MaxEntry {
		return e, fmt.Errorf("entry of %d bytes exceeds %d", len(b), MaxEntry)
	}
	if !parsePlain(b, &e) {
		e = Entry{}
		if err := json.Unmarshal(b, &e); err != nil {
			return e, fmt.Errorf("entry is not valid JSON: %w", err)
		}
	}
	if e.Version < 1 || e.Version > EntryVersion {
		return e, fmt.Errorf("entry version %d is not known to this program, which reads versions 1 to %d: use a newer program", e.Version, EntryVersion)
	}
	if !validTime(e.Time) {
		return e, fmt.Errorf("entry time %q is not in the form %s", e.Time, TimeFormat)
	}
	if (e.Part != 0 || e.Parts != 0) && (e.Part < 1 || e.Parts < 2 || e.Part > e.Parts) {
		return e, fmt.Errorf("entry is part %d of %d", e.Part, e.Parts)
	}
	return e, nil
}

// validTime accepts what TimeFormat writes of the years 0 to 9999.
func validTime(s string) bool {
	if len(s) != len(TimeFormat) {
		return false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if wantDigit := TimeFormat[i] >= '0' && TimeFormat[i] <= '9'; digit != wantDigit || !digit && s[i] != TimeFormat[i] {
			return false
		}
	}
	two := func(at int) int { return int(s[at]-'0')*10 + int(s[at+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if month < 1 || month > 12 || day < 1 || two(11) > 23 || two(14) > 59 || two(17) > 59 {
		return false
	}
	// The day before the first of the next month is the last of this one.
	return day <= 28 || day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Slots is how many documents the entry commits to, counting the reason's
// slot whether or not a reason was given.
func (e *Entry) Slots() int { return 1 + len(e.Changes) }

// Commitment returns what the entry says of the document in the slot, and
// false when there is none.
func (e *Entry) Commitment(slot int) (string, bool) {
	switch {
	case slot == 0:
		return e.Reason, e.Reason != ""
	case slot > 0 && slot <= len(e.Changes):
		return e.Changes[slot-1].Commitment, true
	}
	return "", false
}
