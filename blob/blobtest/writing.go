package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"reperform/blob"
)

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
