package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"path/filepath"
	"testing"
)

const benchSize = 64 << 20

func benchStore(b *testing.B) *FileStore {
	keys := FileKeys(filepath.Join(b.TempDir(), "keys"))
	if err := keys.Create(b.Context(), "org"); err != nil {
		b.Fatal(err)
	}
	return Files(b.TempDir(), keys)
}

// BenchmarkHash is the floor of both directions: SHA-256 alone.
func BenchmarkHash(b *testing.B) {
	content := make([]byte, benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		sha256.Sum256(content)
	}
}

func BenchmarkPut(b *testing.B) {
	s, content := benchStore(b), make([]byte, benchSize)
	b.SetBytes(benchSize)
	for n := uint64(0); b.Loop(); n++ {
		binary.BigEndian.PutUint64(content, n)
		ref, err := s.Put(b.Context(), "org", bytes.NewReader(content))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Delete(b.Context(), "org", ref.SHA256); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkOpenAndReadAll(b *testing.B) {
	s := benchStore(b)
	ref, err := s.Put(b.Context(), "org", bytes.NewReader(make([]byte, benchSize)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchSize)
	for b.Loop() {
		r, err := s.Open(b.Context(), "org", ref.SHA256)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

func BenchmarkReadAt4KiB(b *testing.B) {
	s := benchStore(b)
	ref, err := s.Put(b.Context(), "org", bytes.NewReader(make([]byte, benchSize)))
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.Open(b.Context(), "org", ref.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	page := make([]byte, 4096)
	b.SetBytes(int64(len(page)))
	for n := int64(0); b.Loop(); n += 7919 {
		if _, err := r.ReadAt(page, n*4096%(benchSize-4096)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPutSmall(b *testing.B) {
	s, content := benchStore(b), make([]byte, 4096)
	for n := uint64(0); b.Loop(); n++ {
		binary.BigEndian.PutUint64(content, n)
		if _, err := s.Put(b.Context(), "org", bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
}
