package soc1

import (
	"fmt"
	"slices"

	"reperform/english"
)

// ProcedureNature is how an auditor obtains evidence.
type ProcedureNature string

// The natures from the weakest to the strongest; inquiry alone is never
// enough.
const (
	Inquiry       ProcedureNature = "inquiry"
	Observation   ProcedureNature = "observation"
	Inspection    ProcedureNature = "inspection"
	Reperformance ProcedureNature = "reperformance"
)

var procedureNatures = enumeration{
	{"inquiry", "Inquiry"}, {"observation", "Observation"}, {"inspection", "Inspection"}, {"reperformance", "Reperformance"},
}

// Values lists the stored spellings.
func (ProcedureNature) Values() []string { return procedureNatures.values() }

// Label is the word a person reads.
func (n ProcedureNature) Label() string { return procedureNatures.label(string(n)) }

// Procedure is one step of a test.
type Procedure struct {
	// Nature is how the evidence is obtained.
	Nature ProcedureNature `json:"nature" label:"Nature" required:"true"`
	// Text is what is done, as Section IV prints it.
	Text string `json:"text" label:"Procedure" required:"true" multiline:"true"`
}

// TestMethod is how much of a population a test looks at.
type TestMethod string

// The methods. Observation of one item is for automated controls and for
// configurations; a control without occurrence is tested by showing that there
// was none.
const (
	Census          TestMethod = "census"
	SampleMethod    TestMethod = "sample"
	ObservationOnly TestMethod = "observation_only"
	DidNotOperate   TestMethod = "did_not_operate"
)

var testMethods = enumeration{
	{"census", "Every item"}, {"sample", "Sample"}, {"observation_only", "One item"}, {"did_not_operate", "Did not operate"},
}

// Values lists the stored spellings.
func (TestMethod) Values() []string { return testMethods.values() }

// Label is the word a person reads.
func (m TestMethod) Label() string { return testMethods.label(string(m)) }

// Join is another population that a test's expressions may read beside the
// one tested.
type Join struct {
	// Name is how the expressions call it.
	Name string `json:"name" label:"Name" required:"true"`
	// Population is the population joined.
	Population string `json:"population" label:"Population" ref:"population" required:"true"`
	// On pairs columns that must be equal for a left join, such as
	// "user_id = account; date = day"; empty makes the population reachable
	// in subqueries only.
	On string `json:"on,omitempty" label:"On" help:"Pairs of equal columns, such as user_id = account; leave empty to use the population in subqueries only."`
}

// SamplePlan is how many items are drawn and what they may show.
type SamplePlan struct {
	// Model is the model of planning and evaluation.
	Model SamplingModel `json:"model,omitempty" label:"Model"`
	// FrequencyTable is the name of the table when the size comes from one.
	FrequencyTable string `json:"frequency_table,omitempty" label:"Frequency table"`
	// Risk is the column of the frequency table.
	Risk RiskLevel `json:"risk,omitempty" label:"Risk"`
	// Confidence is one minus the risk of overreliance, 5000 to 9999.
	Confidence BasisPoints `json:"confidence_bp,omitempty" label:"Confidence (bp)" help:"Hundredths of a percent: 9500 means 95%."`
	// Tolerable is the rate of deviation that is still acceptable.
	Tolerable BasisPoints `json:"tolerable_bp,omitempty" label:"Tolerable rate (bp)" help:"Hundredths of a percent: 500 means 5%."`
	// Expected is the rate of deviation expected, below the tolerable rate.
	Expected BasisPoints `json:"expected_bp,omitempty" label:"Expected rate (bp)" help:"Hundredths of a percent; zero where no deviation is expected."`
	// N is the number of items, at least one.
	N int `json:"n,omitempty" label:"Sample size"`
	// Allowed is the number of deviations up to which the plan still supports
	// reliance.
	Allowed int `json:"allowed,omitempty" label:"Deviations allowed"`
	// StratifyBy is the column of dates whose quarters are drawn from
	// separately, or a column of categories.
	StratifyBy string `json:"stratify_by,omitempty" label:"Stratify by" help:"A column; of a column of dates each quarter is drawn from separately."`
	// ZeroTolerance says that any deviation means to expand or to fail.
	ZeroTolerance bool `json:"zero_tolerance,omitempty" label:"Zero tolerance"`
}

// TestOfControl is how one control is tested within a window.
type TestOfControl struct {
	// Code is the number of the test in the working papers.
	Code string `json:"code" label:"Code" required:"true"`
	// By says whose test it is.
	By Party `json:"by" label:"Whose work" required:"true"`
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Control is the control tested.
	Control string `json:"control" label:"Control" ref:"control" required:"true"`
	// ControlRevision is the revision tested when the control changed within
	// the period; zero means the only one.
	ControlRevision int64 `json:"control_revision,omitempty" label:"Control revision" help:"Only when the control changed: each version is tested for its own dates."`
	// WindowFrom is the first day tested.
	WindowFrom Date `json:"window_from,omitempty" label:"Window from"`
	// WindowTo is the last day tested.
	WindowTo Date `json:"window_to,omitempty" label:"Window to"`
	// Procedures are the steps.
	Procedures []Procedure `json:"procedures" label:"Procedures" required:"true"`
	// Method is how much of the population is looked at.
	Method TestMethod `json:"method" label:"Method" required:"true"`
	// Population is the population tested.
	Population string `json:"population,omitempty" label:"Population" ref:"population"`
	// Joins are populations that the expressions may read too.
	Joins []Join `json:"joins,omitempty" label:"Joins"`
	// SamplePlan is how many items are drawn.
	SamplePlan SamplePlan `json:"sample_plan,omitzero" label:"Sample plan"`
	// Attributes are the attributes in the order of the grid; empty means
	// every attribute that names this test, by code.
	Attributes []string `json:"attributes,omitempty" label:"Attributes" ref:"attribute"`
	// PerformedBy is who tests.
	PerformedBy string `json:"performed_by,omitempty" label:"Performed by" ref:"person"`
	// PerformedOn is the day on which the testing was finished.
	PerformedOn Date `json:"performed_on,omitempty" label:"Performed on"`
	// Reviewer is who reviews, another person.
	Reviewer string `json:"reviewer,omitempty" label:"Reviewer" ref:"person"`
	// ReviewedOn is the day of review.
	ReviewedOn Date `json:"reviewed_on,omitempty" label:"Reviewed on"`
	// NoOccurrence says what shows that the control had no occasion to
	// operate.
	NoOccurrence string `json:"no_occurrence,omitempty" label:"Evidence of no occurrence" multiline:"true" help:"The design evidence inspected and the population query that returned nothing."`
}

