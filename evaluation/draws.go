package evaluation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// selected is one selection for a test: a draw with its expansions.
type selected struct {
	test       record.Typed[soc1.TestOfControl]
	root       record.Typed[soc1.Sample]
	population record.Typed[soc1.Population]
	// items are the keys of the draw and its expansions.
	items []string
	// at is the position at which it was drawn.
	at int64
}

// name says which draw is meant.
func (s selected) name() string {
	return fmt.Sprintf("%s (draw %d of test %s, from population %s)", s.root.ID, max(s.root.Value.Draw, 1), s.test.Value.Code, s.root.Value.Population)
}

// drawFlags finds controls that were drawn from more than once, and populations
// on which a draw could have been tried. A seed is bound to the population, so
// that every other population gives another sample.
func (e *evaluation) drawFlags() {
	byControl := map[string][]selected{}
	var controls []string
	for _, t := range e.Tests {
		if _, known := byControl[t.Value.Control]; !known {
			controls = append(controls, t.Value.Control)
		}
		byControl[t.Value.Control] = append(byControl[t.Value.Control], e.selections(t)...)
	}
	told := map[string]bool{}
	for _, c := range controls {
		draws := byControl[c]
		slices.SortStableFunc(draws, func(a, b selected) int { return cmp.Compare(a.at, b.at) })
		for i, d := range draws {
			e.drawnAgain(draws[:i], d)
		}
		e.twins(c, draws, told)
	}
}

