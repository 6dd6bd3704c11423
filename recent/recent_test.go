package recent

import "testing"

func TestMap(t *testing.T) {
	m := Map[int, string]{Most: 2}
	for i := range 4 {
		m.Put(i, "x")
		// The first is asked for again and again.
		if _, ok := m.Get(0); !ok {
			t.Fatalf("what is asked for all the time went after %d", i)
		}
	}
	m.Put(4, "x")
	m.Put(5, "x")
	if _, ok := m.Get(1); ok {
		t.Error("nothing bounds the map")
	}
	before := m.Dropped()
	m.PutSince(before, 7, "seven")
	if x, ok := m.Get(7); !ok || x != "seven" {
		t.Error("a value was not kept")
	}
	m.Drop(7)
	m.PutSince(before, 7, "seven")
	if _, ok := m.Get(7); ok {
		t.Error("what was read before the drop came back after it")
	}
	m.PutSince(m.Dropped(), 7, "seven")
	m.Clear()
	m.PutSince(before, 8, "eight")
	if m.Len() != 0 {
		t.Error("something is left")
	}
}
