package soc1

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Control is a control activity of the organization, or of a subservice
// organization under the inclusive method. Its statement appears alike in
// Sections III and IV because both print the same record.
type Control struct {
	// Code is the number printed in the report, such as "PAY-3.2".
	Code string `json:"code" label:"Code" required:"true"`
	// Text is the whole statement; when given, the parts below are not
	// printed.
	Text string `json:"text,omitempty" label:"Statement" multiline:"true" help:"Who does what, how often, what happens to exceptions, leaving which evidence; or leave empty and fill in the parts."`
	// Who performs it, as the beginning of the sentence.
	Who string `json:"who,omitempty" label:"Who" help:"The beginning of the sentence, for example: The payroll supervisor."`
	// What is done, with which source and threshold, as the verb phrase.
	What string `json:"what,omitempty" label:"Does what" multiline:"true" help:"The verb phrase with source and threshold, for example: compares the register with the client's totals."`
	// HowOften closes the sentence: "each business day".
	HowOften string `json:"how_often,omitempty" label:"How often" help:"As the sentence ends, for example: each business day."`
	// Exceptions is a sentence on what happens to exceptions.
	Exceptions string `json:"exceptions,omitempty" label:"Exceptions" multiline:"true" help:"A sentence, for example: Differences are cleared before the run is released."`
	// Evidence is a noun phrase for what the control leaves behind.
	Evidence string `json:"evidence,omitempty" label:"Evidence" multiline:"true" help:"A noun phrase, for example: the signed comparison kept with the run."`
	// Nature is by whom or what it is performed.
	Nature ControlNature `json:"nature" label:"Nature" required:"true"`
	// Type is whether it prevents, detects or corrects.
	Type ControlType `json:"type" label:"Type" required:"true"`
	// Frequency is how often it operates; it decides the population expected
	// and the size of a sample.
	Frequency Frequency `json:"frequency,omitempty" label:"Frequency" help:"How often the control operates; the expected population and the sample size follow from it."`
	// Key says that an objective depends on the control.
	Key bool `json:"key,omitempty" label:"Key control" help:"Whether an objective would not be achieved without it."`
	// Owner answers for the control.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// Performer carries it out, when that is not the owner.
	Performer string `json:"performer,omitempty" label:"Performer" ref:"person"`
	// Reviewer looks at the performer's work.
	Reviewer string `json:"reviewer,omitempty" label:"Reviewer" ref:"person"`
	// Segregated says that performer and reviewer must be different people.
	Segregated bool `json:"segregated,omitempty" label:"Segregated duties" help:"Whether performer and reviewer must be different people."`
	// Precision is the expectation and the threshold for investigation of a
	// review control.
	Precision string `json:"precision,omitempty" label:"Precision" multiline:"true" help:"For a review: the expectation, and the difference that is investigated."`
	// InformationUsed are the reports that the control relies on, each a
	// population with its own tests of completeness and accuracy.
	InformationUsed []string `json:"information_used,omitempty" label:"Reports used" ref:"population" help:"Information produced by the organization that the control relies on."`
	// Component is the COSO component.
	Component COSOComponent `json:"coso_component,omitempty" label:"COSO component"`
	// Principles are the COSO principles, P1 to P17.
	Principles []Principle `json:"principles,omitempty" label:"COSO principles"`
	// Assertions are the financial statement assertions that it serves.
	Assertions []FinancialAssertion `json:"assertions,omitempty" label:"Assertions"`
	// Objectives are the objectives that it serves; an entity-level control
	// may have none.
	Objectives []string `json:"objectives,omitempty" label:"Control objectives" ref:"control_objective"`
	// Risks are the risks that it answers.
	Risks []string `json:"risks,omitempty" label:"Risks" ref:"risk"`
	// Systems are the systems it operates in or relies on.
	Systems []string `json:"systems,omitempty" label:"Systems" ref:"system"`
	// Locations are the sites at which it operates; empty means all.
	Locations []string `json:"locations,omitempty" label:"Locations" ref:"location"`
	// FrameworkIDs are identifiers of other frameworks, by framework name.
	FrameworkIDs map[string][]string `json:"framework_ids,omitempty" label:"Framework references"`
	// InOperationFrom is the first day it operated as stated; empty means
	// before anything this workspace reports on.
	InOperationFrom Date `json:"in_operation_from,omitempty" label:"In operation from"`
	// InOperationTo is the last day it operated as stated; empty means still.
	InOperationTo Date `json:"in_operation_to,omitempty" label:"In operation to"`
	// SubserviceOrganization is whose control it is under the inclusive
	// method; empty means the organization's own.
	SubserviceOrganization string `json:"subservice_organization,omitempty" label:"Performed by subservice organization" ref:"subservice_organization" help:"Only for a control of a subservice organization that the report includes."`
	// PopulationHint says what the population of a test would be.
	PopulationHint string `json:"population_hint,omitempty" label:"Population" multiline:"true" help:"What the items are and from which system's log they should come."`
	// ExpectedAttributes are what a test would look for in every item.
	ExpectedAttributes []string `json:"expected_attributes,omitempty" label:"Attributes to test"`
	// SuggestedTest is how an auditor might test it.
	SuggestedTest string `json:"suggested_test,omitempty" label:"Suggested test" multiline:"true"`
	// Order sorts controls within an objective, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
	// Calendar says which days are its business days; empty takes that of its
	// locations, or else the organization's.
	Calendar string `json:"calendar,omitempty" label:"Business calendar" ref:"business_calendar" help:"Leave empty to work by the calendar of its locations or of the organization."`
	// DueBusinessDays is by how many business days after each period it is to be
	// performed; zero means by the period's last day.
	DueBusinessDays int `json:"due_business_days,omitempty" label:"Due business days after the period" help:"5 means: by the fifth business day after the period ends."`
	// PerformedHere says that it is performed in this workspace: each occurrence is
	// a task of its performer, and signed here.
	PerformedHere bool `json:"performed_here,omitempty" label:"Performed here" help:"Each occurrence becomes a task of the performer, who signs it here; the signature is its evidence."`
	// Checklist are the items that the performer answers each time.
	Checklist []string `json:"checklist,omitempty" label:"Checklist" multiline:"true" help:"What the performer answers each time. For controls that are performed here."`
	// Balances are the names of the two balances that a reconciliation compares.
	Balances []string `json:"balances,omitempty" label:"Balances compared" help:"For a reconciliation that is performed here: the two balances, such as Bank statement and General ledger."`
}

