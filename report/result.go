package report

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/soc1"
)

// testCell is the test as Section IV describes it: its procedures, and how
// much of the population they reached.
func (m *material) testCell(o *outcome) Cell {
	t := o.test.Value
	var out Cell
	if w := m.window(t); w != "" {
		out.Paras = append(out.Paras, role("small", w)...)
	}
	for _, p := range t.Procedures {
		lines := paras(p.Text)
		if len(lines) > 0 {
			lines[0].Text = append([]Run{{Text: p.Nature.Label() + ". ", Style: "b"}}, lines[0].Text...)
		}
		out.Paras = append(out.Paras, lines...)
	}
	if extent := m.extent(o); extent != "" {
		out.Paras = append(out.Paras, role("small", extent)...)
	}
	return out
}

// window names the dates tested where they are not the whole period.
func (m *material) window(t soc1.TestOfControl) string {
	e := m.engagement.Value
	from, until := t.WindowFrom, t.WindowTo
	if v := m.tested(t); v != nil && from == "" && until == "" {
		from, until = v.from, v.until
	}
	if from <= e.PeriodStart {
		from = ""
	}
	if until >= e.PeriodEnd {
		until = ""
	}
	if d := dates(from, until); d != "" {
		return "Tested for: " + strings.ToLower(d[:1]) + d[1:]
	}
	return ""
}

// tested is the version of a control that a test names, nil when it names none.
func (m *material) tested(t soc1.TestOfControl) *version {
	for _, c := range m.controls {
		for i := range c.versions {
			if c.id == t.Control && t.ControlRevision != 0 && c.versions[i].Revision == t.ControlRevision {
				return &c.versions[i]
			}
		}
	}
	return nil
}

func (m *material) extent(o *outcome) string {
	id := "test/" + o.test.ID
	switch o.test.Value.Method {
	case soc1.Census:
		if o.untested {
			return "Extent: every item of the population."
		}
		n := m.claim(id+"/items", "items of the population of test "+o.test.Value.Code, number(o.figures.PopulationRows), o.figures.Sources...)
		return "Extent: every item of the population (" + n + ")."
	case soc1.SampleMethod:
		return "Extent: a sample of the population."
	case soc1.ObservationOnly:
		return "Extent: one item of each kind."
	}
	return ""
}

// resultCell is the result in the vocabulary of the field: "No exceptions
// noted.", "Exception noted: k of n …", "did not operate", or that the test
// is not finished.
func (m *material) resultCell(o *outcome) Cell {
	var out Cell
	ref := o.test.Ref()
	switch {
	case o.test.Value.Method == soc1.DidNotOperate && len(o.deviations) == 0:
		out.Paras = append(out.Paras, paras("The control did not operate in the period. "+sentence(o.test.Value.NoOccurrence))...)
	case o.clean():
		out.Paras = append(out.Paras, paras("No exceptions noted.")...)
	case o.untested && len(o.deviations) == 0:
		m.gap("IV", &ref, "Run it with `reperform test run`, or record that the control did not operate.", "Test %s has no result.", o.test.Value.Code)
		out.Tint = "gap"
		out.Paras = append(out.Paras, role("gap", "Not yet tested.")...)
	}
	for _, d := range o.deviations {
		out.Tint = "exception"
		out.Paras = append(out.Paras, m.exceptionParas(o, d)...)
	}
	if k, exact := o.distinct(); len(o.deviations) > 1 && exact {
		n := m.claim("test/"+o.test.ID+"/deviating", "different items that deviated in test "+o.test.Value.Code, number(k), o.figures.Sources...)
		out.Paras = append(out.Paras, paras("In all, "+n+" different "+english.Choose(k, "item", "items")+" deviated.")...)
	}
	for _, u := range o.unresolved {
		m.gap("IV", &ref, "Decide what is open, write up what is confirmed, or correct the test; `reperform examination status` shows where it stands.", "Test %s: %s", o.test.Value.Code, u)
		out.Paras = append(out.Paras, role("gap", "["+u+"]")...)
		if out.Tint == "" {
			out.Tint = "gap"
		}
	}
	return out
}

// exceptionParas words one deviation: the count with the number of items
// tested, the actual rate where every item was tested, and the fact as a
// person recorded it. No cause is argued here.
func (m *material) exceptionParas(o *outcome, d found) []Para {
	id := "test/" + o.test.ID + "/deviation/" + d.ID
	sources := append([]soc1.Ref{d.Ref()}, o.figures.Sources...)
	k := m.claim(id+"/count", "items of deviation "+firstOf(d.Value.Code, d.ID), number(d.Value.ItemCount), sources...)
	n := m.claim(id+"/of", "items tested for deviation "+firstOf(d.Value.Code, d.ID), number(d.of), sources...)
	text := k + " of " + n + " " + english.Choose(d.of, "item", "items")
	switch {
	case o.test.Value.Method == soc1.Census:
		if d.of != o.figures.PopulationRows {
			text += " to which the attribute applies"
		}
		text += ", an actual rate of " + m.claim(id+"/rate", "actual rate of deviation "+firstOf(d.Value.Code, d.ID), rate(d.Value.ItemCount, d.of), sources...)
	default:
		text += " tested"
	}
	out := []Para{{Role: "exception", Text: []Run{{Text: "Exception noted: ", Style: "b"}, {Text: text + "."}}}}
	return append(out, paras(sentence(d.Value.Fact))...)
}

// response is what management says about a deviation: its own record, or
// else what the deviation holds as received.
func (m *material) response(d found) (text, owner string, due soc1.Date) {
	for _, r := range m.responses {
		ref := r.Value.Deviation
		if ref.ID == d.ID && (ref.Ledger == "" || ref.Ledger == d.Ledger) {
			return r.Value.Text, m.people[r.Value.Owner].Title, r.Value.Due
		}
	}
	return d.Value.Response, "", ""
}

// testsOf lists the outcomes of a control's tests.
func (m *material) testsOf(c control) []*outcome {
	var out []*outcome
	for _, t := range m.tests {
		if t.Value.Control == c.id {
			out = append(out, m.outcomes[t.ID])
		}
	}
	return out
}

// controlsTable is the table of Section IV for some controls.
func (m *material) controlsTable(p *part, caption string, controls []control) {
	if m.engagement.Value.Type == soc1.Type1 {
		var rows []Row
		for _, c := range controls {
			code := strong(c.now().value.Code)
			text := m.controlCell(c)
			text.Paras = slices.Delete(text.Paras, 0, 1)
			rows = append(rows, row(code, text))
		}
		p.table(caption, columns("Number|14", "Control|86"), rows)
		return
	}
	heads := columns("Control|35", "Test of operating effectiveness|37", "Result|28")
	if m.party == soc1.ByManagement {
		heads = columns("Control|35", "Management’s own test|37", "Result of management’s test|28")
	}
	var rows []Row
	for _, c := range controls {
		tests := m.testsOf(c)
		first := m.controlCell(c)
		if len(tests) == 0 {
			ref := c.now().Ref()
			m.gap("IV", &ref, "Record a test of the control and run it; one that did not operate is a test of that method.", "Control %s has no test.", c.now().value.Code)
			rows = append(rows, row(first, Cell{Paras: role("gap", "[No test is recorded.]")}, Cell{Paras: role("gap", "Not yet tested."), Tint: "gap"}))
			continue
		}
		first.Span = len(tests)
		for i, o := range tests {
			if i == 0 {
				rows = append(rows, row(first, m.testCell(o), m.resultCell(o)))
				continue
			}
			rows = append(rows, row(m.testCell(o), m.resultCell(o)))
		}
	}
	p.table(caption, heads, rows)
}
