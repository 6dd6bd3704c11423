package sqlite

import (
	"context"
	"fmt"

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
	for _, q := range []struct{ table, field, what, text string }{
		{"entry", "pos", "lies outside of the ledger",
			`SELECT t.pos FROM ledger l JOIN entry t ON t.ledger = l.n WHERE l.n = ? AND (t.pos < 0 OR t.pos > l.size)`},
		{"document", "pos", "lies outside of the ledger",
			`SELECT t.pos || '/' || t.slot FROM ledger l JOIN document t ON t.ledger = l.n WHERE l.n = ? AND (t.pos < 0 OR t.pos >= l.size)`},
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
	for _, table := range []string{"entry", "document", "revision", "tile"} {
		// A walk along the key visits one row for each number, not every row.
		text := `WITH RECURSIVE t(x) AS (SELECT min(ledger) FROM ` + table + `
			UNION ALL SELECT (SELECT min(ledger) FROM ` + table + ` WHERE ledger > x) FROM t WHERE x IS NOT NULL)
			SELECT x FROM t WHERE x IS NOT NULL AND x NOT IN (SELECT n FROM ledger)`
		err := s.texts(ctx, text, nil, func(number string) {
			yield(ledger.Problem{Table: table, Where: "ledger number " + number, Field: "ledger", What: "no ledger has this number"})
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
