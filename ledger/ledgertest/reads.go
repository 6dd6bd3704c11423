package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

func testEntries(t *testing.T, open Open) {
	s := open(t)
	a, b := NewModel("a", 11), NewModel("b", 12)
	mustAppend(t, s, b, b.Batch(4))
	for len(a.Rows) < 9000 {
		mustAppend(t, s, a, a.Batch(1500))
	}
	n := int64(len(a.Rows))
	for _, r := range [][2]int64{{0, n}, {0, 0}, {5, 5}, {7, 3}, {0, 1}, {n - 1, n}, {n, n + 10}, {n - 3, n + 10}, {0, 1 << 62}, {-5, 3},
		{1023, 1025}, {1024, 2048}, {4095, 4097}, {4096, 8192}, {17, 8999}} {
		checkEntries(t, s, a, r[0], r[1])
	}
	checkEntries(t, s, b, 0, 100)
	if lr, ok := s.(ledger.LeafReader); ok {
		next := int64(4)
		err := lr.Leaves(ctx, "a", 4, n, func(r ledger.Row) error {
			want := a.Rows[next]
			want.Documents = nil
			if !equalRow(r, want) {
				t.Fatalf("leaf row %+v, want %+v", r, want)
			}
			next++
			return nil
		})
		if err != nil || next != n {
			t.Fatalf("leaves ended at %d of %d: %v", next, n, err)
		}
	}
}

func testBytes(t *testing.T, open Open) {
	s := open(t)
	m := NewModel("odd.name_-1", 13)
	salt := bytes.Repeat([]byte{0xff}, ledger.SaltSize)
	for _, doc := range [][]byte{{}, {0}, []byte("\x00a\x00"), []byte("\xff\xfe invalid utf-8"), []byte(`{"a":"ü"}`), bytes.Repeat([]byte("long "), 300_000)} {
		b := ledger.Batch{Ledger: m.Name, From: int64(len(m.Rows)), Revisions: []ledger.Revision{{Kind: "k<>&'\"", ID: "ü%_?", Rev: int64(len(m.Rows) + 1), Pos: int64(len(m.Rows)), Slot: 1, NextPos: -1}}}
		row := ledger.Row{Pos: b.From, Bytes: append([]byte("entry"), doc[:min(len(doc), 60000)]...), Documents: []ledger.Document{{Slot: 0, Salt: salt, Bytes: doc}, {Slot: 1, Salt: salt, Bytes: doc}}, Checkpoint: []byte("n")}
		row.Leaf = tlog.RecordHash(row.Bytes)
		b.Rows = []ledger.Row{row}
		mustAppend(t, s, m, b)
		check(t, s, m)
	}
}

func testYield(t *testing.T, open Open) {
	s := open(t)
	m := NewModel("a", 14)
	for len(m.Rows) < 3000 {
		mustAppend(t, s, m, m.Batch(800))
	}
	stop := errors.New("enough")
	calls := 0
	err := s.Entries(ctx, "a", 0, 3000, func(r ledger.Row) error {
		// The store may be used from within, reading and appending.
		if calls++; calls == 2 {
			mustAppend(t, s, m, m.Batch(3))
			checkEntries(t, s, m, r.Pos, r.Pos+2)
		}
		if calls == 5 {
			return stop
		}
		return nil
	})
	if err != stop || calls != 5 {
		t.Errorf("entries: %d calls and %v, want 5 and the error of yield", calls, err)
	}
	calls = 0
	err = s.Revisions(ctx, ledger.RevisionQuery{Ledger: "a"}, func(r ledger.Revision) error {
		if calls++; calls == 2 {
			mustAppend(t, s, m, m.Batch(3))
			checkRevisions(t, s, m, ledger.RevisionQuery{Ledger: "a", Kind: r.Kind, ID: r.ID})
		}
		if calls == 5 {
			return stop
		}
		return nil
	})
	if err != stop || calls != 5 {
		t.Errorf("revisions: %d calls and %v, want 5 and the error of yield", calls, err)
	}
	check(t, s, m)
}

func testTiles(t *testing.T, open Open) {
	s := open(t)
	m, other := NewModel("a", 15), NewModel("b", 16)
	mustAppend(t, s, other, other.Batch(2))
	data := func(level int, index int64) []byte {
		return bytes.Repeat(fmt.Appendf(nil, "%08x", index<<8|int64(level))[:8], 1024)
	}
	tiles := []ledger.Tile{{Level: 0, Index: 0}, {Level: 0, Index: 1}, {Level: 1, Index: 0}, {Level: 0, Index: 1 << 40}}
	b := m.Batch(2)
	for _, tile := range tiles {
		tile.Data = data(tile.Level, tile.Index)
		b.Tiles = append(b.Tiles, tile)
	}
	mustAppend(t, s, m, b)
	for _, tile := range tiles {
		got, err := s.Tile(ctx, "a", tile.Level, tile.Index)
		if err != nil || !bytes.Equal(got, data(tile.Level, tile.Index)) {
			t.Errorf("tile %d/%d: %d bytes, %v", tile.Level, tile.Index, len(got), err)
		}
	}
	for _, tile := range []ledger.Tile{{Level: 0, Index: 2}, {Level: 1, Index: 1}, {Level: 2, Index: 0}} {
		if _, err := s.Tile(ctx, "a", tile.Level, tile.Index); !errors.Is(err, ledger.ErrNoTile) {
			t.Errorf("tile %d/%d that was never stored: %v, want ErrNoTile", tile.Level, tile.Index, err)
		}
	}
	if _, err := s.Tile(ctx, "b", 0, 0); !errors.Is(err, ledger.ErrNoTile) {
		t.Errorf("tile of another ledger: %v, want ErrNoTile", err)
	}
}

func testRedaction(t *testing.T, open Open) {
	s := open(t)
	m, other := NewModel("a", 17), NewModel("b", 18)
	for range 8 {
		mustAppend(t, s, m, m.Batch(10))
		mustAppend(t, s, other, other.Batch(10))
	}
	for round := range 6 {
		b := m.Batch(3)
		for _, r := range m.Rows {
			for _, d := range r.Documents {
				if m.rng.IntN(8) == 0 {
					b.Redacts = append(b.Redacts, ledger.DocumentRef{Pos: r.Pos, Slot: d.Slot})
				}
			}
		}
		// A document of the same append may be redacted too.
		if first := b.Rows[0]; len(first.Documents) > 0 {
			b.Redacts = append(b.Redacts, ledger.DocumentRef{Pos: first.Pos, Slot: first.Documents[0].Slot})
		}
		mustAppend(t, s, m, b)
		check(t, s, m, other)
		if len(b.Redacts) == 0 {
			continue
		}
		again := m.Batch(1)
		again.Redacts = b.Redacts[:1]
		if err := s.Append(ctx, []ledger.Batch{again}); !errors.Is(err, ledger.ErrNoDocument) {
			t.Fatalf("round %d: redacting twice: %v, want ErrNoDocument", round, err)
		}
		check(t, s, m, other)
	}
}
