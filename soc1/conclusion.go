package soc1

import "fmt"

// SubjectKind is what a conclusion is about.
type SubjectKind string

// The subjects.
const (
	OnControl   SubjectKind = "control"
	OnObjective SubjectKind = "control_objective"
)

var subjectKinds = enumeration{{"control", "Control"}, {"control_objective", "Control objective"}}

// Values lists the stored spellings.
func (SubjectKind) Values() []string { return subjectKinds.values() }

// Label is the word a person reads.
func (s SubjectKind) Label() string { return subjectKinds.label(string(s)) }

// ConclusionLimb is the question that a conclusion answers.
type ConclusionLimb string

// The limbs of a conclusion: would it work, is it there, did it work.
const (
	ConcludeDesign         ConclusionLimb = "design"
	ConcludeImplementation ConclusionLimb = "implementation"
	ConcludeOperating      ConclusionLimb = "operating_effectiveness"
)

var conclusionLimbs = enumeration{
	{"design", "Design"}, {"implementation", "Implementation"}, {"operating_effectiveness", "Operating effectiveness"},
}

// Values lists the stored spellings.
func (ConclusionLimb) Values() []string { return conclusionLimbs.values() }

// Label is the word a person reads.
func (l ConclusionLimb) Label() string { return conclusionLimbs.label(string(l)) }

// Verdict is the outcome of a conclusion. Controls are effective or not,
// objectives achieved or not.
type Verdict string

// The verdicts.
const (
	Effective    Verdict = "effective"
	NotEffective Verdict = "not_effective"
	Achieved     Verdict = "achieved"
	NotAchieved  Verdict = "not_achieved"
)

var verdicts = enumeration{
	{"effective", "Effective"}, {"not_effective", "Not effective"}, {"achieved", "Achieved"}, {"not_achieved", "Not achieved"},
}

// Values lists the stored spellings.
func (Verdict) Values() []string { return verdicts.values() }

// Label is the word a person reads.
func (v Verdict) Label() string { return verdicts.label(string(v)) }

// Favorable reports whether the verdict is effective or achieved.
func (v Verdict) Favorable() bool { return v == Effective || v == Achieved }

// Conclusion is what a person concluded about a control or an objective. It
// is never pre-filled and never without reasons.
type Conclusion struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Subject is what the conclusion is about.
	Subject SubjectKind `json:"subject" label:"Subject" required:"true"`
	// SubjectID is the id of the control or objective.
	SubjectID string `json:"subject_id" label:"Subject id" required:"true"`
	// Limb is the question answered.
	Limb ConclusionLimb `json:"limb" label:"Question" required:"true"`
	// WindowFrom is the first day concluded on; empty means the whole
	// engagement.
	WindowFrom Date `json:"window_from,omitempty" label:"Window from" help:"Only when the conclusion is not for the whole engagement."`
	// WindowTo is the last day concluded on.
	WindowTo Date `json:"window_to,omitempty" label:"Window to"`
	// Outcome is the verdict.
	Outcome Verdict `json:"outcome" label:"Outcome" required:"true"`
	// Reasons say why.
	Reasons string `json:"reasons" label:"Reasons" required:"true" multiline:"true"`
	// By is who concluded.
	By string `json:"by" label:"Concluded by" ref:"person" required:"true"`
	// On is the day of the conclusion.
	On Date `json:"on" label:"Concluded on" required:"true"`
	// OverridesLimitReason says why a control is effective although the upper
	// limit exceeds the tolerable rate.
	OverridesLimitReason string `json:"overrides_limit_reason,omitempty" label:"Reason for overriding the limit" multiline:"true" help:"Only when the outcome is effective although the upper limit exceeds the tolerable rate."`
	// Reliance says on what it rests that one item stands for the whole
	// period, where change management of the system did not operate.
	Reliance string `json:"reliance,omitempty" label:"What the reliance on one item rests on" multiline:"true" help:"For an automated control tested once: the procedure that shows that nothing changed it, such as its configuration compared at both ends of the period."`
}

// Validate checks the conclusion alone.
func (x Conclusion) Validate() []Problem {
	c := examine(x)
	c.ordered(x.WindowFrom, x.WindowTo, "window_from", "window_to")
	control := x.Outcome == Effective || x.Outcome == NotEffective
	objective := x.Outcome == Achieved || x.Outcome == NotAchieved
	c.when(x.Subject == OnControl && objective, "outcome", "A control is effective or not; only an objective is achieved.",
		"Use effective or not_effective.")
	c.when(x.Subject == OnObjective && control, "outcome", "An objective is achieved or not; only a control is effective.",
		"Use achieved or not_achieved.")
	c.when(!blank(x.Reliance) && !Substantive(x.Reliance), "reliance", fmt.Sprintf("%q does not say what the reliance rests on.", x.Reliance),
		"Describe the procedure: what was compared or inspected, for which days, and what it showed.")
	c.when(!blank(x.OverridesLimitReason) && !x.Outcome.Favorable() && x.Outcome != "", "overrides_limit_reason",
		"A limit is overridden only by a favorable conclusion.", "Remove the reason or correct the outcome.")
	return c.problems
}

