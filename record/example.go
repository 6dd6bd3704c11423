package record

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"reperform/soc1"
)

// Example is a minimal valid record of the kind, made from its descriptor: the
// required fields, and those that the kind's own rules ask for once these are
// there. What it says is filler; its form is what counts. Ids that it refers to
// need not exist. The error says which rule filler cannot satisfy.
func (k *Kind) Example() (Record, error) {
	r := Record{Kind: k.Name, ID: strings.ReplaceAll(k.Name, "_", "-") + "-1", Revision: 1}
	if !k.Timeless {
		r.Effective = "2025-01-01"
	}
	body := filled(k.Fields)
	var problems []soc1.Problem
	for range len(k.Fields) + 1 {
		b, err := json.Marshal(body)
		if err != nil {
			return r, err
		}
		v := reflect.New(k.typ)
		if err := json.Unmarshal(b, v.Interface()); err != nil {
			return r, fmt.Errorf("example of %s: %w", k.Name, err)
		}
		if problems = k.validate(v.Elem()); len(problems) == 0 {
			r.Body = b
			return r, nil
		}
		more := false
		for _, p := range problems {
			name, _, _ := strings.Cut(p.Field, ".")
			name, _, _ = strings.Cut(name, "[")
			if f, ok := k.Field(name); ok && body[name] == nil {
				body[name], more = f.filler(), true
			}
		}
		if !more {
			break
		}
	}
	return r, fmt.Errorf("example of %s: %s", k.Name, problems[0])
}

// filled gives every required field a value.
func filled(fields []Field) map[string]any {
	out := map[string]any{}
	named := map[string]bool{}
	for _, f := range fields {
		if !f.Required {
			continue
		}
		out[f.Name] = f.filler()
		// Two fields that name a record of one kind name two records.
		if f.Ref != "" && !f.List && named[f.Ref] {
			out[f.Name] = strings.ReplaceAll(f.Ref, "_", "-") + "-2"
		}
		named[f.Ref] = true
	}
	return out
}

func (f Field) filler() any {
	if f.List {
		return []any{f.one()}
	}
	return f.one()
}

// one is one value of the field's type.
func (f Field) one() any {
	switch f.Type {
	case Integer:
		return 1
	case Boolean:
		return true
	case Date:
		return "2025-01-01"
	case Instant:
		return "2025-01-01T09:00:00Z"
	case Enum:
		return f.Values[0]
	case Object:
		v := filled(f.Fields)
		if f.reference() {
			v["kind"], v["id"] = f.Name, strings.ReplaceAll(f.Name, "_", "-")+"-1"
			return v
		}
		if len(v) == 0 && len(f.Fields) > 0 {
			v[f.Fields[0].Name] = f.Fields[0].filler()
		}
		return v
	case Map:
		return map[string]any{}
	}
	if f.Ref != "" {
		return strings.ReplaceAll(f.Ref, "_", "-") + "-1"
	}
	if f.Name == "timezone" {
		return "UTC"
	}
	if f.Name == "fiscal_year_end" {
		return "12-31"
	}
	return f.Label + "."
}

// reference tells an object that names a record of any ledger.
func (f Field) reference() bool {
	names := map[string]bool{}
	for _, x := range f.Fields {
		names[x.Name] = true
	}
	return len(names) == 4 && names["ledger"] && names["kind"] && names["id"] && names["revision"]
}
