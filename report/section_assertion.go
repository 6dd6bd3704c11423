package report

import (
	"reperform/report/wording"
	"reperform/soc1"
)

// sectionII is management's assertion, and that of every subservice
// organization under the inclusive method.
func (m *material) sectionII() (Section, error) {
	var p part
	m.unsigned(&p, m.assertion(""), m.facts.Org)
	title, err := m.assertionText(&p)
	if err != nil {
		return Section{}, err
	}
	m.otherWords(title, p, m.assertion(""))
	m.disagreement(&p)
	m.assertionSignature(&p, m.assertion(""), m.facts.OrgFull, "")
	for i, s := range m.subs {
		if s.Value.Method != soc1.Inclusive {
			continue
		}
		if err := m.subserviceAssertion(&p, m.subs[i].ID, s.Value); err != nil {
			return Section{}, err
		}
	}
	return Section{ID: "II", Title: "Section II: " + title, Running: "Section II: Management’s Assertion", Blocks: p.blocks}, nil
}

// assertionText adds what management asserts: the words that are signed, and
// nothing about the signature.
func (m *material) assertionText(p *part) (title string, err error) {
	blocks, err := m.wording.Section("section_2", m.facts)
	if err != nil {
		return "", err
	}
	for _, b := range blocks {
		switch b.ID {
		case "subservice":
			continue
		case "stated":
			m.statedMatters(p, b.Title, m.assertion(""))
			continue
		case "assertion":
			title = b.Title
		default:
			p.heading(3, b.Title)
		}
		p.texts(b)
	}
	return title, nil
}

// unsigned says that an assertion is only a draft.
func (m *material) unsigned(p *part, a *soc1.ManagementAssertion, who string) {
	switch {
	case a == nil:
		m.gap("II", nil, "Management records it, and an executive signs it.", "There is no assertion of %s.", who)
	case a.SignedOn == "":
		m.gap("II", nil, "An executive signs it with `reperform sign assertion`; a subservice organization’s signature is recorded with it.", "The assertion of %s is not signed.", who)
	default:
		return
	}
	p.box(ToneGap, "Unsigned draft", "[This is the draft of an assertion. Management of "+who+" has not signed it.]")
}

// otherWords says that the text, which the section prints above the signature, is
// not the one that was signed. A signature without a hash says nothing of it.
func (m *material) otherWords(title string, text part, a *soc1.ManagementAssertion) {
	if a == nil || a.SignedOn == "" || a.SignedSHA256 == "" || statement(title, text).SHA256() == a.SignedSHA256 {
		return
	}
	m.gap("II", nil, "The signer reads what changed and signs again, or the records are put back.",
		"The assertion reads otherwise than the text that %s signed on %s.", firstOf(m.people[a.SignedBy].Name, "the signer"), a.SignedOn.Long())
}

func (m *material) statedMatters(p *part, title string, a *soc1.ManagementAssertion) {
	if a == nil || len(a.Modifications) == 0 {
		return
	}
	p.heading(3, title)
	for _, x := range a.Modifications {
		lead := x.Limb.Label() + ". "
		if x.Objective != "" {
			lead = x.Limb.Label() + ", " + m.objectiveName(x.Objective) + ". "
		}
		for i, para := range paras(x.Text) {
			b := Block{Kind: KindParagraph, Text: para.Text}
			if i == 0 {
				b.Text = append([]Run{{Text: lead, Style: "b"}}, b.Text...)
			}
			p.add(b)
		}
	}
}

// disagreement points out where the opinion is modified and the assertion is
// not, or the other way round.
func (m *material) disagreement(p *part) {
	if m.opinion == nil {
		return
	}
	for _, limb := range []soc1.OpinionLimb{soc1.LimbDescription, soc1.LimbDesign, soc1.LimbOperating} {
		opinion := m.facts.Opinions.Of(limb)
		stated := m.facts.Stated[limb] > 0
		text := ""
		switch {
		case (opinion == soc1.Qualified || opinion == soc1.Adverse) && !stated:
			text = "The opinion on “" + limb.Label() + "” is modified; management’s assertion states no exception on it."
		case opinion == soc1.Unmodified && stated:
			text = "Management’s assertion states an exception on “" + limb.Label() + "”; the opinion on it is not modified."
		default:
			continue
		}
		m.gap("II", nil, "Management states the matter in its assertion or withdraws it and signs again, or the engagement partner revises the opinion.", "%s", text)
		p.box(ToneGap, "", "["+text+"]")
	}
}

func (m *material) assertionSignature(p *part, a *soc1.ManagementAssertion, who, outside string) {
	b := Block{Kind: KindSignature}
	if a == nil || a.SignedOn == "" {
		b.Paras = append(b.Paras, role("gap", "[Signature for the management of "+who+"]")...)
		p.add(b)
		return
	}
	b.Paras = append(b.Paras, role("strong", firstOf(m.people[a.SignedBy].Name, outside, "[Name of the signer]"))...)
	b.Paras = append(b.Paras, paras(firstOf(a.SignedTitle, m.people[a.SignedBy].Title))...)
	b.Paras = append(b.Paras, paras(who)...)
	b.Paras = append(b.Paras, paras(a.SignedOn.Long())...)
	p.add(b)
}

// subserviceAssertion is the assertion of one included subservice
// organization. Who signed it may stand in an assertion record or in the
// record of the organization itself.
func (m *material) subserviceAssertion(p *part, id string, s soc1.SubserviceOrganization) error {
	f := *m.facts
	f.Sub = wording.Subservice{Name: s.Name, Functions: firstOf(s.Functions, s.ServicesProvided)}
	for _, x := range m.facts.Inclusive {
		if x.Name == s.Name {
			f.Sub = x
		}
	}
	f.Stated = m.stated(id)
	b, err := m.wording.Block("section_2", "subservice", &f)
	if err != nil {
		return err
	}
	a := m.assertion(id)
	outside := ""
	if (a == nil || a.SignedOn == "") && s.AssertionSignedOn != "" {
		signed := soc1.ManagementAssertion{SubserviceOrganization: id, SignedOn: s.AssertionSignedOn}
		if a != nil {
			signed.Modifications = a.Modifications
		}
		a, outside = &signed, s.AssertionSignedBy
	}
	p.heading(2, b.Title)
	m.unsigned(p, a, s.Name)
	p.texts(b)
	m.statedMatters(p, "Matters Stated by the Management of "+s.Name, a)
	m.assertionSignature(p, a, firstOf(s.LegalName, s.Name), outside)
	return nil
}
