package app

import (
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/record"
)

// proposals wait for whoever decides on controls of other programs: one line a framework,
// because nothing is late and each is decided on the same page. It has no day, so that it
// comes after what has.
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
		first := &reg.Theirs[f.Proposals[0].Their]
		theirs := map[int]bool{}
		for _, p := range f.Proposals {
			theirs[p.Their] = true
		}
		n := len(theirs)
		out = append(out, WaitingItem{For: WaitsProposals, What: fmt.Sprintf("Decide whether %s of %s %s one with a control here.", english.Count(n, "control"), f.Name, english.Choose(n, "is", "are")), Ref: w.ref(first.Record)})
	}
	return out, nil
}