// Validate checks the control alone.
func (k Control) Validate() []Problem {
	c := examine(k)
	c.when(k.Statement() == "", "text", "The control has no statement.",
		"Give the whole statement, or who does what and how often.")
	c.when(k.Segregated && k.Performer != "" && k.Performer == k.Reviewer, "reviewer",
		"The control is marked segregated, and one person both performs and reviews it.",
		"Name another reviewer or remove the mark.")
	c.ordered(k.InOperationFrom, k.InOperationTo, "in_operation_from", "in_operation_to")
	for i, a := range k.ExpectedAttributes {
		c.when(blank(a), at("expected_attributes", i, ""), "The attribute is empty.", "Say what a test looks for or remove it.")
	}
	c.frameworks(k.FrameworkIDs, "framework_ids")
	k.performed(c)
	return c.problems
}

// MostDueBusinessDays bounds by how many business days after its period a control
// may be due.
const MostDueBusinessDays = 60

// Recurs reports whether the frequency predicts when the control is performed.
func (f Frequency) Recurs() bool {
	switch f {
	case Annual, SemiAnnual, Quarterly, Monthly, Weekly, Daily:
		return true
	}
	return false
}

// performed checks what the control says of its performances.
func (k Control) performed(c *checker) {
	c.when(k.DueBusinessDays < 0 || k.DueBusinessDays > MostDueBusinessDays, "due_business_days", fmt.Sprintf("The value %d is outside 0 to %d.", k.DueBusinessDays, MostDueBusinessDays),
		"Give a number of business days after the period's last day.")
	c.when(k.DueBusinessDays != 0 && !k.Frequency.Recurs(), "due_business_days", "The frequency names no periods after which the control could be due.",
		"Give a frequency from daily to annual, or remove the days.")
	c.when(k.PerformedHere && !k.Frequency.Recurs(), "performed_here", "The control is performed here, and its frequency predicts no occurrence.",
		"Give a frequency from daily to annual; nothing else makes tasks.")
	c.when(k.PerformedHere && k.Owner == "" && k.Performer == "", "performer", "The control is performed here, and nobody is named who performs it.",
		"Name a performer or an owner.")
	for i, x := range k.Checklist {
		c.when(blank(x), at("checklist", i, ""), "The item is empty.", "Say what is to be answered or remove it.")
		c.when(!blank(x) && slices.Contains(k.Checklist[:i], x), at("checklist", i, ""), "The item is listed twice.", "Remove one.")
	}
	c.when(len(k.Balances) != 0 && (len(k.Balances) != 2 || blank(k.Balances[0]) || blank(k.Balances[1]) || k.Balances[0] == k.Balances[1]), "balances",
		"A reconciliation compares two balances that have different names.", "Name two, or none.")
}

// Statement is the control as the report prints it: the text, or else one
// composed of the parts by the pattern who, does what, how often; what happens
// to exceptions; leaving which evidence. It is empty when there is neither a
// text nor all of who, what and how often.
func (k Control) Statement() string {
	if !blank(k.Text) {
		return strings.TrimSpace(k.Text)
	}
	if blank(k.Who) || blank(k.What) || blank(k.HowOften) {
		return ""
	}
	s := sentence(unstopped(k.Who) + " " + unstopped(k.What) + " " + unstopped(k.HowOften))
	if !blank(k.Exceptions) {
		s += " " + sentence(k.Exceptions)
	}
	if !blank(k.Evidence) {
		s += " " + sentence("The performance is evidenced by "+unstopped(k.Evidence))
	}
	return s
}

// EntityLevel reports whether the control belongs to no objective and is
// described only as part of the entity's COSO components.
func (k Control) EntityLevel() bool { return len(k.Objectives) == 0 }

// OperatedOn reports whether the control was in operation, as it is stated,
// on a day.
func (k Control) OperatedOn(d Date) bool {
	return (k.InOperationFrom == "" || k.InOperationFrom <= d) && (k.InOperationTo == "" || d <= k.InOperationTo)
}

// unstopped removes blanks and a closing full stop.
func unstopped(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") }

// sentence begins with a capital letter and ends with one stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
