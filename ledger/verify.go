package ledger

import (
	"context"
	"fmt"

	"reperform/english"
)

// Problem is one thing that does not hold, and where.
type Problem struct {
	// Table is what is damaged: ledger, entry, document, revision, tile, the
	// file itself, or the checkpoint given to compare with.
	Table string `json:"table"`
	// Where names the row, Field the part of it when one is to blame.
	Where string `json:"where"`
	Field string `json:"field,omitempty"`
	What  string `json:"what"`
}

func (p Problem) String() string {
	at := p.Table + " " + p.Where
	if p.Field != "" {
		at += ", " + p.Field
	}
	return at + ": " + p.What
}

// Report is the result of verifying one ledger.
type Report struct {
	Ledger    string    `json:"ledger"`
	Origin    string    `json:"origin"`
	Entries   int64     `json:"entries"`
	Documents int64     `json:"documents"`
	Redacted  int64     `json:"redacted"`
	Revisions int64     `json:"revisions"`
	Tiles     int64     `json:"tiles"`
	Root      string    `json:"root"`
	Problems  []Problem `json:"problems"`
}

// Err is nil when everything holds.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return fmt.Errorf("ledger %s: %s, the first: %s", r.Ledger, english.Count(len(r.Problems), "problem"), r.Problems[0])
}

// maxProblems bounds a report: damage tends to come in swathes.
const maxProblems = 100

// VerifyOptions widens what Verify checks against.
type VerifyOptions struct {
	// Checkpoint is a signed note that left the machine earlier; the ledger
	// must contain the tree it speaks of.
	Checkpoint []byte
	// Key is the verifier key to trust; empty trusts the one in the first
	// entry, which proves consistency but not who signed.
	Key string
	// Visit, when set, is called for each entry and its documents, so that
	// a caller can check what the ledger does not interpret in the same pass.
	Visit func(pos int64, e Entry, documents []Document)
	// SkipIndex leaves out the index of revisions and the tiles, for stores
	// that have none.
	SkipIndex bool
	// TreeOnly checks that the entries are those whose roots the checkpoints
	// name, the signature of the last one, and the tiles; it opens neither
	// entries nor documents nor the index.
	TreeOnly bool
}

// Verify reads a whole ledger and recomputes everything in it: the order and
// form of the entries, every leaf, tile and root, every signature, every
// commitment, and the index of revisions. It returns an error only when it
// could not read; what does not hold stands in the report.
//
// The ledger may grow meanwhile: Verify follows it to where it was when the
// last entry had been read. What it cannot miss is the checkpoint over the
// last entry; an earlier one that was removed, not changed, leaves no trace.
func Verify(ctx context.Context, s Store, name string, opt VerifyOptions) (*Report, error) {
	v := &verifier{ctx: ctx, store: s, opt: opt, name: name, edge: &edge{}, rep: &Report{Ledger: name, Problems: []Problem{}},
		missing: map[DocumentRef]bool{}, index: revisionIndex{}}
	// Whatever ends the pass ends its workers too.
	defer v.notes.wait()
	size, err := v.head()
	if err != nil {
		return nil, err
	}
	v.began = size
	// A redaction recorded after the reading began is met in a later round.
	for round := 0; ; round++ {
		if err := v.read(size); err != nil {
			return nil, err
		}
		now, err := v.head()
		if err != nil {
			return nil, err
		}
		if now <= size || round >= 8 && len(v.missing) == 0 {
			break
		}
		size = now
	}
	return v.rep, v.finish()
}
