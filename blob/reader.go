package blob

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// source is a stored file: the whole sealed form, read by range.
type source interface {
	io.ReaderAt
	io.Closer
}

// reader implements Reader over the sealed form.
type reader struct {
	ctx    context.Context
	src    source
	ledger string
	ref    Ref
	aead   cipher.AEAD

	// Sequential state, of Read and Seek only.
	pos    int64
	hash   hash.Hash
	hashed int64 // the hash covers the bytes before this offset
	forged error // set once a whole pass met another hash; Read gives nothing more

	mu     sync.Mutex
	cached int64  // index of the chunk in plain; -1 if none
	plain  []byte // its plaintext
}

// newReader authenticates the header and returns a reader for what it
// describes. It does not close src on failure.
func newReader(ctx context.Context, src source, length int64, ledgerKey [32]byte, ledger, name string) (*reader, error) {
	header, err := readHeader(src, length)
	if err != nil {
		return nil, fmt.Errorf("blob %s of ledger %q: reading its header: %w", name, ledger, err)
	}
	ref, blobKey, bad := openHeader(header, length, ledgerKey, ledger)
	if bad != nil {
		return nil, &DamageError{ledger, name, bad.region, bad.offset, bad.detail}
	}
	return &reader{
		ctx: ctx, src: src, ledger: ledger, ref: ref,
		aead: newGCM(blobKey[:]), hash: sha256.New(), cached: -1,
	}, nil
}

// readHeader returns fewer bytes than a header, and no error, if the file has
// no more.
func readHeader(src io.ReaderAt, length int64) ([]byte, error) {
	header := make([]byte, min(length, headerSize))
	n, err := src.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return header[:n], nil
}

func (r *reader) Ref() Ref { return r.ref }

func (r *reader) Close() error { return r.src.Close() }

// Seek never fails for an offset beyond the end; reading there is io.EOF.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.ref.Size
	default:
		return 0, fmt.Errorf("blob %s: seek: whence %d is none of io.SeekStart, SeekCurrent, SeekEnd", r.ref, whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("blob %s: seek: position %d lies before the start", r.ref, offset)
	}
	r.pos = offset
	return offset, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.forged != nil {
		return 0, r.forged
	}
	if r.pos > r.ref.Size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.pos == 0 {
		r.hash.Reset()
		r.hashed = 0
	}
	n, err := r.readChunkAt(p, r.pos)
	if err != nil {
		return 0, err
	}
	if r.hashed == r.pos {
		r.hash.Write(p[:n])
		r.hashed += int64(n)
		if r.hashed == r.ref.Size {
			if r.forged = r.checkHash(); r.forged != nil {
				clear(p[:n])
				return 0, r.forged
			}
		}
	}
	r.pos += int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// checkHash can only fail if the sealed content was not what its header names:
// every chunk has been authenticated by then.
func (r *reader) checkHash() error {
	got := r.hash.Sum(nil)
	if [32]byte(got) == r.ref.SHA256 {
		return nil
	}
	return r.damage("content hash", 0, "the content's SHA-256 is "+hex.EncodeToString(got))
}

func (r *reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("blob %s: reading at position %d, which lies before the start", r.ref, offset)
	}
	total := 0
	for total < len(p) {
		n, err := r.readChunkAt(p[total:], offset+int64(total))
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			return total, io.EOF
		}
	}
	return total, nil
}

// readChunkAt copies from the one chunk that holds the offset; nothing without
// an error means the end. The empty blob's chunk is opened too, so that its
// end is authenticated.
func (r *reader) readChunkAt(p []byte, offset int64) (int, error) {
	if offset > r.ref.Size || offset == r.ref.Size && r.ref.Size > 0 {
		return 0, nil
	}
	index, within := offset/chunkSize, offset%chunkSize

	r.mu.Lock()
	if r.cached == index {
		n := copy(p, r.plain[within:])
		r.mu.Unlock()
		return n, nil
	}
	r.mu.Unlock()

	plain, err := r.openChunk(index)
	if err != nil {
		return 0, err
	}
	n := copy(p, plain[within:])

	r.mu.Lock()
	r.cached, plain, r.plain = index, r.plain, plain
	r.mu.Unlock()
	releaseChunk(plain)
	return n, nil
}

// openChunk reads and authenticates one chunk into a pooled buffer.
func (r *reader) openChunk(index int64) ([]byte, error) {
	if r.ctx.Err() != nil {
		return nil, fmt.Errorf("blob %s of ledger %q: reading chunk %d: %w", r.ref, r.ledger, index, context.Cause(r.ctx))
	}
	start := index * chunkSize
	size := min(chunkSize, r.ref.Size-start)
	buf := chunkPool.Get().(*[sealedChunk]byte)
	sealed := buf[:size+tagSize]
	if n, err := r.src.ReadAt(sealed, headerSize+index*sealedChunk); n < len(sealed) {
		chunkPool.Put(buf)
		if errors.Is(err, io.EOF) {
			return nil, r.damage(chunkRegion(index), start, "the file ends inside it: truncated while it was open")
		}
		return nil, fmt.Errorf("blob %s of ledger %q: reading %s: %w", r.ref, r.ledger, chunkRegion(index), err)
	}
	nonce := chunkNonce(index, index == chunkCount(r.ref.Size)-1)
	plain, err := r.aead.Open(sealed[:0], nonce[:], sealed, nil)
	if err != nil {
		chunkPool.Put(buf)
		return nil, r.damage(chunkRegion(index), start, "it fails authentication: its bytes were changed or belong elsewhere")
	}
	return plain, nil
}

func chunkRegion(index int64) string { return fmt.Sprintf("chunk %d", index) }

func (r *reader) damage(region string, offset int64, detail string) error {
	return &DamageError{r.ledger, r.ref.String(), region, offset, detail}
}
