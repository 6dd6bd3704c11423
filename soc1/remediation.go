package soc1

import "fmt"

// AnsweredFinding is a place where a rule fired and that a plan puts right. It names
// what gap.Finding's key does, so that it means the same finding on another day.
type AnsweredFinding struct {
	// Rule is the number of the rule, such as CTL-08.
	Rule string `json:"rule" label:"Rule" required:"true" help:"The number of the rule, such as CTL-08."`
	// Kind is the kind of the record that the rule fired about.
	Kind string `json:"kind" label:"Kind of record" required:"true" help:"Such as control."`
	// Record is its id.
	Record string `json:"record" label:"Id of the record" required:"true"`
	// Field is the field of it that the finding names; empty for the whole.
	Field string `json:"field,omitempty" label:"Field" help:"As the finding names it; empty where it names none."`
}

// Key is the same text for the same finding, whatever it says today.
func (f AnsweredFinding) Key() string {
	s := f.Rule + " " + f.Kind + "/" + f.Record
	if f.Field != "" {
		s += " " + f.Field
	}
	return s
}

// RemediationStep is one thing to do.
type RemediationStep struct {
	// Text says what.
	Text string `json:"text" label:"Step" required:"true"`
	// DoneOn is the day on which it was done; empty until then.
	DoneOn Date `json:"done_on,omitempty" label:"Done on"`
}

// Remediation is a plan to put right what was found: what it answers, whose it is,
// by when, after what and at what cost. How far it is follows from its steps, from
// the rules and from later tests; that it is closed is a RemediationClosing.
type Remediation struct {
	// Title says in a few words what will be put right.
	Title string `json:"title" label:"Title" required:"true"`
	// Engagement is the report for which it matters.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement" help:"The report for which it matters; the rules are asked about it."`
	// Findings are what rules found and this answers.
	Findings []AnsweredFinding `json:"findings,omitempty" label:"Findings answered"`
	// Exceptions are what tests found and this answers.
	Exceptions []string `json:"exceptions,omitempty" label:"Exceptions answered" ref:"exception"`
	// Deviations are those that it answers.
	Deviations []string `json:"deviations,omitempty" label:"Deviations answered" ref:"deviation"`
	// Performances are those of controls whose exceptions it answers.
	Performances []string `json:"performances,omitempty" label:"Performances answered" ref:"performance"`
	// Cause says why it came to this.
	Cause string `json:"cause,omitempty" label:"Cause" multiline:"true" help:"Why it came to this; what is put right is the cause."`
	// Owner is who sees to it.
	Owner string `json:"owner" label:"Owner" ref:"person" required:"true" help:"Notes the steps, the evidence and what it took."`
	// Begin is the first day of the work.
	Begin Date `json:"begin,omitempty" label:"Begins on"`
	// Due is the day by which it is done.
	Due Date `json:"due" label:"Due" required:"true"`
	// DependsOn are the plans that come before.
	DependsOn []string `json:"depends_on,omitempty" label:"Depends on" ref:"remediation" help:"Plans that have to be closed first."`
	// Steps are what is done, in order.
	Steps []RemediationStep `json:"steps,omitempty" label:"Steps"`
	// HoursEstimated is how many hours of people's work it should take.
	HoursEstimated int64 `json:"hours_estimated,omitempty" label:"Hours, estimated"`
	// HoursActual is how many it took so far.
	HoursActual int64 `json:"hours_actual,omitempty" label:"Hours, actual"`
	// CostEstimated is what others should be paid for it.
	CostEstimated Money `json:"cost_estimated,omitzero" label:"Cost, estimated"`
	// CostActual is what they were paid so far.
	CostActual Money `json:"cost_actual,omitzero" label:"Cost, actual"`
	// Evidence shows what was done.
	Evidence []string `json:"evidence,omitempty" label:"Evidence" ref:"evidence"`
}

// Keys name everything that the plan answers, each as a RemediationOutcome does.
func (r Remediation) Keys() []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Key())
	}
	for _, id := range r.Exceptions {
		out = append(out, "exception/"+id)
	}
	for _, id := range r.Deviations {
		out = append(out, "deviation/"+id)
	}
	for _, id := range r.Performances {
		out = append(out, "performance/"+id)
	}
	return out
}

// StepsDone is how many steps are done by a day.
func (r Remediation) StepsDone(by Date) int {
	n := 0
	for _, s := range r.Steps {
		if s.DoneOn != "" && s.DoneOn <= by {
			n++
		}
	}
	return n
}

