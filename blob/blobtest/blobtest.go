// Package blobtest is the contract that every blob.Store keeps. It sees the
// interface alone and states in its subtests what callers may rely on; what
// only one implementation can show (file names, tampering, crashes) is tested
// beside that implementation.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"reperform/blob"
)

// Keys is a KeyProvider in memory. The zero value is ready for use.
type Keys struct {
	mu   sync.Mutex
	keys map[string][32]byte
}

// Key implements blob.KeyProvider.
func (k *Keys) Key(_ context.Context, ledger string) ([32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[ledger]
	if !ok {
		return key, fmt.Errorf("%w: ledger %q", blob.ErrNoKey, ledger)
	}
	return key, nil
}

// Create implements blob.KeyProvider. The key is the SHA-256 of the ledger's
// name, so that tests repeat exactly.
func (k *Keys) Create(_ context.Context, ledger string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.keys[ledger]; ok {
		return fmt.Errorf("%w: ledger %q", blob.ErrKeyExists, ledger)
	}
	if k.keys == nil {
		k.keys = map[string][32]byte{}
	}
	k.keys[ledger] = sha256.Sum256([]byte(ledger))
	return nil
}

// Content is n bytes that look random and depend on n and seed alone.
func Content(n int, seed uint64) []byte {
	b := make([]byte, n)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	rand.NewChaCha8(key).Read(b)
	return b
}

// Sizes are those where a chunk of 64 KiB begins, ends or is missing.
var Sizes = []int{0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 1<<20 + 7}

// Run tests a store. open returns an empty one that takes its keys from the
// provider it is given.
func Run(t *testing.T, open func(t *testing.T, keys blob.KeyProvider) blob.Store) {
	tests := []struct {
		name string
		test func(*testing.T, blob.Store)
	}{
		{"content of every size comes back", roundTrips},
		{"ranges agree with the content", ranges},
		{"seek agrees with bytes.Reader", seeks},
		{"readers are independent of chunk and buffer sizes", smallBuffers},
		{"ReadAt may be called concurrently", concurrentReadAt},
		{"absent content is not found", absent},
		{"a ledger without a key is refused", noKey},
		{"an empty ledger name is refused", emptyLedger},
		{"a failing source stores nothing", failingSource},
		{"a source that broke off stores nothing", brokenOff},
		{"a cancelled context stores nothing", cancelled},
		{"a cancelled context ends a reader", cancelledReader},
		{"equal content is one blob", duplicate},
		{"concurrent writers of equal content agree", concurrentPut},
		{"ledgers share nothing", wall},
		{"any ledger name keeps its blobs apart", ledgerNames},
		{"list yields each blob once", list},
		{"delete removes one blob", deletes},
		{"sweep removes old orphans only", sweep},
		{"sweep spares what was put again", sweepTouched},
		{"sweep refuses a missing rule or limit", sweepRefuses},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			keys := &Keys{}
			for _, ledger := range append([]string{"org", "exam"}, Ledgers...) {
				if err := keys.Create(t.Context(), ledger); err != nil {
					t.Fatal(err)
				}
			}
			c.test(t, open(t, keys))
		})
	}
}

// put stores content and fails the test if the answer is not its name.
func put(t *testing.T, s blob.Store, ledger string, content []byte) blob.Ref {
	t.Helper()
	ref, err := s.Put(t.Context(), ledger, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("Put of %d bytes: %v", len(content), err)
	}
	want := blob.Ref{SHA256: sha256.Sum256(content), Size: int64(len(content))}
	if ref != want {
		t.Fatalf("Put of %d bytes returned %v (%d bytes), want %v", len(content), ref, ref.Size, want)
	}
	return ref
}

func open(t *testing.T, s blob.Store, ledger string, ref blob.Ref) blob.Reader {
	t.Helper()
	r, err := s.Open(t.Context(), ledger, ref.SHA256)
	if err != nil {
		t.Fatalf("Open of a blob of %d bytes: %v", ref.Size, err)
	}
	t.Cleanup(func() { r.Close() })
	if r.Ref() != ref {
		t.Fatalf("the reader says it reads %v (%d bytes), want %v (%d bytes)", r.Ref(), r.Ref().Size, ref, ref.Size)
	}
	return r
}

// holds fails the test unless the ledger holds exactly these blobs, each
// readable.
func holds(t *testing.T, s blob.Store, ledger string, want ...blob.Ref) {
	t.Helper()
	found := map[blob.Ref]int{}
	for info, err := range s.List(t.Context(), ledger) {
		if err != nil {
			t.Errorf("List of ledger %q: %v", ledger, err)
			continue
		}
		found[info.Ref]++
		stat, err := s.Stat(t.Context(), ledger, info.SHA256)
		if err != nil || stat.Ref != info.Ref || !stat.Touched.Equal(info.Touched) {
			t.Errorf("List says %+v, Stat says %+v, %v", info, stat, err)
		}
		r, err := s.Open(t.Context(), ledger, info.SHA256)
		if err != nil {
			t.Errorf("ledger %q lists %v, but Open: %v", ledger, info.Ref, err)
			continue
		}
		if n, err := io.Copy(io.Discard, r); err != nil || n != info.Size {
			t.Errorf("ledger %q lists %v of %d bytes, but reading gave %d bytes, %v", ledger, info.Ref, info.Size, n, err)
		}
		r.Close()
	}
	for _, ref := range want {
		if found[ref] != 1 {
			t.Errorf("ledger %q lists blob %v %d times, want once", ledger, ref, found[ref])
		}
		delete(found, ref)
	}
	for ref := range found {
		t.Errorf("ledger %q lists blob %v (%d bytes), which it should not hold", ledger, ref, ref.Size)
	}
}
