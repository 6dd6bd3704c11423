// Package tabular turns the files that people have (CSV, TSV, JSON lines,
// XLSX) into typed columns. It promises that no value is changed on the way:
// text arrives byte for byte, amounts as exact decimals, and whatever cannot be
// read exactly as its type says is refused with file, row, column and value.
// It reads each file once, front to back, in bounded memory, and decides
// nothing about what the values mean.
package tabular

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is one of the closed set of column types.
type Kind string

// The closed set of column types.
const (
	Text        Kind = "text"
	Integer     Kind = "integer" // signed, 64 bits
	Decimal     Kind = "decimal" // exact, at most 38 digits
	Boolean     Kind = "boolean"
	Date        Kind = "date"
	Timestamp   Kind = "timestamp"   // date and time without a zone, microseconds
	TimestampTZ Kind = "timestamptz" // an instant, microseconds in UTC
)

// Type is a column's type. Its text form is the kind's name, followed for
// decimals by precision and scale: "decimal(12,2)".
type Type struct {
	Kind             Kind
	Precision, Scale int
}

func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return string(t.Kind)
}

// MarshalText writes the text form.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the text form.
func (t *Type) UnmarshalText(text []byte) error {
	parsed, err := ParseType(string(text))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// ParseType reads a type's text form.
func ParseType(s string) (Type, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch Kind(s) {
	case Text, Integer, Boolean, Date, Timestamp, TimestampTZ:
		return Type{Kind: Kind(s)}, nil
	}
	inner, ok := strings.CutPrefix(s, "decimal(")
	if !ok || !strings.HasSuffix(inner, ")") {
		return Type{}, fmt.Errorf("type %q is not known: use text, integer, decimal(precision,scale), boolean, date, timestamp or timestamptz", s)
	}
	p, q, ok := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	precision, err1 := strconv.Atoi(strings.TrimSpace(p))
	scale, err2 := strconv.Atoi(strings.TrimSpace(q))
	if !ok || err1 != nil || err2 != nil || precision < 1 || precision > 38 || scale < 0 || scale > precision {
		return Type{}, fmt.Errorf("type %q: a decimal has 1 to 38 digits of which at most as many after the point, as in decimal(12,2)", s)
	}
	return Type{Kind: Decimal, Precision: precision, Scale: scale}, nil
}

// Column declares one column of a source.
type Column struct {
	// Name is the column's name exactly as the source spells it.
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Required refuses rows in which the column is blank.
	Required bool `json:"required,omitempty"`
	// Format is how dates and timestamps are written, in the notation of
	// strftime: %Y %y %m %d %b %H %I %p %M %S %f %z and literal characters.
	// Without it ISO 8601 is expected.
	Format string `json:"format,omitempty"`
	// Decimal is the decimal separator, "." unless given.
	Decimal string `json:"decimal,omitempty"`
	// Thousands is the separator of groups of three digits, none unless given.
	Thousands string `json:"thousands,omitempty"`
	// Nulls are spellings of "no value" beside the empty field.
	Nulls []string `json:"nulls,omitempty"`
	// Zone is the IANA time zone in which timestamps without an offset are
	// written; it makes such a column an instant (timestamptz).
	Zone string `json:"zone,omitempty"`
}

// Schema declares columns; those not named are detected.
type Schema struct {
	Columns []Column `json:"columns"`
}

// Find returns the declaration of a column, or nil.
func (s Schema) Find(name string) *Column {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i]
		}
	}
	return nil
}

// Warning is a remark that does not stop an import.
type Warning struct {
	Column  string `json:"column,omitempty"`
	Row     int64  `json:"row,omitempty"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`
}

func (w Warning) String() string {
	var b strings.Builder
	if w.Column != "" {
		fmt.Fprintf(&b, "column %q: ", w.Column)
	}
	if w.Row > 0 {
		fmt.Fprintf(&b, "row %d: ", w.Row)
	}
	b.WriteString(w.Problem)
	if w.Remedy != "" {
		b.WriteString("; " + w.Remedy)
	}
	return b.String()
}

// Source says which file to read and how.
type Source struct {
	// Path is where the file is; Name is what messages and records call it
	// (the base name of Path if empty).
	Path string `json:"path"`
	Name string `json:"name,omitempty"`
	// Format is csv, tsv, jsonl, parquet or xlsx; empty means by the name's
	// extension. A trailing .gz on text formats is seen by the file's content.
	Format string `json:"format,omitempty"`
	// Delimiter is one character; empty means detected (csv) or a tab (tsv).
	Delimiter string `json:"delimiter,omitempty"`
	// Quote is the quoting character, `"` unless given; "none" means that
	// quotes have no meaning.
	Quote string `json:"quote,omitempty"`
	// Header says whether the first row names the columns; nil means detected.
	Header *bool `json:"header,omitempty"`
	// SkipRows ignores that many lines before the header.
	SkipRows int `json:"skip_rows,omitempty"`
	// HeaderRow is the row that names the columns, counted from 1 as the file counts
	// rows; those before it are not read. 0 takes the first that holds something.
	HeaderRow int64 `json:"-"`
	// Encoding is utf-8 (default), latin-1, windows-1252 or utf-16.
	Encoding string `json:"encoding,omitempty"`
	// Sheet is the worksheet's name; empty means the only one that holds data.
	Sheet string `json:"sheet,omitempty"`
	// MaxCell is the largest cell in bytes, 1 MiB unless given.
	MaxCell int `json:"max_cell,omitempty"`
}

// Limits that protect the reader from files that are not tables.
const (
	DefaultMaxCell = 1 << 20
	MaxColumns     = 4096
)
