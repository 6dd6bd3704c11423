package population

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"reperform/population/duck"
)

// KeysRequest asks for the keys of a population's rows.
type KeysRequest struct {
	Population Input  `json:"population"`
	Zone       string `json:"zone"`
	// Where, if given, is a boolean expression; only rows for which it is TRUE
	// are named.
	Where string `json:"where,omitempty"`
	// Stratum, if given, is an expression whose value, as text, is the row's
	// stratum, such as: year(paid_on) || '-Q' || quarter(paid_on).
	Stratum  string   `json:"stratum,omitempty"`
	Holidays []string `json:"holidays,omitempty"`
}

// KeyRow is a row's key and stratum.
type KeyRow struct {
	Key string `json:"k"`
	// Stratum is empty if none was asked for or if it is NULL.
	Stratum string `json:"s,omitempty"`
}

// Keys streams the key of every row, in no particular order, to each. An error
// of each ends the stream and is returned as it is.
func (e *Engine) Keys(ctx context.Context, q KeysRequest, each func(KeyRow) error) error {
	read, err := absoluteInputs([]*Input{&q.Population})
	if err != nil {
		return err
	}
	var done struct{}
	return e.call(ctx, "keys", read, q, &done, func(body json.RawMessage) error {
		var rows []KeyRow
		if err := json.Unmarshal(body, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

func (c *childServer) keys(q KeysRequest) (struct{}, error) {
	var none struct{}
	if len(q.Population.Key) == 0 {
		return none, &SQLError{Where: "population", Problem: "the population has no key", Remedy: "import it with key columns"}
	}
	if _, err := c.verify(q.Population); err != nil {
		return none, err
	}
	db, err := c.openLocked(q.Zone, []view{{"p", q.Population}}, q.Holidays, lockedOptions{})
	if err != nil {
		return none, err
	}
	defer db.Close()
	sql := "SELECT " + keyExpression(q.Population.Key, q.Population.Columns, "p")
	if q.Stratum != "" {
		if _, err := db.guard.Expression(q.Stratum); err != nil {
			return none, sqlError("stratum", q.Stratum, err)
		}
		columns, err := db.guard.Types("SELECT (" + q.Stratum + "\n) AS s FROM p")
		if err != nil {
			return none, sqlError("stratum", q.Stratum, err)
		}
		if _, ok := closedType(columns[0].Type); !ok {
			return none, &SQLError{Where: "stratum", SQL: q.Stratum, Problem: "the stratum is of type " + columns[0].Type.Name, Remedy: "cast it to VARCHAR"}
		}
		sql += ", (" + q.Stratum + "\n)"
	}
	sql += "\nFROM p"
	if q.Where != "" {
		if _, err := db.boolean("where", q.Where, " FROM p"); err != nil {
			return none, err
		}
		sql += "\nWHERE (" + q.Where + "\n)"
	}
	rows, err := db.Query(sql)
	if err != nil {
		return none, sqlError("keys", sql, err)
	}
	defer rows.Close()
	t := &ticker{c: c, stage: "listing keys"}
	n := int64(0)
	for {
		chunk, err := rows.Next()
		if err != nil {
			return none, sqlError("keys", sql, err)
		}
		if chunk == nil {
			return none, nil
		}
		part := make([]KeyRow, chunk.Size)
		for i := range part {
			part[i].Key = string(chunk.Vectors[0].Bytes(i))
			if q.Stratum != "" {
				text, err := chunk.Vectors[1].AppendText(nil, i)
				if err != nil {
					return none, err
				}
				part[i].Stratum = string(text)
			}
		}
		if err := c.part(part); err != nil {
			return none, err
		}
		n += int64(chunk.Size)
		t.tick(db.Progress(), n)
	}
}

// MaxSelected is the largest number of keys that one call of Rows or Outcomes
// accepts; samples are far smaller.
const MaxSelected = 100_000

// RowsRequest asks for whole rows by key.
type RowsRequest struct {
	Population Input    `json:"population"`
	Zone       string   `json:"zone"`
	Keys       []string `json:"keys"`
}

// Row is a row's values in canonical text, in the columns' order; nil is NULL.
type Row struct {
	Key    string    `json:"key"`
	Values []*string `json:"values"`
}

// Rows returns the rows with the given keys, in the order of the keys. A key
// that no row has is an error.
func (e *Engine) Rows(ctx context.Context, q RowsRequest) ([]Row, error) {
	found, err := e.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	return inOrder(q.Keys, found)
}

// Find returns the rows with the given keys that there are, by key.
func (e *Engine) Find(ctx context.Context, q RowsRequest) (map[string]Row, error) {
	read, err := absoluteInputs([]*Input{&q.Population})
	if err != nil {
		return nil, err
	}
	found := map[string]Row{}
	var done struct{}
	err = e.call(ctx, "rows", read, q, &done, func(body json.RawMessage) error {
		var rows []Row
		if err := json.Unmarshal(body, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			found[r.Key] = r
		}
		return nil
	}, nil)
	return found, err
}

// inOrder returns what was found for each key.
func inOrder[T any](keys []string, found map[string]T) ([]T, error) {
	out := make([]T, len(keys))
	for i, k := range keys {
		r, ok := found[k]
		if !ok {
			return nil, fmt.Errorf("population: no row has the key %q: the keys belong to another population", k)
		}
		out[i] = r
	}
	return out, nil
}

func selectedFilter(key []string, columns []FrozenField, keys []string) (string, error) {
	if len(key) == 0 {
		return "", &SQLError{Where: "population", Problem: "the population has no key", Remedy: "import it with key columns"}
	}
	if len(keys) > MaxSelected {
		return "", &SQLError{Where: "keys", Problem: fmt.Sprintf("%d keys are more than the %d accepted at a time", len(keys), MaxSelected), Remedy: "ask for fewer"}
	}
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = duck.Literal(k)
	}
	if len(quoted) == 0 {
		return "false", nil
	}
	return keyExpression(key, columns, "p") + " IN (" + strings.Join(quoted, ", ") + ")", nil
}

func (c *childServer) rows(q RowsRequest) (struct{}, error) {
	var none struct{}
	filter, err := selectedFilter(q.Population.Key, q.Population.Columns, q.Keys)
	if err != nil {
		return none, err
	}
	if _, err := c.verify(q.Population); err != nil {
		return none, err
	}
	db, err := c.openLocked(q.Zone, []view{{"p", q.Population}}, nil, lockedOptions{})
	if err != nil {
		return none, err
	}
	defer db.Close()
	rows, err := db.Query("SELECT " + keyExpression(q.Population.Key, q.Population.Columns, "p") + ", " + selectList(q.Population.Columns) + " FROM p WHERE " + filter)
	if err != nil {
		return none, err
	}
	defer rows.Close()
	for {
		chunk, err := rows.Next()
		if err != nil {
			return none, err
		}
		if chunk == nil {
			return none, nil
		}
		for i := range chunk.Size {
			r := Row{Key: string(chunk.Vectors[0].Bytes(i))}
			for v := 1; v < len(chunk.Vectors); v++ {
				if chunk.Vectors[v].Null(i) {
					r.Values = append(r.Values, nil)
					continue
				}
				text, err := chunk.Vectors[v].AppendText(nil, i)
				if err != nil {
					return none, err
				}
				s := string(text)
				r.Values = append(r.Values, &s)
			}
			if err := c.part([]Row{r}); err != nil {
				return none, err
			}
		}
	}
}

// ItemOutcomes are the outcomes of one row, in the order of the attributes.
type ItemOutcomes struct {
	Key      string    `json:"key"`
	Outcomes []Outcome `json:"outcomes"`
}

// OutcomesRequest asks for the outcomes of selected rows.
type OutcomesRequest struct {
	Evaluation EvaluateRequest `json:"evaluation"`
	Keys       []string        `json:"keys"`
}

// Outcomes evaluates the attributes for selected rows, such as a sample's
// items, in the order of the keys.
func (e *Engine) Outcomes(ctx context.Context, q OutcomesRequest) ([]ItemOutcomes, error) {
	read, err := q.Evaluation.paths()
	if err != nil {
		return nil, err
	}
	found := map[string]ItemOutcomes{}
	var done struct{}
	err = e.call(ctx, "outcomes", read, q, &done, func(body json.RawMessage) error {
		var items []ItemOutcomes
		if err := json.Unmarshal(body, &items); err != nil {
			return err
		}
		for _, i := range items {
			found[i.Key] = i
		}
		return nil
	}, nil)
	if err != nil {
		return nil, err
	}
	return inOrder(q.Keys, found)
}

func (c *childServer) outcomes(q OutcomesRequest) (struct{}, error) {
	var none struct{}
	p := q.Evaluation.Population
	filter, err := selectedFilter(p.Key, p.Columns, q.Keys)
	if err != nil {
		return none, err
	}
	db, err := c.openLocked(q.Evaluation.Zone, q.Evaluation.views(), q.Evaluation.Holidays, lockedOptions{})
	if err != nil {
		return none, err
	}
	defer db.Close()
	plan, err := c.planEvaluation(db, q.Evaluation)
	if err != nil {
		return none, err
	}
	rows, err := db.Query(plan.sql + "\nWHERE " + filter)
	if err != nil {
		return none, c.locate(q.Evaluation, plan, err)
	}
	defer rows.Close()
	for {
		chunk, err := rows.Next()
		if err != nil {
			return none, c.locate(q.Evaluation, plan, err)
		}
		if chunk == nil {
			return none, nil
		}
		for row := range chunk.Size {
			item := ItemOutcomes{Key: string(chunk.Vectors[0].Bytes(row))}
			v := 1
			for _, a := range q.Evaluation.Attributes {
				var na *duck.Vector
				if a.NotApplicable != "" {
					na = &chunk.Vectors[v]
					v++
				}
				item.Outcomes = append(item.Outcomes, outcomeOf(na, &chunk.Vectors[v], row))
				v++
			}
			if err := c.part([]ItemOutcomes{item}); err != nil {
				return none, err
			}
		}
	}
}

// outcomeOf is the outcome of one row.
func outcomeOf(na, pass *duck.Vector, row int) Outcome {
	switch {
	case na != nil && !na.Null(row) && na.Bool(row):
		return NotApplicable
	case pass.Null(row):
		return CannotTell
	case pass.Bool(row):
		return Pass
	}
	return Fail
}
