package bundle

import (
	"context"
	"fmt"

	"reperform/english"
	"reperform/ledger"
	"reperform/record"
)

// redactions lists what was redacted within an engagement: every document of
// the examination's ledger, and of the organization's those that the report or
// its evaluation would have read.
func redactions(ctx context.Context, s ledger.Store, work, organization string, known map[string]int64, read map[ledger.DocumentRef]bool) ([]record.Redaction, error) {
	var out []record.Redaction
	for _, name := range []string{work, organization} {
		all, err := record.NewView(s, name, record.AsOf{Known: known[name]}).Redactions(ctx, 0)
		if err != nil {
			return nil, fmt.Errorf("ledger %s: %w", name, err)
		}
		for _, r := range all {
			if name == work && work != organization || read[ledger.DocumentRef{Pos: r.Pos, Slot: r.Slot}] {
				out = append(out, r)
			}
		}
		if work == organization {
			break
		}
	}
	return out, nil
}

// redacted counts and names what can no longer be read. That a law took it away
// is no failure of the bundle, but neither was it re-performed. It comes last,
// when everything that reads has read.
func (v *verifier) redacted() {
	v.check("redactions", "No document within the engagement was redacted.", func() (string, error) {
		list, err := redactions(v.ctx, v.mem, v.ab.Work, v.ab.Organization, v.ab.Known, v.mem.gone[v.ab.Organization])
		if err != nil {
			return "", err
		}
		v.out.Redactions = list
		for i := range v.out.Redactions {
			r := &v.out.Redactions[i]
			r.Kind, r.ID, r.By, r.Reason = visible(r.Kind), visible(r.ID), visible(r.By), visible(r.Reason)
		}
		if n := len(list); n > 0 {
			return "", skip{english.Count(n, "document") + english.Choose(n, " was", " were") + " redacted and cannot be read again"}
		}
		return "", nil
	})
}
