package soc1

import (
	"fmt"
	"strings"

	"reperform/english"
)

// MaxItemKeys is how many items one exception names; a larger group is kept
// in a result file.
const MaxItemKeys = 1000

// ExceptionStatus is where an exception stands.
type ExceptionStatus string

// The statuses; only a confirmed exception is a deviation.
const (
	Open      ExceptionStatus = "open"
	Confirmed ExceptionStatus = "confirmed"
	Dismissed ExceptionStatus = "dismissed"
)

var exceptionStatuses = enumeration{{"open", "Open"}, {"confirmed", "Confirmed"}, {"dismissed", "Dismissed"}}

// Values lists the stored spellings.
func (ExceptionStatus) Values() []string { return exceptionStatuses.values() }

// Label is the word a person reads.
func (s ExceptionStatus) Label() string { return exceptionStatuses.label(string(s)) }

// ExceptionGroup stands for many items with one supposed cause.
type ExceptionGroup struct {
	// CauseHint is what the items have in common.
	CauseHint string `json:"cause_hint" label:"Common cause" required:"true"`
	// Count is the number of items, at least one.
	Count int64 `json:"count" label:"Items"`
	// ResultFile lists the items.
	ResultFile File `json:"result_file" label:"Result file" required:"true"`
}

// Exception is one or several items that failed an attribute; a person
// confirms or dismisses it.
type Exception struct {
	// Test is the test in which it was found.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Run is the run that found it, when a run did.
	Run string `json:"run,omitempty" label:"Run" ref:"test_run"`
	// Attribute is the code of the attribute failed.
	Attribute string `json:"attribute" label:"Attribute" required:"true"`
	// ItemKeys are the items, at most a thousand.
	ItemKeys []string `json:"item_keys,omitempty" label:"Items" data:"true" sensitive:"confidential"`
	// Group stands for the items when there are more.
	Group ExceptionGroup `json:"group,omitzero" label:"Group"`
	// Undecided says that the data could not tell, as against a failure.
	Undecided bool `json:"undecided,omitempty" label:"Cannot tell" help:"The data did not decide; an alternative procedure may."`
	// Fact says what was found, without argument.
	Fact string `json:"fact,omitempty" label:"Fact" multiline:"true"`
	// Status is where it stands.
	Status ExceptionStatus `json:"status" label:"Status" required:"true"`
	// DecidedBy is who confirmed or dismissed it.
	DecidedBy string `json:"decided_by,omitempty" label:"Decided by" ref:"person"`
	// DecidedOn is the day of the decision.
	DecidedOn Date `json:"decided_on,omitempty" label:"Decided on"`
	// Reason says why it was decided so.
	Reason string `json:"reason,omitempty" label:"Reason" multiline:"true"`
	// Evidence says what shows that a dismissed exception is none.
	Evidence string `json:"evidence,omitempty" label:"Evidence for dismissal" multiline:"true" help:"What shows that the control did operate, and that it existed at the time; needed where no evidence record is named."`
	// EvidenceRefs are the records of that evidence.
	EvidenceRefs []string `json:"evidence_refs,omitempty" label:"Evidence records" ref:"evidence"`
}

// Count is the number of items of the exception.
func (e Exception) Count() int64 {
	if len(e.ItemKeys) > 0 {
		return int64(len(e.ItemKeys))
	}
	return e.Group.Count
}

// Validate checks the exception alone.
func (e Exception) Validate() []Problem {
	c := examine(e)
	grouped := e.Group.CauseHint != "" || e.Group.Count != 0 || !e.Group.ResultFile.none()
	c.when(len(e.ItemKeys) == 0 && !grouped, "item_keys", "The exception names no item.", "List the items, or the group with its result file.")
	c.when(len(e.ItemKeys) > 0 && grouped, "group", "The exception lists items and a group.", "Keep one of the two.")
	c.when(len(e.ItemKeys) > MaxItemKeys, "item_keys", fmt.Sprintf("The exception lists %s.", english.Count(len(e.ItemKeys), "item")),
		fmt.Sprintf("Keep more than %d in a result file and record the group.", MaxItemKeys))
	c.when(grouped && e.Group.Count < 1, "group.count", "The group has no items.", "Give the number of items in the result file.")
	seen := map[string]bool{}
	for i, key := range e.ItemKeys {
		c.when(key == "" || seen[key], at("item_keys", i, ""), fmt.Sprintf("The item %q is empty or listed twice.", key), "List every item once.")
		seen[key] = true
	}
	switch e.Status {
	case Open:
		c.when(e.DecidedBy != "" || e.DecidedOn != "", "status", "The exception is open and carries a decision.", "Set the status that was decided.")
	case Confirmed, Dismissed:
		c.when(e.DecidedBy == "", "decided_by", "Nobody is named who decided.", "Name the person.")
		c.when(e.DecidedOn == "", "decided_on", "The day of the decision is missing.", "Give the day.")
	}
	if e.Status == Dismissed {
		c.when(blank(e.Reason), "reason", "The exception is dismissed without a reason.", "Say why it is not a deviation.")
		c.when(blank(e.Evidence) && len(e.EvidenceRefs) == 0, "evidence", "The exception is dismissed without evidence.",
			"Name the evidence records, or say what shows that the control operated.")
	}
	return c.problems
}

