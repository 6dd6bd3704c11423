package ascode

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Item is one record as a file gives it.
type Item struct {
	File string
	Line int
	// Ledger is empty for the organization's.
	Ledger string
	Kind   string
	ID     string
	// Effective is a calendar date, or empty for the caller's default.
	Effective string
	Retired   bool
	// Value is a pointer to the kind's struct, Body the JSON of it.
	Value any
	Body  json.RawMessage
	lines map[string]int
}

// At finds the line of a field by its path, or of the nearest field above it.
func (it *Item) At(path string) int {
	for path != "" {
		if l, ok := it.lines[path]; ok {
			return l
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	return it.Line
}

// Problem makes a problem of this item at the field.
func (it *Item) Problem(path, message, remedy string) Problem {
	return Problem{File: it.File, Line: it.At(path), Record: it.Kind + " " + it.ID, Field: path, Message: message, Remedy: remedy}
}

// Problem is one thing wrong in a file: what, where, and what to do.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Record  string `json:"record,omitempty"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	if strings.TrimSpace(p.Record) != "" {
		b.WriteString(p.Record + ": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Remedy != "" {
		b.WriteString(" " + p.Remedy)
	}
	return b.String()
}

// Problems is the error of a set of files: nothing of them is used.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil when there are none; otherwise the problems in order of place.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	sort.SliceStable(ps, func(i, j int) bool {
		if ps[i].File != ps[j].File {
			return ps[i].File < ps[j].File
		}
		return ps[i].Line < ps[j].Line
	})
	return ps
}
