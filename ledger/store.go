package ledger

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Store keeps the rows of all ledgers of an installation.
//
// Append is atomic and durable: when it returns nil every row of the batch
// survives a crash, and before that none is visible to anybody. Reads see a
// consistent state no older than the last Append of the same Store that
// returned. A Store may be shared by several processes; it serializes their
// appends by the expected size in each batch.
type Store interface {
	// Heads lists the ledgers by name with their sizes and latest checkpoints.
	Heads(ctx context.Context) ([]Head, error)
	// Append adds the batches, all or none. It returns ErrStale, and has
	// written nothing, when a ledger's size is not the batch's From.
	Append(ctx context.Context, batches []Batch) error
	// Entries yields the rows at from ≤ position < to, in order, with their
	// documents. It stops at the first error of yield and returns it. The
	// functions that yield may call the store themselves.
	Entries(ctx context.Context, ledger string, from, to int64, yield func(Row) error) error
	// Revisions yields what the query asks for, by kind, id and revision. It
	// yields from one consistent state: for SelectAll and SelectHeads that of
	// the call, for the others that of Known.
	Revisions(ctx context.Context, q RevisionQuery, yield func(Revision) error) error
	// Tile returns the 256 hashes of a full tile, and ErrNoTile when it is not stored.
	Tile(ctx context.Context, ledger string, level int, index int64) ([]byte, error)
	// Close releases the store. It never loses what Append acknowledged.
	Close() error
}

// LeafReader is a Store that can read entries without their documents, which
// is all that the tree needs.
type LeafReader interface {
	// Leaves is Entries with every Row.Documents left empty.
	Leaves(ctx context.Context, ledger string, from, to int64, yield func(Row) error) error
}

// leaves reads rows whose documents are not wanted.
func leaves(ctx context.Context, s Store, ledger string, from, to int64, yield func(Row) error) error {
	if lr, ok := s.(LeafReader); ok {
		return lr.Leaves(ctx, ledger, from, to, yield)
	}
	return s.Entries(ctx, ledger, from, to, yield)
}

// Inspector is a Store that can look for what ordinary reading never shows:
// rows that no ledger owns, rows outside the positions of a ledger, damage to
// the file's own structure. Verify uses it.
type Inspector interface {
	// Inspect yields what it finds about the ledger and about rows of none.
	Inspect(ctx context.Context, ledger string, yield func(Problem)) error
}

// ErrStale says that another writer has appended to the ledger meanwhile.
var ErrStale = errors.New("another writer has appended to the ledger; read again and decide again")

// ErrNoDocument says that a command redacts what is not there.
var ErrNoDocument = errors.New("there is no such document to redact")

// ErrNoTile says that a full tile is not stored.
var ErrNoTile = errors.New("no such full tile")

// Head is the state of one ledger.
type Head struct {
	Ledger string
	// Size is the number of entries; the next position.
	Size int64
	// Checkpoint is the signed note over Size.
	Checkpoint []byte
}

// Row is one entry as stored.
type Row struct {
	Pos   int64
	Bytes []byte
	// Leaf is the RFC 6962 leaf hash of Bytes.
	Leaf tlog.Hash
	// Documents that still exist, by slot.
	Documents []Document
	// Checkpoint signed when this row was the last, if any.
	Checkpoint []byte
}

// Document is what a commitment binds.
type Document struct {
	Slot  int
	Salt  []byte
	Bytes []byte
}

// Revision is a row of the index: where a revision of a record stands.
type Revision struct {
	Kind string
	ID   string
	Rev  int64
	// Pos and Slot locate the document.
	Pos  int64
	Slot int
	// NextPos is the position of the following revision, or -1 when there is
	// none yet. It is a fact of the present: it may lie beyond Known.
	NextPos   int64
	Effective string
	// Document is filled when the query asks for it, nil when redacted.
	Document []byte
}

// Tile is a full tile: 256 hashes of 32 bytes.
type Tile struct {
	Level int
	Index int64
	Data  []byte
}

// Batch is what one Append adds to one ledger. Its last row carries the
// checkpoint of the size it leads to.
type Batch struct {
	Ledger string
	// From is the size the ledger must have; 0 creates it.
	From      int64
	Rows      []Row
	Revisions []Revision
	Tiles     []Tile
	Redacts   []DocumentRef
}

// RevisionQuery selects revisions of one ledger.
type RevisionQuery struct {
	Ledger string
	// Kind limits the answer to one kind, ID to one record of it.
	Kind, ID string
	// After skips ids up to and including it, Limit bounds the answer; 0 is no bound.
	After string
	Limit int
	// Select says which revisions of each record are wanted.
	Select Selection
	// Known is the size of the ledger to look back to for SelectKnown and
	// SelectInForce: only positions below it count.
	Known int64
	// Effective is the date for SelectInForce.
	Effective string
	// Documents asks for the documents too.
	Documents bool
}

// Selection says which revisions of a record a query returns.
type Selection int

const (
	// SelectAll returns every revision.
	SelectAll Selection = iota
	// SelectHeads returns the latest recorded revision of each record.
	SelectHeads
	// SelectKnown returns the latest revision recorded below Known.
	SelectKnown
	// SelectInForce returns, of the revisions recorded below Known with an
	// effective date at or before Effective, the one effective latest; ties
	// go to the highest revision.
	SelectInForce
	// SelectKnownAll returns every revision recorded below Known.
	SelectKnownAll
)

// ConflictError says that what a command relied on has changed.
type ConflictError struct {
	Ledger, Kind, ID string
	// Want is the version relied on, Have the version now.
	Want, Have int64
}

func (e *ConflictError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("the set of %s records in ledger %s has changed meanwhile; read it again and repeat the change", e.Kind, e.Ledger)
	}
	return fmt.Sprintf("%s %s is at revision %d, the change was made against revision %d; read it again and repeat the change", e.Kind, e.ID, e.Have, e.Want)
}
