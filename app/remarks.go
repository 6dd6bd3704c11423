package app

import (
	"context"
	"slices"

	"reperform/evaluation"
	"reperform/identity"
	"reperform/soc1"
)

// Remark is what one rule finds in management's own tests of an engagement.
type Remark struct {
	// Rule is its id, Fires what it found in words, and Remedy what to do.
	Rule     string              `json:"rule"`
	Severity evaluation.Severity `json:"severity"`
	Fires    string              `json:"fires"`
	Remedy   string              `json:"remedy"`
	// Subjects are the records that it found it in, each once.
	Subjects []soc1.Ref `json:"subjects"`
}

// Remarks are what the rules find in management's own tests of an engagement,
// critical and high, the heaviest first. Nothing of an examination is in them.
func (a *App) Remarks(ctx context.Context, actor, engagement string) ([]Remark, error) {
	if err := a.admit(ctx, actor, identity.Read, identity.Resource{Ledger: OrganizationLedger}); err != nil {
		return nil, err
	}
	f, err := a.figures(ctx, actor, OrganizationLedger, engagement)
	if err != nil {
		return nil, err
	}
	rules := evaluation.Rules()
	out := []Remark{}
	for _, x := range f.Consequences().Flags {
		if x.Severity == evaluation.Medium {
			continue
		}
		i := slices.IndexFunc(out, func(r Remark) bool { return r.Rule == x.Rule && r.Severity == x.Severity })
		if i < 0 {
			n := slices.IndexFunc(rules, func(r evaluation.Rule) bool { return r.ID == x.Rule })
			if n < 0 {
				continue
			}
			out = append(out, Remark{Rule: x.Rule, Severity: x.Severity, Fires: rules[n].Fires, Remedy: rules[n].Remedy})
			i = len(out) - 1
		}
		if !slices.Contains(out[i].Subjects, x.Subject) {
			out[i].Subjects = append(out[i].Subjects, x.Subject)
		}
	}
	return out, nil
}
