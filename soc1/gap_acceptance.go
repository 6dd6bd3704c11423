package soc1

import "fmt"

// GapAcceptance is somebody's decision to live with what a rule found, for a
// while: who decided it, why, and until when. It answers one rule about one
// record; when the record changes so that the rule falls silent, it answers
// nothing.
type GapAcceptance struct {
	// Rule is the number of the rule, such as CTL-05.
	Rule string `json:"rule" label:"Rule" required:"true" help:"The number of the rule, such as CTL-05."`
	// Subject is the record that the rule fired about.
	Subject Ref `json:"subject" label:"Record" required:"true"`
	// Field is the field of it that the finding names; empty for the whole.
	Field string `json:"field,omitempty" label:"Field"`
	// Engagement is the report for which it is accepted; empty means every one.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement" help:"Leave empty when it holds for every report."`
	// Reason says why the organization can live with it.
	Reason string `json:"reason" label:"Why it can be accepted" required:"true" multiline:"true" help:"What limits the effect, and what was considered."`
	// AcceptedBy is who decided.
	AcceptedBy string `json:"accepted_by" label:"Accepted by" ref:"person" required:"true"`
	// AcceptedOn is the day of the decision.
	AcceptedOn Date `json:"accepted_on" label:"Accepted on" required:"true"`
	// ExpiresOn is the last day on which it holds.
	ExpiresOn Date `json:"expires_on" label:"Holds until" required:"true" help:"The last day; then the finding is open again."`
}

// longestAcceptance is how many months an acceptance may hold.
const longestAcceptance = 12

// neverAccepted are the rules whose findings must be put right: without
// independence, evidence beyond inquiry, an independent tester and a complete
// population there is nothing to rely on.
var neverAccepted = []string{"RPT-11", "TST-02", "TST-05", "POP-02"}

// Validate checks the acceptance alone.
func (a GapAcceptance) Validate() []Problem {
	c := examine(a)
	for _, rule := range neverAccepted {
		c.when(a.Rule == rule, "rule", fmt.Sprintf("What %s finds cannot be accepted.", rule), "Put it right: nothing that rests on it could be relied on.")
	}
	c.ordered(a.AcceptedOn, a.ExpiresOn, "accepted_on", "expires_on")
	c.when(a.AcceptedOn.Valid() && a.ExpiresOn.Valid() && a.ExpiresOn > a.AcceptedOn.AddMonths(longestAcceptance), "expires_on",
		"A risk is accepted for a year at most.", "Give an earlier day; it can be accepted again then.")
	return c.problems
}
