// Package blobtest is the contract that every blob.Store keeps. It sees the
// interface alone and states in its subtests what callers may rely on; what
// only one implementation can show (file names, tampering, crashes) is tested
// beside that implementation.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"

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

func roundTrips(t *testing.T, s blob.Store) {
	var refs []blob.Ref
	for i, size := range Sizes {
		content := Content(size, uint64(i))
		ref := put(t, s, "org", content)
		refs = append(refs, ref)
		got, err := io.ReadAll(open(t, s, "org", ref))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d bytes, equal: %v, %v", size, len(got), bytes.Equal(got, content), err)
		}
	}
	holds(t, s, "org", refs...)
}

func ranges(t *testing.T, s blob.Store) {
	for _, size := range Sizes {
		content := Content(size, 1)
		r := open(t, s, "org", put(t, s, "org", content))
		want := bytes.NewReader(content)
		edges := []int64{0, 1, 65535, 65536, 65537, 131072, int64(size) - 1, int64(size), int64(size) + 1, int64(size) + 1<<20}
		for _, from := range edges {
			for _, n := range []int{0, 1, 2, 65535, 65536, 65537, 200_000} {
				if from < 0 {
					continue
				}
				a, b := make([]byte, n), make([]byte, n)
				na, ea := r.ReadAt(a, from)
				nb, eb := want.ReadAt(b, from)
				if n == 0 {
					eb = ea // bytes.Reader reports the end for an empty read, files do not; both are allowed.
				}
				// A read that ends exactly at the end may report it or not.
				if na == n && nb == n && (ea == io.EOF || ea == nil) && (eb == io.EOF || eb == nil) {
					ea, eb = nil, nil
				}
				if na != nb || ea != eb || !bytes.Equal(a, b) {
					t.Errorf("size %d: ReadAt(%d bytes, %d) = %d, %v; want %d, %v; bytes equal: %v", size, n, from, na, ea, nb, eb, bytes.Equal(a, b))
				}
			}
		}
		if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
			t.Errorf("size %d: ReadAt before the start did not fail", size)
		}
	}
}

func seeks(t *testing.T, s blob.Store) {
	content := Content(200_001, 2)
	r := open(t, s, "org", put(t, s, "org", content))
	model := bytes.NewReader(content)
	rng := rand.New(rand.NewPCG(1, 2))
	for step := range 500 {
		whence := rng.IntN(3)
		offset := rng.Int64N(300_000) - 100_000
		if step%7 == 0 {
			whence, offset = io.SeekStart, 0
		}
		a, ea := r.Seek(offset, whence)
		b, eb := model.Seek(offset, whence)
		if a != b || (ea == nil) != (eb == nil) {
			t.Fatalf("step %d: Seek(%d, %d) = %d, %v; want %d, %v", step, offset, whence, a, ea, b, eb)
		}
		pa, pb := make([]byte, rng.IntN(150_000)), []byte(nil)
		pb = make([]byte, len(pa))
		na, ea := io.ReadFull(r, pa)
		nb, eb := io.ReadFull(model, pb)
		if na != nb || ea != eb || !bytes.Equal(pa, pb) {
			t.Fatalf("step %d: reading %d bytes gave %d, %v; want %d, %v", step, len(pa), na, ea, nb, eb)
		}
	}
	if _, err := r.Seek(0, 9); err == nil {
		t.Error("Seek with a whence of 9 did not fail")
	}
}

func smallBuffers(t *testing.T, s blob.Store) {
	content := Content(65536+100, 3)
	ref, err := s.Put(t.Context(), "org", iotest.OneByteReader(bytes.NewReader(content)))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(open(t, s, "org", ref), content); err != nil {
		t.Error(err)
	}
	ref2, err := s.Put(t.Context(), "exam", iotest.DataErrReader(bytes.NewReader(content)))
	if err != nil || ref2 != ref {
		t.Errorf("a source that reports its end with its last bytes gave %v, %v; want %v", ref2, err, ref)
	}
}

func concurrentReadAt(t *testing.T, s blob.Store) {
	content := Content(5*65536+11, 4)
	r := open(t, s, "org", put(t, s, "org", content))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 0))
			for range 200 {
				from := rng.IntN(len(content))
				n := min(rng.IntN(100_000), len(content)-from)
				p := make([]byte, n)
				if _, err := r.ReadAt(p, int64(from)); err != nil && err != io.EOF || !bytes.Equal(p, content[from:from+n]) {
					t.Errorf("ReadAt(%d bytes, %d) under load: %v, or other bytes", n, from, err)
				}
			}
		})
	}
	wg.Wait()
}

