package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

// treeStore serves leaves and tiles from memory, and nothing else.
type treeStore struct {
	ledger.Store
	leaves []tlog.Hash
	tiles  map[[2]int64][]byte
}

func (s *treeStore) Entries(_ context.Context, _ string, from, to int64, yield func(ledger.Row) error) error {
	for i := from; i < to; i++ {
		if err := yield(ledger.Row{Pos: i, Leaf: s.leaves[i]}); err != nil {
			return err
		}
	}
	return nil
}

func (s *treeStore) Tile(_ context.Context, _ string, level int, index int64) ([]byte, error) {
	if data, ok := s.tiles[[2]int64{int64(level), index}]; ok {
		return data, nil
	}
	return nil, ledger.ErrNoTile
}

func (s *treeStore) keep(t ledger.Tile) { s.tiles[[2]int64{int64(t.Level), t.Index}] = t.Data }

// hashes keeps every stored hash of tlog's own layout.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = h[x]
	}
	return out, nil
}

// TestEdgeIsTheTree compares the running edge, and the one loaded from tiles,
// with x/mod's tlog, for all small sizes and around the third level of tiles.
func TestEdgeIsTheTree(t *testing.T) {
	ctx := context.Background()
	s := &treeStore{tiles: map[[2]int64][]byte{}}
	e := ledger.NewEdge()
	var all hashes
	check := func(n int64) {
		want, err := tlog.TreeHash(n, all)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Root(); got != want {
			t.Fatalf("size %d: root %v, tlog says %v", n, got, want)
		}
		loaded, err := ledger.LoadEdge(ctx, s, "x", n)
		if err != nil {
			t.Fatalf("size %d: %v", n, err)
		}
		if loaded.Root() != want || fmt.Sprint(loaded.Levels()) != fmt.Sprint(e.Levels()) || fmt.Sprint(loaded.Stack()) != fmt.Sprint(e.Stack()) {
			t.Fatalf("size %d: the loaded edge differs from the running one", n)
		}
	}
	const last = 65536 + 300
	for n := int64(0); n <= last; n++ {
		if n <= 2000 && n%7 == 0 || n < 600 || n == 65535 || n == 65536 || n == 65537 || n == 65792 || n == last {
			check(n)
		} else if n <= 2000 {
			if want, _ := tlog.TreeHash(n, all); e.Root() != want {
				t.Fatalf("size %d: root differs from tlog's", n)
			}
		}
		leaf := tlog.RecordHash(fmt.Appendf(nil, "entry %d", n))
		more, err := tlog.StoredHashesForRecordHash(n, leaf, all)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
		s.leaves = append(s.leaves, leaf)
		e.Add(leaf, s.keep)
	}
	// One leaf more than checked last: proofs are served from tiles and edge.
	size := int64(last + 1)
	root := e.Root()
	r := e.Reader(ctx, s, "x")
	for _, pos := range []int64{0, 1, 255, 256, 65535, 65536, 65800, size - 1} {
		p, err := tlog.ProveRecord(size, pos, r)
		if err != nil {
			t.Fatalf("position %d: %v", pos, err)
		}
		if err := tlog.CheckRecord(p, size, root, pos, s.leaves[pos]); err != nil {
			t.Errorf("position %d: %v", pos, err)
		}
	}
	for _, older := range []int64{1, 2, 255, 256, 257, 1999, 65535, 65536, 65700, size} {
		p, err := tlog.ProveTree(size, older, r)
		if err != nil {
			t.Fatalf("size %d: %v", older, err)
		}
		was, _ := tlog.TreeHash(older, all)
		if err := tlog.CheckTree(p, size, root, older, was); err != nil {
			t.Errorf("size %d: %v", older, err)
		}
	}
}

// TestCloneIsApart appends different leaves to an edge and its clone.
func TestCloneIsApart(t *testing.T) {
	for _, n := range []int{0, 1, 3, 255, 256, 300} {
		a, plain := ledger.NewEdge(), ledger.NewEdge()
		for i := range n {
			a.Add(tlog.RecordHash([]byte{byte(i)}), nil)
			plain.Add(tlog.RecordHash([]byte{byte(i)}), nil)
		}
		b := a.Clone()
		for i := range 300 {
			a.Add(tlog.RecordHash([]byte{1, byte(i)}), nil)
			b.Add(tlog.RecordHash([]byte{2, byte(i)}), nil)
			plain.Add(tlog.RecordHash([]byte{1, byte(i)}), nil)
			if a.Root() != plain.Root() || a.Root() == b.Root() {
				t.Fatalf("after %d and %d leaves the clone and the original mix", n, i+1)
			}
		}
		if !reflect.DeepEqual(a.Levels(), plain.Levels()) {
			t.Fatalf("after %d leaves: the levels differ", n)
		}
	}
}

// TestEntriesAreEncodedAsJSONDoes pins the hand-written encoder to json.Marshal.
func TestEntriesAreEncodedAsJSONDoes(t *testing.T) {
	texts := []string{"", "plain", `quote " and \`, "<a href='x'>&amp;</a>", "ünïcödé ☃ 𝄞", "\u2028\u2029", "\x00\x01\b\f\n\r\t\x7f", "bad \xff\xc3 utf-8", "\ufffd"}
	for i, s := range texts {
		next := texts[(i+1)%len(texts)]
		for _, e := range []ledger.Entry{
			{Version: 1, Ledger: s, Command: next, Time: s, Actor: next, Action: s},
			{Version: 1, Ledger: next, Part: 3, Parts: 12, Reason: s, Changes: []ledger.Change{{Kind: s, ID: next, Revision: 1 << 40, Effective: s, Commitment: next}, {}}},
			{Redacts: []ledger.DocumentRef{{Pos: 1, Slot: 2}, {Pos: -3}}, Genesis: &ledger.Genesis{Origin: s, Key: next, Class: s}},
			{Changes: []ledger.Change{}, Redacts: []ledger.DocumentRef{}},
		} {
			want, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ledger.AppendEntry(&e)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("encoded as\n%s, json.Marshal gives\n%s (%v)", got, want, err)
			}
		}
	}
	// A field added to a type without being added to the encoder fails here.
	for typ, n := range map[reflect.Type]int{reflect.TypeFor[ledger.Entry](): 12, reflect.TypeFor[ledger.Change](): 5, reflect.TypeFor[ledger.DocumentRef](): 2} {
		if typ.NumField() != n {
			t.Errorf("%v has %d fields, the encoder knows %d: extend it and this test", typ, typ.NumField(), n)
		}
	}
}
