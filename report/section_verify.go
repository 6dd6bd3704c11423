package report

import (
	"slices"
	"strconv"

	"reperform/record"
	"reperform/soc1"
)

// sectionVerify says how a reader computes the report's figures again. It
// discloses checkpoints and population hashes; seed inputs only when the
// auditor has revealed the nonce, and items never.
func (m *material) sectionVerify(out *Model) (Section, error) {
	var p part
	blocks, err := m.wording.Section("verify", m.facts)
	if err != nil {
		return Section{}, err
	}
	for _, b := range blocks {
		switch b.ID {
		case "populations":
			m.populationTable(&p, b.Title, func() { p.texts(b) })
			continue
		case "selections":
			m.selectionTable(&p, b.Title, func() { p.texts(b) })
			continue
		}
		if b.Title != "" {
			p.heading(3, b.Title)
		}
		p.texts(b)
		switch b.ID {
		case "how":
			p.add(Block{Kind: KindCode, Text: runs("reperform verify BUNDLE --checkpoint FILE")})
		case "checkpoint":
			var rows []Row
			for _, s := range out.Ledgers {
				rows = append(rows, row(strong(s.Role), code(s.Origin), cell(number(s.Size)), code(s.Root)))
			}
			p.table("Checkpoints", columns("Records|20", "Origin|25", "Size|11|right", "Root|44"), rows)
		}
	}
	p.heading(3, "Versions")
	p.table("Programs and wording", columns("Part|30", "Version|70"), []Row{
		row(strong("Program"), cell(firstOf(out.Program, "not stated"))),
		row(strong("Wording"), cell(out.Wording)),
		row(strong("Typesetter"), cell(out.Typesetter)),
	})
	return Section{ID: "verify", Title: "How to Verify This Report", Running: "How to Verify This Report", Blocks: p.blocks}, nil
}

// code is a cell of machine text.
func code(text string) Cell { return Cell{Paras: []Para{{Text: []Run{{Text: text, Style: "c"}}}}} }

// used lists the populations behind the tests shown, each once, by title.
func (m *material) used() []record.Typed[soc1.Population] {
	var out []record.Typed[soc1.Population]
	seen := map[string]bool{}
	add := func(id string) {
		if p, ok := m.populations[id]; ok && !seen[id] {
			seen[id] = true
			out = append(out, p)
		}
	}
	for _, t := range m.tests {
		add(t.Value.Population)
		for _, j := range t.Value.Joins {
			add(j.Population)
		}
	}
	order(out, func(p soc1.Population) (int, string) { return 0, p.Title })
	return out
}

func (m *material) populationTable(p *part, title string, intro func()) {
	var rows []Row
	for _, x := range m.used() {
		hash := code(x.Value.PopulationHash)
		if x.Value.PopulationHash == "" {
			ref := x.Ref()
			m.gap("verify", &ref, "Import it again under an id of its own, and run the test over that one.", "Population %s is not frozen.", x.ID)
			hash = Cell{Paras: role("gap", "[not frozen]")}
		}
		n := m.claim("population/"+x.ID+"/rows", "items of population "+x.ID, number(x.Value.RowCount), x.Ref())
		m.claim("population/"+x.ID+"/hash", "population hash of "+x.ID, x.Value.PopulationHash, x.Ref())
		rows = append(rows, row(strong(x.Value.Title), cell(n), hash))
	}
	if len(rows) == 0 {
		return
	}
	p.heading(3, title)
	intro()
	p.table("Populations tested", columns("Population|26", "Items|12|right", "Population hash|62"), rows)
}

func (m *material) selectionTable(p *part, title string, intro func()) {
	if !m.facts.Nonce {
		return
	}
	samples := slices.Clone(m.samples)
	slices.SortStableFunc(samples, func(a, b record.Typed[soc1.Sample]) int { return natural(a.ID, b.ID) })
	var rows []Row
	for _, s := range samples {
		o, ok := m.outcomes[s.Value.Test]
		if !ok {
			continue
		}
		n := m.claim("sample/"+s.ID+"/n", "items asked for in sample "+s.ID, strconv.Itoa(s.Value.N), s.Ref())
		rows = append(rows, row(strong(o.test.Value.Code), cell(n), cell(s.Value.Algorithm), code(s.Value.SeedInput)))
	}
	if len(rows) == 0 {
		return
	}
	p.heading(3, title)
	intro()
	for _, n := range m.nonces {
		if n.Value.Revealed != "" {
			p.add(Block{Kind: KindCode, Text: runs("|nonce:" + n.Value.Revealed)})
		}
	}
	p.table("Selections", columns("Test|18", "Items|10|right", "Algorithm|16", "Seed input|56"), rows)
}
