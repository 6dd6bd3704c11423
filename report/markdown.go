package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fromMarkdown reads the subset of Markdown that a description is written in:
// paragraphs, sub-headings, lists, tables, bold, italic and code. Everything
// else, HTML and links among it, is text as it stands. A table takes its
// caption from the section that it belongs to.
func fromMarkdown(text, caption string) []Block {
	p := &markdown{lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), caption: caption}
	for p.at < len(p.lines) {
		p.block()
	}
	p.number()
	return p.out
}

// number tells apart the captions of several tables in one text.
func (p *markdown) number() {
	var tables []*Table
	for _, b := range p.out {
		if b.Kind == KindTable {
			tables = append(tables, b.Table)
		}
	}
	for i, t := range tables {
		if len(tables) > 1 {
			t.Caption += fmt.Sprintf(" (%d of %d)", i+1, len(tables))
		}
	}
}

type markdown struct {
	lines   []string
	at      int
	caption string
	out     []Block
}

func (p *markdown) block() {
	line := p.lines[p.at]
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "":
		p.at++
	case headingLevel(trimmed) > 0:
		p.at++
		title := strings.TrimSpace(strings.Trim(trimmed, "#"))
		p.out = append(p.out, Block{Kind: KindHeading, Level: 4, Text: inline(title)})
	case p.tableStarts():
		p.table()
	case isItem(line):
		items, style := p.list(indent(line))
		p.out = append(p.out, Block{Kind: KindList, Style: style, Items: items})
	default:
		p.out = append(p.out, Block{Kind: KindParagraph, Text: inline(p.paragraph())})
	}
}

// paragraph joins lines until something else begins.
func (p *markdown) paragraph() string {
	words := []string{strings.TrimSpace(p.lines[p.at])}
	for p.at++; p.at < len(p.lines); p.at++ {
		line := p.lines[p.at]
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || headingLevel(trimmed) > 0 || isItem(line) || p.tableStarts() {
			break
		}
		words = append(words, trimmed)
	}
	return strings.Join(words, " ")
}

func headingLevel(s string) int {
	n := len(s) - len(strings.TrimLeft(s, "#"))
	if n == 0 || n > 6 || len(s) == n || s[n] != ' ' {
		return 0
	}
	return n
}

func indent(s string) int {
	n := 0
	for _, r := range s {
		switch r {
		case ' ':
			n++
		case '\t':
			n += 4
		default:
			return n
		}
	}
	return n
}

