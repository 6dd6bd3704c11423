package report

import "unicode"

// A page holds some sixty lines of a table. A cell that might be taller must
// be allowed to break, because the typesetter lets an unbreakable one run off
// the page without a word; a short one is kept whole, because it reads better.
const (
	lineUnits  = 108 // characters across a whole table, at its text size
	keepLines  = 24  // the tallest row that is kept whole
	groupLines = 16  // the tallest group of rows under one cell that is kept whole
	tableLines = 20  // the tallest table that is kept whole: a third of a page
)

// arrange prepares the blocks of a section for the page: no heading skips a
// level below the section's own, which is the first, and table cells that must
// break may.
func arrange(blocks []Block) {
	depth := 1
	for i := range blocks {
		b := &blocks[i]
		switch {
		case b.Kind == KindHeading:
			b.Depth = min(b.Level, depth+1)
			depth = b.Depth
		case b.Table != nil:
			b.Table.fit()
		}
	}
}

// fit marks the cells that are kept whole, and a table that is.
func (t *Table) fit() {
	total, whole := 0, 0
	for _, c := range t.Columns {
		total += c.Width
	}
	for i := 0; i < len(t.Rows); {
		n := 1
		for _, c := range t.Rows[i].Cells {
			n = max(n, c.Span)
		}
		n = min(n, len(t.Rows)-i)
		height := 0
		var spanning []*Cell
		for _, r := range t.Rows[i : i+n] {
			tallest := 0
			offset := len(t.Columns) - len(r.Cells) // covered cells are at the left
			for j := range r.Cells {
				lines := cellLines(r.Cells[j], t.Columns[offset+j].Width*lineUnits/max(total, 1))
				if r.Cells[j].Span > 1 {
					spanning = append(spanning, &r.Cells[j])
					height = max(height, lines)
					continue
				}
				tallest = max(tallest, lines)
			}
			height += tallest
			whole += tallest
			for j := range r.Cells {
				r.Cells[j].Keep = tallest <= keepLines
			}
		}
		for _, c := range spanning {
			c.Keep = height <= groupLines
		}
		whole = max(whole, height)
		i += n
	}
	t.Keep = whole <= tableLines
}

// cellLines is a generous estimate of a cell's lines.
func cellLines(c Cell, units int) int {
	units = max(units-4, 4) // the inset
	lines := 1
	for _, p := range c.Paras {
		w := 0
		for _, r := range p.Text {
			for _, x := range r.Text {
				w++
				if x > 0x1100 && !unicode.Is(unicode.Mn, x) {
					w++ // East Asian characters and emoji are twice as wide
				}
			}
		}
		lines += w/units + 1
	}
	return lines
}
