package soc1

// BridgeLetter is management's letter to user entities for the days between the
// end of a report and a later day: it says that, as far as management knows,
// nothing changed that would alter the conclusions. Nobody examined it.
type BridgeLetter struct {
	// Engagement is the report that the letter builds on.
	Engagement string `json:"engagement" label:"Report" ref:"engagement" required:"true"`
	// From is the first day covered, the day after the report's last.
	From Date `json:"from" label:"Covers from" required:"true"`
	// To is the last day covered.
	To Date `json:"to" label:"Covers to" required:"true"`
	// Changes says what changed in between, as far as management knows.
	Changes string `json:"changes,omitempty" label:"Changes since the report" multiline:"true" help:"What changed in the controls; leave empty when nothing did."`
	// IssuedOn is the date of the letter.
	IssuedOn Date `json:"issued_on,omitempty" label:"Issued on"`
	// SignedBy is who signed it.
	SignedBy string `json:"signed_by,omitempty" label:"Signed by" ref:"person"`
	// File is the letter as it was sent.
	File File `json:"file,omitzero" label:"Letter"`
}

// Validate checks the letter alone.
func (b BridgeLetter) Validate() []Problem {
	c := examine(b)
	c.ordered(b.From, b.To, "from", "to")
	return c.problems
}
