package soc1

// SignOffRole is as what a person signs off a working paper.
type SignOffRole string

// The roles. A preparer says that the work is done; a reviewer, another person, that it
// is done well and shows what is concluded from it.
const (
	AsPreparer SignOffRole = "preparer"
	AsReviewer SignOffRole = "reviewer"
)

var signOffRoles = enumeration{{"preparer", "Prepared"}, {"reviewer", "Reviewed"}}

// Values lists the stored spellings.
func (SignOffRole) Values() []string { return signOffRoles.values() }

// Label is the word a person reads.
func (r SignOffRole) Label() string { return signOffRoles.label(string(r)) }

// SignOff is a person's signature under the working paper of a test as it stood then. It
// holds as long as the paper says the same: whatever is recorded of it later reopens the
// paper, and the signature stays on record as what it was.
type SignOff struct {
	// Test is the test whose paper is signed.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// As says as what.
	As SignOffRole `json:"as" label:"As" required:"true"`
	// By is who signed.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// At is when.
	At Instant `json:"at" label:"At" required:"true"`
	// SHA256 is over the records of the paper, as evaluation.Paper.Digest has it.
	SHA256 string `json:"sha256" label:"SHA-256 of the paper" required:"true"`
	// Records counts them.
	Records int64 `json:"records" label:"Records signed"`
	// Position is the number of entries of the ledger when it was signed: what was
	// recorded later was not signed.
	Position int64 `json:"position" label:"Entries when signed"`
}

// Validate checks the signature alone.
func (s SignOff) Validate() []Problem {
	c := examine(s)
	c.digest(s.SHA256, "sha256")
	c.natural(s.Records, "records")
	c.natural(s.Position, "position")
	return c.problems
}
