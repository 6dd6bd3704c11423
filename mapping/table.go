package mapping

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"reperform/soc1"
)

// Table is one list of an export: texts under headings.
type Table struct {
	// Name is that of its file and its view, Title that of its sheet.
	Name, Title string
	Columns     []Column
	Rows        [][]string
}

// Column is a heading with its width in a workbook.
type Column struct {
	Title string
	Width float64
}

// Heads are the headings.
func (t *Table) Heads() []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Title
	}
	return out
}

// TableNames are the lists of an export, in their order.
var TableNames = []string{"requirements", "objectives", "controls", "proposals"}

// Tables are the coverage of a framework as lists: its requirements with what answers
// them, the objectives with what covers them, the controls of its program, and what could
// be one control.
func (r *Register) Tables(f *Framework) []Table {
	return []Table{r.requirementTable(f), r.objectiveTable(f), r.controlTable(f), r.proposalTable(f)}
}

// Table is one of them by its name; nil where there is none of that name.
func (r *Register) Table(f *Framework, name string) *Table {
	list := map[string]func(*Framework) Table{"requirements": r.requirementTable, "objectives": r.objectiveTable, "controls": r.controlTable, "proposals": r.proposalTable}[name]
	if list == nil {
		return nil
	}
	t := list(f)
	return &t
}

func (r *Register) ourCodes(at []int) string {
	var out []string
	for _, i := range at {
		out = append(out, r.Controls[i].Value.Code)
	}
	return strings.Join(out, ", ")
}

// requirementTable has a line for each requirement.
func (r *Register) requirementTable(f *Framework) Table {
	t := Table{Name: "requirements", Title: "Requirements", Columns: []Column{{"Framework", 22}, {"Requirement", 14}, {"Group", 22}, {"Title", 44}, {"Answered", 22}, {"Controls here", 26}, {"Reused from that program", 26}, {"Controls there", 26}, {"Objectives", 22}}}
	for i := range f.Requirements {
		q := &f.Requirements[i]
		title := ""
		if q.Words != nil {
			title = q.Words.Value.Title
		}
		var theirs, objectives []string
		for _, n := range q.Theirs {
			theirs = append(theirs, r.Theirs[n].Value.Code)
		}
		for _, n := range q.Objectives {
			objectives = append(objectives, r.Objectives[n].Value.Code)
		}
		t.Rows = append(t.Rows, []string{f.Name, q.ID, q.Group, title, q.Answer.Label(), r.ourCodes(q.Controls), r.ourCodes(q.Reused), strings.Join(theirs, ", "), strings.Join(objectives, ", ")})
	}
	return t
}

// objectiveTable has a line for each control that covers an objective, and one for each
// objective that nothing covers.
func (r *Register) objectiveTable(f *Framework) Table {
	t := Table{Name: "objectives", Title: "Objectives", Columns: []Column{{"Framework", 22}, {"Objective", 14}, {"Title", 44}, {"Identifiers", 22}, {"Control there", 16}, {"Statement there", 60}, {"How far", 18}, {"Because of", 20}, {"Same control here", 18}, {"Identifiers of both", 22}, {"Why", 50}}}
	for i := range f.Objectives {
		o := &f.Objectives[i]
		v := &r.Objectives[o.Place].Value
		head := []string{f.Name, v.Code, v.Title, strings.Join(o.IDs, ", ")}
		if len(o.Covers) == 0 {
			t.Rows = append(t.Rows, append(head, "", "", "Nothing covers it", "", "", "", ""))
		}
		for _, c := range o.Covers {
			x := &r.Theirs[c.Their]
			far, same := "Not judged", ""
			if c.Strength != "" {
				far = c.Strength.Label()
			}
			if x.Control >= 0 {
				same = r.Controls[x.Control].Value.Code
			}
			t.Rows = append(t.Rows, append(head[:4:4], x.Value.Code, x.Value.Text, far, c.Basis.Label(), same, strings.Join(c.IDs, ", "), c.Why))
		}
	}
	return t
}

// controlTable has a line for each control of the other program.
func (r *Register) controlTable(f *Framework) Table {
	t := Table{Name: "controls", Title: "Controls there", Columns: []Column{{"Framework", 22}, {"Control there", 16}, {"Statement", 60}, {"Identifiers", 22}, {"Owner there", 22}, {"Frequency", 16}, {"Evidence", 40}, {"Same control here", 18}, {"Covers", 50}, {"Source", 30}}}
	for _, n := range f.Theirs {
		x := &r.Theirs[n]
		same := ""
		if x.Control >= 0 {
			same = r.Controls[x.Control].Value.Code
		}
		var covers []string
		for _, c := range x.Covers {
			covers = append(covers, r.Objectives[c.Objective].Value.Code+": "+c.Says())
		}
		t.Rows = append(t.Rows, []string{f.Name, x.Value.Code, x.Value.Text, strings.Join(x.Value.Identifiers, ", "), x.Value.Owner, x.Value.Frequency.Label(), x.Value.Evidence, same, strings.Join(covers, "; "), x.Value.Source})
	}
	return t
}

