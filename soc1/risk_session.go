package soc1

import (
	"fmt"
	"slices"
)

// RiskPhase is how far a session has come.
type RiskPhase string

// The phases.
const (
	// RiskBlind: participants score alone; nobody sees another's score.
	RiskBlind RiskPhase = "blind"
	// RiskTogether: the scores are revealed and the group agrees.
	RiskTogether RiskPhase = "together"
	// RiskClosed: what was agreed stands in the risk register.
	RiskClosed RiskPhase = "closed"
	// RiskWithdrawn: the session was given up and changed nothing.
	RiskWithdrawn RiskPhase = "withdrawn"
)

var riskPhases = enumeration{
	{"blind", "Scoring blind"}, {"together", "Agreeing together"}, {"closed", "Closed"}, {"withdrawn", "Withdrawn"},
}

// Values lists the stored spellings.
func (RiskPhase) Values() []string { return riskPhases.values() }

// Label is the word a person reads.
func (p RiskPhase) Label() string { return riskPhases.label(string(p)) }

// RiskRating is how somebody, or a group, rates a risk.
type RiskRating struct {
	// Risk is the risk rated.
	Risk string `json:"risk" label:"Risk" ref:"risk" required:"true"`
	// Likelihood is 1 to 5, before controls.
	Likelihood int `json:"likelihood" label:"Likelihood" required:"true"`
	// Impact is 1 to 5, before controls.
	Impact int `json:"impact" label:"Impact" required:"true"`
	// ResidualLikelihood is what remains with the controls in operation, 1 to 5; zero
	// means not rated.
	ResidualLikelihood int `json:"residual_likelihood,omitempty" label:"Residual likelihood"`
	// ResidualImpact is the impact that remains, 1 to 5; zero means not rated.
	ResidualImpact int `json:"residual_impact,omitempty" label:"Residual impact"`
	// Remark says why.
	Remark string `json:"remark,omitempty" label:"Remark" multiline:"true"`
}

// problems checks one rating; prefix is its place in the record.
func (r RiskRating) problems(c *checker, prefix string) {
	for _, x := range []struct {
		value int
		field string
	}{{r.Likelihood, "likelihood"}, {r.Impact, "impact"}, {r.ResidualLikelihood, "residual_likelihood"}, {r.ResidualImpact, "residual_impact"}} {
		// A missing half of the inherent rating is told by the tags.
		if x.value != 0 {
			c.within(x.value, 1, 5, prefix+x.field)
		}
	}
	c.when((r.ResidualLikelihood == 0) != (r.ResidualImpact == 0), prefix+"residual_impact", "Only one half of the residual rating is given.",
		"Give likelihood and impact as they remain, or neither.")
	c.when(r.ResidualLikelihood > r.Likelihood && r.Likelihood > 0, prefix+"residual_likelihood", "With the controls in operation the risk would be likelier than without them.", "Correct one of the two.")
	c.when(r.ResidualImpact > r.Impact && r.Impact > 0, prefix+"residual_impact", "With the controls in operation the impact would be higher than without them.", "Correct one of the two.")
}

// CheckRisks checks scores that nobody recorded yet; places are those of a list named
// scores.
func CheckRisks(scores []RiskRating) []Problem {
	c := examine(struct {
		Scores []RiskRating `json:"scores" label:"Scores" required:"true"`
	}{scores})
	checkRatings(c, scores, "scores")
	return c.problems
}

func checkRatings(c *checker, list []RiskRating, field string) {
	seen := map[string]bool{}
	for i, r := range list {
		c.when(seen[r.Risk], at(field, i, "risk"), fmt.Sprintf("Risk %s is rated twice.", r.Risk), "Rate it once.")
		seen[r.Risk] = true
		r.problems(c, at(field, i, "")+".")
	}
}

// RiskScore is what one participant scored in a session. While the session is blind
// it holds a commitment alone: how many risks are scored, and a hash that binds the
// scores without telling them. When the session moves on it holds the scores too.
type RiskScore struct {
	// Session is the session.
	Session string `json:"session" label:"Session" ref:"risk_session" required:"true"`
	// By is the participant.
	By string `json:"by" label:"Scored by" ref:"person" required:"true"`
	// On is the day of the commitment.
	On Date `json:"on" label:"On" required:"true"`
	// Scored is how many risks are scored.
	Scored int64 `json:"scored" label:"Risks scored" required:"true"`
	// Commitment is the SHA-256 that binds the scores; docs/FORMAT.md says over which
	// bytes.
	Commitment string `json:"commitment" label:"Commitment" required:"true"`
	// RevealedOn is the day on which the scores were revealed.
	RevealedOn Date `json:"revealed_on,omitempty" label:"Revealed on"`
	// Salt is 32 random bytes in hexadecimal, known once revealed.
	Salt string `json:"salt,omitempty" label:"Salt"`
	// Scores are the scores, known once revealed.
	Scores []RiskRating `json:"scores,omitempty" label:"Scores"`
	// Lost says that the sealed scores could not be read when the session was
	// revealed, and why.
	Lost string `json:"lost,omitempty" label:"Not revealed because"`
}

