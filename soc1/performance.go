package soc1

import (
	"fmt"
	"slices"
)

// PerformanceOutcome is what came of one performance of a control.
type PerformanceOutcome string

// The outcomes.
const (
	PerformedClean  PerformanceOutcome = "performed"
	PerformedExcept PerformanceOutcome = "with_exceptions"
	NotPerformed    PerformanceOutcome = "not_performed"
)

var performanceOutcomes = enumeration{
	{"performed", "Performed without exception"}, {"with_exceptions", "Performed with exceptions"}, {"not_performed", "Not performed"},
}

// Values lists the stored spellings.
func (PerformanceOutcome) Values() []string { return performanceOutcomes.values() }

// Label is the words a person reads.
func (o PerformanceOutcome) Label() string { return performanceOutcomes.label(string(o)) }

// PerformanceStatus is how far a performance is.
type PerformanceStatus string

// The states. Without a reviewer a performance is complete when it is signed.
const (
	PerformanceSigned   PerformanceStatus = "waits_for_review"
	PerformanceAccepted PerformanceStatus = "accepted"
	PerformanceReturned PerformanceStatus = "returned"
	PerformanceComplete PerformanceStatus = "complete"
)

var performanceStatuses = enumeration{
	{"waits_for_review", "Waits for review"}, {"accepted", "Accepted"}, {"returned", "Returned"}, {"complete", "Complete"},
}

// Values lists the stored spellings.
func (PerformanceStatus) Values() []string { return performanceStatuses.values() }

// Label is the words a person reads.
func (s PerformanceStatus) Label() string { return performanceStatuses.label(string(s)) }

// Done reports whether nothing is left to do: signed, and reviewed where a review
// is asked for.
func (s PerformanceStatus) Done() bool { return s == PerformanceAccepted || s == PerformanceComplete }

// StepAnswer is how one item of a control's checklist was answered.
type StepAnswer string

// The answers. An item that is not done is an exception.
const (
	StepDone          StepAnswer = "done"
	StepNotDone       StepAnswer = "not_done"
	StepNotApplicable StepAnswer = "not_applicable"
)

var stepAnswers = enumeration{{"done", "Done"}, {"not_done", "Not done"}, {"not_applicable", "Not applicable"}}

// Values lists the stored spellings.
func (StepAnswer) Values() []string { return stepAnswers.values() }

// Label is the words a person reads.
func (a StepAnswer) Label() string { return stepAnswers.label(string(a)) }

// ChecklistAnswer is one item of the checklist with its answer.
type ChecklistAnswer struct {
	// Text is the item as the control had it.
	Text string `json:"text" label:"Item" required:"true"`
	// Answer is how it was answered.
	Answer StepAnswer `json:"answer" label:"Answer" required:"true"`
	// Remark is what the performer says to it.
	Remark string `json:"remark,omitempty" label:"Remark"`
}

// ReconcilingItem is one thing that makes two balances differ.
type ReconcilingItem struct {
	// What it is.
	What string `json:"what" label:"Item" required:"true"`
	// Minor is by how much it raises the first balance over the second, in the
	// currency's smallest unit; negative where it lowers it.
	Minor int64 `json:"minor" label:"Amount in minor units" required:"true"`
	// Since is the day from which it has been open.
	Since Date `json:"since" label:"Open since" required:"true"`
	// ClearedOn is the day on which it was cleared; empty while it is open.
	ClearedOn Date `json:"cleared_on,omitempty" label:"Cleared on"`
	// Carried says that it was open in the reconciliation before, too.
	Carried bool `json:"carried,omitempty" label:"Carried forward"`
}

// OpenOn reports whether the item explains a difference on a day.
func (i ReconcilingItem) OpenOn(d Date) bool {
	return i.Since <= d && (i.ClearedOn == "" || i.ClearedOn > d)
}

// Same reports whether two reconciliations speak of the same item.
func (i ReconcilingItem) Same(o ReconcilingItem) bool {
	return i.What == o.What && i.Minor == o.Minor && i.Since == o.Since
}

// LargestBalance bounds the amounts of a reconciliation, so that no sum of them
// leaves the range of whole numbers.
const LargestBalance = int64(1_000_000_000_000_000)

// MostReconcilingItems bounds the items of one reconciliation.
const MostReconcilingItems = 1000

// Reconciliation compares two balances on the last day of an occurrence.
type Reconciliation struct {
	// FirstName and SecondName are what the balances are called.
	FirstName string `json:"first_name" label:"First balance" required:"true"`
	// First is the first balance.
	First Money `json:"first" label:"Amount of the first"`
	// SecondName is what the second balance is called.
	SecondName string `json:"second_name" label:"Second balance" required:"true"`
	// Second is the second balance.
	Second Money `json:"second" label:"Amount of the second"`
	// Items explain why they differ.
	Items []ReconcilingItem `json:"items,omitempty" label:"Reconciling items"`
}

// None reports whether nothing is compared.
func (r Reconciliation) None() bool {
	return r.FirstName == "" && r.SecondName == "" && r.First == (Money{}) && r.Second == (Money{}) && len(r.Items) == 0
}

