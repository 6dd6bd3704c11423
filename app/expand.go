package app

import (
	"context"
	"errors"
	"fmt"

	"reperform/english"
	"reperform/identity"
	"reperform/sampling"
	"reperform/soc1"
)

// ExpandSample adds the next ranked items to the sample of a test, after a
// deviation whose cause may be isolated. The original items and their
// deviations stay: both are evaluated together. Extra 0 takes the size that the
// test's plan asks for when one deviation more is allowed for, or the second
// stage of a plan in two.
func (a *App) ExpandSample(ctx context.Context, actor, name, test string, extra int64, reason string) (soc1.Sample, error) {
	var zero soc1.Sample
	if reason == "" {
		return zero, fmt.Errorf("say why the sample is expanded: a sample is not enlarged until it pleases")
	}
	if err := a.admit(ctx, actor, identity.SampleExpand, identity.Resource{Ledger: name, Kind: "sample"}); err != nil {
		return zero, err
	}
	cases, err := a.testCases(ctx, RunOptions{Ledger: name, Tests: []string{test}})
	if err != nil {
		return zero, err
	}
	if len(cases) != 1 {
		return zero, fmt.Errorf("there is no test %q in ledger %s", test, name)
	}
	c := cases[0]
	id, s, err := a.currentSample(ctx, name, test)
	if err != nil {
		return zero, err
	}
	if s == nil {
		return zero, fmt.Errorf("test %s has no sample to expand; run the test first", test)
	}
	pop, err := a.testPopulation(ctx, name, c.test.Population)
	if err != nil {
		return zero, err
	}
	if extra == 0 {
		if extra, err = a.plannedExtra(ctx, actor, name, c, *s, pop.RowCount); err != nil {
			return zero, err
		}
	}
	next := *s
	next.N = s.N + int(extra)
	next.ExpandedFrom, next.Reason = id, reason
	want := min(int64(len(s.Items))+extra, pop.RowCount)
	if want <= int64(len(s.Items)) {
		return zero, fmt.Errorf("the sample holds all %s of the population already", english.Count(pop.RowCount, "item"))
	}
	if err := a.rank(ctx, name, c, *pop, &next, want); err != nil {
		return zero, err
	}
	expanded, err := a.nextSampleID(ctx, name, test, s.Draw)
	if err != nil {
		return zero, err
	}
	req := request{actor: actor, ledger: name, may: identity.SampleExpand, kind: "sample", action: "sample.expand", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := a.mayDraw(tx); err != nil {
			return err
		}
		if _, ok, err := tx.Get("sample", expanded); err != nil || ok {
			return errors.Join(err, fmt.Errorf("the sample of test %s was expanded meanwhile by somebody else; look at it before it is expanded again", c.test.Code))
		}
		return tx.Put("sample", expanded, "", next)
	})
	return next, err
}

func (a *App) nextSampleID(ctx context.Context, name, test string, draw int) (string, error) {
	v, err := a.latest(name)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		id := fmt.Sprintf("%s-draw-%d-expanded-%d", test, draw, n)
		if _, err := v.Get(ctx, "sample", id); isNotFound(err) {
			return id, nil
		} else if err != nil {
			return "", err
		}
	}
}

// plannedExtra is how many items the plan adds: the second stage of a plan in
// two, or the difference to the size for the deviations found.
func (a *App) plannedExtra(ctx context.Context, actor, name string, c testCase, s soc1.Sample, rows int64) (int64, error) {
	in, err := planInput(c, rows)
	if err != nil {
		return 0, fmt.Errorf("the plan of test %s does not say by how much to expand; give the number of items: %w", c.test.Code, err)
	}
	if sequential(c) {
		p, err := sampling.PlanSequential(in)
		if err != nil {
			return 0, err
		}
		total := int64(0)
		for _, st := range p.Stages {
			total += st.Items
			if total > int64(s.N) {
				return st.Items, nil
			}
		}
		return 0, fmt.Errorf("the plan of test %s has no further stage", c.test.Code)
	}
	f, err := a.figures(ctx, actor, name, c.test.Engagement)
	if err != nil {
		return 0, err
	}
	g, err := f.Figures(c.id)
	if err != nil {
		return 0, err
	}
	e, err := in.Expand(sampling.PlanResult{N: int64(s.N), AllowedDeviations: int64(c.test.SamplePlan.Allowed)}, g.DeviationItems)
	if err != nil {
		return 0, err
	}
	if e.Additional == 0 {
		return 0, fmt.Errorf("test %s has %s and its plan allows %d: there is nothing to expand for", c.test.Code, english.Count(g.DeviationItems, "deviation"), c.test.SamplePlan.Allowed)
	}
	return e.Additional, nil
}

func sequential(c testCase) bool {
	return firstOf(c.test.SamplePlan.Model, c.engagement.Method.Model) == soc1.Sequential
}
