package evaluation

import (
	"fmt"

	"reperform/english"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// blocks lists why no conclusion may be entered yet.
func (g *testFile) blocks(out *Figures) {
	block := func(rule string, sources []soc1.Ref, format string, args ...any) {
		out.Blocks = append(out.Blocks, flagged(rule, g.test.Ref(), sources, format, args...))
	}
	g.populationBlocks(block)
	switch out.Method {
	case soc1.SampleMethod:
		g.sampleBlocks(out, block)
	case soc1.Census:
		if g.run == nil && len(g.grid.items) == 0 {
			block("EVA-22", nil, "The census was not run.")
		}
	case soc1.ObservationOnly:
		if g.run == nil && len(g.grid.items) == 0 {
			block("EVA-22", nil, "No item was looked at.")
		}
	}
	if len(g.attributes) == 0 && out.Method != soc1.DidNotOperate {
		block("EVA-22", nil, "The test has no attributes.")
	}
	g.gridBlocks(block)
	if out.Exceptions.Open > 0 {
		block("EVA-21", refs(g.openExceptions()), "%s with exceptions that nobody confirmed or dismissed.", english.Count(out.Exceptions.Open, "item"))
	}
	if out.CannotTellUnresolved > 0 {
		block("EVA-21", nil, "%s could not be decided, and no alternative procedure or decision settled it.", english.Count(out.CannotTellUnresolved, "item"))
	}
	for _, why := range out.Why {
		block("EVA-15", nil, "%s", why)
	}
}

type blocker func(rule string, sources []soc1.Ref, format string, args ...any)

func (g *testFile) openExceptions() []record.Typed[soc1.Exception] {
	var out []record.Typed[soc1.Exception]
	for _, x := range g.exceptions {
		if x.Value.Status == soc1.Open {
			out = append(out, x)
		}
	}
	return out
}

// populationBlocks demands that what is tested, and what it is joined with, is
// frozen and was tested for completeness and accuracy.
func (g *testFile) populationBlocks(block blocker) {
	t := g.test.Value
	if t.Population == "" {
		if t.Method == soc1.Census || t.Method == soc1.SampleMethod {
			block("POP-01", nil, "The test names no population.")
		}
	} else {
		g.reliable(t.Population, block)
	}
	for _, j := range t.Joins {
		g.reliable(j.Population, block)
	}
}

func (g *testFile) reliable(id string, block blocker) {
	p, ok := record.Find(g.Populations, id)
	switch {
	case !ok:
		block("POP-01", nil, "The population %s does not exist in this file.", id)
	case p.Value.PopulationHash == "":
		block("POP-01", []soc1.Ref{p.Ref()}, "The population %s is not frozen.", id)
	default:
		if why := g.unreliable(p, map[string]bool{}); why != "" {
			block("POP-02", []soc1.Ref{p.Ref()}, "%s", why)
		}
	}
}

// unreliable says why completeness and accuracy of a population are not
// established. A failed check counts as answered when its note explains the
// difference and a person concluded on the checks; a population derived by a
// recorded query, without checks of its own, is as good as what it reads.
func (f *File) unreliable(p record.Typed[soc1.Population], seen map[string]bool) string {
	seen[p.ID] = true
	for _, c := range p.Value.Checks {
		if !c.Passed && (c.Note == "" || p.Value.CompletenessConclusion == "") {
			return fmt.Sprintf("The check %q of population %s failed, and nobody explained and concluded on the difference.", c.Check.Label(), p.ID)
		}
	}
	if len(p.Value.Checks) > 0 {
		return ""
	}
	for _, in := range p.Value.Derived.Inputs {
		from, ok := record.Find(f.Populations, in.Population)
		if !ok || seen[from.ID] {
			return fmt.Sprintf("The population %s is derived from %s, which is not in this file.", p.ID, in.Population)
		}
		if why := f.unreliable(from, seen); why != "" {
			return why
		}
	}
	if len(p.Value.Derived.Inputs) > 0 {
		return ""
	}
	return fmt.Sprintf("Completeness and accuracy of population %s were not tested.", p.ID)
}

// sampleBlocks demands that as many items count as were planned.
func (g *testFile) sampleBlocks(out *Figures, block blocker) {
	if len(g.draw.chain) == 0 {
		block("EVA-22", nil, "No sample was drawn.")
		return
	}
	planned := max(int64(g.test.Value.SamplePlan.N), g.draw.asked)
	complete := len(g.missingCells()) == 0
	if complete && out.Tested < planned && out.Drawn < out.PopulationRows {
		out.Lacking = min(planned-out.Tested, out.PopulationRows-out.Drawn)
		block("SMP-01", refs(g.draw.chain), "%s of %d planned %s; %d of those drawn %s not applicable.", english.Count(out.Tested, "item"), planned, english.Choose(out.Tested, "counts", "count"), out.NotApplicable, english.Choose(out.NotApplicable, "is", "are"))
	}
	if len(g.draw.dropped) > 0 {
		block("DEV-08", refs(g.draw.chain), "The expansion left out items of the original sample: %s.", some(g.draw.dropped))
	}
	if left := g.leftBehind(); len(left) > 0 {
		block("DEV-08", refs(g.draw.earlier), "The sample was drawn again, and items that deviated or are open in the earlier draw were left out: %s.", some(left))
	}
	if out.Sample != nil && out.Sample.Stage == sampling.Extend {
		block("EVA-23", nil, "The first stage found one deviation.")
	}
}

// leftBehind are items of replaced draws that failed or have an exception that
// was not dismissed.
func (g *testFile) leftBehind() []string {
	current := map[string]bool{}
	for _, key := range g.draw.items {
		current[key] = true
	}
	bad := map[string]bool{}
	for _, x := range g.exceptions {
		keys, _ := g.keysOf(x)
		for _, key := range keys {
			bad[key] = bad[key] || x.Value.Status != soc1.Dismissed
		}
	}
	var out []string
	seen := map[string]bool{}
	for _, s := range g.draw.earlier {
		for _, item := range s.Value.Items {
			if bad[item.Key] && !current[item.Key] && !seen[item.Key] {
				seen[item.Key] = true
				out = append(out, item.Key)
			}
		}
	}
	return out
}

// gridBlocks demands a result in every cell that a person fills.
func (g *testFile) gridBlocks(block blocker) {
	missing := g.missingCells()
	if len(missing) == 0 {
		return
	}
	block("TST-03", nil, "%s of the grid of %s by %s without a result: %s.", cells(len(missing)),
		english.Count(len(g.drawn()), "item"), english.Count(len(g.attributes), "attribute"), some(missing))
}

func cells(n int) string { return english.Count(n, "cell") }

// missingCells are the cells without a result. Of a census, whose items nobody
// drew, the rows without any result are found by reconciling the counts.
func (g *testFile) missingCells() []string {
	var out []string
	for _, a := range g.attributes {
		if _, byRun := g.fromRun(a.Value.Code); byRun {
			continue
		}
		if g.run != nil && !a.Value.Manual && g.test.Value.Method == soc1.Census {
			continue // said by reconcileRun
		}
		found := 0
		for _, item := range g.drawn() {
			if _, ok := g.grid.cells[cell{item, a.Value.Code}]; ok {
				found++
			} else {
				out = append(out, item+" "+a.Value.Code)
			}
		}
		if g.test.Value.Method == soc1.Census && found == 0 && len(g.drawn()) == 0 {
			out = append(out, "all items "+a.Value.Code)
		}
	}
	return out
}
