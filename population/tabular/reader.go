package tabular

// NewReader opens a text source; workbooks and Parquet files have their own ways in.
func NewReader(f *File, s Source) (Reader, error) {
	format, err := s.FormatOf()
	if err != nil {
		return nil, err
	}
	switch format {
	case "csv", "tsv":
		return newCSV(f, s)
	}
	return nil, &InputError{File: f.Name, Problem: "format " + format + " is not text", Remedy: "use csv, tsv or jsonl"}
}