// OpinionLimbs are the auditor's opinions on the three limbs.
type OpinionLimbs struct {
	// Description is on whether the description fairly presents the system.
	Description OpinionType `json:"description" label:"Description" required:"true"`
	// Design is on whether controls were suitably designed.
	Design OpinionType `json:"design" label:"Design" required:"true"`
	// Operating is on whether controls operated effectively; Type II only.
	Operating OpinionType `json:"operating_effectiveness,omitempty" label:"Operating effectiveness" help:"Type II only."`
}

// Of is the opinion on one limb, empty when there is none.
func (l OpinionLimbs) Of(limb OpinionLimb) OpinionType {
	switch limb {
	case LimbDescription:
		return l.Description
	case LimbDesign:
		return l.Design
	case LimbOperating:
		return l.Operating
	}
	return ""
}

// Modified reports whether any limb is modified.
func (l OpinionLimbs) Modified() bool {
	return l.Description.Modified() || l.Design.Modified() || l.Operating.Modified()
}

// OpinionBasis is a paragraph that says why a limb is modified.
type OpinionBasis struct {
	// Limb is the limb modified.
	Limb OpinionLimb `json:"limb" label:"Limb" required:"true"`
	// Objective is the objective not achieved, when there is one.
	Objective string `json:"objective,omitempty" label:"Control objective" ref:"control_objective"`
	// Text names control, facts and effect.
	Text string `json:"text" label:"Basis" required:"true" multiline:"true"`
}

// Opinion is the service auditor's opinion as the partner entered it.
type Opinion struct {
	// Engagement is the report it belongs to.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Limbs are the opinions on the three limbs.
	Limbs OpinionLimbs `json:"limbs" label:"Opinion" required:"true"`
	// Basis are the paragraphs for what is modified.
	Basis []OpinionBasis `json:"basis,omitempty" label:"Basis for modification"`
	// Emphasis are paragraphs that point to something in the description.
	Emphasis []string `json:"emphasis,omitempty" label:"Emphasis-of-matter paragraphs" multiline:"true"`
	// OtherMatter are paragraphs on something that is not in it.
	OtherMatter []string `json:"other_matter,omitempty" label:"Other-matter paragraphs" multiline:"true"`
	// PervasiveReasons say why the effects are pervasive, or why they are
	// contained; no percentage decides it.
	PervasiveReasons string `json:"pervasive_reasons,omitempty" label:"Reasons on pervasiveness" multiline:"true" help:"Why the effects are pervasive, for an adverse opinion or a disclaimer."`
	// By is the partner.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// On is the day on which the opinion was entered.
	On Date `json:"on" label:"Entered on" required:"true"`
	// ReportDate is the date of the report: when the evidence was sufficient
	// and the representation letter dated.
	ReportDate Date `json:"report_date,omitempty" label:"Report date"`
}

// Validate checks the opinion alone: what is modified has its basis, what is
// not has none, and pervasiveness is reasoned.
func (o Opinion) Validate() []Problem {
	c := examine(o)
	bases := map[OpinionLimb]int{}
	for i, b := range o.Basis {
		bases[b.Limb]++
		c.when(b.Limb != "" && !o.Limbs.Of(b.Limb).Modified(), at("basis", i, "limb"),
			fmt.Sprintf("A basis is given for a limb that is not modified: %s.", b.Limb.Label()), "Modify the limb or remove the basis.")
	}
	pervasive := false
	for _, limb := range opinionLimbs.values() {
		opinion := o.Limbs.Of(OpinionLimb(limb))
		c.when(opinion.Modified() && bases[OpinionLimb(limb)] == 0, "basis",
			fmt.Sprintf("The opinion on %s is %s without a basis.", limb, opinion), "Add a basis paragraph for this limb.")
		pervasive = pervasive || opinion == Adverse || opinion == Disclaimer
	}
	c.when(pervasive && blank(o.PervasiveReasons), "pervasive_reasons", "An adverse opinion or a disclaimer is given without saying why the matter is pervasive.",
		"Write the reasons.")
	for i, text := range o.Emphasis {
		c.when(blank(text), at("emphasis", i, ""), "The paragraph is empty.", "Write it or remove it.")
	}
	for i, text := range o.OtherMatter {
		c.when(blank(text), at("other_matter", i, ""), "The paragraph is empty.", "Write it or remove it.")
	}
	return c.problems
}
