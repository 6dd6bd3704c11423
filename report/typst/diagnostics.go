package typst

import (
	"fmt"
	"strings"
)

// Diagnostic is one complaint of the compiler.
type Diagnostic struct {
	Severity string // "error" or "warning"
	File     string // path within the job; empty when the complaint has no place
	Line     int    // from 1; 0 when not known
	Column   int    // from 1, in UTF-16 units; 0 when not known
	Message  string
	Hints    []string // how to mend it, in the compiler's words
}

// String renders the diagnostic on one line: file:line:column: severity: message (hint: …).
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		if d.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
		}
		b.WriteString(": ")
	}
	b.WriteString(d.Severity + ": " + d.Message)
	for _, h := range d.Hints {
		b.WriteString(" (hint: " + h + ")")
	}
	return b.String()
}

// CompileError says why a Job did not become a document: the template or its
// data are wrong, not the engine. It holds at least one diagnostic.
type CompileError struct {
	Diagnostics []Diagnostic
}

// Error gives the first error; Diagnostics has them all.
func (e *CompileError) Error() string {
	msg := "typst: " + e.Diagnostics[0].String()
	if n := len(e.Diagnostics) - 1; n > 0 {
		msg += fmt.Sprintf(" (and %d more)", n)
	}
	return msg
}

// readDiagnostics takes the compiler's list of objects apart.
func readDiagnostics(v any) []Diagnostic {
	list, ok := v.(*array)
	if !ok {
		return nil
	}
	var out []Diagnostic
	for _, item := range list.items {
		switch item := item.(type) {
		case string:
			out = append(out, Diagnostic{Severity: "error", Message: item})
		case *object:
			out = append(out, readDiagnostic(item))
		}
	}
	return out
}

// readDiagnostic reads {package, path, severity, range, message}. The range is
// "line:column-line:column" from 0, and hints follow the message after ", hints: ".
func readDiagnostic(o *object) Diagnostic {
	field := func(name string) string {
		s, _ := o.fields[name].(string)
		return s
	}
	d := Diagnostic{Severity: field("severity"), File: strings.TrimPrefix(field("path"), "/")}
	if p := field("package"); p != "" {
		d.File = p + "/" + d.File
	}
	d.Message = field("message")
	if message, hints, found := strings.Cut(d.Message, hintMark); found {
		d.Message, d.Hints = message, strings.Split(hints, hintMark)
	}
	var line, column int
	if n, _ := fmt.Sscanf(field("range"), "%d:%d-", &line, &column); n == 2 {
		d.Line, d.Column = line+1, column+1
	}
	return d
}

const hintMark = ", hints: "
