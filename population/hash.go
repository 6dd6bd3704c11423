package population

import "context"

// Hash recomputes the population hash of a frozen file from its rows, with the
// same figures that an import records.
func (e *Engine) Hash(ctx context.Context, in Input) (*Frozen, error) {
	read, err := absoluteInputs([]*Input{&in})
	if err != nil {
		return nil, err
	}
	var out Frozen
	if err := e.call(ctx, "hash", read, in, &out, nil, nil); err != nil {
		return nil, err
	}
	return &out, nil
}

func (c *childServer) rehash(in Input) (*Frozen, error) {
	db, err := c.open("UTC")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	out := &Frozen{Path: in.Path, Columns: in.Columns, Key: in.Key}
	if out.EngineVersion, err = engineVersion(db); err != nil {
		return nil, err
	}
	return out, c.describe(db, in.Path, out)
}
