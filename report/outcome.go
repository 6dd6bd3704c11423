package report

import (
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// outcome is what the records say of one test.
type outcome struct {
	test record.Typed[soc1.TestOfControl]
	run  *record.Typed[soc1.TestRun]
	// items is the number of items of the population, tested the number looked
	// at; an item to which no attribute applies is not counted as tested.
	items, tested int64
	// done says that the testing is complete, started that it has begun.
	done, started bool
	deviations    []found
	// distinct is the number of different items that deviated, where the
	// records name them all; 0 where they do not.
	distinct int64
	// unresolved are sentences on what keeps the result from being final.
	unresolved []string
	sources    []soc1.Ref
}

// found is a deviation with the number of items that it is measured against.
type found struct {
	record.Typed[soc1.Deviation]
	of int64
}

// clean reports whether "No exceptions noted." is what the records say.
func (o *outcome) clean() bool {
	return o.done && len(o.deviations) == 0 && len(o.unresolved) == 0
}

// evaluate works out every test's outcome.
func (m *material) evaluate() {
	m.outcomes = map[string]*outcome{}
	results := group(m.results, func(r soc1.Result) string { return r.Test })
	exceptions := group(m.exceptions, func(x soc1.Exception) string { return x.Test })
	deviations := group(m.deviations, func(d soc1.Deviation) string { return d.Test })
	attributes := group(m.attributes, func(a soc1.Attribute) string { return a.Test })
	for _, t := range m.tests {
		o := &outcome{test: t, sources: []soc1.Ref{t.Ref()}}
		m.outcomes[t.ID] = o
		for i := range m.runs {
			if m.runs[i].Value.Test == t.ID && (o.run == nil || m.runs[i].Pos >= o.run.Pos) {
				o.run = &m.runs[i]
			}
		}
		if p, ok := m.populations[t.Value.Population]; ok {
			o.items = p.Value.RowCount
			o.sources = append(o.sources, p.Ref())
		}
		switch t.Value.Method {
		case soc1.Census:
			m.census(o)
		case soc1.DidNotOperate:
			o.started, o.done = true, true
			if o.items > 0 {
				o.unresolved = append(o.unresolved, "The population has "+number(o.items)+" items although the test says that the control did not operate.")
			}
		default:
			m.sampled(o, results[t.ID], attributes[t.ID])
		}
		o.deviate(exceptions[t.ID], deviations[t.ID])
		o.resolve(results[t.ID], exceptions[t.ID])
	}
	for _, d := range m.deviations {
		if m.outcomes[d.Value.Test] == nil && slices.ContainsFunc(m.reported(), func(c control) bool { return c.id == d.Value.Control }) {
			ref := d.Ref()
			m.gap("IV", &ref, "Deviation %s is not printed, because its test %s is not part of this report.", firstOf(d.Value.Code, d.ID), d.Value.Test)
		}
	}
}

func (m *material) census(o *outcome) {
	if o.run == nil {
		return
	}
	o.started, o.done = true, true
	o.sources = append(o.sources, o.run.Ref())
	o.items, o.tested = o.run.Value.RowCount, o.run.Value.RowCount
	if o.items == 0 {
		o.unresolved = append(o.unresolved, "The population has no items; a control without occurrence is reported as such.")
	}
	if p, ok := m.populations[o.test.Value.Population]; ok && p.Value.PopulationHash != o.run.Value.PopulationHash {
		o.unresolved = append(o.unresolved, "The test was run over another state of the population.")
	}
	if len(o.run.Value.Counts) == 1 {
		c := o.run.Value.Counts[0]
		o.tested = c.Total() - c.NotApplicable
	}
}

// sampled counts the items that a person or a run looked at one by one.
func (m *material) sampled(o *outcome, results []record.Typed[soc1.Result], attributes []record.Typed[soc1.Attribute]) {
	grid := map[string]map[string]soc1.Outcome{}
	for _, r := range results {
		if grid[r.Value.ItemKey] == nil {
			grid[r.Value.ItemKey] = map[string]soc1.Outcome{}
		}
		grid[r.Value.ItemKey][r.Value.Attribute] = r.Value.Outcome
		o.sources = append(o.sources, r.Ref())
	}
	incomplete := int64(0)
	for _, cells := range grid {
		applicable := false
		for _, x := range cells {
			applicable = applicable || x != soc1.NotApplicable
		}
		if applicable {
			o.tested++
		}
		if slices.ContainsFunc(attributes, func(a record.Typed[soc1.Attribute]) bool { return cells[a.Value.Code] == "" }) {
			incomplete++
		}
	}
	planned := int64(0)
	for _, s := range m.samples {
		if s.Value.Test == o.test.ID {
			planned = max(planned, int64(s.Value.N))
			o.sources = append(o.sources, s.Ref())
		}
	}
	o.started, o.done = len(grid) > 0, len(grid) > 0
	if len(grid) == 0 && o.run != nil {
		o.started, o.done, o.tested = true, true, o.run.Value.RowCount
		o.sources = append(o.sources, o.run.Ref())
	}
	if len(grid) == 0 && o.run == nil && o.test.Value.Method == soc1.ObservationOnly && o.test.Value.PerformedOn != "" {
		o.started, o.done, o.tested = true, true, 1
	}
	if o.items > 0 {
		planned = min(planned, o.items)
	}
	if o.started && incomplete > 0 {
		o.unresolved = append(o.unresolved, number(incomplete)+" "+plural(incomplete, "item has", "items have")+" attributes without a result.")
	}
	if o.started && o.tested < planned {
		o.unresolved = append(o.unresolved, "Testing is not complete: "+number(o.tested)+" of "+number(planned)+" items have results.")
	}
}

// deviate attaches the deviations, each with the number of items that the
// attributes concerned apply to.
func (o *outcome) deviate(exceptions []record.Typed[soc1.Exception], deviations []record.Typed[soc1.Deviation]) {
	keys, named := map[string]bool{}, true
	for _, d := range deviations {
		f := found{Typed: d, of: o.tested}
		applicable := int64(-1)
		counted := int64(0)
		own := map[string]bool{}
		for _, x := range exceptions {
			if !slices.Contains(d.Value.Exceptions, x.ID) {
				continue
			}
			named = named && len(x.Value.ItemKeys) > 0
			for _, k := range x.Value.ItemKeys {
				keys[k], own[k] = true, true
			}
			counted += x.Value.Group.Count
			n := o.applicable(x.Value.Attribute)
			if applicable >= 0 && n != applicable {
				n = o.tested
			}
			applicable = n
			if x.Value.Status != soc1.Confirmed {
				o.unresolved = append(o.unresolved, "A deviation rests on an exception that is not confirmed.")
			}
		}
		if applicable >= 0 {
			f.of = applicable
		}
		if counted += int64(len(own)); counted != d.Value.ItemCount && counted > 0 {
			o.unresolved = append(o.unresolved, "A deviation counts "+number(d.Value.ItemCount)+" items, its exceptions "+number(counted)+".")
		}
		o.deviations = append(o.deviations, f)
		o.sources = append(o.sources, d.Ref())
	}
	if named {
		o.distinct = int64(len(keys))
	}
}

// applicable is the number of items of a census to which an attribute applies.
func (o *outcome) applicable(attribute string) int64 {
	if o.test.Value.Method != soc1.Census || o.run == nil {
		return o.tested
	}
	for _, c := range o.run.Value.Counts {
		if c.Attribute == attribute {
			return c.Total() - c.NotApplicable
		}
	}
	return o.tested
}

// resolve notes exceptions that nobody has decided on and failures of which
// no exception was made.
func (o *outcome) resolve(results []record.Typed[soc1.Result], exceptions []record.Typed[soc1.Exception]) {
	open, loose := int64(0), int64(0)
	covered := map[string]map[string]bool{}
	counts := map[string]int64{}
	for _, x := range exceptions {
		switch {
		case x.Value.Status == soc1.Open:
			open++
		case x.Value.Status == soc1.Confirmed && !slices.ContainsFunc(o.deviations, func(d found) bool { return slices.Contains(d.Value.Exceptions, x.ID) }):
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
	raised := int64(0)
	for _, r := range results {
		failed := r.Value.Outcome == soc1.Fail || r.Value.Outcome == soc1.CannotTell && strings.TrimSpace(r.Value.AlternativeProcedure) == ""
		if failed && !covered[r.Value.Attribute][r.Value.ItemKey] {
			raised++
		}
	}
	if o.run != nil && len(results) == 0 {
		for _, c := range o.run.Value.Counts {
			if missing := c.Fail + c.CannotTell - counts[c.Attribute]; missing > 0 {
				raised += missing
			}
		}
	}
	note := func(n int64, one, many string) {
		if n > 0 {
			o.unresolved = append(o.unresolved, number(n)+" "+plural(n, one, many))
		}
	}
	note(open, "exception awaits a decision; the result is not final.", "exceptions await a decision; the result is not final.")
	note(loose, "confirmed exception is not yet recorded as a deviation.", "confirmed exceptions are not yet recorded as deviations.")
	note(raised, "failed or undecided item has no exception yet.", "failed or undecided items have no exception yet.")
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
