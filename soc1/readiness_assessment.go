package soc1

import "fmt"

// ReadinessRating is how far somebody holds an objective, or the whole, to be ready
// for an examination.
type ReadinessRating string

// The ratings of a readiness assessment.
const (
	RatedReady    ReadinessRating = "ready"
	RatedRemarks  ReadinessRating = "ready_with_remarks"
	RatedNotReady ReadinessRating = "not_ready"
)

var readinessRatings = enumeration{{"ready", "Ready"}, {"ready_with_remarks", "Ready with remarks"}, {"not_ready", "Not ready"}}

// Values lists the stored spellings.
func (ReadinessRating) Values() []string { return readinessRatings.values() }

// Label is the word a person reads.
func (r ReadinessRating) Label() string { return readinessRatings.label(string(r)) }

// ObjectiveRating is what an assessor says of one objective.
type ObjectiveRating struct {
	// Objective is the control objective.
	Objective string `json:"objective" label:"Control objective" ref:"control_objective" required:"true"`
	// Rating is how far it is ready.
	Rating ReadinessRating `json:"rating" label:"Rating" required:"true"`
	// Remarks say what was seen.
	Remarks string `json:"remarks,omitempty" label:"Remarks" multiline:"true" help:"What was looked at, and what was seen."`
	// Recommendation says what would make it ready.
	Recommendation string `json:"recommendation,omitempty" label:"Recommendation" multiline:"true" help:"What would settle it."`
}

// ReadinessAssessment is what one person holds of a program before the service
// auditor examines it: an external assessor, who is a guest, or somebody of the
// organization. It gives no assurance and is for management alone.
type ReadinessAssessment struct {
	// Title names it.
	Title string `json:"title" label:"Title" required:"true"`
	// Engagement is the examination that is prepared.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Owner is the assessor, who alone writes it.
	Owner string `json:"owner" label:"Assessor" ref:"person" required:"true" help:"Whoever assesses records it in their own name."`
	// Firm is whom an external assessor works for.
	Firm string `json:"firm,omitempty" label:"Firm"`
	// From is the first day of the work.
	From Date `json:"from,omitempty" label:"Work from"`
	// To is the last day of it.
	To Date `json:"to,omitempty" label:"Work until"`
	// Scope says what was looked at and what was not.
	Scope string `json:"scope,omitempty" label:"What was looked at" multiline:"true"`
	// Overall is the rating of the whole; empty while the work goes on.
	Overall ReadinessRating `json:"overall,omitempty" label:"Overall rating"`
	// Summary says why.
	Summary string `json:"summary,omitempty" label:"Summary" multiline:"true"`
	// Objectives are the ratings of objectives.
	Objectives []ObjectiveRating `json:"objectives,omitempty" label:"Ratings of objectives"`
	// FinishedOn is the day on which it was finished; empty while it is a draft.
	FinishedOn Date `json:"finished_on,omitempty" label:"Finished on" help:"Leave empty while the work goes on."`
}

// Validate checks the assessment alone.
func (a ReadinessAssessment) Validate() []Problem {
	c := examine(a)
	c.ordered(a.From, a.To, "from", "to")
	c.ordered(a.To, a.FinishedOn, "to", "finished_on")
	seen := map[string]bool{}
	for i, o := range a.Objectives {
		c.when(seen[o.Objective], fmt.Sprintf("objectives[%d].objective", i), "The objective is rated twice.", "Keep one rating of it.")
		seen[o.Objective] = true
		c.when(o.Rating == RatedNotReady && o.Remarks == "", fmt.Sprintf("objectives[%d].remarks", i), "The objective is rated not ready, and nothing says why.", "Say what was seen.")
	}
	c.when(a.FinishedOn != "" && a.Overall == "", "overall", "The assessment is finished without an overall rating.", "Rate the whole, or leave the day empty until you do.")
	c.when(a.Overall == RatedNotReady && a.Summary == "", "summary", "The program is rated not ready, and nothing says why.", "Say why in the summary.")
	return c.problems
}
