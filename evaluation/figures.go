package evaluation

import (
	"fmt"

	"reperform/english"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// Figures are what the records of one test add up to. They are derived, each
// from the records that Sources names, and conclude nothing.
type Figures struct {
	Test    soc1.Ref        `json:"test"`
	Code    string          `json:"code"`
	By      soc1.Party      `json:"by"`
	Control soc1.Ref        `json:"control"`
	Method  soc1.TestMethod `json:"method"`
	// Window are the days tested.
	Window Window `json:"window"`

	// PopulationRows is the number of items of the frozen population.
	PopulationRows int64 `json:"population_rows"`
	// Drawn is the number of items of the sample, expansions included.
	Drawn int64 `json:"drawn,omitempty"`
	// Tested is n: the items looked at without those that no attribute
	// concerns.
	Tested int64 `json:"tested"`
	// NotApplicable counts the items that no attribute concerns.
	NotApplicable int64 `json:"not_applicable"`
	// Lacking is how many of the next ranked items are still to be drawn so
	// that as many count as were planned; known once all items drawn have
	// their results, and zero when the population has no more.
	Lacking    int64              `json:"lacking,omitempty"`
	Attributes []AttributeFigures `json:"attributes,omitempty"`
	// Exceptions counts distinct items by where they stand; an item may stand
	// at two places for two attributes.
	Exceptions ExceptionFigures `json:"exceptions"`
	// CannotTellUnresolved counts the items that are still undecided: neither
	// an alternative procedure nor a decision on the exception settled them.
	CannotTellUnresolved int64 `json:"cannot_tell_unresolved"`
	// Forced says that a conclusion was entered while items were undecided, so
	// that they count as deviations here.
	Forced bool `json:"forced,omitempty"`
	// DeviationItems is k: the distinct items with a confirmed exception. An
	// item that fails several attributes is one. Where groups of exceptions
	// may overlap it is the most that there can be, and DeviationsAtLeast the
	// fewest; otherwise the two are equal.
	DeviationItems    int64 `json:"deviation_items"`
	DeviationsAtLeast int64 `json:"deviations_at_least"`
	// Rate is exactly DeviationItems of Tested, nil when nothing counts. For a
	// census it is the actual rate of the population, which has no limit; for a
	// sample the observed rate.
	Rate *sampling.Rate `json:"rate,omitempty"`
	// Sample is how the sample is evaluated, nil for any other method and
	// while nothing was tested.
	Sample *SampleFigures `json:"sample,omitempty"`
	// Unsampled is what the planned sample would have found, for a census with
	// deviations. It belongs in a working paper, never in the report.
	Unsampled *Unsampled `json:"unsampled,omitempty"`

	// Reconciles says that the results account one to one for the items: the
	// rows of a census, or items by attributes of a sample. Why says what does
	// not.
	Reconciles bool     `json:"reconciles"`
	Why        []string `json:"why,omitempty"`
	// Blocks are why no conclusion may be entered yet.
	Blocks []Flag `json:"blocks,omitempty"`
	// Flags are what is wrong with the test whether or not anybody concluded.
	Flags []Flag `json:"flags,omitempty"`
	// Notes explain figures that are bounds or lack a basis.
	Notes []string `json:"notes,omitempty"`
	// Sources are the records that the figures come from, Results the single
	// results beside them.
	Sources []soc1.Ref `json:"sources,omitempty"`
	Results []soc1.Ref `json:"-"`
}

// AttributeFigures are the outcomes of one attribute as they were found, before
// anybody decided on exceptions.
type AttributeFigures struct {
	Code          string `json:"code"`
	Pass          int64  `json:"pass"`
	Fail          int64  `json:"fail"`
	NotApplicable int64  `json:"not_applicable"`
	CannotTell    int64  `json:"cannot_tell"`
	// Deviations counts the items with a confirmed exception of the attribute.
	Deviations int64 `json:"deviations"`
	// Unsampled is what the planned sample would have found of them, for a
	// census.
	Unsampled *Unsampled `json:"unsampled,omitempty"`
}

// Total is the number of items that have an outcome.
func (a AttributeFigures) Total() int64 { return a.Pass + a.Fail + a.NotApplicable + a.CannotTell }

// ExceptionFigures counts items by the status of their exceptions. Open ones
// that the data could not decide are counted by CannotTellUnresolved instead.
type ExceptionFigures struct {
	Open      int64 `json:"open"`
	Confirmed int64 `json:"confirmed"`
	Dismissed int64 `json:"dismissed"`
}

// Census reports whether every item of a population was looked at.
func (g Figures) Census() bool { return g.Method == soc1.Census }

// Blocked reports whether something stands in the way of a conclusion.
func (g Figures) Blocked() bool { return len(g.Blocks) > 0 }

// Exceeds reports whether the upper limit of a sample lies above the tolerable
// rate. It is false where there is no limit or no tolerable rate.
func (g Figures) Exceeds() bool {
	return g.Sample != nil && g.Sample.Exceeds != nil && *g.Sample.Exceeds
}

// Figures derives the figures of a test. It fails when the file has no such
// test or holds rates that no model can evaluate; anything unfinished is a
// block or a flag of the result, not an error.
func (f *File) Figures(testID string) (Figures, error) {
	t, ok := record.Find(f.Tests, testID)
	if !ok {
		return Figures{}, fmt.Errorf("there is no test %q in the file of engagement %s; name one of its test_of_control records", testID, f.Engagement.ID)
	}
	g := f.gather(t)
	out := Figures{Test: t.Ref(), Code: t.Value.Code, By: t.Value.By, Method: t.Value.Method, Window: g.window,
		Control: soc1.Ref{Kind: "control", ID: t.Value.Control}}
	if g.hasControl {
		out.Control = g.control.Ref()
	}
	if g.hasPop {
		out.PopulationRows = g.population.Value.RowCount
	}
	g.sources(&out)
	g.attributeFigures(&out)
	g.tested(&out)
	deviating := g.exceptionFigures(&out)
	if err := g.rates(&out, deviating); err != nil {
		return Figures{}, fmt.Errorf("test %s: %w", testID, err)
	}
	g.unsampled(&out)
	g.reconcile(&out)
	g.blocks(&out)
	g.testFlags(&out)
	return out, nil
}

// sources names what the figures come from.
func (g *testFile) sources(out *Figures) {
	out.Sources = append(out.Sources, g.test.Ref())
	if g.hasPop {
		out.Sources = append(out.Sources, g.population.Ref())
	}
	out.Sources = append(out.Sources, refs(g.draw.chain)...)
	if g.run != nil {
		out.Sources = append(out.Sources, g.run.Ref())
	}
	out.Sources = append(out.Sources, refs(g.exceptions)...)
	out.Sources = append(out.Sources, refs(g.deviations)...)
	for _, item := range g.grid.items {
		for _, a := range g.attributes {
			if r, ok := g.grid.cells[cell{item, a.Value.Code}]; ok {
				out.Results = append(out.Results, r.Ref())
			}
		}
	}
}

// drawn are the items that the grid must account for.
func (g *testFile) drawn() []string {
	if g.test.Value.Method == soc1.SampleMethod {
		return g.draw.items
	}
	return g.grid.items
}

// fromRun reports whether an attribute's outcomes were counted by the run over
// all rows. A sample's outcomes are always recorded item by item.
func (g *testFile) fromRun(code string) (soc1.AttributeCount, bool) {
	if g.run == nil || g.test.Value.Method == soc1.SampleMethod {
		return soc1.AttributeCount{}, false
	}
	for _, c := range g.run.Value.Counts {
		if c.Attribute == code {
			return c, true
		}
	}
	return soc1.AttributeCount{}, false
}

func (g *testFile) attributeFigures(out *Figures) {
	for _, a := range g.attributes {
		code := a.Value.Code
		fig := AttributeFigures{Code: code}
		if c, ok := g.fromRun(code); ok {
			fig.Pass, fig.Fail, fig.NotApplicable, fig.CannotTell = c.Pass, c.Fail, c.NotApplicable, c.CannotTell
			out.Attributes = append(out.Attributes, fig)
			continue
		}
		for _, item := range g.drawn() {
			switch g.grid.cells[cell{item, code}].Value.Outcome {
			case soc1.Pass:
				fig.Pass++
			case soc1.Fail:
				fig.Fail++
			case soc1.NotApplicable:
				fig.NotApplicable++
			case soc1.CannotTell:
				fig.CannotTell++
			}
		}
		out.Attributes = append(out.Attributes, fig)
	}
}

// tested counts n and the items that no attribute concerns.
func (g *testFile) tested(out *Figures) {
	runAttributes := 0
	for _, a := range g.attributes {
		if _, ok := g.fromRun(a.Value.Code); ok {
			runAttributes++
		}
	}
	if g.test.Value.Method == soc1.SampleMethod {
		out.Drawn = int64(len(g.draw.items))
	}
	if runAttributes > 0 {
		g.testedByRun(out, runAttributes)
		return
	}
	for _, item := range g.drawn() {
		concerned, any := false, false
		for _, a := range g.attributes {
			r, ok := g.grid.cells[cell{item, a.Value.Code}]
			any = any || ok
			concerned = concerned || ok && r.Value.Outcome != soc1.NotApplicable
		}
		switch {
		case concerned:
			out.Tested++
		case any:
			out.NotApplicable++
		}
	}
}

// testedByRun counts n of a census from the outcomes per attribute. They tell
// how many items no attribute concerns only when there is one attribute, when
// one of them concerns every item, or when all share the same expression;
// otherwise the fewest of them bounds the number, and n is stated as the
// smallest it can be, so that the rate is never understated.
func (g *testFile) testedByRun(out *Figures, runAttributes int) {
	rows := g.run.Value.RowCount
	none := rows
	for _, a := range out.Attributes {
		none = min(none, a.NotApplicable)
	}
	expressions := map[string]bool{}
	for _, x := range g.run.Value.Expressions {
		expressions[x.NotApplicable] = true
	}
	exact := len(g.attributes) == 1 || none == 0 || len(expressions) == 1 && runAttributes == len(g.attributes)
	if !exact {
		out.Notes = append(out.Notes, fmt.Sprintf("At most %s concerned by no attribute; the rate is stated over the fewest items that count.", english.Are(none, "item")))
	}
	out.NotApplicable, out.Tested = none, rows-none
}

// exceptionFigures counts exceptions and returns the deviating items.
func (g *testFile) exceptionFigures(out *Figures) *itemSet {
	open, confirmed, dismissed, undecided := newItemSet(), newItemSet(), newItemSet(), newItemSet()
	every := newItemSet()
	decided := map[cell]bool{}
	for _, x := range g.exceptions {
		g.addAll(every, x)
		switch x.Value.Status {
		case soc1.Confirmed:
			g.addAll(confirmed, x)
		case soc1.Dismissed:
			g.addAll(dismissed, x)
		default:
			g.addOpen(open, undecided, x)
		}
		keys, _ := g.keysOf(x)
		for _, key := range keys {
			decided[cell{key, x.Value.Attribute}] = true
		}
	}
	// A cell that nobody can tell needs no exception record to be undecided.
	for _, item := range g.drawn() {
		for _, a := range g.attributes {
			at := cell{item, a.Value.Code}
			if r, ok := g.grid.cells[at]; ok && r.Value.Outcome == soc1.CannotTell && !decided[at] {
				undecided.add(at.attribute, item)
			}
		}
	}
	rows := out.PopulationRows
	_, out.Exceptions.Open = open.bounds(rows)
	_, out.Exceptions.Confirmed = confirmed.bounds(rows)
	_, out.Exceptions.Dismissed = dismissed.bounds(rows)
	_, out.CannotTellUnresolved = undecided.bounds(rows)
	for i := range out.Attributes {
		out.Attributes[i].Deviations = confirmed.of(out.Attributes[i].Code)
	}
	if len(every.twice) > 0 {
		out.Why = append(out.Why, fmt.Sprintf("Two exceptions name the same item and attribute: %s.", some(every.twice)))
	}
	if out.CannotTellUnresolved > 0 && g.concluded() {
		out.Forced = true
		undecided.into(confirmed)
	}
	return confirmed
}

// addOpen divides an open exception into failures and what is undecided. What
// an alternative procedure decided favorably is neither.
func (g *testFile) addOpen(open, undecided *itemSet, x record.Typed[soc1.Exception]) {
	if !x.Value.Undecided {
		g.addAll(open, x)
		return
	}
	keys, unlisted := g.keysOf(x)
	for _, key := range keys {
		outcome, resolved := g.grid.resolved(cell{key, x.Value.Attribute})
		switch {
		case !resolved:
			undecided.add(x.Value.Attribute, key)
		case outcome == soc1.Fail:
			open.add(x.Value.Attribute, key)
		}
	}
	if unlisted > 0 {
		undecided.unlisted[x.Value.Attribute] += unlisted
	}
}

// into adds the items to another set.
func (s *itemSet) into(other *itemSet) {
	for attribute, keys := range s.listed {
		for key := range keys {
			if !other.listed[attribute][key] {
				other.add(attribute, key)
			}
		}
	}
	for attribute, n := range s.unlisted {
		other.unlisted[attribute] += n
	}
}

// concluded reports whether somebody concluded on the operation of the control
// for days that were tested.
func (g *testFile) concluded() bool {
	for _, c := range g.Conclusions {
		if c.Value.Subject == soc1.OnControl && c.Value.SubjectID == g.test.Value.Control && c.Value.Limb == soc1.ConcludeOperating &&
			g.File.window(c.Value.WindowFrom, c.Value.WindowTo).overlaps(g.window) {
			return true
		}
	}
	return false
}
