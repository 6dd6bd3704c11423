package evaluation

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// testFile is what the file holds of one test.
type testFile struct {
	*File
	test       record.Typed[soc1.TestOfControl]
	control    record.Typed[soc1.Control]
	hasControl bool
	// attributes are the columns of the grid, in order.
	attributes []record.Typed[soc1.Attribute]
	population record.Typed[soc1.Population]
	hasPop     bool
	samples    []record.Typed[soc1.Sample]
	// run is the run that counts: the last one.
	run        *record.Typed[soc1.TestRun]
	exceptions []record.Typed[soc1.Exception]
	// stale are exceptions of runs that a later one replaced and that nobody
	// dismissed.
	stale      []record.Typed[soc1.Exception]
	deviations []record.Typed[soc1.Deviation]
	grid       grid
	draw       draw
	window     Window
}

func (f *File) gather(t record.Typed[soc1.TestOfControl]) *testFile {
	g := &testFile{File: f, test: t, window: f.window(t.Value.WindowFrom, t.Value.WindowTo)}
	g.control, g.hasControl = record.Find(f.Controls, t.Value.Control)
	g.population, g.hasPop = record.Find(f.Populations, t.Value.Population)
	g.attributes = f.attributesOf(t)
	g.samples = ofTest(f.Samples, t.ID, func(x soc1.Sample) string { return x.Test })
	g.deviations = ofTest(f.Deviations, t.ID, func(x soc1.Deviation) string { return x.Test })
	runs := ofTest(f.Runs, t.ID, func(x soc1.TestRun) string { return x.Test })
	if len(runs) > 0 {
		last := slices.MaxFunc(runs, record.Later[soc1.TestRun])
		g.run = &last
	}
	g.sortExceptions(runs)
	g.grid = newGrid(f.resultsOf(t.ID))
	g.draw = drawOf(g.samples)
	return g
}

// sortExceptions sets aside those of replaced runs. A run that came to the same
// result replaces nothing, and a sample may be run in parts.
func (g *testFile) sortExceptions(runs []record.Typed[soc1.TestRun]) {
	for _, x := range ofTest(g.Exceptions, g.test.ID, func(x soc1.Exception) string { return x.Test }) {
		run, known := record.Find(runs, x.Value.Run)
		replaced := g.test.Value.Method == soc1.Census && known && g.run != nil && run.ID != g.run.ID &&
			(run.Value.ResultHash == "" || run.Value.ResultHash != g.run.Value.ResultHash || run.Value.PopulationHash != g.run.Value.PopulationHash)
		switch {
		case !replaced:
			g.exceptions = append(g.exceptions, x)
		case x.Value.Status != soc1.Dismissed:
			g.stale = append(g.stale, x)
		}
	}
}

// attributesOf are the attributes that the test lists, or else all that name
// it, in the order of the grid.
func (f *File) attributesOf(t record.Typed[soc1.TestOfControl]) []record.Typed[soc1.Attribute] {
	var out []record.Typed[soc1.Attribute]
	for _, id := range t.Value.Attributes {
		if a, ok := record.Find(f.Attributes, id); ok {
			out = append(out, a)
		}
	}
	if len(t.Value.Attributes) > 0 {
		return out
	}
	out = ofTest(f.Attributes, t.ID, func(x soc1.Attribute) string { return x.Test })
	slices.SortStableFunc(out, func(a, b record.Typed[soc1.Attribute]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code))
	})
	return out
}

// resultsOf are the results of a test, in a list of the caller's own.
func (f *File) resultsOf(test string) []record.Typed[soc1.Result] {
	if f.byTest != nil {
		return slices.Clone(f.byTest[test])
	}
	return ofTest(f.Results, test, func(x soc1.Result) string { return x.Test })
}

func ofTest[T any](list []record.Typed[T], test string, of func(T) string) []record.Typed[T] {
	var out []record.Typed[T]
	for _, r := range list {
		if of(r.Value) == test {
			out = append(out, r)
		}
	}
	return out
}

// cell is one field of the grid of items and attributes.
type cell struct{ item, attribute string }

// grid is what people found, cell by cell.
type grid struct {
	cells map[cell]record.Typed[soc1.Result]
	// items are the keys in the order in which they were first tested.
	items []string
	// conflicts are cells with two results that say different things.
	conflicts []string
}

