package report

import "reflect"

// Composer collects the blocks of a section of a document that is no SOC 1 report.
// Rooms that write such documents use it; the report itself does not.
type Composer struct {
	section Section
	p       part
}

// Compose begins a section. The id is of no meaning to readers; running is the
// title's short form for the heads of pages.
func Compose(id, title, running string) *Composer {
	return &Composer{section: Section{ID: id, Title: title, Running: running}}
}

// Heading adds a heading of level 2 or 3.
func (c *Composer) Heading(level int, text string) { c.p.heading(level, text) }

// Paragraph adds a paragraph.
func (c *Composer) Paragraph(text string) { c.p.paragraph(text) }

// Box sets lines apart; the tone is one of the tones of boxes.
func (c *Composer) Box(tone, title string, lines ...string) { c.p.box(tone, title, lines...) }

// Bullets adds a list.
func (c *Composer) Bullets(items ...string) {
	b := Block{Kind: KindList, Style: "bullet"}
	for _, x := range items {
		b.Items = append(b.Items, Item{Text: runs(x)})
	}
	c.p.add(b)
}

// Table adds a table unless it has no rows. A column is "Head|share" or
// "Head|share|right"; a row has a text for each, of which every line is a paragraph.
// The first line of a row stands out where others follow it.
func (c *Composer) Table(caption string, heads []string, rows [][]string) {
	out := make([]Row, 0, len(rows))
	for _, r := range rows {
		cells := make([]Cell, len(r))
		for i, text := range r {
			cells[i] = cell(text)
			if i == 0 && len(cells[0].Paras) > 1 {
				cells[0].Paras[0].Role = "strong"
				for j := range cells[0].Paras[1:] {
					cells[0].Paras[j+1].Role = "small"
				}
			}
		}
		out = append(out, row(cells...))
	}
	c.p.table(caption, columns(heads...), out)
}

// Document is a document that is typeset like a report and is none.
type Document struct {
	// Kind, Organization, Description, When and For stand on the cover, one below
	// the other.
	Kind, Organization, Description, When, For string
	// Mark stands at the head of every page, Use and State at its foot.
	Mark, Use, State string
	// Letter chooses US letter paper instead of A4.
	Letter bool
	// Program is this program's version.
	Program string
}

// Model makes the document of its sections.
func (d Document) Model(sections ...*Composer) *Model {
	m := &Model{Format: ModelFormat, Program: d.Program, Typesetter: Typesetter, Paper: "a4", Draft: d.Mark, Author: d.Organization,
		Title: d.Kind + " – " + d.Organization, Ledgers: []State{}, Claims: []Claim{}, Gaps: []Gap{},
		Cover:  Cover{Kind: d.Kind, Organization: d.Organization, Description: d.Description, When: d.When, Auditor: d.For, Use: d.Use},
		Footer: Footer{Use: d.Use, Checkpoint: d.State}}
	if d.Letter {
		m.Paper = "us-letter"
	}
	for _, c := range sections {
		c.section.Blocks = c.p.blocks
		m.Sections = append(m.Sections, c.section)
	}
	clean(reflect.ValueOf(m))
	for i := range m.Sections {
		arrange(m.Sections[i].Blocks)
	}
	return m
}
