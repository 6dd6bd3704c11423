package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
)

// matrixColumns are the columns of an export with their widths in characters.
var matrixColumns = []struct {
	title string
	width float64
}{
	{"Objective", 34}, {"Control", 12}, {"Key", 6}, {"Statement", 80}, {"Risks", 50}, {"Rating", 10}, {"Frequency", 14}, {"Nature", 18}, {"Type", 12},
	{"Owner", 22}, {"Evidence", 10}, {"Expected", 10}, {"Status", 12}, {"Why", 40}, {"Last tested", 12},
}

// exported is a line of an export.
type exported struct {
	objective string
	cells     []any
}

// exportLines are all controls that match, by objective, as the page lists them.
func (d *matrixData) exportLines(q matrixQuery) []exported {
	match := d.matches(q, "")
	var out []exported
	for n := range d.o.Objectives {
		o := &d.o.Objectives[n]
		if only := q.Sets["objective"]; len(only) > 0 && !contains(only, orNone(o.Ref.ID)) {
			continue
		}
		title := "Entity-level controls"
		if !o.EntityLevel() {
			title = o.Objective.Code + " · " + o.Objective.Title
		}
		for _, at := range o.Controls {
			if match[at] {
				out = append(out, exported{title, d.exportCells(title, at)})
			}
		}
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (d *matrixData) exportCells(objective string, at int) []any {
	c, row := &d.o.Controls[at], &d.rows[at]
	key, rating := "", ""
	if c.Control.Key {
		key = "Key"
	}
	if len(c.Risks) > 0 {
		rating = c.Rating.Level().Label()
	}
	var covered, expected any = c.Evidence.Items, ""
	if c.Evidence.Counted {
		covered, expected = c.Evidence.Covered, c.Evidence.Expected
	}
	return []any{objective, row.Code, key, row.Statement, row.RiskAll, rating, c.Control.Frequency.Label(), c.Control.Nature.Label(), c.Control.Type.Label(),
		c.Owner.Name, covered, expected, c.Status.Label(), c.Why, string(c.LastTested)}
}

// aboutMatrix says what an export is: whose, as of when, of which records.
func (r *request) aboutMatrix(d *matrixData, q matrixQuery) ([][2]string, error) {
	org, work, err := r.matrixViews()
	if err != nil {
		return nil, err
	}
	out := [][2]string{{"Document", "Risk-control matrix"}}
	name := ""
	if all, err := record.All[struct {
		Name string `json:"name"`
	}](r.Context(), org, "organization"); err == nil && len(all) > 0 {
		name = all[0].Value.Name
	}
	side := "Management"
	if d.o.By != "" && r.ledger != app.OrganizationLedger {
		side = "The service auditor"
	}
	out = append(out, [2]string{"Workspace", name}, [2]string{"Statuses of", side})
	if e := d.o.Engagement; e.ID != "" {
		out = append(out, [2]string{"Engagement", record.HeadingOf(e.Record).String()})
	}
	out = append(out, [2]string{"Period", string(d.o.Period.From) + " to " + string(d.o.Period.To)}, [2]string{"As of", string(d.o.Question.Today)})
	if r.past.On() {
		out = append(out, [2]string{"Point in time", r.past.Text})
	}
	filters := strings.Join(d.described(q), "; ")
	if filters == "" {
		filters = "None"
	}
	n := 0
	for _, m := range d.matches(q, "") {
		n += boolInt(m)
	}
	out = append(out, [2]string{"Filters", filters}, [2]string{"Controls", fmt.Sprintf("%d of %d", n, len(d.rows))})
	out = append(out, [2]string{"Exported by", r.headings().person(r.actor).Name}, [2]string{"Exported at", r.site.now().In(r.zone()).Format(time.RFC3339)})
	views := []*record.View{org}
	if work != org {
		views = append(views, work)
	}
	for _, v := range views {
		lines, err := r.aboutLedger(v)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

// aboutLedger says at which state of a ledger something was exported: its size,
// and the latest checkpoint for those who may have it.
func (r *request) aboutLedger(v *record.View) ([][2]string, error) {
	out := [][2]string{{"Ledger " + v.Ledger(), fmt.Sprintf("%d entries", v.AsOf().Known)}}
	note, key, err := r.site.app.Checkpoint(r.Context(), r.actor, v.Ledger())
	var denied *identity.DeniedError
	switch {
	case errors.As(err, &denied):
		note, key = []byte("not shown: "+stopped(denied.Error())), ""
	case err != nil:
		return nil, err
	}
	out = append(out, [2]string{"Latest checkpoint of " + v.Ledger(), string(note)})
	if key != "" {
		out = append(out, [2]string{"Key of " + v.Ledger(), key})
	}
	return out, nil
}

func (r *request) exportOf() (*matrixData, matrixQuery, error) {
	q, err := readMatrixQuery(r.URL.Query())
	if err != nil {
		return nil, q, err
	}
	d, err := r.matrixOf(q.Engagement)
	return d, q, err
}

func (r *request) attachment(name, contentType string, b []byte) error {
	h := r.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	h.Set("Content-Length", fmt.Sprint(len(b)))
	_, _ = r.w.Write(b)
	return nil
}

// exportName is the file's name: what, of which engagement, as of when.
func exportName(d *matrixData, ext string) string {
	name := "risk-control-matrix"
	if id := app.IDFrom(d.o.Engagement.ID); id != "" {
		name += "-" + id
	}
	return name + "-" + string(d.o.Question.Today) + ext
}

// matrixCSV writes the matrix as text. A cell that a spreadsheet would take
// for a formula begins with an apostrophe.
func (r *request) matrixCSV() error {
	d, q, err := r.exportOf()
	if err != nil {
		return err
	}
	return r.csvFile(exportName(d, ".csv"), func(w *csv.Writer) error {
		head := make([]string, len(matrixColumns))
		for i, c := range matrixColumns {
			head[i] = c.title
		}
		_ = w.Write(head)
		for _, l := range d.exportLines(q) {
			line := make([]string, len(l.cells))
			for i, c := range l.cells {
				if s, ok := c.(string); ok {
					line[i] = app.PlainCell(s)
				} else {
					line[i] = fmt.Sprint(c)
				}
			}
			_ = w.Write(line)
		}
		return nil
	})
}

// csvFile sends a table as text. What cannot be written is told when the writer is
// flushed, so that fill need not look at it.
func (r *request) csvFile(name string, fill func(*csv.Writer) error) error {
	var b bytes.Buffer
	// Spreadsheets take the text for Unicode only with this mark.
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := fill(w); err != nil {
		return err
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return r.attachment(name, "text/csv; charset=utf-8", b.Bytes())
}

// matrixXLSX writes the matrix as a workbook.
func (r *request) matrixXLSX() error {
	d, q, err := r.exportOf()
	if err != nil {
		return err
	}
	about, err := r.aboutMatrix(d, q)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	if err := matrixSheet(book, d.exportLines(q)); err != nil {
		return err
	}
	if err := aboutSheet(book, about); err != nil {
		return err
	}
	book.SetActiveSheet(0)
	b, err := book.WriteToBuffer()
	if err != nil {
		return err
	}
	return r.attachment(exportName(d, ".xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}

// longestCell is what a cell of a workbook holds.
const longestCell = 32767

// matrixSheet fills the first sheet: a head that stays, one line a control, and
// objectives as groups that fold. Text is written as text and never computes.
func matrixSheet(book *excelize.File, lines []exported) error {
	const sheet = "Matrix"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	head := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F1F1F3"}},
		Alignment: &excelize.Alignment{Vertical: "center"}, Border: []excelize.Border{{Type: "bottom", Color: "85878F", Style: 1}}})
	group := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FAFAFB"}}})
	body := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	last, err := excelize.ColumnNumberToName(len(matrixColumns))
	if err != nil {
		return err
	}
	for i, c := range matrixColumns {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		s.do(book.SetColWidth(sheet, name, name, c.width))
		s.set(i+1, 1, c.title)
	}
	s.do(book.SetCellStyle(sheet, "A1", last+"1", head))
	s.do(book.SetRowHeight(sheet, 1, 20))
	row := 1
	for i, l := range lines {
		if i == 0 || lines[i-1].objective != l.objective {
			row++
			n := 0
			for j := i; j < len(lines) && lines[j].objective == l.objective; j++ {
				n++
			}
			s.set(1, row, l.objective)
			s.set(4, row, count(n, "control"))
			s.do(book.SetCellStyle(sheet, fmt.Sprint("A", row), fmt.Sprint(last, row), group))
		}
		row++
		for col, c := range l.cells {
			s.set(col+1, row, c)
		}
		s.do(book.SetCellStyle(sheet, fmt.Sprint("A", row), fmt.Sprint(last, row), body))
		s.do(book.SetRowOutlineLevel(sheet, row, 1))
	}
	below := false
	s.do(book.SetSheetProps(sheet, &excelize.SheetPropsOptions{OutlineSummaryBelow: &below}))
	s.do(book.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: 2, YSplit: 1, TopLeftCell: "C2", ActivePane: "bottomRight"}))
	s.do(book.AutoFilter(sheet, fmt.Sprintf("A1:%s%d", last, max(row, 2)), nil))
	land, paper, wide, tall := "landscape", 9, 1, 0
	s.do(book.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &land, Size: &paper, FitToWidth: &wide, FitToHeight: &tall}))
	fit := true
	s.do(book.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit, OutlineSummaryBelow: &below}))
	s.do(book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!$1:$1", Scope: sheet}))
	return s.err
}

func aboutSheet(book *excelize.File, about [][2]string) error {
	const sheet = "About"
	if _, err := book.NewSheet(sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	wrap := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	bold := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "top"}})
	s.do(book.SetColWidth(sheet, "A", "A", 26))
	s.do(book.SetColWidth(sheet, "B", "B", 90))
	for i, l := range about {
		s.set(1, i+1, l[0])
		s.set(2, i+1, l[1])
		s.do(book.SetCellStyle(sheet, fmt.Sprint("A", i+1), fmt.Sprint("A", i+1), bold))
		s.do(book.SetCellStyle(sheet, fmt.Sprint("B", i+1), fmt.Sprint("B", i+1), wrap))
	}
	return s.err
}

// sheetWriter keeps the first error.
type sheetWriter struct {
	book  *excelize.File
	sheet string
	err   error
}

func (s *sheetWriter) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *sheetWriter) style(x *excelize.Style) int {
	id, err := s.book.NewStyle(x)
	s.do(err)
	return id
}

// set writes text as text, whatever it begins with, and numbers as numbers.
func (s *sheetWriter) set(col, row int, v any) {
	cell, err := excelize.CoordinatesToCellName(col, row)
	s.do(err)
	switch x := v.(type) {
	case string:
		if len(x) > longestCell {
			x = clipped(x, longestCell/4)
		}
		s.do(s.book.SetCellStr(s.sheet, cell, x))
	case int:
		s.do(s.book.SetCellInt(s.sheet, cell, int64(x)))
	}
}
