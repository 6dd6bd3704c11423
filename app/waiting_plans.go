package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
)

// planNotice is how many days before its due day a plan begins to wait for its
// owner, where its work has not begun before.
const planNotice = 14

// plans of remediation wait for their owner until every step is done, and then for
// who closes them. What is a week overdue waits for those too. Whether a rule still
// fires is not asked here: it is asked when the plan is closed.
func (w *waiter) plans(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger, Kind: "remediation", Owner: w.actor}) != nil {
		return nil, nil
	}
	closings, err := record.All[soc1.RemediationClosing](w.ctx, v, "remediation_closing")
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Remediation](w.ctx, v, "remediation")
	closes := w.may(identity.RemediationClose, "remediation_closing")
	var out []WaitingItem
	for _, r := range all {
		p := r.Value
		if remediation.Covers(remediation.LastClosing(closings, r.ID, w.today), p) {
			continue
		}
		x := WaitingItem{Ref: w.ref(r.Record), Due: p.Due, Since: p.Begin}
		done := len(p.Steps) > 0 && p.StepsDone(w.today) == len(p.Steps)
		of, mine := w.mine(p.Owner, nil)
		late := p.Due.DaysUntil(w.today)
		switch {
		case done && closes:
			x.For, x.What, x.Since = WaitsRetest, fmt.Sprintf("Retest and close the plan %q: every step is done.", p.Title), lastStep(p)
		case !done && mine && (p.Due.AddDays(-planNotice) <= w.today || p.Begin != "" && p.Begin <= w.today || p.StepsDone(w.today) > 0):
			x.For, x.What, x.StandingIn = WaitsPlan, fmt.Sprintf("Carry out the plan %q.", p.Title), of
		case !done && closes && late > remediation.EscalateAfter:
			x.For, x.What, x.Since = WaitsLatePlan, fmt.Sprintf("The plan %q of %s is %s overdue.", p.Title, w.named(p.Owner), english.Count(late, "day")), p.Due
		default:
			continue
		}
		out = append(out, x)
	}
	return out, err
}

// lastStep is the day of the step done last.
func lastStep(p soc1.Remediation) soc1.Date {
	var last soc1.Date
	for _, s := range p.Steps {
		last = max(last, s.DoneOn)
	}
	return last
}

// named is a person's name, or the id where there is none.
func (w *waiter) named(id string) string {
	v, err := w.app.latest(w.ledger)
	if err != nil {
		return id
	}
	p, err := record.One[soc1.Person](w.ctx, v, "person", id)
	if err != nil || p.Value.Name == "" {
		return id
	}
	return p.Value.Name
}
