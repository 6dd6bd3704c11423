package evaluation

import (
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// manyDismissed is how many items one decision may dismiss on words alone before
// the flag weighs more.
const manyDismissed = 10

// dismissalFlags finds what was settled favorably without evidence on record:
// dismissed exceptions, and items tested by an alternative procedure.
func (e *evaluation) dismissalFlags() {
	type decision struct{ test, by, on, reason, evidence string }
	groups := map[decision][]record.Typed[soc1.Exception]{}
	var order []decision
	for _, x := range e.Exceptions {
		v := x.Value
		if v.Status != soc1.Dismissed || e.onRecord(v.EvidenceRefs) {
			continue
		}
		d := decision{v.Test, v.DecidedBy, string(v.DecidedOn), v.Reason, v.Evidence}
		if groups[d] == nil {
			order = append(order, d)
		}
		groups[d] = append(groups[d], x)
	}
	for _, d := range order {
		list := groups[d]
		items := newItemSet()
		for _, x := range list {
			e.addAll(items, x)
		}
		_, n := items.bounds(0)
		e.add("EVA-27", list[0].Ref(), refs(list), "%s of test %s %s dismissed by %s on %s on words alone: %q.", english.Count(n, "item"), e.codeOf(d.test), were(n), d.by, d.on, d.evidence)
		if n > manyDismissed || len(list[0].Value.Unfounded()) > 0 {
			e.loose[len(e.loose)-1].Severity = High
		}
	}
	for _, t := range e.Tests {
		e.alternatives(e.gather(t))
	}
}

func were(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// onRecord reports whether there are ids of evidence and each is on record.
func (f *File) onRecord(ids []string) bool {
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { _, ok := record.Find(f.Evidence, id); return !ok })
}

func (f *File) codeOf(test string) string {
	if t, ok := record.Find(f.Tests, test); ok {
		return t.Value.Code
	}
	return test
}

// alternatives flags cells that an alternative procedure settled favorably
// without evidence, unless TST-04 already does.
func (e *evaluation) alternatives(g *testFile) {
	var bare []string
	var sources []soc1.Ref
	severity := Medium
	for _, item := range g.grid.items {
		for _, a := range g.attributes {
			r, ok := g.grid.cells[cell{item, a.Value.Code}]
			v := r.Value
			if !ok || blank(v.AlternativeProcedure) || v.Outcome != soc1.Pass && v.Outcome != soc1.NotApplicable {
				continue
			}
			says := soc1.Substantive(v.AlternativeProcedure)
			asked := a.Value.Manual && v.Outcome == soc1.Pass && len(v.Evidence) == 0
			if e.onRecord(v.Evidence) && says || asked && says {
				continue
			}
			if !says {
				severity = High
			}
			bare = append(bare, item+" "+a.Value.Code)
			sources = append(sources, r.Ref())
		}
	}
	if len(bare) > 0 {
		e.add("EVA-27", g.test.Ref(), sources, "An alternative procedure settled %s of test %s on words alone: %s.", cells(len(bare)), g.test.Value.Code, some(bare))
		e.loose[len(e.loose)-1].Severity = severity
	}
}
