package soc1

import "strings"

// EventNature is what kind of thing happened.
type EventNature string

// What happens in a period and may matter to a report.
const (
	EventChange          EventNature = "change"
	EventIncident        EventNature = "incident"
	EventProcessingError EventNature = "processing_error"
	EventComplaint       EventNature = "complaint"
	EventFraud           EventNature = "fraud_allegation"
	EventNoncompliance   EventNature = "noncompliance"
)

var eventNatures = enumeration{
	{"change", "Change"}, {"incident", "Incident"}, {"processing_error", "Processing error"}, {"complaint", "Complaint"},
	{"fraud_allegation", "Allegation of fraud"}, {"noncompliance", "Noncompliance or finding of a regulator"},
}

// Values lists the stored spellings.
func (EventNature) Values() []string { return eventNatures.values() }

// Label is the words a person reads.
func (n EventNature) Label() string { return eventNatures.label(string(n)) }

// Disclosed reports whether management represents such a thing to the service
// auditor whatever its effect: noncompliance and actual, suspected or alleged fraud
// (AT-C 320, written representations).
func (n EventNature) Disclosed() bool { return n == EventFraud || n == EventNoncompliance }

// Event is something that happened and may matter to a report: to the description,
// to controls, to what management represents, or because it came after the period.
// Whether it does is an EventAssessment, one for each report.
type Event struct {
	// Title says in a few words what happened.
	Title string `json:"title" label:"Title" required:"true"`
	// Nature is what kind of thing it was.
	Nature EventNature `json:"nature" label:"Nature" required:"true"`
	// Text says what happened.
	Text string `json:"text" label:"What happened" required:"true" multiline:"true" help:"What, where, how it was noticed. Of an allegation, name nobody: everybody of the organization reads this, and the case's file stays where it is kept."`
	// Began is the first day on which it happened or was in effect.
	Began Date `json:"began" label:"Began on" required:"true"`
	// Ended is the last day; empty while it lasts, or where it was one day.
	Ended Date `json:"ended,omitempty" label:"Ended on" help:"Empty where it was one day, or lasts."`
	// Lasts says that it has not ended.
	Lasts bool `json:"lasts,omitempty" label:"Still going on"`
	// KnownOn is the day on which the organization learned of it.
	KnownOn Date `json:"known_on,omitempty" label:"Known since" help:"The day on which the organization learned of it; empty means the day on which it began."`
	// Owner is who reported it.
	Owner string `json:"owner" label:"Reported by" ref:"person" required:"true"`
	// Reference is its number where it is worked on, such as a ticket or a case.
	Reference string `json:"reference,omitempty" label:"Reference" help:"The number of the ticket or the case."`
	// Systems are those concerned.
	Systems []string `json:"systems,omitempty" label:"Systems" ref:"system"`
	// TransactionClasses are those concerned.
	TransactionClasses []string `json:"transaction_classes,omitempty" label:"Classes of transactions" ref:"transaction_class"`
	// Controls are those that failed, were missing or were changed.
	Controls []string `json:"controls,omitempty" label:"Controls" ref:"control" help:"Those that failed to prevent or to detect it, or that it changed."`
	// UserEntities are those affected.
	UserEntities []string `json:"user_entities,omitempty" label:"User entities affected" ref:"user_entity"`
	// Transactions is how many transactions were wrong, late or lost; 0 where none
	// was or nobody knows.
	Transactions int64 `json:"transactions,omitempty" label:"Transactions affected"`
	// Amount is what they come to.
	Amount Money `json:"amount,omitzero" label:"Amount affected"`
	// Cause says why it happened.
	Cause string `json:"cause,omitempty" label:"Cause" multiline:"true"`
	// Response says what was done.
	Response string `json:"response,omitempty" label:"What was done" multiline:"true"`
	// ResolvedOn is the day on which it was put right, errors corrected.
	ResolvedOn Date `json:"resolved_on,omitempty" label:"Put right on" help:"The day by which what was wrong had been corrected."`
	// ToldOn is the day on which affected user entities were told.
	ToldOn Date `json:"told_on,omitempty" label:"User entities told on"`
	// Evidence shows it.
	Evidence []string `json:"evidence,omitempty" label:"Evidence" ref:"evidence"`
}

// Validate checks the event alone.
func (e Event) Validate() []Problem {
	c := examine(e)
	c.ordered(e.Began, e.Ended, "began", "ended")
	c.ordered(e.Began, e.KnownOn, "began", "known_on")
	c.ordered(e.Began, e.ResolvedOn, "began", "resolved_on")
	c.ordered(e.Began, e.ToldOn, "began", "told_on")
	c.when(e.Lasts && e.Ended != "", "ended", "The event has ended and is said to be going on.", "Remove one of the two.")
	c.when(e.Transactions < 0, "transactions", "There cannot be fewer than no transactions.", "Give 0 or more.")
	c.when(e.Amount.Minor < 0, "amount.minor", "The amount is negative.", "Give what the transactions come to, without a sign.")
	c.when(e.Nature == EventChange && (e.Transactions > 0 || e.Amount != (Money{})), "nature", "A change is said to have affected transactions.",
		"Record what went wrong as a processing error or an incident of its own.")
	return c.problems
}

