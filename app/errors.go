package app

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"modernc.org/sqlite"

	"reperform/ascode"
	"reperform/population"
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
