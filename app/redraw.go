package app

import (
	"context"
	"fmt"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// RedrawSample draws for a test once more, from the population that it tests now,
// although something was drawn before: for the test itself, or for its control
// from another population that may hold nearly the same items. The earlier draw
// stays on record, the reason stays with the new one, and the evaluation flags it.
func (a *App) RedrawSample(ctx context.Context, actor, name, test, reason string) (soc1.Sample, error) {
	var zero soc1.Sample
	if !soc1.Substantive(reason) {
		return zero, fmt.Errorf("%q does not say why it is drawn again: say what was wrong with the earlier draw, in twenty characters or more; the reason stays with the sample for ever", reason)
	}
	if err := a.admit(ctx, actor, identity.SampleDraw, identity.Resource{Ledger: name, Kind: "sample"}); err != nil {
		return zero, err
	}
	opt := RunOptions{Ledger: name, Tests: []string{test}, Reason: reason}
	cases, err := a.testCases(ctx, opt)
	if err != nil {
		return zero, err
	}
	if len(cases) != 1 || cases[0].test.Method != soc1.SampleMethod {
		return zero, fmt.Errorf("there is no test %q by sample in ledger %s; give its id", test, name)
	}
	c := cases[0]
	pop, err := a.testPopulation(ctx, name, c.test.Population)
	if err != nil {
		return zero, err
	}
	if pop == nil {
		return zero, fmt.Errorf("population %s of test %s is not there yet", c.test.Population, c.test.Code)
	}
	v, err := a.latest(name)
	if err != nil {
		return zero, err
	}
	f, err := a.load(ctx, v, c.test.Engagement, false)
	if err != nil {
		return zero, err
	}
	if len(f.DrawsBeside(c.id)) == 0 {
		return zero, fmt.Errorf("nothing was drawn for test %s or beside it; run the test, which draws", c.test.Code)
	}
	samples, err := record.All[soc1.Sample](ctx, v, "sample")
	if err != nil {
		return zero, err
	}
	number := 1
	for _, s := range samples {
		if s.Value.Test == c.id {
			number = max(number, max(s.Value.Draw, 1)+1)
		}
	}
	_, s, err := a.draw(ctx, actor, opt, c, *pop, number, reason)
	if err != nil {
		return zero, err
	}
	return *s, nil
}