// Revealed tells whether the scores are told.
func (s RiskScore) Revealed() bool { return len(s.Scores) > 0 }

// Validate checks the score alone; whether revealed scores are those that were
// committed is recomputed by whoever reveals or verifies them.
func (s RiskScore) Validate() []Problem {
	c := examine(s)
	c.digest(s.Commitment, "commitment")
	checkRatings(c, s.Scores, "scores")
	c.when(s.Scored < 0, "scored", "A number of risks is not negative.", "Count those that are scored.")
	c.when(s.Revealed() && int64(len(s.Scores)) != s.Scored, "scores", fmt.Sprintf("%d scores are revealed, and %d were committed.", len(s.Scores), s.Scored), "Reveal those that were committed.")
	c.when(s.Revealed() && s.RevealedOn == "", "revealed_on", "Scores are told before the session was revealed.", "Reveal the session.")
	c.when(s.Revealed() && s.Lost != "", "lost", "The scores are told and said to be lost.", "Keep one of the two.")
	return c.problems
}

// RiskPrompt is a question of the session that reminds of what scores alone forget.
type RiskPrompt struct {
	// ID names it in records and never changes.
	ID string `json:"id" label:"Prompt"`
	// Fraud tells prompts about fraud from those about change.
	Fraud bool `json:"fraud" label:"About fraud"`
	// Title is its short name.
	Title string `json:"title" label:"Title"`
	// Text is the question.
	Text string `json:"text" label:"Question"`
}

// RiskPrompts are all prompts. Those on fraud follow the three conditions that are
// generally present when fraud occurs (AU-C 240), and the two ways in which controls
// are passed by.
var RiskPrompts = []RiskPrompt{
	{"fraud_pressure", true, "Incentive or pressure", "Who would gain if a transaction of a user entity were wrong, late or sent elsewhere? Think of targets, service credits, bonuses, and staff whose own pay is processed."},
	{"fraud_opportunity", true, "Opportunity", "Where could one person start a transaction, change standing data and move money, or hide it in volume? Think of bank details, manual files and emergency access."},
	{"fraud_rationalization", true, "Attitude or rationalization", "Where is it usual to pass a control by because the client is waiting? What would somebody say to excuse it?"},
	{"fraud_override", true, "Management override", "Which controls could a manager or an administrator switch off, approve for themselves or correct afterwards? Who would see it?"},
	{"fraud_segregation", true, "Segregation of duties", "Which duties rest with one person through vacation, vacancy or shared accounts?"},
	{"change_system", false, "New or changed systems", "Which system, interface or report was brought in, replaced or shut down, and what was converted?"},
	{"change_people", false, "People", "Who that performs or reviews a control left, joined or moved? Which team was reorganized or outsourced?"},
	{"change_law", false, "Law and contracts", "Which tax rule, payment rule or contract term changed, and who made sure that the processing follows?"},
	{"change_volume", false, "Volumes and clients", "Where did volumes or kinds of clients change so much that a control meant for less no longer holds?"},
	{"change_subservice", false, "Subservice organizations", "Which subservice organization or vendor changed, or changed its own controls or its report?"},
}

// RiskPromptOf finds a prompt.
func RiskPromptOf(id string) (RiskPrompt, bool) {
	i := slices.IndexFunc(RiskPrompts, func(p RiskPrompt) bool { return p.ID == id })
	if i < 0 {
		return RiskPrompt{}, false
	}
	return RiskPrompts[i], true
}

// RiskConsideration is that the group has thought about a prompt.
type RiskConsideration struct {
	// Prompt is its id, see RiskPrompts.
	Prompt string `json:"prompt" label:"Prompt" required:"true"`
	// Objective is the objective for which; empty is all of them.
	Objective string `json:"objective,omitempty" label:"Control objective" ref:"control_objective"`
	// Note says what was found, if only that nothing applies and why.
	Note string `json:"note" label:"What was found" required:"true" multiline:"true"`
	// Risks are those that it led to.
	Risks []string `json:"risks,omitempty" label:"Risks that it led to" ref:"risk"`
	// By is who recorded it.
	By string `json:"by" label:"Recorded by" ref:"person" required:"true"`
	// On is the day.
	On Date `json:"on" label:"On" required:"true"`
}

