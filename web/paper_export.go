package web

import (
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/soc1"
)

// paperLines are the grid of a paper as a table: a line for each item, two columns for
// each attribute, the outcome and what was written and looked at.
func (r *request) paperLines(w *app.WorkingPaper) (head []string, lines [][]string) {
	head = []string{"#", "Item", "Stratum"}
	for _, a := range w.Attributes {
		head = append(head, a.Value.Code, a.Value.Code+" note and evidence")
	}
	head = append(head, "Item as a whole")
	for i := range w.Items {
		it := &w.Items[i]
		line := []string{fmt.Sprint(i + 1), it.Key, it.Stratum}
		for _, c := range it.Cells {
			if c == nil {
				line = append(line, "", "")
				continue
			}
			var said []string
			v := c.Value
			for _, s := range []string{v.Note, v.AlternativeProcedure, v.ChangeReason} {
				if s != "" {
					said = append(said, s)
				}
			}
			for _, id := range v.Evidence {
				said = append(said, "Evidence: "+r.headings().called("evidence", id)+" ("+id+")")
			}
			if !computed(c) {
				said = append(said, r.headings().person(v.By).Name+", "+string(v.TestedOn))
			}
			line = append(line, c.Value.Outcome.Label(), strings.Join(said, " · "))
		}
		lines = append(lines, append(line, itemState(it).Text))
	}
	return head, lines
}

// aboutPaper is what stands around the grid.
func (r *request) aboutPaper(w *app.WorkingPaper) ([][2]string, error) {
	t := w.Test.Value
	out := [][2]string{{"Working paper", t.Code}, {"Engagement", w.Engagement.Value.Title}, {"Whose work", t.By.Label()}}
	if w.HasControl {
		out = append(out, [2]string{"Control", w.Control.Value.Code + " " + w.Control.Value.Statement()})
	}
	out = append(out, [2]string{"Test", strings.Join(r.paperFacts(w), ", ")})
	for i, p := range t.Procedures {
		out = append(out, [2]string{fmt.Sprintf("Procedure %d, %s", i+1, strings.ToLower(p.Nature.Label())), p.Text})
	}
	for _, a := range w.Attributes {
		text := a.Value.Text
		if a.Value.Pass != "" {
			text += " Passes when: " + a.Value.Pass
		}
		out = append(out, [2]string{"Attribute " + a.Value.Code, text})
	}
	for _, a := range w.Figures.Attributes {
		out = append(out, [2]string{"Found for " + a.Code, fmt.Sprintf("%d pass, %d fail, %d not applicable, %d cannot tell", a.Pass, a.Fail, a.NotApplicable, a.CannotTell)})
	}
	for _, x := range w.Exceptions {
		out = append(out, [2]string{"Exception of " + x.Value.Attribute, strings.TrimSpace(fmt.Sprintf("%s, %s: %s %s", strings.Join(x.Value.ItemKeys, " "), strings.ToLower(x.Value.Status.Label()), x.Value.Fact, x.Value.Reason))})
	}
	if w.HasPopulation {
		out = append(out, [2]string{"Population", fmt.Sprintf("%s, %d rows, hash %s", w.Population.Value.Title, w.Population.Value.RowCount, w.Population.Value.PopulationHash)})
	}
	for _, s := range w.Draws {
		out = append(out, [2]string{"Draw " + s.ID, fmt.Sprintf("%s, %d items, seed input %s, nonce committed as %s", s.Value.Algorithm, len(s.Value.Items), s.Value.SeedInput, s.Value.NonceCommitment)})
	}
	for _, as := range []soc1.SignOffRole{soc1.AsPreparer, soc1.AsReviewer} {
		for i := range w.SignOffs {
			s := &w.SignOffs[i]
			if s.Value.As != as {
				continue
			}
			state := "holds"
			if !s.Holds {
				state = "the paper was changed since"
			}
			out = append(out, [2]string{as.Label(), fmt.Sprintf("%s, %s; %s; SHA-256 %s", r.headings().person(s.Value.By).Name, s.Value.At, state, s.Value.SHA256)})
		}
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	state, err := r.aboutLedger(v)
	return append(out, state...), err
}

func (r *request) paperExport() (*app.WorkingPaper, string, error) {
	if r.partly() {
		return nil, "", withheld("A working paper follows from more than you read. Ask an administrator for a role that reads it.")
	}
	w, err := r.site.app.Paper(r.Context(), r.actor, r.ledger, r.PathValue("test"), r.asOf)
	if err != nil {
		return nil, "", err
	}
	name := "working-paper"
	if id := app.IDFrom(w.Test.ID); id != "" {
		name += "-" + id
	}
	return w, name, nil
}

// paperCSV writes the grid as text.
func (r *request) paperCSV() error {
	w, name, err := r.paperExport()
	if err != nil {
		return err
	}
	head, lines := r.paperLines(w)
	return r.csvFile(name+".csv", func(out *csv.Writer) error {
		_ = out.Write(head)
		for _, l := range lines {
			for i := range l {
				l[i] = app.PlainCell(l[i])
			}
			_ = out.Write(l)
		}
		return nil
	})
}

// paperXLSX writes the grid as a workbook, with a page that holds the rest of the paper.
func (r *request) paperXLSX() error {
	w, name, err := r.paperExport()
	if err != nil {
		return err
	}
	about, err := r.aboutPaper(w)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	const sheet = "Paper"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	bold := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F1F1F3"}}, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	wrap := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	head, lines := r.paperLines(w)
	for i, h := range head {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		width := 16.0
		switch {
		case i == 0:
			width = 5
		case i == 1:
			width = 24
		case strings.HasSuffix(h, "evidence"):
			width = 34
		}
		s.do(book.SetColWidth(sheet, col, col, width))
		s.set(i+1, 1, h)
	}
	last, err := excelize.ColumnNumberToName(len(head))
	if err != nil {
		return err
	}
	s.do(book.SetCellStyle(sheet, "A1", last+"1", bold))
	for n, l := range lines {
		for i, text := range l {
			s.set(i+1, n+2, text)
		}
	}
	if len(lines) > 0 {
		s.do(book.SetCellStyle(sheet, "A2", fmt.Sprint(last, len(lines)+1), wrap))
	}
	s.do(book.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: 2, YSplit: 1, TopLeftCell: "C2", ActivePane: "bottomRight"}))
	land, paper, wide, tall, fit := "landscape", 9, 1, 0, true
	s.do(book.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &land, Size: &paper, FitToWidth: &wide, FitToHeight: &tall}))
	s.do(book.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
	s.do(book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!$1:$1", Scope: sheet}))
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
	return r.attachment(name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b.Bytes())
}
