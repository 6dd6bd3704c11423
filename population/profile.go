package population

import (
	"context"
	"fmt"
	"strconv"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// Profile describes a population's contents.
type Profile struct {
	Rows    int64           `json:"rows"`
	Columns []ColumnProfile `json:"columns"`
}

// ColumnProfile describes a column.
type ColumnProfile struct {
	Name  string `json:"name"`
	Type  Type   `json:"type"`
	Nulls int64  `json:"nulls"`
	// Distinct is the exact number of different values, NULL aside.
	Distinct int64 `json:"distinct"`
	// Min and Max are canonical texts; for text the first and last by bytes.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
	// Total is the exact sum of an integer or decimal column.
	Total string `json:"total,omitempty"`
	// Top are the most frequent values, at most ten, more frequent first.
	Top []ValueCount `json:"top,omitempty"`
	// Days and Months count rows of a date or timestamp column; Days is left out
	// if there are more than MaxDays.
	Days   []ValueCount `json:"days,omitempty"`
	Months []ValueCount `json:"months,omitempty"`
}

// ValueCount is a value in canonical text with its number of rows.
type ValueCount struct {
	Value string `json:"value"`
	Rows  int64  `json:"rows"`
}

// MaxDays is the largest number of days that a profile lists.
const MaxDays = 4000

// ProfileRequest asks for a profile.
type ProfileRequest struct {
	Population Input  `json:"population"`
	Zone       string `json:"zone"`
}

// Profile describes a frozen population; days and months of instants are those
// of the population's zone.
func (e *Engine) Profile(ctx context.Context, q ProfileRequest) (*Profile, error) {
	read, err := absoluteInputs([]*Input{&q.Population})
	if err != nil {
		return nil, err
	}
	var out Profile
	if err := e.call(ctx, "profile", read, q, &out, nil, nil); err != nil {
		return nil, err
	}
	return &out, nil
}

func (c *childServer) profile(q ProfileRequest) (*Profile, error) {
	if _, err := c.verify(q.Population); err != nil {
		return nil, err
	}
	db, err := c.openLocked(q.Zone, []view{{"p", q.Population}}, nil, lockedOptions{})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	out := &Profile{}
	row, err := db.One("SELECT count(*) FROM p")
	if err != nil {
		return nil, err
	}
	if out.Rows, err = strconv.ParseInt(row[0], 10, 64); err != nil {
		return nil, err
	}
	t := &ticker{c: c, stage: "profiling"}
	for i, f := range q.Population.Columns {
		t.tick(100*float64(i)/float64(len(q.Population.Columns)), 0)
		p, err := profileColumn(db, f)
		if err != nil {
			return nil, storage(fmt.Errorf("column %q: %w", f.Name, err), "temporary files")
		}
		out.Columns = append(out.Columns, p)
	}
	return out, nil
}

// profileColumn reads one column at a time, so that memory is needed for the
// distinct values of one column only.
func profileColumn(db *locked, f FrozenField) (ColumnProfile, error) {
	out := ColumnProfile{Name: f.Name, Type: f.Type}
	column := duck.Ident(f.Name)
	total := "NULL"
	if f.Type.Kind == tabular.Integer || f.Type.Kind == tabular.Decimal {
		total = "sum(" + column + ")"
	}
	row, err := db.One("SELECT count(*) - count(" + column + "), count(DISTINCT " + column + "), " +
		canonicalText("min("+column+")", f.Type) + ", " + canonicalText("max("+column+")", f.Type) + ", CAST(" + total + " AS VARCHAR) FROM p")
	if err != nil {
		return out, err
	}
	if _, err := fmt.Sscan(row[0], &out.Nulls); err != nil {
		return out, err
	}
	if _, err := fmt.Sscan(row[1], &out.Distinct); err != nil {
		return out, err
	}
	out.Min, out.Max, out.Total = row[2], row[3], row[4]
	grouped := func(expression, order string, limit int) ([]ValueCount, error) {
		rows, err := db.Texts("SELECT v, n FROM (SELECT " + expression + " AS v, count(*) AS n FROM p WHERE " + column + " IS NOT NULL GROUP BY 1) ORDER BY " + order + " LIMIT " + strconv.Itoa(limit))
		if err != nil {
			return nil, err
		}
		var list []ValueCount
		for _, r := range rows {
			n, err := strconv.ParseInt(r[1], 10, 64)
			if err != nil {
				return nil, err
			}
			list = append(list, ValueCount{r[0], n})
		}
		return list, nil
	}
	if out.Top, err = grouped(canonicalText(column, f.Type), "n DESC, v", 10); err != nil {
		return out, err
	}
	switch f.Type.Kind {
	case tabular.Date, tabular.Timestamp, tabular.TimestampTZ:
		if out.Months, err = grouped("strftime("+column+", '%Y-%m')", "v", MaxDays); err != nil {
			return out, err
		}
		days, err := grouped("CAST(CAST("+column+" AS DATE) AS VARCHAR)", "v", MaxDays+1)
		if err != nil {
			return out, err
		}
		if len(days) <= MaxDays {
			out.Days = days
		}
	}
	return out, nil
}
