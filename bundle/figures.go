package bundle

import (
	"fmt"
	"strings"

	"reperform/english"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// figures derives the figures of every test and the counts of every deviation
// from the records again.
func (v *verifier) figures(f *evaluation.File) {
	for _, t := range f.Tests {
		v.check("figures/"+t.ID, fmt.Sprintf("The figures of test %s follow from its results.", t.Value.Code), func() (string, error) {
			g, err := f.Figures(t.ID)
			if err != nil {
				return "", err
			}
			if !g.Reconciles {
				return "", fmt.Errorf("the results do not reconcile to the items: %s", strings.Join(g.Why, " "))
			}
			if g.Blocked() {
				return "", skip{"the test is not finished: " + g.Blocks[0].Text}
			}
			detail := fmt.Sprintf("%d of %s %s", g.DeviationItems, english.Count(g.Tested, "item"), english.Choose(g.DeviationItems, "deviates", "deviate"))
			if g.Sample != nil && g.Sample.Upper != "" {
				detail += ", upper limit " + g.Sample.Upper
			}
			return detail, nil
		})
	}
	exceptions := map[string]soc1.Exception{}
	for _, x := range f.Exceptions {
		exceptions[x.ID] = x.Value
	}
	for _, d := range f.Deviations {
		v.check("deviation/"+d.ID, fmt.Sprintf("Deviation %s has as many items as its exceptions.", d.ID), func() (string, error) { return deviation(f, d, exceptions) })
	}
}

// deviation counts the items of a deviation's exceptions again.
func deviation(f *evaluation.File, d record.Typed[soc1.Deviation], exceptions map[string]soc1.Exception) (string, error) {
	items := map[string]bool{}
	grouped := int64(0)
	for _, id := range d.Value.Exceptions {
		x, ok := exceptions[id]
		switch {
		case !ok:
			return "", fmt.Errorf("there is no exception %q", id)
		case x.Test != d.Value.Test:
			return "", fmt.Errorf("exception %s is of test %s", id, x.Test)
		case x.Status != soc1.Confirmed:
			return "", fmt.Errorf("exception %s is %s, not confirmed", id, x.Status)
		}
		for _, k := range x.ItemKeys {
			items[k] = true
		}
		grouped += x.Group.Count
	}
	for _, t := range f.Tests {
		if t.ID == d.Value.Test && t.Value.Control != d.Value.Control {
			return "", fmt.Errorf("it is of control %s, its test of %s", d.Value.Control, t.Value.Control)
		}
	}
	if n := int64(len(items)) + grouped; n != d.Value.ItemCount {
		return "", fmt.Errorf("its exceptions have %s, recorded for it is %d", english.Count(n, "item"), d.Value.ItemCount)
	}
	return english.Count(d.Value.ItemCount, "item"), nil
}
