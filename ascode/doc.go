// Package ascode reads and writes records as files: YAML or JSON, one document
// a record. Reading is strict: an unknown field, a value of the wrong type or
// a missing id is a problem with file, line, field and remedy, and all
// problems are reported, not the first. Writing is stable: the same records
// give the same bytes, in the order of the kind's fields, so that files can
// be kept under version control. The package knows no ledger and no rule
// between records.
package ascode
