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
