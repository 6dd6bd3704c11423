package report

import (
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// outcome is what the records say of one test.
type outcome struct {
	test record.Typed[soc1.TestOfControl]
	// figures are those of package evaluation, the only place that counts.
	figures    evaluation.Figures
	deviations []found
	// untested says that nothing was tested yet.
	untested bool
	// unresolved are sentences on what keeps the result from being final. They
	// name no item: items belong to the working papers.
	unresolved []string
}

// found is a deviation with the number of items that it is measured against.
type found struct {
	record.Typed[soc1.Deviation]
	of int64
}

// clean reports whether "No exceptions noted." is what the records say.
func (o *outcome) clean() bool {
	return !o.untested && len(o.deviations) == 0 && len(o.unresolved) == 0 && o.figures.DeviationItems == 0
}

// distinct is the number of different items that deviated; false where groups
// of items may overlap.
func (o *outcome) distinct() (int64, bool) {
	return o.figures.DeviationItems, o.figures.DeviationItems == o.figures.DeviationsAtLeast
}

// evaluate works out every test's outcome.
func (m *material) evaluate() error {
	file, err := evaluation.Load(m.ctx, m.work, m.latest, m.src.Engagement)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	m.outcomes = map[string]*outcome{}
	results := group(m.results, func(r soc1.Result) string { return r.Test })
	exceptions := group(m.exceptions, func(x soc1.Exception) string { return x.Test })
	deviations := group(m.deviations, func(d soc1.Deviation) string { return d.Test })
	for _, t := range m.tests {
		o := &outcome{test: t}
		m.outcomes[t.ID] = o
		if o.figures, err = file.Figures(t.ID); err != nil {
			return fmt.Errorf("report: test %s: %w", t.Value.Code, err)
		}
		if m := t.Value.Method; (m == soc1.SampleMethod || m == soc1.ObservationOnly) && o.figures.Tested == 0 && len(results[t.ID]) == 0 {
			o.untested = true
		}
		o.blocked()
		if o.figures.Census() && !o.untested && o.figures.PopulationRows == 0 {
			o.unresolved = append(o.unresolved, "The population has no items, so nothing was tested; a control without occurrence is reported as one that did not operate.")
		}
		if t.Value.Method == soc1.DidNotOperate && o.figures.PopulationRows > 0 {
			o.unresolved = append(o.unresolved, "The population has "+number(o.figures.PopulationRows)+" "+english.Choose(o.figures.PopulationRows, "item", "items")+" although the test says that the control did not operate.")
		}
		o.deviate(exceptions[t.ID], deviations[t.ID])
		o.raise(results[t.ID], exceptions[t.ID])
	}
	for _, d := range m.deviations {
		if m.outcomes[d.Value.Test] == nil && slices.ContainsFunc(m.controls, func(c control) bool { return c.id == d.Value.Control }) {
			ref := d.Ref()
			m.gap("IV", &ref, "Correct the engagement or the party of that test.", "Deviation %s is not printed, because its test %s is not part of this report.", firstOf(d.Value.Code, d.ID), d.Value.Test)
		}
	}
	return nil
}

// blockWords say what stands in the way of a result, by rule of package
// evaluation, in words that disclose no item.
var blockWords = map[string]string{
	"POP-01": "The population is not named or not frozen.",
	"POP-02": "Completeness and accuracy of the population are not established.",
	"SMP-01": "Fewer items were tested than planned.",
	"TST-03": "Some items have attributes without a result.",
	"DEV-08": "Items of an earlier draw are left out.",
	"EVA-15": "The results do not account for every item.",
	"EVA-21": "Exceptions await a decision.",
	"EVA-23": "The second stage of the plan has not been tested.",
}

func (o *outcome) blocked() {
	for _, b := range o.figures.Blocks {
		if b.Rule == "EVA-22" {
			o.untested = true
		}
	}
	for _, b := range o.figures.Blocks {
		words, ok := blockWords[b.Rule]
		switch {
		case o.untested && !strings.HasPrefix(b.Rule, "EVA-21"):
			continue
		case !ok:
			words = "A matter stands in the way of a conclusion (" + b.Rule + ")."
		}
		if !slices.Contains(o.unresolved, words) {
			o.unresolved = append(o.unresolved, words)
		}
	}
}

// deviate attaches the deviations, each with the number of items that the
// attributes concerned apply to.
func (o *outcome) deviate(exceptions []record.Typed[soc1.Exception], deviations []record.Typed[soc1.Deviation]) {
	for _, d := range deviations {
		f := found{Typed: d, of: o.figures.Tested}
		applicable := int64(-1)
		counted, own := int64(0), map[string]bool{}
		for _, x := range exceptions {
			if !slices.Contains(d.Value.Exceptions, x.ID) {
				continue
			}
			for _, k := range x.Value.ItemKeys {
				own[k] = true
			}
			counted += x.Value.Group.Count
			n := o.applicable(x.Value.Attribute)
			if applicable >= 0 && n != applicable {
				n = o.figures.Tested
			}
			applicable = n
			if x.Value.Status != soc1.Confirmed {
				o.unresolved = append(o.unresolved, "A deviation rests on an exception that is not confirmed.")
			}
		}
		if applicable >= 0 {
			f.of = applicable
		}
		most := counted + int64(len(own))
		if overlap := counted > 0; most != d.Value.ItemCount && !(overlap && d.Value.ItemCount < most) {
			o.unresolved = append(o.unresolved, "A deviation counts "+number(d.Value.ItemCount)+" "+english.Choose(d.Value.ItemCount, "item", "items")+", its exceptions "+number(most)+".")
		}
		if d.Value.ItemCount > f.of {
			o.unresolved = append(o.unresolved, "A deviation counts more items than were tested.")
		}
		o.deviations = append(o.deviations, f)
	}
}

// applicable is the number of items of a census to which an attribute applies;
// of a sample all items tested are stated, as the field does.
func (o *outcome) applicable(attribute string) int64 {
	if !o.figures.Census() {
		return o.figures.Tested
	}
	for _, a := range o.figures.Attributes {
		if a.Code == attribute && a.Total() > 0 {
			return a.Total() - a.NotApplicable
		}
	}
	return o.figures.Tested
}

// raise notes confirmed exceptions that no deviation reports and failures of
// which no exception was made.
func (o *outcome) raise(results []record.Typed[soc1.Result], exceptions []record.Typed[soc1.Exception]) {
	loose, missing := int64(0), int64(0)
	covered, counts := map[string]map[string]bool{}, map[string]int64{}
	for _, x := range exceptions {
		reported := slices.ContainsFunc(o.deviations, func(d found) bool { return slices.Contains(d.Value.Exceptions, x.ID) })
		if x.Value.Status == soc1.Confirmed && !reported {
			loose++
		}
		if covered[x.Value.Attribute] == nil {
			covered[x.Value.Attribute] = map[string]bool{}
		}
		for _, k := range x.Value.ItemKeys {
			covered[x.Value.Attribute][k] = true
		}
		counts[x.Value.Attribute] += x.Value.Count()
	}
	for _, r := range results {
		failed := r.Value.Outcome == soc1.Fail || r.Value.Outcome == soc1.CannotTell && strings.TrimSpace(r.Value.AlternativeProcedure) == ""
		if failed && !covered[r.Value.Attribute][r.Value.ItemKey] {
			missing++
		}
	}
	if len(results) == 0 {
		for _, a := range o.figures.Attributes {
			missing += max(0, a.Fail+a.CannotTell-counts[a.Code])
		}
	}
	note := func(n int64, one, many string) {
		if n > 0 {
			o.unresolved = append(o.unresolved, number(n)+" "+english.Choose(n, one, many))
		}
	}
	note(loose, "confirmed exception is not yet recorded as a deviation.", "confirmed exceptions are not yet recorded as deviations.")
	note(missing, "failed or undecided item has no exception yet.", "failed or undecided items have no exception yet.")
}

func group[T any](list []record.Typed[T], by func(T) string) map[string][]record.Typed[T] {
	out := map[string][]record.Typed[T]{}
	for _, x := range list {
		out[by(x.Value)] = append(out[by(x.Value)], x)
	}
	return out
}

func firstOf(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
