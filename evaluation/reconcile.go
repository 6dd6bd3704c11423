package evaluation

import (
	"fmt"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// reconcile holds results, exceptions and items against each other. What does
// not agree is said in Why, and anything there means that the figures must not
// be relied on.
func (g *testFile) reconcile(out *Figures) {
	why := func(format string, args ...any) { out.Why = append(out.Why, fmt.Sprintf(format, args...)) }
	if len(g.grid.conflicts) > 0 {
		why("Two results for one item and attribute contradict each other: %s.", some(g.grid.conflicts))
	}
	if len(g.stale) > 0 {
		why("Exceptions of a run that a later run replaced are neither dismissed nor retired: %s.", some(ids(g.stale)))
	}
	for _, id := range g.test.Value.Attributes {
		if _, ok := record.Find(g.Attributes, id); !ok {
			why("The test lists the attribute %s, which does not exist.", id)
		}
	}
	switch {
	case out.Method == soc1.DidNotOperate && out.PopulationRows > 0:
		why("The control is tested as not having operated, and its population has %s.", english.Count(out.PopulationRows, "row"))
	case out.Method == soc1.Census, out.Method == soc1.ObservationOnly && g.run != nil:
		g.reconcileCensus(out, why)
	default:
		g.reconcileItems(out, why)
	}
	out.Reconciles = len(out.Why) == 0
}

// reconcileCensus demands that every attribute accounts for every row, and that
// every failure and every undecided item of it is an exception.
func (g *testFile) reconcileCensus(out *Figures, why func(string, ...any)) {
	if g.run != nil {
		g.reconcileRun(why)
	}
	for i, a := range g.attributes {
		fig := out.Attributes[i]
		_, byRun := g.fromRun(a.Value.Code)
		if fig.Total() != out.PopulationRows && (byRun || fig.Total() > 0) {
			why("The outcomes of attribute %s add up to %d of %s.", fig.Code, fig.Total(), english.Count(out.PopulationRows, "row"))
		}
		failed, undecided := newItemSet(), newItemSet()
		for _, x := range g.exceptions {
			if x.Value.Attribute != fig.Code {
				continue
			}
			if x.Value.Undecided {
				g.addAll(undecided, x)
			} else {
				g.addAll(failed, x)
			}
		}
		if !byRun {
			continue
		}
		if n := failed.of(fig.Code); n != fig.Fail {
			why("Attribute %s failed for %s, and the exceptions name %d.", fig.Code, english.Count(fig.Fail, "item"), n)
		}
		if n := undecided.of(fig.Code); n != fig.CannotTell {
			why("Attribute %s could not be decided for %s, and the exceptions name %d.", fig.Code, english.Count(fig.CannotTell, "item"), n)
		}
	}
	g.reconcileItems(out, why)
}

// reconcileRun demands that the run read the population as it is frozen and
// evaluated the expressions as they are.
func (g *testFile) reconcileRun(why func(string, ...any)) {
	run := g.run.Value
	if g.hasPop && run.PopulationHash != g.population.Value.PopulationHash {
		why("The run %s read a population with another hash than %s.", g.run.ID, g.population.ID)
	}
	if joinsChanged(g.test.Value.Joins, run.Joins) {
		why("The joined populations of the test changed after the run %s.", g.run.ID)
	}
	for _, j := range run.Joins {
		if p, ok := record.Find(g.Populations, j.Population); ok && j.PopulationHash != "" && p.Value.PopulationHash != j.PopulationHash {
			why("The run %s joined %s with another hash than it has.", g.run.ID, j.Population)
		}
	}
	evaluated := map[string]soc1.Expression{}
	for _, x := range run.Expressions {
		evaluated[x.Attribute] = x
	}
	for _, a := range g.attributes {
		x, ok := evaluated[a.Value.Code]
		switch {
		case a.Value.Manual:
		case !ok:
			why("The run %s did not evaluate attribute %s.", g.run.ID, a.Value.Code)
		case x.Pass != a.Value.Pass || x.NotApplicable != a.Value.NotApplicable:
			why("Attribute %s changed after the run %s.", a.Value.Code, g.run.ID)
		}
	}
}

func joinsChanged(now []soc1.Join, ran []soc1.DerivationInput) bool {
	return !slices.EqualFunc(now, ran, func(j soc1.Join, r soc1.DerivationInput) bool {
		return j.Name == r.Name && j.Population == r.Population && j.On == r.On
	})
}

// reconcileItems holds results that were recorded item by item against the
// exceptions: each failure has one, and each exception has its failure.
func (g *testFile) reconcileItems(out *Figures, why func(string, ...any)) {
	excepted := map[cell]bool{}
	for _, x := range g.exceptions {
		if _, byRun := g.fromRun(x.Value.Attribute); byRun {
			g.contradicted(x, why)
			continue
		}
		keys, unlisted := g.keysOf(x)
		if unlisted > 0 && out.Method == soc1.SampleMethod {
			why("The exception %s of a sample does not name its items.", x.ID)
		}
		for _, key := range keys {
			at := cell{key, x.Value.Attribute}
			excepted[at] = true
			r, ok := g.grid.cells[at]
			if !ok {
				why("The exception %s names %s, which has no result for attribute %s.", x.ID, key, at.attribute)
				continue
			}
			settled := x.Value.Undecided && x.Value.Status == soc1.Open && r.Value.AlternativeProcedure != ""
			if o := r.Value.Outcome; (o == soc1.Pass || o == soc1.NotApplicable) && x.Value.Status != soc1.Dismissed && !settled {
				why("%s is recorded as %s for attribute %s, and the exception %s is %s.", key, o.Label(), at.attribute, x.ID, x.Value.Status)
			}
		}
	}
	var without []string
	for _, item := range g.grid.items {
		for _, a := range g.attributes {
			at := cell{item, a.Value.Code}
			if _, byRun := g.fromRun(at.attribute); !byRun && g.grid.cells[at].Value.Outcome == soc1.Fail && !excepted[at] {
				without = append(without, item+" "+at.attribute)
			}
		}
	}
	if len(without) > 0 {
		why("Failures without an exception: %s.", some(without))
	}
}

// contradicted says where an alternative procedure passed an item whose
// exception was confirmed.
func (g *testFile) contradicted(x record.Typed[soc1.Exception], why func(string, ...any)) {
	if x.Value.Status != soc1.Confirmed {
		return
	}
	keys, _ := g.keysOf(x)
	for _, key := range keys {
		if o, ok := g.grid.resolved(cell{key, x.Value.Attribute}); ok && o != soc1.Fail {
			why("An alternative procedure found %s for %s, attribute %s, and the exception %s is confirmed.", o.Label(), key, x.Value.Attribute, x.ID)
		}
	}
}

func ids[T any](list []record.Typed[T]) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
	}
	return out
}