// RiskSession is a meeting of stakeholders about what could go wrong: each scores
// alone first, then all agree.
type RiskSession struct {
	// Title names it.
	Title string `json:"title" label:"Title" required:"true"`
	// Engagement is the report whose risks they are.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Facilitator leads it.
	Facilitator string `json:"facilitator" label:"Facilitator" ref:"person" required:"true"`
	// Participants score.
	Participants []string `json:"participants" label:"Participants" ref:"person" required:"true"`
	// Risks are those in question, each with the revision that was scored.
	Risks []Ref `json:"risks" label:"Risks" required:"true"`
	// OpenedOn is the day on which scoring began.
	OpenedOn Date `json:"opened_on" label:"Opened on" required:"true"`
	// Due is the last day for scores.
	Due Date `json:"due,omitempty" label:"Scores due"`
	// Phase is how far it has come.
	Phase RiskPhase `json:"phase" label:"Phase" required:"true"`
	// RevealedOn is the day on which the scores were revealed.
	RevealedOn Date `json:"revealed_on,omitempty" label:"Revealed on"`
	// RevealedBy is who revealed them.
	RevealedBy string `json:"revealed_by,omitempty" label:"Revealed by" ref:"person"`
	// Agreed are the ratings that the group agreed on, each with its reason.
	Agreed []RiskRating `json:"agreed,omitempty" label:"Agreed ratings"`
	// Considered is what the group thought about beside.
	Considered []RiskConsideration `json:"considered,omitempty" label:"Fraud and change"`
	// ClosedOn is the day on which it was closed or withdrawn.
	ClosedOn Date `json:"closed_on,omitempty" label:"Closed on"`
	// ClosedBy is who did that.
	ClosedBy string `json:"closed_by,omitempty" label:"Closed by" ref:"person"`
	// Notes are the facilitator's at the end.
	Notes string `json:"notes,omitempty" label:"Closing notes" multiline:"true"`
}

// Asks tells whether a risk is in question.
func (s RiskSession) Asks(risk string) bool {
	return slices.ContainsFunc(s.Risks, func(r Ref) bool { return r.ID == risk })
}

// AgreedOn finds what was agreed on a risk.
func (s RiskSession) AgreedOn(risk string) (RiskRating, bool) {
	i := slices.IndexFunc(s.Agreed, func(r RiskRating) bool { return r.Risk == risk })
	if i < 0 {
		return RiskRating{}, false
	}
	return s.Agreed[i], true
}

// Validate checks the session alone.
func (s RiskSession) Validate() []Problem {
	c := examine(s)
	seen := map[string]bool{}
	for i, r := range s.Risks {
		c.when(r.Kind != "risk" || r.ID == "" || r.Revision < 1, at("risks", i, ""), "The item names no revision of a risk.", "Give kind, id and revision.")
		c.when(seen[r.ID], at("risks", i, ""), fmt.Sprintf("Risk %s is listed twice.", r.ID), "List it once.")
		seen[r.ID] = true
	}
	c.ordered(s.OpenedOn, s.Due, "opened_on", "due")
	checkRatings(c, s.Agreed, "agreed")
	for i, r := range s.Agreed {
		c.when(!seen[r.Risk], at("agreed", i, "risk"), fmt.Sprintf("Risk %s is not in question.", r.Risk), "Agree on the risks of the session.")
		c.when(blank(r.Remark), at("agreed", i, "remark"), "The reason is missing.", "Say why the group agreed on it.")
	}
	for i, x := range s.Considered {
		_, known := RiskPromptOf(x.Prompt)
		c.when(!known, at("considered", i, "prompt"), fmt.Sprintf("There is no prompt %q.", x.Prompt), "Name one of the prompts on fraud and change.")
	}
	c.when(s.Phase == RiskBlind && len(s.Agreed) > 0, "agreed", "Something is agreed before the scores are revealed.", "Reveal the scores first.")
	c.when((s.Phase == RiskTogether || s.Phase == RiskClosed) && s.RevealedOn == "", "revealed_on", "The day of the reveal is missing.", "Give the day.")
	c.when((s.Phase == RiskClosed || s.Phase == RiskWithdrawn) && s.ClosedOn == "", "closed_on", "The day of the closing is missing.", "Give the day.")
	return c.problems
}