// Validate checks the plan alone.
func (r Remediation) Validate() []Problem {
	c := examine(r)
	c.ordered(r.Begin, r.Due, "begin", "due")
	c.when(len(r.Findings)+len(r.Exceptions)+len(r.Deviations)+len(r.Performances) == 0, "findings", "The plan answers nothing.",
		"Name a finding of a rule, an exception, a deviation or a performance that it puts right.")
	seen := map[string]bool{}
	for i, f := range r.Findings {
		c.when(seen[f.Key()], at("findings", i, ""), "The finding is named twice.", "Name it once.")
		seen[f.Key()] = true
	}
	for _, x := range []struct {
		n     int64
		field string
	}{{r.HoursEstimated, "hours_estimated"}, {r.HoursActual, "hours_actual"}, {r.CostEstimated.Minor, "cost_estimated.minor"}, {r.CostActual.Minor, "cost_actual.minor"}} {
		c.when(x.n < 0, x.field, fmt.Sprintf("The value %d is negative.", x.n), "Give 0 or more.")
	}
	c.when(r.CostEstimated.Currency != "" && r.CostActual.Currency != "" && r.CostEstimated.Currency != r.CostActual.Currency, "cost_actual.currency",
		"Estimate and actual cost are in two currencies.", "Give both in one, so that they can be compared.")
	return c.problems
}

// SettledBy is how something that a plan answers was settled when it was closed.
type SettledBy string

// The ways: its rule fell silent, a later test of the control was concluded
// effective, the exception was dismissed, the control was performed later without
// exception, or it stands and somebody explained why
// the plan is closed nevertheless.
const (
	SettledSilent    SettledBy = "silent"
	SettledRetest    SettledBy = "retest"
	SettledDismissed SettledBy = "dismissed"
	Standing         SettledBy = "standing"
	SettledPerformed SettledBy = "performed"
)

var settledBys = enumeration{{"silent", "The rule fell silent"}, {"retest", "Retested"}, {"dismissed", "Dismissed"}, {"standing", "Stands, explained"}, {"performed", "Performed later without exception"}}

// Values lists the stored spellings.
func (SettledBy) Values() []string { return settledBys.values() }

// Label is the words a person reads.
func (s SettledBy) Label() string { return settledBys.label(string(s)) }

// RemediationOutcome is one thing that a plan answers, as it stood at the closing.
type RemediationOutcome struct {
	// What is the key of the finding, or the kind and the id of the record.
	What string `json:"what" label:"What" required:"true"`
	// Settled is how.
	Settled SettledBy `json:"settled" label:"Settled by" required:"true"`
	// Test is the later test, where one settled it.
	Test string `json:"test,omitempty" label:"Later test" ref:"test_of_control"`
	// Text says what stood then, or what the test showed.
	Text string `json:"text,omitempty" label:"As it stood" multiline:"true"`
}

// RemediationClosing is a person's decision that a plan is done, with what each
// thing that it answers stood at. Without an explanation all of them are settled.
type RemediationClosing struct {
	// Plan is the plan closed.
	Plan string `json:"plan" label:"Plan" ref:"remediation" required:"true"`
	// Outcomes are how what it answers was settled.
	Outcomes []RemediationOutcome `json:"outcomes" label:"Outcomes" required:"true"`
	// Waited are the plans before it that were open.
	Waited []string `json:"waited,omitempty" label:"Open plans before it" ref:"remediation"`
	// Explanation says why it is closed although something stands.
	Explanation string `json:"explanation,omitempty" label:"Explanation" multiline:"true"`
	// ClosedBy is who decided.
	ClosedBy string `json:"closed_by" label:"Closed by" ref:"person" required:"true"`
	// ClosedOn is the day of the decision.
	ClosedOn Date `json:"closed_on" label:"Closed on" required:"true"`
}

// Explained tells whether the plan was closed although something stood.
func (r RemediationClosing) Explained() bool {
	if len(r.Waited) > 0 {
		return true
	}
	for _, o := range r.Outcomes {
		if o.Settled == Standing {
			return true
		}
	}
	return false
}

// Validate checks the closing alone.
func (r RemediationClosing) Validate() []Problem {
	c := examine(r)
	c.when(r.Explained() && !Substantive(r.Explanation), "explanation", "Something that the plan answers stands, or a plan before it is open, and nothing says why it is closed.",
		"Explain in a sentence why it can be closed nevertheless; the explanation is kept and shown.")
	for i, o := range r.Outcomes {
		c.when(o.Settled == SettledRetest && o.Test == "", at("outcomes", i, "test"), "It was settled by a retest, and no test is named.", "Name the later test of the control.")
	}
	return c.problems
}
