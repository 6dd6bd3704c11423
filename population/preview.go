package population

import (
	"context"
	"maps"
	"slices"
	"strconv"
)

// MaxPreview is the largest number of rows that a preview shows.
const MaxPreview = 100

// Preview is what a query over populations gives before anything is frozen.
type Preview struct {
	Columns []FrozenField `json:"columns"`
	// Rows is the number of rows of the result, First the first of them by its key.
	Rows  int64       `json:"rows"`
	First [][]*string `json:"first"`
	// Unique says that no two rows have the same key; false without one.
	Unique bool `json:"unique,omitempty"`
}

// Preview runs the SELECT of a derivation and writes nothing. Errors about the SQL are
// *SQLError, as those of Derive are; that the result does not depend on the order of
// rows, Derive alone finds out.
func (e *Engine) Preview(ctx context.Context, q DeriveRequest) (*Preview, error) {
	q.Zone, q.Inputs = zoneOrUTC(q.Zone), maps.Clone(q.Inputs)
	var read []string
	for name, in := range q.Inputs {
		paths, err := absoluteInputs([]*Input{&in})
		if err != nil {
			return nil, err
		}
		read = append(read, paths...)
		q.Inputs[name] = in
	}
	slices.Sort(read)
	var out Preview
	if err := e.call(ctx, "preview", read, q, &out, nil, nil); err != nil {
		return nil, err
	}
	return &out, nil
}

func (c *childServer) preview(q DeriveRequest) (*Preview, error) {
	var views []view
	for _, name := range slices.Sorted(maps.Keys(q.Inputs)) {
		if _, err := c.verify(q.Inputs[name]); err != nil {
			return nil, err
		}
		views = append(views, view{name, q.Inputs[name]})
	}
	db, err := c.openLocked(q.Zone, views, q.Holidays, lockedOptions{})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.guard.Query(q.SQL); err != nil {
		return nil, sqlError("derivation", q.SQL, err)
	}
	columns, err := db.guard.Types(q.SQL + "\n")
	if err != nil {
		return nil, sqlError("derivation", q.SQL, err)
	}
	out := &Preview{}
	if out.Columns, err = derivedColumns(q, columns); err != nil {
		return nil, err
	}
	// A number that does not fit is found by the cast, as it is when freezing.
	from := " FROM (SELECT " + derivedSelect(out.Columns) + " FROM (" + q.SQL + "\n) AS derived) AS p"
	distinct := "0"
	if len(q.Key) > 0 {
		distinct = "count(DISTINCT " + keyExpression(q.Key, out.Columns, "p") + ")"
	}
	row, err := db.One("SELECT count(*), " + distinct + from)
	if err != nil {
		return nil, c.derivationFailed(q, err)
	}
	if out.Rows, err = strconv.ParseInt(row[0], 10, 64); err != nil {
		return nil, err
	}
	out.Unique = len(q.Key) > 0 && row[0] == row[1]
	rows, err := db.Query("SELECT " + selectList(out.Columns) + from + " ORDER BY " + derivedOrder(q.Key, out.Columns) + " LIMIT " + strconv.Itoa(MaxPreview))
	if err != nil {
		return nil, c.derivationFailed(q, err)
	}
	defer rows.Close()
	for {
		chunk, err := rows.Next()
		if err != nil {
			return nil, c.derivationFailed(q, err)
		}
		if chunk == nil {
			return out, nil
		}
		for i := range chunk.Size {
			line := make([]*string, len(chunk.Vectors))
			for v := range chunk.Vectors {
				if chunk.Vectors[v].Null(i) {
					continue
				}
				text, err := chunk.Vectors[v].AppendText(nil, i)
				if err != nil {
					return nil, err
				}
				s := string(text)
				line[v] = &s
			}
			out.First = append(out.First, line)
		}
	}
}
