package soc1

// Policy is a document in which the organization says how it wants things
// done.
type Policy struct {
	// Title is the document's title.
	Title string `json:"title" label:"Title" required:"true"`
	// Version is the document's own version mark.
	Version string `json:"version,omitempty" label:"Version"`
	// Summary says what the policy demands.
	Summary string `json:"summary,omitempty" label:"Summary" multiline:"true"`
	// Owner is who keeps it current.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// ApprovedBy is who approved this version.
	ApprovedBy string `json:"approved_by,omitempty" label:"Approved by" ref:"person"`
	// ApprovedOn is the day of approval.
	ApprovedOn Date `json:"approved_on,omitempty" label:"Approved on"`
	// ReviewDue is the day by which it is to be reviewed.
	ReviewDue Date `json:"review_due,omitempty" label:"Review due"`
	// Controls are the controls that carry it out.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// Files are the document itself.
	Files []File `json:"files,omitempty" label:"Files"`
}

// Validate checks the policy alone.
func (p Policy) Validate() []Problem {
	c := examine(p)
	c.ordered(p.ApprovedOn, p.ReviewDue, "approved_on", "review_due")
	return c.problems
}

// Evidence is something that shows whether a control operated. It has four
// dates, each answering another question: what period it covers, as of which
// day it speaks, when it was captured at its source and when it was received.
type Evidence struct {
	// Title says what it is.
	Title string `json:"title" label:"Title" required:"true" sensitive:"confidential"`
	// Controls are the controls it bears on.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// PeriodFrom is the first day it covers.
	PeriodFrom Date `json:"period_from,omitempty" label:"Covers from"`
	// PeriodTo is the last day it covers.
	PeriodTo Date `json:"period_to,omitempty" label:"Covers to"`
	// AsOf is the day it speaks of when it is a state and not a period.
	AsOf Date `json:"as_of,omitempty" label:"As of"`
	// CapturedAt is when it was taken from its source.
	CapturedAt Instant `json:"captured_at,omitempty" label:"Captured at"`
	// ReceivedAt is when this workspace received it.
	ReceivedAt Instant `json:"received_at,omitempty" label:"Received at"`
	// Source is the system or person it came from.
	Source string `json:"source,omitempty" label:"Source" help:"The system or the person it came from."`
	// HowObtained says how it was obtained and by whom.
	HowObtained string `json:"how_obtained,omitempty" label:"How obtained" multiline:"true" help:"Who extracted it, with which query or screen, and who watched."`
	// Description says what it shows.
	Description string `json:"description,omitempty" label:"Description" multiline:"true" sensitive:"confidential"`
	// Files are the bytes.
	Files []File `json:"files,omitempty" label:"Files"`
}

// Validate checks the evidence alone.
func (e Evidence) Validate() []Problem {
	c := examine(e)
	c.ordered(e.PeriodFrom, e.PeriodTo, "period_from", "period_to")
	c.when((e.PeriodFrom == "") != (e.PeriodTo == ""), "period_to", "Only one end of the period covered is given.",
		"Give both ends, or as_of for a state on one day.")
	c.when(e.CapturedAt.Valid() && e.ReceivedAt.Valid() && e.ReceivedAt.Before(e.CapturedAt), "received_at",
		"The evidence was received before it was captured.", "Correct the two times; both carry their zone.")
	return c.problems
}
