package sqlite

import (
	"context"
	"fmt"
	"math"

	"reperform/ledger"
)

// shown bounds what one question to the file yields.
const shown = 20

// Inspect implements ledger.Inspector. Each question is one statement, and so
// sees the rows and the size they are compared with in one state.
func (s *Store) Inspect(ctx context.Context, name string, yield func(ledger.Problem)) error {
	n, err := s.number(ctx, name)
	if err != nil {
		return err
	}
	if !numbered(n) {
		yield(ledger.Problem{Table: "ledger", Where: name, Field: "n", What: fmt.Sprintf("is %d, not between 1 and %d", n, maxNumber)})
		return s.inspectFile(ctx, yield)
	}
	for _, q := range []struct{ table, field, what, text string }{
		// The position behind the last is Verify's own to look at.
		{"entry", "key", "lies outside of the ledger", fmt.Sprintf(
			`SELECT t.key & %[1]d FROM ledger l JOIN entry t ON t.key > l.n << %[2]d | min(max(l.size, 0), %[1]d) AND t.key <= l.n << %[2]d | %[1]d WHERE l.n = ?`,
			maxPos, posBits)},
		{"document", "key", "lies outside of the ledger", fmt.Sprintf(
			`SELECT (t.key >> %[3]d & %[1]d) || '/' || (t.key & %[4]d) FROM ledger l
			 JOIN document t ON t.key > ((l.n << %[2]d) + min(max(l.size, 0), %[1]d + 1) - 1) << %[3]d | %[4]d AND t.key <= (l.n << %[2]d | %[1]d) << %[3]d | %[4]d WHERE l.n = ?`,
			maxPos, posBits, slotBits, maxSlot)},
		{"tile", "", "lies beyond the entries",
			`SELECT t.level || '/' || t.idx FROM ledger l JOIN tile t ON t.ledger = l.n
			 WHERE l.n = ? AND (t.level < 0 OR t.level > 6 OR t.idx < 0 OR t.idx >= l.size >> (8 * (t.level + 1)))`},
		{"revision", "pos", "lies outside of the ledger",
			`SELECT t.kind || ' ' || t.id || ' revision ' || t.rev FROM ledger l JOIN revision t ON t.ledger = l.n
			 WHERE l.n = ? AND (t.pos < 0 OR t.pos >= l.size)`},
		{"revision", "next_pos", "lies outside of the ledger",
			`SELECT t.kind || ' ' || t.id || ' revision ' || t.rev FROM ledger l JOIN revision t ON t.ledger = l.n
			 WHERE l.n = ? AND (t.next_pos < -1 OR t.next_pos >= l.size)`},
	} {
		err := s.texts(ctx, q.text+fmt.Sprintf(" LIMIT %d", shown), []any{n}, func(where string) {
			yield(ledger.Problem{Table: q.table, Where: where, Field: q.field, What: q.what})
		})
		if err != nil {
			return err
		}
	}
	return s.inspectFile(ctx, yield)
}

// inspectFile looks for what belongs to no ledger.
func (s *Store) inspectFile(ctx context.Context, yield func(ledger.Problem)) error {
	for _, q := range []struct {
		table, key string
		// bits are how many of the key stand below the ledger's number.
		bits int
	}{{"entry", "key", posBits}, {"document", "key", posBits + slotBits}, {"revision", "ledger", 0}, {"tile", "ledger", 0}} {
		// A walk along the key visits one row for each number, not every row.
		first := fmt.Sprintf("SELECT min(%s) >> %d FROM %s WHERE %[1]s >=", q.key, q.bits, q.table)
		text := fmt.Sprintf(`WITH RECURSIVE t(x) AS (%[1]s %[2]d
			UNION ALL SELECT (%[1]s (x + 1) << %[3]d) FROM t WHERE x < %[4]d)
			SELECT x FROM t WHERE x IS NOT NULL AND x NOT IN (SELECT n FROM ledger)`, first, math.MinInt64, q.bits, math.MaxInt64>>q.bits)
		err := s.texts(ctx, text, nil, func(number string) {
			yield(ledger.Problem{Table: q.table, Where: "ledger number " + number, Field: q.key, What: "no ledger has this number"})
		})
		if err != nil {
			return err
		}
	}
	return s.texts(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", shown), nil, func(text string) {
		if text != "ok" {
			yield(ledger.Problem{Table: "file", Where: s.path, What: text})
		}
	})
}

func (s *Store) texts(ctx context.Context, text string, args []any, yield func(string)) error {
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return explain(err)
		}
		yield(t)
	}
	return explain(rows.Err())
}