// Last is the last day on which it happened, as far as is known on a day.
func (e Event) Last(today Date) Date {
	if e.Lasts {
		return max(e.Began, today)
	}
	return max(e.Began, e.Ended)
}

// Known is the day on which the organization learned of it.
func (e Event) Known() Date {
	if e.KnownOn != "" {
		return e.KnownOn
	}
	return e.Began
}

// Uncorrected reports whether something was processed wrongly and is not put right
// by a day.
func (e Event) Uncorrected(by Date) bool {
	return e.Nature == EventProcessingError && (e.ResolvedOn == "" || e.ResolvedOn > by)
}

// Answer is yes or no where no answer must be told from no.
type Answer string

// The answers.
const (
	Yes Answer = "yes"
	No  Answer = "no"
)

var answers = enumeration{{"yes", "Yes"}, {"no", "No"}}

// Values lists the stored spellings.
func (Answer) Values() []string { return answers.values() }

// Label is the word a person reads.
func (a Answer) Label() string { return answers.label(string(a)) }

// EventEffect is whether an event bears on one side of a report, and why.
type EventEffect struct {
	// Answer is whether it does.
	Answer Answer `json:"answer" label:"Bears on it" required:"true"`
	// Why says why it does, or why it does not.
	Why string `json:"why" label:"Why" required:"true" multiline:"true"`
	// Answered are the records that take it up: a significant change or a section of
	// the description, an exception, a deviation, a test or a plan of remediation.
	Answered []Ref `json:"answered,omitempty" label:"Taken up by"`
}

// EventAssessment is what an event means for one report, as somebody holds it. It is
// of one revision of the event: what is learned later is assessed again.
type EventAssessment struct {
	// Event is what is assessed.
	Event string `json:"event" label:"Event" ref:"event" required:"true"`
	// Revision is the one of it that was assessed.
	Revision int64 `json:"revision" label:"Revision assessed" required:"true"`
	// Engagement is the report.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// Description is whether the description has to tell of it.
	Description EventEffect `json:"description" label:"Description" required:"true"`
	// Controls is whether controls failed, were not suitably designed or were changed.
	Controls EventEffect `json:"controls" label:"Controls" required:"true"`
	// Representations is whether management discloses it in its letter.
	Representations EventEffect `json:"representations" label:"Representations" required:"true"`
	// Subsequent is whether it is a subsequent event: came or became known after the
	// period and before the date of the report, and would change what a reader makes
	// of it.
	Subsequent EventEffect `json:"subsequent" label:"Subsequent event" required:"true"`
	// AssessedBy is who holds it so.
	AssessedBy string `json:"assessed_by" label:"Assessed by" ref:"person" required:"true"`
	// AssessedOn is the day.
	AssessedOn Date `json:"assessed_on" label:"Assessed on" required:"true"`
}

// NamedEffect is one of the four sides of a report that an assessment speaks of.
type NamedEffect struct {
	// Field is the stored name of the side.
	Field string `json:"-"`
	// Label is what a person reads.
	Label string `json:"-"`
	// On is how a sentence has it: whether it bears on this.
	On string `json:"-"`
	EventEffect
}

// Effects are the four sides in order.
func (a EventAssessment) Effects() []NamedEffect {
	return []NamedEffect{
		{"description", "Description", "the description", a.Description}, {"controls", "Controls", "controls", a.Controls},
		{"representations", "Representations", "what management represents", a.Representations}, {"subsequent", "Subsequent event", "what came after the period", a.Subsequent},
	}
}

// Validate checks the assessment alone.
func (a EventAssessment) Validate() []Problem {
	c := examine(a)
	c.when(a.Revision < 1, "revision", "The assessment names no revision of the event.", "Name the one that was assessed, 1 or more.")
	for _, x := range a.Effects() {
		c.when(x.Answer != Yes && len(x.Answered) > 0, x.Field+".answered", "It does not bear on this, and records are named that take it up.",
			"Answer yes, or remove the records.")
	}
	return c.problems
}

// EventConfirmation is somebody's word that they know of nothing else than the
// register holds, up to a day. A register proves what stands in it; that nothing is
// missing only people can say, each for what they see.
type EventConfirmation struct {
	// Engagement is the report for which it was asked.
	Engagement string `json:"engagement" label:"Engagement" ref:"engagement" required:"true"`
	// By is whose word it is.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// Through is the last day that it covers.
	Through Date `json:"through" label:"Up to" required:"true"`
	// On is the day on which it was given.
	On Date `json:"on" label:"Given on" required:"true"`
	// Remark says what goes with it.
	Remark string `json:"remark,omitempty" label:"Remark" multiline:"true"`
}

// Validate checks the confirmation alone.
func (e EventConfirmation) Validate() []Problem {
	c := examine(e)
	c.when(e.Through > e.On, "through", "Nobody knows today what happens later.", "Confirm up to the day on which you do so at most.")
	return c.problems
}

// Mentions reports whether a text tells of an event: by its reference, or by its
// title.
func (e Event) Mentions(text string) bool {
	text = strings.ToLower(text)
	in := func(s string) bool {
		s = strings.ToLower(strings.TrimSpace(s))
		return s != "" && strings.Contains(text, s)
	}
	return in(e.Reference) || in(e.Title)
}
