package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// exportFormats are the files that a register can be had as.
var exportFormats = []struct{ format, text string }{{"xlsx", "Workbook (XLSX)"}, {"csv", "Text (CSV)"}, {"yaml", "Records as files (YAML)"}}

// exportColumn is a column of an exported register.
type exportColumn struct {
	title string
	// field is nil for the id and the revision.
	field    *record.Field
	revision bool
}

// exportOfRegister is what the address of an export asks for.
func (r *request) exportOfRegister() (*register, []exportColumn, error) {
	reg, err := r.register(r.PathValue("kind"), readQuery(r.URL.Query()))
	if err != nil {
		return nil, nil, err
	}
	p := &registerPage{Kind: reg.kind, Query: reg.query}
	if err := r.chooseColumns(p); err != nil {
		return nil, nil, err
	}
	return reg, exportColumns(p), nil
}

// exportColumns are the id, what the heading of a row shows, the columns shown,
// and the revision, which tells an import what the file was made from.
func exportColumns(p *registerPage) []exportColumn {
	out := []exportColumn{{title: "Id"}}
	seen := map[string]bool{}
	titles := map[string]bool{"Id": true, "Revision": true}
	add := func(f record.Field) {
		if seen[f.Name] {
			return
		}
		seen[f.Name] = true
		title := f.Label
		if titles[title] {
			title = f.Name
		}
		titles[title] = true
		out = append(out, exportColumn{title: title, field: &f})
	}
	for _, name := range headed(p.Kind) {
		if f, ok := p.Kind.Field(name); ok {
			add(f)
		}
	}
	for _, c := range p.Columns {
		add(c.Field)
	}
	return append(out, exportColumn{title: "Revision", revision: true})
}

// headed are the fields that a row's heading is made of.
func headed(k *record.Kind) []string {
	out := heads
	_, title := k.Field("title")
	if _, name := k.Field("name"); title || name {
		return out
	}
	return append(slices.Clone(out), "text", "who", "what", "how_often", "fact", "item_key")
}

// export sends the register as a file.
func (r *request) export() error {
	switch r.PathValue("format") {
	case "csv":
		return r.registerCSV()
	case "xlsx":
		return r.registerXLSX()
	case "yaml":
		return r.registerYAML()
	}
	return errNowhere
}

// registerName is a file's name: what, of which ledger, as of when.
func (r *request) registerName(reg *register, ext string) string {
	name := app.IDFrom(reg.kind.Plural)
	if r.ledger != app.OrganizationLedger {
		name += "-" + app.IDFrom(r.ledger)
	}
	day, err := r.site.app.Today(r.Context())
	if err == nil && r.asOf.Effective != "" {
		day = r.asOf.Effective
	}
	return name + "-" + string(day) + ext
}

// cellNames name the records that cells refer to.
func (r *request) cellNames() *record.Names {
	return record.NewNames(r.Context(), r.headings().views...)
}

// registerCSV writes the register as text. A cell that a spreadsheet would take
// for a formula begins with an apostrophe.
func (r *request) registerCSV() error {
	reg, columns, err := r.exportOfRegister()
	if err != nil {
		return err
	}
	names := r.cellNames()
	return r.csvFile(r.registerName(reg, ".csv"), func(w *csv.Writer) error {
		line := make([]string, len(columns))
		for i, c := range columns {
			line[i] = c.title
		}
		_ = w.Write(line)
		for i := range reg.Len() {
			if i%1000 == 0 && r.Context().Err() != nil {
				return r.Context().Err()
			}
			it := reg.At(i)
			fields := fieldsOf(it.Record)
			for n, c := range columns {
				switch {
				case c.field != nil:
					line[n] = app.PlainCell(record.Cell(c.field, fields[c.field.Name], names))
				case c.revision:
					line[n] = strconv.FormatInt(it.Revision, 10)
				default:
					line[n] = app.PlainCell(it.ID)
				}
			}
			_ = w.Write(line)
		}
		return nil
	})
}

// registerYAML writes the records as the files that `reperform export` writes.
func (r *request) registerYAML() error {
	reg, _, err := r.exportOfRegister()
	if err != nil {
		return err
	}
	// All of them, with those retired, are the very file of an export.
	var ids []string
	if reg.query.Words != "" || len(reg.query.Filters) > 0 {
		ids = make([]string, 0, reg.Len())
		for i := range reg.Len() {
			ids = append(ids, reg.At(i).ID)
		}
	}
	b, err := r.site.app.ExportRecords(r.Context(), r.actor, r.ledger, reg.kind.Name, r.asOf, ids)
	if err != nil {
		return err
	}
	return r.attachment(r.registerName(reg, ".yaml"), "application/yaml; charset=utf-8", b)
}

