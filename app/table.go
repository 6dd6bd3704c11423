package app

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"reperform/population"
	"reperform/population/tabular"
)

// Table is a sheet that somebody uploaded: texts under headings, as the file
// spells them.
type Table struct {
	// File is the name under which it came; Sheet is empty for a text file.
	File  string
	Sheet string
	// Sheets are those of the workbook that hold cells.
	Sheets   []string
	Columns  []string
	Rows     []TableRow
	Warnings []string
}

// TableRow is a row with its number in the file, counted from 1.
type TableRow struct {
	Line  int64
	Cells []string
}

// TableOptions say how a file is to be read where that cannot be told from it.
type TableOptions struct {
	// Sheet of a workbook; empty takes the first that holds cells.
	Sheet string
	// Encoding of a text: utf-8 when empty, latin-1, windows-1252 or utf-16.
	Encoding string
	// HeaderRow is the row with the headings, counted from 1; 0 takes the first that
	// holds something.
	HeaderRow int64
}

// Bounds of a table of records. Populations have their own import, which reads
// files of any size.
const (
	// MostTableBytes is how large the file may be.
	MostTableBytes = 8 << 20
	// MostTableRows is how many rows it may have; as many changes fit in one
	// command.
	MostTableRows = mostChanges
	// A workbook unpacks to at most mostUnpacked bytes in mostParts parts, and all
	// cells together hold at most mostTableText.
	mostUnpacked     = 48 << 20
	mostParts        = 1000
	mostTableText    = 48 << 20
	mostTableColumns = 300
	mostTableCell    = 200 << 10
)

// reading bounds how many tables are read at once: each may take some tens of
// megabytes.
var reading = make(chan struct{}, 2)

// ReadTable reads a CSV file or one sheet of an XLSX workbook. Nothing is
// guessed: what cannot be read exactly is an error with file, sheet, row, column
// and remedy. Formulas count with the results that the file holds, which a
// warning tells.
func ReadTable(ctx context.Context, name string, b []byte, o TableOptions) (*Table, error) {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	if len(b) > MostTableBytes {
		return nil, tableError(name, fmt.Sprintf("the file has %d bytes, and a table of records may have %d", len(b), MostTableBytes), "split it, or import it as a population")
	}
	if o.HeaderRow < 0 || o.HeaderRow > MostTableRows {
		return nil, tableError(name, fmt.Sprintf("row %d cannot hold the headings", o.HeaderRow), fmt.Sprintf("name a row from 1 to %d", MostTableRows))
	}
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	switch format {
	case "csv", "tsv", "txt", "xlsx":
	case "xls", "xlsm", "xlsb", "ods", "numbers":
		return nil, tableError(name, "files that end in ."+format+" are not read", "save it as an .xlsx workbook, or as CSV")
	default:
		return nil, tableError(name, "this is neither a CSV file nor an .xlsx workbook", "save it as one of them")
	}
	if len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b {
		return nil, tableError(name, "the file is compressed", "unpack it first")
	}
	if format == "xlsx" {
		if err := boundedZip(name, b); err != nil {
			return nil, err
		}
	}
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	path, err := written(b)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	header := true
	src := tabular.Source{Path: path, Name: name, Format: format, Header: &header, Encoding: o.Encoding, Sheet: o.Sheet, HeaderRow: o.HeaderRow, MaxCell: mostTableCell}
	t := &Table{File: name}
	if format == "xlsx" {
		if t.Sheets, err = sheetsOf(src); err != nil {
			return nil, err
		}
		if src.Sheet == "" && len(t.Sheets) > 0 {
			src.Sheet = t.Sheets[0]
		}
	}
	return t, t.read(ctx, src)
}

func tableError(name, problem, remedy string) error {
	return &population.InputError{File: name, Problem: problem, Remedy: remedy}
}

// boundedZip refuses a workbook that would unpack to more than records need.
// The sizes that a zip file declares are those that its reader enforces.
func boundedZip(name string, b []byte) error {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil // The reader of workbooks says what it is.
	}
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; f.UncompressedSize64 > mostUnpacked || total > mostUnpacked {
			return tableError(name, fmt.Sprintf("the workbook unpacks to more than %d MB", mostUnpacked>>20), "remove pictures and sheets that are not needed, or split it")
		}
	}
	if len(z.File) > mostParts {
		return tableError(name, fmt.Sprintf("the workbook has %d parts", len(z.File)), "copy the table into a new workbook")
	}
	return nil
}

// written puts bytes into a file that only this account can read.
func written(b []byte) (string, error) {
	f, err := os.CreateTemp("", "reperform-table-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func sheetsOf(src tabular.Source) ([]string, error) {
	f, err := tabular.OpenFile(src)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return tabular.Sheets(f, src)
}

func (t *Table) read(ctx context.Context, src tabular.Source) error {
	f, err := tabular.OpenFile(src)
	if err != nil {
		return err
	}
	r, err := tabular.NewReader(f, src)
	if err != nil {
		f.Close()
		return err
	}
	defer r.Close()
	t.Sheet, t.Columns = tabular.SheetOf(r), r.Names()
	n := len(t.Columns)
	if n > mostTableColumns {
		return tableError(t.File, fmt.Sprintf("there are %d columns, and a table of records may have %d", n, mostTableColumns), "remove those that are not needed")
	}
	var batch tabular.Batch
	total := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := r.Read(&batch)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for i := range batch.Rows {
			row := TableRow{Line: batch.Line(i), Cells: make([]string, n)}
			for c := range n {
				s := batch.Text(i, c, n)
				if !utf8.ValidString(s) {
					return &population.InputError{File: t.File, Sheet: t.Sheet, Row: row.Line, Column: t.Columns[c], Value: tabular.Printable([]byte(s)), Problem: "the text is not valid", Remedy: "choose the encoding in which the file was written"}
				}
				total += len(s)
				row.Cells[c] = s
			}
			t.Rows = append(t.Rows, row)
		}
		switch {
		case len(t.Rows) > MostTableRows:
			return tableError(t.File, fmt.Sprintf("there are more than %d rows", MostTableRows), "split the file; each part is then a command of its own")
		case total > mostTableText:
			return tableError(t.File, fmt.Sprintf("its cells hold more than %d MB of text", mostTableText>>20), "split the file")
		}
	}
	for _, w := range r.Warnings() {
		t.Warnings = append(t.Warnings, w.String())
	}
	return nil
}