// Validate checks the test alone. That inquiry alone is not enough, and that
// a population is still missing, are findings about work in progress and are
// reported by the readiness rules, not here.
func (t TestOfControl) Validate() []Problem {
	c := examine(t)
	c.ordered(t.WindowFrom, t.WindowTo, "window_from", "window_to")
	c.ordered(t.PerformedOn, t.ReviewedOn, "performed_on", "reviewed_on")
	c.natural(t.ControlRevision, "control_revision")
	c.when(t.PerformedBy != "" && t.PerformedBy == t.Reviewer, "reviewer", "The person who tested also reviews the test.",
		"Name another reviewer.")
	switch t.Method {
	case SampleMethod:
		c.plan(t.SamplePlan)
	case DidNotOperate:
		c.when(blank(t.NoOccurrence), "no_occurrence", "Nothing shows that the control had no occasion to operate.",
			"Say which design evidence was inspected and which population query returned no occurrence.")
		fallthrough
	default:
		c.when(t.SamplePlan != (SamplePlan{}), "sample_plan", "Only a test by sample has a sample plan.", "Remove the plan or test by sample.")
	}
	names := []string{"population"}
	for i, j := range t.Joins {
		c.when(slices.Contains(names, j.Name), at("joins", i, "name"), fmt.Sprintf("The name %q is taken.", j.Name),
			"Give each join its own name other than population.")
		names = append(names, j.Name)
	}
	return c.problems
}

// plan checks a sample plan.
func (c *checker) plan(p SamplePlan) {
	c.when(p.Model == "" && blank(p.FrequencyTable), "sample_plan.model", "The sample's size has no basis.",
		oneOf(samplingModels.values()))
	c.when(p.Model == FrequencyTable && blank(p.FrequencyTable), "sample_plan.frequency_table", "The frequency table is not named.",
		"Name the firm's table.")
	c.when(p.Model.Statistical() && (p.Confidence == 0 || p.Tolerable == 0), "sample_plan.confidence_bp",
		"A statistical plan needs a confidence and a tolerable rate.", "Give both in basis points, such as 9500 and 500.")
	c.rates(p.Confidence, p.Tolerable, p.Expected, "sample_plan.")
	c.when(p.N < 1, "sample_plan.n", "The sample has no items.", "Give at least 1.")
	c.when(p.Allowed < 0 || p.N >= 1 && p.Allowed >= p.N, "sample_plan.allowed",
		fmt.Sprintf("%s cannot be allowed among %s.", english.Count(p.Allowed, "deviation"), english.Count(p.N, "item")), "Give zero or a number below the sample size.")
	c.when(p.ZeroTolerance && p.Allowed != 0, "sample_plan.allowed", "A plan of zero tolerance allows no deviation.",
		"Give 0 or remove the mark.")
}

// Attribute is one thing that a test looks for in every item.
type Attribute struct {
	// Test is the test it belongs to.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Code is the letter of the grid, such as "A".
	Code string `json:"code" label:"Code" required:"true" help:"The letter of the grid, such as A."`
	// Text is what is looked for.
	Text string `json:"text" label:"Attribute" required:"true" multiline:"true"`
	// Pass is the SQL expression that is true for an item that passes. The
	// absence of required evidence is a fail and is written so:
	// "approved_at IS NOT NULL AND …".
	Pass string `json:"pass,omitempty" label:"Passes when" multiline:"true" help:"A true-or-false SQL expression; absence of evidence is a fail: approved_at IS NOT NULL AND …"`
	// NotApplicable is the SQL expression that is true for an item that the
	// attribute does not concern.
	NotApplicable string `json:"not_applicable,omitempty" label:"Does not apply when" multiline:"true" help:"A true-or-false SQL expression."`
	// Manual says that a person decides item by item.
	Manual bool `json:"manual,omitempty" label:"Judged by a person"`
	// Order sorts the columns of the grid, the lowest first; equal orders by
	// code.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the attribute alone; whether the SQL is sound is known to
// the engine that will run it.
func (a Attribute) Validate() []Problem {
	c := examine(a)
	c.when(!a.Manual && blank(a.Pass), "pass", "Nothing says when an item passes.", "Give an expression, or mark the attribute as judged by a person.")
	c.when(a.Manual && !blank(a.Pass), "pass", "A person judges the attribute, and there is an expression too.", "Keep one of the two.")
	return c.problems
}