// Difference is by how much the first balance exceeds the second.
func (r Reconciliation) Difference() int64 { return r.First.Minor - r.Second.Minor }

// Explained is the sum of the items that are open on a day.
func (r Reconciliation) Explained(on Date) int64 {
	var sum int64
	for _, i := range r.Items {
		if i.OpenOn(on) {
			sum += i.Minor
		}
	}
	return sum
}

// Unexplained is what the items open on a day leave of the difference.
func (r Reconciliation) Unexplained(on Date) int64 { return r.Difference() - r.Explained(on) }

// Ageing is how long the open items of a reconciliation have been open.
type Ageing struct {
	// From is the first number of days of the bucket.
	From int `json:"from_days" label:"From days"`
	// UpTo is its last number of days; 0 for the last bucket, which has no end.
	UpTo int `json:"up_to_days,omitempty" label:"Up to days"`
	// Count is how many items are in it.
	Count int `json:"count" label:"Items"`
	// Minor is their sum.
	Minor int64 `json:"minor" label:"Sum in minor units"`
	// Gross is the sum of their amounts without sign.
	Gross int64 `json:"gross" label:"Sum without sign in minor units"`
}

// Label is the bucket in words.
func (a Ageing) Label() string {
	if a.UpTo == 0 {
		return fmt.Sprintf("over %d days", a.From-1)
	}
	return fmt.Sprintf("%d to %d days", a.From, a.UpTo)
}

// Aged sorts the items that are open on a day by how long they have been so: up to
// 30 days, 60, 90, and longer.
func (r Reconciliation) Aged(on Date) []Ageing {
	out := []Ageing{{From: 0, UpTo: 30}, {From: 31, UpTo: 60}, {From: 61, UpTo: 90}, {From: 91}}
	for _, i := range r.Items {
		if !i.OpenOn(on) {
			continue
		}
		days := i.Since.DaysUntil(on)
		at := slices.IndexFunc(out, func(b Ageing) bool { return b.UpTo == 0 || days <= b.UpTo })
		b := &out[at]
		b.Count++
		b.Minor += i.Minor
		b.Gross += max(i.Minor, -i.Minor)
	}
	return out
}

// Performance is that a control was performed for one occurrence: by whom, when,
// with what outcome, and who reviewed it. It is signed by whoever performs, in their
// own name, and a control that was performed leaves a record of evidence with it.
type Performance struct {
	// Control is the control performed.
	Control string `json:"control" label:"Control" ref:"control" required:"true"`
	// ControlRevision is the revision of the control by which it was performed.
	ControlRevision int64 `json:"control_revision" label:"Revision of the control" required:"true"`
	// From is the first day of the occurrence.
	From Date `json:"from" label:"From" required:"true"`
	// To is the last day of the occurrence.
	To Date `json:"to" label:"To" required:"true"`
	// DueOn is the last day on which it was in time.
	DueOn Date `json:"due_on" label:"Due on" required:"true"`
	// Performer is who signed it.
	Performer string `json:"performer" label:"Performer" ref:"person" required:"true"`
	// PerformerFor is in whose place, where the performer is a deputy.
	PerformerFor string `json:"performer_for,omitempty" label:"In the place of" ref:"person"`
	// PerformedAt is the moment of the signature.
	PerformedAt Instant `json:"performed_at" label:"Performed at" required:"true"`
	// PerformedOn is the day of it in the organization's time zone.
	PerformedOn Date `json:"performed_on" label:"Performed on" required:"true"`
	// Outcome is what came of it.
	Outcome PerformanceOutcome `json:"outcome" label:"Outcome" required:"true"`
	// Checklist are the items of the control's checklist with their answers.
	Checklist []ChecklistAnswer `json:"checklist,omitempty" label:"Checklist"`
	// Exceptions says what was not as it should be.
	Exceptions string `json:"exceptions,omitempty" label:"Exceptions" multiline:"true"`
	// Reason says why it was not performed.
	Reason string `json:"reason,omitempty" label:"Reason" multiline:"true"`
	// Note is what else the performer says.
	Note string `json:"note,omitempty" label:"Note" multiline:"true"`
	// Reconciliation are the balances compared, of a control that compares two.
	Reconciliation Reconciliation `json:"reconciliation,omitzero" label:"Reconciliation"`
	// FiledAs is the record of evidence that the performance is.
	FiledAs string `json:"filed_as,omitempty" label:"Filed as" ref:"evidence"`
	// Evidence are records of evidence beside it.
	Evidence []string `json:"evidence,omitempty" label:"Evidence used" ref:"evidence"`
	// Status is how far it is.
	Status PerformanceStatus `json:"status" label:"Status" required:"true"`
	// Reviewer is who accepted or returned it.
	Reviewer string `json:"reviewer,omitempty" label:"Reviewer" ref:"person"`
	// ReviewerFor is in whose place, where the reviewer is a deputy.
	ReviewerFor string `json:"reviewer_for,omitempty" label:"Reviewed in the place of" ref:"person"`
	// ReviewedAt is the moment of it.
	ReviewedAt Instant `json:"reviewed_at,omitempty" label:"Reviewed at"`
	// ReviewedOn is the day of it.
	ReviewedOn Date `json:"reviewed_on,omitempty" label:"Reviewed on"`
	// Remark is what the reviewer says.
	Remark string `json:"remark,omitempty" label:"Remark of the reviewer" multiline:"true"`
}

