package report

import (
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// sectionIV states objectives and controls, and for Type 2 the tests and their
// results.
func (m *material) sectionIV() (Section, error) {
	var p part
	title := "Control Objectives and Related Controls"
	if m.facts.Type2 {
		title = "Control Objectives, Related Controls, Tests of Controls, and Results"
	}
	blocks, err := m.wording.Section("section_4", m.facts)
	if err != nil {
		return Section{}, err
	}
	for _, b := range blocks {
		if b.ID == "management" || len(b.Texts) == 0 {
			continue
		}
		if b.Title != "" {
			p.heading(3, b.Title)
		}
		p.texts(b)
		if b.ID == "ipe" && len(m.used()) > 0 && len(m.facts.IPE) == 0 {
			p.box(ToneGap, "", "[No procedure on completeness and accuracy of the populations is recorded.]")
		}
	}
	m.totals(&p)
	for _, o := range m.objectives {
		if err := m.objective(&p, o); err != nil {
			return Section{}, err
		}
	}
	m.otherControls(&p)
	return Section{ID: "IV", Title: "Section IV: " + title, Running: "Section IV: Control Objectives, Controls and Tests", Blocks: p.blocks}, nil
}

// totals says how much follows.
func (m *material) totals(p *part) {
	controls := m.reported()
	var sources []soc1.Ref
	for _, c := range controls {
		sources = append(sources, c.refs()...)
	}
	text := "This section states " + count(m, "report/objectives", "control objectives of the report", m.objectives) + " control " + english.Choose(len(m.objectives), "objective", "objectives") +
		" and " + m.claim("report/controls", "controls of the report's objectives", number(int64(len(controls))), sources...) + " related " + english.Choose(len(controls), "control", "controls")
	if m.facts.Type2 {
		shown := slices.Clone(m.tests)
		shown = keep(shown, func(t record.Typed[soc1.TestOfControl]) bool {
			return slices.ContainsFunc(controls, func(c control) bool { return c.id == t.Value.Control })
		})
		text += ", with " + count(m, "report/tests", "tests of these controls", shown) + " " + english.Choose(len(shown), "test", "tests")
	}
	p.paragraph(text + ".")
}

// objective prints one control objective.
func (m *material) objective(p *part, o record.Typed[soc1.ControlObjective]) error {
	v := o.Value
	p.heading(2, v.Code+": "+v.Title)
	box := Block{Kind: KindBox, Tone: ToneObjective, Title: "Control objective " + v.Code, Paras: paras(v.Text)}
	users := codesOf(m.cuecs, o.ID, func(c soc1.CUEC) (string, []string) { return c.Code, c.Objectives })
	subs := codesOf(m.csocs, o.ID, func(c soc1.CSOC) (string, []string) { return c.Code, c.Objectives })
	if users != "" {
		box.Paras = append(box.Paras, role("small", "Complementary user entity controls: "+users)...)
	}
	if subs != "" {
		box.Paras = append(box.Paras, role("small", "Complementary subservice organization controls: "+subs)...)
	}
	p.add(box)
	controls := m.controlsOf(o.ID)
	if len(controls) == 0 {
		ref := o.Ref()
		m.gap("IV", &ref, "Management links the controls that achieve it, or takes it out of the engagement.", "Control objective %s has no control.", v.Code)
		p.box(ToneGap, "", "[No control is recorded for this control objective.]")
		return nil
	}
	caption := "Controls of control objective " + v.Code
	if m.facts.Type2 {
		caption = "Controls, tests, and results for control objective " + v.Code
		if m.facts.Management {
			b, err := m.wording.Block("section_4", "management", m.facts)
			if err != nil {
				return err
			}
			p.box(ToneNotice, "Management’s own tests", b.Texts[0].Items[0])
		}
	}
	m.controlsTable(p, caption, controls)
	if m.facts.Type2 && !m.facts.Other {
		m.respond(p, controls)
	}
	return nil
}

func codesOf[T any](list []record.Typed[T], objective string, of func(T) (string, []string)) string {
	var out []string
	for _, x := range list {
		code, objectives := of(x.Value)
		if slices.Contains(objectives, objective) {
			out = append(out, code)
		}
	}
	return strings.Join(out, ", ")
}

// otherControls shows entity-level controls that were tested.
func (m *material) otherControls(p *part) {
	if !m.facts.Type2 {
		return
	}
	var tested []control
	for _, c := range m.entityControls() {
		if len(m.testsOf(c)) > 0 {
			tested = append(tested, c)
		}
	}
	if len(tested) == 0 {
		return
	}
	p.heading(2, "Entity-Level Controls")
	p.paragraph("The following entity-level controls are described in Section III and were tested because the control objectives above depend on them.")
	m.controlsTable(p, "Entity-level controls, tests, and results", tested)
}

// respond prints management's responses to the exceptions of some controls.
func (m *material) respond(p *part, controls []control) {
	var rows []Row
	for _, c := range controls {
		for _, o := range m.testsOf(c) {
			for _, d := range o.deviations {
				text, owner, due := m.response(d)
				if text == "" {
					continue
				}
				who := owner
				if due != "" {
					who = strings.TrimPrefix(who+", due "+due.Long(), ", ")
				}
				rows = append(rows, row(strong(c.now().value.Code), cell(sentence(d.Value.Fact)), Cell{Paras: append(paras(text), role("small", who)...)}))
			}
		}
	}
	if len(rows) > 0 && !m.facts.Other {
		p.heading(3, "Management’s response (not examined by the service auditor)")
	}
	p.table("Management’s responses to exceptions", columns("Control|14", "Exception|40", "Management’s response (not examined)|46"), rows)
}

// sectionV is other information of the organization, which nobody examined.
func (m *material) sectionV() (Section, error) {
	var p part
	if !m.facts.Other {
		return Section{}, nil
	}
	for _, id := range []string{"introduction", "responses"} {
		b, err := m.wording.Block("section_5", id, m.facts)
		if err != nil {
			return Section{}, err
		}
		switch {
		case id == "introduction":
			p.box(ToneNotice, "Not examined", b.Texts[0].Items[0])
		case m.facts.Responses:
			p.heading(2, b.Title)
			p.texts(b)
			m.respond(&p, append(m.reported(), m.entityControls()...))
		}
	}
	for _, o := range m.others {
		p.heading(2, o.Value.Title)
		p.add(fromMarkdown(o.Value.Body, o.Value.Title)...)
	}
	if len(m.others) == 0 && !m.facts.Responses {
		m.gap("V", nil, "Management records other_information or its responses, or takes Section V out of the engagement.", "The engagement has a Section V and nothing is recorded for it.")
		p.box(ToneGap, "", "[No other information is recorded.]")
	}
	title := "Section V: Other Information Provided by " + m.facts.Org
	return Section{ID: "V", Title: title, Running: "Section V: Other Information (not examined)", Blocks: p.blocks}, nil
}
