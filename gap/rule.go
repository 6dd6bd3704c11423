package gap

import (
	"fmt"
	"slices"
	"strings"

	"reperform/evaluation"
	"reperform/soc1"
)

// Severity is how much a finding matters.
type Severity = evaluation.Severity

// The severities: critical stands in the way of a report, high in the way of
// relying on what it concerns, medium advises.
const (
	Critical = evaluation.Critical
	High     = evaluation.High
	Medium   = evaluation.Medium
)

// Severities lists them, the heaviest first.
var Severities = []Severity{Critical, High, Medium}

// Whose says whose records a rule speaks of.
type Whose int

// A rule speaks of the organization's program, of the testing by whoever asks,
// or of the service auditor's file alone.
const (
	Program Whose = iota
	Testing
	AuditorFile
)

// Given is what a rule looks at besides records.
type Given int

// Most rules look at records alone. Some look at the draft of the report, which
// holds by itself where it is printed from records, or at whether the files of
// evidence are still what was recorded.
const (
	RecordsAlone Given = iota
	TheDraft
	TheFiles
)

// in tells whether a question comes with it.
func (g Given) in(q Question) bool {
	return g == RecordsAlone || g == TheDraft && q.Report != nil || g == TheFiles && q.Missing != nil
}

// Rule is one way in which something can be lacking.
type Rule struct {
	// ID is the rule's number, a group and two digits, such as CTL-05.
	ID       string
	Severity Severity
	// Fires says when, Why what goes wrong if nobody acts, Remedy what to do.
	Fires, Why, Remedy string
	// Reads are the kinds of record that it depends on: a change of any other
	// leaves its findings as they are.
	Reads []string
	Whose Whose
	// Given says what the rule needs besides records; without it the rule is not
	// run.
	Given Given
	// Never says that the risk cannot be accepted: it must be put right.
	Never bool

	find func(*Facts, *found)
}

// Group is the part of the number before the dash.
func (r *Rule) Group() string {
	group, _, _ := strings.Cut(r.ID, "-")
	return group
}

// Groups names the groups in the order of the work.
var Groups = []struct{ Code, Title string }{
	{"SCP", "Scope"}, {"OBJ", "Control objectives and risks"}, {"CTL", "Controls"}, {"WLK", "Walkthroughs"}, {"POP", "Populations"},
	{"SMP", "Samples"}, {"TST", "Tests of controls"}, {"DEV", "Deviations"}, {"CUE", "Complementary user entity controls"},
	{"SUB", "Subservice organizations"}, {"DSC", "Description of the system"}, {"EVT", "Events of the period"}, {"POL", "Policies"}, {"TRN", "Training"}, {"RPT", "Report"},
}

// Rules are all rules, by group and number. They must not be changed.
func Rules() []*Rule { return all }

// RuleOf is the rule with a number.
func RuleOf(id string) (*Rule, bool) {
	r, ok := byID[id]
	return r, ok
}

var (
	all  = assemble()
	byID = func() map[string]*Rule {
		out := map[string]*Rule{}
		for _, r := range all {
			out[r.ID] = r
		}
		return out
	}()
)

// assemble puts the groups together, each of which stands in a file of its own.
func assemble() []*Rule {
	var out []*Rule
	for _, group := range [][]Rule{scopeRules, objectiveRules, controlRules, walkthroughRules, populationRules, sampleRules, testRules, deviationRules,
		userEntityRules, subserviceRules, descriptionRules, eventRules, policyRules, trainingRules, reportRules} {
		for i := range group {
			out = append(out, &group[i])
		}
	}
	return out
}

// Finding is one place where a rule fires.
type Finding struct {
	Rule *Rule
	// Severity is the rule's, unless Text says why it weighs less here.
	Severity Severity
	// Subject is the record to put right, Field the field of it; empty where the
	// record as a whole is meant or is missing.
	Subject soc1.Ref
	Field   string
	// Text says what is lacking, with the values found.
	Text string
	// Sources are the other records that it rests on.
	Sources []soc1.Ref
	// Objectives are the objectives that it bears on; empty means all.
	Objectives []string
	// Accepted is the acceptance that holds today, nil without one.
	Accepted *Acceptance
}

// Key tells one finding of a rule from another, from one day to the next: the
// words may change with the numbers in them.
func (f *Finding) Key() string {
	return f.Rule.ID + "\x00" + f.Subject.Kind + "\x00" + f.Subject.ID + "\x00" + f.Field
}

// String is the finding as a line.
func (f *Finding) String() string {
	return fmt.Sprintf("%s %s %s: %s", f.Rule.ID, f.Severity, f.Subject, f.Text)
}

// found gathers the findings of one rule.
type found struct {
	rule *Rule
	list []Finding
}

// at adds a finding about a field of a record.
func (x *found) at(subject soc1.Ref, field string, objectives []string, format string, args ...any) *Finding {
	x.list = append(x.list, Finding{Rule: x.rule, Severity: x.rule.Severity, Subject: subject, Field: field, Objectives: slices.Clone(objectives), Text: fmt.Sprintf(format, args...)})
	return &x.list[len(x.list)-1]
}

// told are the records that findings are about already.
func (x *found) told() map[string]bool {
	out := map[string]bool{}
	for _, y := range x.list {
		out[y.Subject.ID] = true
	}
	return out
}
