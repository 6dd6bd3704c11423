package app

import (
	"bytes"
	"encoding/json"
	"errors"

	"reperform/record"
)

func isNotFound(err error) bool { return errors.Is(err, record.ErrNotFound) }

// diff lists the fields that differ between two bodies, in the kind's order.
func diff(kind *record.Kind, before, after json.RawMessage) ([]FieldChange, error) {
	var a, b map[string]json.RawMessage
	if len(before) > 0 {
		if err := json.Unmarshal(before, &a); err != nil {
			return nil, err
		}
	}
	if len(after) > 0 {
		if err := json.Unmarshal(after, &b); err != nil {
			return nil, err
		}
	}
	var out []FieldChange
	for _, f := range kind.Fields {
		x, y := a[f.Name], b[f.Name]
		switch {
		case x == nil && y == nil, x != nil && y != nil && record.SameBody(x, y):
		case empty(x) && empty(y):
		default:
			out = append(out, FieldChange{Path: f.Name, Old: x, New: y})
		}
	}
	return out, nil
}

func empty(v json.RawMessage) bool {
	switch string(bytes.TrimSpace(v)) {
	case "", "null", `""`, "[]", "{}", "0", "false":
		return true
	}
	return false
}
