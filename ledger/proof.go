package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion proves that an entry stands at a position of the tree that a
// checkpoint signs.
type Inclusion struct {
	Pos        int64       `json:"pos"`
	Entry      []byte      `json:"entry"`
	Path       []tlog.Hash `json:"path"`
	Checkpoint []byte      `json:"checkpoint"`
}

// Prove makes the inclusion proof of the entry at the position in the tree of
// the ledger's latest checkpoint.
func (l *Log) Prove(ctx context.Context, ledger string, pos int64) (Inclusion, error) {
	note, err := l.Checkpoint(ledger)
	if err != nil {
		return Inclusion{}, err
	}
	return l.ProveAt(ctx, ledger, pos, note)
}

// ProveAt makes the inclusion proof in the tree of an earlier checkpoint of
// the ledger, so that several proofs can lead to the same one.
func (l *Log) ProveAt(ctx context.Context, ledger string, pos int64, note []byte) (Inclusion, error) {
	e, err := l.frozenEdge(ctx, ledger, note)
	if err != nil {
		return Inclusion{}, err
	}
	if pos < 0 || pos >= e.size {
		return Inclusion{}, fmt.Errorf("ledger %s has entries 0 to %d, not %d", ledger, e.size-1, pos)
	}
	path, err := tlog.ProveRecord(e.size, pos, newHashReader(ctx, l.store, ledger, e))
	if err != nil {
		return Inclusion{}, err
	}
	p := Inclusion{Pos: pos, Path: path, Checkpoint: note}
	err = leaves(ctx, l.store, ledger, pos, pos+1, func(r Row) error {
		p.Entry = r.Bytes
		return nil
	})
	return p, err
}

// frozenEdge is the edge at the size of a checkpoint: that of the latest is at
// hand, an earlier one is rebuilt.
func (l *Log) frozenEdge(ctx context.Context, ledger string, note []byte) (*edge, error) {
	c, err := PeekCheckpoint(note)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", ledger, err)
	}
	st, err := l.state(ledger)
	if err != nil {
		return nil, err
	}
	if e := st.frozen.Load(); e.size == c.Size {
		return e, nil
	}
	return loadEdge(ctx, l.store, ledger, c.Size)
}

// CheckInclusion checks the proof against the key and returns the checkpoint
// it leads to.
func (p Inclusion) CheckInclusion(key string) (Checkpoint, error) {
	c, err := ParseCheckpoint(p.Checkpoint, key)
	if err != nil {
		return c, err
	}
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.Pos, tlog.RecordHash(p.Entry)); err != nil {
		return c, fmt.Errorf("entry %d is not in the tree of %s at size %d: %w", p.Pos, c.Origin, c.Size, err)
	}
	return c, nil
}

// ProveConsistency proves that the tree of the latest checkpoint begins with
// the tree of the older size.
func (l *Log) ProveConsistency(ctx context.Context, ledger string, older int64) ([]tlog.Hash, Checkpoint, error) {
	note, err := l.Checkpoint(ledger)
	if err != nil {
		return nil, Checkpoint{}, err
	}
	c, err := PeekCheckpoint(note)
	if err != nil {
		return nil, Checkpoint{}, err
	}
	path, err := l.ProveConsistencyAt(ctx, ledger, older, note)
	return path, c, err
}

// ProveConsistencyAt proves the same of an earlier checkpoint of the ledger.
func (l *Log) ProveConsistencyAt(ctx context.Context, ledger string, older int64, note []byte) ([]tlog.Hash, error) {
	e, err := l.frozenEdge(ctx, ledger, note)
	if err != nil {
		return nil, err
	}
	if older < 1 || older > e.size {
		return nil, fmt.Errorf("ledger %s has had sizes 1 to %d, not %d", ledger, e.size, older)
	}
	return tlog.ProveTree(e.size, older, newHashReader(ctx, l.store, ledger, e))
}

// CheckConsistency checks that newer extends older.
func CheckConsistency(path []tlog.Hash, older, newer Checkpoint) error {
	if older.Origin != newer.Origin {
		return fmt.Errorf("checkpoints are of different ledgers, %q and %q", older.Origin, newer.Origin)
	}
	if err := tlog.CheckTree(path, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%s at size %d does not extend size %d: the ledger was rewritten: %w", newer.Origin, newer.Size, older.Size, err)
	}
	return nil
}
