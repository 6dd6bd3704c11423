package soc1

import "fmt"

// FrameworkRequirement is what a catalogue that the organization may use says under one
// identifier: the catalogue's own words, which this program does not bring. Identifiers
// that come with the program need no record.
type FrameworkRequirement struct {
	// Framework is the framework with its edition, such as "TSC-2017".
	Framework string `json:"framework" label:"Framework" required:"true"`
	// Identifier is the one under which it stands there, such as "CC6.1".
	Identifier string `json:"identifier" label:"Identifier" required:"true"`
	// Group is the part of the framework that it belongs to.
	Group string `json:"group,omitempty" label:"Group"`
	// Title is its name in the catalogue.
	Title string `json:"title,omitempty" label:"Title" sensitive:"confidential"`
	// Text is what the catalogue demands, in its words.
	Text string `json:"text,omitempty" label:"Text" multiline:"true" sensitive:"confidential" help:"The catalogue's own words, under the licence that the organization has."`
	// Source says where the words are from: the file, and the catalogue's version.
	Source string `json:"source,omitempty" label:"Source"`
}

// Validate checks the requirement alone.
func (r FrameworkRequirement) Validate() []Problem {
	c := examine(r)
	c.when(blank(r.Title) && blank(r.Text) && blank(r.Group), "text", "The requirement says nothing beside its identifier.", "Give its title or its text, or leave it out: identifiers need no record.")
	return c.problems
}

// CoverageStrength is how far a control of another program covers an objective, as a
// person judged it.
type CoverageStrength string

// The strengths.
const (
	CoversFully     CoverageStrength = "full"
	CoversPartially CoverageStrength = "partial"
	Supports        CoverageStrength = "supports"
)

var coverageStrengths = enumeration{{"full", "In full"}, {"partial", "In part"}, {"supports", "Supports it"}}

// Values lists the stored spellings.
func (CoverageStrength) Values() []string { return coverageStrengths.values() }

// Label is the word a person reads.
func (s CoverageStrength) Label() string { return coverageStrengths.label(string(s)) }

// Means says what the strength stands for, so that two people judge alike.
func (s CoverageStrength) Means() string {
	switch s {
	case CoversFully:
		return "Where it works, the objective is achieved without another control."
	case CoversPartially:
		return "It achieves a part of the objective, which the reason names; other controls have to achieve the rest."
	case Supports:
		return "It achieves no part by itself, and makes the objective’s own controls work or their failure seen."
	}
	return ""
}

// ObjectiveCoverage is somebody's judgement that a control of another program covers an
// objective.
type ObjectiveCoverage struct {
	// Objective is the objective.
	Objective string `json:"objective" label:"Control objective" ref:"control_objective" required:"true"`
	// Strength is how far.
	Strength CoverageStrength `json:"strength" label:"How far" required:"true"`
	// Why says why, and for a part of it, which part.
	Why string `json:"why" label:"Why" required:"true"`
}

// FrameworkControl is a control as the register of another program states it, such as
// that of a SOC 2 report. Reused, it is the same control as one of this program.
type FrameworkControl struct {
	// Framework is the framework of that program with its edition, such as "TSC-2017".
	Framework string `json:"framework" label:"Framework" required:"true"`
	// Code is the number in that register.
	Code string `json:"code" label:"Code" required:"true"`
	// Text is the control as that register states it.
	Text string `json:"text" label:"Statement" required:"true" multiline:"true"`
	// Identifiers are those of the framework that it answers.
	Identifiers []string `json:"identifiers,omitempty" label:"Identifiers"`
	// Owner is who answers for it, as that register names them.
	Owner string `json:"owner,omitempty" label:"Owner in that register" sensitive:"personal"`
	// Frequency is how often it operates.
	Frequency Frequency `json:"frequency,omitempty" label:"Frequency"`
	// Evidence says what it leaves behind.
	Evidence string `json:"evidence,omitempty" label:"Evidence" multiline:"true"`
	// Source says where it is from: the file, and the register's version.
	Source string `json:"source,omitempty" label:"Source"`
	// Control is the control of this program that was decided to be the same one.
	Control string `json:"control,omitempty" label:"Same control here" ref:"control" help:"The control that this is, once somebody has decided so: its evidence then counts for both."`
	// NotControls are controls that were decided not to be the same.
	NotControls []string `json:"not_controls,omitempty" label:"Decided not to be the same as" ref:"control"`
	// Objectives are those that it is judged to cover.
	Objectives []ObjectiveCoverage `json:"objectives,omitempty" label:"Objectives covered"`
}

// Validate checks the control alone.
func (f FrameworkControl) Validate() []Problem {
	c := examine(f)
	seen := map[string]bool{}
	for i, id := range f.Identifiers {
		c.when(blank(id), at("identifiers", i, ""), "The identifier is empty.", "Remove it or give the identifier.")
		c.when(seen[id] && !blank(id), at("identifiers", i, ""), fmt.Sprintf("%q is listed twice.", id), "List it once.")
		seen[id] = true
	}
	covered := map[string]bool{}
	for i, o := range f.Objectives {
		c.when(covered[o.Objective] && o.Objective != "", at("objectives", i, "objective"), "The objective is judged twice.", "Keep one judgement.")
		covered[o.Objective] = true
	}
	for i, id := range f.NotControls {
		c.when(id != "" && id == f.Control, at("not_controls", i, ""), "The control is decided to be the same and not to be the same.", "Keep one of the two.")
	}
	return c.problems
}