func absent(t *testing.T, s blob.Store) {
	sha := sha256.Sum256([]byte("never put"))
	for range 2 {
		if _, err := s.Open(t.Context(), "org", sha); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Open: %v, want ErrNotFound", err)
		}
		if _, err := s.Stat(t.Context(), "org", sha); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat: %v, want ErrNotFound", err)
		}
		if err := s.Delete(t.Context(), "org", sha); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Delete: %v, want ErrNotFound", err)
		}
		put(t, s, "org", []byte("something else"))
	}
}

func noKey(t *testing.T, s blob.Store) {
	sha := sha256.Sum256(nil)
	_, putErr := s.Put(t.Context(), "keyless", bytes.NewReader(nil))
	_, openErr := s.Open(t.Context(), "keyless", sha)
	_, statErr := s.Stat(t.Context(), "keyless", sha)
	var listErr error
	for _, err := range s.List(t.Context(), "keyless") {
		listErr = err
	}
	_, sweepErr := blob.Sweep(t.Context(), s, "keyless", func([32]byte) bool { return true }, time.Unix(1, 0))
	for name, err := range map[string]error{
		"Put": putErr, "Open": openErr, "Stat": statErr, "List": listErr, "Sweep": sweepErr,
		"Delete": s.Delete(t.Context(), "keyless", sha),
	} {
		if !errors.Is(err, blob.ErrNoKey) {
			t.Errorf("%s: %v, want ErrNoKey", name, err)
		}
	}
}

func emptyLedger(t *testing.T, s blob.Store) {
	if _, err := s.Put(t.Context(), "", bytes.NewReader(nil)); err == nil {
		t.Error("Put without a ledger's name did not fail")
	}
}

func failingSource(t *testing.T, s blob.Store) {
	broken := errors.New("the disk it came from is gone")
	for _, after := range Sizes {
		source := io.MultiReader(bytes.NewReader(Content(after, 5)), iotest.ErrReader(broken))
		if _, err := s.Put(t.Context(), "org", source); !errors.Is(err, broken) {
			t.Errorf("source failing after %d bytes: %v, want its own error", after, err)
		}
	}
	holds(t, s, "org")
}

func brokenOff(t *testing.T, s blob.Store) {
	source := io.MultiReader(bytes.NewReader(Content(70_000, 6)), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := s.Put(t.Context(), "org", source); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an upload that broke off: %v, want io.ErrUnexpectedEOF", err)
	}
	holds(t, s, "org")
}

// cancelAt cancels after some bytes were read.
type cancelAt struct {
	left   int
	cancel func()
}

func (c *cancelAt) Read(p []byte) (int, error) {
	if c.left -= len(p); c.left <= 0 {
		c.cancel()
	}
	return len(p), nil
}

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Put(ctx, "org", &cancelAt{1 << 20, cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put from an endless source, cancelled: %v, want context.Canceled", err)
	}
	if _, err := s.Put(ctx, "org", bytes.NewReader([]byte("x"))); !errors.Is(err, context.Canceled) {
		t.Errorf("Put under a cancelled context: %v, want context.Canceled", err)
	}
	holds(t, s, "org")
}

func cancelledReader(t *testing.T, s blob.Store) {
	ref := put(t, s, "org", Content(300_000, 7))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Open(ctx, "org", ref.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("reading after cancellation: %v, want context.Canceled", err)
	}
	if _, err := s.Open(ctx, "org", ref.SHA256); !errors.Is(err, context.Canceled) {
		t.Errorf("Open under a cancelled context: %v, want context.Canceled", err)
	}
}

func duplicate(t *testing.T, s blob.Store) {
	content := Content(100_000, 8)
	ref := put(t, s, "org", content)
	r := open(t, s, "org", ref)
	put(t, s, "org", content)
	holds(t, s, "org", ref)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Errorf("a reader opened before the second Put: %v, or other bytes", err)
	}
}

func concurrentPut(t *testing.T, s blob.Store) {
	content := Content(150_000, 9)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			ref, err := s.Put(t.Context(), "org", bytes.NewReader(content))
			if err != nil {
				t.Errorf("Put beside others: %v", err)
				return
			}
			r, err := s.Open(t.Context(), "org", ref.SHA256)
			if err != nil {
				t.Errorf("Open after Put was acknowledged: %v", err)
				return
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
				t.Errorf("reading after Put was acknowledged: %v, or other bytes", err)
			}
		})
	}
	wg.Wait()
	holds(t, s, "org", blob.Ref{SHA256: sha256.Sum256(content), Size: int64(len(content))})
}

func wall(t *testing.T, s blob.Store) {
	content := Content(1000, 10)
	ref := put(t, s, "org", content)
	if _, err := s.Open(t.Context(), "exam", ref.SHA256); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("content of one ledger opened through another: %v, want ErrNotFound", err)
	}
	holds(t, s, "exam")
	put(t, s, "exam", content)
	if err := s.Delete(t.Context(), "org", ref.SHA256); err != nil {
		t.Fatal(err)
	}
	holds(t, s, "org")
	holds(t, s, "exam", ref)
}
