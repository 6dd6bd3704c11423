package soc1

import (
	"fmt"

	"reperform/english"
)

// Outcome is what a test found for one attribute of one item.
type Outcome string

// The four outcomes. "Cannot tell" is resolved by a documented alternative
// procedure or counts as a deviation.
const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	NotApplicable Outcome = "not_applicable"
	CannotTell    Outcome = "cannot_tell"
)

var outcomes = enumeration{
	{"pass", "Pass"}, {"fail", "Fail"}, {"not_applicable", "Not applicable"}, {"cannot_tell", "Cannot tell"},
}

// Values lists the stored spellings.
func (Outcome) Values() []string { return outcomes.values() }

// Label is the word a person reads.
func (o Outcome) Label() string { return outcomes.label(string(o)) }

// Result is one cell of the grid: what was found for one attribute of one
// item, by a person or by a run over a sample.
type Result struct {
	// Test is the test it belongs to.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Sample is the draw that the item came from, when there was one.
	Sample string `json:"sample,omitempty" label:"Sample" ref:"sample"`
	// ItemKey is the key of the item, verbatim.
	ItemKey string `json:"item_key" label:"Item" data:"true" required:"true" sensitive:"confidential"`
	// Attribute is the code of the attribute, such as "A".
	Attribute string `json:"attribute" label:"Attribute" required:"true"`
	// Outcome is what was found.
	Outcome Outcome `json:"outcome" label:"Outcome" required:"true"`
	// Evidence is what was looked at.
	Evidence []string `json:"evidence,omitempty" label:"Evidence" ref:"evidence"`
	// AlternativeProcedure says how an item was tested otherwise, where the
	// evidence expected was not to be had.
	AlternativeProcedure string `json:"alternative_procedure,omitempty" label:"Alternative procedure" multiline:"true" help:"How the item was tested when the evidence expected was not to be had."`
	// ChangeReason says why the outcome differs from the one recorded before;
	// empty for the first. The earlier revision stays on record.
	ChangeReason string `json:"change_reason,omitempty" label:"Reason for the change" multiline:"true" help:"Why the outcome differs from the one recorded before."`
	// Note is what the tester wants to say.
	Note string `json:"note,omitempty" label:"Note" multiline:"true"`
	// By is who tested.
	By string `json:"by" label:"Tested by" ref:"person" required:"true"`
	// TestedOn is the day of the test.
	TestedOn Date `json:"tested_on" label:"Tested on" required:"true"`
}

// Validate checks the result alone. A pass without evidence is a finding
// about work in progress and is reported by the readiness rules.
func (r Result) Validate() []Problem { return examine(r).problems }

// AttributeCount is how the items of a run fell out for one attribute; the
// four outcomes add up to the items looked at.
type AttributeCount struct {
	// Attribute is the code of the attribute.
	Attribute string `json:"attribute" label:"Attribute" required:"true"`
	// Pass counts items that passed.
	Pass int64 `json:"pass" label:"Pass"`
	// Fail counts items that failed.
	Fail int64 `json:"fail" label:"Fail"`
	// NotApplicable counts items that the attribute does not concern.
	NotApplicable int64 `json:"not_applicable" label:"Not applicable"`
	// CannotTell counts items that the data does not decide.
	CannotTell int64 `json:"cannot_tell" label:"Cannot tell"`
}

// Total is the number of items of all outcomes.
func (a AttributeCount) Total() int64 { return a.Pass + a.Fail + a.NotApplicable + a.CannotTell }

// Expression is an attribute as a run evaluated it.
type Expression struct {
	// Attribute is the code of the attribute.
	Attribute string `json:"attribute" label:"Attribute" required:"true"`
	// Pass is the SQL expression evaluated.
	Pass string `json:"pass" label:"Passes when" multiline:"true"`
	// NotApplicable is the SQL expression evaluated.
	NotApplicable string `json:"not_applicable,omitempty" label:"Does not apply when" multiline:"true"`
}

// TestRun is the manifest of one evaluation of a test's expressions: what was
// evaluated, over what, by which program, and what came out.
type TestRun struct {
	// Test is the test run.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Population is what it ran over.
	Population string `json:"population,omitempty" label:"Population" ref:"population"`
	// PopulationHash is the hash of that population.
	PopulationHash string `json:"population_hash" label:"Population hash" required:"true"`
	// Joins are the other populations read, with their hashes.
	Joins []DerivationInput `json:"joins,omitempty" label:"Joined populations"`
	// Zone is the IANA zone in which dates of instants were taken.
	Zone string `json:"zone,omitempty" label:"Time zone"`
	// Holidays are the days that did not count as business days.
	Holidays []Date `json:"holidays,omitempty" label:"Holidays"`
	// Expressions are what was evaluated.
	Expressions []Expression `json:"expressions" label:"Expressions" required:"true"`
	// EngineVersion names the program that evaluated.
	EngineVersion string `json:"engine_version" label:"Engine version" required:"true"`
	// RowCount is the number of items looked at.
	RowCount int64 `json:"row_count" label:"Rows"`
	// Counts are the outcomes per attribute.
	Counts []AttributeCount `json:"counts,omitempty" label:"Counts"`
	// ExceptionCount is the number of items with at least one failure or one
	// undecided attribute.
	ExceptionCount int64 `json:"exception_count" label:"Exceptions"`
	// ResultFile holds the exceptions.
	ResultFile File `json:"result_file,omitzero" label:"Result file"`
	// ResultHash is the hash over the sorted exceptions.
	ResultHash string `json:"result_hash,omitempty" label:"Result hash"`
	// Started is when the run began.
	Started Instant `json:"started,omitempty" label:"Started"`
	// Ended is when the run ended.
	Ended Instant `json:"ended,omitempty" label:"Ended"`
	// Warnings are what the run noticed about the expressions.
	Warnings []string `json:"warnings,omitempty" label:"Warnings" data:"true"`
}

// Validate checks the manifest alone: every attribute accounts for every row.
func (r TestRun) Validate() []Problem {
	c := examine(r)
	c.digest(r.PopulationHash, "population_hash")
	c.digest(r.ResultHash, "result_hash")
	c.natural(r.RowCount, "row_count")
	c.natural(r.ExceptionCount, "exception_count")
	c.when(r.ExceptionCount > r.RowCount && r.RowCount >= 0, "exception_count",
		fmt.Sprintf("There %s among %s.", english.Choose(r.ExceptionCount, "is", "are")+" "+english.Count(r.ExceptionCount, "exception"), english.Count(r.RowCount, "row")), "Run the test again; an item is one exception at most.")
	for i, n := range r.Counts {
		negative := n.Pass < 0 || n.Fail < 0 || n.NotApplicable < 0 || n.CannotTell < 0
		c.when(negative, at("counts", i, ""), "A count is negative.", "Run the test again.")
		c.when(!negative && n.Total() != r.RowCount, at("counts", i, ""),
			fmt.Sprintf("The outcomes of attribute %s add up to %d of %s.", n.Attribute, n.Total(), english.Count(r.RowCount, "row")),
			"Run the test again; every row has exactly one outcome.")
	}
	c.when(r.Started.Valid() && r.Ended.Valid() && r.Ended.Before(r.Started), "ended", "The run ended before it began.", "Run the test again.")
	return c.problems
}
