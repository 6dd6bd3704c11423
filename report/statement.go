package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// Statement is the text of a document that management signs, as it stands,
// without the signature. The same records give the same text.
type Statement struct {
	Title  string
	Blocks []Block
}

// Assertion is management's assertion as Section II prints it. The view is of
// the organization's ledger; the assertion need not be recorded in it, its
// engagement must be.
func Assertion(ctx context.Context, organization *record.View, a soc1.ManagementAssertion) (Statement, error) {
	m, err := begin(ctx, Source{Organization: organization, Engagement: a.Engagement})
	if err != nil {
		return Statement{}, err
	}
	r := &reader{ctx: ctx}
	m.describe(r)
	if r.err != nil {
		return Statement{}, r.err
	}
	m.assertions = []record.Typed[soc1.ManagementAssertion]{{Value: a}}
	m.facts = m.factsOf()
	var p part
	title, err := m.assertionText(&p)
	if err != nil {
		return Statement{}, err
	}
	return statement(title, p), nil
}

// Letter is management's representation letter as far as the records hold it:
// to whom, on what, its date, and what goes beyond the usual representations.
func Letter(ctx context.Context, organization *record.View, l soc1.RepresentationLetter) (Statement, error) {
	m, err := begin(ctx, Source{Organization: organization, Engagement: l.Engagement})
	if err != nil {
		return Statement{}, err
	}
	r := &reader{ctx: ctx}
	if list := read[soc1.Organization](r, m.latest, "organization"); len(list) > 0 {
		m.organization = list[0]
	}
	if r.err != nil {
		return Statement{}, r.err
	}
	m.facts = m.factsOf()
	c := m.cover()
	var p part
	p.paragraph("To: " + firstOf(m.facts.Firm, "[the service auditor]"))
	p.paragraph("From: the management of " + m.facts.OrgFull)
	p.paragraph("On: " + c.Description + ", " + lowered(c.When))
	p.paragraph("Dated: " + firstOf(l.Dated.Long(), "[no date yet]"))
	if len(l.Statements) > 0 {
		p.heading(3, "Further Representations")
		b := Block{Kind: KindList, Style: "number"}
		for _, s := range l.Statements {
			b.Items = append(b.Items, Item{Text: runs(s)})
		}
		p.add(b)
	}
	if len(paras(l.Disclosures)) > 0 {
		p.heading(3, "Matters Disclosed")
		for _, x := range paras(l.Disclosures) {
			p.add(Block{Kind: KindParagraph, Text: x.Text})
		}
	}
	return statement("Representation Letter", p), nil
}

// lowered begins within a sentence.
func lowered(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func statement(title string, p part) Statement {
	s := Statement{Title: title, Blocks: p.blocks}
	clean(reflect.ValueOf(&s))
	return s
}

// PlainText is the statement as text, one line a paragraph: the bytes that are
// hashed.
func (s Statement) PlainText() string {
	w := &textWriter{}
	w.line("%s", s.Title)
	for _, b := range s.Blocks {
		w.block(b)
	}
	return w.b.String()
}

// SHA256 is the hash of PlainText in hexadecimal.
func (s Statement) SHA256() string {
	sum := sha256.Sum256([]byte(s.PlainText()))
	return hex.EncodeToString(sum[:])
}
