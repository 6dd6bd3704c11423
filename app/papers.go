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
	tests, err := record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	if err != nil {
		return nil, err
	}
	var out []Papers
	for _, t := range tests {
		if slices.ContainsFunc(out, func(p Papers) bool { return p.Engagement.ID == t.Value.Engagement }) {
			continue
		}
		f, err := a.fileAt(ctx, actor, v, t.Value.Engagement, at)
		if err != nil {
			return nil, err
		}
		one := Papers{Engagement: f.file.Engagement, Notes: map[string]int{}}
		if one.Papers, err = f.papers(); err != nil {
			return nil, err
		}
		for _, p := range one.Papers {
			n, err := a.openNotes(ctx, name, p.Test.ID)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				one.Notes[p.Test.ID] = n
			}
		}
		out = append(out, one)
	}
	end := func(p Papers) soc1.Date { return cmp.Or(p.Engagement.Value.PeriodEnd, p.Engagement.Value.AsOf) }
	slices.SortStableFunc(out, func(a, b Papers) int { return -cmp.Compare(end(a), end(b)) })
	return out, nil
}

// fileAt is the file of an engagement's tests as a view has them: kept where it is of now.
func (a *App) fileAt(ctx context.Context, actor string, v *record.View, engagement string, at record.AsOf) (*keptFile, error) {
	if at == (record.AsOf{}) {
		return a.paperFile(ctx, v.Ledger(), engagement)
	}
	org, err := a.organizationBeside(ctx, actor, v.Ledger(), v, at)
	if err != nil {
		return nil, err
	}
	f, err := evaluation.Load(ctx, v, org, engagement)
	return &keptFile{file: f}, err
}
