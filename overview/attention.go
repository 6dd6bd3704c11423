package overview

import (
	"cmp"
	"fmt"
	"slices"

	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

// Urgency ranks what needs attention, the worst first.
type Urgency int

// The ranks. Within one, what has waited longest comes first.
const (
	HighException Urgency = iota
	OpenException
	ControlNotEffective
	NoResponse
	Unsigned
	EvidenceOverdue
	ReviewOverdue
	RiskUnanswered
	NoActiveOwner
	NotDescribed
)

// Slug is the rank as class names and addresses spell it.
func (u Urgency) Slug() string {
	return [...]string{"high_exception", "open_exception", "not_effective", "no_response", "unsigned", "evidence_overdue", "review_overdue",
		"risk_unanswered", "no_active_owner", "not_described"}[u]
}

// Attention is one thing that needs somebody.
type Attention struct {
	Urgency Urgency
	// Title names it, Detail says why it is here.
	Title, Detail string
	// Since is the day from which it has waited, where the records say.
	Since soc1.Date
	// Who is the id of the person who is to act, where the records say.
	Who string
	// Refs are the records: the first is where a person goes.
	Refs []soc1.Ref
}

// Attention lists everything that needs somebody, worst first. What management
// owes to its own program, evidence in time and reviews, is not on the auditor's
// list: the auditor's evidence follows the tests and not the calendar.
func (o *Overview) Attention() []Attention {
	var out []Attention
	for i := range o.Exceptions {
		x := &o.Exceptions[i]
		if x.Status != soc1.Open {
			continue
		}
		line := &o.Controls[x.control]
		a := Attention{Urgency: OpenException, Title: line.Control.Code + " " + line.Title, Who: line.Control.Owner, Since: line.LastTested,
			Detail: "Exception open, " + plural(int(x.Items), "item") + ", attribute " + x.Attribute + ".", Refs: []soc1.Ref{x.Ref, line.Ref}}
		if x.High {
			a.Urgency = HighException
		}
		out = append(out, a)
	}
	for i := range o.Controls {
		out = append(out, o.controlAttention(&o.Controls[i], &o.testing.by[i])...)
	}
	for i := range o.Risks {
		if l := &o.Risks[i]; !l.Answered() {
			out = append(out, Attention{Urgency: RiskUnanswered, Title: l.Risk.Code + " " + l.Risk.Text, Who: l.Risk.Owner,
				Detail: "No control answers this risk, and no response is stated. Rated: " + l.Rating().Level().Label() + ".", Refs: []soc1.Ref{l.Ref}})
		}
	}
	for i := range o.records.Policies {
		x := &o.records.Policies[i]
		if o.By == soc1.ByAuditor {
			break
		}
		if due := policies.Stand(*x, o.records.Decisions, o.Question.Today).ReviewDue; due != "" && due < o.Question.Today {
			out = append(out, Attention{Urgency: ReviewOverdue, Title: x.Value.Title, Who: x.Value.Owner, Since: due.AddDays(1),
				Detail: "The policy is due for review.", Refs: []soc1.Ref{x.Ref()}})
		}
	}
	if o.Question.Today > o.Period.To {
		for _, s := range o.ToSign("") {
			if o.By == soc1.ByAuditor && len(s.Refs) > 0 && s.Refs[0].Kind == "policy" {
				continue
			}
			out = append(out, Attention{Urgency: Unsigned, Title: s.Title, Detail: "The period has ended, and it is not signed.", Who: s.Who, Since: o.Period.To.AddDays(1), Refs: s.Refs})
		}
	}
	for _, criterion := range o.Undescribed() {
		_, empty := o.sections(criterion)
		out = append(out, Attention{Urgency: NotDescribed, Title: criterion.Label(), Detail: "No section of the description with text answers this criterion.", Refs: empty})
	}
	slices.SortStableFunc(out, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(a.Urgency, b.Urgency), cmp.Compare(undatedLast(a.Since), undatedLast(b.Since)), cmp.Compare(a.Title, b.Title))
	})
	return out
}

func undatedLast(d soc1.Date) soc1.Date { return cmp.Or(d, "9999-12-31") }

func (o *Overview) controlAttention(line *ControlLine, s *standing) []Attention {
	var out []Attention
	title := line.Control.Code + " " + line.Title
	add := func(u Urgency, since soc1.Date, detail string, refs ...soc1.Ref) {
		out = append(out, Attention{Urgency: u, Title: title, Detail: detail, Since: since, Who: line.Control.Owner, Refs: append(refs, line.Ref)})
	}
	if len(s.unfavorable) > 0 {
		add(ControlNotEffective, "", "Concluded not effective.", s.unfavorable...)
	}
	for _, d := range s.deviations {
		if !o.responded(d) {
			add(NoResponse, "", "A deviation has no response of management.", d)
		}
	}
	if n := line.Evidence.Overdue(); n > 0 && o.By != soc1.ByAuditor {
		oldest := line.Evidence.Oldest
		add(EvidenceOverdue, oldest.To.AddDays(1), fmt.Sprintf("Evidence is missing for %s of %d, the oldest for %s.", plural(n, "occurrence"), line.Evidence.Expected, oldest))
	}
	if !line.Owner.Active {
		detail := "No owner is named."
		if line.Owner.Name != "" {
			detail = line.Owner.Name + " owns the control and no longer holds the position."
		}
		add(NoActiveOwner, "", detail)
	}
	return out
}

// responded reports whether management answered a deviation, in a record of its
// own or in the deviation itself.
func (o *Overview) responded(d soc1.Ref) bool {
	return o.testing.answered[d] || slices.ContainsFunc(o.records.Responses, func(r record.Typed[soc1.ManagementResponse]) bool {
		return r.Value.Deviation.ID == d.ID && cmp.Or(r.Value.Deviation.Ledger, r.Ledger) == d.Ledger && filled(r.Value.Text)
	})
}
