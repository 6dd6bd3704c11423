package soc1

import (
	"fmt"
	"slices"
)

// Precondition is one thing that must be so before an examination is accepted
// (AT-C 105, AT-C 320), in words of our own.
type Precondition string

// The preconditions in the order of the checklist.
const (
	PreIndependence   Precondition = "independence"
	PreCompetence     Precondition = "competence"
	PreSubjectMatter  Precondition = "subject_matter"
	PreResponsibility Precondition = "responsibility"
	PreCriteria       Precondition = "criteria"
	PreAccess         Precondition = "access"
	PreAssertion      Precondition = "assertion"
	PreUseful         Precondition = "useful"
	PreIntegrity      Precondition = "integrity"
	PreTerms          Precondition = "terms"
)

var preconditions = enumeration{
	{"independence", "The firm and everybody on the team are independent of the service organization, and meet the other ethical requirements"},
	{"competence", "The team together has the competence and the time: the industry, information technology, systems and sampling"},
	{"subject_matter", "The system and its controls are a subject matter that can be described and evaluated"},
	{"responsibility", "Management acknowledges that it is responsible for the description, the assertion, the objectives, the risks and the controls"},
	{"criteria", "The criteria that management uses are suitable and available to those who use the report"},
	{"access", "Management gives access to all information and unrestricted access to the people who have it"},
	{"assertion", "Management provides a written assertion and has a reasonable basis for it"},
	{"useful", "Scope and description are not so limited that the report is unlikely to be useful to user entities and their auditors"},
	{"integrity", "Nothing known of management gives reason to doubt its integrity"},
	{"terms", "The terms, among them a written report of restricted use, are agreed in an engagement letter"},
}

// Values lists the stored spellings.
func (Precondition) Values() []string { return preconditions.values() }

// Label is the words a person reads.
func (p Precondition) Label() string { return preconditions.label(string(p)) }

// PreconditionAnswer is the answer to one precondition.
type PreconditionAnswer struct {
	// Point is the precondition.
	Point Precondition `json:"point" label:"Precondition" required:"true"`
	// Answer says whether it is met.
	Answer Answer `json:"answer" label:"Met" required:"true"`
	// Why says what shows that.
	Why string `json:"why" label:"What shows it" required:"true" multiline:"true" sensitive:"confidential"`
}

// AcceptanceDecision is what the firm decided.
type AcceptanceDecision string

// The decisions.
const (
	Accepted AcceptanceDecision = "accepted"
	Declined AcceptanceDecision = "declined"
)

var acceptanceDecisions = enumeration{{"accepted", "Accepted"}, {"declined", "Declined"}}

// Values lists the stored spellings.
func (AcceptanceDecision) Values() []string { return acceptanceDecisions.values() }

// Label is the word a person reads.
func (d AcceptanceDecision) Label() string { return acceptanceDecisions.label(string(d)) }

// Acceptance is the engagement partner's decision whether the firm examines, with
// the preconditions that it rests on. A later one replaces it and it stays on record.
type Acceptance struct {
	// Engagement is the engagement accepted.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Preconditions are the answers, one for each.
	Preconditions []PreconditionAnswer `json:"preconditions" label:"Preconditions" required:"true"`
	// Competence says who brings which knowledge, and which specialist is needed.
	Competence string `json:"competence" label:"Competence" required:"true" multiline:"true" sensitive:"confidential"`
	// Decision is what was decided.
	Decision AcceptanceDecision `json:"decision" label:"Decision" required:"true"`
	// Conclusion says why.
	Conclusion string `json:"conclusion" label:"Conclusion" required:"true" multiline:"true" sensitive:"confidential"`
	// By is the engagement partner.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day of the decision.
	On Date `json:"on" label:"On" required:"true"`
}

