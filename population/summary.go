package population

import (
	"crypto/sha256"
	"fmt"
	"math/big"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// summary reads a frozen file once and gathers what a record needs: rows, NULLs,
// exact totals, extremes and the population hash. It reads what was stored, not
// what was meant to be stored.
type summary struct {
	rows    int64
	columns []FrozenField
	hash    string
}

// columnSums are a column's running figures. Sums of small numbers stay in 64
// bits until they would leave them.
type columnSums struct {
	nulls            int64
	seen             bool
	min, max, small  int64
	large            *big.Int
	minHuge, maxHuge *big.Int
}

func summarize(db *duck.DB, path string, columns []FrozenField, tempDir string, tick func(rows int64)) (*summary, error) {
	rows, err := db.Query("SELECT " + selectList(columns) + " FROM read_parquet(" + duck.Literal(path) + ")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if err := sameTypes(rows.Columns, columns); err != nil {
		return nil, err
	}
	sums := make([]columnSums, len(columns))
	hashes := &rowHashes{dir: tempDir}
	defer hashes.close()
	var buf []byte
	for {
		chunk, err := rows.Next()
		if err != nil {
			return nil, err
		}
		if chunk == nil {
			break
		}
		for row := range chunk.Size {
			buf = append(buf[:0], 0)
			for c := range chunk.Vectors {
				buf, err = appendCanonical(buf, &chunk.Vectors[c], row)
				if err != nil {
					return nil, fmt.Errorf("column %q: %w", columns[c].Name, err)
				}
			}
			if err := hashes.add(sha256.Sum256(buf)); err != nil {
				return nil, err
			}
		}
		for c := range chunk.Vectors {
			sums[c].addChunk(&chunk.Vectors[c], chunk.Size)
		}
		tick(hashes.count)
	}
	out := &summary{rows: hashes.count, columns: columns}
	for c := range columns {
		sums[c].conclude(&columns[c])
	}
	out.hash, err = hashes.sum(headerHash(columns))
	return out, err
}

// appendCanonical appends a value's canonical form.
func appendCanonical(dst []byte, v *duck.Vector, row int) ([]byte, error) {
	if v.Null(row) {
		return append(dst, 0), nil
	}
	dst = append(dst, 1, 0, 0, 0, 0)
	at := len(dst)
	dst, err := v.AppendText(dst, row)
	n := len(dst) - at
	dst[at-4], dst[at-3], dst[at-2], dst[at-1] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return dst, err
}

func (s *columnSums) addChunk(v *duck.Vector, n int) {
	textual := v.Type.Kind == duck.Varchar || v.Type.Kind == duck.Bool
	for row := range n {
		if v.Null(row) {
			s.nulls++
			continue
		}
		if textual {
			continue
		}
		small, large := v.Unscaled(row)
		if large != nil {
			s.addHuge(large)
			continue
		}
		if !s.seen || small < s.min {
			s.min = small
		}
		if !s.seen || small > s.max {
			s.max = small
		}
		s.seen = true
		sum := s.small + small
		if (s.small^sum)&(small^sum) < 0 { // the sum has left 64 bits
			s.flush()
			sum = small
		}
		s.small = sum
	}
}

func (s *columnSums) flush() {
	if s.large == nil {
		s.large = new(big.Int)
	}
	s.large.Add(s.large, big.NewInt(s.small))
	s.small = 0
}

func (s *columnSums) addHuge(n *big.Int) {
	if s.large == nil {
		s.large = new(big.Int)
	}
	s.large.Add(s.large, n)
	if s.minHuge == nil || n.Cmp(s.minHuge) < 0 {
		s.minHuge = n
	}
	if s.maxHuge == nil || n.Cmp(s.maxHuge) > 0 {
		s.maxHuge = n
	}
}

func (s *columnSums) conclude(f *FrozenField) {
	f.Nulls, f.Total, f.Min, f.Max = s.nulls, "", "", ""
	switch f.Type.Kind {
	case tabular.Integer, tabular.Decimal:
		s.flush()
		f.Total = string(duck.AppendBig(nil, s.large, f.Type.Scale))
		if s.seen {
			f.Min = string(duck.AppendDecimal(nil, s.min, f.Type.Scale))
			f.Max = string(duck.AppendDecimal(nil, s.max, f.Type.Scale))
		}
		if s.minHuge != nil {
			f.Min = string(duck.AppendBig(nil, s.minHuge, f.Type.Scale))
			f.Max = string(duck.AppendBig(nil, s.maxHuge, f.Type.Scale))
		}
	case tabular.Date:
		if s.seen {
			f.Min, f.Max = string(duck.AppendDate(nil, s.min)), string(duck.AppendDate(nil, s.max))
		}
	case tabular.Timestamp, tabular.TimestampTZ:
		if s.seen {
			f.Min, f.Max = string(duck.AppendTimestamp(nil, s.min)), string(duck.AppendTimestamp(nil, s.max))
		}
		if s.seen && f.Type.Kind == tabular.TimestampTZ {
			f.Min, f.Max = f.Min+"Z", f.Max+"Z"
		}
	}
}
