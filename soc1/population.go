package soc1

import (
	"fmt"
	"slices"
)

// Party says whose work a record is: management's own test or the auditor's.
type Party string

// The parties who test.
const (
	ByManagement Party = "management"
	ByAuditor    Party = "auditor"
)

var parties = enumeration{{"management", "Management"}, {"auditor", "Service auditor"}}

// Values lists the stored spellings.
func (Party) Values() []string { return parties.values() }

// Label is the word a person reads.
func (p Party) Label() string { return parties.label(string(p)) }

// PopulationPurpose is what a population is information for (AT-C 205.36
// names completeness, accuracy and sufficient precision for each).
type PopulationPurpose string

// The purposes that the field distinguishes.
const (
	AuditorPopulation   PopulationPurpose = "auditor_population"
	ReportUsedInControl PopulationPurpose = "report_used_in_control"
	ReportSentToUsers   PopulationPurpose = "report_sent_to_users"
)

var populationPurposes = enumeration{
	{"auditor_population", "Population for testing"}, {"report_used_in_control", "Report used in a control"},
	{"report_sent_to_users", "Report sent to user entities"},
}

// Values lists the stored spellings.
func (PopulationPurpose) Values() []string { return populationPurposes.values() }

// Label is the word a person reads.
func (p PopulationPurpose) Label() string { return populationPurposes.label(string(p)) }

// ColumnTransform is what was done to a column before anything was stored.
type ColumnTransform string

// The transforms; a keyed hash keeps joins possible, a mask does not.
const (
	Kept      ColumnTransform = "keep"
	Dropped   ColumnTransform = "drop"
	Masked    ColumnTransform = "mask"
	KeyedHash ColumnTransform = "keyed_hash"
)

var columnTransforms = enumeration{
	{"keep", "Kept as received"}, {"drop", "Dropped"}, {"mask", "Masked"}, {"keyed_hash", "Keyed hash"},
}

// Values lists the stored spellings.
func (ColumnTransform) Values() []string { return columnTransforms.values() }

// Label is the word a person reads.
func (t ColumnTransform) Label() string { return columnTransforms.label(string(t)) }

// Column is a column of a population.
type Column struct {
	// Name is the column's name, verbatim.
	Name string `json:"name" label:"Name" data:"true" required:"true"`
	// Type is the engine's type, such as "VARCHAR" or "DECIMAL(18,2)".
	Type string `json:"type" label:"Type"`
	// Transform is what was done before storing; empty means kept.
	Transform ColumnTransform `json:"transform,omitempty" label:"Transform"`
	// Nulls is the number of rows without a value.
	Nulls int64 `json:"nulls,omitempty" label:"Rows without a value"`
	// Min is the smallest value of a date, time or number.
	Min string `json:"min,omitempty" label:"Smallest" data:"true"`
	// Max is the largest value of a date, time or number.
	Max string `json:"max,omitempty" label:"Largest" data:"true"`
}

// ControlTotal is the sum of a column as it was found at import.
type ControlTotal struct {
	// Column is the column summed.
	Column string `json:"column" label:"Column" data:"true" required:"true"`
	// Total is the exact decimal sum.
	Total string `json:"total" label:"Total" help:"An exact decimal number, such as 1234567.89."`
	// Count is the number of rows with a value.
	Count int64 `json:"count" label:"Count"`
}

// DerivationInput is a population that another one is derived from.
type DerivationInput struct {
	// Name is how the query calls it.
	Name string `json:"name" label:"Name in the query" required:"true"`
	// Population is the population meant.
	Population string `json:"population" label:"Population" ref:"population" required:"true"`
	// PopulationHash is the hash it had when the query ran.
	PopulationHash string `json:"population_hash,omitempty" label:"Population hash"`
	// On pairs the columns of a join, where it was one; see Join.On.
	On string `json:"on,omitempty" label:"On"`
}

// Derivation is how a population was computed from others.
type Derivation struct {
	// SQL is the recorded query.
	SQL string `json:"sql" label:"Query" multiline:"true"`
	// Inputs are the populations it reads.
	Inputs []DerivationInput `json:"inputs" label:"Inputs"`
	// Holidays are the days that did not count as business days.
	Holidays []Date `json:"holidays,omitempty" label:"Holidays"`
}

// CheckKind is a test of completeness or accuracy of a population.
type CheckKind string

// The tests of the menu.
const (
	SecondSourceCount CheckKind = "second_source_count"
	ControlTotals     CheckKind = "control_total"
	SequenceGap       CheckKind = "sequence_gap"
	DuplicateKey      CheckKind = "duplicate_key"
	EmptyDay          CheckKind = "empty_day"
	OutOfPeriod       CheckKind = "out_of_period"
	SchemaDrift       CheckKind = "schema_drift"
	ListToSource      CheckKind = "list_to_source"
	SourceToList      CheckKind = "source_to_list"
	QueryInspection   CheckKind = "query_inspection"
	OtherCheck        CheckKind = "other"
)

