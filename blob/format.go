package blob

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// The sealed form, version 1; FORMAT.md describes it and a golden file pins
// it. Compatibility law: stored bytes never change; a change of layout takes a
// new version, a change of algorithms a new suite, and numbers are never
// reused.
const (
	magic         = "RPFBLOB\n"
	formatVersion = 1
	// suiteAESGCM is AES-256-GCM for chunks and key wrap, HKDF-SHA-256 for
	// derived keys.
	suiteAESGCM = 1

	chunkSize = 64 << 10 // plaintext bytes of every chunk but the last
	tagSize   = 16
	saltSize  = 32
	keySize   = 32

	versionAt  = 8
	suiteAt    = 10
	sizeAt     = 12
	saltAt     = 20
	wrapAt     = saltAt + saltSize
	wrapSize   = keySize + sha256.Size + tagSize
	headerSize = wrapAt + wrapSize

	sealedChunk = chunkSize + tagSize
)

// Labels that keep the uses of a ledger's key apart (RFC 5869, "info").
const (
	wrapInfo = "reperform blob v1 key wrap"
	nameInfo = "reperform blob v1 file name"
)

// newGCM returns AES-256-GCM; a 32-byte key cannot be refused.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("blob: AES refuses a key of %d bytes: %v", len(key), err))
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("blob: GCM refuses AES: %v", err))
	}
	return aead
}

func derive(ledgerKey [32]byte, salt []byte, info string) []byte {
	out, err := hkdf.Key(sha256.New, ledgerKey[:], salt, info, keySize)
	if err != nil {
		panic(fmt.Sprintf("blob: HKDF-SHA-256 refuses 32 bytes of output: %v", err))
	}
	return out
}

// storedName is what a blob is called in storage: HMAC-SHA-256 of its
// SHA-256 under a key derived from the ledger's. The plain SHA-256 as a name
// would let anyone who sees a directory listing confirm a guess of content,
// and see that two ledgers hold the same file.
func storedName(ledgerKey [32]byte, sha [32]byte) string {
	mac := hmac.New(sha256.New, derive(ledgerKey, nil, nameInfo))
	mac.Write(sha[:])
	return hex.EncodeToString(mac.Sum(nil))
}

// chunkNonce is the STREAM construction of Hoang, Reyhanitabar, Rogaway and
// Vizár (2015) as age uses it: an 11-byte counter and a byte that marks the
// last chunk. Chunk keys are random and used for one blob, so counters never
// meet, and a chunk opens only at its own place in its own blob.
func chunkNonce(index int64, last bool) [12]byte {
	var nonce [12]byte
	binary.BigEndian.PutUint64(nonce[3:11], uint64(index))
	if last {
		nonce[11] = 1
	}
	return nonce
}

// chunkCount is at least one: the empty blob is one empty, authenticated chunk.
func chunkCount(size int64) int64 {
	if size == 0 {
		return 1
	}
	return (size-1)/chunkSize + 1
}

// plaintextSize derives the only plaintext size a stored length allows.
func plaintextSize(length int64) (int64, bool) {
	body := length - headerSize
	if body < tagSize {
		return 0, false
	}
	chunks := (body-1)/sealedChunk + 1
	size := body - chunks*tagSize
	if size < 0 || chunkCount(size) != chunks {
		return 0, false
	}
	return size, true
}

// wrapData is the additional data of the key wrap: the fixed-size front of the
// header and then the ledger, so that neither can be exchanged.
func wrapData(header []byte, ledger string) []byte {
	return append(header[:saltAt:saltAt], ledger...)
}

// sealHeader builds the header of a finished blob. The blob's SHA-256 is
// sealed beside the key: a listing can tell what a file holds although its
// name does not, and a key cannot be moved to other content.
func sealHeader(ledgerKey [32]byte, ledger string, ref Ref, salt [saltSize]byte, blobKey [keySize]byte) []byte {
	h := make([]byte, saltAt, headerSize)
	copy(h, magic)
	binary.BigEndian.PutUint16(h[versionAt:], formatVersion)
	binary.BigEndian.PutUint16(h[suiteAt:], suiteAESGCM)
	binary.BigEndian.PutUint64(h[sizeAt:], uint64(ref.Size))
	data := wrapData(h, ledger)
	h = append(h, salt[:]...)
	secret := append(blobKey[:], ref.SHA256[:]...)
	// The wrapping key is derived from a fresh salt and used once, so its
	// nonce may be constant: no limit on the number of blobs follows from it.
	var nonce [12]byte
	return newGCM(derive(ledgerKey, salt[:], wrapInfo)).Seal(h, nonce[:], secret, data)
}

