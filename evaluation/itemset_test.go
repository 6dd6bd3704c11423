package evaluation

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Whatever the groups hide, the true number of items lies within the bounds;
// the bounds meet when every item is listed, or when one group stands alone.
func TestItemSetBoundsHoldTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		rows := 1 + r.IntN(12)
		s, truth, groups := newItemSet(), map[string]bool{}, 0
		for _, attribute := range []string{"A", "B", "C"}[:1+r.IntN(3)] {
			var hidden int64
			inGroup := r.IntN(2) == 0
			for row := range rows {
				if r.IntN(3) > 0 {
					continue
				}
				key := fmt.Sprint(row)
				truth[key] = true
				if inGroup && r.IntN(4) > 0 {
					hidden++
				} else {
					s.add(attribute, key)
				}
			}
			if hidden > 0 {
				s.unlisted[attribute] = hidden
				groups++
			}
		}
		fewest, most := s.bounds(int64(rows))
		n := int64(len(truth))
		if n < fewest || n > most {
			t.Fatalf("round %d: %d items outside %d to %d of %+v", round, n, fewest, most, s)
		}
		if groups == 0 && fewest != most {
			t.Fatalf("round %d: every item is listed, and the bounds are %d and %d", round, fewest, most)
		}
	}
}

func TestOneGroupBesideItsOwnListIsExact(t *testing.T) {
	s := newItemSet()
	s.add("A", "1")
	s.add("A", "2")
	s.unlisted["A"] = 5000
	if fewest, most := s.bounds(0); fewest != 5002 || most != 5002 {
		t.Errorf("%d to %d, want 5002", fewest, most)
	}
}