// registerXLSX writes the register as a workbook: typed cells under a head that
// stays, and a sheet that says what it is.
func (r *request) registerXLSX() error {
	reg, columns, err := r.exportOfRegister()
	if err != nil {
		return err
	}
	about, err := r.aboutRegister(reg)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	if err := r.registerSheet(book, reg, columns); err != nil {
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
	return r.attachment(r.registerName(reg, ".xlsx"), xlsxType, b.Bytes())
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sheetName is a title as a worksheet may be called.
func sheetName(title string) string {
	title = strings.Map(func(c rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, c) {
			return ' '
		}
		return c
	}, title)
	if r := []rune(title); len(r) > 31 {
		title = strings.TrimSpace(string(r[:31]))
	}
	return title
}

func (r *request) registerSheet(book *excelize.File, reg *register, columns []exportColumn) error {
	sheet := sheetName(reg.kind.Plural)
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	s := sheetWriter{book: book, sheet: sheet}
	head := s.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F1F1F3"}},
		Alignment: &excelize.Alignment{Vertical: "center"}, Border: []excelize.Border{{Type: "bottom", Color: "85878F", Style: 1}}})
	body := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}, NumFmt: 49})
	plain := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}})
	day := "yyyy-mm-dd"
	date := s.style(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}, CustomNumFmt: &day})
	land, paper, wide, tall := "landscape", 9, 1, 0
	s.do(book.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &land, Size: &paper, FitToWidth: &wide, FitToHeight: &tall}))
	s.do(book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + sheet + "'!$1:$1", Scope: sheet}))
	last, err := excelize.ColumnNumberToName(len(columns))
	s.do(err)
	s.do(book.AutoFilter(sheet, fmt.Sprintf("A1:%s%d", last, max(reg.Len()+1, 2)), nil))
	if s.err != nil {
		return s.err
	}
	w, err := sheetRows(book, sheet, reg.Len())
	if err != nil {
		return err
	}
	line := make([]any, len(columns))
	for i, c := range columns {
		s.do(w.SetColWidth(i+1, i+1, columnWidth(c)))
		line[i] = excelize.Cell{StyleID: head, Value: c.title}
	}
	s.do(w.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}))
	s.do(w.SetRow("A1", line, excelize.RowOpts{Height: 20}))
	names := r.cellNames()
	for i := range reg.Len() {
		if i%1000 == 0 && r.Context().Err() != nil {
			return r.Context().Err()
		}
		it := reg.At(i)
		fields := fieldsOf(it.Record)
		for n, c := range columns {
			switch {
			case c.field == nil && c.revision:
				line[n] = excelize.Cell{StyleID: plain, Value: it.Revision}
			case c.field == nil:
				line[n] = excelize.Cell{StyleID: body, Value: it.ID}
			default:
				line[n] = typedCell(c.field, fields[c.field.Name], names, body, plain, date)
			}
		}
		s.do(w.SetRow("A"+strconv.Itoa(i+2), line))
	}
	s.do(w.Flush())
	return s.err
}

// rowWriter takes the rows of a sheet one behind the other.
type rowWriter interface {
	SetColWidth(from, to int, width float64) error
	SetPanes(*excelize.Panes) error
	SetRow(cell string, values []any, opts ...excelize.RowOpts) error
	Flush() error
}

// mostPrinted is up to how many rows a workbook is made in memory, where it can
// be fitted to the width of paper. A longer one is written row by row, because
// in memory it takes a kilobyte a cell.
const mostPrinted = 5000

func sheetRows(book *excelize.File, sheet string, n int) (rowWriter, error) {
	if n > mostPrinted {
		return book.NewStreamWriter(sheet)
	}
	fit := true
	return &memoryRows{book, sheet}, book.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit})
}

// memoryRows writes rows into the workbook in memory.
type memoryRows struct {
	book  *excelize.File
	sheet string
}

func (m *memoryRows) SetColWidth(from, to int, width float64) error {
	a, err := excelize.ColumnNumberToName(from)
	if err != nil {
		return err
	}
	b, err := excelize.ColumnNumberToName(to)
	if err != nil {
		return err
	}
	return m.book.SetColWidth(m.sheet, a, b, width)
}

