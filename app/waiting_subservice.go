package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
)

// subservice waits for whoever watches over a subservice organization: reports to
// confirm, and reports or letters that are missing for the period. Where nobody is named,
// it waits for whoever may confirm all of them.
func (w *waiter) subservice(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger}) != nil {
		return nil, nil
	}
	reg, err := subserviceOf(w.ctx, v, "", w.today)
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for i := range reg.Lines {
		l := &reg.Lines[i]
		of, mine := w.mine(l.Value.Owner, nil)
		if l.Value.Owner == "" {
			mine = w.may(identity.SubserviceConfirm, "subservice_confirmation")
		}
		if !mine || w.app.MayConfirmSubserviceReport(w.ctx, w.actor, l.Value.Owner) != nil {
			continue
		}
		for j := range l.Reports {
			if r := &l.Reports[j]; !r.Counts() {
				since := r.Value.ReceivedOn
				if since == "" {
					since = soc1.Date(r.Effective)
				}
				out = append(out, WaitingItem{For: WaitsSubserviceReport, What: fmt.Sprintf("Read and confirm %s’s report “%s”.", l.Value.Name, r.Value.Title), Ref: w.ref(r.Record), Since: since, StandingIn: of})
			}
		}
		for _, m := range l.Open {
			switch m.Kind {
			case intake.MatterMissing:
				out = append(out, WaitingItem{For: WaitsSubserviceGap, What: fmt.Sprintf("Obtain %s’s report on its controls: none is here.", l.Value.Name), Ref: w.ref(l.Record), Since: reg.From, StandingIn: of})
			case intake.MatterGap:
				out = append(out, WaitingItem{For: WaitsSubserviceGap, What: fmt.Sprintf("Obtain a report or a bridge letter of %s: %s of our period %s open.", l.Value.Name, english.Count(l.Gaps, "month"), english.Choose(l.Gaps, "is", "are")),
					Ref: w.ref(l.Record), Since: l.FirstGap(), StandingIn: of})
			}
		}
	}
	return out, nil
}
