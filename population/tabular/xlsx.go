package tabular

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"reperform/english"
)

// xlsxReader reads one worksheet of an Office Open XML workbook (ECMA-376),
// row by row. It takes values as they are stored: cached results of formulas
// are used and remarked on, formulas without one are refused, and so are merged
// cells inside the table, whose value would be known for one row only.
type xlsxReader struct {
	file   *File
	book   *workbook
	sheet  string
	part   *zip.File
	body   io.ReadCloser
	dec    *xml.Decoder
	names  []string
	first  int // column of the first name, from 0
	row    int64
	merges []cellRange
	warn   []Warning

	formulas, blank, hidden int64
	firstFormula            string
	firstBlank, firstHidden int64
	pendingCells            []xlsxCell
	pendingRow              int64
	pending                 bool
	ended                   bool // the rows ended as they should
	maxCell                 int
	headerRow               int64
}

type xlsxCell struct {
	column int
	value  string
	ref    string
}

type cellRange struct {
	ref         string
	left, right int
	top, bottom int64
}

// maxSheet bounds what a worksheet may unpack to.
const maxSheet = 4 << 30

// maxSheetRow is the last row that any spreadsheet program writes: the ECMA
// standard names none, Excel ends at 2^20, LibreOffice at 2^24.
const maxSheetRow = 1 << 24

// remedySaveAgain is for what no spreadsheet program writes. Reading on would
// mean to choose one of two values.
const remedySaveAgain = "open the workbook in a spreadsheet program, look whether it is whole, and save it again"

func newXLSX(file *File, s Source) (*xlsxReader, error) {
	r := &xlsxReader{file: file, maxCell: s.MaxCell}
	if r.maxCell <= 0 {
		r.maxCell = DefaultMaxCell
	}
	var err error
	if r.book, err = openWorkbook(file, r.maxCell); err != nil {
		return nil, err
	}
	if err := r.choose(s.Sheet); err != nil {
		return nil, err
	}
	if err := r.scanMerges(); err != nil {
		return nil, err
	}
	if err := r.rewind(); err != nil {
		return nil, err
	}
	for range s.SkipRows {
		if _, _, err := r.nextRow(); err != nil {
			return nil, r.fail(0, "", "the sheet ends within the rows to skip", "check skip_rows")
		}
	}
	r.headerRow = s.HeaderRow
	return r, r.header(s.Header)
}

func (r *xlsxReader) fail(row int64, column, problem, remedy string) *InputError {
	return &InputError{File: r.file.Name, Sheet: r.sheet, Row: row, Column: column, Problem: problem, Remedy: remedy}
}

// choose takes the named sheet, or the only one with cells.
func (r *xlsxReader) choose(name string) error {
	var names, filled []string
	for _, sh := range r.book.sheets {
		names = append(names, sh.name)
		if name == sh.name {
			if sh.part == nil {
				return r.failBook(fmt.Sprintf("the sheet %q has no part in the file", name), "it may be a chart; name a sheet with cells")
			}
			r.sheet, r.part = sh.name, sh.part
			return nil
		}
		if sh.part != nil && sheetHasCells(sh.part, r.maxCell) {
			filled = append(filled, sh.name)
			r.sheet, r.part = sh.name, sh.part
		}
	}
	switch {
	case name != "":
		return r.failBook(fmt.Sprintf("there is no sheet %q", name), "the sheets are: "+quoteAll(names))
	case len(filled) == 0:
		return r.failBook("no sheet has any cell", "export it again")
	case len(filled) > 1:
		return r.failBook("several sheets have cells", "say which sheet: "+quoteAll(filled))
	}
	if i := slices.IndexFunc(r.book.sheets, func(s worksheet) bool { return s.name == r.sheet }); r.book.sheets[i].hidden {
		r.warn = append(r.warn, Warning{Problem: fmt.Sprintf("the sheet %q, the only one with cells, is hidden in the workbook and was read all the same", r.sheet)})
	}
	return nil
}

func (r *xlsxReader) failBook(problem, remedy string) *InputError {
	return &InputError{File: r.file.Name, Problem: problem, Remedy: remedy}
}

