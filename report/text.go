package report

import (
	"fmt"
	"strings"
)

// PlainText is the report as text, one line a paragraph, for comparing two
// drafts and for reading without a PDF. It holds everything that the PDF
// prints but the layout, with the gaps and claims at the end.
func (m *Model) PlainText() string {
	w := &textWriter{}
	w.line("%s", m.Title)
	if m.Draft != "" {
		w.line("[%s]", m.Draft)
	}
	for _, s := range []string{m.Cover.Organization, m.Cover.Description, m.Cover.When, m.Cover.Auditor, m.Footer.Use, m.Footer.Checkpoint, "Paper: " + m.Paper, "Wording: " + m.Wording} {
		if s != "" {
			w.line("%s", s)
		}
	}
	for _, s := range m.Sections {
		w.line("\n==== %s", s.Title)
		for _, b := range s.Blocks {
			w.block(b)
		}
	}
	w.line("\n==== Gaps")
	for _, g := range m.Gaps {
		w.line("%s: %s", g.Where, g.Text)
	}
	w.line("\n==== Claims")
	for _, c := range m.Claims {
		var sources []string
		for _, s := range c.Sources {
			sources = append(sources, s.String())
		}
		w.line("%s = %s (%s) from %s", c.ID, c.Value, c.Text, strings.Join(sources, ", "))
	}
	return w.b.String()
}

type textWriter struct{ b strings.Builder }

func (w *textWriter) line(format string, args ...any) { fmt.Fprintf(&w.b, format+"\n", args...) }

func (w *textWriter) block(b Block) {
	switch b.Kind {
	case KindHeading:
		w.line("\n%s %s", strings.Repeat("#", b.Level), marked(b.Text))
	case KindParagraph:
		w.line("%s", marked(b.Text))
	case KindCode:
		w.line("    %s", marked(b.Text))
	case KindList:
		w.items(b.Style, b.Items, "")
	case KindBox:
		w.line("[%s] %s", b.Tone, b.Title)
		for _, p := range b.Paras {
			w.line("  | %s", marked(p.Text))
		}
	case KindSignature:
		for _, p := range b.Paras {
			w.line("  ~ %s", marked(p.Text))
		}
	case KindTable:
		w.table(b.Table)
	}
}

func (w *textWriter) items(style string, items []Item, indent string) {
	for i, it := range items {
		mark := "-"
		switch style {
		case "number":
			mark = fmt.Sprintf("%d.", i+1)
		case "letter":
			mark = fmt.Sprintf("(%c)", 'a'+i)
		}
		w.line("%s%s %s", indent, mark, marked(it.Text))
		w.items(it.Style, it.Items, indent+"  ")
	}
}

func (w *textWriter) table(t *Table) {
	var heads []string
	for _, c := range t.Columns {
		heads = append(heads, c.Head)
	}
	w.line("Table: %s", t.Caption)
	w.line("  %s", strings.Join(heads, " | "))
	for _, r := range t.Rows {
		cells := make([]string, 0, len(t.Columns))
		for range len(t.Columns) - len(r.Cells) {
			cells = append(cells, "^")
		}
		for _, c := range r.Cells {
			var lines []string
			for _, p := range c.Paras {
				lines = append(lines, marked(p.Text))
			}
			text := strings.Join(lines, " / ")
			if c.Tint != "" {
				text = "{" + c.Tint + "} " + text
			}
			cells = append(cells, text)
		}
		w.line("  - %s", strings.Join(cells, " | "))
	}
}

// marked writes runs with their styles.
func marked(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		mark := map[string]string{"b": "**", "i": "*", "bi": "***", "c": "`"}[r.Style]
		b.WriteString(mark + r.Text + mark)
	}
	return b.String()
}
