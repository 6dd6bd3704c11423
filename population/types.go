package population

import "reperform/population/tabular"

// The vocabulary of sources and schemas is that of package tabular.
type (
	// Type is a column's type, one of a closed set; its text form is text,
	// integer, decimal(p,s), boolean, date, timestamp or timestamptz.
	Type = tabular.Type
	// Kind is the part of a Type without digits.
	Kind = tabular.Kind
	// Column declares one column of a source.
	Column = tabular.Column
	// Schema declares columns of a source; those not named are detected.
	Schema = tabular.Schema
	// Source says which file to read and how.
	Source = tabular.Source
	// Transform changes a column before anything is stored.
	Transform = tabular.Transform
	// Warning is a remark that does not stop an import.
	Warning = tabular.Warning
	// Detection is what a source looks like.
	Detection = tabular.Detection
	// InputError says what is wrong with a file, where, and what to do.
	InputError = tabular.InputError
)

// Action is what a Transform does to a column.
type Action = tabular.Action

// The actions of a Transform: keep the value, drop the column, show only the
// last four characters (none of a value shorter than eight), show nothing, or
// replace it by its HMAC-SHA256 in hex, by which joins survive.
const (
	Keep      = tabular.Keep
	Drop      = tabular.Drop
	Mask      = tabular.Mask
	MaskAll   = tabular.MaskAll
	KeyedHash = tabular.KeyedHash
)

// ParseType reads a type's text form, such as decimal(12,2).
func ParseType(s string) (Type, error) { return tabular.ParseType(s) }

// Input names a frozen population to read: its file, and what is needed to
// read it without guessing.
type Input struct {
	Path    string        `json:"path"`
	Columns []FrozenField `json:"columns"`
	Key     []string      `json:"key,omitempty"`
	// PopulationHash and FrozenSHA256 are what was recorded of the file. If both
	// are given the file's bytes are checked against the latter before use and
	// the former is believed; otherwise the population hash is recomputed.
	PopulationHash string `json:"population_hash,omitempty"`
	FrozenSHA256   string `json:"frozen_sha256,omitempty"`
	// KeyUnique is what was recorded of the key; it is believed under the same
	// condition.
	KeyUnique bool `json:"key_unique,omitempty"`
}

// keyKnownUnique says whether the key need not be counted again.
func (in *Input) keyKnownUnique() bool {
	return in.KeyUnique && in.PopulationHash != "" && in.FrozenSHA256 != ""
}

// FrozenField is a column of a frozen population.
type FrozenField struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Nulls is the number of rows in which the column is NULL.
	Nulls int64 `json:"nulls"`
	// Total is the exact sum of an integer or decimal column.
	Total string `json:"total,omitempty"`
	// Min and Max are the smallest and largest value of a date, a timestamp, an
	// integer or a decimal column in canonical form.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
}

// Frozen describes a frozen population. It marshals to JSON and is what a
// caller records.
type Frozen struct {
	// Path is where the frozen file was written; it is not part of what the
	// population is.
	Path string `json:"path"`
	// SourceSHA256 is the SHA-256 of the source file's bytes as given, in hex;
	// empty for a derived population.
	SourceSHA256 string `json:"source_sha256,omitempty"`
	SourceName   string `json:"source_name,omitempty"`
	SourceBytes  int64  `json:"source_bytes,omitempty"`
	// FrozenSHA256 is the SHA-256 of the frozen file's bytes, in hex.
	FrozenSHA256 string `json:"frozen_sha256"`
	FrozenBytes  int64  `json:"frozen_bytes"`
	// PopulationHash is the hash of the population's canonical rows, in hex; see
	// CANONICAL.md. It does not depend on the rows' order.
	PopulationHash string        `json:"population_hash"`
	Rows           int64         `json:"rows"`
	Columns        []FrozenField `json:"columns"`
	// Key names the columns that identify a row; KeyUnique says whether they do.
	Key       []string `json:"key,omitempty"`
	KeyUnique bool     `json:"key_unique"`
	// Zone is the IANA time zone in which dates of instants are taken.
	Zone string `json:"zone"`
	// Schema is the complete schema under which the source was read.
	Schema     *Schema     `json:"schema,omitempty"`
	Transforms []Transform `json:"transforms,omitempty"`
	Derivation *Derivation `json:"derivation,omitempty"`
	// EngineVersion is the version of the database engine.
	EngineVersion string    `json:"engine_version"`
	Warnings      []Warning `json:"warnings,omitempty"`
}

// Input returns what later calls need to read this population.
func (f *Frozen) Input() Input {
	return Input{Path: f.Path, Columns: f.Columns, Key: f.Key, PopulationHash: f.PopulationHash, FrozenSHA256: f.FrozenSHA256, KeyUnique: f.KeyUnique}
}

// Derivation records how a population was derived from others.
type Derivation struct {
	SQL string `json:"sql"`
	// Inputs are the population hashes of the inputs by name.
	Inputs   map[string]string `json:"inputs"`
	Holidays []string          `json:"holidays,omitempty"`
}

// ImportRequest asks for a source to be frozen.
type ImportRequest struct {
	Source Source `json:"source"`
	// Schema declares columns; those it does not name are detected.
	Schema     Schema      `json:"schema"`
	Transforms []Transform `json:"transforms,omitempty"`
	// HashKey is the key of keyed hashes, at least 16 bytes. It is used and
	// forgotten, never recorded.
	HashKey []byte `json:"hash_key,omitempty"`
	// Key names the columns that identify a row; they must not be blank.
	Key []string `json:"key,omitempty"`
	// Zone is the population's IANA time zone.
	Zone string `json:"zone"`
	// Output is the path of the frozen file; it appears complete or not at all,
	// and must not exist.
	Output string `json:"output"`
}