func sheetHasCells(part *zip.File, maxCell int) bool {
	body, err := part.Open()
	if err != nil {
		return false
	}
	defer body.Close()
	d := xml.NewDecoder(short(body, maxCell))
	for {
		t, err := d.RawToken()
		if err != nil {
			return false
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "c" {
			return true
		}
	}
}

// scanMerges reads the merged ranges, which a sheet lists after its rows.
func (r *xlsxReader) scanMerges() error {
	body, err := r.part.Open()
	if err != nil {
		return r.damaged(err)
	}
	defer body.Close()
	d := xml.NewDecoder(short(io.LimitReader(body, maxSheet), r.maxCell))
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.damaged(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "mergeCell" {
			continue
		}
		ref := attr(start, "ref")
		from, to, _ := strings.Cut(ref, ":")
		left, top, ok1 := cellRef(from)
		right, bottom, ok2 := cellRef(to)
		if ok1 && ok2 {
			r.merges = append(r.merges, cellRange{ref, left, right, top, bottom})
		}
	}
}

func (r *xlsxReader) damaged(err error) error {
	return r.failBook("the workbook is damaged: "+err.Error(), "open it and save it again")
}

func (r *xlsxReader) rewind() error {
	body, err := r.part.Open()
	if err != nil {
		return r.damaged(err)
	}
	r.body = body
	r.dec = xml.NewDecoder(short(io.LimitReader(body, maxSheet), r.maxCell))
	return nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// cellRef reads a reference such as AB12 as column from 0 and row from 1.
func cellRef(s string) (column int, row int64, ok bool) {
	i := 0
	for i < len(s) && i < 3 && s[i] >= 'A' && s[i] <= 'Z' {
		column = column*26 + int(s[i]-'A') + 1
		i++
	}
	row, err := strconv.ParseInt(s[i:], 10, 64)
	return column - 1, row, i > 0 && err == nil && row > 0
}

func columnLetters(c int) string {
	s := ""
	for c++; c > 0; c = (c - 1) / 26 {
		s = string(rune('A'+(c-1)%26)) + s
	}
	return s
}

// nextRow returns the next row's cells that have a value.
func (r *xlsxReader) nextRow() ([]xlsxCell, int64, error) {
	if r.pending {
		r.pending = false
		return r.pendingCells, r.pendingRow, nil
	}
	for {
		if r.ended {
			return nil, 0, io.EOF
		}
		t, err := r.dec.RawToken()
		if err == io.EOF {
			// Rows are whole only up to the end of their element: what was cut
			// between two rows would otherwise look like a shorter sheet.
			return nil, 0, r.fail(r.row, "", "the sheet ends after this row without saying so: it was cut short", remedySaveAgain)
		}
		if err != nil {
			return nil, 0, r.damaged(err)
		}
		switch e := t.(type) {
		case xml.StartElement:
			if e.Name.Local != "row" {
				continue
			}
			n := r.row + 1
			if given := attr(e, "r"); given != "" {
				if n, err = strconv.ParseInt(given, 10, 64); err != nil || n < 1 || n > maxSheetRow {
					return nil, 0, r.fail(r.row, "", fmt.Sprintf("the row after this one has the number %q", given), remedySaveAgain)
				}
			}
			if n <= r.row {
				return nil, 0, r.fail(n, "", fmt.Sprintf("this row comes after row %d: a sheet numbers each row once, upwards", r.row), remedySaveAgain)
			}
			r.row = n
			if h := attr(e, "hidden"); h == "1" || h == "true" {
				if r.hidden++; r.hidden == 1 {
					r.firstHidden = r.row
				}
			}
			cells, err := r.cells()
			return cells, r.row, err
		case xml.EndElement:
			if e.Name.Local == "sheetData" {
				r.ended = true
				return nil, 0, io.EOF
			}
		}
	}
}

// cells reads the cells of the row that has begun.
func (r *xlsxReader) cells() ([]xlsxCell, error) {
	var out []xlsxCell
	next := 0
	for {
		t, err := r.dec.RawToken()
		if err != nil {
			return nil, r.damaged(err)
		}
		switch e := t.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return out, nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			column := next
			if ref := attr(e, "r"); ref != "" {
				c, row, ok := cellRef(ref)
				if !ok || row != r.row {
					return nil, r.fail(r.row, "", fmt.Sprintf("a cell of this row has the reference %q", Printable([]byte(ref))), remedySaveAgain)
				}
				column = c
			}
			if column < next {
				return nil, r.fail(r.row, r.nameOf(column), "the cell "+columnLetters(column)+strconv.FormatInt(r.row, 10)+" occurs twice or out of order", remedySaveAgain)
			}
			next = column + 1
			value, has, err := r.cell(e, column)
			if err != nil {
				return nil, err
			}
			if has {
				out = append(out, xlsxCell{column: column, value: value, ref: columnLetters(column) + strconv.FormatInt(r.row, 10)})
			}
		}
	}
}

// cell reads one cell to its end.
func (r *xlsxReader) cell(e xml.StartElement, column int) (value string, has bool, err error) {
	var v, inline strings.Builder
	formula, hasValue, hasInline, into, phonetic := false, false, false, (*strings.Builder)(nil), 0
	for {
		t, err := r.dec.RawToken()
		if err != nil {
			return "", false, r.damaged(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "f":
				formula = true
			case "v":
				hasValue, into = true, &v
			case "t":
				if phonetic == 0 {
					hasInline, into = true, &inline
				}
			case "rPh":
				phonetic++
			}
		case xml.CharData:
			if into != nil {
				into.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "rPh":
				phonetic--
			case "v", "t":
				into = nil
			case "c":
				ref := columnLetters(column) + strconv.FormatInt(r.row, 10)
				if formula && !hasValue {
					return "", false, r.fail(r.row, r.nameOf(column), "the cell "+ref+" is a formula whose result the file does not hold", "open the workbook in a spreadsheet program, let it calculate, and save it")
				}
				if formula {
					if r.formulas++; r.formulas == 1 {
						r.firstFormula = ref
					}
				}
				if hasInline && !hasValue {
					return r.checked(inline.String(), ref, column)
				}
				if !hasValue || v.Len() == 0 && attr(e, "t") != "str" {
					return "", false, nil
				}
				text, err := r.book.text(attr(e, "t"), attr(e, "s"), v.String())
				if err != nil {
					return "", false, &InputError{File: r.file.Name, Sheet: r.sheet, Row: r.row, Column: r.nameOf(column), Value: Printable([]byte(v.String())), Problem: "the cell " + ref + " " + err.Error(), Remedy: "correct it in the workbook"}
				}
				return r.checked(text, ref, column)
			}
		}
	}
}

func (r *xlsxReader) checked(text, ref string, column int) (string, bool, error) {
	if len(text) > r.maxCell {
		return "", false, r.fail(r.row, r.nameOf(column), fmt.Sprintf("the cell %s is larger than the limit of %d bytes", ref, r.maxCell), "raise max_cell if such cells are expected")
	}
	return text, text != "", nil
}

func (r *xlsxReader) nameOf(column int) string {
	if i := column - r.first; i >= 0 && i < len(r.names) {
		return r.names[i]
	}
	return ""
}

func (r *xlsxReader) header(declared *bool) error {
	cells, row, err := r.nextRow()
	for err == nil && (len(cells) == 0 || row < r.headerRow) {
		cells, row, err = r.nextRow()
	}
	if err == nil && r.headerRow > 0 && row != r.headerRow {
		return r.fail(r.headerRow, "", "the row that is said to name the columns is empty", fmt.Sprintf("say which row does; the next that holds something is row %d", row))
	}
	if errors.Is(err, io.EOF) && r.headerRow > 0 {
		return r.fail(r.headerRow, "", "the sheet ends before the row that is said to name the columns", "say which row does")
	}
	if errors.Is(err, io.EOF) {
		return r.fail(0, "", "the sheet has no rows, not even a header", "export it again")
	}
	if err != nil {
		return err
	}
	r.first = cells[0].column
	last := cells[len(cells)-1].column
	if last-r.first >= MaxColumns {
		return r.fail(row, "", fmt.Sprintf("the header spans more than %d columns", MaxColumns), "check the sheet")
	}
	values := make([]string, last-r.first+1)
	for _, c := range cells {
		values[c.column-r.first] = c.value
	}
	isHeader := looksLikeHeader(values)
	if declared != nil {
		isHeader = *declared
	}
	if isHeader {
		r.names = values
		if err := CheckNames(r.file.Name, r.sheet, row, values); err != nil {
			return err
		}
	} else {
		for i := range values {
			r.names = append(r.names, fmt.Sprintf("column%d", i+1))
		}
		r.pending, r.pendingCells, r.pendingRow = true, cells, row
	}
	for _, m := range r.merges {
		if m.bottom >= row && m.right >= r.first && m.left <= last {
			return r.fail(m.top, "", "the cells "+m.ref+" inside the table are merged", "unmerge them and fill every row")
		}
	}
	return nil
}

func (r *xlsxReader) Names() []string { return r.names }
func (r *xlsxReader) Typed() bool     { return false }

// Close closes the sheet and the file.
func (r *xlsxReader) Close() error { return errors.Join(r.body.Close(), r.file.Close()) }

// Warnings are final after the last batch.
func (r *xlsxReader) Warnings() []Warning {
	out := slices.Clone(r.warn)
	if r.formulas > 0 {
		out = append(out, Warning{Problem: fmt.Sprintf("%s formulas, of which the results stored in the file were taken (first: %s)", english.Count(r.formulas, "cell")+english.Choose(r.formulas, " holds", " hold"), r.firstFormula), Remedy: "prefer an export of values"})
	}
	if r.hidden > 0 {
		out = append(out, Warning{Row: r.firstHidden, Problem: fmt.Sprintf("%s hidden in the sheet and %s read all the same, this is the first", english.Are(r.hidden, "row"), english.Choose(r.hidden, "was", "were"))})
	}
	if r.blank > 0 {
		out = append(out, Warning{Row: r.firstBlank, Problem: english.Count(r.blank, "blank row") + english.Choose(r.blank, " was", " were") + " skipped, this is the first"})
	}
	return out
}

func (r *xlsxReader) Read(b *Batch) error {
	b.Reset()
	for !b.Full() {
		cells, row, err := r.nextRow()
		if err == io.EOF {
			if b.Rows == 0 {
				return io.EOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if len(cells) == 0 {
			if r.blank++; r.blank == 1 {
				r.firstBlank = row
			}
			continue
		}
		b.Begin(len(r.names), row)
		for _, c := range cells {
			i := c.column - r.first
			if i < 0 || i >= len(r.names) {
				return &InputError{File: r.file.Name, Sheet: r.sheet, Row: row, Value: Printable([]byte(c.value)), Problem: "the cell " + c.ref + " lies outside the columns of the header", Remedy: "name its column, or clear what stands beside the table"}
			}
			b.Set(i, len(r.names), []byte(c.value))
		}
	}
	return nil
}
