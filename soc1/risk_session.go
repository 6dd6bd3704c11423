package soc1

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	// Likelihood and Impact are 1 to 5 each, before controls.
	Likelihood int `json:"likelihood" label:"Likelihood" required:"true"`
	Impact     int `json:"impact" label:"Impact" required:"true"`
	// ResidualLikelihood and ResidualImpact are what remains with the controls in
	// operation, 1 to 5 each; zero both means not rated.
	ResidualLikelihood int `json:"residual_likelihood,omitempty" label:"Residual likelihood"`
	ResidualImpact     int `json:"residual_impact,omitempty" label:"Residual impact"`
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

// RiskBallot is what a participant's commitment is about: all that they scored, with
// a salt without which the few possible scores could be tried.
type RiskBallot struct {
	Session string       `json:"session" label:"Session" required:"true"`
	By      string       `json:"by" label:"Scored by" required:"true"`
	Salt    string       `json:"salt" label:"Salt" required:"true"`
	Scores  []RiskRating `json:"scores" label:"Scores" required:"true"`
}

// Bytes are what the commitment is the SHA-256 of: JSON without white space, fields
// in the order of the types above, empty ones that may be empty left out, and no
// character escaped that JSON does not demand; docs/FORMAT.md says the same.
func (b RiskBallot) Bytes() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	// Text and numbers always encode.
	_ = enc.Encode(b)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Commitment is the SHA-256 of the bytes, in hexadecimal.
func (b RiskBallot) Commitment() string {
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// Check checks a ballot that is about to be committed.
func (b RiskBallot) Check() []Problem {
	c := examine(b)
	checkRatings(c, b.Scores, "scores")
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
	// Commitment is the SHA-256 that binds the scores, see RiskBallot.
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

// Ballot is what was committed, once revealed.
func (s RiskScore) Ballot() RiskBallot {
	return RiskBallot{Session: s.Session, By: s.By, Salt: s.Salt, Scores: s.Scores}
}

// Revealed tells whether the scores are told.
func (s RiskScore) Revealed() bool { return len(s.Scores) > 0 }

// Validate checks the score alone: revealed scores are those that were committed.
func (s RiskScore) Validate() []Problem {
	c := examine(s)
	c.digest(s.Commitment, "commitment")
	checkRatings(c, s.Scores, "scores")
	c.when(s.Scored < 0, "scored", "A number of risks is not negative.", "Count those that are scored.")
	c.when(s.Revealed() && int64(len(s.Scores)) != s.Scored, "scores", fmt.Sprintf("%d scores are revealed, and %d were committed.", len(s.Scores), s.Scored), "Reveal those that were committed.")
	c.when(s.Revealed() && s.Ballot().Commitment() != s.Commitment, "commitment", "The scores are not those that were committed.", "Reveal those that were committed.")
	c.when(s.Revealed() && s.RevealedOn == "", "revealed_on", "Scores are told before the session was revealed.", "Reveal the session.")
	c.when(s.Revealed() && s.Lost != "", "lost", "The scores are told and said to be lost.", "Keep one of the two.")
	return c.problems
}

// RiskPrompt is a question of the session that reminds of what scores alone forget.
type RiskPrompt struct {
	// ID names it in records and never changes.
	ID string
	// Fraud tells prompts about fraud from those about change.
	Fraud bool
	// Title and Text are what a person reads.
	Title, Text string
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
	// By and On are who recorded it and when.
	By string `json:"by" label:"Recorded by" ref:"person" required:"true"`
	On Date   `json:"on" label:"On" required:"true"`
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
	// OpenedOn is the day on which scoring began, Due the last day for it.
	OpenedOn Date `json:"opened_on" label:"Opened on" required:"true"`
	Due      Date `json:"due,omitempty" label:"Scores due"`
	// Phase is how far it has come.
	Phase RiskPhase `json:"phase" label:"Phase" required:"true"`
	// RevealedOn and RevealedBy are when and by whom the scores were revealed.
	RevealedOn Date   `json:"revealed_on,omitempty" label:"Revealed on"`
	RevealedBy string `json:"revealed_by,omitempty" label:"Revealed by" ref:"person"`
	// Agreed are the ratings that the group agreed on, each with its reason.
	Agreed []RiskRating `json:"agreed,omitempty" label:"Agreed ratings"`
	// Considered is what the group thought about beside.
	Considered []RiskConsideration `json:"considered,omitempty" label:"Fraud and change"`
	// ClosedOn and ClosedBy are when and by whom it was closed or withdrawn.
	ClosedOn Date   `json:"closed_on,omitempty" label:"Closed on"`
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
