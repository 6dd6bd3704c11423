package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"reperform/blob"
)

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
