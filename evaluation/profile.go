package evaluation

import (
	"context"
	"slices"

	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// FirmTable is the frequency table of a firm's method, as package sampling looks sizes
// up in it.
func FirmTable(p soc1.MethodProfile) sampling.FrequencyTable {
	t := sampling.FrequencyTable{Name: p.TableName(), Source: p.Source}
	for _, r := range p.Rows {
		t.Rows = append(t.Rows, sampling.FrequencyRow{Frequency: sampling.Frequency(r.Frequency), Occurrences: r.Occurrences, Low: r.Low, High: r.High})
	}
	return t
}

// firmTables are the tables of all versions of the profiles in an examination, the
// latest first: a test planned by an earlier version is judged by that one.
func firmTables(ctx context.Context, work *record.View) ([]sampling.FrequencyTable, error) {
	revisions, err := work.Revisions(ctx, "method_profile")
	if err != nil {
		return nil, err
	}
	var out []sampling.FrequencyTable
	for _, r := range slices.Backward(revisions) {
		if r.Redacted || r.Retired {
			continue
		}
		p, err := record.Decode[soc1.MethodProfile](r)
		if err != nil {
			return nil, err
		}
		if t := FirmTable(p); t.Validate() == nil {
			out = append(out, t)
		}
	}
	return out, nil
}