// proposalTable has a line for each pair that could be one control.
func (r *Register) proposalTable(f *Framework) Table {
	t := Table{Name: "proposals", Title: "Proposals", Columns: []Column{{"Framework", 22}, {"Control there", 16}, {"Statement there", 60}, {"Control here", 16}, {"Statement here", 60}, {"Words alike", 12}, {"Identifiers of both", 22}, {"Named by", 16}, {"Words of both", 40}}}
	for _, p := range f.Proposals {
		x, c := &r.Theirs[p.Their].Value, &r.Controls[p.Control].Value
		by := "The control"
		if p.ByObjective {
			by = "Its objective"
		}
		t.Rows = append(t.Rows, []string{f.Name, x.Code, x.Text, c.Code, c.Statement(), fmt.Sprintf("%d %%", p.Alike), strings.Join(p.IDs, ", "), by, strings.Join(p.Words, ", ")})
	}
	return t
}

// About says what the tables are, and what their words stand for.
func (f *Framework) About(r *Register) [][2]string {
	out := [][2]string{
		{"What", "Coverage of " + f.Title + ", both ways"},
		{"Answered by a control here", fmt.Sprintf("%d of %d requirements, %d %%", f.Counted(Answered), len(f.Requirements), f.Percent())},
		{"Objectives covered", fmt.Sprintf("%d of %d, by a judgement or a control in common", f.CoveredObjectives(), len(f.Objectives))},
		{"Controls there", fmt.Sprintf("%d, of which %d are one with a control here", len(f.Theirs), f.Tied(r))},
		{"Open proposals", fmt.Sprint(len(f.Proposals))},
	}
	for _, v := range soc1.CoverageStrength("").Values() {
		s := soc1.CoverageStrength(v)
		out = append(out, [2]string{"How far: " + s.Label(), s.Means()})
	}
	for _, b := range Bases {
		out = append(out, [2]string{"Because of: " + b.Label(), b.Means()})
	}
	return out
}

// longestCell is what a cell of a workbook holds.
const longestCell = 32767

// Workbook writes tables and a page about them as a workbook. Texts are written as texts
// and never compute.
func Workbook(tables []Table, about [][2]string) ([]byte, error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F1F1F3"}}})
	if err != nil {
		return nil, err
	}
	plain, err := book.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	if err != nil {
		return nil, err
	}
	lines := make([][]string, len(about))
	for i, l := range about {
		lines[i] = []string{l[0], l[1]}
	}
	for i, t := range append(tables[:len(tables):len(tables)], Table{Title: "About", Columns: []Column{{"", 26}, {"", 90}}, Rows: lines}) {
		if i == 0 {
			err = book.SetSheetName("Sheet1", t.Title)
		} else {
			_, err = book.NewSheet(t.Title)
		}
		if err != nil {
			return nil, err
		}
		if err := writeSheet(book, &t, bold, plain); err != nil {
			return nil, err
		}
	}
	book.SetActiveSheet(0)
	b, err := book.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeSheet(book *excelize.File, t *Table, bold, plain int) error {
	w, err := book.NewStreamWriter(t.Title)
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		if err := w.SetColWidth(i+1, i+1, c.Width); err != nil {
			return err
		}
	}
	// The page about the tables has no heads.
	first := 1
	row := func(n int, cells []string, style int) error {
		at, err := excelize.CoordinatesToCellName(1, n)
		if err != nil {
			return err
		}
		out := make([]any, len(cells))
		for i, s := range cells {
			if len(s) > longestCell {
				s = strings.ToValidUTF8(s[:longestCell-3], "") + "…"
			}
			out[i] = excelize.Cell{StyleID: style, Value: s}
		}
		return w.SetRow(at, out)
	}
	if t.Name != "" {
		if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
		if err := row(1, t.Heads(), bold); err != nil {
			return err
		}
		first = 2
	}
	for i, cells := range t.Rows {
		if err := row(first+i, cells, plain); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if t.Name == "" {
		return nil
	}
	last, err := excelize.CoordinatesToCellName(len(t.Columns), max(len(t.Rows)+1, 2))
	if err != nil {
		return err
	}
	return book.AutoFilter(t.Title, "A1:"+last, nil)
}
