package sampling

import (
	"bytes"
	"container/heap"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"iter"
	"slices"
	"strings"

	"reperform/english"
)

// Pick is one chosen item.
type Pick struct {
	Rank int64    `json:"rank"` // from 1, in the order in which items are drawn
	Key  string   `json:"key"`  // the item's key in the population
	HMAC [32]byte `json:"-"`    // HMAC-SHA256(seed, key), by which it is ranked
}

// Rank is HMAC-SHA256 of the key's UTF-8 bytes under the seed. Items are drawn
// in ascending order of it.
func Rank(seed [32]byte, key string) [32]byte {
	return newRanker(seed).rank(key)
}

// ranker keeps the keyed state and a buffer, so that ranking a key allocates
// nothing.
type ranker struct {
	mac    hash.Hash
	buffer []byte
}

func newRanker(seed [32]byte) *ranker {
	return &ranker{mac: hmac.New(sha256.New, seed[:])}
}

func (r *ranker) rank(key string) (sum [32]byte) {
	r.buffer = append(r.buffer[:0], key...)
	r.mac.Reset()
	r.mac.Write(r.buffer)
	r.buffer = r.mac.Sum(r.buffer[:0])
	copy(sum[:], r.buffer)
	return sum
}

// ShortError says that a population holds fewer keys than were asked for. The
// picks that come with it are the whole population in rank order.
type ShortError struct {
	Asked, Found int64
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("selection: %s asked for and the population has %d; ask for at most %d or test every item", english.Count(e.Asked, "item")+english.Choose(e.Asked, " was", " were"), e.Found, e.Found)
}

// Selector draws n items from keys that are added one by one. It keeps the n
// lowest ranks seen so far and nothing else, so ten million keys need the memory
// of n.
type Selector struct {
	ranker *ranker
	n      int
	seen   int64
	kept   pickHeap
	// repeated counts the keys that came again while kept. A key that ends among
	// the picks was never dropped, so the finding does not depend on the order.
	repeated map[string]bool
}

// NewSelector prepares a draw of n items, at least 1.
func NewSelector(seed [32]byte, n int64) (*Selector, error) {
	if n < 1 || n > MaxDraw {
		return nil, fmt.Errorf("selection: %s; ask for 1 to %d", english.Count(n, "item"), MaxDraw)
	}
	return &Selector{ranker: newRanker(seed), n: int(n), repeated: map[string]bool{}}, nil
}

// Add offers one key of the population. An empty key is refused.
func (s *Selector) Add(key string) error {
	s.seen++
	if key == "" {
		return fmt.Errorf("selection: key number %d is empty; every item needs a key", s.seen)
	}
	pick := Pick{Key: key, HMAC: s.ranker.rank(key)}
	if len(s.kept.picks) == s.n && comparePicks(pick, s.kept.picks[0]) > 0 {
		return nil
	}
	if s.kept.keys[key] {
		s.repeated[key] = true
		return nil
	}
	// The key may be a part of a larger buffer of the caller; what is kept for
	// long must not hold that.
	pick.Key = strings.Clone(key)
	heap.Push(&s.kept, pick)
	if len(s.kept.picks) > s.n {
		dropped := heap.Pop(&s.kept).(Pick)
		delete(s.repeated, dropped.Key)
	}
	return nil
}

// Seen is the number of keys added so far.
func (s *Selector) Seen() int64 { return s.seen }

// Picks is the draw in rank order. With too few keys it returns them all and a
// *ShortError. A key that was added twice and is among the picks is an error
// naming it; whether any other key is repeated is for the import of the
// population to establish.
func (s *Selector) Picks() ([]Pick, error) {
	picks := slices.SortedFunc(slices.Values(s.kept.picks), comparePicks)
	for i := range picks {
		picks[i].Rank = int64(i + 1)
		if s.repeated[picks[i].Key] {
			return nil, fmt.Errorf("selection: the key %s occurs more than once in the population; keys must be unique before a sample is drawn", quoted(picks[i].Key))
		}
	}
	if len(picks) < s.n {
		return picks, &ShortError{Asked: int64(s.n), Found: int64(len(picks))}
	}
	return picks, nil
}

// Select draws the n items with the lowest rank from the keys of a population.
// The order of the keys does not matter; a draw of n+m starts with the draw of
// n. Errors are those of NewSelector, Add and Picks.
func Select(seed [32]byte, keys iter.Seq[string], n int64) ([]Pick, error) {
	selector, err := NewSelector(seed, n)
	if err != nil {
		return nil, err
	}
	for key := range keys {
		if err := selector.Add(key); err != nil {
			return nil, err
		}
	}
	return selector.Picks()
}

// Expand draws the extra items that rank next after those already drawn, with
// ranks that continue theirs. It fails when drawn is not the beginning of the
// ranking, which means that seed or population are not those of the first draw.
func Expand(seed [32]byte, keys iter.Seq[string], drawn []Pick, extra int64) ([]Pick, error) {
	if extra < 1 {
		return nil, fmt.Errorf("expansion: %d further items; ask for at least 1", extra)
	}
	picks, err := Select(seed, keys, int64(len(drawn))+extra)
	if err != nil {
		return nil, err
	}
	if err := continues(picks, drawn); err != nil {
		return nil, err
	}
	return picks[len(drawn):], nil
}

func continues(picks, drawn []Pick) error {
	for i, before := range drawn {
		if picks[i].Key != before.Key {
			return fmt.Errorf("expansion: rank %d is %s, the first draw has %s there; use the seed and the population of the first draw", i+1, quoted(picks[i].Key), quoted(before.Key))
		}
	}
	return nil
}

// comparePicks orders by HMAC, and by key should two keys ever share one.
func comparePicks(a, b Pick) int {
	if c := bytes.Compare(a.HMAC[:], b.HMAC[:]); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

// pickHeap has the highest rank on top, and the set of its keys.
type pickHeap struct {
	picks []Pick
	keys  map[string]bool
}

func (h *pickHeap) Len() int           { return len(h.picks) }
func (h *pickHeap) Less(i, j int) bool { return comparePicks(h.picks[i], h.picks[j]) > 0 }
func (h *pickHeap) Swap(i, j int)      { h.picks[i], h.picks[j] = h.picks[j], h.picks[i] }

func (h *pickHeap) Push(x any) {
	pick := x.(Pick)
	if h.keys == nil {
		h.keys = map[string]bool{}
	}
	h.keys[pick.Key] = true
	h.picks = append(h.picks, pick)
}

func (h *pickHeap) Pop() any {
	last := h.picks[len(h.picks)-1]
	h.picks = h.picks[:len(h.picks)-1]
	delete(h.keys, last.Key)
	return last
}
