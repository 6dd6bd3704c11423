package tabular

// NewReader opens a source; Parquet files are read by the engine itself.
func NewReader(f *File, s Source) (Reader, error) {
	format, err := s.FormatOf()
	if err != nil {
		return nil, err
	}
	switch format {
	case "csv", "tsv":
		return newCSV(f, s)
	case "jsonl":
		return newJSONL(f, s)
	case "xlsx":
		return newXLSX(f, s)
	}
	return nil, &InputError{File: f.Name, Problem: "format " + format + " is not read here", Remedy: "use csv, tsv, jsonl or xlsx"}
}

// SheetOf is the name of the worksheet that a reader reads, or empty.
func SheetOf(r Reader) string {
	if x, ok := r.(*xlsxReader); ok {
		return x.sheet
	}
	return ""
}

// Sheets lists the worksheets of a workbook that hold cells, hidden ones left
// out.
func Sheets(f *File, s Source) ([]string, error) {
	most := s.MaxCell
	if most <= 0 {
		most = DefaultMaxCell
	}
	book, err := openWorkbook(f, most)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, sh := range book.sheets {
		if sh.part != nil && !sh.hidden && sheetHasCells(sh.part, most) {
			out = append(out, sh.name)
		}
	}
	return out, nil
}
