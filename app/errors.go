package app

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"modernc.org/sqlite"

	"reperform/ascode"
	"reperform/english"
	"reperform/population"
	"reperform/record"
)

// FieldError refuses what somebody asked for because of one thing that was given.
type FieldError struct {
	// Field is the name under which it was given.
	Field string
	// Text says what is wrong and what to do, for whoever looks at a form.
	Text string
	// Command is the command that shows more; empty where none does.
	Command string
}

func (e *FieldError) Error() string {
	out := e.Field + ": " + e.Text
	if e.Command != "" {
		out += " See: " + e.Command
	}
	return out
}

// RecordError refuses a change of a record because of one of its fields.
type RecordError struct {
	// Record is its kind and id as files name it, Field the path of the field.
	Record, Field string
	// Message says what is wrong, Remedy what to do.
	Message, Remedy string
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("%s: %s: %s %s", e.Record, e.Field, e.Message, e.Remedy)
}

// KnownError says that a ledger had not grown to the size asked for.
type KnownError struct {
	Ledger string
	// Size is that of the ledger now.
	Size int64
}

func (e *KnownError) Error() string {
	return fmt.Sprintf("ledger %s has %s; --known-at must be a position from 1 to %d or a time", e.Ledger, english.Count(e.Size, "entry"), e.Size)
}

// EntryError says that a ledger has no such entry, or none that the actor reads.
type EntryError struct {
	Ledger string
	Pos    int64
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("ledger %s has no entry %d that you can read; `reperform ledger log` lists those you can", e.Ledger, e.Pos)
}

func (e *EntryError) Unwrap() error { return record.ErrNotFound }

// IsInternal tells whether an error comes from the program's surroundings (a
// disk, a database) and not from what somebody asked for.
func IsInternal(err error) bool {
	if errors.Is(err, ErrReadOnly) {
		return false
	}
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		return slices.ContainsFunc(several.Unwrap(), IsInternal)
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		return true
	}
	var in *population.InputError
	if errors.As(err, &in) {
		return in.Machine
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		return false
	}
	var pe *fs.PathError
	return errors.As(err, &pe)
}

// Explain gives an error the form in which machines read it: problems keep
// their places.
func Explain(err error) any {
	var ps ascode.Problems
	if errors.As(err, &ps) {
		return map[string]any{"message": "the files are not valid; nothing was recorded", "problems": ps}
	}
	var in *population.InputError
	if errors.As(err, &in) {
		return map[string]any{"message": in.Error(), "place": in}
	}
	return map[string]any{"message": err.Error()}
}
