package web

import (
	"encoding/json"

	"reperform/record"
)

// valuesOf are the values of a field, one or a list of them.
func valuesOf(raw json.RawMessage) []string { return record.Values(raw) }
