package report

import (
	"strings"

	"reperform/english"
	"reperform/report/wording"
	"reperform/soc1"
)

// sectionI is the service auditor's report: a draft for the auditor, with the
// opinion only where the engagement partner entered one.
func (m *material) sectionI() (Section, error) {
	var p part
	blocks, err := m.wording.Section("section_1", m.facts)
	if err != nil {
		return Section{}, err
	}
	title := "Independent Service Auditor’s Report"
	for _, b := range blocks {
		switch b.ID {
		case "title":
			title = b.Title
			if !m.src.Released {
				p.box(ToneNotice, "Draft for the service auditor", "This text is a draft that follows from the records. It is not the report of a service auditor, and nobody may rely on it.")
			}
			continue
		case "basis":
			m.basis(&p)
			continue
		case "opinion":
			m.opine(&p, b)
			continue
		case "emphasis":
			m.further(&p, b.Title, true)
			continue
		case "other_matter":
			m.further(&p, b.Title, false)
			continue
		}
		if len(b.Texts) == 0 {
			continue
		}
		if b.Title != "" {
			p.heading(3, b.Title)
		}
		p.texts(b)
	}
	m.signOff(&p)
	return Section{ID: "I", Title: "Section I: " + title, Running: "Section I: Service Auditor’s Report", Blocks: p.blocks}, nil
}

// basis prints the basis paragraphs, immediately before the opinion, under a
// heading for each kind of modification.
func (m *material) basis(p *part) {
	if m.opinion == nil {
		return
	}
	for _, kind := range m.facts.Kinds() {
		p.heading(3, m.facts.BasisTitle(string(kind)))
		for _, b := range m.opinion.Value.Basis {
			if m.facts.Opinions.Of(b.Limb) != kind {
				continue
			}
			lead := b.Limb.Label() + ". "
			if b.Objective != "" {
				lead = b.Limb.Label() + ", " + m.objectiveName(b.Objective) + ". "
			}
			text := Block{Kind: KindParagraph, Text: []Run{{Text: lead, Style: "b"}}}
			for i, para := range paras(b.Text) {
				if i > 0 {
					p.add(text)
					text = Block{Kind: KindParagraph}
				}
				text.Text = append(text.Text, para.Text...)
			}
			p.add(text)
		}
		if m.facts.Bases[kind] == 0 {
			m.gap("I", nil, "The engagement partner adds the basis to the opinion.", "The opinion has a %s without a basis paragraph.", strings.ToLower(kind.Label()))
			p.box(ToneGap, "", "[No basis was entered for this modification.]")
		}
	}
}

// objectiveName is an objective as running text names it.
func (m *material) objectiveName(id string) string {
	for _, o := range m.objectives {
		if o.ID == id {
			return "control objective " + o.Value.Code + " (" + strings.TrimSuffix(o.Value.Title, ".") + ")"
		}
	}
	return "control objective " + id
}

// opine prints the opinion as entered, or the empty box where it belongs.
func (m *material) opine(p *part, b wording.Filled) {
	if m.opinion == nil {
		p.heading(3, "Opinion")
		m.gap("I", nil, "The engagement partner enters it with `reperform opine`.", "No opinion has been entered.")
		p.box(ToneGap, "", "[The service auditor’s opinion is entered here by the engagement partner. No opinion has been entered.]")
		return
	}
	limbs := m.facts.Opinions
	if limbs.Design.Modified() && m.facts.Type2 && !limbs.Operating.Modified() {
		m.gap("I", nil, "The engagement partner revises the opinion on operating effectiveness.", "The opinion on design is modified and that on operating effectiveness is not: controls that are not suitably designed cannot operate effectively.")
	}
	if m.facts.Type2 && limbs.Operating == "" {
		m.gap("I", nil, "The engagement partner adds it to the opinion.", "A Type II report has no opinion on operating effectiveness.")
	}
	p.heading(3, b.Title)
	p.texts(b)
	if m.facts.Type2 && limbs.Operating == "" {
		p.box(ToneGap, "", "[No opinion on operating effectiveness has been entered.]")
	}
}

// further prints what the partner entered as emphasis of matter or other
// matter.
func (m *material) further(p *part, title string, emphasis bool) {
	if m.opinion == nil {
		return
	}
	list := m.opinion.Value.OtherMatter
	if emphasis {
		list = m.opinion.Value.Emphasis
	}
	if len(list) == 0 {
		return
	}
	p.heading(3, title)
	for _, text := range list {
		for _, para := range paras(text) {
			p.add(Block{Kind: KindParagraph, Text: para.Text})
		}
	}
	if emphasis {
		p.paragraph("Our opinion is not modified in respect of " + english.Choose(len(list), "this matter.", "these matters."))
	}
}

// signOff ends the report. A signature is printed only when the report was
// released with an opinion.
func (m *material) signOff(p *part) {
	b := Block{Kind: KindSignature}
	a := m.engagement.Value.Auditor
	var date soc1.Date
	if m.opinion != nil {
		date = m.opinion.Value.ReportDate
	}
	if m.opinion != nil && m.src.Released {
		b.Paras = append(b.Paras, role("strong", firstOf(a.Firm, "[Name of the service auditor’s firm]"))...)
	} else {
		b.Paras = append(b.Paras, role("gap", "[Signature of the service auditor]")...)
		if m.opinion != nil {
			b.Paras = append(b.Paras, paras(a.Firm)...)
		}
	}
	if m.opinion != nil {
		b.Paras = append(b.Paras, paras(a.City)...)
		if date == "" {
			m.gap("I", nil, "The engagement partner adds report_date to the opinion.", "The opinion has no report date.")
			b.Paras = append(b.Paras, role("gap", "[Date of the report]")...)
		} else {
			b.Paras = append(b.Paras, paras(date.Long())...)
		}
	}
	p.add(b)
}
