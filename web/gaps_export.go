package web

import (
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/gap"
	"reperform/record"
	"reperform/web/chart"
)

// gapColumns are the columns of an export of findings, with their widths in a
// workbook.
var gapColumns = []struct {
	title string
	width float64
}{{"Rule", 9}, {"Severity", 10}, {"Kind", 18}, {"Record", 22}, {"Field", 18}, {"Finding", 60}, {"What to do", 48}, {"Why it matters", 48}, {"Accepted by", 18}, {"Accepted until", 14}, {"Reason", 40}}

// gapLines are the findings that a list shows, a line each.
func (r *request) gapLines(res *gap.Result, g gapQuery) [][]string {
	var out [][]string
	for i := range res.Findings {
		f := &res.Findings[i]
		if !g.shows(f) {
			continue
		}
		kind, field := f.Subject.Kind, f.Field
		if k, err := record.Kinds.Kind(f.Subject.Kind); err == nil {
			kind = k.Title
			top, _, _ := strings.Cut(f.Field, ".")
			if x, ok := k.Field(top); ok {
				field = x.Label
			}
		}
		line := []string{f.Rule.ID, gravity[f.Severity].Text, kind, f.Subject.ID, field, f.Text, f.Rule.Remedy, f.Rule.Why, "", "", ""}
		if a := f.Accepted; a != nil {
			line[8], line[9], line[10] = r.headings().person(a.AcceptedBy).Name, string(a.ExpiresOn), a.Reason
		}
		out = append(out, line)
	}
	return out
}

// gapExport is what both forms of an export are made of.
func (r *request) gapExport(ext string) (res *gap.Result, lines [][]string, name string, g gapQuery, err error) {
	if g, err = readGapQuery(r.URL.Query()); err != nil {
		return nil, nil, "", g, err
	}
	if res, err = r.found(g); err != nil {
		return nil, nil, "", g, err
	}
	name = "gaps"
	if id := app.IDFrom(res.Question.Engagement); id != "" {
		name += "-" + id
	}
	return res, r.gapLines(res, g), name + "-" + string(res.Question.Today) + ext, g, nil
}

// gapsCSV writes the findings as text.
func (r *request) gapsCSV() error {
	_, lines, name, _, err := r.gapExport(".csv")
	if err != nil {
		return err
	}
	return r.csvFile(name, func(w *csv.Writer) error {
		head := make([]string, len(gapColumns))
		for i, c := range gapColumns {
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

// gapsXLSX writes the findings as a workbook, with a page on what was asked.
func (r *request) gapsXLSX() error {
	res, lines, name, g, err := r.gapExport(".xlsx")
	if err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	about := [][2]string{{"Organization", r.organizationName()}, {"What", "Findings of the rules on gaps"}, {"As of", dateText(string(res.Question.Today))}}
	if e := res.Question.Engagement; e != "" {
		about = append(about, [2]string{"Engagement", e})
	}
	if g.severity != "" || g.group != "" {
		about = append(about, [2]string{"Narrowed to", strings.TrimSpace(g.severity + " " + g.group)})
	}
	about = append(about, [2]string{"Rules run", fmt.Sprint(len(res.Ran))})
	for _, s := range gap.Severities {
		about = append(about, [2]string{"Open, " + strings.ToLower(gravity[s].Text), fmt.Sprint(res.Count(s))})
	}
	state, err := r.aboutLedger(v)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	if err := gapsSheet(book, lines); err != nil {
		return err
	}
	if err := aboutSheet(book, append(about, state...)); err != nil {
		return err
	}
	book.SetActiveSheet(0)
	b, err := book.WriteToBuffer()
	if err != nil {
		return err
	}
	return r.attachment(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}

func gapsSheet(book *excelize.File, lines [][]string) error {
	const sheet = "Gaps"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	head := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F1F1F3"}}})
	body := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	last, err := excelize.ColumnNumberToName(len(gapColumns))
	if err != nil {
		return err
	}
	for i, c := range gapColumns {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		s.do(book.SetColWidth(sheet, name, name, c.width))
		s.set(i+1, 1, c.title)
	}
	s.do(book.SetCellStyle(sheet, "A1", last+"1", head))
	for i, l := range lines {
		for j, text := range l {
			s.set(j+1, i+2, text)
		}
		s.do(book.SetCellStyle(sheet, fmt.Sprint("A", i+2), fmt.Sprint(last, i+2), body))
	}
	s.do(book.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	s.do(book.AutoFilter(sheet, fmt.Sprintf("A1:%s%d", last, len(lines)+1), nil))
	land, paper, wide, tall, fit := "landscape", 9, 1, 0, true
	s.do(book.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &land, Size: &paper, FitToWidth: &wide, FitToHeight: &tall}))
	s.do(book.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
	s.do(book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!$1:$1", Scope: sheet}))
	return s.err
}

// gapTrend draws the open critical and high findings at the month ends of the
// period and now.
func (r *request) gapTrend(res *gap.Result) (chart.HTML, bool, error) {
	if r.past.On() || res.Question.Engagement == "" {
		return "", false, nil
	}
	d, err := r.matrixOf(res.Question.Engagement)
	if err != nil {
		return "", false, err
	}
	points, ready, err := r.trend(d)
	if err != nil || !ready || len(points) == 0 {
		return "", !ready, err
	}
	s := chart.Spark{ID: "gap-trend", Title: "Open critical and high findings at the end of each month", Tone: chart.Bad}
	for _, p := range points {
		s.Points = append(s.Points, chart.Point{Label: dateText(string(p.Day)), Value: p.Findings})
	}
	s.Points = append(s.Points, chart.Point{Label: "today", Value: res.Count(gap.Critical) + res.Count(gap.High)})
	return s.SVG(), false, nil
}
