package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

// policies wait for their owners to look at them again, for their approvers, and for
// everybody who is asked to confirm them; exceptions for their approvers and, run out,
// for those who asked for them.
func (w *waiter) policies(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger}) != nil {
		return nil, nil
	}
	reg, err := policiesOf(w.ctx, v, w.today)
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for i := range reg.Lines {
		l := &reg.Lines[i]
		if due := l.ReviewDue; due != "" && l.Value.Owner == w.actor && due.AddDays(-policies.Notice) <= w.today {
			out = append(out, WaitingItem{For: WaitsPolicy, What: fmt.Sprintf("Review the policy %q.", l.Value.Title), Ref: w.ref(l.Record),
				Due: due, Since: due.AddDays(-policies.Notice)})
		}
		of, decides := w.mine(l.Value.Approver, nil)
		decides = decides && w.app.MayDecidePolicy(w.ctx, w.actor, l.Value.Approver) == nil
		// Only an approval ends a review, so that the approver is told of it as well.
		if due := l.ReviewDue; decides && !l.Asks() && due != "" && due <= w.today {
			out = append(out, WaitingItem{For: WaitsPolicyDecision, What: fmt.Sprintf("Approve the policy %q again, or say what has to change: its review is due.", l.Value.Title), Ref: w.ref(l.Record), Due: due, Since: due, StandingIn: of})
		}
		if decides && l.Asks() && (l.Value.Text != "" || len(l.Value.Files) > 0) {
			out = append(out, WaitingItem{For: WaitsPolicyDecision, What: fmt.Sprintf("Decide on the policy %q, version %s.", l.Value.Title, orUnmarked(l.Value.Version)), Ref: w.ref(l.Record), Since: soc1.Date(l.Effective), StandingIn: of})
		}
		for _, e := range l.Exceptions {
			switch {
			case decides && e.Asks() && e.Value.Owner != w.actor:
				out = append(out, WaitingItem{For: WaitsPolicyDecision, What: fmt.Sprintf("Decide on the exception %q from the policy %q.", e.Value.Title, l.Value.Title), Ref: w.ref(e.Record), Since: soc1.Date(e.Effective), Due: e.Value.From, StandingIn: of})
			case e.State == policies.Expired && e.Value.Owner == w.actor:
				out = append(out, WaitingItem{For: WaitsPolicyException, What: fmt.Sprintf("The exception %q has run out: end it, or ask for another.", e.Value.Title), Ref: w.ref(e.Record), Due: e.Value.Until, Since: e.Value.Until})
			}
		}
	}
	for _, e := range reg.Exceptions {
		if e.State == policies.Void && e.Value.Owner == w.actor {
			out = append(out, WaitingItem{For: WaitsPolicyException, What: fmt.Sprintf("The exception %q departs from a policy that was retired: end it.", e.Value.Title), Ref: w.ref(e.Record), Due: e.Value.Until})
		}
	}
	if w.app.MayAcknowledgePolicies(w.ctx, w.actor) != nil {
		return out, nil
	}
	for _, c := range reg.Asking(w.actor) {
		out = append(out, WaitingItem{For: WaitsPolicyWord, What: fmt.Sprintf("Read %s, and confirm: %s.", english.Count(c.Of(w.actor).Missing(), "policy"), c.Value.Title),
			Ref: w.ref(c.Record), Due: c.Value.Due, Since: c.Value.Opens})
	}
	return out, nil
}

func orUnmarked(version string) string {
	if version == "" {
		return "without a mark"
	}
	return version
}
