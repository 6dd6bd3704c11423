package web

import (
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"reperform/record"
)

func rowsOf(in input) string {
	n := strings.Count(in.Value, "\n") + 2
	return fmt.Sprint(max(3, min(n, 16)))
}

func sizeOf(in input) string { return fmt.Sprint(max(3, min(len(in.Options), 8))) }

func typeOf(in input) string {
	switch in.Field.Type {
	case record.Date:
		return "date"
	case record.Integer:
		return "number"
	}
	return "text"
}

// hintOf is the help of a field, and how its value is written where that is not
// plain.
func hintOf(in input) string {
	words := in.Field.Help
	add := func(s string) {
		words = strings.TrimSpace(words + " " + s)
	}
	switch {
	case in.Field.Type == record.Map:
		add("One line each, for example: TSC: CC6.1, CC6.2")
	case in.Field.List && len(in.Options) == 0 && in.Field.Ref == "" && in.Field.Type != record.Object:
		add("One on each line.")
	case in.Field.Type == record.Instant:
		add("With its zone, for example 2025-06-30T10:00:00-05:00.")
	}
	return words
}

func changesText(e event) string {
	if e.Revision == 1 {
		return count(len(e.Changes), "field") + " recorded"
	}
	return count(len(e.Changes), "field") + " changed"
}

func resolveURL(p *formPage) string { return strings.TrimSuffix(p.Action, "/edit") + "/resolve" }

// fromAttr says where a picker's choices come from, where they are many.
func fromAttr(in input) templ.Attributes {
	if in.From == "" {
		return nil
	}
	return templ.Attributes{"data-from": in.From}
}

// focused tells whether a field has the focus first: the one that somebody came
// for, or else the first.
func (p *formPage) focused(i int) bool {
	for n, in := range p.Inputs {
		if p.Focus != "" && in.Name == p.Focus {
			return n == i
		}
	}
	return i == 0
}

// inParts makes a form send its files.
func inParts(to string) templ.Attributes {
	if to == "" {
		return nil
	}
	return templ.Attributes{"enctype": "multipart/form-data"}
}