// SignedOffOn is the day on which nothing was left to do; empty before.
func (p Performance) SignedOffOn() Date {
	switch p.Status {
	case PerformanceAccepted:
		return p.ReviewedOn
	case PerformanceComplete:
		return p.PerformedOn
	}
	return ""
}

// DaysLate is how many days after its day it was performed; 0 in time.
func (p Performance) DaysLate() int { return max(0, p.DueOn.DaysUntil(p.PerformedOn)) }

// Operated reports whether the control was performed, with exceptions or without.
func (p Performance) Operated() bool {
	return p.Outcome == PerformedClean || p.Outcome == PerformedExcept
}

// Validate checks the performance alone.
func (p Performance) Validate() []Problem {
	c := examine(p)
	c.ordered(p.From, p.To, "from", "to")
	undone := ""
	for _, a := range p.Checklist {
		if a.Answer == StepNotDone {
			undone = a.Text
		}
	}
	c.when(p.Outcome == PerformedClean && undone != "", "outcome", fmt.Sprintf("An item of the checklist was not done: “%s”.", undone),
		"Choose “Performed with exceptions” and say what is wrong, or answer the item.")
	c.when(p.Outcome == PerformedClean && !blank(p.Exceptions), "outcome", "Exceptions are described, and the outcome says that there are none.",
		"Choose “Performed with exceptions”, or put the text into the note.")
	c.when(p.Outcome == PerformedExcept && !Substantive(p.Exceptions), "exceptions", "It was performed with exceptions, and nothing says which.",
		"Say in a sentence what was not as it should be and what becomes of it.")
	c.when(p.Outcome == NotPerformed && !Substantive(p.Reason), "reason", "It was not performed, and nothing says why.", "Say why in a sentence.")
	c.when(p.Operated() == (p.FiledAs == ""), "filed_as", "A control that was performed leaves one record of evidence, and one that was not leaves none.",
		"The command that signs it writes both.")
	c.when(p.PerformedOn.Valid() && p.PerformedOn < p.From, "performed_on", fmt.Sprintf("%s lies before the occurrence begins.", p.PerformedOn), "Perform it from its first day on.")
	reviewed := p.Status == PerformanceAccepted || p.Status == PerformanceReturned
	c.when(reviewed && (p.Reviewer == "" || p.ReviewedOn == "" || p.ReviewedAt == ""), "reviewer", "Nobody is named who reviewed it.", "Name the person and the day.")
	c.when(!reviewed && p.Reviewer != "", "reviewer", "A reviewer is named, and it is neither accepted nor returned.", "Correct the status.")
	c.when(p.Status == PerformanceReturned && !Substantive(p.Remark), "remark", "It is returned without saying why.", "Say in a sentence what has to be done again.")
	if !p.Reconciliation.None() {
		p.reconciled(c)
	}
	return c.problems
}

// reconciled checks the balances.
func (p Performance) reconciled(c *checker) {
	r, at, known := p.Reconciliation, "reconciliation.", len(c.problems)
	c.when(r.First.Currency != r.Second.Currency, at+"second.currency", "The two balances are in two currencies.", "Compare them in one.")
	tooLarge := func(n int64) bool { return n > LargestBalance || n < -LargestBalance }
	c.when(tooLarge(r.First.Minor) || tooLarge(r.Second.Minor), at+"first", "A balance is larger than can be compared.", "Give it in a larger unit, or split it.")
	c.when(len(r.Items) > MostReconcilingItems, at+"items", fmt.Sprintf("There are %d reconciling items; %d can be listed.", len(r.Items), MostReconcilingItems),
		"Attach the list as a file and give its groups here.")
	if len(r.Items) > MostReconcilingItems {
		return
	}
	for i, x := range r.Items {
		field := fmt.Sprintf("%sitems[%d].", at, i)
		c.when(tooLarge(x.Minor), field+"minor", "The amount is larger than can be compared.", "Correct the amount.")
		c.when(x.Since.Valid() && p.To.Valid() && x.Since > p.To, field+"since", fmt.Sprintf("The item is open since %s, after the balances were struck on %s.", x.Since, p.To),
			"An item of the next period explains no difference of this one; remove it or correct the day.")
		c.ordered(x.Since, x.ClearedOn, field+"since", field+"cleared_on")
		for _, y := range r.Items[:i] {
			if x.Same(y) {
				c.when(true, field+"what", "The item is listed twice.", "Remove one, or tell them apart by their text.")
				break
			}
		}
	}
	// Only amounts and days that hold are added up.
	if len(c.problems) > known || !p.To.Valid() {
		return
	}
	if rest := r.Unexplained(p.To); rest != 0 {
		c.when(p.Outcome == PerformedClean, "outcome", fmt.Sprintf("The items leave %s of the difference unexplained.", Money{rest, r.First.Currency}),
			"List what explains it, or choose “Performed with exceptions” and say what becomes of it.")
	}
}