var checkKinds = enumeration{
	{"second_source_count", "Count in a second source"}, {"control_total", "Control total"},
	{"sequence_gap", "Gaps in a sequence"}, {"duplicate_key", "Duplicate keys"}, {"empty_day", "Empty days"},
	{"out_of_period", "Rows outside the period"}, {"schema_drift", "Columns changed since the last period"},
	{"list_to_source", "List agreed to source (accuracy)"}, {"source_to_list", "Source agreed to list (completeness)"},
	{"query_inspection", "Query and parameters inspected"}, {"other", "Other"},
}

// Values lists the stored spellings.
func (CheckKind) Values() []string { return checkKinds.values() }

// Label is the word a person reads.
func (k CheckKind) Label() string { return checkKinds.label(string(k)) }

// CompletenessCheck is one test of completeness or accuracy with its result.
type CompletenessCheck struct {
	// Check is the test made.
	Check CheckKind `json:"check" label:"Check" required:"true"`
	// Column is the column tested, where the test is of one.
	Column string `json:"column,omitempty" label:"Column" data:"true"`
	// Expected is what should have been found.
	Expected string `json:"expected,omitempty" label:"Expected" data:"true"`
	// Actual is what was found.
	Actual string `json:"actual,omitempty" label:"Found" data:"true"`
	// Passed says whether the two agree.
	Passed bool `json:"passed" label:"Passed"`
	// Examples are a few of the items that disagree.
	Examples []string `json:"examples,omitempty" label:"Examples" data:"true"`
	// Note explains a difference or says where the expectation came from.
	Note string `json:"note,omitempty" label:"Note" multiline:"true" help:"Where the expectation came from, or why a difference does not matter."`
	// By is who made the test, when a person did.
	By string `json:"by,omitempty" label:"By" ref:"person"`
	// On is the day it was made.
	On Date `json:"on,omitempty" label:"On"`
	// Items are the items that were traced, in the order in which they were drawn.
	Items []TracedItem `json:"items,omitempty" label:"Items traced"`
	// SeedInput is the text from which the seed of the draw is computed; an auditor's
	// nonce in it is not disclosed before release.
	SeedInput string `json:"seed_input,omitempty" label:"Seed input" data:"true" sensitive:"confidential"`
	// NonceCommitment is the commitment that preceded the draw; empty for management's
	// own and for items that were not drawn.
	NonceCommitment string `json:"nonce_commitment,omitempty" label:"Nonce commitment"`
}

// TracedItem is an item that was followed from the list to its source, or from the
// source to the list.
type TracedItem struct {
	// Key is the item's key, verbatim.
	Key string `json:"key" label:"Item" data:"true" required:"true" sensitive:"confidential"`
	// Outcome says whether the two agree; empty while nobody looked.
	Outcome Outcome `json:"outcome,omitempty" label:"Outcome"`
	// Note says what was seen, or what differs.
	Note string `json:"note,omitempty" label:"Note" multiline:"true"`
}

// Population is a set of items frozen once, described so that somebody else
// could obtain it again, and tested for completeness and accuracy.
type Population struct {
	// Title says what the items are.
	Title string `json:"title" label:"Title" required:"true"`
	// By says whose work it is.
	By Party `json:"by" label:"Whose work" required:"true"`
	// Purpose is what the information is for.
	Purpose PopulationPurpose `json:"purpose" label:"Purpose" required:"true"`
	// Engagement is the report it was obtained for.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement"`
	// Controls are the controls it serves to test.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control"`
	// SourceSystem is the system it was extracted from.
	SourceSystem string `json:"source_system,omitempty" label:"Source system"`
	// Query is the query or the report's name.
	Query string `json:"query,omitempty" label:"Query or report" multiline:"true"`
	// Parameters are the parameters it was run with.
	Parameters string `json:"parameters,omitempty" label:"Parameters" multiline:"true"`
	// RunBy names who ran it.
	RunBy string `json:"run_by,omitempty" label:"Run by" sensitive:"personal"`
	// RunAt is when it was run.
	RunAt Instant `json:"run_at,omitempty" label:"Run at"`
	// PeriodFrom is the first day it covers.
	PeriodFrom Date `json:"period_from,omitempty" label:"Period from"`
	// PeriodTo is the last day it covers.
	PeriodTo Date `json:"period_to,omitempty" label:"Period to"`
	// Zone is the IANA zone of times without one.
	Zone string `json:"zone,omitempty" label:"Time zone" help:"IANA name of the zone of times that carry none."`
	// Columns are the columns, in order.
	Columns []Column `json:"columns,omitempty" label:"Columns"`
	// Key are the columns that together identify an item.
	Key []string `json:"key,omitempty" label:"Key columns" data:"true"`
	// KeyUnique says that no two items have the same key.
	KeyUnique bool `json:"key_unique,omitempty" label:"Key is unique"`
	// RowCount is the number of items.
	RowCount int64 `json:"row_count" label:"Rows"`
	// ControlTotals are sums found at import.
	ControlTotals []ControlTotal `json:"control_totals,omitempty" label:"Control totals"`
	// SourceFile is the file as it was received.
	SourceFile File `json:"source_file,omitzero" label:"Source file"`
	// Frozen is the population as it is kept.
	Frozen File `json:"frozen,omitzero" label:"Frozen file"`
	// PopulationHash is SHA-256 over the sorted SHA-256s of the canonical
	// rows, whatever file they came in.
	PopulationHash string `json:"population_hash,omitempty" label:"Population hash"`
	// Derived says how it was computed from other populations.
	Derived Derivation `json:"derived,omitzero" label:"Derivation"`
	// Checks are the tests of completeness and accuracy.
	Checks []CompletenessCheck `json:"checks,omitempty" label:"Completeness and accuracy"`
	// CompletenessConclusion is what a person concluded from the checks.
	CompletenessConclusion string `json:"completeness_conclusion,omitempty" label:"Conclusion on completeness and accuracy" multiline:"true"`
	// CompletenessBy is who concluded.
	CompletenessBy string `json:"completeness_by,omitempty" label:"Concluded by" ref:"person"`
	// CompletenessOn is the day of the conclusion.
	CompletenessOn Date `json:"completeness_on,omitempty" label:"Concluded on"`
	// EngineVersion names the program that imported it.
	EngineVersion string `json:"engine_version,omitempty" label:"Engine version"`
	// Warnings are what the import noticed and did not refuse.
	Warnings []string `json:"warnings,omitempty" label:"Warnings" data:"true"`
}

