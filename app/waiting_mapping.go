package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// proposals wait for whoever decides on controls of other programs: one line a framework,
// because nothing is late and each is decided on the same page.
func (w *waiter) proposals(*record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger}) != nil ||
		w.app.MayPut(w.ctx, w.actor, w.ledger, "framework_control", "") != nil {
		return nil, nil
	}
	reg, err := w.app.mappingNow(w.ctx)
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for i := range reg.Frameworks {
		f := &reg.Frameworks[i]
		if len(f.Proposals) == 0 {
			continue
		}
		first, since := &reg.Theirs[f.Proposals[0].Their], soc1.Date("")
		theirs := map[int]bool{}
		for _, p := range f.Proposals {
			theirs[p.Their] = true
			if at := soc1.Date(reg.Theirs[p.Their].Effective); since == "" || at < since {
				since = at
			}
		}
		n := len(theirs)
		out = append(out, WaitingItem{For: WaitsProposals, What: fmt.Sprintf("Decide whether %s of %s %s one with a control here.", english.Count(n, "control"), f.Name, english.Choose(n, "is", "are")), Ref: w.ref(first.Record), Since: since})
	}
	return out, nil
}