// newGrid takes the last result of each cell. A different one replaces an
// earlier one only when it rests on an alternative procedure, or when the
// earlier could not tell; anything else is a conflict that a person settles.
func newGrid(results []record.Typed[soc1.Result]) grid {
	g := grid{cells: map[cell]record.Typed[soc1.Result]{}}
	slices.SortStableFunc(results, record.Later[soc1.Result])
	seen := map[string]bool{}
	for _, r := range results {
		at := cell{r.Value.ItemKey, r.Value.Attribute}
		if !seen[at.item] {
			seen[at.item] = true
			g.items = append(g.items, at.item)
		}
		old, ok := g.cells[at]
		if ok && old.Value.Outcome != r.Value.Outcome && r.Value.AlternativeProcedure == "" && old.Value.Outcome != soc1.CannotTell {
			g.conflicts = append(g.conflicts, at.item+" "+at.attribute)
		}
		g.cells[at] = r
	}
	return g
}

// resolved reports whether an alternative procedure decided a cell, and how.
func (g grid) resolved(at cell) (soc1.Outcome, bool) {
	r, ok := g.cells[at]
	return r.Value.Outcome, ok && r.Value.Outcome != soc1.CannotTell && r.Value.AlternativeProcedure != ""
}

// draw is the sample of a test: the last draw with all its expansions.
type draw struct {
	chain []record.Typed[soc1.Sample]
	// items are the keys drawn, each once, in the order of the draws.
	items []string
	// first is the number of items of the draw before any expansion.
	first int
	// asked is the number of items asked for in all.
	asked int64
	// twice are keys that one sample lists twice or two list with different
	// ranks.
	twice []string
	// dropped are items of a draw that its own expansion left out although it
	// repeats others.
	dropped []string
	// earlier are draws that a later draw replaced.
	earlier []record.Typed[soc1.Sample]
}

func drawOf(samples []record.Typed[soc1.Sample]) draw {
	var d draw
	if len(samples) == 0 {
		return d
	}
	slices.SortStableFunc(samples, func(a, b record.Typed[soc1.Sample]) int {
		return cmp.Or(cmp.Compare(a.Value.Draw, b.Value.Draw), record.Later(a, b))
	})
	isRoot := func(s record.Typed[soc1.Sample]) bool {
		_, known := record.Find(samples, s.Value.ExpandedFrom)
		return !known || s.Value.ExpandedFrom == s.ID
	}
	inChain := map[string]bool{}
	for _, s := range samples {
		if isRoot(s) {
			d.chain, inChain = []record.Typed[soc1.Sample]{s}, map[string]bool{s.ID: true}
		}
	}
	for i := 0; i < len(d.chain); i++ {
		for _, s := range samples {
			if s.Value.ExpandedFrom == d.chain[i].ID && !inChain[s.ID] {
				inChain[s.ID] = true
				d.chain = append(d.chain, s)
			}
		}
	}
	for _, s := range samples {
		if !inChain[s.ID] {
			d.earlier = append(d.earlier, s)
		}
	}
	d.combine()
	return d
}

// combine unites the items of the chain: an expansion may list the items added
// or all of them.
func (d *draw) combine() {
	place := map[string]soc1.SampleItem{}
	var all []string
	for i, s := range d.chain {
		own := map[string]bool{}
		repeats := false
		for _, item := range s.Value.Items {
			known, before := place[item.Key]
			if own[item.Key] || before && (known.Rank != item.Rank || known.Stratum != item.Stratum) {
				d.twice = append(d.twice, item.Key)
			}
			own[item.Key] = true
			repeats = repeats || before
			if !before {
				place[item.Key] = item
				all = append(all, item.Key)
			}
		}
		if repeats {
			for _, key := range d.items {
				if !own[key] {
					d.dropped = append(d.dropped, key)
				}
			}
		}
		d.items = all
		if i == 0 {
			d.first = len(d.items)
		}
		d.asked = max(d.asked, int64(s.Value.N))
	}
}

// expanded reports whether items were added to the first draw.
func (d draw) expanded() bool { return len(d.chain) > 1 }
