// Package blob keeps the bytes of evidence and populations: it takes a
// stream, names it by the SHA-256 of its plaintext, seals it, and gives it
// back whole or by range with every 64 KiB chunk authenticated. A blob that
// Put has acknowledged is on stable storage and reads back whole; one that was
// interrupted never becomes visible. Equal content is stored once within a
// ledger and never shared between ledgers, and neither a file's name nor its
// bytes let the holder of another ledger's key confirm a guess about content.
// The limits: sizes, times of writing and the number of blobs stay visible to
// whoever holds the disk; whoever also holds the keys can read and replace
// everything, which only the hash in the ledger then reveals. The package
// holds no metadata beyond what opening needs: names, media types and
// references are the ledger's.
package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// Errors that callers decide on; test with errors.Is.
var (
	// ErrNotFound reports that the ledger holds no blob of this content.
	ErrNotFound = errors.New("blob not found")
	// ErrDamaged reports bytes that were changed, cut, extended, moved or
	// sealed for another place. Every such error is a *DamageError.
	ErrDamaged = errors.New("blob damaged")
	// ErrNoKey reports that a ledger's key does not exist where it should.
	ErrNoKey = errors.New("ledger key missing")
	// ErrKeyExists reports that a ledger already has a key.
	ErrKeyExists = errors.New("ledger key exists")
)

// Ref names a blob's content.
type Ref struct {
	SHA256 [32]byte // of the plaintext
	Size   int64    // of the plaintext, in bytes
}

// String is the lower-case hexadecimal SHA-256.
func (r Ref) String() string { return hex.EncodeToString(r.SHA256[:]) }

// Info is what a store knows about a blob it holds.
type Info struct {
	Ref
	// Touched is when the blob was last put, by the storage's clock. It
	// serves the sweep alone and is no audit fact.
	Touched time.Time
}

// Reader reads one blob's plaintext. Read and Seek belong to one goroutine;
// ReadAt may be called from many at once. Bytes are returned only after their
// chunk was authenticated; a failure is a *DamageError. A pass of Read from
// the first byte to the last also recomputes the SHA-256 and fails before the
// last bytes are handed out if it differs.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Ref is the content's name and size.
	Ref() Ref
}

// Store keeps blobs, apart for each ledger. Implementations are safe for
// concurrent use, by several processes too, and pass the suite in blobtest.
type Store interface {
	// Put reads r to its end and stores the content. It returns only after
	// the bytes and their name are durable. Content the ledger already holds
	// intact is left alone, except that its Touched becomes current; a damaged
	// copy is replaced. After an error nothing unfinished is visible; whole
	// content is, at most, if only the last step of making it durable failed.
	Put(ctx context.Context, ledger string, r io.Reader) (Ref, error)

	// Open gives the content back, or ErrNotFound, or a *DamageError if the
	// header cannot be trusted. The context governs the reader until it is
	// closed.
	Open(ctx context.Context, ledger string, sha [32]byte) (Reader, error)

	// Stat says what Open would find. It authenticates the header and the
	// length, not the content.
	Stat(ctx context.Context, ledger string, sha [32]byte) (Info, error)

	// List yields every blob of the ledger, in no particular order. An entry
	// that cannot be read yields an error and the listing goes on; a ledger
	// without blobs yields nothing.
	List(ctx context.Context, ledger string) iter.Seq2[Info, error]

	// Delete removes a blob durably, or returns ErrNotFound. Readers already
	// open may or may not fail. Sealed bytes can survive on the medium and in
	// backups.
	Delete(ctx context.Context, ledger string, sha [32]byte) error

	// Collect does the work of Sweep, which documents it. It must not remove
	// a blob that a concurrent Put has touched.
	Collect(ctx context.Context, ledger string, referenced func(sha [32]byte) bool, olderThan time.Time) (Swept, error)
}

// Swept counts what a sweep removed.
type Swept struct {
	Blobs      int   // orphans: whole blobs that nothing referenced
	Unfinished int   // remains of writers that died
	Bytes      int64 // as stored, of both
}

// Sweep removes the ledger's blobs that were last put before olderThan and
// that referenced denies, and what writers that died before olderThan left.
// Blobs are written before the entry that names them, so olderThan must lie
// further back than the longest time from a Put to its entry; choose hours.
// What cannot be read is kept, since nobody can say whether it is referenced,
// and is reported in the error after everything else has been swept.
func Sweep(ctx context.Context, s Store, ledger string, referenced func(sha [32]byte) bool, olderThan time.Time) (Swept, error) {
	if referenced == nil {
		return Swept{}, errors.New("sweep: no function says what is referenced; without one every blob would go")
	}
	if olderThan.IsZero() {
		return Swept{}, errors.New("sweep: no time limit given; pass the present time less the grace period")
	}
	return s.Collect(ctx, ledger, referenced, olderThan)
}

// DamageError says which blob is damaged, where, and what was found. It
// matches ErrDamaged.
type DamageError struct {
	Ledger string
	Blob   string // hexadecimal SHA-256, or the stored name where the former is unknown
	Region string // "magic", "version", "suite", "length", "wrapped key", "name", "chunk 3", "content hash"
	Offset int64  // of the region's first byte: in the plaintext for chunks and content, in the stored file otherwise
	Detail string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("blob %s of ledger %q is damaged: %s at offset %d: %s; restore it from a backup or put the same content again",
		e.Blob, e.Ledger, e.Region, e.Offset, e.Detail)
}

// Is makes every DamageError match ErrDamaged.
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }
