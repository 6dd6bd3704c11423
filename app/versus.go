package app

import (
	"context"
	"encoding/json"

	"reperform/record"
)

// Versus is a change that came too late, beside what came before it.
type Versus struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Base is what the change was made against; its revision is 0 where that was
	// nothing. Theirs is the latest revision, with who recorded it, when and why.
	Base   record.Record `json:"base"`
	Theirs Event         `json:"theirs"`
	// Fields are those in which the three differ, in the kind's order.
	Fields []VersusField `json:"fields"`
}

// VersusField is one field of the three.
type VersusField struct {
	Path   string          `json:"path"`
	Label  string          `json:"label"`
	Base   json.RawMessage `json:"base,omitempty"`
	Theirs json.RawMessage `json:"theirs,omitempty"`
	Mine   json.RawMessage `json:"mine,omitempty"`
	// ByThem and ByMe say who changed the field. Where both did, to different
	// values, Conflict is set and a person has to choose.
	ByThem   bool `json:"by_them"`
	ByMe     bool `json:"by_me"`
	Conflict bool `json:"conflict"`
}

// Versus compares a change that was refused with a StaleError with the latest
// revision and with the one it was made against, as far as the actor may read
// them. Nothing is decided here: a page shows both and a person chooses.
func (a *App) Versus(ctx context.Context, actor string, c RecordChange) (*Versus, error) {
	if c.Ledger == "" {
		c.Ledger = OrganizationLedger
	}
	kind, err := registerKind(c)
	if err != nil {
		return nil, err
	}
	events, err := a.History(ctx, actor, c.Ledger, c.Kind, c.ID)
	if err != nil {
		return nil, err
	}
	out := &Versus{Kind: c.Kind, ID: c.ID, Theirs: events[len(events)-1], Fields: []VersusField{}}
	for _, ev := range events {
		if ev.Revision == c.Revision {
			out.Base = ev.Record
		}
	}
	mine := out.Base.Body
	if c.Value != nil {
		if mine, err = json.Marshal(c.Value); err != nil {
			return nil, err
		}
	}
	out.Fields, err = compare(kind, out.Base.Body, out.Theirs.Body, mine)
	return out, err
}

// compare lists the fields in which three bodies differ.
func compare(kind *record.Kind, base, theirs, mine json.RawMessage) ([]VersusField, error) {
	out := []VersusField{}
	byThem, err := diff(kind, base, theirs)
	if err != nil {
		return nil, err
	}
	byMe, err := diff(kind, base, mine)
	if err != nil {
		return nil, err
	}
	between, err := diff(kind, theirs, mine)
	if err != nil {
		return nil, err
	}
	index := func(changes []FieldChange) map[string]FieldChange {
		m := make(map[string]FieldChange, len(changes))
		for _, c := range changes {
			m[c.Path] = c
		}
		return m
	}
	t, m, d := index(byThem), index(byMe), index(between)
	for _, f := range kind.Fields {
		x, them := t[f.Name]
		y, me := m[f.Name]
		if !them && !me {
			continue
		}
		_, differ := d[f.Name]
		v := VersusField{Path: f.Name, Label: f.Label, ByThem: them, ByMe: me, Conflict: them && me && differ}
		if them {
			v.Base, v.Theirs, v.Mine = x.Old, x.New, x.Old
		}
		if me {
			v.Base, v.Mine = y.Old, y.New
			if !them {
				v.Theirs = y.Old
			}
		}
		out = append(out, v)
	}
	return out, nil
}
