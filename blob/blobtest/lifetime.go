package blobtest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"reperform/blob"
)

func list(t *testing.T, s blob.Store) {
	var refs []blob.Ref
	for i := range 40 {
		refs = append(refs, put(t, s, "org", Content(i, 11)))
	}
	holds(t, s, "org", refs...)
	seen := 0
	for range s.List(t.Context(), "org") {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("a listing that was left after 3 entries gave %d", seen)
	}
}

func deletes(t *testing.T, s blob.Store) {
	gone, kept := put(t, s, "org", []byte("gone")), put(t, s, "org", []byte("kept"))
	if err := s.Delete(t.Context(), "org", gone.SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "org", gone.SHA256); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Open of a deleted blob: %v, want ErrNotFound", err)
	}
	holds(t, s, "org", kept)
	put(t, s, "org", []byte("gone"))
	holds(t, s, "org", gone, kept)
}

// touched is the storage's own time for a blob: the suite brings no clock.
func touched(t *testing.T, s blob.Store, ref blob.Ref) time.Time {
	t.Helper()
	info, err := s.Stat(t.Context(), "org", ref.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return info.Touched
}

func sweep(t *testing.T, s blob.Store) {
	cited, orphan := put(t, s, "org", []byte("cited")), put(t, s, "org", []byte("orphan"))
	elsewhere := put(t, s, "exam", []byte("orphan"))
	isCited := func(sha [32]byte) bool { return sha == cited.SHA256 }

	swept, err := blob.Sweep(t.Context(), s, "org", isCited, touched(t, s, orphan))
	if err != nil || swept != (blob.Swept{}) {
		t.Errorf("a sweep of what is older than the orphan: %+v, %v; want nothing removed", swept, err)
	}
	holds(t, s, "org", cited, orphan)

	swept, err = blob.Sweep(t.Context(), s, "org", isCited, touched(t, s, orphan).Add(time.Hour))
	if err != nil || swept.Blobs != 1 || swept.Unfinished != 0 || swept.Bytes < orphan.Size {
		t.Errorf("a sweep after the grace period: %+v, %v; want the orphan removed", swept, err)
	}
	holds(t, s, "org", cited)
	holds(t, s, "exam", elsewhere)
}

func sweepTouched(t *testing.T, s blob.Store) {
	content := []byte("put, forgotten, put again")
	ref := put(t, s, "org", content)
	first := touched(t, s, ref)
	// Storage clocks tick as coarsely as a kernel's timer or, in object
	// stores, a second; put until the time has moved.
	for deadline := time.Now().Add(3 * time.Second); !touched(t, s, ref).After(first); {
		if time.Now().After(deadline) {
			t.Fatalf("Touched stayed at %v through Puts of equal content for 3 s", first)
		}
		if _, err := s.Put(t.Context(), "org", bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	swept, err := blob.Sweep(t.Context(), s, "org", func([32]byte) bool { return false }, touched(t, s, ref))
	if err != nil || swept.Blobs != 0 {
		t.Errorf("sweep: %+v, %v; want the blob spared, since it was put again after the limit", swept, err)
	}
	holds(t, s, "org", ref)
}

func sweepRefuses(t *testing.T, s blob.Store) {
	ref := put(t, s, "org", []byte("precious"))
	if _, err := blob.Sweep(t.Context(), s, "org", nil, touched(t, s, ref).Add(time.Hour)); err == nil {
		t.Error("a sweep without a rule did not fail")
	}
	if _, err := blob.Sweep(t.Context(), s, "org", func([32]byte) bool { return false }, time.Time{}); err == nil {
		t.Error("a sweep without a limit did not fail")
	}
	holds(t, s, "org", ref)
}