// fault is damage before it is known which blob it befell.
type fault struct {
	region string
	offset int64
	detail string
}

// openHeader authenticates a header against the ledger and the stored length.
func openHeader(h []byte, length int64, ledgerKey [32]byte, ledger string) (Ref, [keySize]byte, *fault) {
	var blobKey [keySize]byte
	if len(h) != headerSize || length < headerSize+tagSize {
		return Ref{}, blobKey, &fault{"length", length, fmt.Sprintf("%d bytes are fewer than any sealed blob has (%d): truncated", length, headerSize+tagSize)}
	}
	if string(h[:versionAt]) != magic {
		return Ref{}, blobKey, &fault{"magic", 0, fmt.Sprintf("it starts with %q, not %q: not a sealed blob, or its first bytes were changed", h[:versionAt], magic)}
	}
	if v := binary.BigEndian.Uint16(h[versionAt:]); v != formatVersion {
		return Ref{}, blobKey, &fault{"version", versionAt, fmt.Sprintf("format version %d is unknown here (known: %d): changed, or written by a newer program", v, formatVersion)}
	}
	if s := binary.BigEndian.Uint16(h[suiteAt:]); s != suiteAESGCM {
		return Ref{}, blobKey, &fault{"suite", suiteAt, fmt.Sprintf("cipher suite %d is unknown here (known: %d): changed, or written by a newer program", s, suiteAESGCM)}
	}
	said := binary.BigEndian.Uint64(h[sizeAt:])
	size, ok := plaintextSize(length)
	if !ok || uint64(size) != said {
		return Ref{}, blobKey, &fault{"length", sizeAt, fmt.Sprintf("the header promises %d bytes of content, which a stored length of %d cannot hold exactly: truncated, extended, or the size was changed", said, length)}
	}
	var nonce [12]byte
	secret, err := newGCM(derive(ledgerKey, h[saltAt:wrapAt], wrapInfo)).Open(nil, nonce[:], h[wrapAt:], wrapData(h, ledger))
	if err != nil {
		return Ref{}, blobKey, &fault{"wrapped key", saltAt, "it does not open: the header was changed, the file belongs to another ledger, or the ledger's key is not the one it was sealed under"}
	}
	copy(blobKey[:], secret)
	ref := Ref{Size: size}
	copy(ref.SHA256[:], secret[keySize:])
	return ref, blobKey, nil
}

// chunkPool spares readers and writers an allocation per chunk.
var chunkPool = sync.Pool{New: func() any { return new([sealedChunk]byte) }}

// releaseChunk returns the buffer of a chunk that was opened in place.
func releaseChunk(plain []byte) {
	if cap(plain) == sealedChunk {
		chunkPool.Put((*[sealedChunk]byte)(plain[:sealedChunk]))
	}
}

// sealChunks reads r to its end and writes the sealed chunks to w in one pass,
// holding two chunks in memory: a chunk is sealed once it is known whether
// another follows.
func sealChunks(ctx context.Context, w io.Writer, r io.Reader, blobKey [keySize]byte) (Ref, error) {
	aead := newGCM(blobKey[:])
	hash := sha256.New()
	buffers := [3]*[sealedChunk]byte{}
	for i := range buffers {
		buffers[i] = chunkPool.Get().(*[sealedChunk]byte)
		defer chunkPool.Put(buffers[i])
	}
	current, next, sealed := buffers[0][:chunkSize], buffers[1][:chunkSize], buffers[2][:0]
	var size int64

	n, err := readChunk(ctx, r, current)
	if err != nil {
		return Ref{}, fmt.Errorf("reading the content's first bytes: %w", err)
	}
	for index := int64(0); ; index++ {
		var following int
		if n == chunkSize {
			following, err = readChunk(ctx, r, next)
			if err != nil {
				return Ref{}, fmt.Errorf("reading the content after %d bytes: %w", size+int64(n), err)
			}
		}
		hash.Write(current[:n])
		size += int64(n)
		nonce := chunkNonce(index, following == 0)
		sealed = aead.Seal(sealed[:0], nonce[:], current[:n], nil)
		if _, err := w.Write(sealed); err != nil {
			return Ref{}, fmt.Errorf("writing chunk %d: %w", index, err)
		}
		if following == 0 {
			ref := Ref{Size: size}
			hash.Sum(ref.SHA256[:0])
			return ref, nil
		}
		current, next, n = next, current, following
	}
}

// readChunk fills buf; fewer bytes without an error mean the end. It does not
// use io.ReadFull, which reports the end as ErrUnexpectedEOF: an upload that
// broke off reports the same, and must never be stored as if it were whole.
func readChunk(ctx context.Context, r io.Reader, buf []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	n, idle := 0, 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