// selections are the draws of a test, the replaced ones among them.
func (f *File) selections(t record.Typed[soc1.TestOfControl]) []selected {
	samples := ofTest(f.Samples, t.ID, func(x soc1.Sample) string { return x.Test })
	var out []selected
	for _, s := range samples {
		if _, expands := record.Find(samples, s.Value.ExpandedFrom); expands && s.Value.ExpandedFrom != s.ID {
			continue
		}
		d := selected{test: t, root: s, at: f.first(s.Record)}
		d.population, _ = record.Find(f.Populations, s.Value.Population)
		of := map[string]bool{s.ID: true}
		for grown := true; grown; {
			grown = false
			for _, x := range samples {
				if of[x.Value.ExpandedFrom] && !of[x.ID] {
					of[x.ID], grown = true, true
				}
			}
		}
		for _, x := range samples {
			for _, item := range x.Value.Items {
				if of[x.ID] && !slices.Contains(d.items, item.Key) {
					d.items = append(d.items, item.Key)
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// drawnAgain flags a draw that was made although there were others for the same
// items: of the same test, or of another population for the same control and
// days.
func (e *evaluation) drawnAgain(before []selected, d selected) {
	var texts []string
	var sources []soc1.Ref
	for _, b := range before {
		if !e.beside(b, d.test, d.population) {
			continue
		}
		sources = append(sources, b.root.Ref())
		if b.population.ID != d.population.ID {
			sources = append(sources, b.population.Ref())
		}
		texts = append(texts, fmt.Sprintf("after %s, %s; %s", b.name(), e.looked(b, d.at), leftOut(b.items, d.items)))
	}
	if len(texts) == 0 {
		return
	}
	reason := "No reason is recorded."
	if !blank(d.root.Value.Reason) {
		reason = fmt.Sprintf("The reason given: %q", strings.TrimSpace(d.root.Value.Reason))
	}
	e.add("EVA-25", d.root.Ref(), sources, "The sample %s was drawn %s. %s", d.name(), strings.Join(texts, "; and "), reason)
}

// beside reports whether another draw for a test, from a population, would let
// somebody choose between it and one that was made: it is of the same test, or of
// the same control and days and from another population whose items may be
// nearly the same.
func (f *File) beside(made selected, t record.Typed[soc1.TestOfControl], p record.Typed[soc1.Population]) bool {
	if made.test.ID == t.ID {
		return true
	}
	return made.test.Value.Control == t.Value.Control && made.root.Value.PopulationHash != p.Value.PopulationHash &&
		f.window(made.test.Value.WindowFrom, made.test.Value.WindowTo).overlaps(f.window(t.Value.WindowFrom, t.Value.WindowTo)) &&
		alike(made.population.Value, p.Value, false)
}

// DrawsBeside are the draws on record that a further draw for a test would stand
// beside, so that it needs a reason: those of the test itself, and those for the
// same control and days from another population that may hold nearly the same
// items.
func (f *File) DrawsBeside(testID string) []record.Typed[soc1.Sample] {
	t, ok := record.Find(f.Tests, testID)
	if !ok {
		return nil
	}
	p, _ := record.Find(f.Populations, t.Value.Population)
	var out []record.Typed[soc1.Sample]
	for _, other := range f.Tests {
		for _, made := range f.selections(other) {
			if f.beside(made, t, p) {
				out = append(out, made.root)
			}
		}
	}
	return out
}

// looked says whether results of a draw were recorded before a position.
func (e *evaluation) looked(d selected, before int64) string {
	seen := map[string]bool{}
	for _, r := range e.Results {
		if r.Value.Test == d.test.ID && e.first(r.Record) < before && slices.Contains(d.items, r.Value.ItemKey) {
			seen[r.Value.ItemKey] = true
		}
	}
	if len(seen) == 0 {
		return "of which no result was recorded by then"
	}
	return fmt.Sprintf("of which results were recorded by then for %d of %s", len(seen), english.Count(int64(len(d.items)), "item"))
}

func leftOut(earlier, now []string) string {
	var out []string
	for _, key := range earlier {
		if !slices.Contains(now, key) {
			out = append(out, key)
		}
	}
	if len(out) == 0 {
		return "no item of it is left out"
	}
	return fmt.Sprintf("left out are %s of it: %s", english.Count(int64(len(out)), "item"), some(out))
}

// alike reports whether two populations may hold nearly the same items of the
// same days: their keys have the same columns, or (with both, and) their sizes
// differ by no more than a twentieth. Only the rows could tell for certain.
func alike(p, q soc1.Population, both bool) bool {
	if p.PeriodFrom != "" && q.PeriodTo != "" && p.PeriodFrom > q.PeriodTo || q.PeriodFrom != "" && p.PeriodTo != "" && q.PeriodFrom > p.PeriodTo {
		return false
	}
	keys := slices.Equal(slices.Sorted(slices.Values(p.Key)), slices.Sorted(slices.Values(q.Key)))
	size := (max(p.RowCount, q.RowCount)-min(p.RowCount, q.RowCount))*20 <= max(p.RowCount, q.RowCount)
	if both {
		return keys && size
	}
	return keys || size
}

// twins flags populations that nothing uses and that may hold nearly the same
// items as one that was drawn from.
func (e *evaluation) twins(control string, draws []selected, told map[string]bool) {
	if e.Past == nil || len(draws) == 0 {
		return
	}
	used := e.usedPopulations(control)
	for _, q := range e.Populations {
		if q.Value.PopulationHash == "" || used[q.ID] || told[q.ID] {
			continue
		}
		i := slices.IndexFunc(draws, func(d selected) bool {
			return d.population.ID != "" && d.population.Value.PopulationHash != q.Value.PopulationHash && alike(d.population.Value, q.Value, true)
		})
		if i < 0 || slices.ContainsFunc(draws, func(d selected) bool { return d.root.Value.PopulationHash == q.Value.PopulationHash }) {
			continue
		}
		told[q.ID] = true
		d, when := draws[i], "before"
		if e.first(q.Record) > d.at {
			when = "after"
		}
		e.add("EVA-25", q.Ref(), []soc1.Ref{d.root.Ref(), d.population.Ref()},
			"Population %s, of %s, was frozen %s sample %s was drawn from %s, of %s, has the same key columns for the same days, and nothing uses it: was a draw tried on it?",
			q.ID, english.Count(q.Value.RowCount, "row"), when, d.root.ID, d.population.ID, english.Count(d.population.Value.RowCount, "row"))
		if when == "before" {
			// An extract that was received again before anything was drawn is
			// common; what a draw from it would have given was known to nobody
			// but the holder of the nonce.
			e.loose[len(e.loose)-1].Severity = Medium
		}
	}
}

// usedPopulations are those with a use beside samples of the control: others
// read them, or tests that draw nothing from them for it.
func (f *File) usedPopulations(control string) map[string]bool {
	used := map[string]bool{}
	for _, t := range f.Tests {
		if t.Value.Method != soc1.SampleMethod || t.Value.Control != control {
			used[t.Value.Population] = true
		}
		for _, j := range t.Value.Joins {
			used[j.Population] = true
		}
	}
	for _, p := range f.Populations {
		for _, in := range p.Value.Derived.Inputs {
			used[in.Population] = true
		}
	}
	for _, k := range f.Controls {
		for _, id := range k.Value.InformationUsed {
			used[id] = true
		}
	}
	return used
}