// Validate checks the acceptance alone.
func (a Acceptance) Validate() []Problem {
	c := examine(a)
	var seen []Precondition
	for i, p := range a.Preconditions {
		c.when(slices.Contains(seen, p.Point), at("preconditions", i, "point"), "The precondition is answered twice.", "Keep one answer.")
		seen = append(seen, p.Point)
		c.when(p.Answer == No && a.Decision == Accepted, at("preconditions", i, "answer"), "A precondition is not met, and the engagement is accepted all the same.",
			"Decline, or have the precondition met first.")
	}
	for _, v := range preconditions.values() {
		c.when(len(a.Preconditions) > 0 && !slices.Contains(seen, Precondition(v)), "preconditions", fmt.Sprintf("The precondition %q is not answered.", v),
			"Answer each: "+Precondition(v).Label()+".")
	}
	return c.problems
}

// ThreatKind is how something could bear on somebody's independence.
type ThreatKind string

// The kinds of threats of the conceptual framework that the profession uses.
const (
	ThreatSelfInterest  ThreatKind = "self_interest"
	ThreatSelfReview    ThreatKind = "self_review"
	ThreatAdvocacy      ThreatKind = "advocacy"
	ThreatFamiliarity   ThreatKind = "familiarity"
	ThreatInfluence     ThreatKind = "undue_influence"
	ThreatParticipation ThreatKind = "management_participation"
	ThreatAdverse       ThreatKind = "adverse_interest"
)

var threatKinds = enumeration{
	{"self_interest", "Self-interest"}, {"self_review", "Self-review"}, {"advocacy", "Advocacy"}, {"familiarity", "Familiarity"},
	{"undue_influence", "Undue influence"}, {"management_participation", "Management participation"}, {"adverse_interest", "Adverse interest"},
}

// Values lists the stored spellings.
func (ThreatKind) Values() []string { return threatKinds.values() }

// Label is the words a person reads.
func (k ThreatKind) Label() string { return threatKinds.label(string(k)) }

// IndependenceThreat is something that could bear on somebody's independence, and
// what is done about it.
type IndependenceThreat struct {
	// Threat is its kind.
	Threat ThreatKind `json:"threat" label:"Threat" required:"true"`
	// Text says what it is.
	Text string `json:"text" label:"What it is" required:"true" multiline:"true" sensitive:"personal"`
	// Safeguard says what removes it or makes it acceptable.
	Safeguard string `json:"safeguard,omitempty" label:"Safeguard" multiline:"true"`
}

// IndependenceConfirmation is one team member's own word on their independence of
// the service organization.
type IndependenceConfirmation struct {
	// Engagement is the engagement it is about.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// By is whose word it is.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// Independent says whether the person is independent, safeguards considered.
	Independent Answer `json:"independent" label:"Independent" required:"true"`
	// Threats are what the person has to tell; none is the usual case.
	Threats []IndependenceThreat `json:"threats,omitempty" label:"Threats and safeguards"`
	// On is the day on which it was given.
	On Date `json:"on" label:"On" required:"true"`
}

// Validate checks the confirmation alone.
func (x IndependenceConfirmation) Validate() []Problem {
	c := examine(x)
	for i, t := range x.Threats {
		c.when(x.Independent == Yes && blank(t.Safeguard), at("threats", i, "safeguard"), "A threat is told, and nothing is done about it.",
			"Name the safeguard, or answer that you are not independent.")
	}
	c.when(x.Independent == No && len(x.Threats) == 0, "threats", "Nothing says what bears on the independence.", "Name the threat.")
	return c.problems
}

// Materiality says in words what would matter to those who use the report. A SOC 1
// examination has no amount for it.
type Materiality struct {
	// Engagement is the engagement it is about.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Users says what user entities and their auditors need the report for.
	Users string `json:"users" label:"Needs of users" required:"true" multiline:"true" help:"Which amounts of their financial statements depend on the service, and how."`
	// Description says which omission or error in the description would matter.
	Description string `json:"description" label:"Fair presentation" required:"true" multiline:"true" help:"Which omission or misstatement of the description would change what they decide."`
	// Design says which weakness of design would matter.
	Design string `json:"design" label:"Suitability of design" required:"true" multiline:"true"`
	// Operation says which deviations would matter, by nature, cause and rate.
	Operation string `json:"operation,omitempty" label:"Operating effectiveness" multiline:"true" help:"For Type II: the tolerable rate, the observed rate, and what weighs more than a rate, such as intent."`
}

