package policies

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// State is where a policy stands.
type State int

// The states, the most pressing first.
const (
	// Overdue is in force, and its review is past due.
	Overdue State = iota
	// Draft was never approved.
	Draft
	// Refused was refused as it stands, and nothing was changed since.
	Refused
	// Changed is in force in an earlier text than the one that stands now.
	Changed
	// Due is in force, and its review is due within Notice.
	Due
	// Coming is approved and comes into force later.
	Coming
	// InForce is approved as it stands.
	InForce
)

// States lists them.
var States = []State{Overdue, Draft, Refused, Changed, Due, Coming, InForce}

// Notice is how many days before its review a policy is shown as due.
const Notice = 30

// Label is the words a person reads.
func (s State) Label() string {
	return [...]string{"Review overdue", "Not approved", "Refused", "Changed since approved", "Review due", "Approved, not yet in force", "In force"}[s]
}

// Key is its spelling in addresses.
func (s State) Key() string {
	return [...]string{"overdue", "draft", "refused", "changed", "due", "coming", "in_force"}[s]
}

// Decision is a decision on a policy or on an exception from one.
type Decision = record.Typed[soc1.PolicyApproval]

// Standing is where a policy stands on a day, and from which decisions that follows.
type Standing struct {
	State State
	// InForce is the approval by which it is in force, Coming the one by which it will
	// be; nil without one.
	InForce, Coming *Decision
	// Read is the latest decision on the text that stands now; nil where nobody decided
	// on it.
	Read *Decision
	// Since is the day from which a confirmation counts: that of the first approval, or of
	// the latest that asked to confirm again. Empty while nothing is in force.
	Since soc1.Date
	// Began is the day from which the text in force is in force: an approval of the same
	// text is a review, and begins nothing. Empty while nothing is in force.
	Began soc1.Date
	// ReviewDue is the day by which it is to be looked at again; empty while nothing is
	// in force.
	ReviewDue soc1.Date
}

// Asks reports whether what stands now waits for its approver.
func (s Standing) Asks() bool { return s.Read == nil }

// Standing of a policy on a day, by the decisions on all policies.
func Stand(p record.Typed[soc1.Policy], decisions []Decision, today soc1.Date) Standing {
	var s Standing
	now := Digest(p.Value)
	all := own(decisions, p.ID, "", today)
	for _, d := range all {
		if d.Value.SHA256 == now {
			s.Read = d
		}
	}
	for _, d := range standing(all) {
		if d.Value.Holds() > today {
			s.Coming = d
			continue
		}
		if s.InForce == nil || s.InForce.Value.SHA256 != d.Value.SHA256 {
			s.Began = d.Value.Holds()
		}
		s.InForce = d
		if s.Since == "" || d.Value.Again {
			s.Since = d.Value.Holds()
		}
	}
	if s.InForce != nil {
		s.ReviewDue = s.InForce.Value.On.AddMonths(p.Value.Months())
	}
	refused := s.Read != nil && s.Read.Value.Decision == soc1.PolicyRefused
	switch {
	case s.ReviewDue != "" && s.ReviewDue < today:
		s.State = Overdue
	case refused:
		s.State = Refused
	case s.InForce == nil && s.Coming == nil:
		s.State = Draft
	case s.Read == nil:
		s.State = Changed
	case s.ReviewDue != "" && s.ReviewDue <= today.AddDays(Notice):
		s.State = Due
	case s.InForce == nil:
		s.State = Coming
	default:
		s.State = InForce
	}
	return s
}

// standing are the approvals that were not withdrawn: what was refused after it was
// approved and before it came into force never did.
func standing(all []*Decision) []*Decision {
	var out []*Decision
	for n, d := range all {
		withdrawn := slices.ContainsFunc(all[n+1:], func(x *Decision) bool {
			return x.Value.Decision == soc1.PolicyRefused && x.Value.SHA256 == d.Value.SHA256 && x.Value.On < d.Value.Holds()
		})
		if d.Value.Decision == soc1.PolicyApproved && !withdrawn {
			out = append(out, d)
		}
	}
	return out
}

// own are the decisions on one policy, or on one exception, up to a day, the earliest
// first: some are recorded from minutes long after they were made.
func own(decisions []Decision, policy, exception string, today soc1.Date) []*Decision {
	var out []*Decision
	for i := range decisions {
		if d := &decisions[i]; d.Value.Exception == exception && (exception != "" || d.Value.Policy == policy) && d.Value.On <= today {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b *Decision) int {
		return cmp.Or(cmp.Compare(a.Value.On, b.Value.On), record.Later(*a, *b))
	})
	return out
}

// forceOn is the approval by which a policy was in force on a day; where nothing was
// yet, the first that came into force between then and today.
func forceOn(decisions []*Decision, day, today soc1.Date) *Decision {
	var out *Decision
	for _, d := range standing(decisions) {
		if d.Value.Holds() > today {
			continue
		}
		if d.Value.Holds() <= day || out == nil {
			out = d
		}
	}
	return out
}

// ExceptionState is where an exception stands.
type ExceptionState int

// The states, the most pressing first.
const (
	// Expired was approved, has run out and was not ended.
	Expired ExceptionState = iota
	// Unapproved began, and nobody approved it as it stands.
	Unapproved
	// Void departs from a policy that was retired, and was not ended.
	Void
	// Asked waits for the approver and begins later.
	Asked
	// Running is approved and runs.
	Running
	// Ahead is approved and begins later.
	Ahead
	// NotGranted was refused.
	NotGranted
	// Ended is over.
	Ended
)

// Label is the words a person reads.
func (s ExceptionState) Label() string {
	return [...]string{"Run out, not ended", "Not approved", "Its policy was retired", "Asked for", "Runs", "Approved, begins later", "Refused", "Ended"}[s]
}

// Exception is an exception from a policy and where it stands.
type Exception struct {
	record.Typed[soc1.PolicyException]
	State ExceptionState
	// Read is the latest decision on it as it stands; nil without one.
	Read *Decision
}

// Asks reports whether it waits for its approver.
func (e *Exception) Asks() bool { return e.State == Unapproved || e.State == Asked }

func exception(e record.Typed[soc1.PolicyException], decisions []Decision, today soc1.Date) Exception {
	x := Exception{Typed: e}
	now := ExceptionDigest(e.Value)
	for _, d := range own(decisions, e.Value.Policy, e.ID, today) {
		if d.Value.SHA256 == now {
			x.Read = d
		}
	}
	v := e.Value
	switch {
	case v.Ended != "" && v.Ended <= today:
		x.State = Ended
	case x.Read == nil && v.From > today:
		x.State = Asked
	case x.Read == nil:
		x.State = Unapproved
	case x.Read.Value.Decision == soc1.PolicyRefused:
		x.State = NotGranted
	case v.Until < today:
		x.State = Expired
	case v.From > today:
		x.State = Ahead
	default:
		x.State = Running
	}
	return x
}
