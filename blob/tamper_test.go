package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bench is a store with blobs to tamper with.
type bench struct {
	t     *testing.T
	store *FileStore
}

func newBench(t *testing.T) bench {
	t.Helper()
	keys := FileKeys(filepath.Join(t.TempDir(), "keys"))
	for _, ledger := range []string{"org", "exam"} {
		if err := keys.Create(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
	}
	return bench{t, Files(filepath.Join(t.TempDir(), "blobs"), keys)}
}

func (b bench) put(ledger string, content []byte) (Ref, string) {
	b.t.Helper()
	ref, err := b.store.Put(b.t.Context(), ledger, bytes.NewReader(content))
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := b.store.place(b.t.Context(), ledger)
	if err != nil {
		b.t.Fatal(err)
	}
	return ref, p.path(ref.SHA256)
}

func (b bench) bytesOf(path string) []byte {
	b.t.Helper()
	sealed, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return sealed
}

func (b bench) write(path string, sealed []byte) {
	b.t.Helper()
	if err := os.WriteFile(path, sealed, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// read opens and reads everything.
func (b bench) read(ledger string, ref Ref) error {
	r, err := b.store.Open(b.t.Context(), ledger, ref.SHA256)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// wantDamage fails the test unless err names the blob, the region and the place.
func wantDamage(t *testing.T, what string, err error, blob, region string, offset int64) {
	t.Helper()
	var damage *DamageError
	if !errors.As(err, &damage) || !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: %v, want a DamageError in %q at %d", what, err, region, offset)
		return
	}
	if damage.Blob != blob || damage.Region != region || damage.Offset != offset {
		t.Errorf("%s: damage of %s in %q at %d, want %s in %q at %d", what, damage.Blob, damage.Region, damage.Offset, blob, region, offset)
	}
	if !strings.Contains(err.Error(), blob) || !strings.Contains(err.Error(), fmt.Sprint(offset)) {
		t.Errorf("%s: the message names no blob or no offset: %v", what, err)
	}
}

// regionOf says where damage to a stored byte must be reported.
func regionOf(at int) (region string, offset int64) {
	switch {
	case at < versionAt:
		return "magic", 0
	case at < suiteAt:
		return "version", versionAt
	case at < sizeAt:
		return "suite", suiteAt
	case at < saltAt:
		return "length", sizeAt
	case at < headerSize:
		return "wrapped key", saltAt
	}
	index := (at - headerSize) / sealedChunk
	return fmt.Sprintf("chunk %d", index), int64(index) * chunkSize
}

func TestEveryFlippedBitOfASmallBlobIsFound(t *testing.T) {
	for _, size := range []int{0, 1, 100} {
		b := newBench(t)
		ref, path := b.put("org", bytes.Repeat([]byte{7}, size))
		sealed := b.bytesOf(path)
		for at := range sealed {
			for bit := range 8 {
				sealed[at] ^= 1 << bit
				b.write(path, sealed)
				region, offset := regionOf(at)
				wantDamage(t, fmt.Sprintf("size %d, byte %d, bit %d", size, at, bit), b.read("org", ref), ref.String(), region, offset)
				sealed[at] ^= 1 << bit
			}
		}
		b.write(path, sealed)
		if err := b.read("org", ref); err != nil {
			t.Fatalf("size %d: after all bits were put back: %v", size, err)
		}
	}
}

func TestFlippedBitsOfEveryChunkAreFound(t *testing.T) {
	b := newBench(t)
	content := make([]byte, 2*chunkSize+777)
	ref, path := b.put("org", content)
	sealed := b.bytesOf(path)
	var places []int
	for start := headerSize; start < len(sealed); start += sealedChunk {
		end := min(start+sealedChunk, len(sealed))
		places = append(places, start, start+1, (start+end)/2)
		for tag := end - tagSize - 1; tag < end; tag++ {
			places = append(places, tag)
		}
	}
	for _, at := range places {
		for bit := range 8 {
			sealed[at] ^= 1 << bit
			b.write(path, sealed)
			sealed[at] ^= 1 << bit
			region, offset := regionOf(at)
			what := fmt.Sprintf("byte %d, bit %d", at, bit)
			wantDamage(t, what, b.read("org", ref), ref.String(), region, offset)

			// Ranges in other chunks still read; the damaged one fails alone.
			r, err := b.store.Open(t.Context(), "org", ref.SHA256)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for chunk := range int64(3) {
				one := make([]byte, 1)
				_, err := r.ReadAt(one, chunk*chunkSize)
				if chunk*chunkSize == offset {
					wantDamage(t, what+", by range", err, ref.String(), region, offset)
				} else if err != nil {
					t.Errorf("%s: a range in chunk %d: %v", what, chunk, err)
				}
			}
			r.Close()
		}
	}
}

func TestEveryTruncationAndExtensionIsFound(t *testing.T) {
	b := newBench(t)
	ref, path := b.put("org", make([]byte, chunkSize+5))
	sealed := b.bytesOf(path)
	lengths := []int{len(sealed) - 1, headerSize + sealedChunk, headerSize + sealedChunk + 1, headerSize + sealedChunk + tagSize,
		headerSize + sealedChunk - 1, headerSize + tagSize + 1, headerSize + tagSize}
	for n := range headerSize + tagSize {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		b.write(path, sealed[:n])
		offset := int64(sizeAt)
		if n < headerSize+tagSize {
			offset = int64(n)
		}
		wantDamage(t, fmt.Sprintf("cut to %d bytes", n), b.read("org", ref), ref.String(), "length", offset)
	}
	for _, extra := range [][]byte{{0}, make([]byte, tagSize), sealed[headerSize:], sealed[headerSize+sealedChunk:], sealed} {
		b.write(path, append(bytes.Clone(sealed), extra...))
		wantDamage(t, fmt.Sprintf("extended by %d bytes", len(extra)), b.read("org", ref), ref.String(), "length", sizeAt)
	}
}

// A forger who keeps length and size consistent still cannot cut or extend.
func TestTruncationWithAFittingSizeIsFound(t *testing.T) {
	b := newBench(t)
	ref, path := b.put("org", make([]byte, chunkSize+5))
	sealed := b.bytesOf(path)[:headerSize+sealedChunk]
	copy(sealed[sizeAt:], []byte{0, 0, 0, 0, 0, 1, 0, 0})
	b.write(path, sealed)
	wantDamage(t, "last chunk and size cut", b.read("org", ref), ref.String(), "wrapped key", saltAt)
}

func TestMovedChunksAreFound(t *testing.T) {
	b := newBench(t)
	ref, path := b.put("org", make([]byte, 4*chunkSize))
	sealed := b.bytesOf(path)
	chunk := func(i int) []byte { return sealed[headerSize+i*sealedChunk:][:sealedChunk] }
	build := func(order ...int) []byte {
		out := bytes.Clone(sealed[:headerSize])
		for _, i := range order {
			out = append(out, chunk(i)...)
		}
		return out
	}
	for _, c := range []struct {
		order  []int
		region string
		offset int64
	}{
		{[]int{1, 0, 2, 3}, "chunk 0", 0},
		{[]int{0, 2, 1, 3}, "chunk 1", chunkSize},
		{[]int{0, 1, 3, 2}, "chunk 2", 2 * chunkSize},
		{[]int{0, 1, 2, 2}, "chunk 3", 3 * chunkSize},
		{[]int{0, 0, 2, 3}, "chunk 1", chunkSize},
		{[]int{0, 1, 2}, "length", sizeAt},
		{[]int{0, 2, 3}, "length", sizeAt},
		{[]int{0, 1, 2, 3, 3}, "length", sizeAt},
	} {
		b.write(path, build(c.order...))
		wantDamage(t, fmt.Sprintf("chunks in the order %v", c.order), b.read("org", ref), ref.String(), c.region, c.offset)
	}
}

func TestExchangedFilesAreFound(t *testing.T) {
	b := newBench(t)
	one, onePath := b.put("org", bytes.Repeat([]byte{1}, 500))
	two, twoPath := b.put("org", bytes.Repeat([]byte{2}, 500))
	other, otherPath := b.put("exam", bytes.Repeat([]byte{1}, 500))
	first, second, foreign := b.bytesOf(onePath), b.bytesOf(twoPath), b.bytesOf(otherPath)

	b.write(onePath, second)
	wantDamage(t, "another blob's file under this name", b.read("org", one), one.String(), "name", 0)
	b.write(onePath, append(bytes.Clone(first[:headerSize]), second[headerSize:]...))
	wantDamage(t, "another blob's chunks under this header", b.read("org", one), one.String(), "chunk 0", 0)
	b.write(onePath, append(bytes.Clone(first[:saltAt]), second[saltAt:]...))
	wantDamage(t, "another blob's key of equal size", b.read("org", one), one.String(), "name", 0)
	b.write(onePath, foreign)
	wantDamage(t, "the same content sealed for another ledger", b.read("org", one), one.String(), "wrapped key", saltAt)
	b.write(otherPath, first)
	wantDamage(t, "the same, the other way round", b.read("exam", other), other.String(), "wrapped key", saltAt)
	b.write(onePath, first)

	// A copy under a name of its own is neither a blob nor overlooked.
	stray := filepath.Join(filepath.Dir(onePath), strings.Repeat("0", 64)+blobSuffix)
	b.write(stray, first)
	var refs []Ref
	var failures []error
	for info, err := range b.store.List(t.Context(), "org") {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		refs = append(refs, info.Ref)
	}
	if len(refs) != 2 || len(failures) != 1 || (refs[0] != two && refs[1] != two) {
		t.Fatalf("listing beside a copied file: %v, %v; want the two blobs and one error", refs, failures)
	}
	wantDamage(t, "a copied file in the listing", failures[0], filepath.Base(stray), "name", 0)
}

// sameKey gives every ledger the same key, as a copied key file would.
type sameKey struct{}

func (sameKey) Key(context.Context, string) ([32]byte, error) { return [32]byte{1}, nil }
func (sameKey) Create(context.Context, string) error          { return nil }

// The name of the ledger is bound even where the keys are equal.
func TestTheLedgerIsBoundApartFromItsKey(t *testing.T) {
	b := bench{t, Files(t.TempDir(), sameKey{})}
	ref, path := b.put("org", []byte("text"))
	_, otherPath := b.put("exam", []byte("text"))
	b.write(otherPath, b.bytesOf(path))
	wantDamage(t, "a file of another ledger with the same key", b.read("exam", ref), ref.String(), "wrapped key", saltAt)
}

// Only whoever holds the ledger's key can write this file: every chunk opens,
// and the content is not what the header names.
func TestContentThatIsNotWhatTheHeaderNamesIsFound(t *testing.T) {
	for _, size := range []int{0, 10, chunkSize, 3*chunkSize + 1} {
		b := newBench(t)
		ref, path := b.put("org", bytes.Repeat([]byte{1}, size))
		p, err := b.store.place(t.Context(), "org")
		if err != nil {
			t.Fatal(err)
		}
		var blobKey [keySize]byte
		var chunks bytes.Buffer
		forged := bytes.Repeat([]byte{2}, size)
		if size == 0 {
			// The empty content has no like; name it wrongly instead.
			ref = Ref{SHA256: sha256.Sum256([]byte("not empty"))}
			path = p.path(ref.SHA256)
		}
		if _, err := sealChunks(t.Context(), &chunks, bytes.NewReader(forged), blobKey); err != nil {
			t.Fatal(err)
		}
		b.write(path, append(sealHeader(p.key, "org", ref, [saltSize]byte{}, blobKey), chunks.Bytes()...))
		r, err := b.store.Open(t.Context(), "org", ref.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		wantDamage(t, fmt.Sprintf("forged content of %d bytes", size), err, ref.String(), "content hash", 0)
		if len(got) >= size && size > 0 {
			t.Errorf("all %d bytes of forged content were handed out before the error", size)
		}
		if n, again := r.Read(make([]byte, size+1)); n != 0 || !errors.Is(again, ErrDamaged) {
			t.Errorf("reading on after the error gave %d of %d bytes, %v", n, size, again)
		}
		if sum := sha256.Sum256(forged); err != nil && !strings.Contains(err.Error(), hex.EncodeToString(sum[:])) {
			t.Errorf("the message does not say what the content's hash is: %v", err)
		}
		r.Close()
	}
}

func TestTruncationUnderAnOpenReaderIsFound(t *testing.T) {
	b := newBench(t)
	ref, path := b.put("org", make([]byte, 3*chunkSize))
	r, err := b.store.Open(t.Context(), "org", ref.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.Truncate(path, headerSize+sealedChunk+10); err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, r)
	wantDamage(t, "cut while open", err, ref.String(), "chunk 1", chunkSize)
}

func TestPuttingTheContentAgainRepairsIt(t *testing.T) {
	b := newBench(t)
	content := bytes.Repeat([]byte{3}, 2*chunkSize)
	ref, path := b.put("org", content)
	sealed := b.bytesOf(path)
	for _, at := range []int{0, sizeAt, wrapAt, headerSize + 5, len(sealed) - 1} {
		sealed = b.bytesOf(path)
		sealed[at] ^= 1
		b.write(path, sealed)
		if err := b.read("org", ref); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d flipped: %v, want damage", at, err)
		}
		b.put("org", content)
		if err := b.read("org", ref); err != nil {
			t.Errorf("byte %d flipped and the content put again: %v", at, err)
		}
	}
	before := b.bytesOf(path)
	b.put("org", content)
	if !bytes.Equal(before, b.bytesOf(path)) {
		t.Error("an intact file was rewritten by putting its content again")
	}
}

// A sweep cannot know whether a damaged blob is referenced.
func TestSweepKeepsAndReportsWhatItCannotRead(t *testing.T) {
	b := newBench(t)
	_, path := b.put("org", []byte("damaged"))
	_, orphan := b.put("org", []byte("orphan"))
	info, err := os.Stat(orphan)
	if err != nil {
		t.Fatal(err)
	}
	sealed := b.bytesOf(path)
	sealed[wrapAt] ^= 1
	b.write(path, sealed)
	swept, err := Sweep(t.Context(), b.store, "org", func([32]byte) bool { return false }, info.ModTime().Add(1<<40))
	wantDamage(t, "sweeping", err, filepath.Base(path), "wrapped key", saltAt)
	if swept.Blobs != 1 {
		t.Errorf("the sweep removed %d blobs, want the readable orphan alone", swept.Blobs)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the damaged file: %v, want it kept", err)
	}
	if _, err := os.Stat(orphan); err == nil {
		t.Error("the orphan is still there")
	}
}