// Validate checks the materiality alone.
func (m Materiality) Validate() []Problem { return examine(m).problems }

// Milestone is a day by which something of the examination is to be done.
type Milestone struct {
	// Title says what.
	Title string `json:"title" label:"What" required:"true"`
	// On is the day planned.
	On Date `json:"on" label:"Planned for" required:"true"`
	// DoneOn is the day on which it was done.
	DoneOn Date `json:"done_on,omitempty" label:"Done on"`
	// Responsible is who sees to it.
	Responsible string `json:"responsible,omitempty" label:"Responsible" ref:"person"`
}

// Timetable is when the examination is done.
type Timetable struct {
	// Engagement is the engagement it is about.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Milestones are in the order of their days.
	Milestones []Milestone `json:"milestones" label:"Milestones" required:"true"`
	// InterimTo is the last day tested at interim; empty tests the period at once.
	InterimTo Date `json:"interim_to,omitempty" label:"Interim tests through" help:"The last day tested at interim; a roll-forward covers the rest. Leave empty to test the period at once."`
}

// Validate checks the timetable alone.
func (t Timetable) Validate() []Problem {
	c := examine(t)
	for i := 1; i < len(t.Milestones); i++ {
		c.when(t.Milestones[i].On != "" && t.Milestones[i].On < t.Milestones[i-1].On, at("milestones", i, "on"), "The milestone lies before the one above it.",
			"Order milestones by day.")
	}
	return c.problems
}

// ProfileRow is the size of a sample for one frequency.
type ProfileRow struct {
	// Frequency is how often the control operates.
	Frequency Frequency `json:"frequency" label:"Frequency" required:"true"`
	// Occurrences are those of twelve months that the row stands for.
	Occurrences int64 `json:"occurrences" label:"Occurrences in twelve months" required:"true"`
	// Low is the items to test at lower risk.
	Low int64 `json:"low" label:"Items, low risk" required:"true"`
	// High is the items to test at higher risk.
	High int64 `json:"high" label:"Items, high risk" required:"true"`
}

// MethodProfile is how a firm sizes and judges samples: its frequency table and its
// rates. The firm keeps it as a file and brings it into each examination; the version
// says which it is.
type MethodProfile struct {
	// Name is what the firm calls it.
	Name string `json:"name" label:"Name" required:"true"`
	// Version tells its versions apart.
	Version string `json:"version" label:"Version" required:"true"`
	// Source says where the sizes come from and who in the firm answers for them.
	Source string `json:"source" label:"Source" required:"true" multiline:"true" help:"No standard sets sizes: say whose they are, and why the firm holds them to be enough."`
	// Rows is the table, from the rarest frequency to the most common.
	Rows []ProfileRow `json:"rows" label:"Frequency table" required:"true"`
	// Confidence is one minus the risk of overreliance.
	Confidence BasisPoints `json:"confidence_bp,omitempty" label:"Confidence (bp)" help:"Hundredths of a percent: 9500 means 95%, and so does an empty field."`
	// Tolerable is the rate of deviation that is still acceptable.
	Tolerable BasisPoints `json:"tolerable_bp,omitempty" label:"Tolerable rate (bp)" help:"Hundredths of a percent: 500 means 5%, and so does an empty field."`
	// Expected is the rate of deviation expected.
	Expected BasisPoints `json:"expected_bp,omitempty" label:"Expected rate (bp)"`
	// ZeroTolerance says that any deviation means to expand or to fail.
	ZeroTolerance bool `json:"zero_tolerance,omitempty" label:"Zero tolerance"`
	// HighRiskFrom is the rating of a risk, likelihood times impact, from which on a
	// control that answers it is tested at higher risk.
	HighRiskFrom int `json:"high_risk_from,omitempty" label:"Higher risk from rating" help:"Likelihood times impact, 1 to 25; empty means 12."`
	// Expansion says when a sample may be expanded and by how much, before any is drawn.
	Expansion string `json:"expansion" label:"Expansion rule" required:"true" multiline:"true"`
}

