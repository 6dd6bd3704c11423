package population

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// Profile describes a population's contents.
type Profile struct {
	Rows    int64           `json:"rows"`
	Columns []ColumnProfile `json:"columns"`
	// Repeated is the number of rows whose key an earlier row has already; 0 without a
	// key.
	Repeated int64 `json:"repeated,omitempty"`
	// Same is the number of rows that are in all columns the same as another before.
	Same int64 `json:"same,omitempty"`
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
	// Blank is the number of texts that hold nothing but white space.
	Blank int64 `json:"blank,omitempty"`
	// Spread describes an integer or decimal column.
	Spread *Spread `json:"spread,omitempty"`
}

// Spread is how the numbers of a column are distributed.
type Spread struct {
	// Q1, Median and Q3 are values of the column.
	Q1     string `json:"q1"`
	Median string `json:"median"`
	Q3     string `json:"q3"`
	// Bins count the rows in equal steps from Low to High: the smallest and the largest
	// value that is no outlier.
	Low  string  `json:"low"`
	High string  `json:"high"`
	Bins []int64 `json:"bins,omitempty"`
	// Outliers are the rows more than three times the distance of the quartiles beyond
	// them; Far are at most ten of these, the farthest first.
	Outliers int64      `json:"outliers"`
	Far      []FarValue `json:"far,omitempty"`
}

// FarValue is an outlier with the key of its row, where the population has one.
type FarValue struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

// spreadBins is the number of steps of a distribution.
const spreadBins = 24

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
		p, err := profileColumn(db, q.Population, f)
		if err != nil {
			return nil, storage(fmt.Errorf("column %q: %w", f.Name, err), "temporary files")
		}
		out.Columns = append(out.Columns, p)
	}
	return out, repeated(db, q.Population, out)
}

// repeated counts rows that are there more than once.
func repeated(db *locked, in Input, out *Profile) error {
	var columns []string
	for _, f := range in.Columns {
		columns = append(columns, duck.Ident(f.Name))
	}
	if len(in.Key) == 0 {
		row, err := db.One("SELECT (SELECT count(*) FROM p) - count(*) FROM (SELECT DISTINCT " + strings.Join(columns, ", ") + " FROM p)")
		if err == nil {
			_, err = fmt.Sscan(row[0], &out.Same)
		}
		return err
	}
	if in.keyKnownUnique() {
		return nil
	}
	var key []string
	for _, k := range in.Key {
		key = append(key, duck.Ident(k))
	}
	row, err := db.One("SELECT (SELECT count(*) FROM p) - (SELECT count(*) FROM (SELECT DISTINCT " + strings.Join(key, ", ") + " FROM p)), (SELECT count(*) FROM p) - (SELECT count(*) FROM (SELECT DISTINCT " + strings.Join(columns, ", ") + " FROM p))")
	if err != nil {
		return err
	}
	_, err = fmt.Sscan(row[0]+" "+row[1], &out.Repeated, &out.Same)
	return err
}

// spread describes the numbers of a column.
func spread(db *locked, f FrozenField, keys string) (*Spread, error) {
	v := duck.Ident(f.Name)
	row, err := db.One("SELECT CAST(quantile_disc(" + v + ", 0.25) AS VARCHAR), CAST(quantile_disc(" + v + ", 0.5) AS VARCHAR), CAST(quantile_disc(" + v + ", 0.75) AS VARCHAR) FROM p WHERE " + v + " IS NOT NULL")
	if err != nil {
		return nil, err
	}
	out := &Spread{Q1: row[0], Median: row[1], Q3: row[2]}
	x := "CAST(" + v + " AS DOUBLE)"
	// 3·(Q3 − Q1) below Q1 is 4·Q1 − 3·Q3.
	low, high := "CAST(4.0 * ("+out.Q1+") - 3.0 * ("+out.Q3+") AS DOUBLE)", "CAST(4.0 * ("+out.Q3+") - 3.0 * ("+out.Q1+") AS DOUBLE)"
	inside := x + " BETWEEN " + low + " AND " + high
	row, err = db.One("SELECT count(*) FILTER (WHERE NOT (" + inside + ")), CAST(min(" + v + ") FILTER (WHERE " + inside + ") AS VARCHAR), CAST(max(" + v + ") FILTER (WHERE " + inside + ") AS VARCHAR) FROM p WHERE " + v + " IS NOT NULL")
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscan(row[0], &out.Outliers); err != nil {
		return nil, err
	}
	out.Low, out.High = row[1], row[2]
	if out.Low != out.High {
		out.Bins = make([]int64, spreadBins)
		step := "(CAST(" + out.High + " AS DOUBLE) - CAST(" + out.Low + " AS DOUBLE))"
		rows, err := db.Texts("SELECT CAST(least(" + strconv.Itoa(spreadBins-1) + ", greatest(0, floor((" + x + " - CAST(" + out.Low + " AS DOUBLE)) * " + strconv.Itoa(spreadBins) + " / " + step + "))) AS BIGINT) AS b, count(*) FROM p WHERE " + v + " IS NOT NULL AND " + inside + " GROUP BY 1")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			var b int
			var n int64
			if _, err := fmt.Sscan(r[0]+" "+r[1], &b, &n); err != nil {
				return nil, err
			}
			out.Bins[b] = n
		}
	}
	if out.Outliers == 0 {
		return out, nil
	}
	rows, err := db.Texts("SELECT " + keys + ", CAST(" + v + " AS VARCHAR) FROM p WHERE " + v + " IS NOT NULL AND NOT (" + inside + ") ORDER BY abs(" + x + " - CAST(" + out.Median + " AS DOUBLE)) DESC, 1 LIMIT 10")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		out.Far = append(out.Far, FarValue{r[0], r[1]})
	}
	return out, nil
}

// profileColumn reads one column at a time, so that memory is needed for the
// distinct values of one column only.
func profileColumn(db *locked, in Input, f FrozenField) (ColumnProfile, error) {
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
	switch {
	case f.Type.Kind == tabular.Text:
		row, err := db.One("SELECT count(*) FROM p WHERE trim(" + column + ") = ''")
		if err != nil {
			return out, err
		}
		if _, err := fmt.Sscan(row[0], &out.Blank); err != nil {
			return out, err
		}
	case total != "NULL" && out.Distinct > 0:
		keys := "''"
		if len(in.Key) > 0 {
			keys = keyExpression(in.Key, in.Columns, "p")
		}
		if out.Spread, err = spread(db, f, keys); err != nil {
			return out, err
		}
	}
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