func (m *memoryRows) SetPanes(p *excelize.Panes) error { return m.book.SetPanes(m.sheet, p) }
func (m *memoryRows) Flush() error                     { return nil }

func (m *memoryRows) SetRow(cell string, values []any, opts ...excelize.RowOpts) error {
	_, row, err := excelize.CellNameToCoordinates(cell)
	if err != nil {
		return err
	}
	for i, v := range values {
		at, err := excelize.CoordinatesToCellName(i+1, row)
		if err != nil {
			return err
		}
		c := v.(excelize.Cell)
		if err := m.book.SetCellValue(m.sheet, at, c.Value); err != nil {
			return err
		}
		if err := m.book.SetCellStyle(m.sheet, at, at, c.StyleID); err != nil {
			return err
		}
	}
	for _, o := range opts {
		if err := m.book.SetRowHeight(m.sheet, row, o.Height); err != nil {
			return err
		}
	}
	return nil
}

func columnWidth(c exportColumn) float64 {
	switch {
	case c.revision:
		return 10
	case c.field == nil:
		return 24
	case c.field.Multiline:
		return 70
	case c.field.Type == record.Date, c.field.Type == record.Integer, c.field.Type == record.Boolean:
		return 13
	case c.field.Name == "code":
		return 14
	}
	return 30
}

// firstDay is the first that spreadsheets count alike.
const firstDay = soc1.Date("1900-03-01")

// typedCell is a value as a spreadsheet keeps it. Texts are texts, whatever they
// begin with, and never compute.
func typedCell(f *record.Field, raw json.RawMessage, names *record.Names, text, plain, date int) excelize.Cell {
	s := record.Cell(f, raw, names)
	if !f.List && f.Ref == "" {
		switch f.Type {
		case record.Integer:
			// Beyond fifteen digits spreadsheets round.
			if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > -1e15 && n < 1e15 {
				return excelize.Cell{StyleID: plain, Value: n}
			}
		case record.Boolean:
			return excelize.Cell{StyleID: plain, Value: s == "Yes"}
		case record.Date:
			d, err := soc1.ParseDate(s)
			t, terr := time.Parse(time.DateOnly, s)
			if err == nil && terr == nil && d >= firstDay {
				return excelize.Cell{StyleID: date, Value: t}
			}
		}
	}
	return excelize.Cell{StyleID: text, Value: app.CutCell(s)}
}

// aboutRegister says what an export is: of which records, as of when, by whom.
func (r *request) aboutRegister(reg *register) ([][2]string, error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	out := [][2]string{{"Document", reg.kind.Plural}, {"Workspace", r.organizationName()}, {"As of", string(today)}}
	if r.asOf.Effective != "" {
		out[2][1] = string(r.asOf.Effective)
	}
	if r.past.On() {
		out = append(out, [2]string{"Point in time", r.past.Text})
	}
	filters := strings.Join(r.describedFilters(reg), "; ")
	if filters == "" {
		filters = "None"
	}
	out = append(out, [2]string{"Filters", filters}, [2]string{"Records", fmt.Sprintf("%d of %d", reg.Len(), reg.list.Live())},
		[2]string{"Exported by", r.headings().person(r.actor).Name}, [2]string{"Exported at", r.site.now().In(r.zone()).Format(time.RFC3339)})
	lines, err := r.aboutLedger(v)
	if err != nil {
		return nil, err
	}
	out = append(out, lines...)
	return append(out, [2]string{"Editing", "Change cells, add rows without an id, and import the file in the register. Leave the columns Id and Revision as they are: they tell what was changed here from what was changed meanwhile."}), nil
}

func (r *request) organizationName() string {
	v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return ""
	}
	all, err := record.All[soc1.Organization](r.Context(), v, "organization")
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].Value.Name
}

// describedFilters are the words and filters of a register in words.
func (r *request) describedFilters(reg *register) []string {
	var out []string
	if reg.query.Words != "" {
		out = append(out, fmt.Sprintf("words %q", reg.query.Words))
	}
	for _, f := range reg.kind.Fields {
		if v := reg.query.Filters[f.Name]; v != "" {
			out = append(out, f.Label+": "+r.word(f, v))
		}
	}
	slices.Sort(out)
	return out
}