// Validate checks the population alone.
func (p Population) Validate() []Problem {
	c := examine(p)
	c.ordered(p.PeriodFrom, p.PeriodTo, "period_from", "period_to")
	c.when(p.Zone != "" && !zoneName(p.Zone), "zone", "This is not the name of a time zone.", "Give the IANA name, for example America/Chicago or UTC.")
	c.natural(p.RowCount, "row_count")
	c.digest(p.PopulationHash, "population_hash")
	c.when(!p.Frozen.none() && p.PopulationHash == "", "population_hash", "The population is frozen and has no population hash.",
		"Import it again; the hash is computed from the rows.")
	c.when(p.PopulationHash != "" && len(p.Key) == 0, "key", "Nothing identifies an item of the population.",
		"Name the columns that together are different in every row.")
	c.columns(p)
	if !blank(p.Derived.SQL) || len(p.Derived.Inputs) > 0 {
		c.when(blank(p.Derived.SQL), "derived.sql", "The derivation has no query.", "Give the query.")
		c.when(len(p.Derived.Inputs) == 0, "derived.inputs", "The derivation reads nothing.", "Name at least one population.")
	}
	for i, check := range p.Checks {
		c.digest(check.NonceCommitment, at("checks", i, "nonce_commitment"))
		keys := map[string]bool{}
		for _, item := range check.Items {
			c.when(keys[item.Key], at("checks", i, "items"), fmt.Sprintf("The item %q is traced twice.", item.Key), "Name each item once.")
			c.when(item.Outcome != Pass && check.Passed, at("checks", i, "passed"), fmt.Sprintf("The check passed, and the item %q does not.", item.Key), "A trace passes when every item of it agrees.")
			keys[item.Key] = true
		}
	}
	seen := map[string]bool{}
	for i, in := range p.Derived.Inputs {
		c.when(seen[in.Name], at("derived.inputs", i, "name"), fmt.Sprintf("Two inputs are called %q.", in.Name), "Give each its own name.")
		seen[in.Name] = true
		c.digest(in.PopulationHash, at("derived.inputs", i, "population_hash"))
	}
	return c.problems
}

// columns checks the schema and everything that names a column of it.
func (c *checker) columns(p Population) {
	var names []string
	for i, column := range p.Columns {
		c.when(slices.Contains(names, column.Name), at("columns", i, "name"), fmt.Sprintf("Two columns are called %q.", column.Name), "Rename one in the extract.")
		names = append(names, column.Name)
	}
	stored := func(name string) bool {
		return slices.ContainsFunc(p.Columns, func(x Column) bool { return x.Name == name && x.Transform != Dropped })
	}
	if len(p.Columns) == 0 {
		return
	}
	for i, name := range p.Key {
		c.when(!stored(name), at("key", i, ""), fmt.Sprintf("There is no stored column %q.", name), "Name a column of the population that is not dropped.")
	}
	for i, total := range p.ControlTotals {
		c.when(!slices.Contains(names, total.Column), at("control_totals", i, "column"),
			fmt.Sprintf("There is no column %q.", total.Column), "Name a column of the population.")
		c.when(!isDecimal(total.Total), at("control_totals", i, "total"), fmt.Sprintf("%q is not an exact decimal number.", total.Total),
			"Write digits with a point and no separators, such as -1234567.89.")
		c.natural(total.Count, at("control_totals", i, "count"))
	}
}

// isDecimal reports whether a text is a decimal number without exponent.
func isDecimal(s string) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	point, before, after := false, 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '.' && !point:
			point = true
		case s[i] < '0' || s[i] > '9':
			return false
		case point:
			after++
		default:
			before++
		}
	}
	return before > 0 && (!point || after > 0)
}

// Complete reports whether checks were made and all of them passed.
func (p Population) Complete() bool {
	return len(p.Checks) > 0 && !slices.ContainsFunc(p.Checks, func(x CompletenessCheck) bool { return !x.Passed })
}
