package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"

	"reperform/ledger"
)

// Revisions implements ledger.Store.
func (s *Store) Revisions(ctx context.Context, q ledger.RevisionQuery, yield func(ledger.Revision) error) error {
	var n, size int64
	err := s.read.QueryRowContext(ctx, "SELECT n, size FROM ledger WHERE name = ?", q.Ledger).Scan(&n, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("ledger %q: %w", q.Ledger, ledger.ErrNoLedger)
	}
	if err != nil {
		return explain(err)
	}
	present := false
	switch q.Select {
	case ledger.SelectAll:
		q.Select, q.Known, present = ledger.SelectKnownAll, size, true
	case ledger.SelectHeads:
		q.Select, q.Known, present = ledger.SelectKnown, size, true
	}
	// What a position knows never changes, so slices of it fit together.
	cur := cursor{kind: q.Kind}
	if q.Kind != "" {
		cur.id, cur.rev = q.After, math.MaxInt64
	}
	left := q.Limit
	for {
		limit := slice
		if q.Limit > 0 {
			limit = min(limit, left)
		}
		text, args, err := revisionSQL(n, q, cur, limit)
		if err != nil {
			return err
		}
		rows, err := s.revisionSlice(ctx, q.Documents, text, args)
		if err != nil {
			return explain(err)
		}
		for _, r := range rows {
			if present && r.NextPos >= size {
				r.NextPos = -1
			}
			if err := yield(r); err != nil {
				return err
			}
		}
		if left -= len(rows); len(rows) < limit || q.Limit > 0 && left == 0 {
			return nil
		}
		last := rows[len(rows)-1]
		cur = cursor{kind: last.Kind, id: last.ID, rev: last.Rev}
	}
}

func (s *Store) revisionSlice(ctx context.Context, documents bool, question string, args []driver.Value) ([]ledger.Revision, error) {
	var out []ledger.Revision
	err := s.ask(ctx, question, args, func(v []driver.Value) error {
		r := ledger.Revision{Kind: text(v[0]), ID: text(v[1]), Rev: integer(v[2]), Pos: integer(v[3]),
			Slot: int(integer(v[4])), NextPos: integer(v[5]), Effective: text(v[6])}
		// No document means redacted; the driver may read an empty one as nil.
		if documents && integer(v[7]) != 0 {
			if r.Document = blob(v[8]); r.Document == nil {
				r.Document = []byte{}
			}
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// cursor is the last revision of a slice: the next one starts behind it.
type cursor struct {
	kind, id string
	rev      int64
}

// clause collects conditions and their arguments.
type clause struct {
	text strings.Builder
	args []driver.Value
}

func (c *clause) and(cond string, args ...driver.Value) {
	c.text.WriteString(" AND " + cond)
	c.args = append(c.args, args...)
}

// after makes conditions that SQLite answers by one range of the primary key:
// the columns before the range by equality, the rest as one row value.
func (c *clause) after(q ledger.RevisionQuery, cur cursor, grouped bool) {
	switch {
	case q.Kind != "" && q.ID != "":
		c.and("kind = ? AND id = ?", q.Kind, q.ID)
		switch {
		case q.After >= q.ID && q.After != "", grouped && cur.id == q.ID:
			c.and("0")
		case cur.id == q.ID:
			c.and("rev > ?", cur.rev)
		}
		return
	case q.Kind != "" && grouped:
		c.and("kind = ? AND id > ?", q.Kind, cur.id)
		return
	case q.Kind != "":
		c.and("kind = ? AND (id, rev) > (?, ?)", q.Kind, cur.id, cur.rev)
		return
	case grouped:
		c.and("(kind, id) > (?, ?)", cur.kind, cur.id)
	default:
		c.and("(kind, id, rev) > (?, ?, ?)", cur.kind, cur.id, cur.rev)
	}
	if q.ID != "" {
		c.and("id = ?", q.ID)
	}
	if q.After != "" {
		c.and("id > ?", q.After)
	}
}

func revisionSQL(n int64, q ledger.RevisionQuery, cur cursor, limit int) (string, []driver.Value, error) {
	const columns = "kind, id, rev, pos, slot, next_pos, effective"
	var c clause
	c.args = append(c.args, n)
	grouped := q.Select == ledger.SelectInForce
	c.after(q, cur, grouped)
	c.and("pos < ?", q.Known)
	inner := ""
	switch q.Select {
	case ledger.SelectKnownAll:
	case ledger.SelectKnown:
		c.and("(next_pos = -1 OR next_pos >= ?)", q.Known)
	case ledger.SelectInForce:
		c.and("effective <= ?", q.Effective)
		// One pass over the key's order: where an aggregate is a single max(),
		// SQLite takes the other columns from the row that has it. A space
		// sorts before every character of a date, and revisions are padded.
		inner = "SELECT " + columns + ", max(effective || printf(' %019d', rev)) FROM revision WHERE ledger = ?" + c.text.String() +
			" GROUP BY kind, id ORDER BY kind, id LIMIT ?"
	default:
		return "", nil, fmt.Errorf("unknown selection %d", q.Select)
	}
	if !grouped {
		inner = "SELECT " + columns + " FROM revision WHERE ledger = ?" + c.text.String() + " ORDER BY kind, id, rev LIMIT ?"
	}
	c.args = append(c.args, int64(limit))
	if !q.Documents {
		return "SELECT " + columns + " FROM (" + inner + ")", c.args, nil
	}
	return "SELECT r.kind, r.id, r.rev, r.pos, r.slot, r.next_pos, r.effective, d.key IS NOT NULL, d.bytes FROM (" + inner + ") r" +
		fmt.Sprintf(" LEFT JOIN document d ON d.key = (%d | r.pos) << %d | r.slot ORDER BY r.kind, r.id, r.rev", entryKey(n, 0), slotBits), c.args, nil
}