// marker splits a list item into its style and its text.
func marker(line string) (style, text string, ok bool) {
	s := strings.TrimLeft(line, " \t")
	if len(s) > 1 && (s[0] == '-' || s[0] == '*' || s[0] == '+') && s[1] == ' ' {
		return "bullet", strings.TrimSpace(s[2:]), true
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits > 0 && digits < 4 && len(s) > digits+1 && (s[digits] == '.' || s[digits] == ')') && s[digits+1] == ' ' {
		return "number", strings.TrimSpace(s[digits+2:]), true
	}
	return "", "", false
}

func isItem(line string) bool {
	_, _, ok := marker(line)
	return ok
}

// list reads items of one indentation; deeper ones become items below.
func (p *markdown) list(level int) ([]Item, string) {
	var items []Item
	style := ""
	for p.at < len(p.lines) {
		line := p.lines[p.at]
		kind, text, ok := marker(line)
		switch {
		case ok && indent(line) >= level+2 && len(items) > 0:
			last := &items[len(items)-1]
			below, belowStyle := p.list(indent(line))
			last.Items, last.Style = append(last.Items, below...), belowStyle
			continue
		case ok && indent(line) < level, ok && style != "" && kind != style:
			return items, style
		case ok:
			p.at++
			for p.continues(level) {
				text += " " + strings.TrimSpace(p.lines[p.at])
				p.at++
			}
			items, style = append(items, Item{Text: inline(text)}), kind
		case strings.TrimSpace(line) == "" && p.at+1 < len(p.lines) && isItem(p.lines[p.at+1]):
			p.at++
		default:
			return items, style
		}
	}
	return items, style
}

// continues reports whether the line belongs to the item before it.
func (p *markdown) continues(level int) bool {
	if p.at >= len(p.lines) {
		return false
	}
	line := p.lines[p.at]
	return strings.TrimSpace(line) != "" && !isItem(line) && indent(line) > level
}

func (p *markdown) tableStarts() bool {
	if p.at+1 >= len(p.lines) || !strings.Contains(p.lines[p.at], "|") {
		return false
	}
	rule := strings.TrimSpace(p.lines[p.at+1])
	return strings.Contains(rule, "-") && strings.Contains(rule, "|") && strings.Trim(rule, "|-: ") == ""
}

func (p *markdown) table() {
	head := tableCells(p.lines[p.at])
	p.at += 2
	t := &Table{Caption: p.caption}
	for _, h := range head {
		t.Columns = append(t.Columns, Column{Head: plain(inline(h)), Width: 1})
	}
	for ; p.at < len(p.lines) && strings.Contains(p.lines[p.at], "|") && strings.TrimSpace(p.lines[p.at]) != ""; p.at++ {
		cells := tableCells(p.lines[p.at])
		row := Row{}
		for i := range head {
			text := ""
			if i < len(cells) {
				text = cells[i]
			}
			row.Cells = append(row.Cells, Cell{Paras: []Para{{Text: inline(text)}}})
		}
		t.Rows = append(t.Rows, row)
	}
	t.share()
	p.out = append(p.out, Block{Kind: KindTable, Table: t})
}

// Bounds of a column's share of the width, in characters of its longest cell.
const narrowest, widest = 9, 45

// share gives each column of a written table the width that its cells need, and
// sets numbers to the right.
func (t *Table) share() {
	for i := range t.Columns {
		c := &t.Columns[i]
		longest, numbers := utf8.RuneCountInString(c.Head), len(t.Rows) > 0
		for _, r := range t.Rows {
			s := strings.TrimSpace(plain(r.Cells[i].Paras[0].Text))
			longest = max(longest, utf8.RuneCountInString(s))
			numbers = numbers && s != "" && strings.Trim(s, "0123456789,.") == ""
		}
		c.Width = min(max(longest, narrowest), widest)
		if numbers {
			c.Align = "right"
		}
	}
}

// tableCells splits a line at its bars; a bar after a backslash is text.
func tableCells(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(line, "|")
	if strings.HasSuffix(line, "|") && !strings.HasSuffix(line, `\|`) {
		line = line[:len(line)-1]
	}
	var out []string
	var cell strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == '|':
			cell.WriteByte('|')
			i++
		case line[i] == '|':
			out = append(out, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return append(out, strings.TrimSpace(cell.String()))
}

// inline reads emphasis and code within a text. A mark without its partner is
// text.
func inline(s string) []Run {
	var out []Run
	var buf strings.Builder
	bold, italic := false, byte(0)
	flush := func() {
		if buf.Len() == 0 {
			return
		}
		style := ""
		if bold {
			style = "b"
		}
		if italic != 0 {
			style += "i"
		}
		out = append(out, Run{Text: buf.String(), Style: style})
		buf.Reset()
	}
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1 && unicode.IsPunct(rune(rest[1])):
			buf.WriteByte(rest[1])
			i += 2
		case rest[0] == '`' && strings.IndexByte(rest[1:], '`') > 0:
			end := strings.IndexByte(rest[1:], '`')
			flush()
			out = append(out, Run{Text: rest[1 : 1+end], Style: "c"})
			i += end + 2
		case strings.HasPrefix(rest, "**"):
			switch {
			case bold && closes(s, i, "**"), !bold && opens(s, i, "**"):
				flush()
				bold = !bold
			default:
				buf.WriteString("**")
			}
			i += 2
		case italic == rest[0] && closes(s, i, rest[:1]):
			flush()
			italic = 0
			i++
		case italic == 0 && (rest[0] == '*' || rest[0] == '_') && opens(s, i, rest[:1]):
			flush()
			italic = rest[0]
			i++
		default:
			_, size := utf8.DecodeRuneInString(rest)
			buf.WriteString(rest[:size])
			i += size
		}
	}
	flush()
	return out
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// longestEmphasis bounds the search for the mark that closes emphasis, so that
// a text of marks alone costs no more than its length.
const longestEmphasis = 2000

// opens reports whether emphasis begins at i: no word goes before the mark,
// text follows at once, and the mark that closes it comes later.
func opens(s string, i int, mark string) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	from := i + len(mark)
	if isWord(before) || from >= len(s) || s[from] == ' ' {
		return false
	}
	for j := from + 1; j+len(mark) <= min(len(s), from+longestEmphasis); j++ {
		if s[j:j+len(mark)] == mark && closes(s, j, mark) {
			return true
		}
	}
	return false
}

// closes reports whether emphasis may end at i: text goes before the mark and
// no word follows, which keeps marks inside words, as in snake_case, as text.
func closes(s string, i int, mark string) bool {
	if i == 0 || s[i-1] == ' ' || s[i-1] == '\\' {
		return false
	}
	after, _ := utf8.DecodeRuneInString(s[i+len(mark):])
	return !isWord(after)
}

// plain is a text without its styles.
func plain(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.Text)
	}
	return b.String()
}
