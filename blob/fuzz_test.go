package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
)

// memory is a stored file in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// sealInMemory is the sealed form under the key and randomness of zeros.
func sealInMemory(t testing.TB, content []byte) []byte {
	t.Helper()
	var chunks bytes.Buffer
	ref, err := sealChunks(context.Background(), &chunks, bytes.NewReader(content), [keySize]byte{})
	if err != nil {
		t.Fatal(err)
	}
	return append(sealHeader([32]byte{}, "org", ref, [saltSize]byte{}, [keySize]byte{}), chunks.Bytes()...)
}

// FuzzOpen reads arbitrary bytes as a sealed blob: they are damage, or they
// read as exactly what their header names, by every way of reading.
func FuzzOpen(f *testing.F) {
	for _, size := range []int{0, 1, 40, chunkSize, chunkSize + 1} {
		sealed := sealInMemory(f, make([]byte, size))
		f.Add(sealed)
		f.Add(sealed[:len(sealed)-1])
		f.Add(sealed[:headerSize])
	}
	f.Add([]byte(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, stored []byte) {
		r, err := newReader(t.Context(), memory{bytes.NewReader(stored)}, int64(len(stored)), [32]byte{}, "org", "under test")
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("refused with an error that is no damage: %v", err)
			}
			return
		}
		got, err := io.ReadAll(r)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("reading failed with an error that is no damage: %v", err)
			}
			return
		}
		if sha256.Sum256(got) != r.Ref().SHA256 || int64(len(got)) != r.Ref().Size {
			t.Fatalf("%d bytes were read as %v of %d bytes", len(got), r.Ref(), r.Ref().Size)
		}
		again := make([]byte, len(got))
		if n, err := r.ReadAt(again, 0); n != len(got) || err != nil && err != io.EOF || !bytes.Equal(again, got) {
			t.Fatalf("Read gave %d bytes, ReadAt %d, %v", len(got), n, err)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(formatKey([32]byte{1}, "org"), "org")
	f.Add(formatKey([32]byte{1}, "a\nb\xff"), "a\nb\xff")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, ledger string) {
		if key, err := parseKey(text, ledger); err == nil && formatKey(key, ledger) != text {
			t.Fatalf("%q is accepted as the key %x of ledger %q, which is written otherwise", text, key, ledger)
		}
		if key, err := parseKey(formatKey([32]byte{9}, ledger), ledger); err != nil || key != [32]byte{9} {
			t.Fatalf("the key file of ledger %q does not read back: %v", ledger, err)
		}
	})
}

func FuzzLedgerFileName(f *testing.F) {
	f.Add("acme", "Acme")
	f.Add("a_2fb", "a/b")
	f.Add(strings.Repeat("x", 300), strings.Repeat("x", 301))
	f.Add("..", "_2e_2e")
	f.Fuzz(func(t *testing.T, one, two string) {
		a, errA := ledgerFileName(one)
		b, errB := ledgerFileName(two)
		if (errA == nil) != (one != "") || (errB == nil) != (two != "") {
			t.Fatalf("names %q, %q: %v, %v; only the empty one is refused", one, two, errA, errB)
		}
		if errA != nil || errB != nil {
			return
		}
		if one != two && strings.EqualFold(a, b) {
			t.Fatalf("ledgers %q and %q share the file name %s", one, two, a)
		}
		for _, name := range []string{a, b} {
			if len(name) > longestEscaped || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || !strings.HasPrefix(name, ledgerPrefix) {
				t.Fatalf("file name %q is longer or other than every system takes", name)
			}
		}
	})
}