// Unfounded says what a decision lacks that dismisses the exception: evidence
// on record, or a description of it that says something and is not the reason
// again. It asks more than Validate, which exceptions dismissed before this was
// asked still pass. The problems are empty for any other status.
func (e Exception) Unfounded() []Problem {
	if e.Status != Dismissed || len(e.EvidenceRefs) > 0 {
		return nil
	}
	p := Problem{Field: "evidence", Remedy: "Name the evidence record, or describe what was inspected: which document, of which day, and what it shows."}
	switch {
	case !Substantive(e.Evidence):
		p.Message = fmt.Sprintf("%q does not say what shows that the control operated.", e.Evidence)
	case strings.EqualFold(plainText(e.Evidence), plainText(e.Reason)):
		p.Message = "The evidence repeats the reason."
	default:
		return nil
	}
	return []Problem{p}
}

// Extent is how far the cause of a deviation reaches.
type Extent string

// The extents.
const (
	Isolated   Extent = "isolated"
	Systematic Extent = "systematic"
)

var extents = enumeration{{"isolated", "Isolated"}, {"systematic", "Systematic"}}

// Values lists the stored spellings.
func (Extent) Values() []string { return extents.values() }

// Label is the word a person reads.
func (x Extent) Label() string { return extents.label(string(x)) }

// Deviation is one or several confirmed exceptions of one control with one
// cause. Every deviation is disclosed; none is netted by another control.
type Deviation struct {
	// Code is the number printed in the working papers.
	Code string `json:"code,omitempty" label:"Code"`
	// Exceptions are the confirmed exceptions it consists of.
	Exceptions []string `json:"exceptions" label:"Exceptions" ref:"exception" required:"true"`
	// Test is the test in which it was found.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Control is the control that did not operate as described.
	Control string `json:"control" label:"Control" ref:"control" required:"true"`
	// ItemCount is the number of items, at least one.
	ItemCount int64 `json:"item_count" label:"Items" required:"true"`
	// Fact is what happened, as Section IV prints it, without its cause.
	Fact string `json:"fact" label:"Fact" required:"true" multiline:"true" help:"What happened, as Section IV prints it; the cause is not argued there."`
	// Cause says why it happened.
	Cause string `json:"cause,omitempty" label:"Cause" multiline:"true"`
	// Effect says what it meant for user entities' transactions.
	Effect string `json:"effect,omitempty" label:"Effect" multiline:"true"`
	// Extent is whether the cause is isolated or systematic.
	Extent Extent `json:"extent,omitempty" label:"Extent"`
	// Intentional marks an intentional act, which calls for a response to
	// fraud.
	Intentional bool `json:"intentional,omitempty" label:"Intentional act"`
	// FraudResponse says what was done about an intentional act.
	FraudResponse string `json:"fraud_response,omitempty" label:"Response to an intentional act" multiline:"true"`
	// Compensating names other tested controls that answer the same risk.
	Compensating string `json:"compensating,omitempty" label:"Compensating controls" multiline:"true"`
	// CompensatingControls are those controls.
	CompensatingControls []string `json:"compensating_controls,omitempty" label:"Compensating control records" ref:"control"`
	// Response is management's response, as received.
	Response string `json:"response,omitempty" label:"Management's response" multiline:"true"`
	// Repeat says that the same control deviated in the prior period.
	Repeat bool `json:"repeat,omitempty" label:"Repeated from the prior period"`
}

// Validate checks the deviation alone.
func (d Deviation) Validate() []Problem {
	c := examine(d)
	c.when(d.ItemCount < 0, "item_count", fmt.Sprintf("The count %d is negative.", d.ItemCount), "Give the number of items, at least 1.")
	for i, control := range d.CompensatingControls {
		c.when(control == d.Control, at("compensating_controls", i, ""), "A control cannot compensate for itself.", "Name another control that was tested.")
	}
	return c.problems
}
