package app

import (
	"cmp"
	"context"
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Papers are the working papers of one engagement in a ledger.
type Papers struct {
	Engagement record.Typed[soc1.Engagement]
	// Papers are in the order of their tests' codes.
	Papers []*evaluation.Paper
	// Notes counts the open review notes by test.
	Notes map[string]int
}

// Papers lists the working papers in a ledger by engagement, that of the latest period
// first. Who does not read all of the ledger is refused.
func (a *App) Papers(ctx context.Context, actor, name string, at record.AsOf) ([]Papers, error) {
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, name, at)
	if err != nil {
		return nil, err
	}
	org, err := a.organizationBeside(ctx, actor, name, v, at)
	if err != nil {
		return nil, err
	}
	tests, err := record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	if err != nil {
		return nil, err
	}
	var out []Papers
	for _, t := range tests {
		if slices.ContainsFunc(out, func(p Papers) bool { return p.Engagement.ID == t.Value.Engagement }) {
			continue
		}
		f, err := evaluation.Load(ctx, v, org, t.Value.Engagement)
		if err != nil {
			return nil, err
		}
		one := Papers{Engagement: f.Engagement, Notes: map[string]int{}}
		for _, t := range f.Tests {
			p, err := f.Paper(t.ID)
			if err != nil {
				return nil, err
			}
			one.Papers = append(one.Papers, p)
			n, err := a.openNotes(ctx, name, t.ID)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				one.Notes[t.ID] = n
			}
		}
		slices.SortStableFunc(one.Papers, func(a, b *evaluation.Paper) int {
			return cmp.Or(cmp.Compare(a.Test.Value.Code, b.Test.Value.Code), cmp.Compare(a.Test.ID, b.Test.ID))
		})
		out = append(out, one)
	}
	end := func(p Papers) soc1.Date { return cmp.Or(p.Engagement.Value.PeriodEnd, p.Engagement.Value.AsOf) }
	slices.SortStableFunc(out, func(a, b Papers) int { return -cmp.Compare(end(a), end(b)) })
	return out, nil
}