// Validate checks the profile alone.
func (p MethodProfile) Validate() []Problem {
	c := examine(p)
	c.short(p.Name, 80, "name", "Name")
	c.short(p.Version, MarkLimit, "version", "Version")
	c.rates(p.Confidence, p.TolerableRate(), p.Expected, "")
	if p.HighRiskFrom != 0 {
		c.within(p.HighRiskFrom, 1, 25, "high_risk_from")
	}
	for i, r := range p.Rows {
		c.when(r.Frequency == AutomatedContinuous, at("rows", i, "frequency"), "An automated control is tested once for each rule, whatever the table.", "Leave the row out.")
		c.when(r.Low < 0 || r.High < r.Low && r.High != 0 || r.High > MaxProfileItems, at("rows", i, "high"), "The size falls as the risk rises, or is out of bounds.",
			fmt.Sprintf("Give at least as many items at high risk as at low, at most %d.", MaxProfileItems))
		c.when(r.Occurrences < 0, at("rows", i, "occurrences"), "There cannot be fewer than no occurrences.", "Give those of twelve months.")
		c.when(i > 0 && r.Occurrences < p.Rows[i-1].Occurrences, at("rows", i, "occurrences"), "The row is rarer than the one above it.", "Order rows from the rarest.")
		c.when(slices.ContainsFunc(p.Rows[:i], func(o ProfileRow) bool { return o.Frequency == r.Frequency && r.Frequency != "" }), at("rows", i, "frequency"), "The frequency is listed twice.", "Keep one row.")
	}
	return c.problems
}

// MaxProfileItems bounds the size of a sample in a profile.
const MaxProfileItems = 10000

// TableName is how tests name the table of this version.
func (p MethodProfile) TableName() string { return p.Name + " " + p.Version }

// ConfidenceRate is the confidence, the usual one where none is stated.
func (p MethodProfile) ConfidenceRate() BasisPoints {
	if p.Confidence == 0 {
		return 9500
	}
	return p.Confidence
}

// TolerableRate is the tolerable rate, the usual one where none is stated.
func (p MethodProfile) TolerableRate() BasisPoints {
	if p.Tolerable == 0 {
		return 500
	}
	return p.Tolerable
}

// HighRating is the rating from which on a risk is a higher one.
func (p MethodProfile) HighRating() int {
	if p.HighRiskFrom == 0 {
		return 12
	}
	return p.HighRiskFrom
}

// PlanApproval is a second person's approval of the plan as it stood then. It holds as
// long as the plan says the same: whatever is changed later reopens it, and the approval
// stays on record as what it was.
type PlanApproval struct {
	// Engagement is the engagement whose plan is approved.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// By is who approved it.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// At is when.
	At Instant `json:"at" label:"At" required:"true"`
	// SHA256 is over the records of the plan, as planning.Plan.Digest has it.
	SHA256 string `json:"sha256" label:"SHA-256 of the plan" required:"true"`
	// Records counts them.
	Records int64 `json:"records" label:"Records approved"`
	// Position is the number of entries of the ledger when it was approved.
	Position int64 `json:"position" label:"Entries when approved"`
	// Remark is what goes with it.
	Remark string `json:"remark,omitempty" label:"Remark" multiline:"true" sensitive:"confidential"`
}

// Validate checks the approval alone.
func (a PlanApproval) Validate() []Problem {
	c := examine(a)
	c.digest(a.SHA256, "sha256")
	c.natural(a.Records, "records")
	c.natural(a.Position, "position")
	return c.problems
}
