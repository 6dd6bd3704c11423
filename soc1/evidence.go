package soc1

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
