// Package recent keeps values that were asked for lately, by key and within bounds. It
// knows nothing of what it keeps and loses it whenever it has to: whoever asks must be
// able to make it again.
package recent

import "sync"

// Map keeps values by key. It holds two generations: when the young one is full it
// becomes the old one, and what is not asked for again goes with that. The zero Map
// keeps up to 4096 values in a generation. It may be used by many at once.
type Map[K comparable, V any] struct {
	// Most is how many values a generation holds.
	Most int

	mu         sync.Mutex
	young, old map[K]V
	// dropped counts what was dropped on purpose.
	dropped uint64
}

// Get gives the value of a key.
func (m *Map[K, V]) Get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x, ok := m.young[k]; ok {
		return x, true
	}
	x, ok := m.old[k]
	if ok {
		m.add(k, x)
	}
	return x, ok
}

// Put keeps a value.
func (m *Map[K, V]) Put(k K, x V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(k, x)
}

// Dropped counts the calls of Drop and Clear, for PutSince.
func (m *Map[K, V]) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

// PutSince keeps a value unless something was dropped since the count was taken: what
// was read before may hold what had to be forgotten meanwhile.
func (m *Map[K, V]) PutSince(dropped uint64, k K, x V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dropped == dropped {
		m.add(k, x)
	}
}

// Drop forgets the value of a key.
func (m *Map[K, V]) Drop(k K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, k)
	delete(m.old, k)
	m.dropped++
}

// Clear forgets everything.
func (m *Map[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.young, m.old = nil, nil
	m.dropped++
}

// Len is how many values are kept; one that was asked for again counts twice.
func (m *Map[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.young) + len(m.old)
}

func (m *Map[K, V]) add(k K, x V) {
	most := m.Most
	if most == 0 {
		most = 4096
	}
	if len(m.young) >= most {
		m.old, m.young = m.young, nil
	}
	if m.young == nil {
		m.young = map[K]V{}
	}
	m.young[k] = x
}
