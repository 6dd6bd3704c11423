package web

import (
	"encoding/csv"
	"fmt"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/calendar"
	"reperform/soc1"
)

// calendarColumns are the columns of an export: a line for each occurrence.
var calendarColumns = []struct {
	title string
	width float64
}{{"Objective", 30}, {"Control", 12}, {"Title", 50}, {"Owner", 22}, {"Frequency", 14}, {"Calendar", 16}, {"From", 11}, {"To", 11}, {"In time until", 13}, {"State", 13}, {"Evidence", 30},
	{"Outcome", 24}, {"Signed by", 22}, {"Signed on", 11}, {"Days late", 9}, {"Review", 16}, {"Signed off on", 13}}

// calendarExport lists the occurrences of the controls that a calendar shows.
func (r *request) calendarExport(ext string) (d *matrixData, q calendarQuery, lines [][]string, name string, err error) {
	if q, err = readCalendarQuery(r.URL.Query()); err != nil {
		return nil, q, nil, "", err
	}
	if d, err = r.matrixOf(q.engagement); err != nil {
		return nil, q, nil, "", err
	}
	g := d.gridOf(q.zoom)
	match := d.calendarMatch(q, g, "")
	signed := performancesBy(d)
	done := make([]bool, len(match))
	for n := range d.o.Objectives {
		o := &d.o.Objectives[n]
		title := "Entity-level controls"
		if !o.EntityLevel() {
			title = o.Objective.Code + " · " + o.Objective.Title
		}
		if q.objective != "" && orNone(o.Ref.ID) != q.objective {
			continue
		}
		for _, at := range o.Controls {
			// A control of several objectives stands at the first alone: occurrences
			// are counted once.
			if !match[at] || done[at] {
				continue
			}
			done[at] = true
			c := &d.o.Controls[at]
			_, by := d.o.Business(&c.Control)
			for _, x := range d.o.Expectations(c.ID()) {
				line := []string{title, c.Control.Code, c.Title, c.Owner.Name, c.Control.Frequency.Label(), by, string(x.From), string(x.To), string(x.By), calendar.State(x.State).Label(), idsOfRefs(x.Evidence), "", "", "", "", "", ""}
				if p, ok := signed[occurrenceKey{c.ID(), x.From, x.To}]; ok {
					v := p.Value
					line[11], line[12], line[13], line[15], line[16] = v.Outcome.Label(), r.headings().person(v.Performer).Name, string(v.PerformedOn), v.Status.Label(), string(v.SignedOffOn())
					if n := v.DaysLate(); n > 0 {
						line[14] = fmt.Sprint(n)
					}
				}
				lines = append(lines, line)
			}
		}
	}
	name = "evidence-calendar"
	if id := app.IDFrom(d.o.Engagement.ID); id != "" {
		name += "-" + id
	}
	return d, q, lines, name + "-" + string(d.o.Question.Today) + ext, nil
}

func idsOfRefs(refs []soc1.Ref) string {
	s := ""
	for i, ref := range refs {
		if i > 0 {
			s += ", "
		}
		s += ref.ID
	}
	return s
}

// calendarCSV writes the calendar as text.
func (r *request) calendarCSV() error {
	_, _, lines, name, err := r.calendarExport(".csv")
	if err != nil {
		return err
	}
	return r.csvFile(name, func(w *csv.Writer) error {
		head := make([]string, len(calendarColumns))
		for i, c := range calendarColumns {
			head[i] = c.title
		}
		_ = w.Write(head)
		for _, l := range lines {
			for i := range l {
				l[i] = app.PlainCell(l[i])
			}
			_ = w.Write(l)
		}
		return nil
	})
}

// calendarXLSX writes it as a workbook, with a page on what was asked.
func (r *request) calendarXLSX() error {
	d, q, lines, name, err := r.calendarExport(".xlsx")
	if err != nil {
		return err
	}
	about, err := r.aboutMatrix(d, matrixQuery{Words: q.words, Sets: map[string][]string{}})
	if err != nil {
		return err
	}
	about[0][1] = "Evidence calendar"
	for _, x := range [][2]string{{"Owner", q.owner}, {"Objective", q.objective}, {"State", q.state}} {
		if x[1] != "" {
			about = append(about, [2]string{"Narrowed to: " + x[0], x[1]})
		}
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	const sheet = "Occurrences"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	head := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EDEDF1"}}})
	for i, c := range calendarColumns {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		s.do(book.SetColWidth(sheet, col, col, c.width))
		s.set(i+1, 1, c.title)
	}
	last, err := excelize.ColumnNumberToName(len(calendarColumns))
	if err != nil {
		return err
	}
	s.do(book.SetCellStyle(sheet, "A1", last+"1", head))
	for i, l := range lines {
		for n, text := range l {
			s.set(n+1, i+2, text)
		}
	}
	s.do(book.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: 2, YSplit: 1, TopLeftCell: "C2", ActivePane: "bottomRight"}))
	s.do(book.AutoFilter(sheet, fmt.Sprintf("A1:%s%d", last, max(len(lines)+1, 2)), nil))
	if s.err != nil {
		return s.err
	}
	if err := aboutSheet(book, about); err != nil {
		return err
	}
	book.SetActiveSheet(0)
	b, err := book.WriteToBuffer()
	if err != nil {
		return err
	}
	return r.attachment(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}
